//! Reading the log's entries.

use super::error::{Result, StoreError};
use super::rows::{digests, reason};
use super::transaction::Reading;
use crate::store::entry::{
    AuditNoted, Closing, DictionaryInForce, Entry, EntryKind, EntryPayload, HistoryTable, ReleaseNoted, Reopening,
    Revision, Revocation, YearPlan,
};
use rusqlite::{OptionalExtension as _, Row, params};
use serde::de::DeserializeOwned;
use tabara_protocol::clock::civil_month;
use tabara_protocol::envelope::{Digest, sha256};
use tabara_protocol::log::closings::next_month;
use tabara_protocol::log::entry::read_record;
use tabara_protocol::log::row::Digests;
use tabara_protocol::record::{Reason, Record, Uuid};
use tabara_protocol::wire::Restoration;

/// A record that the log has.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    pub position: u64,
    pub(super) id: [u8; 16],
    pub reason: Option<Reason>,
    pub binding: Option<u64>,
    /// Of what was signed.
    pub digests: Digests,
    /// The organisation that a referral goes to.
    pub addressee: Option<String>,
    /// None once its withdrawal was applied.
    pub record: Option<Record>,
}

/// A line of the list of quarantined entries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quarantined {
    pub position: u64,
    pub received: i64,
    pub kind: EntryKind,
    pub reason: Reason,
    pub record: Option<Uuid>,
    pub device: Option<Uuid>,
}

/// `kind <> 2` lets SQLite use the partial index `entry_kind`; without it this reads the whole log.
pub(super) const LAST_OF: &str =
    "SELECT position, body FROM entry WHERE kind = ?1 AND kind <> 2 ORDER BY position DESC LIMIT 1";

/// The same.
pub(super) const IS_RELEASE: &str =
    "SELECT 1 FROM entry WHERE kind = 20 AND kind <> 2 AND json_extract(body, '$.sha256') = ?1";

/// What [`entry`] reads.
const ENTRY: &str = "SELECT position, kind, received, reason, binding, id, body FROM entry";

