//! Sync as an app watches it.

use std::sync::Arc;
use tabara_core::sync::{Report, Step};

#[uniffi::remote(Enum)]
pub enum Step {
    Contacting,
    Sending { done: u32, of: u32 },
    Fetching { done: u32, of: u32 },
}

/// Told at each step, from a thread of the core; should return at once. What it throws is dropped.
#[uniffi::export(foreign)]
pub trait SyncProgress: Send + Sync {
    fn at(&self, step: Step);
}

/// What a sync did. The fields are those of `tabara_core::sync::Report`.
#[derive(uniffi::Record)]
pub struct SyncReport {
    pub accepted: u32,
    pub already_had: u32,
    /// Authentic and kept, but not counted until someone looks.
    pub quarantined: u32,
    /// They stay, with the reason: see `waiting`.
    pub refused: u32,
    pub updates: u32,
    pub new_catalog: bool,
    /// A catalog came that breaks a rule; the old one stays in force. Tell the coordinator.
    pub catalog_fault: Option<String>,
    /// The server had lost records, which were sent again.
    pub restored: bool,
    pub cancelled: bool,
}

impl From<Report> for SyncReport {
    fn from(report: Report) -> Self {
        // every field by name: one that is new in the core does not compile here
        let Report {
            accepted,
            already_had,
            quarantined,
            refused,
            updates,
            new_catalog,
            catalog_fault,
            restored,
            cancelled,
        } = report;
        let catalog_fault = catalog_fault.map(str::to_owned);
        Self { accepted, already_had, quarantined, refused, updates, new_catalog, catalog_fault, restored, cancelled }
    }
}

/// Tells the app, where it wants to be told.
pub(crate) fn tell(watcher: Option<Arc<dyn SyncProgress>>) -> impl Fn(Step) + Send + Sync + 'static {
    move |step| {
        if let Some(watcher) = &watcher {
            watcher.at(step);
        }
    }
}
