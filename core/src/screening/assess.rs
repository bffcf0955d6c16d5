//! Judges an interview: one or two rules, and what unknown answers could change.

use super::assessment::Assessment;
use super::assume::{self, Assumed};
use super::evidence::{consent, evidence, paths, raised, text};
use super::questionnaire::coded_answers;
use super::rule::{self, Count, Dimension, Evidence, Judged, Outcome, Path, VERSION, judge, severity};
use crate::envelope::Digest;
use crate::facts::{FactValue, Facts};
use crate::interview::{Draft, Interview, InterviewConfig};
use crate::questionnaire::{Indicator, Questionnaire};
use std::cell::OnceCell;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Raised by the core when the interview was stopped after consent.
const STOPPED: &str = "F_stopped";

/// Judges an interview as it stands now, finished, stopped or still going on.
pub fn assess(interview: &Interview) -> Assessment {
    let form = interview.questionnaire();
    let consent = consent(interview);
    let raised = raised(interview);
    let codes_of = |kind: &str| -> BTreeSet<String> {
        raised.iter().filter(|row| row.kind == kind).map(|row| row.code.clone()).collect()
    };
    let mut assessment = Assessment {
        rule: VERSION,
        weights: form.settings.get("weights").cloned().unwrap_or_default(),
        questionnaire: form.version.clone(),
        consent,
        urgent: codes_of("urgent"),
        flags: codes_of("flag"),
        ..Assessment::default()
    };
    if !consent.record {
        return assessment;
    }
    if interview.is_stopped() {
        assessment.flags.insert(STOPPED.into());
    }
    let finding = Finding::of(interview);
    let best = finding.best();
    assessment.outcome = finding.outcome;
    assessment.tier = best.tier;
    assessment.rule_path = Some(best.path);
    assessment.profiles = finding.judged.iter().flat_map(|j| j.profiles.clone()).collect();
    assessment.positive = best.positive.iter().copied().collect();
    assessment.counts = finding.counts_with_unknown();
    (assessment.act, assessment.purpose, assessment.means) = (best.act, best.purpose, best.means);
    assessment.codes = raised.iter().map(|row| row.code.clone()).collect();
    assessment.review = finding.review(&raised);
    assessment.unknown = assume::unknown(interview);
    assessment.would_change = assume::changes(interview, finding.severity());
    for row in raised.iter().filter(|row| !row.fact.is_empty()) {
        assessment.coded.entry(row.fact.clone()).or_default().insert(row.code.clone());
    }
    assessment
}

/// The facts of the record that this interview becomes: none unless the person agrees to both. `month` is the civil
/// month of the interview, `YYYY-MM`.
pub fn facts(interview: &Interview, assessment: &Assessment, month: &str) -> Facts {
    if !assessment.consent.count {
        return Facts::new();
    }
    let mut facts = coded_answers(interview);
    facts.extend(assessment.facts());
    facts.insert("month".into(), FactValue::One(month.into()));
    facts
}

/// The assessment of a sealed case, computed again from its answers and the package that it names. Nothing where the answers do
/// not fit the package.
pub fn assess_again(form: &Arc<Questionnaire>, answers: &[(String, String)], stopped: bool) -> Option<Assessment> {
    let asked = |path: &str| form.node(path).is_some_and(|at| form.nodes[at].kind.is_shown());
    let draft = Draft {
        questionnaire: Digest(form.sha256()).to_string(),
        language: form.languages.get(form.default_language)?.clone(),
        at: String::new(),
        another: false,
        asked: false,
        stopped,
        rows: Vec::new(),
        hidden: Vec::new(),
        // what is computed is computed again
        answers: answers.iter().filter(|(path, _)| asked(path)).cloned().collect(),
        exact: Vec::new(),
    };
    Some(assess(&Interview::resume(form.clone(), InterviewConfig::default(), &draft).ok()?))
}

/// One or two rules on one interview, and what the assume run adds.
struct Finding<'a> {
    judged: Vec<Judged>,
    /// Index of the rule that decided.
    best: usize,
    outcome: Outcome,
    decided_by_age: bool,
    interview: &'a Interview,
    evidence: Evidence,
    assumed: OnceCell<Evidence>,
}

