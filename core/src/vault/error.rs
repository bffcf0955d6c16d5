//! What can go wrong with the phone's files, and what an app is told of it.

use super::device_secret::SecretError;
use rusqlite::ErrorCode;
use std::time::Duration;

/// Which of the phone's files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum File {
    Keys,
    Mailbox,
    Vault,
}

impl File {
    /// Its name in the folder.
    pub fn name(self) -> &'static str {
        match self {
            File::Keys => "keys.json",
            File::Mailbox => "mailbox.db",
            File::Vault => "vault.db",
        }
    }
}

/// What can go wrong in this room. Holds nothing of what is stored.
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
    Damaged(File),
    #[error("written by a newer version")]
    Newer,
    #[error("storage is full or read-only")]
    Storage,
    #[error("not enrolled")]
    NotEnrolled,
    #[error("{0} not found")]
    NotFound(&'static str),
    #[error(transparent)]
    Catalog(#[from] crate::catalog::CatalogError),
    #[error("SQLCipher with our provider is not what this program was linked with")]
    Cipher,
    #[error("file: {}", .0.kind())]
    Io(#[from] std::io::Error),
    #[error("database: {0}")]
    Sql(#[from] rusqlite::Error),
}

impl VaultError {
    /// Says what a database's error means for the file that it is about.
    pub(super) fn at(self, file: File) -> Self {
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

impl From<VaultError> for crate::Error {
    fn from(e: VaultError) -> Self {
        use crate::Error;
        match e {
            VaultError::Locked => Error::Locked,
            VaultError::WrongPin { left, wait } => Error::WrongPin { attempts_left: left, retry_after: wait },
            VaultError::TooSoon { wait } => Error::TooSoon { retry_after: wait },
            VaultError::Secret(SecretError::Unavailable) => Error::KeyStoreUnavailable,
            VaultError::Secret(SecretError::Lost) => Error::KeyStoreLost,
            VaultError::Damaged(file) => Error::Damaged { file: file.name() },
            VaultError::Newer => Error::NewerVersion,
            VaultError::Storage | VaultError::Io(_) => Error::Storage,
            VaultError::NotEnrolled => Error::NotEnrolled,
            VaultError::NotFound(what) => Error::NotFound { what },
            VaultError::Catalog(_) => Error::Untrusted { reason: "catalog" },
            VaultError::Cipher => Error::Internal("SQLCipher's provider"),
            VaultError::Sql(_) => Error::Internal("database"),
        }
    }
}
