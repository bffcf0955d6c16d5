//! The exchange as it should go, and each thing that may happen to it on the way.

use super::*;
use tabara_protocol::record::News;
use tabara_protocol::slip::slip_key;
use tabara_protocol::wire::WireError;

#[test]
fn a_phone_registers_sends_and_is_told_by_leaves_what_is_kept() {
    let (house, mut phone) = (House::new(), Phone::with(&House::new().card()));
    assert_eq!(phone.register(&house).unwrap_err(), Problem::BadChain, "another authority");
    let mut phone = Phone { ..house.phone() };
    assert!(phone.catalog.is_some(), "the catalog comes with the answer");
    let (good, mut strange) = (phone.screening(&house), phone.screening(&house));
    strange.facts.insert("name".into(), FactValue::One("x".into()));
    let forged = Sent::new(envelope::sign(Typ::Record, &SigningKey::generate(), &good), None);
    let sent = [phone.sealed(&house, good, b"all she said"), forged.clone(), phone.sign(&strange)];
    let parcel = phone.send(&house, &sent);
    let expected = [(jws(&sent[0]), None), (jws(&sent[2]), Some(Reason::UnknownFact))];
    assert_eq!(kept(&parcel), expected.into());
    assert_eq!(parcel.refused.iter().map(|r| (r.jws, r.reason)).collect::<Vec<_>>(), [(jws(&forged), Reason::NoChain)]);
    assert_eq!((parcel.standing, parcel.seq, parcel.later, parcel.leaves.len()), (Standing::Trusted, 2, None, 1));
    house.rebuilt().unwrap();
}

#[test]
fn sending_again_is_harmless_and_told_by_the_leaf_of_the_first_time() {
    let house = House::new();
    let mut phone = house.phone();
    let record = phone.screening(&house);
    let sent = [phone.sealed(&house, record, b"a case")];
    let (asks, before) = (phone.asks(), house.head());
    let file = phone.bundle(&house, &asks, &sent);
    let first = phone.clone().read(&house, &asks, &file, &house.post(&file).unwrap().0).0;
    assert_eq!(house.head().size, before.size + 1);
    // the same bytes, then the same record in another bundle beside a new one
    let again = phone.read(&house, &asks, &file, &house.post(&file).unwrap().0).0;
    assert_eq!((again.leaves.clone(), house.head().size), (first.leaves, before.size + 1));
    let other = phone.screening(&house);
    let both = [sent[0].clone(), phone.sign(&other)];
    let parcel = phone.send(&house, &both);
    assert_eq!(parcel.leaves.iter().map(|leaf| leaf.index).collect::<Vec<_>>(), [before.size, before.size + 1]);
    assert_eq!((kept(&parcel).len(), house.people()), (2, 2));
    house.rebuilt().unwrap();
}

#[test]
fn an_empty_bundle_writes_nothing_but_that_the_phone_was_heard_of() {
    let house = House::new();
    let mut phone = house.phone();
    let before = house.head();
    let parcel = phone.send(&house, &[]);
    assert_eq!((parcel.head, parcel.leaves.len(), house.head()), (before, 0, before));
    let seen = house.store.read(|log| log.phones()).unwrap()[0].seen;
    assert_eq!(seen, Some(log::day_of(START)), "the day, not the hour");
}

#[test]
fn a_bundle_that_introduces_its_phone_is_taken_in_whoever_carries_it() {
    let house = House::new();
    let mut phone = Phone::with(&house.card());
    let record = phone.screening(&house);
    let sent = [phone.sign(&record)];
    let alone = phone.exchange(&house, &Bundle::default(), &sent);
    assert_eq!(alone.unwrap_err(), Problem::UnknownDevice);
    let introduces = Bundle { introductions: vec![phone.introduction()], files: Some(vec![]), ..Bundle::default() };
    let file = phone.bundle(&house, &introduces, &sent);
    let (answer, outcomes) = house.post(&file).unwrap();
    assert!(matches!(outcomes[..], [Outcome::Kept { reason: None, new: true, .. }]));
    let opened = Parcel::open(&answer, &phone.mailbox).unwrap();
    assert_eq!(opened.enclosed.file_bytes().collect::<Vec<_>>(), [QUESTIONNAIRE], "it cannot fetch");
    assert_eq!(phone.read(&house, &introduces, &file, &answer).1, Lineage::First);
}

#[test]
fn a_reviewer_sends_reviews_and_nothing_else_and_the_phone_hears_of_them() {
    let house = House::new();
    let mut phone = house.phone();
    let record = phone.screening(&house);
    phone.send(&house, &[phone.sign(&record)]);
    let facts = [("decision".to_owned(), FactValue::One("confirmed".into()))].into();
    let template = phone.screening(&house);
    let review =
        Record { record: Uuid::new_v4(), kind: Kind::Review, revises: Some(record.record), facts, ..template.clone() };
    let review = Sent::new(envelope::sign(Typ::Review, &house.reviewer, &review), None);
    let (identity, to) = seal::new_identity();
    let bundle = Bundle { answer_to: Some(to), ..Bundle::default() };
    let key = Signer::new(&house.reviewer);
    let file = bundle.seal(&key, &[review.clone(), phone.sign(&template)], &house.settings.intake_recipient()).unwrap();
    let parcel = Parcel::open(&house.post(&file).unwrap().0, &identity).unwrap();
    let parcel = parcel.verify(&[house.settings.operations.public()], &sha256(&file)).unwrap();
    assert_eq!(kept(&parcel), [(jws(&review), None)].into());
    assert_eq!(parcel.refused[0].reason, Reason::Malformed, "a phone's record does not come that way");
    let nowhere = Bundle::default().seal(&key, &[], &house.settings.intake_recipient()).unwrap();
    assert_eq!(house.post(&nowhere).unwrap_err(), Problem::Malformed);
    let told = phone.send(&house, &[]).updates;
    assert!(matches!(&told[..], [update] if update.news == News::Review { jws: review.jws.clone() }));
    house.rebuilt().unwrap();
}

