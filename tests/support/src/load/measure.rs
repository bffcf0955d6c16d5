//! Measures a server that runs as its own process: pinned to one core where `taskset` is, with the load on the other.
//! What is sent was signed before the clock starts.

use super::{KeyDeployment, NOON, Phone, Told, client, told};
use crate::process::ServerProcess;
use base64::prelude::{BASE64_URL_SAFE_NO_PAD as B64, Engine as _};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tabara_core::clock::SystemClock;
use tabara_core::envelope::{self, sha256};
use tabara_core::record::{Record, SealedRef, Sent, Uuid};
use tabara_core::wire::{BUNDLES, Bundle, PREFIX};
use tabara_server::Settings;
use tabara_server::Store;
use tabara_server::store::entry::EntryKind;
use tabara_server::store::{EntryRow, FILE};

/// What was measured.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct Figures {
    /// Bundles of 20, checked, durable before the answer.
    pub records_per_s: f64,
    /// Of the server process, per 1,000 records.
    pub cpu_s_per_1000: f64,
    /// Milliseconds for a bundle of 20 at 200 records a second.
    pub p99_batch: f64,
    /// Bytes of the database over those of the JWS and sealed cases in it.
    pub disk_ratio: f64,
    /// Rate with `seeded` records in the log over the rate of an empty one.
    pub rate_ratio: f64,
    /// Resident memory of the server beyond 64 MB with `seeded` records, per record.
    pub memory_bytes_per_record: f64,
    pub seeded: u64,
}

/// Records in a bundle.
const BATCH: usize = 20;

/// Rounds in which the empty and the full log take turns: what disturbs one disturbs the other too.
const ROUNDS: usize = 5;

/// Runs the server `binary` on fresh folders. `records` are sent by `phones`; `seeded` lie in the log for the last rows.
/// Rates are those of the best of five rounds.
pub fn measure(binary: &Path, phones: usize, records: usize, seeded: u64) -> Figures {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime starts");
    runtime.block_on(async {
        let mut empty = Bench::new(binary, phones, records, 0);
        let mut full = Bench::new(binary, phones, records, seeded);
        let (mut first, mut last) = (Rushed::default(), Rushed::default());
        for _ in 0..ROUNDS {
            first = first.better(empty.rush(records / ROUNDS).await);
            last = last.better(full.rush(records / ROUNDS).await);
        }
        let memory = (full.server.memory() - 64e6).max(0.0) / seeded.max(1) as f64;
        drop(full);
        let p99_batch = empty.pace().await;
        Figures {
            records_per_s: first.rate,
            cpu_s_per_1000: first.cpu * 1000.0,
            p99_batch,
            disk_ratio: empty.disk_ratio(),
            rate_ratio: last.rate / first.rate,
            memory_bytes_per_record: memory,
            seeded,
        }
    })
}

struct Bench {
    // it ends before its folder goes
    server: ServerProcess,
    folder: tempfile::TempDir,
    url: String,
    phones: Vec<Phone>,
    settings: Settings,
    rush: Vec<Sealed>,
    pace: Vec<Sealed>,
}

/// A bundle that waits for its turn: whose it is, what is in it.
struct Sealed {
    phone: usize,
    file: Vec<u8>,
    records: Vec<Sent>,
}

#[derive(Default)]
struct Rushed {
    rate: f64,
    /// CPU seconds of the server per record.
    cpu: f64,
}

impl Rushed {
    fn better(self, other: Self) -> Self {
        if other.rate > self.rate { other } else { self }
    }
}

impl Bench {
    fn new(binary: &Path, phones: usize, records: usize, seeded: u64) -> Self {
        let folder = tempfile::tempdir().expect("a folder is made");
        let deployment = KeyDeployment::new(Arc::new(SystemClock::default()));
        let (store, settings) = deployment.open(folder.path());
        let intake = settings.intake_recipient();
        let mut phones: Vec<Phone> = (0..phones).map(|_| deployment.phone()).collect();
        for phone in &phones {
            tabara_server::devices::register(&store, &settings, &phone.introduction()).expect("a new card");
        }
        seed(&store, &phones[0], seeded);
        drop(store);
        let mut batches = |many: usize| -> Vec<Sealed> {
            let of = |at: usize, phone: &mut Phone| {
                let records: Vec<Sent> = (0..BATCH).map(|_| phone.sealed_screening()).collect();
                Sealed { phone: at, file: phone.bundle(&Bundle::default(), &records, &intake), records }
            };
            let count = phones.len();
            (0..many).map(|n| of(n % count, &mut phones[n % count])).collect()
        };
        let (rush, pace) = (batches(records / BATCH), batches(200));
        let port = std::net::TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a port is free");
        let server = ServerProcess::start(binary, folder.path(), &port.to_string());
        Self { folder, server, url: format!("http://{port}{PREFIX}"), phones, settings, rush, pace }
    }

    /// Sends a bundle; all of it must be accepted. Opening the answer is the phone's work, and is not measured.
    async fn post(&self, http: &reqwest::Client, bundle: &Sealed) -> Vec<u8> {
        let request = http.post(format!("{}{BUNDLES}", self.url)).body(bundle.file.clone());
        request.send().await.expect("it answers").bytes().await.expect("a parcel").to_vec()
    }

