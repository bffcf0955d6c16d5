//! Bundles that somebody else brings: the signature inside says whose they are.

use crate::test_server::{TestServer, Verdict, name};
use reqwest::StatusCode;
use tabara_core::catalog::PartKind;
use tabara_core::envelope::{SigningKey, sha256};
use tabara_core::record::Reason;
use tabara_core::seal;
use tabara_core::wire::{BUNDLES, Bundle, Leaf};
use tabara_support::load::told;

#[tokio::test]
async fn a_bundle_of_an_unknown_phone_introduces_it_and_is_kept_once_whoever_brings_it() {
    let (server, _) = TestServer::new().await;
    let (mut far, stranger) = (server.deployment.phone(), server.deployment.phone());
    let records = [far.sealed_screening(), stranger.sign(&far.screening(), None), far.sealed_screening()];
    let asks = Bundle { introductions: vec![far.introduction()], files: Some(vec![]), ..Bundle::default() };
    let file = server.bundle(&far, &asks, &records);
    let mut leaves = Vec::new();
    for _ in 0..2 {
        let response = server.post(BUNDLES, file.clone()).await;
        let (parcel, enclosed) = far.open(&response.bytes().await.unwrap(), &file, &server.settings);
        let verdicts: Vec<Verdict> = records.iter().map(|sent| told(&parcel, sent).into()).collect();
        assert_eq!(verdicts, [Verdict::Accepted, Verdict::Refused(Reason::NoChain), Verdict::Accepted]);
        // all that a phone needs which has never met its server
        assert!(enclosed.catalog.is_some());
        let forms = server.deployment.catalog(&server.settings, 1).parts;
        let forms: Vec<_> = forms.iter().filter(|p| p.kind == PartKind::Questionnaire).map(|p| p.sha256).collect();
        assert_eq!(enclosed.file_bytes().map(|bytes| sha256(&bytes)).collect::<Vec<_>>(), forms);
        let bundle = |leaf: &Leaf| matches!(leaf, Leaf::Bundle { bundle, .. } if *bundle == sha256(&file));
        leaves.push(parcel.leaves.iter().find(|leaf| leaf.leaf().is_ok_and(|l| bundle(&l))).unwrap().index);
    }
    assert_eq!(leaves[0], leaves[1], "the same leaf again");
}

#[tokio::test]
async fn a_damaged_bundle_one_for_another_server_and_one_of_nobody_are_refused_by_name() {
    let (server, phone) = TestServer::new().await;
    let ours = server.bundle(&phone, &Bundle::default(), &[]);
    let theirs = phone.bundle(&Bundle::default(), &[], &seal::new_identity().1);
    let malformed = || (400, "urn:tabara:malformed".to_owned());
    // the phone that wrote it may have the key of an older catalog: it is asked who it is
    assert_eq!(name(server.post(BUNDLES, theirs).await).await.0, 401);
    for body in [ours[..ours.len() - 1].to_vec(), vec![], b"age-encryption.org/v1\n".to_vec()] {
        assert_eq!(name(server.post(BUNDLES, body).await).await, malformed());
    }
    let unknown = server.deployment.phone();
    let unknown = server.bundle(&unknown, &Bundle::default(), &[]);
    assert_eq!(name(server.post(BUNDLES, unknown).await).await, (401, "urn:tabara:unknown-device".to_owned()));
    // a bundle that says it introduces a phone, and is signed by another key
    let asks = Bundle { introductions: vec![server.deployment.phone().introduction()], ..Bundle::default() };
    let key = tabara_core::envelope::Signer::new(&SigningKey::generate());
    let forged = asks.seal(&key, &[], &server.settings.intake_recipient()).unwrap();
    assert_eq!(name(server.post(BUNDLES, forged).await).await.0, 401);
    assert_eq!(server.post(BUNDLES, ours).await.status(), StatusCode::OK);
}
