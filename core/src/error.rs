//! The one error that crosses the border of the core. Inside, each module has its own error; here every variant stands
//! for one reaction of the app. No variant carries anything that a person said or typed, and none carries a sentence:
//! reasons are enums, so that the app chooses the words in its own language. What `Display` prints is for developers.

use std::time::Duration;
use tabara_protocol::catalog::{CardError, CatalogError};

/// Why a call failed. The documentation of each variant says what the app should do.
#[derive(Debug, thiserror::Error, Clone, PartialEq, Eq)]
pub enum Error {
    /// The vault is locked. Ask for the PIN and call again.
    #[error("locked")]
    Locked,
    /// The PIN is wrong, and the attempt was counted. Show how many attempts are left, and wait before the next one.
    #[error("wrong PIN")]
    WrongPin {
        /// Attempts before the vault is destroyed.
        attempts_left: u32,
        /// How long no further attempt is taken.
        retry_after: Duration,
    },
    /// This attempt came too soon after a wrong PIN and was not counted. Wait and ask again.
    #[error("wait before the next attempt")]
    TooSoon {
        /// How long to wait.
        retry_after: Duration,
    },
    /// The new PIN is too short. Ask for a longer one.
    #[error("the PIN is too short")]
    PinTooShort {
        /// The number of characters that a PIN needs.
        least: u32,
    },
    /// The phone's key store cannot answer just now. Try again; nothing is lost and no attempt was counted.
    #[error("the key store is not available now")]
    KeyStoreUnavailable,
    /// The phone's key store has lost its secret (a restored backup, a reset of the phone's lock). Drafts and case cards
    /// cannot be read any more: say so, and ask for a new card; `enrol` keeps all files aside. Sealed records are still sent
    /// where the secret of the mailbox is left.
    #[error("the key store has lost its secret")]
    KeyStoreLost,
    /// The vault was destroyed on purpose. Drafts and case cards are gone: say so and why, and ask for a new card. Sealed
    /// records are still sent.
    #[error("the vault was destroyed: {reason}")]
    VaultDestroyed {
        /// Who or what destroyed it.
        reason: DestructionReason,
    },
    /// A file is damaged; it is kept. Say so and ask the coordinator for help: a new card is the way out (`lock`, then
    /// `enrol`, which keeps the files aside). If it is the key file or the vault, drafts and case cards cannot be read, and
    /// sealed records are still sent. If it is the mailbox or the folder's own file, what waits cannot be sent any more.
    #[error("damaged file: {}", file.name())]
    Damaged {
        /// The file that is damaged.
        file: PhoneFile,
    },
    /// Another object has this folder open, here or in another process; or a sync of it is still running. Use that object;
    /// it is free again when that one was closed or dropped.
    #[error("the folder is in use")]
    InUse,
    /// The files were written by a newer version of the app. Ask to update the app; nothing was changed.
    #[error("written by a newer version")]
    NewerVersion,
    /// The phone's storage is full or cannot be written. Ask to free some space and call again: nothing was changed.
    #[error("storage is full or read-only")]
    Storage,
    /// The path given to `open` is not a folder that this app may use. Mend the app: nothing was changed.
    #[error("the folder cannot be used: {reason}")]
    Folder {
        /// What is wrong with the path.
        reason: FolderReason,
    },
    /// There is no enrolment on this phone yet. Ask for a card.
    #[error("not enrolled")]
    NotEnrolled,
    /// A card cannot be taken while the vault is open. To replace the card on purpose, say that drafts and case cards will
    /// be lost, lock, and enrol again.
    #[error("enrolled and unlocked")]
    AlreadyEnrolled,
    /// The card cannot be used. Ask for another one, and say why.
    #[error("the card cannot be used: {reason}")]
    Card {
        /// What is wrong with the card.
        reason: CardReason,
    },
    /// What the call names is not on this phone, or not any more. Go back to a list and load it again.
    #[error("not found: {what}")]
    NotFound {
        /// What is missing.
        what: NotFoundItem,
    },
    /// The answer does not fit, and the old one stays. Show why beside the question.
    #[error("the answer does not fit: {reason}")]
    Answer {
        /// Why it does not fit.
        reason: AnswerReason,
    },
    /// The interview is not complete. Jump to the first page that `missing` lists.
    #[error("answers are missing")]
    Incomplete,
    /// There is no consent: nothing was recorded and the answers are erased. Show the safe screen.
    #[error("no consent, nothing was recorded")]
    NoConsent,
    /// There is no signed answer of the server. Nothing is lost and nothing counts as sent; the next sync goes on. Say what
    /// the reason asks for.
    #[error("no answer: {reason}")]
    Offline {
        /// What came instead.
        reason: OfflineReason,
    },
    /// What came is not taken over. Tell the coordinator.
    #[error("not taken over: {reason}")]
    Untrusted {
        /// What does not fit.
        reason: UntrustedReason,
    },
    /// The server is the right one and does not serve this phone. Records stay here and are sent once that is mended.
    /// Tell the coordinator.
    #[error("the server refuses this phone: {reason}")]
    Refused {
        /// Why it refuses.
        reason: RefusedReason,
    },
    /// A fault of the core or of the app's own code. Report the reason as it stands: it holds no private data.
    #[error("internal: {reason}")]
    Internal {
        /// Where it happened.
        reason: InternalReason,
    },
}

