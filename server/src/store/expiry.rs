//! What is kept of records that were kept long enough: what is counted.

use super::error::{Result, StoreError};
use super::rows::{ROW, digest_bytes, entry_row};
use super::transaction::{Reading, Writing};
use crate::store::entry::{EntryKind, Expiry};
use rusqlite::params;
use std::collections::{BTreeMap, BTreeSet};
use tabara_protocol::envelope::{Digest, sha256};
use tabara_protocol::kind::Kind;
use tabara_protocol::log::entry::read_record;
use tabara_protocol::log::row::{Digests, Expired, left_of};

impl Writing<'_> {
    /// Takes sealed bytes, code, case and slip from records of each kind that came before a day, for the entry that comes next. None
    /// if there is nothing to take.
    pub fn expire(&self, before: BTreeMap<Kind, String>) -> Result<Option<Expiry>> {
        let by = self.end()? + 1;
        let whole =
            "SELECT position, received, body FROM entry WHERE kind = 2 AND body IS NOT NULL AND digests IS NULL";
        let mut query = self.0.0.prepare(whole)?;
        let mut rows = query.query([])?;
        while let Some(row) = rows.next()? {
            let (position, received, jws): (u64, i64, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
            let record = read_record(&jws).map_err(|_| StoreError::Damaged { position })?;
            if Expiry::takes(&before, record.kind, received) {
                let text = left_of(&record);
                let expired = Some(Expired { by, left: sha256(text.as_bytes()) });
                let digests = Digests { slip: None, expired, ..Digests::of(sha256(jws.as_bytes()), &record) };
                let update =
                    "UPDATE entry SET body = ?2, digests = ?3, code = NULL, addressee = NULL WHERE position = ?1";
                self.0.0.prepare_cached(update)?.execute(params![position, text, digest_bytes(&digests)])?;
                self.0.0.prepare_cached("DELETE FROM sealed WHERE position = ?1")?.execute([position])?;
            }
        }
        let all: Vec<Digest> = self.expired()?.into_iter().filter(|e| e.by == by).map(|e| e.left).collect();
        let left: Vec<u8> = all.iter().flat_map(|left| left.0).collect();
        Ok((!all.is_empty()).then(|| Expiry { before, records: all.len() as u64, left: sha256(&left) }))
    }
}

impl Reading<'_> {
    /// The records that have expired, in the order of their positions. `rebuild` appends each as it is now.
    fn expired(&self) -> Result<Vec<Expired>> {
        let sql = format!("{ROW} WHERE kind = 2 AND length(digests) > 96 ORDER BY position");
        let mut query = self.0.prepare(&sql)?;
        let mut rows = query.query([])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            found.extend(entry_row(row)?.1.expired());
        }
        Ok(found)
    }

    /// A position at which records claim to have expired, and where no entry says so, if there is one.
    pub fn unjustified_expiry(&self) -> Result<Option<u64>> {
        let entry = "SELECT 1 FROM entry WHERE position = ?1 AND kind = ?2";
        for by in self.expired()?.into_iter().map(|expired| expired.by).collect::<BTreeSet<_>>() {
            if !self.0.prepare_cached(entry)?.exists(params![by as i64, EntryKind::Expiry as i64])? {
                return Ok(Some(by));
            }
        }
        Ok(None)
    }
}
