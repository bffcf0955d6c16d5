//! A phone that is used without rest, and what it told its user: for tests that stop it at any moment and compare. Every
//! interview says a value that is said nowhere else, so that what is lost or doubled shows.

use crate::deployment::{SetClock, copy_files};
use crate::phone::{KeyStore, Office};
use crate::rng::Rng;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use tabara_core::Error;
use tabara_core::focal_point::{FocalPoint, Session, Slip};
use tabara_core::record::{SealedCase, Uuid};
use tabara_core::seal;
use tabara_core::slip::slip_key;

const FORM: &str = include_str!("../../../questionnaires/first-line.md");
const MARCH: i64 = 1_772_323_200;
pub const PIN: &str = "271828";

/// A phone that was enrolled once, to be copied for each history.
pub struct Origin {
    folder: tempfile::TempDir,
    pub keys: Arc<KeyStore>,
    pub office: Office,
}

impl Origin {
    /// Its key store is in memory, or in a file that another process may read.
    pub fn new(keys: KeyStore) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let origin = Self { folder, keys: Arc::new(keys), office: Office::new(&[FORM]) };
        let phone = open(origin.folder.path(), &origin.keys).expect("a phone");
        phone.enrol(&origin.office.card(MARCH), PIN).expect("enrolled");
        origin.office.supply(&phone);
        origin
    }
    /// A copy of its files.
    pub fn copy(&self) -> tempfile::TempDir {
        let copy = tempfile::tempdir().expect("a folder");
        copy_files(self.folder.path(), copy.path());
        copy
    }
    /// Values in the sealed cases of a phone, and how often each is there.
    fn sealed(&self, phone: &FocalPoint) -> BTreeMap<String, usize> {
        let mut values = BTreeMap::new();
        let waiting = phone.mailbox().waiting(1000, usize::MAX).unwrap();
        let seq: Vec<u64> = waiting.iter().map(|out| payload(&out.jws)["seq"].as_u64().unwrap()).collect();
        assert_eq!(seq, (1..=waiting.len() as u64).collect::<Vec<_>>(), "numbers without gaps");
        for out in waiting {
            let plain = seal::unseal(out.sealed.as_ref().unwrap(), &self.office.authority.case_worker).unwrap();
            let case: SealedCase = serde_json::from_slice(&plain).unwrap();
            let said = case.answers.iter().find(|(path, _)| path == "name").map(|(_, said)| said.clone());
            *values.entry(said.unwrap()).or_insert(0) += 1;
        }
        values
    }
}

/// What an envelope says, whoever signed it.
fn payload(jws: &str) -> serde_json::Value {
    use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
    let payload = BASE64_URL_SAFE_NO_PAD.decode(jws.split('.').nth(1).expect("a JWS")).expect("base64url");
    serde_json::from_slice(&payload).expect("JSON")
}

/// Opens a phone whose clock stands in March 2026.
pub fn open(folder: &Path, keys: &Arc<KeyStore>) -> Result<FocalPoint, Error> {
    FocalPoint::open(folder, keys.clone(), SetClock::at(MARCH))
}

/// What happens between the app and the core, in order. `Trying`, `Finishing` and `Discarding` come before the call, the
/// others after it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Event {
    Began(Uuid),
    Trying(Uuid, String),
    Answered(Uuid),
    Finishing(Uuid),
    Sealed(Uuid),
    Discarding(Uuid),
    Discarded(Uuid),
}

/// What the app was told.
#[derive(Default)]
pub struct Told {
    /// Drafts with what was last acknowledged, and what was tried after it.
    drafts: BTreeMap<Uuid, (String, Option<String>)>,
    sealed: Vec<String>,
    finishing: Option<Uuid>,
    discarding: Option<Uuid>,
}

impl Told {
    pub fn hear(&mut self, event: Event) {
        match event {
            Event::Began(draft) => drop(self.drafts.insert(draft, Default::default())),
            Event::Trying(draft, value) => self.drafts.get_mut(&draft).expect("begun before").1 = Some(value),
            Event::Answered(draft) => {
                let draft = self.drafts.get_mut(&draft).expect("begun before");
                draft.0 = draft.1.take().expect("tried before");
            }
            Event::Finishing(draft) => self.finishing = Some(draft),
            Event::Sealed(draft) => {
                self.finishing = None;
                self.sealed.push(self.drafts.remove(&draft).expect("begun before").0);
            }
            Event::Discarding(draft) => self.discarding = Some(draft),
            Event::Discarded(draft) => {
                self.discarding = None;
                self.drafts.remove(&draft);
            }
        }
    }
    /// How many calls were acknowledged that must not be lost.
    pub fn weight(&self) -> usize {
        self.drafts.len() + self.sealed.len()
    }
}

/// Uses a phone until the first error.
pub fn live(phone: &FocalPoint, rng: &mut Rng, steps: u64, hear: &mut dyn FnMut(Event)) -> Result<(), Error> {
    let mut sessions: BTreeMap<Uuid, (Session, bool)> = BTreeMap::new();
    for step in 0..steps {
        let some = sessions.keys().nth(rng.below(sessions.len())).copied();
        match (rng.below(10), some) {
            (0..2, _) | (_, None) => {
                let session = phone.start("first_line", "en")?;
                for (path, value) in [("consent", "yes"), ("statistics", "yes"), ("sex", "f"), ("left", "yes")] {
                    session.answer(path, Some(value))?;
                }
                session.answer("forced", Some("no"))?;
                session.next()?;
                hear(Event::Began(session.draft()));
                sessions.insert(session.draft(), (session, false));
            }
            (2..7, Some(draft)) => {
                let value = format!("{draft}-{step}-{}", "x".repeat(rng.below(5000)));
                hear(Event::Trying(draft, value.clone()));
                let (session, said) = sessions.get_mut(&draft).expect("there");
                session.answer("name", Some(&value))?;
                *said = true;
                hear(Event::Answered(draft));
            }
            (7..9, Some(draft)) if sessions[&draft].1 => {
                hear(Event::Finishing(draft));
                sessions.remove(&draft).expect("there").0.finish(None)?;
                hear(Event::Sealed(draft));
            }
            (9, Some(draft)) => {
                hear(Event::Discarding(draft));
                sessions.remove(&draft).expect("there").0.discard()?;
                hear(Event::Discarded(draft));
            }
            _ => {}
        }
    }
    Ok(())
}

/// What is on the phone is what was told, give or take the one call that failed.
pub fn check(origin: &Origin, phone: &FocalPoint, mut told: Told) {
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
    let cases = phone.cases(0).unwrap();
    assert_eq!(cases.len(), told.sealed.len().min(50));
    let waiting = phone.mailbox().waiting(1000, usize::MAX).unwrap();
    for case in cases {
        let out = waiting.iter().find(|out| out.record == case.summary.record).expect("sealed, so it waits");
        let Slip { code, undo } = phone.slip(out.record).unwrap().expect("about a person");
        let slip = slip_key(&code, &undo).public();
        assert_eq!(payload(&out.jws)["slip"], slip.to_string(), "the slip can still be shown");
    }
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
