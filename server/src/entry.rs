//! The entries of the one append-only log, from which all data of the server derives. The payload of an entry is a pure
//! value ([`EntryPayload`]). Statistics, the phones' updates and `rebuild` all fold over [`Entry`] in the order of positions.

use serde::{Deserialize, Serialize};
use tabara_protocol::catalog::{Binding, Catalog, Grant};
use tabara_protocol::envelope::{self, Digest, EnvelopeError};
use tabara_protocol::facts::FactValue;
use tabara_protocol::record::{Order, Reason, Record, Uuid};
use tabara_protocol::wire::{Introduction, Restoration};

/// Kinds of entries, with the numbers they have in the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EntryKind {
    Chain = 1,
    /// A screening, referral, assistance or activity.
    Record = 2,
    Review = 3,
    Withdrawal = 4,
    Revocation = 5,
    Closing = 6,
    Revision = 7,
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
}

impl EntryKind {
    const ALL: [Self; 16] = {
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
        ]
    };

    pub fn word(self) -> String {
        format!("{self:?}").to_lowercase()
    }

    pub fn from_number(number: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| *kind as i64 == number)
    }
}

/// One entry as it is read back.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// From 1, without gaps.
    pub position: u64,
    /// Seconds since 1970 UTC, by the server's clock.
    pub received: i64,
    /// Why it is quarantined: not counted until a [`EntryPayload::Decision`] about its position accepts it.
    pub reason: Option<Reason>,
    /// Position of the chain of the phone that signed it.
    pub binding: Option<u64>,
    /// Records that do not count from here on.
    pub takes_back: Vec<Uuid>,
    /// Of a decision: the entry that it is about.
    pub about: Option<Box<Entry>>,
    pub payload: EntryPayload,
}

/// The payload of an entry.
#[derive(Debug, Clone, PartialEq)]
pub enum EntryPayload {
    /// A phone and its card.
    Chain {
        grant: Grant,
        binding: Binding,
    },
    Record(Box<Record>),
    /// A reviewer's decision about the record that it `revises`.
    Review(Box<Record>),
    /// Withdraws the record that it `revises`, or those of its slip; see [`Entry::takes_back`].
    Withdrawal(Box<Record>),
    /// The rest of a record after a revision has applied its withdrawal.
    Tombstone {
        record: Uuid,
    },
    Revocation(Revocation),
    /// The month is closed: records after this position are late for it.
    Closing(Closing),
    /// All records before this position count for every closed month.
    Revision(Revision),
    Catalog(Box<Catalog>),
    Decision(QuarantineDecision),
    Order(Order),
    Acknowledgement(Acknowledgement),
    Dictionary(DictionaryInForce),
    Restore(Restoration),
    Clock,
    Audit,
    Evidence,
}

/// A phone is no longer trusted: its records are quarantined. Or it is trusted again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revocation {
    pub device: Uuid,
    /// What it has sent since then, seconds since 1970 UTC, does not count either, from the next revision on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<i64>,
    /// It was taken back: the phone is trusted again from here on.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub lifted: bool,
}

impl Revocation {
    pub fn of(device: Uuid) -> Self {
        Self { device, from: None, lifted: false }
    }
}

/// The end of the audit log on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditNoted {
    pub lines: u64,
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
    pub month: String,
}

/// A revision, named by the last month of its quarter, `YYYY-MM`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revision {
    pub through: String,
}

/// The operator's decision about a quarantined entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuarantineDecision {
    pub position: u64,
    pub accept: bool,
}

/// A phone has destroyed its vault, as ordered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acknowledgement {
    pub order: Uuid,
    pub device: Uuid,
}

/// The facts that intake accepts and the tables that are counted, by the hashes of their files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DictionaryInForce {
    /// Version of `facts.csv`.
    pub version: u32,
    /// SHA-256 of `facts.csv` and of `tables.csv`.
    pub facts: Digest,
    pub tables: Digest,
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
                Self::Chain { grant: envelope::stored(&chain.grant)?, binding: envelope::stored(&chain.binding)? }
            }
            EntryKind::Record => Self::Record(envelope::stored(body)?),
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
            EntryKind::Audit => Self::Audit,
            EntryKind::Evidence => Self::Evidence,
        })
    }
}

/// A reviewer's last word on a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReviewDecision {
    Confirmed,
    NotConfirmed,
    Duplicate,
}

impl ReviewDecision {
    /// What a review says.
    pub fn of(review: &Record) -> Option<Self> {
        let Some(FactValue::One(code)) = review.facts.get("decision") else { return None };
        match code.as_str() {
            "confirmed" => Some(Self::Confirmed),
            "not_confirmed" => Some(Self::NotConfirmed),
            "duplicate" => Some(Self::Duplicate),
            _ => None,
        }
    }
}
