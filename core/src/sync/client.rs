//! HTTP: one request, one bounded answer. What an answer means is not decided here.

use super::tls;
use crate::catalog::is_server_address;
use crate::courier::gzip;
use crate::envelope::Digest;
use crate::error::{Error, InternalReason, Result, UntrustedReason};
use reqwest::header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, RETRY_AFTER};
use std::time::Duration;

/// No answer is read further than this, except parts, whose length the catalog tells.
pub(super) const MAX_ANSWER: u64 = 1024 * 1024;

/// The phone's way to its server. Keeps connections open between requests.
#[derive(Debug)]
pub struct Client {
    http: reqwest::Client,
    server: String,
}

/// What came back, beside its body.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    /// Header `tabara-head`.
    pub(super) head: Option<String>,
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
    /// A file as it is.
    pub(super) fn file(path: &str, bytes: Vec<u8>) -> Self {
        Self { body: Some(bytes), ..Self::get(path) }
    }
    pub(super) fn json(path: &str, json: Vec<u8>) -> Self {
        Self::file(path, json).with(CONTENT_TYPE.as_str(), "application/json")
    }
    /// JSON, sent compressed.
    pub(super) fn gzip(path: &str, json: &[u8]) -> Self {
        Self::zipped(path, gzip(json))
    }
    /// JSON that is compressed already.
    pub(super) fn zipped(path: &str, bytes: Vec<u8>) -> Self {
        Self::json(path, bytes).with(CONTENT_ENCODING.as_str(), "gzip")
    }
    pub(super) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
    pub(super) fn token(self, token: &str) -> Self {
        self.with(AUTHORIZATION.as_str(), format!("Bearer {token}"))
    }
}

impl Client {
    /// A client for one server (`https://…`, or `http://` to this machine), known by bundled roots or by its pin.
    /// `now` is the phone's learned time, by which certificates are judged.
    pub fn new(
        server: &str,
        pin: Option<Digest>,
        times: impl Fn() -> [i64; 2] + Send + Sync + 'static,
    ) -> Result<Self> {
        if !is_server_address(server) {
            return Err(Error::Untrusted { reason: UntrustedReason::Address });
        }
        let http = reqwest::Client::builder()
            .tls_backend_preconfigured(tls::config(pin, times))
            .http1_only()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(Duration::from_secs(15))
            .pool_idle_timeout(Duration::from_secs(20))
            .build()
            .map_err(|_| Error::from(InternalReason::HttpClient))?;
        Ok(Self { http, server: server.to_owned() })
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
        let url = format!("{}{}", self.server, ask.path);
        let mut request = match ask.body {
            None => self.http.get(url),
            Some(bytes) => self.http.post(url).body(bytes),
        };
        for (name, value) in ask.headers {
            request = request.header(name, value);
        }
        let mut answer = request.timeout(timeout).send().await.map_err(|e| failure(&e))?;
        let text = |name| answer.headers().get(name).and_then(|v| v.to_str().ok()).map(str::to_owned);
        let head = text("tabara-head");
        let retry_after = text(RETRY_AFTER.as_str()).and_then(|s| s.parse().ok()).map(Duration::from_secs);
        let (status, mut problem) = (answer.status().as_u16(), Vec::new());
        let body = if matches!(status, 200 | 206) { body } else { &mut problem };
        if status == 200 {
            body.clear();
        }
        while let Some(chunk) = answer.chunk().await.map_err(|e| failure(&e))? {
            if (body.len() + chunk.len()) as u64 > limit {
                return Err(Failure::Oversize);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Answer { status, head, retry_after })
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
