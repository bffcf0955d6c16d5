//! What the answers of an interview say to the rule: consent, the codes they raise, which rules apply.

use super::questionnaire::kind_of;
use super::rule::{self, Dimension, Evidence, Path, Profile, Weight};
use crate::interview::Interview;
use crate::questionnaire::Indicator;
use serde::{Deserialize, Serialize};

/// What the person allows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consent {
    /// A record may be made at all.
    pub record: bool,
    /// Its facts may be counted; else the record is sealed only.
    pub count: bool,
}

/// Reads the roles `consent` and `statistics`. What is about no person (an activity, sums of a month) needs neither.
pub fn consent(interview: &Interview) -> Consent {
    let about_nobody = !kind_of(interview.questionnaire()).is_about_a_person();
    let record = about_nobody || holds(&role(interview, "consent"));
    Consent { record, count: record && (about_nobody || holds(&role(interview, "statistics"))) }
}

/// The rules that apply: both where the age is in doubt.
pub(super) fn paths(interview: &Interview) -> &'static [Path] {
    match (holds(&role(interview, "age_doubt")), holds(&role(interview, "child"))) {
        (true, _) => &[Path::Adult, Path::Child],
        (false, true) => &[Path::Child],
        (false, false) => &[Path::Adult],
    }
}

/// The value of a node as an answer is written; empty where it is blank or not shown.
pub(super) fn text(interview: &Interview, node: u32) -> String {
    let name = &interview.questionnaire().nodes[node as usize].name;
    interview.value(name).text().into_owned()
}

pub(super) fn role(interview: &Interview, role: &str) -> String {
    interview.role(role).text().into_owned()
}

/// Whether a role or condition holds: an answered `yes`, or a calculate that gives 1.
pub(super) fn holds(text: &str) -> bool {
    matches!(text, "yes" | "1")
}

/// The rows of the sheet whose code the answers raise.
pub(super) fn raised(interview: &Interview) -> Vec<&Indicator> {
    let mut raised = Vec::new();
    // the rows of a question stand together, so that its answer is read once
    for rows in interview.questionnaire().indicators.chunk_by(|one, next| one.question == next.question) {
        let value = text(interview, rows[0].question);
        let met = |row: &&Indicator| match row.answer.strip_prefix('!') {
            Some(other) => value.split_whitespace().any(|choice| choice != other),
            None => row.answer == "*" || value.split_whitespace().any(|choice| choice == row.answer),
        };
        let open = |row: &&Indicator| row.condition.is_empty() || holds(&interview.value(&row.condition).text());
        if !value.is_empty() {
            raised.extend(rows.iter().filter(|row| !row.code.is_empty()).filter(met).filter(open));
        }
    }
    raised
}

/// What the raised codes mean for the rule.
pub(super) fn evidence(interview: &Interview) -> Evidence {
    let mut evidence = Evidence {
        sexual: holds(&role(interview, "sexual")),
        unrelated: holds(&role(interview, "unrelated")),
        ..Evidence::default()
    };
    for row in raised(interview) {
        match row.kind.as_str() {
            "act" => evidence.act = true,
            "purpose" => evidence.purpose = true,
            "child_purpose" => evidence.child_purpose = true,
            "indicator" => {
                let Some(dimension) = Dimension::of(&row.dimension) else { continue };
                let weights = row.weights.iter().filter_map(|(p, w)| Some((Profile::of(p)?, Weight::of(w)?)));
                let indicator = rule::Indicator { dimension, weights: weights.collect() };
                evidence.indicators.insert(row.code.clone(), indicator);
            }
            _ => {}
        }
    }
    evidence
}
