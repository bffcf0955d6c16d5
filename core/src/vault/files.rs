//! Moves the phone's files aside, or destroys the vault on purpose.

use super::device_secret::DeviceSecret;
use super::error::VaultError;
use super::keys;
use super::store::sync_folder;
use crate::error::PhoneFile;
use std::path::Path;
use uuid::Uuid;

/// The key store's alias of a generation of the drafts' file.
pub(super) fn drafts_alias(generation: u32) -> String {
    format!("drafts.{generation}")
}

/// The name of the drafts' file of a generation.
pub(super) fn drafts_file(generation: u32) -> String {
    format!("{}-{generation}.db", PhoneFile::Drafts.name())
}

/// Files of drafts, and what SQLite keeps beside them, by generation.
pub(super) fn drafts_files(folder: &Path) -> Result<Vec<(u32, String)>, VaultError> {
    let start = format!("{}-", PhoneFile::Drafts.name());
    Ok(numbered(folder)?.into_iter().filter(|(_, name)| name.starts_with(&start)).collect())
}

/// The highest generation of a file of drafts that is here or was set aside; 0 where there is none.
pub(super) fn highest_drafts(folder: &Path) -> Result<u32, VaultError> {
    Ok(numbered(folder)?.into_iter().map(|(generation, _)| generation).max().unwrap_or(0))
}

fn numbered(folder: &Path) -> Result<Vec<(u32, String)>, VaultError> {
    let mut found = Vec::new();
    for file in std::fs::read_dir(folder)? {
        let name = file?.file_name().to_string_lossy().into_owned();
        let end =
            name.rsplit_once(&format!("{}-", PhoneFile::Drafts.name())).and_then(|(_, end)| end.split_once(".db"));
        if let Some(generation) = end.and_then(|(generation, _)| generation.parse().ok()) {
            found.push((generation, name));
        }
    }
    Ok(found)
}

/// A database and what SQLite keeps beside it.
fn database_files(file: PhoneFile) -> [String; 3] {
    ["", "-wal", "-shm"].map(|end| format!("{}{end}", file.name()))
}

/// Removes the files of the drafts of these generations.
pub(super) fn remove_drafts(folder: &Path, which: impl Fn(u32) -> bool) -> Result<(), VaultError> {
    for (_, name) in drafts_files(folder)?.into_iter().filter(|(generation, _)| which(*generation)) {
        std::fs::remove_file(folder.join(name))?;
    }
    Ok(())
}

/// The key file, the files of vault and drafts, and what SQLite keeps beside them.
fn vault_files(folder: &Path) -> Result<Vec<String>, VaultError> {
    let vault = database_files(PhoneFile::Vault);
    let drafts = drafts_files(folder)?.into_iter().map(|(_, name)| name);
    Ok([keys::NAME.to_owned(), keys::BESIDE.to_owned()].into_iter().chain(vault).chain(drafts).collect())
}

/// Moves files out of the way of new ones, and keeps them.
pub(super) fn set_aside(folder: &Path, names: &[String]) -> Result<(), VaultError> {
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
    set_aside(folder, &vault_files(folder)?)
}

/// Moves everything out of the way of a new card, where the folder's mailbox or the key store's secrets are lost: it may be
/// that somebody can still repair it.
pub fn set_all_aside(folder: &Path) -> Result<(), VaultError> {
    let mailbox = database_files(PhoneFile::Mailbox);
    let id = [PhoneFile::Folder.name().to_owned()];
    set_aside(folder, &[&vault_files(folder)?[..], &mailbox, &id].concat())
}

/// Destroys the vault on purpose: its files, and what the key store knows of the wrap of this generation. (The one
/// before and the one after may be there if a change of PIN was cut off.) What is missing already is no error.
pub fn destroy(folder: &Path, secret: &dyn DeviceSecret, generation: u32) -> Result<(), VaultError> {
    let drafts = highest_drafts(folder)?;
    for name in vault_files(folder)? {
        match std::fs::remove_file(folder.join(name)) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => return Err(e.into()),
            _ => {}
        }
    }
    sync_folder(folder)?;
    for generation in generation.saturating_sub(1)..=generation.saturating_add(1) {
        secret.forget(&keys::purpose(generation))?;
    }
    // nothing opens them without the vault's key; only the one in force and those beside it can be there
    for generation in drafts.saturating_sub(1)..=drafts {
        secret.forget(&drafts_alias(generation))?;
    }
    Ok(())
}
