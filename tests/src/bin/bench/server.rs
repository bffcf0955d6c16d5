//! The server as a process of its own, and what goes over the wire to it.

use crate::{Rows, phone};
use tabara_core::record::{Batch, Sent};
use tabara_tests::bad_link::{Cost, cost};
use tabara_tests::load::{gzip, measure};

/// Measured once on two cores like these (Central v2026.2.2, PostgreSQL 15), not in this run.
const PEER: &str = "ODK Central v2026.2.2, another run";

pub fn sync(rows: &mut Rows) {
    let binary = std::env::current_exe().expect("this program").with_file_name("tabara-server");
    let figures = measure(&binary, 100, 40_000, 100_000);
    rows.add("sync", "records_per_s", figures.records_per_s, "1/s", (PEER, 218.0));
    rows.add("sync", "cpu_s_per_1000", figures.cpu_s_per_1000, "s", (PEER, 13.8));
    rows.add("sync", "p99_batch", figures.p99_batch, "ms", (PEER, 41.0));
    rows.add("sync", "disk_ratio", figures.disk_ratio, "x", ("payload", 1.0));
    rows.add("sync", "rate_ratio_at_100k", figures.rate_ratio, "x", ("empty log", 1.0));
    let waiting = phone::waiting(20);
    let records: Vec<Sent> = waiting.into_iter().map(|(jws, sealed)| Sent::new(jws, sealed.as_deref())).collect();
    let raw: usize = records.iter().map(|r| r.jws.len() + r.sealed.as_ref().map_or(0, String::len)).sum();
    let wire = gzip(&Batch { records }).len() as f64 / 20.0;
    rows.add("sync", "wire_bytes", wire, "B", ("the same without gzip", raw as f64 / 20.0));
    bad_link(rows);
}

/// Three seeds at once, in real time.
fn bad_link(rows: &mut Rows) {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let costs = runtime.block_on(async {
        let (a, b, c) = tokio::join!(cost(1), cost(2), cost(3));
        [a, b, c]
    });
    let mean = |of: fn(&Cost) -> f64| costs.iter().map(of).sum::<f64>() / 3.0;
    rows.add("sync", "bad_link_waste", mean(|cost| cost.waste), "x", ("most it may be", 0.15));
    // 20 kbit/s carry 2,500 bytes a second
    let floor = mean(|cost| cost.payload as f64 / 2500.0);
    rows.add("sync", "bad_link_seconds", mean(|cost| cost.took.as_secs_f64()), "s", ("the payload alone", floor));
}
