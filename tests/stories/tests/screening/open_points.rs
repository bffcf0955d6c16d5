//! The points that the decision rule leaves open, as they are decided (DECISIONS.md, "the open points of the rule"); and an old
//! assessment, computed again from its sealed answers and the package of its time.

use crate::sheets::{case, with};
use std::io::Read as _;
use std::sync::Arc;
use tabara_core::screening::{Assessment, Dimension, Outcome, Profile, assess, assess_again, read_questionnaire};

#[test]
fn vulnerability_alone_is_presumed_and_always_seen_by_a_reviewer() {
    let soft = assess(&case("TC12"));
    assert_eq!((soft.outcome, soft.tier), (Outcome::Presumed, Some(2)));
    assert!(soft.review.contains(&"soft_means".to_owned()));
    // with a known deception beside it no such reason is left
    let hard = assess(&with(&case("TC12"), &[("s1_path", "full"), ("q_job", "yes"), ("q_pay", "yes")]));
    assert!(hard.outcome == Outcome::Presumed && !hard.review.contains(&"soft_means".to_owned()));
}

#[test]
fn the_provisional_weights_for_sexual_exploitation_only_add_to_those_for_labour() {
    let mixed = assess(&case("TC36"));
    assert_eq!(mixed.profiles, [Profile::AL, Profile::AS]);
    assert!(mixed.positive.contains(&Dimension::EX), "long hours count, although AS gives them less");
}

#[test]
fn forced_acts_without_anybodys_gain_are_at_risk_with_the_violence_flagged() {
    let told = [("j_left", "yes"), ("j_where", "internal"), ("q_sex", "yes"), ("q_sex_gain", "no"), ("q_what", "none")];
    let forced = assess(&with(&case("TC25"), &told));
    assert_eq!(forced.outcome, Outcome::AtRisk);
    assert!(forced.flags.contains("F_gbv"));
}

#[test]
fn forced_marriage_with_every_means_denied_is_exploited_and_help_is_offered() {
    let married = assess(&case("TC24"));
    assert_eq!((married.outcome, married.review.len()), (Outcome::Exploited, 0));
    assert_eq!(married.advice(), [tabara_core::screening::Advice::Support]);
}

#[test]
fn a_named_form_of_work_is_complete_and_a_named_dependence_is_a_floor() {
    // a child who was moved and did some work, with nothing else said, does not become inconclusive
    let moved = with(
        &case("TC20"),
        &[("q_what", "ex_trade"), ("q_hours", "no"), ("q_paid", "no"), ("q_deduct", "no"), ("q_danger_work", "no")],
    );
    assert_eq!(assess(&moved).outcome, Outcome::NoIndication);
    assert!(assess(&case("TC57")).review.contains(&"could_be_presumed".to_owned()));
}

#[test]
fn kept_by_ones_own_family_is_an_act_only_if_it_is_answered_so() {
    assert_eq!(assess(&case("TC29")).review, ["act_missing"]);
    assert_eq!(assess(&case("TC30")).outcome, Outcome::Presumed);
    assert_eq!(assess(&case("TC20")).outcome, Outcome::NoIndication);
}

#[test]
fn a_caregivers_no_ends_the_screening_but_not_the_help() {
    let refused = assess(&with(&case("TC44"), &[("x_health", "yes")]));
    assert_eq!(refused.outcome, Outcome::NotScreened);
    assert!(refused.urgent.contains("U_medical"));
}

#[test]
fn two_signs_ask_for_a_reviewer_and_one_does_not() {
    let signs = |seen: &str| assess(&with(&case("TC25"), &[("o_obs", seen)])).review;
    assert!(signs("fear").is_empty());
    assert_eq!(signs("fear no_papers"), ["signs_seen"]);
}

/// A frozen case: sealed answers, whether it was stopped, and what the phone assessed at the time.
#[derive(serde::Deserialize)]
struct Frozen {
    id: String,
    answers: Vec<(String, String)>,
    stopped: bool,
    assessment: Assessment,
}

#[test]
fn an_old_assessment_is_computed_again_from_its_answers_and_its_package() {
    let mut package = Vec::new();
    let frozen = include_bytes!("../../../data/frozen/returnee-screening-2026-11.json.gz");
    flate2::read::GzDecoder::new(frozen.as_slice()).read_to_end(&mut package).unwrap();
    let form = Arc::new(read_questionnaire(&package).expect("a package of its time"));
    let cases: Vec<Frozen> =
        serde_json::from_str(include_str!("../../../data/frozen/returnee-screening-2026-11.cases.json")).unwrap();
    for case in &cases {
        let again = assess_again(&form, &case.answers, case.stopped);
        assert_eq!(again.as_ref(), Some(&case.assessment), "{}", case.id);
        // and one other answer is noticed
        let mut other = case.answers.clone();
        other.retain(|(path, _)| path != "j_left" && path != "j_work");
        assert!(other.len() == case.answers.len() || assess_again(&form, &other, case.stopped) != again, "{}", case.id);
    }
    assert!(cases.len() >= 8);
}
