//! Withdrawals. A withdrawal names a record by its id, or all records of a slip by the code. It covers those of its own
//! phone and those whose slip agrees (`Record::may_change`); if the operator or a reviewer accepted it, it covers all.
//! The records that a covered one corrects, or that correct it, are withdrawn with it. Any order of arrival works. Sealed
//! bytes are erased at once, the signed facts at the next revision.
//!
//! The table `withdrawn` lists withdrawn records. It derives from the log alone; erasing, tombstones and counting read only
//! this table.

use super::entries::Found;
use super::error::{Result, StoreError};
use super::rows::digest_bytes;
use super::transaction::{Reading, Writing};
use crate::store::entry::{EntryKind, EntryPayload};
use rusqlite::{OptionalExtension as _, params};
use std::collections::BTreeSet;
use tabara_protocol::envelope;
use tabara_protocol::record::{Code, Record, Uuid};

/// A record with all that it corrects or that correct it.
pub(super) const LINKED: &str = "WITH RECURSIVE linked (id) AS (
      VALUES (?1)
      UNION SELECT t.id FROM linked JOIN entry c ON c.id = linked.id JOIN entry t ON t.id = c.target
        WHERE c.kind = 2 AND (c.binding = t.binding OR c.reason IS NULL
          OR EXISTS (SELECT 1 FROM decision WHERE about = c.position AND accept))
      UNION SELECT c.id FROM linked JOIN entry t ON t.id = linked.id JOIN entry c ON c.target = t.id
        WHERE c.kind = 2 AND (c.binding = t.binding OR c.reason IS NULL
          OR EXISTS (SELECT 1 FROM decision WHERE about = c.position AND accept)))
    SELECT e.position FROM linked JOIN entry e ON e.id = linked.id";

/// A record has at most so many corrections, and another phone names it no more often: what comes for it stays cheap.
pub const MAX_CORRECTIONS: usize = 32;
/// A phone writes at most so many entries under one code.
pub const MAX_UNDER_CODE: u64 = 64;

/// A withdrawal that counts.
struct Withdrawal {
    binding: Option<u64>,
    record: Record,
    /// Thumbprint of the key that signed it.
    signer: String,
    accepted: bool,
}

impl Withdrawal {
    fn covers(&self, found: &Found) -> bool {
        let same_phone = self.binding.is_some() && self.binding == found.binding;
        self.accepted || self.record.may_change(same_phone, found.digests.slip, &self.signer)
    }
}

impl Reading<'_> {
    /// Whether the record at a position is withdrawn.
    pub fn is_withdrawn(&self, position: u64) -> Result<bool> {
        Ok(self.0.prepare_cached("SELECT 1 FROM withdrawn WHERE record = ?1")?.exists([position])?)
    }

    /// Whether another correction or withdrawal of this target, or another entry under this code, is more than a person ever
    /// needs from a phone.
    pub fn is_too_much(&self, record: &Record, binding: u64) -> Result<bool> {
        if let Some(target) = record.revises {
            let named = "SELECT count(*) FROM entry WHERE target = ?1 AND kind IN (2, 4) AND binding = ?2";
            let mut query = self.0.prepare_cached(named)?;
            let named: usize = query.query_row(params![target.as_bytes(), binding], |r| r.get(0))?;
            if named >= MAX_CORRECTIONS {
                return Ok(true);
            }
        }
        // what it corrects, and what came before it and corrects it: all of that it would tie together
        let corrects = "SELECT id FROM entry WHERE target = ?1 AND kind = 2";
        let mut query = self.0.prepare_cached(corrects)?;
        let corrects = query.query_map([record.record.as_bytes()], |r| r.get::<_, [u8; 16]>(0))?;
        let linked = format!("{LINKED} LIMIT {}", MAX_CORRECTIONS + 1);
        let mut tied = BTreeSet::new();
        for id in record.revises.map(|target| Ok(target.into_bytes())).into_iter().chain(corrects) {
            tied.extend(self.positions(&linked, [id?])?);
            if tied.len() > MAX_CORRECTIONS {
                return Ok(true);
            }
        }
        let Some(code) = &record.code else { return Ok(false) };
        let under = "SELECT count(*) FROM entry WHERE code = ?1 AND binding = ?2";
        let under: u64 = self.0.prepare_cached(under)?.query_row(params![code.as_str(), binding], |r| r.get(0))?;
        Ok(under >= MAX_UNDER_CODE)
    }

    /// The records that a withdrawal names, as far as they are in the log.
    pub fn found_named(&self, withdrawal: &Record) -> Result<Vec<Found>> {
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

    /// The most records that corrections tie together.
    #[cfg(test)]
    pub(crate) fn largest_tie(&self) -> Result<usize> {
        let mut query = self.0.prepare("SELECT id FROM entry WHERE kind = 2")?;
        let ids = query.query_map([], |r| r.get::<_, [u8; 16]>(0))?.collect::<rusqlite::Result<Vec<_>>>()?;
        let ties = ids.into_iter().map(|id| Ok(self.positions(LINKED, [id])?.len())).collect::<Result<Vec<_>>>()?;
        Ok(ties.into_iter().max().unwrap_or(0))
    }

    /// A tombstone of a record that nobody has withdrawn before a revision, if there is one.
    pub fn unjustified_tombstone(&self) -> Result<Option<u64>> {
        let sql = "SELECT e.position FROM entry e WHERE e.body IS NULL AND NOT EXISTS (
                     SELECT 1 FROM withdrawn w WHERE w.record = e.position AND w.since <
                       (SELECT max(position) FROM entry WHERE kind = 7 AND kind <> 2)) ORDER BY 1 LIMIT 1";
        Ok(self.positions(sql, [])?.first().copied())
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
            Ok(EntryPayload::Withdrawal(record)) => {
                let signer = envelope::peek(&body).map_err(|_| StoreError::Damaged { position })?.kid;
                Ok(Some(Withdrawal { binding, record: *record, signer, accepted }))
            }
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
        for found in self.found_named(&withdrawal.record)?.iter().filter(|found| withdrawal.covers(found)) {
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
        let mut update = self.0.0.prepare_cached("UPDATE entry SET body = NULL, digests = ?2 WHERE position = ?1")?;
        update.execute(params![found.position, digest_bytes(&found.digests)])?;
        Ok(())
    }
}
