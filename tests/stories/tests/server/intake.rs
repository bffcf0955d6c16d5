//! Records in, and what comes back for them.

use crate::test_server::{TestServer, Verdict, name};
use reqwest::StatusCode;
use tabara_core::catalog::Catalog;
use tabara_core::envelope::{self, SigningKey, Typ, sha256};
use tabara_core::facts::FactValue;
use tabara_core::record::{Kind, News, Reason, Record, Sent, Uuid};
use tabara_core::tree;
use tabara_core::wire::{BUNDLE_HEADER, BUNDLES, Bundle, DEVICES, MAX_FILE, MAX_REGISTRATION, Standing};
use tabara_server::store::entry::EntryPayload;
use tabara_support::load::{KeyDeployment, NOON, Phone, Running, Told};

const ACCEPTED: Verdict = Verdict::Accepted;

#[tokio::test]
async fn a_bundle_sent_twice_is_kept_once_and_told_by_the_same_leaf() {
    let (server, mut phone) = TestServer::new().await;
    let records: Vec<Sent> = (0..20).map(|_| phone.sealed_screening()).collect();
    let file = server.bundle(&phone, &Bundle::default(), &records);
    let mut leaves = Vec::new();
    for _ in 0..2 {
        let response = server.post(BUNDLES, file.clone()).await;
        let (parcel, _) = phone.open(&response.bytes().await.unwrap(), &file, &server.settings);
        assert_eq!((parcel.leaves.len(), parcel.seq), (1, 20));
        leaves.push((parcel.leaves[0].index, parcel.leaves[0].text.clone(), parcel.head));
    }
    assert_eq!(leaves[0], leaves[1]);
    // the same records in another bundle are told by the first one's leaf
    let told = server.send(&phone, &records).await;
    assert!(told.iter().all(|told| *told == Told::Kept { leaf: leaves[0].0, reason: None }));
    let sealed = server.store.read(|log| log.sealed(server.position(&records[7]))).unwrap();
    assert_eq!(sealed, records[7].sealed_bytes().unwrap());
}

