//! A phone is left: lost, given back, or exchanged for a new one. What was said on it is not lost, and it says when it is empty.

use std::path::PathBuf;
use std::sync::Arc;
use tabara_core::envelope::{self, Typ};
use tabara_core::error::{DestructionReason, Error};
use tabara_core::focal_point::{FocalPoint, State};
use tabara_core::record::{Order, SealedCase, Uuid};
use tabara_core::seal;
use tabara_server::operator::rebuild::rebuild;
use tabara_server::orders;
use tabara_server::store::entry::EntryPayload;
use tabara_support::deployment::{Deployment, SetClock};
use tabara_support::load::NOON;
use tabara_support::phone::KeyStore;

const DAY: i64 = 86_400;
const PIN: &str = "271828";

struct World {
    folder: tempfile::TempDir,
    clock: Arc<SetClock>,
    deployment: Deployment,
}

struct Phone {
    folder: PathBuf,
    keys: Arc<KeyStore>,
    clock: Arc<SetClock>,
}

impl Phone {
    fn open(&self) -> FocalPoint {
        FocalPoint::open(&self.folder, self.keys.clone(), self.clock.clone()).unwrap()
    }
}

impl World {
    async fn new() -> Self {
        let (folder, clock) = (tempfile::tempdir().unwrap(), SetClock::at(NOON));
        let deployment = Deployment::start(folder.path(), clock.clone(), &["first-line.md"], 0).await;
        Self { folder, clock, deployment }
    }
    /// A phone that has synced once.
    async fn phone(&self, name: &str) -> (Phone, FocalPoint) {
        let phone = Phone { folder: self.folder.path().join(name), keys: Arc::default(), clock: self.clock.clone() };
        let open = phone.open();
        open.enrol(&self.deployment.card("BI-CO-04-02"), PIN).unwrap();
        open.sync(&Default::default()).await.unwrap();
        (phone, open)
    }
    fn order(&self, phone: &FocalPoint, by: i64) {
        let device = phone.mailbox().enrolment().unwrap().device;
        orders::wipe(self.deployment.store(), &self.deployment.settings(), device, by).expect("the phone is known");
    }
    /// An order without notice, which the authority alone may give.
    fn order_at_once(&self, phone: &FocalPoint) {
        let device = phone.mailbox().enrolment().unwrap().device;
        let order = Order { order: Uuid::new_v4(), device, wipe_by: NOON - 1 };
        let jws = envelope::sign(Typ::Order, &self.deployment.authority.key, &order);
        orders::give_signed(self.deployment.store(), &self.deployment.settings(), &jws).expect("the phone is known");
    }
    /// Whether each order was acknowledged.
    fn obeyed(&self) -> Vec<bool> {
        self.deployment
            .store()
            .read(|log| log.orders())
            .unwrap()
            .iter()
            .map(|given| given.acknowledged.is_some())
            .collect()
    }
    fn revoked(&self, device: Uuid) -> bool {
        self.deployment.store().read(|log| log.is_revoked(device)).unwrap()
    }
    /// The names in all cases that the server keeps.
    fn names(&self) -> Vec<String> {
        let mut names = Vec::new();
        let each = self.deployment.store().read(|log| {
            let mut positions = Vec::new();
            log.entries(0, u64::MAX, |entry| {
                positions.extend(matches!(entry.payload, EntryPayload::Record(_)).then_some(entry.position));
                Ok(())
            })?;
            positions.into_iter().map(|position| log.sealed(position)).collect::<Result<Vec<_>, _>>()
        });
        for sealed in each.unwrap().into_iter().flatten() {
            let plain = seal::unseal(&sealed, &self.deployment.authority.case_worker).unwrap();
            let case: SealedCase = serde_json::from_slice(&plain).unwrap();
            names.extend(case.answers.into_iter().filter(|(path, _)| path == "name").map(|(_, name)| name));
        }
        names.sort();
        names
    }
}

