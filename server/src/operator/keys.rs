//! The server's operations key is exchanged in two steps, so that phones know every key that signs: [`next`] makes the new key; a
//! catalog names it as `operations` and the present one under `rotation.operations`; then [`rotate`] lets the server sign
//! with it.

use crate::settings::key_files::{self, NEXT, OPERATIONS, signing_key};
use crate::settings::{Settings, SettingsError};
use crate::store::{Store, StoreError};
use std::path::{Path, PathBuf};
use std::{fs, io};
use tabara_protocol::catalog::Catalog;
use tabara_protocol::envelope::PublicKey;

#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    #[error("there is no next key: tabara-server keys next")]
    NoNext,
    #[error(
        "the catalog in force must name {next} beside {present}: tabara-server report, tabara-desk catalog next, publish"
    )]
    NotNamed { next: PublicKey, present: PublicKey },
    #[error("{file}: {cause}")]
    Io { file: PathBuf, cause: io::Error },
    #[error(transparent)]
    Settings(#[from] SettingsError),
    #[error(transparent)]
    Store(#[from] StoreError),
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
