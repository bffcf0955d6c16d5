//! The vault's file, open: its own key, and the key that signs records.

use super::cipher::{self, FileKey};
use super::error::VaultError;
use super::files::set_vault_aside;
use super::schema;
use super::store::{Store, sync_folder};
use crate::envelope::SigningKey;
use crate::error::PhoneFile;
use crate::record::Code;
use rusqlite::params;
use std::path::Path;
use std::sync::Mutex;
use uuid::Uuid;

/// The vault, open. Dropping it locks it: connection and keys go.
pub struct Vault {
    pub(super) store: Store,
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
        if !folder.join(PhoneFile::Vault.name()).try_exists()? {
            return Err(VaultError::Damaged(PhoneFile::Vault));
        }
        let store = Self::store(folder, key, false)?;
        let record_key = store.read(|c| {
            let sql = "SELECT record_key FROM identity WHERE vault = ?1";
            c.query_row(sql, [id.to_string()], |r| r.get(0)).map_err(|e| match e {
                rusqlite::Error::QueryReturnedNoRows => VaultError::Damaged(PhoneFile::Vault),
                e => e.into(),
            })
        })?;
        // what was erased before a crash must not wait in the WAL
        store.empty_wal()?;
        Ok(Self { store, record_key: SigningKey::from_seed(record_key) })
    }

    fn store(folder: &Path, key: &FileKey, fresh: bool) -> Result<Store, VaultError> {
        let path = folder.join(PhoneFile::Vault.name());
        let mut connection = cipher::open(&path, key, fresh).map_err(|e| e.at(PhoneFile::Vault))?;
        schema::prepare(&mut connection, schema::VAULT, PhoneFile::Vault, fresh)?;
        Ok(Store { connection: Mutex::new(connection), file: PhoneFile::Vault })
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
