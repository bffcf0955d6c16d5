//! An entry as it is kept, and the leaf that stands for it in the tree.

use super::entry::EntryKind;
use crate::clock::civil_date;
use crate::envelope::{self, Digest, EnvelopeError, PublicKey, Typ, sha256};
use crate::kind::{Kind, Reason};
use crate::record::{Record, Uuid};
use crate::wire::{Introduction, KeptEntry, Leaf, Restoration};
use serde::{Deserialize, Serialize};

/// A row of the log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EntryRow {
    /// What it is.
    pub kind: EntryKind,
    /// Seconds since 1970 UTC; of a record, the beginning of the day.
    pub received: i64,
    /// Why it is quarantined.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// The record's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<Uuid>,
    /// Position of the chain of the phone that signed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub binding: Option<u64>,
    /// The phone's own count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seq: Option<u64>,
    /// The record that this one corrects, withdraws or reviews; the phone of an order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<Uuid>,
    /// On the slip of the person whom it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The organisation that a referral goes to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub addressee: Option<String>,
    /// What it says.
    pub body: EntryBody,
}

/// What a row holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EntryBody {
    /// What was signed, or JSON.
    Text(String),
    /// A record that has expired: what is left of it, as JSON.
    Expired {
        /// [`left_of`] the record.
        text: String,
        /// Of what was signed.
        digests: Digests,
    },
    /// Digests of a record whose withdrawal was applied.
    Tombstone(Digests),
}

/// What is kept of a record whose text is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Digests {
    /// SHA-256 of its JWS.
    pub jws: Digest,
    /// SHA-256 of its sealed case.
    pub sealed: Option<Digest>,
    /// The key of the person's slip.
    pub slip: Option<PublicKey>,
    /// If it has expired.
    pub expired: Option<Expired>,
}

/// That a record has expired.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expired {
    /// Position of the entry that says so.
    pub by: u64,
    /// SHA-256 of what was left of it.
    pub left: Digest,
}

impl Digests {
    /// What will be kept of a record, whose envelope has this hash.
    pub fn of(jws: Digest, record: &Record) -> Self {
        Self { jws, sealed: record.sealed.map(|sealed| sealed.sha256), slip: record.slip, expired: None }
    }
}

impl EntryRow {
    /// An entry that no phone sent.
    pub fn own(kind: EntryKind, received: i64, text: String) -> Self {
        let (reason, id, binding, seq, target, code, addressee) = Default::default();
        Self { kind, received, reason, id, binding, seq, target, code, addressee, body: EntryBody::Text(text) }
    }
    /// A record, review or withdrawal, by the phone whose chain stands at a position, if one sent it.
    pub fn of(record: &Record, binding: Option<u64>, received: i64, reason: Option<Reason>, jws: String) -> Self {
        let kind = match record.kind {
            Kind::Review => EntryKind::Review,
            Kind::Withdrawal => EntryKind::Withdrawal,
            Kind::Screening | Kind::Referral | Kind::Assistance | Kind::Activity | Kind::Enforcement => {
                EntryKind::Record
            }
        };
        Self {
            kind,
            received,
            reason,
            id: Some(record.record),
            binding,
            seq: binding.map(|_| record.seq),
            target: record.revises,
            code: record.code.as_ref().map(|code| code.as_str().to_owned()),
            addressee: record.route.as_ref().map(|route| route.to.clone()),
            body: EntryBody::Text(jws),
        }
    }
    /// Its record, if this key has signed that; once it has expired, what is left of it.
    pub fn record(&self, key: &PublicKey) -> Result<Record, EnvelopeError> {
        let typ = if self.binding.is_some() { Typ::Record } else { Typ::Review };
        match &self.body {
            EntryBody::Text(jws) => envelope::open(typ, key, jws),
            EntryBody::Expired { text, .. } => envelope::from_json(text.as_bytes()),
            EntryBody::Tombstone(_) => Err(EnvelopeError::BadPayload),
        }
    }
    /// Whether kind and columns are what its record says, and of one that has expired only what counts is left.
    pub fn says(&self, record: &Record) -> bool {
        let said = Self::of(record, self.binding, self.received, self.reason, String::new());
        let is_left = match &self.body {
            EntryBody::Expired { text, .. } => *text == left_of(record),
            EntryBody::Text(_) | EntryBody::Tombstone(_) => true,
        };
        is_left && *self == Self { body: self.body.clone(), ..said }
    }
    /// SHA-256 of what was signed; none if what is left of an expired record is not that any more.
    fn jws(&self) -> Option<Digest> {
        match &self.body {
            EntryBody::Text(text) => Some(sha256(text.as_bytes())),
            EntryBody::Expired { text, digests } => {
                let left = |expired: Expired| expired.left == sha256(text.as_bytes());
                digests.expired.is_some_and(left).then_some(digests.jws)
            }
            EntryBody::Tombstone(digests) => Some(digests.jws),
        }
    }
    /// What is left of it, and its digests, if it is a record that has expired.
    pub fn expired(&self) -> Option<Expired> {
        match &self.body {
            EntryBody::Expired { digests, .. } | EntryBody::Tombstone(digests) => digests.expired,
            EntryBody::Text(_) => None,
        }
    }
}

/// What stays of a record that was kept long enough: what is counted, and nothing that ties it to a person, to a case, to a service or
/// to other records, but the one that it corrects, which must not be counted twice.
pub fn left_of(record: &Record) -> String {
    let (code, slip, proof, route, sealed) = Default::default();
    let left = Record { case: Uuid::nil(), code, slip, proof, route, sealed, ..record.clone() };
    serde_json::to_string(&left).expect("plain data has a JSON form")
}

/// The leaf of the records of a bundle, or of one entry that no phone sent. None if they cannot be that.
pub fn leaf(bundle: Option<Digest>, entries: &[EntryRow]) -> Option<Leaf> {
    let day = |row: &EntryRow| civil_date(row.received).to_string();
    let Some(bundle) = bundle else {
        return match entries {
            [EntryRow { body: EntryBody::Text(text), kind, .. }] => act(day(&entries[0]), *kind, text),
            _ => None,
        };
    };
    let first = day(entries.first()?);
    let kept =
        entries.iter().map(|row| Some(KeptEntry { jws: row.jws()?, reason: row.reason })).collect::<Option<_>>()?;
    entries.iter().all(|row| day(row) == first).then_some(Leaf::Bundle { day: first, bundle, entries: kept })
}

/// The leaf of an entry that no phone sent.
fn act(day: String, kind: EntryKind, body: &str) -> Option<Leaf> {
    Some(match kind {
        EntryKind::Restore => {
            let Restoration { kept, known } = serde_json::from_str(body).ok()?;
            Leaf::Restore { day, kept, known }
        }
        // the receipt that came with a chain is no part of it
        EntryKind::Chain => {
            let introduction: Introduction = serde_json::from_str(body).ok()?;
            Leaf::Act { day, kind: kind.word(), body: introduction.chain.digest() }
        }
        _ => Leaf::Act { day, kind: kind.word(), body: sha256(body.as_bytes()) },
    })
}