#[tokio::test]
async fn a_bundle_in_pieces_goes_on_where_it_was_cut_and_its_answer_can_be_asked_for() {
    let (server, mut phone) = TestServer::new().await;
    let records = [phone.sealed_screening()];
    let file = server.bundle(&phone, &Bundle::default(), &records);
    let hash = sha256(&file);
    let piece = async |from: usize, to: usize| {
        let request = server.http.post(format!("{}{BUNDLES}", server.running.url));
        let range = format!("bytes {from}-{}/{}", to - 1, file.len());
        let request = request.header(BUNDLE_HEADER, hash.to_string()).header("content-range", range);
        request.body(file[from..to].to_vec()).send().await.unwrap()
    };
    let path = format!("{BUNDLES}/{hash}");
    let about = || server.get(&path);
    assert_eq!(about().await.status(), StatusCode::NOT_FOUND);
    piece(0, 1000).await;
    let held = about().await;
    assert_eq!((held.status(), held.text().await.unwrap()), (StatusCode::ACCEPTED, "1000".into()));
    assert_eq!(name(piece(1100, file.len()).await).await, (409, "urn:tabara:gap".into()));
    let answered = piece(1000, file.len()).await;
    assert_eq!(answered.status(), StatusCode::OK);
    let (parcel, _) = phone.open(&answered.bytes().await.unwrap(), &file, &server.settings);
    // the answer was lost: it is given again, with the same leaf
    let again = about().await;
    assert_eq!(again.status(), StatusCode::OK);
    let (same, _) = phone.open(&again.bytes().await.unwrap(), &file, &server.settings);
    assert_eq!((same.leaves[0].index, &same.leaves[0].text), (parcel.leaves[0].index, &parcel.leaves[0].text));
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
    let code = |text: &str| FactValue::One(text.into());
    let mut tampered = phone.sealed_screening();
    tampered.jws.replace_range(200..201, if &tampered.jws[200..201] == "A" { "B" } else { "A" });
    let mut swapped = phone.sealed_screening();
    swapped.sealed = phone.sealed_screening().sealed;
    let mut stripped = phone.sealed_screening();
    stripped.sealed = None;
    let no_case = phone.screening();
    let another_kind = Sent { jws: phone.chain.binding.clone(), sealed: None };
    let many: Vec<String> = (0..65).map(|n| format!("fact{n}")).collect();
    use Verdict::{Quarantined as Q, Refused as R};
    let cases = [
        (phone.sign(&good, None), ACCEPTED),
        (tampered, R(Reason::BadSignature)),
        (Sent { jws: "no envelope".into(), sealed: None }, R(Reason::Malformed)),
        (another_kind, R(Reason::Malformed)),
        (stranger.sign(&phone.screening(), None), R(Reason::NoChain)),
        (swapped, R(Reason::SealedMismatch)),
        (stripped, R(Reason::SealedMismatch)),
        (phone.sign(&no_case, Some(b"not an age file")), R(Reason::Malformed)),
        (
            change(&mut phone, &|r| many.iter().for_each(|n| drop(r.facts.insert(n.clone(), code("f"))))),
            R(Reason::Oversize),
        ),
        (change(&mut phone, &|r| drop(r.facts.insert("sex".into(), code(&"f".repeat(5000))))), R(Reason::Oversize)),
        (change(&mut phone, &|r| r.record = good.record), R(Reason::IdTaken)),
        (change(&mut phone, &|r| r.seq = good.seq), Q(Reason::RepeatedSeq)),
        (change(&mut phone, &|r| drop(r.facts.insert("name".into(), code("f")))), Q(Reason::UnknownFact)),
        (change(&mut phone, &|r| drop(r.facts.insert("sex".into(), code("x")))), Q(Reason::UnknownCode)),
        (change(&mut phone, &|r| r.questionnaire.sha256 = sha256(b"?")), Q(Reason::UnknownQuestionnaire)),
        (
            change(&mut phone, &|r| drop(r.facts.insert("screen_commune".into(), code("BI-CO-01-01")))),
            Q(Reason::OutsideArea),
        ),
        (change(&mut phone, &|r| drop(r.facts.insert("month".into(), code("2025-10")))), Q(Reason::OldMonth)),
        (change(&mut phone, &|r| drop(r.facts.insert("month".into(), code("2026-12")))), Q(Reason::OldMonth)),
        (change(&mut phone, &|r| drop(r.facts.insert("month".into(), code("2025-12")))), ACCEPTED),
        (phone.sealed_screening(), ACCEPTED),
    ];
    let waiting = cases.iter().filter(|(_, verdict)| matches!(verdict, Q(_))).count();
    let (records, expected): (Vec<Sent>, Vec<Verdict>) = cases.into_iter().unzip();
    let found: Vec<Verdict> = server.send(&phone, &records).await.into_iter().map(Verdict::from).collect();
    assert_eq!(found, expected);
    assert_eq!(server.store.read(|log| log.quarantined()).unwrap().len(), waiting);
}

#[tokio::test]
async fn a_revoked_phone_and_a_second_binding_are_kept_in_quarantine_and_told_so() {
    let (server, _) = TestServer::new().await;
    let (card, device) = (SigningKey::generate(), Uuid::new_v4());
    let mut first = server.deployment.phone_of(&card, device);
    let mut second = server.deployment.phone_of(&card, device);
    for _ in 0..2 {
        assert_eq!(server.register(&first).await.standing, Standing::Trusted);
        assert_eq!(server.register(&second).await.standing, Standing::Second);
    }
    let of_second = second.sealed_screening();
    let in_doubt = Verdict::Quarantined(Reason::SecondBinding);
    assert_eq!(server.send_one(&second, of_second.clone()).await, in_doubt);
    let record = first.sealed_screening();
    assert_eq!(server.send_one(&first, record).await, ACCEPTED);

    tabara_server::devices::revoke(&server.store, device, None, false, NOON).unwrap();
    let late = first.sealed_screening();
    assert_eq!(server.send_one(&first, late).await, Verdict::Quarantined(Reason::RevokedDevice));
    assert_eq!(server.news(&first, 0).await.standing, Standing::Revoked);
    // what was quarantined stays so when it is sent again, and says so
    assert_eq!(server.send_one(&second, of_second).await, in_doubt);
}

