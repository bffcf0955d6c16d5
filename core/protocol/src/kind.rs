//! What a record is, and why one is quarantined or refused.

use serde::{Deserialize, Serialize};

/// What a record tells.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    #[default]
    Screening,
    Referral,
    Assistance,
    Activity,
    Withdrawal,
    Review,
}

impl Kind {
    /// The word used in `facts.csv` and on the wire.
    pub fn word(self) -> &'static str {
        match self {
            Kind::Screening => "screening",
            Kind::Referral => "referral",
            Kind::Assistance => "assistance",
            Kind::Activity => "activity",
            Kind::Withdrawal => "withdrawal",
            Kind::Review => "review",
        }
    }
}

/// Why a record is quarantined or refused, as it stands on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    // quarantined
    UnknownFact,
    UnknownCode,
    UnknownQuestionnaire,
    RepeatedSeq,
    RevokedDevice,
    SecondBinding,
    ForeignRevision,
    /// The person took back what stands under this code: it is dead.
    WithdrawnCode,
    // refused
    BadSignature,
    Malformed,
    Oversize,
    NoChain,
    /// The sealed bytes are not those that the envelope names.
    SealedMismatch,
    /// The id is taken by a record with other bytes.
    IdTaken,
}
