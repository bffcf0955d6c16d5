//! Tables that derive from entries: each append passes here, and so does `rebuild`.

use super::{Result, StoreError, Writing};
use crate::log::{Decision, Kind, What};
use rusqlite::params;
use tabara_core::catalog::PartKind;
use tabara_core::record::Reason;

impl Writing<'_> {
    pub(super) fn derive(&self, position: u64, kind: Kind, reason: Option<Reason>, body: &str) -> Result<()> {
        if matches!(kind, Kind::Record | Kind::Review | Kind::Closing | Kind::Revision) {
            return Ok(());
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
                conn.execute("INSERT OR REPLACE INTO decision VALUES (?1, ?2)", params![about, accept])?;
                conn.execute("UPDATE binding SET second = ?2 WHERE position = ?1", params![about, !accept])?;
                self.apply_withdrawal(about)?;
            }
            What::Withdrawal(_) => self.apply_withdrawal(position)?,
            What::Record(_) | What::Review(_) | What::Closing(_) | What::Revision(_) | What::Tombstone { .. } => (),
        }
        Ok(())
    }
}
