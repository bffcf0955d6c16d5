//! What an attacker tried against protocol 1, and what it brings him now.

use super::*;
use crate::operator::phones;
use crate::orders::{self, OrderError};
use crate::statistics::Counting;
use tabara_protocol::record::{News, Order};
use tabara_protocol::wire::WipeDone;

#[test]
fn rt_03_quarantined_records_take_no_memory_and_large_facts_are_refused() {
    let house = House::new();
    let mut phone = house.phone();
    let mut record = phone.screening(&house);
    for n in 0..70 {
        record.facts.insert(format!("f{n}"), FactValue::One("x".into()));
    }
    let mut long = phone.screening(&house);
    long.facts.insert("f".into(), FactValue::One("x".repeat(5000)));
    let many: std::collections::BTreeSet<String> = (0..500).map(|n| format!("code{n}")).collect();
    let mut wide = phone.screening(&house);
    wide.facts.insert("f".into(), FactValue::Many(many));
    let parcel = phone.send(&house, &[record, long, wide].map(|record| phone.sign(&record)));
    assert_eq!(parcel.refused.iter().map(|r| r.reason).collect::<Vec<_>>(), [Reason::Oversize; 3]);
    // what is small and unknown waits, and counts once someone has accepted it
    let mut strange = phone.screening(&house);
    strange.facts.insert("name".into(), FactValue::One("x".into()));
    phone.send(&house, &[phone.sign(&strange)]);
    let mut counting = Counting::standard();
    counting.follow(&house.store, i64::MAX).unwrap();
    assert_eq!(counting.remembered(), 0);
    let position = house.store.read(|log| log.quarantined()).unwrap()[0].position;
    crate::intake::decide(&house.store, position, true, house.now()).unwrap();
    counting.follow(&house.store, i64::MAX).unwrap();
    assert_eq!(counting.remembered(), 1);
}

#[test]
fn rt_04_what_nobody_trusts_is_kept_in_small_amounts_only_and_must_be_an_age_file() {
    let house = House::new();
    let card = house.card();
    let mut first = Phone::with(&card);
    first.register(&house).unwrap();
    let mut thief = Phone::with(&card);
    assert_eq!(thief.register(&house).unwrap().standing, Standing::Second);
    let records: Vec<Sent> = (0..25)
        .map(|_| {
            let record = thief.screening(&house);
            thief.sign(&record)
        })
        .collect();
    let parcel = thief.send(&house, &records);
    assert!(kept(&parcel).values().all(|reason| *reason == Some(Reason::SecondBinding)));
    assert_eq!((kept(&parcel).len(), parcel.refused.len()), (20, 0));
    let midnight = log::day_of(START) + DAY;
    assert_eq!(parcel.later, Some(midnight));
    // the phone has them still, and the next day they are taken
    assert_eq!(kept(&thief.send(&house, &records[20..])).len(), 0);
    house.clock.add(DAY);
    assert_eq!(kept(&thief.send(&house, &records[20..])).len(), 5);
    // a trusted phone is not so limited, and the thief has cost it nothing
    let many: Vec<Sent> = (0..100)
        .map(|_| {
            let record = first.screening(&house);
            first.sign(&record)
        })
        .collect();
    assert_eq!(kept(&first.send(&house, &many)).len(), 100);
    let mut record = first.screening(&house);
    let zeros = vec![0; 100_000];
    record.sealed = Some(SealedRef { sha256: sha256(&zeros), len: zeros.len() as u32 });
    let bomb = Sent::new(envelope::sign(Typ::Record, &first.record, &record), Some(&zeros));
    assert_eq!(first.send(&house, &[bomb]).refused[0].reason, Reason::Malformed);
}

