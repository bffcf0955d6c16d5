//! The queue: records in the order they were sealed, and what became of each.

use super::activity::{self, ActivityKind, note};
use super::file::Mailbox;
use super::sync_state::{SyncState, sync_state};
use crate::envelope::{Digest, sha256};
use crate::error::PhoneFile;
use crate::record::{IntakeOutcome, News, Reason, Update};
use crate::vault::error::VaultError;
use crate::vault::store::{from_json, json, parsed, rows};
use rusqlite::{OptionalExtension as _, Row, Transaction, params};
use uuid::Uuid;

/// A record that waits to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// Its place in the queue, to ask for what comes after it.
    pub place: u64,
    /// Id of the record.
    pub record: Uuid,
    /// The signed envelope.
    pub jws: String,
    /// The sealed case; none where the record has none.
    pub sealed: Option<Vec<u8>>,
}

/// What became of a record, as sync has checked it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Applied {
    /// A receipt with a good signature over exactly these bytes.
    Kept {
        /// Id of the record.
        record: Uuid,
        /// What the server did with it.
        outcome: IntakeOutcome,
        /// Why it is quarantined, if it is.
        reason: Option<Reason>,
        /// The server's signed receipt.
        receipt: String,
        /// Its position on the server's log.
        position: u64,
        /// The log's epoch at that time.
        epoch: Uuid,
    },
    /// The server refused it.
    Refused {
        /// Id of the record.
        record: Uuid,
        /// What the server says.
        reason: Reason,
    },
}

/// Where a record is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordStatus {
    /// It waits for the next sync.
    Waiting,
    /// The server keeps it and has signed a receipt.
    Kept,
    /// The server has it and does not count it until a person has looked.
    Quarantined(Reason),
    /// The server refused it; it stays here and is sent again.
    Refused(Reason),
    /// The person took it back on another phone.
    Withdrawn,
    /// The focal point's earlier phone made it, and sends it.
    Elsewhere,
}

impl Outgoing {
    /// What names it, and nothing of its content.
    pub fn offer(&self) -> Offer {
        let (jws, sealed) = (sha256(self.jws.as_bytes()), self.sealed.as_deref().map(sha256));
        Offer { record: self.record, jws, sealed, position: 0 }
    }
}

/// A record by its hashes, to ask the server whether it has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// Id of the record.
    pub record: Uuid,
    /// SHA-256 of the JWS.
    pub jws: Digest,
    /// SHA-256 of the sealed bytes.
    pub sealed: Option<Digest>,
    /// Its place on the log, by its receipt; 0 before there is one.
    pub position: u64,
}

/// A record that the server refused; it stays on this phone and is sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refusal {
    /// Id of the record.
    pub record: Uuid,
    /// What the server says.
    pub reason: Reason,
}

