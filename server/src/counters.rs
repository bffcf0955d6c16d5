//! Counts since the start, for the operator's metrics.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tabara_protocol::record::{IntakeOutcome, Verdict};

/// Counts since the start.
#[derive(Debug, Default)]
pub struct Counters {
    outcomes: [AtomicU64; 4],
    batches: AtomicU64,
    micros: AtomicU64,
}

const OUTCOMES: [&str; 4] = ["accepted", "already_had", "quarantined", "refused"];

impl Counters {
    /// Counts a batch by its verdicts and the time it took.
    pub fn batch(&self, verdicts: &[Verdict], took: Duration) {
        for verdict in verdicts {
            let at = match verdict.outcome {
                IntakeOutcome::Accepted => 0,
                IntakeOutcome::AlreadyHad => 1,
                IntakeOutcome::Quarantined => 2,
                IntakeOutcome::Refused => 3,
            };
            self.outcomes[at].fetch_add(1, Ordering::Relaxed);
        }
        self.batches.fetch_add(1, Ordering::Relaxed);
        self.micros.fetch_add(took.as_micros() as u64, Ordering::Relaxed);
    }

    /// Records by outcome.
    pub fn outcomes(&self) -> impl Iterator<Item = (&'static str, u64)> {
        OUTCOMES.into_iter().zip(self.outcomes.iter().map(|counter| counter.load(Ordering::Relaxed)))
    }

    pub fn batches(&self) -> u64 {
        self.batches.load(Ordering::Relaxed)
    }

    /// Time spent on batches.
    pub fn spent(&self) -> Duration {
        Duration::from_micros(self.micros.load(Ordering::Relaxed))
    }
}
