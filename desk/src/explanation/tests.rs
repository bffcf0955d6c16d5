use super::*;
use tabara_core::interview::{Interview, InterviewConfig};
use tabara_core::screening::{self, assess};

fn told(answers: &[(&str, &str)], language: &str) -> String {
    let source = include_bytes!("../../../questionnaires/returnee-screening.md");
    let form = Arc::new(screening::compile(source).questionnaire.expect("no faults"));
    let mut interview = Interview::start(form.clone(), InterviewConfig::default());
    let agreed = (1..=7).map(|check| (format!("s3_c{check}"), "yes".to_owned()));
    let given = answers.iter().map(|(name, answer)| ((*name).to_owned(), (*answer).to_owned()));
    for (name, answer) in agreed.chain(given) {
        interview.set(&name, Some(&answer)).expect("an answer of the list");
    }
    text(&assess(&interview), &interview.answers(), &form, &Texts::new(language).expect("spoken"))
}

const DECEIVED: [(&str, &str); 9] = [
    ("s2_age", "30"),
    ("s2_age_unsure", "no"),
    ("j_left", "yes"),
    ("j_arranged", "agency"),
    ("q_job", "yes"),
    ("q_pay", "yes"),
    ("q_what", "ex_domestic"),
    ("q_hours", "yes"),
    ("q_paid", "yes"),
];

#[test]
fn a_reviewer_reads_elements_answers_and_unknowns_on_one_page() {
    let page = told(&DECEIVED, "en");
    let order = [
        "Presumed victim, tier 2",
        "Act: met",
        "  - Did you leave home for work, study, marriage or help promised by someone? Yes",
        "Means: met",
        "  - Was the pay less than promised? Yes",
        "Purpose: met",
        "  - Were you paid little or nothing? Yes",
        "  - deceptive recruitment",
        "Not known:",
        "rule 2, weights ilo-2009-draft-1",
        "Computed again from these answers: the same.",
    ];
    let mut rest = page.as_str();
    for line in order {
        let at = rest.find(line).unwrap_or_else(|| panic!("'{line}' is missing in\n{page}"));
        rest = &rest[at + line.len()..];
    }
    // one page
    assert!(page.lines().count() < 70, "{}", page.lines().count());
    assert!(told(&DECEIVED, "fr").contains("Recalculé d'après ces réponses : identique."));
}

#[test]
fn under_18_no_means_are_needed_and_another_answer_is_noticed() {
    let child = [
        ("s2_age", "15"),
        ("s2_age_unsure", "no"),
        ("s3_assent", "yes"),
        ("s3_caregiver", "yes"),
        ("j_left", "yes"),
        ("q_what", "ex_begging"),
    ];
    assert!(told(&child, "en").contains("Means: not established, and not needed under 18"));
    let source = include_bytes!("../../../questionnaires/returnee-screening.md");
    let form = screening::compile(source).questionnaire.expect("no faults");
    let other = text(
        &Assessment { rule: 2, ..Assessment::default() },
        &[("s3_c1".into(), "yes".into())],
        &form,
        &Texts::new("en").expect("spoken"),
    );
    assert!(other.contains("NOT THE SAME"));
}
