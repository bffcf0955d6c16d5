//! What was sent or exported and is not answered yet, and the transaction in which its answer is taken over.

use super::activity::{ActivityKind, note};
use super::file::Mailbox;
use super::parts;
use super::sync_state::{SyncState, set_sync_state, sync_state};
use super::time;
use crate::catalog::Catalog;
use crate::envelope::Digest;
use crate::record::{Reason, Update};
use crate::vault::error::VaultError;
use crate::vault::store::{from_json, json, parsed, rows};
use crate::wire::{TreeHead, WipeDone};
use rusqlite::{OptionalExtension as _, Row, Transaction, params};
use serde::{Deserialize, Serialize};
use std::cell::Cell;
use uuid::Uuid;

/// So many bundles may be on their way at once, in the hands of couriers.
const MOST_CARRIED: usize = 16;

/// What a bundle asks and holds, as far as its answer needs it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// The head that it names.
    pub head: Option<TreeHead>,
    /// Heads that were to be connected to that of the answer.
    pub connect: Vec<TreeHead>,
    /// Leaves that were to be proven.
    pub prove: Vec<u64>,
    /// Its records, by the SHA-256 of their JWS.
    pub records: Vec<Digest>,
    /// Enrolments that it introduces.
    pub introduced: Vec<i64>,
    /// The order that it acknowledges.
    pub wiped: Option<WipeDone>,
    /// The head in each evidence that it reports.
    pub evidence: Vec<TreeHead>,
    /// The key that it is sealed to.
    pub intake: String,
}

/// The bundle that is being sent, byte for byte, until a parcel answers it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pending {
    /// SHA-256 of the bytes.
    pub hash: Digest,
    /// The sealed bundle.
    pub bytes: Vec<u8>,
    /// What it asks.
    pub asked: Asked,
}

/// Where a record stands in the server's tree.
#[derive(Debug, Clone, Copy)]
pub struct ProvenLeaf<'a> {
    /// Index of the leaf.
    pub index: u64,
    /// Its hash.
    pub hash: Digest,
    /// The day that it names.
    pub day: &'a str,
}

impl Mailbox {
    /// Notes what was made: to be sent (`bytes`), or handed to a courier.
    pub fn note_bundle(&self, hash: &Digest, asked: &Asked, bytes: Option<&[u8]>) -> Result<(), VaultError> {
        self.store.write(|t| {
            t.execute(
                "INSERT INTO bundle (hash, enrolment, asked, bytes) VALUES (?1, (SELECT max(id) FROM enrolment), ?2, ?3)
                 ON CONFLICT (hash) DO NOTHING",
                params![hash.to_string(), json(asked), bytes],
            )?;
            let sql = "DELETE FROM bundle WHERE bytes IS NULL AND id NOT IN
                       (SELECT id FROM bundle WHERE bytes IS NULL ORDER BY id DESC LIMIT ?1)";
            Ok(t.execute(sql, [MOST_CARRIED]).map(drop)?)
        })
    }
    /// What is being sent and was not answered, sealed to this key. One that was sealed to another is given up: the server may
    /// not have that key any more.
    pub fn pending_bundle(&self, intake: &str) -> Result<Option<Pending>, VaultError> {
        let pending = self.store.read(|c| {
            let sql = "SELECT hash, bytes, asked FROM bundle WHERE bytes IS NOT NULL";
            let row = |r: &Row| Ok(Pending { hash: parsed(r, 0)?, bytes: r.get(1)?, asked: from_json(r, 2)? });
            Ok(c.query_row(sql, [], row).optional()?)
        })?;
        if pending.as_ref().is_some_and(|pending| pending.asked.intake != intake) {
            self.store.write(|t| Ok(t.execute("UPDATE bundle SET bytes = NULL", []).map(drop)?))?;
            return Ok(None);
        }
        Ok(pending)
    }
    /// Whether this was asked and is not answered yet.
    pub fn is_asked(&self, hash: &Digest) -> Result<bool, VaultError> {
        let sql = "SELECT EXISTS (SELECT 1 FROM bundle WHERE hash = ?1)";
        self.store.read(|c| Ok(c.query_row(sql, [hash.to_string()], |r| r.get(0))?))
    }
    /// Takes an answer over, all of it or nothing.
    pub fn settle<T>(&self, work: impl FnOnce(&Books) -> Result<T, VaultError>) -> Result<T, VaultError> {
        let (now, erased) = (self.now()?, Cell::new(0));
        let done = self.store.write(|t| {
            let books = Books { mailbox: self, t, sent: Cell::new(0), erased: &erased };
            let done = work(&books)?;
            note(t, now, ActivityKind::Sent, books.sent.get())?;
            note(t, now, ActivityKind::Purged, erased.get())?;
            Ok(done)
        })?;
        if erased.get() > 0 {
            self.store.rebuild()?;
        }
        Ok(done)
    }
}

