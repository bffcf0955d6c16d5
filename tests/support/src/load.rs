//! A server with light phones: real keys, chains, envelopes and HTTP, but no vault and no interview. For tests of the
//! server, and as the load generator of the benchmarks, where records are signed before the clock starts.

mod measure;

pub use measure::{Figures, measure};

use crate::authority::{Authority, part};
use std::path::Path;
use std::sync::Arc;
use tabara_core::catalog::{Binding, Catalog, Chain, Grant, Reviewer};
use tabara_core::clock::Clock;
use tabara_core::courier;
use tabara_core::envelope::{self, Digest, Signer, SigningKey, Typ, sha256};
use tabara_core::facts::{FactValue, Facts};
use tabara_core::record::{Batch, Kind, QuestionnaireRef, Record, SealedRef, Sent, Token, Uuid};
use tabara_server::{Settings, Store};

/// A deployment without a running server: keys, and what its catalog publishes.
pub struct KeyDeployment {
    pub authority: Authority,
    pub clock: Arc<dyn Clock>,
    /// The bytes of the only questionnaire.
    pub questionnaire: Vec<u8>,
}

/// 2026-11-10 12:00 UTC.
pub const NOON: i64 = 1_794_312_000;

impl KeyDeployment {
    /// Keys are made anew.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        let (authority, questionnaire) = (Authority::default(), b"{\"stands\":\"for a package\"}".to_vec());
        Self { authority, clock, questionnaire }
    }

    /// Opens the server's folder and trusts the authority; publishes the first catalog if there is none.
    pub fn open(&self, folder: &Path) -> (Store, Settings) {
        let mut settings = Settings::open(folder, self.clock.clone()).expect("the folder opens");
        settings.trust(self.authority.key.public()).expect("the authority is written down");
        let store = Store::open(folder).expect("the store opens");
        if store.read(|log| log.catalog()).expect("the log reads").is_none() {
            self.publish(&store, &settings, &self.catalog(&settings, 1));
        }
        (store, settings)
    }

    pub fn catalog(&self, settings: &Settings, version: u64) -> Catalog {
        let parts = vec![part("returnee-screening", &self.questionnaire)];
        let catalog = self.authority.catalog(settings.operations.public(), NOON + 90 * 86_400, parts);
        let reviewer = Reviewer { name: "reviewer".into(), key: self.authority.reviewer.public() };
        Catalog { version, reviewers: vec![reviewer], ..catalog }
    }

    pub fn publish(&self, store: &Store, settings: &Settings, catalog: &Catalog) -> String {
        let jws = envelope::sign(Typ::Catalog, &self.authority.key, catalog);
        let files = vec![self.questionnaire.clone()];
        tabara_server::catalog::publish(store, settings, &jws, files, self.clock.unix()).expect("it is published");
        jws
    }

    /// A phone with a card of this authority.
    pub fn phone(&self) -> Phone {
        self.phone_of(&SigningKey::generate(), Uuid::new_v4())
    }

    /// A phone enrolled in a commune.
    pub fn phone_in(&self, commune: &str) -> Phone {
        self.phone_with(&SigningKey::generate(), Uuid::new_v4(), commune)
    }

    /// A phone that uses this card.
    pub fn phone_of(&self, card: &SigningKey, device: Uuid) -> Phone {
        self.phone_with(card, device, "BI-CO-04-02")
    }

    fn phone_with(&self, card: &SigningKey, device: Uuid, commune: &str) -> Phone {
        let (record_key, transport_key) = (SigningKey::generate(), SigningKey::generate());
        let grant = Grant {
            device,
            organisation: "IOM".into(),
            commune: commune.into(),
            expires: NOON + 86_400,
            card: card.public(),
        };
        let binding = Binding { device, record_key: record_key.public(), transport_key: transport_key.public() };
        let chain = Chain {
            grant: envelope::sign(Typ::Grant, &self.authority.key, &grant),
            binding: envelope::sign(Typ::Device, card, &binding),
        };
        let questionnaire = QuestionnaireRef { id: "returnee-screening".into(), sha256: sha256(&self.questionnaire) };
        let (record_key, transport_key) = (Signer::new(&record_key), Signer::new(&transport_key));
        Phone { device, chain, record_key, transport_key, questionnaire, seq: 0 }
    }
}

