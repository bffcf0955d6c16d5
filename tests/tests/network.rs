//! Random histories: many phones, a bad network, a server that dies, is set back or restored, clocks that jump, couriers.
//! Every record carries a unique value; at the end all values must be in the log once, and every receipt must be true. The
//! seed is printed; `TABARA_SEED` plays one again.

use std::time::Duration;
use tabara_core::envelope::sha256;
use tabara_core::record::Uuid;
use tabara_core::sync::courier;
use tabara_tests::deployment::{Deployment, SetClock};
use tabara_tests::mailphone::{Phone, values};
use tabara_tests::proxy::{Dice, Faults, Proxy};

/// 2026-11-22 16:00 UTC.
const START: i64 = 1_795_363_200;

struct History {
    deployment: Deployment,
    _folder: tempfile::TempDir,
    proxy: Proxy,
    phones: Vec<Phone>,
    dice: Dice,
    next: u64,
    images: Vec<tempfile::TempDir>,
    happened: std::collections::BTreeMap<&'static str, u32>,
}

impl History {
    async fn begin(phones: usize, seed: u64) -> Self {
        println!("seed {seed}");
        let folder = tempfile::tempdir().unwrap();
        let deployment = Deployment::start(folder.path(), SetClock::at(START), &["first-line.md"], 0).await;
        let proxy = Proxy::start(deployment.address, Faults::default(), seed).await;
        let mut history = Self {
            deployment,
            _folder: folder,
            proxy,
            phones: vec![],
            dice: Dice::new(seed),
            next: 0,
            images: vec![],
            happened: Default::default(),
        };
        for _ in 0..phones {
            history.enrol();
        }
        history
    }

    /// A phone of its own clock, set up by a parcel, that has never met the server.
    fn enrol(&mut self) {
        let card = self.deployment.card_to("BI-CO-04-02", format!("http://{}", self.proxy.address));
        let off = [0, 0, -9, 9][self.dice.of(4)] * 365 * 86_400;
        // a phone years ahead would find its card expired: the app asks for the right time then, the mailbox does not
        let phone = Phone::enrol(&card, SetClock::at(START + off));
        let settings = self.deployment.settings();
        let starter = tabara_server::courier::parcel(self.deployment.store(), &settings, vec![]).unwrap().write();
        courier::take(&phone.mailbox, &starter).unwrap();
        self.phones.push(phone);
    }

    fn count(&mut self, what: &'static str) {
        *self.happened.entry(what).or_default() += 1;
    }

    async fn step(&mut self) {
        match self.dice.of(100) {
            0..55 => self.screen(),
            55..85 => self.sync().await,
            85..90 => self.carry().await,
            90..93 => self.jump(),
            93..95 => self.crash().await,
            95..96 => self.set_back().await,
            96..98 => self.image().await,
            _ => self.enrol(),
        }
    }

    fn screen(&mut self) {
        let at = self.dice.of(self.phones.len());
        for _ in 0..=self.dice.of(4) {
            self.phones[at].screen(self.next, &mut self.dice);
            self.next += 1;
        }
    }

    /// Some phones sync at once over a bad network; some are killed in the middle.
    async fn sync(&mut self) {
        let mut fault = || self.dice.of(12) as u32;
        let (cut_request, cut_answer, twice, replay, damage, delay) =
            (fault(), fault(), fault(), fault(), fault() / 3, fault());
        self.proxy.set(Faults { cut_request, cut_answer, twice, replay, damage, delay });
        let mut chosen = Vec::new();
        for _ in 0..=self.dice.of(6) {
            let phone = self.phones.swap_remove(self.dice.of(self.phones.len()));
            let patience = Duration::from_millis(5 + self.dice.of(300) as u64);
            chosen.push(async move {
                let run = tokio::time::timeout(patience, phone.sync()).await;
                (phone, run.is_err())
            });
            if self.phones.is_empty() {
                break;
            }
        }
        for (phone, killed) in together(chosen).await {
            self.count(if killed { "sync cut off" } else { "sync" });
            self.phones.push(if killed { phone.restart() } else { phone });
        }
    }

