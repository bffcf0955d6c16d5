//! HTTP: one request, one bounded answer. What an answer means is not decided here.

use super::tls;
use crate::catalog::is_server_address;
use crate::envelope::Digest;
use crate::error::{Error, Result};
use reqwest::header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, IF_NONE_MATCH, RETRY_AFTER};
use reqwest::{Method, RequestBuilder};
use std::time::Duration;

/// No answer is read further than this, except parts, whose length the catalog tells.
pub(super) const MAX_ANSWER: u64 = 1024 * 1024;

/// The phone's way to its server. Keeps connections open between requests.
#[derive(Debug)]
pub struct Client {
    http: reqwest::Client,
    server: String,
}

/// What came back.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    /// Header `tabara-head`.
    pub(super) head: Option<String>,
    pub(super) retry_after: Option<Duration>,
    pub(super) body: Vec<u8>,
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

/// One request.
#[derive(Debug, Default)]
pub(super) struct Ask {
    pub(super) path: String,
    pub(super) token: Option<String>,
    pub(super) if_none_match: Option<String>,
    /// For a POST.
    pub(super) body: Option<Body>,
}

/// What a POST carries.
#[derive(Debug, Clone)]
pub(super) enum Body {
    /// JSON as it is.
    Plain(Vec<u8>),
    /// JSON, sent gzipped.
    Gzip(Vec<u8>),
    /// A file as it is.
    File(Vec<u8>),
}

impl Client {
    /// A client for one server (`https://…`, or `http://` to this machine), known by bundled roots or by its pin.
    /// `now` is the phone's learned time, by which certificates are judged.
    pub fn new(server: &str, pin: Option<Digest>, now: impl Fn() -> i64 + Send + Sync + 'static) -> Result<Self> {
        if !is_server_address(server) {
            return Err(Error::Untrusted { reason: "the server's address is not https" });
        }
        let http = reqwest::Client::builder()
            .tls_backend_preconfigured(tls::config(pin, now))
            .http1_only()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(Duration::from_secs(15))
            .pool_idle_timeout(Duration::from_secs(20))
            .build()
            .map_err(|_| Error::Internal("the HTTP client cannot be built"))?;
        Ok(Self { http, server: server.to_owned() })
    }

    /// Sends a request and reads at most `limit` bytes of the answer.
    pub(super) async fn send(&self, ask: Ask, timeout: Duration, limit: u64) -> Result<Answer, Failure> {
        let mut answer = self.request(ask).timeout(timeout).send().await.map_err(|e| failure(&e))?;
        let text = |name| answer.headers().get(name).and_then(|v| v.to_str().ok()).map(str::to_owned);
        let head = text("tabara-head");
        let retry_after = text(RETRY_AFTER.as_str()).and_then(|s| s.parse().ok()).map(Duration::from_secs);
        let (status, mut body) = (answer.status().as_u16(), Vec::new());
        while let Some(chunk) = answer.chunk().await.map_err(|e| failure(&e))? {
            if (body.len() + chunk.len()) as u64 > limit {
                return Err(Failure::Oversize);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Answer { status, head, retry_after, body })
    }

    fn request(&self, ask: Ask) -> RequestBuilder {
        let method = if ask.body.is_some() { Method::POST } else { Method::GET };
        let mut request = self.http.request(method, format!("{}{}", self.server, ask.path));
        if let Some(etag) = ask.if_none_match {
            request = request.header(IF_NONE_MATCH, etag);
        }
        if let Some(token) = ask.token {
            request = request.header(AUTHORIZATION, format!("Bearer {token}"));
        }
        match ask.body {
            None => request,
            Some(Body::Plain(json)) => request.header(CONTENT_TYPE, "application/json").body(json),
            Some(Body::Gzip(json)) => {
                request.header(CONTENT_TYPE, "application/json").header(CONTENT_ENCODING, "gzip").body(gzip(&json))
            }
            Some(Body::File(bytes)) => request.header(CONTENT_TYPE, "application/octet-stream").body(bytes),
        }
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write as _;
    let mut out = flate2::write::GzEncoder::new(Vec::with_capacity(bytes.len()), flate2::Compression::best());
    out.write_all(bytes).and_then(|()| out.finish()).expect("writing to memory does not fail")
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
