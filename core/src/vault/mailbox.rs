//! The mailbox: all that sync needs while the vault is locked. Its key comes from the phone's key store alone.
//!
//! A record enters once, sealed and signed, in the same transaction that counts `seq`; from then on its bytes never
//! change, so that sending them again is harmless. What sync learns (receipts, catalog, time) is written here by sync,
//! which has checked the signatures; the catalog is checked here again, because everything else hangs on it.
//!
//! **Time.** `now` is the server's time of this run, carried on by the monotonic clock. Before the first contact of a run
//! it is the phone's own clock, corrected by what it was wrong by at the last contact, and never before that contact.

use super::cipher::{self, FileKey};
use super::{DeviceSecret, File, Store, VaultError, schema};
use crate::catalog::{Catalog, Chain, Grant, Part, PartKind, Policy};
use crate::clock::Clock;
use crate::envelope::{Digest, PublicKey, SigningKey, sha256};
use crate::record::{News, Order, Outcome, Reason, Update};
use rusqlite::{Connection, OptionalExtension as _, Row, params};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use uuid::Uuid;

/// The mailbox of an open folder. Every call is durable when it returns.
pub struct Mailbox {
    store: Store,
    clock: Arc<dyn Clock>,
    /// Server time and monotonic time of the last contact in this run.
    contact: Mutex<Option<(i64, Duration)>>,
}

/// Who this phone is, and where it syncs.
#[derive(Debug, Clone)]
pub struct Enrolment {
    pub device: Uuid,
    pub organisation: String,
    /// Code of the commune of enrolment.
    pub commune: String,
    pub chain: Chain,
    /// Chains of earlier cards: their records may still wait. Post them too where the server does not know them.
    pub older: Vec<Chain>,
    /// Signs tokens.
    pub transport_key: SigningKey,
    /// All trust starts with one of these.
    pub authorities: Vec<PublicKey>,
    pub server: String,
    pub pin: Option<Digest>,
}

/// What stands before the vault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Guard {
    /// PINs tried since the last right one.
    pub wrong: u32,
    /// The vault was given up, see [`Mailbox::give_up_vault`].
    pub gone: bool,
    /// It is kept aside, not destroyed.
    pub kept: bool,
    /// The right PIN found a vault that cannot be read.
    pub damaged: bool,
    /// Of the wrap in force.
    pub generation: u32,
}

/// This phone's place on the server's log. Belongs to sync.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Standing {
    pub epoch: Option<Uuid>,
    /// The server has taken our chain.
    pub chain_known: bool,
    /// All that is kept must be offered again.
    pub reoffer: bool,
    /// Updates up to here are taken.
    pub cursor: u64,
    /// What the phone is told to do, until the server has heard that it is done.
    pub order: Option<Order>,
}

/// A record that waits to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// Its place in the queue, to ask for what comes after it.
    pub place: u64,
    pub record: Uuid,
    pub jws: String,
    pub sealed: Option<Vec<u8>>,
}

/// What became of a record, as sync has checked it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Applied {
    /// A receipt with a good signature over exactly these bytes.
    Kept {
        record: Uuid,
        outcome: Outcome,
        reason: Option<Reason>,
        receipt: String,
        position: u64,
        epoch: Uuid,
    },
    Refused {
        record: Uuid,
        reason: Reason,
    },
}

/// Where a record is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    Waiting,
    Kept,
    /// The server has it and does not count it until a person has looked.
    Quarantined(Reason),
    Refused(Reason),
    /// The person took it back on another phone.
    Withdrawn,
}

/// A kept record whose bytes are still here, for a server that was restored from a backup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    pub record: Uuid,
    /// SHA-256 of the JWS.
    pub jws: Digest,
    pub position: u64,
}

/// What the focal point is told about her records.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Waiting {
    /// Records that wait to be sent.
    pub records: u64,
    /// Records that the server refused, with its reason: they stay here.
    pub refused: Vec<(Uuid, Reason)>,
    /// End of the last complete sync, seconds since 1970 UTC.
    pub last_sync: Option<i64>,
    /// The last sync is so long ago that cases are hidden until the next one.
    pub lease_over: bool,
}

