//! The one error that crosses the border of the core. Inside, each room has its own rich error; here every variant
//! stands for one reaction of the app. No variant carries anything a person said, typed or is called.

use std::time::Duration;

/// What a call can fail with. The documentation of each variant says what the app should do.
#[derive(Debug, thiserror::Error, Clone, PartialEq, Eq)]
pub enum Error {
    /// The vault is locked. Ask for the PIN and call again.
    #[error("locked")]
    Locked,
    /// The PIN is wrong. Show how many attempts are left, and wait `retry_after` before the next one.
    #[error("wrong PIN")]
    WrongPin { attempts_left: u32, retry_after: Duration },
    /// Too many attempts in too short a time; the attempt was not counted. Wait and ask again.
    #[error("wait before the next attempt")]
    TooSoon { retry_after: Duration },
    /// The new PIN has fewer than `least` characters. Ask for a longer one.
    #[error("the PIN is too short")]
    PinTooShort { least: u32 },
    /// The phone's key store cannot answer just now. Try again; nothing is lost.
    #[error("the key store is not available now")]
    KeyStoreUnavailable,
    /// The phone's key store has lost its secret (a restored backup, a reset of the phone's lock, too many wrong
    /// PINs). Drafts cannot be read any more: say so, keep the folder, and enrol with a new card.
    #[error("the key store has lost its secret")]
    KeyStoreLost,
    /// The file of this name is damaged; nothing is deleted. Say so, and ask the coordinator for help. `keys.json` or
    /// `vault.db`: drafts and case cards cannot be read, what was finished is still sent; the way out is a new card, and the
    /// damaged files stay in the folder beside the new ones. `mailbox.db`: see `vault::start_over`.
    #[error("damaged file: {file}")]
    Damaged { file: &'static str },
    /// The files were written by a newer version of the app. Update the app; nothing was changed.
    #[error("written by a newer version")]
    NewerVersion,
    /// The phone's storage is full or cannot be written. Free some space and call again: nothing was changed.
    #[error("storage is full or read-only")]
    Storage,
    /// There is no enrolment on this phone yet. Ask for a card.
    #[error("not enrolled")]
    NotEnrolled,
    /// The card's text is unreadable, expired, or not signed by the authority it names. Ask for a new card.
    #[error("the card cannot be used: {reason}")]
    Card { reason: &'static str },
    /// The call does not fit what is open: an unknown questionnaire, question, draft, case or language.
    #[error("not found: {what}")]
    NotFound { what: &'static str },
    /// An answer that the question cannot hold. Show the message beside the question; the old answer stays.
    #[error("the answer does not fit: {reason}")]
    Answer { reason: &'static str },
    /// The interview is not complete: jump to the first page that `Interview::missing` lists.
    #[error("answers are missing")]
    Incomplete,
    /// There is no consent: nothing is recorded. Show the safe screen, and the urgent contacts if any were raised.
    #[error("no consent, nothing was recorded")]
    NoConsent,
    /// The server cannot be reached or is busy. Sync goes on at the next occasion by itself.
    #[error("no connection")]
    Offline,
    /// The server answers, but not as this enrolment expects (another certificate, a bad signature). Nothing was
    /// sent or taken over. Show the reason and tell the coordinator.
    #[error("the server cannot be trusted: {reason}")]
    Untrusted { reason: &'static str },
    /// The server is the right one and will not serve this phone (an unknown card, a newer protocol). Records stay
    /// here and are sent once that is mended. Show the reason and tell the coordinator.
    #[error("the server refuses this phone: {reason}")]
    Refused { reason: &'static str },
    /// A fault of the core. The text holds no private data and may be reported.
    #[error("internal: {0}")]
    Internal(&'static str),
}

/// Result of a public call.
pub type Result<T, E = Error> = std::result::Result<T, E>;
