//! Records in, and what phones fetch.

use crate::test_server::{ACCEPTED, TestServer, name, quarantined, refused};
use reqwest::StatusCode;
use serde_json::json;
use tabara_core::catalog::Catalog;
use tabara_core::envelope::{self, SigningKey, Typ, sha256};
use tabara_core::facts;
use tabara_core::record::{
    Batch, BatchReply, IntakeOutcome, Kind, News, Reason, Receipt, Record, Sent, TimeReply, Updates, Uuid,
};
use tabara_server::entry::EntryPayload;
use tabara_server::intake::Wanted;
use tabara_support::load::{KeyDeployment, NOON, Phone, Running, digest, gzip};

#[tokio::test]
async fn a_batch_sent_twice_is_kept_once_and_receipted_twice() {
    let (server, mut phone) = TestServer::new().await;
    let records: Vec<Sent> = (0..20).map(|_| phone.sealed_screening()).collect();
    let body = gzip(&Batch { records: records.clone() });
    let mut positions = Vec::new();
    for expected in [IntakeOutcome::Accepted, IntakeOutcome::AlreadyHad] {
        let request = server.post("records", &phone).header("content-encoding", "gzip").body(body.clone());
        let response = request.send().await.unwrap();
        let head = server.head(&response);
        let reply: BatchReply = response.json().await.unwrap();
        let receipts: Vec<Receipt> = reply.results.iter().map(|v| server.receipt(v)).collect();
        assert!(reply.results.iter().all(|v| v.outcome == expected));
        assert!(receipts.iter().zip(&records).all(|(receipt, sent)| receipt.jws == digest(sent)));
        assert!(receipts.iter().all(|r| r.epoch == head.epoch && r.position <= head.position));
        positions.push(receipts.into_iter().map(|r| r.position).collect::<Vec<_>>());
    }
    assert_eq!(positions[0], positions[1]);
    let sealed = server.store.read(|log| log.sealed(positions[0][7])).unwrap();
    assert_eq!(sealed, records[7].sealed_bytes().unwrap());
}

#[tokio::test]
async fn one_bad_record_never_blocks_the_others_and_each_is_named() {
    let (server, mut phone) = TestServer::new().await;
    let stranger = server.deployment.phone();
    let good = phone.screening();
    let change = |phone: &mut Phone, to: &dyn Fn(&mut Record)| {
        let mut record = phone.screening();
        to(&mut record);
        phone.sign(&record, None)
    };
    let code = |text: &str| facts::FactValue::One(text.into());
    let mut tampered = phone.sealed_screening();
    tampered.jws.replace_range(200..201, if &tampered.jws[200..201] == "A" { "B" } else { "A" });
    let mut swapped = phone.sealed_screening();
    swapped.sealed = phone.sealed_screening().sealed;
    let mut stripped = phone.sealed_screening();
    stripped.sealed = None;
    let oversize = Sent { jws: "A".repeat(envelope::MAX_LEN + 1), sealed: None };
    let token = Sent { jws: phone.token(NOON), sealed: None };
    let cases = [
        (phone.sign(&good, None), ACCEPTED),
        (tampered, refused(Reason::BadSignature)),
        (Sent { jws: "no envelope".into(), sealed: None }, refused(Reason::Malformed)),
        (token, refused(Reason::Malformed)),
        (oversize, refused(Reason::Oversize)),
        (stranger.sign(&phone.screening(), None), refused(Reason::NoChain)),
        (swapped, refused(Reason::SealedMismatch)),
        (stripped, refused(Reason::SealedMismatch)),
        (change(&mut phone, &|r| r.record = good.record), refused(Reason::IdTaken)),
        (change(&mut phone, &|r| r.seq = good.seq), quarantined(Reason::RepeatedSeq)),
        (change(&mut phone, &|r| drop(r.facts.insert("name".into(), code("f")))), quarantined(Reason::UnknownFact)),
        (change(&mut phone, &|r| drop(r.facts.insert("sex".into(), code("x")))), quarantined(Reason::UnknownCode)),
        (change(&mut phone, &|r| r.questionnaire.sha256 = sha256(b"?")), quarantined(Reason::UnknownQuestionnaire)),
        (phone.sealed_screening(), ACCEPTED),
    ];
    let (records, expected): (Vec<Sent>, Vec<_>) = cases.into_iter().unzip();
    let verdicts = server.send(&phone, &records).await;
    let found: Vec<_> = verdicts.iter().map(|v| (v.outcome, v.reason)).collect();
    assert_eq!(found, expected);
    assert!(verdicts.iter().all(|v| v.receipt.is_some() == (v.outcome != IntakeOutcome::Refused)));
    assert_eq!(server.store.read(|log| log.quarantined()).unwrap().len(), 4);
}

