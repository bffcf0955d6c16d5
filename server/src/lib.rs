//! The server of Tabara: takes in signed records whose cases it cannot read, and counts coded facts.
//!
//! Files form layers: no two import each other. A test keeps it so. Roughly, each module uses those above it:
//!
//! | module | what |
//! |--|--|
//! | [`store`] | SQLite: the one append-only log, its Merkle tree, and what derives from it |
//! | [`settings`] | what a server needs to start: its folder, its keys, whom it trusts |
//! | [`mod@log`] | what the log notes by its clock: months that close, revisions, plans |
//! | [`orders`] | orders to phones |
//! | [`intake`] | the verdict on each record; the signed answer |
//! | [`devices`], [`catalog`] | what phones ask for: registration, the one exchange, files |
//! | [`statistics`] | the only door to numbers |
//! | [`staff`] | accounts, sessions, and the audit log of who saw what |
//! | [`http`] | connections, limits, bodies, problems; what every handler shares |
//! | [`web`], [`reports`] | the pages; the figures as files |
//! | [`operator`] | keys, backups, the proof of the log, what operators look at, their commands |
//!
//! [`serve`] runs all of it on a listener: tests and the demo do the same as `tabara-server`.

pub mod catalog;
pub mod devices;
pub mod http;
pub mod intake;
pub mod log;
pub mod operator;
pub mod orders;
pub mod reports;
pub mod settings;
pub mod staff;
pub mod statistics;
pub mod store;
pub mod web;

#[cfg(test)]
mod tests;

use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use axum::{Json, Router};
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;
use tabara_protocol::clock::Clock;
use tabara_protocol::envelope::Digest;
use tabara_protocol::wire::PREFIX;
use utoipa::openapi::{Components, Info, OpenApi, Server as Address};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use http::limits::Limits;
use http::problem::Problem;
use http::state::Server;
use http::{client, connections};
pub use settings::Settings;
use settings::certificate::TlsCertificate;
use staff::file::Staff;
use store::entry::{AuditNoted, EntryKind};

pub use store::Store;

/// The API for phones, made from the same types and paths as the handlers.
fn document() -> OpenApi {
    let info = Info::builder().title("Tabara").version(env!("CARGO_PKG_VERSION")).license(None);
    let described =
        info.description(Some("Between phones and server; server/PROTOCOL.md says what is in the envelopes."));
    // a path names it, and no body does
    let named = Components::builder().schema_from::<Digest>().build();
    let described = OpenApi::builder().info(described.build()).components(Some(named));
    described.servers(Some([Address::new(PREFIX)])).build()
}

fn routes(server: Arc<Server>) -> Router {
    let (phones, document) = OpenApiRouter::with_openapi(document())
        .routes(routes!(health))
        .merge(devices::routes())
        .merge(catalog::routes())
        .merge(devices::bundles::routes())
        .merge(reports::api::routes())
        .fallback(|| async { Problem::NotFound })
        .split_for_parts();
    let phones = phones
        .route("/openapi.json", get(async || Json(document)))
        .layer(from_fn_with_state(server.limits.clone(), client::limited))
        .layer(from_fn(problems));
    let (pages, limits) = (web::routes(&server), server.limits.clone());
    Router::new()
        .nest(PREFIX, phones)
        .with_state(server)
        .merge(pages)
        .layer(from_fn_with_state(limits, client::resolve))
}

/// Whether the server answers.
#[utoipa::path(get, path = "/health", responses((status = 200, content_type = "text/plain", body = String), Problem))]
async fn health() -> &'static str {
    "ok"
}

/// Errors of the router get the form of a problem.
async fn problems(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    if let Some(problem) = Problem::of_router(&response) {
        response = problem.into_response();
    }
    // a body that was refused unread leaves bytes in the connection: the next request needs a new one
    let unread = [
        StatusCode::REQUEST_TIMEOUT,
        StatusCode::PAYLOAD_TOO_LARGE,
        StatusCode::TOO_MANY_REQUESTS,
        StatusCode::SERVICE_UNAVAILABLE,
    ];
    if unread.contains(&response.status()) {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

/// Notes the hash of the audit log in the log, once a day if it has grown: what was shown to whom cannot be written anew.
fn note_audit(store: &Store, staff: &Staff, clock: &dyn Clock) -> store::Result<()> {
    let Some(last) = staff.audit(u64::MAX, 1)?.into_iter().next() else { return Ok(()) };
    let (now, noted) = (clock.unix(), AuditNoted { lines: last.number, hash: last.hash });
    store.write(move |log| {
        let last = log.last_audit()?;
        let today = |at| crate::log::day_of(at) == crate::log::day_of(now);
        if last.is_none_or(|(at, last)| last.lines < noted.lines && !today(at)) {
            let now = crate::log::begin(log, now)?;
            crate::log::append(log, EntryKind::Audit, now, &noted)?;
        }
        Ok(())
    })
}

/// Serves until `shutdown` is done, then finishes the requests that have begun. Closes due months at start and every
/// minute.
pub async fn serve(
    listener: tokio::net::TcpListener,
    store: Store,
    settings: Settings,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let (certificate, monitor, clock) = (settings.tls.clone(), settings.monitor, settings.clock.clone());
    let data = settings.data.clone();
    let server = Arc::new(Server::new(store, settings).map_err(std::io::Error::other)?);
    let ticking = server.clone();
    // these tasks end with this call, also if it is dropped
    let mut beside = tokio::task::JoinSet::new();
    beside.spawn(async move {
        let mut minutes = tokio::time::interval(Duration::from_secs(60));
        loop {
            minutes.tick().await;
            let (server, clock) = (ticking.clone(), clock.clone());
            let tick = move || {
                crate::log::tick(&server.store, &*clock)?;
                note_audit(&server.store, &server.staff, &*clock)
            };
            if let Ok(Err(e)) = tokio::task::spawn_blocking(tick).await {
                tracing::error!("closing months: {e}");
            }
        }
    });
    let tls = certificate.as_ref().map(TlsCertificate::config);
    beside.spawn(operator::certificate::watch(certificate, data));
    if let Some(address) = monitor {
        let listener = tokio::net::TcpListener::bind(address).await?;
        beside.spawn(connections::serve(
            listener,
            operator::monitor::routes(server.clone()),
            None,
            Limits::default(),
            pending(),
        ));
    }
    let limits = server.limits.clone();
    connections::serve(listener, routes(server), tls, limits, shutdown).await;
    Ok(())
}
