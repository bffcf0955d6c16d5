//! Pages for coordinators: server-rendered, no script at all, light, in French and English, usable on a phone and on
//! paper. Nothing here can decrypt anything, and every number comes through `statistics::shown`.
//!
//! | part | what |
//! |--|--|
//! | [`sign_in`] | signing in and out |
//! | [`figures`] | the coordinator's page |
//! | [`charts`] | SVG from shown numbers |
//! | [`texts`], [`labels`] | texts and names of codes, by language (drafts) |
//! | [`about`] | how to read the figures; who saw what |
//!
//! Programs may read the tables: each cell that holds a number carries `data-code` and `data-value`, or `data-below`
//! where fewer than that many are hidden; see [`figures`].

pub mod about;
mod assets;
pub mod charts;
pub mod figures;
pub mod labels;
mod page;
mod shared;
pub mod sign_in;
pub mod texts;

use self::assets::{icon, style};
use self::page::{LANGUAGE_COOKIE, PageRequest, problem};
use self::shared::Pages;
use self::texts::Language;
use crate::state::Server;
use axum::Router;
use axum::extract::{Path, Query, Request};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use serde::Deserialize;
use std::sync::Arc;

/// All pages.
pub fn routes(server: &Arc<Server>) -> Router {
    let pages = Arc::new(Pages::new(server.clone()));
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
        .fallback(|here: PageRequest| async move { problem(&here, None, StatusCode::NOT_FOUND) })
        .layer(axum::middleware::from_fn(guard))
        .with_state(pages)
}

/// Headers of every page: only our own style sheet loads, no other site frames us, nothing is cached. A form is accepted
/// only from our own pages.
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

#[derive(Deserialize)]
struct LanguageQuery {
    back: Option<String>,
}

async fn remember_language(
    here: PageRequest,
    Path(code): Path<String>,
    Query(query): Query<LanguageQuery>,
) -> Response {
    // only to a path of our own
    let back = query.back.filter(|to| to.starts_with('/') && !to.starts_with("//") && !to.contains('\\'));
    let Some(language) = Language::read(&code) else { return problem(&here, None, StatusCode::NOT_FOUND) };
    let cookie = here.cookie(LANGUAGE_COOKIE, language.code(), 31_536_000);
    let back = back.unwrap_or_else(|| "/".into());
    ([cookie], Redirect::to(&back)).into_response()
}
