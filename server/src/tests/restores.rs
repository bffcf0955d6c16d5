//! Restores, files that were changed, and clocks.

use super::*;
use crate::operator::restore::restore;
use crate::operator::safe_copy;
use crate::reports::release;
use crate::staff::audit_line::Action;
use crate::staff::file::{FILE as STAFF, Staff};
use crate::store::StoreError;

#[test]
fn a_restored_server_says_so_and_phones_send_again_what_was_cut_off() {
    let mut house = House::new();
    let mut phone = house.phone();
    let first = phone.screening(&house);
    phone.send(&house, &[phone.sign(&first)]);
    let backup = house.folder.path().join("backup.sqlite");
    house.store.backup(&backup, house.now()).unwrap();
    let kept_size = house.head().size;
    let second = phone.screening(&house);
    let lost = phone.sign(&second);
    let lost_in = phone.send(&house, std::slice::from_ref(&lost)).leaves[0].clone();
    let withdrawal = phone.withdrawal(&house, Some(first.record), None);
    phone.send(&house, &[phone.sign(&withdrawal)]);
    let stolen = house.phone();
    devices::revoke(&house.store, stolen.device, None, false, house.now()).unwrap();
    // when the machine is put up again
    house.clock.add(2 * DAY);
    let (folder, now) = (house.folder.path().to_owned(), house.now());
    house.store = Store::open(tempfile::tempdir().unwrap().path()).unwrap();
    house.store = restore(&folder, &backup, now).unwrap();
    let (parcel, lineage) = phone.exchange(&house, &phone.asks(), &[]).unwrap();
    assert_eq!(lineage, Lineage::Restored);
    assert_eq!(parcel.restore.unwrap().index, kept_size);
    // the withdrawal and the revocation of the lost days are there again
    let again = phone.sign(&second);
    assert_eq!(kept(&phone.send(&house, std::slice::from_ref(&again))), [(jws(&lost), None)].into());
    let gone = house.store.read(|log| Ok((log.find(first.record)?, log.is_revoked(stolen.device)?))).unwrap();
    assert!(house.store.read(|log| log.is_withdrawn(gone.0.as_ref().unwrap().position)).unwrap());
    assert!(gone.1 || house.store.read(|log| log.bindings_of(stolen.device)).unwrap().is_empty());
    assert!(!lost_in.holds(&house.head()));
    house.rebuilt().unwrap();
}

#[test]
fn the_side_file_alone_brings_back_what_was_revoked_and_withdrawn() {
    let mut house = House::new();
    let (mut phone, stolen) = (house.phone(), house.phone());
    let first = phone.screening(&house);
    phone.send(&house, &[phone.sealed(&house, first.clone(), b"all she said")]);
    let backup = house.folder.path().join("backup.sqlite");
    house.store.backup(&backup, house.now()).unwrap();
    let withdrawal = phone.withdrawal(&house, Some(first.record), None);
    phone.send(&house, &[phone.sign(&withdrawal)]);
    devices::revoke(&house.store, stolen.device, None, false, house.now()).unwrap();
    let size = house.head().size;
    house.store = Store::open(tempfile::tempdir().unwrap().path()).unwrap();
    for ending in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(house.folder.path().join(format!("tabara.sqlite{ending}")));
    }
    house.store = restore(house.folder.path(), &backup, house.now()).unwrap();
    assert!(house.store.read(|log| log.is_revoked(stolen.device)).unwrap());
    let position = house.store.read(|log| log.find(first.record)).unwrap().unwrap().position;
    assert!(house.store.read(|log| log.is_withdrawn(position)).unwrap());
    assert!(house.store.read(|log| log.sealed(position)).unwrap().is_none());
    let known = house.store.read(|log| log.restores()).unwrap()[0].1.known;
    assert!(known >= size, "{known} of {size}");
    assert!(matches!(phone.exchange(&house, &phone.asks(), &[]).unwrap().1, Lineage::Restored));
}

