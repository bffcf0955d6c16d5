//! Case cards: what the focal point may still see of a case that was sealed. No answer, no name.

use super::error::VaultError;
use super::open_vault::Vault;
use super::store::{PAGE, from_json, json, parsed, rows};
use crate::envelope::PublicKey;
use crate::error::NotFoundItem;
use crate::record::{Code, QuestionnaireRef};
use crate::referral::Referral;
use rusqlite::{OptionalExtension as _, Transaction, params};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use uuid::Uuid;
use zeroize::Zeroizing;

/// Answers of a finished interview, by question, that the next one of the form may read (`${last-saved#name}`).
pub type Saved = BTreeMap<String, String>;

/// No card stays longer, whatever the server says about the time.
pub const LONGEST_CARD_DAYS: u32 = 400;

/// What takes a draft's place once its record is in the mailbox.
#[derive(Serialize, Deserialize)]
pub struct Sealing {
    /// Its case card.
    pub card: CaseSummary,
    /// For the questionnaire's next interview. Only where it is about nobody.
    pub saved: Option<Saved>,
    /// The phone's own time when it was sealed.
    pub own: i64,
    /// The second secret of its slip.
    #[serde(default)]
    pub secret: Option<Code>,
}

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
    /// Codes of the services that she needs, as she said.
    #[serde(default)]
    pub needs: Vec<String>,
    /// She is a child, or may be: child protection comes first.
    #[serde(default)]
    pub child: bool,
    /// What was agreed on with her, and how far it has come.
    #[serde(default)]
    pub referrals: Vec<Referral>,
    /// A few words of the focal point to find the case again. They never leave the vault, and go with the card.
    #[serde(default)]
    pub memo: Option<String>,
}

/// A case card on its way to another phone.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Carried {
    card: CaseSummary,
    /// The second code of its slip.
    undo: Option<Code>,
    /// How many seconds of own time it has been kept.
    age: i64,
}

impl CaseSummary {
    fn to_json(&self) -> String {
        json(self)
    }
    pub(super) fn insert(&self, t: &Transaction, own: i64) -> Result<(), VaultError> {
        let sql = "INSERT OR IGNORE INTO card (record, code, day, own, card) VALUES (?1, ?2, ?3, ?4, ?5)";
        let code = self.code.clone().map(String::from);
        t.execute(sql, params![self.record.to_string(), code, self.day, own, self.to_json()])?;
        Ok(())
    }
    fn update(&self, t: &Transaction) -> Result<(), VaultError> {
        let sql = "UPDATE card SET card = ?1 WHERE record = ?2";
        Ok(t.execute(sql, [self.to_json(), self.record.to_string()]).map(drop)?)
    }
}

