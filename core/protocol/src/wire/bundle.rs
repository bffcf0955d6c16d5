//! What a phone sends and asks.

use super::head::TreeHead;
use super::{MAX_ASKED, MAX_RECORDS, OF_BUNDLES, WireError, enclosed, open_with, seal_with};
use crate::catalog::Chain;
use crate::envelope::{self, Digest, PublicKey, Signer, Typ, sha256};
use crate::record::{Sent, Uuid};
use crate::seal::SealError;
use serde::{Deserialize, Serialize};

/// The payload of a bundle's envelope, by the phone's transport key. A reviewer's is signed by the reviewer's key; its
/// records are reviews, and the parcel is sealed to whom [`Bundle::answer_to`] names.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Bundle {
    /// The last head that the phone has proven.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub head: Option<TreeHead>,
    /// Sizes of other heads, to be connected to the head of the answer.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub connect: Vec<u64>,
    /// Indices of leaves, to be proven under the head of the answer.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub prove: Vec<u64>,
    /// Updates are known up to here.
    pub cursor: u64,
    /// SHA-256 of the catalog's envelope that the phone has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub catalog: Option<Digest>,
    /// [`providers_digest`](super::providers_digest) of the providers' chains that the phone knows of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub providers: Option<Digest>,
    /// Set by a phone that cannot fetch: the files that it has. The parcel brings the catalog's others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub files: Option<Vec<Digest>>,
    /// Chains that the server may not know.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub introductions: Vec<Introduction>,
    /// An order that was carried out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wiped: Option<WipeDone>,
    /// Heads that the server signed and that contradict each other. Coordinators are told.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<TreeHead>,
    /// In a reviewer's bundle: the age key that the parcel is sealed to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer_to: Option<String>,
    /// SHA-256 of the JSON of the records that are enclosed: [`Bundle::seal`] sets it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub records: Option<Digest>,
}

/// A chain, and what proves to a restored server that it was the first of its card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Introduction {
    /// Authority, card, phone.
    pub chain: Chain,
    /// The envelope of the parcel that answered it first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receipt: Option<String>,
}

/// Body of `POST /v2/devices`: what a phone says that has no catalog yet, or whom the server does not know.
pub type Registration = Introduction;

/// A phone has destroyed its vault, as ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WipeDone {
    /// The order that was carried out.
    pub order: Uuid,
    /// Records that the phone still has to send.
    pub waiting: u64,
}

/// A bundle that was opened, and whose signature is not checked yet: `kid` names the key that it needs.
#[derive(Debug)]
pub struct OpenedBundle {
    /// The key that signed it.
    pub kid: String,
    envelope: String,
    records: Vec<u8>,
}

impl Bundle {
    /// Signs it with the records beside it, and seals it to the intake key (`age1…`).
    pub fn seal(&self, key: &Signer, records: &[Sent], intake: &str) -> Result<Vec<u8>, SealError> {
        let json = serde_json::to_vec(records).expect("plain data has a JSON form");
        let signed = key.sign(Typ::Bundle, &Self { records: Some(sha256(&json)), ..self.clone() });
        seal_with(OF_BUNDLES, &signed, &records, intake)
    }
    /// Opens it with the server's intake identity.
    pub fn open(file: &[u8], intake: &str) -> Result<OpenedBundle, WireError> {
        let (envelope, records) = open_with(file, intake)?;
        Ok(OpenedBundle { kid: envelope::peek(&envelope)?.kid, envelope, records })
    }
}

impl OpenedBundle {
    /// Chains that it brings, before anything is trusted: to look for the key that signed it.
    pub fn introductions(&self) -> Vec<Introduction> {
        let claimed = envelope::stored::<Bundle>(&self.envelope);
        claimed.map(|bundle| bundle.introductions).unwrap_or_default().into_iter().take(MAX_ASKED).collect()
    }
    /// Checks the signature and the limits.
    pub fn verify(self, key: &PublicKey) -> Result<(Bundle, Vec<Sent>), WireError> {
        let bundle: Bundle = envelope::open(Typ::Bundle, key, &self.envelope)?;
        let asked = [bundle.connect.len(), bundle.prove.len(), bundle.introductions.len(), bundle.evidence.len()];
        if bundle.records != Some(sha256(&self.records)) || asked.iter().any(|asked| *asked > MAX_ASKED) {
            return Err(WireError::Content);
        }
        let records: Vec<Sent> = enclosed(&self.records)?;
        if records.len() > MAX_RECORDS { Err(WireError::Content) } else { Ok((bundle, records)) }
    }
}
