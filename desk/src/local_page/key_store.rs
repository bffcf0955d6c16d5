//! The key store of a computer: that of its system (Secret Service, Windows, macOS) where there is one, else a file beside
//! the folder. What was chosen at the first start stays: a folder whose secrets lie in the system's key store is not opened
//! with others because that one is away today.
//!
//! A file protects nothing against who copies the disk: then only the PIN stands. So the page says it at every start.

use crate::error::{Result, at, invalid};
use ring::hmac;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use tabara_core::vault::{DeviceSecret, SecretError};
use tabara_protocol::envelope::{Digest, random};
use zeroize::Zeroizing;

/// The file beside the folder: which key store is used, and in the worse case its secrets.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kept {
    /// In the system's key store, under this name.
    System(String),
    /// Here, by purpose.
    Here(BTreeMap<String, Digest>),
}

/// The secrets of one folder.
pub struct KeyStore {
    path: PathBuf,
    kept: Mutex<Kept>,
    /// Held as long as the program runs: two programs on a folder would overwrite each other's answers.
    _lock: File,
}

impl KeyStore {
    /// Opens or begins the key store of a folder; `in_file`: a new one does not ask for the system's. Fails while another
    /// program holds it.
    pub fn open(folder: &Path, in_file: bool) -> Result<Self> {
        let beside = |end: &str| {
            let mut name = folder.file_name().unwrap_or_default().to_owned();
            name.push(end);
            folder.with_file_name(name)
        };
        let (path, lock_path) = (beside(".key"), beside(".lock"));
        let parent = folder.parent().filter(|parent| !parent.as_os_str().is_empty());
        parent.map_or(Ok(()), std::fs::create_dir_all).map_err(|e| at(folder, e))?;
        let lock = File::create(&lock_path).map_err(|e| at(&lock_path, e))?;
        lock.try_lock().map_err(|_| invalid(format!("{} is open in another program", folder.display())))?;
        let kept = match std::fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&Zeroizing::new(bytes)).map_err(|e| at(&path, e))?,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound && is_new(folder) => {
                let kept = if in_file { None } else { system::begin() };
                let kept = kept.map_or_else(|| Kept::Here(BTreeMap::new()), Kept::System);
                write(&path, &kept).map_err(|e| at(&path, e))?;
                kept
            }
            Err(e) => return Err(at(&path, e)),
        };
        Ok(Self { path, kept: Mutex::new(kept), _lock: lock })
    }

    /// The secrets lie in a file.
    pub fn is_file(&self) -> bool {
        matches!(*self.kept(), Kept::Here(_))
    }

    /// The file beside the folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn secret(&self, purpose: &str) -> std::result::Result<Zeroizing<[u8; 32]>, SecretError> {
        match &mut *self.kept() {
            Kept::System(name) => system::secret(name, purpose),
            Kept::Here(secrets) => {
                let secret = secrets.get(purpose).copied().unwrap_or_else(|| Digest(random()));
                self.keep(secrets, |secrets| secrets.insert(purpose.into(), secret))?;
                Ok(Zeroizing::new(secret.0))
            }
        }
    }

    /// Changes the secrets in the file, then those in memory: what could not be written down is not used either.
    fn keep<T>(
        &self,
        secrets: &mut BTreeMap<String, Digest>,
        change: impl FnOnce(&mut BTreeMap<String, Digest>) -> T,
    ) -> std::result::Result<(), SecretError> {
        let mut new = secrets.clone();
        change(&mut new);
        if new != *secrets {
            write(&self.path, &Kept::Here(new.clone())).map_err(|_| SecretError::Unavailable)?;
            *secrets = new;
        }
        Ok(())
    }
}

impl DeviceSecret for KeyStore {
    fn derive(&self, purpose: &str, input: &[u8]) -> std::result::Result<Zeroizing<[u8; 32]>, SecretError> {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &*self.secret(purpose)?);
        let tag = hmac::sign(&key, input);
        tag.as_ref().try_into().map(Zeroizing::new).map_err(|_| SecretError::WrongLength(tag.as_ref().len() as u32))
    }

    fn forget(&self, purpose: &str) -> std::result::Result<(), SecretError> {
        match &mut *self.kept() {
            Kept::System(name) => system::forget(name, purpose),
            Kept::Here(secrets) => self.keep(secrets, |secrets| secrets.remove(purpose)),
        }
    }
}

/// A folder with files and without its key file has lost its secrets: it must not silently get others.
fn is_new(folder: &Path) -> bool {
    folder.read_dir().map_or(true, |mut entries| entries.next().is_none())
}

/// Replaces the file whole, readable for its owner alone.
fn write(path: &Path, kept: &Kept) -> std::io::Result<()> {
    let bytes = Zeroizing::new(serde_json::to_vec(kept)?);
    let beside = path.with_extension("key.new");
    let mut options = File::options();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&beside)?;
    file.write_all(&bytes)?;
    file.sync_all()?;
    std::fs::rename(&beside, path)
}

