//! Random histories of a phone on a disk that fails, and of a phone that is killed: what was acknowledged is there
//! afterwards, and no record is lost or doubled. `TABARA_HISTORIES` sets how many; a history that fails prints its seed,
//! and `TABARA_SEED` begins there.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;
use tabara_core::Error;
use tabara_support::crash_history::{Event, Origin, PIN, Told, check, live, open};
use tabara_support::faulty_vfs::{Disk, Fault};
use tabara_support::phone::KeyStore;
use tabara_support::rng::Rng;

fn setting(name: &str, usual: u64) -> u64 {
    std::env::var(name).ok().and_then(|n| n.parse().ok()).unwrap_or(usual)
}

/// Enrolled while the disk works.
fn enrolled(keys: KeyStore) -> Origin {
    let _disk = Disk::watch();
    Origin::new(keys)
}

fn on_a_failing_disk(origin: &Origin, seed: u64, fault: Fault) -> bool {
    let mut rng = Rng::new(seed);
    let (folder, keys) = (origin.copy(), Arc::new(origin.keys.image(None)));
    let disk = Disk::watch();
    let phone = open(folder.path(), &keys).unwrap();
    phone.unlock(PIN).unwrap();
    let mut told = Told::default();
    disk.fail_at(rng.below(160) as u64, fault);
    let lived = live(&phone, &mut rng, 40, &mut |event| told.hear(event));
    let failed = disk.has_failed();
    assert!(lived.is_ok() || (failed && lived == Err(Error::Storage)), "{lived:?}");
    if matches!(fault, Fault::Full | Fault::ReadOnly) {
        // the phone goes on when there is room again, without a restart
        disk.mend();
        check(origin, &phone, told);
        return failed;
    }
    drop(phone);
    disk.mend();
    for file in std::fs::read_dir(folder.path()).unwrap().map(|file| file.unwrap().path()) {
        if file.to_string_lossy().ends_with("-shm") {
            std::fs::remove_file(file).unwrap();
        }
    }
    let phone = open(folder.path(), &keys).unwrap();
    phone.unlock(PIN).unwrap();
    check(origin, &phone, told);
    failed
}

/// Kills a process that uses a phone (`src/bin/crash_history.rs`) somewhere in its second life.
fn killed(origin: &Origin, seed: u64) -> bool {
    let mut rng = Rng::new(seed);
    let (folder, beside) = (origin.copy(), tempfile::tempdir().unwrap());
    let keys = beside.path().join("key-store");
    drop(origin.keys.image(Some(keys.clone())));
    let mut child = Command::new(env!("CARGO_BIN_EXE_crash_history"))
        .args([folder.path(), &keys])
        .arg(seed.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .expect("a process");
    let mut told = Told::default();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let first = lines.next().expect("the child speaks").unwrap();
    told.hear(serde_json::from_str(&first).unwrap());
    std::thread::sleep(Duration::from_micros(rng.below(500_000) as u64));
    child.kill().unwrap();
    child.wait().unwrap();
    for line in lines {
        // the last line may be cut off: then the call after it was not made
        match serde_json::from_str::<Event>(&line.unwrap()) {
            Ok(event) => told.hear(event),
            Err(_) => break,
        }
    }
    let weight = told.weight();
    let _disk = Disk::watch();
    let phone = open(folder.path(), &Arc::new(KeyStore::at(keys))).unwrap();
    phone.unlock(PIN).unwrap();
    check(origin, &phone, told);
    weight > 1
}

fn all(what: &str, usual: u64, mut history: impl FnMut(u64) -> bool) {
    let (first, count) = (setting("TABARA_SEED", 1), setting("TABARA_HISTORIES", usual));
    let mut met = 0;
    for seed in first..first + count {
        let lived = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| history(seed)));
        met += u64::from(lived.unwrap_or_else(|panic| {
            eprintln!("TABARA_SEED={seed}: {what}");
            std::panic::resume_unwind(panic)
        }));
    }
    println!("{met} of {count} histories met: {what}");
    assert!(met > 0);
}

#[test]
fn a_loss_of_power_at_any_write_loses_nothing_that_was_acknowledged() {
    let origin = enrolled(KeyStore::default());
    all("loss of power", 12, |seed| on_a_failing_disk(&origin, seed, Fault::PowerLoss));
}

#[test]
fn a_torn_write_loses_nothing_that_was_acknowledged() {
    let origin = enrolled(KeyStore::default());
    all("torn write", 12, |seed| on_a_failing_disk(&origin, seed, Fault::TornWrite));
}

#[test]
fn a_full_disk_is_an_error_without_effect_and_the_phone_goes_on_when_there_is_room() {
    let origin = enrolled(KeyStore::default());
    all("full disk", 12, |seed| on_a_failing_disk(&origin, seed, Fault::Full));
}

#[test]
fn a_disk_that_becomes_read_only_is_an_error_without_effect_and_nothing_is_lost() {
    let origin = enrolled(KeyStore::default());
    all("read-only disk", 12, |seed| on_a_failing_disk(&origin, seed, Fault::ReadOnly));
    // from the first write on: no phone opens, and every file stays as it is
    let folder = origin.copy();
    let disk = Disk::watch();
    disk.fail_at(0, Fault::ReadOnly);
    let opened = open(folder.path(), &origin.keys).and_then(|phone| phone.unlock(PIN));
    assert_eq!(opened, Err(Error::Storage));
    disk.mend();
    open(folder.path(), &origin.keys).and_then(|phone| phone.unlock(PIN)).unwrap();
}

#[test]
fn a_killed_app_loses_nothing_that_was_acknowledged() {
    let origin = enrolled(KeyStore::default());
    all("a kill", 8, |seed| killed(&origin, seed));
}
