//! A server under every attack at once, with honest phones and coordinators beside: each attacker comes from an address of his
//! own, as a proxy on this machine would name it. What honest phones were told is compared with the log afterwards.

use super::{KeyDeployment, Phone, Told, client, digest, told};
use crate::coordinator::Coordinator;
use crate::process::ServerProcess;
use std::collections::BTreeSet;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tabara_core::clock::{Clock as _, SystemClock, civil_month};
use tabara_core::envelope::{Digest, SigningKey, random, sha256};
use tabara_core::facts::FactValue;
use tabara_core::record::{Code, Record, Sent, Uuid};
use tabara_core::seal;
use tabara_core::wire::{BUNDLES, Bundle, DEVICES, Introduction, PREFIX};
use tabara_server::Settings;
use tabara_server::staff::accounts::set_account;
use tabara_server::staff::file::Staff;
use tabara_server::staff::role::Role;
use tabara_server::store::entry::EntryPayload;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::time::sleep;

/// What honest people met, and what it cost.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct SiegeFigures {
    pub seconds: u64,
    /// Bundles of honest phones, and the 50th and 99th percentile from the first try to the parcel, milliseconds.
    pub bundles: usize,
    pub p50_bundle: f64,
    pub p99_bundle: f64,
    /// Tries of honest phones that were put off, and were made again.
    pub tried_again: u64,
    /// Pages that coordinators read, and sign-ins beside those who guess their passwords.
    pub pages: usize,
    pub p99_page: f64,
    pub sign_ins: usize,
    /// Records of honest phones in the log, and those of them that are not there, or twice.
    pub records: usize,
    pub lost: usize,
    /// Requests of attackers that were answered, whatever with.
    pub attacks: u64,
    /// Largest resident memory of the server, bytes.
    pub peak_memory: u64,
    /// Load of this machine over the last minute when it ended.
    pub load_average: f64,
}

/// What everybody shares.
struct Siege {
    url: String,
    address: SocketAddr,
    deployment: KeyDeployment,
    settings: Settings,
    http: reqwest::Client,
    /// Of the attackers: a client belongs to the thread whose runtime drives its connections.
    theirs: reqwest::Client,
    until: Instant,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    bundles: Vec<f64>,
    pages: Vec<f64>,
    sign_ins: usize,
    tried_again: u64,
    attacks: u64,
    kept: Vec<Digest>,
}

/// Honest phones; together they send about five bundles a second.
const PHONES: u8 = 20;
const RECORDS: usize = 3;
const PASSWORD: &str = "a long password of an honest coordinator";

