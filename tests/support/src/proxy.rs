//! A bad network between a phone and its server, as bad as the seed says. It understands just enough HTTP/1.1 to hold
//! one request in its hands, so that it can lose it, cut it at any byte, send it twice, play it again much later, or
//! damage and cut the answer. A second mode ([`Link`]) is a slow line that is cut by its traffic.

use crate::rng::Rng;
use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// How often, in a hundred requests, each thing happens.
#[derive(Debug, Clone, Copy, Default)]
pub struct Faults {
    /// The request is cut at some byte; the server sees no more of it.
    pub cut_request: u32,
    /// The server gets all of it, the answer is cut at some byte.
    pub cut_answer: u32,
    /// The server gets it twice; the second answer is passed on.
    pub twice: u32,
    /// An earlier request is played again first.
    pub replay: u32,
    /// A byte of the answer's body is changed.
    pub damage: u32,
    /// It takes a while.
    pub delay: u32,
}

/// A running proxy. It stops when it is dropped.
#[derive(Debug)]
pub struct Proxy {
    pub address: SocketAddr,
    upstream: Arc<Mutex<SocketAddr>>,
    faults: Arc<Mutex<Faults>>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

#[derive(Debug)]
struct Shared {
    rng: Rng,
    seen: VecDeque<Vec<u8>>,
}

impl Proxy {
    /// A proxy in front of a server.
    pub async fn start(upstream: SocketAddr, faults: Faults, seed: u64) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("bound");
        let (upstream, faults) = (Arc::new(Mutex::new(upstream)), Arc::new(Mutex::new(faults)));
        let shared = Arc::new(Mutex::new(Shared { rng: Rng::new(seed), seen: VecDeque::new() }));
        let (to, what) = (upstream.clone(), faults.clone());
        let task = tokio::spawn(async move {
            while let Ok((phone, _)) = listener.accept().await {
                let (to, what, shared) = (to.clone(), what.clone(), shared.clone());
                tokio::spawn(async move {
                    // whatever goes wrong here is one more way in which a network is bad
                    let _ = pass(phone, &to, &what, &shared).await;
                });
            }
        });
        Self { address, upstream, faults, task }
    }
    /// The server has moved.
    pub fn lead_to(&self, server: SocketAddr) {
        *self.upstream.lock().unwrap() = server;
    }
    /// The network gets better or worse.
    pub fn set(&self, faults: Faults) {
        *self.faults.lock().unwrap() = faults;
    }
}

async fn pass(
    mut phone: TcpStream,
    to: &Mutex<SocketAddr>,
    what: &Mutex<Faults>,
    shared: &Mutex<Shared>,
) -> std::io::Result<()> {
    loop {
        let request = read_message(&mut phone).await?;
        let (to, faults) = (*to.lock().unwrap(), *what.lock().unwrap());
        // all rng are rolled at once, under one lock, so that no await lies between
        let (again, fate) = {
            let mut shared = shared.lock().unwrap();
            let Shared { rng, seen } = &mut *shared;
            let again = (rng.percent(faults.replay) && !seen.is_empty()).then(|| seen[rng.below(seen.len())].clone());
            seen.push_back(request.clone());
            if seen.len() > 50 {
                seen.pop_front();
            }
            (again, Fate::roll(&faults, rng))
        };
        if let Some(again) = again {
            exchange(to, &again).await.ok();
        }
        tokio::time::sleep(fate.delay).await;
        if let Some(at) = fate.cut_request {
            let mut server = TcpStream::connect(to).await?;
            server.write_all(&request[..at % request.len()]).await?;
            return Ok(());
        }
        if fate.twice {
            exchange(to, &request).await.ok();
        }
        let mut answer = exchange(to, &request).await?;
        if let Some(at) = fate.damage
            && let Some(body) = answer.windows(4).position(|w| w == b"\r\n\r\n").map(|at| at + 4)
            && body < answer.len()
        {
            let at = body + at % (answer.len() - body);
            answer[at] ^= 1;
        }
        if let Some(at) = fate.cut_answer {
            let at = at % answer.len();
            return phone.write_all(&answer[..at]).await;
        }
        phone.write_all(&answer).await?;
    }
}

struct Fate {
    delay: Duration,
    cut_request: Option<usize>,
    cut_answer: Option<usize>,
    damage: Option<usize>,
    twice: bool,
}

impl Fate {
    fn roll(faults: &Faults, rng: &mut Rng) -> Self {
        let mut place = |percent| rng.percent(percent).then(|| rng.below(usize::MAX >> 8));
        let (cut_request, cut_answer) = (place(faults.cut_request), place(faults.cut_answer));
        let (damage, delay) = (place(faults.damage), place(faults.delay));
        let delay = Duration::from_millis(delay.map_or(0, |at| at as u64 % 40));
        Self { delay, cut_request, cut_answer, damage, twice: rng.percent(faults.twice) }
    }
}

/// Sends a request over a connection of its own and reads the whole answer.
async fn exchange(to: SocketAddr, request: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut server = TcpStream::connect(to).await?;
    server.write_all(request).await?;
    read_message(&mut server).await
}

/// One request or answer: its head, and a body by `content-length` or in chunks.
async fn read_message(from: &mut TcpStream) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 8192];
    loop {
        if let Some(head) = bytes.windows(4).position(|w| w == b"\r\n\r\n").map(|at| at + 4) {
            let text = String::from_utf8_lossy(&bytes[..head]).to_ascii_lowercase();
            let length = text.lines().find_map(|l| l.strip_prefix("content-length:")?.trim().parse::<usize>().ok());
            let chunked = text.contains("transfer-encoding: chunked");
            let whole = match length {
                Some(length) => bytes.len() >= head + length,
                None => !chunked || bytes.ends_with(b"\r\n0\r\n\r\n") || bytes[head..] == *b"0\r\n\r\n",
            };
            if whole {
                return Ok(bytes);
            }
        }
        match from.read(&mut buffer).await? {
            0 => return Err(std::io::ErrorKind::UnexpectedEof.into()),
            n => bytes.extend_from_slice(&buffer[..n]),
        }
    }
}

