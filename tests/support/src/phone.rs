//! What a phone needs around it, without a server: a key store, and an office that hands out cards and catalogs.

use ring::hmac;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Mutex;
use tabara_core::catalog::{Card, Catalog, Grant, PROTOCOL, Part, PartKind, Policy, Recipient, RecipientRole, Uuid};
use tabara_core::envelope::{self, Digest, SigningKey, Typ};
use tabara_core::focal_point::FocalPoint;
use tabara_core::questionnaire::{Questionnaire, xlsform};
use tabara_core::seal;
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
    /// From now on every call fails like this; or works again.
    pub fn fail(&self, with: Option<SecretError>) {
        *self.answers.lock().expect("one thread") = with;
    }
    /// As after a reset of the phone: every purpose silently gets another secret.
    pub fn reset(&self) {
        self.secrets.lock().expect("one thread").clear();
    }
    /// Whether a purpose has a secret.
    pub fn knows(&self, purpose: &str) -> bool {
        self.secrets.lock().expect("one thread").contains_key(purpose)
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
    pub authority: SigningKey,
    pub operations: SigningKey,
    /// Identity that opens cases (`AGE-SECRET-KEY-1…`).
    pub case_worker: Zeroizing<String>,
    pub catalog: Catalog,
    questionnaires: Vec<Questionnaire>,
}

impl Office {
    /// With these questionnaires, as .md tables.
    pub fn new(forms: &[&str]) -> Self {
        let (authority, operations) = (SigningKey::generate(), SigningKey::generate());
        let ((case_worker, to_worker), (_, to_recovery)) = (seal::new_identity(), seal::new_identity());
        let recipient = |name: &str, role, age| Recipient { name: name.into(), role, age };
        let catalog = Catalog {
            version: 0,
            expires: 4_000_000_000,
            operations: operations.public(),
            recipients: vec![
                recipient("desk", RecipientRole::CaseWorker, to_worker),
                recipient("safe", RecipientRole::Recovery, to_recovery),
            ],
            reviewers: vec![],
            parts: vec![],
            revoked: vec![],
            policy: Policy::default(),
            rotation: Default::default(),
            least_protocol: PROTOCOL,
        };
        let mut office = Self { authority, operations, case_worker, catalog, questionnaires: vec![] };
        office.publish(forms);
        office
    }
    /// A newer catalog with these questionnaires.
    pub fn publish(&mut self, forms: &[&str]) {
        let compiled = |form: &&str| xlsform::compile(form.as_bytes()).questionnaire.expect("a form without faults");
        self.questionnaires = forms.iter().map(compiled).collect();
        let part = |form: &Questionnaire| Part {
            kind: PartKind::Questionnaire,
            id: form.id.clone(),
            sha256: form.sha256(),
            len: form.write().len() as u64,
        };
        self.catalog.parts = self.questionnaires.iter().map(part).collect();
        self.catalog.version += 1;
    }
    /// The text of a new card.
    pub fn card(&self, expires: i64) -> String {
        let seed = SigningKey::generate();
        let (organisation, commune) = ("IOM".to_owned(), "BI-CO-04-02".to_owned());
        let grant = Grant { device: Uuid::new_v4(), organisation, commune, expires, card: seed.public() };
        let card = Card {
            grant: envelope::sign(Typ::Grant, &self.authority, &grant),
            seed: Digest(*seed.seed()),
            authority: self.authority.public(),
            server: "http://127.0.0.1:9".into(),
            pin: None,
        };
        card.text()
    }
    /// Brings catalog and parts onto a phone, as a sync would.
    pub fn supply(&self, phone: &FocalPoint) {
        let mailbox = phone.mailbox();
        let jws = envelope::sign(Typ::Catalog, &self.authority, &self.catalog);
        mailbox.take_catalog(&jws).expect("a catalog of our authority");
        for form in &self.questionnaires {
            mailbox.take_part(&form.write()).expect("a part of the catalog");
        }
    }
}
