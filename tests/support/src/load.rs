//! A server with light phones: real keys, chains, envelopes and HTTP, but no vault and no interview. For tests of the
//! server, and as the load generator of the benchmarks, where records are signed before the clock starts.

mod measure;
mod siege;

pub use measure::{Figures, measure};
pub use siege::{SiegeFigures, siege};

use crate::authority::{Authority, part};
use std::path::Path;
use std::sync::Arc;
use tabara_core::catalog::{Area, Binding, Catalog, Chain, DeviceRole, EnrolmentCard, Grant, Reviewer, ServerAddress};
use tabara_core::clock::Clock;
use tabara_core::envelope::{self, Digest, Signer, SigningKey, Typ, sha256};
use tabara_core::facts::{FactValue, Facts};
use tabara_core::record::{Kind, QuestionnaireRef, Reason, Record, SealedRef, Sent, Uuid};
use tabara_core::seal;
use tabara_core::wire::{self, Bundle, Enclosed, Introduction, Leaf, Parcel};
use tabara_server::{Settings, Store};
use zeroize::Zeroizing;

/// A deployment without a running server: keys, and what its catalog publishes.
pub struct KeyDeployment {
    pub authority: Authority,
    pub clock: Arc<dyn Clock>,
    /// The bytes of the only questionnaire.
    pub questionnaire: Vec<u8>,
    /// When it was set up, at [`NOON`] or later: from here cards and the catalog are good, whenever the tests run.
    begun: i64,
}

/// 2026-11-10 12:00 UTC.
pub const NOON: i64 = 1_794_312_000;

impl KeyDeployment {
    /// Keys are made anew.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        let (authority, questionnaire) = (Authority::default(), b"{\"stands\":\"for a package\"}".to_vec());
        let begun = NOON.max(clock.unix());
        Self { authority, clock, questionnaire, begun }
    }

    /// Opens the server's folder and trusts the authority; publishes the first catalog if there is none.
    pub fn open(&self, folder: &Path) -> (Store, Settings) {
        let mut settings = Settings::create(folder, self.clock.clone()).expect("the folder opens");
        settings.trust(self.authority.key.public()).expect("the authority is written down");
        let store = Store::open(folder).expect("the store opens");
        if store.read(|log| log.catalog()).expect("the log reads").is_none() {
            self.publish(&store, &settings, &self.catalog(&settings, 1));
        }
        (store, settings)
    }

    pub fn catalog(&self, settings: &Settings, version: u64) -> Catalog {
        let parts = vec![part("returnee-screening", &self.questionnaire)];
        let catalog = self.authority.catalog(settings.operations.public(), self.begun + 90 * 86_400, parts);
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
        let [record_key, transport_key] = [(); 2].map(|()| SigningKey::generate());
        let (role, area) = (DeviceRole::FocalPoint, Area::Commune);
        let servers = vec![ServerAddress { url: "https://tabara.example".into(), pin: None }];
        let expires = self.begun + 86_400;
        let (organisation, commune) = ("IOM".into(), commune.into());
        let grant = Grant { device, role, organisation, commune, area, servers, expires, card: card.public() };
        let ((mailbox_key, mailbox), (_, vault)) = (seal::new_identity(), seal::new_identity());
        let keys = [&record_key, &transport_key].map(SigningKey::public);
        let binding = Binding { device, record_key: keys[0], transport_key: keys[1], mailbox, vault };
        let authority = &self.authority.key;
        let (grant, seed) = (envelope::sign(Typ::Grant, authority, &grant), Digest(*card.seed()));
        let card = EnrolmentCard { grant, seed, authority: authority.public() };
        let chain = Chain::bind(&card, &binding, &record_key, &transport_key);
        let questionnaire = QuestionnaireRef { id: "returnee-screening".into(), sha256: sha256(&self.questionnaire) };
        let (record_key, transport_key) = (Signer::new(&record_key), Signer::new(&transport_key));
        Phone { device, chain, record_key, transport_key, mailbox_key, questionnaire, seq: 0 }
    }
}