#[tokio::test]
async fn a_card_from_the_drawer_waits_for_the_operator() {
    let (server, _) = TestServer::new().await;
    // used for the first time a hundred days after its end, and ten days after it
    for (days, standing) in [(100, Standing::Late), (10, Standing::Trusted)] {
        let now = NOON + (1 + days) * 86_400;
        server.clock.set(now);
        tabara_server::log::accept_clock(&server.store, now).unwrap();
        let mut phone = server.deployment.phone();
        assert_eq!(server.register(&phone).await.standing, standing, "{days} days");
        let record = phone.sealed_screening();
        let verdict = server.send_one(&phone, record).await;
        let late = Verdict::Quarantined(Reason::LateBinding);
        assert_eq!(verdict, if standing == Standing::Late { late } else { ACCEPTED });
    }
}

#[tokio::test]
async fn a_phone_that_nobody_trusts_soon_has_to_wait_and_one_that_is_trusted_does_not() {
    let (server, mut phone) = TestServer::new().await;
    let (card, device) = (SigningKey::generate(), Uuid::new_v4());
    let (first, mut second) = (server.deployment.phone_of(&card, device), server.deployment.phone_of(&card, device));
    server.register(&first).await;
    server.register(&second).await;
    let many = |phone: &mut Phone| (0..60).map(|_| phone.sealed_screening()).collect::<Vec<_>>();
    let records = many(&mut second);
    let (parcel, _) = server.exchange(&second, &Bundle::default(), &records).await;
    let tomorrow = parcel.later.expect("a time");
    assert!((NOON..=NOON + 86_400).contains(&tomorrow));
    let kept = server.store.read(|log| log.quarantined()).unwrap().len();
    assert!((1..60).contains(&kept), "{kept} are kept");
    let records = many(&mut phone);
    let trusted = server.send(&phone, &records).await;
    assert!(trusted.iter().all(|told| matches!(told, Told::Kept { reason: None, .. })));
    // the next day there is room again
    server.clock.set(tomorrow + 1);
    let next = second.sealed_screening();
    assert_eq!(server.send_one(&second, next).await, Verdict::Quarantined(Reason::SecondBinding));
}

#[tokio::test]
async fn the_operator_accepts_what_waits_and_the_phone_hears_of_it() {
    let (server, mut phone) = TestServer::new().await;
    let mut record = phone.screening();
    record.questionnaire.sha256 = sha256(b"not published");
    let sent = phone.sign(&record, Some(b"age-encryption.org/v1\n"));
    assert_eq!(server.send_one(&phone, sent).await, Verdict::Quarantined(Reason::UnknownQuestionnaire));
    let waiting = server.store.read(|log| log.quarantined()).unwrap();
    assert_eq!((waiting.len(), waiting[0].record, waiting[0].device), (1, Some(record.record), Some(phone.device)));
    let position = waiting[0].position;
    assert!(server.store.read(|log| log.sealed(position)).unwrap().is_some(), "its case can be reached");
    assert!(tabara_server::intake::decide(&server.store, position, true, NOON).unwrap());
    assert!(!tabara_server::intake::decide(&server.store, 1, true, NOON).unwrap(), "the catalog is not quarantined");
    assert!(server.store.read(|log| log.quarantined()).unwrap().is_empty());

    let parcel = server.news(&phone, 0).await;
    let news: Vec<_> = parcel.updates.iter().map(|u| (u.record, u.news.clone())).collect();
    assert_eq!(news, [(record.record, News::Decision { accept: true })]);
    let later = server.news(&phone, parcel.cursor).await;
    assert_eq!((later.updates.len(), later.cursor), (0, parcel.cursor));
}

