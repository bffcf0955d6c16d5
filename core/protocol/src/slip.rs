//! The key on a person's slip. The slip shows a code and a second secret; together they give an Ed25519 key. Its public half
//! stands in the record. Whoever says the secret withdraws or corrects from any phone, by a signature of that key: the
//! secret itself never leaves the phone, and nothing in the log gives it away.
//!
//! The key is derived with Argon2id (RFC 9106), so that a reader of the log who tries all secrets of one code pays for each
//! try; the code is the salt, so that no try serves for two codes.

use crate::code::Code;
use crate::envelope::{PublicKey, SigningKey, sha256};
use argon2::{Algorithm, Argon2, Params, Version};
use base64::prelude::{BASE64_URL_SAFE_NO_PAD as B64, Engine as _};
use serde::{Deserialize, Serialize};
use std::fmt;
use uuid::Uuid;
use zeroize::Zeroizing;

/// Memory in KiB, passes, lanes: the same on every phone, or a slip would give another key there.
const COST: (u32, u32, u32) = (19 * 1024, 2, 1);

/// The key of a slip.
pub fn slip_key(code: &Code, secret: &Code) -> SigningKey {
    let (memory, passes, lanes) = COST;
    let params = Params::new(memory, passes, lanes, Some(32)).expect("a cost that Argon2 allows");
    let mut seed = Zeroizing::new([0; 32]);
    let salt = format!("tabara slip 2 {code}");
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    argon2.hash_password_into(secret.as_str().as_bytes(), salt.as_bytes(), &mut *seed).expect("salt and output fit");
    SigningKey::from_seed(*seed)
}

/// The id of the first record of a slip, from the public half of its key: so who has the slip can name that record from any
/// phone, to correct it, and who has not cannot. Only phones rely on it; to a server it is an id like any other.
pub fn record_of(slip: &PublicKey) -> Uuid {
    let hash = sha256(format!("tabara record of slip 2 {slip}").as_bytes());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash.0[..16]);
    uuid::Builder::from_random_bytes(bytes).into_uuid()
}

/// A slip key's signature over what a record changes. It holds for this record of this phone alone.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SlipProof([u8; 64]);

impl SlipProof {
    /// Signs what a record says that it changes ([`Record::agreed`](crate::record::Record::agreed)).
    pub(crate) fn of(key: &SigningKey, change: &str) -> Self {
        Self(key.sign_bytes(change.as_bytes()))
    }
    /// Whether the owner of this slip agreed to that.
    pub(crate) fn holds(&self, slip: &PublicKey, change: &str) -> bool {
        slip.verifies(change.as_bytes(), &self.0)
    }
}

impl fmt::Debug for SlipProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SlipProof(..)")
    }
}

impl Serialize for SlipProof {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&B64.encode(self.0))
    }
}

impl<'de> Deserialize<'de> for SlipProof {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(from)?;
        let bytes = B64.decode(&*text).ok().and_then(|bytes| bytes.try_into().ok());
        bytes.map(Self).ok_or_else(|| serde::de::Error::custom("not a signature"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_and_secret_give_the_same_key_on_every_phone() {
        let (code, secret): (Code, Code) =
            ("7KQ4M2XHTH".parse().unwrap(), "9QWK4M2XHW".parse().unwrap_or_else(|_| Code::derived(&[7; 32])));
        let key = slip_key(&code, &secret);
        assert_eq!(key.public(), slip_key(&code, &secret).public());
        assert_ne!(key.public(), slip_key(&secret, &code).public());
        assert_ne!(key.public(), slip_key(&Code::generate(), &secret).public(), "the code is the salt");
    }
}
