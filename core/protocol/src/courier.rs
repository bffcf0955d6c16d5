//! The courier: what goes by hand where no network reaches. A *bundle* carries records to the server in a file that any
//! phone, card or e-mail may carry: sealed once more, to the server's intake key. A *parcel* travels back: what became
//! of each record, with the catalog and its files; so it also sets up a phone that has never met its server. All in it
//! is signed or named by hash, and nothing in it is secret.

use crate::catalog::Chain;
use crate::envelope::{self, Digest};
use crate::record::{Sent, Verdict};
use crate::seal::{self, SealError};
use base64::prelude::{BASE64_URL_SAFE_NO_PAD as B64, Engine as _};
use serde::{Deserialize, Serialize};
use std::io::{Read as _, Write as _};

/// Records of one bundle, in bytes of their JSON, at most; what is left goes into the next.
pub const MAX_BUNDLE: usize = 4 * 1024 * 1024;
/// A parcel is at most so long, before compression.
pub const MAX_PARCEL: u64 = 32 * 1024 * 1024;

/// Compresses what leaves a phone or goes back to it, as far as it goes: every byte costs more than the work.
pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut out = flate2::write::GzEncoder::new(Vec::with_capacity(bytes.len()), flate2::Compression::best());
    out.write_all(bytes).and_then(|()| out.finish()).expect("writing to memory does not fail")
}

/// What is carried to the server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bundle {
    /// Chains of the phone, so that a server that never met it knows who signed.
    pub chains: Vec<Chain>,
    /// The records, each with its sealed case.
    pub records: Vec<Sent>,
}

impl Bundle {
    /// Seals it to the catalog's intake key (`age1…`).
    pub fn seal(&self, intake: &str) -> Result<Vec<u8>, SealError> {
        seal::seal(&serde_json::to_vec(self).expect("plain data has a JSON form"), &[intake])
    }
    /// Opens it with the server's intake identity.
    pub fn open(file: &[u8], identity: &str) -> Result<Self, SealError> {
        envelope::from_json(&seal::unseal(file, identity)?).map_err(|_| SealError::Damaged)
    }
}

/// What became of one record of a bundle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answered {
    /// SHA-256 of its JWS.
    pub jws: Digest,
    /// What became of the record.
    pub verdict: Verdict,
}

/// What is carried back.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parcel {
    /// Envelope of kind head, read with or after all the rest.
    pub head: String,
    /// Envelope of kind catalog.
    pub catalog: Option<String>,
    /// Files of the catalog, base64url.
    pub parts: Vec<String>,
    /// One answer for each record of the bundle.
    pub answers: Vec<Answered>,
}

/// The bytes are not a parcel, or larger than one may be.
#[derive(Debug, thiserror::Error, Clone, Copy, PartialEq, Eq)]
#[error("not a parcel")]
pub struct BadParcel;

impl Parcel {
    /// Adds a file of the catalog.
    pub fn add_part(&mut self, bytes: &[u8]) {
        self.parts.push(B64.encode(bytes));
    }
    /// The files of the catalog.
    pub fn part_bytes(&self) -> impl Iterator<Item = Result<Vec<u8>, BadParcel>> {
        self.parts.iter().map(|text| B64.decode(text).map_err(|_| BadParcel))
    }
    /// The file.
    pub fn write(&self) -> Vec<u8> {
        gzip(&serde_json::to_vec(self).expect("plain data has a JSON form"))
    }
    /// Reads the file.
    pub fn read(file: &[u8]) -> Result<Self, BadParcel> {
        let mut json = Vec::new();
        flate2::read::GzDecoder::new(file).take(MAX_PARCEL + 1).read_to_end(&mut json).map_err(|_| BadParcel)?;
        if json.len() as u64 > MAX_PARCEL {
            return Err(BadParcel);
        }
        envelope::from_json(&json).map_err(|_| BadParcel)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_server_opens_a_bundle() {
        let ((intake, to_intake), (stranger, _)) = (seal::new_identity(), seal::new_identity());
        let bundle = Bundle { chains: vec![], records: vec![Sent::new("a.b.c".into(), Some(b"sealed"))] };
        let file = bundle.seal(&to_intake).unwrap();
        assert_eq!(Bundle::open(&file, &intake).as_ref(), Ok(&bundle));
        assert_eq!(Bundle::open(&file, &stranger), Err(SealError::NotForThisKey));
        assert!(Bundle::open(&file[..file.len() - 1], &intake).is_err());
    }

    #[test]
    fn a_parcel_is_read_back_and_hostile_bytes_are_refused() {
        let mut parcel = Parcel { catalog: Some("a.b.c".into()), ..Parcel::default() };
        parcel.add_part(b"a questionnaire");
        let read = Parcel::read(&parcel.write()).unwrap();
        assert_eq!((&read, read.part_bytes().next()), (&parcel, Some(Ok(b"a questionnaire".to_vec()))));
        let mut bomb = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        bomb.write_all(&vec![b' '; MAX_PARCEL as usize + 10]).unwrap();
        for hostile in [b"".to_vec(), b"{}".to_vec(), bomb.finish().unwrap()] {
            assert_eq!(Parcel::read(&hostile), Err(BadParcel));
        }
    }
}
