//! What a line of the audit log tells.

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
    /// Somebody, to make an account.
    Invited,
    /// About an entry in quarantine.
    Decided,
}

impl Action {
    pub const ALL: [Self; 12] = {
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
            Invited,
            Decided,
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
            Self::Invited => "invited",
            Self::Decided => "decided",
        }
    }
}
