//! Withdrawals. A withdrawal names a record by its id, or all records of a slip by the code. It covers those of its own
//! phone and those whose secret it shows (`Record::may_change`); if the operator or a reviewer accepted it, it covers all.
//! The records that a covered one corrects, or that correct it, are withdrawn with it. Any order of arrival works. Sealed
//! bytes are erased at once, the signed facts at the next revision.
//!
//! The table `withdrawn` lists withdrawn records. It derives from the log alone; erasing, tombstones and counting read only
//! this table.

use super::entries::Found;
use super::error::{Result, StoreError};
use super::transaction::{Reading, Writing};
use crate::entry::{EntryKind, EntryPayload};
use rusqlite::{Connection, OptionalExtension as _, params};
use tabara_protocol::envelope::Digest;
use tabara_protocol::record::{Code, Record, Uuid};

/// A record with all that it corrects or that correct it.
pub(super) const LINKED: &str = "WITH RECURSIVE linked (id) AS (
      VALUES (?1)
      UNION SELECT t.id FROM linked JOIN entry c ON c.id = linked.id JOIN entry t ON t.id = c.target
        WHERE c.kind = 2 AND (c.binding = t.binding OR EXISTS (SELECT 1 FROM decision WHERE about = c.position AND accept))
      UNION SELECT c.id FROM linked JOIN entry t ON t.id = linked.id JOIN entry c ON c.target = t.id
        WHERE c.kind = 2 AND (c.binding = t.binding OR EXISTS (SELECT 1 FROM decision WHERE about = c.position AND accept)))
    SELECT e.position FROM linked JOIN entry e ON e.id = linked.id";

/// A withdrawal that counts.
struct Withdrawal {
    binding: Option<u64>,
    record: Record,
    accepted: bool,
}

impl Withdrawal {
    fn covers(&self, found: &Found) -> bool {
        self.accepted || self.record.may_change(self.binding.is_some() && self.binding == found.binding, found.undo)
    }
}

/// Step 2 of the schema, for a log that was begun before it: fills in codes and withdrawn records.
pub(super) fn fill_in(conn: &Connection) -> Result<()> {
    let log = Writing(Reading(conn));
    for position in log.positions("SELECT position FROM entry WHERE kind IN (2, 4) AND body IS NOT NULL", [])? {
        let found = log.found_at(position)?.and_then(|found| found.record);
        if let Some(code) = found.and_then(|record| record.code) {
            conn.execute("UPDATE entry SET code = ?2 WHERE position = ?1", params![position, code.as_str()])?;
        }
    }
    for position in log.positions("SELECT position FROM entry WHERE kind = 4 AND kind <> 2", [])? {
        log.apply_withdrawal(position, position)?;
    }
    Ok(())
}

impl Reading<'_> {
    /// Whether the record at a position is withdrawn.
    pub fn is_withdrawn(&self, position: u64) -> Result<bool> {
        Ok(self.0.prepare_cached("SELECT 1 FROM withdrawn WHERE record = ?1")?.exists([position])?)
    }

    /// Whether a withdrawal covers a record of this code.
    pub fn is_dead(&self, code: &Code) -> Result<bool> {
        let sql = "SELECT 1 FROM entry w WHERE w.code = ?1 AND w.kind = 4
                   AND EXISTS (SELECT 1 FROM withdrawn WHERE by = w.position)";
        Ok(self.0.prepare_cached(sql)?.exists([code.as_str()])?)
    }

    /// The records that a withdrawal names, as far as they are in the log.
    pub fn named(&self, withdrawal: &Record) -> Result<Vec<Found>> {
        let by_id = "SELECT position FROM entry WHERE id = ?1 AND kind = 2";
        let positions = match (&withdrawal.revises, &withdrawal.code) {
            (Some(target), _) => self.positions(by_id, [target.as_bytes()])?,
            (None, Some(code)) => {
                self.positions("SELECT position FROM entry WHERE code = ?1 AND kind = 2", [code.as_str()])?
            }
            (None, None) => vec![],
        };
        positions.into_iter().filter_map(|position| self.found_at(position).transpose()).collect()
    }

    /// Positions of all that the log has under a code, with what corrects, reviews or withdraws it.
    pub fn held(&self, code: &Code) -> Result<Vec<u64>> {
        let sql = "SELECT position FROM entry WHERE code = ?1 UNION
                   SELECT other.position FROM entry mine JOIN entry other ON other.target = mine.id WHERE mine.code = ?1
                   ORDER BY 1";
        self.positions(sql, [code.as_str()])
    }

    /// Id, kind and time of the entry at a position, where it is of a record.
    pub fn outline(&self, position: u64) -> Result<Option<(Uuid, EntryKind, i64)>> {
        let sql = "SELECT id, kind, received FROM entry WHERE position = ?1 AND id IS NOT NULL";
        let row = |r: &rusqlite::Row| Ok((Uuid::from_bytes(r.get(0)?), r.get(1)?, r.get(2)?));
        let found: Option<(_, i64, _)> = self.0.prepare_cached(sql)?.query_row([position], row).optional()?;
        let kind = |(id, kind, at)| Some((id, EntryKind::from_number(kind)?, at));
        found.map(|found| kind(found).ok_or(StoreError::Damaged { position })).transpose()
    }

    /// The withdrawal at a position, if there is one and it counts.
    fn withdrawal(&self, position: u64) -> Result<Option<Withdrawal>> {
        // a withdrawal that covered nothing when it came may cover a later record
        let sql = "SELECT e.binding, e.body, ifnull(d.accept, ifnull(e.reason, '') IN ('', 'foreign_revision')),
                   ifnull(d.accept, 0) FROM entry e
                   LEFT JOIN decision d ON d.about = e.position WHERE e.position = ?1 AND e.kind = 4";
        type Columns = (Option<u64>, String, bool, bool);
        let row = |r: &rusqlite::Row| Ok((r.get(0)?, r.get(1)?, r.get(2)?, r.get(3)?));
        let found: Option<Columns> = self.0.prepare_cached(sql)?.query_row([position], row).optional()?;
        let Some((binding, body, true, accepted)) = found else { return Ok(None) };
        match EntryPayload::read(EntryKind::Withdrawal, &body) {
            Ok(EntryPayload::Withdrawal(record)) => Ok(Some(Withdrawal { binding, record: *record, accepted })),
            _ => Err(StoreError::Damaged { position }),
        }
    }

    fn positions(&self, sql: &str, of: impl rusqlite::Params) -> Result<Vec<u64>> {
        Ok(self.0.prepare_cached(sql)?.query_map(of, |r| r.get(0))?.collect::<rusqlite::Result<_>>()?)
    }

    /// The position of the withdrawal with this id.
    pub(super) fn withdrawal_of(&self, id: Uuid) -> Result<Option<u64>> {
        let mut query = self.0.prepare_cached("SELECT position FROM entry WHERE id = ?1 AND kind = 4")?;
        Ok(query.query_row([id.as_bytes()], |r| r.get(0)).optional()?)
    }
}

