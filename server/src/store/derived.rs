//! Tables that derive from entries: each append passes here, and so does `rebuild`.

use super::error::{Result, StoreError};
use super::transaction::Writing;
use crate::entry::{Decision, Kind, What};
use crate::statistics;
use rusqlite::params;
use tabara_protocol::catalog::PartKind;
use tabara_protocol::record::{Reason, Record};

impl Writing<'_> {
    pub(super) fn derive(&self, position: u64, kind: Kind, reason: Option<Reason>, body: &str) -> Result<()> {
        if kind == Kind::Record {
            // the frequent case, for which the text need not be parsed
            return self.meet_withdrawals(position, position);
        }
        let conn = self.0.0;
        match What::read(kind, body).map_err(|_| StoreError::Damaged { position })? {
            What::Chain { grant, binding } => {
                conn.prepare_cached("INSERT INTO binding VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9)")?.execute(params![
                    position,
                    grant.device.as_bytes(),
                    grant.organisation,
                    grant.commune,
                    binding.record_key.kid(),
                    binding.record_key.0,
                    binding.transport_key.kid(),
                    binding.transport_key.0,
                    reason == Some(Reason::SecondBinding),
                ])?;
            }
            What::Revocation(revocation) => self.revoke(revocation.device)?,
            What::Catalog(catalog) => {
                for part in catalog.parts.iter().filter(|p| p.kind == PartKind::Questionnaire) {
                    conn.execute("INSERT OR IGNORE INTO questionnaire VALUES (?1)", [part.sha256.0])?;
                }
                for device in catalog.revoked {
                    self.revoke(device)?;
                }
            }
            What::Decision(Decision { position: about, accept }) => {
                self.decided(about, accept, position)?;
                conn.execute("UPDATE binding SET second = ?2 WHERE position = ?1", params![about, !accept])?;
            }
            What::Review(review) => {
                if let Some(about) = review.revises.map(|id| self.withdrawal_of(id)).transpose()?.flatten() {
                    self.reviewed(about, &review, position)?;
                }
            }
            What::Withdrawal(withdrawal) => {
                self.apply_withdrawal(position, position)?;
                let reviews = "SELECT body FROM entry WHERE target = ?1 AND kind = 3 ORDER BY position";
                let mut query = conn.prepare_cached(reviews)?;
                let bodies = query.query_map([withdrawal.record.as_bytes()], |r| r.get::<_, String>(0))?;
                for body in bodies.collect::<rusqlite::Result<Vec<_>>>()? {
                    if let Ok(What::Review(review)) = What::read(Kind::Review, &body) {
                        self.reviewed(position, &review, position)?;
                    }
                }
            }
            What::Record(_)
            | What::Tombstone { .. }
            | What::Closing(_)
            | What::Revision(_)
            | What::Order(_)
            | What::Acknowledgement(_) => (),
        }
        Ok(())
    }

    /// A reviewer decides about a withdrawal as the operator does: it counts, or it does not.
    fn reviewed(&self, about: u64, review: &Record, since: u64) -> Result<()> {
        match statistics::Decision::of(review) {
            Some(statistics::Decision::Confirmed) => self.decided(about, true, since),
            Some(statistics::Decision::NotConfirmed) => self.decided(about, false, since),
            Some(statistics::Decision::Duplicate) | None => Ok(()),
        }
    }

    fn decided(&self, about: u64, accept: bool, since: u64) -> Result<()> {
        self.0.0.execute("INSERT OR REPLACE INTO decision VALUES (?1, ?2)", params![about, accept])?;
        self.apply_withdrawal(about, since)?;
        if accept { self.meet_withdrawals(about, since) } else { Ok(()) }
    }
}
