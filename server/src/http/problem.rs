//! Problems over HTTP (RFC 9457): `type` is `urn:tabara:NAME`, and names never change their meaning. `PROTOCOL.md` has the
//! same table for clients. No text holds anything that a phone has sent.

use crate::store::StoreError;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use std::collections::BTreeMap;
use utoipa::openapi::{self, RefOr};
use utoipa::{IntoResponses, PartialSchema as _, ToSchema};

/// Why a request failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Problem {
    /// The body or a parameter cannot be read.
    Malformed,
    /// The body is over the limit.
    Oversize,
    /// No key here opens the bundle, or no known chain names the key that signed it: post the registration, then try again.
    UnknownDevice,
    /// The chain is not signed by the authority, or speaks of two devices.
    BadChain,
    /// The earlier part of this bundle is missing: ask how much has arrived, and go on from there.
    Gap,
    /// Nothing has this name.
    NotFound,
    /// The method is not allowed.
    Method,
    /// The body did not come in time.
    TooSlow,
    /// Too many requests: wait.
    TooMany,
    /// The server cannot write now; nothing was taken in. Send again later.
    Unavailable,
}

impl Problem {
    const ALL: [Self; 10] = {
        use Problem::*;
        [Malformed, Oversize, UnknownDevice, BadChain, Gap, NotFound, Method, TooSlow, TooMany, Unavailable]
    };

    fn parts(self) -> (StatusCode, &'static str, &'static str) {
        use StatusCode as S;
        match self {
            Self::Malformed => (S::BAD_REQUEST, "malformed", "The request cannot be read."),
            Self::Oversize => (S::PAYLOAD_TOO_LARGE, "oversize", "The request is larger than may be."),
            Self::UnknownDevice => (S::UNAUTHORIZED, "unknown-device", "No phone or reviewer has this key."),
            Self::BadChain => (S::FORBIDDEN, "bad-chain", "The chain does not lead to this server's authority."),
            Self::Gap => (S::CONFLICT, "gap", "What came before of this bundle is not here."),
            Self::NotFound => (S::NOT_FOUND, "not-found", "There is nothing here by this name."),
            Self::Method => (S::METHOD_NOT_ALLOWED, "method", "Not with this method."),
            Self::TooSlow => (S::REQUEST_TIMEOUT, "too-slow", "The request did not come in time."),
            Self::TooMany => (S::TOO_MANY_REQUESTS, "too-many", "Too many requests; wait."),
            Self::Unavailable => (S::SERVICE_UNAVAILABLE, "unavailable", "Nothing was taken in; send again later."),
        }
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.parts().2)
    }
}

impl std::error::Error for Problem {}

impl Problem {
    /// The problem for an error that a router or extractor has answered in plain text.
    pub fn of_router(response: &Response) -> Option<Self> {
        let status = response.status();
        let named = response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind == KIND);
        match status {
            _ if named || status.is_success() || status.is_redirection() => None,
            StatusCode::METHOD_NOT_ALLOWED => Some(Self::Method),
            StatusCode::PAYLOAD_TOO_LARGE => Some(Self::Oversize),
            StatusCode::NOT_FOUND => Some(Self::NotFound),
            StatusCode::REQUEST_TIMEOUT => Some(Self::TooSlow),
            _ if status.is_client_error() => Some(Self::Malformed),
            _ => Some(Self::Unavailable),
        }
    }
}

/// The body of a problem.
#[derive(serde::Serialize, ToSchema)]
struct ProblemDetails {
    r#type: String,
    title: &'static str,
    status: u16,
}

/// The problems of any request, for the OpenAPI document.
impl IntoResponses for Problem {
    fn responses() -> BTreeMap<String, RefOr<openapi::Response>> {
        let mut all = BTreeMap::<String, RefOr<openapi::Response>>::new();
        let content = openapi::Content::new(Some(ProblemDetails::schema()));
        for (status, name, title) in Self::ALL.map(Self::parts) {
            let mut text = format!("`urn:tabara:{name}`: {title}");
            if let Some(RefOr::T(other)) = all.get(status.as_str()) {
                text = format!("{} {text}", other.description);
            }
            let response = openapi::Response::builder().description(text).content(KIND, content.clone());
            all.insert(status.as_str().into(), response.build().into());
        }
        all
    }
}

const KIND: &str = "application/problem+json";

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let (status, name, title) = self.parts();
        let written = ProblemDetails { r#type: format!("urn:tabara:{name}"), title, status: status.as_u16() };
        let mut response = (status, axum::Json(written)).into_response();
        let kind = header::HeaderValue::from_static(KIND);
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
        if matches!(self, Self::TooMany | Self::Unavailable) {
            response.headers_mut().insert(header::RETRY_AFTER, header::HeaderValue::from_static("30"));
        }
        response
    }
}

impl From<StoreError> for Problem {
    fn from(e: StoreError) -> Self {
        tracing::error!("{e}");
        Self::Unavailable
    }
}

/// Runs blocking work (disk, computation) on a thread for it.
pub async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    tokio::task::spawn_blocking(work).await.unwrap_or(Err(Problem::Unavailable))
}