impl Writing<'_> {
    /// Withdraws the records that the withdrawal at a position covers. No effect on entries of another kind.
    pub(super) fn apply_withdrawal(&self, position: u64, since: u64) -> Result<()> {
        let Some(withdrawal) = self.withdrawal(position)? else { return Ok(()) };
        for found in self.named(&withdrawal.record)?.iter().filter(|found| withdrawal.covers(found)) {
            self.take_back(found.id, since, position)?;
        }
        Ok(())
    }

    /// Withdraws a record that came now, or that counts from now on, if an earlier withdrawal covers it.
    pub(super) fn meet_withdrawals(&self, position: u64, since: u64) -> Result<()> {
        // most logs hold few withdrawals, and this runs for every record that arrives
        if !self.0.0.prepare_cached("SELECT 1 FROM entry WHERE kind = 4 AND kind <> 2")?.exists([])? {
            return Ok(());
        }
        let id = "SELECT id FROM entry WHERE position = ?1 AND kind = 2";
        let id: Option<[u8; 16]> = self.0.0.prepare_cached(id)?.query_row([position], |r| r.get(0)).optional()?;
        let Some(id) = id else { return Ok(()) };
        let about = "SELECT position FROM entry WHERE target = ?1 AND kind = 4
            UNION SELECT w.position FROM entry e JOIN entry w ON w.code = e.code AND w.target IS NULL
            WHERE e.id = ?1 AND w.kind = 4 ORDER BY 1";
        for by in self.positions(about, [id])? {
            let Some(withdrawal) = self.withdrawal(by)? else { continue };
            if self.found_at(position)?.is_some_and(|found| withdrawal.covers(&found)) {
                self.take_back(id, since, by)?;
            }
        }
        // a record that corrects a withdrawn one, or is corrected by it, is withdrawn too
        let by = format!("SELECT by FROM withdrawn WHERE record IN ({LINKED}) LIMIT 1");
        match self.positions(&by, [id])?.first() {
            Some(by) => self.take_back(id, since, *by),
            None => Ok(()),
        }
    }

    fn take_back(&self, id: [u8; 16], since: u64, by: u64) -> Result<()> {
        for record in self.positions(LINKED, [id])? {
            let mut insert = self.0.0.prepare_cached("INSERT OR IGNORE INTO withdrawn VALUES (?1, ?2, ?3)")?;
            insert.execute(params![record, since, by])?;
            self.0.0.prepare_cached("DELETE FROM sealed WHERE position = ?1")?.execute([record])?;
        }
        Ok(())
    }

    /// Turns every withdrawn record into a tombstone. Part of a revision.
    pub fn bury_withdrawn(&self) -> Result<()> {
        let alive = "SELECT record FROM withdrawn JOIN entry ON position = record WHERE body IS NOT NULL";
        for position in self.positions(alive, [])? {
            if let Some(found) = self.found_at(position)? {
                self.make_tombstone(&found)?;
            }
        }
        Ok(())
    }

    /// Turns the record at a position into a tombstone.
    fn make_tombstone(&self, found: &Found) -> Result<()> {
        let none = Digest([0; 32]);
        let digests = [found.jws, found.sealed.unwrap_or(none), found.undo.unwrap_or(none)];
        let digests: Vec<u8> = digests.iter().flat_map(|d| d.0).collect();
        let mut update = self.0.0.prepare_cached("UPDATE entry SET body = NULL, digests = ?2 WHERE position = ?1")?;
        update.execute(params![found.position, digests])?;
        Ok(())
    }
}
