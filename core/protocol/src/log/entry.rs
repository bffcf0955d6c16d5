//! The entries of the one append-only log. The payload of an entry is a pure value ([`EntryPayload`]), read from its text.

use crate::catalog::{Binding, Catalog, Grant};
use crate::envelope::{self, Digest, EnvelopeError, sha256};
use crate::facts;
use crate::kind::Kind;
use crate::record::{Order, Record, Uuid};
use crate::tables;
use crate::wire::{Introduction, Restoration};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Kinds of entries, with the numbers they have in the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EntryKind {
    /// A phone and its card.
    Chain = 1,
    /// A screening, referral, assistance or activity.
    Record = 2,
    /// A reviewer decided about a record.
    Review = 3,
    /// A record is taken back.
    Withdrawal = 4,
    /// A phone is no longer trusted.
    Revocation = 5,
    /// A month is closed.
    Closing = 6,
    /// What came late enters the closed months.
    Revision = 7,
    /// A signed catalog.
    Catalog = 8,
    /// The operator decided about a quarantined entry.
    Decision = 9,
    /// A phone was ordered to wipe itself.
    Order = 10,
    /// The phone acknowledged the order.
    Acknowledgement = 11,
    /// The facts and tables in force from here on.
    Dictionary = 12,
    /// The log was restored from a backup.
    Restore = 13,
    /// The operator has looked at the clock.
    Clock = 14,
    /// The hash of the audit log on a day.
    Audit = 15,
    /// A phone says that this server contradicts itself.
    Evidence = 16,
    /// A month that closed under a wrong clock is open again.
    Reopening = 17,
    /// Records that were kept long enough have lost what ties them to a person.
    Expiry = 18,
    /// Which tables exist in a year.
    Plan = 19,
    /// A public release of figures was made.
    Release = 20,
    /// Figures of years before, published by others.
    History = 21,
}

impl EntryKind {
    const ALL: [Self; 21] = {
        use EntryKind::*;
        [
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
            Dictionary,
            Restore,
            Clock,
            Audit,
            Evidence,
            Reopening,
            Expiry,
            Plan,
            Release,
            History,
        ]
    };

    /// Its word in leaves.
    pub fn word(self) -> String {
        format!("{self:?}").to_lowercase()
    }

    /// The kind with this number in the database.
    pub fn from_number(number: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| *kind as i64 == number)
    }
}

/// The payload of an entry.
#[derive(Debug, Clone, PartialEq)]
pub enum EntryPayload {
    /// A phone and its card.
    Chain {
        /// What the card grants.
        grant: Box<Grant>,
        /// The phone's keys.
        binding: Box<Binding>,
        /// Names the chain.
        chain: Digest,
    },
    /// A record, or what is left of one that has expired.
    Record(Box<Record>),
    /// A reviewer's decision about the record that it `revises`.
    Review(Box<Record>),
    /// Withdraws the record that it `revises`, or those of its slip.
    Withdrawal(Box<Record>),
    /// The rest of a record after a revision has applied its withdrawal.
    Tombstone {
        /// Its id.
        record: Uuid,
    },
    /// A phone is no longer trusted.
    Revocation(Revocation),
    /// The month is closed: records after this position are late for it.
    Closing(Closing),
    /// All records before this position count for every closed month.
    Revision(Revision),
    /// The month, and all after it, are open again.
    Reopening(Reopening),
    /// Records have expired.
    Expiry(Expiry),
    /// A signed catalog.
    Catalog(Box<Catalog>),
    /// About a quarantined entry.
    Decision(QuarantineDecision),
    /// To a phone.
    Order(Order),
    /// Of an order.
    Acknowledgement(Acknowledgement),
    /// Facts and tables.
    Dictionary(DictionaryInForce),
    /// From a backup.
    Restore(Restoration),
    /// The clock was accepted.
    Clock,
    /// The end of the audit log.
    Audit(AuditNoted),
    /// Heads that contradict each other.
    Evidence,
    /// Which tables exist in a year.
    Plan(YearPlan),
    /// A public release of figures was made.
    Release(ReleaseNoted),
    /// A table of years before.
    History(Box<HistoryTable>),
}

/// A phone is no longer trusted: its records are quarantined. Or it is trusted again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revocation {
    /// The phone's card.
    pub device: Uuid,
    /// What it has sent since then, seconds since 1970 UTC, does not count either, from the next revision on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<i64>,
    /// It was taken back: the phone is trusted again from here on.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub lifted: bool,
}

impl Revocation {
    /// Of all that comes from now on.
    pub fn of(device: Uuid) -> Self {
        Self { device, from: None, lifted: false }
    }
}

/// The end of the audit log on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditNoted {
    /// So many lines.
    pub lines: u64,
    /// The hash that the last of them carries.
    pub hash: Digest,
}

/// The operator has looked at the clock and says that it is right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClockAccepted {
    /// Seconds since 1970 UTC.
    pub time: i64,
}

/// The close of a month, `YYYY-MM`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Closing {
    /// This month and all before it.
    pub month: String,
}

/// A month, `YYYY-MM`, that closed under a wrong clock is open again, and so are all after it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reopening {
    /// The first month that is open again.
    pub month: String,
}

/// Records of these kinds that came before these days have lost case, code, slip and sealed bytes. Their facts stay. What is left of
/// each is named, so that nobody changes it later.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expiry {
    /// By kind: the first day, `YYYY-MM-DD`, of which records are kept whole.
    pub before: BTreeMap<Kind, String>,
    /// So many records expired now.
    pub records: u64,
    /// SHA-256 of the hashes of what is left of each, in the order of their positions.
    pub left: Digest,
}