impl From<InternalReason> for Error {
    fn from(reason: InternalReason) -> Self {
        Self::Internal { reason }
    }
}

/// Result of a public call.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why the vault was destroyed.
#[derive(Debug, thiserror::Error, Clone, Copy, PartialEq, Eq)]
pub enum DestructionReason {
    /// Too many wrong PINs in a row.
    #[error("too many wrong PINs")]
    TooManyWrongPins,
    /// Somebody asked for it on this phone (`wipe`).
    #[error("a panic wipe")]
    PanicWipe,
    /// The coordinator ordered it. Drafts were sealed first where that was possible.
    #[error("an order of the coordinator")]
    WipeOrder,
    /// A new card was being taken into use and the phone went down before the end. Enrol again.
    #[error("a new card")]
    Replaced,
}

/// One of the phone's files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PhoneFile {
    /// The vault's key, wrapped under PIN and key store.
    Keys,
    /// Sealed records, the catalog, and all else that sync needs.
    Mailbox,
    /// Case cards, and the key that signs records.
    Vault,
    /// The interviews that are not finished.
    Drafts,
    /// The folder's id, by which the key store knows it.
    Folder,
}

impl PhoneFile {
    /// Its name in the folder; of drafts the beginning of it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Keys => "keys.json",
            Self::Mailbox => "mailbox.db",
            Self::Vault => "vault.db",
            Self::Drafts => "drafts",
            Self::Folder => "folder.json",
        }
    }
}

/// Why a path is not a folder that can be used.
#[derive(Debug, thiserror::Error, Clone, Copy, PartialEq, Eq)]
pub enum FolderReason {
    /// The path is empty.
    #[error("the path is empty")]
    Empty,
    /// The path has a form that the system does not take, or is too long.
    #[error("not a path of this system")]
    Invalid,
    /// A file stands where the folder, or one above it, should be.
    #[error("a file is in the way")]
    NotAFolder,
    /// The app may not read or write there.
    #[error("no permission")]
    NoPermission,
}

/// Why a card cannot be used.
#[derive(Debug, thiserror::Error, Clone, Copy, PartialEq, Eq)]
pub enum CardReason {
    /// The text is not that of a whole card. Paste or scan it again.
    #[error("unreadable")]
    Unreadable,
    /// The authority that it names did not sign it so: it is forged, or a letter was typed wrongly.
    #[error("not signed by its authority")]
    NotGenuine,
    /// Its day is over.
    #[error("expired")]
    Expired,
    /// Its day is over by the calendar of this phone, which no server has confirmed yet. Ask to check the phone's date first;
    /// if that is right, another card is needed.
    #[error("expired by this phone's clock")]
    ExpiredByThisClock,
    /// It is of another authority than the one this phone already trusts.
    #[error("of another authority")]
    OtherAuthority,
    /// This phone was enrolled with this very card; another one is needed.
    #[error("used already")]
    UsedAlready,
}

