//! The interview protocol (WHO 2003, HTCDS, Primero, UNICEF), one story for each of its twelve steps.

use crate::sheets::{case, form, interview, rank, setting, with};
use std::collections::BTreeSet;
use std::sync::Arc;
use tabara_core::catalog::Policy;
use tabara_core::interview::{Interview, Page};
use tabara_core::questionnaire::{Node, NodeType};
use tabara_core::screening::{self, Outcome, assess, facts};

fn start() -> Interview {
    Interview::start(form(), setting())
}

fn node(name: &str) -> Node {
    form().nodes.iter().find(|node| node.name == name).expect("a question").clone()
}

/// The page of a question, if it is asked.
fn page(interview: &Interview, question: &str) -> Option<Page> {
    interview.clone().jump(question).ok()
}

/// The questions of all pages from the first to the last, as they are asked now.
fn asked(interview: &Interview) -> Vec<String> {
    let shown = interview.questionnaire().nodes.iter().filter(|node| node.kind.is_shown());
    shown.filter(|node| interview.relevant(&node.name)).map(|node| node.name.clone()).collect()
}

fn asks(interview: &Interview, question: &str) -> bool {
    asked(interview).iter().any(|name| name == question)
}

/// The text of a question in English.
fn english(name: &str) -> String {
    node(name).label.0[0].clone()
}

#[test]
fn step_1_where_it_is_not_safe_nobody_gets_past_the_second_page() {
    for unsafe_answer in [("s1_private", "no"), ("s1_alone", "no"), ("s1_danger", "yes")] {
        let mut interview = with(&start(), &[("s1_private", "yes"), ("s1_alone", "yes"), unsafe_answer]);
        let stopped_at = interview.next();
        assert!(stopped_at.questions.iter().any(|q| q.path == "s1_contacts"), "{unsafe_answer:?}");
        assert!(interview.next().refused && stopped_at.stoppable);
        interview.stop();
        assert_eq!(assess(&interview).outcome, Outcome::NotScreened);
        interview = with(&interview, &[("s1_next", "moved")]);
        assert!(!interview.next().refused);
        // somebody comes in at the end: nothing of what was said is lost
        let told = case("TC01");
        assert_eq!(rank(&with(&told, &[unsafe_answer])), rank(&told));
    }
}

#[test]
fn step_2_the_language_is_chosen_and_nobody_who_came_along_interprets() {
    let offered = page(&start(), "s1_lang").expect("asked").questions;
    let languages = offered.iter().find(|q| q.path == "s1_lang").expect("on the page");
    let codes: Vec<&str> = languages.choices.iter().map(|choice| choice.name.as_str()).collect();
    assert_eq!(codes[..4], ["rn", "fr", "sw", "en"]);
    assert!(english("s1_offer").contains("a woman or a man") && english("s1_offer").contains("does not interpret"));
}

#[test]
fn step_3_under_18_or_in_doubt_the_child_path_applies() {
    for (age, unsure, child) in
        [("17", "no", true), ("30", "yes", true), ("", "", true), ("", "no", false), ("18", "no", false)]
    {
        let interview = with(&start(), &[("s2_age", age), ("s2_age_unsure", unsure)]);
        for question in ["s2_child_rules", "s3_assent", "s3_caregiver"] {
            assert_eq!(asks(&interview, question), child, "{question} at {age} {unsure}");
        }
    }
}

#[test]
fn step_4_without_one_of_seven_checks_nothing_is_recorded_and_retention_is_said() {
    for check in 1..=7 {
        let refused = assess(&with(&case("TC01"), &[(&format!("s3_c{check}"), "no")]));
        assert!(refused.outcome == Outcome::NotScreened && !refused.consent.record && refused.codes.is_empty());
    }
    // what is read aloud is what phones do
    let days = format!("{} days", Policy::default().keep_sealed_days);
    assert!(english("s3_say_keep").contains(&days) && english("s3_say_use").contains("stop at any time"));
    assert!(node("s3_c1").hint.0[0].contains("Help never depends on it"));
}

#[test]
fn step_5_counting_and_contact_are_agreed_to_one_by_one() {
    let uncounted = with(&case("TC01"), &[("s3_stats", "no")]);
    assert!(assess(&uncounted).consent.record && facts(&uncounted, &assess(&uncounted), "2026-11").is_empty());
    let contact = ["c_name", "c_channel", "c_reach", "c_times", "c_who", "c_code"];
    for question in contact {
        assert!(!asks(&case("TC01"), question) && asks(&with(&case("TC01"), &[("s3_keep", "yes")]), question));
        assert!(node(question).sealed_only && node(question).fact.is_empty());
    }
}

#[test]
fn step_6_every_question_may_be_skipped_and_none_asks_for_a_story() {
    let must: BTreeSet<&str> =
        ["s1_next", "s3_c1", "s3_c2", "s3_c3", "s3_c4", "s3_c5", "s3_c6", "s3_c7", "s3_assent", "s3_caregiver"].into();
    for node in &form().nodes {
        assert_eq!(!node.required.is_empty(), must.contains(node.name.as_str()), "{}", node.name);
        // free text only of the slip and the safe contact
        assert!(node.kind != NodeType::Text || node.name == "p_code" || node.name.starts_with("c_"), "{}", node.name);
    }
    for question in ["q_force_go", "q_beaten", "q_sex", "q_sex_gain"] {
        assert!(node(question).hint.0[0].contains("No details"), "{question}");
    }
    for gate in ["j_left", "j_moved", "j_work"] {
        assert!(asks(&case("TC25"), gate));
    }
}