/// The wrong backup first: phones that saw the log between the two are told why it is gone, and hear all again.
#[test]
fn a_longer_backup_after_a_shorter_one_names_what_both_have() {
    let mut house = House::new();
    let mut phone = house.phone();
    let [short, long] = ["short.sqlite", "long.sqlite"].map(|name| house.folder.path().join(name));
    house.store.backup(&short, house.now()).unwrap();
    let size = house.head().size;
    for _ in 0..6 {
        let record = phone.screening(&house);
        phone.send(&house, &[phone.sign(&record)]);
    }
    house.store.backup(&long, house.now()).unwrap();
    let mut restored = |backup: &std::path::Path| {
        let (folder, now) = (house.folder.path().to_owned(), house.now());
        house.store = Store::open(tempfile::tempdir().unwrap().path()).unwrap();
        house.store = restore(&folder, backup, now).unwrap();
        phone.exchange(&house, &phone.asks(), &[]).unwrap()
    };
    assert_eq!(restored(&short).1, Lineage::Restored);
    let (parcel, lineage) = restored(&long);
    assert_eq!(lineage, Lineage::Restored, "its tree was shorter than the one that is there now");
    let told = parcel.restore.unwrap();
    assert_eq!(told.index, size + 6);
    let restores = house.store.read(|log| log.restores()).unwrap();
    assert_eq!((restores.len(), restores[0].1.kept), (1, size));
}

#[test]
fn a_restored_server_knows_an_old_phone_by_the_receipt_of_its_chain() {
    let mut house = House::new();
    let empty = house.folder.path().join("empty.sqlite");
    house.store.backup(&empty, house.now()).unwrap();
    let card = house.card();
    let mut phone = Phone::with(&card);
    phone.register(&house).unwrap();
    house.clock.add(200 * DAY);
    let (folder, now) = (house.folder.path().to_owned(), house.now());
    house.store = Store::open(tempfile::tempdir().unwrap().path()).unwrap();
    house.store = restore(&folder, &empty, now).unwrap();
    // a thief of the used card comes first, and the card has expired
    let mut thief = Phone::with(&card);
    assert_eq!(thief.register(&house).unwrap().standing, Standing::Late);
    let without = Phone { receipt: None, ..phone.clone() };
    assert_eq!(without.clone().register(&house).unwrap().standing, Standing::Second);
    // with another's receipt, or a changed one, it is no other
    let mut house = house;
    house.store = {
        let now = house.now();
        drop(std::mem::replace(&mut house.store, Store::open(tempfile::tempdir().unwrap().path()).unwrap()));
        restore(house.folder.path(), &empty, now + 1).unwrap()
    };
    let other = house.phone();
    let mut liar = Phone { receipt: other.receipt, ..thief };
    assert_eq!(liar.register(&house).unwrap().standing, Standing::Late);
    assert_eq!(phone.register(&house).unwrap().standing, Standing::Trusted);
    house.rebuilt().unwrap();
}

#[test]
fn a_backup_with_one_changed_bit_is_not_restored() {
    let house = House::new();
    let mut phone = house.phone();
    let record = phone.screening(&house);
    phone.send(&house, &[phone.sealed(&house, record, b"all she said")]);
    let backup = house.folder.path().join("backup.sqlite");
    house.store.backup(&backup, house.now()).unwrap();
    for change in [
        "UPDATE sealed SET bytes = CAST(replace(CAST(bytes AS TEXT), 'age-e', 'age-f') AS BLOB)",
        "UPDATE entry SET body = replace(body, 'a', 'b') WHERE kind = 2",
        "UPDATE entry SET reason = 'unknown_code' WHERE kind = 2",
        "UPDATE entry SET received = received - 86400 WHERE kind = 2",
        "UPDATE node SET hash = zeroblob(32) WHERE number = 1",
        "DELETE FROM leaf WHERE number = (SELECT max(number) FROM leaf)",
    ] {
        let changed = house.folder.path().join("changed.sqlite");
        std::fs::copy(&backup, &changed).unwrap();
        let file = rusqlite::Connection::open(&changed).unwrap();
        file.execute_batch(change).unwrap();
        drop(file);
        let elsewhere = tempfile::tempdir().unwrap();
        assert!(restore(elsewhere.path(), &changed, START).is_err(), "{change}");
    }
    assert!(restore(tempfile::tempdir().unwrap().path(), &backup, START).is_ok());
}

#[test]
fn rebuild_finds_a_buried_record_a_false_verdict_and_a_moved_time() {
    let filled = || {
        let house = House::new();
        let mut phone = house.phone();
        for _ in 0..3 {
            let record = phone.screening(&house);
            phone.send(&house, &[phone.sign(&record)]);
        }
        house
    };
    filled().rebuilt().unwrap();
    let last = "(SELECT max(position) FROM entry WHERE kind = 2)";
    for change in [
        format!("UPDATE entry SET body = NULL, digests = zeroblob(96) WHERE position = {last}"),
        format!("UPDATE entry SET reason = 'unknown_code' WHERE position = {last}"),
        format!("UPDATE entry SET received = received - 86400 WHERE position = {last}"),
        format!("UPDATE entry SET reason = 'repeated_seq' WHERE position = {last}"),
    ] {
        assert!(filled().tamper(&change).rebuilt().is_err(), "{change}");
    }
}

