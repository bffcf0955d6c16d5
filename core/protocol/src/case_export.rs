//! Everything that the log holds on a case, for the person who asks for it. `tabara-server held CODE` writes a
//! [`CaseExport`]; the cases in it stay sealed. `tabara-desk case export` opens it with a case worker's key.
//!
//! Anybody can seal to a case worker, so a sealed case proves nothing. The export therefore carries what proves who wrote it:
//! the chains of the phones and the catalogs, which name the reviewers and the server's keys. All of it ends in the authority's
//! public key, which the desk knows from elsewhere. [`CaseExport::trust`] reads the first part, [`Trust::check`] an entry.

use crate::catalog::{Catalog, Chain, Grant, Reviewer};
use crate::envelope::{self, Digest, EnvelopeError, PublicKey, Typ, sha256};
use crate::record::{Code, Kind, Reason, Record, SealedCase, Sent, Uuid};
use crate::seal::{self, FileKeyCopy, SealError};
use crate::wire::{Leaf, Parcel};
use base64::prelude::{BASE64_URL_SAFE_NO_PAD as B64, Engine as _};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use zeroize::Zeroizing;

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
    /// Envelope of kind parcel: the leaves that hold these records, under the head of the log when this was written. It
    /// answers the SHA-256 of the code.
    pub proof: String,
    /// For a case worker to whom nobody sealed: the keys of the sealed cases, which one who holds them gave her.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub copies: Vec<CaseCopy>,
}

/// The key of one sealed case, locked to a new case worker: see [`crate::seal::file_key`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseCopy {
    /// The record beside which the case is sealed.
    pub record: Uuid,
    /// An age file, base64url without padding.
    pub key: String,
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
    /// SHA-256 of its JWS.
    pub jws: Digest,
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
    /// The log of a server that a catalog names does not hold it.
    #[error("it is not proven to stand in the log of the server")]
    NotInLog,
    /// Nobody whom the authority knows signed the record.
    #[error("no phone or reviewer of this authority has signed the record")]
    Author,
    /// The signature does not fit the record.
    #[error("the record was changed: {0}")]
    Changed(EnvelopeError),
    /// Id, code or sealed case belong to something else.
    #[error("record, case and code do not belong together: someone moved them")]
    Moved,
}

/// Why a case is not shown.
#[derive(Debug, thiserror::Error, Clone, Copy, PartialEq, Eq)]
pub enum CaseError {
    /// It does not open.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The file around it is cut or changed.
    #[error("the export is damaged")]
    Damaged,
    /// Somebody sealed something else to this key.
    #[error("it opens, but does not hold a case")]
    NoCase,
    /// It is the case of another record.
    #[error("the case does not belong to the record that it came with: someone moved it")]
    Moved,
}

/// Opens a sealed case with a case worker's identity.
pub fn unseal(sealed: &[u8], identity: &str) -> Result<SealedCase, CaseError> {
    case_of(seal::unseal(sealed, identity)?)
}

/// Opens the case beside a record, which must belong to it; with a key that was copied, if the identity is no recipient.
pub fn open_case(sent: &Sent, record: &Record, identity: &str, copies: &[CaseCopy]) -> Result<SealedCase, CaseError> {
    let sealed = sent.sealed_bytes().ok().flatten().ok_or(CaseError::Damaged)?;
    let opened = match (seal::unseal(&sealed, identity), copied_key(copies, record.record, identity)) {
        (Err(SealError::NotForThisKey), Some(key)) => seal::unseal_copied(&sealed, &key),
        (opened, _) => opened,
    };
    let case = case_of(opened?)?;
    let named = record.sealed.is_some_and(|s| s.sha256 == sha256(&sealed));
    let same = (case.record, case.case, &case.questionnaire) == (record.record, record.case, &record.questionnaire);
    if named && same { Ok(case) } else { Err(CaseError::Moved) }
}

fn case_of(plain: Vec<u8>) -> Result<SealedCase, CaseError> {
    envelope::from_json(&Zeroizing::new(plain)).map_err(|_| CaseError::NoCase)
}

/// The key of a case that somebody gave to the owner of this identity.
pub fn copied_key(copies: &[CaseCopy], record: Uuid, identity: &str) -> Option<FileKeyCopy> {
    let mine = copies.iter().filter(|copy| copy.record == record);
    let open = |copy: &CaseCopy| FileKeyCopy::of(&seal::unlock_with(&B64.decode(&copy.key).ok()?, identity).ok()?);
    mine.into_iter().find_map(open)
}

/// The keys that an export proves, all the way from the authority.
#[derive(Debug, Clone)]
pub struct Trust {
    /// SHA-256 of the JWS of each record that the log is proven to hold.
    in_log: BTreeSet<Digest>,
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
        let operations: Vec<PublicKey> = catalogs.iter().flat_map(Catalog::operations_keys).collect();
        Trust {
            in_log: self.in_log(&operations),
            reviewers: reviewers.map(|reviewer| (reviewer.key.kid(), reviewer.clone())).collect(),
            phones: chains.map(|(grant, keys)| (keys.record_key.kid(), (keys.record_key, grant))).collect(),
            revoked: newest.map(|catalog| catalog.revoked.iter().copied().collect()).unwrap_or_default(),
        }
    }
}

