//! Health and metrics on a listener of their own: `GET /health`, and `GET /metrics` in the text format of Prometheus. They
//! reveal nothing about a person, a phone or a place.

use crate::http::problem::{Problem, blocking};
use crate::http::state::Server;
use axum::Router;
use axum::extract::State;
use axum::routing::get;
use std::fmt::Write as _;
use std::sync::Arc;

pub fn routes(server: Arc<Server>) -> Router {
    Router::new().route("/health", get(health)).route("/metrics", get(metrics)).with_state(server)
}

/// Writes to the disk: a server with a full disk is not healthy.
async fn health(State(server): State<Arc<Server>>) -> Result<&'static str, Problem> {
    blocking(move || Ok(server.store.write(|_| Ok(()))?)).await.map(|()| "ok")
}

async fn metrics(State(server): State<Arc<Server>>) -> Result<String, Problem> {
    blocking(move || {
        let now = server.settings.clock.unix();
        let store = &server.store;
        let (end, waiting, phones) =
            store.read(|log| Ok((log.end()?, log.quarantined()?.len(), log.count_bindings()?)))?;
        let backup = store.last_backup()?.map_or(f64::NAN, |then| (now - then) as f64);
        let mut text = String::new();
        let mut line = |name: &str, kind: &str, help: &str, values: &[(String, f64)]| {
            let _ = write!(text, "# HELP {name} {help}\n# TYPE {name} {kind}\n");
            for (labels, value) in values {
                let _ = writeln!(text, "{name}{labels} {value}");
            }
        };
        let one = |value: f64| vec![(String::new(), value)];
        let counters = &server.counters;
        let outcomes = counters.outcomes().map(|(name, n)| (format!("{{outcome=\"{name}\"}}"), n as f64));
        let outcomes: Vec<_> = outcomes.collect();
        line("tabara_records_total", "counter", "Records by outcome since the start.", &outcomes);
        line("tabara_bundles_total", "counter", "Bundles since the start.", &one(counters.bundles() as f64));
        let seconds = one(counters.spent().as_secs_f64());
        line("tabara_bundle_seconds_total", "counter", "Time spent on bundles.", &seconds);
        line("tabara_log_position", "gauge", "Entries of the log.", &one(end as f64));
        line("tabara_quarantined", "gauge", "Entries that wait for someone to look.", &one(waiting as f64));
        line("tabara_phones", "gauge", "Bindings of phones.", &one(phones as f64));
        let (open, refused) = server.limits.connections();
        line("tabara_connections", "gauge", "Open connections.", &one(open as f64));
        line("tabara_connections_refused_total", "counter", "Connections not let in.", &one(refused as f64));
        let too_many = one(server.limits.too_many() as f64);
        line("tabara_too_many_total", "counter", "Requests and connections beyond a client's limit.", &too_many);
        line("tabara_backup_age_seconds", "gauge", "Since the last backup.", &one(backup));
        Ok(text)
    })
    .await
}
