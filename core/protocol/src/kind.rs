//! What a record is, and why one is quarantined or refused.

use serde::{Deserialize, Serialize};

/// What a record tells.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// An interview with a returnee.
    #[default]
    Screening,
    /// A person is sent to a service.
    Referral,
    /// A service was given.
    Assistance,
    /// Work of an organisation, such as an awareness session.
    Activity,
    /// Sums of a month that a law-enforcement unit reports.
    Enforcement,
    /// A person withdraws a record.
    Withdrawal,
    /// A reviewer decides about a record.
    Review,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Self; 7] = {
        use Kind::*;
        [Screening, Referral, Assistance, Activity, Enforcement, Withdrawal, Review]
    };

    /// The kind of a word.
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }

    /// Whether a record of this kind is about one person, whose consent it needs.
    pub fn is_about_a_person(self) -> bool {
        match self {
            Kind::Activity | Kind::Enforcement => false,
            Kind::Screening | Kind::Referral | Kind::Assistance | Kind::Withdrawal | Kind::Review => true,
        }
    }

    /// Whether a policy may say how many years a record of this kind is kept whole. A withdrawal holds no facts and no case, and keeps what it
    /// took back from coming again.
    pub fn expires(self) -> bool {
        !matches!(self, Kind::Withdrawal | Kind::Review)
    }

    /// The word used in `facts.csv` and on the wire.
    pub fn word(self) -> &'static str {
        match self {
            Kind::Screening => "screening",
            Kind::Referral => "referral",
            Kind::Assistance => "assistance",
            Kind::Activity => "activity",
            Kind::Enforcement => "enforcement",
            Kind::Withdrawal => "withdrawal",
            Kind::Review => "review",
        }
    }
}

/// Why a record is quarantined or refused, as it stands on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    // quarantined
    /// Quarantined: a fact that the dictionary lacks, or that this kind of record may not carry.
    UnknownFact,
    /// Quarantined: a code that the dictionary lacks.
    UnknownCode,
    /// Quarantined: no published catalog has this questionnaire.
    UnknownQuestionnaire,
    /// Quarantined: another record of this device has the same `seq`.
    RepeatedSeq,
    /// Quarantined: the device is revoked.
    RevokedDevice,
    /// Quarantined: the card was used by another phone first.
    SecondBinding,
    /// Quarantined: another device corrects or withdraws without the slip's secret.
    ForeignRevision,
    /// The person took back what stands under this code: it is dead.
    WithdrawnCode,
    /// Quarantined: the screening was in a commune that is not in the area of the card.
    OutsideArea,
    /// Quarantined: its month is more than a year ago, or to come.
    OldMonth,
    /// Quarantined: the card was used for the first time long after it had expired.
    LateBinding,
    // refused
    /// Refused: the signature does not fit.
    BadSignature,
    /// Refused: not a record.
    Malformed,
    /// Refused: too long.
    Oversize,
    /// Refused: the server knows no chain for the key.
    NoChain,
    /// The sealed bytes are not those that the envelope names.
    SealedMismatch,
    /// The id is taken by a record with other bytes.
    IdTaken,
}

impl Reason {
    /// The word on the wire.
    pub fn word(self) -> String {
        match serde_json::to_value(self) {
            Ok(serde_json::Value::String(word)) => word,
            _ => unreachable!("a reason is a word"),
        }
    }
    /// The reason of a word.
    pub fn of(word: &str) -> Option<Self> {
        serde_json::from_value(word.into()).ok()
    }
}
