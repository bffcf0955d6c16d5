//! The vault: what a phone keeps, encrypted from the first keystroke.
//!
//! | file | key | holds |
//! |--|--|--|
//! | `keys.json` ([`keys`]) | | the vault's key, wrapped under PIN and key store |
//! | `mailbox.db` ([`mailbox`]) | key store alone | all that sync needs while locked: finished records, sealed and signed; chain, catalog, time, PIN counter |
//! | `vault.db` | PIN and key store | drafts, case cards, the record key |
//!
//! Both databases are SQLCipher files through our own provider ([`cipher`]), in WAL with `synchronous=FULL`: a call that
//! returned is on the disk. [`schema`] explains every table. No file is ever deleted on a guess: damage is an error that
//! names the file, and the file stays.

pub mod cipher;
pub mod keys;
pub mod mailbox;
pub mod schema;

#[cfg(test)]
mod double;

use rusqlite::ErrorCode;
use rusqlite::{Connection, Transaction, TransactionBehavior};
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use zeroize::Zeroizing;

/// An operation inside the phone's key store: it answers questions with a secret that it never gives away.
///
/// One object serves one folder; where several people share a phone, the app puts the folder's name before each purpose.
/// Android: an HMAC key in the Keystore, without user authentication, kept out of backups. iOS: a keychain item of this
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
}

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
            File::Keys => keys::NAME,
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
    fn at(self, file: File) -> Self {
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

/// One encrypted database with one connection. Those who write get a transaction, those who read a connection.
struct Store {
    connection: Mutex<Connection>,
    file: File,
}

impl Store {
    fn read<T>(&self, work: impl FnOnce(&Connection) -> Result<T, VaultError>) -> Result<T, VaultError> {
        let connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        work(&connection).map_err(|e| e.at(self.file))
    }
    /// All of it is on the disk when this returns, or none of it ever.
    fn write<T>(&self, work: impl FnOnce(&Transaction) -> Result<T, VaultError>) -> Result<T, VaultError> {
        let mut connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        let all = |connection: &mut Connection| {
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let done = work(&transaction)?;
            transaction.commit()?;
            Ok(done)
        };
        all(&mut connection).map_err(|e: VaultError| e.at(self.file))
    }
    /// Moves the WAL into the file and cuts it to nothing, so that no frame holds what was erased.
    fn empty_wal(&self) -> Result<(), VaultError> {
        self.read(|c| Ok(c.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?))
    }
    /// Builds the file anew from what is alive. `secure_delete` zeroes what is deleted, but when SQLite moves rows between
    /// pages it leaves stale copies of them in the gaps of those pages (`rebuildPage`); only this removes them.
    fn rebuild(&self) -> Result<(), VaultError> {
        self.read(|c| Ok(c.execute_batch("VACUUM")?))?;
        self.empty_wal()
    }
}

/// Makes a rename or a removal in a folder durable.
fn sync_folder(folder: &Path) -> std::io::Result<()> {
    std::fs::File::open(folder)?.sync_all()
}
