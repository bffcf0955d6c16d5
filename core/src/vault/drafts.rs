//! Interviews that are not finished: every answer is on the disk before the call that gave it returns.
//!
//! **The drafts have a file of their own**, `drafts-N.db`, whose key needs three things: the vault's key (so the PIN), this
//! phone's key store, and its alias `drafts.N`. An interview that was sealed or discarded is left behind: all others move into
//! `drafts-N+1.db`, the old file is removed, and the key store forgets alias N. So an old copy of the app's files brings no
//! sealed answer back, whoever knows the PIN. (An image of the flash that was taken as root, key store included, may.)
//!
//! **Sealing** goes in steps: the card is noted beside the draft; the record enters the mailbox; the card enters the vault; the
//! other drafts move. A crash in between shows at the next opening as a draft with a note, and the mailbox tells which half
//! happened ([`Drafts::settle`]). Which N is in force is said by the vault, in the transaction that ends a move.

use super::cases::Sealing;
use super::cipher::{self, FileKey};
use super::device_secret::{DeviceSecret, SecretError};
use super::error::VaultError;
use super::files::{drafts_alias, drafts_file, drafts_files, highest_drafts, remove_drafts, set_aside};
use super::mailbox::Mailbox;
use super::open_vault::Vault;
use super::schema;
use super::store::{Store, from_json, json, parsed, rows, sync_folder};
use crate::envelope::Digest;
use crate::error::{NotFoundItem, PhoneFile};
use ring::hkdf;
use rusqlite::{OptionalExtension as _, Row, Transaction, params};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
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

/// The note of a draft that has ended, and waits for the others to leave it behind.
const ENDED: &str = "";

/// The file of the open interviews.
pub struct Drafts {
    store: Store,
    generation: u32,
}

/// The key of a generation of the file: from `seed`, which only the open vault has, and the alias of this generation.
pub fn key(seed: &[u8; 32], generation: u32, secret: &dyn DeviceSecret) -> Result<FileKey, VaultError> {
    let input = Zeroizing::new([&b"key:"[..], seed].concat());
    let answer = secret.derive(&drafts_alias(generation), &input)?;
    let keyed = hkdf::Salt::new(hkdf::HKDF_SHA256, seed).extract(&*answer);
    let mut key = FileKey([0; 32]);
    let made = keyed.expand(&[b"tabara drafts key 1"], hkdf::HKDF_SHA256).and_then(|okm| okm.fill(&mut key.0));
    made.map_err(|_| VaultError::Cipher)?;
    Ok(key)
}

impl Drafts {
    fn at(folder: &Path, generation: u32, key: &FileKey, fresh: bool) -> Result<Self, VaultError> {
        let path = folder.join(drafts_file(generation));
        if !fresh && !path.try_exists()? {
            return Err(VaultError::Damaged(PhoneFile::Drafts));
        }
        let mut connection = cipher::open(&path, key, fresh).map_err(|e| e.at(PhoneFile::Drafts))?;
        schema::prepare(&mut connection, schema::DRAFTS, PhoneFile::Drafts, fresh)?;
        Ok(Self { store: Store::new(connection, PhoneFile::Drafts), generation })
    }

    /// Counts the files of this vault's drafts.
    pub fn generation(&self) -> u32 {
        self.generation
    }

    /// Begins a draft with its first state.
    pub fn begin(&self, info: &DraftInfo, state: &[u8]) -> Result<(), VaultError> {
        self.store.write(|t| insert(t, info, state))
    }

    /// Makes a draft's state durable.
    pub fn save(&self, draft: Uuid, state: &[u8]) -> Result<(), VaultError> {
        self.change(draft, "state = ?2", state)
    }

    fn change(&self, draft: Uuid, change: &str, to: impl rusqlite::ToSql) -> Result<(), VaultError> {
        self.store.write(|t| {
            let sql = format!("UPDATE draft SET {change} WHERE draft = ?1 AND note IS NULL");
            match t.prepare_cached(&sql)?.execute(params![draft.to_string(), to])? {
                0 => Err(VaultError::NotFound(NotFoundItem::Draft)),
                _ => Ok(()),
            }
        })
    }

    /// Drafts, the newest first.
    pub fn list(&self) -> Result<Vec<DraftInfo>, VaultError> {
        let sql = "SELECT draft, questionnaire, sha256, started FROM draft WHERE note IS NULL ORDER BY id DESC";
        self.store.read(|c| rows(c, sql, [], info))
    }