/// Lays siege for so many seconds to the server `binary` on a fresh folder.
pub fn siege(binary: &Path, seconds: u64) -> SiegeFigures {
    let folder = tempfile::tempdir().expect("a folder is made");
    let deployment = KeyDeployment::new(Arc::new(SystemClock::default()));
    let (store, settings) = deployment.open(folder.path());
    drop(store);
    let staff = Staff::open(folder.path()).expect("accounts");
    let now = SystemClock::default().unix();
    let issued = ["aline", "bosco"].map(|name| set_account(&staff, now, name, Role::NationalCoordinator, PASSWORD));
    let secrets = issued.map(|issued| issued.expect("an account").secret);
    let address = std::net::TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a port is free");
    let mut server = ServerProcess::start(binary, folder.path(), &address.to_string());
    let (url, until, http) = (format!("http://{address}"), Instant::now(), client());
    let mut siege = Siege { url, address, deployment, settings, http, theirs: client(), until, seen: Mutex::default() };
    let (peak, siege) = runtime().block_on(async {
        while siege.http.get(format!("{}{PREFIX}/health", siege.url)).send().await.is_err() {
            server.must_run();
            sleep(Duration::from_millis(20)).await;
        }
        siege.until = Instant::now() + Duration::from_secs(seconds);
        let siege = Arc::new(siege);
        // on a thread of their own: what attacks cost those who make them delays no honest phone
        let besiegers = siege.clone();
        let attack = std::thread::spawn(move || runtime().block_on(attacked(besiegers)));
        let mut tasks = Tasks::new();
        for n in 0..PHONES {
            tasks.spawn(honest_phone(siege.clone(), n));
        }
        for (name, secret) in ["aline", "bosco"].into_iter().zip(secrets) {
            tasks.spawn(coordinator(siege.clone(), name, secret));
        }
        while let Some(done) = tasks.join_next().await {
            done.expect("no panic");
        }
        attack.join().expect("no panic");
        (server.most_memory() as u64, siege)
    });
    server.must_run();
    drop(server);
    let siege = Arc::into_inner(siege).expect("all tasks have ended");
    let mut seen = siege.seen.into_inner().expect("no panic");
    let (store, _) = siege.deployment.open(folder.path());
    assert_eq!(store.first_unproven().expect("the log reads"), None, "the tree proves the log");
    let lost = lost(&store, &seen.kept);
    let (sort, load) = (|times: &mut Vec<f64>| times.sort_by(f64::total_cmp), load_average());
    sort(&mut seen.bundles);
    sort(&mut seen.pages);
    let part = |times: &[f64], part: usize| {
        times.get((times.len() * part / 100).min(times.len().max(1) - 1)).copied().unwrap_or(0.0)
    };
    SiegeFigures {
        seconds,
        bundles: seen.bundles.len(),
        p50_bundle: part(&seen.bundles, 50),
        p99_bundle: part(&seen.bundles, 99),
        tried_again: seen.tried_again,
        pages: seen.pages.len(),
        p99_page: part(&seen.pages, 99),
        sign_ins: seen.sign_ins,
        records: seen.kept.len(),
        lost,
        attacks: seen.attacks,
        peak_memory: peak,
        load_average: load,
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime starts")
}

async fn attacked(siege: Arc<Siege>) {
    let mut tasks = Tasks::new();
    attackers(&siege, &mut tasks);
    while let Some(done) = tasks.join_next().await {
        done.expect("no panic");
    }
}

/// How many of these records do not stand in the log exactly once.
fn lost(store: &tabara_server::Store, told: &[Digest]) -> usize {
    let mut there = std::collections::BTreeMap::<Digest, usize>::new();
    store
        .read(|log| {
            let end = log.end()?;
            log.entries(0, end, |entry| {
                if let EntryPayload::Record(_) = entry.payload
                    && let Some(jws) = log.body(entry.position)?
                {
                    *there.entry(sha256(jws.as_bytes())).or_default() += 1;
                }
                Ok(())
            })
        })
        .expect("the log reads");
    told.iter().filter(|jws| there.get(jws) != Some(&1)).count()
}

fn load_average() -> f64 {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').next().and_then(|load| load.parse().ok()).unwrap_or(0.0)
}

impl Siege {
    fn runs(&self) -> bool {
        Instant::now() < self.until
    }
    fn seen(&self) -> std::sync::MutexGuard<'_, Seen> {
        self.seen.lock().expect("no panic")
    }
    fn to(&self, path: &str, from: Ipv4Addr) -> reqwest::RequestBuilder {
        self.theirs.post(format!("{}{path}", self.url)).header("x-forwarded-for", from.to_string())
    }
    /// An attacker's request: whatever comes back, or nothing.
    async fn attack(&self, request: reqwest::RequestBuilder) {
        if request.timeout(Duration::from_secs(20)).send().await.is_ok() {
            self.seen().attacks += 1;
        }
    }
    async fn attack_with(&self, from: Ipv4Addr, bundle: Vec<u8>) {
        self.attack(self.to(&format!("{PREFIX}{BUNDLES}"), from).body(bundle)).await;
    }
    fn bundle(&self, phone: &Phone, introductions: Vec<Introduction>, records: &[Sent]) -> Vec<u8> {
        phone.bundle(&Bundle { introductions, ..Bundle::default() }, records, &self.settings.intake_recipient())
    }
}

/// A screening of this month, whenever this runs.
fn screening(phone: &mut Phone) -> Record {
    let mut record = phone.screening();
    record.facts.insert("month".into(), FactValue::One(civil_month(SystemClock::default().unix())));
    record
}

