//! No single clock erases, destroys or dates anything: not a phone's calendar that runs ahead, not a server's time that is wrong
//! or a lie.

use std::cell::Cell;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tabara_core::envelope::{self, Digest, Typ};
use tabara_core::error::{CardReason, DestructionReason, Error};
use tabara_core::facts::FactValue;
use tabara_core::focal_point::{FocalPoint, Notice, Session, State};
use tabara_core::record::{Order, Record, Uuid};
use tabara_core::vault::mailbox::{ProvenLeaf, SyncState};
use tabara_support::deployment::SetClock;
use tabara_support::phone::{KeyStore, Office};

const FORM: &str = include_str!("../../../questionnaires/first-line.md");
const MARCH: i64 = 1_772_323_200; // 2026-03-01
const DAY: i64 = 86_400;
const PIN: &str = "271828";

struct World {
    folder: tempfile::TempDir,
    keys: Arc<KeyStore>,
    clock: Arc<SetClock>,
    office: Office,
    /// The case that the server keeps.
    sealed: Cell<Uuid>,
}

impl World {
    fn new() -> Self {
        let (folder, keys) = (tempfile::tempdir().unwrap(), Arc::default());
        Self { folder, keys, clock: SetClock::at(MARCH), office: Office::new(&[FORM]), sealed: Cell::default() }
    }
    fn path(&self) -> &Path {
        self.folder.path()
    }
    fn open(&self) -> FocalPoint {
        FocalPoint::open(self.path(), self.keys.clone(), self.clock.clone()).unwrap()
    }
    /// A phone that has met its server, with a sealed case that the server keeps, and a draft.
    fn used(&self) -> FocalPoint {
        let phone = self.open();
        phone.enrol(&self.office.card(MARCH + 30 * DAY), PIN).unwrap();
        self.office.supply(&phone);
        learn(&phone, MARCH);
        self.sealed.set(told(&phone).finish(None).unwrap().record);
        let jws = phone.mailbox().waiting(1, usize::MAX).unwrap()[0].hash;
        let leaf = ProvenLeaf { index: 1, hash: Digest([1; 32]), day: "2026-03-01" };
        assert!(phone.mailbox().settle(|books| books.keep(&jws, leaf, None, false)).unwrap());
        told(&phone);
        phone
    }
    /// Unlocks, with all that follows; says how many cards and copies of sent records are there.
    fn kept(&self, phone: &FocalPoint) -> (usize, usize) {
        phone.lock();
        phone.unlock(PIN).unwrap();
        phone.mailbox().apply_retention().unwrap();
        phone.mailbox().synced().unwrap();
        let copy = phone.mailbox().settle(|books| books.kept_jws(self.sealed.get())).unwrap();
        (phone.cases(0).unwrap().len(), copy.iter().count())
    }
    fn days(&self, days: u64) {
        self.clock.forward(Duration::from_secs(days * DAY as u64));
    }
}

fn told(phone: &FocalPoint) -> Session {
    let session = phone.start("first_line", "en").unwrap();
    for (path, value) in [("consent", "yes"), ("statistics", "yes"), ("sex", "f"), ("left", "yes"), ("forced", "yes")] {
        session.answer(path, Some(value)).unwrap();
    }
    session
}

/// A server tells the time.
fn learn(phone: &FocalPoint, time: i64) {
    phone.mailbox().settle(|books| books.learn_time(time, true)).unwrap();
}

#[test]
fn a_servers_time_that_is_half_a_year_ahead_erases_nothing() {
    let world = World::new();
    let phone = world.used();
    learn(&phone, MARCH + 181 * DAY);
    assert_eq!(world.kept(&phone), (1, 1));
    // right again, and half a year later
    learn(&phone, MARCH);
    world.days(181);
    assert_eq!(world.kept(&phone), (1, 1), "not without the server's word");
    learn(&phone, MARCH + 181 * DAY);
    assert_eq!(world.kept(&phone), (0, 0));
}