    /// A draft as it was last saved.
    pub fn draft(&self, draft: Uuid) -> Result<(DraftInfo, Zeroizing<Vec<u8>>), VaultError> {
        self.store.read(|c| {
            let sql =
                "SELECT draft, questionnaire, sha256, started, state FROM draft WHERE draft = ?1 AND note IS NULL";
            let found = c.prepare_cached(sql)?.query_row([draft.to_string()], with_state).optional()?;
            found.ok_or(VaultError::NotFound(NotFoundItem::Draft))
        })
    }

    /// Ends a draft, with nothing in its place. It is erased when the others have moved ([`Vault::move_drafts`]).
    pub fn discard(&self, draft: Uuid) -> Result<(), VaultError> {
        self.change(draft, "state = x'', note = ?2", ENDED)
    }

    /// First step of sealing: notes beside the draft what takes its place.
    pub fn begin_sealing(&self, draft: Uuid, sealing: &Sealing) -> Result<(), VaultError> {
        self.change(draft, "note = ?2", json(sealing))
    }

    /// Brings every sealing that was cut off to its end, or back to a draft: the mailbox knows.
    pub fn settle(&self, vault: &Vault, mailbox: &Mailbox) -> Result<(), VaultError> {
        let sql = "SELECT id, note FROM draft WHERE note <> ''";
        let cut_off: Vec<(i64, Sealing)> =
            self.store.read(|c| rows(c, sql, [], |r| Ok((r.get(0)?, from_json(r, 1)?))))?;
        for (id, sealing) in cut_off {
            let sent = mailbox.has(sealing.card.record)?;
            if sent {
                vault.keep(&sealing)?;
            }
            let sql = "UPDATE draft SET note = ?2 WHERE id = ?1";
            self.store.write(|t| Ok(t.execute(sql, params![id, sent.then_some(ENDED)]).map(drop)?))?;
        }
        Ok(())
    }

    /// Whether a draft has ended that is not left behind yet.
    pub fn any_ended(&self) -> Result<bool, VaultError> {
        let sql = "SELECT EXISTS (SELECT 1 FROM draft WHERE note IS NOT NULL)";
        self.store.read(|c| Ok(c.query_row(sql, [], |r| r.get(0))?))
    }

    /// Whether every draft can be read.
    fn is_whole(&self) -> Result<bool, VaultError> {
        let sql = "SELECT draft, questionnaire, sha256, started, state FROM draft";
        Ok(unless_damaged(self.store.read(|c| rows(c, sql, [], with_state)))?.is_some())
    }

    /// Copies the drafts that go on into a new file. Of a damaged file as many as can be read; returns whether that was all.
    fn copy_into(&self, new: &Self) -> Result<bool, VaultError> {
        let ids = self.store.read(|c| rows(c, "SELECT id FROM draft ORDER BY id", [], |r| r.get::<_, i64>(0)));
        let Some(ids) = unless_damaged(ids)? else { return Ok(false) };
        let mut whole = true;
        new.store.write(|t| {
            for id in ids {
                let sql =
                    "SELECT draft, questionnaire, sha256, started, state FROM draft WHERE id = ?1 AND note IS NULL";
                match unless_damaged(self.store.read(|c| Ok(c.query_row(sql, [id], with_state).optional()?)))? {
                    Some(Some((info, state))) => insert(t, &info, &state)?,
                    Some(None) => {}
                    None => whole = false,
                }
            }
            Ok(())
        })?;
        Ok(whole)
    }

    /// Makes the next file, with the drafts that go on: what an earlier attempt left of it goes. It is in force when the vault
    /// says so ([`Vault::set_drafts`]).
    fn moved(old: Option<&Self>, folder: &Path, next: u32, key: &FileKey) -> Result<(Self, bool), VaultError> {
        remove_drafts(folder, |generation| generation == next)?;
        let new = Self::at(folder, next, key, true)?;
        let whole = old.map_or(Ok(true), |old| old.copy_into(&new))?;
        new.store.empty_wal()?;
        sync_folder(folder)?;
        Ok((new, whole))
    }
}