impl From<CardError> for CardReason {
    fn from(error: CardError) -> Self {
        match error {
            CardError::Unreadable => Self::Unreadable,
            CardError::BadGrant => Self::NotGenuine,
        }
    }
}

/// What a call named and the phone does not have.
#[derive(Debug, thiserror::Error, Clone, Copy, PartialEq, Eq)]
pub enum NotFoundItem {
    /// A text that should be an id is not one: the app mixed up its arguments.
    #[error("id")]
    Id,
    /// A questionnaire. Sync brings it.
    #[error("questionnaire")]
    Questionnaire,
    /// A language that the questionnaire does not have.
    #[error("language")]
    Language,
    /// A question of this interview.
    #[error("question")]
    Question,
    /// A draft: it was sealed, discarded or never here.
    #[error("draft")]
    Draft,
    /// A case: it was taken back, is too old, or is of another phone.
    #[error("case")]
    Case,
    /// A referral of this case.
    #[error("referral")]
    Referral,
    /// A service, urgency or commune: it is not a code that `facts.csv` lists.
    #[error("service")]
    Service,
    /// A readable directory of services. The next catalog mends it.
    #[error("service directory")]
    ServiceDirectory,
    /// A code of a slip: it is mistyped. Ask to read it again.
    #[error("code")]
    Code,
    /// The second code of a slip: it is mistyped. Ask to read it again.
    #[error("second code")]
    SecondCode,
    /// The key that a new phone shows for a hand-over: the text is not one. Scan it again.
    #[error("key of a hand-over")]
    HandOverKey,
    /// The catalog. The first sync or parcel brings it.
    #[error("catalog")]
    Catalog,
    /// A file that the catalog names.
    #[error("file of the catalog")]
    CatalogFile,
    /// The server's key for bundles: this server takes nothing from couriers.
    #[error("intake key")]
    IntakeKey,
}

/// Why an answer was not taken.
#[derive(Debug, thiserror::Error, Clone, Copy, PartialEq, Eq)]
pub enum AnswerReason {
    /// The question is not asked now.
    #[error("not asked now")]
    NotRelevant,
    /// The question cannot be answered: a note, or one that the form computes.
    #[error("cannot be answered")]
    ReadOnly,
    /// A whole number is needed.
    #[error("not a whole number")]
    NotInteger,
    /// A number is needed.
    #[error("not a number")]
    NotNumber,
    /// A date is needed, `2024-03-01`.
    #[error("not a date")]
    NotDate,
    /// A time is needed, `13:45`.
    #[error("not a time")]
    NotTime,
    /// A place is needed: latitude and longitude.
    #[error("not a place")]
    NotPlace,
    /// It is not one of the choices on offer.
    #[error("not one of the choices")]
    NotAChoice,
    /// It lies outside of the range or between its steps.
    #[error("out of range")]
    OutOfRange,
    /// The text is too long.
    #[error("too long")]
    TooLong,
    /// The repeat cannot have more rows.
    #[error("too many rows")]
    TooManyRows,
    /// The form computes how many rows there are.
    #[error("the number of rows is computed")]
    RowsAreCounted,
    /// All answers together are too long to be sealed. Ask to shorten the longest texts.
    #[error("the answers together are too long")]
    AnswersTooLong,
    /// The outcome cannot be raised: it is presumed already, or the reason is not one of the questionnaire.
    #[error("the outcome cannot be raised")]
    CannotBeRaised,
    /// A referral does not go from its present status to this one.
    #[error("not the next status of a referral")]
    NotTheNextStatus,
    /// Nobody agreed who may: a child alone agrees to child protection only, and the reason to act without agreement is not
    /// one for this person.
    #[error("nobody agreed who may")]
    AgreementNeeded,
    /// The referral is no longer wanted. Nothing else is said about the person.
    #[error("no longer wanted")]
    NoLongerWanted,
}

