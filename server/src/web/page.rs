//! The frame of every page: what a page knows of its request, who is signed in, the layout, and problems as pages.

use super::assets::style_name;
use super::labels::said;
use super::local_path::{encoded, local_path};
use super::shared::{PageError, Pages, blocking, now};
use super::texts::Language;
use crate::staff::role::{Permission, Role};
use crate::staff::sessions::{self, SessionEnd, Ticket, Visitor};
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use maud::{DOCTYPE, Markup, html};
use std::convert::Infallible;
use std::ops::Deref;
use std::sync::Arc;
use tokio::sync::SemaphorePermit;

pub(super) const SESSION_COOKIE: &str = "tabara";
/// Of a browser that has signed in before.
pub(super) const BROWSER_COOKIE: &str = "tabara-browser";
pub(super) const LANGUAGE_COOKIE: &str = "tabara-language";

/// What a page needs of its request.
pub struct PageRequest {
    pub(super) pages: Arc<Pages>,
    pub(super) language: Language,
    /// Path and query, for the language switch and for the way back after signing in.
    address: String,
    is_get: bool,
    host: String,
    /// Whether cookies are restricted to TLS; not on the machine itself, where there is none.
    secure: bool,
    ticket: Option<Ticket>,
    pub(super) browser: Option<Ticket>,
    /// Who is signed in, once that was looked up: every page then carries her menu.
    visitor: Option<Arc<Visitor>>,
}

impl FromRequestParts<Arc<Pages>> for PageRequest {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, pages: &Arc<Pages>) -> Result<Self, Infallible> {
        let text = |name: HeaderName| parts.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or("");
        let host = text(header::HOST);
        let host =
            host.rsplit_once(':').filter(|(_, port)| port.bytes().all(|c| c.is_ascii_digit())).map_or(host, |h| h.0);
        let settings = &pages.server.settings;
        let local = matches!(host, "localhost" | "127.0.0.1" | "[::1]");
        let secure = settings.is_https() || settings.public_url.is_none() && !local;
        let cookie = |name: &str| cookie(&parts.headers, &cookie_name(name, secure));
        let chosen = cookie(LANGUAGE_COOKIE).and_then(Language::read);
        Ok(Self {
            pages: pages.clone(),
            language: chosen.unwrap_or_else(|| Language::accepted(text(header::ACCEPT_LANGUAGE))),
            address: parts.uri.path_and_query().map_or("/", |address| address.as_str()).to_owned(),
            is_get: parts.method == Method::GET,
            host: text(header::HOST).to_owned(),
            secure,
            ticket: cookie(SESSION_COOKIE).and_then(Ticket::read),
            browser: cookie(BROWSER_COOKIE).and_then(Ticket::read),
            visitor: None,
        })
    }
}

/// Browsers take a name with this prefix from this very host by TLS alone: no sibling name can plant it.
fn cookie_name(name: &str, secure: bool) -> String {
    format!("{}{name}", if secure { "__Host-" } else { "" })
}

fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let all = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = all.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(key, _)| *key == name).map(|(_, value)| value)
}

impl PageRequest {
    /// A `set-cookie` header. An empty value removes the cookie. A link from another site, webmail for instance, carries
    /// it; a form from there does not.
    pub(super) fn cookie(&self, name: &str, value: &str, seconds: u32) -> (HeaderName, HeaderValue) {
        let secure = if self.secure { "; Secure" } else { "" };
        let name = cookie_name(name, self.secure);
        let line = format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}");
        (header::SET_COOKIE, HeaderValue::from_str(&line).unwrap_or_else(|_| HeaderValue::from_static("")))
    }

    /// The address of this server, as the visitor's browser knows it.
    pub(super) fn origin(&self) -> String {
        let plain = || format!("http{}://{}", if self.secure { "s" } else { "" }, self.host);
        self.pages.server.settings.public_url.as_ref().map_or_else(plain, |url| url.origin().to_owned())
    }

    /// The person who is signed in; else why she is not, if a cookie says that she was.
    pub(super) async fn signed_in(&self) -> Result<Result<Visitor, Option<SessionEnd>>, Response> {
        let Some(ticket) = self.ticket.clone() else { return Ok(Err(None)) };
        let found = self.work(move |pages| Ok(sessions::visitor(pages.staff(), now(), ticket)?)).await?;
        Ok(found.map_err(Some))
    }

    /// Runs blocking work (disk, computation) on a thread for it; what cannot be done is a page.
    pub(super) async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Pages) -> Result<T, PageError> + Send + 'static,
    ) -> Result<T, Response> {
        let pages = self.pages.clone();
        blocking(move || work(&pages)).await.map_err(|fault| self.problem(fault.0))
    }

    /// A turn to check a password.
    pub(super) async fn turn(&self, known: bool) -> Result<SemaphorePermit<'_>, Response> {
        self.pages.turn(known).await.map_err(|fault| self.problem(fault.0))
    }

    /// A page that reports an error, with a link back.
    pub(super) fn problem(&self, status: StatusCode) -> Response {
        let key = match status {
            StatusCode::NOT_FOUND => "problem-not-found",
            StatusCode::METHOD_NOT_ALLOWED => "problem-method",
            StatusCode::FORBIDDEN => "problem-not-allowed",
            StatusCode::PAYLOAD_TOO_LARGE => "problem-too-large",
            StatusCode::REQUEST_TIMEOUT => "problem-too-slow",
            StatusCode::TOO_MANY_REQUESTS => "problem-too-many",
            _ if status.is_client_error() => "problem-bad-request",
            _ => "problem-unavailable",
        };
        self.told(status, key)
    }

    /// A page with a title, a text and a link back.
    pub(super) fn told(&self, status: StatusCode, key: &str) -> Response {
        let title = format!("{key}-title");
        let content = html! {
            div.narrow {
                h1 { (self.language.say(&title)) }
                p { (self.language.say(key)) }
                p { a href="/" { (self.language.say("problem-back")) } }
            }
        };
        self.show(status, &title, content)
    }

    /// A page, with its title and content.
    pub(super) fn show(&self, status: StatusCode, title: &str, content: Markup) -> Response {
        (status, layout(self, title, content)).into_response()
    }
}

