//! Every questionnaire, led from its first page to its last on a real phone, sent to a real server and found on the
//! coordinator's page.

use std::collections::BTreeSet;
use std::sync::Arc;
use tabara_core::focal_point::{FocalPoint, Session};
use tabara_core::screening;
use tabara_server::staff::role::Role;
use tabara_support::coordinator::Cell;
use tabara_support::deployment::{Deployment, SetClock};
use tabara_support::phone::KeyStore;
use tabara_support::sign_in::SignIn;

/// 2026-11-12 10:00 UTC.
const START: i64 = 1_794_477_600;

/// Of each questionnaire: page, table and cell that one record of it moves, by how much.
const FORMS: [(&str, &str, &str, &str, u32); 5] = [
    ("hotline-intake", "people", "people-by-service", "sv_psychosocial", 1),
    ("referral-follow-up", "referrals", "referrals-by-service", "ready/sv_psychosocial", 1),
    ("assistance-given", "assistance", "assisted-by-beneficiary", "f/internally_displaced", 1),
    ("activity-report", "activities", "participants-by-type", "women/awareness", 3),
    ("law-enforcement-figures", "law", "law-figures", "convictions/police", 3),
];

/// Answers every question that is drawn with the first choice, or with 3, and goes on to the last page.
fn lead(session: &Session) -> usize {
    let mut asked = BTreeSet::new();
    let mut page = session.page().unwrap();
    loop {
        while let Some(question) = page.questions.iter().find(|question| !asked.contains(&question.path)) {
            let path = question.path.clone();
            let answer = question.choices.first().map_or("3".to_owned(), |choice| choice.name.clone());
            page = session.answer(&path, Some(&answer)).unwrap();
            asked.insert(path);
        }
        if page.last {
            return asked.len();
        }
        page = session.next().unwrap();
        assert!(!page.refused, "a page cannot be left");
    }
}

#[test]
fn every_questionnaire_compiles_without_a_word_in_two_languages() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../questionnaires");
    let mut forms = 0;
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        if path.extension().is_some_and(|ending| ending == "md") {
            let compiled = screening::compile(&std::fs::read(&path).unwrap());
            assert!(compiled.diagnostics.is_empty(), "{}: {:?}", path.display(), compiled.diagnostics);
            assert_eq!(compiled.questionnaire.unwrap().languages.len(), 2, "{}", path.display());
            forms += 1;
        }
    }
    assert_eq!(forms, 7);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_record_of_each_questionnaire_reaches_its_table() {
    // Given a phone that has all questionnaires
    let (folder, clock) = (tempfile::tempdir().unwrap(), SetClock::at(START));
    let files = FORMS.map(|(form, ..)| format!("{form}.md"));
    let names: Vec<&str> = files.iter().map(String::as_str).collect();
    let mut deployment = Deployment::start(folder.path(), clock.clone(), &names, 0).await;
    let (place, card) = (folder.path().join("phone"), deployment.card("BI-CO-04-02"));
    let phone = tokio::task::spawn_blocking(move || {
        let phone = FocalPoint::open(&place, Arc::new(KeyStore::default()), clock).unwrap();
        phone.enrol(&card, "271828").unwrap();
        Arc::new(phone)
    });
    let phone = phone.await.unwrap();
    phone.sync(&Default::default()).await.unwrap();
    // When each is filled in to the end and sent, and the month closes
    let interviews = phone.clone();
    let asked = tokio::task::spawn_blocking(move || {
        FORMS.map(|(form, ..)| {
            let session = interviews.start(&form.replace('-', "_"), "fr").unwrap();
            let asked = lead(&session);
            session.finish(None).unwrap();
            asked
        })
    });
    assert_eq!(asked.await.unwrap(), [5; 5], "each skeleton has five questions");
    let report = phone.sync(&Default::default()).await.unwrap();
    assert_eq!((report.refused, report.quarantined), (0, 0));
    deployment.clock.set(START + 30 * 86_400);
    deployment.tick();
    // Then the data officer finds each record in its table
    let officer = SignIn::new(&deployment, "data-officer", Role::NationalDataOfficer);
    let officer = officer.enter(&deployment.url()).await.unwrap();
    for (form, page, table, code, n) in FORMS {
        let sheet = officer.figures(&format!("page={page}&place=BI&period=all")).await.unwrap();
        assert_eq!(sheet.cell(table, code), Some(Cell::Number(n)), "{form}: {table} {code}");
    }
    deployment.stop().await;
}
