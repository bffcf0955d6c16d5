//! What this phone knows of the server's log and what the server has told it. Belongs to sync.

use super::file::Mailbox;
use crate::record::Order;
use crate::vault::error::VaultError;
use crate::vault::store::{from_json, json};
use crate::wire::{Restoration, Standing, TreeHead};
use rusqlite::{Connection, OptionalExtension as _};
use serde::{Deserialize, Serialize};

/// What this phone knows of the server's log and what the server has told it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SyncState {
    /// The last proven head.
    pub head: Option<SignedHead>,
    /// Heads that are not proven to belong to it yet.
    pub unconnected: Vec<SignedHead>,
    /// What the server signed and cannot both be true.
    pub evidence: Vec<Evidence>,
    /// Updates up to here are taken.
    pub cursor: u64,
    /// What the phone is told to do, until the server has heard that it is done.
    pub order: Option<Order>,
    /// How the server sees the phone.
    pub standing: Standing,
    /// When the phone last heard that the server's log was restored.
    pub restored: Option<i64>,
    /// The restores that the server owned up to.
    pub restores: Vec<Restoration>,
    /// Those of them that stand in the log under `head`, or stood there before: they do not explain its loss.
    pub passed: Vec<Restoration>,
    /// The server knows records of this card that the phone does not: its files are an older copy, put back.
    pub set_back: bool,
    /// No record is sent before.
    pub later: Option<i64>,
    /// Address and program that answered last: when they change, what was refused may be taken.
    pub server: String,
}

impl SyncState {
    /// Until when the server asks to send no records, if that is not over.
    pub fn held_until(&self, now: i64) -> Option<i64> {
        self.later.filter(|later| *later > now)
    }
}

/// A head with the parcel's envelope that tells it: the server cannot deny it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedHead {
    /// Size and root.
    pub head: TreeHead,
    /// The parcel's time.
    pub time: i64,
    /// The parcel's envelope.
    pub envelope: String,
}

/// Two heads that no tree has both.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// What the phone knew.
    pub known: SignedHead,
    /// What it was told.
    pub told: SignedHead,
    /// The server has taken notice of it in a bundle.
    pub reported: bool,
}

impl Mailbox {
    /// What is known of the server's log.
    pub fn sync_state(&self) -> Result<SyncState, VaultError> {
        self.store.read(sync_state)
    }
}

pub(super) fn sync_state(c: &Connection) -> Result<SyncState, VaultError> {
    Ok(c.query_row("SELECT state FROM server", [], |r| from_json(r, 0)).optional()?.unwrap_or_default())
}

pub(super) fn set_sync_state(c: &Connection, state: &SyncState) -> Result<(), VaultError> {
    Ok(c.execute("UPDATE server SET state = ?1", [json(state)]).map(drop)?)
}
