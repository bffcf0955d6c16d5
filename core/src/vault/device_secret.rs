//! What the core asks of the phone's key store.

use crate::envelope::{Digest, sha256};
use zeroize::Zeroizing;

/// An operation inside the phone's key store: it answers questions with a secret that it never gives away.
///
/// Purposes begin with the random id of a folder, so that one key store serves several people on one phone. Android: an HMAC key in the Keystore, without user authentication, kept out of backups. iOS: a keychain item of this
/// device only. A purpose that was never asked for gets a secret at its first `derive`.
pub trait DeviceSecret: Send + Sync {
    /// 32 bytes that only this phone can compute: the same for the same purpose and input, forever, or until `forget`.
    fn derive(&self, purpose: &str, input: &[u8]) -> Result<Zeroizing<[u8; 32]>, SecretError>;
    /// Destroys the secret of a purpose. Nothing wrong where there is none.
    fn forget(&self, purpose: &str) -> Result<(), SecretError>;
}

/// Why the key store does not answer.
#[derive(Debug, thiserror::Error, Clone, Copy, PartialEq, Eq)]
pub enum SecretError {
    /// Not now (the phone just started, the key store is busy): try again.
    #[error("the key store is not available")]
    Unavailable,
    /// Never again: its secret is gone.
    #[error("the key store has lost its secret")]
    Lost,
    /// The host's code gave so many bytes in place of 32: nothing may be built on them.
    #[error("the device secret has {0} bytes, not 32")]
    WrongLength(u32),
    /// The host's code failed in a way that it does not declare: nothing is known of the secret.
    #[error("an undeclared exception of the device secret")]
    Exception,
}

/// Whether the key store still makes the tag that was kept. Digests are compared, so that the time tells nothing of the tag.
pub(super) fn same_tag(made: &[u8; 32], kept: &Digest) -> Result<(), SecretError> {
    if sha256(made) == sha256(&kept.0) { Ok(()) } else { Err(SecretError::Lost) }
}