impl<'a> Finding<'a> {
    fn of(interview: &'a Interview) -> Self {
        let evidence = evidence(interview);
        let judged: Vec<Judged> = paths(interview).iter().map(|path| judge(*path, &evidence)).collect();
        let mut finding = Self {
            judged,
            best: 0,
            outcome: Outcome::NoIndication,
            decided_by_age: false,
            interview,
            evidence,
            assumed: OnceCell::new(),
        };
        let outcomes: Vec<Outcome> = finding.judged.iter().map(|judged| finding.resolve(judged)).collect();
        let rank = |i: usize| severity(outcomes[i], finding.judged[i].tier);
        // the later, the child's, where both rank alike
        let best = (0..outcomes.len()).max_by_key(|i| rank(*i)).expect("one rule at least");
        let decided_by_age = (1..outcomes.len()).any(|i| rank(i) != rank(i - 1));
        (finding.best, finding.outcome, finding.decided_by_age) = (best, outcomes[best], decided_by_age);
        finding
    }

    fn best(&self) -> &Judged {
        &self.judged[self.best]
    }

    fn severity(&self) -> (Outcome, bool) {
        severity(self.outcome, self.best().tier)
    }

    fn assumed(&self) -> &Evidence {
        self.assumed.get_or_init(|| Assumed::run(self.interview).evidence())
    }

    fn could_be_presumed(&self, path: Path) -> bool {
        judge(path, self.assumed()).outcome == Some(Outcome::Presumed)
    }

    /// Tells inconclusive from no indication. A questionnaire without indicators knows nothing, which is not a no.
    fn resolve(&self, judged: &Judged) -> Outcome {
        let silent = self.interview.questionnaire().indicators.is_empty();
        judged.outcome.unwrap_or_else(|| {
            let open = silent || self.could_be_presumed(judged.path);
            if open { Outcome::Inconclusive } else { Outcome::NoIndication }
        })
    }

    fn counts_with_unknown(&self) -> rule::Counts {
        let mut counts = self.best().counts.clone();
        let more = self.assumed().indicators.iter().filter(|(code, _)| !self.evidence.indicators.contains_key(*code));
        for (_, indicator) in more {
            for (profile, count) in counts.get_mut(&indicator.dimension).into_iter().flatten() {
                count.unknown += u32::from(indicator.weights.contains_key(profile));
            }
        }
        counts.retain(|_, of_profiles| of_profiles.values().any(|count| *count != Count::default()));
        counts
    }

    fn review(&self, raised: &[&Indicator]) -> Vec<String> {
        use Dimension::*;
        let best = self.best();
        let child = best.path == Path::Child;
        let is = |outcome| self.outcome == outcome;
        let reasons = [
            ("soft_means", best.tier == Some(2) && !best.any(&[DR, CR, CD])),
            ("could_be_presumed", (is(Outcome::Exploited) || is(Outcome::AtRisk)) && self.could_be_presumed(best.path)),
            ("act_missing", is(Outcome::Exploited) && !best.act && (best.means || child)),
            ("unknowns", is(Outcome::Inconclusive)),
            ("signs_seen", is(Outcome::NoIndication) && self.signs(raised) >= 2),
        ];
        let computed = reasons.iter().filter(|(_, holds)| *holds).map(|(reason, _)| (*reason).to_owned());
        let of_the_form = raised.iter().filter(|row| row.kind == "review").map(|row| row.code.clone());
        let by_age = self.decided_by_age.then(|| "age_decides".to_owned());
        computed.chain(of_the_form).chain(by_age).collect()
    }

    /// How many signs the focal point saw.
    fn signs(&self, raised: &[&Indicator]) -> usize {
        let seen: BTreeSet<u32> = raised.iter().filter(|r| r.kind == "observation").map(|r| r.question).collect();
        seen.into_iter().map(|question| text(self.interview, question).split_whitespace().count()).sum()
    }
}
