//! The queue: records in the order they were sealed, and what became of each.

use super::activity::{self, ActivityKind, note};
use super::enrolment::TRUSTED;
use super::file::Mailbox;
use crate::catalog::Policy;
use crate::envelope::{Digest, sha256};
use crate::error::PhoneFile;
use crate::record::Reason;
use crate::vault::error::VaultError;
use crate::vault::store::{from_json, parsed, rows};
use crate::wire::Standing;
use rusqlite::{OptionalExtension as _, Row, Transaction, params};
use uuid::Uuid;

/// A record that waits to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// Id of the record.
    pub record: Uuid,
    /// SHA-256 of the envelope.
    pub hash: Digest,
    /// The signed envelope.
    pub jws: String,
    /// The sealed case; none where the record has none.
    pub sealed: Option<Vec<u8>>,
}

/// Where a record is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordStatus {
    /// It waits for the next sync.
    Waiting,
    /// The server keeps it: it is proven to stand in the server's log.
    Kept,
    /// The server has it and does not count it until a person has looked.
    Quarantined(Reason),
    /// The server refused it; it stays here and is sent again.
    Refused(Reason),
    /// The person took it back, and the server has it no more or has yet to hear of it.
    Withdrawn,
    /// The focal point's earlier phone made it, and sends it.
    Elsewhere,
}

/// A record that the server refused; it stays on this phone and is sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refusal {
    /// Id of the record.
    pub record: Uuid,
    /// What the server says.
    pub reason: Reason,
}

/// What the focal point is told about her records and the server.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Waiting {
    /// Records that wait to be sent.
    pub records: u64,
    /// Those of them that wait for a card of the authority under which they were sealed.
    pub for_another_card: u64,
    /// The server asks to send nothing before: the phone has sent more than it may in a day.
    pub later: Option<i64>,
    /// Records that the server refused, with its reason: they stay here.
    pub refused: Vec<Refusal>,
    /// Records that the server had kept and lost after the phone had erased its copy. Tell the coordinator.
    pub lost: u64,
    /// End of the last complete sync, seconds since 1970 UTC.
    pub last_sync: Option<i64>,
    /// The last sync is so long ago that cases are hidden until the next one.
    pub lease_over: bool,
    /// How the server sees this phone. Whatever is not `Trusted` needs the coordinator.
    pub standing: Standing,
    /// The catalog's time is over: the server withholds newer ones, or the authority has signed none. Tell the coordinator.
    pub catalog_expired: bool,
    /// When the phone last heard that the server was restored from a backup; what it lost is sent again.
    pub restored: Option<i64>,
    /// The server has signed what cannot all be true: its log was changed. The coordinator is told by the phone, too.
    pub evidence: bool,
    /// The phone's files are an older copy that was put back.
    pub set_back: bool,
}