/// What the focal point is told about her records.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Waiting {
    /// Records that wait to be sent.
    pub records: u64,
    /// Records that the server refused, with its reason: they stay here.
    pub refused: Vec<Refusal>,
    /// End of the last complete sync, seconds since 1970 UTC.
    pub last_sync: Option<i64>,
    /// The last sync is so long ago that cases are hidden until the next one.
    pub lease_over: bool,
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
            t.execute(
                "INSERT INTO record (record, enrolment, seq, jws, sealed) VALUES (?1, ?2, ?3, ?4, ?5)",
                params![record.to_string(), enrolment, seq, sign(seq), sealed],
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
        let sql = "UPDATE record SET jws = '', sealed = NULL, receipt = NULL WHERE state = 'kept' AND record = ?1";
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
        let sql = "SELECT state, reason, outcome FROM record WHERE record = ?1";
        let status = |r: &Row| match (r.get_ref(0)?.as_str()?, r.get_ref(1)?.as_str_or_null()?) {
            ("waiting", _) => Ok(RecordStatus::Waiting),
            ("kept", _) if r.get_ref(2)?.as_str_or_null()? == Some(WITHDRAWN) => Ok(RecordStatus::Withdrawn),
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
    /// Records that wait, in the order they were sealed, after a place: at most so many and so many bytes, but one if any.
    pub fn waiting(&self, after: u64, max_records: usize, max_bytes: usize) -> Result<Vec<Outgoing>, VaultError> {
        self.store.read(|c| {
            let mut query = c.prepare_cached(
                "SELECT id, record, jws, sealed FROM record WHERE state = 'waiting' AND id > ?1 ORDER BY id LIMIT ?2",
            )?;
            let mut found = Vec::new();
            let mut bytes = 0;
            let outgoing =
                |r: &Row| Ok(Outgoing { place: r.get(0)?, record: parsed(r, 1)?, jws: r.get(2)?, sealed: r.get(3)? });
            for row in query.query_map(params![after, max_records], outgoing)? {
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
    /// Takes the server's verdicts over, all or none.
    pub fn apply(&self, verdicts: &[Applied]) -> Result<(), VaultError> {
        let now = self.now()?;
        self.store.write(|t| {
            let mut sent = 0;
            for verdict in verdicts {
                match verdict {
                    Applied::Kept { record, outcome, reason, receipt, position, epoch } => {
                        let first = "UPDATE record SET at = ?2, own = ?3 WHERE record = ?1 AND at IS NULL";
                        sent += t.execute(first, params![record.to_string(), now, self.own_time()])?;
                        t.execute(
                            "UPDATE record SET state = 'kept', outcome = ?2, reason = ?3, receipt = ?4, position = ?5, epoch = ?6
                             WHERE record = ?1",
                            params![record.to_string(), json(outcome), reason.map(|r| json(&r)), receipt, position, epoch.to_string()],
                        )?
                    }
                    Applied::Refused { record, reason } => t.execute(
                        "UPDATE record SET state = 'refused', reason = ?2, times = times + 1 WHERE record = ?1 AND state = 'waiting'",
                        params![record.to_string(), json(reason)],
                    )?,
                };
            }
            note(t, now, ActivityKind::Sent, sent)
        })
    }
    /// Puts refused records that were refused fewer than `max_times` back in the queue. Returns how many.
    pub fn retry_refused(&self, max_times: u32) -> Result<usize, VaultError> {
        let sql = "UPDATE record SET state = 'waiting' WHERE state = 'refused' AND times < ?1";
        self.store.write(|t| Ok(t.execute(sql, [max_times])?))
    }
    /// Kept records whose bytes are still here.
    pub fn kept(&self) -> Result<Vec<Offer>, VaultError> {
        self.store.read(|c| {
            let sql =
                "SELECT record, jws, sealed, position FROM record WHERE state = 'kept' AND jws <> '' ORDER BY position";
            rows(c, sql, [], |r| {
                let (jws, sealed) = (sha256(r.get_ref(1)?.as_bytes()?), r.get_ref(2)?.as_bytes_or_null()?.map(sha256));
                Ok(Offer { record: parsed(r, 0)?, jws, sealed, position: r.get(3)? })
            })
        })
    }
    /// Puts records back in the queue that the server has lost, as far as their bytes are still here.
    pub fn send_again(&self, records: &[Uuid]) -> Result<(), VaultError> {
        self.store.write(|t| {
            for record in records {
                let sql = "UPDATE record SET state = 'waiting' WHERE record = ?1 AND jws <> ''";
                t.execute(sql, [record.to_string()])?;
            }
            Ok(())
        })
    }
    /// Erases the bytes of records that the server has kept for as long as the policy says, from file and WAL: by what the
    /// server told and by the time that this phone has seen pass, so that no single clock erases them.
    pub fn apply_retention(&self) -> Result<(), VaultError> {
        let (policy, told) = (self.policy()?, self.told_time()?);
        let before = |days: u32| told - i64::from(days) * 86_400;
        let own = self.own_time() - i64::from(policy.keep_sealed_days) * 86_400;
        let sql = "UPDATE record SET jws = '', sealed = NULL, receipt = NULL
                   WHERE state = 'kept' AND at < ?1 AND own < ?2 AND jws <> ''";
        self.purge(|t| {
            self.note_own_time(t)?;
            activity::forget(t, before(policy.keep_cards_days))?;
            Ok(t.execute(sql, [before(policy.keep_sealed_days), own])?)
        })
    }
    /// What the focal point is told.
    pub fn queue_status(&self) -> Result<Waiting, VaultError> {
        let lease_begins = self.now()? - i64::from(self.policy()?.lease_days) * 86_400;
        self.store.read(|c| {
            let sql = "SELECT last_sync FROM server";
            let last_sync: Option<i64> = c.query_row(sql, [], |r| r.get(0)).optional()?.flatten();
            Ok(Waiting {
                records: c.query_row("SELECT count(*) FROM record WHERE state = 'waiting'", [], |r| r.get(0))?,
                refused: rows(c, "SELECT record, reason FROM record WHERE state = 'refused' ORDER BY id", [], |r| {
                    Ok(Refusal { record: parsed(r, 0)?, reason: from_json(r, 1)? })
                })?,
                last_sync,
                lease_over: last_sync.is_some_and(|last| last < lease_begins),
            })
        })
    }
    /// The server has set records apart because the card is in use on another phone.
    pub fn is_second_phone(&self) -> Result<bool, VaultError> {
        let sql = "SELECT EXISTS (SELECT 1 FROM record WHERE state = 'kept' AND reason = ?1)";
        self.store.read(|c| Ok(c.query_row(sql, [json(&Reason::SecondBinding)], |r| r.get(0))?))
    }
    /// Takes updates over and sets the cursor behind them. What was decided about a record, or taken back elsewhere, is
    /// noted with the record at once; what only the vault can take waits as it came, once.
    pub fn take_updates(&self, updates: &[Update], cursor: u64) -> Result<(), VaultError> {
        self.purge(|t| {
            let mut erased = 0;
            for update in updates {
                let record = update.record.to_string();
                erased += match &update.news {
                    News::Withdrawn => t.execute(
                        "UPDATE record SET outcome = ?2, jws = '', sealed = NULL, receipt = NULL
                         WHERE record = ?1 AND state = 'kept'",
                        params![record, WITHDRAWN],
                    )?,
                    News::Decision { accept: true } => {
                        t.execute("UPDATE record SET reason = NULL WHERE record = ?1 AND state = 'kept'", [record])?;
                        0
                    }
                    // an order is checked and kept by sync
                    News::Decision { .. } | News::Order { .. } | News::Other => 0,
                    News::Review { .. } => {
                        let sql = "INSERT OR IGNORE INTO news (position, body) VALUES (?1, ?2)";
                        t.execute(sql, params![update.position, json(update)])?;
                        0
                    }
                };
            }
            let state = SyncState { cursor, ..sync_state(t)? };
            t.execute("UPDATE server SET standing = ?1", [json(&state)])?;
            Ok(erased)
        })
    }
}

/// The outcome of a record that the person took back elsewhere.
const WITHDRAWN: &str = "\"withdrawn\"";
