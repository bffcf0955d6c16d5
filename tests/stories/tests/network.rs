//! Random histories: many phones, a bad network, a server that dies, is set back or restored, phones that are killed,
//! clocks that jump, couriers. Server and killed phones are processes of their own, ended by SIGKILL. Every record carries
//! a unique value; at the end all values must be in the log once. The seed is printed;
//! `TABARA_SEED` plays one again (the rng, not the timing).

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Child, Command};
use std::time::{Duration, Instant};
use tabara_core::clock::{Clock as _, SystemClock};
use tabara_core::sync::courier;
use tabara_support::deployment::{Deployment, SetClock, copy_files};
use tabara_support::light_phone::{Phone, values};
use tabara_support::proxy::{Faults, Proxy};
use tabara_support::rng::Rng;

const PROGRAM: &str = env!("CARGO_BIN_EXE_deployment");
/// Older images of the machine are forgotten.
const IMAGES: usize = 3;

struct History {
    deployment: Deployment,
    server: Child,
    _folder: tempfile::TempDir,
    proxy: Proxy,
    phones: Vec<Phone>,
    most_phones: usize,
    /// Screenings at a time, at most.
    most_screened: usize,
    rng: Rng,
    next: u64,
    images: Vec<tempfile::TempDir>,
    happened: BTreeMap<&'static str, u32>,
}

impl Drop for History {
    fn drop(&mut self) {
        end(&mut self.server);
    }
}

/// SIGKILL.
fn end(server: &mut Child) {
    let _ = server.kill();
    let _ = server.wait();
}

