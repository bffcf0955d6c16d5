//! What waits for a case worker, read from a real server's log: focal points seal to her key, providers answer, a reviewer decides.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use tabara_core::case_export::CaseExport;
use tabara_core::catalog::Reviewer;
use tabara_core::clock::Clock as _;
use tabara_core::focal_point::FocalPoint;
use tabara_core::record::Uuid;
use tabara_core::referral::{NewReferral, Status};
use tabara_core::seal;
use tabara_core::share::ReferralNote;
use tabara_desk::case::{self, Proof};
use tabara_desk::export;
use tabara_desk::inbox::{self, InboxTask};
use tabara_desk::review::{self, ReviewDecision};
use tabara_desk::services::{self, ServicesTool};
use tabara_desk::texts::Texts;
use tabara_server::devices::bundles;
use tabara_support::deployment::{Deployment, SetClock};
use tabara_support::phone::{KeyStore, presumed_victim, to_doctor};
use tabara_support::{interviewer, people};

const CLINIC: &str = "Clinic of Kayanza";
const SHELTER: &str = "Shelter of Ngozi";
/// 2026-11-10 12:00 UTC.
const NOON: i64 = 1_794_312_000;
const DAY: i64 = 86_400;

async fn enrolled(folder: &Path, clock: &Arc<SetClock>, card: &str) -> FocalPoint {
    let phone = FocalPoint::open(folder, Arc::<KeyStore>::default(), clock.clone()).unwrap();
    phone.enrol(card, "271828").unwrap();
    sync(&phone).await;
    phone
}

