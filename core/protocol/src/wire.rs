//! The one exchange between a phone and its server, and the only list of its paths, headers and limits.
//!
//! A phone posts a [`Bundle`]: what it sends and asks, signed by its transport key and sealed to the intake key that the
//! catalog names. The answer is a [`Parcel`]: signed by the operations key, sealed to the phone's mailbox key, and bound
//! to the hash of the bundle. Both also travel as files, carried by anyone: whoever carries them reads nothing, answers
//! nothing and changes nothing. An answer that is not such a parcel says nothing at all.
//!
//! That a record is kept is told by a [`Leaf`] of the server's Merkle tree ([`crate::tree`]), with the proof that it
//! stands under the head of the parcel. [`lineage`] tells what that head means beside the head that the phone knows.

mod bundle;
mod head;
mod leaf;
mod lineage;
mod parcel;

pub use bundle::{Bundle, Introduction, OpenedBundle, Registration, WipeDone};
pub use head::TreeHead;
pub use leaf::{BadLeaf, KeptEntry, Leaf};
pub use lineage::{Lineage, Restoration, lineage};
pub use parcel::{Connected, Enclosed, LeafProof, OpenedParcel, Parcel, RefusedRecord, Standing};

use crate::envelope::{self, Digest, EnvelopeError};
use crate::seal::{self, Lengths, SealError};
use base64::prelude::{BASE64_URL_SAFE_NO_PAD as B64, Engine as _};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Before every path below.
pub const PREFIX: &str = "/v2";
/// `POST` takes a bundle and answers with a parcel. `GET` with a bundle's SHA-256 behind it (`/bundles/{sha256}`) tells what
/// became of one whose answer was lost: its parcel (200), or how many bytes of it have arrived (202, decimal digits).
pub const BUNDLES: &str = "/bundles";
/// `POST` takes a [`Registration`] as JSON and answers with a parcel.
pub const DEVICES: &str = "/devices";
/// `GET /parts/{sha256}`: a file that the catalog names; `Range: bytes=N-` gives its rest.
pub const PARTS: &str = "/parts";
/// Header of a bundle that is posted in pieces: the SHA-256 of the whole. `content-range` says which piece.
pub const BUNDLE_HEADER: &str = "tabara-bundle";
/// Media type of bundles and parcels.
pub const MEDIA_TYPE: &str = "application/vnd.tabara";

/// A bundle holds at most so many records.
pub const MAX_RECORDS: usize = 100;
/// A bundle that is sent is at most so long; one that is carried as a file may be [`MAX_FILE`] long.
pub const MAX_SENT: usize = 512 * 1024;
/// No bundle or parcel is longer, as a file.
pub const MAX_FILE: usize = 4 * 1024 * 1024;
/// A registration is at most so long.
pub const MAX_REGISTRATION: usize = 16 * 1024;
/// A bundle introduces at most so many chains, and asks for at most so many proofs of each kind.
pub const MAX_ASKED: usize = 16;

/// A parcel names at most so many providers' devices.
pub const MAX_PROVIDERS: usize = 1000;

/// Names a list of providers' chains; the list is sorted.
pub fn providers_digest(chains: &[Digest]) -> Digest {
    envelope::sha256(&chains.iter().flat_map(|chain| chain.0).collect::<Vec<u8>>())
}

/// The bytes are not what they should be: not sealed to this key, not signed by that one, or against a limit.
#[derive(Debug, thiserror::Error, Clone, Copy, PartialEq, Eq)]
pub enum WireError {
    /// It does not open with this key, or it was damaged.
    #[error("does not open: {0}")]
    Seal(#[from] SealError),
    /// It opens, but is not what it should be, or not signed by the expected key.
    #[error("not signed as it should be: {0}")]
    Envelope(#[from] EnvelopeError),
    /// More records, chains or questions than one may hold; or what is enclosed is not what the signature names.
    #[error("against a limit, or enclosed files that the signature does not name")]
    Content,
}

/// Lengths of bundles: what a phone sends says more than what it is told.
const OF_BUNDLES: Lengths = Lengths::Steps(1024);
/// Lengths of parcels: few of them are shorter or longer than one that says nothing.
const OF_PARCELS: Lengths = Lengths::Steps(512);

/// An envelope and what is enclosed with it, sealed. The text has four lines: header, payload and signature of the envelope, and
/// JSON. The payload stands there as it was signed: in base64url, hashes would take a third more.
fn seal_with(lengths: Lengths, envelope: &str, enclosed: &impl Serialize, to: &str) -> Result<Vec<u8>, SealError> {
    let mut parts = envelope.split('.');
    let mut part = || parts.next().unwrap_or_default();
    let (header, payload, signature) = (part(), B64.decode(part()).unwrap_or_default(), part());
    let mut text = [header.as_bytes(), &payload, signature.as_bytes(), b""].join(&b'\n');
    serde_json::to_writer(&mut text, enclosed).expect("plain data has a JSON form");
    seal::seal_in(lengths, &text, &[to])
}

/// The envelope and the JSON beside it, of which nothing is checked yet.
fn open_with(file: &[u8], identity: &str) -> Result<(String, Vec<u8>), WireError> {
    if file.len() > MAX_FILE {
        return Err(SealError::Oversize.into());
    }
    let text = seal::unseal(file, identity)?;
    let mut lines = text.splitn(4, |byte| *byte == b'\n');
    let mut line = || lines.next().ok_or(WireError::Envelope(EnvelopeError::Malformed));
    let (header, payload, signature, enclosed) = (line()?, line()?, line()?, line()?);
    let plain = |bytes: &[u8]| std::str::from_utf8(bytes).map(str::to_owned).map_err(|_| EnvelopeError::Malformed);
    Ok((format!("{}.{}.{}", plain(header)?, B64.encode(payload), plain(signature)?), enclosed.to_vec()))
}

fn enclosed<T: DeserializeOwned>(json: &[u8]) -> Result<T, WireError> {
    envelope::from_json(json).map_err(WireError::Envelope)
}

#[cfg(test)]
#[path = "wire/tests.rs"]
mod tests;