impl Mailbox {
    /// Opens the mailbox of a folder, or begins an empty one where `may_be_new`.
    pub fn open(
        folder: &Path,
        secret: &dyn DeviceSecret,
        clock: Arc<dyn Clock>,
        may_be_new: bool,
    ) -> Result<Self, VaultError> {
        let path = folder.join(File::Mailbox.name());
        if !may_be_new && !path.try_exists()? {
            return Err(VaultError::Damaged(File::Mailbox));
        }
        let key = FileKey(*secret.derive("mailbox", b"tabara mailbox key 1")?);
        let mut connection = cipher::open(&path, &key, may_be_new).map_err(|e| e.at(File::Mailbox))?;
        schema::prepare(&mut connection, schema::MAILBOX, File::Mailbox, may_be_new)?;
        let store = Store { connection: Mutex::new(connection), file: File::Mailbox };
        Ok(Self { store, clock, contact: Mutex::new(None) })
    }

    // --- who I am

    /// Takes a new card into force: its chain and transport key, with a fresh PIN counter for a wrap of this generation.
    pub fn enrol(
        &self,
        card: &crate::catalog::Card,
        grant: &Grant,
        chain: &Chain,
        transport: &SigningKey,
        generation: u32,
    ) -> Result<(), VaultError> {
        self.store.write(|t| {
            t.execute(
                "INSERT INTO enrolment (device, organisation, commune, chain, transport) VALUES (?1, ?2, ?3, ?4, ?5)",
                params![grant.device.to_string(), grant.organisation, grant.commune, json(chain), transport.seed()],
            )?;
            t.execute(
                "INSERT INTO server (one, url, pin, authority) VALUES (1, ?1, ?2, ?3)
                 ON CONFLICT (one) DO UPDATE SET url = ?1, pin = ?2",
                params![card.server, card.pin.map(|p| p.to_string()), card.authority.to_string()],
            )?;
            // a card of an authority that was not trusted here begins anew; its catalogs know nothing of the old ones
            if !authorities(t)?.contains(&card.authority) {
                t.execute("UPDATE server SET authority = ?1, catalog = NULL", [card.authority.to_string()])?;
            }
            let standing = standing(t)?;
            t.execute("UPDATE server SET standing = ?1", [json(&Standing { chain_known: false, ..standing })])?;
            t.execute(
                "INSERT INTO guard (one, wrong, gone, generation, damaged) VALUES (1, 0, 0, ?1, 0)
                 ON CONFLICT (one) DO UPDATE SET wrong = 0, gone = 0, generation = ?1, damaged = 0",
                [generation],
            )?;
            Ok(())
        })?;
        // not in the WAL alone, which ends where one bit is wrong
        self.store.empty_wal()
    }

    /// Whether a card was ever taken.
    pub fn is_enrolled(&self) -> Result<bool, VaultError> {
        self.store.read(|c| Ok(c.query_row("SELECT EXISTS (SELECT 1 FROM enrolment)", [], |r| r.get(0))?))
    }

    pub fn enrolment(&self) -> Result<Enrolment, VaultError> {
        self.store.read(|c| {
            let mut chains: Vec<Chain> = texts(c, "SELECT chain FROM enrolment ORDER BY id")?;
            let authorities = authorities(c)?;
            let chain = chains.pop().ok_or(VaultError::NotEnrolled)?;
            let row = c.query_row(
                "SELECT device, organisation, commune, transport, url, pin FROM enrolment, server ORDER BY id DESC",
                [],
                |r| {
                    Ok(Enrolment {
                        device: parsed(r, 0)?,
                        organisation: r.get(1)?,
                        commune: r.get(2)?,
                        chain,
                        older: chains,
                        transport_key: SigningKey::from_seed(r.get(3)?),
                        server: r.get(4)?,
                        pin: r.get::<_, Option<String>>(5)?.map(|_| parsed(r, 5)).transpose()?,
                        authorities,
                    })
                },
            )?;
            Ok(row)
        })
    }

    // --- the guard before the vault

