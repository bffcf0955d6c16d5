//! What verdicts depend on, asked of the database.

use super::entries::Found;
use super::error::{Result, StoreError};
use super::transaction::Reading;
use rusqlite::params;
use tabara_protocol::code::Code;
use tabara_protocol::envelope::Digest;
use tabara_protocol::log::verdict::{LogView, Named, UnderCode};
use tabara_protocol::record::Record;

impl LogView for Reading<'_> {
    type Error = StoreError;

    fn has_seq(&self, binding: u64, seq: u64) -> Result<bool> {
        let mut query = self.0.prepare_cached("SELECT 1 FROM entry WHERE binding = ?1 AND seq = ?2")?;
        Ok(query.exists(params![binding, seq as i64])?)
    }

    fn named(&self, record: &Record) -> Result<Vec<Named>> {
        let to = record.route.as_ref().map(|route| &route.to);
        let named = |found: &Found| Named {
            binding: found.binding,
            slip: found.digests.slip,
            same_addressee: to.is_some() && found.addressee.as_ref() == to,
        };
        Ok(self.found_named(record)?.iter().map(named).collect())
    }

    fn under(&self, code: &Code) -> Result<Vec<UnderCode>> {
        // most codes are alive, and this runs for every record that arrives
        let dead = "SELECT 1 FROM entry e JOIN withdrawn w ON w.record = e.position WHERE e.code = ?1 AND e.kind = 2";
        if !self.0.prepare_cached(dead)?.exists([code.as_str()])? {
            return Ok(vec![]);
        }
        let sql = "SELECT e.position, w.by IS NOT NULL, ifnull(d.accept, 0), ifnull(own.accept, e.reason IS NULL)
                   FROM entry e LEFT JOIN withdrawn w ON w.record = e.position LEFT JOIN decision d ON d.about = w.by
                   LEFT JOIN decision own ON own.about = e.position WHERE e.code = ?1 AND e.kind = 2";
        let mut query = self.0.prepare_cached(sql)?;
        let mut rows = query.query([code.as_str()])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            let (position, withdrawn, accepted): (u64, bool, bool) = (row.get(0)?, row.get(1)?, row.get(2)?);
            let Some(record) = self.found_at(position)? else { continue };
            let named = Named { binding: record.binding, slip: record.digests.slip, same_addressee: false };
            found.push(UnderCode { named, withdrawn: withdrawn.then_some(accepted), counts: row.get(3)? });
        }
        Ok(found)
    }

    fn knows_questionnaire(&self, sha256: Digest) -> Result<bool> {
        Ok(self.0.prepare_cached("SELECT 1 FROM questionnaire WHERE sha256 = ?1")?.exists([sha256.0])?)
    }
}
