//! Answers of the last finished interview that its questionnaire refers to by `${last-saved#name}`, for the next one.
//!
//! Only such forms leave anything here, and never what is marked `sealed_only`. Like a draft's answers each set stands in a
//! table of its own, named for the draft, because dropping a table zeroes its pages whole. It is made beside the draft when
//! sealing begins, counts once the record is in the mailbox, and goes with the next finished interview of the form, with the
//! case card, or when the person takes the record back.

use super::error::VaultError;
use super::open_vault::Vault;
use super::store::{from_json, json};
use crate::record::QuestionnaireRef;
use rusqlite::{OptionalExtension as _, Transaction, params};
use std::collections::BTreeMap;
use uuid::Uuid;

/// Answers by the name of their question.
pub type Saved = BTreeMap<String, String>;

impl Vault {
    /// What the last finished interview of a questionnaire left.
    pub fn last_saved(&self, questionnaire: &str) -> Result<Saved, VaultError> {
        self.store.read(|c| {
            let sql = "SELECT draft FROM last_saved WHERE questionnaire = ?1";
            let Some(draft) = c.query_row(sql, [questionnaire], |r| r.get(0)).optional()? else {
                return Ok(Saved::new());
            };
            Ok(c.query_row(&format!("SELECT saved FROM {}", table(draft)), [], |r| from_json(r, 0))?)
        })
    }
}

/// Lays answers beside a draft whose sealing begins.
pub(super) fn prepare(t: &Transaction, draft: i64, saved: &Saved) -> Result<(), VaultError> {
    let table = table(draft);
    t.execute(&format!("CREATE TABLE {table} (saved TEXT NOT NULL)"), [])?;
    t.execute(&format!("INSERT INTO {table} VALUES (?1)"), [json(saved)])?;
    Ok(())
}

/// The draft became a record: what lies beside it takes the place of what the questionnaire's last one left.
pub(super) fn keep(t: &Transaction, draft: i64, record: Uuid, form: &QuestionnaireRef) -> Result<(), VaultError> {
    forget(t, "questionnaire = ?1", &form.id)?;
    if t.table_exists(None, table(draft).as_str())? {
        let sql = "INSERT INTO last_saved (questionnaire, record, draft) VALUES (?1, ?2, ?3)";
        t.execute(sql, params![form.id, record.to_string(), draft])?;
    }
    Ok(())
}

/// Erases what lies beside a draft.
pub(super) fn drop_table(t: &Transaction, draft: i64) -> Result<(), VaultError> {
    Ok(t.execute(&format!("DROP TABLE IF EXISTS {}", table(draft)), []).map(drop)?)
}

/// Erases what was kept of some records.
pub(super) fn forget(t: &Transaction, which: &str, of: impl rusqlite::ToSql) -> Result<(), VaultError> {
    let mut query = t.prepare(&format!("DELETE FROM last_saved WHERE {which} RETURNING draft"))?;
    let drafts: Vec<i64> = query.query_map([of], |r| r.get(0))?.collect::<rusqlite::Result<_>>()?;
    drafts.into_iter().try_for_each(|draft| drop_table(t, draft))
}

/// The table of what a draft left.
fn table(draft: i64) -> String {
    format!("saved_{draft}")
}
