//! Sync between real mailboxes and the real server: nothing is lost and nothing is counted twice, whatever the network,
//! the server and the phone do in between.

use std::time::Duration;
use tabara_core::catalog::ServerAddress;
use tabara_core::envelope::{self, SigningKey, Typ};
use tabara_core::error::{Error, OfflineReason, UntrustedReason};
use tabara_core::sync::{Client, Progress, Step, SyncReport, courier};
use tabara_server::operator::keys::{self, KeysError};
use tabara_support::deployment::{Deployment, SetClock};
use tabara_support::light_phone::{Phone, values};
use tabara_support::proxy::{Faults, Line, Link, Proxy};
use tabara_support::rng::Rng;

/// 2026-11-22 16:00 UTC.
const START: i64 = 1_795_363_200;

async fn deployment(folder: &tempfile::TempDir) -> Deployment {
    Deployment::start(folder.path(), SetClock::at(START), &["first-line.md"], 0).await
}

fn enrol(deployment: &Deployment) -> Phone {
    Phone::enrol(&deployment.card("BI-CO-04-02"), deployment.clock.clone())
}

/// A phone that has a catalog and so many screenings to send.
async fn phone_with(deployment: &Deployment, card: &str, screenings: std::ops::Range<u64>) -> Phone {
    let phone = Phone::enrol(card, deployment.clock.clone());
    phone.sync().await.expect("first contact");
    let mut rng = Rng::new(screenings.start);
    screenings.for_each(|value| phone.screen(value, &mut rng));
    phone
}

#[tokio::test]
async fn a_phone_sends_what_waits_and_knows_what_became_of_each() {
    let folder = tempfile::tempdir().unwrap();
    let deployment = deployment(&folder).await;
    let phone = enrol(&deployment);
    let first = phone.sync().await.unwrap();
    assert!(first.new_catalog);
    assert!(phone.mailbox.missing_parts().unwrap().is_empty());
    (0..30).for_each(|value| phone.screen(value, &mut Rng::new(value)));
    assert_eq!(phone.sync().await.unwrap(), SyncReport { accepted: 30, ..SyncReport::default() });
    assert_eq!(phone.sync().await.unwrap(), SyncReport::default());
    assert_eq!((phone.waiting(), values(&deployment)), (0, (0..30).collect::<Vec<_>>()));
}

#[tokio::test]
async fn without_a_server_records_wait_and_after_a_restart_they_arrive() {
    let folder = tempfile::tempdir().unwrap();
    let mut deployment = deployment(&folder).await;
    let phone = phone_with(&deployment, &deployment.card("BI-CO-04-02"), 0..5).await;
    deployment.stop().await;
    assert_eq!(phone.sync().await, Err(Error::Offline { reason: OfflineReason::NoNetwork }));
    assert_eq!(phone.waiting(), 5);
    let phone = phone.restart();
    deployment.serve().await;
    assert_eq!(phone.sync().await.unwrap().accepted, 5);
    assert_eq!(values(&deployment), [0, 1, 2, 3, 4]);
}

