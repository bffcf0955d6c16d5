//! Names that cross as text: ids and hashes, and words by name.

use std::collections::{BTreeMap, HashMap};
use tabara_core::envelope::Digest;
use tabara_core::record::{Code, Kind, Reason, Uuid};

uniffi::custom_type!(Uuid, String, {
    remote,
    lower: |id| id.to_string(),
    try_lift: |text| Ok(text.parse()?),
});
uniffi::custom_type!(Code, String, {
    remote,
    lower: |code| code.to_string(),
    try_lift: |text| Ok(text.parse()?),
});
uniffi::custom_type!(Digest, String, {
    remote,
    lower: |digest| digest.to_string(),
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
    Screening,
    Referral,
    Assistance,
    Activity,
    Withdrawal,
    Review,
}

/// Why the server refused a record, or does not count it yet.
#[uniffi::remote(Enum)]
pub enum Reason {
    UnknownFact,
    UnknownCode,
    UnknownQuestionnaire,
    RepeatedSeq,
    RevokedDevice,
    SecondBinding,
    ForeignRevision,
    WithdrawnCode,
    BadSignature,
    Malformed,
    Oversize,
    NoChain,
    SealedMismatch,
    IdTaken,
}
