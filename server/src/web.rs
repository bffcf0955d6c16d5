//! Pages for coordinators: server-rendered, no script at all, light, in French and English, usable on a phone and on
//! paper. Nothing here can decrypt anything, and every number comes through `statistics::shown`.
//!
//! | part | what |
//! |--|--|
//! | [`sign_in`] | in and out |
//! | [`figures`] | the coordinator's page |
//! | [`charts`] | SVG from shown numbers |
//! | [`texts`], [`labels`] | texts and names of codes, by language (drafts) |
//! | [`about`] | how to read the figures; who saw what |
//!
//! Programs may read the tables: each cell that holds a number carries `data-code` and `data-value`, or `data-below`
//! where fewer than that many are hidden; see [`figures`].

pub mod about;
pub mod charts;
pub mod figures;
pub mod labels;
pub mod sign_in;
pub mod texts;

use crate::staff::file::Staff;
use crate::staff::sessions::{self, Ticket, Visitor};
use crate::state::Server;
use crate::statistics::{Counting, Snapshot};
use crate::store;
use axum::Router;
use axum::extract::{FromRequestParts, Path, Query, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use maud::{DOCTYPE, Markup, html};
use serde::Deserialize;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use tabara_protocol::clock::{Clock as _, SystemClock};
use tabara_protocol::envelope::sha256;
use tabara_protocol::facts::Dictionary;
use texts::Language;
use tokio::sync::Semaphore;

const STYLE: &str = include_str!("web/style.css");
const SESSION_COOKIE: &str = "tabara";
const LANGUAGE_COOKIE: &str = "tabara-language";

/// What every page shares.
pub struct Pages {
    server: Arc<Server>,
    counting: Mutex<Counting>,
    /// Checking a password takes 19 MiB: at most so many at once.
    hashing: Semaphore,
}

type Shared = axum::extract::State<Arc<Pages>>;

/// All pages.
pub fn routes(server: &Arc<Server>) -> Router {
    let counting = Mutex::new(Counting::new(Dictionary::standard()));
    let pages = Arc::new(Pages { server: server.clone(), counting, hashing: Semaphore::new(2) });
    Router::new()
        .route("/", get(|| async { Redirect::to("/figures") }))
        .route("/sign-in", get(sign_in::form).post(sign_in::submit))
        .route("/sign-out", post(sign_in::sign_out))
        .route("/figures", get(figures::page))
        .route("/help", get(about::help))
        .route("/audit", get(about::audit))
        .route("/language/{code}", get(remember_language))
        .route("/style.css", get(style))
        .route("/icon.svg", get(icon))
        .fallback(|here: Here| async move { problem(&here, None, StatusCode::NOT_FOUND) })
        .layer(axum::middleware::from_fn(guard))
        .with_state(pages)
}

impl Pages {
    fn staff(&self) -> &Staff {
        &self.server.staff
    }

    /// The numbers up to the end of the log.
    fn snapshot(&self) -> store::Result<Arc<Snapshot>> {
        self.counting.lock().unwrap_or_else(PoisonError::into_inner).follow(&self.server.store)
    }
}

/// Sign-in goes by real time, also where the months go by another clock.
fn now() -> i64 {
    SystemClock::default().unix()
}

/// What a page has to know of its request.
pub struct Here {
    language: Language,
    /// Path and query, for the language switch.
    address: String,
    /// Whether cookies may be for encrypted connections only; not on the machine itself, where there is no TLS.
    secure: bool,
    ticket: Option<Ticket>,
}

impl<S: Send + Sync> FromRequestParts<S> for Here {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let text = |name: HeaderName| parts.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or("");
        let host = text(header::HOST);
        let host =
            host.rsplit_once(':').filter(|(_, port)| port.bytes().all(|c| c.is_ascii_digit())).map_or(host, |h| h.0);
        let chosen = cookie(&parts.headers, LANGUAGE_COOKIE).and_then(Language::read);
        Ok(Self {
            language: chosen.unwrap_or_else(|| Language::accepted(text(header::ACCEPT_LANGUAGE))),
            address: parts.uri.path_and_query().map_or("/", |address| address.as_str()).to_owned(),
            secure: !matches!(host, "localhost" | "127.0.0.1" | "[::1]"),
            ticket: cookie(&parts.headers, SESSION_COOKIE).and_then(Ticket::read),
        })
    }
}

fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let all = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = all.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(key, _)| *key == name).map(|(_, value)| value)
}

impl Here {
    /// A `set-cookie` line. Without a value the cookie goes.
    fn cookie(&self, name: &str, value: &str, seconds: u32) -> (HeaderName, HeaderValue) {
        let secure = if self.secure { "; Secure" } else { "" };
        let line = format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}");
        (header::SET_COOKIE, HeaderValue::from_str(&line).unwrap_or_else(|_| HeaderValue::from_static("")))
    }

    /// Who asks, or the way to the sign-in.
    async fn visitor(&self, pages: &Arc<Pages>) -> Result<Visitor, Response> {
        let ticket = self.ticket.as_ref().and_then(|ticket| Ticket::read(&ticket.text()));
        let Some(ticket) = ticket else { return Err(Redirect::to("/sign-in").into_response()) };
        let shared = pages.clone();
        let found = blocking(move || Ok(sessions::visitor(shared.staff(), now(), ticket)?)).await;
        match found {
            Ok(Some(visitor)) => Ok(visitor),
            Ok(None) => Err(Redirect::to("/sign-in").into_response()),
            Err(fault) => Err(problem(self, None, fault.0)),
        }
    }
}

