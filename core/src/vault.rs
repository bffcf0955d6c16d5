//! The vault: what a phone keeps, encrypted from the first keystroke.
//!
//! | file | key | holds |
//! |--|--|--|
//! | `folder.json`, `lock` ([`Folder`]) | | the folder's id; who has it open |
//! | `keys.json` ([`keys`]) | | the vault's key, wrapped under PIN and key store |
//! | `mailbox.db` ([`mailbox`]) | key store alone | all that sync needs while locked: finished records, sealed and signed; chain, catalog, time, PIN counter |
//! | `vault.db` | PIN and key store | [`cases`], [`incoming`] referrals, the record key |
//! | `drafts-N.db` | PIN, key store and its alias `drafts.N` | [`drafts`]; file and key are replaced when an interview ends |
//!
//! The databases are SQLCipher files through our own provider ([`cipher`]), in WAL with `synchronous=FULL`: a call that
//! returned is on the disk. [`schema`] explains every table. No file is ever deleted on a guess: damage is an error that
//! names the file, and the file stays.

pub mod cases;
pub mod cipher;
mod device_secret;
pub mod drafts;
mod error;
mod files;
mod folder;
pub mod incoming;
pub mod keys;
pub mod mailbox;
mod open_vault;
pub mod schema;
mod store;

#[cfg(test)]
#[path = "vault/tests/double.rs"]
pub(crate) mod double;
#[cfg(test)]
mod tests;

pub use crate::error::PhoneFile;
pub use device_secret::{DeviceSecret, SecretError};
pub use error::VaultError;
pub use files::{destroy, set_all_aside, set_vault_aside};
pub use folder::Folder;
pub use open_vault::Vault;
pub use store::PAGE;