impl Mailbox {
    /// Puts a record in the queue: `sign` gets its number and returns the envelope.
    pub fn post(
        &self,
        record: Uuid,
        sealed: Option<&[u8]>,
        sign: impl FnOnce(u64) -> String,
    ) -> Result<(), VaultError> {
        let now = self.now()?;
        self.store.write(|t| {
            let (enrolment, seq): (i64, u64) = t.query_row(
                "UPDATE enrolment SET seq = seq + 1 WHERE id = (SELECT max(id) FROM enrolment) RETURNING id, seq",
                [],
                |r| Ok((r.get(0)?, r.get(1)?)),
            )?;
            let jws = sign(seq);
            t.execute(
                "INSERT INTO record (record, enrolment, seq, hash, jws, sealed) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                params![record.to_string(), enrolment, seq, sha256(jws.as_bytes()).to_string(), jws, sealed],
            )?;
            note(t, now, ActivityKind::Finished, 1)
        })?;
        // what cannot be moved out of the WAL now is moved later; it is durable there, too
        let _ = self.store.empty_wal();
        Ok(())
    }
    /// Erases the bytes of a record that the server keeps, because the person took it back. One that still waits is sent
    /// first, because the withdrawal follows it: the server erases it when both are there.
    pub fn erase(&self, record: Uuid) -> Result<(), VaultError> {
        let sql = "UPDATE record SET withdrawn = 1, jws = '', sealed = NULL WHERE state = 'kept' AND record = ?1";
        self.purge(|t| Ok(t.execute(sql, [record.to_string()])?))
    }
    /// Erases bytes from file and WAL; `erase` says how many records they belonged to.
    fn purge(&self, erase: impl FnOnce(&Transaction) -> Result<usize, VaultError>) -> Result<(), VaultError> {
        let now = self.now()?;
        let erased = self.store.write(|t| {
            let erased = erase(t)?;
            note(t, now, ActivityKind::Purged, erased)?;
            Ok(erased)
        })?;
        if erased > 0 { self.store.rebuild() } else { Ok(()) }
    }
    /// Whether a record still waits, was kept, or was refused and why.
    pub fn status(&self, record: Uuid) -> Result<RecordStatus, VaultError> {
        let sql = "SELECT state, reason, withdrawn FROM record WHERE record = ?1";
        let status = |r: &Row| match (r.get_ref(0)?.as_str()?, r.get_ref(1)?.as_str_or_null()?) {
            ("waiting", _) => Ok(RecordStatus::Waiting),
            ("kept", _) if r.get(2)? => Ok(RecordStatus::Withdrawn),
            ("kept", None) => Ok(RecordStatus::Kept),
            ("kept", _) => Ok(RecordStatus::Quarantined(from_json(r, 1)?)),
            _ => Ok(RecordStatus::Refused(from_json(r, 1)?)),
        };
        let found = self.store.read(|c| Ok(c.query_row(sql, [record.to_string()], status).optional()?))?;
        // only records with a case card are asked for: one that is not here was lost
        found.ok_or(VaultError::Damaged(PhoneFile::Mailbox))
    }
    /// Whether a record was ever put in the queue.
    pub fn has(&self, record: Uuid) -> Result<bool, VaultError> {
        let sql = "SELECT EXISTS (SELECT 1 FROM record WHERE record = ?1)";
        self.store.read(|c| Ok(c.query_row(sql, [record.to_string()], |r| r.get(0))?))
    }
    /// Records that wait and may be sent, in the order they were sealed: at most so many and so many bytes, but one if any.
    pub fn waiting(&self, max_records: usize, max_bytes: usize) -> Result<Vec<Outgoing>, VaultError> {
        self.store.read(|c| {
            let mut query = c.prepare_cached(&format!(
                "SELECT record, hash, jws, sealed FROM record WHERE state = 'waiting' AND enrolment IN ({TRUSTED})
                 ORDER BY id LIMIT ?1"
            ))?;
            let mut found = Vec::new();
            let mut bytes = 0;
            let outgoing = |r: &Row| {
                Ok(Outgoing { record: parsed(r, 0)?, hash: parsed(r, 1)?, jws: r.get(2)?, sealed: r.get(3)? })
            };
            for row in query.query_map([max_records], outgoing)? {
                let row = row?;
                bytes += row.jws.len() + row.sealed.as_ref().map_or(0, Vec::len);
                if bytes > max_bytes && !found.is_empty() {
                    break;
                }
                found.push(row);
            }
            Ok(found)
        })
    }
    /// Puts a record back in the queue that was refused, or that the server has, as far as its bytes are still here. Sending
    /// again is harmless. Returns whether it waits now.
    pub fn send_again(&self, record: Uuid) -> Result<bool, VaultError> {
        let sql = "UPDATE record SET state = 'waiting' WHERE record = ?1 AND jws <> ''";
        self.store.write(|t| Ok(t.execute(sql, [record.to_string()])? > 0))
    }
    /// Puts records back in the queue that were refused a week ago or longer.
    pub fn retry_refused(&self) -> Result<(), VaultError> {
        let week_ago = self.now()? - 7 * 86_400;
        let sql = "UPDATE record SET state = 'waiting' WHERE state = 'refused' AND tried <= ?1";
        self.store.write(|t| Ok(t.execute(sql, [week_ago]).map(drop)?))
    }
    /// Erases the bytes of records that the server has kept for as long as the policy says, from file and WAL: by what the
    /// server told and by the time that this phone has seen pass, so that no single clock erases them. A leaf that is not
    /// proven under the head in force keeps its bytes here.
    pub fn apply_retention(&self) -> Result<(), VaultError> {
        let (policy, told) = (self.policy()?, self.told_time()?);
        let before = |days: u32| told - i64::from(days) * 86_400;
        let own = self.own_time() - i64::from(policy.keep_sealed_days) * 86_400;
        let sql = "UPDATE record SET jws = '', sealed = NULL
                   WHERE state = 'kept' AND leaf IS NOT NULL AND NOT doubt AND proven < ?1 AND own < ?2 AND jws <> ''";
        self.purge(|t| {
            self.note_own_time(t)?;
            activity::forget(t, before(policy.keep_cards_days))?;
            Ok(t.execute(sql, [before(policy.keep_sealed_days), own])?)
        })
    }
    /// What the focal point is told.
    pub fn queue_status(&self) -> Result<Waiting, VaultError> {
        let (now, state, catalog) = (self.now()?, self.sync_state()?, self.catalog()?.map(|(_, catalog)| catalog));
        let lease_days = catalog.as_ref().map_or(Policy::default().lease_days, |catalog| catalog.policy.lease_days);
        self.store.read(|c| {
            let count = |which: &str| {
                Ok::<_, VaultError>(
                    c.query_row(&format!("SELECT count(*) FROM record WHERE {which}"), [], |r| r.get(0))?,
                )
            };
            let sql = "SELECT last_sync FROM server";
            let last_sync: Option<i64> = c.query_row(sql, [], |r| r.get(0)).optional()?.flatten();
            Ok(Waiting {
                records: count("state = 'waiting'")?,
                for_another_card: count(&format!("state = 'waiting' AND enrolment NOT IN ({TRUSTED})"))?,
                later: state.held_until(now),
                refused: rows(c, "SELECT record, reason FROM record WHERE state = 'refused' ORDER BY id", [], |r| {
                    Ok(Refusal { record: parsed(r, 0)?, reason: from_json(r, 1)? })
                })?,
                // by the index of leaves, which has few without one
                lost: count("leaf IS NULL AND +state = 'kept' AND NOT withdrawn")?,
                last_sync,
                lease_over: last_sync.is_some_and(|last| last < now - i64::from(lease_days) * 86_400),
                standing: state.standing,
                catalog_expired: catalog.is_some_and(|catalog| catalog.expires < now),
                restored: state.restored,
                evidence: !state.evidence.is_empty(),
                set_back: state.set_back,
            })
        })
    }
    /// The server sets the records of this phone apart, because another one used the card first.
    pub fn is_second_phone(&self) -> Result<bool, VaultError> {
        Ok(self.sync_state()?.standing == Standing::Second)
    }
}
