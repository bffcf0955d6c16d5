//! The vault: what a phone keeps, encrypted from the first keystroke.
//!
//! | file | key | holds |
//! |--|--|--|
//! | `keys.json` ([`keys`]) | | the vault's key, wrapped under PIN and key store |
//! | `mailbox.db` ([`mailbox`]) | key store alone | all that sync needs while locked: finished records, sealed and signed; chain, catalog, time, PIN counter |
//! | `vault.db` | PIN and key store | [`drafts`], [`cases`], the record key |
//!
//! Both databases are SQLCipher files through our own provider ([`cipher`]), in WAL with `synchronous=FULL`: a call that
//! returned is on the disk. [`schema`] explains every table. No file is ever deleted on a guess: damage is an error that
//! names the file, and the file stays.

pub mod cases;
pub mod cipher;
pub mod drafts;
pub mod keys;
pub mod last_saved;
pub mod mailbox;
pub mod schema;

#[cfg(test)]
mod double;
#[cfg(test)]
mod tests;

use crate::envelope::SigningKey;
use crate::record::Code;
use cipher::FileKey;
use rusqlite::ErrorCode;
use rusqlite::{Connection, Transaction, TransactionBehavior, params};
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use uuid::Uuid;
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

/// The vault, open. Dropping it locks it: connection and keys go.
pub struct Vault {
    store: Store,
    record_key: SigningKey,
}

impl Vault {
    /// Makes the file of a new vault. What stands in its place is moved aside first, never overwritten.
    pub fn create(folder: &Path, key: &FileKey, id: Uuid, record_key: &SigningKey) -> Result<Self, VaultError> {
        set_vault_aside(folder)?;
        let store = Self::store(folder, key, true)?;
        store.write(|t| {
            let sql = "INSERT INTO identity (one, vault, record_key) VALUES (1, ?1, ?2)";
            t.execute(sql, params![id.to_string(), record_key.seed()])?;
            Ok(())
        })?;
        store.empty_wal()?;
        sync_folder(folder)?;
        Ok(Self { store, record_key: record_key.clone() })
    }

    /// Opens the vault that the key file speaks of.
    pub fn open(folder: &Path, key: &FileKey, id: Uuid) -> Result<Self, VaultError> {
        if !folder.join(File::Vault.name()).try_exists()? {
            return Err(VaultError::Damaged(File::Vault));
        }
        let store = Self::store(folder, key, false)?;
        let record_key = store.read(|c| {
            let sql = "SELECT record_key FROM identity WHERE vault = ?1";
            c.query_row(sql, [id.to_string()], |r| r.get(0)).map_err(|e| match e {
                rusqlite::Error::QueryReturnedNoRows => VaultError::Damaged(File::Vault),
                e => e.into(),
            })
        })?;
        // what was erased before a crash must not wait in the WAL
        store.empty_wal()?;
        Ok(Self { store, record_key: SigningKey::from_seed(record_key) })
    }

    fn store(folder: &Path, key: &FileKey, fresh: bool) -> Result<Store, VaultError> {
        let path = folder.join(File::Vault.name());
        let mut connection = cipher::open(&path, key, fresh).map_err(|e| e.at(File::Vault))?;
        schema::prepare(&mut connection, schema::VAULT, File::Vault, fresh)?;
        Ok(Store { connection: Mutex::new(connection), file: File::Vault })
    }

    /// Signs records.
    pub fn record_key(&self) -> &SigningKey {
        &self.record_key
    }
    /// The second secret on the slip of a record of this phone. It is written nowhere: the record key gives it again, so that a
    /// slip which a crash swallowed can be shown. Who has that key could withdraw the record without it.
    pub fn undo(&self, record: Uuid) -> Code {
        Code::derived(&self.record_key.secret("tabara undo 1", record.as_bytes()))
    }
}

/// The key file, the vault's file, and what SQLite keeps beside it.
fn vault_files() -> [String; 5] {
    let vault = File::Vault.name();
    [keys::NAME.into(), keys::BESIDE.into(), vault.into(), format!("{vault}-wal"), format!("{vault}-shm")]
}

/// Moves files out of the way of new ones, and keeps them.
fn set_aside(folder: &Path, names: &[String]) -> Result<(), VaultError> {
    let aside = Uuid::new_v4().simple().to_string();
    for name in names {
        if folder.join(name).try_exists()? {
            std::fs::rename(folder.join(name), folder.join(format!("aside-{aside}-{name}")))?;
        }
    }
    Ok(sync_folder(folder)?)
}

/// Moves a vault that cannot be read any more out of the way of a new one, with its key file.
pub fn set_vault_aside(folder: &Path) -> Result<(), VaultError> {
    set_aside(folder, &vault_files())
}

/// For a folder whose mailbox is damaged, when the coordinator says so: everything is moved aside and kept, so that a new
/// card can be taken.
pub fn start_over(folder: &Path) -> Result<(), VaultError> {
    let mailbox = ["", "-wal", "-shm"].map(|end| format!("{}{end}", File::Mailbox.name()));
    set_aside(folder, &[&vault_files()[..], &mailbox].concat())
}

/// Destroys the vault on purpose: its files, and what the key store knows of the wrap of this generation. (The one
/// before and the one after may be there if a change of PIN was cut off.) What is missing already is no error.
pub fn destroy(folder: &Path, secret: &dyn DeviceSecret, generation: u32) -> Result<(), VaultError> {
    for name in vault_files() {
        match std::fs::remove_file(folder.join(name)) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => return Err(e.into()),
            _ => {}
        }
    }
    sync_folder(folder)?;
    for generation in generation.saturating_sub(1)..=generation.saturating_add(1) {
        secret.forget(&keys::purpose(generation))?;
    }
    Ok(())
}

/// Makes a rename or a removal in a folder durable.
fn sync_folder(folder: &Path) -> std::io::Result<()> {
    std::fs::File::open(folder)?.sync_all()
}
