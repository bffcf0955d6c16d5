//! The vault's file, open: its own key, and the key that signs records.

use super::cipher::{self, FileKey};
use super::error::VaultError;
use super::files::set_vault_aside;
use super::schema;
use super::store::{Store, sync_folder};
use crate::envelope::SigningKey;
use crate::error::PhoneFile;
use crate::record::Code;
use crate::seal;
use rusqlite::params;
use std::path::Path;
use std::sync::Mutex;
use uuid::Uuid;
use zeroize::Zeroizing;

/// The vault, open. Dropping it locks it: connection and keys go.
pub struct Vault {
    pub(super) store: Store,
    record_key: SigningKey,
    /// Opens referrals and notes (`AGE-SECRET-KEY-1…`).
    age: Zeroizing<String>,
}

impl Vault {
    /// Makes the file of a new vault. What stands in its place is moved aside first, never overwritten.
    pub fn create(folder: &Path, key: &FileKey, id: Uuid, record_key: &SigningKey) -> Result<Self, VaultError> {
        set_vault_aside(folder)?;
        let (age, _) = seal::new_identity();
        let store = Self::store(folder, key, true)?;
        store.write(|t| {
            let sql = "INSERT INTO identity (one, vault, record_key, age) VALUES (1, ?1, ?2, ?3)";
            t.execute(sql, params![id.to_string(), record_key.seed(), *age])?;
            Ok(())
        })?;
        store.empty_wal()?;
        sync_folder(folder)?;
        Ok(Self { store, record_key: record_key.clone(), age })
    }

    /// Opens the vault that the key file speaks of.
    pub fn open(folder: &Path, key: &FileKey, id: Uuid) -> Result<Self, VaultError> {
        if !folder.join(PhoneFile::Vault.name()).try_exists()? {
            return Err(VaultError::Damaged(PhoneFile::Vault));
        }
        let store = Self::store(folder, key, false)?;
        let (record_key, age) = store.read(|c| {
            let sql = "SELECT record_key, age FROM identity WHERE vault = ?1";
            c.query_row(sql, [id.to_string()], |r| Ok((r.get(0)?, r.get::<_, String>(1)?.into()))).map_err(
                |e| match e {
                    rusqlite::Error::QueryReturnedNoRows => VaultError::Damaged(PhoneFile::Vault),
                    e => e.into(),
                },
            )
        })?;
        // what was erased before a crash must not wait in the WAL
        store.empty_wal()?;
        Ok(Self { store, record_key: SigningKey::from_seed(record_key), age })
    }

    fn store(folder: &Path, key: &FileKey, fresh: bool) -> Result<Store, VaultError> {
        let path = folder.join(PhoneFile::Vault.name());
        let mut connection = cipher::open(&path, key, fresh).map_err(|e| e.at(PhoneFile::Vault))?;
        schema::prepare(&mut connection, schema::VAULT, PhoneFile::Vault, fresh)?;
        Ok(Store { connection: Mutex::new(connection), file: PhoneFile::Vault })
    }

    /// Referrals and notes are sealed to this age key (`age1…`).
    pub fn recipient(&self) -> Result<String, VaultError> {
        seal::recipient_of(&self.age).ok_or(VaultError::Damaged(PhoneFile::Vault))
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
