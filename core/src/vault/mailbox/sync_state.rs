//! How far this phone has followed the server's log.

use super::file::Mailbox;
use crate::record::Order;
use crate::vault::error::VaultError;
use crate::vault::store::{from_json, json};
use rusqlite::{Connection, OptionalExtension as _};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// This phone's place on the server's log. Belongs to sync.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SyncState {
    /// Epoch of the server's log at the last sync; a restored server has another one.
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
    /// How far sync has come.
    pub fn sync_state(&self) -> Result<SyncState, VaultError> {
        self.store.read(sync_state)
    }
    /// Notes how far sync has come.
    pub fn set_sync_state(&self, state: &SyncState) -> Result<(), VaultError> {
        self.store.write(|t| Ok(t.execute("UPDATE server SET standing = ?1", [json(state)]).map(drop)?))
    }
}

pub(super) fn sync_state(c: &Connection) -> Result<SyncState, VaultError> {
    let state = c.query_row("SELECT standing FROM server WHERE standing IS NOT NULL", [], |r| from_json(r, 0));
    Ok(state.optional()?.unwrap_or_default())
}
