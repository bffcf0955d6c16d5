//! Random histories of a phone whose server lies and whose line has a box in between. What was dropped arrives again, what is
//! a lie is kept as evidence, nobody is accused who has not lied, and nothing is erased that is not safe elsewhere.
//! `TABARA_HISTORIES` sets how many; one that fails prints its seed, and `TABARA_SEED` begins there.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tabara_core::catalog::{Recipient, RecipientRole};
use tabara_core::envelope::{self, Typ, sha256};
use tabara_core::focal_point::FocalPoint;
use tabara_core::record::Uuid;
use tabara_core::seal;
use tabara_core::sync::Progress;
use tabara_core::vault::mailbox::RecordStatus;
use tabara_core::wire::TreeHead;
use tabara_support::box_between::{BoxBetween, Meddling};
use tabara_support::deployment::SetClock;
use tabara_support::lying_server::{Identity, Lie, LyingServer};
use tabara_support::phone::{KeyStore, Office, presumed_victim};
use tabara_support::rng::Rng;

const FORM: &str = include_str!("../../../questionnaires/first-line.md");
const MARCH: i64 = 1_772_323_200;
const DAY: u64 = 86_400;
const PIN: &str = "271828";
/// Of a hundred answers.
const LIES: u32 = 35;
const MEDDLING: u32 = 30;
/// Lies that leave two heads which no tree has both.
const CHANGES_OF_THE_LOG: [Lie; 4] = [Lie::RollBack, Lie::Fork, Lie::Rewrite, Lie::OtherTree];

type Told = (BTreeMap<Lie, u32>, BTreeMap<Meddling, u32>);

struct History {
    _folder: tempfile::TempDir,
    phone: FocalPoint,
    clock: Arc<SetClock>,
    server: LyingServer,
    between: BoxBetween,
    rng: Rng,
    sealed: Vec<Uuid>,
    /// Parcels in the hands of couriers.
    carried: Vec<Vec<u8>>,
}

impl History {
    async fn begin(seed: u64) -> Self {
        let mut office = Office::new(&[FORM]);
        let (intake, to_intake) = seal::new_identity();
        let role = RecipientRole::Intake;
        office.catalog.recipients.push(Recipient { name: "intake".into(), role, age: to_intake });
        let who = Identity {
            operations: office.operations.clone(),
            intake: intake.to_string(),
            authority: office.authority.key.public(),
            catalog: envelope::sign(Typ::Catalog, &office.authority.key, &office.catalog),
        };
        let clock = SetClock::at(MARCH);
        let time = clock.clone();
        let server = LyingServer::start(who, move || tabara_core::clock::Clock::unix(&*time), LIES, seed).await;
        let between = BoxBetween::start(server.address, seed).await;
        between.often(MEDDLING);
        let folder = tempfile::tempdir().unwrap();
        let phone = FocalPoint::open(folder.path(), Arc::new(KeyStore::default()), clock.clone()).unwrap();
        let address = format!("http://{}", between.address);
        phone.enrol(&office.authority.card("BI-CO-04-02", MARCH + 400 * DAY as i64, address), PIN).unwrap();
        office.supply(&phone);
        let (sealed, carried, rng) = (vec![], vec![], Rng::new(seed));
        Self { _folder: folder, phone, clock, server, between, rng, sealed, carried }
    }

    fn head(&self) -> Option<TreeHead> {
        self.phone.mailbox().sync_state().unwrap().head.map(|head| head.head)
    }
    fn evidence(&self) -> bool {
        self.phone.waiting().unwrap().evidence
    }

    async fn step(&mut self) {
        match self.rng.below(10) {
            0..4 => {
                let session = presumed_victim(&self.phone, &format!("person {}", self.sealed.len()));
                self.sealed.push(session.finish(None).unwrap().record);
            }
            4..7 => self.sync().await,
            7 => {
                if let Some(bundle) = self.phone.bundle().unwrap()
                    && let Ok(parcel) = self.phone.carry(&bundle).await
                {
                    self.carried.push(parcel);
                }
            }
            8 if !self.carried.is_empty() => {
                let parcel = self.carried.swap_remove(self.rng.below(self.carried.len()));
                drop(self.phone.take_parcel(&parcel));
            }
            // less than the days that a copy is kept, in all: nothing may be erased, whatever time the server tells
            _ => self.clock.forward(Duration::from_secs(DAY / 2)),
        }
        self.holds();
    }

