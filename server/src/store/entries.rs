//! Verbs for the log's entries.

use super::{Reading, Result, StoreError, Writing};
use crate::intake::{News, Update};
use crate::log::{Closing, Entry, Kind, What};
use rusqlite::{OptionalExtension as _, Row, params};
use tabara_core::envelope::{Digest, sha256};
use tabara_core::record::{Head, Reason, Record, Uuid};

/// An entry to append.
#[derive(Debug, Clone)]
pub struct NewEntry<'a> {
    pub kind: Kind,
    pub received: i64,
    pub reason: Option<Reason>,
    pub id: Option<Uuid>,
    pub binding: Option<u64>,
    pub seq: Option<u64>,
    pub target: Option<Uuid>,
    pub body: &'a str,
}

impl<'a> NewEntry<'a> {
    /// One that no phone sent.
    pub fn own(kind: Kind, received: i64, body: &'a str) -> Self {
        Self { kind, received, reason: None, id: None, binding: None, seq: None, target: None, body }
    }
}

/// A record that the log has.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    pub position: u64,
    pub reason: Option<Reason>,
    pub binding: Option<u64>,
    /// SHA-256 of its JWS, and of its sealed bytes.
    pub jws: Digest,
    pub sealed: Option<Digest>,
    /// None once its withdrawal was applied.
    pub record: Option<Record>,
}

/// A line of the list of what waits for someone to look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quarantined {
    pub position: u64,
    pub received: i64,
    pub kind: Kind,
    pub reason: Reason,
    pub record: Option<Uuid>,
    pub device: Option<Uuid>,
}

/// `kind <> 2` lets SQLite use the index of the few; without it this reads the whole log.
const LAST_OF: &str = "SELECT position, body FROM entry WHERE kind = ?1 AND kind <> 2 ORDER BY position DESC LIMIT 1";

