//! Taking back: by the phone that made the record, elsewhere with the slip's key, without it once someone decides.
//! Whatever the order of arrival, the same is taken back, and the log proves it.

use crate::test_server::{TestServer, Verdict};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use tabara_core::envelope::{self, SigningKey, Typ};
use tabara_core::facts::{FactValue, Facts};
use tabara_core::record::{Code, Kind, News, Reason, Record, Sent, Uuid};
use tabara_core::slip::slip_key;
use tabara_server::intake::decide;
use tabara_server::operator::rebuild::rebuild;
use tabara_server::statistics::Counting;
use tabara_server::{Settings, Store};
use tabara_support::deployment::SetClock;
use tabara_support::load::{KeyDeployment, NOON, Phone, Told};

const DAY: i64 = 86_400;
/// Enough of an age file for the server.
const CASE: &[u8] = b"age-encryption.org/v1\n";
const IN_DOUBT: Verdict = Verdict::Quarantined(Reason::ForeignRevision);

/// A screening whose slip has this code and this key.
fn on_slip(phone: &mut Phone, code: &Code, slip: &SigningKey) -> Record {
    Record { code: Some(code.clone()), slip: Some(slip.public()), ..phone.screening() }
}

/// A withdrawal as a phone makes it that knows no more than the slip.
fn by_slip(phone: &mut Phone, code: &Code, slip: Option<&SigningKey>) -> Record {
    let facts = Facts::new();
    let plain = Record { kind: Kind::Withdrawal, code: Some(code.clone()), facts, ..phone.screening() };
    agreed(phone, plain, slip)
}

/// The record with the agreement of the person who has the slip.
fn agreed(phone: &Phone, plain: Record, slip: Option<&SigningKey>) -> Record {
    let signer = phone.record_key.public().kid();
    Record { proof: slip.map(|slip| plain.agreed(slip, &signer)), ..plain }
}

/// A new slip: its code and its key.
fn slip() -> (Code, SigningKey) {
    let code = Code::generate();
    let key = slip_key(&code, &Code::generate());
    (code, key)
}

fn review(reviewer: &SigningKey, of: &Record, decision: &str) -> Sent {
    let one = |code: &str| FactValue::One(code.into());
    let facts = [("month", "2026-11"), ("decision", decision), ("decided_by", "national_commission")];
    let facts = facts.map(|(name, code)| (name.to_owned(), one(code))).into();
    let (record, code, proof, slip, seq) = (Uuid::new_v4(), None, None, None, 0);
    let review =
        Record { record, kind: Kind::Review, revises: Some(of.record), code, proof, slip, seq, facts, ..of.clone() };
    Sent::new(envelope::sign(Typ::Review, reviewer, &review), None)
}

#[tokio::test]
async fn elsewhere_a_record_is_taken_back_with_the_slips_key_and_nothing_in_the_log_is_worth_anything() {
    let (server, mut phone) = TestServer::new().await;
    let mut other = server.deployment.phone();
    server.register(&other).await;
    let (code, key) = slip();
    let record = on_slip(&mut phone, &code, &key);
    let sent = phone.sign(&record, Some(CASE));
    server.send(&phone, std::slice::from_ref(&sent)).await;
    let position = server.position(&sent);
    let kept = || server.store.read(|log| log.sealed(position)).unwrap().is_some();

    // the public key stands in the log, and is not the key
    let thief = Record { slip: record.slip, ..by_slip(&mut other, &code, None) };
    assert_eq!(server.send_one(&other, other.sign(&thief, None)).await, IN_DOUBT);
    let thief = Record { slip: record.slip, ..other.withdrawal(record.record) };
    assert_eq!(server.send_one(&other, other.sign(&thief, None)).await, IN_DOUBT);
    let guess = by_slip(&mut other, &code, Some(&slip_key(&code, &Code::generate())));
    assert_eq!(server.send_one(&other, other.sign(&guess, None)).await, IN_DOUBT);
    // an agreement to another record is none to this one
    let agreement = by_slip(&mut phone, &code, Some(&key)).proof;
    let copied = Record { proof: agreement, ..by_slip(&mut other, &code, None) };
    assert_eq!(server.send_one(&other, other.sign(&copied, None)).await, IN_DOUBT);
    assert!(kept());

    // with the slip, another phone corrects, too
    let correction = Record { revises: Some(record.record), ..other.screening() };
    let with_slip = agreed(&other, correction.clone(), Some(&key));
    assert_eq!(server.send_one(&other, other.sign(&correction, None)).await, IN_DOUBT);
    let with_slip = Record { record: Uuid::new_v4(), seq: with_slip.seq + 1000, ..with_slip };
    let with_slip = agreed(&other, Record { proof: None, ..with_slip }, Some(&key));
    assert_eq!(server.send_one(&other, other.sign(&with_slip, None)).await, Verdict::Accepted);

    let right = by_slip(&mut other, &code, Some(&key));
    let right = other.sign(&right, None);
    assert_eq!(server.send_one(&other, right.clone()).await, Verdict::Accepted);
    assert!(!kept(), "the sealed bytes went at once");
    // the phone that made the record is told, with the proof
    let news = server.news(&phone, 0).await;
    let withdrawn = News::Withdrawn { jws: Some(right.jws) };
    assert!(news.updates.iter().any(|update| update.record == record.record && update.news == withdrawn), "{news:?}");
}

