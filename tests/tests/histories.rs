//! Random histories of a phone on a disk that fails: what was acknowledged is there afterwards, and no record is lost or
//! doubled. Every interview says a value that is said nowhere else. `TABARA_HISTORIES` sets how many; each prints its seed
//! when it fails.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use tabara_core::Error;
use tabara_core::focal_point::{FocalPoint, Session};
use tabara_core::record::{SealedCase, Uuid};
use tabara_core::seal;
use tabara_tests::deployment::SetClock;
use tabara_tests::faulty::{Disk, Fault};
use tabara_tests::phone::{KeyStore, Office};
use tabara_tests::proxy::Dice;

const FORM: &str = include_str!("../../questionnaires/first-line.md");
const MARCH: i64 = 1_772_323_200;
const PIN: &str = "271828";

fn histories(usual: u64) -> u64 {
    std::env::var("TABARA_HISTORIES").ok().and_then(|n| n.parse().ok()).unwrap_or(usual)
}

/// A phone that was enrolled once, to be copied for each history.
struct Origin {
    folder: tempfile::TempDir,
    keys: Arc<KeyStore>,
    office: Office,
}

impl Origin {
    fn new() -> Self {
        let origin = Self { folder: tempfile::tempdir().unwrap(), keys: Arc::default(), office: Office::new(&[FORM]) };
        let phone = origin.open(origin.folder.path()).unwrap();
        phone.enrol(&origin.office.card(MARCH), PIN).unwrap();
        origin.office.supply(&phone);
        origin
    }
    fn open(&self, folder: &Path) -> Result<FocalPoint, Error> {
        FocalPoint::open(folder, self.keys.clone(), SetClock::at(MARCH))
    }
    fn copy(&self) -> tempfile::TempDir {
        let copy = tempfile::tempdir().unwrap();
        for file in std::fs::read_dir(self.folder.path()).unwrap().map(Result::unwrap) {
            std::fs::copy(file.path(), copy.path().join(file.file_name())).unwrap();
        }
        copy
    }
    /// Values in the sealed cases of a phone, and how often each is there.
    fn sealed(&self, phone: &FocalPoint) -> BTreeMap<String, usize> {
        let mut values = BTreeMap::new();
        let waiting = phone.mailbox().waiting(0, 1000, usize::MAX).unwrap();
        let numbers = |jws: &str| {
            use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
            let payload = BASE64_URL_SAFE_NO_PAD.decode(jws.split('.').nth(1).unwrap()).unwrap();
            serde_json::from_slice::<serde_json::Value>(&payload).unwrap()["seq"].as_u64().unwrap()
        };
        let seq: Vec<u64> = waiting.iter().map(|out| numbers(&out.jws)).collect();
        assert_eq!(seq, (1..=waiting.len() as u64).collect::<Vec<_>>(), "numbers without gaps");
        for out in waiting {
            let plain = seal::unseal(out.sealed.as_ref().unwrap(), &self.office.case_worker).unwrap();
            let case: SealedCase = serde_json::from_slice(&plain).unwrap();
            let said = case.answers.iter().find(|(path, _)| path == "name").map(|(_, said)| said.clone());
            *values.entry(said.unwrap()).or_insert(0) += 1;
        }
        values
    }
}

/// What the app was told.
#[derive(Default)]
struct Told {
    /// Drafts with what was last acknowledged, and what was tried after it.
    drafts: BTreeMap<Uuid, (String, Option<String>)>,
    sealed: Vec<String>,
    /// A draft was being finished when it failed.
    finishing: Option<Uuid>,
    discarding: Option<Uuid>,
}

/// Lives until the first error.
fn live(phone: &FocalPoint, dice: &mut Dice, told: &mut Told, steps: u64) -> Result<(), Error> {
    let mut sessions: BTreeMap<Uuid, Session> = BTreeMap::new();
    let mut next = 0;
    for _ in 0..steps {
        let some = sessions.keys().nth(dice.of(sessions.len())).copied();
        match (dice.of(10), some) {
            (0..2, _) | (_, None) => {
                let session = phone.start("first_line", "en")?;
                for (path, value) in [("consent", "yes"), ("statistics", "yes"), ("sex", "f"), ("left", "yes")] {
                    session.answer(path, Some(value))?;
                }
                session.answer("forced", Some("no"))?;
                session.next()?;
                told.drafts.insert(session.draft(), (String::new(), None));
                sessions.insert(session.draft(), session);
            }
            (2..7, Some(draft)) => {
                next += 1;
                let value = format!("{draft}-{next}-{}", "x".repeat(dice.of(5000)));
                let told = told.drafts.get_mut(&draft).expect("told before");
                told.1 = Some(value.clone());
                sessions[&draft].answer("name", Some(&value))?;
                *told = (value, None);
            }
            (7..9, Some(draft)) if !told.drafts[&draft].0.is_empty() => {
                told.finishing = Some(draft);
                sessions[&draft].finish(None)?;
                told.finishing = None;
                sessions.remove(&draft);
                told.sealed.push(told.drafts.remove(&draft).expect("told before").0);
            }
            (9, Some(draft)) => {
                told.discarding = Some(draft);
                sessions.remove(&draft).expect("there").discard()?;
                told.discarding = None;
                told.drafts.remove(&draft);
            }
            _ => {}
        }
    }
    Ok(())
}