impl Reading<'_> {
    /// The end of the log.
    pub fn head(&self, now: i64) -> Result<Head> {
        let mut query = self.0.prepare_cached("SELECT (SELECT max(position) FROM entry), id FROM epoch")?;
        let (position, epoch) = query.query_row([], |r| Ok((r.get::<_, Option<u64>>(0)?, r.get::<_, [u8; 16]>(1)?)))?;
        Ok(Head { epoch: Uuid::from_bytes(epoch), position: position.unwrap_or(0), time: now })
    }

    /// Entries after one position, up to and with another, in order. Stops at the first error of `each`.
    pub fn entries(&self, after: u64, upto: u64, mut each: impl FnMut(Entry) -> Result<()>) -> Result<()> {
        let mut query = self.0.prepare_cached(
            "SELECT position, kind, received, reason, binding, id, body FROM entry
             WHERE position > ?1 AND position <= ?2 ORDER BY position",
        )?;
        let mut rows = query.query(params![after, upto.min(i64::MAX as u64)])?;
        while let Some(row) = rows.next()? {
            each(entry(row)?)?;
        }
        Ok(())
    }

    /// The stored text of an entry: what was signed. None in a tombstone.
    pub fn body(&self, position: u64) -> Result<Option<String>> {
        let mut query = self.0.prepare_cached("SELECT body FROM entry WHERE position = ?1")?;
        Ok(query.query_row([position], |r| r.get(0)).optional()?.flatten())
    }

    /// Why the entry at a position was quarantined; none if it was not, or if there is none.
    pub fn reason(&self, position: u64) -> Result<Option<Reason>> {
        let mut query = self.0.prepare_cached("SELECT position, reason FROM entry WHERE position = ?1")?;
        let mut rows = query.query([position])?;
        rows.next()?.map_or(Ok(None), |row| reason(row, 1))
    }

    /// Finds a record by its id.
    pub fn find(&self, record: Uuid) -> Result<Option<Found>> {
        let mut query =
            self.0.prepare_cached("SELECT position, reason, binding, body, digests FROM entry WHERE id = ?1")?;
        let mut rows = query.query([record.as_bytes()])?;
        let Some(row) = rows.next()? else { return Ok(None) };
        let position = row.get(0)?;
        let damaged = StoreError::Damaged { position };
        let body: Option<String> = row.get(3)?;
        let record: Option<Record> =
            body.as_deref().map(tabara_core::envelope::stored).transpose().map_err(|_| damaged.clone())?;
        let (jws, sealed) = match &body {
            Some(jws) => (sha256(jws.as_bytes()), record.as_ref().and_then(|r| r.sealed).map(|s| s.sha256)),
            None => digests(&row.get::<_, Vec<u8>>(4)?).ok_or(damaged)?,
        };
        Ok(Some(Found { position, reason: reason(row, 1)?, binding: row.get(2)?, jws, sealed, record }))
    }

    /// Whether the phone has used this number for another record.
    pub fn has_seq(&self, binding: u64, seq: u64) -> Result<bool> {
        let mut query = self.0.prepare_cached("SELECT 1 FROM entry WHERE binding = ?1 AND seq = ?2")?;
        Ok(query.exists(params![binding, seq as i64])?)
    }

    /// The sealed bytes of the record at a position.
    pub fn sealed(&self, position: u64) -> Result<Option<Vec<u8>>> {
        let mut query = self.0.prepare_cached("SELECT bytes FROM sealed WHERE position = ?1")?;
        Ok(query.query_row([position], |r| r.get(0)).optional()?)
    }

    /// The last month that was closed.
    pub fn last_closing(&self) -> Result<Option<Closing>> {
        let read =
            |(position, body): (_, String)| serde_json::from_str(&body).map_err(|_| StoreError::Damaged { position });
        self.last_of(Kind::Closing)?.map(read).transpose()
    }

    /// Position and text of the last entry of a kind.
    pub(super) fn last_of(&self, kind: Kind) -> Result<Option<(u64, String)>> {
        let mut query = self.0.prepare_cached(LAST_OF)?;
        Ok(query.query_row([kind as i64], |r| Ok((r.get(0)?, r.get(1)?))).optional()?)
    }

    /// When the first entry came.
    pub fn first_received(&self) -> Result<Option<i64>> {
        let mut query = self.0.prepare_cached("SELECT received FROM entry WHERE position = 1")?;
        Ok(query.query_row([], |r| r.get(0)).optional()?)
    }

    /// When the last entry came.
    pub fn last_received(&self) -> Result<Option<i64>> {
        let mut query = self.0.prepare_cached("SELECT received FROM entry ORDER BY position DESC LIMIT 1")?;
        Ok(query.query_row([], |r| r.get(0)).optional()?)
    }

    /// What became of a phone's records after a position: at most 200 in one answer, and where to go on.
    pub fn news(&self, binding: u64, after: u64) -> Result<(Vec<Update>, u64)> {
        let mut query = self.0.prepare_cached(
            "SELECT n.position, n.kind, mine.id, n.body FROM entry n JOIN entry mine ON mine.id = n.target
             WHERE n.kind = 3 AND n.kind <> 2 AND n.position > ?2 AND n.reason IS NULL AND mine.binding = ?1
             UNION ALL
             SELECT n.position, n.kind, mine.id, n.body FROM entry n
             JOIN entry mine ON mine.position = json_extract(n.body, '$.position')
             WHERE n.kind = 9 AND n.kind <> 2 AND n.position > ?2 AND mine.binding = ?1
             ORDER BY 1 LIMIT 200",
        )?;
        let mut rows = query.query(params![binding, after.min(i64::MAX as u64)])?;
        let mut updates: Vec<Update> = Vec::new();
        while let Some(row) = rows.next()? {
            let position = row.get(0)?;
            let (kind, body): (i64, String) = (row.get(1)?, row.get(3)?);
            let news = match What::read(Kind::Decision, &body) {
                Ok(What::Decision(decision)) if kind == Kind::Decision as i64 => {
                    News::Decision { accept: decision.accept }
                }
                _ => News::Review { jws: body },
            };
            updates.push(Update { position, record: Uuid::from_bytes(row.get(2)?), news });
        }
        let end = self.head(0)?.position.max(after);
        let cursor = if updates.len() == 200 { updates[199].position } else { end };
        Ok((updates, cursor))
    }

    /// What waits for someone to look, oldest first.
    pub fn quarantined(&self) -> Result<Vec<Quarantined>> {
        let mut query = self.0.prepare_cached(
            "SELECT e.position, e.received, e.kind, e.reason, e.id, b.device FROM entry e
             LEFT JOIN binding b ON b.position = CASE e.kind WHEN 1 THEN e.position ELSE e.binding END
             WHERE e.reason IS NOT NULL AND e.position NOT IN (SELECT about FROM decision) ORDER BY e.position",
        )?;
        let mut rows = query.query([])?;
        let mut list = Vec::new();
        while let Some(row) = rows.next()? {
            let position = row.get(0)?;
            let damaged = StoreError::Damaged { position };
            let id = |bytes: Option<[u8; 16]>| bytes.map(Uuid::from_bytes);
            list.push(Quarantined {
                position,
                received: row.get(1)?,
                kind: Kind::from_number(row.get(2)?).ok_or(damaged.clone())?,
                reason: reason(row, 3)?.ok_or(damaged)?,
                record: id(row.get(4)?),
                device: id(row.get(5)?),
            });
        }
        Ok(list)
    }
}

