//! Verbs for `rebuild`: entries as they lie in the file, and a digest of all that derives from them.

use super::{Reading, Result, StoreError, Writing};
use crate::log::Kind;
use rusqlite::{params, types::Value};
use tabara_protocol::envelope::{Digest, sha256};
use tabara_protocol::record::{Reason, Uuid};

/// An entry as it lies in the file.
#[derive(Debug, Clone, PartialEq)]
pub struct Raw {
    pub position: u64,
    pub kind: Kind,
    pub received: i64,
    pub reason: Option<Reason>,
    pub id: Option<Uuid>,
    pub binding: Option<u64>,
    pub seq: Option<u64>,
    pub target: Option<Uuid>,
    pub code: Option<String>,
    pub body: Option<String>,
    pub digests: Option<Vec<u8>>,
}

impl Reading<'_> {
    /// At most `limit` entries after a position.
    pub fn raw(&self, after: u64, limit: u64) -> Result<Vec<Raw>> {
        let mut query = self.0.prepare_cached(
            "SELECT position, reason, kind, received, id, binding, seq, target, body, digests, code FROM entry
             WHERE position > ?1 ORDER BY position LIMIT ?2",
        )?;
        let mut rows = query.query(params![after, limit])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            let position = row.get(0)?;
            let id = |bytes: Option<[u8; 16]>| bytes.map(Uuid::from_bytes);
            found.push(Raw {
                position,
                kind: Kind::from_number(row.get(2)?).ok_or(StoreError::Damaged { position })?,
                received: row.get(3)?,
                reason: super::entries::reason(row, 1)?,
                id: id(row.get(4)?),
                binding: row.get(5)?,
                seq: row.get::<_, Option<i64>>(6)?.map(|n| n as u64),
                target: id(row.get(7)?),
                body: row.get(8)?,
                digests: row.get(9)?,
                code: row.get(10)?,
            });
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

impl Writing<'_> {
    /// Copies a tombstone, which derives nothing but that it is taken back.
    pub fn copy_tombstone(&self, raw: &Raw) -> Result<()> {
        let id = |id: Option<Uuid>| id.map(Uuid::into_bytes);
        self.0.0.execute(
            "INSERT INTO entry (position, kind, received, reason, id, binding, seq, target, digests, code)
             VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10)",
            params![
                raw.position,
                raw.kind as i64,
                raw.received,
                raw.reason.map(super::entries::word),
                id(raw.id),
                raw.binding,
                raw.seq.map(|n| n as i64),
                id(raw.target),
                raw.digests,
                raw.code
            ],
        )?;
        self.meet_withdrawals(raw.position, raw.position)
    }
}