#[tokio::test]
async fn a_revoked_phone_and_a_second_binding_are_receipted_into_quarantine() {
    let (server, _) = TestServer::new().await;
    let (card, device) = (SigningKey::generate(), Uuid::new_v4());
    let mut first = server.deployment.phone_of(&card, device);
    let mut second = server.deployment.phone_of(&card, device);
    assert_eq!(server.register(&first).await, json!({"outcome": "accepted"}));
    assert_eq!(server.register(&first).await, json!({"outcome": "already_had"}));
    let quarantine = json!({"outcome": "quarantined", "reason": "second_binding"});
    assert_eq!(server.register(&second).await, quarantine);
    assert_eq!(server.register(&second).await, quarantine);
    let of_second = second.sealed_screening();
    assert_eq!(server.send_one(&second, of_second.clone()).await, quarantined(Reason::SecondBinding));
    let record = first.sealed_screening();
    assert_eq!(server.send_one(&first, record).await, ACCEPTED);

    tabara_server::devices::revoke(&server.store, device, NOON).unwrap();
    let late = first.sealed_screening();
    assert_eq!(server.send_one(&first, late).await, quarantined(Reason::RevokedDevice));

    // what was quarantined stays so when it is sent again, and says so
    let again = server.send(&second, &[of_second]).await.remove(0);
    assert_eq!((again.outcome, again.reason), (IntakeOutcome::AlreadyHad, Some(Reason::SecondBinding)));
}

#[tokio::test]
async fn the_operator_accepts_what_waits_and_the_phone_hears_of_it() {
    let (server, mut phone) = TestServer::new().await;
    let mut record = phone.screening();
    record.questionnaire.sha256 = sha256(b"not published");
    let sent = phone.sign(&record, Some(b"sealed"));
    assert_eq!(server.send_one(&phone, sent).await, quarantined(Reason::UnknownQuestionnaire));
    let waiting = server.store.read(|log| log.quarantined()).unwrap();
    assert_eq!((waiting.len(), waiting[0].record, waiting[0].device), (1, Some(record.record), Some(phone.device)));
    let position = waiting[0].position;
    assert!(server.store.read(|log| log.sealed(position)).unwrap().is_some(), "its case can be reached");
    assert!(tabara_server::intake::decide(&server.store, position, true, NOON).unwrap());
    assert!(!tabara_server::intake::decide(&server.store, 1, true, NOON).unwrap(), "the catalog is not quarantined");
    assert!(server.store.read(|log| log.quarantined()).unwrap().is_empty());

    let updates: Updates = server.get("updates?after=0", &phone).await.json().await.unwrap();
    let news: Vec<_> = updates.updates.iter().map(|u| (u.record, u.news.clone())).collect();
    assert_eq!(news, [(record.record, News::Decision { accept: true })]);
    let path = format!("updates?after={}", updates.cursor);
    let later: Updates = server.get(&path, &phone).await.json().await.unwrap();
    assert_eq!((later.updates.len(), later.cursor), (0, updates.cursor));
}

#[tokio::test]
async fn a_withdrawal_beats_its_record_in_any_order_of_arrival() {
    for withdrawal_first in [false, true] {
        let (server, mut phone) = TestServer::new().await;
        let record = phone.screening();
        let (sent, taken_back) = (phone.sign(&record, Some(b"sealed")), phone.withdrawal(record.record));
        let taken_back = phone.sign(&taken_back, None);
        let mut order = vec![sent.clone(), taken_back];
        if withdrawal_first {
            order.reverse();
        }
        let verdicts = server.send(&phone, &order).await;
        assert!(verdicts.iter().all(|v| v.outcome == IntakeOutcome::Accepted), "{verdicts:?}");
        let position = server.receipt(&verdicts[usize::from(withdrawal_first)]).position;
        assert_eq!(server.store.read(|log| log.sealed(position)).unwrap(), None, "the sealed bytes went at once");
        assert!(server.store.read(|log| log.body(position)).unwrap().is_some(), "the facts stay until the revision");

        server.clock.set(NOON + 60 * 86_400);
        tabara_server::closings::tick(&server.store, &*server.clock).unwrap();
        assert_eq!(server.store.read(|log| log.body(position)).unwrap(), None);
        server.clock.set(NOON);
        let again = server.send(&phone, std::slice::from_ref(&sent)).await.remove(0);
        assert_eq!(again.outcome, IntakeOutcome::AlreadyHad);
        assert_eq!(server.receipt(&again).jws, digest(&sent), "a tombstone still knows what it was");
        assert_eq!(server.receipt(&again).sealed, Some(sha256(b"sealed")));
    }
}

