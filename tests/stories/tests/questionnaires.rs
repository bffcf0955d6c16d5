//! Every questionnaire: each of its paths walked; then led from its first page to its last on a real phone, sent to a real
//! server and found on the coordinator's page.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tabara_core::facts::{Dictionary, Facts};
use tabara_core::focal_point::{FocalPoint, Session};
use tabara_core::interview::{Interview, InterviewConfig, Invalid, Page, Question};
use tabara_core::questionnaire::{NodeType, Questionnaire};
use tabara_core::screening;
use tabara_core::xlsform::workbook::Workbook;
use tabara_desk::translations;
use tabara_server::staff::role::Role;
use tabara_support::coordinator::Cell;
use tabara_support::deployment::{Deployment, SetClock};
use tabara_support::phone::KeyStore;
use tabara_support::rng::Rng;
use tabara_support::sign_in::SignIn;

/// 2026-11-12 10:00 UTC.
const START: i64 = 1_794_477_600;
const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../questionnaires");
const LANGUAGES: [&str; 4] = ["English (en)", "Français (fr)", "Ikirundi (rn)", "Kiswahili (sw)"];

/// Of each questionnaire: page, table and cell that one record of it moves, by how much.
const FORMS: [(&str, &str, &str, &str, u32); 5] = [
    ("hotline-intake", "people", "people-by-service", "sv_psychosocial", 1),
    ("referral-follow-up", "referrals", "referrals-by-service", "ready/sv_psychosocial", 1),
    ("assistance-given", "assistance", "assisted-by-beneficiary", "f/internally_displaced", 1),
    ("activity-report", "activities", "participants-by-type", "women/awareness", 3),
    ("law-enforcement-figures", "law", "law-figures", "investigations/police", 3),
];

/// The sources of all questionnaires, by name.
fn sources() -> BTreeMap<String, Vec<u8>> {
    let files = std::fs::read_dir(FOLDER).unwrap().map(|file| file.unwrap().path());
    let forms = files.filter(|path| path.extension().is_some_and(|ending| ending == "md"));
    forms.map(|path| (path.file_stem().unwrap().to_string_lossy().into(), std::fs::read(&path).unwrap())).collect()
}

/// Answers to a question that a person may give: each choice (of long lists a few), some numbers, nothing.
fn possible(question: &Question) -> Vec<Option<String>> {
    let some = |texts: &[&str]| texts.iter().map(|text| Some((*text).to_owned())).collect();
    let few = question.choices.len().div_ceil(50).max(1);
    let mut answers: Vec<Option<String>> = match question.kind {
        NodeType::Note => return Vec::new(),
        NodeType::Integer => some(&["0", "3", "16", "20", "27", "34", "60", "99"]),
        NodeType::Decimal => some(&["3"]),
        NodeType::Date => some(&["2026-10-01"]),
        NodeType::Text => some(&["7KQ4M2XHTC", "abc"]),
        _ => question.choices.iter().step_by(few).map(|choice| Some(choice.name.clone())).collect(),
    };
    if !question.required {
        answers.push(None);
    }
    answers
}

/// What the walks of one questionnaire have met.
#[derive(Default)]
struct Met {
    tried: BTreeSet<(String, Option<String>)>,
    open: BTreeSet<(String, Option<String>)>,
    reached: BTreeSet<String>,
    facts: BTreeSet<String>,
}

/// Leads one interview to its end: an answer that nobody gave yet before any other.
fn walk(form: &Arc<Questionnaire>, met: &mut Met, rng: &mut Rng) {
    let setting = InterviewConfig { language: "fr".into(), now: START, offset: 120, ..InterviewConfig::default() };
    let mut interview = Interview::start(form.clone(), setting);
    let mut page = interview.page();
    let mut new = 2;
    for _ in 0..200 {
        assert!(page.stoppable && !page.questions.is_empty(), "{}: {}", form.id, page.path);
        let mut asked = BTreeSet::new();
        while let Some(question) = page.questions.iter().find(|question| !asked.contains(&question.path)).cloned() {
            asked.insert(question.path.clone());
            met.reached.insert(question.path.clone());
            page = answer(&mut interview, &question, met, rng, &mut new);
        }
        if page.last {
            break;
        }
        page = interview.next();
        assert!(!page.refused, "{}: a dead end at {}: {:?}", form.id, page.path, page.questions);
    }
    assert!(page.last && interview.missing().is_empty(), "{}: {:?}", form.id, interview.missing());
    let assessment = screening::assess(&interview);
    let (kind, dictionary) = (screening::kind_of(form), Dictionary::standard());
    let mut facts: Facts = screening::facts(&interview, &assessment, "2026-11");
    facts.retain(|name, _| dictionary.get(name).is_some_and(|fact| fact.is_for(kind)));
    assert_eq!(dictionary.check(kind, &facts), Ok(()), "{}", form.id);
    met.facts.extend(facts.into_keys());
}

