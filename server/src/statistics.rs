//! Numbers from the log. A pure function of the log up to a position and the dictionary of facts: no clock, no
//! database, no order of evaluation has a say in them, so every copy of the server shows the same.
//!
//! | part | what |
//! |--|--|
//! | [`ledger`] | the log folded into packed rows; which screenings stand, as each month sees the log |
//! | [`menu`] | the fixed grid of tables, places and periods; a [`Snapshot`] holds all of it, counted |
//! | [`disclosure`] | the only door: `shown()` |
//!
//! An open month shows totals of the nation and its provinces only. When it closes, seven days after its end, its
//! splits appear, once; what comes later (late records, corrections, withdrawals, reviews) waits for the next
//! revision, four times a year. Closings and revisions are entries of the log themselves.

pub mod disclosure;
pub mod ledger;
pub mod menu;

pub use disclosure::{Base, Shown};
pub use ledger::{Decision, LedgerFault, Month};
pub use menu::{Period, Scope, Snapshot, Table};

use std::sync::Arc;
use tabara_core::facts::{Dictionary, Facts};
use tabara_core::record::Uuid;

/// What an entry of the log tells the statistics. Only what is accepted is told; what is quarantined is not.
#[derive(Debug, Clone)]
pub enum Event<'a> {
    Enrolled {
        /// Position of the phone's chain.
        device: u64,
        /// Code of the commune of enrolment.
        commune: &'a str,
    },
    Screened {
        device: u64,
        record: Uuid,
        revises: Option<Uuid>,
        facts: &'a Facts,
    },
    Withdrawn {
        record: Uuid,
    },
    Reviewed {
        record: Uuid,
        decision: Decision,
    },
    /// This month and all before it.
    Closed {
        month: Month,
    },
    /// What came late enters the closed months.
    Revised,
}

/// The running count of a log.
pub struct Counting {
    dictionary: &'static Dictionary,
    ledger: ledger::Ledger,
    head: u64,
    latest: Arc<Snapshot>,
    closed: Arc<menu::Closed>,
}

impl Counting {
    pub fn new(dictionary: &'static Dictionary) -> Self {
        let ledger = ledger::Ledger::new(dictionary);
        let closed = Arc::<menu::Closed>::default();
        let latest = Arc::new(Snapshot::new(&ledger, 0, closed.clone(), dictionary));
        Self { dictionary, ledger, head: 0, latest, closed }
    }

    /// The position of the last entry taken; ask the log for what follows.
    pub fn head(&self) -> u64 {
        self.head
    }

    /// Takes the entry at a position. An entry that tells the statistics nothing only moves the head.
    pub fn take(&mut self, position: u64, event: Option<&Event>) -> Result<(), LedgerFault> {
        if let Some(event) = event {
            self.ledger.apply(position, event)?;
        }
        self.head = position;
        Ok(())
    }

    /// The numbers now. The splits are counted again only when a new edition has come out.
    pub fn snapshot(&mut self) -> Arc<Snapshot> {
        if self.latest.head != self.head {
            if self.latest.edition != self.ledger.edition() {
                self.closed = Arc::new(menu::Closed::count(&self.ledger, self.dictionary));
            }
            let closed = self.closed.clone();
            self.latest = Arc::new(Snapshot::new(&self.ledger, self.head, closed, self.dictionary));
        }
        self.latest.clone()
    }
}

#[cfg(test)]
mod tests;
