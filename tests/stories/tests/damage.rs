//! Damaged files: every flipped bit, cut and missing file ends in an error that names the file, or changes nothing that is
//! read; nothing is deleted, and no error says anything a person said.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use tabara_core::Error;
use tabara_core::focal_point::{FocalPoint, Notice};
use tabara_support::deployment::SetClock;
use tabara_support::phone::{KeyStore, Office};

const FORM: &str = include_str!("../../../questionnaires/first-line.md");
const MARCH: i64 = 1_772_323_200;
const PIN: &str = "271828";
const SAID: &str = "Bisi-7719";

struct Phone {
    /// As it was while the app ran: with both WALs.
    image: tempfile::TempDir,
    keys: Arc<KeyStore>,
}

fn open(folder: &Path, keys: &Arc<KeyStore>) -> Result<FocalPoint, Error> {
    FocalPoint::open(folder, keys.clone(), SetClock::at(MARCH))
}

fn copy(from: &Path) -> tempfile::TempDir {
    let to = tempfile::tempdir().unwrap();
    for file in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        if !file.file_name().to_string_lossy().ends_with("-shm") {
            std::fs::copy(file.path(), to.path().join(file.file_name())).unwrap();
        }
    }
    to
}

impl Phone {
    fn new() -> Self {
        let (folder, keys, office) = (tempfile::tempdir().unwrap(), Arc::default(), Office::new(&[FORM]));
        let phone = open(folder.path(), &keys).unwrap();
        phone.enrol(&office.card(MARCH), PIN).unwrap();
        office.supply(&phone);
        for finished in [true, false] {
            let session = phone.start("first_line", "en").unwrap();
            for (path, value) in
                [("consent", "yes"), ("statistics", "yes"), ("sex", "f"), ("left", "no"), ("forced", "no")]
            {
                session.answer(path, Some(value)).unwrap();
            }
            session.answer("name", Some(&SAID.repeat(50))).unwrap();
            if finished {
                session.finish(None).unwrap();
            }
        }
        phone.mailbox().synced().unwrap();
        Self { image: copy(folder.path()), keys }
    }

    /// Everything an app would do with a phone, on a copy that was changed first.
    fn use_after(&self, change: impl FnOnce(&Path)) -> Result<(), Error> {
        self.use_after_loss(true, change)
    }

    /// `whole_log`: the WAL of no file was changed. One that is ends there, so that the last answers are missing.
    fn use_after_loss(&self, whole_log: bool, change: impl FnOnce(&Path)) -> Result<(), Error> {
        let folder = copy(self.image.path());
        change(folder.path());
        let names = || -> Vec<_> {
            let files =
                std::fs::read_dir(folder.path()).unwrap().map(|f| f.unwrap().file_name().into_string().unwrap());
            files.filter(|name| name.ends_with(".db") || name.ends_with(".json")).collect()
        };
        let before = names();
        let used = (|| {
            let phone = open(folder.path(), &self.keys)?;
            phone.unlock(PIN)?;
            phone.cases(0)?;
            phone.waiting()?;
            phone.questionnaires()?;
            phone.mailbox().waiting(10, usize::MAX)?;
            let drafts = phone.drafts()?;
            assert!(drafts.len() == 1 || !whole_log || phone.notices()?.contains(&Notice::DraftsLost), "lost, untold");
            for draft in drafts {
                let session = phone.resume(draft.draft)?;
                session.answer("name", Some("goes on"))?;
                session.finish(None)?;
            }
            Ok(())
        })();
        // drafts that were sealed move to another file, and one that cannot be read is kept aside
        let damaged = names().iter().any(|name| name.starts_with("aside-"));
        for name in before.into_iter().filter(|name| damaged || !name.starts_with("drafts-")) {
            assert!(names().iter().any(|now| now.ends_with(&name)), "{name} is deleted");
        }
        if let Err(error) = &used {
            let told = format!("{error} {error:?}");
            assert!(!told.contains("Bisi") && !told.contains(PIN), "{told}");
        }
        used
    }
}

fn flip(file: &Path, at: usize, bit: u32) {
    let mut bytes = std::fs::read(file).unwrap();
    bytes[at] ^= 1 << bit;
    std::fs::write(file, bytes).unwrap();
}

#[test]
fn a_flipped_bit_anywhere_is_named_or_harmless() {
    let phone = Phone::new();
    assert_eq!(phone.use_after(|_| ()), Ok(()));
    let mut met = BTreeMap::new();
    for (file, step) in [
        ("keys.json", 101),
        ("folder.json", 31),
        ("vault.db", 1009),
        ("vault.db-wal", 5003),
        ("drafts-2.db", 1009),
        ("drafts-2.db-wal", 5003),
        ("mailbox.db", 1511),
        ("mailbox.db-wal", 7001),
    ] {
        let len = std::fs::metadata(phone.image.path().join(file)).map_or(0, |m| m.len() as usize);
        assert!(len > 0, "{file} is there");
        // the first bytes (salt, WAL header) and the first page's end (vector, tag), then every so many bytes
        let special = [0, 15, 16, 100, 4016, 4031, 4032, 4095];
        for at in special.into_iter().chain((0..len).step_by(step)).filter(|at| *at < len) {
            let end =
                phone.use_after_loss(!file.ends_with("-wal"), |folder| flip(&folder.join(file), at, (at % 8) as u32));
            let named = file.trim_end_matches("-wal");
            match &end {
                Ok(()) => {}
                // a broken tag of the key file cannot be told from a key store that answers otherwise
                Err(Error::KeyStoreLost) if file.ends_with(".json") => {}
                Err(Error::Damaged { file }) if file.name() == named => {}
                Err(error) => panic!("{file}, byte {at}: {error:?}"),
            }
            *met.entry((file, format!("{end:?}"))).or_insert(0) += 1;
        }
    }
    for ((file, end), count) in met {
        println!("{count:5} {file:15} {end}");
    }
}

/// The name of the file that an error calls damaged.
fn damaged(error: Error) -> Option<&'static str> {
    if let Error::Damaged { file } = error { Some(file.name()) } else { None }
}

#[test]
fn a_cut_or_missing_file_is_named() {
    let phone = Phone::new();
    for (file, sizes) in [
        ("keys.json", &[0, 1, 200][..]),
        ("folder.json", &[0, 1, 100]),
        ("vault.db", &[0, 15, 16, 4095, 4096]),
        ("mailbox.db", &[0, 15, 4095, 4096]),
    ] {
        for size in sizes {
            let end = phone.use_after(|folder| {
                // without the WAL, which might hold every page of a small file
                let _ = std::fs::remove_file(folder.join(format!("{file}-wal")));
                std::fs::File::options().write(true).open(folder.join(file)).unwrap().set_len(*size).unwrap();
            });
            assert_eq!(end.map_err(damaged), Err(Some(file)), "{size} bytes");
        }
        let end = phone.use_after(|folder| std::fs::remove_file(folder.join(file)).unwrap());
        assert_eq!(end.map_err(damaged), Err(Some(file)), "missing");
    }
}

#[test]
fn no_file_of_the_phone_holds_what_was_said_in_clear() {
    let phone = Phone::new();
    for file in std::fs::read_dir(phone.image.path()).unwrap().map(Result::unwrap) {
        let bytes = std::fs::read(file.path()).unwrap();
        for clear in [&b"Bisi"[..], b"first_line", b"SQLite format 3", b"CREATE TABLE", PIN.as_bytes()] {
            assert!(!bytes.windows(clear.len()).any(|w| w == clear), "{:?}", file.file_name());
        }
    }
}
