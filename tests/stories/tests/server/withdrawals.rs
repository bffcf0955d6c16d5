//! Taking back: by the phone that made the record, elsewhere with the slip's secret, without it once someone decides.
//! Whatever the order of arrival, the same is taken back, and the log proves it.

use crate::test_server::{ACCEPTED, TestServer, quarantined};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use tabara_core::envelope::{self, SigningKey, Typ};
use tabara_core::facts::{FactValue, Facts};
use tabara_core::record::{Code, IntakeOutcome, Kind, News, Reason, Record, Sent, Updates, Uuid, undo_hash};
use tabara_server::intake::{decide, take_in};
use tabara_server::rebuild::rebuild;
use tabara_server::statistics::Counting;
use tabara_server::{Settings, Store, devices};
use tabara_support::deployment::SetClock;
use tabara_support::load::{KeyDeployment, NOON, Phone};

const DAY: i64 = 86_400;

/// A screening whose slip has this code and this second secret.
fn on_slip(phone: &mut Phone, code: &Code, secret: &Code) -> Record {
    Record { code: Some(code.clone()), undo: Some(undo_hash(secret)), ..phone.screening() }
}

/// A withdrawal as a phone makes it that knows no more than the slip.
fn by_slip(phone: &mut Phone, code: &Code, secret: Option<&Code>) -> Record {
    let (facts, secret) = (Facts::new(), secret.cloned());
    Record { kind: Kind::Withdrawal, code: Some(code.clone()), secret, facts, ..phone.screening() }
}

fn review(reviewer: &SigningKey, of: &Record, decision: &str) -> Sent {
    let one = |code: &str| FactValue::One(code.into());
    let facts = [("month", "2026-11"), ("decision", decision), ("decided_by", "national_commission")];
    let facts = facts.map(|(name, code)| (name.to_owned(), one(code))).into();
    let (record, code, secret, undo, seq) = (Uuid::new_v4(), None, None, None, 0);
    let review =
        Record { record, kind: Kind::Review, revises: Some(of.record), code, secret, undo, seq, facts, ..of.clone() };
    Sent::new(envelope::sign(Typ::Review, reviewer, &review), None)
}

#[tokio::test]
async fn elsewhere_a_record_is_taken_back_with_the_slips_code_and_secret_and_the_hash_alone_is_worth_nothing() {
    let (server, mut phone) = TestServer::new().await;
    let mut other = server.deployment.phone();
    server.register(&other).await;
    let (code, secret) = (Code::generate(), Code::generate());
    let record = on_slip(&mut phone, &code, &secret);
    let sent = phone.sign(&record, Some(b"sealed"));
    let position = server.receipt(&server.send(&phone, &[sent]).await[0]).position;
    let kept = || server.store.read(|log| log.sealed(position)).unwrap().is_some();

    // what stands in the log is not the secret
    let mut thief = by_slip(&mut other, &code, None);
    thief.undo = record.undo;
    assert_eq!(server.send_one(&other, other.sign(&thief, None)).await, quarantined(Reason::ForeignRevision));
    let mut thief = other.withdrawal(record.record);
    thief.undo = record.undo;
    assert_eq!(server.send_one(&other, other.sign(&thief, None)).await, quarantined(Reason::ForeignRevision));
    let guess = by_slip(&mut other, &code, Some(&Code::generate()));
    assert_eq!(server.send_one(&other, other.sign(&guess, None)).await, quarantined(Reason::ForeignRevision));
    let correction = Record { revises: Some(record.record), secret: Some(secret.clone()), ..other.screening() };
    assert_eq!(server.send_one(&other, other.sign(&correction, None)).await, quarantined(Reason::ForeignRevision));
    assert!(kept());

    let right = by_slip(&mut other, &code, Some(&secret));
    assert_eq!(server.send_one(&other, other.sign(&right, None)).await, ACCEPTED);
    assert!(!kept(), "the sealed bytes went at once");

    // the code is dead, also for a phone that did not hear of it
    let late = on_slip(&mut phone, &code, &Code::generate());
    assert_eq!(server.send_one(&phone, phone.sign(&late, None)).await, quarantined(Reason::WithdrawnCode));
    // and the phone that made the record is told
    let news: Updates = server.get("updates?after=0", &phone).await.json().await.unwrap();
    assert_eq!((news.updates[0].record, &news.updates[0].news), (record.record, &News::Withdrawn));
}

#[tokio::test]
async fn without_the_secret_a_reviewer_decides_and_the_phone_that_asked_hears_of_it() {
    for confirmed in [true, false] {
        let (server, mut phone) = TestServer::new().await;
        let mut other = server.deployment.phone();
        server.register(&other).await;
        let code = Code::generate();
        let record = on_slip(&mut phone, &code, &Code::generate());
        let position = server.receipt(&server.send(&phone, &[phone.sign(&record, Some(b"sealed"))]).await[0]).position;
        let asked = by_slip(&mut other, &code, None);
        assert_eq!(server.send_one(&other, other.sign(&asked, None)).await, quarantined(Reason::ForeignRevision));
        let waiting = server.store.read(|log| log.quarantined()).unwrap();
        assert_eq!(waiting.iter().map(|w| w.record).collect::<Vec<_>>(), [Some(asked.record)]);
        let decision = review(
            &server.deployment.authority.reviewer,
            &asked,
            if confirmed { "confirmed" } else { "not_confirmed" },
        );
        assert_eq!(server.send_one(&other, decision.clone()).await, ACCEPTED);
        assert_eq!(server.store.read(|log| log.sealed(position)).unwrap().is_none(), confirmed);
        assert!(server.store.read(|log| log.quarantined()).unwrap().is_empty());
        let updates: Updates = server.get("updates?after=0", &other).await.json().await.unwrap();
        assert_eq!(updates.updates[0].news, News::Review { jws: decision.jws });
    }
}

