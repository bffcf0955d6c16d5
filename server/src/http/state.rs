//! What every handler shares.

use crate::http::counters::Counters;
use crate::http::limited_body::Memory;
use crate::http::limits::Limits;
use crate::http::partial_uploads::{LastParcels, PartialUploads};
use crate::settings::Settings;
use crate::staff::file::Staff;
use crate::store::{self, Store};
use axum::extract::FromRef;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// So many bundles are unpacked at once: each takes up to 40 MiB.
const OPENING: usize = 8;

/// What every handler shares.
pub struct Server {
    pub store: Store,
    /// Who may sign in, and who saw what: a file of its own.
    pub staff: Staff,
    pub settings: Settings,
    pub limits: Limits,
    pub counters: Counters,
    pub memory: Memory,
    pub uploads: PartialUploads,
    pub parcels: LastParcels,
    pub opening: Semaphore,
}

impl Server {
    pub fn new(store: Store, settings: Settings) -> store::Result<Self> {
        let (counters, parcels, memory) = Default::default();
        let limits = Limits::new(&settings.trusted_proxies);
        let (uploads, opening) = (PartialUploads::within(Memory::clone(&memory)), Semaphore::new(OPENING));
        let staff = Staff::open(&settings.data)?;
        Ok(Self { store, staff, settings, limits, counters, memory, uploads, parcels, opening })
    }
}

impl FromRef<Arc<Server>> for Memory {
    fn from_ref(server: &Arc<Server>) -> Self {
        server.memory.clone()
    }
}
