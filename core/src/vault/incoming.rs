//! On a provider's device: the referrals to her organisation. What the person shared is not here but sealed in the mailbox,
//! where it can be erased while this file is locked.

use super::error::VaultError;
use super::open_vault::Vault;
use super::store::{PAGE, from_json, json, rows};
use crate::envelope::Digest;
use crate::record::Record;
use crate::referral::Referral;
use rusqlite::{OptionalExtension as _, Transaction, params};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A referral to this organisation, as far as it is kept in the vault.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HeldReferral {
    /// How far it has come.
    pub referral: Referral,
    /// Its first record, which every answer names; without its code once it is no longer wanted.
    pub first: Record,
    /// The organisation that refers.
    pub from: String,
    /// Names the chain of the phone that refers.
    pub chain: Digest,
    /// Code of the fact `age_band`, if she agreed to share it.
    pub age_band: Option<String>,
    /// This device can open what was shared.
    pub opens: bool,
}

impl HeldReferral {
    fn write(&self, t: &Transaction, own: i64) -> Result<(), VaultError> {
        let sql = "INSERT INTO incoming (referral, open, due, own, held) VALUES (?1, ?2, ?3, ?4, ?5)
                   ON CONFLICT (referral) DO UPDATE SET open = ?2, due = ?3, held = ?5";
        // what is answered comes after what waits for an answer
        let due = self.referral.due().unwrap_or(i64::MAX);
        let open = !self.referral.status.is_end();
        let id = self.referral.referral.to_string();
        Ok(t.prepare_cached(sql)?.execute(params![id, open, due, own, json(self)]).map(drop)?)
    }
}

impl Vault {
    /// Keeps a referral as it stands now. `own`: the phone's own time, if it is new.
    pub fn hold(&self, held: &HeldReferral, own: i64) -> Result<(), VaultError> {
        self.store.write(|t| held.write(t, own))
    }
    /// A referral to this organisation.
    pub fn held(&self, referral: Uuid) -> Result<Option<HeldReferral>, VaultError> {
        let sql = "SELECT held FROM incoming WHERE referral = ?1";
        self.store.read(|c| Ok(c.query_row(sql, [referral.to_string()], |r| from_json(r, 0)).optional()?))
    }
    /// A page of them: what waits longest for an answer first, then what goes on, then what has ended. Pages count from 0.
    pub fn all_held(&self, page: usize) -> Result<Vec<HeldReferral>, VaultError> {
        let sql = "SELECT held FROM incoming ORDER BY open DESC, due, id LIMIT ?1 OFFSET ?2";
        self.store.read(|c| rows(c, sql, params![PAGE, page.saturating_mul(PAGE)], |r| from_json(r, 0)))
    }
    /// A referral is no longer wanted: what is left says so, and nothing of the person.
    pub fn recall(&self, referral: Uuid) -> Result<(), VaultError> {
        let Some(mut held) = self.held(referral)? else { return Ok(()) };
        held.referral.withdraw();
        (held.first.code, held.first.slip, held.age_band, held.opens) = (None, None, None, false);
        held.first.facts.clear();
        self.store.write(|t| held.write(t, 0))?;
        self.store.rebuild()
    }
    /// Referrals that ended so long ago, by the phone's own time when they came; or all. Returns their ids; they are erased.
    pub fn forget_held(&self, before: Option<i64>) -> Result<Vec<Uuid>, VaultError> {
        let old = "SELECT held FROM incoming WHERE ?1 IS NULL OR (NOT open AND own < ?1)";
        let held: Vec<HeldReferral> = self.store.read(|c| rows(c, old, [before], |r| from_json(r, 0)))?;
        if held.is_empty() {
            return Ok(vec![]);
        }
        let sql = "DELETE FROM incoming WHERE ?1 IS NULL OR (NOT open AND own < ?1)";
        self.store.write(|t| Ok(t.execute(sql, [before]).map(drop)?))?;
        self.store.rebuild()?;
        Ok(held.into_iter().map(|held| held.referral.referral).collect())
    }
    /// How many wait for a first answer.
    pub fn unanswered(&self) -> Result<u64, VaultError> {
        let sql = "SELECT count(*) FROM incoming WHERE open AND due < ?1";
        self.store.read(|c| Ok(c.query_row(sql, [i64::MAX], |r| r.get(0))?))
    }
}
