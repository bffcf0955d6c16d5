//! A server with an authority, phones and a reviewer, all in one process, and the stories that they play.

mod attacks;
mod exchange;
mod keeping;
mod log_file;
mod over_http;
mod referrals;
mod restores;

use crate::devices;
use crate::devices::bundles;
use crate::http::problem::Problem;
use crate::intake::Outcome;
use crate::log;
use crate::settings::Settings;
use crate::store::Store;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;
use tabara_protocol::catalog::{
    Area, Binding, Catalog, Chain, DeviceRole, EnrolmentCard, Grant, Part, PartKind, Policy, Recipient, RecipientRole,
    Reviewer, Rotation, ServerAddress,
};
use tabara_protocol::clock::Clock;
use tabara_protocol::code::Code;
use tabara_protocol::envelope::{self, Digest, Signer, SigningKey, Typ, sha256};
use tabara_protocol::facts::FactValue;
use tabara_protocol::kind::{Kind, Reason};
use tabara_protocol::record::{QuestionnaireRef, Record, SealedRef, Sent, Uuid};
use tabara_protocol::seal;
use tabara_protocol::wire::{Bundle, Enclosed, Introduction, Leaf, Lineage, Parcel, Standing, TreeHead, lineage};
use zeroize::Zeroizing;

/// 2026-11-20, 10:00 UTC.
const START: i64 = 1_795_168_800;
const DAY: i64 = 86_400;
const QUESTIONNAIRE: &[u8] = b"a compiled questionnaire";

/// A clock that stands where it was set.
pub struct SetClock(AtomicI64);

impl SetClock {
    fn add(&self, seconds: i64) {
        self.0.fetch_add(seconds, Ordering::Relaxed);
    }
}

impl Clock for SetClock {
    fn unix(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }
    fn monotonic(&self) -> Duration {
        Duration::ZERO
    }
}

/// A server's folder, and the keys of everybody around it.
struct House {
    folder: tempfile::TempDir,
    clock: Arc<SetClock>,
    store: Store,
    settings: Settings,
    authority: SigningKey,
    reviewer: SigningKey,
    /// Identity of the case worker.
    desk: (Zeroizing<String>, String),
}