#[test]
fn rt_05_a_chain_or_star_of_corrections_ends_and_costs_others_nothing() {
    let house = House::new();
    let mut phone = house.phone();
    let original = phone.screening(&house);
    let mut last = original.record;
    let mut chain = vec![phone.sign(&original)];
    for _ in 0..60 {
        let correction = Record { revises: Some(last), ..phone.screening(&house) };
        last = correction.record;
        chain.push(phone.sign(&correction));
    }
    // one is refused after each 32, and what follows corrects what is not there
    let refused = |parcel: Parcel| parcel.refused.iter().filter(|refused| refused.reason == Reason::Oversize).count();
    assert_eq!(refused(phone.send(&house, &chain)), 1);
    let centre = phone.screening(&house);
    let mut star = vec![phone.sign(&centre)];
    for _ in 0..60 {
        let correction = Record { revises: Some(centre.record), ..phone.screening(&house) };
        star.push(phone.sign(&correction));
    }
    assert_eq!(refused(phone.send(&house, &star)), 28);
    // backwards: each corrects one that is not there yet
    let ids: Vec<Uuid> = (0..61).map(|_| Uuid::new_v4()).collect();
    let backwards: Vec<Sent> = (0..60)
        .map(|n| {
            let record = Record { record: ids[n], revises: Some(ids[n + 1]), ..phone.screening(&house) };
            phone.sign(&record)
        })
        .collect();
    assert!(refused(phone.send(&house, &backwards)) > 0);
    // a heap of entries under one code
    let code = Code::generate();
    let heap: Vec<Sent> = (0..80)
        .map(|_| {
            let withdrawal = phone.withdrawal(&house, None, Some(code.clone()));
            phone.sign(&withdrawal)
        })
        .collect();
    assert_eq!(kept(&phone.send(&house, &heap)).len(), 64);
    assert!(house.store.read(|log| log.largest_tie()).unwrap() <= 66, "what one record costs has a bound");
    house.rebuilt().unwrap();
}

#[test]
fn rt_08_false_people_are_taken_out_and_an_old_card_counts_nobody() {
    let house = House::new();
    let mut found = Phone::with(&house.card_until(START - 100 * DAY));
    assert_eq!(found.register(&house).unwrap().standing, Standing::Late);
    let record = found.screening(&house);
    let sent = found.sign(&record);
    assert_eq!(kept(&found.send(&house, std::slice::from_ref(&sent)))[&jws(&sent)], Some(Reason::LateBinding));
    let mut lately = Phone::with(&house.card_until(START - 80 * DAY));
    assert_eq!(lately.register(&house).unwrap().standing, Standing::Trusted, "a phone that was long offline");
    // a phone that lies from some day on
    let day = |house: &House, phone: &mut Phone| {
        for _ in 0..3 {
            let record = phone.screening(house);
            phone.send(house, &[phone.sign(&record)]);
        }
    };
    let mut liar = house.phone();
    day(&house, &mut liar);
    house.clock.add(DAY);
    day(&house, &mut liar);
    let from = Some(log::day_of(house.now()));
    devices::revoke(&house.store, liar.device, from, false, house.now()).unwrap();
    let mut taken_back = Vec::new();
    let each = |entry: crate::store::entry::Entry| {
        taken_back.extend(entry.takes_back);
        Ok(())
    };
    house.store.read(|log| log.entries(0, u64::MAX, each)).unwrap();
    assert_eq!(taken_back.len(), 3, "those of the second day");
    let parcel = liar.send(&house, &[]);
    assert_eq!(parcel.standing, Standing::Revoked, "it is told");
    house.rebuilt().unwrap();
}