#[tokio::test]
async fn every_batch_twice_and_old_ones_again_count_once() {
    let folder = tempfile::tempdir().unwrap();
    let deployment = deployment(&folder).await;
    let faults = Faults { twice: 100, replay: 50, ..Faults::default() };
    let proxy = Proxy::start(deployment.address, faults, 1).await;
    let card = deployment.card_to("BI-CO-04-02", format!("http://{}", proxy.address));
    let phone = phone_with(&deployment, &card, 0..40).await;
    let report = phone.sync().await.unwrap();
    assert_eq!((report.accepted, phone.waiting()), (40, 0));
    assert_eq!(values(&deployment), (0..40).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_network_that_cuts_damages_and_delays_loses_and_doubles_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let deployment = deployment(&folder).await;
    let proxy = Proxy::start(deployment.address, Faults::default(), 2).await;
    let card = deployment.card_to("BI-CO-04-02", format!("http://{}", proxy.address));
    let mut phone = phone_with(&deployment, &card, 0..60).await;
    proxy.set(Faults { cut_request: 10, cut_answer: 10, twice: 10, replay: 10, damage: 10, delay: 20 });
    for _ in 0..40 {
        let ended = phone.sync().await;
        assert!(matches!(ended, Ok(_) | Err(Error::Offline { .. } | Error::Untrusted { .. })), "{ended:?}");
        phone = phone.restart();
        if phone.waiting() == 0 {
            break;
        }
    }
    proxy.set(Faults::default());
    phone.sync().await.unwrap();
    assert_eq!((phone.waiting(), values(&deployment)), (0, (0..60).collect::<Vec<_>>()));
}

#[tokio::test]
async fn a_server_set_back_a_day_without_a_word_gets_all_again_also_from_phones_enrolled_since() {
    let folder = tempfile::tempdir().unwrap();
    let mut deployment = deployment(&folder).await;
    let card = deployment.card("BI-CO-04-02");
    let before = phone_with(&deployment, &card, 0..10).await;
    assert_eq!(before.sync().await.unwrap().accepted, 10);
    let image = image(&mut deployment).await;
    let since = phone_with(&deployment, &deployment.card("BI-CO-04-03"), 100..110).await;
    assert_eq!(since.sync().await.unwrap().accepted, 10);
    let mut rng = Rng::new(3);
    (10..15).for_each(|value| before.screen(value, &mut rng));
    assert_eq!(before.sync().await.unwrap().accepted, 5);
    set_back(&mut deployment, &image).await;
    // others fill the log beyond what it had reached, so that its length tells nothing
    let other = phone_with(&deployment, &deployment.card("BI-CO-04-04"), 200..240).await;
    assert_eq!(other.sync().await.unwrap().accepted, 40);
    for phone in [&before, &since] {
        let report = phone.sync().await.unwrap();
        assert!(report.evidence && !report.restored, "it was told nothing of a restore: {report:?}");
        assert_eq!(phone.waiting(), 0);
    }
    let all: Vec<u64> = (0..15).chain(100..110).chain(200..240).collect();
    assert_eq!(values(&deployment), all);
}

#[tokio::test]
async fn a_server_restored_from_yesterdays_backup_gets_all_again_also_from_phones_enrolled_since() {
    let folder = tempfile::tempdir().unwrap();
    let mut deployment = deployment(&folder).await;
    let before = phone_with(&deployment, &deployment.card("BI-CO-04-02"), 0..10).await;
    assert_eq!(before.sync().await.unwrap().accepted, 10);
    let backup = folder.path().join("yesterday.sqlite");
    deployment.store().backup(&backup, START).unwrap();
    let since = phone_with(&deployment, &deployment.card("BI-CO-04-03"), 100..110).await;
    assert_eq!(since.sync().await.unwrap().accepted, 10);
    let mut rng = Rng::new(3);
    (10..15).for_each(|value| before.screen(value, &mut rng));
    assert_eq!(before.sync().await.unwrap().accepted, 5);
    deployment.stop().await;
    drop(tabara_server::operator::restore::restore(&deployment.data(), &backup, START).unwrap());
    deployment.serve().await;
    for (phone, lost) in [(&before, 5), (&since, 10)] {
        let report = phone.sync().await.unwrap();
        assert_eq!((report.restored, report.evidence, report.accepted, report.already_had), (true, false, lost, 0));
        assert_eq!(phone.sync().await.unwrap(), SyncReport::default());
    }
    assert_eq!(values(&deployment), (0..15).chain(100..110).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_record_at_another_place_than_before_does_not_hide_what_is_lost_the_next_time() {
    let folder = tempfile::tempdir().unwrap();
    let mut deployment = deployment(&folder).await;
    let empty = image(&mut deployment).await;
    // Given a record far up the log, of which a server that was set back hears again by another way, further down,
    let other = phone_with(&deployment, &deployment.card("BI-CO-04-03"), 100..140).await;
    other.sync().await.unwrap();
    let phone = phone_with(&deployment, &deployment.card("BI-CO-04-02"), 0..1).await;
    let bundle = courier::export(&phone.mailbox).unwrap().unwrap();
    assert_eq!(phone.sync().await.unwrap().accepted, 1);
    set_back(&mut deployment, &empty).await;
    hand_in(&deployment, &bundle);
    let with_it = image(&mut deployment).await;
    assert_eq!(phone.sync().await.unwrap().accepted, 0, "nothing of it is missing");
    // when the next record is lost and others fill the log beyond the old place,
    phone.screen(1, &mut Rng::new(1));
    assert_eq!(phone.sync().await.unwrap().accepted, 1);
    set_back(&mut deployment, &with_it).await;
    let third = phone_with(&deployment, &deployment.card("BI-CO-04-04"), 200..260).await;
    third.sync().await.unwrap();
    // then the phone notices.
    assert!(phone.sync().await.unwrap().evidence);
    assert_eq!(values(&deployment), (0..2).chain(200..260).collect::<Vec<_>>());
}

/// An image of the machine as it is now.
async fn image(deployment: &mut Deployment) -> tempfile::TempDir {
    deployment.stop().await;
    let image = deployment.image();
    deployment.serve().await;
    image
}

/// Nobody tells the server.
async fn set_back(deployment: &mut Deployment, image: &tempfile::TempDir) {
    deployment.stop().await;
    deployment.set_back(image.path());
    deployment.serve().await;
}

#[tokio::test]
async fn what_has_arrived_before_a_cut_moves_once_both_ways() {
    let folder = tempfile::tempdir().unwrap();
    let clock = SetClock::at(START);
    let deployment = Deployment::start(folder.path(), clock.clone(), &["returnee-screening.md"], 0).await;
    let part = deployment.catalog.parts[0].len;
    let line = |cut_every| Line { bytes_per_second: 1e7, delay: Duration::ZERO, cut_every };
    // Given a line that is cut more often than a file or a batch is long,
    let link = Link::start(deployment.address, line(part as f64 / 4.0), 5).await;
    let phone = Phone::enrol(&deployment.card_to("BI-CO-04-02", format!("http://{}", link.address)), clock);
    // when the phone syncs, then the file arrives,
    phone.sync().await.unwrap();
    assert!(phone.mailbox.missing_parts().unwrap().is_empty());
    assert!(link.cuts() > 1, "{} cuts", link.cuts());
    // and so does a batch, of which little is sent again.
    (0..10).for_each(|value| phone.screen(value, &mut Rng::new(value)));
    let link = Link::start(deployment.address, line(4000.0), 7).await;
    let servers = [ServerAddress { url: format!("http://{}", link.address), pin: None }];
    let client = Client::new(&servers, || [START; 2]).unwrap();
    while phone.waiting() > 0 {
        tabara_core::sync::run(&phone.mailbox, &client, &Progress::default()).await.ok();
    }
    assert_eq!(values(&deployment), (0..10).collect::<Vec<_>>());
    let again = link.sent() as f64 / link.arrived() as f64 - 1.0;
    assert!(link.cuts() > 1 && again < 0.5, "{} cuts, {again} sent again", link.cuts());
}

#[tokio::test]
async fn what_a_revoked_phone_sends_is_kept_in_quarantine() {
    let folder = tempfile::tempdir().unwrap();
    let deployment = deployment(&folder).await;
    let phone = phone_with(&deployment, &deployment.card("BI-CO-04-02"), 0..3).await;
    tabara_server::devices::revoke(deployment.store(), phone.device, None, false, START).unwrap();
    let report = phone.sync().await.unwrap();
    assert_eq!((report.quarantined, report.accepted, phone.waiting()), (3, 0, 0));
}

#[tokio::test]
async fn a_card_used_twice_quarantines_the_second_phone() {
    let folder = tempfile::tempdir().unwrap();
    let deployment = deployment(&folder).await;
    let card = deployment.card("BI-CO-04-02");
    let first = phone_with(&deployment, &card, 0..2).await;
    let second = phone_with(&deployment, &card, 2..4).await;
    assert_eq!(first.sync().await.unwrap().accepted, 2);
    assert_eq!(second.sync().await.unwrap().quarantined, 2);
}

#[tokio::test]
async fn a_server_of_another_authority_gets_nothing() {
    let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (ours, theirs) = (deployment(&folder).await, deployment(&other).await);
    let phone = Phone::enrol(&ours.card_to("BI-CO-04-02", theirs.url()), ours.clock.clone());
    assert_eq!(phone.sync().await, Err(Error::Offline { reason: OfflineReason::NotTheServer }));
    assert!(values(&theirs).is_empty());
}

#[tokio::test]
async fn clocks_that_are_years_off_do_not_matter() {
    let folder = tempfile::tempdir().unwrap();
    let deployment = deployment(&folder).await;
    for off in [-20, 20] {
        let clock = SetClock::at(START + off * 365 * 86_400);
        let phone = Phone::enrol(&deployment.card("BI-CO-04-02"), clock.clone());
        phone.sync().await.unwrap();
        assert!((phone.mailbox.now().unwrap() - START).abs() < 5);
        phone.screen(off.unsigned_abs(), &mut Rng::new(1));
        assert_eq!(phone.sync().await.unwrap().accepted, 1);
        // the lease too goes by the time that was learned
        let lease_over = || phone.mailbox.queue_status().unwrap().lease_over;
        assert!(!lease_over());
        clock.forward(Duration::from_secs(89 * 86_400));
        assert!(!lease_over());
        clock.forward(Duration::from_secs(2 * 86_400));
        assert!(lease_over());
        phone.sync().await.unwrap();
        assert!(!lease_over());
    }
}

#[tokio::test]
async fn a_run_dropped_at_any_moment_is_taken_up_by_the_next() {
    let folder = tempfile::tempdir().unwrap();
    let deployment = deployment(&folder).await;
    let phone = phone_with(&deployment, &deployment.card("BI-CO-04-02"), 0..50).await;
    let mut runs = 0;
    while phone.waiting() > 0 {
        runs += 1;
        tokio::time::timeout(Duration::from_millis(3 * runs), phone.sync()).await.ok();
        assert!(runs < 400, "it goes on");
    }
    assert_eq!(values(&deployment), (0..50).collect::<Vec<_>>());
}

#[tokio::test]
async fn the_host_sees_progress_and_ends_a_run() {
    let folder = tempfile::tempdir().unwrap();
    let deployment = deployment(&folder).await;
    let phone = phone_with(&deployment, &deployment.card("BI-CO-04-02"), 0..30).await;
    let (tell, steps) = std::sync::mpsc::channel();
    let progress = Progress::new(move |step| tell.send(step).unwrap());
    progress.cancel();
    assert!(phone.sync_with(&progress).await.unwrap().cancelled);
    assert_eq!(phone.waiting(), 30);
    phone.sync_with(&progress).await.unwrap();
    let steps: Vec<Step> = steps.try_iter().collect();
    assert_eq!(steps.first(), Some(&Step::Contacting));
    assert!(steps.contains(&Step::Sending { done: 30, of: 30 }), "{steps:?}");
}

#[tokio::test]
async fn a_phone_without_network_is_set_up_by_a_parcel_and_its_records_travel_by_another_phone() {
    let folder = tempfile::tempdir().unwrap();
    let deployment = deployment(&folder).await;
    let nowhere = deployment.card_to("BI-CO-04-02", "http://127.0.0.1:9".into());
    let remote = Phone::enrol(&nowhere, deployment.clock.clone());
    let carrier = enrol(&deployment);
    // a phone without a catalog asks for one, and then for its files
    while remote.mailbox.catalog().unwrap().is_none() || !remote.mailbox.missing_parts().unwrap().is_empty() {
        let asks = courier::export(&remote.mailbox).unwrap().unwrap();
        courier::take_parcel(&remote.mailbox, &carrier.carry(&asks).await.unwrap()).unwrap();
    }
    (0..8).for_each(|value| remote.screen(value, &mut Rng::new(value)));
    let bundle = courier::export(&remote.mailbox).unwrap().unwrap();
    assert_eq!(remote.waiting(), 8, "until a parcel comes");

    let parcel = carrier.carry(&bundle).await.unwrap();
    let again = carrier.carry(&bundle).await.unwrap();
    assert_eq!(values(&deployment), (0..8).collect::<Vec<_>>());

    let remote = remote.restart();
    let stranger = enrol(&deployment);
    stranger.sync().await.unwrap();
    assert!(courier::take_parcel(&stranger.mailbox, &parcel).is_err(), "not for this phone");
    assert_eq!(courier::take_parcel(&remote.mailbox, &parcel).unwrap().accepted, 8);
    let _ = courier::take_parcel(&remote.mailbox, &again);
    assert_eq!((remote.waiting(), courier::export(&remote.mailbox).unwrap()), (0, None));
}

#[tokio::test]
async fn a_parcel_by_courier_does_not_hide_what_a_server_set_back_has_lost() {
    let folder = tempfile::tempdir().unwrap();
    let mut deployment = deployment(&folder).await;
    let image = image(&mut deployment).await;
    let phone = phone_with(&deployment, &deployment.card("BI-CO-04-02"), 0..3).await;
    assert_eq!(phone.sync().await.unwrap().accepted, 3);
    set_back(&mut deployment, &image).await;
    let other = phone_with(&deployment, &deployment.card("BI-CO-04-03"), 100..120).await;
    other.sync().await.unwrap();
    phone.screen(3, &mut Rng::new(3));
    let bundle = courier::export(&phone.mailbox).unwrap().unwrap();
    let report = courier::take_parcel(&phone.mailbox, &other.carry(&bundle).await.unwrap()).unwrap();
    let later = phone.sync().await.unwrap();
    assert!(report.evidence || later.evidence, "by the courier already, or at the next contact");
    assert_eq!(values(&deployment), (0..4).chain(100..120).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_forged_or_cut_parcel_changes_nothing() {
    let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (ours, theirs) = (deployment(&folder).await, deployment(&other).await);
    let phone = phone_with(&ours, &ours.card("BI-CO-04-02"), 0..2).await;
    let bundle = courier::export(&phone.mailbox).unwrap().unwrap();
    let opened = tabara_server::devices::bundles::open(theirs.store(), &theirs.settings(), &bundle);
    assert!(opened.is_err(), "another server cannot even read it");
    let parcel = hand_in(&ours, &bundle);
    let (middle, end) = (parcel.len() / 2, parcel.len());
    for cut in [0, middle, end - 1] {
        assert!(courier::take_parcel(&phone.mailbox, &parcel[..cut]).is_err());
    }
    let mut damaged = parcel;
    damaged[middle] ^= 1;
    assert!(courier::take_parcel(&phone.mailbox, &damaged).is_err());
    assert_eq!(phone.waiting(), 2);
    phone.sync().await.unwrap();
    assert_eq!((phone.waiting(), values(&ours)), (0, vec![0, 1]));
}

/// Somebody brings a bundle to the server. Returns the parcel.
fn hand_in(deployment: &Deployment, bundle: &[u8]) -> Vec<u8> {
    let (store, settings) = (deployment.store(), deployment.settings());
    let signed = tabara_server::devices::bundles::open(store, &settings, bundle).unwrap();
    tabara_server::devices::bundles::answer(store, &settings, signed).unwrap().0
}

#[tokio::test]
async fn the_authority_hands_over_to_a_new_key_and_the_old_one_ends() {
    let folder = tempfile::tempdir().unwrap();
    let mut deployment = deployment(&folder).await;
    let phone = phone_with(&deployment, &deployment.card("BI-CO-04-02"), 0..1).await;
    let next = SigningKey::generate();
    deployment.catalog.version = 2;
    deployment.catalog.rotation.authorities = vec![next.public()];
    deployment.publish();
    assert!(phone.sync().await.unwrap().new_catalog);
    deployment.settings().trust(next.public()).unwrap();
    let old = std::mem::replace(&mut deployment.authority.key, next);
    deployment.catalog.version = 3;
    deployment.catalog.rotation.authorities.clear();
    deployment.publish();
    assert!(phone.sync().await.unwrap().new_catalog);
    assert_eq!(phone.mailbox.enrolment().unwrap().authorities, [deployment.authority.key.public()]);
    // the old key is found by a thief
    deployment.catalog.version = 4;
    deployment.authority.key = old;
    deployment.publish();
    phone.screen(1, &mut Rng::new(1));
    let report = phone.sync().await.unwrap();
    assert_eq!(report.catalog_fault, Some(UntrustedReason::CatalogSignature));
    assert_eq!((report.accepted, report.new_catalog), (1, false));
}

#[tokio::test]
async fn the_server_gets_a_new_operations_key_and_parcels_of_the_old_one_still_count() {
    let folder = tempfile::tempdir().unwrap();
    let mut deployment = deployment(&folder).await;
    let phone = phone_with(&deployment, &deployment.card("BI-CO-04-02"), 0..5).await;
    let bundle = courier::export(&phone.mailbox).unwrap().unwrap();
    let old = deployment.settings();
    let parcel = hand_in(&deployment, &bundle);
    assert!(matches!(keys::rotate(deployment.store(), &old), Err(KeysError::NoNext)));
    let next = keys::next(&deployment.data()).unwrap();
    assert_eq!(keys::next(&deployment.data()).unwrap(), next, "asked twice, it is the same");
    let unnamed = keys::rotate(deployment.store(), &old);
    assert!(matches!(unnamed, Err(KeysError::NotNamed { .. })), "phones do not know it yet");
    deployment.catalog.version = 2;
    deployment.catalog.rotation.operations = vec![old.operations.public()];
    deployment.catalog.operations = next;
    deployment.publish();
    let between = phone_with(&deployment, &deployment.card("BI-CO-04-02"), 6..7).await;
    assert_eq!(between.sync().await.unwrap().accepted, 1, "the old key still signs, and the catalog names both");
    assert_eq!(keys::rotate(deployment.store(), &old).unwrap(), next);
    deployment.stop().await;
    deployment.serve().await;
    assert_eq!(deployment.settings().operations.public(), next);
    let late = phone_with(&deployment, &deployment.card("BI-CO-04-03"), 5..6).await;
    assert_eq!(late.sync().await.unwrap().accepted, 1);
    assert_eq!(courier::take_parcel(&phone.mailbox, &parcel).unwrap().accepted, 5);
    assert!(phone.sync().await.unwrap().new_catalog);
    assert_eq!(values(&deployment), (0..7).collect::<Vec<_>>());
}

#[tokio::test]
async fn an_older_or_a_forged_catalog_is_refused_by_name_and_records_still_go() {
    let folder = tempfile::tempdir().unwrap();
    let mut deployment = deployment(&folder).await;
    deployment.catalog.version = 7;
    deployment.publish();
    let phone = phone_with(&deployment, &deployment.card("BI-CO-04-02"), 0..2).await;
    deployment.catalog.version = 6;
    let older = envelope::sign(Typ::Catalog, &deployment.authority.key, &deployment.catalog);
    let forged = envelope::sign(Typ::Catalog, &SigningKey::generate(), &deployment.catalog);
    for (jws, rule) in [(older, UntrustedReason::CatalogOlder), (forged, UntrustedReason::CatalogSignature)] {
        serve_catalog(&deployment, &jws);
        let report = phone.sync().await.unwrap();
        assert_eq!(report.catalog_fault, Some(rule), "{report:?}");
        assert_eq!(phone.mailbox.catalog().unwrap().unwrap().1.version, 7);
    }
    assert_eq!(values(&deployment), [0, 1]);
}

/// What a stolen server may try: its own catalog, past every check of `publish`.
fn serve_catalog(deployment: &Deployment, jws: &str) {
    let database = rusqlite::Connection::open(deployment.data().join("tabara.sqlite")).unwrap();
    database.execute("UPDATE entry SET body = ?1 WHERE kind = 8", [jws]).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes minutes of real time; the benchmark `bad_link_waste` is this"]
async fn a_slow_line_that_is_cut_wastes_little() {
    let costs: Vec<_> = (1..=20).map(|seed| tokio::spawn(tabara_support::bad_link::cost(seed))).collect();
    for (seed, cost) in (1..).zip(costs) {
        let cost = cost.await.unwrap();
        println!("seed {seed}: {cost:?}");
        assert!(cost.waste <= 0.15);
    }
}
