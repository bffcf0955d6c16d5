//! What the host sees of a run.

use crate::error::UntrustedReason;
use crate::wire::Standing;
use std::fmt;
use tokio::sync::Notify;

/// What a run is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Looking for the server, and making itself known.
    Contacting,
    /// Sending records: so many of those that waited are settled.
    Sending {
        /// How many are settled.
        done: u32,
        /// How many waited in all.
        of: u32,
    },
    /// Fetching the files of the catalog.
    Fetching {
        /// How many are here.
        done: u32,
        /// How many are missing in all.
        of: u32,
    },
}

/// How the host watches a run and ends it.
pub struct Progress {
    pub(super) tell: Box<dyn Fn(Step) + Send + Sync>,
    pub(super) cancelled: Notify,
}

impl Progress {
    /// `tell` is called from the run at each step; it should return at once.
    pub fn new(tell: impl Fn(Step) + Send + Sync + 'static) -> Self {
        Self { tell: Box::new(tell), cancelled: Notify::new() }
    }
    /// Ends the run at its next `await`. What was settled stays settled. May be called before the run begins.
    pub fn cancel(&self) {
        self.cancelled.notify_one();
    }
}

impl Default for Progress {
    fn default() -> Self {
        Self::new(|_| ())
    }
}

impl fmt::Debug for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Progress")
    }
}

/// What a run did, or what a parcel brought.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SyncReport {
    /// Records that the server took and counts.
    pub accepted: u32,
    /// Records that the server had already.
    pub already_had: u32,
    /// Records that the server took and counts once a person has looked at them.
    pub quarantined: u32,
    /// Records that the server refused; they stay, with the reason (`FocalPoint::waiting`).
    pub refused: u32,
    /// Updates that came.
    pub updates: u32,
    /// Of them, news of referrals: for a message without content.
    pub referrals: u32,
    /// A newer catalog is in force.
    pub new_catalog: bool,
    /// A catalog came that breaks a rule; the old one stays in force. Tell the coordinator.
    pub catalog_fault: Option<UntrustedReason>,
    /// The catalog's time is over. Tell the coordinator.
    pub catalog_expired: bool,
    /// How the server sees this phone. Whatever is not `Trusted` needs the coordinator.
    pub standing: Standing,
    /// The server asks to send the rest after this time: the phone has sent more than it may in a day.
    pub later: Option<i64>,
    /// The server was restored from a backup and says so. What it lost is sent again.
    pub restored: bool,
    /// The server signed what contradicts what it had signed before: its log was changed. Both are kept, and what it may have
    /// lost is sent again. The coordinator is told by the phone, too.
    pub evidence: bool,
    /// The phone's files are an older copy that was put back.
    pub set_back: bool,
    /// The host ended the run; the next one goes on from here.
    pub cancelled: bool,
}

impl SyncReport {
    pub(super) fn add(&mut self, other: Self) {
        self.accepted += other.accepted;
        self.already_had += other.already_had;
        self.quarantined += other.quarantined;
        self.refused += other.refused;
        self.updates += other.updates;
        self.referrals += other.referrals;
        self.new_catalog |= other.new_catalog;
        self.restored |= other.restored;
        self.evidence |= other.evidence;
        self.catalog_fault = other.catalog_fault.or(self.catalog_fault);
        (self.standing, self.later, self.set_back) = (other.standing, other.later, other.set_back);
    }
}