    /// Counts an attempt, before it is made. Returns how many were made since the last right one, this one included.
    pub fn charge(&self) -> Result<u32, VaultError> {
        self.store.write(|t| guard(t.query_row("UPDATE guard SET wrong = wrong + 1 RETURNING wrong", [], |r| r.get(0))))
    }
    /// The PIN was right.
    pub fn discharge(&self) -> Result<(), VaultError> {
        self.set_guard("wrong = 0, damaged = 0")
    }
    /// The PIN was right, but the vault cannot be read.
    pub fn note_damage(&self) -> Result<(), VaultError> {
        self.set_guard("damaged = 1")
    }
    /// The attempt could not be made, because the key store did not answer: it is not counted.
    pub fn refund(&self) -> Result<(), VaultError> {
        self.set_guard("wrong = max(wrong - 1, 0)")
    }
    /// The PIN has been changed: its wrap has this generation.
    pub fn set_generation(&self, generation: u32) -> Result<(), VaultError> {
        self.set_guard(&format!("generation = {generation}"))
    }
    /// The vault is to be destroyed, or kept aside: from now on it is not opened any more.
    pub fn give_up_vault(&self, keep: bool) -> Result<(), VaultError> {
        self.set_guard(if keep { "gone = 2" } else { "gone = 1" })
    }
    fn set_guard(&self, change: &str) -> Result<(), VaultError> {
        let sql = format!("UPDATE guard SET {change} RETURNING 1");
        self.store.write(|t| guard(t.query_row(&sql, [], |_| Ok(()))))
    }
    /// What stands before the vault. A missing counter is damage, never a fresh start.
    pub fn guard(&self) -> Result<Guard, VaultError> {
        self.store.read(|c| {
            let guarded = |r: &Row| {
                let gone: u32 = r.get(1)?;
                let (wrong, generation, damaged) = (r.get(0)?, r.get(2)?, r.get(3)?);
                Ok(Guard { wrong, gone: gone > 0, kept: gone == 2, generation, damaged })
            };
            guard(c.query_row("SELECT wrong, gone, generation, damaged FROM guard", [], guarded))
        })
    }

    // --- records

