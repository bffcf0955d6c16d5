//! Sync as an app watches it.

use std::sync::Arc;
use tabara_core::error::UntrustedReason;
use tabara_core::sync::{Step, SyncReport};

/// What a sync is doing.
#[uniffi::remote(Enum)]
pub enum Step {
    /// Asking for the time, making itself known, taking the catalog.
    Contacting,
    /// Sending records.
    Sending {
        /// How many are settled.
        done: u32,
        /// How many waited.
        of: u32,
    },
    /// Fetching updates and the files of the catalog.
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
    /// Records that the server took.
    pub accepted: u32,
    /// Records that the server had already.
    pub already_had: u32,
    /// Records that the server took and counts once a person has looked at them. There is nothing to do.
    pub quarantined: u32,
    /// Records that the server refused; they stay on this phone: see `waiting`.
    pub refused: u32,
    /// Updates that came.
    pub updates: u32,
    /// A newer catalog is in force.
    pub new_catalog: bool,
    /// A catalog came that breaks a rule; the old one stays in force. Tell the coordinator.
    pub catalog_fault: Option<UntrustedReason>,
    /// The server had lost records, which were sent again.
    pub restored: bool,
    /// The app ended the sync; the next one goes on from there.
    pub cancelled: bool,
}

/// Passes the steps on to the app, if it watches.
pub(crate) fn watched(progress: Option<Arc<dyn SyncProgress>>) -> impl Fn(Step) + Send + Sync + 'static {
    move |step| {
        if let Some(progress) = &progress {
            let _ = progress.at(step);
        }
    }
}
