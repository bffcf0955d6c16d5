//! A copy of a running store, and the way back. Whatever is copied or put back must prove itself: every leaf of the tree is
//! computed again. The log that was there before is kept beside, never deleted.

use super::database::{FILE, Store, connect};
use super::error::{Result, StoreError};
use super::restore_aid::RestoreAid;
use super::schema;
use super::transaction::{Reading, Writing};
use super::tree::first_unproven;
use crate::store::files::put;
use rusqlite::backup::Backup;
use rusqlite::{Connection, OpenFlags, OptionalExtension as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{fs, io};

/// Why a backup cannot be restored. The folder is as it was.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    #[error("{0} is not a whole backup")]
    Damaged(PathBuf),
    #[error("{file}: {cause}")]
    Io { file: PathBuf, cause: io::Error },
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Hint: when the tree last proved the log.
pub const PROVEN: &str = "proven";

impl Store {
    /// Copies the log into a new file while others go on reading and writing, checks the copy, and then renames it. It
    /// holds no secret keys.
    pub fn backup(&self, to: &Path, now: i64) -> std::result::Result<(), RestoreError> {
        let beside = with_ending(to, ".new");
        // of a copy that was cut off
        ["", "-wal", "-shm", "-journal"].iter().try_for_each(|ending| remove(&with_ending(&beside, ending)))?;
        make_private(&beside).map_err(|cause| RestoreError::Io { file: beside.clone(), cause })?;
        {
            let from = connect(self.file())?;
            let mut copy = Connection::open(&beside).map_err(StoreError::from)?;
            let copying = Backup::new(&from, &mut copy).map_err(StoreError::from)?;
            copying.run_to_completion(1000, Duration::ZERO, None).map_err(StoreError::from)?;
            drop(copying);
            // a copy is one file: whoever opens it makes none beside it
            copy.pragma_update(None, "journal_mode", "DELETE").map_err(StoreError::from)?;
        }
        check(&beside)?;
        put(&beside, to).map_err(|cause| RestoreError::Io { file: to.to_owned(), cause })?;
        self.write(move |log| {
            log.hint(PROVEN, now)?;
            log.hint("backup", now)
        })?;
        Ok(())
    }

    /// When the last backup was made.
    pub fn last_backup(&self) -> Result<Option<i64>> {
        self.read(|log| log.hinted("backup"))
    }

    /// The first leaf of the tree that is not proven by its entries, if there is one.
    pub fn first_unproven(&self) -> Result<Option<u64>> {
        self.read(first_unproven)
    }
}

impl Reading<'_> {
    /// A time that was noted beside the log.
    pub fn hinted(&self, name: &str) -> Result<Option<i64>> {
        let mut query = self.0.prepare_cached("SELECT time FROM hint WHERE name = ?1")?;
        Ok(query.query_row([name], |r| r.get(0)).optional()?)
    }
}

impl Writing<'_> {
    /// Notes a time beside the log.
    pub fn hint(&self, name: &str, time: i64) -> Result<()> {
        let mut replace = self.0.0.prepare_cached("INSERT OR REPLACE INTO hint VALUES (?1, ?2)")?;
        replace.execute(rusqlite::params![name, time])?;
        Ok(())
    }
}

/// Puts a backup in the place of a data folder's log, which no server may have open. Returns what must not be forgotten of
/// the replaced log.
pub fn replace(folder: &Path, backup: &Path, now: i64) -> std::result::Result<(Store, RestoreAid), RestoreError> {
    check(backup)?;
    let (file, beside) = (folder.join(FILE), folder.join("restored.new"));
    remove(&beside)?;
    let copied = make_private(&beside).and_then(|mut to| io::copy(&mut fs::File::open(backup)?, &mut to));
    copied.map_err(|cause| RestoreError::Io { file: beside.clone(), cause })?;
    {
        let mut restored = connect(&beside)?;
        schema::upgrade(&mut restored)?;
        restored.pragma_update(None, "journal_mode", "DELETE").map_err(StoreError::from)?;
    }
    let mut aid = RestoreAid::read(folder);
    if file.exists() {
        let there = set_aside(&file, now)?;
        // the file may be lost, and the log may have been put back by hand
        aid.known = aid.known.max(there.known);
        aid.restores.extend(there.restores);
        aid.revoked.extend(there.revoked);
        aid.withdrawals.extend(there.withdrawals);
    }
    put(&beside, &file).map_err(|cause| RestoreError::Io { file, cause })?;
    Ok((Store::open(folder)?, aid))
}

/// Renames the log that is replaced. Returns what it knew, if it can be read.
fn set_aside(file: &Path, now: i64) -> std::result::Result<RestoreAid, RestoreError> {
    let known = connect(file).and_then(|old| {
        old.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)")?;
        RestoreAid::of(&Reading(&old))
    });
    if let Err(e) = &known {
        tracing::warn!("what the log that is replaced has withdrawn and revoked cannot be read from it: {e}");
    }
    for ending in ["", "-wal", "-shm"] {
        let (from, to) = (with_ending(file, ending), with_ending(file, &format!(".before-{now}{ending}")));
        if from.exists() {
            fs::rename(&from, &to).map_err(|cause| RestoreError::Io { file: to, cause })?;
        }
    }
    Ok(known.unwrap_or_default())
}

/// A whole database of ours: every page and index, and a tree that its entries prove, bit by bit.
fn check(file: &Path) -> std::result::Result<(), RestoreError> {
    let damaged = || RestoreError::Damaged(file.to_owned());
    let copy = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY).map_err(|_| damaged())?;
    let whole: String = copy.query_row("PRAGMA integrity_check(1)", [], |r| r.get(0)).map_err(|_| damaged())?;
    let dense = "SELECT ifnull(max(position), 0) = count(*) FROM entry";
    let dense: bool = copy.query_row(dense, [], |r| r.get(0)).map_err(|_| damaged())?;
    let proven = first_unproven(&Reading(&copy)).map_err(|_| damaged())?.is_none();
    if whole == "ok" && dense && proven { Ok(()) } else { Err(damaged()) }
}

/// Opens a file, and makes it for its owner alone if there is none. What SQLite puts beside it is for her alone, too.
pub fn make_private(file: &Path) -> io::Result<fs::File> {
    fs::OpenOptions::new().create(true).append(true).mode(0o600).open(file)
}

fn remove(file: &Path) -> std::result::Result<(), RestoreError> {
    match fs::remove_file(file) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(RestoreError::Io { file: file.to_owned(), cause: e }),
        _ => Ok(()),
    }
}

fn with_ending(file: &Path, ending: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(ending);
    name.into()
}
