//! Who may come in. The page is served on loopback, which every user and every web page of this machine can reach.
//!
//! - The printed address holds a token that works once. It is exchanged for a cookie that scripts cannot read.
//! - Cookies know no ports: another user's program on `127.0.0.1` would get ours with the first request that it lures the
//!   browser into. So all paths begin with a random name, and the cookie is sent to this path alone.
//! - `Host` must be ours, so that no foreign name that resolves to 127.0.0.1 works (DNS rebinding).
//! - `Origin` of what changes something, and `Sec-Fetch-Site` where the browser sends it, must be ours.
//! - Nothing may be stored, framed or loaded from elsewhere.

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Redirect, Response};
use std::sync::{Arc, Mutex, PoisonError};
use tabara_protocol::envelope::{Digest, random, sha256};

/// Content comes from this page alone, and forms go to it alone.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; media-src 'self'; \
    connect-src 'self'; form-action 'self'; base-uri 'self'; frame-ancestors 'none'";
const HEADERS: [(HeaderName, &str); 6] = [
    (header::CACHE_CONTROL, "no-store"),
    (header::CONTENT_SECURITY_POLICY, POLICY),
    // not `no-referrer`, with which browsers hide the origin of a posted form
    (header::REFERRER_POLICY, "same-origin"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];
/// The page that every visit begins with.
pub const HOME: &str = "home";
const COOKIE: &str = "tabara-local";

/// The way into one local page.
pub struct Door {
    host: String,
    room: String,
    keys: Mutex<Keys>,
}

/// Hashes, so that comparing takes the same time whatever comes.
#[derive(Default)]
struct Keys {
    token: Option<Digest>,
    cookie: Option<Digest>,
}

/// 256 bits, as text.
fn secret() -> String {
    Digest(random()).to_string()
}

impl Door {
    pub(super) fn new(port: u16) -> Self {
        Self { host: format!("127.0.0.1:{port}"), room: secret(), keys: Mutex::default() }
    }

    /// A new address that works once. The one before it does not work any more; who is in stays in until it is used.
    pub fn address(&self) -> String {
        let token = secret();
        self.keys().token = Some(sha256(token.as_bytes()));
        format!("http://{}{}{token}", self.host, self.base())
    }

    /// The path that all addresses of the page begin with.
    pub fn base(&self) -> String {
        format!("/{}/", self.room)
    }

    /// A page of ours, for a redirect.
    pub fn path(&self, page: &str) -> String {
        self.base() + page
    }

    fn keys(&self) -> std::sync::MutexGuard<'_, Keys> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the request is from our own page, or from the address bar.
    fn is_own(&self, method: &Method, headers: &HeaderMap) -> bool {
        let text = |name: HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
        let origin = text(header::ORIGIN);
        let own_origin = origin == Some(&format!("http://{}", self.host));
        text(header::HOST) == Some(&self.host)
            && (own_origin || (origin.is_none() && method == Method::GET))
            && matches!(text(HeaderName::from_static("sec-fetch-site")), None | Some("same-origin" | "none"))
    }

    fn knows(&self, headers: &HeaderMap) -> bool {
        let lines = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
        let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
        let known = self.keys().cookie;
        known.is_some() && pairs.any(|(name, value)| name == COOKIE && Some(sha256(value.as_bytes())) == known)
    }

    /// Takes the token of a printed address for a cookie; only once.
    fn exchange(&self, token: &str) -> Option<Response> {
        let mut keys = self.keys();
        keys.token.take_if(|known| *known == sha256(token.as_bytes()))?;
        let cookie = secret();
        keys.cookie = Some(sha256(cookie.as_bytes()));
        let line = format!("{COOKIE}={cookie}; Path=/{}; HttpOnly; SameSite=Strict", self.room);
        Some(([(header::SET_COOKIE, line)], Redirect::to(&self.path(HOME))).into_response())
    }

    /// What is answered in place of the page: a cookie for a token, or a refusal; nothing to who may come in.
    fn stops(&self, request: &Request) -> Option<Response> {
        let refused =
            || (StatusCode::FORBIDDEN, "tabara-desk: open the address that the program printed.\n").into_response();
        let rest = request.uri().path().strip_prefix(&self.base());
        let Some(rest) = rest.filter(|_| self.is_own(request.method(), request.headers())) else {
            return Some(refused());
        };
        let exchanged = if request.method() == Method::GET { self.exchange(rest) } else { None };
        exchanged.or_else(|| (!self.knows(request.headers())).then(refused))
    }
}

/// The routes behind the door, below its path.
pub(super) fn guarded(door: Arc<Door>, routes: Router) -> Router {
    Router::new().nest(&format!("/{}", door.room), routes).layer(middleware::from_fn_with_state(door, guard))
}

async fn guard(State(door): State<Arc<Door>>, request: Request, next: Next) -> Response {
    let mut answer = match door.stops(&request) {
        None => next.run(request).await,
        Some(answer) => answer,
    };
    for (name, value) in HEADERS {
        answer.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    answer
}

#[cfg(test)]
mod tests;
