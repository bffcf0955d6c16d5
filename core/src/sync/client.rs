//! HTTP: one request, one bounded answer. What an answer means is not decided here.

use super::tls;
use crate::catalog::{ServerAddress, is_server_address};
use crate::error::{Error, InternalReason, Result, UntrustedReason};
use crate::wire::PREFIX;
use reqwest::header::{CONTENT_TYPE, RETRY_AFTER, SERVER};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// The phone's ways to its server, tried in order. Keeps connections open between requests.
#[derive(Debug)]
pub struct Client {
    ways: Vec<(reqwest::Client, String)>,
    at: AtomicUsize,
}

/// What came back, beside its body.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    /// A page for people.
    pub(super) html: bool,
    /// What says that it answers: a hint, no more.
    pub(super) program: String,
    pub(super) retry_after: Option<Duration>,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error, Clone, Copy, PartialEq, Eq)]
pub(super) enum Failure {
    #[error("no connection, cut or too slow")]
    Link,
    #[error("another certificate than the expected one")]
    Certificate,
    #[error("an answer longer than it may be")]
    Oversize,
}

/// One request: a GET, or with a body a POST.
#[derive(Debug, Clone)]
pub(super) struct Ask {
    path: String,
    headers: Vec<(&'static str, String)>,
    body: Option<Vec<u8>>,
}

impl Ask {
    pub(super) fn get(path: impl Into<String>) -> Self {
        Self { path: path.into(), headers: Vec::new(), body: None }
    }
    pub(super) fn post(path: impl Into<String>, media: &str, bytes: Vec<u8>) -> Self {
        Self { body: Some(bytes), ..Self::get(path) }.with(CONTENT_TYPE.as_str(), media)
    }
    pub(super) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

impl Client {
    /// A client for one server under these addresses (`https://…`, or `http://` to this machine), known by bundled roots or by
    /// a pin. `times`: the learned time and the latest that it may be, by which certificates are judged.
    pub fn new(servers: &[ServerAddress], times: impl Fn() -> [i64; 2] + Send + Sync + 'static) -> Result<Self> {
        let times: Arc<dyn Fn() -> [i64; 2] + Send + Sync> = Arc::new(times);
        let way = |server: &ServerAddress| {
            let times = times.clone();
            let http = reqwest::Client::builder()
                .tls_backend_preconfigured(tls::config(server.pin, move || times()))
                .http1_only()
                .no_proxy()
                .redirect(reqwest::redirect::Policy::none())
                .connect_timeout(Duration::from_secs(15))
                .pool_idle_timeout(Duration::from_secs(20))
                .build();
            http.map(|http| (http, server.url.clone())).map_err(|_| Error::from(InternalReason::HttpClient))
        };
        let ways: Vec<_> =
            servers.iter().filter(|server| is_server_address(&server.url)).map(way).collect::<Result<_>>()?;
        if ways.is_empty() {
            return Err(Error::Untrusted { reason: UntrustedReason::Address });
        }
        Ok(Self { ways, at: AtomicUsize::new(0) })
    }

    /// Where it asks now.
    pub(super) fn address(&self) -> &str {
        &self.way().1
    }
    fn way(&self) -> &(reqwest::Client, String) {
        &self.ways[self.at.load(Ordering::Relaxed).min(self.ways.len() - 1)]
    }
    /// Goes on to the next address, if there is one.
    pub(super) fn next_address(&self) -> bool {
        let next = self.at.load(Ordering::Relaxed) + 1;
        let there = next < self.ways.len();
        self.at.store(if there { next } else { next - 1 }, Ordering::Relaxed);
        there
    }

    /// Sends a request and reads the answer into `body`, of at most `limit` bytes, as it comes: what came before a cut
    /// is there. Part of a file (206) goes behind what is there.
    pub(super) async fn send(
        &self,
        ask: Ask,
        timeout: Duration,
        limit: u64,
        body: &mut Vec<u8>,
    ) -> Result<Answer, Failure> {
        let (http, server) = self.way();
        let url = format!("{server}{PREFIX}{}", ask.path);
        let mut request = match ask.body {
            None => http.get(url),
            Some(bytes) => http.post(url).body(bytes),
        };
        for (name, value) in ask.headers {
            request = request.header(name, value);
        }
        let mut answer = request.timeout(timeout).send().await.map_err(|e| failure(&e))?;
        let text = |name| answer.headers().get(name).and_then(|v| v.to_str().ok()).map(str::to_owned);
        let html = text(CONTENT_TYPE.as_str()).is_some_and(|media| media.contains("html"));
        let program = text(SERVER.as_str()).unwrap_or_default();
        let retry_after = text(RETRY_AFTER.as_str()).and_then(|s| s.parse().ok()).map(Duration::from_secs);
        let (status, mut problem) = (answer.status().as_u16(), Vec::new());
        let body = if matches!(status, 200 | 202 | 206) { body } else { &mut problem };
        if status != 206 {
            body.clear();
        }
        while let Some(chunk) = answer.chunk().await.map_err(|e| failure(&e))? {
            if (body.len() + chunk.len()) as u64 > limit {
                return Err(Failure::Oversize);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Answer { status, html, program, retry_after })
    }
}

/// A wrong certificate is a story of its own; all else is the link.
fn failure(error: &reqwest::Error) -> Failure {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(e) = cause {
        if matches!(e.downcast_ref(), Some(rustls::Error::InvalidCertificate(_))) {
            return Failure::Certificate;
        }
        // `source` of an I/O error passes over the very error that it wraps
        let wrapped = e.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        cause = wrapped.map(|inner| inner as &(dyn std::error::Error + 'static)).or_else(|| e.source());
    }
    Failure::Link
}

/// A file that a courier brought, whatever it is.
pub(super) fn is_sealed(file: &[u8]) -> bool {
    file.starts_with(b"age-encryption.org/v1\n")
}
