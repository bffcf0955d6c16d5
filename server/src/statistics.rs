//! Numbers from the log. A pure function of the log up to a position, the facts and the tables: no clock, no
//! database, no order of evaluation has a say in them, so every copy of the server shows the same.
//!
//! | part | what |
//! |--|--|
//! | [`month`] | civil months, and the periods that are shown |
//! | `columns` | facts packed into bits, as `facts.csv` says |
//! | [`ledger`] | the log folded into packed rows; which records stand, as each month sees the log |
//! | `cells` | the tables of `tables.csv` made ready: in which cells a record counts |
//! | [`quality`] | what came in, what became of it, and which phones were heard of |
//! | [`plan`], `plans` | which tables exist in a year |
//! | [`tables`] | places, periods and tables that may be asked for; a [`Snapshot`] holds all of it, counted |
//! | `contributors` | the phones that a count comes from |
//! | `audit`, `linked` | what all numbers of an edition say together, and what is withheld for it |
//! | `answer` | one table at one place and period: what of it may be shown |
//! | [`disclosure`] | the only door: `shown()` |
//!
//! Of the open months one number is shown, people screened in the nation, renewed weekly. When a month closes, seven
//! days after its end, its totals appear, and with the last month of a quarter the splits; what comes later (late
//! records, corrections, withdrawals, reviews) waits for the next revision, four times a year. Closings and revisions
//! are entries of the log themselves. So no single arrival moves a number.

mod answer;
mod audit;
mod cells;
mod columns;
mod contributors;
pub mod disclosure;
pub mod ledger;
mod linked;
pub mod month;
pub mod plan;
mod plans;
pub mod quality;
mod scope;
pub mod tables;

pub use answer::{Answer, Shelf};
pub use cells::NOT_CONFIRMED;
pub use disclosure::{Base, Shown, whole};
pub use ledger::{Event, LedgerFault};
pub use month::{Month, Period};
pub use scope::Scope;
pub use tables::Snapshot;

use crate::store::entry::{Entry, EntryPayload};
use crate::store::{self, Reading, Store, StoreError};
use std::collections::HashMap;
use std::sync::Arc;
use tabara_protocol::clock;
use tabara_protocol::facts::{Dictionary, FactValue};
use tabara_protocol::kind::Reason;
use tabara_protocol::tables::Tables;

/// The running count of a log.
pub struct Counting {
    grids: Arc<cells::Grids>,
    plans: Arc<plans::Plans>,
    /// The position of the last plan.
    planned: u64,
    ledger: ledger::Ledger,
    head: u64,
    /// Of each time at which something was received, the last position; the log's times do not go back.
    received: Vec<(i64, u64)>,
    /// The numbers that were asked for last: how far they see the open months, their edition, and the last plan.
    latest: ([u64; 3], Arc<Snapshot>),
    closed: Arc<tables::Closed>,
    arrivals: quality::Arrivals,
    /// The quality that was asked for last, with its time and position.
    quality: Option<(i64, u64, Arc<quality::Quality>)>,
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
        let grids = Arc::new(cells::Grids::new(tables, &layouts));
        let plans = Arc::<plans::Plans>::default();
        let ledger = ledger::Ledger::new(layouts);
        let closed = Arc::<tables::Closed>::default();
        let latest = Arc::new(Snapshot::new(&ledger, 0, closed.clone(), grids.clone(), plans.clone()));
        Self {
            grids,
            plans,
            planned: 0,
            ledger,
            head: 0,
            received: Vec::new(),
            latest: ([0; 3], latest),
            closed,
            arrivals: quality::Arrivals::default(),
            quality: None,
            decided: HashMap::new(),
        }
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
        match self.received.last_mut() {
            Some((at, last)) if entry.received <= *at => *last = position,
            _ => self.received.push((entry.received, position)),
        }
        let decided = match &entry.payload {
            EntryPayload::Decision(decision) => self.decided.get(&decision.position).copied(),
            _ => None,
        };
        let phone = entry.about.as_ref().map_or(entry.binding, |about| about.binding);
        self.arrivals.take(&entry, self.ledger.province_of(phone), self.ledger.last_closed(), decided);
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
        if let EntryPayload::Plan(plan) = &entry.payload {
            Arc::make_mut(&mut self.plans).take(plan);
            self.planned = entry.position;
        }
        if entry.reason.is_some() {
            return Ok(());
        }
        event_of(&entry).map_or(Ok(()), |event| self.ledger.apply(entry.position, &event))
    }

    /// Takes what has come into a log since.
    fn read(&mut self, log: &Reading) -> store::Result<()> {
        log.entries(self.head, u64::MAX, |entry| {
            let position = entry.position;
            self.take(entry).map_err(|LedgerFault::TooLong| StoreError::Damaged { position })
        })
    }

    /// The same of a store's log, and gives the numbers; of the open months with what was received
    /// before a time.
    pub fn follow(&mut self, store: &Store, open_before: i64) -> store::Result<Arc<Snapshot>> {
        store.read(|log| self.read(log))?;
        Ok(self.snapshot(open_before))
    }

    /// What came in before a time, of a store's log.
    pub fn quality(&mut self, store: &Store, before: i64) -> store::Result<Arc<quality::Quality>> {
        store.read(|log| self.read(log))?;
        match &self.quality {
            Some((time, head, quality)) if (*time, *head) == (before, self.head) => Ok(quality.clone()),
            _ => {
                let quality = Arc::new(self.arrivals.before(before));
                self.quality = Some((before, self.head, quality.clone()));
                Ok(quality)
            }
        }
    }

    /// The numbers now, of the open months with what was received before a time. Nothing is counted again before a new
    /// edition has come out, or that time has moved.
    pub fn snapshot(&mut self, open_before: i64) -> Arc<Snapshot> {
        let later = self.received.partition_point(|(at, _)| *at < open_before);
        let before = later.checked_sub(1).map_or(0, |at| self.received[at].1);
        let (edition, seen) = (self.ledger.edition(), before.max(self.ledger.edition()));
        let wanted = [seen, edition, self.planned];
        if self.latest.0[1..] != wanted[1..] {
            // also after a plan: what the audit withholds depends on which tables there are
            self.closed = Arc::new(tables::Closed::count(&self.ledger, &self.grids));
        }
        if self.latest.0 != wanted {
            let (closed, grids, plans) = (self.closed.clone(), self.grids.clone(), self.plans.clone());
            self.latest = (wanted, Arc::new(Snapshot::new(&self.ledger, seen, closed, grids, plans)));
        }
        self.latest.1.clone()
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
        EntryPayload::Reopening(reopening) => Event::Reopened { month: Month::parse(&reopening.month)? },
        EntryPayload::Withdrawal(_)
        | EntryPayload::Tombstone { .. }
        | EntryPayload::Revocation(_)
        | EntryPayload::Catalog(_)
        | EntryPayload::Decision(_)
        | EntryPayload::Order(_)
        | EntryPayload::Acknowledgement(_)
        | EntryPayload::Dictionary(_)
        | EntryPayload::Plan(_)
        | EntryPayload::Release(_)
        | EntryPayload::History(_)
        | EntryPayload::Restore(_)
        | EntryPayload::Clock
        | EntryPayload::Audit(_)
        | EntryPayload::Expiry(_)
        | EntryPayload::Evidence => return None,
    })
}

#[cfg(test)]
mod tests;
