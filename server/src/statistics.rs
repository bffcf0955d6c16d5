//! Numbers from the log. A pure function of the log up to a position and the dictionary of facts: no clock, no
//! database, no order of evaluation has a say in them, so every copy of the server shows the same.
//!
//! | part | what |
//! |--|--|
//! | [`ledger`] | the log folded into packed rows; which screenings stand, as each month sees the log |
//! | [`tables`] | the fixed grid of tables, places and periods; a [`Snapshot`] holds all of it, counted |
//! | [`disclosure`] | the only door: `shown()` |
//!
//! An open month shows totals of the nation and its provinces only. When it closes, seven days after its end, its
//! splits appear, once; what comes later (late records, corrections, withdrawals, reviews) waits for the next
//! revision, four times a year. Closings and revisions are entries of the log themselves.

pub mod disclosure;
pub mod ledger;
pub mod tables;

pub use disclosure::{Base, Shown};
pub use ledger::{Decision, LedgerFault, Month};
pub use tables::{Period, Scope, Snapshot, Table};

use crate::entry::{Entry, What};
use crate::store::{self, Store, StoreError};
use std::collections::HashMap;
use std::sync::Arc;
use tabara_protocol::facts::Dictionary;
use tabara_protocol::record::{Kind, Record, Uuid};

/// What an entry of the log tells the statistics.
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
        record: &'a Record,
    },
    /// The person took it back, or the operator no longer accepts it.
    TakenBack {
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
    closed: Arc<tables::Closed>,
    /// What is quarantined, by position, and whether the operator's last word was to accept it.
    held: HashMap<u64, (Entry, bool)>,
}

impl Counting {
    pub fn new(dictionary: &'static Dictionary) -> Self {
        let ledger = ledger::Ledger::new(dictionary);
        let closed = Arc::<tables::Closed>::default();
        let latest = Arc::new(Snapshot::new(&ledger, 0, closed.clone(), dictionary));
        Self { dictionary, ledger, head: 0, latest, closed, held: HashMap::new() }
    }

    /// The position of the last entry taken; ask the log for what follows.
    pub fn head(&self) -> u64 {
        self.head
    }

    /// Takes the next entry of the log. What is quarantined waits; accepted later, it counts as having come then.
    pub fn take(&mut self, mut entry: Entry) -> Result<(), LedgerFault> {
        let (position, taken_back) = (entry.position, std::mem::take(&mut entry.takes_back));
        self.head = position;
        self.tell(entry)?;
        taken_back.into_iter().try_for_each(|record| self.ledger.apply(position, &Event::TakenBack { record }))
    }

    fn tell(&mut self, entry: Entry) -> Result<(), LedgerFault> {
        if let What::Decision(decision) = &entry.what {
            let Some((held, accepted)) = self.held.get_mut(&decision.position) else { return Ok(()) };
            if std::mem::replace(accepted, decision.accept) == decision.accept {
                return Ok(());
            }
            return match (decision.accept, &held.what) {
                (true, _) => told(held).map_or(Ok(()), |event| self.ledger.apply(entry.position, &event)),
                (false, What::Record(record)) => {
                    self.ledger.apply(entry.position, &Event::TakenBack { record: record.record })
                }
                (false, _) => Ok(()),
            };
        }
        if entry.reason.is_some() {
            self.held.insert(entry.position, (entry, false));
            return Ok(());
        }
        told(&entry).map_or(Ok(()), |event| self.ledger.apply(entry.position, &event))
    }

    /// Takes what has come into a store's log since, and gives the numbers.
    pub fn follow(&mut self, store: &Store) -> store::Result<Arc<Snapshot>> {
        store.read(|log| {
            log.entries(self.head, u64::MAX, |entry| {
                let position = entry.position;
                self.take(entry).map_err(|_| StoreError::Damaged { position })
            })
        })?;
        Ok(self.snapshot())
    }

    /// The numbers now. The splits are counted again only when a new edition has come out.
    pub fn snapshot(&mut self) -> Arc<Snapshot> {
        if self.latest.head != self.head {
            if self.latest.edition != self.ledger.edition() {
                self.closed = Arc::new(tables::Closed::count(&self.ledger, self.dictionary));
            }
            let closed = self.closed.clone();
            self.latest = Arc::new(Snapshot::new(&self.ledger, self.head, closed, self.dictionary));
        }
        self.latest.clone()
    }
}

/// What an entry tells, if it tells anything.
fn told(entry: &Entry) -> Option<Event<'_>> {
    let device = entry.binding.unwrap_or(0);
    Some(match &entry.what {
        What::Chain { grant, .. } => Event::Enrolled { device: entry.position, commune: &grant.commune },
        What::Record(record) if record.kind == Kind::Screening => Event::Screened { device, record },
        What::Review(record) => Event::Reviewed { record: record.revises?, decision: Decision::of(record)? },
        What::Closing(closing) => Event::Closed { month: Month::parse(&closing.month)? },
        What::Revision(_) => Event::Revised,
        What::Record(_)
        | What::Withdrawal(_)
        | What::Tombstone { .. }
        | What::Revocation(_)
        | What::Catalog(_)
        | What::Decision(_)
        | What::Order(_)
        | What::Acknowledgement(_) => return None,
    })
}

#[cfg(test)]
mod tests;