impl House {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(SetClock(START.into()));
        let mut settings = Settings::create(folder.path(), clock.clone()).unwrap();
        let [authority, reviewer] = [(); 2].map(|()| SigningKey::generate());
        settings.trust(authority.public()).unwrap();
        let store = Store::open(folder.path()).unwrap();
        let house = Self { folder, clock, store, settings, authority, reviewer, desk: seal::new_identity() };
        log::note_dictionary(&house.store, &*house.clock).unwrap();
        house.publish(1);
        house
    }
    fn now(&self) -> i64 {
        self.clock.unix()
    }
    fn publish(&self, version: u64) {
        self.publish_with(version, Policy::default());
    }
    fn publish_with(&self, version: u64, policy: Policy) {
        let recipient = |role, age: &str| Recipient { name: "someone".into(), role, age: age.into() };
        let recipients = vec![
            recipient(RecipientRole::CaseWorker, &self.desk.1),
            recipient(RecipientRole::Recovery, &self.desk.1),
            recipient(RecipientRole::Intake, &self.settings.intake_recipient()),
        ];
        let (sha256, len) = (sha256(QUESTIONNAIRE), QUESTIONNAIRE.len() as u64);
        let catalog = Catalog {
            version,
            expires: START + 400 * DAY,
            operations: self.settings.operations.public(),
            recipients,
            reviewers: vec![Reviewer { name: "a reviewer".into(), key: self.reviewer.public() }],
            parts: vec![Part { kind: PartKind::Questionnaire, id: "s".into(), sha256, len }],
            revoked: vec![],
            servers: vec![],
            policy,
            rotation: Rotation::default(),
            reader: None,
            least_protocol: 2,
        };
        let jws = envelope::sign(Typ::Catalog, &self.authority, &catalog);
        let files = vec![QUESTIONNAIRE.to_vec()];
        crate::catalog::publish(&self.store, &self.settings, &jws, files, self.now()).unwrap();
    }
    /// A card for a phone in Kayanza's province, which may be used for 30 days.
    fn card(&self) -> EnrolmentCard {
        self.card_until(START + 30 * DAY)
    }
    fn card_until(&self, expires: i64) -> EnrolmentCard {
        self.card_as(DeviceRole::FocalPoint, "an organisation", expires)
    }
    fn card_as(&self, role: DeviceRole, organisation: &str, expires: i64) -> EnrolmentCard {
        let seed = SigningKey::generate();
        let grant = Grant {
            device: Uuid::new_v4(),
            role,
            organisation: organisation.into(),
            commune: "BI-CO-04-02".into(),
            area: Area::Commune,
            servers: vec![ServerAddress { url: "http://127.0.0.1:1".into(), pin: None }],
            expires,
            card: seed.public(),
        };
        let grant = envelope::sign(Typ::Grant, &self.authority, &grant);
        EnrolmentCard { grant, seed: Digest(*seed.seed()), authority: self.authority.public() }
    }
    /// A phone that has registered.
    fn phone(&self) -> Phone {
        let mut phone = Phone::with(&self.card());
        phone.register(self).unwrap();
        phone
    }
    /// Posts a bundle, sealed or forged, and opens what comes back with any key.
    fn post(&self, file: &[u8]) -> Result<(Vec<u8>, Vec<Outcome>), Problem> {
        let signed = bundles::open(&self.store, &self.settings, file)?;
        Ok(bundles::answer(&self.store, &self.settings, signed)?)
    }
    fn head(&self) -> TreeHead {
        self.store.read(|log| log.tree_head()).unwrap()
    }
    fn rebuilt(&self) -> Result<(), String> {
        let empty = tempfile::tempdir().unwrap();
        let rebuilt = crate::operator::rebuild::rebuild(&self.store, &self.settings, empty.path());
        rebuilt.map(drop).map_err(|e| e.to_string())
    }
    /// Whoever can write to the file, while no server runs.
    fn tamper(self, sql: &str) -> Self {
        let Self { folder, clock, store, settings, authority, reviewer, desk } = self;
        drop(store);
        let file = rusqlite::Connection::open(folder.path().join(crate::store::FILE)).unwrap();
        file.execute_batch(sql).unwrap();
        drop(file);
        let store = Store::open(folder.path()).unwrap();
        Self { folder, clock, store, settings, authority, reviewer, desk }
    }
    fn people(&self) -> u32 {
        let mut found = 0;
        let each = |entry: crate::store::entry::Entry| {
            found += u32::from(
                matches!(entry.payload, crate::store::entry::EntryPayload::Record(_)) && entry.reason.is_none(),
            );
            Ok(())
        };
        self.store.read(|log| log.entries(0, u64::MAX, each)).unwrap();
        found
    }
}

/// A phone: its keys, its chain, and what it has learned.
#[derive(Clone)]
struct Phone {
    device: Uuid,
    record: SigningKey,
    transport: SigningKey,
    mailbox: Zeroizing<String>,
    chain: Chain,
    receipt: Option<String>,
    seq: u64,
    cursor: u64,
    known: Option<TreeHead>,
    catalog: Option<Digest>,
}

