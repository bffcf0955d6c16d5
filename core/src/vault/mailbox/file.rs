//! The mailbox's file.

use super::time::RunTime;
use crate::clock::Clock;
use crate::error::PhoneFile;
use crate::vault::cipher::{self, FileKey};
use crate::vault::device_secret::DeviceSecret;
use crate::vault::error::VaultError;
use crate::vault::schema;
use crate::vault::store::Store;
use std::path::Path;
use std::sync::{Arc, Mutex};

/// The mailbox of an open folder. Every call is durable when it returns.
pub struct Mailbox {
    pub(in crate::vault) store: Store,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) run_time: Mutex<RunTime>,
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
        let store = Store { connection: Mutex::new(connection), file: PhoneFile::Mailbox };
        let run_time = Mutex::new(RunTime::begin(clock.monotonic()));
        let mailbox = Self { store, clock, run_time };
        match mailbox.note_opening() {
            Ok(()) | Err(VaultError::Storage) => Ok(mailbox),
            Err(error) => Err(error),
        }
    }
}