#[test]
fn earlier_intake_keys_open_bundles_until_their_files_are_removed() {
    let mut house = House::new();
    let mut phone = house.phone();
    let record = phone.screening(&house);
    let file = phone.bundle(&house, &phone.asks(), &[phone.sign(&record)]);
    let data = house.folder.path().to_owned();
    let new = crate::settings::key_files::new_intake(&data, "2026-11-20").unwrap();
    house.settings = Settings::open(&data, house.clock.clone()).unwrap();
    assert_eq!(house.settings.intake_recipient(), new);
    assert!(house.post(&file).is_ok());
    for earlier in crate::settings::key_files::earlier_intake(&data).unwrap() {
        std::fs::remove_file(earlier).unwrap();
    }
    house.settings = Settings::open(&data, house.clock.clone()).unwrap();
    assert_eq!(house.post(&file).unwrap_err(), Problem::UnknownDevice, "the phone asks for the new catalog");
}

#[test]
fn heads_connect_and_leaves_are_proven_to_their_owner_alone() {
    let house = House::new();
    let (mut phone, mut other) = (house.phone(), house.phone());
    let record = phone.screening(&house);
    let mine = phone.send(&house, &[phone.sign(&record)]).leaves[0].index;
    let record = other.screening(&house);
    let theirs = other.send(&house, &[other.sign(&record)]).leaves[0].index;
    let small = phone.known.unwrap();
    phone.send(&house, &[]);
    let asks = Bundle { prove: vec![mine, theirs, 999], connect: vec![small.size, 2, 999], ..phone.asks() };
    let (parcel, lineage) = phone.exchange(&house, &asks, &[]).unwrap();
    assert_eq!(lineage, Lineage::Grown);
    assert_eq!(parcel.leaves.iter().map(|leaf| leaf.index).collect::<Vec<_>>(), [mine]);
    assert_eq!(parcel.connected.iter().map(|connected| connected.size).collect::<Vec<_>>(), [small.size, 2]);
    let (old, new) = ((small.size, &small.root), (parcel.head.size, &parcel.head.root));
    assert!(tabara_protocol::tree::continues(old, new, &parcel.connected[0].proof));
}

#[test]
fn a_withdrawal_with_the_slip_works_from_any_phone_and_proves_itself_to_the_first() {
    let house = House::new();
    let (mut phone, mut other) = (house.phone(), house.phone());
    let (code, secret) = (Code::generate(), Code::generate());
    let key = slip_key(&code, &secret);
    let record = Record { code: Some(code.clone()), slip: Some(key.public()), ..phone.screening(&house) };
    phone.send(&house, &[phone.sealed(&house, record.clone(), b"all she said")]);
    let plain = other.withdrawal(&house, None, Some(code.clone()));
    let unproven = other.sign(&plain);
    assert_eq!(
        kept(&other.send(&house, std::slice::from_ref(&unproven)))[&jws(&unproven)],
        Some(Reason::ForeignRevision)
    );
    let plain = other.withdrawal(&house, None, Some(code.clone()));
    let proof = Some(plain.agreed(&key, &other.record.public().kid()));
    let proven = other.sign(&Record { proof, ..plain });
    assert_eq!(kept(&other.send(&house, std::slice::from_ref(&proven)))[&jws(&proven)], None);
    let told = phone.send(&house, &[]).updates;
    assert_eq!(told.len(), 1);
    assert_eq!((told[0].record, &told[0].news), (record.record, &News::Withdrawn { jws: Some(proven.jws) }));
    // what comes later under the same slip comes too late
    let late = Record { code: Some(code), slip: record.slip, ..phone.screening(&house) };
    let late = phone.sign(&late);
    let reason = kept(&phone.send(&house, std::slice::from_ref(&late)))[&jws(&late)];
    assert_eq!(reason, Some(Reason::WithdrawnCode));
    house.rebuilt().unwrap();
}

#[test]
fn damaged_and_foreign_files_are_answered_with_problems_and_write_nothing() {
    let house = House::new();
    let phone = house.phone();
    let file = phone.bundle(&house, &phone.asks(), &[]);
    let before = house.head();
    for wrong in [&b"<html>"[..], &file[..file.len() - 1], &[]] {
        assert_eq!(house.post(wrong).unwrap_err(), Problem::Malformed);
    }
    let (_, elsewhere) = seal::new_identity();
    let foreign = phone.asks().seal(&Signer::new(&phone.transport), &[], &elsewhere).unwrap();
    assert_eq!(house.post(&foreign).unwrap_err(), Problem::UnknownDevice);
    assert_eq!(house.head(), before);
    let parcel = house.post(&file).unwrap().0;
    let (stranger, _) = seal::new_identity();
    assert!(matches!(Parcel::open(&parcel, &stranger).unwrap_err(), WireError::Seal(_)), "nobody else reads it");
}
