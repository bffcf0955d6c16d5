//! Pages for coordinators: server-rendered, no script at all, light, in French and English (and drafts of Kirundi and Swahili),
//! usable on a phone and on paper. Nothing here can decrypt anything, and every number comes through `statistics::shown`.
//!
//! | part | what |
//! |--|--|
//! | [`sign_in`], [`account`] | signing in and out; sessions and password |
//! | [`accounts`] | who has an account; inviting somebody, and making the account |
//! | `guard` | what every request passes; refusals as pages |
//! | [`figures`] | the coordinator's page |
//! | `coverage`, `board` | who reported, and how good the figures are |
//! | `history` | figures of years before, beside |
//! | `infosheet` | a sheet to print |
//! | `overdue` | referrals that nobody answered in time |
//! | [`charts`] | SVG from shown numbers |
//! | [`texts`], [`labels`] | texts and names of codes, by language |
//! | [`release`] | the latest public release, for everybody |
//! | `plan` | which tables there are this year |
//! | [`about`] | how to read the figures; who saw what |
//!
//! Programs may read the tables: each cell that holds a number carries `data-code` and `data-value`, or `data-below`
//! where fewer than that many are hidden; see [`figures`].

pub mod about;
pub mod account;
pub mod accounts;
mod assets;
mod board;
pub mod charts;
mod coverage;
pub mod figures;
mod guard;
mod history;
mod infosheet;
pub mod labels;
mod local_path;
mod overdue;
mod page;
mod plan;
mod quarantine;
pub mod release;
mod shared;
pub mod sign_in;
pub mod texts;

use self::assets::{icon, style};
use self::guard::guard;
use self::local_path::local_path;
use self::page::{LANGUAGE_COOKIE, PageRequest, VisitorRequest};
use self::shared::Pages;
use self::texts::Language;
use crate::http::state::Server;
use crate::staff::role::Permission;
use axum::Router;
use axum::extract::{DefaultBodyLimit, Path, Query};
use axum::http::StatusCode;
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use serde::Deserialize;
use std::sync::Arc;
use std::time::Duration;
use tower_http::timeout::TimeoutLayer;

/// Bytes of the largest form.
const MAX_FORM: usize = 16 * 1024;
/// The longest time for a page, the reading of its form included.
const PATIENCE: Duration = Duration::from_secs(60);

/// All pages.
pub fn routes(server: &Arc<Server>) -> Router {
    texts::load();
    let pages = Arc::new(Pages::new(server.clone()));
    Router::new()
        .route("/", get(home))
        .route("/sign-in", get(sign_in::form).post(sign_in::submit))
        .route("/sign-out", post(sign_in::sign_out))
        .route("/figures", get(figures::page))
        .route("/figures/{file}", get(figures::export::figures))
        .route("/coverage", get(coverage::page))
        .route("/coverage/coverage.csv", get(coverage::file))
        .route("/history", get(history::page))
        .route("/infosheet", get(infosheet::page))
        .route("/overdue", get(overdue::page))
        .route("/audit/audit.csv", get(figures::export::audit_log))
        .route("/help", get(about::help))
        .route("/plan", get(plan::page))
        .route("/quarantine", get(quarantine::page).post(quarantine::decide))
        .route("/public", get(release::page))
        .route("/public/{file}", get(release::download))
        .route("/audit", get(about::audit))
        .route("/accounts", get(accounts::page))
        .route("/accounts/invite", post(accounts::invite))
        .route("/accounts/remove", post(accounts::remove))
        .route("/welcome", get(accounts::welcome).post(accounts::accept))
        .route("/account", get(account::page))
        .route("/account/password", post(account::change_password))
        .route("/account/session", post(account::end_session))
        .route("/language/{code}", get(remember_language))
        .route("/style.css", get(style))
        .route("/icon.svg", get(icon))
        .fallback(|here: PageRequest| async move { here.problem(StatusCode::NOT_FOUND) })
        .layer(DefaultBodyLimit::max(MAX_FORM))
        .layer(TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, PATIENCE))
        .layer(from_fn_with_state(pages.clone(), guard))
        .with_state(pages)
}

/// The first page of whoever is signed in.
async fn home(here: VisitorRequest) -> Redirect {
    Redirect::to(if here.visitor.role.may(Permission::Figures) { "/figures" } else { "/coverage" })
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
    let Some(language) = Language::read(&code) else { return here.problem(StatusCode::NOT_FOUND) };
    let cookie = here.cookie(LANGUAGE_COOKIE, language.code(), 31_536_000);
    let back = query.back.as_deref().and_then(local_path).unwrap_or("/");
    ([cookie], Redirect::to(back)).into_response()
}
