//! The one append-only log: everything the server knows derives from its entries. What an entry says is a pure value
//! ([`What`]); statistics, the phones' updates and `rebuild` all fold over [`Entry`] in the order of positions.
//!
//! Closings and revisions are entries too, made by the clock: before anything is appended, and by a timer, every
//! closing that is due is appended first. So the position of a month's closing divides what came in time from what
//! came late, whoever counts and whenever.

mod rebuild;

pub use rebuild::{RebuildError, Rebuilt, rebuild};

use crate::store::{NewEntry, Result, Store, Writing};
use jiff::ToSpan as _;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use tabara_protocol::catalog::{Binding, Catalog, Chain, Grant};
use tabara_protocol::clock::{self, Clock};
use tabara_protocol::envelope::{self, EnvelopeError};
use tabara_protocol::record::{Order, Reason, Record, Uuid};

/// Kinds of entries, with the numbers they have in the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    Chain = 1,
    /// A screening, referral, assistance or activity.
    Record = 2,
    Review = 3,
    Withdrawal = 4,
    Revocation = 5,
    Closing = 6,
    Revision = 7,
    Catalog = 8,
    /// Someone looked at what was quarantined.
    Decision = 9,
    /// A phone was told to wipe itself.
    Order = 10,
    /// It did.
    Acknowledgement = 11,
}

impl Kind {
    pub fn word(self) -> String {
        format!("{self:?}").to_lowercase()
    }
    pub fn from_number(number: i64) -> Option<Self> {
        use Kind::*;
        let all = [
            Chain,
            Record,
            Review,
            Withdrawal,
            Revocation,
            Closing,
            Revision,
            Catalog,
            Decision,
            Order,
            Acknowledgement,
        ];
        all.into_iter().find(|kind| *kind as i64 == number)
    }
}

/// One entry as it is read back.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// From 1, without gaps.
    pub position: u64,
    /// Seconds since 1970 UTC, by the server's clock.
    pub received: i64,
    /// Why it is quarantined: not counted until a [`What::Decision`] about its position accepts it.
    pub reason: Option<Reason>,
    /// Position of the chain of the phone that signed it.
    pub binding: Option<u64>,
    /// Records that are taken back from here on.
    pub takes_back: Vec<Uuid>,
    pub what: What,
}

/// What an entry says.
#[derive(Debug, Clone, PartialEq)]
pub enum What {
    /// A phone and where it belongs.
    Chain {
        grant: Grant,
        binding: Binding,
    },
    Record(Box<Record>),
    /// A reviewer's decision about the record that it `revises`.
    Review(Box<Record>),
    /// Asks to take back the record that it `revises`, or those of its slip; see [`Entry::takes_back`].
    Withdrawal(Box<Record>),
    /// What is left of a record once a revision has applied its withdrawal.
    Tombstone {
        record: Uuid,
    },
    Revocation(Revocation),
    /// The month is closed: what comes after this position is late for it.
    Closing(Closing),
    /// All that came before this position counts for every closed month.
    Revision(Revision),
    Catalog(Box<Catalog>),
    Decision(Decision),
    Order(Order),
    Acknowledgement(Acknowledgement),
}

/// A phone is no longer trusted: what it sends is quarantined.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revocation {
    pub device: Uuid,
}

/// The close of a month, `YYYY-MM`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Closing {
    pub month: String,
}

/// A revision, named by the last month of its quarter, `YYYY-MM`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revision {
    pub through: String,
}

/// What the operator decided about a quarantined entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    pub position: u64,
    pub accept: bool,
}

/// A phone has destroyed its vault, as ordered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acknowledgement {
    pub order: Uuid,
    pub device: Uuid,
}