#[tokio::test]
async fn a_withdrawal_beats_its_record_in_any_order_of_arrival() {
    for withdrawal_first in [false, true] {
        let (server, mut phone) = TestServer::new().await;
        let record = phone.screening();
        let (sent, taken_back) =
            (phone.sign(&record, Some(b"age-encryption.org/v1\n")), phone.withdrawal(record.record));
        let taken_back = phone.sign(&taken_back, None);
        let mut order = vec![sent.clone(), taken_back];
        if withdrawal_first {
            order.reverse();
        }
        let told = server.send(&phone, &order).await;
        assert!(told.iter().all(|told| Verdict::from(*told) == ACCEPTED), "{told:?}");
        let position = server.position(&sent);
        assert_eq!(server.store.read(|log| log.sealed(position)).unwrap(), None, "the sealed bytes went at once");
        assert!(server.store.read(|log| log.body(position)).unwrap().is_some(), "the facts stay until the revision");

        for days in [30, 60] {
            server.clock.set(NOON + days * 86_400);
            tabara_server::log::tick(&server.store, &*server.clock).unwrap();
        }
        assert_eq!(server.store.read(|log| log.body(position)).unwrap(), None);
        // a tombstone still knows what it was
        assert_eq!(server.send_one(&phone, sent).await, ACCEPTED);
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
        let facts = facts.map(|(name, code)| (name.to_owned(), FactValue::One(code.into()))).into();
        let review = Record { record: id, kind: Kind::Review, revises: Some(record.record), facts, ..record.clone() };
        Record { seq: 1, ..review }
    };
    let sign = |key: &SigningKey, review: &Record| Sent { jws: envelope::sign(Typ::Review, key, review), sealed: None };
    let review = decision(Uuid::new_v4());
    let stranger = sign(&SigningKey::generate(), &review);
    assert_eq!(server.send_one(&phone, stranger).await, Verdict::Refused(Reason::NoChain));
    let by_phone = phone.sign(&decision(Uuid::new_v4()), None);
    assert_eq!(server.send_one(&phone, by_phone).await, Verdict::Refused(Reason::Malformed), "a phone does not review");
    let right = sign(&server.deployment.authority.reviewer, &review);
    assert_eq!(server.send_one(&phone, right.clone()).await, ACCEPTED);
    assert_eq!(server.news(&phone, 0).await.updates[0].news, News::Review { jws: right.jws });
}

#[tokio::test]
async fn what_was_told_as_kept_is_there_after_a_restart() {
    let (server, mut phone) = TestServer::new().await;
    let records: Vec<Sent> = (0..5).map(|_| phone.sealed_screening()).collect();
    let (before, _) = server.exchange(&phone, &Bundle::default(), &records).await;
    let TestServer { deployment, clock, folder, store, settings, running, http } = server;
    running.stop().await;
    drop((store, settings));
    let (store, settings) = deployment.open(folder.path());
    let running = Running::start(store.clone(), settings.clone()).await;
    let server = TestServer { deployment, clock, folder, store, settings, running, http };
    let (after, _) = server.exchange(&phone, &Bundle { head: Some(before.head), ..Bundle::default() }, &records).await;
    assert_eq!(after.leaves[0].index, before.leaves[0].index);
    let grown = after.grown.expect("it continues");
    assert!(tree::continues((before.head.size, &before.head.root), (after.head.size, &after.head.root), &grown));
}

#[tokio::test]
async fn heads_grow_and_every_leaf_and_every_earlier_head_can_be_proven() {
    let (server, mut phone) = TestServer::new().await;
    let mut heads = Vec::new();
    for _ in 0..12 {
        let records = [phone.sealed_screening()];
        heads.push(server.exchange(&phone, &Bundle::default(), &records).await.0.head);
    }
    let last = *heads.last().unwrap();
    let asks = Bundle {
        head: Some(last),
        prove: (0..last.size).rev().take(16).collect(),
        connect: heads[..11].iter().map(|head| head.size).collect(),
        ..Bundle::default()
    };
    let (parcel, _) = server.exchange(&phone, &asks, &[]).await;
    assert_eq!(parcel.head, last, "an empty bundle makes no leaf");
    // `open` has checked each leaf against the head; what is another's or the server's own is not told
    assert_eq!(parcel.leaves.len(), heads.len() + 1, "its bundles and its chain");
    assert_eq!(parcel.connected.len(), 11);
    for (head, connected) in heads.iter().zip(&parcel.connected) {
        assert_eq!(head.size, connected.size);
        assert!(tree::continues((head.size, &head.root), (last.size, &last.root), &connected.proof));
    }
    // a head that the server never had is not continued
    let false_head = Some(tabara_core::wire::TreeHead { root: sha256(b"?"), ..heads[3] });
    assert_eq!(server.exchange(&phone, &Bundle { head: false_head, ..Bundle::default() }, &[]).await.0.grown, None);
}

