//! Interviews that are not finished: every answer is on the disk before the call that gave it returns.
//!
//! **Erasing.** Each draft keeps its answers in a table of its own. Deleting a row zeroes that row, but stale copies of it
//! may stand in the gaps of pages where SQLite once moved rows about; dropping a table zeroes all its pages, whole. Then
//! the WAL is emptied into the file and cut, so no frame holds them either.
//!
//! **Sealing** touches two files, so it goes in three steps: the card is noted beside the draft; the record enters the
//! mailbox; the card takes the draft's place. A crash in between shows at the next opening as a draft with a card beside
//! it, and the mailbox tells which half happened ([`Vault::resume_interrupted_sealing`]).

use super::cases::CaseSummary;
use super::error::VaultError;
use super::last_saved::{self, Saved};
use super::mailbox::Mailbox;
use super::open_vault::Vault;
use super::store::{from_json, parsed};
use crate::envelope::Digest;
use crate::error::NotFoundItem;
use rusqlite::{Connection, OptionalExtension as _, Row, Transaction, params};
use uuid::Uuid;
use zeroize::Zeroizing;

/// An interview that can be gone on with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DraftInfo {
    /// Its id.
    pub draft: Uuid,
    /// The `form_id` of its questionnaire.
    pub questionnaire: String,
    /// The version of the questionnaire that it finishes on.
    pub sha256: Digest,
    /// Seconds since 1970 UTC.
    pub started: i64,
}

impl Vault {
    /// Begins a draft with its first state.
    pub fn begin(&self, info: &DraftInfo, state: &[u8]) -> Result<(), VaultError> {
        self.store.write(|t| {
            t.execute(
                "INSERT INTO draft (draft, questionnaire, sha256, started) VALUES (?1, ?2, ?3, ?4)",
                params![info.draft.to_string(), info.questionnaire, info.sha256.to_string(), info.started],
            )?;
            let answers = answers(t.last_insert_rowid());
            t.execute(
                &format!("CREATE TABLE {answers} (one INTEGER PRIMARY KEY CHECK (one = 1), state BLOB NOT NULL)"),
                [],
            )?;
            t.execute(&format!("INSERT INTO {answers} VALUES (1, ?1)"), [state])?;
            Ok(())
        })
    }

    /// Makes a draft's state durable.
    pub fn save(&self, draft: Uuid, state: &[u8]) -> Result<(), VaultError> {
        self.store.write(|t| {
            let sql = format!("UPDATE {} SET state = ?1", answers(id_of(t, draft)?));
            t.prepare_cached(&sql)?.execute([state])?;
            Ok(())
        })
    }

    /// Drafts, the newest first.
    pub fn drafts(&self) -> Result<Vec<DraftInfo>, VaultError> {
        self.store.read(|c| {
            let mut query = c.prepare("SELECT draft, questionnaire, sha256, started FROM draft ORDER BY id DESC")?;
            Ok(query.query_map([], info)?.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// A draft as it was last saved.
    pub fn draft(&self, draft: Uuid) -> Result<(DraftInfo, Zeroizing<Vec<u8>>), VaultError> {
        self.store.read(|c| {
            let sql = format!("SELECT state FROM {}", answers(id_of(c, draft)?));
            let state = Zeroizing::new(c.query_row(&sql, [], |r| r.get(0))?);
            let sql = "SELECT draft, questionnaire, sha256, started FROM draft WHERE draft = ?1";
            Ok((c.query_row(sql, [draft.to_string()], info)?, state))
        })
    }

    /// Erases a draft, with nothing in its place.
    pub fn discard(&self, draft: Uuid) -> Result<(), VaultError> {
        self.store.write(|t| {
            last_saved::drop_table(t, id_of(t, draft)?)?;
            erase(t, draft)
        })?;
        self.store.empty_wal()
    }

    /// First step of sealing: notes the card beside the draft, and what the questionnaire's next interview may read.
    pub fn begin_sealing(&self, draft: Uuid, card: &CaseSummary, last: Option<&Saved>) -> Result<(), VaultError> {
        self.store.write(|t| {
            let id = note(t, draft, Some(&card.to_json()))?;
            last.map_or(Ok(()), |last| last_saved::prepare(t, id, last))
        })
    }

    /// Last step of sealing: the card takes the place of the draft, whose answers are erased from file and WAL.
    pub fn end_sealing(&self, draft: Uuid, card: &CaseSummary) -> Result<(), VaultError> {
        self.store.write(|t| {
            card.insert(t)?;
            last_saved::keep(t, id_of(t, draft)?, card.record, &card.questionnaire)?;
            erase(t, draft)
        })?;
        self.store.empty_wal()
    }

    /// After an opening: brings every sealing that a crash cut off to its end, or back to a draft.
    pub fn resume_interrupted_sealing(&self, mailbox: &Mailbox) -> Result<(), VaultError> {
        let cut_off = self.store.read(|c| {
            let mut query = c.prepare("SELECT draft, sealing FROM draft WHERE sealing IS NOT NULL")?;
            let both = |r: &Row| Ok((parsed::<Uuid>(r, 0)?, from_json::<CaseSummary>(r, 1)?));
            Ok(query.query_map([], both)?.collect::<rusqlite::Result<Vec<_>>>()?)
        })?;
        for (draft, card) in cut_off {
            if mailbox.has(card.record)? {
                self.end_sealing(draft, &card)?;
            } else {
                self.store.write(|t| last_saved::drop_table(t, note(t, draft, None)?))?;
            }
        }
        Ok(())
    }
}

/// The table with the answers of the draft of this id.
fn answers(id: i64) -> String {
    format!("answers_{id}")
}

fn id_of(c: &Connection, draft: Uuid) -> Result<i64, VaultError> {
    let mut query = c.prepare_cached("SELECT id FROM draft WHERE draft = ?1")?;
    query.query_row([draft.to_string()], |r| r.get(0)).optional()?.ok_or(VaultError::NotFound(NotFoundItem::Draft))
}

/// Notes a card beside a draft, or that there is none. Returns the draft's id.
fn note(t: &Transaction, draft: Uuid, card: Option<&str>) -> Result<i64, VaultError> {
    let id = id_of(t, draft)?;
    t.execute("UPDATE draft SET sealing = ?1 WHERE id = ?2", params![card, id])?;
    Ok(id)
}

fn erase(t: &Transaction, draft: Uuid) -> Result<(), VaultError> {
    let id = id_of(t, draft)?;
    t.execute(&format!("DROP TABLE {}", answers(id)), [])?;
    t.execute("DELETE FROM draft WHERE id = ?1", [id])?;
    Ok(())
}

fn info(r: &Row) -> rusqlite::Result<DraftInfo> {
    Ok(DraftInfo { draft: parsed(r, 0)?, questionnaire: r.get(1)?, sha256: parsed(r, 2)?, started: r.get(3)? })
}