    fn check(&self, bundle: &Sealed, answer: &[u8]) {
        let (parcel, _) = self.phones[bundle.phone].open(answer, &bundle.file, &self.settings);
        let kept = |sent| matches!(told(&parcel, sent), Told::Kept { reason: None, .. });
        assert!(bundle.records.iter().all(kept), "all are accepted");
    }

    /// So many records as fast as it can over 16 connections.
    async fn rush(&mut self, records: usize) -> Rushed {
        let http = client();
        while http.get(format!("{}/health", self.url)).send().await.is_err() {
            self.server.must_run();
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let rush: Vec<_> = self.rush.drain(..(records / BATCH).min(self.rush.len())).collect();
        let records = (rush.len() * BATCH) as f64;
        let (queue, answers) = (std::sync::Mutex::new(rush.iter()), std::sync::Mutex::new(Vec::new()));
        let worker = || async {
            loop {
                let Some(bundle) = queue.lock().expect("no panic").next() else { return };
                let answer = self.post(&http, bundle).await;
                answers.lock().expect("no panic").push((bundle, answer));
            }
        };
        let (begun, cpu) = (Instant::now(), self.server.cpu());
        let workers = || (worker(), worker(), worker(), worker());
        let four = |(a, b, c, d)| async { tokio::join!(a, b, c, d) };
        tokio::join!(four(workers()), four(workers()), four(workers()), four(workers()));
        let (seconds, cpu) = (begun.elapsed().as_secs_f64(), self.server.cpu() - cpu);
        answers.lock().expect("no panic").iter().for_each(|(bundle, answer)| self.check(bundle, answer));
        Rushed { rate: records / seconds, cpu: cpu / records }
    }

    /// Ten batches a second; the 99th percentile in milliseconds.
    async fn pace(&mut self) -> f64 {
        let http = client();
        let mut tasks = tokio::task::JoinSet::new();
        let mut clock = tokio::time::interval(Duration::from_millis(100));
        for bundle in std::mem::take(&mut self.pace) {
            let request = http.post(format!("{}{BUNDLES}", self.url)).body(bundle.file.clone());
            clock.tick().await;
            tasks.spawn(async move {
                let begun = Instant::now();
                let answer = request.send().await.expect("it answers").bytes().await.expect("a parcel");
                (begun.elapsed().as_secs_f64() * 1000.0, bundle, answer)
            });
        }
        let mut times = Vec::new();
        while let Some(done) = tasks.join_next().await {
            let (took, bundle, answer) = done.expect("no panic");
            self.check(&bundle, &answer);
            times.push(took);
        }
        times.sort_by(f64::total_cmp);
        times[times.len() * 99 / 100 - 1]
    }

    fn disk_ratio(&self) -> f64 {
        let file = rusqlite::Connection::open(self.folder.path().join(FILE)).expect("it opens");
        let sum = |sql: &str| file.query_row(sql, [], |r| r.get::<_, f64>(0)).expect("it counts");
        let payload =
            sum("SELECT sum(length(body)) + 0.0 FROM entry") + sum("SELECT sum(length(bytes)) + 0.0 FROM sealed");
        file.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").expect("it writes");
        std::fs::metadata(self.folder.path().join(FILE)).expect("it is there").len() as f64 / payload
    }
}

/// Fills the log as if records had come: real payloads and ids, signatures that nobody checks again.
fn seed(store: &Store, phone: &Phone, records: u64) {
    const CHUNK: u64 = 10_000;
    let jws = {
        let record = Record { sealed: None, ..phone_record() };
        phone.sign(&record, Some(&[0; 2048])).jws
    };
    let parts: Vec<&str> = jws.split('.').collect();
    let (header, signature) = (parts[0].to_owned(), parts[2].to_owned());
    let model: Record = envelope::stored(&jws).expect("it reads");
    for begin in (0..records).step_by(CHUNK as usize) {
        let (header, signature, model) = (header.clone(), signature.clone(), model.clone());
        let many = CHUNK.min(records - begin);
        let append = move |log: &tabara_server::store::Writing| {
            for n in begin..begin + many {
                let sealed: [u8; 2048] = std::array::from_fn(|at| (n as usize * 31 + at) as u8);
                let reference = SealedRef { sha256: sha256(&sealed), len: 2048 };
                let id = Uuid::new_v4();
                // numbers far above those that the phone itself will use
                let record = Record { record: id, seq: 1_000_000 + n, sealed: Some(reference), ..model.clone() };
                let payload = B64.encode(serde_json::to_vec(&record).expect("a record has a JSON form"));
                let body = format!("{header}.{payload}.{signature}");
                let entry = EntryRow {
                    id: Some(id),
                    binding: Some(2),
                    seq: Some(record.seq),
                    ..EntryRow::own(EntryKind::Record, NOON, body)
                };
                let position = log.append(&entry)?;
                log.keep_sealed(position, &sealed)?;
            }
            Ok(())
        };
        store.write(append).expect("it is appended");
    }
}

fn phone_record() -> Record {
    KeyDeployment::new(Arc::new(SystemClock::default())).phone().screening()
}
