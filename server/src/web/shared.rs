//! What every page shares, and the error of a page.

use crate::http::state::Server;
use crate::log::week_of;
use crate::reports::release::Frozen;
use crate::staff::file::Staff;
use crate::statistics::quality::Quality;
use crate::statistics::{Counting, Snapshot};
use crate::store;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use rust_xlsxwriter::XlsxError;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tabara_protocol::clock::{Clock as _, SystemClock};
use tabara_protocol::envelope::Digest;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::timeout;

/// What every page shares.
pub struct Pages {
    pub(super) server: Arc<Server>,
    counting: Mutex<Counting>,
    /// The public release that was read last, by its hash.
    frozen: Mutex<Option<(Digest, Arc<Frozen>)>>,
    /// Limits how many passwords are checked at once: each check takes 19 MiB.
    strangers: Semaphore,
    /// The same for browsers and people known from before: they do not queue behind strangers.
    known: Semaphore,
}

impl Pages {
    pub(super) fn new(server: Arc<Server>) -> Self {
        let counting = Mutex::new(Counting::standard());
        Self { server, counting, frozen: Mutex::default(), strangers: Semaphore::new(2), known: Semaphore::new(1) }
    }

    /// A turn to check a password. Who does not get one within some seconds is asked to come again, so that the queue
    /// has an end.
    pub(super) async fn turn(&self, known: bool) -> Result<SemaphorePermit<'_>, PageError> {
        let queue = if known { &self.known } else { &self.strangers };
        match timeout(Duration::from_secs(10), queue.acquire()).await {
            Ok(Ok(turn)) => Ok(turn),
            _ => Err(PageError(StatusCode::SERVICE_UNAVAILABLE)),
        }
    }

    pub(super) fn staff(&self) -> &Staff {
        &self.server.staff
    }

    /// A public release, read again only if it is another one.
    pub(super) fn frozen(
        &self,
        hash: Digest,
        read: impl FnOnce() -> Result<Frozen, PageError>,
    ) -> Result<Arc<Frozen>, PageError> {
        let mut kept = self.frozen.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, frozen)) = kept.as_ref().filter(|(of, _)| *of == hash) {
            return Ok(frozen.clone());
        }
        let frozen = Arc::new(read()?);
        *kept = Some((hash, frozen.clone()));
        Ok(frozen)
    }

    /// What came in up to the last week that is over.
    pub(super) fn quality(&self) -> store::Result<Arc<Quality>> {
        let week = week_of(self.server.settings.clock.unix());
        self.counting.lock().unwrap_or_else(PoisonError::into_inner).quality(&self.server.store, week)
    }

    /// The numbers of this week.
    pub(super) fn snapshot(&self) -> store::Result<Arc<Snapshot>> {
        let week = week_of(self.server.settings.clock.unix());
        self.counting.lock().unwrap_or_else(PoisonError::into_inner).follow(&self.server.store, week)
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

impl From<XlsxError> for PageError {
    fn from(e: XlsxError) -> Self {
        tracing::error!("a workbook: {e}");
        Self(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

/// A file to keep, of this media type.
pub(super) fn saved(kind: &str, name: &str, bytes: Vec<u8>) -> Response {
    let headers = [
        (header::CONTENT_TYPE, kind.to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
    ];
    (headers, bytes).into_response()
}

/// Runs blocking work (disk, computation) on a thread for it.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, PageError> + Send + 'static,
) -> Result<T, PageError> {
    tokio::task::spawn_blocking(work).await.unwrap_or(Err(PageError(StatusCode::SERVICE_UNAVAILABLE)))
}