#[test]
fn rt_10_the_servers_key_destroys_nothing_at_once() {
    let house = House::new();
    let mut phone = house.phone();
    let now = house.now();
    let hasty = orders::wipe(&house.store, &house.settings, phone.device, now + 3600);
    assert!(matches!(hasty, Err(OrderError::NoNotice)));
    orders::wipe(&house.store, &house.settings, phone.device, now + 3 * DAY).unwrap();
    // delivered late, it still leaves two days, and the present key signs it
    house.clock.add(10 * DAY);
    let order = |parcel: &Parcel| match &parcel.updates[..] {
        [update] => match &update.news {
            News::Order { jws } => jws.clone(),
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    };
    let jws = order(&phone.send(&house, &[]));
    let given: Order = envelope::open(Typ::Order, &house.settings.operations.public(), &jws).unwrap();
    assert!(given.wipe_by >= house.now() + orders::NOTICE);
    // what the authority has signed goes as it is; what nobody has signed does not go
    let at_once = Order { order: Uuid::new_v4(), device: phone.device, wipe_by: 0 };
    let by_server = house.settings.operations.sign(Typ::Order, &at_once);
    assert!(matches!(orders::give_signed(&house.store, &house.settings, &by_server), Err(OrderError::NotSigned)));
    let signed = envelope::sign(Typ::Order, &house.authority, &at_once);
    orders::give_signed(&house.store, &house.settings, &signed).unwrap();
    assert_eq!(order(&phone.send(&house, &[])), signed);
}

#[test]
fn rt_16_who_sees_a_code_cannot_kill_it() {
    let house = House::new();
    let (mut phone, mut attacker) = (house.phone(), house.phone());
    let code = Code::generate();
    let slip = Some(SigningKey::generate().public());
    let of_hers = |phone: &mut Phone| Record { code: Some(code.clone()), slip, ..phone.screening(&house) };
    let kill = |attacker: &mut Phone| {
        let bogus = Record { code: Some(code.clone()), ..attacker.screening(&house) };
        let withdrawal = attacker.withdrawal(&house, Some(bogus.record), Some(code.clone()));
        let by_code = attacker.withdrawal(&house, None, Some(code.clone()));
        attacker.send(&house, &[bogus, withdrawal, by_code].map(|record| attacker.sign(&record)));
    };
    kill(&mut attacker);
    let first = of_hers(&mut phone);
    let sent = phone.sign(&first);
    assert_eq!(kept(&phone.send(&house, std::slice::from_ref(&sent)))[&jws(&sent)], None, "before her record came");
    kill(&mut attacker);
    let second = of_hers(&mut phone);
    let sent = phone.sign(&second);
    assert_eq!(kept(&phone.send(&house, std::slice::from_ref(&sent)))[&jws(&sent)], None, "and after");
    // her own phone takes all of it back: then the code is dead, for this phone and this slip
    let withdrawals = [first.record, second.record].map(|id| phone.withdrawal(&house, Some(id), Some(code.clone())));
    phone.send(&house, &withdrawals.map(|record| phone.sign(&record)));
    let mut third = house.phone();
    for phone in [&mut phone, &mut third] {
        let record = of_hers(phone);
        let sent = phone.sign(&record);
        assert_eq!(kept(&phone.send(&house, std::slice::from_ref(&sent)))[&jws(&sent)], Some(Reason::WithdrawnCode));
    }
    house.rebuilt().unwrap();
}

#[test]
fn rt_17_only_the_first_phone_of_a_card_gets_and_answers_its_orders() {
    let house = House::new();
    let card = house.card();
    let (mut phone, mut thief) = (Phone::with(&card), Phone::with(&card));
    phone.register(&house).unwrap();
    thief.register(&house).unwrap();
    let given = orders::wipe(&house.store, &house.settings, phone.device, house.now() + 3 * DAY).unwrap();
    assert!(thief.send(&house, &[]).updates.is_empty());
    let done = Some(WipeDone { order: given.order, waiting: 0 });
    thief.exchange(&house, &Bundle { wiped: done, ..thief.asks() }, &[]).unwrap();
    assert_eq!(house.store.read(|log| log.orders()).unwrap()[0].acknowledged, None);
    assert_eq!(phone.send(&house, &[]).updates.len(), 1);
    phone.exchange(&house, &Bundle { wiped: done, ..phone.asks() }, &[]).unwrap();
    let orders = house.store.read(|log| log.orders()).unwrap();
    assert!(orders[0].acknowledged.is_some() && house.store.read(|log| log.is_revoked(phone.device)).unwrap());
    // a second binding of a revoked phone says it again: nothing comes of it
    let before = house.head();
    thief.exchange(&house, &Bundle { wiped: done, ..thief.asks() }, &[]).unwrap();
    assert_eq!(house.head(), before);
}

#[test]
fn rt_23_what_was_withdrawn_lies_in_no_file_at_once_and_its_facts_after_the_revision() {
    let house = House::new();
    let mut phone = house.phone();
    let record = phone.screening(&house);
    let sent = phone.sealed(&house, record.clone(), b"all she said");
    phone.send(&house, std::slice::from_ref(&sent));
    let sealed = sent.sealed_bytes().unwrap().unwrap();
    let (case, facts) = (&sealed[200..260], &sent.jws.as_bytes()[200..260]);
    let found = |bytes: &[u8]| found_in(house.folder.path(), bytes);
    assert!(found(case) && found(facts));
    let withdrawal = phone.withdrawal(&house, Some(record.record), None);
    phone.send(&house, &[phone.sign(&withdrawal)]);
    assert!(!found(case), "the case goes at once");
    assert!(found(facts));
    for _ in 0..3 {
        house.clock.add(30 * DAY);
        log::tick(&house.store, &*house.clock).unwrap();
    }
    assert!(!found(facts), "the facts go with the revision");
    house.rebuilt().unwrap();
}

#[test]
fn a_bundle_for_thousands_of_recipients_is_not_even_looked_at() {
    let house = House::new();
    let phone = house.phone();
    let (_, other) = seal::new_identity();
    let ours = house.settings.intake_recipient();
    let bundle = Bundle { records: Some(sha256(b"[]")), ..Bundle::default() };
    let signed = Signer::new(&phone.transport).sign(Typ::Bundle, &bundle);
    let parts: Vec<&str> = signed.split('.').collect();
    let text = format!("{}\n{}\n{}\n[]", parts[0], serde_json::to_string(&bundle).unwrap(), parts[2]);
    let sealed = |others: usize| {
        let to: Vec<&str> = std::iter::repeat_n(other.as_str(), others).chain([ours.as_str()]).collect();
        seal::seal(text.as_bytes(), &to).unwrap()
    };
    assert!(house.post(&sealed(2)).is_ok());
    assert_eq!(house.post(&sealed(200)).unwrap_err(), Problem::Malformed);
}

#[test]
fn rt_29_a_key_is_bound_by_who_has_it_alone() {
    let house = House::new();
    let phone = Phone::with(&house.card());
    let card = house.card();
    let thief = Phone::with(&card);
    let mut stolen: Binding = envelope::stored(&thief.chain.binding).unwrap();
    stolen.record_key = phone.record.public();
    let chain = Chain::bind(&card, &stolen, &thief.record, &thief.transport);
    assert_eq!(Phone { chain, ..thief }.register(&house).unwrap_err(), Problem::BadChain);
}

#[test]
fn rt_31_who_fills_the_places_of_a_card_shuts_its_owner_out_for_a_day_at_most() {
    let house = House::new();
    let card = house.card();
    for _ in 0..5 {
        Phone::with(&card).register(&house).unwrap();
    }
    let mut owner = Phone::with(&card);
    assert_eq!(owner.register(&house).unwrap_err(), Problem::TooMany, "a problem that passes, never a refusal");
    house.clock.add(DAY);
    assert_eq!(owner.register(&house).unwrap().standing, Standing::Second);
    assert_eq!(Phone::with(&card).register(&house).unwrap_err(), Problem::TooMany);
    let binding = house.store.read(|log| log.by_transport_key(&owner.transport.public().kid())).unwrap().unwrap();
    crate::intake::decide(&house.store, binding.position, true, house.now()).unwrap();
    assert_eq!(owner.send(&house, &[]).standing, Standing::Trusted);
}

#[test]
fn rt_32_numbers_that_jump_show_in_the_list_of_phones() {
    let house = House::new();
    let mut phone = house.phone();
    phone.seq = 1_000_000;
    let far = phone.screening(&house);
    let wrong = [0, u64::MAX].map(|seq| phone.sign(&Record { seq, record: Uuid::new_v4(), ..far.clone() }));
    assert_eq!(phone.send(&house, &wrong).refused.len(), 2);
    assert_eq!(phone.send(&house, &[phone.sign(&far)]).seq, 1_000_001);
    let line = phones(&house.store).unwrap();
    assert!(line.contains(" 1000000 "), "{line}");
}

#[test]
fn rt_40_a_month_long_past_or_to_come_and_a_far_place_wait_for_someone_to_look() {
    let house = House::new();
    let mut phone = house.phone();
    let mut with = |name: &str, code: &str| {
        let mut record = phone.screening(&house);
        record.facts.insert(name.into(), FactValue::One(code.into()));
        let sent = phone.sign(&record);
        kept(&phone.send(&house, std::slice::from_ref(&sent)))[&jws(&sent)]
    };
    assert_eq!((with("month", "2025-11"), with("month", "2025-10")), (None, Some(Reason::OldMonth)));
    assert_eq!((with("month", "2026-11"), with("month", "2026-12")), (None, Some(Reason::OldMonth)));
    assert_eq!(
        (with("screen_commune", "BI-CO-04-05"), with("screen_commune", "BI-CO-01-01")),
        (None, Some(Reason::OutsideArea))
    );
    house.rebuilt().unwrap();
}

#[test]
fn an_old_month_that_someone_accepts_counts_in_the_month_in_which_it_came() {
    let house = House::new();
    let mut phone = house.phone();
    let mut record = phone.screening(&house);
    record.facts.insert("month".into(), FactValue::One("2020-01".into()));
    phone.send(&house, &[phone.sign(&record)]);
    let position = house.store.read(|log| log.quarantined()).unwrap()[0].position;
    crate::intake::decide(&house.store, position, true, house.now()).unwrap();
    let mut counted = None;
    let each = |entry: crate::store::entry::Entry| {
        counted = entry.about.as_deref().map(crate::statistics::in_month_of_receipt).or(counted.take());
        Ok(())
    };
    house.store.read(|log| log.entries(0, u64::MAX, each)).unwrap();
    let Some(crate::store::entry::EntryPayload::Record(record)) = counted.map(|entry| entry.payload) else { panic!() };
    assert_eq!(record.facts["month"], FactValue::One("2026-11".into()));
}

#[test]
fn evidence_of_two_logs_is_noted_once_a_day_for_each_phone() {
    let house = House::new();
    let mut phone = house.phone();
    let evidence = vec![TreeHead { size: 9, root: Digest([1; 32]) }, TreeHead { size: 9, root: Digest([2; 32]) }];
    let before = house.head().size;
    for _ in 0..3 {
        phone.exchange(&house, &Bundle { evidence: evidence.clone(), ..phone.asks() }, &[]).unwrap();
    }
    assert_eq!(house.head().size, before + 1);
    house.clock.add(DAY);
    phone.exchange(&house, &Bundle { evidence, ..phone.asks() }, &[]).unwrap();
    assert_eq!(house.head().size, before + 2);
}

#[test]
fn a_case_export_proves_that_the_log_holds_what_is_in_it() {
    let house = House::new();
    let mut phone = house.phone();
    let code = Code::generate();
    let record = Record { code: Some(code.clone()), ..phone.screening(&house) };
    phone.send(&house, &[phone.sealed(&house, record, b"all she said")]);
    let export = crate::operator::case_export::gather(&house.store, &house.settings, code).unwrap();
    let trust = export.trust(house.authority.public());
    assert!(trust.check(&export, &export.entries[0]).unwrap().is_some());
    let stranger = export.trust(SigningKey::generate().public());
    assert!(stranger.check(&export, &export.entries[0]).is_err());
}
