//! Numbers from the log. A pure function of the log up to a position, the facts and the tables: no clock, no
//! database, no order of evaluation has a say in them, so every copy of the server shows the same.
//!
//! | part | what |
//! |--|--|
//! | [`month`] | civil months, and the periods that are shown |
//! | `columns` | facts packed into bits, as `facts.csv` says |
//! | [`ledger`] | the log folded into packed rows; which records stand, as each month sees the log |
//! | `cells` | the tables of `tables.csv` made ready: in which cells a record counts |
//! | [`tables`] | places, periods and tables that may be asked for; a [`Snapshot`] holds all of it, counted |
//! | `answer` | one table at one place and period: what of it may be shown |
//! | [`disclosure`] | the only door: `shown()` |
//!
//! An open month shows totals of the nation and its provinces only. When it closes, seven days after its end, its
//! splits appear, once; what comes later (late records, corrections, withdrawals, reviews) waits for the next
//! revision, four times a year. Closings and revisions are entries of the log themselves.

mod answer;
mod cells;
mod columns;
pub mod disclosure;
pub mod ledger;
pub mod month;
pub mod tables;

pub use answer::{Answer, Shelf};
pub use cells::NOT_CONFIRMED;
pub use disclosure::{Base, Shown};
pub use ledger::{Event, LedgerFault};
pub use month::{Month, Period};
pub use tables::{Scope, Snapshot};

use crate::entry::{Entry, EntryPayload};
use crate::store::{self, Store, StoreError};
use std::collections::HashMap;
use std::sync::Arc;
use tabara_protocol::clock;
use tabara_protocol::facts::{Dictionary, FactValue};
use tabara_protocol::kind::Reason;
use tabara_protocol::tables::Tables;

/// The running count of a log.
pub struct Counting {
    plan: Arc<cells::Plan>,
    ledger: ledger::Ledger,
    head: u64,
    latest: Arc<Snapshot>,
    closed: Arc<tables::Closed>,
    /// Quarantined entries about which someone has decided, by position: whether the last word was to accept it. What
    /// waits takes no memory.
    decided: HashMap<u64, bool>,
}

impl Counting {
    /// By the facts and tables that this build carries.
    pub fn standard() -> Self {
        Self::new(Dictionary::standard(), Tables::standard())
    }

    /// By other facts, and tables that were checked against them.
    pub fn new(dictionary: &Dictionary, tables: &Tables) -> Self {
        let layouts = ledger::layouts(dictionary);
        let plan = Arc::new(cells::Plan::new(tables, &layouts));
        let ledger = ledger::Ledger::new(layouts);
        let closed = Arc::<tables::Closed>::default();
        let latest = Arc::new(Snapshot::new(&ledger, 0, closed.clone(), plan.clone()));
        Self { plan, ledger, head: 0, latest, closed, decided: HashMap::new() }
    }

    /// The position of the last entry taken; ask the log for what follows.
    pub fn head(&self) -> u64 {
        self.head
    }

    /// How many quarantined entries are held in memory.
    #[cfg(test)]
    pub fn remembered(&self) -> usize {
        self.decided.len()
    }

    /// Takes the next entry of the log. What is quarantined waits; accepted later, it counts as having come then.
    pub fn take(&mut self, mut entry: Entry) -> Result<(), LedgerFault> {
        let (position, taken_back) = (entry.position, std::mem::take(&mut entry.takes_back));
        self.head = position;
        self.apply(entry)?;
        taken_back.into_iter().try_for_each(|record| self.ledger.apply(position, &Event::TakenBack { record }))
    }

    fn apply(&mut self, entry: Entry) -> Result<(), LedgerFault> {
        if let EntryPayload::Decision(decision) = &entry.payload {
            let Some(about) = entry.about.as_ref().filter(|about| about.reason.is_some()) else { return Ok(()) };
            let before = self.decided.insert(decision.position, decision.accept).unwrap_or(false);
            if before == decision.accept {
                return Ok(());
            }
            return match (decision.accept, &about.payload) {
                (true, _) => event_of(&in_month_of_receipt(about))
                    .map_or(Ok(()), |event| self.ledger.apply(entry.position, &event)),
                (false, EntryPayload::Record(record)) => {
                    self.ledger.apply(entry.position, &Event::TakenBack { record: record.record })
                }
                (false, _) => Ok(()),
            };
        }
        if entry.reason.is_some() {
            return Ok(());
        }
        event_of(&entry).map_or(Ok(()), |event| self.ledger.apply(entry.position, &event))
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
                self.closed = Arc::new(tables::Closed::count(&self.ledger, &self.plan));
            }
            let closed = self.closed.clone();
            self.latest = Arc::new(Snapshot::new(&self.ledger, self.head, closed, self.plan.clone()));
        }
        self.latest.clone()
    }
}

/// An accepted record of an old month, or of one to come, counts in the month in which it was received.
pub(crate) fn in_month_of_receipt(entry: &Entry) -> Entry {
    let mut entry = entry.clone();
    if let (Some(Reason::OldMonth), EntryPayload::Record(record)) = (entry.reason, &mut entry.payload) {
        let month = FactValue::One(clock::civil_month(entry.received));
        record.facts.entry("month".to_owned()).and_modify(|value| *value = month);
    }
    entry
}

/// What an entry says to the statistics, if it says anything.
fn event_of(entry: &Entry) -> Option<Event<'_>> {
    let device = entry.binding.unwrap_or(0);
    Some(match &entry.payload {
        EntryPayload::Chain { grant, .. } => Event::Enrolled { device: entry.position, commune: &grant.commune },
        EntryPayload::Record(record) | EntryPayload::Review(record) => Event::Recorded { device, record },
        EntryPayload::Closing(closing) => Event::Closed { month: Month::parse(&closing.month)? },
        EntryPayload::Revision(_) => Event::Revised,
        EntryPayload::Withdrawal(_)
        | EntryPayload::Tombstone { .. }
        | EntryPayload::Revocation(_)
        | EntryPayload::Catalog(_)
        | EntryPayload::Decision(_)
        | EntryPayload::Order(_)
        | EntryPayload::Acknowledgement(_)
        | EntryPayload::Dictionary(_)
        | EntryPayload::Restore(_)
        | EntryPayload::Clock
        | EntryPayload::Audit
        | EntryPayload::Evidence => return None,
    })
}

#[cfg(test)]
mod tests;