/// A request of somebody who is signed in; who is not is led to the sign-in, and from there back here.
pub struct VisitorRequest {
    request: PageRequest,
    pub(super) visitor: Arc<Visitor>,
}

impl Deref for VisitorRequest {
    type Target = PageRequest;

    fn deref(&self) -> &PageRequest {
        &self.request
    }
}

impl FromRequestParts<Arc<Pages>> for VisitorRequest {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, pages: &Arc<Pages>) -> PageResult<Self> {
        let Ok(mut request) = PageRequest::from_request_parts(parts, pages).await;
        let why = match request.signed_in().await? {
            Ok(visitor) => {
                let visitor = Arc::new(visitor);
                request.visitor = Some(visitor.clone());
                return Ok(Self { request, visitor });
            }
            Err(Some(SessionEnd::Idle)) => "&why=idle",
            Err(Some(SessionEnd::Over)) => "&why=over",
            Err(Some(SessionEnd::Gone)) => "&why=gone",
            Err(None) => "",
        };
        let here = Some(request.address.as_str()).filter(|_| request.is_get).and_then(local_path);
        let to = encoded(here.unwrap_or("/"));
        Err(Redirect::to(&format!("/sign-in?to={to}{why}")).into_response())
    }
}

/// A page, or one that says why not.
pub(super) type PageResult<T = Response> = Result<T, Response>;

#[expect(clippy::result_large_err, reason = "the error is the answer itself, once a request")]
impl VisitorRequest {
    /// A page that says no, unless she may do this.
    pub(super) fn must(&self, what: Permission) -> PageResult<()> {
        if self.visitor.role.may(what) { Ok(()) } else { Err(self.problem(StatusCode::FORBIDDEN)) }
    }

    /// A page that says no, unless her own page posted the form, as its hidden token tells.
    pub(super) fn posted(&self, token: &str) -> PageResult<()> {
        if self.visitor.ticket.fits(token) { Ok(()) } else { Err(self.problem(StatusCode::BAD_REQUEST)) }
    }

    /// Blocking work for her, on a thread for it.
    pub(super) async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Pages, &Visitor) -> Result<T, PageError> + Send + 'static,
    ) -> PageResult<T> {
        let visitor = self.visitor.clone();
        self.request.work(move |pages| work(pages, &visitor)).await
    }
}

/// The name of a role, with its province.
pub(super) fn role_name(role: Role, language: Language) -> Markup {
    let name = language.say(&format!("role-{}", role.word()));
    html! { (name) @if let Some(code) = role.province() { ", " (said("place", code, language)) } }
}

/// A whole page around its content.
fn layout(here: &PageRequest, title: &str, content: Markup) -> Markup {
    let link = |to: &str, key: &str| {
        let current = here.address.split('?').next() == Some(to);
        html! { a href=(to) aria-current=[current.then_some("page")] { (here.language.say(key)) } }
    };
    html! {
        (DOCTYPE)
        html lang=(here.language.code()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="robots" content="noindex";
                title { (here.language.text(title)) " – Tabara" }
                link rel="icon" type="image/svg+xml" href="/icon.svg";
                link rel="stylesheet" href={ "/style.css?" (style_name()) };
            }
            body {
                a.skip href="#content" { (here.language.say("skip")) }
                header.top {
                    div.inner {
                        p.brand { a href="/" { "Tabara" } span { (here.language.say("tagline")) } }
                        nav.languages aria-label=(here.language.text("language")) {
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
                    @if let Some(visitor) = &here.visitor {
                        div.inner.second {
                            nav.pages aria-label="Tabara" {
                                @for (needs, to, key) in [
                                    (Some(Permission::Figures), "/figures", "nav-figures"),
                                    (Some(Permission::Coverage), "/coverage", "coverage-title"),
                                    (Some(Permission::WorkLists), "/overdue", "overdue-title"),
                                    (Some(Permission::Figures), "/infosheet", "infosheet-title"),
                                    (Some(Permission::Figures), "/history", "history-title"),
                                    (None, "/plan", "plan-title"),
                                    (None, "/help", "nav-help"),
                                    (Some(Permission::Quarantine), "/quarantine", "quarantine-title"),
                                    (Some(Permission::SeeAccounts), "/accounts", "accounts-title"),
                                    (Some(Permission::Audit), "/audit", "nav-audit"),
                                ] {
                                    @if needs.is_none_or(|needs| visitor.role.may(needs)) { (link(to, key)) }
                                }
                            }
                            form.out method="post" action="/sign-out" {
                                a.who href="/account" title=(here.language.text("account-title")) {
                                    (visitor.name) " · " (role_name(visitor.role, here.language))
                                }
                                input type="hidden" name="token" value=(visitor.ticket.form_token());
                                button { (here.language.say("sign-out")) }
                            }
                        }
                    }
                }
                main #content tabindex="-1" {
                    @if here.language.is_draft() { p.draft { (here.language.say("draft-mark")) } }
                    (content)
                }
            }
        }
    }
}
