//! The server of Tabara: takes in signed records whose cases it cannot read, and counts coded facts.
//!
//! Modules form layers: each uses only those above it in this table. A test keeps it so.
//!
//! | module | what |
//! |--|--|
//! | [`entry`] | the entries of the one append-only log |
//! | [`store`] | SQLite: the log, and what derives from it |
//! | [`closings`] | months that close, and revisions |
//! | [`settings`] | what a server needs to start: its folder, its keys, whom it trusts |
//! | [`statistics`] | the only door to numbers |
//! | [`staff`] | accounts, sessions, and the audit log of who saw what |
//! | [`http`], [`counters`] | connections, limits, bodies, problems; counts since the start |
//! | [`state`] | what every handler shares |
//! | [`devices`], [`catalog`], [`intake`], [`courier`], [`orders`] | what phones ask for, one module for each group of routes |
//! | [`rebuild`] | the proof that everything derives from the log |
//! | [`web`] | the pages |
//! | [`operator`] | keys, backups, what operators look at, their commands |
//!
//! [`serve`] runs all of it on a listener: tests and the demo do the same as `tabara-server`.

pub mod catalog;
pub mod closings;
pub mod counters;
pub mod courier;
pub mod devices;
pub mod entry;
pub mod http;
pub mod intake;
pub mod operator;
pub mod orders;
pub mod rebuild;
pub mod settings;
pub mod staff;
pub mod state;
pub mod statistics;
pub mod store;
pub mod web;

use axum::middleware::from_fn_with_state;
use axum::routing::get;
use axum::{Json, Router};
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{Components, Info, OpenApi, Server as Address};
use utoipa_axum::router::OpenApiRouter;

use http::limits::Limits;
use http::{client, connections};
pub use settings::Settings;
use settings::certificate::TlsCertificate;
use state::Server;
pub use store::Store;

/// The API for phones, made from the same types and paths as the handlers.
fn document() -> OpenApi {
    let info = Info::builder().title("Tabara").version(env!("CARGO_PKG_VERSION")).license(None);
    let described =
        info.description(Some("Between phones and server; server/PROTOCOL.md says what is in the envelopes."));
    let token = Http::builder().scheme(HttpAuthScheme::Bearer).bearer_format("tabara-token").build();
    let schemes = Components::builder().security_scheme("token", SecurityScheme::Http(token)).build();
    OpenApi::builder().info(described.build()).servers(Some([Address::new("/v1")])).components(Some(schemes)).build()
}

fn routes(server: Arc<Server>) -> Router {
    let (phones, document) = OpenApiRouter::with_openapi(document())
        .merge(devices::routes())
        .merge(intake::routes())
        .merge(catalog::routes())
        .merge(courier::routes())
        .merge(orders::routes())
        .split_for_parts();
    let phones = phones
        .route("/openapi.json", get(async || Json(document)))
        .layer(from_fn_with_state(server.clone(), intake::finish))
        .layer(from_fn_with_state(server.limits.clone(), client::limited));
    let (pages, limits) = (web::routes(&server), server.limits.clone());
    Router::new().nest("/v1", phones).with_state(server).merge(pages).layer(from_fn_with_state(limits, client::resolve))
}

/// Serves until `shutdown` is done, then finishes the requests that have begun. Closes due months at start and every
/// minute.
pub async fn serve(
    listener: tokio::net::TcpListener,
    store: Store,
    settings: Settings,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let (ticking, clock) = (store.clone(), settings.clock.clone());
    // these tasks end with this call, also if it is dropped
    let mut beside = tokio::task::JoinSet::new();
    beside.spawn(async move {
        let mut minutes = tokio::time::interval(Duration::from_secs(60));
        loop {
            minutes.tick().await;
            let (store, clock) = (ticking.clone(), clock.clone());
            let ticked = tokio::task::spawn_blocking(move || closings::tick(&store, &*clock)).await;
            if let Ok(Err(e)) = ticked {
                tracing::error!("closing months: {e}");
            }
        }
    });
    let (certificate, monitor) = (settings.tls.clone(), settings.monitor);
    let tls = certificate.as_ref().map(TlsCertificate::config);
    beside.spawn(operator::certificate::watch(certificate, settings.data.clone()));
    let server = Arc::new(Server::new(store, settings).map_err(std::io::Error::other)?);
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
