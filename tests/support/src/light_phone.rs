//! Phones reduced to their mailbox and their record key: for tests that need many of them and no interview. All that they
//! send is real: enrolled by a card, sealed to the catalog's keys, signed, synced by the real client. Each record carries
//! a unique value in its sealed answers, so that what is lost or doubled shows in a sum.

use crate::deployment::{Deployment, SetClock};
use crate::phone::KeyStore;
use crate::rng::Rng;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;
use tabara_core::catalog::{Binding, Chain, EnrolmentCard, PartKind, Uuid};
use tabara_core::clock::Clock as _;
use tabara_core::envelope::{self, SigningKey, Typ, sha256};
use tabara_core::record::{Code, Kind, QuestionnaireRef, Record, SealedCase, SealedRef};
use tabara_core::seal;
use tabara_core::sync::{Client, Progress, SyncReport};
use tabara_core::vault::mailbox::Mailbox;
use tabara_server::store::entry::EntryPayload;

/// A phone reduced to its mailbox and its record key.
pub struct Phone {
    /// Holds the phone's folder, and beside it the file of its key store.
    place: tempfile::TempDir,
    clock: Arc<SetClock>,
    pub mailbox: Arc<Mailbox>,
    record_key: SigningKey,
    pub device: Uuid,
}

impl Phone {
    /// Enrols a new phone, offline.
    pub fn enrol(card: &str, clock: Arc<SetClock>) -> Self {
        let (card, grant) = EnrolmentCard::parse(card).expect("a card");
        let (record_key, transport) = (SigningKey::generate(), SigningKey::generate());
        let ((identity, mailbox), (_, vault)) = (seal::new_identity(), seal::new_identity());
        let (device, keys) = (grant.device, [&record_key, &transport].map(SigningKey::public));
        let keys = Binding { device, record_key: keys[0], transport_key: keys[1], mailbox, vault };
        let chain = Chain::bind(&card, &keys, &record_key, &transport);
        let place = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(place.path().join("phone")).expect("a folder");
        let mailbox = Arc::new(open(place.path(), clock.clone(), true));
        mailbox.enrol(&card, &chain, &transport, &identity, 1).expect("enrolled");
        Self { place, clock, mailbox, record_key, device: grant.device }
    }
    /// The app ends and is started again: all that is left is on the disk.
    pub fn restart(self) -> Self {
        self.restart_after(|_, _| ())
    }
    /// The app syncs in a process of its own (`program`, see `bin/deployment.rs`), which is killed after some time.
    pub fn killed(self, program: &str, after: Duration) -> Self {
        self.restart_after(|place, clock| {
            let mut process = Command::new(program);
            process.arg("sync").arg(place).arg(clock.unix().to_string());
            let mut process = process.spawn().expect("a process");
            std::thread::sleep(after);
            process.kill().expect("it is killed, or has ended");
            process.wait().expect("it has ended");
        })
    }
    fn restart_after(self, between: impl FnOnce(&Path, &SetClock)) -> Self {
        let Self { place, clock, mailbox, record_key, device } = self;
        drop(mailbox);
        between(place.path(), &clock);
        let mailbox = open(place.path(), clock.clone(), false).into();
        Self { place, clock, mailbox, record_key, device }
    }
    /// Seals and posts a screening that carries a unique value. Needs a catalog.
    pub fn screen(&self, value: u64, rng: &mut Rng) {
        let (_, catalog) = self.mailbox.catalog().expect("read").expect("a catalog");
        let part = catalog.parts.iter().find(|p| p.kind == PartKind::Questionnaire).expect("a questionnaire");
        let questionnaire = QuestionnaireRef { id: part.id.clone(), sha256: part.sha256 };
        let (record, case) = (Uuid::new_v4(), Uuid::new_v4());
        let mut answers = vec![("value".to_owned(), value.to_string())];
        answers.extend((0..rng.below(40)).map(|n| (format!("q{n}"), format!("{:x}", rng.number()))));
        let told = SealedCase {
            record,
            case,
            questionnaire: questionnaire.clone(),
            language: "en".into(),
            sealed_at: self.mailbox.now().expect("read"),
            answers,
            assessment: None,
        };
        let sealed = seal::seal(&serde_json::to_vec(&told).expect("JSON"), &catalog.sealing_keys()).expect("sealed");
        let facts =
            serde_json::from_str(r#"{"month":"2026-11","sex":"f","screen_commune":"BI-CO-04-02"}"#).expect("facts");
        let sign = |seq| {
            let named = Some(SealedRef { sha256: sha256(&sealed), len: sealed.len() as u32 });
            let (kind, code) = (Kind::Screening, Some(Code::generate()));
            let questionnaire = questionnaire.clone();
            let record = Record {
                record,
                case,
                seq,
                kind,
                questionnaire,
                revises: None,
                code,
                slip: None,
                proof: None,
                route: None,
                facts,
                sealed: named,
            };
            envelope::sign(Typ::Record, &self.record_key, &record)
        };
        self.mailbox.post(record, Some(&sealed), sign).expect("posted");
    }
    /// Someone sets the phone's clock.
    pub fn set_clock(&self, unix: i64) {
        self.clock.set(unix);
    }
    /// One run.
    pub async fn sync(&self) -> tabara_core::Result<SyncReport> {
        self.sync_with(&Progress::default()).await
    }
    pub async fn sync_with(&self, progress: &Progress) -> tabara_core::Result<SyncReport> {
        sync(&self.mailbox, progress).await
    }
    /// Brings another phone's bundle to the server.
    pub async fn carry(&self, bundle: &[u8]) -> tabara_core::Result<Vec<u8>> {
        tabara_core::sync::courier::carry(&self.mailbox, &client(&self.mailbox)?, bundle).await
    }
    /// How many records wait.
    pub fn waiting(&self) -> u64 {
        self.mailbox.queue_status().expect("read").records
    }
}

/// The mailbox of a phone that lies in this place.
pub fn open(place: &Path, clock: Arc<SetClock>, new: bool) -> Mailbox {
    let keys = KeyStore::at(place.join("key-store"));
    Mailbox::open(&place.join("phone"), &keys, clock, new).expect("a mailbox")
}

/// One run with the server that the mailbox knows.
pub async fn sync(mailbox: &Arc<Mailbox>, progress: &Progress) -> tabara_core::Result<SyncReport> {
    tabara_core::sync::run(mailbox, &client(mailbox)?, progress).await
}

fn client(mailbox: &Arc<Mailbox>) -> tabara_core::Result<Client> {
    let now = mailbox.clone();
    Client::new(&mailbox.servers()?, move || [now.now().unwrap_or(0); 2])
}

/// The values of all records in the server's log, sorted, each opened with the case worker's key; counted or not.
pub fn values(deployment: &Deployment) -> Vec<u64> {
    let opened = deployment.store().read(|log| {
        let mut found = Vec::new();
        log.entries(0, u64::MAX, |entry| {
            if let EntryPayload::Record(_) = entry.payload {
                let sealed = log.sealed(entry.position)?.expect("a sealed case");
                let plain = seal::unseal(&sealed, &deployment.authority.case_worker).expect("it opens");
                let case: SealedCase = envelope::from_json(&plain).expect("a case");
                found.push(case.answers[0].1.parse().expect("a number"));
            }
            Ok(())
        })?;
        Ok(found)
    });
    let mut values: Vec<u64> = opened.expect("the log is read");
    values.sort_unstable();
    values
}