#[tokio::test]
async fn who_sees_a_code_cannot_kill_it() {
    let (server, mut phone) = TestServer::new().await;
    let mut thief = server.deployment.phone();
    server.register(&thief).await;
    let (code, key) = slip();
    let first = on_slip(&mut phone, &code, &key);
    assert_eq!(server.send_one(&phone, phone.sign(&first, None)).await, Verdict::Accepted);
    // a bogus record under another's code, and its withdrawal by the same phone
    let bogus = on_slip(&mut thief, &code, &slip().1);
    server.send(&thief, &[thief.sign(&bogus, None)]).await;
    let withdrawal = thief.withdrawal(bogus.record);
    server.send(&thief, &[thief.sign(&withdrawal, None)]).await;
    let own_key = slip().1;
    let again = on_slip(&mut thief, &code, &own_key);
    server.send(&thief, &[thief.sign(&again, None)]).await;
    let by_code = by_slip(&mut thief, &code, Some(&own_key));
    server.send(&thief, &[thief.sign(&by_code, None)]).await;
    // what comes under the code from her own phone counts as before
    let next = on_slip(&mut phone, &code, &key);
    assert_eq!(server.send_one(&phone, phone.sign(&next, None)).await, Verdict::Accepted);
    // once she herself has taken everything back, the code is dead
    let hers = by_slip(&mut phone, &code, Some(&key));
    assert_eq!(server.send_one(&phone, phone.sign(&hers, None)).await, Verdict::Accepted);
    let late = on_slip(&mut phone, &code, &key);
    let dead = Verdict::Quarantined(Reason::WithdrawnCode);
    assert_eq!(server.send_one(&phone, phone.sign(&late, None)).await, dead);
}

#[tokio::test]
async fn without_the_slip_a_reviewer_decides_and_the_phone_that_asked_hears_of_it() {
    for confirmed in [true, false] {
        let (server, mut phone) = TestServer::new().await;
        let mut other = server.deployment.phone();
        server.register(&other).await;
        let (code, key) = slip();
        let record = on_slip(&mut phone, &code, &key);
        let sent = phone.sign(&record, Some(CASE));
        server.send(&phone, std::slice::from_ref(&sent)).await;
        let asked = by_slip(&mut other, &code, None);
        assert_eq!(server.send_one(&other, other.sign(&asked, None)).await, IN_DOUBT);
        let waiting = server.store.read(|log| log.quarantined()).unwrap();
        assert_eq!(waiting.iter().map(|w| w.record).collect::<Vec<_>>(), [Some(asked.record)]);
        let decision = review(
            &server.deployment.authority.reviewer,
            &asked,
            if confirmed { "confirmed" } else { "not_confirmed" },
        );
        assert_eq!(server.send_one(&other, decision.clone()).await, Verdict::Accepted);
        let position = server.position(&sent);
        assert_eq!(server.store.read(|log| log.sealed(position)).unwrap().is_none(), confirmed);
        assert!(server.store.read(|log| log.quarantined()).unwrap().is_empty());
        let updates = server.news(&other, 0).await.updates;
        assert_eq!(updates[0].news, News::Review { jws: decision.jws });
    }
}

/// The log is derived again and gives the same numbers. Returns how many people it counts.
fn prove(store: &Store, settings: &Settings) -> u64 {
    let empty = tempfile::tempdir().unwrap();
    let (rebuilt, copy) = rebuild(store, settings, empty.path()).expect("the log proves itself");
    let numbers = |store| Counting::standard().follow(store, i64::MAX).unwrap();
    assert!(numbers(store) == numbers(&copy), "the same numbers");
    rebuilt.tombstones
}

/// What may arrive, by name.
const STORY: [&str; 10] =
    ["r1", "r2", "r3", "c1", "own", "by slip", "without", "wrong", "foreign id", "review of without"];

