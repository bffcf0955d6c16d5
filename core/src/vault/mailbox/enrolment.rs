//! Who this phone is, and where it syncs.

use super::file::Mailbox;
use super::sync_state::{SyncState, set_sync_state};
use crate::catalog::{Binding, Chain, DeviceRole, EnrolmentCard, Grant, ServerAddress};
use crate::envelope::{self, PublicKey, SigningKey};
use crate::error::PhoneFile;
use crate::record::Order;
use crate::vault::error::VaultError;
use crate::vault::store::{from_json, json, rows};
use crate::wire::{Introduction, MAX_ASKED};
use rusqlite::{Connection, OptionalExtension as _, Row, params};
use uuid::Uuid;
use zeroize::Zeroizing;

/// Who this phone is, and where it syncs.
#[derive(Debug, Clone)]
pub struct Enrolment {
    /// Counts the cards of this phone.
    pub id: i64,
    /// Id of this phone, from its card.
    pub device: Uuid,
    /// What its owner does.
    pub role: DeviceRole,
    /// The organisation that its owner works for.
    pub organisation: String,
    /// Code of the commune of enrolment.
    pub commune: String,
    /// By which the server knows this phone, and what it first said to it.
    pub introduction: Introduction,
    /// Signs bundles.
    pub transport_key: SigningKey,
    /// All trust starts with one of these.
    pub authorities: Vec<PublicKey>,
    /// Where the card says to sync.
    pub servers: Vec<ServerAddress>,
}

/// Which enrolments may send: the one in force, and those for which a trusted authority vouches.
pub(super) const TRUSTED: &str = "SELECT e.id FROM enrolment e, server s WHERE instr(s.authority, e.authority) OR e.id = (SELECT max(id) FROM enrolment)";

impl Mailbox {
    /// Takes a new card into force: its chain, transport key and mailbox identity, with a fresh PIN counter for a wrap of this
    /// generation.
    pub fn enrol(
        &self,
        card: &EnrolmentCard,
        chain: &Chain,
        transport: &SigningKey,
        mailbox: &str,
        generation: u32,
    ) -> Result<(), VaultError> {
        let grant: Grant = read(&chain.grant)?;
        let authority = card.authority.to_string();
        self.store.write(|t| {
            t.execute(
                "INSERT INTO enrolment (device, authority, chain, transport, mailbox) VALUES (?1, ?2, ?3, ?4, ?5)",
                params![grant.device.to_string(), authority, json(chain), transport.seed(), mailbox],
            )?;
            // a card of an authority that was not trusted here begins anew; its catalogs know nothing of the old ones
            if !authorities(t)?.contains(&card.authority) {
                t.execute(
                    "INSERT INTO server (one, authority) VALUES (1, ?1)
                     ON CONFLICT (one) DO UPDATE SET authority = ?1, catalog = NULL, learned = NULL, state = '{}'",
                    [authority],
                )?;
            }
            let state = super::sync_state::sync_state(t)?;
            set_sync_state(t, &SyncState { order: None, standing: Default::default(), set_back: false, ..state })?;
            // what was being sent is sealed with the keys of the last card
            t.execute("UPDATE bundle SET bytes = NULL", [])?;
            // and what was sealed to its vault opens no more
            t.execute("DELETE FROM forwarded", [])?;
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

    /// Who this phone is now, by its last card.
    pub fn enrolment(&self) -> Result<Enrolment, VaultError> {
        self.store.read(|c| {
            let authorities = authorities(c)?;
            let sql = "SELECT id, chain, receipt, transport FROM enrolment ORDER BY id DESC LIMIT 1";
            let row = |r: &Row| Ok((r.get(0)?, introduction(r, 1)?, SigningKey::from_seed(r.get(3)?)));
            let (id, introduction, transport_key) =
                c.query_row(sql, [], row).optional()?.ok_or(VaultError::NotEnrolled)?;
            let Grant { device, role, organisation, commune, servers, .. } = read(&introduction.chain.grant)?;
            Ok(Enrolment { id, device, role, organisation, commune, introduction, transport_key, authorities, servers })
        })
    }

    /// The age identities that parcels are sealed to, the newest card's first.
    pub fn identities(&self) -> Result<Vec<Zeroizing<String>>, VaultError> {
        self.store.read(|c| {
            let sql = "SELECT mailbox FROM enrolment ORDER BY id DESC";
            rows(c, sql, [], |r| r.get::<_, String>(0).map(Zeroizing::new))
        })
    }

    /// The chains that the server may not know, the newest card's first; or `all`.
    pub fn introductions(&self, all: bool) -> Result<Vec<(i64, Introduction)>, VaultError> {
        self.store.read(|c| {
            let sql = format!(
                "SELECT id, chain, receipt FROM enrolment WHERE (?1 OR NOT known) AND id IN ({TRUSTED})
                 ORDER BY id DESC LIMIT ?2"
            );
            rows(c, &sql, params![all, MAX_ASKED], |r| Ok((r.get(0)?, introduction(r, 1)?)))
        })
    }

    /// Keys that sign, or signed, records of this phone.
    pub fn record_keys(&self) -> Result<Vec<PublicKey>, VaultError> {
        let chains: Vec<Chain> =
            self.store.read(|c| rows(c, "SELECT chain FROM enrolment", [], |r| from_json(r, 0)))?;
        chains.iter().map(|chain| Ok(read::<Binding>(&chain.binding)?.record_key)).collect()
    }

    /// Where to sync: what the catalog says, else the card.
    pub fn servers(&self) -> Result<Vec<ServerAddress>, VaultError> {
        let named = self.catalog()?.map(|(_, catalog)| catalog.servers).unwrap_or_default();
        Ok(if named.is_empty() { self.enrolment()?.servers } else { named })
    }

    /// The order to wipe this phone that is not acknowledged yet, if there is one.
    pub fn order(&self) -> Result<Option<Order>, VaultError> {
        Ok(self.sync_state()?.order)
    }
}

fn introduction(r: &Row, at: usize) -> rusqlite::Result<Introduction> {
    Ok(Introduction { chain: from_json(r, at)?, receipt: r.get(at + 1)? })
}

/// Reads an envelope that was checked before it came here.
fn read<T: serde::de::DeserializeOwned>(jws: &str) -> Result<T, VaultError> {
    envelope::stored(jws).map_err(|_| VaultError::Damaged(PhoneFile::Mailbox))
}

/// Whose catalogs are trusted; none before the first card.
pub(super) fn authorities(c: &Connection) -> Result<Vec<PublicKey>, VaultError> {
    let keys: Option<String> = c.query_row("SELECT authority FROM server", [], |r| r.get(0)).optional()?;
    let read = keys.iter().flat_map(|keys| keys.split(' ')).map(str::parse).collect::<Result<_, _>>();
    read.map_err(|_| VaultError::Damaged(PhoneFile::Mailbox))
}
