//! Names that cross as text: ids and hashes, and words by name.

use std::collections::{BTreeMap, HashMap};
use tabara_core::Error;
use tabara_core::code::Code;
use tabara_core::envelope::{Digest, PublicKey};
use tabara_core::error::NotFoundItem;
use tabara_core::kind::{Kind, Reason};
use tabara_core::record::Uuid;

uniffi::custom_type!(Uuid, String, {
    remote,
    lower: |id| id.to_string(),
    // as an error of the border it reaches the app; any other error would be a panic
    try_lift: |text| text.parse().map_err(|_| Error::NotFound { what: NotFoundItem::Id }.into()),
});
uniffi::custom_type!(Code, String, {
    remote,
    lower: |code| code.to_string(),
    try_lift: |text| text.parse().map_err(|_| Error::NotFound { what: NotFoundItem::Code }.into()),
});
uniffi::custom_type!(Digest, String, {
    remote,
    lower: |digest| digest.to_string(),
    try_lift: |text| Ok(text.parse()?),
});
uniffi::custom_type!(PublicKey, String, {
    remote,
    lower: |key| key.to_string(),
    try_lift: |text| Ok(text.parse()?),
});

/// Words by name; UniFFI knows only maps without an order.
pub type Texts = BTreeMap<String, String>;
uniffi::custom_type!(Texts, HashMap<String, String>, {
    remote,
    lower: |texts| texts.into_iter().collect(),
    try_lift: |texts| Ok(texts.into_iter().collect()),
});

/// What a record tells.
#[uniffi::remote(Enum)]
pub enum Kind {
    /// What one person told in an interview.
    Screening,
    /// How far a referral of a person has come.
    Referral,
    /// Help that was given to a person.
    Assistance,
    /// Something an organisation did; it is about nobody.
    Activity,
    /// Sums of a month that a law-enforcement unit reports; about nobody.
    Enforcement,
    /// A person takes back what was recorded.
    Withdrawal,
    /// A reviewer's decision on a case.
    Review,
}

/// Why the server refused a record, or does not count it yet.
#[uniffi::remote(Enum)]
pub enum Reason {
    /// Quarantined: it has a fact that the server does not know yet.
    UnknownFact,
    /// Quarantined: it has a code that the server does not know yet.
    UnknownCode,
    /// Quarantined: the server never published its questionnaire.
    UnknownQuestionnaire,
    /// Quarantined: this phone sent another record of the same number.
    RepeatedSeq,
    /// Quarantined: this phone's card was revoked.
    RevokedDevice,
    /// Quarantined: the card was used on two phones.
    SecondBinding,
    /// Quarantined: it corrects or takes back a record of another phone.
    ForeignRevision,
    /// Quarantined: the person took back what stands under this code.
    WithdrawnCode,
    /// Quarantined: the screening was in a commune that is not in the area of the card.
    OutsideArea,
    /// Quarantined: its month is more than a year ago, or to come.
    OldMonth,
    /// Quarantined: the card was used for the first time long after it had expired.
    LateBinding,
    /// Refused: the signature is wrong; it was damaged on the way.
    BadSignature,
    /// Refused: it cannot be read; it was damaged on the way, or app and server do not fit.
    Malformed,
    /// Refused: it is too long.
    Oversize,
    /// Refused: the server does not know this phone's card.
    NoChain,
    /// Refused: the sealed case is not the one that was signed; it was damaged on the way.
    SealedMismatch,
    /// Refused: another record has this id.
    IdTaken,
}
