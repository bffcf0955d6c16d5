//! The mailbox: all that sync needs while the vault is locked. Its key comes from the phone's key store alone.
//!
//! A record enters once, sealed and signed, in the same transaction that counts `seq`; from then on its bytes never
//! change, so that sending them again is harmless. What sync learns (receipts, catalog, time) is written here by sync,
//! which has checked the signatures; the catalog is checked here again, because everything else hangs on it.
//!
//! **Time.** `now` is the server's time of this run, carried on by the monotonic clock. Before the first contact of a run
//! it is the phone's own clock, corrected by what it was wrong by at the last contact, and never before that contact.

mod activity;
mod parts;
mod queue;

pub use activity::{Activity, ActivityKind};
pub use queue::{Applied, Offer, Outgoing, RecordStatus, Waiting};

use super::cipher::{self, FileKey};
use super::{DeviceSecret, File, Store, VaultError, schema};
use crate::catalog::{Chain, Grant};
use crate::clock::Clock;
use crate::envelope::{Digest, PublicKey, SigningKey};
use crate::record::Order;
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
pub struct PinGuard {
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
pub struct SyncState {
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
            let state = sync_state(t)?;
            t.execute("UPDATE server SET standing = ?1", [json(&SyncState { chain_known: false, ..state })])?;
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
    pub fn count_attempt(&self) -> Result<u32, VaultError> {
        self.store
            .write(|t| counter_row(t.query_row("UPDATE guard SET wrong = wrong + 1 RETURNING wrong", [], |r| r.get(0))))
    }
    /// The PIN was right.
    pub fn reset_attempts(&self) -> Result<(), VaultError> {
        self.set_pin_guard("wrong = 0, damaged = 0")
    }
    /// The PIN was right, but the vault cannot be read.
    pub fn note_damage(&self) -> Result<(), VaultError> {
        self.set_pin_guard("damaged = 1")
    }
    /// The attempt could not be made, because the key store did not answer: it is not counted.
    pub fn uncount_attempt(&self) -> Result<(), VaultError> {
        self.set_pin_guard("wrong = max(wrong - 1, 0)")
    }
    /// The PIN has been changed: its wrap has this generation.
    pub fn set_generation(&self, generation: u32) -> Result<(), VaultError> {
        self.set_pin_guard(&format!("generation = {generation}"))
    }
    /// The vault is to be destroyed, or kept aside: from now on it is not opened any more.
    pub fn give_up_vault(&self, keep: bool) -> Result<(), VaultError> {
        self.set_pin_guard(if keep { "gone = 2" } else { "gone = 1" })
    }
    fn set_pin_guard(&self, change: &str) -> Result<(), VaultError> {
        let sql = format!("UPDATE guard SET {change} RETURNING 1");
        self.store.write(|t| counter_row(t.query_row(&sql, [], |_| Ok(()))))
    }
    /// What stands before the vault. A missing counter is damage, never a fresh start.
    pub fn pin_guard(&self) -> Result<PinGuard, VaultError> {
        self.store.read(|c| {
            let guarded = |r: &Row| {
                let gone: u32 = r.get(1)?;
                let (wrong, generation, damaged) = (r.get(0)?, r.get(2)?, r.get(3)?);
                Ok(PinGuard { wrong, gone: gone > 0, kept: gone == 2, generation, damaged })
            };
            counter_row(c.query_row("SELECT wrong, gone, generation, damaged FROM guard", [], guarded))
        })
    }

    // --- time and place

    /// The server said that it is now `server` (seconds since 1970 UTC).
    pub fn learn_time(&self, server: i64) -> Result<(), VaultError> {
        *self.contact() = Some((server, self.clock.monotonic()));
        self.store.write(|t| {
            // receipts that a courier brought before the first contact are dated by a clock that nobody had checked
            let unchecked = "UPDATE record SET at = ?1 WHERE at < ?1 AND (SELECT learned IS NULL FROM server)";
            t.execute(unchecked, [server])?;
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
    pub fn sync_state(&self) -> Result<SyncState, VaultError> {
        self.store.read(sync_state)
    }
    /// The order to wipe this phone that is not acknowledged yet, if there is one.
    pub fn order(&self) -> Result<Option<Order>, VaultError> {
        let device = self.enrolment()?.device;
        // an order to the phone of an earlier card ended with that card
        Ok(self.sync_state()?.order.filter(|order| order.device == device))
    }
    pub fn set_sync_state(&self, state: &SyncState) -> Result<(), VaultError> {
        self.store.write(|t| Ok(t.execute("UPDATE server SET standing = ?1", [json(state)]).map(drop)?))
    }
}

/// Whose catalogs are trusted; none before the first card.
fn authorities(c: &Connection) -> Result<Vec<PublicKey>, VaultError> {
    let keys: Option<String> = c.query_row("SELECT authority FROM server", [], |r| r.get(0)).optional()?;
    let read = keys.iter().flat_map(|keys| keys.split(' ')).map(str::parse).collect::<Result<_, _>>();
    read.map_err(|_| VaultError::Damaged(File::Mailbox))
}

fn sync_state(c: &Connection) -> Result<SyncState, VaultError> {
    let state = c.query_row("SELECT standing FROM server WHERE standing IS NOT NULL", [], |r| from_json(r, 0));
    Ok(state.optional()?.unwrap_or_default())
}

fn counter_row<T>(found: rusqlite::Result<T>) -> Result<T, VaultError> {
    match found {
        Err(rusqlite::Error::QueryReturnedNoRows) => Err(VaultError::Damaged(File::Mailbox)),
        other => Ok(other?),
    }
}

pub(super) fn json(value: &impl Serialize) -> String {
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
