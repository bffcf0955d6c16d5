//! A running server with one known phone, and the words that the stories use.

use reqwest::{Client, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};
use std::sync::Arc;
use tabara_core::envelope::{self, Typ};
use tabara_core::record::{Batch, BatchReply, Head, IntakeOutcome, Reason, Receipt, Sent, Verdict};
use tabara_server::{Settings, Store};
use tabara_support::deployment::SetClock;
use tabara_support::load::{KeyDeployment, NOON, Phone, Running, client};
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
        assert_eq!(server.register(&phone).await, json!({"outcome": "accepted"}));
        (server, phone)
    }

    pub async fn register(&self, phone: &Phone) -> Value {
        let request = self.http.post(format!("{}/devices", self.running.url));
        request.json(&phone.chain).send().await.unwrap().json().await.unwrap()
    }

    pub fn post(&self, path: &str, phone: &Phone) -> RequestBuilder {
        self.http.post(format!("{}/{path}", self.running.url)).bearer_auth(phone.token(NOON))
    }

    pub async fn get(&self, path: &str, phone: &Phone) -> Response {
        self.http.get(format!("{}/{path}", self.running.url)).bearer_auth(phone.token(NOON)).send().await.unwrap()
    }

    pub async fn send(&self, phone: &Phone, records: &[Sent]) -> Vec<Verdict> {
        let batch = Batch { records: records.to_vec() };
        let response = self.post("records", phone).json(&batch).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        response.json::<BatchReply>().await.unwrap().results
    }

    pub async fn send_one(&self, phone: &Phone, record: Sent) -> (IntakeOutcome, Option<Reason>) {
        let verdict = self.send(phone, &[record]).await.remove(0);
        assert_eq!(
            verdict.receipt.is_none(),
            verdict.outcome == IntakeOutcome::Refused,
            "a receipt for all that is kept"
        );
        (verdict.outcome, verdict.reason)
    }

    pub fn receipt(&self, verdict: &Verdict) -> Receipt {
        let jws = verdict.receipt.as_ref().expect("there is a receipt");
        envelope::open(Typ::Receipt, &self.settings.operations.public(), jws).expect("it is the server's")
    }

    pub fn head(&self, response: &Response) -> Head {
        let jws = response.headers()["tabara-head"].to_str().unwrap();
        envelope::open(Typ::Head, &self.settings.operations.public(), jws).unwrap()
    }
}

pub const ACCEPTED: (IntakeOutcome, Option<Reason>) = (IntakeOutcome::Accepted, None);

pub fn quarantined(reason: Reason) -> (IntakeOutcome, Option<Reason>) {
    (IntakeOutcome::Quarantined, Some(reason))
}

pub fn refused(reason: Reason) -> (IntakeOutcome, Option<Reason>) {
    (IntakeOutcome::Refused, Some(reason))
}

/// Status and name of a problem.
pub async fn name(response: Response) -> (u16, String) {
    let status = response.status().as_u16();
    assert!(response.headers().contains_key("tabara-head"), "the head is on every answer");
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    let problem: Value = response.json().await.unwrap();
    (status, problem["type"].as_str().unwrap().to_owned())
}
