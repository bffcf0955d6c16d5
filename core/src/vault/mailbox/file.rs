//! The mailbox's file.

use super::moment::Moment;
use crate::clock::Clock;
use crate::error::PhoneFile;
use crate::vault::cipher::{self, FileKey};
use crate::vault::device_secret::DeviceSecret;
use crate::vault::error::VaultError;
use crate::vault::schema;
use crate::vault::store::Store;
use std::path::Path;
use std::sync::Arc;

/// The mailbox of an open folder. Every call is durable when it returns.
pub struct Mailbox {
    pub(in crate::vault) store: Store,
    pub(super) clock: Arc<dyn Clock>,
    /// When this run began.
    pub(super) begun: Moment,
}

impl Mailbox {
    /// Opens the mailbox of a folder, or begins an empty one where `may_be_new`.
    pub fn open(
        folder: &Path,
        secret: &dyn DeviceSecret,
        clock: Arc<dyn Clock>,
        may_be_new: bool,
    ) -> Result<Self, VaultError> {
        let path = folder.join(PhoneFile::Mailbox.name());
        if !may_be_new && !path.try_exists()? {
            return Err(VaultError::Damaged(PhoneFile::Mailbox));
        }
        let key = FileKey(*secret.derive("mailbox", b"tabara mailbox key 1")?);
        let mut connection = cipher::open(&path, &key, may_be_new).map_err(|e| e.at(PhoneFile::Mailbox))?;
        schema::prepare(&mut connection, schema::MAILBOX, PhoneFile::Mailbox, may_be_new)?;
        let store = Store::new(connection, PhoneFile::Mailbox);
        let begun = store.read(|c| Moment::begin(c, &*clock))?;
        let mailbox = Self { store, clock, begun };
        mailbox.store.write(|t| mailbox.note_own_time(t))?;
        Ok(mailbox)
    }

    /// Whether damage was met since the mailbox was opened.
    pub fn is_damaged(&self) -> bool {
        self.store.is_damaged()
    }

    /// Whether every page of the file can be read.
    pub fn is_whole(&self) -> Result<bool, VaultError> {
        let sql = "PRAGMA quick_check(1)";
        match self.store.read(|c| Ok(c.query_row(sql, [], |r| r.get::<_, String>(0))?)) {
            Err(VaultError::Damaged(_)) => Ok(false),
            told => Ok(told? == "ok"),
        }
    }
}