/// A slow line: so many bytes a second each way, a delay each way, and a cut whenever the bytes of a seeded distance have
/// passed. Counts the bytes of request bodies that were handed to it, and those of bundles that arrived whole.
#[derive(Debug)]
pub struct Link {
    pub address: SocketAddr,
    sent: Arc<AtomicU64>,
    arrived: Arc<Mutex<BTreeMap<String, u64>>>,
    cuts: Arc<AtomicU64>,
    task: tokio::task::JoinHandle<()>,
}

/// What a [`Link`] is like.
#[derive(Debug, Clone, Copy)]
pub struct Line {
    pub bytes_per_second: f64,
    pub delay: Duration,
    /// Bytes between cuts, on average, both ways together.
    pub cut_every: f64,
}

impl Drop for Link {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Link {
    pub async fn start(upstream: SocketAddr, line: Line, seed: u64) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("bound");
        let (sent, cuts) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
        let arrived = Arc::new(Mutex::new(BTreeMap::new()));
        let (counted, whole, cut) = (sent.clone(), arrived.clone(), cuts.clone());
        let task = tokio::spawn(async move {
            let mut rng = Rng::new(seed);
            let left = Arc::new(Mutex::new(rng.distance(line.cut_every)));
            while let Ok((phone, _)) = listener.accept().await {
                if *left.lock().unwrap() <= 0.0 {
                    *left.lock().unwrap() = rng.distance(line.cut_every);
                }
                let Ok(server) = TcpStream::connect(upstream).await else { continue };
                let (from_phone, to_phone) = phone.into_split();
                let (from_server, to_server) = server.into_split();
                let bodies = Bodies { sent: counted.clone(), arrived: whole.clone(), ..Bodies::default() };
                let (left, cut) = (left.clone(), cut.clone());
                tokio::spawn(async move {
                    let up = pump(from_phone, to_server, line, left.clone(), Some(bodies));
                    let down = pump(from_server, to_phone, line, left.clone(), None);
                    tokio::select! { _ = up => (), _ = down => () }
                    if *left.lock().unwrap() <= 0.0 {
                        cut.fetch_add(1, Ordering::Relaxed);
                    }
                });
            }
        });
        Self { address, sent, arrived, cuts, task }
    }
    /// Bytes of request bodies that phones have sent into the line so far.
    pub fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }
    /// Bytes of bundles of which all has arrived, each counted once.
    pub fn arrived(&self) -> u64 {
        self.arrived.lock().unwrap().values().sum()
    }
    /// How often the line was cut.
    pub fn cuts(&self) -> u64 {
        self.cuts.load(Ordering::Relaxed)
    }
}

/// Carries bytes at the line's pace until an end closes or the line is cut.
async fn pump(
    mut from: tokio::net::tcp::OwnedReadHalf,
    mut to: tokio::net::tcp::OwnedWriteHalf,
    line: Line,
    left: Arc<Mutex<f64>>,
    mut bodies: Option<Bodies>,
) -> std::io::Result<()> {
    let mut buffer = [0; 256];
    let mut idle = true;
    loop {
        let n = match tokio::time::timeout(Duration::from_millis(5), from.read(&mut buffer)).await {
            Ok(n) => n?,
            Err(_) => {
                idle = true;
                continue;
            }
        };
        if n == 0 {
            return Ok(());
        }
        if std::mem::take(&mut idle) {
            tokio::time::sleep(line.delay).await;
        }
        tokio::time::sleep(Duration::from_secs_f64(n as f64 / line.bytes_per_second)).await;
        if let Some(bodies) = &mut bodies {
            bodies.take(&buffer[..n]);
        }
        {
            let mut left = left.lock().unwrap();
            *left -= n as f64;
            if *left <= 0.0 {
                return Ok(());
            }
        }
        to.write_all(&buffer[..n]).await?;
        if let Some(bodies) = &mut bodies {
            bodies.passed_on();
        }
    }
}

/// Tells heads from bodies in a stream of requests, and counts the bytes of bodies.
#[derive(Debug, Default)]
struct Bodies {
    head: Vec<u8>,
    left: usize,
    /// Name and length of the bundle whose end this body is.
    batch: Option<(String, u64)>,
    sent: Arc<AtomicU64>,
    arrived: Arc<Mutex<BTreeMap<String, u64>>>,
}

impl Bodies {
    fn take(&mut self, bytes: &[u8]) {
        for byte in bytes {
            if self.left > 0 {
                self.left -= 1;
                self.sent.fetch_add(1, Ordering::Relaxed);
                continue;
            }
            self.head.push(*byte);
            if self.head.ends_with(b"\r\n\r\n") {
                let text = String::from_utf8_lossy(&self.head).into_owned();
                let header = |name| text.lines().find_map(|l| l.strip_prefix(name).map(str::trim));
                self.left = header("content-length:").and_then(|l| l.parse().ok()).unwrap_or(0);
                let whole = header("content-range:").and_then(|range| range.rsplit('/').next()?.parse().ok());
                let length = whole.unwrap_or(self.left as u64);
                self.batch = header("tabara-bundle:").map(|name| (name.to_owned(), length));
                self.head.clear();
            }
        }
    }
    /// What was taken has reached the server.
    fn passed_on(&mut self) {
        if let (0, Some((name, length))) = (self.left, self.batch.take_if(|_| self.left == 0)) {
            self.arrived.lock().unwrap().insert(name, length);
        }
    }
}