async fn sync(phone: &FocalPoint) {
    phone.sync(&Default::default()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_case_worker_sees_what_is_to_be_done_first_and_who_decided_and_opens_nothing_for_it() {
    // Given a focal point, two providers, and a reviewer whom the catalog names
    let (folder, clock) = (tempfile::tempdir().unwrap(), SetClock::at(NOON));
    let forms = ["first-line.md", "returnee-screening.md"];
    let mut deployment = Deployment::start(folder.path(), clock.clone(), &forms, 0).await;
    let key = deployment.authority.reviewer.public();
    deployment.catalog.reviewers.push(Reviewer { name: "Beata".into(), key });
    deployment.catalog.version += 1;
    deployment.publish();
    let clinic = enrolled(&folder.path().join("a"), &clock, &deployment.provider_card(CLINIC)).await;
    let shelter = enrolled(&folder.path().join("b"), &clock, &deployment.provider_card(SHELTER)).await;
    let phone = enrolled(&folder.path().join("c"), &clock, &deployment.card("BI-CO-04-02")).await;
    // and somebody whom nobody has answered, though it has hours
    let screened = |name: &str| presumed_victim(&phone, name).finish(None).unwrap();
    let urgent = screened("Aline");
    let at_once = NewReferral { urgency: "h3".into(), ..to_doctor(Some(CLINIC), "Aline") };
    let urgent_referral = phone.refer(urgent.record, &at_once).unwrap().referral;
    // and one whom the clinic declined, and the shelter helped
    let helped = screened("Benite");
    let declined = phone.refer(helped.record, &to_doctor(Some(CLINIC), "Benite")).unwrap().referral;
    sync(&phone).await;
    sync(&clinic).await;
    let hours = Some("mo-fr 08:00-12:00".into());
    clinic
        .answer(declined, Status::Declined, Some(ReferralNote { full: true, hours, ..ReferralNote::default() }))
        .unwrap();
    sync(&clinic).await;
    sync(&phone).await;
    let second = phone.refer(helped.record, &to_doctor(Some(SHELTER), "Benite")).unwrap().referral;
    // and one who was screened twice
    let mut twice = people::people(true).into_iter().find(|person| person.presumed).unwrap();
    let first = interviewer::screen(&phone, &twice).unwrap();
    twice.answers.insert("p_already", "yes_code".into());
    twice.answers.insert("p_code", first.code.as_ref().unwrap().to_string());
    let again = interviewer::screen(&phone, &twice).unwrap();
    assert_eq!(first.code, again.code);
    sync(&phone).await;
    sync(&shelter).await;
    shelter.answer(second, Status::Accepted, None).unwrap();
    shelter.answer(second, Status::Completed, None).unwrap();
    sync(&shelter).await;

    // When the operator writes what is held, and the case worker reads it the same evening
    let inbox = tempfile::tempdir().unwrap();
    let authority = deployment.authority.key.public();
    let read = || {
        deployment.export_inbox(inbox.path());
        let (rows, refused) = inbox::rows(inbox.path(), Proof::From(authority)).unwrap();
        assert!(refused.is_empty(), "{}", refused[0].why);
        rows
    };
    let rows = read();
    // Then what has hours stands first, at its place, and is pressing; what takes a day is not yet
    let task = |record: Uuid| rows.iter().filter(|row| row.record == record).map(|row| &row.task).collect::<Vec<_>>();
    let (service, to) = ("sv_medical".to_owned(), CLINIC.to_owned());
    assert_eq!(task(urgent_referral), [&InboxTask::Referral { urgency: "h3".into(), service, to }]);
    assert_eq!((rows[0].record, rows[0].place.as_str()), (urgent_referral, "BI-CO-04-02"));
    let now = clock.unix();
    assert_eq!(
        rows.iter().filter(|row| row.is_overdue(now)).map(|row| row.record).collect::<Vec<_>>(),
        [urgent_referral]
    );
    // the declined referral is over, since another provider helped; after a month somebody asks how she is
    assert_eq!(task(declined), [] as [&InboxTask; 0]);
    assert!(matches!(task(second)[..], [InboxTask::FollowUp { .. }]), "{:?}", task(second));
    // each screening waits for a decision, and the two of one person are perhaps one
    assert_eq!(task(helped.record), [&InboxTask::Review { outcome: "presumed".into() }]);
    let double = InboxTask::Double { screenings: 2 };
    assert!(task(first.record).contains(&&double) && task(again.record).contains(&&double));

    // What the clinic said of itself is a proposal for the directory, and the shelter is as it was
    let at = |name: &str| folder.path().join(name);
    std::fs::write(at("aline.txt"), &*deployment.authority.case_worker).unwrap();
    let service = |of| format!("{of};Care;Kayanza;sv_medical;24/7;5");
    let table = format!("organisation;name;place;offers;hours;capacity\n{}\n{}\n", service(CLINIC), service(SHELTER));
    std::fs::write(at("services.csv"), table).unwrap();
    let tool = ServicesTool::Proposals {
        folder: inbox.path().to_owned(),
        directory: at("services.csv"),
        identity: at("aline.txt"),
        authority,
        output: Some(at("proposed.csv")),
        language: "en".into(),
        secret: Default::default(),
    };
    services::run(tool).unwrap();
    let proposed = services::import(&std::fs::read(at("proposed.csv")).unwrap()).directory.unwrap();
    let now: Vec<_> = proposed.services().iter().map(|one| (one.capacity, one.hours.as_str())).collect();
    assert_eq!(now, [(Some(0), "mo-fr 08:00-12:00"), (Some(5), "24/7")]);

    // When the reviewer decides, and the server takes her bundle in
    let decide = |record: Uuid, decision: &str| {
        let held = case::held(&inbox.path().join(rows.iter().find(|row| row.record == record).unwrap().file.clone()));
        let case = held.unwrap().entries.iter().find(|entry| entry.record == record).unwrap().sent.clone().unwrap();
        let case = tabara_core::envelope::stored::<tabara_core::record::Record>(&case.jws).unwrap().case;
        let decision = ReviewDecision {
            record,
            case,
            decision: decision.into(),
            decided_by: "iom".into(),
            reason: Some("document".into()),
            note: None,
        };
        let key = &deployment.authority.reviewer;
        let bundle = review::bundle(
            &[review::sign(&decision, key, &review::readers(&deployment.catalog), clock.unix()).unwrap()],
            key,
            &deployment.catalog,
        )
        .unwrap();
        let (store, settings) = (deployment.store(), deployment.settings());
        let opened = bundles::open(store, &settings, &bundle).unwrap();
        bundles::answer(store, &settings, opened).unwrap();
    };
    decide(helped.record, "confirmed");
    decide(again.record, "duplicate");
    // Then it says who decided, and nobody looks for the double any more
    let rows = read();
    let all: BTreeMap<_, Vec<_>> = rows.iter().fold(BTreeMap::new(), |mut all, row| {
        all.entry(row.record).or_insert_with(Vec::new).push(row.task.clone());
        all
    });
    let decided = |decision: &str| InboxTask::Decided { decision: decision.into(), by: "iom".into() };
    assert_eq!(all[&helped.record], [decided("confirmed")]);
    assert_eq!(all[&again.record], [decided("duplicate")]);
    assert_eq!(all[&first.record], [InboxTask::Review { outcome: "presumed".into() }]);
    // a month later the follow-up is overdue; and the text says all of it, in words, with no name
    clock.set(NOON + 40 * DAY);
    assert!(rows.iter().any(|row| matches!(row.task, InboxTask::FollowUp { .. }) && row.is_overdue(clock.unix())));
    let text = inbox::text(&rows, &[], clock.unix(), &Texts::new("fr").unwrap());
    for words in ["Soins médicaux", "confirmé", "OIM", "suivi"] {
        assert!(text.contains(words), "{words}: {text}");
    }
    assert!(!text.contains("Aline") && !text.contains("Benite") && !text.contains("h3"), "{text}");

    // When a new case worker comes, and the old one gives her this case
    let file = rows.iter().find(|row| row.record == helped.record).unwrap().file.clone();
    let (held, proof) = (case::held(&inbox.path().join(file)).unwrap(), Proof::From(authority));
    let ((newcomer, to), worker) = (seal::new_identity(), &deployment.authority.case_worker);
    let told =
        |held: &CaseExport, key: &str| export::text(held, key, proof, |_| None, "en").map_err(|why| why.to_string());
    assert!(told(&held, &newcomer).unwrap_err().contains("does not open"));
    assert!(case::copy(&held, &newcomer, proof, &to).is_err(), "who cannot open it cannot give it");
    let copied = case::copy(&held, worker, proof, &to).unwrap();
    // Then she reads the same, with the same proof, and so can the old one; and she can pass it on
    for key in [&newcomer, worker] {
        let text = told(&copied, key).unwrap();
        assert!(text.contains("Benite") && text.contains("reason: document"), "{text}");
    }
    let ((third, to), (stranger, _)) = (seal::new_identity(), seal::new_identity());
    assert!(told(&case::copy(&copied, &newcomer, proof, &to).unwrap(), &third).unwrap().contains("Benite"));
    assert!(told(&copied, &stranger).is_err());
    assert!(!serde_json::to_string(&copied).unwrap().contains("Benite"));
}