    /// Puts a record in the queue: `sign` gets its number and returns the envelope.
    pub fn post(
        &self,
        record: Uuid,
        sealed: Option<&[u8]>,
        sign: impl FnOnce(u64) -> String,
    ) -> Result<(), VaultError> {
        self.store.write(|t| {
            let (enrolment, seq): (i64, u64) = t.query_row(
                "UPDATE enrolment SET seq = seq + 1 WHERE id = (SELECT max(id) FROM enrolment) RETURNING id, seq",
                [],
                |r| Ok((r.get(0)?, r.get(1)?)),
            )?;
            t.execute(
                "INSERT INTO record (record, enrolment, seq, jws, sealed) VALUES (?1, ?2, ?3, ?4, ?5)",
                params![record.to_string(), enrolment, seq, sign(seq), sealed],
            )?;
            Ok(())
        })?;
        // what cannot be moved out of the WAL now is moved later; it is durable there, too
        let _ = self.store.empty_wal();
        Ok(())
    }
    /// Erases the bytes of a record that the server keeps, because the person took it back. One that still waits is sent
    /// first, because the withdrawal follows it: the server erases it when both are there.
    pub fn erase(&self, record: Uuid) -> Result<(), VaultError> {
        let sql = "UPDATE record SET jws = '', sealed = NULL, receipt = NULL WHERE state = 'kept' AND record = ?1";
        if self.store.write(|t| Ok(t.execute(sql, [record.to_string()])?))? > 0 {
            self.store.rebuild()?;
        }
        Ok(())
    }
    /// Whether a record still waits, was kept, or was refused and why.
    pub fn fate(&self, record: Uuid) -> Result<Fate, VaultError> {
        let sql = "SELECT state, reason, outcome FROM record WHERE record = ?1";
        let fate = |r: &Row| match (r.get_ref(0)?.as_str()?, r.get_ref(1)?.as_str_or_null()?) {
            ("waiting", _) => Ok(Fate::Waiting),
            ("kept", _) if r.get_ref(2)?.as_str_or_null()? == Some(WITHDRAWN) => Ok(Fate::Withdrawn),
            ("kept", None) => Ok(Fate::Kept),
            ("kept", _) => Ok(Fate::Quarantined(from_json(r, 1)?)),
            _ => Ok(Fate::Refused(from_json(r, 1)?)),
        };
        let found = self.store.read(|c| Ok(c.query_row(sql, [record.to_string()], fate).optional()?))?;
        // only records with a case card are asked for: one that is not here was lost
        found.ok_or(VaultError::Damaged(File::Mailbox))
    }
    /// Whether a record was ever put in the queue.
    pub fn has(&self, record: Uuid) -> Result<bool, VaultError> {
        let sql = "SELECT EXISTS (SELECT 1 FROM record WHERE record = ?1)";
        self.store.read(|c| Ok(c.query_row(sql, [record.to_string()], |r| r.get(0))?))
    }
    /// Records that wait, in the order they were sealed, after a place: at most so many and so many bytes, but one if any.
    pub fn waiting(&self, after: u64, max_records: usize, max_bytes: usize) -> Result<Vec<Outgoing>, VaultError> {
        self.store.read(|c| {
            let mut query = c.prepare_cached(
                "SELECT id, record, jws, sealed FROM record WHERE state = 'waiting' AND id > ?1 ORDER BY id LIMIT ?2",
            )?;
            let mut found = Vec::new();
            let mut bytes = 0;
            let outgoing =
                |r: &Row| Ok(Outgoing { place: r.get(0)?, record: parsed(r, 1)?, jws: r.get(2)?, sealed: r.get(3)? });
            for row in query.query_map(params![after, max_records], outgoing)? {
                let row = row?;
                bytes += row.jws.len() + row.sealed.as_ref().map_or(0, Vec::len);
                if bytes > max_bytes && !found.is_empty() {
                    break;
                }
                found.push(row);
            }
            Ok(found)
        })
    }
    /// Takes the server's verdicts over, all or none.
    pub fn apply(&self, verdicts: &[Applied]) -> Result<(), VaultError> {
        let now = self.now()?;
        self.store.write(|t| {
            for verdict in verdicts {
                match verdict {
                    Applied::Kept { record, outcome, reason, receipt, position, epoch } => t.execute(
                        "UPDATE record SET state = 'kept', outcome = ?2, reason = ?3, receipt = ?4, position = ?5, epoch = ?6,
                         at = coalesce(at, ?7) WHERE record = ?1",
                        params![record.to_string(), json(outcome), reason.map(|r| json(&r)), receipt, position, epoch.to_string(), now],
                    )?,
                    Applied::Refused { record, reason } => t.execute(
                        "UPDATE record SET state = 'refused', reason = ?2, times = times + 1 WHERE record = ?1 AND state = 'waiting'",
                        params![record.to_string(), json(reason)],
                    )?,
                };
            }
            Ok(())
        })
    }
    /// Puts refused records that were refused fewer than `max_times` back in the queue. Returns how many.
    pub fn retry_refused(&self, max_times: u32) -> Result<usize, VaultError> {
        let sql = "UPDATE record SET state = 'waiting' WHERE state = 'refused' AND times < ?1";
        self.store.write(|t| Ok(t.execute(sql, [max_times])?))
    }
    /// Kept records whose bytes are still here.
    pub fn kept(&self) -> Result<Vec<Offer>, VaultError> {
        self.store.read(|c| {
            let sql = "SELECT record, jws, position FROM record WHERE state = 'kept' AND jws <> '' ORDER BY position";
            rows(c, sql, [], |r| {
                Ok(Offer { record: parsed(r, 0)?, jws: sha256(r.get_ref(1)?.as_bytes()?), position: r.get(2)? })
            })
        })
    }
    /// Puts records back in the queue that the server has lost, as far as their bytes are still here.
    pub fn send_again(&self, records: &[Uuid]) -> Result<(), VaultError> {
        self.store.write(|t| {
            for record in records {
                let sql = "UPDATE record SET state = 'waiting' WHERE record = ?1 AND jws <> ''";
                t.execute(sql, [record.to_string()])?;
            }
            Ok(())
        })
    }
    /// Erases the bytes of records that the server has kept for as long as the policy says, from file and WAL.
    pub fn tidy(&self) -> Result<(), VaultError> {
        let days = i64::from(self.policy()?.keep_sealed_days);
        let before = self.now()? - days * 86_400;
        let sql =
            "UPDATE record SET jws = '', sealed = NULL, receipt = NULL WHERE state = 'kept' AND at < ?1 AND jws <> ''";
        if self.store.write(|t| Ok(t.execute(sql, [before])?))? > 0 {
            self.store.rebuild()?;
        }
        Ok(())
    }
    /// What the focal point is told.
    pub fn outlook(&self) -> Result<Waiting, VaultError> {
        let lease_begins = self.now()? - i64::from(self.policy()?.lease_days) * 86_400;
        self.store.read(|c| {
            let sql = "SELECT last_sync FROM server";
            let last_sync: Option<i64> = c.query_row(sql, [], |r| r.get(0)).optional()?.flatten();
            Ok(Waiting {
                records: c.query_row("SELECT count(*) FROM record WHERE state = 'waiting'", [], |r| r.get(0))?,
                refused: rows(c, "SELECT record, reason FROM record WHERE state = 'refused' ORDER BY id", [], |r| {
                    Ok((parsed(r, 0)?, from_json(r, 1)?))
                })?,
                last_sync,
                lease_over: last_sync.is_some_and(|last| last < lease_begins),
            })
        })
    }

