//! What this phone did with records: when, what, how many. Nothing of anybody, so it lies beside the queue, where it is
//! written in the same transaction as the change itself.

use super::file::Mailbox;
use crate::vault::error::VaultError;
use crate::vault::store::{PAGE, from_json, json, rows};
use rusqlite::{Transaction, params};
use serde::{Deserialize, Serialize};

/// What the phone did with records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActivityKind {
    /// Finished and put in the queue.
    Finished,
    /// The server gave a receipt.
    Sent,
    /// The bytes were erased, because the server has kept them long enough or the person took the record back.
    Purged,
    /// The case card was erased, because its days were over.
    Forgotten,
}

/// One line of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Activity {
    /// Seconds since 1970 UTC, by learned time.
    pub at: i64,
    /// What was done.
    pub kind: ActivityKind,
    /// How many records it was done to.
    pub records: u32,
}

impl Mailbox {
    /// A page of the log, the newest first; pages count from 0. Lines stay as long as case cards do.
    pub fn activities(&self, page: usize) -> Result<Vec<Activity>, VaultError> {
        self.store.read(|c| {
            let sql = "SELECT at, deed, records FROM activity ORDER BY id DESC LIMIT ?1 OFFSET ?2";
            rows(c, sql, params![PAGE, page.saturating_mul(PAGE)], |r| {
                Ok(Activity { at: r.get(0)?, kind: from_json(r, 1)?, records: r.get(2)? })
            })
        })
    }
    /// Notes that case cards were erased.
    pub fn note_forgotten(&self, cards: usize) -> Result<(), VaultError> {
        let now = self.now()?;
        self.store.write(|t| note(t, now, ActivityKind::Forgotten, cards))
    }
}

/// Adds a line, where something was done.
pub(super) fn note(t: &Transaction, at: i64, kind: ActivityKind, records: usize) -> Result<(), VaultError> {
    if records > 0 {
        let sql = "INSERT INTO activity (at, deed, records) VALUES (?1, ?2, ?3)";
        t.prepare_cached(sql)?.execute(params![at, json(&kind), records])?;
    }
    Ok(())
}

/// Erases lines of before a moment.
pub(super) fn forget(t: &Transaction, before: i64) -> Result<(), VaultError> {
    Ok(t.execute("DELETE FROM activity WHERE at < ?1", [before]).map(drop)?)
}