/// What is on the phone is what was told, give or take the one call that failed.
fn check(origin: &Origin, phone: &FocalPoint, mut told: Told) {
    let mut sealed = origin.sealed(phone);
    for value in &told.sealed {
        assert_eq!(sealed.remove(value), Some(1), "sealed once");
    }
    if let Some(draft) = told.finishing {
        let said = told.drafts[&draft].0.clone();
        if sealed.remove(&said) == Some(1) {
            told.drafts.remove(&draft);
            told.sealed.push(said);
        }
    }
    assert!(sealed.is_empty(), "nothing is sealed that was not finished");
    assert_eq!(phone.cases(0).unwrap().len(), told.sealed.len().min(50));
    let mut there: Vec<Uuid> = phone.drafts().unwrap().iter().map(|draft| draft.draft).collect();
    for (draft, (acknowledged, tried)) in &told.drafts {
        let Some(at) = there.iter().position(|id| id == draft) else {
            assert_eq!(told.discarding, Some(*draft), "a draft is gone that nobody discarded");
            continue;
        };
        there.remove(at);
        let session = phone.resume(*draft).unwrap();
        let page = session.page().unwrap();
        assert_eq!(page.questions[0].path, "sex", "at the same place");
        let said = page.questions.iter().find(|q| q.path == "name").unwrap().value.clone().unwrap_or_default();
        assert!(said == *acknowledged || Some(said) == *tried, "the last acknowledged answer is there");
        session.answer("name", Some("goes on")).unwrap();
    }
    // at most the one that was being begun
    assert!(there.len() <= 1);
}

fn history(origin: &Origin, seed: u64, fault: Fault) -> bool {
    let mut dice = Dice::new(seed);
    let folder = origin.copy();
    let disk = Disk::watch();
    let phone = origin.open(folder.path()).unwrap();
    phone.unlock(PIN).unwrap();
    let mut told = Told::default();
    disk.fail_at(dice.of(160) as u64, fault);
    let lived = live(&phone, &mut dice, &mut told, 40);
    if disk.has_failed() {
        if let Err(error) = &lived {
            assert_eq!(error, &Error::Storage);
        }
    } else {
        lived.unwrap();
    }
    let failed = disk.has_failed();
    if fault == Fault::Full {
        // the phone goes on when there is room again, without a restart
        disk.mend();
        check(origin, &phone, told);
        return failed;
    }
    drop(phone);
    disk.mend();
    let _ = std::fs::remove_file(folder.path().join("vault.db-shm"));
    let _ = std::fs::remove_file(folder.path().join("mailbox.db-shm"));
    let phone = origin.open(folder.path()).unwrap();
    phone.unlock(PIN).unwrap();
    check(origin, &phone, told);
    failed
}

fn all(fault: Fault, usual: u64) {
    let origin = Origin::new();
    let first: u64 = std::env::var("TABARA_SEED").ok().and_then(|n| n.parse().ok()).unwrap_or(1);
    let mut failed = 0;
    for seed in first..first + histories(usual) {
        let lived = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| history(&origin, seed, fault)));
        failed += u64::from(lived.unwrap_or_else(|panic| {
            eprintln!("TABARA_SEED={seed} with {fault:?}");
            std::panic::resume_unwind(panic)
        }));
    }
    println!("{failed} of {} histories met {fault:?}", histories(usual));
    assert!(failed > 0);
}

#[test]
fn a_loss_of_power_at_any_write_loses_nothing_that_was_acknowledged() {
    all(Fault::PowerLoss, 20);
}

#[test]
fn a_torn_write_loses_nothing_that_was_acknowledged() {
    all(Fault::TornWrite, 20);
}

#[test]
fn a_full_disk_is_an_error_without_effect_and_the_phone_goes_on_when_there_is_room() {
    all(Fault::Full, 20);
}
