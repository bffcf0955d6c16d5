//! Tables that derive from entries: each append passes here, and so does `rebuild`.

use super::error::{Result, StoreError};
use super::transaction::Writing;
use crate::store::entry::{EntryKind, EntryPayload, QuarantineDecision, ReviewDecision};
use rusqlite::params;
use tabara_protocol::catalog::PartKind;
use tabara_protocol::record::{Reason, Record};

impl Writing<'_> {
    pub(super) fn derive(&self, position: u64, kind: EntryKind, reason: Option<Reason>, body: &str) -> Result<()> {
        if kind == EntryKind::Record {
            // the frequent case, for which the text need not be parsed
            return self.meet_withdrawals(position, position);
        }
        let conn = self.0.0;
        match EntryPayload::read(kind, body).map_err(|_| StoreError::Damaged { position })? {
            EntryPayload::Chain { grant, binding, chain } => {
                if reason.is_none() {
                    // it is proven to have been the first, before a restore: whoever came in between was not
                    let others = "UPDATE binding SET waits = 'second_binding' WHERE device = ?1 AND waits IS NULL
                        AND position NOT IN (SELECT about FROM decision WHERE accept) AND position IN
                        (SELECT position FROM entry WHERE kind = 1 AND kind <> 2 AND json_extract(body, '$.receipt') IS NULL)";
                    conn.prepare_cached(others)?.execute([grant.device.as_bytes()])?;
                }
                conn.prepare_cached("INSERT INTO binding VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13)")?
                    .execute(params![
                        position,
                        grant.device.as_bytes(),
                        grant.organisation,
                        grant.commune,
                        serde_json::to_value(grant.area).ok().as_ref().and_then(|area| area.as_str()),
                        binding.record_key.kid(),
                        binding.record_key.0,
                        binding.transport_key.kid(),
                        binding.transport_key.0,
                        binding.mailbox,
                        reason.map(Reason::word),
                        grant.role.word(),
                        chain.0,
                    ])?;
            }
            EntryPayload::Revocation(revocation) => self.revoke(revocation.device, !revocation.lifted)?,
            EntryPayload::Catalog(catalog) => {
                for part in catalog.parts.iter().filter(|p| p.kind == PartKind::Questionnaire) {
                    conn.execute("INSERT OR IGNORE INTO questionnaire VALUES (?1)", [part.sha256.0])?;
                }
                for device in catalog.revoked {
                    self.revoke(device, true)?;
                }
            }
            EntryPayload::Decision(QuarantineDecision { position: about, accept }) => {
                self.decided(about, accept, position)?;
                let waits =
                    "UPDATE binding SET waits = iif(?2, NULL, ifnull(waits, 'second_binding')) WHERE position = ?1";
                conn.execute(waits, params![about, accept])?;
            }
            EntryPayload::Review(review) => {
                if let Some(about) = review.revises.map(|id| self.withdrawal_of(id)).transpose()?.flatten() {
                    self.reviewed(about, &review, position)?;
                }
            }
            EntryPayload::Withdrawal(withdrawal) => {
                self.apply_withdrawal(position, position)?;
                let reviews = "SELECT body FROM entry WHERE target = ?1 AND kind = 3 ORDER BY position";
                let mut query = conn.prepare_cached(reviews)?;
                let bodies = query.query_map([withdrawal.record.as_bytes()], |r| r.get::<_, String>(0))?;
                for body in bodies.collect::<rusqlite::Result<Vec<_>>>()? {
                    if let Ok(EntryPayload::Review(review)) = EntryPayload::read(EntryKind::Review, &body) {
                        self.reviewed(position, &review, position)?;
                    }
                }
            }
            EntryPayload::Record(_)
            | EntryPayload::Tombstone { .. }
            | EntryPayload::Closing(_)
            | EntryPayload::Revision(_)
            | EntryPayload::Order(_)
            | EntryPayload::Acknowledgement(_)
            | EntryPayload::Dictionary(_)
            | EntryPayload::Plan(_)
            | EntryPayload::Release(_)
            | EntryPayload::History(_)
            | EntryPayload::Restore(_)
            | EntryPayload::Clock
            | EntryPayload::Reopening(_)
            | EntryPayload::Expiry(_)
            | EntryPayload::Audit(_)
            | EntryPayload::Evidence => (),
        }
        Ok(())
    }

    /// A reviewer decides about a withdrawal as the operator does: it counts, or it does not.
    fn reviewed(&self, about: u64, review: &Record, since: u64) -> Result<()> {
        match ReviewDecision::of(review) {
            Some(ReviewDecision::Confirmed) => self.decided(about, true, since),
            Some(ReviewDecision::NotConfirmed) => self.decided(about, false, since),
            Some(ReviewDecision::Duplicate) | None => Ok(()),
        }
    }

    fn decided(&self, about: u64, accept: bool, since: u64) -> Result<()> {
        self.0.0.execute("INSERT OR REPLACE INTO decision VALUES (?1, ?2)", params![about, accept])?;
        self.apply_withdrawal(about, since)?;
        if accept { self.meet_withdrawals(about, since) } else { Ok(()) }
    }
}