#[tokio::test]
async fn a_reviewers_decision_reaches_the_phone_and_a_strangers_is_refused() {
    let (server, mut phone) = TestServer::new().await;
    let record = phone.screening();
    let sent = phone.sign(&record, None);
    server.send(&phone, &[sent]).await;
    let decision = |id| {
        let facts = [("decision", "confirmed"), ("decided_by", "iom"), ("month", "2026-11")];
        let facts = facts.map(|(name, code)| (name.to_owned(), facts::FactValue::One(code.into()))).into();
        let review = Record { record: id, kind: Kind::Review, revises: Some(record.record), facts, ..record.clone() };
        Record { seq: 1, ..review }
    };
    let sign = |key: &SigningKey, review: &Record| Sent { jws: envelope::sign(Typ::Review, key, review), sealed: None };
    let review = decision(Uuid::new_v4());
    let stranger = sign(&SigningKey::generate(), &review);
    assert_eq!(server.send_one(&phone, stranger).await, refused(Reason::NoChain));
    let by_phone = phone.sign(&decision(Uuid::new_v4()), None);
    assert_eq!(server.send_one(&phone, by_phone).await, refused(Reason::Malformed), "a phone does not review");
    let right = sign(&server.deployment.authority.reviewer, &review);
    assert_eq!(server.send_one(&phone, right.clone()).await, ACCEPTED);
    let updates: Updates = server.get("updates?after=0", &phone).await.json().await.unwrap();
    assert_eq!(updates.updates[0].news, News::Review { jws: right.jws });
}

#[tokio::test]
async fn what_was_receipted_is_there_after_a_restart() {
    let (server, mut phone) = TestServer::new().await;
    let records: Vec<Sent> = (0..5).map(|_| phone.sealed_screening()).collect();
    let first: Vec<Receipt> = server.send(&phone, &records).await.iter().map(|v| server.receipt(v)).collect();
    let TestServer { deployment, clock, folder, store, settings, running, http } = server;
    running.stop().await;
    drop((store, settings));
    let (store, settings) = deployment.open(folder.path());
    let running = Running::start(store.clone(), settings.clone()).await;
    let server = TestServer { deployment, clock, folder, store, settings, running, http };
    let second: Vec<Receipt> = server.send(&phone, &records).await.iter().map(|v| server.receipt(v)).collect();
    assert_eq!(first, second);
}

#[tokio::test]
async fn the_catalog_is_fetched_by_tag_and_its_files_by_hash() {
    let (server, phone) = TestServer::new().await;
    let response = server.get("catalog", &phone).await;
    let tag = response.headers()["etag"].to_str().unwrap().to_owned();
    let jws = response.text().await.unwrap();
    assert_eq!(tag, format!("\"{}\"", sha256(jws.as_bytes())));
    let catalog = Catalog::verify(&jws, &server.deployment.authority.key.public(), None).unwrap();
    let again = server.http.get(format!("{}/catalog", server.running.url)).header("if-none-match", tag);
    let again = again.bearer_auth(phone.token(NOON)).send().await.unwrap();
    assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
    assert_eq!(server.head(&again).position, 2);
    let part = server.get(&format!("parts/{}", catalog.parts[0].sha256), &phone).await;
    assert_eq!(part.bytes().await.unwrap(), server.deployment.questionnaire);
    let missing = server.get(&format!("parts/{}", sha256(b"?")), &phone).await;
    assert_eq!(missing.status(), StatusCode::NOT_FOUND);

    // a newer one is published beside the running server, and revokes
    let newer = Catalog { revoked: vec![phone.device], ..server.deployment.catalog(&server.settings, 2) };
    let published = server.deployment.publish(&server.store, &server.settings, &newer);
    assert_eq!(server.get("catalog", &phone).await.text().await.unwrap(), published);
    assert!(server.store.read(|log| log.is_revoked(phone.device)).unwrap());
    let older = envelope::sign(Typ::Catalog, &server.deployment.authority.key, &catalog);
    assert!(tabara_server::catalog::publish(&server.store, &server.settings, &older, vec![], NOON).is_err());
}

