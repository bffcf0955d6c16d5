//! The one error of the border. The table of the README says what an app does with each variant.

use tabara_core::Error;

pub type Result<T, E = TabaraError> = std::result::Result<T, E>;

/// Why a call failed. Choose the words by the variant: texts are for developers, in English, and hold no private data.
#[derive(Debug, thiserror::Error, uniffi::Error)]
pub enum TabaraError {
    /// The vault is locked. Ask for the PIN and call again.
    #[error("locked")]
    Locked,
    /// The PIN is wrong. Show how many attempts are left, and wait before the next one.
    #[error("wrong PIN")]
    WrongPin { attempts_left: u32, retry_after_seconds: u32 },
    /// Asked too soon after wrong PINs; the attempt was not counted. Wait and ask again.
    #[error("too soon")]
    TooSoon { retry_after_seconds: u32 },
    /// The new PIN has fewer than `least` characters. Ask for a longer one.
    #[error("the PIN is too short")]
    PinTooShort { least: u32 },
    /// The phone's key store does not answer just now. Try again; nothing is lost.
    #[error("the key store is not available now")]
    KeyStoreUnavailable,
    /// The phone's key store has lost its secret. Drafts cannot be read any more: say so, keep the folder, enrol with
    /// a new card.
    #[error("the key store has lost its secret")]
    KeyStoreLost,
    /// A file is damaged and was kept. Say so and send to the coordinator.
    #[error("damaged: {file}")]
    Damaged { file: String },
    /// The files come from a newer version. Update the app; nothing was changed.
    #[error("written by a newer version")]
    NewerVersion,
    /// Storage is full or read-only. Free space and call again; nothing was changed.
    #[error("storage is full or read-only")]
    Storage,
    /// No enrolment on this phone. Ask for a card.
    #[error("not enrolled")]
    NotEnrolled,
    /// The card cannot be used. Ask for a new one.
    #[error("card: {reason}")]
    Card { reason: String },
    /// What was named is not there (any more): an unknown questionnaire, question, draft, case or language.
    #[error("not found: {what}")]
    NotFound { what: String },
    /// The question cannot hold this answer; the old one stays. Show it beside the question.
    #[error("answer: {reason}")]
    Answer { reason: String },
    /// Answers are missing: jump to the first that `missing` lists.
    #[error("answers are missing")]
    Incomplete,
    /// No consent: nothing was recorded. Show the safe screen.
    #[error("no consent, nothing was recorded")]
    NoConsent,
    /// The server cannot be reached. Try at the next occasion; nothing is lost.
    #[error("no connection")]
    Offline,
    /// The server is not the one of this enrolment. Nothing was sent: tell the coordinator.
    #[error("the server cannot be trusted: {reason}")]
    Untrusted { reason: String },
    /// The right server, which does not serve this phone. Records stay and are sent later: tell the coordinator.
    #[error("the server refuses this phone: {reason}")]
    Refused { reason: String },
    /// A fault of the core, or of the app's own `DeviceSecret`. May be reported as it stands.
    #[error("internal: {reason}")]
    Internal { reason: String },
}

/// Whole seconds, rounded up: who waits so long may surely ask again.
fn seconds(wait: std::time::Duration) -> u32 {
    u32::try_from(wait.as_millis().div_ceil(1000)).unwrap_or(u32::MAX)
}

impl From<Error> for TabaraError {
    fn from(error: Error) -> Self {
        match error {
            Error::Locked => Self::Locked,
            Error::WrongPin { attempts_left, retry_after } => {
                Self::WrongPin { attempts_left, retry_after_seconds: seconds(retry_after) }
            }
            Error::TooSoon { retry_after } => Self::TooSoon { retry_after_seconds: seconds(retry_after) },
            Error::PinTooShort { least } => Self::PinTooShort { least },
            Error::KeyStoreUnavailable => Self::KeyStoreUnavailable,
            Error::KeyStoreLost => Self::KeyStoreLost,
            Error::Damaged { file } => Self::Damaged { file: file.into() },
            Error::NewerVersion => Self::NewerVersion,
            Error::Storage => Self::Storage,
            Error::NotEnrolled => Self::NotEnrolled,
            Error::Card { reason } => Self::Card { reason: reason.into() },
            Error::NotFound { what } => Self::NotFound { what: what.into() },
            Error::Answer { reason } => Self::Answer { reason: reason.into() },
            Error::Incomplete => Self::Incomplete,
            Error::NoConsent => Self::NoConsent,
            Error::Offline => Self::Offline,
            Error::Refused { reason } => Self::Refused { reason: reason.into() },
            Error::Untrusted { reason } => Self::Untrusted { reason: reason.into() },
            Error::Internal(reason) => Self::Internal { reason: reason.into() },
        }
    }
}
