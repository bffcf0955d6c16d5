//! Screening: from the answers of an interview to an assessment, with its reasons.
//!
//! No question's name stands here. The sheet `indicators` of the questionnaire says which answer raises which code,
//! and survey roles say who consented, who counts as a child, whose age is in doubt. The rule itself is in [`rule`].
//!
//! What is unknown counts too. The *assume run* judges a copy of the interview on which every unknown answer is the
//! one that indicates: a case that it would make presumed is never called "no indication", and goes to a reviewer.
//! Everything is a pure function of the recorded answers; an answer that is not shown never counts.

mod assume;
mod check;
mod rule;

pub use check::{SheetFault, check};
pub use rule::{Count, Dimension, Outcome, Path, Profile, VERSION};

use crate::facts::{Facts, Value};
use crate::interview::Interview;
use crate::questionnaire::Indicator;
use crate::record::Kind;
use assume::Assumed;
use rule::{Evidence, Judged, Weight, judge, severity};
use serde::{Deserialize, Serialize};
use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};

/// Raised by the core when the interview was stopped after consent.
const STOPPED: &str = "F_stopped";

/// What the person allows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consent {
    /// A record may be made at all.
    pub record: bool,
    /// Its facts may be counted; else the record is sealed only.
    pub count: bool,
}

/// Reads the roles `consent` and `statistics`. What tells of no person (an activity) needs neither.
pub fn consent(interview: &Interview) -> Consent {
    let about_nobody = interview.questionnaire().kind == Kind::Activity;
    let record = about_nobody || holds(&role(interview, "consent"));
    Consent { record, count: record && (about_nobody || holds(&role(interview, "statistics"))) }
}

/// An answer to something still unknown that alone would make the outcome more severe.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    pub question: String,
    pub answer: String,
    pub outcome: Outcome,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tier: Option<u8>,
}

/// A focal point's own judgement, beside what was computed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Raise {
    /// A code of the questionnaire's list `raise_reason`.
    pub reason: String,
    /// The computed outcome.
    pub from: Outcome,
}

/// Why an outcome cannot be raised.
#[derive(Debug, thiserror::Error, Clone, Copy, PartialEq, Eq)]
pub enum RaiseError {
    #[error("there is no consent, so there is nothing to raise")]
    NotScreened,
    #[error("the outcome is presumed already")]
    AlreadyPresumed,
    #[error("not a reason of this questionnaire")]
    UnknownReason,
}

/// What the focal point should do, as codes of the questionnaire's list `advice`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Advice {
    /// Act on the urgent flags before finishing, with or without consent.
    Urgent,
    NoRecord,
    Inform,
    TalkAgain,
    Prevent,
    Support,
    Refer,
    /// A reviewer will look at the case.
    Reviewed,
}

impl Advice {
    /// The code in the questionnaire's list `advice`.
    pub fn code(self) -> &'static str {
        match self {
            Self::Urgent => "urgent",
            Self::NoRecord => "no_record",
            Self::Inform => "inform",
            Self::TalkAgain => "talk_again",
            Self::Prevent => "prevent",
            Self::Support => "support",
            Self::Refer => "refer",
            Self::Reviewed => "reviewed",
        }
    }
}

/// What the rule makes of an interview, and why. Sealed with the case; the focal point is shown outcome, advice, urgent
/// and flags, not the counts. Written without what is empty: it travels inside every record.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Assessment {
    /// Version of the rule, of the weights (setting `weights`) and of the questionnaire.
    pub rule: u32,
    pub weights: String,
    pub questionnaire: String,
    pub consent: Consent,
    pub outcome: Outcome,
    /// 1 or 2 for an adult's computed `presumed`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tier: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub raised: Option<Raise>,
    /// The rule that decided; nothing without consent.
    pub rule_path: Option<Path>,
    /// All profiles that were evaluated, of both rules where the age is in doubt.
    pub profiles: Vec<Profile>,
    /// Of the rule that decided, like everything below it.
    pub positive: Vec<Dimension>,
    pub counts: BTreeMap<Dimension, BTreeMap<Profile, Count>>,
    pub act: bool,
    pub purpose: bool,
    pub means: bool,
    /// Codes that the answers raised.
    pub codes: BTreeSet<String>,
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub urgent: BTreeSet<String>,
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub flags: BTreeSet<String>,
    /// Reasons for which a reviewer should look.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub review: Vec<String>,
    /// Questions that were shown, could indicate something, and are not answered or answered "does not know".
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unknown: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub would_change: Vec<Change>,
    /// Codes that become facts (column `fact`), by fact.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub coded: BTreeMap<String, BTreeSet<String>>,
}

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
    let mut facts = interview.facts();
    facts.extend(assessment.facts());
    facts.insert("month".into(), Value::One(month.into()));
    facts
}

