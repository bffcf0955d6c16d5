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
        // whoever corrects or withdraws a record may use another code, or none
        let revises = |id| export.entries.iter().any(|other| other.record == id);
        let of_this_person = record.code.as_ref() == Some(&export.code) || record.revises.is_some_and(revises);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::{Binding, Policy, Rotation};
    use crate::envelope::{Digest, SigningKey};
    use crate::record::{QuestionnaireRef, SealedRef};

    struct House {
        keys: [SigningKey; 5],
        export: CaseExport,
    }

    const OLD: usize = 0;
    const NEW: usize = 1;
    const OPERATIONS: usize = 2;
    const PHONE: usize = 3;
    const REVIEWER: usize = 4;

    fn record(code: Option<&Code>, revises: Option<Uuid>) -> Record {
        Record {
            record: Uuid::new_v4(),
            case: Uuid::new_v4(),
            seq: 1,
            kind: Kind::Screening,
            questionnaire: QuestionnaireRef { id: "q".into(), sha256: Digest([0; 32]) },
            revises,
            code: code.cloned(),
            undo: None,
            secret: None,
            route: None,
            facts: Default::default(),
            sealed: None,
        }
    }

    impl House {
        /// The old authority signed the first catalog and a card, then handed over to the new one, which forgot it later.
        fn new() -> Self {
            let keys = [(); 5].map(|()| SigningKey::generate());
            let catalog = |version, authorities: Vec<usize>, revoked: Vec<Uuid>| Catalog {
                version,
                expires: 0,
                operations: keys[OPERATIONS].public(),
                recipients: vec![],
                reviewers: vec![Reviewer { name: "Beata".into(), key: keys[REVIEWER].public() }],
                parts: vec![],
                revoked,
                policy: Policy::default(),
                rotation: Rotation {
                    authorities: authorities.into_iter().map(|at| keys[at].public()).collect(),
                    ..Rotation::default()
                },
                least_protocol: 1,
            };
            let (card, device) = (SigningKey::generate(), Uuid::new_v4());
            let (organisation, commune) = ("IOM".to_owned(), "BI-CO-04-02".to_owned());
            let grant = Grant { device, organisation, commune, expires: 0, card: card.public() };
            let binding =
                Binding { device, record_key: keys[PHONE].public(), transport_key: SigningKey::generate().public() };
            let sign = |key: usize, catalog| envelope::sign(Typ::Catalog, &keys[key], &catalog);
            let export = CaseExport {
                code: Code::generate(),
                catalogs: vec![
                    sign(OLD, catalog(1, vec![], vec![])),
                    sign(OLD, catalog(2, vec![NEW], vec![])),
                    sign(NEW, catalog(3, vec![OLD], vec![device])),
                    sign(NEW, catalog(4, vec![], vec![device])),
                ],
                chains: vec![Chain {
                    grant: envelope::sign(Typ::Grant, &keys[OLD], &grant),
                    binding: envelope::sign(Typ::Device, &card, &binding),
                }],
                entries: vec![],
            };
            Self { keys, export }
        }
        /// Puts a record into the log, signed by one of the keys.
        fn keep(&mut self, typ: Typ, signer: usize, record: &Record, sealed: Option<&[u8]>) {
            let jws = envelope::sign(typ, &self.keys[signer], record);
            let (id, digest) = (record.record, sha256(jws.as_bytes()));
            let sent = Some(Sent::new(jws, sealed));
            let receipt = Receipt { record: id, jws: digest, sealed: None, position: 1, epoch: Uuid::nil() };
            let receipt = envelope::sign(Typ::Receipt, &self.keys[OPERATIONS], &receipt);
            let (kind, received, waits, taken_back) = ("record".into(), 0, None, false);
            self.export.entries.push(HeldEntry { record: id, kind, received, waits, taken_back, receipt, sent });
        }
        fn checked(&self, authority: usize, entry: usize) -> Result<Author, Unproven> {
            let trust = self.export.trust(self.keys[authority].public());
            let checked = trust.check(&self.export, &self.export.entries[entry])?;
            Ok(checked.expect("the record is there").0)
        }
    }

    #[test]
    fn an_authority_is_followed_through_its_handover_from_either_end() {
        let mut house = House::new();
        let hers = record(Some(&house.export.code), None);
        house.keep(Typ::Record, PHONE, &hers, None);
        for authority in [OLD, NEW] {
            let author = house.checked(authority, 0);
            assert!(matches!(author, Ok(Author::Phone { revoked: true, .. })), "{author:?}");
        }
        assert_eq!(house.checked(REVIEWER, 0), Err(Unproven::Receipt), "a key that is no authority");
        // without the catalogs that hand over, the new one vouches for neither card nor phone
        house.export.catalogs.drain(..3);
        assert_eq!(house.checked(NEW, 0), Err(Unproven::Author));
    }

    #[test]
    fn reviews_and_what_others_say_about_a_record_belong_to_it_and_nothing_else_does() {
        let mut house = House::new();
        let (hers, stranger) = (record(Some(&house.export.code), None), record(Some(&Code::generate()), None));
        let review = Record { kind: Kind::Review, ..record(None, Some(hers.record)) };
        let correction = record(Some(&Code::generate()), Some(hers.record));
        house.keep(Typ::Record, PHONE, &hers, None);
        house.keep(Typ::Review, REVIEWER, &review, None);
        house.keep(Typ::Record, PHONE, &correction, None);
        house.keep(Typ::Record, PHONE, &stranger, None);
        house.keep(Typ::Record, REVIEWER, &hers, None);
        assert_eq!(house.checked(NEW, 1), Ok(Author::Reviewer("Beata".into())));
        assert!(house.checked(NEW, 2).is_ok(), "a correction under another code");
        assert_eq!(house.checked(NEW, 3), Err(Unproven::Moved));
        assert!(matches!(house.checked(NEW, 4), Err(Unproven::Changed(_))), "a reviewer writes no records");
    }

    #[test]
    fn a_sealed_case_is_the_one_that_the_record_names_or_was_erased_with_it() {
        let mut house = House::new();
        let sealed = Some(SealedRef { sha256: sha256(b"sealed"), len: 6 });
        let hers = Record { sealed, ..record(Some(&house.export.code), None) };
        house.keep(Typ::Record, PHONE, &hers, Some(b"sealed"));
        house.keep(Typ::Record, PHONE, &hers, Some(b"other"));
        house.keep(Typ::Record, PHONE, &hers, None);
        assert!(house.checked(NEW, 0).is_ok());
        assert_eq!(house.checked(NEW, 1), Err(Unproven::Moved));
        assert_eq!(house.checked(NEW, 2), Err(Unproven::Moved));
        house.export.entries[2].taken_back = true;
        assert!(house.checked(NEW, 2).is_ok());
    }
}