fn told(phone: &FocalPoint, name: &str) -> tabara_core::focal_point::Session {
    let session = phone.start("first_line", "en").unwrap();
    for (path, value) in [("consent", "yes"), ("statistics", "yes"), ("sex", "f"), ("left", "yes"), ("name", name)] {
        session.answer(path, Some(value)).unwrap();
    }
    session
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ordered_wipe_waits_for_the_pin_so_that_nothing_is_lost_and_the_server_hears_of_it() {
    let mut world = World::new().await;
    let (phone, open) = world.phone("phone").await;
    told(&open, "Finished").finish(None).unwrap();
    told(&open, "Unfinished");
    let nobody = open.start("first_line", "en").unwrap();
    nobody.answer("consent", Some("no")).unwrap();
    open.lock();
    world.order(&open, NOON + 3 * DAY);

    // it hears of the order while locked, sends what waits, and keeps the drafts
    assert_eq!(open.sync(&Default::default()).await.unwrap().accepted, 1);
    assert!(matches!(open.state().unwrap(), State::Locked { .. }));
    assert_eq!((world.obeyed(), world.names()), (vec![false], vec!["Finished".to_owned()]));

    // phone and server start again in between
    drop(open);
    world.deployment.stop().await;
    world.deployment.serve().await;
    let open = phone.open();
    let device = open.mailbox().enrolment().unwrap().device;

    // the PIN opens nothing any more: the drafts are sealed, the vault is gone
    assert_eq!(open.unlock(PIN).err(), Some(Error::VaultDestroyed { reason: DestructionReason::WipeOrder }));
    assert_eq!(open.state().unwrap(), State::VaultDestroyed { reason: DestructionReason::WipeOrder });
    assert!(!phone.folder.join("vault.db").exists() && !phone.keys.knows("vault.1"));
    assert_eq!(open.waiting().unwrap().records, 1);
    assert_eq!((world.obeyed(), world.revoked(device)), (vec![false], false));

    assert_eq!(open.sync(&Default::default()).await.unwrap().accepted, 1);
    assert_eq!((world.obeyed(), world.revoked(device)), (vec![true], true));
    assert_eq!(world.names(), ["Finished", "Unfinished"]);
    // it says so once
    open.sync(&Default::default()).await.unwrap();
    let (store, settings) = (world.deployment.store(), world.deployment.settings());
    let said = store.read(|log| {
        let mut said = 0;
        log.entries(0, u64::MAX, |entry| {
            said += u32::from(matches!(entry.payload, EntryPayload::Acknowledgement(_)));
            Ok(())
        })?;
        Ok(said)
    });
    assert_eq!(said.unwrap(), 1);
    rebuild(store, &settings, tempfile::tempdir().unwrap().path()).expect("the log proves itself");
}

#[tokio::test(flavor = "multi_thread")]
async fn after_its_day_a_wipe_does_not_wait_for_the_pin_and_a_silent_phone_is_listed() {
    let world = World::new().await;
    let (phone, open) = world.phone("seized").await;
    let (_, silent) = world.phone("silent").await;
    told(&open, "Finished").finish(None).unwrap();
    told(&open, "Unfinished");
    open.lock();
    world.order_at_once(&open);
    world.order_at_once(&silent);
    // one run: it sends, hears, destroys, and says so
    assert_eq!(open.sync(&Default::default()).await.unwrap().accepted, 1);
    assert_eq!(open.state().unwrap(), State::VaultDestroyed { reason: DestructionReason::WipeOrder });
    assert!(!phone.folder.join("vault.db").exists());
    assert_eq!((world.obeyed(), world.names()), (vec![true, false], vec!["Finished".to_owned()]));

    // a phone that heard of it in time, and was then kept off the network, destroys the vault at its next start
    let (kept_off, open) = world.phone("kept off").await;
    told(&open, "Unfinished");
    open.lock();
    world.order(&open, NOON + 3 * DAY);
    open.sync(&Default::default()).await.unwrap();
    drop(open);
    world.clock.set(NOON + 4 * DAY);
    assert_eq!(kept_off.open().state().unwrap(), State::VaultDestroyed { reason: DestructionReason::WipeOrder });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_moves_to_a_new_phone_and_the_last_records_of_the_old_one_arrive() {
    let world = World::new().await;
    let (_, old) = world.phone("old").await;
    let of_old = old.mailbox().enrolment().unwrap().device;
    told(&old, "One").finish(None).unwrap();
    told(&old, "Two");

    // a new card for the same person; she works on with the new phone at once
    let (_, new) = world.phone("new").await;
    told(&new, "Three").finish(None).unwrap();
    assert_eq!(new.sync(&Default::default()).await.unwrap().accepted, 1);
    world.order(&old, NOON + 7 * DAY);
    assert!(!world.revoked(of_old), "not before it is empty");

    // the old one: sync, PIN, sync
    assert_eq!(old.sync(&Default::default()).await.unwrap().accepted, 1);
    old.lock();
    assert_eq!(old.unlock(PIN).err(), Some(Error::VaultDestroyed { reason: DestructionReason::WipeOrder }));
    assert_eq!(old.sync(&Default::default()).await.unwrap().accepted, 1);
    assert_eq!(world.names(), ["One", "Three", "Two"]);
    assert!(world.revoked(of_old));
    assert!(world.deployment.store().read(|log| log.quarantined()).unwrap().is_empty(), "all of it counts");
    told(&new, "Four").finish(None).unwrap();
    assert_eq!(new.sync(&Default::default()).await.unwrap().accepted, 1);
}
