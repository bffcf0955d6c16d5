//! One encrypted database, and how rows are read from it.

use super::error::VaultError;
use crate::error::PhoneFile;
use rusqlite::{Connection, Row, Transaction, TransactionBehavior};
use serde::{Serialize, de::DeserializeOwned};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

/// Lines on a page of any list.
pub const PAGE: usize = 50;

/// One encrypted database with one connection. Those who write get a transaction, those who read a connection.
pub(super) struct Store {
    connection: Mutex<Connection>,
    file: PhoneFile,
    damaged: AtomicBool,
}

impl Store {
    pub(super) fn new(connection: Connection, file: PhoneFile) -> Self {
        Self { connection: Mutex::new(connection), file, damaged: AtomicBool::new(false) }
    }
    /// Whether damage was met since the file was opened.
    pub(super) fn is_damaged(&self) -> bool {
        self.damaged.load(Ordering::Relaxed)
    }
    fn judge(&self, e: VaultError) -> VaultError {
        match e.at(self.file) {
            VaultError::Damaged(file) => {
                self.damaged.store(true, Ordering::Relaxed);
                VaultError::Damaged(file)
            }
            // where it met damage SQLite refuses what follows as if the disk did
            VaultError::Storage if self.is_damaged() => VaultError::Damaged(self.file),
            e => e,
        }
    }
    pub(super) fn read<T>(&self, work: impl FnOnce(&Connection) -> Result<T, VaultError>) -> Result<T, VaultError> {
        let connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        work(&connection).map_err(|e| self.judge(e))
    }
    /// All of it is on the disk when this returns, or none of it ever.
    pub(super) fn write<T>(&self, work: impl FnOnce(&Transaction) -> Result<T, VaultError>) -> Result<T, VaultError> {
        let mut connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        let all = |connection: &mut Connection| {
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let done = work(&transaction)?;
            transaction.commit()?;
            Ok(done)
        };
        all(&mut connection).map_err(|e: VaultError| self.judge(e))
    }
    /// Moves the WAL into the file and cuts it to nothing, so that no frame holds what was erased.
    pub(super) fn empty_wal(&self) -> Result<(), VaultError> {
        self.read(|c| Ok(c.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?))
    }
    /// Builds the file anew from what is alive. `secure_delete` zeroes what is deleted, but when SQLite moves rows between
    /// pages it leaves stale copies of them in the gaps of those pages (`rebuildPage`); only this removes them.
    pub(super) fn rebuild(&self) -> Result<(), VaultError> {
        self.read(|c| Ok(c.execute_batch("VACUUM")?))?;
        self.empty_wal()
    }
}

pub(super) fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("plain data has a JSON form")
}

/// A column of text that stands for something else; what cannot be read is reported as a column of the wrong type.
pub(super) fn parsed<T: std::str::FromStr>(row: &Row, at: usize) -> rusqlite::Result<T> {
    let text: String = row.get(at)?;
    text.parse().map_err(|_| rusqlite::Error::InvalidColumnType(at, String::new(), rusqlite::types::Type::Text))
}

pub(super) fn from_json<T: DeserializeOwned>(row: &Row, at: usize) -> rusqlite::Result<T> {
    let text: String = row.get(at)?;
    serde_json::from_str(&text)
        .map_err(|_| rusqlite::Error::InvalidColumnType(at, String::new(), rusqlite::types::Type::Text))
}

pub(super) fn rows<T>(
    c: &Connection,
    sql: &str,
    params: impl rusqlite::Params,
    read: impl FnMut(&Row) -> rusqlite::Result<T>,
) -> Result<Vec<T>, VaultError> {
    Ok(c.prepare_cached(sql)?.query_map(params, read)?.collect::<rusqlite::Result<_>>()?)
}

/// Writes a file beside, then renames it over the old one; durable when this returns.
pub(super) fn write_beside(folder: &Path, name: &str, text: &[u8]) -> Result<(), VaultError> {
    use std::io::Write as _;
    let beside = folder.join(format!("{name}.new"));
    let mut file = std::fs::File::create(&beside)?;
    file.write_all(text)?;
    file.sync_all()?;
    std::fs::rename(&beside, folder.join(name))?;
    Ok(sync_folder(folder)?)
}

/// Makes a rename or a removal in a folder durable.
pub(super) fn sync_folder(folder: &Path) -> std::io::Result<()> {
    std::fs::File::open(folder)?.sync_all()
}
