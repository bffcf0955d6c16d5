//! A phone, and a server that keeps its log as it should, until a test makes it lie: it signs whatever it is given.

use crate::catalog::{Catalog, Policy, Recipient, RecipientRole, Rotation, ServerAddress};
use crate::envelope::{self, Digest, Signer, SigningKey, Typ, sha256};
use crate::record::{Code, Kind, News, QuestionnaireRef, Reason, Record, Update, Uuid};
use crate::slip::slip_key;
use crate::sync::report::SyncReport;
use crate::sync::take::{NoAnswer, check, take};
use crate::sync::{courier, pack};
use crate::tree::{Frontier, prove_consistency, prove_inclusion};
use crate::vault::double::{Enrolled, StillClock, Store as Secrets, enrol};
use crate::vault::mailbox::Mailbox;
use crate::wire::{
    Bundle, Connected, Enclosed, KeptEntry, Leaf, LeafProof, Parcel, RefusedRecord, Registration, Restoration,
    Standing, TreeHead,
};
use std::collections::{BTreeSet, HashMap};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

pub const MARCH: i64 = 1_772_323_200; // 2026-03-01
pub const DAY: i64 = 86_400;

/// The server's log, with its tree.
#[derive(Default, Clone)]
pub struct Log {
    frontier: Frontier,
    nodes: HashMap<(u32, u64), Digest>,
    leaves: Vec<Leaf>,
}

impl Log {
    pub fn append(&mut self, leaf: Leaf) {
        self.frontier.append(leaf.hash(), |level, index, hash| {
            self.nodes.insert((level, index), hash);
        });
        self.leaves.push(leaf);
    }
    /// Some act, different for each name.
    pub fn act(&mut self, name: &str) {
        self.append(Leaf::Act { day: "2026-03-01".into(), kind: "closing".into(), body: sha256(name.as_bytes()) });
    }
    /// The log as it was with so many leaves.
    pub fn cut(&self, size: u64) -> Self {
        let mut log = Self::default();
        self.leaves.iter().take(size as usize).for_each(|leaf| log.append(leaf.clone()));
        log
    }
    pub fn restore(&mut self, kept: u64, known: u64) {
        self.restore_from(&self.cut(kept), kept, known);
    }
    pub fn restore_from(&mut self, backup: &Self, kept: u64, known: u64) {
        *self = backup.clone();
        self.append(Leaf::Restore { day: "2026-03-01".into(), kept, known });
    }
    pub fn head(&self) -> TreeHead {
        TreeHead { size: self.frontier.size(), root: self.frontier.root() }
    }
    fn node(&self) -> impl Fn(u32, u64) -> Result<Digest, Infallible> {
        |level, index| Ok(self.nodes[&(level, index)])
    }
    pub fn proof(&self, index: u64) -> Option<LeafProof> {
        let proof = prove_inclusion(index, self.frontier.size(), self.node()).unwrap()?;
        Some(LeafProof { index, text: self.leaves[index as usize].text(), proof })
    }
    pub fn between(&self, old: u64, new: u64) -> Option<Vec<Digest>> {
        if new > self.frontier.size() { None } else { prove_consistency(old, new, self.node()).unwrap() }
    }
    /// The restores, the last one first: their places, and what was kept.
    fn restores(&self) -> impl Iterator<Item = (u64, Restoration)> {
        let restore = |(at, leaf): (usize, &Leaf)| match *leaf {
            Leaf::Restore { kept, known, .. } => Some((at as u64, Restoration { kept, known })),
            _ => None,
        };
        self.leaves.iter().enumerate().rev().filter_map(restore)
    }
    pub fn holds(&self, jws: &str) -> bool {
        self.place(sha256(jws.as_bytes())).is_some()
    }
    fn was_head(&self, head: &TreeHead) -> bool {
        head.size <= self.frontier.size() && self.cut(head.size).head() == *head
    }
    fn place(&self, jws: Digest) -> Option<u64> {
        let holds = |leaf: &Leaf| matches!(leaf, Leaf::Bundle { entries, .. } if entries.iter().any(|e| e.jws == jws));
        self.leaves.iter().position(holds).map(|at| at as u64)
    }
}

pub struct House {
    _folder: tempfile::TempDir,
    pub clock: Arc<StillClock>,
    pub mailbox: Mailbox,
    pub phone: Enrolled,
    pub authority: SigningKey,
    pub operations: SigningKey,
    intake: String,
    pub catalog: Catalog,
    pub log: Log,
    /// What it refuses from now on.
    pub refuses: Option<Reason>,
    pub time: i64,
}

