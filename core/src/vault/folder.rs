//! The phone's folder: who uses it now, and which secrets of the key store are its own.
//!
//! **One object at a time.** The file `lock` is locked for as long as the folder is open: two objects, in one process or in
//! two, would overwrite each other's answers.
//!
//! **Its own secrets.** Every purpose that the key store is asked for begins with the folder's random id, so that people who
//! share a phone, and the folder of before a wiped key store, never touch each other's. The id is in `folder.json`, beside
//! its hash and a tag that only this phone's key store makes: a lost key store is known by that, before any database is
//! opened, and is not mistaken for damage.

use super::device_secret::{DeviceSecret, SecretError, same_tag};
use super::error::VaultError;
use super::store::write_beside;
use crate::envelope::{Digest, from_json, sha256};
use crate::error::PhoneFile;
use serde::{Deserialize, Serialize};
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use uuid::Uuid;
use zeroize::Zeroizing;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct OnDisk {
    id: Uuid,
    sha256: Digest,
    tag: Digest,
}

/// A folder that this object alone has open. As a [`DeviceSecret`] it asks for the folder's own secrets.
pub struct Folder {
    path: PathBuf,
    host: Arc<dyn DeviceSecret>,
    id: Mutex<Uuid>,
    lock: Mutex<Option<File>>,
}

impl Folder {
    /// Takes a folder for this object. Fails with [`VaultError::InUse`] where another one has it.
    pub fn open(path: &Path, host: Arc<dyn DeviceSecret>) -> Result<Self, VaultError> {
        let file = File::options().create(true).truncate(false).write(true).open(path.join("lock"))?;
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => return Err(VaultError::InUse),
            // a file system without locks: nothing can be promised there
            Err(TryLockError::Error(e)) if e.kind() != std::io::ErrorKind::Unsupported => return Err(e.into()),
            _ => {}
        }
        Ok(Self { path: path.to_owned(), host, id: Mutex::new(Uuid::new_v4()), lock: Mutex::new(Some(file)) })
    }
    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
    /// Whether anything was ever kept here.
    pub fn is_empty(&self) -> Result<bool, VaultError> {
        for file in [PhoneFile::Keys, PhoneFile::Mailbox, PhoneFile::Vault] {
            if self.path.join(file.name()).try_exists()? {
                return Ok(false);
            }
        }
        Ok(true)
    }
    /// Learns whose the folder is, and checks that this phone's key store still has its secrets.
    pub fn check(&self) -> Result<(), VaultError> {
        let damaged = |_| VaultError::Damaged(PhoneFile::Folder);
        let bytes = match std::fs::read(self.path.join(PhoneFile::Folder.name())) {
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Err(VaultError::Damaged(PhoneFile::Folder)),
            read => read?,
        };
        let OnDisk { id, sha256: hash, tag } = from_json(&bytes).map_err(damaged)?;
        if sha256(id.as_bytes()) != hash {
            return Err(VaultError::Damaged(PhoneFile::Folder));
        }
        *self.id() = id;
        Ok(same_tag(&*self.tag()?, &tag)?)
    }
    /// Gives the folder a new id: what was kept under another one is not opened by it.
    pub fn begin(&self) -> Result<(), VaultError> {
        let id = Uuid::new_v4();
        *self.id() = id;
        let text = OnDisk { id, sha256: sha256(id.as_bytes()), tag: Digest(*self.tag()?) };
        let text = serde_json::to_vec(&text).expect("plain data has a JSON form");
        write_beside(&self.path, PhoneFile::Folder.name(), &text)
    }
    /// Lets another object open the folder.
    pub fn release(&self) {
        self.lock.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
    fn tag(&self) -> Result<Zeroizing<[u8; 32]>, SecretError> {
        self.derive("folder", b"tabara folder 1")
    }
    fn id(&self) -> MutexGuard<'_, Uuid> {
        self.id.lock().unwrap_or_else(PoisonError::into_inner)
    }
    fn own(&self, purpose: &str) -> String {
        format!("{}.{purpose}", self.id().simple())
    }
}

impl DeviceSecret for Folder {
    fn derive(&self, purpose: &str, input: &[u8]) -> Result<Zeroizing<[u8; 32]>, SecretError> {
        let own = self.own(purpose);
        self.host.derive(&own, input)
    }
    fn forget(&self, purpose: &str) -> Result<(), SecretError> {
        let own = self.own(purpose);
        self.host.forget(&own)
    }
}