/// Sends three records every four seconds; what is put off is sent again, byte for byte.
async fn honest_phone(siege: Arc<Siege>, n: u8) {
    let (mut phone, from) = (siege.deployment.phone(), Ipv4Addr::new(10, 0, 0, n));
    let sealed: Vec<u8> = [&b"age-encryption.org/v1\n"[..], &random::<2026>()].concat();
    sleep(Duration::from_millis(200 * u64::from(n))).await;
    while siege.runs() {
        let records: Vec<Sent> = (0..RECORDS)
            .map(|_| {
                let record = screening(&mut phone);
                phone.sign(&record, Some(&sealed))
            })
            .collect();
        let file = siege.bundle(&phone, vec![phone.introduction()], &records);
        let begun = Instant::now();
        let answer = loop {
            let request = siege.http.post(format!("{}{PREFIX}{BUNDLES}", siege.url)).body(file.clone());
            let request = request.header("x-forwarded-for", from.to_string());
            match request.timeout(Duration::from_secs(30)).send().await {
                Ok(answer) if answer.status() == 200 => break answer.bytes().await.expect("a parcel"),
                _ => siege.seen().tried_again += 1,
            }
            assert!(begun.elapsed() < Duration::from_secs(120), "an honest phone is shut out");
            sleep(Duration::from_millis(500)).await;
        };
        let took = begun.elapsed().as_secs_f64() * 1000.0;
        let (parcel, _) = phone.open(&answer, &file, &siege.settings);
        for sent in &records {
            assert!(matches!(told(&parcel, sent), Told::Kept { reason: None, .. }), "it counts");
        }
        siege.seen().bundles.push(took);
        siege.seen().kept.extend(records.iter().map(digest));
        sleep(Duration::from_secs(4).saturating_sub(begun.elapsed())).await;
    }
}

/// Signs in, reads a page each second, and signs in again after each 40, while others guess the password.
async fn coordinator(siege: Arc<Siege>, name: &'static str, secret: tabara_server::staff::totp::TotpSecret) {
    let now = || SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs() as i64);
    while siege.runs() {
        let entered = Coordinator::sign_in(&siege.url, name, PASSWORD, &secret.code(now())).await;
        let Ok(page) = entered else {
            // her own wait of half a minute, or the code of a half minute that she has used
            sleep(Duration::from_secs(5)).await;
            continue;
        };
        siege.seen().sign_ins += 1;
        for path in ["/figures?place=BI&period=all", "/figures?place=BI-CO&period=2026-11"].iter().cycle().take(40) {
            if !siege.runs() {
                break;
            }
            let begun = Instant::now();
            let answer = page.get(path).await;
            let there = answer.status().as_u16() < 500 && answer.bytes().await.is_ok();
            assert!(there, "a page is there");
            siege.seen().pages.push(begun.elapsed().as_secs_f64() * 1000.0);
            sleep(Duration::from_secs(1)).await;
        }
    }
}

type Tasks = tokio::task::JoinSet<()>;

