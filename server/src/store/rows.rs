//! Rows of the log as they lie in the file, and a digest of all that derives from them: what `rebuild` compares.

use super::error::{Result, StoreError};
use super::transaction::Reading;
use crate::store::entry::EntryKind;
use rusqlite::types::Value;
use rusqlite::{Row, params};
use tabara_protocol::envelope::{Digest, PublicKey, sha256};
use tabara_protocol::log::row::{Digests, EntryBody, EntryRow, Expired};
use tabara_protocol::record::{Reason, Uuid};

/// What [`entry_row`] reads.
pub(super) const ROW: &str =
    "SELECT position, reason, kind, received, id, binding, seq, target, body, digests, code, addressee FROM entry";

impl Reading<'_> {
    /// At most `limit` rows after a position, with their positions.
    pub fn rows(&self, after: u64, limit: u64) -> Result<Vec<(u64, EntryRow)>> {
        let sql = format!("{ROW} WHERE position > ?1 ORDER BY position LIMIT ?2");
        let mut query = self.0.prepare_cached(&sql)?;
        let mut rows = query.query(params![after, limit])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            found.push(entry_row(row)?);
        }
        Ok(found)
    }

    /// A digest of the log's columns and of everything that derives from them.
    pub fn derived(&self) -> Result<Digest> {
        let mut sum = Digest([0; 32]);
        for table in [
            "SELECT position, kind, received, reason, id, binding, seq, target, digests, code, addressee FROM entry ORDER BY position",
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

/// A row with its position.
pub(super) fn entry_row(row: &Row) -> Result<(u64, EntryRow)> {
    let position = row.get(0)?;
    let damaged = || StoreError::Damaged { position };
    let id = |bytes: Option<[u8; 16]>| bytes.map(Uuid::from_bytes);
    let kept: Option<Vec<u8>> = row.get(9)?;
    let kept = kept.map(|bytes| digests(&bytes).ok_or_else(damaged)).transpose()?;
    let entry = EntryRow {
        kind: EntryKind::from_number(row.get(2)?).ok_or_else(damaged)?,
        received: row.get(3)?,
        reason: reason(row, 1)?,
        id: id(row.get(4)?),
        binding: row.get(5)?,
        seq: row.get::<_, Option<i64>>(6)?.map(|n| n as u64),
        target: id(row.get(7)?),
        code: row.get(10)?,
        addressee: row.get(11)?,
        body: match (row.get(8)?, kept) {
            (Some(text), None) => EntryBody::Text(text),
            (Some(text), Some(digests)) => EntryBody::Expired { text, digests },
            (None, digests) => EntryBody::Tombstone(digests.ok_or_else(damaged)?),
        },
    };
    Ok((position, entry))
}

/// The column `digests`: SHA-256 of the JWS, of the sealed bytes, the slip's key; what there was none of is zero. Of a record
/// that has expired also SHA-256 of what was left, and the position of the entry by which it did.
pub(super) fn digest_bytes(digests: &Digests) -> Vec<u8> {
    let none = Digest([0; 32]);
    let slip = digests.slip.map_or(none, |key| Digest(key.0));
    let mut bytes = [digests.jws.0, digests.sealed.unwrap_or(none).0, slip.0].concat();
    if let Some(Expired { by, left }) = digests.expired {
        bytes.extend(left.0);
        bytes.extend(by.to_be_bytes());
    }
    bytes
}

pub(super) fn digests(bytes: &[u8]) -> Option<Digests> {
    let (each, by) = bytes.as_chunks::<32>();
    let there = |bytes: &[u8; 32]| Some(*bytes).filter(|bytes| *bytes != [0; 32]);
    let (plain, expired) = match each {
        [plain @ .., left] if plain.len() == 3 => {
            (plain, Some(Expired { by: u64::from_be_bytes(by.try_into().ok()?), left: Digest(*left) }))
        }
        plain if by.is_empty() => (plain, None),
        _ => return None,
    };
    let [jws, sealed, slip] = plain else { return None };
    Some(Digests { jws: Digest(*jws), sealed: there(sealed).map(Digest), slip: there(slip).map(PublicKey), expired })
}

pub(super) fn reason(row: &Row, at: usize) -> Result<Option<Reason>> {
    let word: Option<String> = row.get(at)?;
    let read = |word: String| Reason::of(&word).ok_or(StoreError::Damaged { position: row.get(0).unwrap_or(0) });
    word.map(read).transpose()
}
