//! Sync as an app watches it.

use std::sync::Arc;
use tabara_core::error::UntrustedReason;
use tabara_core::sync::{Progress, Step, SyncReport};
use tabara_core::wire::Standing;

/// What a sync is doing.
#[uniffi::remote(Enum)]
pub enum Step {
    /// Looking for the server, and making itself known.
    Contacting,
    /// Sending records.
    Sending {
        /// How many are settled.
        done: u32,
        /// How many waited.
        of: u32,
    },
    /// Fetching the files of the catalog.
    Fetching {
        /// How many files are here.
        done: u32,
        /// How many are missing in all.
        of: u32,
    },
}

/// What an app's own `SyncProgress` may throw. The sync goes on whatever it throws.
#[derive(Debug, thiserror::Error, uniffi::Error)]
pub enum ProgressError {
    /// The step could not be shown.
    #[error("the step could not be shown")]
    Failed,
}

impl From<uniffi::UnexpectedUniFFICallbackError> for ProgressError {
    fn from(_: uniffi::UnexpectedUniFFICallbackError) -> Self {
        Self::Failed
    }
}

/// Called at each step of a sync, from a thread of the core; should return at once. What it throws is dropped.
#[uniffi::export(foreign)]
pub trait SyncProgress: Send + Sync {
    /// The sync begins this step, or has come this far in it.
    fn at(&self, step: Step) -> Result<(), ProgressError>;
}

/// What a sync or a parcel did.
#[uniffi::remote(Record)]
pub struct SyncReport {
    /// Records that the server took and counts.
    pub accepted: u32,
    /// Records that the server had already.
    pub already_had: u32,
    /// Records that the server took and counts once a person has looked at them. There is nothing to do.
    pub quarantined: u32,
    /// Records that the server refused; they stay on this phone: see `waiting`.
    pub refused: u32,
    /// Updates that came.
    pub updates: u32,
    /// Of them, news of referrals: enough for a notification, which should not say more.
    pub referrals: u32,
    /// A newer catalog is in force.
    pub new_catalog: bool,
    /// A catalog came that breaks a rule; the old one stays in force. Tell the coordinator.
    pub catalog_fault: Option<UntrustedReason>,
    /// The catalog's time is over. Tell the coordinator.
    pub catalog_expired: bool,
    /// How the server sees this phone. Whatever is not `Trusted` needs the coordinator.
    pub standing: Standing,
    /// The server asks to send the rest after this time, seconds since 1970 UTC: the phone has sent more than it may in a day.
    pub later: Option<i64>,
    /// The server was restored from a backup and says so. What it lost is sent again.
    pub restored: bool,
    /// The server signed what contradicts what it had signed before: its log was changed. Both are kept, and what it may have
    /// lost is sent again. The coordinator is told by the phone, too.
    pub evidence: bool,
    /// The phone's files are an older copy that was put back. Tell the coordinator.
    pub set_back: bool,
    /// The app ended the sync; the next one goes on from there.
    pub cancelled: bool,
}

/// A sync with a way to end it: for Swift, where cancelling a task does not drop what it waits for in the core. It serves one
/// call of `syncRun`.
#[derive(uniffi::Object)]
pub struct SyncRun(pub(crate) Progress);

#[uniffi::export]
impl SyncRun {
    /// A sync that is yet to begin, and who watches it.
    #[uniffi::constructor]
    pub fn new(progress: Option<Arc<dyn SyncProgress>>) -> Self {
        Self(watched(progress))
    }
    /// Ends it, also before it has begun: it returns at once with `cancelled`. What was settled stays settled.
    pub fn cancel(&self) {
        self.0.cancel();
    }
}

/// Passes the steps on to the app, if it watches.
pub(crate) fn watched(progress: Option<Arc<dyn SyncProgress>>) -> Progress {
    Progress::new(move |step| {
        if let Some(progress) = &progress {
            let _ = progress.at(step);
        }
    })
}
