//! The phone's key store, as the app lends it to the core.

use std::sync::Arc;
use tabara_core::vault;
use zeroize::Zeroizing;

/// Why the key store does not answer.
#[derive(Debug, thiserror::Error, uniffi::Error)]
pub enum SecretError {
    /// Not now: the core tells the app to try again.
    #[error("not available now")]
    Unavailable,
    /// Never again: the secret is gone.
    #[error("lost")]
    Lost,
    /// A fault of the app's own code. The core takes every exception that is not declared for this one, tells the app
    /// `Internal` with `SecretException`, and counts no attempt. The exception's text stays with the app.
    #[error("faulty")]
    Faulty,
}

impl From<uniffi::UnexpectedUniFFICallbackError> for SecretError {
    fn from(_: uniffi::UnexpectedUniFFICallbackError) -> Self {
        Self::Faulty
    }
}

/// An operation inside the phone's key store, implemented by the app. Purposes begin with the random id of a folder, so that
/// one object serves several people on one phone. Android: an
/// HMAC-SHA256 key in the Keystore, without user authentication, kept out of backups. iOS: a keychain item of this device
/// only. Called from any thread, also while another call waits.
#[uniffi::export(foreign)]
pub trait DeviceSecret: Send + Sync {
    /// 32 bytes that only this phone can compute, always the same for the same purpose and input. A purpose that was
    /// never asked for gets a secret of its own at its first call.
    fn derive(&self, purpose: String, input: Vec<u8>) -> Result<Vec<u8>, SecretError>;
    /// Destroys the secret of a purpose. Nothing wrong where there is none.
    fn forget(&self, purpose: String) -> Result<(), SecretError>;
}

/// The app's `DeviceSecret` as the core's.
pub(crate) struct HostSecretAdapter(pub Arc<dyn DeviceSecret>);

impl vault::DeviceSecret for HostSecretAdapter {
    fn derive(&self, purpose: &str, input: &[u8]) -> Result<Zeroizing<[u8; 32]>, vault::SecretError> {
        let bytes = Zeroizing::new(self.0.derive(purpose.into(), input.into())?);
        let wrong = |_| vault::SecretError::WrongLength(u32::try_from(bytes.len()).unwrap_or(u32::MAX));
        bytes.as_slice().try_into().map(Zeroizing::new).map_err(wrong)
    }
    fn forget(&self, purpose: &str) -> Result<(), vault::SecretError> {
        Ok(self.0.forget(purpose.into())?)
    }
}

impl From<SecretError> for vault::SecretError {
    fn from(error: SecretError) -> Self {
        match error {
            SecretError::Unavailable => Self::Unavailable,
            SecretError::Lost => Self::Lost,
            SecretError::Faulty => Self::Exception,
        }
    }
}
