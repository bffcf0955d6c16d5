//! The one error of the border: a mirror of `tabara_core::Error` and its reasons. The table of the README says what an app
//! does with each variant. `UniFFI` checks every variant and field against the core, and the core maps and redacts.

use std::time::Duration;
use tabara_core::Error as TabaraError;
use tabara_core::error::{
    AnswerReason, CardReason, DestructionReason, FolderReason, InternalReason, NotFoundItem, OfflineReason, PhoneFile,
    RefusedReason, UntrustedReason,
};

pub type Result<T, E = TabaraError> = std::result::Result<T, E>;

/// Why a call failed. The documentation of each variant says what the app should do. Choose the words by the variant
/// and its reason.
#[uniffi::remote(Error)]
pub enum TabaraError {
    /// The vault is locked. Ask for the PIN and call again.
    Locked,
    /// The PIN is wrong, and the attempt was counted. Show how many attempts are left, and wait before the next one.
    WrongPin {
        /// Attempts before the vault is destroyed.
        attempts_left: u32,
        /// How long no further attempt is taken.
        retry_after: Duration,
    },
    /// This attempt came too soon after a wrong PIN and was not counted. Wait and ask again.
    TooSoon {
        /// How long to wait.
        retry_after: Duration,
    },
    /// The new PIN is too short. Ask for a longer one.
    PinTooShort {
        /// The number of characters that a PIN needs.
        least: u32,
    },
    /// The phone's key store cannot answer just now. Try again; nothing is lost and no attempt was counted.
    KeyStoreUnavailable,
    /// The phone's key store has lost its secret (a restored backup, a reset of the phone's lock). Drafts and case cards
    /// cannot be read any more: say so, and ask for a new card; `enrol` keeps all files aside. Sealed records are still sent
    /// where the secret of the mailbox is left.
    KeyStoreLost,
    /// The vault was destroyed on purpose. Drafts and case cards are gone: say so and why, and ask for a new card. Sealed
    /// records are still sent.
    VaultDestroyed {
        /// Who or what destroyed it.
        reason: DestructionReason,
    },
    /// A file is damaged; it is kept. Say so and ask the coordinator for help: a new card is the way out (`lock`, then
    /// `enrol`, which keeps the files aside). If it is the key file or the vault, drafts and case cards cannot be read, and
    /// sealed records are still sent. If it is the mailbox or the folder's own file, what waits cannot be sent any more.
    Damaged {
        /// The file that is damaged.
        file: PhoneFile,
    },
    /// Another object has this folder open, here or in another process; or a sync of it is still running. Use that object;
    /// the folder is free again when that one was closed or dropped.
    InUse,
    /// The files were written by a newer version of the app. Ask to update the app; nothing was changed.
    NewerVersion,
    /// The phone's storage is full or cannot be written. Ask to free some space and call again: nothing was changed.
    Storage,
    /// The path given to `open` is not a folder that this app may use. Mend the app: nothing was changed.
    Folder {
        /// What is wrong with the path.
        reason: FolderReason,
    },
    /// There is no enrolment on this phone yet. Ask for a card.
    NotEnrolled,
    /// A card cannot be taken while the vault is open. To replace the card on purpose, say that drafts and case cards will
    /// be lost, lock, and enrol again.
    AlreadyEnrolled,
    /// The card cannot be used. Ask for another one, and say why.
    Card {
        /// What is wrong with the card.
        reason: CardReason,
    },
    /// What the call names is not on this phone, or not any more. Go back to a list and load it again.
    NotFound {
        /// What is missing.
        what: NotFoundItem,
    },
    /// The answer does not fit, and the old one stays. Show why beside the question.
    Answer {
        /// Why it does not fit.
        reason: AnswerReason,
    },
    /// The interview is not complete. Jump to the first page that `missing` lists.
    Incomplete,
    /// There is no consent: nothing was recorded and the answers are erased. Show the safe screen.
    NoConsent,
    /// There is no signed answer of the server. Nothing is lost and nothing counts as sent; the next sync goes on. Say what
    /// the reason asks for.
    Offline {
        /// What came instead.
        reason: OfflineReason,
    },
    /// What came is not taken over. Tell the coordinator.
    Untrusted {
        /// What does not fit.
        reason: UntrustedReason,
    },
    /// The server is the right one and does not serve this phone. Records stay here and are sent once that is mended.
    /// Tell the coordinator.
    Refused {
        /// Why it refuses.
        reason: RefusedReason,
    },
    /// A fault of the core or of the app's own code. Report the reason as it stands: it holds no private data.
    Internal {
        /// Where it happened.
        reason: InternalReason,
    },
}

/// Why the vault was destroyed.
#[uniffi::remote(Enum)]
pub enum DestructionReason {
    /// Too many wrong PINs in a row.
    TooManyWrongPins,
    /// Somebody asked for it on this phone (`wipe`).
    PanicWipe,
    /// The coordinator ordered it. Drafts were sealed first where that was possible.
    WipeOrder,
    /// A new card was being taken into use and the phone went down before the end. Enrol again.
    Replaced,
}

/// One of the phone's files.
#[uniffi::remote(Enum)]
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

/// Why a path is not a folder that can be used.
#[uniffi::remote(Enum)]
pub enum FolderReason {
    /// The path is empty.
    Empty,
    /// The path has a form that the system does not take, or is too long.
    Invalid,
    /// A file stands where the folder, or one above it, should be.
    NotAFolder,
    /// The app may not read or write there.
    NoPermission,
}

