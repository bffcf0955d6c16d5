//! The server of Tabara: takes in signed records whose cases it cannot read, and counts coded facts.
//!
//! | room | what |
//! |--|--|
//! | [`log`], [`intake`], [`devices`], [`catalog`], [`courier`] | the one log; records in; phones; what phones fetch; what is carried by hand |
//! | [`store`] | SQLite behind a dozen verbs |
//! | [`statistics`] | the only door to numbers |
//! | [`auth`], [`audit`], [`web`] | who may see what; who saw what; the pages |
//! | [`listen`], [`operator`] | connections and limits; keys, backups, what operators look at |
//! | [`settings`], [`error`] | what a server needs to start; problems over HTTP |
//!
//! [`app`] makes the router, [`serve`] runs it on a listener: tests and the demo do the same as `tabara-server`.

pub mod audit;
pub mod auth;
pub mod catalog;
pub mod courier;
pub mod devices;
pub mod error;
pub mod intake;
pub mod listen;
pub mod log;
pub mod operator;
pub mod orders;
pub mod settings;
pub mod statistics;
pub mod store;
pub mod web;

use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;
use tower_http::timeout::TimeoutLayer;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{Components, Info, OpenApi, Server as Address};
use utoipa_axum::router::OpenApiRouter;

use listen::limits::Limits;
pub use settings::Settings;
pub use store::Store;

/// What every handler shares.
pub struct Server {
    pub store: Store,
    pub settings: Settings,
    pub limits: Limits,
    pub counters: operator::monitor::Counters,
    pub unfinished: intake::Unfinished,
}

/// All routes of a server.
pub fn app(store: Store, settings: Settings) -> Router {
    routes(shared(store, settings))
}

fn shared(store: Store, settings: Settings) -> Arc<Server> {
    let (limits, counters, unfinished) = Default::default();
    Arc::new(Server { store, settings, limits, counters, unfinished })
}

/// A page, the form that it was asked with included, takes no longer.
const PAGE_PATIENCE: Duration = Duration::from_secs(60);

/// What phones may ask, made from the same types and paths as the handlers.
fn document() -> OpenApi {
    let info = Info::builder().title("Tabara").version(env!("CARGO_PKG_VERSION")).license(None);
    let told = info.description(Some("Between phones and server; server/PROTOCOL.md says what is in the envelopes."));
    let token = Http::builder().scheme(HttpAuthScheme::Bearer).bearer_format("tabara-token").build();
    let schemes = Components::builder().security_scheme("token", SecurityScheme::Http(token)).build();
    OpenApi::builder().info(told.build()).servers(Some([Address::new("/v1")])).components(Some(schemes)).build()
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
        .layer(axum::middleware::from_fn_with_state(server.clone(), intake::finish));
    let in_time = TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, PAGE_PATIENCE);
    let pages = web::routes(&server).layer(in_time);
    Router::new().nest("/v1", phones).with_state(server).merge(pages)
}

/// Serves until `shutdown` is done, then finishes what has begun. Closes months that are due at start and every
/// minute.
pub async fn serve(
    listener: tokio::net::TcpListener,
    store: Store,
    settings: Settings,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let (ticking, clock) = (store.clone(), settings.clock.clone());
    // what runs beside ends with this call, also when that is dropped
    let mut beside = tokio::task::JoinSet::new();
    beside.spawn(async move {
        let mut minutes = tokio::time::interval(Duration::from_secs(60));
        loop {
            minutes.tick().await;
            let (store, clock) = (ticking.clone(), clock.clone());
            let ticked = tokio::task::spawn_blocking(move || log::tick(&store, &*clock)).await;
            if let Ok(Err(e)) = ticked {
                tracing::error!("closing months: {e}");
            }
        }
    });
    let (tls, monitor) = (settings.tls.clone(), settings.monitor);
    let server = shared(store, settings);
    if let Some(address) = monitor {
        let listener = tokio::net::TcpListener::bind(address).await?;
        beside.spawn(listen::serve(
            listener,
            operator::monitor::routes(server.clone()),
            None,
            Limits::default(),
            pending(),
        ));
    }
    let limits = server.limits.clone();
    listen::serve(listener, routes(server), tls, limits, shutdown).await;
    Ok(())
}
