//! The frame of every page: what a page knows of its request, who is signed in, the layout, and problems as pages.

use super::assets::style_name;
use super::labels::label;
use super::shared::{Pages, blocking, now};
use super::texts::Language;
use crate::staff::role::Role;
use crate::staff::sessions::{self, Ticket, Visitor};
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use maud::{DOCTYPE, Markup, html};
use std::convert::Infallible;
use std::sync::Arc;

pub(super) const SESSION_COOKIE: &str = "tabara";
pub(super) const LANGUAGE_COOKIE: &str = "tabara-language";

/// What a page needs of its request.
pub struct PageRequest {
    pub(super) language: Language,
    /// Path and query, for the language switch.
    address: String,
    /// Whether cookies are restricted to TLS; not on the machine itself, where there is none.
    secure: bool,
    ticket: Option<Ticket>,
}

impl<S: Send + Sync> FromRequestParts<S> for PageRequest {
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

impl PageRequest {
    /// A `set-cookie` header. An empty value removes the cookie.
    pub(super) fn cookie(&self, name: &str, value: &str, seconds: u32) -> (HeaderName, HeaderValue) {
        let secure = if self.secure { "; Secure" } else { "" };
        let line = format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}");
        (header::SET_COOKIE, HeaderValue::from_str(&line).unwrap_or_else(|_| HeaderValue::from_static("")))
    }

    /// The person who is signed in; else a redirect to the sign-in.
    pub(super) async fn visitor(&self, pages: &Arc<Pages>) -> Result<Visitor, Response> {
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

/// The name of a role, with its province.
fn role(role: Role, language: Language) -> String {
    let name = language.texts().roles[role.index()];
    match role.province() {
        Some(code) => format!("{name}, {}", label("place", code, language)),
        None => name.to_owned(),
    }
}

/// Percent-encodes a path and query for use inside a query.
fn encoded(address: &str) -> String {
    let plain = |c: u8| c.is_ascii_alphanumeric() || b"-._~/".contains(&c);
    address.bytes().map(|c| if plain(c) { (c as char).to_string() } else { format!("%{c:02X}") }).collect()
}

/// A whole page around its content.
pub(super) fn layout(here: &PageRequest, visitor: Option<&Visitor>, title: &str, content: Markup) -> Markup {
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
                                span.who { (visitor.name) " · " (role(visitor.role, here.language)) }
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

/// A page that reports an error, with a link back.
pub(super) fn problem(here: &PageRequest, visitor: Option<&Visitor>, status: StatusCode) -> Response {
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
