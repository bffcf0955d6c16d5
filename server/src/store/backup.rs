//! A copy of a running store, and the way back. A restored log has a new epoch: phones then offer the records that they
//! sent lately. The log that was there before is kept beside, never deleted.

use super::database::{FILE, Store, connect};
use super::error::{Result, StoreError};
use super::schema;
use rusqlite::backup::Backup;
use rusqlite::{Connection, OpenFlags};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{fs, io};
use tabara_protocol::record::Uuid;

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
        put(&beside, to)?;
        self.write(move |log| {
            log.0.0.execute("DELETE FROM backup", [])?;
            log.0.0.execute("INSERT INTO backup VALUES (?1)", [now])?;
            Ok(())
        })?;
        Ok(())
    }

    /// When the last backup was made.
    pub fn last_backup(&self) -> Result<Option<i64>> {
        self.read(|log| Ok(log.0.query_row("SELECT max(time) FROM backup", [], |r| r.get(0))?))
    }
}

/// Puts a backup in the place of a data folder's log, which no server may have open. Returns the devices that the
/// replaced log had revoked.
pub fn replace(folder: &Path, backup: &Path, now: i64) -> std::result::Result<(Store, Vec<Uuid>), RestoreError> {
    check(backup)?;
    let (file, beside) = (folder.join(FILE), folder.join("restored.new"));
    remove(&beside)?;
    let copied = make_private(&beside).and_then(|mut to| io::copy(&mut fs::File::open(backup)?, &mut to));
    copied.map_err(|cause| RestoreError::Io { file: beside.clone(), cause })?;
    {
        let mut restored = connect(&beside)?;
        schema::upgrade(&mut restored)?;
        schema::new_epoch(&restored)?;
        restored.pragma_update(None, "journal_mode", "DELETE").map_err(StoreError::from)?;
    }
    let revoked = if file.exists() { set_aside(&file, now)? } else { Vec::new() };
    put(&beside, &file)?;
    Ok((Store::open(folder)?, revoked))
}

/// Renames the log that is replaced. Returns the devices that it had revoked, if it can be read.
fn set_aside(file: &Path, now: i64) -> std::result::Result<Vec<Uuid>, RestoreError> {
    let revoked = connect(file).and_then(|old| {
        old.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)")?;
        let mut query = old.prepare("SELECT device FROM revoked")?;
        let devices = query.query_map([], |r| Ok(Uuid::from_bytes(r.get(0)?)))?;
        Ok(devices.collect::<rusqlite::Result<Vec<_>>>()?)
    });
    if let Err(e) = &revoked {
        tracing::warn!("the revocations of the log that is replaced cannot be read: {e}");
    }
    for ending in ["", "-wal", "-shm"] {
        let (from, to) = (with_ending(file, ending), with_ending(file, &format!(".before-{now}{ending}")));
        if from.exists() {
            fs::rename(&from, &to).map_err(|cause| RestoreError::Io { file: to, cause })?;
        }
    }
    Ok(revoked.unwrap_or_default())
}

/// A whole database of ours: every page and index, and a schema that this build knows.
fn check(file: &Path) -> std::result::Result<(), RestoreError> {
    let damaged = || RestoreError::Damaged(file.to_owned());
    let copy = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY).map_err(|_| damaged())?;
    let whole: String = copy.query_row("PRAGMA integrity_check(1)", [], |r| r.get(0)).map_err(|_| damaged())?;
    let dense = "SELECT ifnull(max(position), 0) = count(*) FROM entry";
    let dense: bool = copy.query_row(dense, [], |r| r.get(0)).map_err(|_| damaged())?;
    if whole == "ok" && dense { Ok(()) } else { Err(damaged()) }
}

/// Opens a file, and makes it for its owner alone if there is none. What SQLite puts beside it is for her alone, too.
pub fn make_private(file: &Path) -> io::Result<fs::File> {
    fs::OpenOptions::new().create(true).append(true).mode(0o600).open(file)
}

/// Renames a finished file and makes that durable.
fn put(beside: &Path, to: &Path) -> std::result::Result<(), RestoreError> {
    let done = || {
        fs::File::open(beside)?.sync_all()?;
        fs::rename(beside, to)?;
        fs::File::open(to.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new(".")))?.sync_all()
    };
    done().map_err(|cause| RestoreError::Io { file: to.to_owned(), cause })
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