    // --- catalog and parts

    /// The catalog in force.
    pub fn catalog(&self) -> Result<Option<(String, Catalog)>, VaultError> {
        self.store.read(catalog)
    }
    /// The policy in force; the default before the first catalog.
    pub fn policy(&self) -> Result<Policy, VaultError> {
        Ok(self.catalog()?.map(|(_, catalog)| catalog.policy).unwrap_or_default())
    }
    /// Checks a catalog against the authority and the one in force, and puts it in force.
    pub fn take_catalog(&self, jws: &str) -> Result<Catalog, VaultError> {
        self.store.write(|t| {
            let old = catalog(t)?.map(|(_, catalog)| catalog);
            let (new, signer) = Catalog::verify_any(jws, &authorities(t)?, old.as_ref())?;
            let trusted = join(std::iter::once(&signer).chain(&new.rotation.authorities));
            t.execute("UPDATE server SET catalog = ?1, authority = ?2", [jws, &trusted])?;
            Ok(new)
        })
    }
    /// Parts that the catalog names and that are not here yet.
    pub fn missing_parts(&self) -> Result<Vec<Part>, VaultError> {
        self.store.read(|c| {
            let Some((_, catalog)) = catalog(c)? else { return Ok(vec![]) };
            let mut here = c.prepare("SELECT 1 FROM part WHERE sha256 = ?1")?;
            let mut missing = Vec::new();
            for part in catalog.parts {
                if !here.exists([part.sha256.to_string()])? {
                    missing.push(part);
                }
            }
            Ok(missing)
        })
    }
    /// Keeps a part, under its hash.
    pub fn take_part(&self, bytes: &[u8]) -> Result<(), VaultError> {
        let hash = sha256(bytes);
        self.store.write(|t| {
            let catalog = catalog(t)?.map(|(_, catalog)| catalog).ok_or(VaultError::NotFound("catalog"))?;
            let named = catalog.parts.iter().find(|p| p.sha256 == hash).ok_or(VaultError::NotFound("part"))?;
            let questionnaire = (named.kind == PartKind::Questionnaire).then_some(&named.id);
            t.execute(
                "INSERT OR IGNORE INTO part (sha256, questionnaire, bytes) VALUES (?1, ?2, ?3)",
                params![hash.to_string(), questionnaire, bytes],
            )?;
            Ok(())
        })
    }
    /// The bytes of a part.
    pub fn part(&self, hash: &Digest) -> Result<Option<Vec<u8>>, VaultError> {
        let sql = "SELECT bytes FROM part WHERE sha256 = ?1";
        self.store.read(|c| Ok(c.query_row(sql, [hash.to_string()], |r| r.get(0)).optional()?))
    }
    /// For each questionnaire of the catalog the newest version that is here.
    pub fn questionnaires(&self) -> Result<Vec<(String, Digest)>, VaultError> {
        self.store.read(|c| {
            let Some((_, catalog)) = catalog(c)? else { return Ok(vec![]) };
            let mut found = Vec::new();
            for part in catalog.parts.iter().filter(|p| p.kind == PartKind::Questionnaire) {
                let sql = "SELECT sha256 FROM part WHERE questionnaire = ?1 ORDER BY sha256 = ?2 DESC, n DESC LIMIT 1";
                let newest =
                    c.query_row(sql, params![part.id, part.sha256.to_string()], |r| parsed(r, 0)).optional()?;
                found.extend(newest.map(|hash| (part.id.clone(), hash)));
            }
            Ok(found)
        })
    }
    /// Drops parts that neither the catalog nor a draft needs, once nothing of the catalog is missing.
    pub fn drop_parts(&self, pinned: &[Digest]) -> Result<(), VaultError> {
        if !self.missing_parts()?.is_empty() {
            return Ok(());
        }
        self.store.write(|t| {
            let Some((_, catalog)) = catalog(t)? else { return Ok(()) };
            let needed: Vec<_> = catalog.parts.iter().map(|p| p.sha256).chain(pinned.iter().copied()).collect();
            for hash in rows(t, "SELECT sha256 FROM part", [], |r| parsed::<Digest>(r, 0))? {
                if !needed.contains(&hash) {
                    t.execute("DELETE FROM part WHERE sha256 = ?1", [hash.to_string()])?;
                }
            }
            Ok(())
        })
    }