/// Which records are taken back once all of these have arrived, whatever their order.
fn expected(told: &BTreeSet<&str>) -> BTreeSet<&'static str> {
    // r1, r2 are the first phone's, under the slip and the first key; c1 corrects r1 under no slip at all; r3 is the
    // second phone's, under the same code and another key
    let has = |name| told.contains(name);
    let mut gone = BTreeSet::new();
    if has("own") {
        gone.insert("r2");
    }
    // the third phone has the slip
    if has("by slip") {
        gone.extend(["r1", "r2"]);
    }
    // the third phone has the code alone, and a reviewer confirms it: all of the slip
    if has("without") && has("review of without") {
        gone.extend(["r1", "r2", "r3"]);
    }
    if gone.contains("r1") && has("r1") {
        gone.insert("c1");
    }
    gone.retain(|name| has(name));
    gone
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(debug_assertions) { 20 } else { 400 }))]

    #[test]
    fn in_every_order_of_arrival_the_same_is_taken_back_and_the_log_proves_it(
        order in Just(STORY.to_vec()).prop_shuffle(), left_out in 0usize..5, restart in 0usize..10,
    ) {
        let told = &order[..order.len() - left_out];
        let folder = tempfile::tempdir().unwrap();
        let clock = SetClock::at(NOON);
        let deployment = KeyDeployment::new(clock.clone());
        let (mut store, mut settings) = deployment.open(folder.path());
        let mut phones = [(); 3].map(|()| deployment.phone());
        let (code, key) = slip();
        let [a, b, c] = &mut phones;
        let r1 = on_slip(a, &code, &key);
        let r2 = on_slip(a, &code, &key);
        let r3 = on_slip(b, &code, &SigningKey::generate());
        let c1 = Record { revises: Some(r1.record), ..a.screening() };
        let own = a.withdrawal(r2.record);
        let by_the_slip = by_slip(c, &code, Some(&key));
        let without = by_slip(c, &code, None);
        let wrong = by_slip(c, &code, Some(&SigningKey::generate()));
        let foreign_id = c.withdrawal(r3.record);
        let decision = review(&deployment.authority.reviewer, &without, "confirmed");
        let records = BTreeMap::from([("r1", &r1), ("r2", &r2), ("r3", &r3), ("c1", &c1)]);
        let [a, b, c] = &phones;
        let with_case = |phone: &Phone, record: &Record, name: &str| {
            let case = [CASE, name.as_bytes()].concat();
            phone.sign(record, Some(&case))
        };
        let sent = |name: &str| match name {
            "r1" => (a, with_case(a, &r1, name)),
            "r2" => (a, with_case(a, &r2, name)),
            "r3" => (b, with_case(b, &r3, name)),
            "c1" => (a, with_case(a, &c1, name)),
            "own" => (a, a.sign(&own, None)),
            "by slip" => (c, c.sign(&by_the_slip, None)),
            "without" => (c, c.sign(&without, None)),
            "wrong" => (c, c.sign(&wrong, None)),
            "foreign id" => (c, c.sign(&foreign_id, None)),
            _ => (c, decision.clone()),
        };
        for (n, name) in told.iter().enumerate() {
            let (phone, record) = sent(name);
            let verdict = phone.hand_in(&store, &settings, &[record]).remove(0);
            prop_assert!(matches!(verdict, Told::Kept { .. }), "{}: {:?}", name, verdict);
            if n == restart {
                drop((store, settings));
                (store, settings) = deployment.open(folder.path());
            }
        }
        let told: BTreeSet<&str> = told.iter().copied().collect();
        let gone = expected(&told);
        let kept = |store: &Store, name: &&str| {
            let position = store.read(|log| log.find(records[name].record)).unwrap().expect("it is in the log").position;
            let (sealed, body) = store.read(|log| Ok((log.sealed(position)?, log.body(position)?))).unwrap();
            (sealed.is_some(), body.is_some())
        };
        let here: Vec<&str> = records.keys().copied().filter(|name| told.contains(name)).collect();
        for name in &here {
            prop_assert_eq!(kept(&store, name), (!gone.contains(name), true), "{} of {:?}", name, &told);
        }
        prove(&store, &settings);

        // someone sees each withdrawal that took nothing back, in whatever order it came
        let waiting: BTreeSet<_> = store.read(|log| log.quarantined()).unwrap().iter().filter_map(|w| w.record).collect();
        let alive = |names: &[&str]| names.iter().any(|name| here.contains(name) && !gone.contains(name));
        if told.contains("foreign id") && alive(&["r3"]) {
            prop_assert!(waiting.contains(&foreign_id.record));
        }
        prop_assert!(!waiting.contains(&own.record));
        if told.contains("wrong") && alive(&["r1", "r2", "r3"]) {
            prop_assert!(waiting.contains(&wrong.record));
        }
        if told.contains("without") && !told.contains("review of without") {
            prop_assert!(waiting.contains(&without.record));
        }

        // at the revision the facts go, and the log still proves itself
        for days in [30, 60] {
            clock.set(NOON + days * DAY);
            tabara_server::log::tick(&store, &*clock).unwrap();
        }
        for name in &here {
            prop_assert_eq!(kept(&store, name), (!gone.contains(name), !gone.contains(name)), "{}", name);
        }
        prop_assert_eq!(prove(&store, &settings), gone.len() as u64);

        // and what the operator accepts after that takes effect, too
        if told.contains("foreign id") && alive(&["r3"]) {
            let position = store.read(|log| log.find(foreign_id.record)).unwrap().unwrap().position;
            prop_assert!(decide(&store, position, true, NOON + 61 * DAY).unwrap());
            prop_assert!(!kept(&store, &"r3").0);
            prove(&store, &settings);
        }
    }
}
