//! What was sealed or discarded does not come back: not from an old copy of the app's files, with the PIN and this phone's own
//! key store.

use std::path::Path;
use std::sync::Arc;
use tabara_core::Error;
use tabara_core::focal_point::FocalPoint;
use tabara_support::deployment::{SetClock, copy_files};
use tabara_support::phone::{KeyStore, Office, presumed_victim};

const FORM: &str = include_str!("../../../questionnaires/first-line.md");
const MARCH: i64 = 1_772_323_200;
const PIN: &str = "271828";

struct Phone {
    folder: tempfile::TempDir,
    keys: Arc<KeyStore>,
}

impl Phone {
    /// Enrolled, with a questionnaire.
    fn new(forms: &[&str]) -> (Self, FocalPoint) {
        let (phone, office) = (Self { folder: tempfile::tempdir().unwrap(), keys: Arc::default() }, Office::new(forms));
        let open = phone.open().unwrap();
        open.enrol(&office.card(MARCH), PIN).unwrap();
        office.supply(&open);
        (phone, open)
    }
    fn open(&self) -> Result<FocalPoint, Error> {
        FocalPoint::open(self.folder.path(), self.keys.clone(), SetClock::at(MARCH))
    }
    /// All files, as a backup or an image of the flash has them.
    fn copy(&self) -> tempfile::TempDir {
        let to = tempfile::tempdir().unwrap();
        copy_files(self.folder.path(), to.path());
        to
    }
    /// Puts a copy in the place of the files, and tries what its owner would with the PIN.
    fn back(&self, image: &Path) -> Vec<String> {
        for file in std::fs::read_dir(self.folder.path()).unwrap().map(Result::unwrap) {
            std::fs::remove_file(file.path()).unwrap();
        }
        copy_files(image, self.folder.path());
        let said = || -> Result<Vec<String>, Error> {
            let phone = self.open()?;
            phone.unlock(PIN)?;
            let mut said = Vec::new();
            for draft in phone.drafts()? {
                let session = phone.resume(draft.draft)?;
                session.answer("consent", Some("yes"))?;
                let page = session.jump("name")?;
                said.extend(page.questions.into_iter().filter(|q| q.path == "name").filter_map(|q| q.value));
            }
            said.sort();
            Ok(said)
        };
        said().unwrap_or_default()
    }
}

#[test]
fn an_old_copy_of_the_files_and_the_pin_bring_no_sealed_answer_back() {
    // given two interviews that go on, and a copy of every file
    let (phone, open) = Phone::new(&[FORM]);
    let (sealed, lasting) = (presumed_victim(&open, "Bisi-7719"), presumed_victim(&open, "Ines-4402"));
    let image = phone.copy();
    // when one is sealed, and somebody puts the copy back who knows the PIN
    sealed.finish(None).unwrap();
    let after = phone.copy();
    drop((sealed, lasting, open));
    // then nothing of it can be read, and what goes on is whole in the present files
    assert!(!phone.back(image.path()).contains(&"Bisi-7719".to_owned()));
    assert_eq!(phone.back(after.path()), ["Ines-4402"]);
}

#[test]
fn an_old_copy_brings_no_discarded_interview_back_nor_one_without_consent() {
    let (phone, open) = Phone::new(&[FORM]);
    let discarded = presumed_victim(&open, "Bisi-7719");
    let refusing = presumed_victim(&open, "Ines-4402");
    refusing.answer("consent", Some("no")).unwrap();
    let image = phone.copy();
    discarded.discard().unwrap();
    assert_eq!(refusing.finish(None).err(), Some(Error::NoConsent));
    drop((discarded, refusing, open));
    assert_eq!(phone.back(image.path()), Vec::<String>::new());
}
