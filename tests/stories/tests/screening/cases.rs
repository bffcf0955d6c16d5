//! Single stories: every case of the rule's authors, facts, words, raising an outcome.

use crate::sheets::{case, cases, form, interview, setting, sheet_of, with};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tabara_core::facts::{Dictionary, FactValue};
use tabara_core::interview::Interview;
use tabara_core::questionnaire::{Indicator, Node};
use tabara_core::record::Kind;
use tabara_core::screening;
use tabara_core::screening::{Advice, Assessment, Dimension, Outcome, Profile, RaiseError, assess, facts};

fn words<T: serde::Serialize>(items: &[T], between: &str) -> String {
    let word = |item| serde_json::to_value(item).expect("plain").as_str().expect("a word").to_owned();
    items.iter().map(word).collect::<Vec<_>>().join(between)
}

/// What a case expects, computed, in the words of the table.
fn told(interview: &Interview) -> BTreeMap<&'static str, String> {
    let a = assess(interview);
    let screened = |text: String| if a.consent.record { text } else { String::new() };
    let of_cases = |flag: &&String| ["F_child_protection", "F_stopped"].contains(&flag.as_str());
    let flags: Vec<&String> = a.flags.iter().filter(of_cases).chain(&a.urgent).collect();
    BTreeMap::from([
        ("profile", words(&a.profiles, "|")),
        ("rule_path", a.rule_path.map_or(String::new(), |path| words(&[path], ""))),
        ("positive", words(&a.positive, " ")),
        ("act", screened(a.act.to_string())),
        ("purpose", screened(a.purpose.to_string())),
        ("outcome", a.outcome.code().into()),
        ("tier", a.tier.map_or(String::new(), |tier| tier.to_string())),
        ("review", (!a.review.is_empty()).to_string()),
        ("review_reasons", a.review.join("|")),
        ("flags", words(&flags, " ")),
        ("facts", if facts(interview, &a, "2026-11").is_empty() { "empty" } else { "yes" }.into()),
    ])
}

#[test]
fn every_case_of_the_rule_comes_out_as_its_authors_expect() {
    let cases = cases();
    for case in &cases {
        let (sheet, stopped) = sheet_of(case);
        let mut interview = interview(&sheet);
        if stopped {
            interview.stop();
        }
        for (column, value) in told(&interview) {
            assert_eq!(value, case[column], "{}: {} ({column})", case["id"], case["title"]);
        }
    }
    assert_eq!(cases.len(), 58);
}

#[test]
fn the_words_for_every_outcome_advice_and_reason_stand_in_both_languages() {
    let form = form();
    let advice = [
        Advice::Urgent,
        Advice::NoRecord,
        Advice::Inform,
        Advice::TalkAgain,
        Advice::Prevent,
        Advice::Support,
        Advice::Refer,
        Advice::Reviewed,
    ];
    let reasons = ["soft_means", "could_be_presumed", "act_missing", "unknowns", "signs_seen", "age_decides"];
    let rows = |kind| form.indicators.iter().filter(move |row| row.kind == kind).map(|row| row.code.clone());
    let outcomes = ["not_screened", "no_indication", "inconclusive", "at_risk", "exploited", "presumed"];
    let mut wanted: Vec<(&str, String)> = advice.iter().map(|a| ("advice", words(&[a], ""))).collect();
    wanted.extend(outcomes.map(|o| ("outcome", o.to_owned())));
    wanted.extend(reasons.map(|r| ("review_reason", r.to_owned())));
    wanted.extend(rows("review").map(|code| ("review_reason", code)));
    wanted.extend(rows("urgent").map(|code| ("urgent", code)));
    wanted.extend(rows("flag").chain(["F_stopped".to_owned()]).map(|code| ("flag", code)));
    for (list, code) in wanted {
        for language in ["en", "fr"] {
            assert!(form.choice_label(list, &code, language).is_some(), "{list} {code} {language}");
        }
    }
}

#[test]
fn a_focal_point_raises_with_a_reason_and_never_lowers() {
    let exploited = case("TC06");
    let mut assessment = assess(&exploited);
    assert_eq!(assessment.raise(&exploited, "bad mood"), Err(RaiseError::UnknownReason));
    assert_eq!(assessment.raise(&exploited, "seen_injuries"), Ok(()));
    assert_eq!((assessment.outcome, assessment.tier), (Outcome::Presumed, None));
    assert_eq!(assessment.advice(), [Advice::Refer]);
    let facts = assessment.facts();
    assert_eq!(facts.get("outcome"), Some(&FactValue::One("presumed".into())));
    assert_eq!(assessment.raise(&exploited, "seen_fear"), Err(RaiseError::AlreadyPresumed));
    let refused = case("TC14");
    assert_eq!(assess(&refused).raise(&refused, "seen_injuries"), Err(RaiseError::NotScreened));
}

