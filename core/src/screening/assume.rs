//! The assume run: the same rule on a copy of the interview, with every unknown answer taken as the one that indicates.

use super::assessment::Change;
use super::evidence::{evidence, paths, text};
use super::rule::{Evidence, Outcome, judge, severity};
use crate::interview::Interview;
use crate::questionnaire::Indicator;
use std::collections::BTreeSet;

/// Answers that say nothing, in every list of choices: does not know, prefers not to answer.
const UNKNOWN: [&str; 2] = ["dk", "refused"];
/// The answer to a list that excludes all others.
const NONE: &str = "none";

/// How an unknown answer is taken (column `assume`).
#[derive(Clone, Copy, PartialEq, Eq)]
enum How {
    /// As the answer that indicates.
    Yes,
    /// What was named is a floor: the options not named are unknown, unless the answer is `none`.
    Floor,
    /// Not answered, it is an unknown purpose; answered, it is complete.
    Purpose,
}

/// A question whose answer may be assumed, with the answers that indicate.
struct Question<'a> {
    node: u32,
    name: &'a str,
    how: How,
    answers: BTreeSet<&'a str>,
}

/// The questions of the sheet that may be assumed, in the order of the survey.
fn questions(interview: &Interview) -> Vec<Question<'_>> {
    let form = interview.questionnaire();
    let mut questions: Vec<Question> = Vec::new();
    let mut rows: Vec<&Indicator> = form.indicators.iter().collect();
    rows.sort_by_key(|row| row.question);
    for row in rows {
        let how = match row.assume.as_str() {
            "yes" => How::Yes,
            "floor" => How::Floor,
            "purpose" => How::Purpose,
            _ => continue,
        };
        let plain = Some(row.answer.as_str()).filter(|answer| !answer.starts_with(['*', '!']));
        match questions.last_mut().filter(|last| last.node == row.question) {
            Some(last) => last.answers.extend(plain),
            None => questions.push(Question {
                node: row.question,
                name: &form.nodes[row.question as usize].name,
                how,
                answers: plain.into_iter().collect(),
            }),
        }
    }
    questions
}

impl Question<'_> {
    /// The answer to assume in place of the given one; nothing where it is known, or its purpose alone is unknown.
    fn assume(&self, given: &str) -> Option<String> {
        match self.how {
            How::Yes if given.is_empty() || UNKNOWN.contains(&given) => self.answers.first().map(|a| (*a).into()),
            How::Floor if given != NONE => {
                let all: BTreeSet<&str> = given.split_whitespace().chain(self.answers.iter().copied()).collect();
                let assumed = all.into_iter().collect::<Vec<_>>().join(" ");
                self.answers.iter().any(|a| !given.split_whitespace().any(|g| g == *a)).then_some(assumed)
            }
            _ => None,
        }
    }

    /// Whether nothing is known of it.
    fn is_unknown(&self, given: &str) -> bool {
        given.is_empty() || (self.how == How::Yes && UNKNOWN.contains(&given))
    }
}

/// The copy on which everything unknown is assumed.
pub(super) struct Assumed {
    copy: Interview,
    purpose_unknown: bool,
}

impl Assumed {
    pub(super) fn run(interview: &Interview) -> Self {
        let questions = questions(interview);
        // answers that are not shown must not come back when an assumed answer opens their question
        let mut copy = interview.recorded();
        // an assumed answer may open questions, also ones that stand before it; every round settles one at least
        for _ in 0..questions.len() {
            let mut settled = true;
            for question in &questions {
                let shown = copy.relevant(question.name);
                if let Some(answer) = shown.then(|| question.assume(&text(&copy, question.node))).flatten() {
                    settled &= copy.set(question.name, Some(&answer)).is_err();
                }
            }
            if settled {
                break;
            }
        }
        let open = |q: &Question| q.how == How::Purpose && copy.relevant(q.name) && text(&copy, q.node).is_empty();
        let purpose_unknown = questions.iter().any(open);
        Self { copy, purpose_unknown }
    }

    pub(super) fn evidence(&self) -> Evidence {
        let mut evidence = evidence(&self.copy);
        evidence.purpose |= self.purpose_unknown;
        evidence
    }
}

/// The questions that are shown, may be assumed, and are unknown.
pub(super) fn unknown(interview: &Interview) -> Vec<String> {
    let shown = questions(interview).into_iter().filter(|q| interview.relevant(q.name));
    shown.filter(|q| q.is_unknown(&text(interview, q.node))).map(|q| q.name.to_owned()).collect()
}

/// Every single answer to something unknown that would make the outcome more severe than `now`. Inconclusive and no
/// indication are not told apart here: one answer never raises either to the other.
pub(super) fn changes(interview: &Interview, now: (Outcome, bool)) -> Vec<Change> {
    let recorded = interview.recorded();
    let mut changes = Vec::new();
    for question in questions(interview).into_iter().filter(|q| interview.relevant(q.name)) {
        let given = text(interview, question.node);
        let named: Vec<&str> = given.split_whitespace().collect();
        let open = match question.how {
            How::Yes | How::Purpose => question.is_unknown(&given),
            How::Floor => given != NONE,
        };
        for answer in question.answers.iter().filter(|answer| open && !named.contains(answer)) {
            let several = [&named[..], &[*answer]].concat().join(" ");
            let mut copy = recorded.clone();
            let answered = if question.how == How::Yes { answer } else { several.as_str() };
            if copy.set(question.name, Some(answered)).is_err() {
                continue;
            }
            let evidence = evidence(&copy);
            let judged = paths(&copy).iter().map(|path| judge(*path, &evidence));
            let outcomes = judged.filter_map(|judged| Some((judged.outcome?, judged.tier)));
            let Some((outcome, tier)) = outcomes.max_by_key(|(o, tier)| severity(*o, *tier)) else { continue };
            if severity(outcome, tier) > now {
                let (question, answer) = (question.name.to_owned(), (*answer).to_owned());
                changes.push(Change { question, answer, outcome, tier });
            }
        }
    }
    changes
}
