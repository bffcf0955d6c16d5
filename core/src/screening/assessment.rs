//! What a screening comes to, with its reasons.

use super::evidence::Consent;
use super::rule::{Count, Dimension, Outcome, Path, Profile};
use crate::facts::{FactValue, Facts};
use crate::interview::Interview;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// An answer to something still unknown that alone would make the outcome more severe.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// Name of the question.
    pub question: String,
    /// The answer that would change the outcome.
    pub answer: String,
    /// The outcome it would lead to.
    pub outcome: Outcome,
    /// Its tier, if it is `presumed`.
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
    /// There is no consent.
    #[error("there is no consent, so there is nothing to raise")]
    NotScreened,
    /// The outcome is the most severe one already.
    #[error("the outcome is presumed already")]
    AlreadyPresumed,
    /// The questionnaire has no such reason.
    #[error("not a reason of this questionnaire")]
    UnknownReason,
}

/// What the focal point should do, as codes of the questionnaire's list `advice`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Advice {
    /// Act on the urgent flags before finishing, with or without consent.
    Urgent,
    /// There is no consent: nothing is recorded.
    NoRecord,
    /// Inform the person of risks and of services.
    Inform,
    /// Talk again when more can be said.
    TalkAgain,
    /// Help her to avoid what she is at risk of.
    Prevent,
    /// Support her as a person who was exploited.
    Support,
    /// Refer her as a presumed victim.
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
    /// Version of the weights: setting `weights` of the questionnaire.
    pub weights: String,
    /// Version of the questionnaire.
    pub questionnaire: String,
    /// What the person allows.
    pub consent: Consent,
    /// The outcome, raised or computed.
    pub outcome: Outcome,
    /// 1 or 2 for an adult's computed `presumed`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tier: Option<u8>,
    /// The focal point's own judgement, if she raised the outcome.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub raised: Option<Raise>,
    /// The rule that decided; nothing without consent.
    pub rule_path: Option<Path>,
    /// All profiles that were evaluated, of both rules where the age is in doubt.
    pub profiles: Vec<Profile>,
    /// Of the rule that decided, like everything below it.
    pub positive: Vec<Dimension>,
    /// Raised indicators by dimension and profile.
    pub counts: BTreeMap<Dimension, BTreeMap<Profile, Count>>,
    /// There is an act (recruitment, transport, harbouring).
    pub act: bool,
    /// There is a purpose (exploitation).
    pub purpose: bool,
    /// There are means (deception, coercion, abuse of vulnerability).
    pub means: bool,
    /// Codes that the answers raised.
    pub codes: BTreeSet<String>,
    /// Codes of what needs help at once.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub urgent: BTreeSet<String>,
    /// Codes that a reviewer should know of.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub flags: BTreeSet<String>,
    /// Reasons for which a reviewer should look.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub review: Vec<String>,
    /// Questions that were shown, could indicate something, and are not answered or answered "does not know".
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unknown: Vec<String>,
    /// Answers to what is unknown, each of which alone would make the outcome more severe.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub would_change: Vec<Change>,
    /// Codes that become facts (column `fact`), by fact.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub coded: BTreeMap<String, BTreeSet<String>>,
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

    /// What may leave the phone of the assessment itself, for a screening: the outcome, and the codes that become facts.
    pub fn facts(&self) -> Facts {
        let mut facts = Facts::new();
        if !self.consent.count || self.outcome == Outcome::NotScreened {
            return facts;
        }
        facts.insert("outcome".into(), FactValue::One(self.outcome.code().into()));
        facts.extend(self.coded.iter().map(|(fact, codes)| (fact.clone(), FactValue::Many(codes.clone()))));
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