#[test]
fn an_unknown_that_would_decide_is_named_with_what_it_would_change() {
    // exploited, every means item unknown: one strong act of coercion is not enough, so no single answer is
    // told; with one indicator of deception known, a second one would be
    let nearly = with(&case("TC23"), &[("s1_path", "full"), ("q_pay", "yes"), ("q_cond", "no")]);
    let assessment = assess(&nearly);
    assert_eq!(assessment.outcome, Outcome::Exploited);
    let job = assessment.would_change.iter().find(|change| change.question == "q_job").expect("q_job decides");
    assert_eq!((job.answer.as_str(), job.outcome, job.tier), ("yes", Outcome::Presumed, Some(2)));
    assert!(assessment.unknown.contains(&"q_job".to_owned()));
    assert!(!assessment.unknown.contains(&"q_pay".to_owned()));
    assert_eq!(assessment.counts[&Dimension::DR][&Profile::AL].medium, 1);
    assert!(assessment.counts[&Dimension::DR][&Profile::AL].unknown > 3);
    let written = serde_json::to_string(&assessment).expect("plain data");
    assert_eq!(serde_json::from_str::<Assessment>(&written).expect("as written"), assessment);
}

#[test]
fn urgent_needs_are_told_even_without_consent_but_nothing_else_is() {
    let refused = with(&case("TC14"), &[("x_health", "yes")]);
    let assessment = assess(&refused);
    assert_eq!(assessment.advice(), [Advice::Urgent, Advice::NoRecord]);
    assert_eq!(assessment.urgent, BTreeSet::from(["U_medical".to_owned()]));
    assert!(assessment.codes.is_empty() && assessment.unknown.is_empty() && assessment.coded.is_empty());
    assert!(facts(&refused, &assessment, "2026-11").is_empty());
}

#[test]
fn the_facts_of_a_screening_are_those_of_the_dictionary() {
    let louise = with(&case("TC01"), &[("p_sex", "f"), ("p_nat", "BI"), ("p_res_province", "BI-PR-04")]);
    let got = facts(&louise, &assess(&louise), "2026-11");
    assert_eq!(Dictionary::standard().check(Kind::Screening, &got), Ok(()));
    let one = |name: &str| got.get(name).and_then(|value| value.codes().next()).unwrap_or("").to_owned();
    let expected = [
        ("month", "2026-11"),
        ("outcome", "presumed"),
        ("sex", "f"),
        ("nationality", "BI"),
        ("age_band", "30-38"),
        ("destination_country", "KW"),
        ("destination_region", "gulf"),
        ("duration", "0-12"),
        ("gbv", "1"),
        ("recruiter_relation", "agency"),
    ];
    for (name, code) in expected {
        assert_eq!(one(name), code, "{name}");
    }
    let means: Vec<&str> = got["means"].codes().collect();
    assert_eq!(means, ["mc_abuse", "mc_deceive", "mc_deny"]);
}

#[test]
fn where_a_journey_went_is_told_by_short_lists_only() {
    let went = |answers: &[(&str, &str)]| {
        let interview = with(&case("TC25"), answers);
        let facts = facts(&interview, &assess(&interview), "2026-11");
        let one = |name: &str| facts.get(name).and_then(|value| value.codes().next()).unwrap_or("").to_owned();
        (one("destination_country"), one("destination_region"))
    };
    let told = |country: &str, region: &str| (country.to_owned(), region.to_owned());
    // no gate opened: nothing is told
    assert_eq!(went(&[]), told("", ""));
    for (place, country, region) in [
        ("KW", "KW", "gulf"),
        ("OM", "other", "gulf"),
        ("TZ", "other", "regional"),
        ("UG", "UG", "regional"),
        ("LB", "other", "other"),
        ("FR", "other", "other"),
        ("internal", "", "internal"),
        // not on offer beside "Inside Burundi", but the same
        ("BI", "", "internal"),
        ("", "", "ns"),
    ] {
        assert_eq!(went(&[("j_left", "yes"), ("j_where", place)]), told(country, region), "{place}");
    }
    let asked = with(&case("TC25"), &[("j_left", "yes")]).jump("j_where").expect("asked");
    let on_offer: Vec<&str> = asked.questions[0].choices.iter().map(|choice| choice.name.as_str()).collect();
    assert_eq!((on_offer.len(), on_offer[0], on_offer.contains(&"BI")), (249, "internal", false));
    // made to work, and nobody took her anywhere
    assert_eq!(went(&[("j_work", "yes"), ("p_res_province", "BI-PR-02")]), told("", "internal"));
    assert_eq!(went(&[("j_work", "yes"), ("p_res_province", "abroad")]), told("", "ns"));
}

#[test]
fn the_six_questions_of_the_first_line_come_to_an_assessment_too() {
    let source = include_bytes!("../../../../questionnaires/first-line.md");
    let form = Arc::new(screening::compile(source).questionnaire.expect("no fault"));
    let judged = |answers: &[(&str, &str)]| assess(&with(&Interview::start(form.clone(), setting()), answers));
    assert_eq!(judged(&[("consent", "no")]).outcome, Outcome::NotScreened);
    assert_eq!(judged(&[("consent", "yes")]).outcome, Outcome::Inconclusive);
    let silent = judged(&[("consent", "yes"), ("left", "yes"), ("forced", "yes")]);
    assert_eq!((silent.outcome, silent.tier), (Outcome::Presumed, Some(2)));
    assert!(silent.facts().is_empty());
    assert_eq!(judged(&[("consent", "yes"), ("left", "yes"), ("forced", "no")]).outcome, Outcome::NoIndication);
}

