//! Files of earlier versions, frozen when they were released, open with this build and become what a new phone has. Files
//! of a later version are left as they are. `tests/vectors/phone-1`: enrolled, one case sealed, one interview begun.

use rusqlite::Connection;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Once};
use tabara_core::Error;
use tabara_core::focal_point::FocalPoint;
use tabara_core::vault::cipher::{self, FileKey};
use tabara_core::vault::keys::KeyFile;
use tabara_core::vault::{DeviceSecret as _, Folder, PhoneFile};
use tabara_support::deployment::{SetClock, copy_files};
use tabara_support::phone::{KeyStore, Office};

const MARCH: i64 = 1_772_323_200;
const PIN: &str = "271828";

struct Phone {
    folder: tempfile::TempDir,
    keys: Arc<KeyStore>,
}

impl Phone {
    /// A copy of the frozen files. `TABARA_WRITE=phone` freezes them anew.
    fn frozen() -> Self {
        static FREEZE: Once = Once::new();
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("../vectors/phone-1");
        FREEZE.call_once(|| {
            if std::env::var("TABARA_WRITE").is_ok_and(|what| what == "phone") {
                freeze(&from);
            }
        });
        let folder = tempfile::tempdir().unwrap();
        copy_files(&from, folder.path());
        let keys = Arc::new(KeyStore::at(folder.path().join("key-store")));
        Self { folder, keys }
    }
    fn fresh() -> Self {
        let phone = Self { folder: tempfile::tempdir().unwrap(), keys: Arc::default() };
        let office = Office::new(&[]);
        phone.open().unwrap().enrol(&office.card(MARCH), PIN).unwrap();
        phone
    }
    fn open(&self) -> Result<FocalPoint, Error> {
        FocalPoint::open(self.folder.path(), self.keys.clone(), SetClock::at(MARCH))
    }
    fn path(&self, file: PhoneFile) -> PathBuf {
        self.folder.path().join(file.name())
    }
    /// A database as it lies on the disk.
    fn database(&self, file: PhoneFile) -> Connection {
        let folder = Folder::open(self.folder.path(), self.keys.clone()).unwrap();
        folder.check().unwrap();
        let key = match file {
            PhoneFile::Mailbox => FileKey(*folder.derive("mailbox", b"tabara mailbox key 1").unwrap()),
            _ => {
                let keys = KeyFile::read(self.folder.path()).unwrap().unwrap().check(&folder).unwrap();
                keys.open(PIN, &folder).unwrap().unwrap()
            }
        };
        cipher::open(&self.path(file), &key, false).unwrap()
    }
    fn schema(&self, file: PhoneFile) -> Vec<(String, Option<String>)> {
        let database = self.database(file);
        let version = database.query_row("PRAGMA user_version", [], |r| r.get::<_, i64>(0)).unwrap().to_string();
        let sql = "SELECT name, sql FROM sqlite_schema ORDER BY name";
        let mut query = database.prepare(sql).unwrap();
        // how a statement is indented says nothing of its table
        let folded = |sql: String| sql.split_whitespace().collect::<Vec<_>>().join(" ");
        let rows = query.query_map([], |r| Ok((r.get(0)?, r.get::<_, Option<String>>(1)?.map(folded)))).unwrap();
        rows.map(Result::unwrap).chain([("version".to_owned(), Some(version))]).collect()
    }
}

/// Makes the files of a phone: enrolled, one case sealed, one interview begun.
fn freeze(folder: &Path) {
    let _ = std::fs::remove_dir_all(folder);
    std::fs::create_dir(folder).unwrap();
    let office = Office::new(&[include_str!("../../../questionnaires/first-line.md")]);
    let keys = Arc::new(KeyStore::at(folder.join("key-store")));
    let phone = FocalPoint::open(folder, keys, SetClock::at(MARCH)).unwrap();
    phone.enrol(&office.card(MARCH), PIN).unwrap();
    office.supply(&phone);
    for name in ["Ines", "Bisi"] {
        let session = phone.start("first_line", "en").unwrap();
        for (path, value) in [
            ("consent", "yes"),
            ("statistics", "yes"),
            ("sex", "f"),
            ("left", "yes"),
            ("forced", "yes"),
            ("name", name),
        ] {
            session.answer(path, Some(value)).unwrap();
        }
        session.next().unwrap();
        if name == "Ines" {
            session.finish(None).unwrap();
        }
    }
    drop(phone);
    std::fs::remove_file(folder.join("lock")).unwrap();
}

#[test]
fn a_frozen_phone_goes_on_with_this_build() {
    let frozen = Phone::frozen();
    let phone = frozen.open().unwrap();
    phone.unlock(PIN).unwrap();
    assert_eq!(phone.cases(0).unwrap().len(), 1);
    assert_eq!(phone.waiting().unwrap().records, 1);
    let [draft] = &phone.drafts().unwrap()[..] else { panic!("one draft") };
    let session = phone.resume(draft.draft).unwrap();
    let page = session.page().unwrap();
    let said = page.questions.iter().find(|question| question.path == "name").unwrap();
    assert_eq!(said.value.as_deref(), Some("Bisi"));
    session.finish(None).unwrap();
    assert_eq!(phone.waiting().unwrap().records, 2);
}

#[test]
fn an_upgraded_phone_has_the_tables_of_a_fresh_one() {
    let (frozen, fresh) = (Phone::frozen(), Phone::fresh());
    frozen.open().unwrap().unlock(PIN).unwrap();
    for file in [PhoneFile::Mailbox, PhoneFile::Vault] {
        assert_eq!(frozen.schema(file), fresh.schema(file));
    }
}

#[test]
fn a_newer_file_is_refused_and_its_data_survives() {
    for file in [PhoneFile::Mailbox, PhoneFile::Vault] {
        let phone = Phone::frozen();
        let version: i64 = phone.database(file).query_row("PRAGMA user_version", [], |r| r.get(0)).unwrap();
        phone.database(file).pragma_update(None, "user_version", 99).unwrap();
        let before = std::fs::read(phone.path(file)).unwrap();
        let refused = phone.open().and_then(|phone| phone.unlock(PIN));
        assert_eq!(refused, Err(Error::NewerVersion));
        assert_eq!(std::fs::read(phone.path(file)).unwrap(), before);
        phone.database(file).pragma_update(None, "user_version", version).unwrap();
        let phone = phone.open().unwrap();
        phone.unlock(PIN).unwrap();
        assert_eq!((phone.drafts().unwrap().len(), phone.cases(0).unwrap().len()), (1, 1));
    }
}
