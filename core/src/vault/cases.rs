//! Case cards: what the focal point may still see of a case that was sealed. No answer, no name.

use super::error::VaultError;
use super::last_saved;
use super::open_vault::Vault;
use super::store::{PAGE, from_json, json};
use crate::envelope::PublicKey;
use crate::error::NotFoundItem;
use crate::record::{Code, QuestionnaireRef};
use crate::referral::Referral;
use rusqlite::{OptionalExtension as _, Transaction, params};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A sealed case, as far as it may still be seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseSummary {
    /// Id of the record.
    pub record: Uuid,
    /// Id of the case; all records under one slip's code share it.
    pub case: Uuid,
    /// On the person's slip; none where the record is about nobody.
    pub code: Option<Code>,
    /// The public key of that slip; deriving it again would cost a second on a cheap phone.
    pub slip: Option<PublicKey>,
    /// The questionnaire that was used.
    pub questionnaire: QuestionnaireRef,
    /// `YYYY-MM` in Burundi.
    pub month: String,
    /// Code of the commune of the interview.
    pub commune: String,
    /// The outcome as in `facts.csv`; none for a questionnaire without assessment.
    pub outcome: Option<String>,
    /// Days since 1970 when it was sealed.
    pub day: i64,
    /// The person took it back.
    pub withdrawn: bool,
    /// The person agreed that coded facts are counted. What was sealed before this was noted counts as not agreed.
    #[serde(default)]
    pub counted: bool,
    /// What was agreed on with her, and how far it has come.
    #[serde(default)]
    pub referrals: Vec<Referral>,
}

impl CaseSummary {
    pub(super) fn to_json(&self) -> String {
        json(self)
    }
    pub(super) fn insert(&self, t: &Transaction) -> Result<(), VaultError> {
        let sql = "INSERT OR IGNORE INTO card (record, code, day, card) VALUES (?1, ?2, ?3, ?4)";
        t.execute(
            sql,
            params![self.record.to_string(), self.code.clone().map(String::from), self.day, self.to_json()],
        )?;
        Ok(())
    }
}

impl Vault {
    /// A page of cards, the newest first; pages count from 0.
    pub fn cards(&self, page: usize) -> Result<Vec<CaseSummary>, VaultError> {
        self.store.read(|c| {
            // the index alone is walked to the page: walking the rows would decrypt every page of the file before it
            let mut query = c.prepare_cached(
                "SELECT card FROM card
                 WHERE id IN (SELECT id FROM card ORDER BY day DESC, id DESC LIMIT ?1 OFFSET ?2)
                 ORDER BY day DESC, id DESC",
            )?;
            let rows = query.query_map(params![PAGE, page.saturating_mul(PAGE)], |r| from_json(r, 0))?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
    }
    /// The cards of a slip's code, the newest first.
    pub fn cards_of(&self, code: &Code) -> Result<Vec<CaseSummary>, VaultError> {
        self.store.read(|c| {
            let mut query = c.prepare_cached("SELECT card FROM card WHERE code = ?1 ORDER BY id DESC LIMIT 50")?;
            let rows = query.query_map([String::from(code.clone())], |r| from_json(r, 0))?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
    }
    /// The card of a record.
    pub fn card(&self, record: Uuid) -> Result<CaseSummary, VaultError> {
        let sql = "SELECT card FROM card WHERE record = ?1";
        let found =
            self.store.read(|c| Ok(c.query_row(sql, [record.to_string()], |r| from_json(r, 0)).optional()?))?;
        found.ok_or(VaultError::NotFound(NotFoundItem::Case))
    }
    /// Notes on a card how its referrals stand now.
    pub fn note_referrals(&self, record: Uuid, referrals: Vec<Referral>) -> Result<(), VaultError> {
        let card = CaseSummary { referrals, ..self.card(record)? };
        let sql = "UPDATE card SET card = ?1 WHERE record = ?2";
        self.store.write(|t| Ok(t.execute(sql, [card.to_json(), record.to_string()]).map(drop)?))
    }
    /// Notes on a card that the person took the record back, and erases what the next interview would have read of it.
    pub fn note_withdrawal(&self, record: Uuid) -> Result<(), VaultError> {
        let card = CaseSummary { withdrawn: true, ..self.card(record)? };
        let sql = "UPDATE card SET card = ?1 WHERE record = ?2";
        self.store.write(|t| {
            t.execute(sql, [card.to_json(), record.to_string()])?;
            last_saved::forget(t, "record = ?1", record.to_string())
        })?;
        self.store.empty_wal()
    }
    /// Erases cards that were sealed before a day, from file and WAL. Returns how many.
    pub fn forget_cards(&self, before: i64) -> Result<usize, VaultError> {
        let erased = self.store.write(|t| {
            last_saved::forget(t, "record IN (SELECT record FROM card WHERE day < ?1)", before)?;
            Ok(t.execute("DELETE FROM card WHERE day < ?1", [before])?)
        })?;
        if erased > 0 {
            self.store.rebuild()?;
        }
        Ok(erased)
    }
}
