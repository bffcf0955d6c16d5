//! What a coordinator waits for: pages and editions over logs of 100,000 and of a million records of all kinds. DuckDB and
//! PostgreSQL count the same tables in the same run (`tests/bench/peers/statistics_peer.py`).

use crate::Rows;
use crate::peers::Peer;
use base64::prelude::{BASE64_URL_SAFE_NO_PAD as B64, Engine as _};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::json;
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};
use tabara_core::clock::{Clock as _, SystemClock, civil_month};
use tabara_core::facts::{Dictionary, Facts};
use tabara_core::places;
use tabara_core::record::{Kind, Record, Uuid};
use tabara_protocol::tables::{Dimension, Population, STAGES, Table, Tables, Unit};
use tabara_server::log::{begin, day_of};
use tabara_server::staff::accounts::set_account;
use tabara_server::staff::file::Staff;
use tabara_server::staff::role::Role;
use tabara_server::statistics::{Base, Counting, Period, Scope, Snapshot};
use tabara_server::store::EntryRow;
use tabara_server::store::entry::EntryKind;
use tabara_server::{Settings, Store, devices};
use tabara_support::coordinator::Coordinator;
use tabara_support::deployment::SetClock;
use tabara_support::load::{KeyDeployment, Phone};
use tabara_support::process::ServerProcess;
use tabara_support::rng::Rng;
use tabara_support::seeded_server::{OTHERS, PASSWORD, facts, other_facts};

const MONTH: i64 = 2_629_746;
/// The last one stays open.
const MONTHS: i64 = 26;
const PHONES: usize = 200;

