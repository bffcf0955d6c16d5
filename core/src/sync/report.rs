//! What the host sees of a run.

use crate::error::UntrustedReason;
use crate::record::IntakeOutcome;
use crate::vault::mailbox::Applied;
use std::fmt;
use tokio::sync::Notify;

/// What a run is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Asking for the time, making itself known, taking the catalog.
    Contacting,
    /// Sending records: so many of those that waited are settled.
    Sending {
        /// How many are settled.
        done: u32,
        /// How many waited in all.
        of: u32,
    },
    /// Fetching updates and the files of the catalog.
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

/// What a run did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SyncReport {
    /// Receipts that came, by what they say.
    pub accepted: u32,
    /// Records that the server had already.
    pub already_had: u32,
    /// Records that the server took and counts once a person has looked at them.
    pub quarantined: u32,
    /// Records that the server refused; they stay, with the reason (`FocalPoint::waiting`).
    pub refused: u32,
    /// Updates that came.
    pub updates: u32,
    /// A newer catalog is in force.
    pub new_catalog: bool,
    /// A catalog came that breaks a rule; the old one stays in force. Tell the coordinator.
    pub catalog_fault: Option<UntrustedReason>,
    /// The server had lost records, which were offered and sent again.
    pub restored: bool,
    /// The host ended the run; the next one goes on from here.
    pub cancelled: bool,
}

impl SyncReport {
    pub(super) fn count(&mut self, verdict: &Applied) {
        *match verdict {
            Applied::Kept { outcome: IntakeOutcome::Accepted, .. } => &mut self.accepted,
            Applied::Kept { outcome: IntakeOutcome::AlreadyHad, .. } => &mut self.already_had,
            Applied::Kept { .. } => &mut self.quarantined,
            Applied::Refused { .. } => &mut self.refused,
        } += 1;
    }
}