impl Writing<'_> {
    /// Appends an entry and returns its position.
    pub fn append(&self, new: &NewEntry) -> Result<u64> {
        let mut insert = self.0.0.prepare_cached(
            "INSERT INTO entry (kind, received, reason, id, binding, seq, target, body) VALUES (?1,?2,?3,?4,?5,?6,?7,?8)",
        )?;
        let bytes = |id: Option<Uuid>| id.map(Uuid::into_bytes);
        let seq = new.seq.map(|n| n as i64);
        let reason = new.reason.map(word);
        let (id, target) = (bytes(new.id), bytes(new.target));
        let row = params![new.kind as i64, new.received, reason, id, new.binding, seq, target, new.body];
        let position = insert.insert(row)? as u64;
        self.derive(position, new.kind, new.reason, new.body)?;
        Ok(position)
    }

    /// Keeps the sealed bytes of the record at a position.
    pub fn keep_sealed(&self, position: u64, bytes: &[u8]) -> Result<()> {
        self.0.0.prepare_cached("INSERT INTO sealed VALUES (?1, ?2)")?.execute(params![position, bytes])?;
        Ok(())
    }

    /// Erases the sealed bytes of the record at a position.
    pub fn erase_sealed(&self, position: u64) -> Result<()> {
        self.0.0.prepare_cached("DELETE FROM sealed WHERE position = ?1")?.execute([position])?;
        Ok(())
    }

    /// Turns the record at a position into a tombstone.
    pub fn bury(&self, found: &Found) -> Result<()> {
        let digests: Vec<u8> = [Some(found.jws), found.sealed].into_iter().flatten().flat_map(|d| d.0).collect();
        let mut update = self.0.0.prepare_cached("UPDATE entry SET body = NULL, digests = ?2 WHERE position = ?1")?;
        update.execute(params![found.position, digests])?;
        Ok(())
    }
}

fn entry(row: &Row) -> Result<Entry> {
    let position = row.get(0)?;
    let damaged = StoreError::Damaged { position };
    let kind = Kind::from_number(row.get(1)?).ok_or(damaged.clone())?;
    let body = row.get_ref(6)?.as_str_or_null().map_err(rusqlite::Error::from)?;
    let what = match body {
        Some(body) => What::read(kind, body).map_err(|_| damaged)?,
        None => What::Tombstone { record: Uuid::from_bytes(row.get::<_, Option<_>>(5)?.ok_or(damaged)?) },
    };
    Ok(Entry { position, received: row.get(2)?, reason: reason(row, 3)?, binding: row.get(4)?, what })
}

fn digests(bytes: &[u8]) -> Option<(Digest, Option<Digest>)> {
    let (jws, sealed) = bytes.split_first_chunk::<32>()?;
    Some((Digest(*jws), sealed.try_into().ok().map(Digest)))
}

pub(super) fn word(reason: Reason) -> String {
    match serde_json::to_value(reason) {
        Ok(serde_json::Value::String(word)) => word,
        _ => unreachable!("a reason is a word"),
    }
}

pub(super) fn reason(row: &Row, at: usize) -> Result<Option<Reason>> {
    let word: Option<String> = row.get(at)?;
    let read = |word| serde_json::from_value(serde_json::Value::String(word));
    word.map(read).transpose().map_err(|_| StoreError::Damaged { position: row.get(0).unwrap_or(0) })
}

#[cfg(test)]
mod tests {
    use crate::store::Store;

    #[test]
    fn what_every_batch_asks_is_answered_by_an_index_and_not_by_reading_the_whole_log() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let withdrawals = "SELECT 1 FROM entry WHERE kind = ?1 AND kind <> 2";
        for sql in [super::LAST_OF, withdrawals, "SELECT 1 FROM entry WHERE binding = ?1 AND seq = 1"] {
            let sql = format!("EXPLAIN QUERY PLAN {sql}");
            let plan: String = store.read(|log| Ok(log.0.query_row(&sql, [4], |r| r.get(3))?)).unwrap();
            assert!(plan.starts_with("SEARCH entry USING"), "{plan}");
        }
    }
}
