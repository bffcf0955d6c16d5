//! Who this phone is, and where it syncs.

use super::file::Mailbox;
use super::sync_state::{SyncState, sync_state};
use crate::catalog::{Chain, EnrolmentCard, Grant};
use crate::envelope::{Digest, PublicKey, SigningKey};
use crate::error::PhoneFile;
use crate::record::Order;
use crate::vault::error::VaultError;
use crate::vault::store::{json, parsed, texts};
use rusqlite::{Connection, OptionalExtension as _, params};
use uuid::Uuid;

/// Who this phone is, and where it syncs.
#[derive(Debug, Clone)]
pub struct Enrolment {
    /// Id of this phone, from its card.
    pub device: Uuid,
    /// The organisation that the focal point works for.
    pub organisation: String,
    /// Code of the commune of enrolment.
    pub commune: String,
    /// By which the server knows this phone.
    pub chain: Chain,
    /// Chains of earlier cards: their records may still wait. Post them too where the server does not know them.
    pub older: Vec<Chain>,
    /// Signs tokens.
    pub transport_key: SigningKey,
    /// All trust starts with one of these.
    pub authorities: Vec<PublicKey>,
    /// Where to sync.
    pub server: String,
    /// SHA-256 of the server's certificate key, if the card pins it.
    pub pin: Option<Digest>,
}

impl Mailbox {
    /// Takes a new card into force: its chain and transport key, with a fresh PIN counter for a wrap of this generation.
    pub fn enrol(
        &self,
        card: &EnrolmentCard,
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

    /// Who this phone is now, by its last card.
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

    /// The order to wipe this phone that is not acknowledged yet, if there is one.
    pub fn order(&self) -> Result<Option<Order>, VaultError> {
        let device = self.enrolment()?.device;
        // an order to the phone of an earlier card ended with that card
        Ok(self.sync_state()?.order.filter(|order| order.device == device))
    }
}

/// Whose catalogs are trusted; none before the first card.
pub(super) fn authorities(c: &Connection) -> Result<Vec<PublicKey>, VaultError> {
    let keys: Option<String> = c.query_row("SELECT authority FROM server", [], |r| r.get(0)).optional()?;
    let read = keys.iter().flat_map(|keys| keys.split(' ')).map(str::parse).collect::<Result<_, _>>();
    read.map_err(|_| VaultError::Damaged(PhoneFile::Mailbox))
}