    /// A bundle is carried by another phone, perhaps twice; the parcel may get lost.
    async fn carry(&mut self) {
        let (from, by) = (self.dice.of(self.phones.len()), self.dice.of(self.phones.len()));
        let Some(bundle) = courier::export(&self.phones[from].mailbox).unwrap() else { return };
        for _ in 0..=self.dice.of(2) {
            let patience = Duration::from_millis(300);
            let carried = tokio::time::timeout(patience, self.phones[by].carry(&bundle)).await;
            if let (Ok(Ok(parcel)), true) = (carried, self.dice.percent(70)) {
                courier::take(&self.phones[from].mailbox, &parcel).unwrap();
                self.count("courier");
            }
        }
    }

    fn jump(&mut self) {
        let at = self.dice.of(self.phones.len());
        let to = START + (self.dice.of(20) as i64 - 10) * 200 * 86_400;
        self.phones[at].set_clock(to);
        self.count("clock jump");
    }

    async fn crash(&mut self) {
        self.deployment.kill().await;
        self.deployment.serve().await;
        self.count("server killed");
    }

    async fn image(&mut self) {
        self.deployment.stop().await;
        self.images.push(self.deployment.image());
        self.deployment.serve().await;
        self.count("image");
    }

    /// The machine is set back to an image, and half of the times the operator says so (a restore).
    async fn set_back(&mut self) {
        if self.images.is_empty() {
            return;
        }
        let image = self.images.swap_remove(self.dice.of(self.images.len()));
        self.deployment.stop().await;
        self.deployment.set_back(image.path());
        let restored = self.dice.percent(50);
        if restored {
            let database = rusqlite::Connection::open(self.deployment.data().join("tabara.sqlite")).unwrap();
            database.execute("UPDATE epoch SET id = randomblob(16)", []).unwrap();
        }
        self.deployment.serve().await;
        self.count(if restored { "restored" } else { "silently set back" });
    }

    /// The network is good again; all phones sync until nothing waits. Then the log tells.
    async fn end(mut self) {
        self.proxy.set(Faults::default());
        for phone in std::mem::take(&mut self.phones) {
            let phone = phone.restart();
            while phone.sync().await.unwrap().restored || phone.waiting() > 0 {
                assert!(phone.mailbox.outlook().unwrap().refused.is_empty(), "nothing is refused for good");
            }
            self.phones.push(phone);
        }
        println!("{} phones, {} records: {:?}", self.phones.len(), self.next, self.happened);
        assert_eq!(values(&self.deployment), (0..self.next).collect::<Vec<_>>());
        for phone in &self.phones {
            for offer in phone.mailbox.kept().unwrap() {
                assert_eq!(self.at(offer.position), Some((offer.record, offer.jws)), "a receipt tells the truth");
            }
        }
    }

    /// Which record stands at a place of the log.
    fn at(&self, position: u64) -> Option<(Uuid, tabara_core::envelope::Digest)> {
        let database = rusqlite::Connection::open(self.deployment.data().join("tabara.sqlite")).unwrap();
        let row = database.query_row("SELECT id, body FROM entry WHERE position = ?1", [position], |r| {
            Ok((Uuid::from_bytes(r.get(0)?), sha256(r.get::<_, String>(1)?.as_bytes())))
        });
        row.ok()
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
    let mut history = History::begin(12, seed()).await;
    for _ in 0..120 {
        history.step().await;
    }
    history.end().await;
}

/// `TABARA_SOAK=PHONES,RECORDS`; without it 200 phones and 100,000 records.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes an hour"]
async fn soak() {
    let size = std::env::var("TABARA_SOAK").unwrap_or_else(|_| "200,100000".into());
    let (phones, records) = size.split_once(',').expect("PHONES,RECORDS");
    let (phones, records): (usize, u64) = (phones.parse().expect("a number"), records.parse().expect("a number"));
    let mut history = History::begin(phones, seed()).await;
    while history.next < records {
        history.step().await;
    }
    history.end().await;
}
