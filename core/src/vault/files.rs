//! Moves the phone's files aside, or destroys the vault on purpose.

use super::device_secret::DeviceSecret;
use super::error::VaultError;
use super::keys;
use super::store::sync_folder;
use crate::error::PhoneFile;
use std::path::Path;
use uuid::Uuid;

/// The key file, the vault's file, and what SQLite keeps beside it.
fn vault_files() -> [String; 5] {
    let vault = PhoneFile::Vault.name();
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
    let mailbox = ["", "-wal", "-shm"].map(|end| format!("{}{end}", PhoneFile::Mailbox.name()));
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