    // --- time and place

    /// The server said that it is now `server` (seconds since 1970 UTC).
    pub fn learn_time(&self, server: i64) -> Result<(), VaultError> {
        *self.contact() = Some((server, self.clock.monotonic()));
        self.store.write(|t| {
            t.execute("UPDATE server SET learned = ?1, phone = ?2", params![server, self.clock.unix()])?;
            Ok(())
        })
    }
    /// Seconds since 1970 UTC, by learned time.
    pub fn now(&self) -> Result<i64, VaultError> {
        if let Some((server, then)) = *self.contact() {
            return Ok(server + self.clock.monotonic().saturating_sub(then).as_secs() as i64);
        }
        let sql = "SELECT learned, phone FROM server WHERE learned IS NOT NULL";
        let last: Option<(i64, i64)> =
            self.store.read(|c| Ok(c.query_row(sql, [], |r| Ok((r.get(0)?, r.get(1)?))).optional()?))?;
        let phone = self.clock.unix();
        Ok(last.map_or(phone, |(learned, then)| phone.saturating_add(learned.saturating_sub(then)).max(learned)))
    }
    fn contact(&self) -> std::sync::MutexGuard<'_, Option<(i64, Duration)>> {
        self.contact.lock().unwrap_or_else(PoisonError::into_inner)
    }
    /// A sync came to its end.
    pub fn synced(&self) -> Result<(), VaultError> {
        let now = self.now()?;
        self.store.write(|t| Ok(t.execute("UPDATE server SET last_sync = ?1", [now]).map(drop)?))
    }
    pub fn standing(&self) -> Result<Standing, VaultError> {
        self.store.read(standing)
    }
    /// The order to wipe this phone that is not acknowledged yet, if there is one.
    pub fn order(&self) -> Result<Option<Order>, VaultError> {
        let device = self.enrolment()?.device;
        // an order to the phone of an earlier card ended with that card
        Ok(self.standing()?.order.filter(|order| order.device == device))
    }
    pub fn set_standing(&self, standing: &Standing) -> Result<(), VaultError> {
        self.store.write(|t| Ok(t.execute("UPDATE server SET standing = ?1", [json(standing)]).map(drop)?))
    }
    /// Takes updates over and sets the cursor behind them. What was decided about a record, or taken back elsewhere, is
    /// noted with the record at once; what only the vault can take waits as it came, once.
    pub fn take_updates(&self, updates: &[Update], cursor: u64) -> Result<(), VaultError> {
        let erased = self.store.write(|t| {
            let mut erased = 0;
            for update in updates {
                let record = update.record.to_string();
                erased += match &update.news {
                    News::Withdrawn => t.execute(
                        "UPDATE record SET outcome = ?2, jws = '', sealed = NULL, receipt = NULL
                         WHERE record = ?1 AND state = 'kept'",
                        params![record, WITHDRAWN],
                    )?,
                    News::Decision { accept: true } => {
                        t.execute("UPDATE record SET reason = NULL WHERE record = ?1 AND state = 'kept'", [record])?;
                        0
                    }
                    // an order is checked and kept by sync
                    News::Decision { .. } | News::Order { .. } | News::Other => 0,
                    News::Review { .. } => {
                        let sql = "INSERT OR IGNORE INTO news (position, body) VALUES (?1, ?2)";
                        t.execute(sql, params![update.position, json(update)])?;
                        0
                    }
                };
            }
            let standing = Standing { cursor, ..standing(t)? };
            t.execute("UPDATE server SET standing = ?1", [json(&standing)])?;
            Ok(erased)
        })?;
        if erased > 0 { self.store.rebuild() } else { Ok(()) }
    }
}