impl Assessment {
    /// Whether [`Assessment::raise`] can do anything.
    pub fn is_raisable(&self) -> bool {
        !matches!(self.outcome, Outcome::NotScreened | Outcome::Presumed)
    }

    /// Raises the outcome to presumed on the focal point's own judgement, with a reason of the questionnaire's list
    /// `raise_reason`. Nothing lowers an outcome.
    pub fn raise(&mut self, interview: &Interview, reason: &str) -> Result<(), RaiseError> {
        let reasons = interview.questionnaire().list("raise_reason");
        match self.outcome {
            Outcome::NotScreened => Err(RaiseError::NotScreened),
            Outcome::Presumed => Err(RaiseError::AlreadyPresumed),
            _ if !reasons.is_some_and(|l| l.choices.iter().any(|c| c.name == reason)) => Err(RaiseError::UnknownReason),
            from => {
                self.raised = Some(Raise { reason: reason.into(), from });
                self.outcome = Outcome::Presumed;
                Ok(())
            }
        }
    }

    /// What may leave the phone of the assessment itself, for a screening: outcome, tier, review, override, and the
    /// codes that become facts.
    pub fn facts(&self) -> Facts {
        let mut facts = Facts::new();
        if !self.consent.count || self.outcome == Outcome::NotScreened {
            return facts;
        }
        let mut one = |name: &str, code: &str| facts.insert(name.into(), Value::One(code.into()));
        let flag = |on: bool| if on { "1" } else { "0" };
        one("outcome", self.outcome.code());
        one("review", flag(!self.review.is_empty()));
        one("override", flag(self.raised.is_some()));
        if let Some(tier) = self.tier {
            one("tier", if tier == 1 { "1" } else { "2" });
        }
        facts.extend(self.coded.iter().map(|(fact, codes)| (fact.clone(), Value::Many(codes.clone()))));
        facts
    }

    /// What the focal point should do, the most pressing first.
    pub fn advice(&self) -> Vec<Advice> {
        let by_outcome = match self.outcome {
            Outcome::NotScreened => Advice::NoRecord,
            Outcome::NoIndication => Advice::Inform,
            Outcome::Inconclusive => Advice::TalkAgain,
            Outcome::AtRisk => Advice::Prevent,
            Outcome::Exploited => Advice::Support,
            Outcome::Presumed => Advice::Refer,
        };
        let urgent = (!self.urgent.is_empty()).then_some(Advice::Urgent);
        let reviewed = (!self.review.is_empty()).then_some(Advice::Reviewed);
        urgent.into_iter().chain([by_outcome]).chain(reviewed).collect()
    }
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

/// The rules that apply: both where the age is in doubt.
fn paths(interview: &Interview) -> &'static [Path] {
    match (holds(&role(interview, "age_doubt")), holds(&role(interview, "child"))) {
        (true, _) => &[Path::Adult, Path::Child],
        (false, true) => &[Path::Child],
        (false, false) => &[Path::Adult],
    }
}

/// The value of a node as an answer is written; empty where it is blank or not shown.
fn text(interview: &Interview, node: u32) -> String {
    let name = &interview.questionnaire().nodes[node as usize].name;
    interview.value(name).text().into_owned()
}

fn role(interview: &Interview, role: &str) -> String {
    interview.role(role).text().into_owned()
}

/// Whether a role or condition holds: an answered `yes`, or a calculate that gives 1.
fn holds(text: &str) -> bool {
    matches!(text, "yes" | "1")
}

/// The rows of the sheet whose code the answers raise.
fn raised(interview: &Interview) -> Vec<&Indicator> {
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
fn evidence(interview: &Interview) -> Evidence {
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
