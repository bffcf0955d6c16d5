//! The server's secret keys. A copy of keys and accounts is beside each backup, encrypted to the catalog's recovery keys. A
//! backup alone reveals no secret; with the recovery key it replaces a lost machine. The recovery key is used at the desk
//! only: it encrypts the copy again for the key that [`receive`] made on the new machine.
//!
//! The operations key is exchanged in two steps, so that phones know every key that signs: [`next`] makes the new key; a
//! catalog names it as `operations` and the present one under `rotation.operations`; then [`rotate`] lets the server sign
//! with it.

use crate::settings::key_files::{self, INTAKE, NEXT, OPERATIONS, earlier_intake, is_earlier_intake, signing_key};
use crate::settings::{AUTHORITIES, Settings, SettingsError};
use crate::staff::file::{FILE as STAFF_FILE, Staff};
use crate::store::{self, Store, StoreError};
use base64::prelude::{BASE64_STANDARD as B64, Engine as _};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{fs, io};
use tabara_protocol::catalog::{Catalog, RecipientRole};
use tabara_protocol::envelope::PublicKey;
use tabara_protocol::seal::{self, SealError};
use zeroize::{Zeroize as _, Zeroizing};

/// What a copy holds, beside earlier intake keys.
const NAMES: [&str; 5] = [OPERATIONS, NEXT, INTAKE, AUTHORITIES, STAFF_FILE];
/// age identity of a new machine, until the copy was restored.
const RECEIVE: &str = "receive.key";