impl What {
    /// Reads the stored form of an entry.
    pub fn read(kind: Kind, body: &str) -> std::result::Result<Self, EnvelopeError> {
        fn json<T: serde::de::DeserializeOwned>(body: &str) -> std::result::Result<T, EnvelopeError> {
            serde_json::from_str(body).map_err(|_| EnvelopeError::BadPayload)
        }
        Ok(match kind {
            Kind::Chain => {
                let chain: Chain = json(body)?;
                Self::Chain { grant: envelope::stored(&chain.grant)?, binding: envelope::stored(&chain.binding)? }
            }
            Kind::Record => Self::Record(envelope::stored(body)?),
            Kind::Review => Self::Review(envelope::stored(body)?),
            Kind::Withdrawal => Self::Withdrawal(envelope::stored(body)?),
            Kind::Revocation => Self::Revocation(json(body)?),
            Kind::Closing => Self::Closing(json(body)?),
            Kind::Revision => Self::Revision(json(body)?),
            Kind::Catalog => Self::Catalog(envelope::stored(body)?),
            Kind::Decision => Self::Decision(json(body)?),
            Kind::Order => Self::Order(envelope::stored(body)?),
            Kind::Acknowledgement => Self::Acknowledgement(json(body)?),
        })
    }
}

/// Days after the end of a month until it closes.
pub const CLOSING_DAYS: i64 = 7;

/// Appends the closings and revisions that are due. Called at start and by a timer.
pub fn tick(store: &Store, clock: &dyn Clock) -> Result<()> {
    let now = clock.unix();
    store.write(move |log| close_due(log, now))
}

/// Appends what is due at `now`; must run before anything else is appended at that time.
pub fn close_due(log: &Writing, now: i64) -> Result<()> {
    let after = match log.last_closing()? {
        Some(closing) => next_month(&closing.month),
        None => log.first_received()?.map(clock::civil_month),
    };
    let Some(mut month) = after else { return Ok(()) };
    while closes_on(&month).is_some_and(|day| day <= clock::civil_date(now)) {
        append(log, Kind::Closing, now, &Closing { month: month.clone() })?;
        if matches!(&month[5..], "03" | "06" | "09" | "12") {
            append(log, Kind::Revision, now, &Revision { through: month.clone() })?;
            log.bury_withdrawn()?;
        }
        let Some(next) = next_month(&month) else { break };
        month = next;
    }
    Ok(())
}

/// Appends an entry of the server's own.
pub fn append(log: &Writing, kind: Kind, now: i64, body: &impl Serialize) -> Result<u64> {
    let body = serde_json::to_string(body).expect("plain data has a JSON form");
    log.append(&NewEntry::own(kind, now, &body))
}

fn first_day(month: &str) -> Option<Date> {
    format!("{month}-01").parse().ok()
}

fn next_month(month: &str) -> Option<String> {
    let next = first_day(month)?.checked_add(1.month()).ok()?;
    Some(format!("{:04}-{:02}", next.year(), next.month()))
}

/// The day from which a month is closed: `CLOSING_DAYS` after its last one.
fn closes_on(month: &str) -> Option<Date> {
    first_day(month)?.checked_add(1.month()).ok()?.checked_add(CLOSING_DAYS.days()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(date: &str) -> i64 {
        let days = date.parse::<Date>().unwrap().since((jiff::Unit::Day, jiff::civil::date(1970, 1, 1))).unwrap();
        i64::from(days.get_days()) * 86_400
    }

    fn closings(store: &Store) -> Vec<String> {
        let mut found = Vec::new();
        let each = |entry: Entry| {
            match entry.what {
                What::Closing(closing) => found.push(closing.month),
                What::Revision(revision) => found.push(format!("revision {}", revision.through)),
                _ => (),
            }
            Ok(())
        };
        store.read(|log| log.entries(0, u64::MAX, each)).unwrap();
        found
    }

    #[test]
    fn a_month_closes_seven_days_after_its_end_and_each_quarter_is_revised() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let close = |date: &str| {
            let now = at(date);
            store.write(move |log| close_due(log, now)).unwrap();
            closings(&store)
        };
        assert!(close("2026-01-20").is_empty(), "an empty log has nothing to close");
        let first = Revocation { device: Uuid::from_u128(1) };
        store.write(move |log| append(log, Kind::Revocation, at("2026-01-20"), &first)).unwrap();
        assert!(close("2026-02-07").is_empty());
        assert_eq!(close("2026-02-08"), ["2026-01"]);
        assert_eq!(close("2026-02-08"), ["2026-01"], "once");
        assert_eq!(close("2026-04-09"), ["2026-01", "2026-02", "2026-03", "revision 2026-03"]);
    }
}