#[tokio::test]
async fn without_a_fresh_token_of_a_known_phone_nothing_is_answered() {
    let (server, phone) = TestServer::new().await;
    let ask = |token: Option<String>| {
        let request = server.http.get(format!("{}/catalog", server.running.url));
        let request = token.into_iter().fold(request, |request, token| request.bearer_auth(token));
        async { name(request.send().await.unwrap()).await }
    };
    let stranger = server.deployment.phone();
    assert_eq!(ask(None).await, (401, "urn:tabara:unknown-device".into()));
    assert_eq!(ask(Some("x".into())).await, (401, "urn:tabara:unknown-device".into()));
    assert_eq!(ask(Some(stranger.token(NOON))).await, (401, "urn:tabara:unknown-device".into()));
    assert_eq!(ask(Some(phone.token(NOON - 301))).await, (401, "urn:tabara:token-time".into()));
    assert_eq!(ask(Some(phone.token(NOON + 301))).await, (401, "urn:tabara:token-time".into()));
    assert_eq!(ask(Some(phone.token(i64::MIN))).await, (401, "urn:tabara:token-time".into()));

    let nonce = server.http.get(format!("{}/time?nonce=n1", server.running.url)).send().await.unwrap();
    let jws = nonce.text().await.unwrap();
    let time: TimeReply = envelope::open(Typ::Time, &server.settings.operations.public(), &jws).unwrap();
    assert_eq!(time, TimeReply { nonce: "n1".into(), time: NOON });
}

#[tokio::test]
async fn hostile_requests_are_refused_by_name() {
    let (server, phone) = TestServer::new().await;
    let post = |path: &str, body: Vec<u8>| {
        let request = server.post(path, &phone).body(body);
        async { name(request.send().await.unwrap()).await }
    };
    let malformed = (400, "urn:tabara:malformed".to_owned());
    let oversize = (413, "urn:tabara:oversize".to_owned());
    assert_eq!(post("records", b"{".to_vec()).await, malformed);
    assert_eq!(post("records", br#"{"records":[],"records":[]}"#.to_vec()).await, malformed);
    assert_eq!(post("records", "[".repeat(100_000).into_bytes()).await, malformed);
    assert_eq!(post("records", vec![b' '; tabara_server::intake::MAX_BODY + 1]).await, oversize);
    let many = Batch { records: vec![Sent { jws: String::new(), sealed: None }; 101] };
    assert_eq!(post("records", serde_json::to_vec(&many).unwrap()).await, oversize);
    let bomb = {
        use std::io::Write as _;
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        gzip.write_all(&vec![b' '; 20 * 1024 * 1024]).unwrap();
        gzip.finish().unwrap()
    };
    let request = server.post("records", &phone).header("content-encoding", "gzip").body(bomb);
    assert_eq!(name(request.send().await.unwrap()).await, oversize);
    let request = server.post("records", &phone).header("content-encoding", "zstd").body("x");
    assert_eq!(name(request.send().await.unwrap()).await, malformed);
    let forged = server.http.post(format!("{}/devices", server.running.url));
    let mut chain = phone.chain.clone();
    chain.grant = KeyDeployment::new(server.clock.clone()).phone().chain.grant;
    let bad_chain = (403, "urn:tabara:bad-chain".to_owned());
    assert_eq!(name(forged.json(&chain).send().await.unwrap()).await, bad_chain);
    for (path, expected) in [("updates", 400), ("updates?after=x", 400), ("parts/x", 404), ("nothing", 404)] {
        assert_eq!(name(server.get(path, &phone).await).await.0, expected, "{path}");
    }
    assert_eq!(name(server.post("catalog", &phone).send().await.unwrap()).await.0, 405);
    let after = server.get(&format!("updates?after={}", u64::MAX), &phone).await;
    assert_eq!(after.status(), StatusCode::OK);
}

#[tokio::test]
async fn offers_name_what_the_server_lacks() {
    let (server, mut phone) = TestServer::new().await;
    let (had, lost) = (phone.screening(), phone.screening());
    let sent = phone.sign(&had, None);
    server.send(&phone, &[sent]).await;
    let offer = |record: &Record| json!({"record": record.record, "jws": digest(&phone.sign(record, None))});
    let body = json!({"offers": [offer(&had), offer(&lost)]});
    let wanted: Wanted = server.post("offers", &phone).json(&body).send().await.unwrap().json().await.unwrap();
    assert_eq!(wanted.wanted, [lost.record]);
}

#[tokio::test]
async fn every_entry_reads_back_as_what_it_says() {
    let (server, mut phone) = TestServer::new().await;
    let record = phone.screening();
    let sent = phone.sign(&record, None);
    server.send(&phone, &[sent]).await;
    let mut kinds = Vec::new();
    let each = |entry: tabara_server::entry::Entry| {
        kinds.push(match entry.payload {
            EntryPayload::Catalog(catalog) => format!("catalog {}", catalog.version),
            EntryPayload::Chain { grant, binding } => format!("chain {}", grant.device == binding.device),
            EntryPayload::Record(found) => format!("record {} by {:?}", *found == record, entry.binding),
            other => format!("{other:?}"),
        });
        Ok(())
    };
    server.store.read(|log| log.entries(0, u64::MAX, each)).unwrap();
    assert_eq!(kinds, ["catalog 1", "chain true", "record true by Some(2)"]);
}