impl Vault {
    /// Opens the file of the open interviews, and finishes first what a crash cut off. A file that cannot be read is set
    /// aside, and what can be read of it goes on in a new one ([`Vault::lost_drafts`]).
    pub fn open_drafts(
        &self,
        folder: &Path,
        secret: &dyn DeviceSecret,
        mailbox: &Mailbox,
    ) -> Result<Drafts, VaultError> {
        let generation = self.drafts()?;
        let open = || {
            let drafts = Drafts::at(folder, generation, &key(self.seed(), generation, secret)?, false)?;
            drafts.settle(self, mailbox)?;
            let ended = drafts.any_ended()?;
            Ok((drafts, ended))
        };
        let old = match if generation == 0 { Ok(None) } else { open().map(Some) } {
            // the key store has forgotten the alias: somebody put an old copy of the files back
            Err(VaultError::Damaged(PhoneFile::Drafts) | VaultError::Secret(SecretError::Lost)) => None,
            opened => opened?,
        };
        let drafts = match old {
            Some((drafts, false)) if drafts.is_whole()? => drafts,
            old => {
                let next = highest_drafts(folder)?.max(generation) + 1;
                let missing = old.is_none() && generation != 0;
                let key = key(self.seed(), next, secret)?;
                let (new, whole) = Drafts::moved(old.as_ref().map(|(drafts, _)| drafts), folder, next, &key)?;
                drop(old);
                let lost = missing || !whole;
                if lost {
                    let others = drafts_files(folder)?.into_iter().filter(|(n, _)| *n != next).map(|(_, name)| name);
                    set_aside(folder, &others.collect::<Vec<_>>())?;
                }
                self.set_drafts(next, lost)?;
                new
            }
        };
        self.remove_old_drafts(folder, drafts.generation)?.forget(secret)?;
        Ok(drafts)
    }

    /// Moves the interviews that go on into the next file, by the key of its generation. [`Vault::remove_old_drafts`] removes
    /// the old one, once it is closed.
    pub fn move_drafts(&self, folder: &Path, old: &Drafts, key: &FileKey) -> Result<Drafts, VaultError> {
        let next = old.generation + 1;
        match Drafts::moved(Some(old), folder, next, key)? {
            (new, true) => self.set_drafts(next, false).map(|()| new),
            // the next opening sets it aside
            _ => Err(VaultError::Damaged(PhoneFile::Drafts)),
        }
    }

    /// Removes the files of all other generations than the one in force.
    pub fn remove_old_drafts(&self, folder: &Path, generation: u32) -> Result<OldAliases, VaultError> {
        remove_drafts(folder, |other| other != generation)?;
        sync_folder(folder)?;
        Ok(OldAliases { oldest: self.oldest_alias().clone(), generation })
    }
}

/// Aliases of files that are gone. The key store is asked when no lock is held.
#[must_use]
pub struct OldAliases {
    oldest: Arc<AtomicU32>,
    generation: u32,
}

impl OldAliases {
    /// Has the key store forget them; what it does not forget now it is told again at the next opening.
    pub fn forget(self, secret: &dyn DeviceSecret) -> Result<(), VaultError> {
        for old in self.oldest.load(Ordering::Relaxed)..self.generation {
            secret.forget(&drafts_alias(old))?;
        }
        self.oldest.fetch_max(self.generation, Ordering::Relaxed);
        Ok(())
    }
}

fn insert(t: &Transaction, info: &DraftInfo, state: &[u8]) -> Result<(), VaultError> {
    let sql = "INSERT INTO draft (draft, questionnaire, sha256, started, state) VALUES (?1, ?2, ?3, ?4, ?5)";
    let DraftInfo { draft, questionnaire, sha256, started } = info;
    t.execute(sql, params![draft.to_string(), questionnaire, sha256.to_string(), started, state])?;
    Ok(())
}

fn info(r: &Row) -> rusqlite::Result<DraftInfo> {
    Ok(DraftInfo { draft: parsed(r, 0)?, questionnaire: r.get(1)?, sha256: parsed(r, 2)?, started: r.get(3)? })
}

fn with_state(r: &Row) -> rusqlite::Result<(DraftInfo, Zeroizing<Vec<u8>>)> {
    Ok((info(r)?, Zeroizing::new(r.get(4)?)))
}

/// None where the file is damaged.
fn unless_damaged<T>(read: Result<T, VaultError>) -> Result<Option<T>, VaultError> {
    match read {
        Err(VaultError::Damaged(_)) => Ok(None),
        read => read.map(Some),
    }
}