/// The mailbox while an answer is taken over.
pub struct Books<'a> {
    mailbox: &'a Mailbox,
    pub(super) t: &'a Transaction<'a>,
    sent: Cell<usize>,
    pub(super) erased: &'a Cell<usize>,
}

impl Books<'_> {
    /// What was asked under this hash, and whether by the card in force. It is answered with this.
    pub fn answered(&self, hash: &Digest) -> Result<Option<(bool, Asked)>, VaultError> {
        let sql = "DELETE FROM bundle WHERE hash = ?1 RETURNING enrolment = (SELECT max(id) FROM enrolment), asked";
        let row = |r: &Row| Ok((r.get(0)?, from_json(r, 1)?));
        Ok(self.t.query_row(sql, [hash.to_string()], row).optional()?)
    }
    /// What is known of the server's log.
    pub fn state(&self) -> Result<SyncState, VaultError> {
        sync_state(self.t)
    }
    /// Notes it.
    pub fn set_state(&self, state: &SyncState) -> Result<(), VaultError> {
        set_sync_state(self.t, state)
    }
    /// Notes the time that a signed answer tells.
    pub fn learn_time(&self, server: i64, fresh: bool) -> Result<(), VaultError> {
        self.mailbox.learn_time(self.t, server, fresh)
    }
    /// Puts a catalog in force, after checking it.
    pub fn take_catalog(&self, jws: &str) -> Result<Catalog, VaultError> {
        parts::take_catalog(self.t, jws)
    }
    /// Keeps a file of the catalog; passes over any other.
    pub fn take_part(&self, bytes: &[u8]) -> Result<(), VaultError> {
        parts::take_part(self.t, bytes).map(drop)
    }
    /// The server was told of these chains; `receipt`: it accepted them.
    pub fn introduced(&self, enrolments: &[i64], receipt: Option<&str>) -> Result<(), VaultError> {
        let sql = "UPDATE enrolment SET known = 1, receipt = coalesce(receipt, ?2) WHERE id = ?1";
        enrolments.iter().try_for_each(|id| Ok(self.t.execute(sql, params![id, receipt]).map(drop)?))
    }
    /// The server may have lost all chains.
    pub fn introduce_again(&self) -> Result<(), VaultError> {
        Ok(self.t.execute("UPDATE enrolment SET known = 0", []).map(drop)?)
    }
    /// The server has seen this number: no other record may get it. Returns whether the phone had not known that.
    pub fn raise_seq(&self, seen: u64) -> Result<bool, VaultError> {
        let sql =
            "UPDATE enrolment SET seq = ?1 WHERE id = (SELECT max(id) FROM enrolment) AND ?1 > seq AND ?1 < seq + ?2";
        // more than this no phone seals: who says so would use up the numbers
        const MOST_AHEAD: u64 = 100_000;
        let Ok(seen) = i64::try_from(seen) else { return Ok(false) };
        Ok(self.t.execute(sql, params![seen, MOST_AHEAD])? > 0)
    }

    /// A record stands in a leaf. Returns whether that is new. `doubt`: the leaf stands under a head that is not connected yet.
    pub fn keep(
        &self,
        jws: &Digest,
        leaf: ProvenLeaf,
        reason: Option<Reason>,
        doubt: bool,
    ) -> Result<bool, VaultError> {
        let sql = "SELECT id, proven IS NULL FROM record WHERE hash = ?1 AND (state <> 'kept' OR leaf IS NULL)";
        let row = |r: &Row| Ok((r.get::<_, i64>(0)?, r.get::<_, bool>(1)?));
        let Some((id, first)) = self.t.query_row(sql, [jws.to_string()], row).optional()? else { return Ok(false) };
        self.sent.set(self.sent.get() + usize::from(first));
        let told = time::learned(self.t)?.map_or(0, |(told, ..)| told);
        self.t.execute(
            "UPDATE record SET state = 'kept', reason = ?2, leaf = ?3, leaf_hash = ?4, day = ?5, doubt = ?6, proven = ?7, own = ?8 WHERE id = ?1",
            params![id, reason.map(|r| json(&r)), leaf.index, leaf.hash.to_string(), leaf.day, doubt, told, self.mailbox.own_time()],
        )?;
        Ok(true)
    }
    /// A record was refused. One whose chain the server does not know is sent again, once, after the chain. Returns whether it
    /// is refused for now.
    pub fn refuse(&self, jws: &Digest, reason: Reason, now: i64) -> Result<bool, VaultError> {
        if reason == Reason::NoChain {
            let sql = "UPDATE enrolment SET known = 0 WHERE known = 1 AND id = (SELECT enrolment FROM record WHERE hash = ?1)";
            if self.t.execute(sql, [jws.to_string()])? > 0 {
                return Ok(false);
            }
        }
        let sql = "UPDATE record SET state = 'refused', reason = ?2, tried = ?3 WHERE hash = ?1 AND state = 'waiting'";
        Ok(self.t.execute(sql, params![jws.to_string(), json(&reason), now])? > 0)
    }
    /// Sends all again that was refused.
    pub fn retry_refused(&self) -> Result<(), VaultError> {
        Ok(self.t.execute("UPDATE record SET state = 'waiting' WHERE state = 'refused'", []).map(drop)?)
    }
    /// Leaves below an index must be proven again.
    pub fn doubt_below(&self, index: u64) -> Result<(), VaultError> {
        let index = i64::try_from(index).unwrap_or(i64::MAX);
        Ok(self.t.execute("UPDATE record SET doubt = 1 WHERE leaf < ?1", [index]).map(drop)?)
    }
    /// Whether a leaf from an index on is of a day before this one, `YYYY-MM-DD`.
    pub fn has_leaf_of_before(&self, index: u64, day: &str) -> Result<bool, VaultError> {
        let index = i64::try_from(index).unwrap_or(i64::MAX);
        let sql = "SELECT EXISTS (SELECT 1 FROM record WHERE leaf >= ?1 AND day < ?2)";
        Ok(self.t.query_row(sql, params![index, day], |r| r.get(0))?)
    }
    /// Leaves from an index on are gone.
    pub fn lost_from(&self, index: u64) -> Result<(), VaultError> {
        self.lost("leaf >= ?1", i64::try_from(index).unwrap_or(i64::MAX))
    }
    /// A leaf that was to be proven: with the hash of the leaf at that place under the head in force, if there is a proof.
    pub fn proven(&self, index: u64, hash: Option<Digest>) -> Result<(), VaultError> {
        let index = i64::try_from(index).unwrap_or(i64::MAX);
        let sql = "UPDATE record SET doubt = 0 WHERE leaf = ?1 AND leaf_hash = ?2";
        self.t.execute(sql, params![index, hash.map(|hash| hash.to_string())])?;
        self.lost("doubt AND leaf = ?1", index)
    }
    /// What the server has lost is sent again, as far as its bytes are still here.
    fn lost(&self, which: &str, index: i64) -> Result<(), VaultError> {
        let sql = format!(
            "UPDATE record SET state = CASE jws WHEN '' THEN 'kept' ELSE 'waiting' END, leaf = NULL, leaf_hash = NULL, doubt = 0
             WHERE state = 'kept' AND {which}"
        );
        Ok(self.t.execute(&sql, [index]).map(drop)?)
    }
    /// The envelope of a record that the server keeps, if it is still here.
    pub fn kept_jws(&self, record: Uuid) -> Result<Option<String>, VaultError> {
        let sql = "SELECT jws FROM record WHERE record = ?1 AND state = 'kept' AND jws <> ''";
        Ok(self.t.query_row(sql, [record.to_string()], |r| r.get(0)).optional()?)
    }
    /// A record was taken back elsewhere. `erase`: that is proven, and what is still here of it goes at once.
    pub fn withdraw(&self, record: Uuid, erase: bool) -> Result<(), VaultError> {
        let record = record.to_string();
        self.t.execute("UPDATE record SET withdrawn = 1 WHERE record = ?1", [&record])?;
        if erase {
            let sql = "UPDATE record SET jws = '', sealed = NULL WHERE record = ?1 AND state = 'kept' AND jws <> ''";
            self.erased.set(self.erased.get() + self.t.execute(sql, [record])?);
        }
        Ok(())
    }
    /// Someone decided that a quarantined record counts.
    pub fn accept(&self, record: Uuid) -> Result<(), VaultError> {
        let sql = "UPDATE record SET reason = NULL WHERE record = ?1 AND state = 'kept'";
        Ok(self.t.execute(sql, [record.to_string()]).map(drop)?)
    }
    /// Keeps an update that only the vault can open, once.
    pub fn keep_news(&self, update: &Update) -> Result<(), VaultError> {
        Ok(self.t.execute("INSERT OR IGNORE INTO news (body) VALUES (?1)", [json(update)]).map(drop)?)
    }
    /// Whether anything waits to be sent.
    pub fn anything_waits(&self) -> Result<bool, VaultError> {
        let sql = "SELECT EXISTS (SELECT 1 FROM record WHERE state = 'waiting')";
        Ok(self.t.query_row(sql, [], |r| r.get(0))?)
    }
}

impl Mailbox {
    /// Leaves that must be proven under the head in force, at most so many; they lie below this size.
    pub fn doubted(&self, size: u64, most: usize) -> Result<Vec<u64>, VaultError> {
        let size = i64::try_from(size).unwrap_or(i64::MAX);
        self.store.read(|c| {
            let sql = "SELECT DISTINCT leaf FROM record WHERE doubt AND leaf < ?1 ORDER BY leaf LIMIT ?2";
            rows(c, sql, params![size, most], |r| r.get(0))
        })
    }
}