#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    #[error("no catalog names a recovery key: keys and accounts are not copied. Publish a catalog, then back up again")]
    NoRecovery,
    #[error("{0}: not a copy of a server's keys")]
    Damaged(PathBuf),
    #[error("{0} is there already, and is another: nothing was replaced")]
    Other(PathBuf),
    #[error("this machine has no key to open the copy: tabara-server keys receive, then tabara-desk keys reseal")]
    NotReceiving,
    #[error("there is no next key: tabara-server keys next")]
    NoNext,
    #[error("the catalog in force must name {next} as operations and {present} under rotation.operations")]
    NotNamed { next: PublicKey, present: PublicKey },
    #[error("{file}: {cause}")]
    Io { file: PathBuf, cause: io::Error },
    #[error(transparent)]
    Settings(#[from] SettingsError),
    #[error(transparent)]
    Seal(#[from] SealError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Copies keys and accounts into `BACKUP.keys.age`, locked to every recovery key of the catalog in force.
pub fn copy(store: &Store, settings: &Settings, backup: &Path) -> Result<PathBuf, KeysError> {
    let catalog = store.read(|log| log.catalog_in_force())?.ok_or(KeysError::NoRecovery)?;
    let recovery = catalog.recipients.iter().filter(|r| r.role == RecipientRole::Recovery).map(|r| &r.age);
    // in the data folder, and for its owner alone: hashes and the secrets of one-time codes are in clear in it
    let staff = settings.data.join("staff.copy");
    remove(&staff)?;
    store::make_private(&staff).map_err(|cause| KeysError::Io { file: staff.clone(), cause })?;
    Staff::open(&settings.data)?.copy(&staff)?;
    let mut all = BTreeMap::new();
    let earlier =
        earlier_intake(&settings.data)?.into_iter().filter_map(|file| Some(file.file_name()?.to_str()?.to_owned()));
    for name in NAMES.map(str::to_owned).into_iter().chain(earlier) {
        let file = if name == STAFF_FILE { staff.clone() } else { settings.data.join(&name) };
        match fs::read(&file) {
            Ok(bytes) => drop(all.insert(name, B64.encode(Zeroizing::new(bytes)))),
            Err(e) if e.kind() == io::ErrorKind::NotFound => (),
            Err(cause) => return Err(KeysError::Io { file, cause }),
        }
    }
    remove(&staff)?;
    let json = Zeroizing::new(serde_json::to_vec(&all).expect("texts have a JSON form"));
    all.values_mut().for_each(|text| text.zeroize());
    let to = copy_of(backup);
    key_files::keep(&to, &seal::lock_to(&json, &recovery.collect::<Vec<_>>())?)?;
    Ok(to)
}

/// Where the keys of a backup lie.
fn copy_of(backup: &Path) -> PathBuf {
    let mut name = backup.as_os_str().to_owned();
    name.push(".keys.age");
    name.into()
}

/// Makes the key of a new machine and returns its public half, to which the desk seals a copy of the keys.
pub fn receive(data: &Path) -> Result<String, KeysError> {
    key_files::make_folder(data)?;
    let file = data.join(RECEIVE);
    if !file.exists() {
        key_files::keep(&file, seal::new_identity().0.as_bytes())?;
    }
    Ok(seal::recipient_of(&key_files::secret(&file)?).ok_or(SettingsError::BadKey { file })?)
}

/// Restores the keys and accounts that are missing from a copy that was sealed to this machine. A file that exists
/// stays, and must be the same.
pub fn restore(data: &Path, copy: &Path) -> Result<Vec<String>, KeysError> {
    let receive = data.join(RECEIVE);
    if !receive.exists() {
        return Err(KeysError::NotReceiving);
    }
    let locked = fs::read(copy).map_err(|cause| KeysError::Io { file: copy.to_owned(), cause })?;
    let damaged = || KeysError::Damaged(copy.to_owned());
    let json = seal::unlock_with(&locked, &key_files::secret(&receive)?)?;
    let all: BTreeMap<&str, &str> = serde_json::from_slice(&json).map_err(|_| damaged())?;
    let mut files = Vec::new();
    for (name, text) in &all {
        if !NAMES.contains(name) && !is_earlier_intake(name) {
            return Err(damaged());
        }
        let bytes = Zeroizing::new(B64.decode(text).map_err(|_| damaged())?);
        let file = data.join(name);
        match fs::read(&file).map(Zeroizing::new) {
            // accounts go on changing; keys do not
            Ok(there) if there == bytes || *name == STAFF_FILE => (),
            Ok(_) => return Err(KeysError::Other(file)),
            Err(_) => files.push((*name, file, bytes)),
        }
    }
    for (_, file, bytes) in &files {
        key_files::keep(file, bytes)?;
    }
    remove(&receive)?;
    Ok(files.into_iter().map(|(name, ..)| name.to_owned()).collect())
}

/// Makes the next operations key, or finds the one that was made. The server goes on with the present one.
pub fn next(data: &Path) -> Result<PublicKey, KeysError> {
    let file = data.join(NEXT);
    let made = if file.exists() { signing_key(&file)?.public() } else { key_files::new_signing_key(&file)? };
    Ok(made)
}

/// Lets the server sign with the next key from its next start, once the catalog in force names both.
pub fn rotate(store: &Store, settings: &Settings) -> Result<PublicKey, KeysError> {
    let [file, next] = [OPERATIONS, NEXT].map(|name| settings.data.join(name));
    if !next.exists() {
        return Err(KeysError::NoNext);
    }
    let (new, present) = (signing_key(&next)?.public(), settings.operations.public());
    let names_both = |c: &Catalog| c.operations == new && c.rotation.operations.contains(&present);
    if !store.read(|log| log.catalog_in_force())?.is_some_and(|catalog| names_both(&catalog)) {
        return Err(KeysError::NotNamed { next: new, present });
    }
    // nothing needs the last key any more, and phones still trust it: it goes
    fs::rename(&next, &file).map_err(|cause| KeysError::Io { file, cause })?;
    Ok(new)
}

fn remove(file: &Path) -> Result<(), KeysError> {
    match fs::remove_file(file) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(KeysError::Io { file: file.to_owned(), cause: e }),
        _ => Ok(()),
    }
}
