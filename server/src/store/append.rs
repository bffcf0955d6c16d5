//! Appending to the log.

use super::error::Result;
use super::rows::digest_bytes;
use super::transaction::Writing;
use rusqlite::params;
use tabara_protocol::kind::Reason;
use tabara_protocol::log::row::{EntryBody, EntryRow};
use tabara_protocol::record::Uuid;

impl Writing<'_> {
    /// Appends an entry and returns its position. What no phone sent gets a leaf of its own; the leaf of records follows
    /// when their bundle is complete ([`Writing::append_leaf`]).
    pub fn append(&self, new: &EntryRow) -> Result<u64> {
        let mut insert = self.0.0.prepare_cached(
            "INSERT INTO entry (kind, received, reason, id, binding, seq, target, code, body, digests, addressee)
             VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11)",
        )?;
        let bytes = |id: Option<Uuid>| id.map(Uuid::into_bytes);
        let seq = new.seq.map(|n| n as i64);
        let reason = new.reason.map(Reason::word);
        let (id, target) = (bytes(new.id), bytes(new.target));
        let (text, digests) = match &new.body {
            EntryBody::Text(text) => (Some(text), None),
            EntryBody::Expired { text, digests } => (Some(text), Some(digest_bytes(digests))),
            EntryBody::Tombstone(digests) => (None, Some(digest_bytes(digests))),
        };
        let (code, addressee) = (&new.code, &new.addressee);
        let row = params![
            new.kind as i64,
            new.received,
            reason,
            id,
            new.binding,
            seq,
            target,
            code,
            text,
            digests,
            addressee
        ];
        let position = insert.insert(row)? as u64;
        if new.id.is_none() {
            self.append_leaf(position, None)?;
        }
        match text {
            Some(text) => self.derive(position, new.kind, new.reason, text)?,
            // a tombstone changes no derived table but `withdrawn`
            None => self.meet_withdrawals(position, position)?,
        }
        Ok(position)
    }

    /// Keeps the sealed bytes of the record at a position.
    pub fn keep_sealed(&self, position: u64, bytes: &[u8]) -> Result<()> {
        self.0.0.prepare_cached("INSERT INTO sealed VALUES (?1, ?2)")?.execute(params![position, bytes])?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::entries::{IS_RELEASE, LAST_OF};
    use crate::store::entry::EntryKind;
    use crate::store::withdrawals::LINKED;
    use crate::store::{FILE, Store};
    use tabara_protocol::code::Code;
    use tabara_protocol::envelope::sha256;

    #[test]
    fn the_file_is_little_longer_than_what_phones_have_sent() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let (records, body, case) = (4000, "x".repeat(850), [7; 2048]);
        let payload = (records * (body.len() + case.len())) as f64;
        let fill = move |log: &Writing| {
            for n in 0..records {
                let (id, text) = (Some(Uuid::new_v4()), EntryBody::Text(body.clone()));
                let row = EntryRow::own(EntryKind::Record, 0, String::new());
                let code = Some(Code::generate().to_string());
                let row = EntryRow { id, code, binding: Some(1), seq: Some(n as u64), body: text, ..row };
                let position = log.append(&row)?;
                log.keep_sealed(position, &case)?;
                if n % 20 == 19 {
                    log.append_leaf(position - 19, Some(sha256(&position.to_be_bytes())))?;
                }
            }
            Ok(())
        };
        store.write(fill).unwrap();
        drop(store);
        let file = rusqlite::Connection::open(folder.path().join(FILE)).unwrap();
        file.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
        let ratio = std::fs::metadata(folder.path().join(FILE)).unwrap().len() as f64 / payload;
        assert!(ratio <= 1.35, "{ratio}");
    }

    #[test]
    fn what_every_batch_asks_is_answered_by_an_index_and_not_by_reading_the_whole_log() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let withdrawals = "SELECT 1 FROM entry WHERE kind = ?1 AND kind <> 2";
        let codes = "SELECT 1 FROM entry WHERE code = ?1 AND kind = 2";
        let numbers = "SELECT 1 FROM entry WHERE binding = ?1 AND seq = 1";
        let highest = "SELECT max(seq) FROM entry WHERE binding = ?1";
        let leaves = "SELECT number FROM leaf WHERE first <= ?1 ORDER BY first DESC LIMIT 1";
        for sql in [LAST_OF, IS_RELEASE, withdrawals, codes, numbers, highest, leaves, LINKED] {
            let plan = store.read(|log| {
                let mut query = log.0.prepare(&format!("EXPLAIN QUERY PLAN {sql}"))?;
                Ok(query.query_map([4], |r| r.get::<_, String>(3))?.collect::<rusqlite::Result<Vec<_>>>()?)
            });
            let looks = plan.unwrap().into_iter().filter(|step| !step.contains("linked"));
            let scans: Vec<_> = looks.filter(|step| step.starts_with("SCAN") && !step.contains("CONSTANT")).collect();
            assert!(scans.is_empty(), "{scans:?}");
        }
    }
}
