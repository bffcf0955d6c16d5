//! What a phone is told of what others did: reviews, decisions and withdrawals of its records, orders, referrals to its
//! organisation, and later steps of its referrals. Phones say up to which position of the log they know.

use super::bindings::Binding;
use super::error::{Result, StoreError};
use super::transaction::Reading;
use crate::store::entry::{EntryKind, EntryPayload};
use rusqlite::{OptionalExtension as _, Row, params};
use tabara_protocol::envelope::Digest;
use tabara_protocol::record::{News, Update, Uuid};
use tabara_protocol::wire::Standing;

/// Updates in one answer.
const MAX_NEWS: usize = 200;
/// Bytes of envelopes in one answer, and of sealed bytes beside them, about: what is more comes with the next.
const MAX_TEXT: usize = 64 * 1024;
const MAX_BESIDE: usize = 512 * 1024;

/// What is new decides what is read, never how much the phone has sent: `CROSS JOIN` keeps SQLite to that order.
/// ?1 the phone, ?2 what it knows, ?3 the organisation whose referrals it gets. Position, kind, the record that it is about,
/// text, and the position of the record that is told.
const NEWS: &str = "
    SELECT n.position, n.kind, mine.id, n.body, 0 FROM entry n JOIN entry mine ON mine.id = n.target
    WHERE n.kind = 3 AND n.kind <> 2 AND n.position > ?2 AND n.reason IS NULL AND mine.binding = ?1
    UNION ALL
    SELECT n.position, n.kind, mine.id, n.body, 0 FROM entry n
    JOIN entry mine ON mine.position = json_extract(n.body, '$.position')
    WHERE n.kind = 9 AND n.kind <> 2 AND n.position > ?2 AND mine.binding = ?1
    UNION ALL
    SELECT x.since, 4, mine.id, w.body, 0 FROM withdrawn x CROSS JOIN entry mine ON mine.position = x.record
    JOIN entry w ON w.position = x.by
    WHERE x.since > ?2 AND mine.binding = ?1 AND w.binding <> mine.binding AND mine.addressee IS NOT ifnull(?3, '')
    UNION ALL
    SELECT n.position, n.kind, n.target, n.body, 0 FROM entry n JOIN binding b ON b.device = n.target
    WHERE n.kind = 10 AND n.kind <> 2 AND n.position > ?2 AND b.position = ?1 AND b.waits IS NULL
    UNION ALL -- a referral to this organisation, or a later step of one
    SELECT n.position, n.kind, ifnull(n.target, n.id), n.body, n.position FROM entry n
    WHERE n.addressee = ?3 AND n.position > ?2 AND n.kind = 2 AND n.reason IS NULL AND n.binding <> ?1
    AND n.position NOT IN (SELECT record FROM withdrawn)
    UNION ALL -- somebody else's step of a referral that this phone made
    SELECT n.position, n.kind, mine.id, n.body, n.position FROM entry n CROSS JOIN entry mine ON mine.id = n.target
    WHERE n.addressee IS NOT NULL AND n.target IS NOT NULL AND n.position > ?2 AND n.kind = 2 AND n.reason IS NULL
    AND mine.binding = ?1 AND n.binding <> ?1 AND n.position NOT IN (SELECT record FROM withdrawn)
    UNION ALL -- the same of what somebody has accepted later
    SELECT n.position, 2, ifnull(r.target, r.id), r.body, r.position FROM entry n
    JOIN entry r ON r.position = json_extract(n.body, '$.position')
    WHERE n.kind = 9 AND n.kind <> 2 AND n.position > ?2 AND json_extract(n.body, '$.accept') AND r.kind = 2
    AND r.addressee IS NOT NULL AND r.binding <> ?1 AND r.position NOT IN (SELECT record FROM withdrawn)
    AND (r.addressee = ?3 OR EXISTS (SELECT 1 FROM entry mine WHERE mine.id = r.target AND mine.binding = ?1))
    UNION ALL -- a referral that is no longer wanted, and nothing else about it
    SELECT DISTINCT x.since, 4, ifnull(r.target, r.id), NULL, 0 FROM withdrawn x JOIN entry r ON r.position = x.record
    WHERE x.since > ?2 AND r.addressee = ?3
    ORDER BY 1";

/// News of one answer.
pub struct PhoneNews {
    pub updates: Vec<Update>,
    /// Positions of records whose sealed bytes go with them.
    pub sealed: Vec<u64>,
    /// Known up to here with them.
    pub cursor: u64,
}

impl Reading<'_> {
    /// What a phone has not heard after a position, as much as one answer holds.
    pub fn news(&self, phone: &Binding, after: u64) -> Result<PhoneNews> {
        let trusted = phone.is_provider && phone.standing == Standing::Trusted;
        let organisation = trusted.then_some(&phone.organisation);
        let mut query = self.0.prepare_cached(NEWS)?;
        let mut rows = query.query(params![phone.position, after.min(i64::MAX as u64), organisation])?;
        let mut told = PhoneNews { updates: Vec::new(), sealed: Vec::new(), cursor: 0 };
        let (mut text, mut beside) = (0, 0);
        while let Some(row) = rows.next()? {
            let position = row.get(0)?;
            // all updates of one position go out together, or the cursor would skip some of them
            let full = told.updates.len() >= MAX_NEWS || text > MAX_TEXT || beside > MAX_BESIDE;
            if full && told.updates.last().is_some_and(|last| last.position != position) {
                return Ok(PhoneNews { cursor: position - 1, ..told });
            }
            let damaged = StoreError::Damaged { position };
            let (kind, body): (i64, Option<String>) = (row.get(1)?, row.get(3)?);
            let (kind, of) = (EntryKind::from_number(kind).ok_or(damaged.clone())?, row.get(4)?);
            text += body.as_ref().map_or(0, String::len);
            let news = match (kind, body) {
                (EntryKind::Withdrawal, jws) => News::Withdrawn { jws },
                (EntryKind::Review, Some(jws)) => News::Review { jws },
                (EntryKind::Order, Some(jws)) => News::Order { jws },
                (EntryKind::Record, Some(jws)) => {
                    // a phone that came later cannot open what was sealed before
                    if let Some(len) = self.sealed_len(of)?.filter(|_| of > phone.position) {
                        beside += len;
                        told.sealed.push(of);
                    }
                    News::Referral { jws, chain: self.chain_of(of)?.ok_or(damaged)? }
                }
                (kind, Some(body)) => match EntryPayload::read(kind, &body) {
                    Ok(EntryPayload::Decision(decision)) => News::Decision { accept: decision.accept },
                    _ => return Err(damaged),
                },
                (_, None) => return Err(damaged),
            };
            told.updates.push(Update { position, record: Uuid::from_bytes(row.get(2)?), news });
        }
        Ok(PhoneNews { cursor: self.end()?, ..told })
    }

    /// How many sealed bytes the record at a position has.
    fn sealed_len(&self, position: u64) -> Result<Option<usize>> {
        let mut query = self.0.prepare_cached("SELECT length(bytes) FROM sealed WHERE position = ?1")?;
        Ok(query.query_row([position], |r| r.get(0)).optional()?)
    }

    /// The chain of the phone that signed the record at a position.
    fn chain_of(&self, position: u64) -> Result<Option<Digest>> {
        let sql = "SELECT chain FROM binding WHERE position = (SELECT binding FROM entry WHERE position = ?1)";
        let chain = |r: &Row| r.get::<_, Option<[u8; 32]>>(0);
        Ok(self.0.prepare_cached(sql)?.query_row([position], chain).optional()?.flatten().map(Digest))
    }
}
