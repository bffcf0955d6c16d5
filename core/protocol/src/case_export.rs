//! Everything that the log holds on a case, for the person who asks for it. `tabara-server held CODE` writes a
//! [`CaseExport`]; the cases in it stay sealed. `tabara-desk case export` opens it with a case worker's key.
//!
//! Anybody can seal to a case worker, so a sealed case proves nothing. The export therefore carries what proves who wrote it:
//! the chains of the phones and the catalogs, which name the reviewers and the server's keys. All of it ends in the authority's
//! public key, which the desk knows from elsewhere. [`CaseExport::trust`] reads the first part, [`Trust::check`] an entry.

use crate::catalog::{Catalog, Chain, Grant, Reviewer};
use crate::envelope::{self, EnvelopeError, PublicKey, Typ, sha256};
use crate::record::{Code, Kind, Reason, Receipt, Record, Sent, Uuid};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The entries under a code, in the order of the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseExport {
    /// The code on the person's slip.
    pub code: Code,
    /// Every catalog of the log, the oldest first: envelopes of kind catalog.
    #[serde(default)]
    pub catalogs: Vec<String>,
    /// The chains of the phones that signed the records.
    #[serde(default)]
    pub chains: Vec<Chain>,
    /// The records under that code, in the order of the log.
    pub entries: Vec<HeldEntry>,
}

/// One entry of the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldEntry {
    /// The record's id.
    pub record: Uuid,
    /// `record`, `review` or `withdrawal`.
    pub kind: String,
    /// Seconds since 1970 UTC.
    pub received: i64,
    /// Why it is quarantined.
    pub waits: Option<Reason>,
    /// Whether the person withdrew it.
    pub taken_back: bool,
    /// Envelope of kind receipt.
    pub receipt: String,
    /// The signed record and its sealed case. None after a revision has applied its withdrawal.
    pub sent: Option<Sent>,
}

/// Who signed a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Author {
    /// A phone with a card of the authority.
    Phone {
        /// What the card grants.
        grant: Grant,
        /// Whether the newest catalog has revoked the phone.
        revoked: bool,
    },
    /// A reviewer by the name in the catalog.
    Reviewer(String),
}

/// Why an entry proves nothing. None of it is shown as real then.
#[derive(Debug, thiserror::Error, Clone, Copy, PartialEq, Eq)]
pub enum Unproven {
    /// The receipt is not signed by a key of the server that a catalog names.
    #[error("the receipt is not the server's")]
    Receipt,
    /// Nobody whom the authority knows signed the record.
    #[error("no phone or reviewer of this authority has signed the record")]
    Author,
    /// The signature does not fit the record.
    #[error("the record was changed: {0}")]
    Changed(EnvelopeError),
    /// Id, code, receipt or sealed case belong to something else.
    #[error("record, receipt, case and code do not belong together: someone moved them")]
    Moved,
}

/// The keys that an export proves, all the way from the authority.
#[derive(Debug, Clone)]
pub struct Trust {
    operations: BTreeSet<PublicKey>,
    reviewers: BTreeMap<String, Reviewer>,
    phones: BTreeMap<String, (PublicKey, Grant)>,
    revoked: BTreeSet<Uuid>,
}

impl CaseExport {
    /// Collects what leads down from the authority's key; the rest of the file counts for nothing. An authority that handed over
    /// to another one, or took over from one, is followed through the catalogs, as phones do.
    pub fn trust(&self, authority: PublicKey) -> Trust {
        let mut authorities = BTreeSet::from([authority]);
        let catalogs = loop {
            let signed = |jws: &String| {
                let open = |key| envelope::open::<Catalog>(Typ::Catalog, key, jws).ok();
                authorities.iter().find_map(open)
            };
            let catalogs: Vec<Catalog> = self.catalogs.iter().filter_map(signed).collect();
            let known = authorities.len();
            authorities.extend(catalogs.iter().flat_map(|catalog| &catalog.rotation.authorities));
            if authorities.len() == known {
                break catalogs;
            }
        };
        let chains = self.chains.iter().filter_map(|chain| authorities.iter().find_map(|key| chain.verify(key).ok()));
        let reviewers = catalogs.iter().flat_map(|catalog| &catalog.reviewers);
        let newest = catalogs.iter().max_by_key(|catalog| catalog.version);
        Trust {
            operations: catalogs.iter().flat_map(Catalog::operations_keys).collect(),
            reviewers: reviewers.map(|reviewer| (reviewer.key.kid(), reviewer.clone())).collect(),
            phones: chains.map(|(grant, keys)| (keys.record_key.kid(), (keys.record_key, grant))).collect(),
            revoked: newest.map(|catalog| catalog.revoked.iter().copied().collect()).unwrap_or_default(),
        }
    }
}

impl Trust {
    /// Checks an entry: its receipt, and where the record is left, who signed it, that it belongs to this export, and that the
    /// sealed bytes are those that it names.
    pub fn check(&self, export: &CaseExport, entry: &HeldEntry) -> Result<Option<(Author, Record)>, Unproven> {
        let open = |key| envelope::open::<Receipt>(Typ::Receipt, key, &entry.receipt).ok();
        let receipt = self.operations.iter().find_map(open).ok_or(Unproven::Receipt)?;
        if receipt.record != entry.record {
            return Err(Unproven::Moved);
        }
        let Some(sent) = &entry.sent else { return Ok(None) };
        let (author, record) = self.author(&sent.jws)?;
        let sealed = sent.sealed_bytes().map_err(Unproven::Changed)?;
        let hash = sealed.as_deref().map(sha256);
        // the sealed bytes of a withdrawn record are erased before the record is
        let whole = hash == record.sealed.map(|s| s.sha256) || hash.is_none() && entry.taken_back;
        let of_this_person = match &record.code {
            Some(code) => *code == export.code,
            None => record.revises.is_some_and(|revised| export.entries.iter().any(|e| e.record == revised)),
        };
        let received = receipt.jws == sha256(sent.jws.as_bytes());
        if record.record == entry.record && received && whole && of_this_person {
            Ok(Some((author, record)))
        } else {
            Err(Unproven::Moved)
        }
    }

    fn author(&self, jws: &str) -> Result<(Author, Record), Unproven> {
        let kid = envelope::peek(jws).map_err(Unproven::Changed)?.kid;
        if let Some((key, grant)) = self.phones.get(&kid) {
            let record: Record = envelope::open(Typ::Record, key, jws).map_err(Unproven::Changed)?;
            let revoked = self.revoked.contains(&grant.device);
            return Ok((Author::Phone { grant: grant.clone(), revoked }, record));
        }
        let reviewer = self.reviewers.get(&kid).ok_or(Unproven::Author)?;
        let record: Record = envelope::open(Typ::Review, &reviewer.key, jws).map_err(Unproven::Changed)?;
        let named = Author::Reviewer(reviewer.name.clone());
        if record.kind == Kind::Review { Ok((named, record)) } else { Err(Unproven::Author) }
    }
}
