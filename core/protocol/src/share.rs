//! What is sealed with a referral: what the person agreed that the provider may see ([`Share`]), and what is said with a
//! later step ([`ReferralNote`]). Both travel as a sealed case (`record::SealedCase`) whose answers are these fields, so that
//! they name their record and cannot be moved, and so that whoever opens cases reads them, too.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A field of a share or note has at most so many characters.
pub const LONGEST_FIELD: usize = 300;

/// Roles of the questions that a questionnaire has for fields of a [`Share`]: each is `share_` and the field's name.
pub const ROLES: [&str; 7] = [
    "share_name",
    "share_language",
    "share_contact_channel",
    "share_contact_reach",
    "share_contact_times",
    "share_contact_who",
    "share_contact_phrase",
];

/// Who agreed to a referral; or why it is made without agreement, which a reviewer sees.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Agreement {
    /// The person herself.
    #[default]
    Individual,
    /// The caregiver of a child; the child was heard.
    Caregiver,
    /// Somebody else who may decide for her.
    OtherPerson,
    /// Nobody: the best interest of a child asks for it.
    ChildBestInterest,
    /// Nobody: a life is in danger.
    VitalInterest,
    /// Nobody: the law asks for it.
    LegalDuty,
}

impl Agreement {
    /// Whether it is made without agreement.
    pub fn is_override(self) -> bool {
        matches!(self, Self::ChildBestInterest | Self::VitalInterest | Self::LegalDuty)
    }
}

/// Why a provider does not take a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeclineReason {
    /// All places are taken.
    NoCapacity,
    /// The service is not for her.
    NotEligible,
    /// She is too far away.
    OutOfArea,
    /// Another service is meant.
    WrongService,
}

/// What a provider sees of a person: each field is there only if she agreed to share it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Share {
    /// Who agreed.
    pub agreement: Agreement,
    /// What she wants to be called.
    pub name: Option<String>,
    /// Code of the fact `sex`.
    pub sex: Option<String>,
    /// Code of the fact `age_band`.
    pub age_band: Option<String>,
    /// Languages that she speaks.
    pub language: Option<String>,
    /// What she needs.
    pub needs: Option<String>,
    /// What the provider must know of her situation.
    pub situation: Option<String>,
    /// An interpreter, an escort, a small child with her, a disability.
    pub special_needs: Option<String>,
    /// How she is reached: a telephone, a person, a place.
    pub contact_channel: Option<String>,
    /// The number or the place.
    pub contact_reach: Option<String>,
    /// When it is safe.
    pub contact_times: Option<String>,
    /// Who may answer for her.
    pub contact_who: Option<String>,
    /// A phrase by which she knows the caller.
    pub contact_phrase: Option<String>,
    /// She must not be called.
    #[serde(with = "yes", skip_serializing_if = "is_no")]
    pub do_not_call: bool,
}

/// What is said with a step: to the focal point, or what was said on the telephone.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ReferralNote {
    /// In words.
    pub text: Option<String>,
    /// When she should come, as it was said: `2026-12-01 09:00`.
    pub appointment: Option<String>,
    /// Why the provider does not take her.
    pub declined: Option<DeclineReason>,
    /// Another organisation that would.
    pub propose: Option<String>,
    /// The provider has no free place for anybody now: the directory should say so.
    #[serde(with = "yes", skip_serializing_if = "is_no")]
    pub full: bool,
    /// When the provider is open from now on, as the directory writes hours: the directory should say so.
    pub hours: Option<String>,
    /// It was said on the telephone, and the focal point wrote it down.
    #[serde(with = "yes", skip_serializing_if = "is_no")]
    pub by_telephone: bool,
}

/// Why something may not be shared.
#[derive(Debug, thiserror::Error, Clone, Copy, PartialEq, Eq)]
pub enum ShareError {
    /// A field is longer than [`LONGEST_FIELD`].
    #[error("a field is too long")]
    TooLong,
    /// A child alone agrees to child protection only; and the reason to act without agreement is not one for this person.
    #[error("this agreement does not cover it")]
    Agreement,
}