/// The names of the rows: page, edition, audit, start, memory, log.
type Names = [&'static str; 6];
const LOGS: [(usize, Names); 2] = [
    (100_000, ["page_100k", "edition_100k", "audit_100k", "start_100k", "memory_100k", "read_100k"]),
    (1_000_000, ["page_1m", "edition_1m", "audit_1m", "start_1m", "memory_1m", "read_1m"]),
];

pub fn statistics(rows: &mut Rows) {
    for (records, names) in LOGS {
        let folder = tempfile::tempdir().expect("a folder");
        let (data, peers) = (folder.path().join("data"), folder.path().join("peers"));
        std::fs::create_dir(&peers).expect("a folder");
        let (store, settings) = fill(&data, &peers, records);
        counted(rows, &store, names, &peers);
        drop(store);
        served(rows, &settings, names);
    }
}

/// Fills a log as if records had come month by month up to now, and writes the same records for the peers: one file for
/// each kind. Payloads are real; nobody checks their signatures again.
fn fill(data: &Path, peers: &Path, records: usize) -> (Store, Settings) {
    let start = SystemClock::default().unix() - (MONTHS - 1) * MONTH;
    let deployment = KeyDeployment::new(SetClock::at(start));
    let (store, settings) = deployment.open(data);
    let communes: Vec<&str> = places::communes().map(|place| place.code).collect();
    let mut phones: Vec<(Phone, u64, &'static str)> = (0..PHONES)
        .map(|n| {
            let commune = communes[n * 5 % communes.len()];
            let phone = deployment.phone_in(commune);
            devices::register(&store, &settings, &phone.introduction()).expect("a new card");
            let bindings = store.read(|log| log.bindings_of(phone.device)).expect("the log reads");
            (phone, bindings[0].position, commune)
        })
        .collect();
    let mut sheets = Sheets::new(peers);
    let mut rng = Rng::new(17);
    for month in 0..MONTHS {
        let (now, mut batch) = (start + month * MONTH, Vec::new());
        let civil = civil_month(now);
        for n in 0..records / MONTHS as usize {
            let (phone, binding, commune) = &mut phones[rng.below(PHONES)];
            let kind = OTHERS.get(n % 14).copied().unwrap_or(Kind::Screening);
            let facts = match kind {
                Kind::Screening => facts(&civil, commune, &mut rng),
                other => other_facts(other, &civil, commune, &mut rng),
            };
            // what is open or of a quarter that is not over is not split: the peers count whole months alone
            if month < MONTHS - 1 {
                sheets.write(kind, *binding, commune, &facts);
            }
            let record = Record { record: Uuid::new_v4(), kind, facts, ..phone.screening() };
            batch.push((record, *binding));
        }
        let append = move |log: &tabara_server::store::Writing| {
            let now = begin(log, now)?;
            for (record, binding) in batch {
                let payload = B64.encode(serde_json::to_vec(&record).expect("a record has a JSON form"));
                let own = EntryRow::own(EntryKind::Record, day_of(now), format!("e30.{payload}.e30"));
                let (id, seq) = (Some(record.record), Some(record.seq));
                log.append(&EntryRow { id, seq, binding: Some(binding), ..own })?;
            }
            Ok(())
        };
        store.write(append).expect("it is appended");
    }
    sheets.describe();
    (store, settings)
}

/// The files of the peers: `KIND.csv` with a column for each fact, codes of one record joined by `;`.
struct Sheets<'a> {
    folder: &'a Path,
    files: Vec<(Kind, Vec<&'static str>, std::io::BufWriter<std::fs::File>)>,
}

impl<'a> Sheets<'a> {
    fn new(folder: &'a Path) -> Self {
        let kinds = [Kind::Screening].into_iter().chain(OTHERS);
        let files = kinds.map(|kind| {
            let file = std::fs::File::create(folder.join(format!("{}.csv", kind.word()))).expect("a file");
            let facts: Vec<&str> = Dictionary::standard().facts.iter().map(|fact| fact.name.as_str()).collect();
            let mut file = std::io::BufWriter::new(file);
            writeln!(file, "device,commune,province,year,quarter,stage,{}", facts.join(",")).expect("a disk");
            (kind, facts, file)
        });
        Self { folder, files: files.collect() }
    }

    fn write(&mut self, kind: Kind, device: u64, commune: &str, told: &Facts) {
        let (_, facts, file) = self.files.iter_mut().find(|(of, ..)| *of == kind).expect("a kind that is counted");
        let codes =
            |fact: &str| told.get(fact).map(|value| value.codes().collect::<Vec<_>>().join(";")).unwrap_or_default();
        let (month, status) = (codes("month"), codes("referral_status"));
        let (year, quarter) = (&month[..4], month[5..].parse::<u8>().map_or(0, |month| (month - 1) / 3 + 1));
        let sent = told.contains_key("delay");
        let reached = STAGES.iter().filter(|stage| stage.is_reached(&status, sent)).map(|stage| stage.code);
        let province = places::province_of(commune).map_or("", |place| place.code);
        let stages = reached.collect::<Vec<_>>().join(";");
        let cells: Vec<String> = facts.iter().map(|fact| codes(fact)).collect();
        writeln!(file, "{device},{commune},{province},{year},{quarter},{stages},{}", cells.join(",")).expect("a disk");
    }

    /// Which tables are to be counted, as the peers read it.
    fn describe(mut self) {
        self.files.iter_mut().for_each(|(.., file)| file.flush().expect("a disk"));
        let tables: Vec<_> =
            Tables::standard().tables.iter().filter(|table| table.unit != Unit::Reviews).map(described).collect();
        std::fs::write(self.folder.join("tables.json"), json!(tables).to_string()).expect("a disk");
    }
}

fn described(table: &Table) -> serde_json::Value {
    let identified = "outcome = 'presumed' AND already IS DISTINCT FROM 'yes'";
    let filter = match &table.population {
        Population::All => "true".to_owned(),
        Population::Screened => "already IS DISTINCT FROM 'yes'".to_owned(),
        Population::Identified => identified.to_owned(),
        Population::Where { fact, code, is: true } => format!("{fact} = '{code}'"),
        Population::Where { fact, code, is: false } => format!("{fact} IS DISTINCT FROM '{code}'"),
    };
    let is_list = |fact: &str| Dictionary::standard().get(fact).is_some_and(|fact| fact.many);
    let dimension = |dimension: &Dimension| match dimension {
        Dimension::Codes(fact) => json!({ "fact": fact, "list": is_list(fact) }),
        Dimension::Stages(_) => json!({ "fact": "stage", "list": true }),
        Dimension::Sums(facts) => json!({ "sums": facts }),
    };
    json!({
        "id": table.id, "kind": table.unit.kind().word(), "filter": filter, "provincial": table.provincial,
        "quarterly": table.quarterly, "phones": table.unit == Unit::FocalPoints,
        "dimensions": table.dimensions.iter().map(dimension).collect::<Vec<_>>(),
    })
}

/// An edition beside the peers. Theirs is the time of all counts with the records in their own tables; ours that of all counts
/// with the log read, and it also notes from which phones each count comes.
fn counted(rows: &mut Rows, store: &Store, names: Names, peers: &Path) {
    let mut counting = Counting::standard();
    let begun = Instant::now();
    let read = |entry| counting.take(entry).map_err(|_| tabara_server::store::StoreError::Damaged { position: 0 });
    store.read(|log| log.entries(0, u64::MAX, read)).expect("the log reads");
    let read = begun.elapsed().as_secs_f64();
    let begun = Instant::now();
    let snapshot = counting.snapshot(i64::MAX);
    let edition = begun.elapsed().as_secs_f64();
    let begun = Instant::now();
    let answered = answers(&snapshot);
    let audit = begun.elapsed().as_secs_f64();
    let [_, edition_row, audit_row, .., read_row] = names;
    for (name, database) in [("DuckDB", "duckdb"), ("PostgreSQL", "postgres")] {
        let script = tabara_support::root().join("tests/bench/peers/statistics_peer.py");
        let mut command = std::process::Command::new(tabara_support::target().join("venv/bin/python"));
        let (mut peer, _) = Peer::start(name, command.arg(script).arg(database).arg(peers));
        match (peer.ask("edition"), &peer.absent) {
            (Some(theirs), _) => rows.add("statistics", edition_row, edition, "s", (name, theirs / 1e6)),
            (None, why) => println!("absent: {name}: {}", why.as_deref().unwrap_or("it gave no figure")),
        }
    }
    rows.add("statistics", edition_row, edition, "s", ("issue's limit at a million", 1.0));
    rows.add("statistics", audit_row, audit, "s", ("issue's limit at a million", 20.0));
    rows.add("statistics", read_row, read, "s", ("the edition", edition));
    assert!(answered > 100, "tables were answered: {answered}");
}

/// Asks every table at every place and for every period, as the pages would; the first answer waits for the audit.
fn answers(snapshot: &Snapshot) -> usize {
    let years = snapshot.years(Scope::Nation);
    let quarters = years.iter().flat_map(|year| (1..=4).map(|quarter| Period::Quarter(*year, quarter)));
    let periods: Vec<Period> =
        [Period::All].into_iter().chain(years.iter().map(|year| Period::Year(*year))).chain(quarters).collect();
    let ids: Vec<String> = snapshot.tables().map(|table| table.id.clone()).collect();
    let asked = Scope::all().flat_map(|scope| periods.iter().map(move |period| (scope, *period)));
    asked
        .flat_map(|(scope, period)| ids.iter().filter_map(move |id| snapshot.answer(id, scope, period, &Base::Inside)))
        .count()
}

/// The server as a process of its own, and a coordinator who is signed in.
fn served(rows: &mut Rows, settings: &Settings, names: Names) {
    let [page, _, _, start, memory, _] = names;
    let binary = std::env::current_exe().expect("this program").with_file_name("tabara-server");
    let now = SystemClock::default().unix();
    let staff = Staff::open(&settings.data).expect("the server's folder");
    let issued = set_account(&staff, now, "aline", Role::NationalCoordinator, PASSWORD).expect("an account");
    drop(staff);
    let port = std::net::TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a port is free");
    let url = format!("http://{port}");
    let run = || ServerProcess::start(&binary, &settings.data, &port.to_string());
    let runtime = tokio::runtime::Runtime::new().expect("threads");
    let until_there = || {
        let there =
            || runtime.block_on(tabara_support::coordinator::client().get(format!("{url}/sign-in")).send()).is_ok();
        while !there() {
            std::thread::sleep(Duration::from_millis(10));
        }
    };
    let first = run();
    until_there();
    let code = issued.secret.code(SystemClock::default().unix());
    let aline = runtime.block_on(Coordinator::sign_in(&url, "aline", PASSWORD, &code)).expect("she signs in");
    let get =
        || runtime.block_on(async { aline.get("/figures?place=BI&period=all").await.text().await.expect("a page") });
    assert!(get().contains("data-table"), "numbers are shown");
    drop(first);
    let begun = Instant::now();
    let server = run();
    until_there();
    let html = get();
    let started = begun.elapsed().as_secs_f64();
    let mut times: Vec<f64> = (0..200)
        .map(|_| {
            let begun = Instant::now();
            get();
            begun.elapsed().as_secs_f64() * 1e3
        })
        .collect();
    times.sort_by(f64::total_cmp);
    rows.add("statistics", page, times[197], "ms", ("issue's limit: p99 of 200", 20.0));
    rows.add("statistics", start, started, "s", ("issue's limit", 1.5));
    rows.add("statistics", memory, server.memory() / 1e6, "MB", ("issue's limit", 150.0));
    let mut packed = GzEncoder::new(Vec::new(), Compression::default());
    let style = runtime.block_on(async { aline.get("/style.css").await.text().await.expect("a page") });
    packed.write_all(html.as_bytes()).and_then(|()| packed.write_all(style.as_bytes())).expect("memory");
    let weight = packed.finish().expect("memory").len() as f64 / 1e3;
    rows.add("statistics", "page_weight", weight, "KB", ("issue's limit, compressed, with its style", 60.0));
}
