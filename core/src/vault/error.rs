//! What can go wrong with the phone's files, and what an app is told of it.

use super::device_secret::SecretError;
use crate::catalog::CatalogError;
use crate::error::{Error, InternalReason, NotFoundItem, PhoneFile};
use rusqlite::ErrorCode;

/// What can go wrong with the phone's files. Holds nothing of what is stored.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// The key store failed.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// This file is damaged.
    #[error("{} is damaged", .0.name())]
    Damaged(PhoneFile),
    /// Another object has the folder open.
    #[error("in use")]
    InUse,
    /// A file was written by a newer version.
    #[error("written by a newer version")]
    Newer,
    /// Storage is full or read-only.
    #[error("storage is full or read-only")]
    Storage,
    /// No card was taken yet.
    #[error("not enrolled")]
    NotEnrolled,
    /// This is not on the phone.
    #[error("{0} not found")]
    NotFound(NotFoundItem),
    /// A catalog breaks a rule.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    /// The library was linked with another SQLite or another cipher than its own.
    #[error("SQLCipher with our provider is not what this program was linked with")]
    Cipher,
    /// A file cannot be read or written.
    #[error("file: {}", .0.kind())]
    Io(#[from] std::io::Error),
    /// The database failed in another way.
    #[error("database: {0}")]
    Sql(#[from] rusqlite::Error),
}

impl VaultError {
    /// Says what a database's error means for the file that it is about.
    pub(super) fn at(self, file: PhoneFile) -> Self {
        let VaultError::Sql(e) = self else { return self };
        match e.sqlite_error_code() {
            Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => VaultError::Damaged(file),
            Some(
                ErrorCode::DiskFull
                | ErrorCode::ReadOnly
                | ErrorCode::CannotOpen
                | ErrorCode::SystemIoFailure
                | ErrorCode::PermissionDenied,
            ) => VaultError::Storage,
            // a column of another type or an impossible value: nobody but damage writes those
            None if !matches!(e, rusqlite::Error::QueryReturnedNoRows) => VaultError::Damaged(file),
            _ => VaultError::Sql(e),
        }
    }
}

impl From<VaultError> for Error {
    fn from(e: VaultError) -> Self {
        match e {
            VaultError::Secret(SecretError::Unavailable) => Error::KeyStoreUnavailable,
            VaultError::Secret(SecretError::Lost) => Error::KeyStoreLost,
            VaultError::Secret(SecretError::WrongLength(bytes)) => InternalReason::SecretLength { bytes }.into(),
            VaultError::Secret(SecretError::Exception) => InternalReason::SecretException.into(),
            VaultError::Damaged(file) => Error::Damaged { file },
            VaultError::InUse => Error::InUse,
            VaultError::Newer => Error::NewerVersion,
            VaultError::Storage | VaultError::Io(_) => Error::Storage,
            VaultError::NotEnrolled => Error::NotEnrolled,
            VaultError::NotFound(what) => Error::NotFound { what },
            VaultError::Catalog(error) => Error::Untrusted { reason: error.into() },
            VaultError::Cipher => InternalReason::Cipher.into(),
            VaultError::Sql(_) => InternalReason::Database.into(),
        }
    }
}