/// Repeats an attack from an address until the siege ends.
fn again<F>(siege: &Arc<Siege>, tasks: &mut Tasks, pause: u64, mut once: impl FnMut(Arc<Siege>) -> F + Send + 'static)
where
    F: Future<Output = ()> + Send + 'static,
{
    let siege = siege.clone();
    tasks.spawn(async move {
        while siege.runs() {
            once(siege.clone()).await;
            sleep(Duration::from_millis(pause)).await;
        }
    });
}

/// Every attack that succeeded once, at the same time.
fn attackers(siege: &Arc<Siege>, tasks: &mut Tasks) {
    let from = |n: u8| Ipv4Addr::new(203, 0, 113, n);
    // RT-03, RT-40: bundles full of what waits: unknown facts of 4 KiB, months long past
    for n in 0..3 {
        let mut phone = siege.deployment.phone();
        again(siege, tasks, 200, move |siege| {
            let record = |n: usize| {
                let mut record = screening(&mut phone);
                let fact = if n.is_multiple_of(2) { ("name", "x".repeat(3500)) } else { ("month", "2020-01".into()) };
                record.facts.insert(fact.0.into(), FactValue::One(fact.1));
                phone.sign(&record, None)
            };
            let records: Vec<Sent> = (0..40).map(record).collect();
            let file = siege.bundle(&phone, vec![phone.introduction()], &records);
            async move { siege.attack_with(from(n), file).await }
        });
    }
    // RT-04: a stolen card, and large cases of zeros, which pack small
    let (card, device) = (SigningKey::generate(), Uuid::new_v4());
    for n in 10..13 {
        let mut phone = siege.deployment.phone_of(&card, device);
        again(siege, tasks, 300, move |siege| {
            let mut sealed = b"age-encryption.org/v1\n".to_vec();
            sealed.resize(100_000, 0);
            let record = screening(&mut phone);
            let sent = phone.sign(&record, Some(&sealed));
            let file = siege.bundle(&phone, vec![phone.introduction()], &[sent]);
            async move { siege.attack_with(from(n), file).await }
        });
    }
    // RT-05: chains and stars of corrections under one code
    let (mut phone, mut last, code) = (siege.deployment.phone(), Uuid::new_v4(), Code::generate());
    again(siege, tasks, 300, move |siege| {
        let mut correction = |n: usize| {
            let record = Record { revises: Some(last), code: Some(code.clone()), ..screening(&mut phone) };
            last = if n.is_multiple_of(3) { last } else { record.record };
            phone.sign(&record, None)
        };
        let records: Vec<Sent> = (0..40).map(&mut correction).collect();
        let file = siege.bundle(&phone, vec![phone.introduction()], &records);
        async move { siege.attack_with(from(20), file).await }
    });
    // RT-08, RT-31, RT-38: phones made up for one card, and bundles that introduce sixteen
    let (card, device) = (SigningKey::generate(), Uuid::new_v4());
    again(siege, tasks, 500, move |siege| {
        let phones: Vec<Phone> = (0..16).map(|_| siege.deployment.phone_of(&card, device)).collect();
        let file = siege.bundle(&phones[0], phones.iter().map(Phone::introduction).collect(), &[]);
        async move { siege.attack_with(from(30), file).await }
    });
    // RT-19: passwords are guessed from everywhere
    again(siege, tasks, 50, move |siege| {
        let [a, b, c] = random::<3>();
        let body = "name=aline&password=wrong&code=000000";
        let form = "application/x-www-form-urlencoded";
        let request = siege.to("/sign-in", Ipv4Addr::new(198, a, b, c)).header("content-type", form).body(body);
        async move { siege.attack(request).await }
    });
    // RT-24: twenty large bodies at once, of no use, for hosts of recipients, or deep
    for n in 40..60 {
        again(siege, tasks, 100, move |siege| async move {
            let body = match n % 3 {
                0 => vec![0; 3 * 1024 * 1024],
                1 => recipients(&siege.settings.intake_recipient()),
                _ => b"{\"chain\":".repeat(200_000),
            };
            let path = if n % 3 == 2 { DEVICES } else { BUNDLES };
            siege.attack(siege.to(&format!("{PREFIX}{path}"), from(n)).body(body)).await;
        });
    }
    // RT-34: whatever is there and is not, as fast as it is answered
    for n in 60..64 {
        again(siege, tasks, 5, move |siege| {
            let path = ["/health", "/parts/nothing", "/bundles/nothing", "/nothing"][usize::from(n % 4)];
            let request =
                siege.theirs.get(format!("{}{PREFIX}{path}", siege.url)).header("x-forwarded-for", from(n).to_string());
            async move { siege.attack(request).await }
        });
    }
    // bundles in pieces that never end
    again(siege, tasks, 20, move |siege| {
        let name = Digest(random()).to_string();
        let request = siege.to(&format!("{PREFIX}{BUNDLES}"), from(70)).header("tabara-bundle", name);
        let request = request.header("content-range", "bytes 0-65535/400000").body(vec![7; 65_536]);
        async move { siege.attack(request).await }
    });
    // connections that dribble
    for n in 0..200_u64 {
        again(siege, tasks, 100, move |siege| async move {
            sleep(Duration::from_millis(n * 10)).await;
            let Ok(mut line) = TcpStream::connect(siege.address).await else { return };
            for part in ["POST /v2/bundles HTTP/1.1\r\n", "host: tabara\r\n", "content-length: 400000\r\n", "\r\n", "a"]
            {
                if line.write_all(part.as_bytes()).await.is_err() || !siege.runs() {
                    return;
                }
                sleep(Duration::from_secs(2)).await;
            }
        });
    }
}

/// A bundle for two thousand others, whose header costs a key agreement for each of them.
fn recipients(ours: &str) -> Vec<u8> {
    static MADE: std::sync::OnceLock<Vec<u8>> = std::sync::OnceLock::new();
    let make = || {
        let others: BTreeSet<String> = (0..20).map(|_| seal::new_identity().1).collect();
        let to: Vec<&str> = others.iter().map(String::as_str).cycle().take(2000).chain([ours]).collect();
        seal::seal(b"nothing", &to).unwrap_or_default()
    };
    MADE.get_or_init(make).clone()
}