/// The system's key store: an entry for each purpose.
#[cfg(feature = "keyring")]
mod system {
    use super::*;
    use keyring::{Entry, Error};
    use tabara_protocol::catalog::Uuid;

    /// Calls on a thread of their own: the Secret Service is asked over a bus that must not be waited for inside of a runtime.
    fn apart<T: Send>(work: impl FnOnce() -> T + Send) -> T {
        std::thread::scope(|scope| scope.spawn(work).join()).expect("the key store does not panic")
    }

    fn entry(name: &str, purpose: &str) -> keyring::Result<Entry> {
        Entry::new("tabara", &format!("{name}/{purpose}"))
    }

    /// A name for a new folder, if there is a key store that keeps what it is given.
    pub fn begin() -> Option<String> {
        let name = Uuid::new_v4().to_string();
        let keeps = || {
            let probe = entry(&name, "probe")?;
            probe.set_secret(b"probe")?;
            let kept = probe.get_secret()?;
            probe.delete_credential()?;
            Ok::<_, Error>(kept == b"probe")
        };
        apart(|| keeps().unwrap_or(false)).then_some(name)
    }

    pub fn secret(name: &str, purpose: &str) -> std::result::Result<Zeroizing<[u8; 32]>, SecretError> {
        let read = || {
            let entry = entry(name, purpose)?;
            match entry.get_secret() {
                Err(Error::NoEntry) => {
                    let new: [u8; 32] = random();
                    entry.set_secret(&new).map(|()| new.to_vec())
                }
                found => found,
            }
        };
        let bytes = Zeroizing::new(apart(read).map_err(|_| SecretError::Unavailable)?);
        let length = SecretError::WrongLength(bytes.len() as u32);
        bytes.as_slice().try_into().map(Zeroizing::new).map_err(|_| length)
    }

    pub fn forget(name: &str, purpose: &str) -> std::result::Result<(), SecretError> {
        match apart(|| entry(name, purpose)?.delete_credential()) {
            Ok(()) | Err(Error::NoEntry) => Ok(()),
            Err(_) => Err(SecretError::Unavailable),
        }
    }
}

/// Built without: the file is used.
#[cfg(not(feature = "keyring"))]
mod system {
    use super::*;

    pub fn begin() -> Option<String> {
        None
    }
    pub fn secret(_: &str, _: &str) -> std::result::Result<Zeroizing<[u8; 32]>, SecretError> {
        Err(SecretError::Unavailable)
    }
    pub fn forget(_: &str, _: &str) -> std::result::Result<(), SecretError> {
        Err(SecretError::Unavailable)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_keeps_its_secrets_and_has_one_holder() {
        let place = tempfile::tempdir().unwrap();
        let folder = place.path().join("phone");
        let store = KeyStore::open(&folder, true).unwrap();
        let derived = *store.derive("vault.1", b"pin").unwrap();
        assert_ne!(derived, *store.derive("mailbox", b"pin").unwrap());
        assert!(KeyStore::open(&folder, true).is_err(), "a second program opened it");
        drop(store);
        let store = KeyStore::open(&folder, true).unwrap();
        assert_eq!(derived, *store.derive("vault.1", b"pin").unwrap());
        store.forget("vault.1").unwrap();
        assert_ne!(derived, *store.derive("vault.1", b"pin").unwrap());
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_reads_the_file() {
        use std::os::unix::fs::PermissionsExt as _;
        let place = tempfile::tempdir().unwrap();
        let store = KeyStore::open(&place.path().join("phone"), true).unwrap();
        store.derive("mailbox", b"").unwrap();
        let mode = std::fs::metadata(store.path()).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0);
    }

    #[test]
    fn a_secret_that_cannot_be_written_down_is_not_used_and_one_that_stays_on_the_disk_is_not_forgotten() {
        let place = tempfile::tempdir().unwrap();
        let store = KeyStore::open(&place.path().join("phone"), true).unwrap();
        let kept = *store.derive("mailbox", b"").unwrap();
        // given a disk that takes nothing: a folder stands where the new file is written
        let beside = place.path().join("phone.key.new");
        std::fs::create_dir(&beside).unwrap();
        for _ in 0..2 {
            assert_eq!(store.derive("vault.1", b"").err(), Some(SecretError::Unavailable));
            assert_eq!(store.forget("mailbox").err(), Some(SecretError::Unavailable));
        }
        assert_eq!(*store.derive("mailbox", b"").unwrap(), kept);
        // when the disk takes it again, then all works
        std::fs::remove_dir(&beside).unwrap();
        store.derive("vault.1", b"").unwrap();
        store.forget("mailbox").unwrap();
        assert_ne!(*store.derive("mailbox", b"").unwrap(), kept);
    }

    #[test]
    fn a_folder_without_its_key_file_gets_no_new_secrets() {
        let place = tempfile::tempdir().unwrap();
        let folder = place.path().join("phone");
        std::fs::create_dir(&folder).unwrap();
        std::fs::write(folder.join("mailbox.db"), b"x").unwrap();
        assert!(KeyStore::open(&folder, true).is_err());
    }
}