/// A page that cannot be made. Its cause is in the server's own log.
struct Fault(StatusCode);

impl From<store::StoreError> for Fault {
    fn from(e: store::StoreError) -> Self {
        tracing::error!("a page: {e}");
        Self(StatusCode::SERVICE_UNAVAILABLE)
    }
}

/// Runs what waits for the disk or computes on a thread of its own.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T, Fault> + Send + 'static) -> Result<T, Fault> {
    tokio::task::spawn_blocking(work).await.unwrap_or(Err(Fault(StatusCode::SERVICE_UNAVAILABLE)))
}

/// On every page: nothing but our own style sheet loads, nothing frames us, nothing is kept. A form is taken only
/// from our own pages.
async fn guard(request: Request, next: Next) -> Response {
    let headers = request.headers();
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let here = text("host").unwrap_or("");
    let foreign = text("sec-fetch-site").is_some_and(|site| !matches!(site, "same-origin" | "none"))
        || text("origin").is_some_and(|origin| origin.split_once("://").map(|(_, host)| host) != Some(here));
    let mut response = if foreign && request.method() == axum::http::Method::POST {
        StatusCode::FORBIDDEN.into_response()
    } else {
        next.run(request).await
    };
    let always = [
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
    for (name, value) in always {
        response.headers_mut().insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    response.headers_mut().entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

fn style_name() -> String {
    sha256(STYLE.as_bytes()).to_string().chars().take(12).collect()
}

async fn style() -> Response {
    kept("text/css; charset=utf-8", STYLE)
}

async fn icon() -> Response {
    kept("image/svg+xml", include_str!("web/icon.svg"))
}

/// A file that browsers may keep: the style sheet changes its address with its content.
fn kept(kind: &'static str, content: &'static str) -> Response {
    let headers = [(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "public, max-age=31536000, immutable")];
    (headers, content).into_response()
}

#[derive(Deserialize)]
struct Back {
    back: Option<String>,
}

async fn remember_language(here: Here, Path(code): Path<String>, Query(query): Query<Back>) -> Response {
    // only to a path of our own
    let back = query.back.filter(|to| to.starts_with('/') && !to.starts_with("//") && !to.contains('\\'));
    let Some(language) = Language::read(&code) else { return problem(&here, None, StatusCode::NOT_FOUND) };
    let cookie = here.cookie(LANGUAGE_COOKIE, language.code(), 31_536_000);
    let back = back.unwrap_or_else(|| "/".into());
    ([cookie], Redirect::to(&back)).into_response()
}

/// Percent-encodes a path and query for use inside a query.
fn encoded(address: &str) -> String {
    let plain = |c: u8| c.is_ascii_alphanumeric() || b"-._~/".contains(&c);
    address.bytes().map(|c| if plain(c) { (c as char).to_string() } else { format!("%{c:02X}") }).collect()
}

/// A whole page around its content.
fn layout(here: &Here, visitor: Option<&Visitor>, title: &str, content: Markup) -> Markup {
    let texts = here.language.texts();
    let link = |to: &str, text: &str| {
        let current = here.address.split('?').next() == Some(to);
        html! { a href=(to) aria-current=[current.then_some("page")] { (text) } }
    };
    html! {
        (DOCTYPE)
        html lang=(here.language.code()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="robots" content="noindex";
                title { (title) " – Tabara" }
                link rel="icon" type="image/svg+xml" href="/icon.svg";
                link rel="stylesheet" href={ "/style.css?" (style_name()) };
            }
            body {
                a.skip href="#content" { (texts.skip) }
                header.top {
                    div.inner {
                        p.brand { a href="/" { "Tabara" } span { (texts.tagline) } }
                        nav.languages aria-label=(texts.language) {
                            @for language in Language::ALL {
                                @if language == here.language {
                                    span lang=(language.code()) aria-current="true" { (language.name()) }
                                } @else {
                                    a href={ "/language/" (language.code()) "?back=" (encoded(&here.address)) }
                                        lang=(language.code()) hreflang=(language.code()) { (language.name()) }
                                }
                            }
                        }
                    }
                    @if let Some(visitor) = visitor {
                        div.inner.second {
                            nav.pages aria-label="Tabara" {
                                (link("/figures", texts.figures))
                                (link("/help", texts.help))
                                @if visitor.role.sees_audit() { (link("/audit", texts.audit)) }
                            }
                            form.out method="post" action="/sign-out" {
                                span.who { (visitor.name) " · " (about::role(visitor.role, here.language)) }
                                input type="hidden" name="token" value=(visitor.ticket.form_token());
                                button { (texts.sign_out) }
                            }
                        }
                    }
                }
                main #content tabindex="-1" { (content) }
            }
        }
    }
}

/// A page that says what went wrong and where to go.
fn problem(here: &Here, visitor: Option<&Visitor>, status: StatusCode) -> Response {
    let problems = &here.language.texts().problems;
    let (title, text) = match status {
        StatusCode::NOT_FOUND => problems.not_found,
        StatusCode::FORBIDDEN => problems.not_allowed,
        StatusCode::BAD_REQUEST => problems.bad_request,
        _ => problems.unavailable,
    };
    let content = html! {
        div.narrow {
            h1 { (title) }
            p { (text) }
            p { a href="/figures" { (problems.back) } }
        }
    };
    (status, layout(here, visitor, title, content)).into_response()
}