    /// A change of the log below the phone's head is noticed by the exchange that follows it.
    async fn sync(&mut self) {
        let before = self.head();
        drop(self.phone.sync(&Progress::default()).await);
        let after = self.head();
        let replaced = |before: &TreeHead| !self.server.continues(before) && after.is_some_and(|now| now != *before);
        let there = after.is_some_and(|now| self.server.continues(&now));
        assert!(!(there && before.as_ref().is_some_and(replaced)) || self.evidence(), "a lie that the phone saw");
    }

    /// What must be true at any moment.
    fn holds(&self) {
        let mailbox = self.phone.mailbox();
        let told = self.server.told();
        assert!(
            !self.evidence() || CHANGES_OF_THE_LOG.iter().any(|lie| told.contains_key(lie)),
            "accused, and has not changed its log"
        );
        for record in &self.sealed {
            let here = matches!(mailbox.status(*record).unwrap(), RecordStatus::Waiting | RecordStatus::Refused(_));
            let copy = here || mailbox.settle(|books| books.kept_jws(*record)).unwrap().is_some();
            assert!(copy, "erased before its days are over");
        }
        assert_eq!(self.phone.waiting().unwrap().lost, 0);
    }

    /// From here on the server is honest and the line is clear.
    async fn end(mut self) -> Told {
        let told = (self.server.told(), self.between.done());
        self.server.lie(0);
        self.between.often(0);
        for parcel in std::mem::take(&mut self.carried) {
            drop(self.phone.take_parcel(&parcel));
        }
        for _ in 0..3 {
            self.sync().await;
            // what was refused is tried again after a week
            self.clock.forward(Duration::from_secs(7 * DAY + 3600));
        }
        self.holds();
        let kept = self.server.records();
        let stands =
            |jws: &str| kept.iter().filter(|sent| sha256(sent.jws.as_bytes()) == sha256(jws.as_bytes())).count();
        let mailbox = self.phone.mailbox();
        for record in &self.sealed {
            // a verdict that was turned stands in the log
            let jws = mailbox.settle(|books| books.kept_jws(*record)).unwrap().expect("kept, and a copy is here");
            assert_eq!(stands(&jws), 1, "what was dropped arrives again, once");
        }
        assert_eq!((self.phone.waiting().unwrap().records, kept.len()), (0, self.sealed.len()));
        told
    }
}

fn setting(name: &str, usual: u64) -> u64 {
    std::env::var(name).ok().and_then(|n| n.parse().ok()).unwrap_or(usual)
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_a_server_and_a_box_make_up_nothing_is_lost_and_lies_are_kept() {
    let (first, count) = (setting("TABARA_SEED", 1), setting("TABARA_HISTORIES", 8));
    let (mut lies, mut meddled) = Told::default();
    let seeds: Vec<u64> = (first..first + count).collect();
    // most of a history is waiting before another try
    for some in seeds.chunks(12) {
        let lived = some.iter().map(|seed| {
            let seed = *seed;
            (
                seed,
                tokio::spawn(async move {
                    let mut history = History::begin(seed).await;
                    for _ in 0..20 {
                        history.step().await;
                    }
                    history.end().await
                }),
            )
        });
        for (seed, history) in lived.collect::<Vec<_>>() {
            let told = history.await.unwrap_or_else(|e| panic!("TABARA_SEED={seed}: {e}"));
            told.0.into_iter().for_each(|(lie, times)| *lies.entry(lie).or_default() += times);
            told.1.into_iter().for_each(|(what, times)| *meddled.entry(what).or_default() += times);
        }
    }
    println!("{count} histories; lies {lies:?}; the box {meddled:?}");
    assert!(lies.len() > 3 && meddled.len() > 5);
}