/// A table of the reference beside this clone, or a word that it is absent.
fn reference(file: &str) -> Option<Vec<BTreeMap<String, String>>> {
    let shared = std::env::var_os("TABARA_SHARED").map_or("../../../shared".into(), std::path::PathBuf::from);
    let Ok(table) = csv::Reader::from_path(shared.join("data/screening").join(file)) else {
        println!("absent: {file} is not beside this clone (TABARA_SHARED)");
        return None;
    };
    Some(table.into_deserialize().map(|row| row.expect("a row")).collect())
}

/// The variables of CTDC 2024 for means of control, and our codes.
const OUR_MEANS: [(&str, &str); 8] = [
    ("meansDebtBondageEarnings", "mc_debt"),
    ("meansAbusePsyPhySex", "mc_abuse"),
    ("meansThreats", "mc_threat"),
    ("meansFalsePromises", "mc_deceive"),
    ("meansDrugsAlcohol", "mc_drugs"),
    ("meansDenyBasicNeeds", "mc_deny"),
    ("meansExcessiveWorkHours", "mc_hours"),
    ("meansWithholdDocs", "mc_docs"),
];

#[test]
fn every_answer_raises_what_the_reference_says_with_its_weights() {
    let (Some(yields), Some(weights)) = (reference("yields.csv"), reference("ilo-indicators.csv")) else { return };
    let Some(means) = reference("../standards/crosswalk-means.csv") else { return };
    let form = form();
    // means are told in the eight groups of CTDC 2024
    let group = |code: &str| {
        let of = means.iter().find(|row| row["code"] == code).map(|row| row["ctdc_2024"].as_str());
        OUR_MEANS.iter().find(|(ctdc, _)| Some(*ctdc) == of).map_or(code.to_owned(), |(_, ours)| (*ours).to_owned())
    };
    let weights: BTreeMap<&str, _> = weights.iter().map(|row| (row["code"].as_str(), row)).collect();
    // forms of exploitation are a fact of their question; these flags are roles, or are read by nobody
    let elsewhere = "F_child F_consent F_assent F_statistics F_contact F_rv_gate F_referral";
    let here = |code: &str| !code.starts_with("ex_") && !elsewhere.split(' ').any(|flag| flag == code);
    for told in yields.iter().filter(|row| here(&row["code"])) {
        let (question, answer, code) = (&told["question"], &told["answer"], &group(&told["code"]));
        let is_it = |row: &&Indicator| {
            form.nodes[row.question as usize].name == *question && row.answer == *answer && row.code == *code
        };
        let row = form.indicators.iter().find(is_it).unwrap_or_else(|| panic!("{question} {answer} {code} is missing"));
        let gated = told["condition"].starts_with("q_why_used");
        assert_eq!(row.condition, if gated { "q_why_used" } else { "" }, "{question} {code}");
        assert_eq!(row.kind == "child_purpose", told["condition"] == "child rule", "{question} {code}");
        assert_eq!(row.fact, if code.starts_with("mc_") { "means" } else { "" }, "{question} {code}");
        if let Some(known) = weights.get(code.as_str()) {
            assert_eq!((row.kind.as_str(), &row.dimension), ("indicator", &known["dimension"]), "{code}");
            for profile in ["AL", "CL", "AS", "CS"] {
                let weight = row.weights.get(profile).map_or("", String::as_str);
                assert_eq!(weight, known[&format!("weight_{profile}")], "{code} {profile}");
            }
        }
    }
}

#[test]
fn every_question_of_the_reference_is_asked_in_its_order_and_in_two_languages() {
    let Some(wanted) = reference("questionnaire.csv") else { return };
    let form = form();
    let names: BTreeSet<&str> = wanted.iter().map(|row| row["code"].as_str()).collect();
    let asked: Vec<&Node> = form.nodes.iter().filter(|node| names.contains(node.name.as_str())).collect();
    assert_eq!(asked.len(), 89);
    for (node, row) in asked.iter().zip(&wanted) {
        assert_eq!(node.name, row["code"]);
        assert!(node.label.0.iter().all(|text| !text.is_empty()), "{}", node.name);
        // these facts are made coarser by a calculation of the same name
        let coarser = ["already", "displacement"].contains(&row["fact"].as_str());
        let holder =
            if coarser { form.nodes.iter().find(|n| n.name == row["fact"]).expect("a calculation") } else { node };
        assert_eq!(holder.fact, row["fact"], "{}", node.name);
        assert!(!coarser || node.fact.is_empty() && holder.calculation.contains(&node.name), "{}", node.name);
        assert_eq!(node.sealed_only, row["sealed_only"] == "true", "{}", node.name);
        assert!(node.relevant.starts_with(&row["relevant"]), "{}", node.name);
    }
}