impl House {
    pub fn new() -> Self {
        let (folder, secrets) = (tempfile::tempdir().unwrap(), Secrets::default());
        let clock = Arc::new(StillClock::at(MARCH));
        let mailbox = Mailbox::open(folder.path(), &secrets, clock.clone(), true).unwrap();
        let [authority, operations] = [(); 2].map(|()| SigningKey::generate());
        let phone = enrol(&mailbox, &authority);
        let (intake, to_intake) = crate::seal::new_identity();
        let recipient = |role, age: &str| Recipient { name: "r".into(), role, age: age.into() };
        let recipients = vec![
            recipient(RecipientRole::CaseWorker, &to_intake),
            recipient(RecipientRole::Recovery, &to_intake),
            recipient(RecipientRole::Intake, &to_intake),
        ];
        let catalog = Catalog {
            version: 1,
            expires: MARCH + 400 * DAY,
            operations: operations.public(),
            recipients,
            reviewers: vec![],
            parts: vec![],
            revoked: vec![],
            servers: vec![],
            policy: Policy::default(),
            rotation: Rotation::default(),
            reader: None,
            least_protocol: 2,
        };
        let (log, refuses, time, intake) = (Log::default(), None, MARCH, intake.to_string());
        let _folder = folder;
        Self { _folder, clock, mailbox, phone, authority, operations, intake, catalog, log, refuses, time }
    }
    /// A phone that was online once.
    pub fn met() -> Self {
        let mut house = Self::new();
        house.log.act("the beginning");
        let json = pack::registration(&house.mailbox).unwrap();
        let parcel = house.registered(&json);
        house.take(&house.sealed(&parcel), true).unwrap();
        house
    }
    pub fn catalog_jws(&self) -> String {
        envelope::sign(Typ::Catalog, &self.authority, &self.catalog)
    }
    /// Puts records into the queue, each with a slip's key.
    pub fn post(&self, count: usize) -> Vec<Uuid> {
        (0..count).map(|_| self.post_record(Code::generate(), Code::generate())).collect()
    }
    pub fn post_record(&self, code: Code, secret: Code) -> Uuid {
        let record = Uuid::new_v4();
        let slip = Some(slip_key(&code, &secret).public());
        self.mailbox
            .post(record, Some(b"age-encryption.org/v1\n"), |seq| {
                let record = Record { seq, slip, code: Some(code), ..blank(record, Kind::Screening) };
                envelope::sign(Typ::Record, &self.phone.record, &record)
            })
            .unwrap();
        record
    }
    /// The server of this phone, as if it stood elsewhere.
    pub fn server_of(&self) -> Self {
        let mut server = Self::new();
        server.phone = self.phone.clone();
        (server.authority, server.operations) = (self.authority.clone(), self.operations.clone());
        (server.intake, server.catalog) = (self.intake.clone(), self.catalog.clone());
        (server.log, server.time) = (self.log.clone(), self.time);
        if server.log.head().size == 0 {
            server.log.act("the beginning");
        }
        server
    }
    /// The honest answer to a registration.
    pub fn registered(&self, json: &[u8]) -> Parcel {
        let registration: Registration = serde_json::from_slice(json).unwrap();
        registration.chain.verify(&self.authority.public()).unwrap();
        self.parcel(sha256(json), &Bundle::default())
    }
    fn parcel(&self, answers: Digest, bundle: &Bundle) -> Parcel {
        let size = self.log.frontier.size();
        let named = bundle.head.map(|head| head.size);
        let follows = bundle.head.is_some_and(|head| self.log.was_head(&head));
        let cut = |size: u64| self.log.restores().find(|(_, restore)| restore.cuts_off(size));
        let restore = named.filter(|_| !follows).and_then(cut).and_then(|(at, _)| self.log.proof(at));
        let seen = named.filter(|_| follows).unwrap_or(0);
        let told = |(at, restore): &(u64, Restoration)| {
            *at >= seen || bundle.connect.iter().any(|size| restore.cuts_off(*size))
        };
        let restores = self.log.restores().filter(told).map(|(at, _)| at);
        let asked: BTreeSet<u64> = bundle.prove.iter().copied().chain(restores).collect();
        let leaves: Vec<_> = asked.into_iter().filter_map(|index| self.log.proof(index)).collect();
        let connected = |at: &u64| self.log.between(*at, size).map(|proof| Connected { size: *at, proof });
        Parcel {
            answers,
            time: self.time,
            head: self.log.head(),
            standing: Standing::Trusted,
            seq: 0,
            grown: named.filter(|_| follows).and_then(|named| self.log.between(named, size)),
            restore,
            connected: bundle.connect.iter().filter_map(connected).collect(),
            leaves,
            refused: vec![],
            later: None,
            providers: None,
            updates: vec![],
            cursor: bundle.cursor + 1,
        }
    }
    pub fn open(&self, file: &[u8]) -> Bundle {
        Bundle::open(file, &self.intake).unwrap().verify(&self.phone.transport.public()).unwrap().0
    }
    /// Takes a bundle in, and answers honestly.
    pub fn answer(&mut self, file: &[u8]) -> Parcel {
        let opened = Bundle::open(file, &self.intake).unwrap();
        let (bundle, sent) = opened.verify(&self.phone.transport.public()).unwrap();
        let records: Vec<Digest> = sent.iter().map(|sent| sha256(sent.jws.as_bytes())).collect();
        let new: Vec<Digest> = records.iter().filter(|jws| self.log.place(**jws).is_none()).copied().collect();
        if !new.is_empty() && self.refuses.is_none() {
            let entries = new.iter().map(|jws| KeptEntry { jws: *jws, reason: None }).collect();
            self.log.append(Leaf::Bundle { day: "2026-03-01".into(), bundle: sha256(file), entries });
        }
        let mut parcel = self.parcel(sha256(file), &bundle);
        let mut places: Vec<u64> = records.iter().filter_map(|jws| self.log.place(*jws)).collect();
        places.dedup();
        places.retain(|place| !bundle.prove.contains(place));
        parcel.leaves.extend(places.into_iter().filter_map(|place| self.log.proof(place)));
        if let Some(reason) = self.refuses {
            parcel.refused = new.into_iter().map(|jws| RefusedRecord { jws, reason }).collect();
        }
        parcel
    }
    pub fn sealed(&self, parcel: &Parcel) -> Vec<u8> {
        self.sealed_by(&self.operations, parcel)
    }
    pub fn sealed_by(&self, key: &SigningKey, parcel: &Parcel) -> Vec<u8> {
        let with = Enclosed { catalog: Some(self.catalog_jws()), files: vec![] };
        parcel.seal(&Signer::new(key), &with, &self.phone.to_mailbox).unwrap()
    }
    /// The bundle that the phone sends now.
    pub fn bundle(&self) -> Vec<u8> {
        pack::to_send(&self.mailbox, 64 * 1024).unwrap().0.bytes
    }
    pub fn take(&self, file: &[u8], fresh: bool) -> Result<SyncReport, NoAnswer> {
        let checked = check(&self.mailbox, file).unwrap()?;
        Ok(take(&self.mailbox, &checked, fresh, Some("server 1")).unwrap().report)
    }
    /// One exchange online; `lie` changes the answer.
    pub fn sync(&mut self, lie: impl FnOnce(&mut Parcel)) -> SyncReport {
        let bundle = self.bundle();
        let mut parcel = self.answer(&bundle);
        lie(&mut parcel);
        self.take(&self.sealed(&parcel), true).unwrap()
    }
    pub fn honest(&mut self) -> SyncReport {
        self.sync(|_| ())
    }
    /// Both clocks and the server's go on.
    pub fn pass(&mut self, days: i64) {
        self.clock.pass(Duration::from_secs((days * DAY) as u64));
        self.time += days * DAY;
    }
    pub fn update(&self, record: Uuid, news: News) -> Vec<Update> {
        vec![Update { position: 1, record, news }]
    }
    pub fn export(&self) -> Vec<u8> {
        courier::export(&self.mailbox).unwrap().unwrap()
    }
    pub fn address(&mut self, url: &str) {
        self.catalog.version += 1;
        self.catalog.servers = vec![ServerAddress { url: url.into(), pin: None }];
    }
}

pub fn blank(record: Uuid, kind: Kind) -> Record {
    Record {
        record,
        case: Uuid::new_v4(),
        seq: 1,
        kind,
        questionnaire: QuestionnaireRef { id: "q".into(), sha256: Digest([0; 32]) },
        revises: None,
        code: None,
        slip: None,
        proof: None,
        route: None,
        facts: Default::default(),
        sealed: None,
    }
}
