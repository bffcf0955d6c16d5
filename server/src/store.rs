//! Where the log lies: one SQLite file in WAL mode with `synchronous=FULL`. All writes go through one thread, which
//! takes whatever waits into one transaction: many batches share one fsync, and an answer is given only after it.
//! Each piece of work runs in its own savepoint, so that one failure undoes nothing of its neighbours.
//!
//! [`Store::read`] lends a [`Reading`], [`Store::write`] a [`Writing`]; their verbs stand in the files of `store/`,
//! and no SQL stands elsewhere. All calls block: handlers make them on a blocking thread.

mod backup;
mod bindings;
mod catalogs;
mod derived;
mod entries;
mod rebuild;
mod schema;
mod staff;
mod withdrawals;

pub use backup::{RestoreError, restore};
pub use bindings::{Binding, Given, Phone};
pub use entries::{Found, NewEntry, Quarantined};
pub use rebuild::Raw;
pub use staff::{FILE as STAFF_FILE, Staff};

use rusqlite::{Connection, TransactionBehavior};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::Duration;

/// Name of the database in the data folder.
pub const FILE: &str = "tabara.sqlite";

/// At most so many pieces of work share a transaction, so that nobody waits long.
const GROUP: usize = 128;

/// Why the store failed. Holds nothing of what is stored.
#[derive(Debug, thiserror::Error, Clone)]
pub enum StoreError {
    #[error("the disk is full")]
    Full,
    #[error("the database was written by a newer version (schema {found})")]
    Newer { found: u32 },
    #[error("an entry of the log is damaged (position {position})")]
    Damaged { position: u64 },
    #[error("the database: {0}")]
    Database(Arc<rusqlite::Error>),
    #[error("the store has stopped")]
    Stopped,
}

impl From<rusqlite::Error> for StoreError {
    fn from(e: rusqlite::Error) -> Self {
        match e.sqlite_error_code() {
            Some(rusqlite::ErrorCode::DiskFull) => Self::Full,
            _ => Self::Database(Arc::new(e)),
        }
    }
}

pub type Result<T> = std::result::Result<T, StoreError>;

/// Reads of one moment.
pub struct Reading<'a>(&'a Connection);

/// Writes within one transaction; reads see them.
pub struct Writing<'a>(Reading<'a>);

impl<'a> std::ops::Deref for Writing<'a> {
    type Target = Reading<'a>;
    fn deref(&self) -> &Reading<'a> {
        &self.0
    }
}

/// The open store; clones share it.
#[derive(Clone)]
pub struct Store(Arc<Inner>);

struct Inner {
    file: PathBuf,
    jobs: mpsc::SyncSender<Job>,
    readers: Mutex<Vec<Connection>>,
    staff: Staff,
}

/// Runs within the shared transaction, and returns what to do once that is durable or has failed.
type Job = Box<dyn FnOnce(Result<&Connection>) -> Answer + Send>;
type Answer = Box<dyn FnOnce(Result<()>) + Send>;

impl Store {
    /// Opens the store of a data folder, makes it at first, and upgrades an older one.
    pub fn open(folder: &Path) -> Result<Self> {
        let file = folder.join(FILE);
        let mut writer = connect(&file)?;
        schema::upgrade(&mut writer)?;
        // ids are random: the writer keeps their index in memory, 40 MB for a million records; and a long WAL writes
        // a page of it once where many records touched it
        writer.pragma_update(None, "cache_size", -40_960)?;
        let (jobs, queue) = mpsc::sync_channel(1024);
        std::thread::spawn(move || write_jobs(writer, queue));
        let staff = Staff::open(folder)?;
        Ok(Self(Arc::new(Inner { file, jobs, readers: Mutex::default(), staff })))
    }

    /// Who may sign in and who saw what: a file of its own.
    pub fn staff(&self) -> &Staff {
        &self.0.staff
    }

    /// Reads at one moment: later commits are not seen until the next call.
    pub fn read<T>(&self, look: impl FnOnce(&Reading) -> Result<T>) -> Result<T> {
        let spare = || self.0.readers.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = spare().pop();
        let mut reader = kept.map_or_else(|| connect(&self.0.file), Ok)?;
        let moment = reader.transaction()?;
        let found = look(&Reading(&moment));
        drop(moment);
        spare().push(reader);
        found
    }

    /// Writes, and returns when what was written is durable. An error leaves nothing behind.
    pub fn write<T: Send + 'static>(&self, work: impl FnOnce(&Writing) -> Result<T> + Send + 'static) -> Result<T> {
        let (tell, told) = mpsc::sync_channel(1);
        let job: Job = Box::new(move |open| {
            let done = open.and_then(|conn| in_savepoint(conn, work));
            Box::new(move |durable| {
                // a caller that has gone away needs no answer
                let _ = tell.send(durable.and(done));
            })
        });
        self.0.jobs.send(job).map_err(|_| StoreError::Stopped)?;
        told.recv().map_err(|_| StoreError::Stopped)?
    }
}

fn connect(file: &Path) -> Result<Connection> {
    let conn = Connection::open(file)?;
    conn.busy_timeout(Duration::from_secs(20))?;
    // secure_delete: what is withdrawn leaves no bytes behind in the file
    conn.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON; PRAGMA foreign_keys = ON;
         PRAGMA cache_size = -4096; PRAGMA wal_autocheckpoint = 16000;",
    )?;
    conn.set_prepared_statement_cache_capacity(64);
    Ok(conn)
}

fn write_jobs(mut conn: Connection, queue: mpsc::Receiver<Job>) {
    while let Ok(first) = queue.recv() {
        let waiting = std::iter::once(first).chain(queue.try_iter()).take(GROUP);
        let (answers, durable): (Vec<Answer>, _) =
            match conn.transaction_with_behavior(TransactionBehavior::Immediate).map_err(StoreError::from) {
                Ok(open) => {
                    let answers = waiting.map(|job| job(Ok(&open))).collect();
                    (answers, open.commit().map_err(StoreError::from))
                }
                Err(e) => (waiting.map(|job| job(Err(e.clone()))).collect(), Err(e)),
            };
        for answer in answers {
            answer(durable.clone());
        }
    }
}

/// A panic in one piece of work must not end the only writer.
fn in_savepoint<T>(conn: &Connection, work: impl FnOnce(&Writing) -> Result<T>) -> Result<T> {
    conn.execute_batch("SAVEPOINT work")?;
    let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| work(&Writing(Reading(conn)))));
    let done = done.unwrap_or(Err(StoreError::Stopped));
    conn.execute_batch(if done.is_ok() { "RELEASE work" } else { "ROLLBACK TO work; RELEASE work" })?;
    done
}
