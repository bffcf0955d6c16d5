//! What every page shares, and the error of a page.

use crate::staff::file::Staff;
use crate::state::Server;
use crate::statistics::{Counting, Snapshot};
use crate::store;
use axum::http::StatusCode;
use std::sync::{Arc, Mutex, PoisonError};
use tabara_protocol::clock::{Clock as _, SystemClock};
use tokio::sync::Semaphore;

/// What every page shares.
pub struct Pages {
    pub(super) server: Arc<Server>,
    counting: Mutex<Counting>,
    /// Limits how many passwords are checked at once: each check takes 19 MiB.
    pub(super) hashing: Semaphore,
}

pub(super) type Shared = axum::extract::State<Arc<Pages>>;

impl Pages {
    pub(super) fn new(server: Arc<Server>) -> Self {
        let counting = Mutex::new(Counting::standard());
        Self { server, counting, hashing: Semaphore::new(2) }
    }

    pub(super) fn staff(&self) -> &Staff {
        &self.server.staff
    }

    /// The numbers up to the end of the log.
    pub(super) fn snapshot(&self) -> store::Result<Arc<Snapshot>> {
        self.counting.lock().unwrap_or_else(PoisonError::into_inner).follow(&self.server.store)
    }
}

/// Sign-in uses real time, even if the months use another clock (the demo).
pub(super) fn now() -> i64 {
    SystemClock::default().unix()
}

/// A page that cannot be made. The cause is in the server's log output.
pub(super) struct PageError(pub(super) StatusCode);

impl From<store::StoreError> for PageError {
    fn from(e: store::StoreError) -> Self {
        tracing::error!("a page: {e}");
        Self(StatusCode::SERVICE_UNAVAILABLE)
    }
}

/// Runs blocking work (disk, computation) on a thread for it.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, PageError> + Send + 'static,
) -> Result<T, PageError> {
    tokio::task::spawn_blocking(work).await.unwrap_or(Err(PageError(StatusCode::SERVICE_UNAVAILABLE)))
}
