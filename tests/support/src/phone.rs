//! What a phone needs around it, without a server: a key store, and an office that hands out cards and catalogs.

use crate::authority::{Authority, part};
use ring::hmac;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use tabara_core::catalog::Catalog;
use tabara_core::envelope::{self, Digest, SigningKey, Typ};
use tabara_core::focal_point::{FocalPoint, Session};
use tabara_core::questionnaire::Questionnaire;
use tabara_core::referral::NewReferral;
use tabara_core::screening;
use tabara_core::share::Share;
use tabara_core::vault::{DeviceSecret, SecretError};
use zeroize::Zeroizing;

/// A phone's key store, in memory or in a file outside of the phone's folder. It can be away, and lose its secrets.
#[derive(Default)]
pub struct KeyStore {
    secrets: Mutex<BTreeMap<String, Digest>>,
    file: Option<PathBuf>,
    answers: Mutex<Option<SecretError>>,
}

impl KeyStore {
    /// Kept in a file, so that another process finds the same secrets.
    pub fn at(file: PathBuf) -> Self {
        let secrets =
            std::fs::read(&file).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default();
        Self { secrets: Mutex::new(secrets), file: Some(file), answers: Mutex::default() }
    }
    /// As it is now, for a copy of the folder that goes another way; kept in a file, if one is named.
    pub fn image(&self, file: Option<PathBuf>) -> Self {
        let secrets = self.secrets.lock().expect("one thread").clone();
        if let Some(file) = &file {
            std::fs::write(file, serde_json::to_vec(&secrets).expect("JSON")).expect("the key store's file");
        }
        Self { secrets: Mutex::new(secrets), file, answers: Mutex::default() }
    }
    /// From now on every call fails like this; or works again.
    pub fn fail(&self, with: Option<SecretError>) {
        *self.answers.lock().expect("one thread") = with;
    }
    /// As after a reset of the phone: every purpose silently gets another secret.
    pub fn reset(&self) {
        self.secrets.lock().expect("one thread").clear();
    }
    /// Whether a purpose has a secret, in whatever folder.
    pub fn knows(&self, purpose: &str) -> bool {
        self.secrets.lock().expect("one thread").keys().any(|own| is_of(own, purpose))
    }
    /// Loses the secret of a purpose, in every folder.
    pub fn lose(&self, purpose: &str) {
        self.secrets.lock().expect("one thread").retain(|own, _| !is_of(own, purpose));
    }
    fn change<T>(&self, change: impl FnOnce(&mut BTreeMap<String, Digest>) -> T) -> Result<T, SecretError> {
        if let Some(error) = *self.answers.lock().expect("one thread") {
            return Err(error);
        }
        let mut secrets = self.secrets.lock().expect("one thread");
        let before = secrets.len();
        let done = change(&mut secrets);
        if let (Some(file), true) = (&self.file, secrets.len() != before) {
            let beside = file.with_extension("new");
            std::fs::write(&beside, serde_json::to_vec(&*secrets).expect("JSON")).expect("the key store's file");
            std::fs::rename(beside, file).expect("the key store's file");
        }
        Ok(done)
    }
}

/// Purposes begin with the id of their folder.
fn is_of(own: &str, purpose: &str) -> bool {
    own.split_once('.').is_some_and(|(_, rest)| rest == purpose)
}

impl DeviceSecret for KeyStore {
    fn derive(&self, purpose: &str, input: &[u8]) -> Result<Zeroizing<[u8; 32]>, SecretError> {
        let secret =
            self.change(|secrets| *secrets.entry(purpose.into()).or_insert_with(|| Digest(envelope::random())))?;
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &secret.0), input);
        Ok(Zeroizing::new(tag.as_ref().try_into().expect("HMAC-SHA-256 has 32 bytes")))
    }
    fn forget(&self, purpose: &str) -> Result<(), SecretError> {
        self.change(|secrets| secrets.remove(purpose)).map(drop)
    }
}

/// Cards and catalogs of one authority.
pub struct Office {
    pub authority: Authority,
    pub operations: SigningKey,
    pub catalog: Catalog,
    questionnaires: Vec<Questionnaire>,
}

impl Office {
    /// With these questionnaires, as .md tables.
    pub fn new(forms: &[&str]) -> Self {
        let (authority, operations) = (Authority::default(), SigningKey::generate());
        let catalog = Catalog { version: 0, ..authority.catalog(operations.public(), 4_000_000_000, vec![]) };
        let mut office = Self { authority, operations, catalog, questionnaires: vec![] };
        office.publish(forms);
        office
    }
    /// A newer catalog with these questionnaires.
    pub fn publish(&mut self, forms: &[&str]) {
        let compiled = |form: &&str| screening::compile(form.as_bytes()).questionnaire.expect("a form without faults");
        self.questionnaires = forms.iter().map(compiled).collect();
        self.catalog.parts = self.questionnaires.iter().map(|form| part(&form.id, &form.write())).collect();
        self.catalog.version += 1;
    }
    /// The text of a new card.
    pub fn card(&self, expires: i64) -> String {
        self.authority.card("BI-CO-04-02", expires, "http://127.0.0.1:9".into())
    }
    /// Brings catalog and parts onto a phone, as a sync would.
    pub fn supply(&self, phone: &FocalPoint) {
        let mailbox = phone.mailbox();
        let jws = envelope::sign(Typ::Catalog, &self.authority.key, &self.catalog);
        mailbox.settle(|books| books.take_catalog(&jws)).expect("a catalog of our authority");
        for form in &self.questionnaires {
            mailbox.take_part(&form.write()).expect("a part of the catalog");
        }
    }
}

/// An interview of `questionnaires/first-line.md` with a presumed victim of this name, up to the last answer.
pub fn presumed_victim(phone: &FocalPoint, name: &str) -> Session {
    let session = phone.start("first_line", "en").expect("the questionnaire is here");
    for (path, value) in
        [("consent", "yes"), ("statistics", "yes"), ("sex", "f"), ("left", "yes"), ("forced", "yes"), ("name", name)]
    {
        session.answer(path, Some(value)).expect("an answer of the questionnaire");
    }
    session
}

/// What is agreed with a person who needs a doctor within a day, and agreed that these words are shared.
pub fn to_doctor(to: Option<&str>, words: &str) -> NewReferral {
    let share = Share {
        name: Some(words.to_owned()),
        age_band: Some("18-23".to_owned()),
        situation: Some(format!("{words} must not be called at home")),
        ..Share::default()
    };
    let (service, urgency, commune) = ("sv_medical".into(), "d1".into(), Some("BI-CO-04-02".into()));
    NewReferral { service, urgency, to: to.map(str::to_owned), commune, share }
}

/// What a phone has set aside, in order, without the name that keeps it apart.
pub fn set_aside(folder: &Path) -> Vec<String> {
    let names = std::fs::read_dir(folder).expect("a folder");
    let names = names.map(|file| file.expect("a file").file_name().into_string().expect("a plain name"));
    let mut names: Vec<_> =
        names.filter_map(|name| Some(name.strip_prefix("aside-")?.split_once('-')?.1.to_owned())).collect();
    names.sort();
    names
}
