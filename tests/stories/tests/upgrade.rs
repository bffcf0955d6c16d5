//! Files of earlier versions, frozen when they were released, open with this build and become what a new phone has. Files
//! of a later version are left as they are. `tests/vectors/phone-1`: enrolled, one case sealed, one interview begun.

use rusqlite::Connection;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tabara_core::Error;
use tabara_core::focal_point::FocalPoint;
use tabara_core::vault::cipher::{self, FileKey};
use tabara_core::vault::keys::KeyFile;
use tabara_core::vault::{DeviceSecret as _, PhoneFile};
use tabara_support::deployment::SetClock;
use tabara_support::phone::{KeyStore, Office};

const MARCH: i64 = 1_772_323_200;
const PIN: &str = "271828";

struct Phone {
    folder: tempfile::TempDir,
    keys: Arc<KeyStore>,
}

impl Phone {
    /// A copy of the frozen files.
    fn frozen() -> Self {
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("../vectors/phone-1");
        let folder = tempfile::tempdir().unwrap();
        for file in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
            std::fs::copy(file.path(), folder.path().join(file.file_name())).unwrap();
        }
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
        let key = match file {
            PhoneFile::Mailbox => FileKey(*self.keys.derive("mailbox", b"tabara mailbox key 1").unwrap()),
            _ => {
                let keys = KeyFile::read(self.folder.path()).unwrap().unwrap().check(&*self.keys).unwrap();
                keys.open(PIN, &*self.keys).unwrap().unwrap()
            }
        };
        cipher::open(&self.path(file), &key, false).unwrap()
    }
    fn schema(&self, file: PhoneFile) -> Vec<(String, Option<String>)> {
        let database = self.database(file);
        let version = database.query_row("PRAGMA user_version", [], |r| r.get::<_, i64>(0)).unwrap().to_string();
        let sql = "SELECT name, sql FROM sqlite_schema WHERE name NOT LIKE 'answers_%' ORDER BY name";
        let mut query = database.prepare(sql).unwrap();
        let rows = query.query_map([], |r| Ok((r.get(0)?, r.get(1)?))).unwrap();
        rows.map(Result::unwrap).chain([("version".to_owned(), Some(version))]).collect()
    }
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
        phone.database(file).pragma_update(None, "user_version", 99).unwrap();
        let before = std::fs::read(phone.path(file)).unwrap();
        let refused = phone.open().and_then(|phone| phone.unlock(PIN));
        assert_eq!(refused, Err(Error::NewerVersion));
        assert_eq!(std::fs::read(phone.path(file)).unwrap(), before);
        phone.database(file).pragma_update(None, "user_version", 1).unwrap();
        let phone = phone.open().unwrap();
        phone.unlock(PIN).unwrap();
        assert_eq!((phone.drafts().unwrap().len(), phone.cases(0).unwrap().len()), (1, 1));
    }
}