/// Starts a server and waits until it listens.
fn serve(folder: &Path, address: std::net::SocketAddr) -> Child {
    let mut server =
        Command::new(PROGRAM).arg("serve").arg(folder).arg(address.to_string()).spawn().expect("a process");
    for _ in 0..3000 {
        if std::net::TcpStream::connect(address).is_ok() {
            return server;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    end(&mut server);
    panic!("the server does not listen");
}

impl History {
    async fn begin(most_phones: usize, most_screened: usize, seed: u64) -> Self {
        println!("seed {seed}");
        let folder = tempfile::tempdir().unwrap();
        let clock = SetClock::at(SystemClock::default().unix());
        let mut deployment = Deployment::start(folder.path(), clock, &["first-line.md"], 0).await;
        deployment.stop().await;
        let server = serve(&deployment.data(), deployment.address);
        let proxy = Proxy::start(deployment.address, Faults::default(), seed).await;
        let mut history = Self {
            deployment,
            server,
            _folder: folder,
            proxy,
            phones: vec![],
            most_phones,
            most_screened,
            rng: Rng::new(seed),
            next: 0,
            images: vec![],
            happened: BTreeMap::new(),
        };
        (0..most_phones.div_ceil(2)).for_each(|_| history.enrol());
        history
    }

    /// A phone of its own clock that has never met the server.
    fn enrol(&mut self) {
        let card = self.deployment.card_to("BI-CO-04-02", format!("http://{}", self.proxy.address));
        let off = [0, 0, -9, 9][self.rng.below(4)] * 365 * 86_400;
        // a phone years ahead would find its card expired: the app asks for the right time then, the mailbox does not
        let phone = Phone::enrol(&card, SetClock::at(self.deployment.clock.unix() + off));
        self.phones.push(phone);
    }

    fn count(&mut self, what: &'static str) {
        *self.happened.entry(what).or_default() += 1;
    }

    async fn step(&mut self) {
        match self.rng.below(100) {
            0..54 => self.screen(),
            54..84 => self.sync().await,
            84..90 => self.carry().await,
            90..93 => self.jump(),
            93..97 => self.kill(),
            _ if self.phones.len() < self.most_phones => self.enrol(),
            _ => (),
        }
    }

    fn screen(&mut self) {
        let at = self.rng.below(self.phones.len());
        if self.phones[at].mailbox.catalog().unwrap().is_none() {
            return; // it has not met the server yet, and has no questionnaire
        }
        for _ in 0..=self.rng.below(self.most_screened) {
            self.phones[at].screen(self.next, &mut self.rng);
            self.next += 1;
        }
    }

    /// Some phones sync at once over a bad network; some end in the middle; sometimes the server ends, too.
    async fn sync(&mut self) {
        let mut fault = || self.rng.below(12) as u32;
        let (cut_request, cut_answer, twice, replay, damage, delay) =
            (fault(), fault(), fault(), fault(), fault() / 3, fault());
        self.proxy.set(Faults { cut_request, cut_answer, twice, replay, damage, delay });
        let mut chosen = Vec::new();
        for _ in 0..=self.rng.below(6).min(self.phones.len() - 1) {
            let phone = self.phones.swap_remove(self.rng.below(self.phones.len()));
            let patience = Duration::from_millis(5 + self.rng.below(300) as u64);
            chosen.push(async move {
                let run = tokio::time::timeout(patience, phone.sync()).await;
                (phone, run.is_err())
            });
        }
        let breaks = self.rng.percent(12);
        let meanwhile = async {
            if breaks {
                tokio::time::sleep(Duration::from_millis(self.rng.below(100) as u64)).await;
                self.break_down();
            }
        };
        let (done, ()) = tokio::join!(together(chosen), meanwhile);
        for (phone, ended) in done {
            self.count(if ended { "sync cut off" } else { "sync" });
            self.phones.push(if ended { phone.restart() } else { phone });
        }
    }

    /// The server is killed; perhaps an image of its machine is taken, or the machine is set back to one, and half of these
    /// times the operator says so (a restore).
    fn break_down(&mut self) {
        end(&mut self.server);
        self.count("server killed");
        match self.rng.below(10) {
            0..3 => {
                let image = tempfile::tempdir().unwrap();
                copy_files(&self.deployment.data(), image.path());
                self.images.push(image);
                self.images.drain(..self.images.len().saturating_sub(IMAGES));
                self.count("image");
            }
            3..5 if !self.images.is_empty() => {
                let image = self.images.swap_remove(self.rng.below(self.images.len()));
                let data = self.deployment.data();
                let restored = self.rng.percent(50);
                if restored {
                    let (backup, now) = (image.path().join("tabara.sqlite"), SystemClock::default().unix());
                    drop(tabara_server::operator::restore::restore(&data, &backup, now).unwrap());
                } else {
                    std::fs::remove_dir_all(&data).unwrap();
                    std::fs::create_dir(&data).unwrap();
                    copy_files(image.path(), &data);
                }
                self.count(if restored { "restored" } else { "silently set back" });
            }
            _ => (),
        }
        self.server = serve(&self.deployment.data(), self.deployment.address);
    }

    /// A bundle is carried by another phone, perhaps twice; the parcel may get lost.
    async fn carry(&mut self) {
        let (from, by) = (self.rng.below(self.phones.len()), self.rng.below(self.phones.len()));
        let Some(bundle) = courier::export(&self.phones[from].mailbox).unwrap() else { return };
        for _ in 0..=self.rng.below(2) {
            let patience = Duration::from_millis(300);
            let carried = tokio::time::timeout(patience, self.phones[by].carry(&bundle)).await;
            if let (Ok(Ok(parcel)), true) = (carried, self.rng.percent(70)) {
                // it may answer a bundle that the phone has given up since
                let _ = courier::take_parcel(&self.phones[from].mailbox, &parcel);
                self.count("courier");
            }
        }
    }

    fn jump(&mut self) {
        let at = self.rng.below(self.phones.len());
        let to = self.deployment.clock.unix() + (self.rng.below(20) as i64 - 10) * 200 * 86_400;
        self.phones[at].set_clock(to);
        self.count("clock jump");
    }

    /// A phone's process is killed while it syncs.
    fn kill(&mut self) {
        let phone = self.phones.swap_remove(self.rng.below(self.phones.len()));
        let after = Duration::from_millis(self.rng.below(150) as u64);
        self.phones.push(phone.killed(PROGRAM, after));
        self.count("phone killed");
    }

    /// The network is good again; all phones sync until nothing waits. Then the log tells.
    async fn finish(mut self) {
        self.proxy.set(Faults::default());
        for phone in std::mem::take(&mut self.phones) {
            let phone = phone.restart();
            while phone.sync().await.unwrap().restored || phone.waiting() > 0 {
                assert!(phone.mailbox.queue_status().unwrap().refused.is_empty(), "nothing is refused for good");
            }
            self.phones.push(phone);
        }
        end(&mut self.server);
        self.deployment.serve().await;
        println!("{} phones, {} records: {:?}", self.phones.len(), self.next, self.happened);
        let mut times = vec![0_u32; self.next as usize];
        values(&self.deployment).into_iter().for_each(|value| times[value as usize] += 1);
        let wrong: Vec<_> = times.iter().enumerate().filter(|(_, times)| **times != 1).collect();
        assert!(wrong.is_empty(), "values that are in the log another time than once: {wrong:?}");
        println!("none lost, none double");
    }
}

/// Runs futures at once, on this thread.
async fn together<T>(futures: Vec<impl Future<Output = T>>) -> Vec<T> {
    let mut running: Vec<_> = futures.into_iter().map(|future| (Box::pin(future), None)).collect();
    std::future::poll_fn(|context| {
        let mut waiting = false;
        for (future, done) in running.iter_mut().filter(|(_, done)| done.is_none()) {
            match future.as_mut().poll(context) {
                std::task::Poll::Ready(value) => *done = Some(value),
                std::task::Poll::Pending => waiting = true,
            }
        }
        if waiting { std::task::Poll::Pending } else { std::task::Poll::Ready(()) }
    })
    .await;
    running.into_iter().filter_map(|(_, done)| done).collect()
}

fn seed() -> u64 {
    let given = std::env::var("TABARA_SEED").ok().and_then(|seed| seed.parse().ok());
    given.unwrap_or_else(|| u64::from_le_bytes(tabara_core::envelope::random()))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_short_history_loses_and_doubles_nothing() {
    let mut history = History::begin(20, 4, seed()).await;
    for _ in 0..120 {
        history.step().await;
    }
    history.finish().await;
}

/// `TABARA_SOAK=PHONES,RECORDS`; without it 200 phones and 100,000 records, some twenty minutes on two cores.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes long: cargo xtask test --only soak"]
async fn soak() {
    let size = std::env::var("TABARA_SOAK").unwrap_or_else(|_| "200,100000".into());
    let (phones, records) = size.split_once(',').expect("PHONES,RECORDS");
    let (phones, records): (usize, u64) = (phones.parse().expect("a number"), records.parse().expect("a number"));
    let begun = Instant::now();
    let mut history = History::begin(phones, (records / phones as u64 / 10).max(4) as usize, seed()).await;
    let mut tell = records / 20;
    while history.next < records {
        history.step().await;
        if history.next >= tell {
            println!("{:4} s: {} records, {} phones", begun.elapsed().as_secs(), history.next, history.phones.len());
            tell += records / 20;
        }
    }
    history.finish().await;
    println!("{} s in all", begun.elapsed().as_secs());
}