/// What came instead of a signed answer. None of it says anything about a record.
#[derive(Debug, thiserror::Error, Clone, Copy, PartialEq, Eq)]
pub enum OfflineReason {
    /// No connection, or it is cut or too slow. Try again later, or elsewhere.
    #[error("no network")]
    NoNetwork,
    /// A page for people, or a redirect: a network that wants a sign-in first. Sign in to it, or try another network.
    #[error("a portal")]
    Portal,
    /// Something between phone and server changes what passes, or lets it not pass. Try another network.
    #[error("changed on the way")]
    ChangedOnTheWay,
    /// Another machine answers than the server of the card, or it does not know this phone. Try another network; if it is the
    /// same there, tell the coordinator.
    #[error("not the server")]
    NotTheServer,
    /// The server asks to come again later.
    #[error("the server is busy")]
    Later,
}

/// Why something is not taken over.
#[derive(Debug, thiserror::Error, Clone, Copy, PartialEq, Eq)]
pub enum UntrustedReason {
    /// No address of the server is `https`. The card is wrong: ask for another one.
    #[error("the server's address is not https")]
    Address,
    /// What a courier brought is no answer of the server to this phone, or an answer to something it did not ask. Ask for the
    /// right file.
    #[error("not a parcel")]
    Parcel,
    /// The file of a hand-over was not made for this phone, or by a phone of another organisation.
    #[error("not a hand-over for this phone")]
    HandOver,
    /// The catalog is not signed by the authority of the card.
    #[error("a catalog that the authority did not sign")]
    CatalogSignature,
    /// The catalog is older than the one in force.
    #[error("a catalog older than the one in force")]
    CatalogOlder,
    /// There are two catalogs of one version.
    #[error("two catalogs of one version")]
    CatalogForked,
    /// The catalog names no case worker, no recovery key, or a key that is none.
    #[error("a catalog without the keys to seal to")]
    CatalogRecipients,
    /// The catalog asks for a newer app. Ask to update.
    #[error("a catalog that asks for a newer app")]
    CatalogNeedsNewerApp,
}

impl From<CatalogError> for UntrustedReason {
    fn from(error: CatalogError) -> Self {
        match error {
            CatalogError::Envelope(_) => Self::CatalogSignature,
            CatalogError::Older => Self::CatalogOlder,
            CatalogError::Forked => Self::CatalogForked,
            CatalogError::NoRecipient | CatalogError::BadRecipient => Self::CatalogRecipients,
            CatalogError::NewerProtocol => Self::CatalogNeedsNewerApp,
        }
    }
}

/// Why the server does not serve this phone.
#[derive(Debug, thiserror::Error, Clone, Copy, PartialEq, Eq)]
pub enum RefusedReason {
    /// The card was revoked. Drafts are sealed and records are sent, but no interview begins: a new card is needed.
    #[error("the card was revoked")]
    CardRevoked,
}

/// Where something happened that should not.
#[derive(Debug, thiserror::Error, Clone, Copy, PartialEq, Eq)]
pub enum InternalReason {
    /// The database answered what it never should.
    #[error("database")]
    Database,
    /// The library was linked with another SQLite or another cipher than its own.
    #[error("cipher of the database")]
    Cipher,
    /// The HTTP client cannot be built.
    #[error("HTTP client")]
    HttpClient,
    /// A draft cannot be read back.
    #[error("draft")]
    Draft,
    /// The case cannot be sealed.
    #[error("sealing")]
    Sealing,
    /// The bundle cannot be sealed.
    #[error("bundle")]
    Bundle,
    /// The app's `DeviceSecret.derive` returned another number of bytes than 32. Mend the app.
    #[error("derive returned {bytes} bytes, 32 wanted")]
    SecretLength {
        /// How many bytes it returned.
        bytes: u32,
    },
    /// The app's `DeviceSecret` is not implemented, or threw an exception that it does not declare. Mend the app.
    #[error("an undeclared exception of the device secret")]
    SecretException,
}
