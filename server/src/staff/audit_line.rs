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
    /// All of them, in their order, with their words.
    pub const ALL: [(Self, &str); 12] = {
        use Action::*;
        [
            (SignedIn, "signed_in"),
            (Recovered, "recovered"),
            (Refused, "refused"),
            (SignedOut, "signed_out"),
            (Saw, "saw"),
            (SawExact, "saw_exact"),
            (AccountSet, "account_set"),
            (AccountRemoved, "account_removed"),
            (PasswordChanged, "password_changed"),
            (SessionEnded, "session_ended"),
            (Invited, "invited"),
            (Decided, "decided"),
        ]
    };

    pub fn word(self) -> &'static str {
        Self::ALL[self as usize].1
    }
}