/// The outcome of a record that the person took back elsewhere.
const WITHDRAWN: &str = "\"withdrawn\"";

/// Keys in the column `authority`, between spaces.
fn join<'a>(keys: impl Iterator<Item = &'a PublicKey>) -> String {
    keys.map(PublicKey::to_string).collect::<Vec<_>>().join(" ")
}

/// Whose catalogs are trusted; none before the first card.
fn authorities(c: &Connection) -> Result<Vec<PublicKey>, VaultError> {
    let keys: Option<String> = c.query_row("SELECT authority FROM server", [], |r| r.get(0)).optional()?;
    let read = keys.iter().flat_map(|keys| keys.split(' ')).map(str::parse).collect::<Result<_, _>>();
    read.map_err(|_| VaultError::Damaged(File::Mailbox))
}

fn catalog(c: &Connection) -> Result<Option<(String, Catalog)>, VaultError> {
    let jws: Option<String> = c.query_row("SELECT catalog FROM server", [], |r| r.get(0)).optional()?.flatten();
    let Some(jws) = jws else { return Ok(None) };
    let (catalog, _) = Catalog::verify_any(&jws, &authorities(c)?, None)?;
    Ok(Some((jws, catalog)))
}

fn standing(c: &Connection) -> Result<Standing, VaultError> {
    let standing = c.query_row("SELECT standing FROM server WHERE standing IS NOT NULL", [], |r| from_json(r, 0));
    Ok(standing.optional()?.unwrap_or_default())
}

fn guard<T>(found: rusqlite::Result<T>) -> Result<T, VaultError> {
    match found {
        Err(rusqlite::Error::QueryReturnedNoRows) => Err(VaultError::Damaged(File::Mailbox)),
        other => Ok(other?),
    }
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("plain data has a JSON form")
}

/// A column of text that stands for something else; what cannot be read is reported as a column of the wrong type.
pub(super) fn parsed<T: std::str::FromStr>(row: &Row, at: usize) -> rusqlite::Result<T> {
    let text: String = row.get(at)?;
    text.parse().map_err(|_| rusqlite::Error::InvalidColumnType(at, String::new(), rusqlite::types::Type::Text))
}

pub(super) fn from_json<T: DeserializeOwned>(row: &Row, at: usize) -> rusqlite::Result<T> {
    let text: String = row.get(at)?;
    serde_json::from_str(&text)
        .map_err(|_| rusqlite::Error::InvalidColumnType(at, String::new(), rusqlite::types::Type::Text))
}

fn rows<T>(
    c: &Connection,
    sql: &str,
    params: impl rusqlite::Params,
    read: impl FnMut(&Row) -> rusqlite::Result<T>,
) -> Result<Vec<T>, VaultError> {
    Ok(c.prepare_cached(sql)?.query_map(params, read)?.collect::<rusqlite::Result<_>>()?)
}

fn texts<T: DeserializeOwned>(c: &Connection, sql: &str) -> Result<Vec<T>, VaultError> {
    rows(c, sql, [], |r| from_json(r, 0))
}

#[cfg(test)]
#[path = "mailbox_tests.rs"]
mod tests;