/// What a phone would hold of keys.
pub struct Phone {
    pub device: Uuid,
    pub chain: Chain,
    pub record_key: Signer,
    pub transport_key: Signer,
    questionnaire: QuestionnaireRef,
    seq: u64,
}

impl Phone {
    /// The phone's next screening: presumed victim, woman, this month.
    pub fn screening(&mut self) -> Record {
        self.seq += 1;
        let one = |code: &str| FactValue::One(code.into());
        let many = |codes: &[&str]| FactValue::Many(codes.iter().map(|c| (*c).into()).collect());
        let facts: Facts = [
            ("month", one("2026-11")),
            ("screen_commune", one("BI-CO-04-02")),
            ("sex", one("f")),
            ("age_band", one("24-29")),
            ("destination_region", one("gulf")),
            ("destination_country", one("KW")),
            ("exploitation", many(&["ex_domestic", "ex_servitude"])),
            ("means", many(&["mc_docs", "mc_deceive", "mc_debt"])),
            ("outcome", one("presumed")),
            ("already", one("no")),
            ("services_requested", many(&["sv_medical", "sv_psychosocial"])),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
        Record {
            record: Uuid::new_v4(),
            case: Uuid::new_v4(),
            seq: self.seq,
            kind: Kind::Screening,
            questionnaire: self.questionnaire.clone(),
            revises: None,
            code: None,
            undo: None,
            secret: None,
            route: None,
            facts,
            sealed: None,
        }
    }

    /// The phone's withdrawal of a record.
    pub fn withdrawal(&mut self, of: Uuid) -> Record {
        let facts = Facts::new();
        Record { kind: Kind::Withdrawal, revises: Some(of), facts, ..self.screening() }
    }

    /// Signs a record, with sealed bytes beside it or none.
    pub fn sign(&self, record: &Record, sealed: Option<&[u8]>) -> Sent {
        let reference = |bytes: &[u8]| SealedRef { sha256: sha256(bytes), len: bytes.len() as u32 };
        let record = Record { sealed: sealed.map(reference), ..record.clone() };
        Sent::new(self.record_key.sign(Typ::Record, &record), sealed)
    }

    /// A signed screening with 300 bytes that stand for its sealed case.
    pub fn sealed_screening(&mut self) -> Sent {
        let sealed: [u8; 300] = envelope::random();
        let record = self.screening();
        self.sign(&record, Some(&sealed))
    }

    pub fn token(&self, issued: i64) -> String {
        self.transport_key.sign(Typ::Token, &Token { device: self.device, issued })
    }
}

/// An HTTP client that goes straight to the server.
pub fn client() -> reqwest::Client {
    // refused where another test of this process has set it already
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().no_proxy().build().expect("the client starts")
}

/// A batch's body, gzip.
pub fn gzip(batch: &Batch) -> Vec<u8> {
    courier::gzip(&serde_json::to_vec(batch).expect("a batch has a JSON form"))
}

/// A server that runs on a free port of this machine.
pub struct Running {
    pub url: String,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
    task: tokio::task::JoinHandle<std::io::Result<()>>,
}

impl Running {
    pub async fn start(store: Store, settings: Settings) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let url = format!("http://{}/v1", listener.local_addr().expect("it has an address"));
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let until = async {
            let _ = stopped.await;
        };
        let task = tokio::spawn(tabara_server::serve(listener, store, settings, until));
        Self { url, stop: Some(stop), task }
    }

    pub async fn stop(mut self) {
        drop(self.stop.take());
        self.task.await.expect("it did not panic").expect("it served");
    }
}

/// SHA-256 of a record's JWS, as receipts and offers name it.
pub fn digest(sent: &Sent) -> Digest {
    sha256(sent.jws.as_bytes())
}
