//! The server as a process of its own, and what goes over the wire to it.

use crate::{Rows, phone};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use tabara_core::clock::SystemClock;
use tabara_core::envelope::{Digest, Signer, SigningKey, sha256};
use tabara_core::record::Sent;
use tabara_core::wire::{Bundle, Enclosed, KeptEntry, Leaf, LeafProof, Parcel, Standing, TreeHead};
use tabara_core::{seal, tree};
use tabara_support::bad_link::{Cost, cost};
use tabara_support::load::{KeyDeployment, Told, measure};
use tabara_support::process::cpu_of_children;

/// Measured once on two cores like these (Central v2026.2.2, PostgreSQL 15), not in this run.
const PEER: &str = "ODK Central v2026.2.2, another run";

pub fn sync(rows: &mut Rows) {
    let binary = std::env::current_exe().expect("this program").with_file_name("tabara-server");
    let figures = measure(&binary, 100, 30_000, 1_000_000);
    rows.add("sync", "records_per_s", figures.records_per_s, "1/s", (PEER, 218.0));
    rows.add("sync", "cpu_s_per_1000", figures.cpu_s_per_1000, "s", (PEER, 13.8));
    rows.add("sync", "p99_batch", figures.p99_batch, "ms", (PEER, 41.0));
    rows.add("sync", "disk_ratio", figures.disk_ratio, "x", ("payload", 1.0));
    rows.add("sync", "rate_ratio_at_1m", figures.rate_ratio, "x", ("empty log, in turn", 1.0));
    rows.add("sync", "memory_bytes_per_record", figures.memory_bytes_per_record, "B", ("most it may be", 40.0));
    let waiting = phone::waiting(20);
    let records: Vec<Sent> = waiting.into_iter().map(|(jws, sealed)| Sent::new(jws, sealed.as_deref())).collect();
    let raw: usize = records.iter().map(|r| r.jws.len() + r.sealed.as_ref().map_or(0, String::len)).sum();
    let wire = exchanged(&records) as f64 / records.len() as f64;
    rows.add("sync", "wire_bytes", wire, "B", ("what is signed and sealed alone", raw as f64 / records.len() as f64));
    rows.add("sync", "sync_nothing_new", exchanged(&[]) as f64, "B", ("most it may be", 2560.0));
    rows.add("sync", "proof_bytes", longest_proofs(1_000_000), "B", ("most it may be", 1536.0));
    rows.add("sync", "rebuild_1m", rebuild(&binary), "s", ("CPU, most it may be; 100,000 records, times ten", 150.0));
    bad_link(rows);
}

/// Bytes of the longest proofs of one answer over so many leaves: that the tree grew, and that a bundle is in it.
fn longest_proofs(size: u64) -> f64 {
    let node = |_, _| Ok::<_, std::convert::Infallible>(Digest([0; 32]));
    let hashes =
        |proof: Result<Option<Vec<Digest>>, _>| proof.ok().flatten().map_or(0, |proof: Vec<Digest>| proof.len());
    let longest = |of: &dyn Fn(u64) -> usize| (1..2000).map(|n| of(size - n)).max().unwrap_or(0);
    let grown = longest(&|old| hashes(tree::prove_consistency(old, size, node)));
    let inside = longest(&|index| hashes(tree::prove_inclusion(index, size, node)));
    ((grown + inside) * 32) as f64
}

/// CPU seconds in which the server proves a log of a million signed records.
fn rebuild(binary: &Path) -> f64 {
    const PHONES: usize = 100;
    let folder = tempfile::tempdir().expect("a folder");
    let deployment = KeyDeployment::new(Arc::new(SystemClock::default()));
    let (store, settings) = deployment.open(folder.path());
    for mut phone in (0..PHONES).map(|_| deployment.phone()) {
        for _ in 0..10 {
            let records: Vec<Sent> = (0..100)
                .map(|_| {
                    let record = phone.screening();
                    phone.sign(&record, None)
                })
                .collect();
            let told = phone.hand_in(&store, &settings, &records);
            assert!(told.iter().all(|told| matches!(told, Told::Kept { .. })), "all are kept");
        }
    }
    drop(store);
    let before = cpu_of_children();
    let status = Command::new(binary).arg("--data").arg(folder.path()).arg("rebuild").stdout(Stdio::null()).status();
    assert!(status.is_ok_and(|status| status.success()), "the log is proven");
    (cpu_of_children() - before) * 10.0
}

/// Bytes of a bundle and its parcel, with the proofs of a log of a million leaves.
fn exchanged(records: &[Sent]) -> usize {
    let (key, (_, to)) = (Signer::new(&SigningKey::generate()), seal::new_identity());
    let hashes = |name: &str| (0..20).map(|n| sha256(format!("{name} {n}").as_bytes())).collect::<Vec<Digest>>();
    let head = TreeHead { size: 1_000_000, root: sha256(b"a root") };
    let asks = Bundle { head: Some(head), cursor: 1_000_000, catalog: Some(sha256(b"a catalog")), ..Bundle::default() };
    let bundle = asks.seal(&key, records, &to).expect("a key to seal to");
    let entry = |sent: &Sent| KeptEntry { jws: sha256(sent.jws.as_bytes()), reason: None };
    let leaf = |_| {
        let entries = records.iter().map(entry).collect();
        let leaf = Leaf::Bundle { day: "2026-11-29".into(), bundle: sha256(&bundle), entries };
        LeafProof { index: 1_000_000, text: leaf.text(), proof: hashes("path") }
    };
    let parcel = Parcel {
        answers: sha256(&bundle),
        time: 1_795_953_600,
        head: TreeHead { size: 1_000_001, ..head },
        standing: Standing::Trusted,
        seq: 1000,
        grown: Some(hashes("consistency")),
        restore: None,
        connected: vec![],
        leaves: records.first().map(leaf).into_iter().collect(),
        refused: vec![],
        later: None,
        providers: None,
        updates: vec![],
        cursor: 1_000_000,
    };
    bundle.len() + parcel.seal(&key, &Enclosed::default(), &to).expect("a key to seal to").len()
}

/// Twenty seeds at once, in real time.
fn bad_link(rows: &mut Rows) {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let costs: Vec<Cost> = runtime.block_on(async {
        let seeds: Vec<_> = (1..=20).map(|seed| tokio::spawn(cost(seed))).collect();
        let mut costs = Vec::new();
        for seed in seeds {
            costs.push(seed.await.expect("all arrive"));
        }
        costs
    });
    let mean = |of: fn(&Cost) -> f64| costs.iter().map(of).sum::<f64>() / costs.len() as f64;
    let worst = costs.iter().map(|cost| cost.waste).fold(0.0, f64::max);
    rows.add("sync", "bad_link_waste", mean(|cost| cost.waste), "x", ("most it may be", 0.15));
    rows.add("sync", "bad_link_waste_worst", worst, "x", ("the worst of twenty seeds; most", 0.15));
    // 20 kbit/s carry 2,500 bytes a second
    let floor = mean(|cost| cost.payload as f64 / 2500.0);
    rows.add("sync", "bad_link_seconds", mean(|cost| cost.took.as_secs_f64()), "s", ("the payload alone", floor));
    // a client that still waits for an answer need not hold up the end
    runtime.shutdown_background();
}