impl Phone {
    fn with(card: &EnrolmentCard) -> Self {
        let grant: Grant = envelope::stored(&card.grant).unwrap();
        let [record, transport] = [(); 2].map(|()| SigningKey::generate());
        let ((mailbox, to_mailbox), (_, vault)) = (seal::new_identity(), seal::new_identity());
        let keys = Binding {
            device: grant.device,
            record_key: record.public(),
            transport_key: transport.public(),
            mailbox: to_mailbox,
            vault,
        };
        let chain = Chain::bind(card, &keys, &record, &transport);
        let (receipt, seq, cursor, known, catalog) = Default::default();
        Self { device: grant.device, record, transport, mailbox, chain, receipt, seq, cursor, known, catalog }
    }
    fn introduction(&self) -> Introduction {
        Introduction { chain: self.chain.clone(), receipt: self.receipt.clone() }
    }
    fn register(&mut self, house: &House) -> Result<Parcel, Problem> {
        let json = serde_json::to_vec(&self.introduction()).unwrap();
        let file = devices::answer(&house.store, &house.settings, &json)?;
        let opened = Parcel::open(&file, &self.mailbox).unwrap();
        self.receipt = Some(opened.envelope.clone());
        let parcel = opened.verify(&[house.settings.operations.public()], &sha256(&json)).unwrap();
        self.learn(&parcel, &opened.enclosed);
        Ok(parcel)
    }
    fn learn(&mut self, parcel: &Parcel, enclosed: &Enclosed) {
        self.known = Some(parcel.head);
        self.cursor = parcel.cursor;
        self.catalog = enclosed.catalog.as_ref().map(|jws| sha256(jws.as_bytes())).or(self.catalog);
    }
    /// A screening of this month in the phone's commune.
    fn screening(&mut self, house: &House) -> Record {
        self.seq += 1;
        let one = |code: &str| FactValue::One(code.into());
        let month = tabara_protocol::clock::civil_month(house.now());
        let facts = [("month", one(&month)), ("screen_commune", one("BI-CO-04-02")), ("sex", one("f"))];
        Record {
            record: Uuid::new_v4(),
            case: Uuid::new_v4(),
            seq: self.seq,
            kind: Kind::Screening,
            questionnaire: QuestionnaireRef { id: "s".into(), sha256: sha256(QUESTIONNAIRE) },
            revises: None,
            code: None,
            slip: None,
            proof: None,
            route: None,
            facts: facts.map(|(name, value)| (name.to_owned(), value)).into(),
            sealed: None,
        }
    }
    fn withdrawal(&mut self, house: &House, revises: Option<Uuid>, code: Option<Code>) -> Record {
        Record { kind: Kind::Withdrawal, revises, code, facts: Default::default(), ..self.screening(house) }
    }
    fn sign(&self, record: &Record) -> Sent {
        Sent::new(envelope::sign(Typ::Record, &self.record, record), None)
    }
    /// With a case that is sealed to the desk.
    fn sealed(&self, house: &House, mut record: Record, case: &[u8]) -> Sent {
        let sealed = seal::seal(case, &[&house.desk.1]).unwrap();
        record.sealed = Some(SealedRef { sha256: sha256(&sealed), len: sealed.len() as u32 });
        Sent::new(envelope::sign(Typ::Record, &self.record, &record), Some(&sealed))
    }
    fn asks(&self) -> Bundle {
        Bundle { head: self.known, cursor: self.cursor, catalog: self.catalog, ..Bundle::default() }
    }
    fn bundle(&self, house: &House, bundle: &Bundle, records: &[Sent]) -> Vec<u8> {
        bundle.seal(&Signer::new(&self.transport), records, &house.settings.intake_recipient()).unwrap()
    }
    /// Sends what it asks and reads the answer, as a phone does.
    fn exchange(&mut self, house: &House, bundle: &Bundle, records: &[Sent]) -> Result<(Parcel, Lineage), Problem> {
        let file = self.bundle(house, bundle, records);
        let (answer, _) = house.post(&file)?;
        Ok(self.read(house, bundle, &file, &answer))
    }
    fn read(&mut self, house: &House, bundle: &Bundle, sent: &[u8], answer: &[u8]) -> (Parcel, Lineage) {
        let opened = Parcel::open(answer, &self.mailbox).unwrap();
        let parcel = opened.verify(&[house.settings.operations.public()], &sha256(sent)).unwrap();
        let lineage = lineage(self.known.as_ref(), bundle.head.as_ref(), &[], &parcel);
        self.learn(&parcel, &opened.enclosed);
        (parcel, lineage)
    }
    fn send(&mut self, house: &House, records: &[Sent]) -> Parcel {
        let (parcel, lineage) = self.exchange(house, &self.asks(), records).unwrap();
        assert_eq!(lineage, Lineage::Grown);
        parcel
    }
}

/// What a parcel's leaves say of each record: its reason, or none where it is accepted.
fn kept(parcel: &Parcel) -> BTreeMap<Digest, Option<Reason>> {
    let leaves = parcel.leaves.iter().filter_map(|leaf| leaf.leaf().ok());
    let entries = leaves.filter_map(|leaf| match leaf {
        Leaf::Bundle { entries, .. } => Some(entries),
        _ => None,
    });
    entries.flatten().map(|entry| (entry.jws, entry.reason)).collect()
}

fn jws(sent: &Sent) -> Digest {
    sha256(sent.jws.as_bytes())
}

/// Whether any file of a folder holds these bytes.
fn found_in(folder: &Path, bytes: &[u8]) -> bool {
    let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).filter(|path| path.is_file());
    files.map(|file| std::fs::read(file).unwrap()).any(|file| file.windows(bytes.len()).any(|part| part == bytes))
}
