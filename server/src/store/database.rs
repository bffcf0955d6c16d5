//! The database file, its one writer and its readers.

use super::error::{Result, StoreError};
use super::restore_aid::AfterCommit;
use super::schema;
use super::transaction::{PATIENCE, Reading, Writing};
use rusqlite::{Connection, TransactionBehavior};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, mpsc};

/// Name of the database in the data folder.
pub const FILE: &str = "tabara.sqlite";

/// Limit of pieces of work in one transaction, so that none waits long.
const GROUP: usize = 128;

/// The open store; clones share it.
#[derive(Clone)]
pub struct Store(Arc<Inner>);

struct Inner {
    file: PathBuf,
    jobs: mpsc::SyncSender<Job>,
    readers: Mutex<Vec<Connection>>,
}

/// Runs within the shared transaction, and returns what to do once that is durable or has failed.
type Job = Box<dyn FnOnce(Result<&Connection>) -> Reply + Send>;
type Reply = Box<dyn FnOnce(Result<()>) + Send>;

impl Store {
    pub(super) fn file(&self) -> &Path {
        &self.0.file
    }

    /// Opens the store of a data folder, makes it at first, and upgrades an older one.
    pub fn open(folder: &Path) -> Result<Self> {
        let file = folder.join(FILE);
        let mut writer = connect(&file)?;
        schema::upgrade(&mut writer)?;
        // ids are random: the writer keeps their index in memory, 40 MB for a million records; and a long WAL writes
        // a page of it once where many records touched it
        writer.pragma_update(None, "cache_size", -40_960)?;
        let after_commit = AfterCommit::new(folder);
        let (jobs, queue) = mpsc::sync_channel(1024);
        std::thread::spawn(move || write_jobs(writer, queue, after_commit));
        Ok(Self(Arc::new(Inner { file, jobs, readers: Mutex::default() })))
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

    /// Writes, and returns when the transaction is durable. After an error nothing is written.
    pub fn write<T: Send + 'static>(&self, work: impl FnOnce(&Writing) -> Result<T> + Send + 'static) -> Result<T> {
        let (tell, told) = mpsc::sync_channel(1);
        let job: Job = Box::new(move |open| {
            let done = open.and_then(|conn| in_savepoint(conn, work));
            Box::new(move |durable| {
                // the caller may be gone
                let _ = tell.send(durable.and(done));
            })
        });
        self.0.jobs.send(job).map_err(|_| StoreError::Stopped)?;
        told.recv().map_err(|_| StoreError::Stopped)?
    }
}

pub(super) fn connect(file: &Path) -> Result<Connection> {
    let conn = Connection::open(file)?;
    conn.busy_timeout(PATIENCE)?;
    // secure_delete: what is withdrawn leaves no bytes behind in the file. page_size, of a new file: three sealed cases of
    // 2 KiB fill a page of 8 KiB, and one alone a page of 4 KiB
    conn.execute_batch(
        "PRAGMA page_size = 8192; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON; PRAGMA foreign_keys = ON;
         PRAGMA cache_size = -4096; PRAGMA wal_autocheckpoint = 8000;",
    )?;
    conn.set_prepared_statement_cache_capacity(64);
    Ok(conn)
}

fn write_jobs(mut conn: Connection, queue: mpsc::Receiver<Job>, mut after_commit: AfterCommit) {
    while let Ok(first) = queue.recv() {
        let waiting = std::iter::once(first).chain(queue.try_iter()).take(GROUP);
        let (answers, durable): (Vec<Reply>, _) =
            match conn.transaction_with_behavior(TransactionBehavior::Immediate).map_err(StoreError::from) {
                Ok(open) => {
                    let answers = waiting.map(|job| job(Ok(&open))).collect();
                    (answers, open.commit().map_err(StoreError::from))
                }
                Err(e) => (waiting.map(|job| job(Err(e.clone()))).collect(), Err(e)),
            };
        if durable.is_ok() {
            after_commit.run(&conn);
        }
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
