//! What leaves the phone, and what is heard of it later: a record in its envelope with the sealed case beside it, news and
//! orders. [`crate::wire`] carries them.

use crate::envelope::{Digest, EnvelopeError, PublicKey, SigningKey};
use crate::facts::{FactValue, Facts};
use crate::referral::Route;
use crate::slip::SlipProof;
use base64::prelude::{BASE64_URL_SAFE_NO_PAD as B64, Engine as _};
use serde::{Deserialize, Serialize};

pub use crate::code::{BadCode, Code};
pub use crate::kind::{Kind, Reason};
pub use uuid::Uuid;

/// A sealed case is at most this long (128 KiB): text answers only, deflated.
pub const MAX_SEALED: usize = 128 * 1024;

/// A questionnaire by name and by the SHA-256 of its compiled package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuestionnaireRef {
    /// The form's id.
    pub id: String,
    /// SHA-256 of its compiled package.
    pub sha256: Digest,
}

/// The sealed case that travels beside a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedRef {
    /// SHA-256 of the sealed bytes.
    pub sha256: Digest,
    /// Length in bytes.
    pub len: u32,
}

/// The payload of a record's envelope (`typ` record, signed by the phone's record key, whose `kid` tells the phone).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// Made by the phone, random: sending again is harmless.
    pub record: Uuid,
    /// The chain of one person's records, on this phone.
    pub case: Uuid,
    /// Counts the phone's records from 1 without gaps: lost and cloned records show.
    pub seq: u64,
    /// What the record is.
    pub kind: Kind,
    /// The questionnaire that the answers belong to.
    pub questionnaire: QuestionnaireRef,
    /// The record that this one corrects or withdraws.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revises: Option<Uuid>,
    /// The code on the person's slip.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<Code>,
    /// Public half of the slip's key ([`crate::slip`]).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slip: Option<PublicKey>,
    /// In what changes a record of another phone: that the person with the slip agrees.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof: Option<SlipProof>,
    /// Where a referral goes. The server forwards by it, and counts nothing of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub route: Option<Route>,
    /// Empty where the person does not agree to be counted.
    #[serde(default, skip_serializing_if = "Facts::is_empty")]
    pub facts: Facts,
    /// The sealed case beside it, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sealed: Option<SealedRef>,
}

impl Record {
    /// The code of a fact that has one; none where it has several, or is not told.
    pub fn code_of(&self, fact: &str) -> Option<&str> {
        match self.facts.get(fact)? {
            FactValue::One(code) => Some(code),
            FactValue::Many(_) => None,
        }
    }
    /// Whether this record, signed by `signer` (a thumbprint), may correct or withdraw one with this slip key: the same phone
    /// made both, or the person's slip agrees.
    pub fn may_change(&self, same_phone: bool, slip: Option<PublicKey>, signer: &str) -> bool {
        let agreed = |(proof, slip): (SlipProof, PublicKey)| proof.holds(&slip, &self.change(signer));
        same_phone || self.proof.zip(slip).is_some_and(agreed)
    }
    /// Whether it is a later step of a referral that was addressed to this organisation, as its provider's devices may make it.
    /// The first record of the referral, which it names, must be addressed to the same.
    pub fn is_answer_of(&self, organisation: &str) -> bool {
        let answers = |route: &Route| route.to == organisation && route.status.is_by_provider();
        self.kind == Kind::Referral && self.revises.is_some() && self.route.as_ref().is_some_and(answers)
    }
    /// The agreement of the owner of a slip to this record, which `signer` (a thumbprint) will sign: for [`Record::proof`].
    pub fn agreed(&self, slip: &SigningKey, signer: &str) -> SlipProof {
        SlipProof::of(slip, &self.change(signer))
    }
    /// All that decides what is changed, and by whom: what a slip signs.
    fn change(&self, signer: &str) -> String {
        let or_none = |text: Option<String>| text.unwrap_or_else(|| "-".into());
        let revises = or_none(self.revises.map(|id| id.to_string()));
        let code = or_none(self.code.as_ref().map(Code::to_string));
        let what = if self.kind == Kind::Withdrawal { "withdraw" } else { "correct" };
        format!("tabara-slip 2\n{what}\n{}\n{revises}\n{code}\n{signer}\n", self.record)
    }
}

/// What is sealed: the full answers. It repeats the ids, so that it cannot be moved to another envelope.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SealedCase {
    /// The record's id.
    pub record: Uuid,
    /// The case's id.
    pub case: Uuid,
    /// The questionnaire that the answers belong to.
    pub questionnaire: QuestionnaireRef,
    /// Language of the interview.
    pub language: String,
    /// Seconds since 1970 UTC by the phone's learned time, when it was sealed.
    pub sealed_at: i64,
    /// Recorded answers by node path, in the order of the questionnaire.
    pub answers: Vec<(String, String)>,
    /// The assessment with its reasons, as `screening` computed it, and a raise with its reason.
    pub assessment: Option<serde_json::Value>,
}

