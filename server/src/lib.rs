//! The server of Tabara: takes in signed records whose cases it cannot read, and counts coded facts.
//!
//! | room | what |
//! |--|--|
//! | [`log`], [`intake`], [`devices`], [`catalog`], [`courier`] | the one log; records in; phones; what phones fetch; what is carried by hand |
//! | [`store`] | SQLite behind a dozen verbs |
//! | [`statistics`] | the only door to numbers |
//! | [`auth`], [`audit`], [`web`] | who may see what; who saw what; the pages |
//! | [`listen`], [`limits`], [`monitor`], [`doctor`] | connections; who asks too often; what operators look at |
//! | [`settings`], [`error`] | what a server needs to start; problems over HTTP |
//!
//! [`app`] makes the router, [`serve`] runs it on a listener: tests and the demo do the same as `tabara-server`.

pub mod audit;
pub mod auth;
pub mod catalog;
pub mod courier;
pub mod desk;
pub mod devices;
pub mod doctor;
pub mod error;
pub mod intake;
pub mod limits;
pub mod listen;
pub mod log;
pub mod monitor;
pub mod orders;
pub mod settings;
pub mod statistics;
pub mod store;
pub mod web;

use axum::Router;
use std::sync::Arc;
use std::time::Duration;

pub use settings::Settings;
pub use store::Store;

/// What every handler shares.
pub struct Server {
    pub store: Store,
    pub settings: Settings,
    pub limits: limits::Limits,
    pub counters: monitor::Counters,
}

/// All routes of a server.
pub fn app(store: Store, settings: Settings) -> Router {
    routes(shared(store, settings))
}

fn shared(store: Store, settings: Settings) -> Arc<Server> {
    Arc::new(Server { store, settings, limits: Default::default(), counters: Default::default() })
}

/// A body that stands still for so long is given up.
const BODY_PATIENCE: Duration = Duration::from_secs(30);

fn routes(server: Arc<Server>) -> Router {
    let phones = Router::new()
        .merge(devices::routes())
        .merge(intake::routes())
        .merge(catalog::routes())
        .merge(courier::routes())
        .merge(orders::routes())
        .layer(axum::middleware::from_fn_with_state(server.clone(), intake::finish));
    let pages = web::routes(&server);
    let all = Router::new().nest("/v1", phones).with_state(server).merge(pages);
    all.layer(tower_http::timeout::RequestBodyTimeoutLayer::new(BODY_PATIENCE))
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
        beside.spawn(listen::serve(listener, monitor::routes(server.clone()), None, std::future::pending()));
    }
    listen::serve(listener, routes(server), tls, shutdown).await;
    Ok(())
}
