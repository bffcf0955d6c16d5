//! No error, log line or panic of a phone says anything a person said, typed or is called. A marker stands in the PIN, the
//! answers, the names that are asked for and the texts that are typed; then everything goes wrong that can.

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::io::Write;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tabara_core::Error;
use tabara_core::clock::Clock;
use tabara_core::error::OfflineReason;
use tabara_core::focal_point::FocalPoint;
use tabara_core::vault::{DeviceSecret as _, Folder, SecretError, cipher, cipher::FileKey};
use tabara_support::deployment::SetClock;
use tabara_support::phone::{KeyStore, Office};

const FORM: &str = include_str!("../../../questionnaires/first-line.md");
const MARCH: i64 = 1_772_323_200;
const MARKER: &str = "Bisi7719";

/// Everything that was told: errors as `Display` and `Debug`, log lines, panics.
#[derive(Clone, Default)]
struct Told(Arc<Mutex<Vec<u8>>>);

impl Write for Told {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

struct World {
    folder: tempfile::TempDir,
    keys: Arc<KeyStore>,
    clock: Arc<SetClock>,
    office: Office,
    told: Told,
    met: BTreeSet<String>,
}

impl World {
    fn open(&self) -> Result<FocalPoint, Error> {
        FocalPoint::open(self.folder.path(), self.keys.clone(), self.clock.clone())
    }
    fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }
    /// A call that must fail, with the name of its error.
    fn fails<T>(&mut self, name: &str, call: Result<T, Error>) {
        let error = call.err().unwrap_or_else(|| panic!("{name} was expected"));
        writeln!(self.told, "{error} {error:?}").unwrap();
        assert!(format!("{error:?}").starts_with(name), "{error:?} is not {name}");
        self.met.insert(name.to_owned());
    }
    fn tell(&mut self, thing: &dyn Debug) {
        writeln!(self.told, "{thing:?}").unwrap();
    }
}

fn damage(file: &Path, at: usize) {
    let mut bytes = std::fs::read(file).unwrap();
    bytes[at] ^= 1;
    std::fs::write(file, bytes).unwrap();
}

/// A clock of the app that fails.
struct Broken;

impl Clock for Broken {
    fn unix(&self) -> i64 {
        MARCH
    }
    fn monotonic(&self) -> Duration {
        panic!("the app's clock")
    }
}