#[test]
fn rt_21_an_audit_log_that_was_written_anew_is_noticed() {
    let house = House::new();
    let data = house.folder.path();
    let note = |name: &str| {
        let staff = Staff::open(data).unwrap();
        staff.note(house.now(), name, Action::SawExact, "BI-CO-04-02").unwrap();
        crate::note_audit(&house.store, &staff, &*house.clock).unwrap();
    };
    note("aline");
    let size = house.head().size;
    note("aline");
    assert_eq!(house.head().size, size, "one leaf a day");
    house.clock.add(DAY);
    note("aline");
    assert_eq!(house.head().size, size + 1);
    crate::operator::rebuild(&house.store, &house.settings).unwrap();
    // whoever writes the file computes the chain again, with another name
    for file in std::fs::read_dir(data).unwrap().map(|file| file.unwrap().path()) {
        if file.file_name().unwrap().to_str().unwrap().starts_with(STAFF) {
            std::fs::remove_file(file).unwrap();
        }
    }
    let staff = Staff::open(data).unwrap();
    (0..3).for_each(|_| staff.note(START, "bosco", Action::SawExact, "BI-CO-04-02").unwrap());
    assert_eq!(crate::staff::audit::first_broken(&staff).unwrap(), None, "its own chain is whole");
    assert!(crate::operator::rebuild(&house.store, &house.settings).unwrap_err().to_string().contains("audit"));
}

#[test]
fn a_clock_that_jumped_closes_nothing_and_tells_nobody_until_the_operator_has_looked() {
    let house = House::new();
    let mut phone = house.phone();
    house.clock.add(3650 * DAY);
    log::tick(&house.store, &*house.clock).unwrap();
    let open = || house.store.read(|log| log.open_month()).unwrap().unwrap();
    assert_eq!(open(), "2026-11", "ten years stay open");
    house.clock.add(-3650 * DAY);
    let record = phone.screening(&house);
    house.clock.add(3650 * DAY);
    let sent = phone.sign(&record);
    let parcel = phone.send(&house, std::slice::from_ref(&sent));
    assert_eq!((kept(&parcel)[&jws(&sent)], parcel.time), (None, START), "records are taken, no time is told");
    log::tick(&house.store, &*house.clock).unwrap();
    assert_eq!(open(), "2026-11");
    house.clock.add(-3650 * DAY + 60);
    assert_eq!(phone.send(&house, &[]).time, START + 60, "a clock that is right again is believed at once");
    // a server that stood still for two months, and whose operator says that it is so
    house.clock.add(60 * DAY);
    log::accept_clock(&house.store, house.now()).unwrap();
    assert_eq!(open(), "2027-01");
    assert_eq!(phone.send(&house, &[]).time, house.now());
    house.rebuilt().unwrap();
}

#[test]
fn a_server_whose_clock_went_back_does_not_serve() {
    let house = House::new();
    let mut phone = house.phone();
    house.clock.add(5 * 3600);
    let record = phone.screening(&house);
    phone.send(&house, &[phone.sign(&record)]);
    house.clock.add(-2 * 3600);
    let file = phone.bundle(&house, &phone.asks(), &[]);
    assert_eq!(house.post(&file).unwrap_err(), Problem::Unavailable);
    assert!(matches!(log::tick(&house.store, &*house.clock), Err(StoreError::ClockBehind)));
    log::accept_clock(&house.store, house.now()).unwrap();
    assert!(house.post(&file).is_ok());
}

#[test]
fn a_copy_of_the_server_brings_its_public_releases_to_an_empty_machine() {
    let house = House::new();
    house.phone();
    // given a release: the quarter ends in December, and is released 30 days later
    let now = house.now() + 80 * DAY;
    log::accept_clock(&house.store, now).unwrap();
    let (made, hash) = release::make(&house.store, &house.settings, now).unwrap();
    let copy = house.folder.path().join("tabara.copy");
    safe_copy::write(&house.store, &house.settings, &copy, now).unwrap();
    // when the copy is put up on another machine, with the intake key, which opens copies, too
    let empty = tempfile::tempdir().unwrap();
    let key = house.folder.path().join("intake.key");
    let identity = std::fs::read_to_string(&key).unwrap();
    let (store, _) = safe_copy::restore(empty.path(), &copy, Some((key.as_path(), identity.trim())), now).unwrap();
    // then everybody still reads it
    let settings = Settings::open(empty.path(), house.clock.clone()).unwrap();
    let frozen = release::verify(&store, &settings, release::read(&settings, made.number).unwrap()).unwrap();
    assert_eq!((frozen.release, frozen.hash), (made, hash));
}
