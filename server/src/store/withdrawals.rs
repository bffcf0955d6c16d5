//! Verbs for taking back. A withdrawal covers the record it names and all that this one corrected or was corrected
//! by, in any order of arrival: sealed bytes go at once, the signed facts at the next revision.

use super::{Found, Reading, Result, StoreError, Writing};
use crate::log::{What, may_revise};
use rusqlite::OptionalExtension as _;
use tabara_core::record::{Record, Uuid};

/// Ids of a record with all that it corrected or was corrected by.
const LINKED: &str = "WITH RECURSIVE linked (id) AS (
      VALUES (?1)
      UNION SELECT e.target FROM linked JOIN entry e ON e.id = linked.id WHERE e.target IS NOT NULL AND e.kind = 2
      UNION SELECT e.id FROM linked JOIN entry e ON e.target = linked.id WHERE e.kind = 2)";

/// A withdrawal that is in order, or that the operator accepted.
struct Withdrawal {
    binding: Option<u64>,
    record: Record,
    accepted: bool,
}

impl Withdrawal {
    fn covers(&self, found: &Found) -> bool {
        let target = found.record.as_ref();
        target.is_some_and(|t| self.accepted || may_revise((self.binding, &self.record), (found.binding, t)))
    }
}

impl Reading<'_> {
    /// Whether a record that has just been appended was withdrawn before it came.
    pub fn is_withdrawn(&self, record: Uuid) -> Result<bool> {
        // most logs hold few withdrawals, and this is asked for every record that comes
        if !self.0.prepare_cached("SELECT 1 FROM entry WHERE kind = 4 AND kind <> 2")?.exists([])? {
            return Ok(false);
        }
        let sql = format!(
            "{LINKED} SELECT position FROM entry WHERE kind = 4 AND kind <> 2 AND target IN (SELECT id FROM linked)"
        );
        let mut query = self.0.prepare_cached(&sql)?;
        let positions = query.query_map([record.as_bytes()], |r| r.get(0))?.collect::<rusqlite::Result<Vec<u64>>>()?;
        if positions.is_empty() {
            return Ok(false);
        }
        let Some(found) = self.find(record)? else { return Ok(false) };
        for position in positions {
            if self.withdrawal(position)?.is_some_and(|w| w.covers(&found)) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The withdrawal at a position, if there is one and it counts.
    fn withdrawal(&self, position: u64) -> Result<Option<Withdrawal>> {
        let sql = "SELECT e.binding, e.body, e.reason IS NULL, ifnull(d.accept, 0) FROM entry e
                   LEFT JOIN decision d ON d.about = e.position WHERE e.position = ?1 AND e.kind = 4";
        type Columns = (Option<u64>, String, bool, bool);
        let row = |r: &rusqlite::Row| Ok((r.get(0)?, r.get(1)?, r.get(2)?, r.get(3)?));
        let found: Option<Columns> = self.0.prepare_cached(sql)?.query_row([position], row).optional()?;
        let Some((binding, body, in_order, accepted)) = found.filter(|f| f.2 || f.3) else { return Ok(None) };
        match What::read(crate::log::Kind::Withdrawal, &body) {
            Ok(What::Withdrawal(record)) => {
                Ok(Some(Withdrawal { binding, record: *record, accepted: accepted && !in_order }))
            }
            _ => Err(StoreError::Damaged { position }),
        }
    }

    /// What the withdrawal at a position covers, of what the log has.
    fn covered(&self, position: u64) -> Result<Vec<Found>> {
        let Some(withdrawal) = self.withdrawal(position)? else { return Ok(Vec::new()) };
        let Some(target) = withdrawal.record.revises else { return Ok(Vec::new()) };
        let mut query = self.0.prepare_cached(&format!("{LINKED} SELECT id FROM linked"))?;
        let ids = query.query_map([target.as_bytes()], |r| r.get(0))?.collect::<rusqlite::Result<Vec<[u8; 16]>>>()?;
        let mut covered = Vec::new();
        for id in ids {
            covered.extend(self.find(Uuid::from_bytes(id))?.filter(|found| withdrawal.covers(found)));
        }
        Ok(covered)
    }
}

impl Writing<'_> {
    /// Erases the sealed bytes that the withdrawal at a position covers; no effect on entries of another kind.
    pub(super) fn apply_withdrawal(&self, position: u64) -> Result<()> {
        for found in self.covered(position)? {
            self.erase_sealed(found.position)?;
        }
        Ok(())
    }

    /// Turns every record whose withdrawal counts into a tombstone. Part of a revision.
    pub fn bury_withdrawn(&self) -> Result<()> {
        let mut query = self.0.0.prepare_cached("SELECT position FROM entry WHERE kind = 4 AND kind <> 2")?;
        let withdrawals = query.query_map([], |r| r.get(0))?.collect::<rusqlite::Result<Vec<u64>>>()?;
        for position in withdrawals {
            for found in self.covered(position)? {
                self.bury(&found)?;
            }
        }
        Ok(())
    }
}
