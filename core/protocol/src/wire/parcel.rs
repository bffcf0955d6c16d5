//! What the server answers.

use super::head::TreeHead;
use super::leaf::{BadLeaf, Leaf};
use super::{OF_PARCELS, WireError, enclosed, open_with, seal_with};
use crate::envelope::{self, Digest, PublicKey, Signer, Typ};
use crate::kind::Reason;
use crate::record::Update;
use crate::seal::SealError;
use crate::tree;
use base64::prelude::{BASE64_URL_SAFE_NO_PAD as B64, Engine as _};
use serde::{Deserialize, Serialize};

/// The payload of a parcel's envelope, by the operations key. Fields that a phone does not know it passes over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parcel {
    /// SHA-256 of the bundle, as it was sent, or of the registration's JSON.
    pub answers: Digest,
    /// The server's time, seconds since 1970 UTC.
    pub time: i64,
    /// The tree with all that this parcel tells.
    pub head: TreeHead,
    /// How the server sees the phone.
    pub standing: Standing,
    /// The highest `seq` that it has seen of the phone's record key.
    #[serde(default)]
    pub seq: u64,
    /// Proves that `head` continues the bundle's head; absent where it does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grown: Option<Vec<Digest>>,
    /// The leaf of the last restore that cut off the bundle's head.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restore: Option<LeafProof>,
    /// Proofs that `head` continues the sizes that were to be connected; those that cannot be given are absent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub connected: Vec<Connected>,
    /// Leaves of this bundle's records, those that were asked for, and restores that are new to the phone or cut off a size
    /// that was to be connected. A record that stands in one of them is kept.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub leaves: Vec<LeafProof>,
    /// Records that are not kept, and why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refused: Vec<RefusedRecord>,
    /// Records of the bundle that are neither in a leaf nor refused are to be sent again after this time: the phone has
    /// sent more than it may in a day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub later: Option<i64>,
    /// The chains of all providers' devices that count, by their SHA-256 and sorted, if the phone knows of others. Each is a
    /// file of the server, and leads to the authority: nobody else can put one in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub providers: Option<Vec<Digest>>,
    /// What became of earlier records.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub updates: Vec<Update>,
    /// Say this next time.
    #[serde(default)]
    pub cursor: u64,
}

/// How the server sees a phone.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// The first phone of its card, or one that the operator accepted: its records count.
    #[default]
    Trusted,
    /// Another phone used the card first. Its records wait until the operator has looked.
    Second,
    /// The card was used for the first time long after it had expired. Its records wait.
    Late,
    /// It is revoked. What it sends is kept and waits.
    Revoked,
}

/// A leaf with the proof that it stands under a head.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeafProof {
    /// Its place in the tree, from 0.
    pub index: u64,
    /// Its text ([`Leaf::text`]).
    pub text: String,
    /// The path to the root.
    pub proof: Vec<Digest>,
}

impl LeafProof {
    /// Whether it stands under this head.
    pub fn holds(&self, head: &TreeHead) -> bool {
        tree::includes(&head.root, head.size, self.index, &self.hash(), &self.proof)
    }
    /// The hash that stands in the tree.
    pub fn hash(&self) -> Digest {
        tree::leaf_hash(self.text.as_bytes())
    }
    /// What it says.
    pub fn leaf(&self) -> Result<Leaf, BadLeaf> {
        Leaf::parse(&self.text)
    }
}

/// The tree of `size` leaves is continued by the parcel's head.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Connected {
    /// The size that was asked for.
    pub size: u64,
    /// Consistency of that size with the parcel's head.
    pub proof: Vec<Digest>,
}

/// A record that the server does not keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusedRecord {
    /// SHA-256 of its JWS.
    pub jws: Digest,
    /// Why.
    pub reason: Reason,
}

/// What travels with a parcel and proves itself: the catalog by the authority's signature, files by the hash in it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Enclosed {
    /// Envelope of kind catalog, if the phone has another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub catalog: Option<String>,
    /// Files of the catalog, base64url, for a phone that cannot fetch.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<String>,
}

impl Enclosed {
    /// Adds a file.
    pub fn add(&mut self, bytes: &[u8]) {
        self.files.push(B64.encode(bytes));
    }
    /// The files, as far as they are base64url.
    pub fn file_bytes(&self) -> impl Iterator<Item = Vec<u8>> {
        self.files.iter().filter_map(|text| B64.decode(text).ok())
    }
}

/// A parcel that was opened and whose signature is not checked yet: the catalog that it brings may name the key.
#[derive(Debug)]
pub struct OpenedParcel {
    /// The envelope: evidence, once it is verified.
    pub envelope: String,
    /// What came with it.
    pub enclosed: Enclosed,
}

impl Parcel {
    /// Signs it and seals it to the phone's mailbox key (`age1…`).
    pub fn seal(&self, key: &Signer, with: &Enclosed, mailbox: &str) -> Result<Vec<u8>, SealError> {
        seal_with(OF_PARCELS, &key.sign(Typ::Parcel, self), with, mailbox)
    }
    /// Opens it with the phone's mailbox identity.
    pub fn open(file: &[u8], mailbox: &str) -> Result<OpenedParcel, WireError> {
        let (envelope, json) = open_with(file, mailbox)?;
        envelope::peek(&envelope)?;
        Ok(OpenedParcel { envelope, enclosed: enclosed(&json)? })
    }
}

impl OpenedParcel {
    /// Checks that one of these keys signed it as the answer to what was sent, and that every leaf in it stands under its
    /// head.
    pub fn verify(&self, operations: &[PublicKey], sent: &Digest) -> Result<Parcel, WireError> {
        let kid = envelope::peek(&self.envelope)?.kid;
        let key = operations.iter().find(|key| key.kid() == kid).ok_or(envelope::EnvelopeError::WrongKey)?;
        let parcel: Parcel = envelope::open(Typ::Parcel, key, &self.envelope)?;
        let proven = parcel.leaves.iter().all(|leaf| leaf.holds(&parcel.head));
        if parcel.answers == *sent && proven { Ok(parcel) } else { Err(WireError::Content) }
    }
}
