//! Random histories of referrals on real phones and a real server, beside a small reference model: a focal point and two providers,
//! one of them with two devices, act on what each of them knows, offline most of the time; people take referrals back, and a device
//! is revoked. Whoever has just synced knows exactly what the model says. `TABARA_HISTORIES` sets how many; a history that fails
//! prints its seed, and `TABARA_SEED` begins there.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tabara_core::focal_point::FocalPoint;
use tabara_core::record::Uuid;
use tabara_core::referral::Status;
use tabara_server::devices;
use tabara_support::deployment::{Deployment, SetClock};
use tabara_support::phone::{KeyStore, presumed_victim, to_doctor};
use tabara_support::rng::Rng;

/// 2026-11-10 12:00 UTC.
const NOON: i64 = 1_794_312_000;
const ORGANISATIONS: [&str; 2] = ["Clinic of Kayanza", "Shelter of Ngozi"];
/// The organisation of each provider's device.
const DEVICES: [usize; 3] = [0, 0, 1];
const FOCAL: usize = 3;

/// What the model knows of a referral: where it goes, and its steps in the order of time.
#[derive(Clone, Default)]
struct Known(BTreeMap<Uuid, (usize, Vec<Status>)>);

impl Known {
    /// The step that counts: the furthest, a withdrawal before all.
    fn status(&self, referral: Uuid) -> Option<Status> {
        self.0.get(&referral).and_then(|(_, steps)| steps.iter().max().copied())
    }
    fn add(&mut self, referral: Uuid, to: usize, status: Status) {
        let steps = &mut self.0.entry(referral).or_insert_with(|| (to, vec![])).1;
        if !steps.contains(&status) {
            steps.push(status);
        }
    }
}

struct History {
    deployment: Deployment,
    phones: Vec<FocalPoint>,
    case: Uuid,
    rng: Rng,
    /// What the server knows, and what each phone has done since its last sync.
    server: Known,
    done: [Vec<(Uuid, usize, Status)>; 4],
    /// Devices whose card was revoked.
    revoked: BTreeSet<usize>,
    /// What each phone has shown.
    had: [BTreeSet<Uuid>; 4],
    _folder: tempfile::TempDir,
}

impl History {
    async fn new(seed: u64) -> Self {
        let (folder, clock) = (tempfile::tempdir().unwrap(), SetClock::at(NOON));
        let deployment = Deployment::start(folder.path(), clock.clone(), &["first-line.md"], 0).await;
        let cards = DEVICES.map(|of| deployment.provider_card(ORGANISATIONS[of]));
        let mut phones = Vec::new();
        for (at, card) in cards.into_iter().chain([deployment.card("BI-CO-04-02")]).enumerate() {
            let keys = Arc::<KeyStore>::default();
            let phone = FocalPoint::open(&folder.path().join(at.to_string()), keys, clock.clone()).unwrap();
            phone.enrol(&card, "271828").unwrap();
            phone.sync(&Default::default()).await.unwrap();
            phones.push(phone);
        }
        let case = presumed_victim(&phones[FOCAL], "Aline").finish(None).unwrap().record;
        let (server, done, revoked, had) = Default::default();
        Self { deployment, phones, case, rng: Rng::new(seed), server, done, revoked, had, _folder: folder }
    }

    /// What the phone itself shows, by referral.
    fn shown(&self, who: usize) -> BTreeMap<Uuid, Status> {
        if who == FOCAL {
            let card = self.phones[FOCAL].case(self.case).unwrap().summary;
            return card.referrals.iter().map(|referral| (referral.referral, referral.status)).collect();
        }
        let lines = self.phones[who].incoming(0).unwrap();
        lines.iter().map(|line| (line.referral, line.status)).collect()
    }

    /// What the model says that this phone shows once it has synced.
    fn expected(&self, who: usize) -> BTreeMap<Uuid, Status> {
        let sees = |to: usize| who == FOCAL || (DEVICES[who] == to && !self.revoked.contains(&who));
        let all = self.server.0.iter().filter(|(_, (to, _))| sees(*to));
        let all = all.filter_map(|(id, _)| Some((*id, self.server.status(*id)?)));
        // a provider hears nothing of what was taken back before she had it
        all.filter(|(id, status)| who == FOCAL || *status != Status::Withdrawn || self.had[who].contains(id)).collect()
    }

    async fn sync(&mut self, who: usize) {
        self.phones[who].sync(&Default::default()).await.unwrap();
        let done = std::mem::take(&mut self.done[who]);
        if !self.revoked.contains(&who) {
            // what answers a referral that was taken back goes nowhere
            done.into_iter().for_each(|(referral, to, status)| self.server.add(referral, to, status));
        }
        let shown = self.shown(who);
        assert_eq!(shown, self.expected(who), "phone {who}");
        self.had[who].extend(shown.into_keys());
    }

    /// A phone does something with what it knows.
    fn act(&mut self, who: usize) {
        let shown = self.shown(who);
        if who == FOCAL && (shown.len() < 4 || self.rng.one_in(5)) {
            let to = self.rng.below(2);
            let made = self.phones[FOCAL].refer(self.case, &to_doctor(Some(ORGANISATIONS[to]), "Aline")).unwrap();
            // none of its devices counts any more: she is told by telephone, and the server hears of no provider
            let to = if made.devices.is_empty() { 2 } else { to };
            self.done[FOCAL].push((made.referral, to, made.status));
            return;
        }
        let Some((referral, status)) = self.rng.choose(&shown.into_iter().collect::<Vec<_>>()) else { return };
        let to = self.server.0.get(&referral).map(|(to, _)| *to);
        let to = to.or(self.done[who].iter().find(|done| done.0 == referral).map(|done| done.1)).expect("it was made");
        let phone = &self.phones[who];
        if who == FOCAL && self.rng.one_in(4) {
            phone.withdraw_referral(self.case, referral).unwrap();
            self.done[FOCAL].push((referral, to, Status::Withdrawn));
            return;
        }
        let may = |next: &&Status| match who {
            FOCAL => ![Status::Received, Status::Queued, Status::Withdrawn].contains(*next),
            _ => next.is_by_provider(),
        };
        let next: Vec<Status> = status.next().iter().filter(may).copied().collect();
        let Some(next) = self.rng.choose(&next) else { return };
        let told = match who {
            FOCAL => phone.note_referral(self.case, referral, next, None).map(drop),
            _ => phone.answer(referral, next, None).map(drop),
        };
        // who was revoked and knows it says nothing more
        if told.is_ok() {
            self.done[who].push((referral, to, next));
        }
    }

    async fn run(&mut self) {
        for _ in 0..40 {
            let who = self.rng.below(4);
            match self.rng.below(20) {
                0 if self.revoked.is_empty() && who != FOCAL => {
                    let device = self.phones[who].mailbox().enrolment().unwrap().device;
                    devices::revoke(self.deployment.store(), device, None, false, NOON).unwrap();
                    self.revoked.insert(who);
                }
                0..8 => self.sync(who).await,
                _ => self.act(who),
            }
        }
        for who in [0, 1, 2, FOCAL, 0, 1, 2, FOCAL] {
            self.sync(who).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_has_synced_knows_what_counts_whatever_was_done_offline() {
    let setting = |name: &str, usual: u64| std::env::var(name).ok().and_then(|n| n.parse().ok()).unwrap_or(usual);
    let (first, many) = (setting("TABARA_SEED", 1), setting("TABARA_HISTORIES", 2));
    for seed in first..first + many {
        println!("TABARA_SEED={seed}");
        History::new(seed).await.run().await;
    }
}