#[test]
fn no_error_no_log_line_and_no_panic_says_what_a_person_said() {
    let told = Told::default();
    let writer = told.clone();
    let log = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(move || writer.clone());
    let _log = tracing::subscriber::set_default(log.finish());
    let mut world = World {
        folder: tempfile::tempdir().unwrap(),
        keys: Arc::default(),
        clock: SetClock::at(MARCH),
        office: Office::new(&[FORM]),
        told,
        met: BTreeSet::new(),
    };
    let pin = &format!("{MARKER}-pin")[..];

    // before and at the door
    let phone = world.open().unwrap();
    world.fails("NotEnrolled", phone.unlock(pin));
    world.fails("Card", phone.enrol(MARKER, pin));
    let card = world.office.card(MARCH);
    world.fails("PinTooShort", phone.enrol(&card, &MARKER[..4]));
    phone.enrol(&card, pin).unwrap();
    world.fails("AlreadyEnrolled", phone.enrol(&card, pin));
    let second = world.open();
    world.fails("InUse", second);
    let elsewhere = world.folder.path().join(format!("{MARKER}\0"));
    world.fails("Folder", FocalPoint::open(&elsewhere, world.keys.clone(), world.clock.clone()));
    world.office.supply(&phone);

    // what is asked for and is not there, and answers that do not fit
    world.fails("NotFound", phone.start(MARKER, "en"));
    world.fails("NotFound", phone.start("first_line", MARKER));
    world.fails("NotFound", phone.cases_of(MARKER));
    world.fails("NotFound", phone.withdraw_slip(MARKER, Some(MARKER)));
    let session = phone.start("first_line", "en").unwrap();
    world.fails("NotFound", session.answer(MARKER, Some(MARKER)));
    world.fails("NotFound", session.jump(MARKER));
    world.fails("Answer", session.answer("consent", Some(MARKER)));
    world.fails("Incomplete", session.finish(None));
    for (path, value) in [("consent", "yes"), ("statistics", "yes"), ("sex", "f"), ("left", "no"), ("forced", "no")] {
        session.answer(path, Some(value)).unwrap();
    }
    session.answer("name", Some(MARKER)).unwrap();
    world.fails("Answer", session.answer("name", Some(&MARKER.repeat(100_000))));
    world.fails("Answer", session.finish(Some(MARKER)));
    let refusing = phone.start("first_line", "en").unwrap();
    refusing.answer("consent", Some("no")).unwrap();
    world.fails("NoConsent", refusing.finish(None));

    // types that hold something
    world.tell(&session.missing().unwrap());
    world.tell(&phone.mailbox().enrolment().unwrap().transport_key);
    world.tell(&FileKey([7; 32]));
    world.tell(&phone.drafts().unwrap());

    // a draft that cannot be read any more, and the door again
    let draft = session.draft();
    phone.lock();
    world.fails("Locked", session.answer("name", Some(MARKER)));
    world.fails("Locked", phone.resume(draft));
    world.fails("WrongPin", phone.unlock(MARKER));
    world.fails("WrongPin", phone.unlock(MARKER));
    world.fails("WrongPin", phone.change_pin(MARKER, pin));
    world.fails("TooSoon", phone.unlock(pin));
    world.keys.fail(Some(SecretError::Unavailable));
    world.fails("KeyStoreUnavailable", phone.unlock(pin));
    world.keys.fail(Some(SecretError::Lost));
    world.fails("KeyStoreLost", phone.unlock(pin));
    world.keys.fail(Some(SecretError::WrongLength(1)));
    world.fails("Internal", phone.unlock(pin));
    world.keys.fail(None);
    drop((session, refusing, phone));

    // files that are damaged, newer, or of another phone
    let whole: Vec<(String, Vec<u8>)> = std::fs::read_dir(world.folder.path())
        .unwrap()
        .map(|file| file.unwrap())
        .map(|file| (file.file_name().into_string().unwrap(), std::fs::read(file.path()).unwrap()))
        .collect();
    let restore =
        |world: &World| whole.iter().for_each(|(name, bytes)| std::fs::write(world.path(name), bytes).unwrap());
    for (file, at) in [("keys.json", 40), ("vault.db", 5000), ("mailbox.db", 200)] {
        for wal in ["vault.db-wal", "mailbox.db-wal"] {
            let _ = std::fs::remove_file(world.path(wal));
        }
        damage(&world.path(file), at);
        let opened = world.open().and_then(|phone| {
            world.clock.forward(Duration::from_secs(3600));
            phone.unlock(pin)
        });
        world.fails("Damaged", opened);
        restore(&world);
    }
    let folder = Folder::open(world.folder.path(), world.keys.clone()).unwrap();
    folder.check().unwrap();
    let key = FileKey(*folder.derive("mailbox", b"tabara mailbox key 1").unwrap());
    drop(folder);
    let file = cipher::open(&world.path("mailbox.db"), &key, false).unwrap();
    file.pragma_update(None, "user_version", 99).unwrap();
    drop(file);
    let newer = world.open().map(drop);
    world.fails("NewerVersion", newer);
    restore(&world);

    // a catalog and updates that lie, a revoked card, an app that panics in the middle of a call
    let phone = world.open().unwrap();
    world.clock.forward(Duration::from_secs(3600));
    phone.unlock(pin).unwrap();
    world.fails("Untrusted", phone.mailbox().settle(|books| books.take_catalog(MARKER)).map_err(Error::from));
    world.fails("NotFound", phone.mailbox().take_part(MARKER.as_bytes()).map_err(Error::from));
    let record = phone.resume(draft).unwrap().finish(None).unwrap().record;
    let reason = tabara_core::record::Reason::Malformed;
    let waiting = phone.mailbox().waiting(9, usize::MAX).unwrap();
    let hash = waiting.iter().find(|out| out.record == record).unwrap().hash;
    assert!(phone.mailbox().settle(|books| books.refuse(&hash, reason, MARCH)).unwrap());
    world.tell(&phone.waiting().unwrap());
    let lasting = phone.start("first_line", "en").unwrap();
    lasting.answer("consent", Some("yes")).unwrap();
    lasting.answer("name", Some(MARKER)).unwrap();
    world.office.catalog.revoked.push(phone.mailbox().enrolment().unwrap().device);
    world.office.catalog.version += 1;
    world.office.supply(&phone);
    world.fails("Refused", phone.start("first_line", "en"));
    drop((lasting, phone));
    let panics = world.told.clone();
    std::panic::set_hook(Box::new(move |panic| writeln!(panics.clone(), "{panic}").unwrap()));
    let used = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        FocalPoint::open(world.folder.path(), world.keys.clone(), Arc::new(Broken)).and_then(|phone| phone.unlock(pin))
    }));
    let _ = std::panic::take_hook();
    assert!(used.is_err(), "the app's clock panics");

    // too many wrong PINs, and the end
    let phone = world.open().unwrap();
    for _ in 0..9 {
        world.clock.forward(Duration::from_secs(3600));
        let _ = phone.unlock(MARKER);
    }
    world.clock.forward(Duration::from_secs(3600));
    world.fails("VaultDestroyed", phone.unlock(MARKER));
    drop(phone);
    std::fs::remove_file(world.path("lock")).unwrap();
    std::fs::create_dir(world.path("lock")).unwrap();
    let unwritable = world.open().map(drop);
    world.fails("Storage", unwritable);

    let told = String::from_utf8_lossy(&world.told.0.lock().unwrap()).into_owned();
    assert!(told.contains("the app's clock") && told.contains("WrongPin"), "errors and panics are heard");
    for line in told.lines() {
        assert!(!line.contains(MARKER) && !line.contains(&MARKER[..6]), "{line}");
    }
    // whoever adds an error adds its story here
    let all: BTreeSet<String> = [
        "Locked",
        "WrongPin",
        "TooSoon",
        "PinTooShort",
        "KeyStoreUnavailable",
        "KeyStoreLost",
        "VaultDestroyed",
        "Damaged",
        "InUse",
        "NewerVersion",
        "Storage",
        "Folder",
        "NotEnrolled",
        "AlreadyEnrolled",
        "Card",
        "NotFound",
        "Answer",
        "Incomplete",
        "NoConsent",
        "Untrusted",
        "Refused",
        "Internal",
    ]
    .map(str::to_owned)
    .into();
    assert_eq!(world.met, all);
    let known = |error: &Error| match error {
        // of the network alone
        Error::Offline { .. } | Error::Internal { .. } => true,
        Error::Locked | Error::WrongPin { .. } | Error::TooSoon { .. } | Error::PinTooShort { .. } => true,
        Error::KeyStoreUnavailable | Error::KeyStoreLost | Error::Damaged { .. } | Error::NewerVersion => true,
        Error::InUse => true,
        Error::VaultDestroyed { .. } | Error::Folder { .. } | Error::AlreadyEnrolled => true,
        Error::Storage | Error::NotEnrolled | Error::Card { .. } | Error::NotFound { .. } => true,
        Error::Answer { .. } | Error::Incomplete | Error::NoConsent | Error::Untrusted { .. } => true,
        Error::Refused { .. } => true,
    };
    assert!(known(&Error::Offline { reason: OfflineReason::NoNetwork }));
}
