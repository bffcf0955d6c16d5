//! Lines of the audit log.

use serde::Serialize;
use tabara_protocol::envelope::{Digest, sha256};

/// What a person did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    SignedIn,
    /// With a recovery code in place of a one-time code.
    Recovered,
    Refused,
    SignedOut,
    /// A page of rounded figures.
    Saw,
    /// A page of exact figures.
    SawExact,
    AccountSet,
    AccountRemoved,
    PasswordChanged,
    /// One of her other sessions, by herself.
    SessionEnded,
}

impl Action {
    pub const ALL: [Self; 10] = {
        use Action::*;
        [
            SignedIn,
            Recovered,
            Refused,
            SignedOut,
            Saw,
            SawExact,
            AccountSet,
            AccountRemoved,
            PasswordChanged,
            SessionEnded,
        ]
    };

    pub fn word(self) -> &'static str {
        match self {
            Self::SignedIn => "signed_in",
            Self::Recovered => "recovered",
            Self::Refused => "refused",
            Self::SignedOut => "signed_out",
            Self::Saw => "saw",
            Self::SawExact => "saw_exact",
            Self::AccountSet => "account_set",
            Self::AccountRemoved => "account_removed",
            Self::PasswordChanged => "password_changed",
            Self::SessionEnded => "session_ended",
        }
    }
}

/// A line of the audit log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AuditLine {
    /// From 1, without gaps.
    pub number: u64,
    /// Seconds since 1970 UTC.
    pub time: i64,
    /// The account.
    pub name: String,
    /// A word of [`Action`].
    pub action: String,
    /// What was seen or changed: place, period, edition.
    pub detail: String,
    #[serde(skip)]
    pub hash: Digest,
}

impl AuditLine {
    /// SHA-256 of the hash of the line before and of this line as JSON.
    pub fn digest(&self, before: Digest) -> Digest {
        let json = serde_json::to_vec(self).expect("plain data has a JSON form");
        sha256(&[&before.0[..], &json].concat())
    }
}