/// A revision, named by the last month of its quarter, `YYYY-MM`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revision {
    /// The last month that it is about.
    pub through: String,
}

/// The operator's decision about a quarantined entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuarantineDecision {
    /// Of the entry.
    pub position: u64,
    /// Whether it counts from now on.
    pub accept: bool,
}

/// A phone has destroyed its vault, as ordered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acknowledgement {
    /// The order that was carried out.
    pub order: Uuid,
    /// By this phone.
    pub device: Uuid,
}

/// The facts that intake accepts and the tables that are counted, by the hashes of their files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DictionaryInForce {
    /// Version of `facts.csv`.
    pub version: u32,
    /// SHA-256 of `facts.csv`.
    pub facts: Digest,
    /// SHA-256 of `tables.csv`.
    pub tables: Digest,
}

impl DictionaryInForce {
    /// The facts and tables that this build carries.
    pub fn ours() -> Self {
        let (version, hash) = (facts::Dictionary::standard().version, |text: &str| sha256(text.as_bytes()));
        Self { version, facts: hash(facts::TEXT), tables: hash(tables::TEXT) }
    }
}

/// A table of years before, published by others. It stands beside the counted figures; a later one with the same id takes
/// its place, and one without rows is out of sight.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryTable {
    /// Small letters, digits and `-`.
    pub id: String,
    /// In English and in French.
    pub title: [String; 2],
    /// What is counted, in English and in French.
    pub unit: [String; 2],
    /// Who published it, and where.
    pub source: String,
    /// Its numbers.
    pub rows: Vec<HistoryRow>,
}

/// One number of such a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryRow {
    /// `BI`, or the code of a province.
    pub place: String,
    /// The year that it is about.
    pub year: u16,
    /// What it is, in English and in French.
    pub label: [String; 2],
    /// As it was published.
    pub value: u64,
}

/// A public release, by the hash of its signed file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReleaseNoted {
    /// From 1, without gaps.
    pub number: u32,
    /// The last month that it takes in.
    pub through: String,
    /// Of the signed file.
    pub sha256: Digest,
}

/// Which tables exist in a year for which place, and by how fine a period.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct YearPlan {
    /// The year, fixed in its January.
    pub year: u16,
    /// Tables that it does not name stand as `tables.csv` offers them.
    pub tables: Vec<PlannedTable>,
}

/// A table at a place, with the reasons for its grain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedTable {
    /// Its id in `tables.csv`.
    pub table: String,
    /// `BI`, or the code of a province.
    pub place: String,
    /// How fine it is.
    pub grain: Grain,
    /// What was shown of the year before, at least.
    pub people: u32,
    /// How many cells it has there.
    pub cells: u32,
}

/// The finest period by which a table exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Grain {
    /// It does not exist.
    Nothing,
    /// By year.
    Year,
    /// By quarter, and by year.
    Quarter,
}

impl EntryPayload {
    /// Reads the stored form of an entry.
    pub fn read(kind: EntryKind, body: &str) -> std::result::Result<Self, EnvelopeError> {
        fn json<T: serde::de::DeserializeOwned>(body: &str) -> std::result::Result<T, EnvelopeError> {
            serde_json::from_str(body).map_err(|_| EnvelopeError::BadPayload)
        }
        Ok(match kind {
            EntryKind::Chain => {
                let Introduction { chain, .. } = json(body)?;
                let (grant, binding) = (envelope::stored(&chain.grant)?, envelope::stored(&chain.binding)?);
                Self::Chain { grant: Box::new(grant), binding: Box::new(binding), chain: chain.digest() }
            }
            EntryKind::Record => Self::Record(Box::new(read_record(body)?)),
            EntryKind::Review => Self::Review(envelope::stored(body)?),
            EntryKind::Withdrawal => Self::Withdrawal(envelope::stored(body)?),
            EntryKind::Revocation => Self::Revocation(json(body)?),
            EntryKind::Closing => Self::Closing(json(body)?),
            EntryKind::Revision => Self::Revision(json(body)?),
            EntryKind::Catalog => Self::Catalog(envelope::stored(body)?),
            EntryKind::Decision => Self::Decision(json(body)?),
            EntryKind::Order => Self::Order(envelope::stored(body)?),
            EntryKind::Acknowledgement => Self::Acknowledgement(json(body)?),
            EntryKind::Dictionary => Self::Dictionary(json(body)?),
            EntryKind::Restore => Self::Restore(json(body)?),
            EntryKind::Clock => Self::Clock,
            EntryKind::Audit => Self::Audit(json(body)?),
            EntryKind::Reopening => Self::Reopening(json(body)?),
            EntryKind::Expiry => Self::Expiry(json(body)?),
            EntryKind::Plan => Self::Plan(json(body)?),
            EntryKind::Release => Self::Release(json(body)?),
            EntryKind::History => Self::History(json(body)?),
            EntryKind::Evidence => Self::Evidence,
        })
    }
}

/// A record from its stored envelope; what is left of an expired one is none, but JSON.
pub fn read_record(text: &str) -> Result<Record, EnvelopeError> {
    if text.starts_with('{') { envelope::from_json(text.as_bytes()) } else { envelope::stored(text) }
}

/// A reviewer's last word on a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReviewDecision {
    /// She agrees.
    Confirmed,
    /// She does not.
    NotConfirmed,
    /// The same person is counted already.
    Duplicate,
}

impl ReviewDecision {
    /// What a review says.
    pub fn of(review: &Record) -> Option<Self> {
        match review.code_of("decision")? {
            "confirmed" => Some(Self::Confirmed),
            "not_confirmed" => Some(Self::NotConfirmed),
            "duplicate" => Some(Self::Duplicate),
            _ => None,
        }
    }
}
