//! What an operator's tools read, on a listener of its own: `GET /health`, and `GET /metrics` in Prometheus' text form.
//! Nothing here tells of a person, a phone or a place.

use crate::Server;
use crate::error::{Problem, blocking};
use axum::Router;
use axum::extract::State;
use axum::routing::get;
use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tabara_protocol::record::{Outcome, Verdict};

/// Counts since the start.
#[derive(Debug, Default)]
pub struct Counters {
    outcomes: [AtomicU64; 4],
    batches: AtomicU64,
    micros: AtomicU64,
}

const OUTCOMES: [&str; 4] = ["accepted", "already_had", "quarantined", "refused"];

impl Counters {
    /// Counts a batch by its verdicts and the time it took.
    pub fn batch(&self, verdicts: &[Verdict], took: Duration) {
        for verdict in verdicts {
            let at = match verdict.outcome {
                Outcome::Accepted => 0,
                Outcome::AlreadyHad => 1,
                Outcome::Quarantined => 2,
                Outcome::Refused => 3,
            };
            self.outcomes[at].fetch_add(1, Ordering::Relaxed);
        }
        self.batches.fetch_add(1, Ordering::Relaxed);
        self.micros.fetch_add(took.as_micros() as u64, Ordering::Relaxed);
    }
}

pub fn routes(server: Arc<Server>) -> Router {
    Router::new().route("/health", get(health)).route("/metrics", get(metrics)).with_state(server)
}

/// Writes to the disk: a server whose disk is full is not well.
async fn health(State(server): State<Arc<Server>>) -> Result<&'static str, Problem> {
    blocking(move || Ok(server.store.write(|_| Ok(()))?)).await.map(|()| "ok")
}

async fn metrics(State(server): State<Arc<Server>>) -> Result<String, Problem> {
    blocking(move || {
        let now = server.settings.clock.unix();
        let store = &server.store;
        let (head, waiting, phones) =
            store.read(|log| Ok((log.head(now)?, log.quarantined()?.len(), log.count_bindings()?)))?;
        let backup = store.last_backup()?.map_or(f64::NAN, |then| (now - then) as f64);
        let mut text = String::new();
        let mut line = |name: &str, kind: &str, help: &str, values: &[(String, f64)]| {
            let _ = write!(text, "# HELP {name} {help}\n# TYPE {name} {kind}\n");
            for (labels, value) in values {
                let _ = writeln!(text, "{name}{labels} {value}");
            }
        };
        let one = |value: f64| vec![(String::new(), value)];
        let load = |counter: &AtomicU64| counter.load(Ordering::Relaxed) as f64;
        let counters = &server.counters;
        let outcomes = OUTCOMES.iter().zip(&counters.outcomes);
        let outcomes: Vec<_> = outcomes.map(|(name, n)| (format!("{{outcome=\"{name}\"}}"), load(n))).collect();
        line("tabara_records_total", "counter", "Records by outcome since the start.", &outcomes);
        line("tabara_batches_total", "counter", "Batches since the start.", &one(load(&counters.batches)));
        let seconds = one(load(&counters.micros) / 1e6);
        line("tabara_batch_seconds_total", "counter", "Time spent on batches.", &seconds);
        line("tabara_log_position", "gauge", "Entries of the log.", &one(head.position as f64));
        line("tabara_quarantined", "gauge", "Entries that wait for someone to look.", &one(waiting as f64));
        line("tabara_phones", "gauge", "Bindings of phones.", &one(phones as f64));
        let (open, refused) = server.limits.connections();
        line("tabara_connections", "gauge", "Open connections.", &one(open as f64));
        line("tabara_connections_refused_total", "counter", "Connections not let in.", &one(refused as f64));
        line("tabara_backup_age_seconds", "gauge", "Since the last backup.", &one(backup));
        Ok(text)
    })
    .await
}
