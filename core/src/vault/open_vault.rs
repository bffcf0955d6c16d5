//! The vault's file, open: the key that signs records, and which file of drafts is in force.

use super::cipher::{self, FileKey};
use super::error::VaultError;
use super::files::{highest_drafts, set_vault_aside};
use super::schema;
use super::store::{Store, sync_folder};
use crate::envelope::SigningKey;
use crate::error::PhoneFile;
use crate::record::Code;
use crate::seal;
use ring::hmac;
use rusqlite::params;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use uuid::Uuid;
use zeroize::Zeroizing;

/// The vault, open. Dropping it locks it: connection and keys go.
pub struct Vault {
    pub(super) store: Store,
    record_key: SigningKey,
    /// Opens referrals and notes (`AGE-SECRET-KEY-1…`).
    age: Zeroizing<String>,
    /// The vault's part of the drafts' keys.
    seed: Zeroizing<[u8; 32]>,
    /// Of the drafts' aliases, the oldest that the key store may still have.
    oldest: Arc<AtomicU32>,
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
            let oldest = highest_drafts(folder)? + 1;
            t.execute("INSERT INTO drafts (one, generation, oldest, lost) VALUES (1, 0, ?1, 0)", [oldest])?;
            Ok(())
        })?;
        store.empty_wal()?;
        sync_folder(folder)?;
        Self::opened(store, key, id, record_key.clone(), age)
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
        Self::opened(store, key, id, SigningKey::from_seed(record_key), age)
    }

    fn opened(
        store: Store,
        key: &FileKey,
        id: Uuid,
        record_key: SigningKey,
        age: Zeroizing<String>,
    ) -> Result<Self, VaultError> {
        let oldest = store.read(|c| Ok(c.query_row("SELECT oldest FROM drafts", [], |r| r.get::<_, u32>(0))?))?;
        let keyed = hmac::Key::new(hmac::HMAC_SHA256, &key.0);
        let seed = hmac::sign(&keyed, &[b"tabara drafts seed 1", &id.as_bytes()[..]].concat());
        let seed = Zeroizing::new(seed.as_ref().try_into().expect("SHA-256 has 32 bytes"));
        Ok(Self { store, record_key, age, seed, oldest: Arc::new(oldest.into()) })
    }

    fn store(folder: &Path, key: &FileKey, fresh: bool) -> Result<Store, VaultError> {
        let path = folder.join(PhoneFile::Vault.name());
        let mut connection = cipher::open(&path, key, fresh).map_err(|e| e.at(PhoneFile::Vault))?;
        schema::prepare(&mut connection, schema::VAULT, PhoneFile::Vault, fresh)?;
        Ok(Store::new(connection, PhoneFile::Vault))
    }

    /// Opens what was sealed to this phone.
    pub fn unseal(&self, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, seal::SealError> {
        seal::unseal(sealed, &self.age).map(Zeroizing::new)
    }
    /// Referrals and notes are sealed to this age key (`age1…`).
    pub fn recipient(&self) -> Result<String, VaultError> {
        seal::recipient_of(&self.age).ok_or(VaultError::Damaged(PhoneFile::Vault))
    }
    /// The vault's part of the keys of its drafts, and the sign by which one vault is told from another.
    pub fn seed(&self) -> &Zeroizing<[u8; 32]> {
        &self.seed
    }
    /// The generation of the drafts' file in force; 0 before the first.
    pub(super) fn drafts(&self) -> Result<u32, VaultError> {
        self.store.read(|c| Ok(c.query_row("SELECT generation FROM drafts", [], |r| r.get(0))?))
    }
    /// A file of drafts comes into force. `lost`: not all of the one before could be read; its alias is kept then.
    pub(super) fn set_drafts(&self, generation: u32, lost: bool) -> Result<(), VaultError> {
        if lost {
            self.oldest.store(generation, Ordering::Relaxed);
        }
        let sql = "UPDATE drafts SET generation = ?1, oldest = ?2, lost = ?3";
        let oldest = self.oldest.load(Ordering::Relaxed);
        self.store.write(|t| Ok(t.execute(sql, params![generation, oldest, lost]).map(drop)?))
    }
    /// Drafts were lost, and no interview has ended since.
    pub fn lost_drafts(&self) -> Result<bool, VaultError> {
        self.store.read(|c| Ok(c.query_row("SELECT lost FROM drafts", [], |r| r.get(0))?))
    }
    pub(super) fn oldest_alias(&self) -> &Arc<AtomicU32> {
        &self.oldest
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