/// Gives one answer; what the question does not take is taken back.
fn answer(interview: &mut Interview, question: &Question, met: &mut Met, rng: &mut Rng, new: &mut usize) -> Page {
    let answers = possible(question);
    let of = |answer: &Option<String>| (question.path.clone(), answer.clone());
    let untried: Vec<&Option<String>> = answers.iter().filter(|answer| !met.tried.contains(&of(answer))).collect();
    let agreed = answers.iter().find(|answer| answer.as_deref() == Some("yes")).filter(|_| !rng.one_in(12));
    let given = match (untried.first(), agreed) {
        // a few new answers in each walk: each may close what stands behind it
        (Some(answer), _) if *new > 0 && rng.one_in(3) => {
            *new -= 1;
            (*answer).clone()
        }
        (_, Some(yes)) => yes.clone(),
        _ if answers.is_empty() => return interview.page(),
        _ => answers[rng.below(answers.len())].clone(),
    };
    met.open.extend(answers.iter().map(of));
    met.tried.insert(of(&given));
    let page = interview.answer(&question.path, given.as_deref()).unwrap();
    let broken = |page: &Page| {
        let message = page.questions.iter().find(|q| q.path == question.path).and_then(|q| q.message.as_ref());
        message.is_some_and(|message| message.why == Invalid::Constraint)
    };
    if !broken(&page) {
        return page;
    }
    let valid = answers
        .iter()
        .flatten()
        .find(|answer| interview.answer(&question.path, Some(answer)).is_ok_and(|page| !broken(&page)));
    match valid {
        Some(_) => interview.page(),
        None => interview.answer(&question.path, None).unwrap(),
    }
}

#[test]
fn every_path_of_every_questionnaire_leads_to_its_end() {
    for (name, source) in sources() {
        let form = Arc::new(screening::compile(&source).questionnaire.unwrap());
        let (mut met, mut rng) = (Met::default(), Rng::new(19));
        let shown = form.nodes.iter().filter(|node| node.kind.is_shown()).map(|node| node.name.as_str());
        let shown: Vec<&str> = shown.collect();
        // When people answer it in all ways, until nothing new is met
        let (mut walks, mut never) = (0, shown.clone());
        while walks < 40 || (walks < 4000 && !(met.open == met.tried && never.is_empty())) {
            walk(&form, &mut met, &mut rng);
            walks += 1;
            never.retain(|name| !met.reached.contains(*name));
        }
        // Then every question was reached and every answer given
        assert!(never.is_empty(), "{name}: never asked in {walks} walks: {never:?}");
        let untried: Vec<_> = met.open.difference(&met.tried).collect();
        assert!(untried.is_empty(), "{name}: nobody can answer {untried:?}");
        // and every fact that the form names was produced
        let named = form.nodes.iter().map(|node| &node.fact).chain(form.indicators.iter().map(|row| &row.fact));
        let missing: BTreeSet<&String> = named.filter(|fact| !fact.is_empty() && !met.facts.contains(*fact)).collect();
        assert!(missing.is_empty(), "{name}: never counted: {missing:?}");
    }
}

#[test]
fn every_text_stands_in_every_language_and_fits_a_small_phone() {
    let mut wrong = Vec::new();
    for (name, source) in sources().into_iter().filter(|(name, _)| name != "first-line") {
        for text in translations::texts(&Workbook::read(&source).unwrap()) {
            for language in LANGUAGES {
                match text.texts.get(language) {
                    None => wrong.push(format!("{name} {}: not in {language}", text.key)),
                    Some(told) => {
                        let long = told.chars().count() > text.limit
                            || told.split([' ', '\u{a0}', '-', '/']).any(|word| word.chars().count() > 28);
                        wrong.extend(long.then(|| format!("{name} {}: longer than {}: {told}", text.key, text.limit)));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Answers every question that is drawn with the first choice, or with 3, and goes on to the last page.
fn lead(session: &Session) {
    let mut asked = BTreeSet::new();
    let mut page = session.page().unwrap();
    loop {
        while let Some(question) = page.questions.iter().find(|question| !asked.contains(&question.path)) {
            asked.insert(question.path.clone());
            let (path, first) = (question.path.clone(), question.choices.first().map(|choice| choice.name.clone()));
            let answer = match question.kind {
                NodeType::Integer | NodeType::Decimal => Some("3".into()),
                _ => first,
            };
            // what the phone knows already, such as its commune, stays
            if let Some(answer) = answer.filter(|_| question.value.is_none()) {
                page = session.answer(&path, Some(&answer)).unwrap();
            }
        }
        if page.last {
            return;
        }
        page = session.next().unwrap();
        assert!(!page.refused, "a page cannot be left");
    }
}

#[test]
fn every_questionnaire_compiles_without_a_word_in_its_languages() {
    let sources = sources();
    for (name, source) in &sources {
        let compiled = screening::compile(source);
        assert!(compiled.diagnostics.is_empty(), "{name}: {:?}", compiled.diagnostics);
        assert_eq!(
            compiled.questionnaire.unwrap().languages,
            LANGUAGES[..if name == "first-line" { 2 } else { 4 }],
            "{name}"
        );
    }
    assert_eq!(sources.len(), 7);
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
    // When each is filled in to the end and sent, and the quarter is over
    let interviews = phone.clone();
    let filled = tokio::task::spawn_blocking(move || {
        for (form, ..) in FORMS {
            let session = interviews.start(&form.replace('-', "_"), "fr").unwrap();
            lead(&session);
            session.finish(None).unwrap();
        }
    });
    filled.await.unwrap();
    let report = phone.sync(&Default::default()).await.unwrap();
    assert_eq!((report.refused, report.quarantined), (0, 0));
    for days in [30, 60] {
        deployment.clock.set(START + days * 86_400);
        deployment.tick();
    }
    // Then the data officer finds each record in its table
    let officer = SignIn::new(&deployment, "data-officer", Role::NationalDataOfficer);
    let officer = officer.enter(&deployment.url()).await.unwrap();
    for (form, page, table, code, n) in FORMS {
        let sheet = officer.figures(&format!("page={page}&place=BI&period=all")).await.unwrap();
        assert_eq!(sheet.cell(table, code), Some(Cell::Number(n)), "{form}: {table} {code}");
    }
    deployment.stop().await;
}
