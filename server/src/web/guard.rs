//! What every request for a page passes. Only our own style sheet loads, no other site frames us, nothing is cached; a form
//! is accepted only from our own pages. Every refusal, also one by the router, is a page in the visitor's language and a
//! line of the log: status, method and path, never what was typed.

use super::page::PageRequest;
use super::shared::Pages;
use crate::http::client;
use axum::extract::{FromRequestParts as _, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use std::sync::Arc;

const ALWAYS: [(&str, &str); 6] = [
    (
        "content-security-policy",
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    ),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("permissions-policy", "camera=(), geolocation=(), microphone=()"),
];
/// A browser that has come by TLS comes by TLS for a year.
const HSTS: (&str, &str) = ("strict-transport-security", "max-age=31536000");

pub(super) async fn guard(State(pages): State<Arc<Pages>>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let Ok(here) = PageRequest::from_request_parts(&mut parts, &pages).await;
    let (method, path, from) = (parts.method.clone(), parts.uri.path().to_owned(), client::address(&parts.extensions));
    let https = pages.server.settings.is_https();
    let counted = client::count(&pages.server.limits, &parts.extensions);
    let mut response = if counted.is_err() {
        here.problem(StatusCode::TOO_MANY_REQUESTS)
    } else if let Some(origin) = foreign(&parts.headers, &pages).filter(|_| method == Method::POST) {
        tracing::warn!("a form came from {origin:?}, which is not this server's address: is --public-url right?");
        here.told(StatusCode::FORBIDDEN, "problem-foreign")
    } else {
        next.run(Request::from_parts(parts, body)).await
    };
    let status = response.status();
    if status.is_client_error() || status.is_server_error() {
        let page =
            response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
        if !page {
            // the router and its extractors answer in plain text, or not at all
            response = here.problem(if known(status) { status } else { StatusCode::BAD_REQUEST });
        }
        // a flood writes no lines: `tabara_too_many_total` counts it
        if counted.is_ok() {
            let status = response.status().as_u16();
            tracing::info!("refused {status}: {method} {path:?} from {}", from.map_or("-".into(), |a| a.to_string()));
        }
    }
    for (name, value) in ALWAYS.into_iter().chain(https.then_some(HSTS)) {
        response.headers_mut().insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    response.headers_mut().entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

/// Whether a status has a text of its own; others of the extractors say no more than that a request cannot be read.
fn known(status: StatusCode) -> bool {
    use StatusCode as S;
    [S::NOT_FOUND, S::METHOD_NOT_ALLOWED, S::FORBIDDEN, S::PAYLOAD_TOO_LARGE, S::REQUEST_TIMEOUT].contains(&status)
        || status.is_server_error()
}

/// The origin of a form that another site sent. A browser tells by `sec-fetch-site`, which no page can write and no proxy
/// changes; an older one by `origin`, which must be the public address or, where none is set, this host.
fn foreign(headers: &HeaderMap, pages: &Pages) -> Option<String> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let origin = text("origin");
    let ours = match (text("sec-fetch-site"), origin, &pages.server.settings.public_url) {
        (Some(site), ..) => matches!(site, "same-origin" | "none"),
        (None, None, _) => true,
        (None, Some(origin), Some(public)) if origin == public.origin() => true,
        (None, Some(origin), _) => origin.split_once("://").map(|(_, host)| host) == text("host"),
    };
    (!ours).then(|| origin.unwrap_or("another site").to_owned())
}
