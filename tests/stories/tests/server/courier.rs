//! Courier bundles: records that came without a network.

use crate::test_server::TestServer;
use reqwest::StatusCode;
use tabara_core::courier::{Bundle, Parcel};
use tabara_core::envelope::{self, Typ};
use tabara_core::record::{Head, IntakeOutcome, Reason, Receipt};
use tabara_core::seal;
use tabara_support::load::digest;

#[tokio::test]
async fn a_bundle_of_unknown_phones_is_taken_in_once_by_whomever_it_is_brought() {
    let (server, carrier) = TestServer::new().await;
    let (mut far, stranger) = (server.deployment.phone(), server.deployment.phone());
    let records = [far.sealed_screening(), stranger.sign(&far.screening(), None), far.sealed_screening()];
    let bundle = Bundle { chains: vec![far.chain.clone()], records: records.to_vec() };
    let sealed = bundle.seal(&server.settings.intake_recipient()).unwrap();
    for expected in [IntakeOutcome::Accepted, IntakeOutcome::AlreadyHad] {
        let response = server.post("bundles", &carrier).body(sealed.clone()).send().await.unwrap();
        let reply = Parcel::read(&response.bytes().await.unwrap()).unwrap();
        let outcomes: Vec<_> = reply.answers.iter().map(|a| (a.jws, a.verdict.outcome)).collect();
        let outcome = [expected, IntakeOutcome::Refused, expected];
        assert_eq!(outcomes, records.iter().map(digest).zip(outcome).collect::<Vec<_>>());
        assert_eq!(reply.answers[1].verdict.reason, Some(Reason::NoChain));
        let operations = server.settings.operations.public();
        let head: Head = envelope::open(Typ::Head, &operations, &reply.head).unwrap();
        let receipt = reply.answers[2].verdict.receipt.as_ref().unwrap();
        let receipt: Receipt = envelope::open(Typ::Receipt, &operations, receipt).unwrap();
        assert!(receipt.position <= head.position && receipt.epoch == head.epoch);
    }
}

#[tokio::test]
async fn a_damaged_bundle_or_one_for_another_server_is_refused() {
    let (server, carrier) = TestServer::new().await;
    let (_, other) = seal::new_identity();
    let empty = br#"{"chains":[],"records":[]}"#;
    let ours = seal::seal(empty, &[server.settings.intake_recipient()]).unwrap();
    let theirs = seal::seal(empty, &[other]).unwrap();
    for (body, status) in [(ours.clone(), 200), (theirs, 400), (ours[..ours.len() - 1].to_vec(), 400), (vec![], 400)] {
        let response = server.post("bundles", &carrier).body(body).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::from_u16(status).unwrap());
    }
}
