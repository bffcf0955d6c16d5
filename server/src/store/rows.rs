//! Rows of the log as they lie in the file, and a digest of all that derives from them: what `rebuild` compares.

use super::error::{Result, StoreError};
use super::transaction::Reading;
use crate::entry::EntryKind;
use rusqlite::types::Value;
use rusqlite::{Row, params};
use tabara_protocol::envelope::{Digest, sha256};
use tabara_protocol::record::{Reason, Uuid};

/// A row of the log, as it is appended and as it is read back.
#[derive(Debug, Clone, PartialEq)]
pub struct EntryRow {
    pub kind: EntryKind,
    /// Seconds since 1970 UTC.
    pub received: i64,
    pub reason: Option<Reason>,
    pub id: Option<Uuid>,
    pub binding: Option<u64>,
    pub seq: Option<u64>,
    pub target: Option<Uuid>,
    pub code: Option<String>,
    pub body: EntryBody,
}

/// What a row holds.
#[derive(Debug, Clone, PartialEq)]
pub enum EntryBody {
    /// What was signed, or JSON.
    Text(String),
    /// Digests of a record whose withdrawal was applied.
    Tombstone(Vec<u8>),
}

impl EntryRow {
    /// An entry that no phone sent.
    pub fn own(kind: EntryKind, received: i64, text: String) -> Self {
        let (reason, id, binding, seq, target, code) = Default::default();
        Self { kind, received, reason, id, binding, seq, target, code, body: EntryBody::Text(text) }
    }
}

impl Reading<'_> {
    /// At most `limit` rows after a position, with their positions.
    pub fn rows(&self, after: u64, limit: u64) -> Result<Vec<(u64, EntryRow)>> {
        let mut query = self.0.prepare_cached(
            "SELECT position, reason, kind, received, id, binding, seq, target, body, digests, code FROM entry
             WHERE position > ?1 ORDER BY position LIMIT ?2",
        )?;
        let mut rows = query.query(params![after, limit])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            let position = row.get(0)?;
            let id = |bytes: Option<[u8; 16]>| bytes.map(Uuid::from_bytes);
            let text: Option<String> = row.get(8)?;
            let entry = EntryRow {
                kind: EntryKind::from_number(row.get(2)?).ok_or(StoreError::Damaged { position })?,
                received: row.get(3)?,
                reason: reason(row, 1)?,
                id: id(row.get(4)?),
                binding: row.get(5)?,
                seq: row.get::<_, Option<i64>>(6)?.map(|n| n as u64),
                target: id(row.get(7)?),
                code: row.get(10)?,
                body: match text {
                    Some(text) => EntryBody::Text(text),
                    None => EntryBody::Tombstone(row.get(9)?),
                },
            };
            found.push((position, entry));
        }
        Ok(found)
    }

    /// A digest of the log's columns and of everything that derives from them.
    pub fn derived(&self) -> Result<Digest> {
        let mut sum = Digest([0; 32]);
        for table in [
            "SELECT position, kind, received, reason, id, binding, seq, target, digests, code FROM entry ORDER BY position",
            "SELECT * FROM binding ORDER BY position",
            "SELECT * FROM revoked ORDER BY device",
            "SELECT * FROM questionnaire ORDER BY sha256",
            "SELECT * FROM decision ORDER BY about",
            "SELECT * FROM withdrawn ORDER BY record",
            "SELECT * FROM leaf ORDER BY number",
            "SELECT * FROM node ORDER BY number",
        ] {
            let mut query = self.0.prepare(table)?;
            let columns = query.column_count();
            let mut rows = query.query([])?;
            while let Some(row) = rows.next()? {
                let cells = (0..columns).map(|at| row.get::<_, Value>(at)).collect::<rusqlite::Result<Vec<_>>>()?;
                sum = sha256(format!("{sum}{cells:?}").as_bytes());
            }
        }
        Ok(sum)
    }
}

pub(super) fn reason(row: &Row, at: usize) -> Result<Option<Reason>> {
    let word: Option<String> = row.get(at)?;
    let read = |word: String| Reason::of(&word).ok_or(StoreError::Damaged { position: row.get(0).unwrap_or(0) });
    word.map(read).transpose()
}