#[test]
fn step_7_the_urgent_card_comes_before_the_end_and_is_raised_after_a_stop() {
    let answers = [
        ("s1_danger", "yes", "U_danger"),
        ("x_now", "yes", "U_threat_now"),
        ("x_child", "yes", "U_child"),
        ("x_health", "yes", "U_medical"),
        ("x_self", "yes", "U_psychosocial"),
        ("x_exit", "ongoing", "U_threat_now"),
    ];
    for (question, answer, code) in answers {
        assert!(!asks(&case("TC01"), "x_card"));
        let mut urgent = with(&case("TC01"), &[(question, answer)]);
        let order = asked(&urgent);
        let at = |name: &str| order.iter().position(|asked| asked == name);
        assert!(at("x_card").is_some() && at("x_card") < at("n_need"), "{question}");
        urgent.stop();
        assert!(assess(&urgent).urgent.contains(code));
    }
    // also without agreement
    let refused = with(&case("TC14"), &[("x_self", "yes")]);
    assert!(asks(&refused, "x_card") && assess(&refused).urgent.contains("U_psychosocial"));
}

#[test]
fn step_8_a_child_agrees_itself_and_a_suspected_caregiver_is_not_asked() {
    let child = |caregiver: &str| assess(&with(&case("TC42"), &[("s3_caregiver", caregiver)]));
    assert_eq!(child("no").outcome, Outcome::NotScreened);
    for without in ["none_present", "suspected"] {
        assert!(child(without).consent.record && child(without).flags.contains("F_child_protection"));
    }
    assert!(child("suspected").review.contains(&"caregiver_suspected".to_owned()));
    let silent = assess(&with(&case("TC42"), &[("s3_assent", "no")]));
    assert_eq!(silent.outcome, Outcome::NotScreened);
    assert!(
        english("s2_child_rules").contains("before the risk is known")
            && english("s2_child_rules").contains("guardian")
    );
}

#[test]
fn step_9_the_duty_to_report_is_one_cell_of_the_form() {
    let source = include_str!("../../../../questionnaires/returnee-screening.md");
    let child = [("s2_age", "12"), ("s2_age_unsure", "no")];
    assert!(asks(&with(&start(), &child), "s2_report"));
    let duty = source.lines().find(|line| line.contains("| report_duty |")).expect("a calculation");
    let without = source.replace(duty, &duty.replace("| 1 |", "| 0 |"));
    let form = Arc::new(screening::compile(without.as_bytes()).questionnaire.expect("no fault"));
    let interview = with(&Interview::start(form, setting()), &child);
    assert!(asks(&interview, "s2_child_rules") && !asks(&interview, "s2_report"));
}

#[test]
fn step_10_no_service_is_told_without_agreement_and_police_never_by_itself() {
    let source = include_bytes!("../../../../questionnaires/referral-follow-up.md");
    let form = Arc::new(screening::compile(source).questionnaire.expect("no fault"));
    let agreed =
        with(&Interview::start(form, setting()), &[("consent", "yes"), ("service", "sv_police"), ("share", "no")]);
    let state = |interview: &Interview, status: &str| {
        let mut copy = interview.clone();
        let page = copy.jump("status").and_then(|_| copy.answer("status", Some(status))).expect("asked");
        page.questions.iter().find(|q| q.path == "status").is_some_and(|q| q.message.is_none())
    };
    assert!(!state(&agreed, "sent") && state(&agreed, "refused"));
    assert!(state(&with(&agreed, &[("share", "yes")]), "sent"));
    // an exception has its reason
    assert!(
        state(&with(&agreed, &[("without", "vital_interest")]), "sent")
            && !state(&with(&agreed, &[("without", "none")]), "sent")
    );
    assert!(english("z_next").contains("only if the person wants it"));
}

#[test]
fn step_11_the_end_says_what_comes_next_and_where_to_complain() {
    for told in [case("TC01"), case("TC14"), case("TC25")] {
        let order = asked(&told);
        assert_eq!(order[order.len() - 3..], ["z_next", "z_slip", "z_complain"]);
    }
    assert!(
        english("z_slip").contains("only if it can be kept without danger")
            && english("z_complain").contains("without losing any help")
    );
}

#[test]
fn step_12_no_title_shows_an_answer_and_no_text_calls_anybody_not_a_victim() {
    let form = form();
    let shown = form.nodes.iter().flat_map(|node| node.label.0.iter().chain(&node.hint.0));
    let all: Vec<&String> =
        shown.chain(form.lists.iter().flat_map(|list| list.choices.iter().flat_map(|c| &c.label.0))).collect();
    for text in &all {
        let low = text.to_lowercase();
        assert!(!text.contains("${"), "an answer in a text: {text}");
        assert!(
            !["not a victim", "no victim", "pas victime", "pas une victime", "si mwathirika", "ntiyacurujwe"]
                .iter()
                .any(|word| low.contains(word)),
            "{text}"
        );
    }
    // the mildest outcome is no verdict, and nothing can lower a harsher one
    assert!(form.choice_label("outcome", "no_indication", "en").is_some_and(|label| label == "No indication"));
    let nothing = interview(&Default::default());
    assert!(
        !assess(&nothing).is_raisable() && assess(&case("TC25")).is_raisable() && !assess(&case("TC01")).is_raisable()
    );
}