impl CaseExport {
    /// What the server's signed proof shows of its log; nothing if it is not the server's, or for another code.
    fn in_log(&self, operations: &[PublicKey]) -> BTreeSet<Digest> {
        let signed = operations.iter().find_map(|key| envelope::open::<Parcel>(Typ::Parcel, key, &self.proof).ok());
        let parcel = signed.filter(|parcel| parcel.answers == sha256(self.code.as_str().as_bytes()));
        let proven = parcel.iter().flat_map(|p| p.leaves.iter().filter(|leaf| leaf.holds(&p.head)));
        let entries = proven.filter_map(|leaf| match leaf.leaf() {
            Ok(Leaf::Bundle { entries, .. }) => Some(entries),
            _ => None,
        });
        entries.flatten().map(|kept| kept.jws).collect()
    }
}

impl Trust {
    /// Checks an entry: that the log holds it, and where the record is left, who signed it, that it belongs to this export, and that the
    /// sealed bytes are those that it names.
    pub fn check(&self, export: &CaseExport, entry: &HeldEntry) -> Result<Option<(Author, Record)>, Unproven> {
        if !self.in_log.contains(&entry.jws) {
            return Err(Unproven::NotInLog);
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
        let received = entry.jws == sha256(sent.jws.as_bytes());
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
    use crate::catalog::{Binding, EnrolmentCard, Policy, Rotation};
    use crate::envelope::{Digest, SigningKey};
    use crate::record::{QuestionnaireRef, SealedRef};
    use crate::wire::{KeptEntry, LeafProof, TreeHead};

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
            slip: None,
            proof: None,
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
                servers: vec![],
                policy: Policy::default(),
                rotation: Rotation {
                    authorities: authorities.into_iter().map(|at| keys[at].public()).collect(),
                    ..Rotation::default()
                },
                least_protocol: 1,
                reader: None,
            };
            let (card, device) = (SigningKey::generate(), Uuid::new_v4());
            let (organisation, commune) = ("IOM".to_owned(), "BI-CO-04-02".to_owned());
            let (role, area, servers) = Default::default();
            let grant = Grant { device, role, organisation, commune, area, servers, expires: 0, card: card.public() };
            let (transport, mailbox) = (SigningKey::generate(), crate::seal::new_identity().1);
            let (record_key, transport_key, vault) = (keys[PHONE].public(), transport.public(), mailbox.clone());
            let binding = Binding { device, record_key, transport_key, mailbox, vault };
            let grant = envelope::sign(Typ::Grant, &keys[OLD], &grant);
            let card = EnrolmentCard { grant, seed: Digest(*card.seed()), authority: keys[OLD].public() };
            let sign = |key: usize, catalog| envelope::sign(Typ::Catalog, &keys[key], &catalog);
            let export = CaseExport {
                code: Code::generate(),
                catalogs: vec![
                    sign(OLD, catalog(1, vec![], vec![])),
                    sign(OLD, catalog(2, vec![NEW], vec![])),
                    sign(NEW, catalog(3, vec![OLD], vec![device])),
                    sign(NEW, catalog(4, vec![], vec![device])),
                ],
                chains: vec![Chain::bind(&card, &binding, &keys[PHONE], &transport)],
                entries: vec![],
                proof: String::new(),
                copies: vec![],
            };
            Self { keys, export }
        }
        /// Puts a record into the log, signed by one of the keys.
        fn keep(&mut self, typ: Typ, signer: usize, record: &Record, sealed: Option<&[u8]>) {
            let jws = envelope::sign(typ, &self.keys[signer], record);
            let (id, digest) = (record.record, sha256(jws.as_bytes()));
            let sent = Some(Sent::new(jws, sealed));
            let (kind, received, waits, taken_back) = ("record".into(), 0, None, false);
            let entry = HeldEntry { record: id, kind, received, waits, taken_back, jws: digest, sent };
            self.export.entries.push(entry);
            self.export.proof = self.prove(OPERATIONS, &self.export.code);
        }
        /// What the server says of a log with one bundle, which brought all entries.
        fn prove(&self, signer: usize, code: &Code) -> String {
            let entries = self.export.entries.iter().map(|entry| KeptEntry { jws: entry.jws, reason: None });
            let (day, entries) = ("2026-11-29".into(), entries.collect());
            let leaf = Leaf::Bundle { day, bundle: Digest([0; 32]), entries };
            let leaves = vec![LeafProof { index: 0, text: leaf.text(), proof: vec![] }];
            let head = TreeHead { size: 1, root: leaf.hash() };
            let (standing, seq, grown, restore, connected, refused, later, updates, cursor) = Default::default();
            let answers = sha256(code.as_str().as_bytes());
            let (time, signer) = (0, &self.keys[signer]);
            let parcel = Parcel {
                answers,
                time,
                head,
                standing,
                seq,
                grown,
                restore,
                connected,
                leaves,
                refused,
                later,
                providers: None,
                updates,
                cursor,
            };
            envelope::sign(Typ::Parcel, signer, &parcel)
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
        assert_eq!(house.checked(REVIEWER, 0), Err(Unproven::NotInLog), "a key that is no authority");
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
    fn a_record_that_the_servers_log_does_not_hold_is_not_shown() {
        let mut house = House::new();
        let hers = record(Some(&house.export.code), None);
        house.keep(Typ::Record, PHONE, &hers, None);
        assert!(house.checked(NEW, 0).is_ok());
        house.export.proof = house.prove(PHONE, &house.export.code);
        assert_eq!(house.checked(NEW, 0), Err(Unproven::NotInLog), "signed by another key");
        house.export.proof = house.prove(OPERATIONS, &Code::generate());
        assert_eq!(house.checked(NEW, 0), Err(Unproven::NotInLog), "made for another code");
        let entries = std::mem::take(&mut house.export.entries);
        house.export.proof = house.prove(OPERATIONS, &house.export.code);
        house.export.entries = entries;
        assert_eq!(house.checked(NEW, 0), Err(Unproven::NotInLog), "a log without it");
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