#[tokio::test]
async fn the_catalog_comes_with_the_parcel_and_its_files_by_hash() {
    let (server, phone) = TestServer::new().await;
    let (_, enclosed) = server.exchange(&phone, &Bundle::default(), &[]).await;
    let jws = enclosed.catalog.unwrap();
    let catalog = Catalog::verify(&jws, &server.deployment.authority.key.public(), None).unwrap();
    let known = Bundle { catalog: Some(sha256(jws.as_bytes())), ..Bundle::default() };
    assert_eq!(server.exchange(&phone, &known, &[]).await.1.catalog, None, "it has it already");
    let part = server.get(&format!("/parts/{}", catalog.parts[0].sha256)).await;
    assert!(part.headers()["cache-control"].to_str().unwrap().contains("immutable"));
    assert_eq!(part.bytes().await.unwrap(), server.deployment.questionnaire);
    let missing = server.get(&format!("/parts/{}", sha256(b"?"))).await;
    assert_eq!(missing.status(), StatusCode::NOT_FOUND);

    // a newer one is published beside the running server, and revokes
    let newer = Catalog { revoked: vec![phone.device], ..server.deployment.catalog(&server.settings, 2) };
    let published = server.deployment.publish(&server.store, &server.settings, &newer);
    let (parcel, enclosed) = server.exchange(&phone, &known, &[]).await;
    assert_eq!((enclosed.catalog, parcel.standing), (Some(published), Standing::Revoked));
    let older = envelope::sign(Typ::Catalog, &server.deployment.authority.key, &catalog);
    assert!(tabara_server::catalog::publish(&server.store, &server.settings, &older, vec![], NOON).is_err());
}

#[tokio::test]
async fn hostile_requests_are_refused_by_name() {
    let (server, phone) = TestServer::new().await;
    let malformed = (400, "urn:tabara:malformed".to_owned());
    let oversize = (413, "urn:tabara:oversize".to_owned());
    let post = async |path: &str, body: Vec<u8>| name(server.post(path, body).await).await;
    for body in [b"{".to_vec(), vec![], "[".repeat(100_000).into_bytes(), vec![b' '; 100_000]] {
        assert_eq!(post(BUNDLES, body).await, malformed);
    }
    for body in [b"{".to_vec(), br#"{"chain":1,"chain":1}"#.to_vec(), "[".repeat(9000).into_bytes()] {
        assert_eq!(post(DEVICES, body).await, malformed);
    }
    assert_eq!(post(BUNDLES, vec![b' '; MAX_FILE + 1]).await, oversize);
    assert_eq!(post(DEVICES, vec![b' '; MAX_REGISTRATION + 1]).await, oversize);
    let mut introduction = phone.introduction();
    introduction.chain.grant = KeyDeployment::new(server.clock.clone()).phone().chain.grant;
    let forged = serde_json::to_vec(&introduction).unwrap();
    assert_eq!(post(DEVICES, forged).await, (403, "urn:tabara:bad-chain".to_owned()));
    for (path, expected) in [("/parts/x", 404), ("/bundles/x", 404), ("/nothing", 404), ("/devices", 405)] {
        assert_eq!(name(server.get(path).await).await.0, expected, "{path}");
    }
}

#[tokio::test]
async fn a_key_of_another_phone_is_not_bound_to_a_thiefs_card() {
    let (server, phone) = TestServer::new().await;
    // the thief knows the public keys of the victim's phone, and has a card of his own
    let mut introduction = server.deployment.phone().introduction();
    introduction.chain.possession = phone.chain.possession.clone();
    let body = serde_json::to_vec(&introduction).unwrap();
    assert_eq!(name(server.post(DEVICES, body).await).await, (403, "urn:tabara:bad-chain".to_owned()));
}

#[tokio::test]
async fn every_entry_reads_back_as_what_it_says() {
    let (server, mut phone) = TestServer::new().await;
    let record = phone.screening();
    let sent = phone.sign(&record, None);
    server.send(&phone, &[sent]).await;
    let mut kinds = Vec::new();
    let each = |entry: tabara_server::store::entry::Entry| {
        kinds.push(match entry.payload {
            EntryPayload::Catalog(catalog) => format!("catalog {}", catalog.version),
            EntryPayload::Chain { grant, binding, .. } => format!("chain {}", grant.device == binding.device),
            EntryPayload::Record(found) => format!("record {} by {:?}", *found == record, entry.binding),
            other => format!("{other:?}"),
        });
        Ok(())
    };
    server.store.read(|log| log.entries(0, u64::MAX, each)).unwrap();
    assert_eq!(kinds, ["catalog 1", "chain true", "record true by Some(2)"]);
}