impl Reading<'_> {
    /// The position of the last entry; 0 in an empty log.
    pub fn end(&self) -> Result<u64> {
        let mut query = self.0.prepare_cached("SELECT max(position) FROM entry")?;
        Ok(query.query_row([], |r| r.get::<_, Option<u64>>(0))?.unwrap_or(0))
    }

    /// Entries after one position, up to and with another, in order. Stops at the first error of `each`.
    pub fn entries(&self, after: u64, upto: u64, mut each: impl FnMut(Entry) -> Result<()>) -> Result<()> {
        let upto = upto.min(i64::MAX as u64);
        let mut query = self.0.prepare_cached(
            "SELECT since, id FROM withdrawn JOIN entry ON position = record WHERE since > ?1 AND since <= ?2 ORDER BY since",
        )?;
        let with = |r: &Row| Ok((r.get(0)?, Uuid::from_bytes(r.get(1)?)));
        let taken: Vec<(u64, Uuid)> = query.query_map([after, upto], with)?.collect::<rusqlite::Result<_>>()?;
        let mut taken = taken.into_iter().peekable();
        let sql = format!("{ENTRY} WHERE position > ?1 AND position <= ?2 ORDER BY position");
        let mut query = self.0.prepare_cached(&sql)?;
        let mut rows = query.query(params![after, upto])?;
        while let Some(row) = rows.next()? {
            let mut entry = entry(row)?;
            while let Some((_, record)) = taken.next_if(|(since, _)| *since == entry.position) {
                entry.takes_back.push(record);
            }
            match &entry.payload {
                EntryPayload::Decision(decision) => entry.about = self.entry(decision.position)?.map(Box::new),
                EntryPayload::Revocation(Revocation { device, from: Some(from), .. }) => {
                    entry.takes_back.extend(self.sent_since(*device, *from, entry.position)?);
                }
                _ => (),
            }
            each(entry)?;
        }
        Ok(())
    }

    /// The entry at a position.
    fn entry(&self, position: u64) -> Result<Option<Entry>> {
        let mut query = self.0.prepare_cached(&format!("{ENTRY} WHERE position = ?1"))?;
        let mut rows = query.query([position])?;
        rows.next()?.map(entry).transpose()
    }

    /// The records that a device has sent since a time, up to a position.
    fn sent_since(&self, device: Uuid, from: i64, upto: u64) -> Result<Vec<Uuid>> {
        let mut query = self.0.prepare_cached(
            "SELECT e.id FROM binding b JOIN entry e ON e.binding = b.position
             WHERE b.device = ?1 AND e.received >= ?2 AND e.position < ?3 AND e.kind = 2 ORDER BY e.position",
        )?;
        let id = |r: &Row| Ok(Uuid::from_bytes(r.get(0)?));
        Ok(query.query_map(params![device.as_bytes(), from, upto], id)?.collect::<rusqlite::Result<_>>()?)
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
        self.found_where("id = ?1", record.as_bytes())
    }

    /// The record at a position.
    pub(super) fn found_at(&self, position: u64) -> Result<Option<Found>> {
        self.found_where("position = ?1 AND id IS NOT NULL", position)
    }

    fn found_where(&self, condition: &str, is: impl rusqlite::ToSql) -> Result<Option<Found>> {
        let sql =
            format!("SELECT position, reason, binding, body, digests, id, addressee FROM entry WHERE {condition}");
        let mut query = self.0.prepare_cached(&sql)?;
        let mut rows = query.query([is])?;
        let Some(row) = rows.next()? else { return Ok(None) };
        let position = row.get(0)?;
        let damaged = || StoreError::Damaged { position };
        let body: Option<String> = row.get(3)?;
        let record = body.as_deref().map(read_record).transpose().map_err(|_| damaged())?;
        let kept: Option<Vec<u8>> = row.get(4)?;
        let digests = match (&body, &record, kept) {
            (Some(jws), Some(record), None) => Digests::of(sha256(jws.as_bytes()), record),
            (_, _, kept) => digests(&kept.unwrap_or_default()).ok_or_else(damaged)?,
        };
        let (reason, binding, id, addressee) = (reason(row, 1)?, row.get(2)?, row.get(5)?, row.get(6)?);
        Ok(Some(Found { position, id, reason, binding, digests, addressee, record }))
    }

    /// The highest `seq` of a phone; 0 if it has sent nothing.
    pub fn highest_seq(&self, binding: u64) -> Result<u64> {
        let mut query = self.0.prepare_cached("SELECT max(seq) FROM entry WHERE binding = ?1")?;
        Ok(query.query_row([binding], |r| r.get::<_, Option<u64>>(0))?.unwrap_or(0))
    }

    /// The sealed bytes of the record at a position.
    pub fn sealed(&self, position: u64) -> Result<Option<Vec<u8>>> {
        let mut query = self.0.prepare_cached("SELECT bytes FROM sealed WHERE position = ?1")?;
        Ok(query.query_row([position], |r| r.get(0)).optional()?)
    }

    /// The first month that is not closed; none if there never was an entry.
    pub fn open_month(&self) -> Result<Option<String>> {
        let closed: Option<(u64, Closing)> = self.last_read(EntryKind::Closing)?;
        let reopened: Option<(u64, Reopening)> = self.last_read(EntryKind::Reopening)?;
        Ok(match (closed, reopened) {
            (Some((closed, _)), Some((at, reopened))) if at > closed => Some(reopened.month),
            (Some((_, closing)), _) => next_month(&closing.month),
            (None, _) => self.first_received()?.map(civil_month),
        })
    }

    /// The last month of the last revision.
    pub fn last_revision(&self) -> Result<Option<String>> {
        Ok(self.last_read(EntryKind::Revision)?.map(|(_, revision): (_, Revision)| revision.through))
    }

    /// Position of the last entry of a kind, which is not that of records.
    pub fn last_position(&self, kind: EntryKind) -> Result<Option<u64>> {
        Ok(self.last_of(kind)?.map(|(position, _)| position))
    }

    /// The last note of the facts and tables in force.
    pub fn last_dictionary(&self) -> Result<Option<DictionaryInForce>> {
        Ok(self.last_read(EntryKind::Dictionary)?.map(|(_, dictionary)| dictionary))
    }

    /// The last public release.
    pub fn last_release(&self) -> Result<Option<ReleaseNoted>> {
        Ok(self.last_read(EntryKind::Release)?.map(|(_, release)| release))
    }

    /// Every table of years before, oldest first.
    pub fn history(&self) -> Result<Vec<HistoryTable>> {
        let sql = "SELECT position, body FROM entry WHERE kind = ?1 AND kind <> 2 ORDER BY position";
        let mut query = self.0.prepare_cached(sql)?;
        let mut rows = query.query([EntryKind::History as i64])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            let (position, body): (u64, String) = (row.get(0)?, row.get(1)?);
            found.push(serde_json::from_str(&body).map_err(|_| StoreError::Damaged { position })?);
        }
        Ok(found)
    }

    /// Whether a file is one of the public releases.
    pub fn is_release(&self, file: Digest) -> Result<bool> {
        Ok(self.0.prepare_cached(IS_RELEASE)?.exists([file.to_string()])?)
    }

    /// The last plan of tables.
    pub fn last_plan(&self) -> Result<Option<YearPlan>> {
        Ok(self.last_read(EntryKind::Plan)?.map(|(_, plan)| plan))
    }

    /// When the end of the audit log was last noted, and what it was.
    pub fn last_audit(&self) -> Result<Option<(i64, AuditNoted)>> {
        let Some((position, noted)) = self.last_read(EntryKind::Audit)? else { return Ok(None) };
        Ok(Some((self.received_at(position)?.ok_or(StoreError::Damaged { position })?, noted)))
    }

    /// Position and content of the last entry of a kind that is written as JSON.
    fn last_read<T: DeserializeOwned>(&self, kind: EntryKind) -> Result<Option<(u64, T)>> {
        let read = |(position, body): (u64, String)| {
            Ok((position, serde_json::from_str(&body).map_err(|_| StoreError::Damaged { position })?))
        };
        self.last_of(kind)?.map(read).transpose()
    }

    /// Position and text of the last entry of a kind.
    pub(super) fn last_of(&self, kind: EntryKind) -> Result<Option<(u64, String)>> {
        let mut query = self.0.prepare_cached(LAST_OF)?;
        Ok(query.query_row([kind as i64], |r| Ok((r.get(0)?, r.get(1)?))).optional()?)
    }

    /// When the first entry came.
    pub fn first_received(&self) -> Result<Option<i64>> {
        self.received_at(1)
    }

    /// When the entry at a position came.
    fn received_at(&self, position: u64) -> Result<Option<i64>> {
        let mut query = self.0.prepare_cached("SELECT received FROM entry WHERE position = ?1")?;
        Ok(query.query_row([position], |r| r.get(0)).optional()?)
    }

    /// Every restore, the first one first: its place in the tree, and what was kept.
    pub fn restores(&self) -> Result<Vec<(u64, Restoration)>> {
        let sql = "SELECT l.number, e.position, e.body FROM entry e JOIN leaf l ON l.first = e.position
                   WHERE e.kind = ?1 AND e.kind <> 2 ORDER BY e.position";
        let mut query = self.0.prepare_cached(sql)?;
        let mut rows = query.query([EntryKind::Restore as i64])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            let (position, body): (u64, String) = (row.get(1)?, row.get(2)?);
            let read = serde_json::from_str(&body).map_err(|_| StoreError::Damaged { position })?;
            found.push((row.get(0)?, read));
        }
        Ok(found)
    }

    /// Entries of a kind, which is not that of records.
    pub fn count_of(&self, kind: EntryKind) -> Result<u64> {
        let sql = "SELECT count(*) FROM entry WHERE kind = ?1 AND kind <> 2";
        Ok(self.0.prepare_cached(sql)?.query_row([kind as i64], |r| r.get(0))?)
    }

    /// When the last entry of a kind about a device came.
    pub fn last_about(&self, kind: EntryKind, device: Uuid) -> Result<Option<i64>> {
        let sql = "SELECT max(received) FROM entry WHERE target = ?1 AND kind = ?2";
        Ok(self.0.prepare_cached(sql)?.query_row(params![device.as_bytes(), kind as i64], |r| r.get(0))?)
    }

    /// Since when a device is revoked, by an entry or by a catalog; none if it is not.
    pub fn revoked_since(&self, device: Uuid) -> Result<Option<i64>> {
        let sql = "SELECT max(e.received) FROM revoked r JOIN entry e ON e.kind = 5 AND e.kind <> 2
                   AND json_extract(e.body, '$.device') = ?2 WHERE r.device = ?1";
        let by_entry =
            self.0.prepare_cached(sql)?.query_row(params![device.as_bytes(), device.to_string()], |r| r.get(0))?;
        let catalog = match by_entry {
            None if self.is_revoked(device)? => self.last_position(EntryKind::Catalog)?,
            _ => return Ok(by_entry),
        };
        catalog.map_or(Ok(None), |position| self.received_at(position))
    }

    /// When the last entry came.
    pub fn last_received(&self) -> Result<Option<i64>> {
        let mut query = self.0.prepare_cached("SELECT received FROM entry ORDER BY position DESC LIMIT 1")?;
        Ok(query.query_row([], |r| r.get(0)).optional()?)
    }

    /// Quarantined entries without a decision, oldest first.
    pub fn quarantined(&self) -> Result<Vec<Quarantined>> {
        let mut query = self.0.prepare_cached(
            // a withdrawal whose target came later, and is not its own to take back, was in order when it came
            "WITH waits (position, reason) AS (
               SELECT position, reason FROM entry WHERE reason IS NOT NULL
               UNION ALL
               SELECT w.position, 'foreign_revision' FROM entry w WHERE w.kind = 4 AND w.kind <> 2 AND w.reason IS NULL
               AND (EXISTS (SELECT 1 FROM entry e WHERE e.id = w.target AND e.kind = 2
                            AND e.position NOT IN (SELECT record FROM withdrawn))
                    OR w.target IS NULL AND EXISTS (SELECT 1 FROM entry e WHERE e.code = w.code AND e.kind = 2
                            AND e.position NOT IN (SELECT record FROM withdrawn))))
             SELECT e.position, e.received, e.kind, waits.reason, e.id, b.device FROM waits
             JOIN entry e ON e.position = waits.position
             LEFT JOIN binding b ON b.position = CASE e.kind WHEN 1 THEN e.position ELSE e.binding END
             WHERE e.position NOT IN (SELECT about FROM decision) AND e.position NOT IN (SELECT record FROM withdrawn)
             AND NOT (waits.reason = 'foreign_revision' AND e.position IN (SELECT by FROM withdrawn))
             ORDER BY e.position",
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
                kind: EntryKind::from_number(row.get(2)?).ok_or(damaged.clone())?,
                reason: reason(row, 3)?.ok_or(damaged)?,
                record: id(row.get(4)?),
                device: id(row.get(5)?),
            });
        }
        Ok(list)
    }
}

fn entry(row: &Row) -> Result<Entry> {
    let position = row.get(0)?;
    let damaged = StoreError::Damaged { position };
    let kind = EntryKind::from_number(row.get(1)?).ok_or(damaged.clone())?;
    let body = row.get_ref(6)?.as_str_or_null().map_err(rusqlite::Error::from)?;
    let payload = match body {
        Some(body) => EntryPayload::read(kind, body).map_err(|_| damaged)?,
        None => EntryPayload::Tombstone { record: Uuid::from_bytes(row.get::<_, Option<_>>(5)?.ok_or(damaged)?) },
    };
    let (received, reason, binding) = (row.get(2)?, reason(row, 3)?, row.get(4)?);
    Ok(Entry { position, received, reason, binding, takes_back: Vec::new(), about: None, payload })
}
