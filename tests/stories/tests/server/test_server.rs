//! A running server with one known phone, and the words that the stories use.

use reqwest::{Client, Response, StatusCode};
use serde_json::Value;
use std::sync::Arc;
use tabara_core::record::{Reason, Sent};
use tabara_core::wire::{BUNDLES, Bundle, DEVICES, Enclosed, Parcel};
use tabara_server::{Settings, Store};
use tabara_support::deployment::SetClock;
use tabara_support::load::{KeyDeployment, NOON, Phone, Running, Told, client, told};
use tempfile::TempDir;

/// A running server with one known phone.
pub struct TestServer {
    pub deployment: KeyDeployment,
    pub clock: Arc<SetClock>,
    pub folder: TempDir,
    pub store: Store,
    pub settings: Settings,
    pub running: Running,
    pub http: Client,
}

impl TestServer {
    pub async fn new() -> (Self, Phone) {
        let (clock, folder) = (SetClock::at(NOON), tempfile::tempdir().unwrap());
        let deployment = KeyDeployment::new(clock.clone());
        let (store, settings) = deployment.open(folder.path());
        let running = Running::start(store.clone(), settings.clone()).await;
        let http = client();
        let server = Self { deployment, clock, folder, store, settings, running, http };
        let phone = server.deployment.phone();
        server.register(&phone).await;
        (server, phone)
    }

    /// The phone introduces itself.
    pub async fn register(&self, phone: &Phone) -> Parcel {
        let body = serde_json::to_vec(&phone.introduction()).unwrap();
        let response = self.post(DEVICES, body.clone()).await;
        assert_eq!(response.status(), StatusCode::OK);
        phone.open(&response.bytes().await.unwrap(), &body, &self.settings).0
    }

    pub async fn post(&self, path: &str, body: Vec<u8>) -> Response {
        self.http.post(format!("{}{path}", self.running.url)).body(body).send().await.unwrap()
    }

    pub async fn get(&self, path: &str) -> Response {
        self.http.get(format!("{}{path}", self.running.url)).send().await.unwrap()
    }

    /// What the phone sends, sealed to the server.
    pub fn bundle(&self, phone: &Phone, bundle: &Bundle, records: &[Sent]) -> Vec<u8> {
        phone.bundle(bundle, records, &self.settings.intake_recipient())
    }

    /// One exchange: a bundle, and the parcel that answers it.
    pub async fn exchange(&self, phone: &Phone, bundle: &Bundle, records: &[Sent]) -> (Parcel, Enclosed) {
        let file = self.bundle(phone, bundle, records);
        let response = self.post(BUNDLES, file.clone()).await;
        assert_eq!(response.status(), StatusCode::OK);
        phone.open(&response.bytes().await.unwrap(), &file, &self.settings)
    }

    /// What becomes of each record.
    pub async fn send(&self, phone: &Phone, records: &[Sent]) -> Vec<Told> {
        let (parcel, _) = self.exchange(phone, &Bundle::default(), records).await;
        records.iter().map(|sent| told(&parcel, sent)).collect()
    }

    pub async fn send_one(&self, phone: &Phone, record: Sent) -> Verdict {
        self.send(phone, &[record]).await.remove(0).into()
    }

    /// What the server has for the phone after a cursor.
    pub async fn news(&self, phone: &Phone, cursor: u64) -> Parcel {
        self.exchange(phone, &Bundle { cursor, ..Bundle::default() }, &[]).await.0
    }

    /// The position of a record in the log.
    pub fn position(&self, sent: &Sent) -> u64 {
        let record: tabara_core::record::Record = tabara_core::envelope::stored(&sent.jws).unwrap();
        self.store.read(|log| log.find(record.record)).unwrap().expect("it is in the log").position
    }
}

/// A verdict without its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Accepted,
    Quarantined(Reason),
    Refused(Reason),
    Later,
}

impl From<Told> for Verdict {
    fn from(told: Told) -> Self {
        match told {
            Told::Kept { reason: None, .. } => Self::Accepted,
            Told::Kept { reason: Some(reason), .. } => Self::Quarantined(reason),
            Told::Refused(reason) => Self::Refused(reason),
            Told::Later => Self::Later,
        }
    }
}

/// Status and name of a problem.
pub async fn name(response: Response) -> (u16, String) {
    let status = response.status().as_u16();
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    let problem: Value = response.json().await.unwrap();
    (status, problem["type"].as_str().unwrap().to_owned())
}
