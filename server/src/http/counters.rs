//! Counts since the start, for the operator's metrics.

use crate::intake::Outcome;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Counts since the start.
#[derive(Debug, Default)]
pub struct Counters {
    outcomes: [AtomicU64; 5],
    bundles: AtomicU64,
    micros: AtomicU64,
}

const OUTCOMES: [&str; 5] = ["accepted", "already_had", "quarantined", "refused", "later"];

impl Counters {
    /// Counts a bundle by what became of its records and the time it took.
    pub fn bundle(&self, outcomes: &[Outcome], took: Duration) {
        for outcome in outcomes {
            let at = match outcome {
                Outcome::Kept { new: false, .. } => 1,
                Outcome::Kept { reason: None, .. } => 0,
                Outcome::Kept { reason: Some(_), .. } => 2,
                Outcome::Refused(_) => 3,
                Outcome::Later => 4,
            };
            self.outcomes[at].fetch_add(1, Ordering::Relaxed);
        }
        self.bundles.fetch_add(1, Ordering::Relaxed);
        self.micros.fetch_add(took.as_micros() as u64, Ordering::Relaxed);
    }

    /// Records by outcome.
    pub fn outcomes(&self) -> impl Iterator<Item = (&'static str, u64)> {
        OUTCOMES.into_iter().zip(self.outcomes.iter().map(|counter| counter.load(Ordering::Relaxed)))
    }

    /// Records that were refused.
    pub fn refused(&self) -> u32 {
        u32::try_from(self.outcomes[3].load(Ordering::Relaxed)).unwrap_or(u32::MAX)
    }

    pub fn bundles(&self) -> u64 {
        self.bundles.load(Ordering::Relaxed)
    }

    /// Time spent on bundles.
    pub fn spent(&self) -> Duration {
        Duration::from_micros(self.micros.load(Ordering::Relaxed))
    }
}