/// What a phone would hold of keys.
pub struct Phone {
    pub device: Uuid,
    pub chain: Chain,
    pub record_key: Signer,
    pub transport_key: Signer,
    mailbox_key: Zeroizing<String>,
    questionnaire: QuestionnaireRef,
    seq: u64,
}

/// What a parcel says of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// It stands in this leaf; quarantined, if there is a reason.
    Kept {
        leaf: u64,
        reason: Option<Reason>,
    },
    Refused(Reason),
    /// It is to be sent again.
    Later,
}

/// What became of a record, by the parcel that answers it.
pub fn told(parcel: &Parcel, sent: &Sent) -> Told {
    let jws = digest(sent);
    for leaf in &parcel.leaves {
        let Ok(Leaf::Bundle { entries, .. }) = leaf.leaf() else { continue };
        if let Some(kept) = entries.iter().find(|kept| kept.jws == jws) {
            return Told::Kept { leaf: leaf.index, reason: kept.reason };
        }
    }
    parcel
        .refused
        .iter()
        .find(|refused| refused.jws == jws)
        .map_or(Told::Later, |refused| Told::Refused(refused.reason))
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
            slip: None,
            proof: None,
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

    /// A signed screening with bytes that stand for its sealed case: as long as most are, and an age file for whoever looks at
    /// the first line only.
    pub fn sealed_screening(&mut self) -> Sent {
        let mut sealed = b"age-encryption.org/v1\n".to_vec();
        sealed.resize_with(2048, || 0);
        let random: [u8; 2026] = envelope::random();
        sealed[22..].copy_from_slice(&random);
        let record = self.screening();
        self.sign(&record, Some(&sealed))
    }

    /// What the phone sends: these records, sealed to the intake key.
    pub fn bundle(&self, bundle: &Bundle, records: &[Sent], intake: &str) -> Vec<u8> {
        bundle.seal(&self.transport_key, records, intake).expect("it is sealed")
    }

    /// How the phone introduces itself.
    pub fn introduction(&self) -> Introduction {
        Introduction { chain: self.chain.clone(), receipt: None }
    }

    /// What the phone keeps of the answer to its introduction: to be shown to a restored server.
    pub fn receipt(&self, parcel: &[u8]) -> String {
        Parcel::open(parcel, &self.mailbox_key).expect("it is sealed to this phone").envelope
    }

    /// Sends records to a server that does not run: straight to its store. The phone introduces itself.
    pub fn hand_in(&self, store: &Store, settings: &Settings, records: &[Sent]) -> Vec<Told> {
        let introduces = Bundle { introductions: vec![self.introduction()], ..Bundle::default() };
        let file = self.bundle(&introduces, records, &settings.intake_recipient());
        let signed = tabara_server::devices::bundles::open(store, settings, &file).expect("a bundle of a known phone");
        let (answer, _) = tabara_server::devices::bundles::answer(store, settings, signed).expect("a parcel");
        let (parcel, _) = self.open(&answer, &file, settings);
        records.iter().map(|sent| told(&parcel, sent)).collect()
    }

    /// Opens the answer to these bytes as the phone does.
    pub fn open(&self, parcel: &[u8], sent: &[u8], settings: &Settings) -> (Parcel, Enclosed) {
        let opened = Parcel::open(parcel, &self.mailbox_key).expect("it is sealed to this phone");
        let verified =
            opened.verify(&[settings.operations.public()], &sha256(sent)).expect("it is the server's answer");
        (verified, opened.enclosed)
    }
}

/// An HTTP client that goes straight to the server.
pub fn client() -> reqwest::Client {
    // refused where another test of this process has set it already
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().no_proxy().build().expect("the client starts")
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
        let url = format!("http://{}{}", listener.local_addr().expect("it has an address"), wire::PREFIX);
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

/// SHA-256 of a record's JWS, as leaves name it.
pub fn digest(sent: &Sent) -> Digest {
    sha256(sent.jws.as_bytes())
}