#[test]
fn a_log_that_was_begun_before_the_codes_were_kept_learns_them() {
    let folder = tempfile::tempdir().unwrap();
    let deployment = KeyDeployment::new(SetClock::at(NOON));
    let (code, secret) = (Code::generate(), Code::generate());
    let mut phone = deployment.phone();
    {
        let (store, settings) = deployment.open(folder.path());
        devices::register(&store, &settings, phone.chain.clone()).unwrap();
        let record = on_slip(&mut phone, &code, &secret);
        take_in(&store, &settings, vec![phone.sign(&record, Some(b"sealed"))], None).unwrap();
    }
    let old = rusqlite::Connection::open(folder.path().join("tabara.sqlite")).unwrap();
    old.execute_batch(
        "DROP INDEX entry_code; ALTER TABLE entry DROP COLUMN code; DROP TABLE withdrawn; PRAGMA user_version = 1;",
    )
    .unwrap();
    drop(old);
    let (store, settings) = deployment.open(folder.path());
    let mut other = deployment.phone();
    devices::register(&store, &settings, other.chain.clone()).unwrap();
    let right = by_slip(&mut other, &code, Some(&secret));
    take_in(&store, &settings, vec![other.sign(&right, None)], None).unwrap();
    assert_eq!(store.read(|log| log.sealed(3)).unwrap(), None);
    prove(&store, &settings);
}

/// The log is derived again and gives the same numbers. Returns how many people it counts.
fn prove(store: &Store, settings: &Settings) -> u64 {
    let empty = tempfile::tempdir().unwrap();
    let (rebuilt, copy) = rebuild(store, settings, empty.path()).expect("the log proves itself");
    let numbers = |store| Counting::standard().follow(store).unwrap();
    assert!(numbers(store) == numbers(&copy), "the same numbers");
    rebuilt.tombstones
}

/// What may arrive, by name.
const STORY: [&str; 10] =
    ["r1", "r2", "r3", "c1", "own", "by secret", "without", "wrong", "foreign id", "review of without"];

/// Which records are taken back once all of these have arrived, whatever their order.
fn expected(told: &BTreeSet<&str>) -> BTreeSet<&'static str> {
    // r1, r2 are the first phone's, under the slip and the first secret; c1 corrects r1 under no slip at all; r3 is the
    // second phone's, under the same slip and another secret
    let has = |name| told.contains(name);
    let mut gone = BTreeSet::new();
    if has("own") {
        gone.insert("r2");
    }
    // the third phone shows the first secret
    if has("by secret") {
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
        for phone in &phones {
            devices::register(&store, &settings, phone.chain.clone()).unwrap();
        }
        let (code, secret) = (Code::generate(), Code::generate());
        let [a, b, c] = &mut phones;
        let r1 = on_slip(a, &code, &secret);
        let r2 = on_slip(a, &code, &secret);
        let r3 = on_slip(b, &code, &Code::generate());
        let c1 = Record { revises: Some(r1.record), ..a.screening() };
        let own = a.withdrawal(r2.record);
        let by_secret = by_slip(c, &code, Some(&secret));
        let without = by_slip(c, &code, None);
        let wrong = by_slip(c, &code, Some(&Code::generate()));
        let foreign_id = c.withdrawal(r3.record);
        let decision = review(&deployment.authority.reviewer, &without, "confirmed");
        let records = BTreeMap::from([("r1", &r1), ("r2", &r2), ("r3", &r3), ("c1", &c1)]);
        let sent = |name: &str| match name {
            "r1" => a.sign(&r1, Some(b"r1")),
            "r2" => a.sign(&r2, Some(b"r2")),
            "r3" => b.sign(&r3, Some(b"r3")),
            "c1" => a.sign(&c1, Some(b"c1")),
            "own" => a.sign(&own, None),
            "by secret" => c.sign(&by_secret, None),
            "without" => c.sign(&without, None),
            "wrong" => c.sign(&wrong, None),
            "foreign id" => c.sign(&foreign_id, None),
            _ => decision.clone(),
        };
        for (n, name) in told.iter().enumerate() {
            let verdict = take_in(&store, &settings, vec![sent(name)], None).unwrap().remove(0);
            prop_assert_ne!(verdict.outcome, IntakeOutcome::Refused, "{}", name);
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
        clock.set(NOON + 60 * DAY);
        tabara_server::closings::tick(&store, &*clock).unwrap();
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