#[test]
fn a_calendar_that_runs_years_ahead_erases_nothing_destroys_nothing_and_stamps_no_future_month() {
    let world = World::new();
    drop(world.used());
    // given a start of app and phone with a calendar six years ahead, and an order to wipe in a week
    world.clock.set_wrong(6 * 365 * DAY);
    world.clock.reboot();
    let phone = world.open();
    let device = phone.mailbox().enrolment().unwrap().device;
    assert_eq!(world.kept(&phone), (1, 1));
    let finished = told(&phone).finish(None).unwrap();
    let out = phone.mailbox().waiting(9, usize::MAX).unwrap().pop().unwrap();
    let enrolment = phone.mailbox().enrolment().unwrap();
    let (_, binding) = enrolment.introduction.chain.verify(&enrolment.authorities[0]).unwrap();
    let record: Record = envelope::open(Typ::Record, &binding.record_key, &out.jws).unwrap();
    // then the month is at most a month ahead, for all that the calendar says
    assert_eq!(record.record, finished.record);
    assert_eq!(record.facts["month"], FactValue::One("2026-04".into()));
    // the cause is named
    let ahead = 6 * 365 * DAY - 31 * DAY;
    assert_eq!(phone.notices().unwrap(), [Notice::Clock { ahead }]);
    // and an order to wipe later waits for its day
    let order = Order { order: Uuid::nil(), device, wipe_by: MARCH + 40 * DAY };
    let ordered = |state| SyncState { order: Some(order), ..state };
    phone.mailbox().settle(|books| books.set_state(&ordered(books.state()?))).unwrap();
    drop(phone);
    let phone = world.open();
    assert!(matches!(phone.state().unwrap(), State::Locked { .. }));
    world.days(10);
    drop(phone);
    let reason = DestructionReason::WipeOrder;
    assert_eq!(world.open().state().unwrap(), State::VaultDestroyed { reason });
}

#[test]
fn over_a_restart_the_calendar_counts_for_a_month_at_most_and_never_backwards() {
    let world = World::new();
    let phone = world.used();
    let began = phone.mailbox().own_time();
    drop(phone);
    for (wrong, days) in [(400, 31), (-400, 31), (-370, 61), (-370, 61)] {
        world.clock.set_wrong(wrong * DAY);
        world.clock.reboot();
        assert_eq!(world.open().mailbox().own_time() - began, days * DAY, "{wrong}");
    }
    // the same start of the phone: what its calendar says does not matter
    world.clock.set_wrong(5_000 * DAY);
    world.days(3);
    assert_eq!(world.open().mailbox().own_time() - began, 64 * DAY);
}

#[test]
fn case_cards_go_after_400_days_whatever_the_server_says_about_the_time() {
    let world = World::new();
    let phone = world.used();
    for days in [200, 199] {
        world.days(days);
        learn(&phone, MARCH);
        assert_eq!(world.kept(&phone), (1, 1));
    }
    world.days(2);
    learn(&phone, MARCH);
    assert_eq!(world.kept(&phone), (0, 1));
}

#[test]
fn a_card_that_only_an_unconfirmed_calendar_calls_expired_names_the_calendar() {
    let world = World::new();
    world.clock.set_wrong(6 * 365 * DAY);
    let (phone, card) = (world.open(), world.office.card(MARCH + 30 * DAY));
    let reason = CardReason::ExpiredByThisClock;
    assert_eq!(phone.enrol(&card, PIN).err(), Some(Error::Card { reason }));
    world.clock.set_wrong(0);
    phone.enrol(&card, PIN).unwrap();
    learn(&phone, MARCH);
    world.clock.set_wrong(6 * 365 * DAY);
    phone.lock();
    let other = Some(Error::Card { reason: CardReason::Expired });
    assert_eq!(phone.enrol(&world.office.card(MARCH - 1), PIN).err(), other);
    phone.enrol(&world.office.card(MARCH + 30 * DAY), PIN).unwrap();
}
