//! What can go wrong with the phone's files, and what an app is told of it.

use super::device_secret::SecretError;
use crate::catalog::CatalogError;
use crate::error::{Error, InternalReason, NotFoundItem, PhoneFile};
use rusqlite::ErrorCode;
use std::time::Duration;

/// What can go wrong with the phone's files. Holds nothing of what is stored.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    #[error("locked")]
    Locked,
    #[error("wrong PIN, {left} attempts left")]
    WrongPin { left: u32, wait: Duration },
    #[error("too soon after a wrong PIN")]
    TooSoon { wait: Duration },
    #[error(transparent)]
    Secret(#[from] SecretError),
    #[error("{} is damaged", .0.name())]
    Damaged(PhoneFile),
    #[error("written by a newer version")]
    Newer,
    #[error("storage is full or read-only")]
    Storage,
    #[error("not enrolled")]
    NotEnrolled,
    #[error("{0} not found")]
    NotFound(NotFoundItem),
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    #[error("SQLCipher with our provider is not what this program was linked with")]
    Cipher,
    #[error("file: {}", .0.kind())]
    Io(#[from] std::io::Error),
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
            VaultError::Locked => Error::Locked,
            VaultError::WrongPin { left, wait } => Error::WrongPin { attempts_left: left, retry_after: wait },
            VaultError::TooSoon { wait } => Error::TooSoon { retry_after: wait },
            VaultError::Secret(SecretError::Unavailable) => Error::KeyStoreUnavailable,
            VaultError::Secret(SecretError::Lost) => Error::KeyStoreLost,
            VaultError::Secret(SecretError::WrongLength(bytes)) => InternalReason::SecretLength { bytes }.into(),
            VaultError::Secret(SecretError::Exception) => InternalReason::SecretException.into(),
            VaultError::Damaged(file) => Error::Damaged { file },
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
