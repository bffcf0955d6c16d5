//! Test doubles: a key store that can be away or lose its secrets, and a clock that stands until it is moved.

use crate::catalog::{Area, Binding, Chain, DeviceRole, EnrolmentCard, Grant, ServerAddress};
use crate::clock::Clock;
use crate::envelope::{self, Digest, SigningKey, Typ};
use crate::vault::mailbox::Mailbox;
use crate::vault::{DeviceSecret, SecretError};
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;
use uuid::Uuid;
use zeroize::Zeroizing;

#[derive(Default)]
pub struct Store {
    secrets: Mutex<BTreeMap<String, [u8; 32]>>,
    /// What every call answers instead.
    pub fails: Mutex<Option<SecretError>>,
}

impl Store {
    pub fn fail(&self, with: Option<SecretError>) {
        *self.fails.lock().unwrap() = with;
    }
    /// As after a reset of the phone: every purpose silently gets another secret.
    pub fn reset(&self) {
        self.secrets.lock().unwrap().clear();
    }
    /// As it is now, for a phone that goes another way from here.
    pub fn image(&self) -> Self {
        Self { secrets: Mutex::new(self.secrets.lock().unwrap().clone()), fails: Mutex::default() }
    }
    /// What has a secret.
    pub fn purposes(&self) -> Vec<String> {
        self.secrets.lock().unwrap().keys().cloned().collect()
    }
    /// Gives a purpose a known secret.
    pub fn set(&self, purpose: &str, secret: [u8; 32]) {
        self.secrets.lock().unwrap().insert(purpose.into(), secret);
    }
}

impl DeviceSecret for Store {
    fn derive(&self, purpose: &str, input: &[u8]) -> Result<Zeroizing<[u8; 32]>, SecretError> {
        if let Some(error) = *self.fails.lock().unwrap() {
            return Err(error);
        }
        let secret = *self.secrets.lock().unwrap().entry(purpose.into()).or_insert_with(crate::envelope::random);
        let tag = ring::hmac::sign(&ring::hmac::Key::new(ring::hmac::HMAC_SHA256, &secret), input);
        Ok(Zeroizing::new(tag.as_ref().try_into().unwrap()))
    }
    fn forget(&self, purpose: &str) -> Result<(), SecretError> {
        if let Some(error) = *self.fails.lock().unwrap() {
            return Err(error);
        }
        self.secrets.lock().unwrap().remove(purpose);
        Ok(())
    }
}

#[derive(Default)]
pub struct StillClock {
    pub unix: AtomicI64,
    pub millis: AtomicU64,
}

impl StillClock {
    pub fn at(unix: i64) -> Self {
        Self { unix: unix.into(), millis: 0.into() }
    }
    /// Both clocks go on.
    pub fn pass(&self, time: Duration) {
        self.unix.fetch_add(time.as_secs() as i64, Ordering::SeqCst);
        self.millis.fetch_add(time.as_millis() as u64, Ordering::SeqCst);
    }
}

impl Clock for StillClock {
    fn unix(&self) -> i64 {
        self.unix.load(Ordering::SeqCst)
    }
    fn monotonic(&self) -> Duration {
        Duration::from_millis(self.millis.load(Ordering::SeqCst))
    }
}

/// A phone's keys, and the card that they are bound to.
#[derive(Clone)]
pub struct Enrolled {
    pub device: Uuid,
    pub record: SigningKey,
    pub transport: SigningKey,
    /// `age1…`
    pub to_mailbox: String,
}

/// Takes a new card of an authority.
pub fn enrol(mailbox: &Mailbox, authority: &SigningKey) -> Enrolled {
    let [seed, record, transport] = [(); 3].map(|()| SigningKey::generate());
    let device = Uuid::new_v4();
    let grant = Grant {
        device,
        role: DeviceRole::FocalPoint,
        organisation: "IOM".into(),
        commune: "BI-CO-04-02".into(),
        area: Area::Commune,
        servers: vec![ServerAddress { url: "https://tabara.example".into(), pin: Some(Digest([3; 32])) }],
        expires: i64::MAX,
        card: seed.public(),
    };
    let grant = envelope::sign(Typ::Grant, authority, &grant);
    let card = EnrolmentCard { grant, seed: Digest(*seed.seed()), authority: authority.public() };
    let (identity, to_mailbox) = crate::seal::new_identity();
    let (record_key, transport_key, vault) = (record.public(), transport.public(), to_mailbox.clone());
    let binding = Binding { device, record_key, transport_key, mailbox: to_mailbox.clone(), vault };
    let chain = Chain::bind(&card, &binding, &record, &transport);
    mailbox.enrol(&card, &chain, &transport, &identity, 1).unwrap();
    Enrolled { device, record, transport, to_mailbox }
}
