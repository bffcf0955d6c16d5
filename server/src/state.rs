//! What every handler shares.

use crate::counters::Counters;
use crate::http::limits::Limits;
use crate::http::partial_uploads::PartialUploads;
use crate::settings::Settings;
use crate::staff::file::Staff;
use crate::store::{self, Store};

/// What every handler shares.
pub struct Server {
    pub store: Store,
    /// Who may sign in, and who saw what: a file of its own.
    pub staff: Staff,
    pub settings: Settings,
    pub limits: Limits,
    pub counters: Counters,
    pub uploads: PartialUploads,
}

impl Server {
    pub fn new(store: Store, settings: Settings) -> store::Result<Self> {
        let (counters, uploads) = Default::default();
        let limits = Limits::new(&settings.trusted_proxies);
        Ok(Self { store, staff: Staff::open(&settings.data)?, settings, limits, counters, uploads })
    }
}