/// A record on its way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sent {
    /// The record's envelope.
    pub jws: String,
    /// The age file, base64url without padding.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sealed: Option<String>,
}

impl Sent {
    /// A record with its sealed case.
    pub fn new(jws: String, sealed: Option<&[u8]>) -> Self {
        Self { jws, sealed: sealed.map(|bytes| B64.encode(bytes)) }
    }
    /// The sealed bytes.
    pub fn sealed_bytes(&self) -> Result<Option<Vec<u8>>, EnvelopeError> {
        self.sealed.as_ref().map(|text| B64.decode(text).map_err(|_| EnvelopeError::Malformed)).transpose()
    }
}

/// What became of one of the phone's records: in a parcel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Update {
    /// The place in the log that brought it.
    pub position: u64,
    /// The record that it is about.
    pub record: Uuid,
    /// What happened.
    #[serde(flatten)]
    pub news: News,
}

/// What can happen to a record later.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "news", rename_all = "snake_case")]
pub enum News {
    /// A reviewer decided; the envelope of kind review says what.
    Review {
        /// The review.
        jws: String,
    },
    /// Someone looked at what was quarantined.
    Decision {
        /// Whether it counts from now on.
        accept: bool,
    },
    /// The person took it back elsewhere. Only where the withdrawal proves itself does the phone erase at once what it
    /// still holds of the record.
    Withdrawn {
        /// The withdrawal's envelope, and the thumbprint of the key that signed it is in its header.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        jws: Option<String>,
    },
    /// An order, as an envelope; `record` is then the phone's own id.
    Order {
        /// The order.
        jws: String,
    },
    /// A referral to the phone's organisation, or a later step of one that it has made or got; `record` is the referral's
    /// first record. Its sealed bytes are among the files beside the parcel, if this phone can open them.
    Referral {
        /// The record.
        jws: String,
        /// SHA-256 of the chain of who signed it, which is a file of the server.
        chain: Digest,
    },
    /// Something that this version does not know; it passes over it.
    #[serde(other)]
    Other,
}

/// The payload of an order, by the operations key: the phone seals its drafts and destroys its vault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// The order's own id.
    pub order: Uuid,
    /// The phone that it is for.
    pub device: Uuid,
    /// Seconds since 1970 UTC, by the phone's learned time. Until then a locked phone waits for the PIN, so that its
    /// drafts can be sealed first; after it, they are lost.
    pub wipe_by: i64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::slip::slip_key;

    #[test]
    fn only_the_same_phone_or_the_slip_itself_changes_a_record() {
        let (code, phone) = (Code::generate(), SigningKey::generate().public().kid());
        let key = slip_key(&code, &Code::generate());
        let questionnaire = QuestionnaireRef { id: "withdrawal".into(), sha256: Digest([0; 32]) };
        let (record, case, revises) = (Uuid::new_v4(), Uuid::new_v4(), Some(Uuid::new_v4()));
        let (slip, proof, route, facts, sealed) = Default::default();
        let plain = Record {
            record,
            case,
            seq: 1,
            kind: Kind::Withdrawal,
            questionnaire,
            revises,
            code: Some(code),
            slip,
            proof,
            route,
            facts,
            sealed,
        };
        let proven = Record { proof: Some(plain.agreed(&key, &phone)), ..plain.clone() };
        let slip = Some(key.public());
        assert!(plain.may_change(true, None, &phone) && !plain.may_change(false, slip, &phone));
        assert!(proven.may_change(false, slip, &phone));
        assert!(!proven.may_change(false, None, &phone), "no slip is not a right one");
        assert!(!proven.may_change(false, Some(SigningKey::generate().public()), &phone));
        // who reads the log finds the proof, and cannot use it for anything else
        let copied = SigningKey::generate().public().kid();
        assert!(!proven.may_change(false, slip, &copied), "from another phone");
        for other in [
            Record { record: Uuid::new_v4(), ..proven.clone() },
            Record { revises: Some(Uuid::new_v4()), ..proven.clone() },
            Record { code: None, ..proven.clone() },
            Record { kind: Kind::Screening, ..proven.clone() },
        ] {
            assert!(!other.may_change(false, slip, &phone));
        }
        let json = serde_json::to_string(&proven).unwrap();
        assert_eq!(serde_json::from_str::<Record>(&json).unwrap(), proven);
    }
}