/// Why a card cannot be used.
#[uniffi::remote(Enum)]
pub enum CardReason {
    /// The text is not that of a whole card. Paste or scan it again.
    Unreadable,
    /// The authority that it names did not sign it so: it is forged, or a letter was typed wrongly. Let it be scanned or
    /// typed again.
    NotGenuine,
    /// Its day is over.
    Expired,
    /// Its day is over by the calendar of this phone, which no server has confirmed yet. Ask to check the phone's date first;
    /// if that is right, another card is needed.
    ExpiredByThisClock,
    /// It is of another authority than the one this phone already trusts.
    OtherAuthority,
    /// This phone was enrolled with this very card; another one is needed.
    UsedAlready,
}

/// What a call named and the phone does not have.
#[uniffi::remote(Enum)]
pub enum NotFoundItem {
    /// A text that should be an id is not one: the app mixed up its arguments.
    Id,
    /// A questionnaire. Sync brings it.
    Questionnaire,
    /// A language that the questionnaire does not have.
    Language,
    /// A question of this interview.
    Question,
    /// A draft: it was sealed, discarded or never here.
    Draft,
    /// A case: it was taken back, is too old, or is of another phone.
    Case,
    /// A referral of this case.
    Referral,
    /// A service, urgency or commune: it is not a code that `facts.csv` lists.
    Service,
    /// A readable directory of services. The next catalog mends it.
    ServiceDirectory,
    /// A code of a slip: it is mistyped. Ask to read it again.
    Code,
    /// The second code of a slip: it is mistyped. Ask to read it again.
    SecondCode,
    /// The key that a new phone shows for a hand-over: the text is not one. Scan it again.
    HandOverKey,
    /// The catalog. The first sync or parcel brings it.
    Catalog,
    /// A file that the catalog names.
    CatalogFile,
    /// The server's key for bundles: this server takes nothing from couriers.
    IntakeKey,
}

/// Why an answer was not taken.
#[uniffi::remote(Enum)]
pub enum AnswerReason {
    /// The question is not asked now.
    NotRelevant,
    /// The question cannot be answered: a note, or one that the form computes.
    ReadOnly,
    /// A whole number is needed.
    NotInteger,
    /// A number is needed.
    NotNumber,
    /// A date is needed, `2024-03-01`.
    NotDate,
    /// A time is needed, `13:45`.
    NotTime,
    /// A place is needed: latitude and longitude.
    NotPlace,
    /// It is not one of the choices on offer.
    NotAChoice,
    /// It lies outside of the range or between its steps.
    OutOfRange,
    /// The text is too long.
    TooLong,
    /// The repeat cannot have more rows.
    TooManyRows,
    /// The form computes how many rows there are.
    RowsAreCounted,
    /// All answers together are too long to be sealed. Ask to shorten the longest texts.
    AnswersTooLong,
    /// The outcome cannot be raised: it is presumed already, or the reason is not one of the questionnaire.
    CannotBeRaised,
    /// A referral does not go from its present status to this one.
    NotTheNextStatus,
    /// Nobody agreed who may: a child alone agrees to child protection only, and the reason to act without agreement is not one
    /// for this person.
    AgreementNeeded,
    /// The referral is no longer wanted. Say just that.
    NoLongerWanted,
}

/// What came instead of a signed answer. None of it says anything about a record.
#[uniffi::remote(Enum)]
pub enum OfflineReason {
    /// No connection, or it is cut or too slow. Try again later, or elsewhere.
    NoNetwork,
    /// A page for people, or a redirect: a network that wants a sign-in first. Sign in to it, or try another network.
    Portal,
    /// Something between phone and server changes what passes, or lets it not pass. Try another network.
    ChangedOnTheWay,
    /// Another machine answers than the server of the card, or it does not know this phone. Try another network; if it is the
    /// same there, tell the coordinator.
    NotTheServer,
    /// The server asks to come again later.
    Later,
}

/// Why something is not taken over.
#[uniffi::remote(Enum)]
pub enum UntrustedReason {
    /// No address of the server is `https`. The card is wrong: ask for another one.
    Address,
    /// What a courier brought is no answer of the server to this phone, or an answer to something it did not ask. Ask for the
    /// right file.
    Parcel,
    /// The file of a hand-over was not made for this phone, or by a phone of another organisation.
    HandOver,
    /// The catalog is not signed by the authority of the card.
    CatalogSignature,
    /// The catalog is older than the one in force.
    CatalogOlder,
    /// There are two catalogs of one version.
    CatalogForked,
    /// The catalog names no case worker, no recovery key, or a key that is none.
    CatalogRecipients,
    /// The catalog asks for a newer app. Ask to update.
    CatalogNeedsNewerApp,
}

/// Why the server does not serve this phone.
#[uniffi::remote(Enum)]
pub enum RefusedReason {
    /// The card was revoked. Drafts are sealed and records are sent, but no interview begins: a new card is needed.
    CardRevoked,
}

/// Where something happened that should not.
#[uniffi::remote(Enum)]
pub enum InternalReason {
    /// The database answered what it never should.
    Database,
    /// The library was linked with another SQLite or another cipher than its own.
    Cipher,
    /// The HTTP client cannot be built.
    HttpClient,
    /// A draft cannot be read back.
    Draft,
    /// The case cannot be sealed.
    Sealing,
    /// The bundle cannot be sealed.
    Bundle,
    /// The app's `DeviceSecret.derive` returned another number of bytes than 32. Mend the app.
    SecretLength {
        /// How many bytes it returned.
        bytes: u32,
    },
    /// The app's `DeviceSecret` is not implemented, or threw an exception that it does not declare. Mend the app.
    SecretException,
}
