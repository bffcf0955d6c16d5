//! What is done after a commit, before anyone is answered: the file that helps a restore is kept up to date, and what was
//! erased is driven out of the write-ahead log.
//!
//! A restore from a backup must name the greatest tree that phones may have seen, and what was withdrawn or revoked since
//! the backup must not come back. Both stand in a small file beside the database. It names a size that the tree has not
//! reached yet, so that it is written once for many bundles.

use super::error::Result;
use super::transaction::{PATIENCE, Reading};
use crate::store::files::put;
use rusqlite::Connection;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use std::{fs, io};
use tabara_protocol::record::Uuid;
use tabara_protocol::wire::Restoration;

/// Name of the file in the data folder.
pub const RESTORE_AID: &str = "restore-aid.json";
/// The file names a tree of so many leaves more than there are.
const AHEAD: u64 = 1024;
/// Withdrawals of so many seconds are kept in it; older backups are not restored (35 days).
const KEPT_FOR: i64 = 35 * 86_400;

/// Between two tries to cut off the write-ahead log.
const PAUSE: Duration = Duration::from_secs(2);

/// What helps a restore.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RestoreAid {
    /// The tree has had no more leaves than this, and no restore has named as many.
    pub known: u64,
    /// The restores that stand in the log.
    #[serde(default)]
    pub restores: Vec<Restoration>,
    /// Devices that are revoked.
    pub revoked: Vec<Uuid>,
    /// Envelopes of the withdrawals of the last weeks.
    pub withdrawals: Vec<String>,
}

impl RestoreAid {
    /// Reads the file of a data folder; empty if there is none.
    pub fn read(folder: &Path) -> Self {
        let json = fs::read(folder.join(RESTORE_AID));
        json.ok().and_then(|json| serde_json::from_slice(&json).ok()).unwrap_or_default()
    }

    pub(super) fn of(log: &Reading) -> Result<Self> {
        let mut query = log.0.prepare_cached("SELECT device FROM revoked")?;
        let revoked = query.query_map([], |r| Ok(Uuid::from_bytes(r.get(0)?)))?.collect::<rusqlite::Result<_>>()?;
        let since = log.last_received()?.unwrap_or(0) - KEPT_FOR;
        let recent = "SELECT body FROM entry WHERE kind = 4 AND kind <> 2 AND received > ?1 ORDER BY position";
        let mut query = log.0.prepare_cached(recent)?;
        let withdrawals = query.query_map([since], |r| r.get(0))?.collect::<rusqlite::Result<_>>()?;
        let restores: Vec<_> = log.restores()?.into_iter().map(|(_, restore)| restore).collect();
        let named = restores.iter().map(|restore| restore.known + 1).max();
        let known = named.unwrap_or_default().max(log.tree_size()? + AHEAD);
        Ok(Self { known, restores, revoked, withdrawals })
    }

    /// Written beside and renamed, so that a crash leaves the old one.
    fn write(&self, folder: &Path) -> io::Result<()> {
        let (file, beside) = (folder.join(RESTORE_AID), folder.join("restore-aid.new"));
        fs::write(&beside, serde_json::to_vec(self)?)?;
        put(&beside, &file)
    }
}

/// What changes when the file must be written again, and when something was erased.
const MARKS: &str = "SELECT (SELECT max(position) FROM entry WHERE kind = 4 AND kind <> 2),
    (SELECT max(position) FROM entry WHERE kind = 5 AND kind <> 2), (SELECT max(position) FROM entry WHERE kind = 8 AND kind <> 2),
    (SELECT max(position) FROM entry WHERE kind = 13 AND kind <> 2),
    (SELECT max(since) FROM withdrawn), (SELECT max(position) FROM entry WHERE kind = 7 AND kind <> 2)";

type Marks = [Option<u64>; 6];

/// What was done after the last commit.
pub(super) struct AfterCommit {
    folder: PathBuf,
    known: u64,
    /// Withdrawals, revocations, catalogs, restores; withdrawn records, revisions.
    marks: Marks,
    /// Something erased may still lie in the write-ahead log: since when to try again to cut it off.
    truncate: Option<Instant>,
}

impl AfterCommit {
    pub(super) fn new(folder: &Path) -> Self {
        let known = RestoreAid::read(folder).known;
        // a crash may have come between a commit and what follows it
        Self { folder: folder.to_owned(), known, marks: Marks::default(), truncate: Some(Instant::now()) }
    }

    pub(super) fn run(&mut self, conn: &Connection) {
        if let Err(e) = self.keep_aid(conn) {
            tracing::error!("the file that helps a restore: {e}");
        }
        // while others read for long, as for a backup, nobody who writes waits each time
        if self.truncate.is_some_and(|since| Instant::now() >= since) {
            self.truncate = truncate(conn).unwrap_or(true).then(|| Instant::now() + PAUSE);
        }
    }

    fn keep_aid(&mut self, conn: &Connection) -> std::result::Result<(), Box<dyn std::error::Error>> {
        let (log, marks) = (Reading(conn), marks(conn)?);
        if marks[4..] != self.marks[4..] {
            self.truncate = self.truncate.or(Some(Instant::now()));
        }
        let size = log.tree_size()?;
        if size == 0 || size < self.known && marks[..4] == self.marks[..4] {
            self.marks = marks;
            return Ok(());
        }
        let mut aid = RestoreAid::of(&log)?;
        // a log that was put back by hand knows less than the file
        aid.known = aid.known.max(self.known);
        aid.write(&self.folder)?;
        (self.known, self.marks) = (aid.known, marks);
        Ok(())
    }
}

fn marks(conn: &Connection) -> Result<Marks> {
    let row = |r: &rusqlite::Row| Ok([r.get(0)?, r.get(1)?, r.get(2)?, r.get(3)?, r.get(4)?, r.get(5)?]);
    Ok(conn.prepare_cached(MARKS)?.query_row([], row)?)
}

/// Writes the write-ahead log into the database and cuts it off. True if a reader prevents it for now.
fn truncate(conn: &Connection) -> Result<bool> {
    conn.busy_timeout(Duration::from_millis(100))?;
    let busy = conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |r| r.get(0));
    conn.busy_timeout(PATIENCE)?;
    Ok(busy?)
}
