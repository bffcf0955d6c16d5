//! Practice on a real phone: the whole core with invented people, of which nothing leaves, and which says what was missed.

use std::sync::Arc;
use tabara_core::envelope::sha256;
use tabara_core::error::Error;
use tabara_core::focal_point::FocalPoint;
use tabara_core::screening::Outcome;
use tabara_core::seal;
use tabara_support::deployment::{Deployment, SetClock};
use tabara_support::phone::{KeyStore, presumed_victim, to_doctor};

/// 2026-11-10 12:00 UTC.
const NOON: i64 = 1_794_312_000;

#[tokio::test(flavor = "multi_thread")]
async fn what_is_practised_stays_on_the_phone_and_says_what_was_missed() {
    // Given a focal point with a case of her own
    let (folder, clock) = (tempfile::tempdir().unwrap(), SetClock::at(NOON));
    let mut deployment = Deployment::start(folder.path(), clock.clone(), &["first-line.md"], 0).await;
    deployment.add_service("Clinic");
    let phone = FocalPoint::open(&folder.path().join("phone"), Arc::<KeyStore>::default(), clock.clone()).unwrap();
    phone.enrol(&deployment.card("BI-CO-04-02"), "271828").unwrap();
    phone.sync(&Default::default()).await.unwrap();
    let own = presumed_victim(&phone, "Aline").finish(None).unwrap().record;
    let cases = phone.cases(0).unwrap().len();
    // When she practises where something else lies, her own phone's files for instance, nothing is erased
    let refused = phone.practise(&folder.path().join("phone"), "123456").map(drop);
    assert_eq!(refused, Err(Error::Storage));
    assert_eq!(phone.cases(0).unwrap().len(), cases);
    // When she practises with the same questionnaire, and does not ask one thing
    let place = folder.path().join("practice");
    let practice = phone.practise(&place, "123456").unwrap();
    let session = practice.start("first_line", "fr").unwrap();
    let story = [("left", "yes"), ("forced", "yes")].map(|(path, said)| (path.to_owned(), said.to_owned()));
    for (path, said) in [("consent", "yes"), ("statistics", "yes"), ("left", "yes"), ("forced", "no")] {
        session.answer(path, Some(said)).unwrap();
    }
    // Then it says which, and how the whole story comes out
    let noticed = session.noticed(&story).unwrap();
    assert_eq!(noticed.outcome, Outcome::Presumed);
    let missed: Vec<_> = noticed.missed.iter().map(|one| (one.question.as_str(), one.answer.as_str())).collect();
    assert_eq!(missed, [("Vous a-t-on obligé(e) à travailler et empêché(e) de partir ?", "Oui")]);
    session.answer("forced", Some("yes")).unwrap();
    assert_eq!(session.noticed(&story).unwrap().missed, []);
    // and she can go through to a referral, with the directory of the day
    let finished = session.finish(None).unwrap();
    practice.refer(finished.record, &to_doctor(Some("Clinic"), "Aline")).unwrap();
    assert_eq!(practice.directory().unwrap().services()[0].organisation, "Clinic");
    // but nothing of it reaches a server, nobody could open it, and her own phone knows nothing of it
    assert!(matches!(practice.sync(&Default::default()).await, Err(Error::Offline { .. })));
    let smuggled = practice.bundle().unwrap().expect("a file for couriers");
    assert!(phone.carry(&smuggled).await.is_err(), "the server does not take it from a courier either");
    phone.sync(&Default::default()).await.unwrap();
    let logged = |record| deployment.store().read(|log| log.find(record)).unwrap().is_some();
    assert!(logged(own) && !logged(finished.record), "her own case went, nothing else");
    let sealed = practice.mailbox().waiting(1, usize::MAX).unwrap().remove(0).sealed.unwrap();
    let authority = &deployment.authority;
    for identity in [&authority.case_worker, &authority.recovery] {
        assert!(seal::unseal(&sealed, identity).is_err());
    }
    assert_eq!((phone.waiting().unwrap().records, phone.cases(0).unwrap().len()), (0, cases));
    let before = sha256(&std::fs::read(place.join("vault.db")).unwrap());
    // and the next practice begins with nothing
    drop((session, practice));
    let practice = phone.practise(&place, "123456").unwrap();
    assert_eq!(practice.cases(0).unwrap(), []);
    assert_ne!(sha256(&std::fs::read(place.join("vault.db")).unwrap()), before);
}