impl Share {
    /// Whether it may be sent: fields within their bounds, and an agreement that covers this person and service.
    pub fn check(&self, child: bool, service: &str) -> Result<(), ShareError> {
        let covered = match self.agreement {
            // a child without a caregiver: her assent, and child protection
            Agreement::Individual => !child || service == "sv_child",
            Agreement::Caregiver | Agreement::ChildBestInterest => child,
            Agreement::OtherPerson | Agreement::VitalInterest | Agreement::LegalDuty => true,
        };
        if covered { bounded(self) } else { Err(ShareError::Agreement) }
    }
    /// As the answers of a sealed case.
    pub fn answers(&self) -> Vec<(String, String)> {
        answers(self)
    }
    /// What the answers of a sealed case share; none if they are not a share.
    pub fn of(answers: &[(String, String)]) -> Option<Self> {
        answers.iter().any(|(name, _)| name == "agreement").then(|| read(answers)).flatten()
    }
}

impl ReferralNote {
    /// Whether it is within its bounds.
    pub fn check(&self) -> Result<(), ShareError> {
        bounded(self)
    }
    /// As the answers of a sealed case.
    pub fn answers(&self) -> Vec<(String, String)> {
        answers(self)
    }
    /// What the answers of a sealed case say.
    pub fn of(answers: &[(String, String)]) -> Option<Self> {
        read(answers)
    }
}

fn bounded(fields: &impl Serialize) -> Result<(), ShareError> {
    let long = answers(fields).iter().any(|(_, text)| text.chars().count() > LONGEST_FIELD);
    if long { Err(ShareError::TooLong) } else { Ok(()) }
}

/// The fields that are there, each as text.
fn answers(fields: &impl Serialize) -> Vec<(String, String)> {
    let Ok(Value::Object(fields)) = serde_json::to_value(fields) else { return vec![] };
    let text = |(name, value): (String, Value)| Some((name, value.as_str()?.to_owned()));
    fields.into_iter().filter_map(text).collect()
}

fn read<T: DeserializeOwned>(answers: &[(String, String)]) -> Option<T> {
    let text = |(name, text): &(String, String)| (name.clone(), Value::String(text.clone()));
    let fields: Map<String, Value> = answers.iter().map(text).collect();
    serde_json::from_value(Value::Object(fields)).ok()
}

fn is_no(yes: &bool) -> bool {
    !yes
}

/// A flag as a text, since all answers are texts.
mod yes {
    use serde::{Deserialize as _, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(_: &bool, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str("yes")
    }
    pub(super) fn deserialize<'a, D: Deserializer<'a>>(from: D) -> Result<bool, D::Error> {
        Ok(String::deserialize(from)? == "yes")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_fields_that_she_agreed_to_travel() {
        let name = Some("Ines".to_owned());
        let share = Share { name, do_not_call: true, agreement: Agreement::Caregiver, ..Share::default() };
        let text = |name: &str, text: &str| (name.to_owned(), text.to_owned());
        let said = [text("agreement", "caregiver"), text("do_not_call", "yes"), text("name", "Ines")];
        assert_eq!(share.answers(), said);
        assert_eq!(Share::of(&share.answers()), Some(share));
        let declined = Some(DeclineReason::NoCapacity);
        let note = ReferralNote { declined, full: true, ..ReferralNote::default() };
        assert_eq!(ReferralNote::of(&note.answers()), Some(note.clone()));
        assert_eq!(Share::of(&note.answers()), None, "a note is no share");
        assert_eq!(ReferralNote::of(&[text("declined", "no time")]), None);
    }

    #[test]
    fn a_child_is_sent_to_child_protection_or_with_who_decides_for_her() {
        let by = |agreement| Share { agreement, ..Share::default() };
        let no = Err(ShareError::Agreement);
        assert_eq!(by(Agreement::Individual).check(false, "sv_medical"), Ok(()));
        assert_eq!(by(Agreement::Individual).check(true, "sv_child"), Ok(()));
        assert_eq!(by(Agreement::Individual).check(true, "sv_medical"), no);
        assert_eq!(by(Agreement::Caregiver).check(true, "sv_medical"), Ok(()));
        assert_eq!(by(Agreement::ChildBestInterest).check(false, "sv_medical"), no, "she is no child");
        assert_eq!(by(Agreement::VitalInterest).check(false, "sv_medical"), Ok(()));
        let long = Share { situation: Some("x".repeat(LONGEST_FIELD + 1)), ..Share::default() };
        assert_eq!(long.check(false, "sv_medical"), Err(ShareError::TooLong));
    }
}