impl Vault {
    /// The card takes its draft's place, once however often it is told.
    pub fn keep(&self, sealing: &Sealing) -> Result<(), VaultError> {
        let Sealing { card, saved, own, secret } = sealing;
        self.store.write(|t| {
            card.insert(t, *own)?;
            let kept = "UPDATE card SET secret = ?1 WHERE record = ?2";
            t.execute(kept, params![secret.clone().map(String::from), card.record.to_string()])?;
            let sql = "INSERT OR REPLACE INTO last_saved (questionnaire, record, saved) VALUES (?1, ?2, ?3)";
            if let Some(saved) = saved {
                t.execute(sql, params![card.questionnaire.id, card.record.to_string(), json(saved)])?;
            }
            Ok(())
        })
    }
    /// What the last finished interview of a questionnaire left.
    pub fn last_saved(&self, questionnaire: &str) -> Result<Saved, VaultError> {
        let sql = "SELECT saved FROM last_saved WHERE questionnaire = ?1";
        let saved = self.store.read(|c| Ok(c.query_row(sql, [questionnaire], |r| from_json(r, 0)).optional()?))?;
        Ok(saved.unwrap_or_default())
    }
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
        self.store.write(|t| card.update(t))
    }
    /// The case cards with referrals; or the one that this referral is on.
    pub fn cards_with_referrals(&self, referral: Option<Uuid>) -> Result<Vec<CaseSummary>, VaultError> {
        let id = referral.map_or_else(String::new, |id| id.to_string());
        let sql = "SELECT card FROM card WHERE instr(card, ?1) ORDER BY id DESC";
        self.store.read(|c| rows(c, sql, [format!(r#""referral":"{id}"#)], |r| from_json(r, 0)))
    }
    /// Builds the file anew, so that nothing is left of what was taken off a card.
    pub fn forget_traces(&self) -> Result<(), VaultError> {
        self.store.rebuild()
    }
    /// Puts another memo on a card, or none; the old one is erased from file and WAL.
    pub fn note_memo(&self, record: Uuid, memo: Option<String>) -> Result<(), VaultError> {
        let card = CaseSummary { memo, ..self.card(record)? };
        self.store.write(|t| card.update(t))?;
        self.store.rebuild()
    }
    /// Notes on a card that the person took the record back, and erases what the next interview would have read of it.
    pub fn note_withdrawal(&self, record: Uuid) -> Result<(), VaultError> {
        let mut card = CaseSummary { withdrawn: true, memo: None, needs: vec![], ..self.card(record)? };
        card.referrals.iter_mut().for_each(Referral::withdraw);
        self.store.write(|t| {
            card.update(t)?;
            Ok(t.execute("DELETE FROM last_saved WHERE record = ?1", [record.to_string()]).map(drop)?)
        })?;
        self.store.rebuild()
    }
    /// The second code of the slip of a record that another phone made; none for a record of this one.
    pub fn carried_undo(&self, record: Uuid) -> Result<Option<Code>, VaultError> {
        let sql = "SELECT undo FROM card WHERE record = ?1 AND undo <> ''";
        self.store.read(|c| Ok(c.prepare_cached(sql)?.query_row([record.to_string()], |r| parsed(r, 0)).optional()?))
    }
    /// The second secret on the slip of a record with a card here.
    pub fn undo_of(&self, record: Uuid) -> Result<Code, VaultError> {
        let sql = "SELECT coalesce(secret, nullif(undo, '')) FROM card WHERE record = ?1";
        let kept = self.store.read(|c| {
            let text = c.query_row(sql, [record.to_string()], |r| r.get::<_, Option<String>>(0)).optional()?;
            Ok(text.flatten())
        })?;
        // before the secret was kept with the card, it was derived
        Ok(kept.and_then(|kept| kept.parse().ok()).unwrap_or_else(|| self.undo(record)))
    }
    /// All cards as they go to another phone.
    pub fn carry(&self, own: i64) -> Result<Vec<Carried>, VaultError> {
        let sql = "SELECT card, own FROM card ORDER BY id";
        let all: Vec<(CaseSummary, i64)> =
            self.store.read(|c| rows(c, sql, [], |r| Ok((from_json(r, 0)?, r.get(1)?))))?;
        let carried = |(card, since): (CaseSummary, i64)| {
            let undo = card.code.as_ref().map(|_| self.undo_of(card.record)).transpose()?;
            Ok(Carried { card, undo, age: own - since })
        };
        all.into_iter().map(carried).collect()
    }
    /// Takes cards of another phone, and forgets the key of the hand-over. Returns how many are new here.
    pub fn take_over(&self, cards: &[Carried], own: i64) -> Result<u32, VaultError> {
        self.store.write(|t| {
            let mut new = 0;
            for Carried { card, undo, age } in cards {
                let sql = "SELECT EXISTS (SELECT 1 FROM card WHERE record = ?1)";
                if t.query_row(sql, [card.record.to_string()], |r| r.get(0))? {
                    continue;
                }
                card.insert(t, own - age)?;
                // a record about nobody has no slip; the mark of another phone's card stays empty then
                let undo = undo.clone().map(String::from).unwrap_or_default();
                t.execute("UPDATE card SET undo = ?1 WHERE record = ?2", params![undo, card.record.to_string()])?;
                new += 1;
            }
            t.execute("DELETE FROM hand_over", [])?;
            Ok(new)
        })
    }
    /// Whether another phone made this record.
    pub fn is_carried(&self, record: Uuid) -> Result<bool, VaultError> {
        let sql = "SELECT EXISTS (SELECT 1 FROM card WHERE record = ?1 AND undo IS NOT NULL)";
        self.store.read(|c| Ok(c.query_row(sql, [record.to_string()], |r| r.get(0))?))
    }
    /// Keeps the secret half of the key of a hand-over, in place of an earlier one.
    pub fn keep_hand_over(&self, identity: &str) -> Result<(), VaultError> {
        let sql = "INSERT OR REPLACE INTO hand_over (one, identity) VALUES (1, ?1)";
        self.store.write(|t| Ok(t.execute(sql, [identity]).map(drop)?))
    }
    /// The secret half of the key of a hand-over that this phone waits for.
    pub fn hand_over_identity(&self) -> Result<Option<Zeroizing<String>>, VaultError> {
        let sql = "SELECT identity FROM hand_over";
        self.store.read(|c| Ok(c.query_row(sql, [], |r| Ok(Zeroizing::new(r.get(0)?))).optional()?))
    }
    /// Erases cards, from file and WAL, that are older than so many days both by what the server told (`today`, days since 1970)
    /// and by the phone's own time; and after [`LONGEST_CARD_DAYS`] of its own time in any case. Returns how many.
    pub fn forget_cards(&self, days: u32, today: i64, own: i64) -> Result<usize, VaultError> {
        let before = |days: u32| own - i64::from(days) * 86_400;
        let limits = [today - i64::from(days), before(days), before(LONGEST_CARD_DAYS)];
        let old = "(day < ?1 AND own < ?2) OR own < ?3";
        let erased = self.store.write(|t| {
            let sql = format!("DELETE FROM last_saved WHERE record IN (SELECT record FROM card WHERE {old})");
            t.execute(&sql, limits)?;
            Ok(t.execute(&format!("DELETE FROM card WHERE {old}"), limits)?)
        })?;
        if erased > 0 {
            self.store.rebuild()?;
        }
        Ok(erased)
    }
}
