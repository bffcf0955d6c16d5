//! The one object an app holds: a phone's folder, opened. It knows the order in which keys, mailbox and vault must be
//! touched; every rule about a single file stands in its own room.
//!
//! Calls are synchronous and may be made from any thread. Each completes or has no effect. The host's key store is never
//! asked while a lock is held. After [`FocalPoint::lock`] every [`Session`] answers `Locked`.
//!
//! **What stands between a seized phone and the vault.** A guess costs Argon2id, needs the phone's own key store, and is
//! counted on the disk before it is made. After the second wrong PIN there is a growing delay; after the policy's limit the
//! key store forgets its secret and the vault is destroyed. Who has root on the phone can put the counter back; then only the
//! key store's own pace and the length of the PIN stand.

mod case_actions;
mod session;

pub use session::{Finished, Labels, QuestionnaireInfo, Session};

use crate::catalog::{Binding, Card, CardError, Chain};
use crate::clock::Clock;
use crate::envelope::{self, Digest, SigningKey, Typ};
use crate::error::{Error, Result};
use crate::questionnaire::Questionnaire;
use crate::sync::{self, Client, Progress, Report, courier};
use crate::vault::cipher::FileKey;
use crate::vault::drafts::DraftInfo;
use crate::vault::keys::{Cost, KeyFile, Keys};
use crate::vault::mailbox::{Activity, Mailbox, PinGuard, RecordStatus, Waiting};
use crate::vault::{self, DeviceSecret, File, SecretError, Vault, VaultError, cases};
use session::Live;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use uuid::Uuid;

/// A PIN has at least so many characters.
pub const LEAST_PIN: usize = 6;

/// A focal point's folder on this phone. Several people on one phone: one folder each, and a [`DeviceSecret`] each.
pub struct FocalPoint(Arc<Phone>);

struct Phone {
    folder: PathBuf,
    secret: Arc<dyn DeviceSecret>,
    clock: Arc<dyn Clock>,
    mailbox: Arc<Mailbox>,
    /// Nothing while locked.
    open: Mutex<Option<Unlocked>>,
    /// By the monotonic clock: before it no PIN is tried.
    next_try: Mutex<Duration>,
    questionnaires: Mutex<HashMap<Digest, Arc<Questionnaire>>>,
}

struct Unlocked {
    vault: Vault,
    live: HashMap<Uuid, Live>,
}

/// What the app should show first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// Ask for a card.
    NotEnrolled,
    /// Ask for the PIN, after `retry_after`.
    Locked {
        attempts_left: u32,
        retry_after: Duration,
    },
    Unlocked,
    /// The vault was destroyed on purpose: too many wrong PINs, or a panic wipe. Drafts are gone: say so. What was finished
    /// is still sent. Ask for a new card.
    VaultGone,
}

/// A sealed case, as far as the focal point may still see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseCard {
    pub summary: cases::CaseSummary,
    pub status: RecordStatus,
}

impl FocalPoint {
    /// Opens a folder, or makes the beginnings of one. Finishes what a crash cut off.
    pub fn open(folder: &Path, secret: Arc<dyn DeviceSecret>, clock: Arc<dyn Clock>) -> Result<Self> {
        std::fs::create_dir_all(folder).map_err(VaultError::from)?;
        let keys = KeyFile::read(folder);
        let may_be_new = matches!(keys, Ok(None));
        let mailbox = match Mailbox::open(folder, &*secret, clock.clone(), may_be_new) {
            // a key store that lost its secret makes a whole mailbox look damaged; the key file tells which it is
            Err(VaultError::Damaged(File::Mailbox)) => {
                keys?.map(|file| file.check(&*secret)).transpose()?;
                return Err(VaultError::Damaged(File::Mailbox).into());
            }
            opened => Arc::new(opened?),
        };
        let (mut next_try, mut may_wipe) = (Duration::ZERO, false);
        if mailbox.is_enrolled()? {
            let guard = mailbox.pin_guard()?;
            may_wipe = !guard.gone;
            match guard {
                PinGuard { gone: false, .. } => {}
                PinGuard { kept: true, .. } => vault::set_vault_aside(folder)?,
                PinGuard { generation, .. } => vault::destroy(folder, &*secret, generation)?,
            }
            // a restart must not shorten the wait
            next_try = clock.monotonic() + delay(guard.wrong);
        }
        let phone = Self(Arc::new(Phone {
            folder: folder.to_owned(),
            secret,
            clock,
            mailbox,
            open: Mutex::new(None),
            next_try: Mutex::new(next_try),
            questionnaires: Mutex::default(),
        }));
        if may_wipe {
            phone.apply_wipe_order(false)?;
        }
        Ok(phone)
    }

    /// What the app should show first.
    pub fn state(&self) -> Result<State> {
        let phone = &self.0;
        if !phone.mailbox.is_enrolled()? {
            return Ok(State::NotEnrolled);
        }
        if phone.open().is_some() {
            return Ok(State::Unlocked);
        }
        let guard = phone.mailbox.pin_guard()?;
        if guard.gone {
            return Ok(State::VaultGone);
        }
        let retry_after = lock(&phone.next_try).saturating_sub(phone.clock.monotonic());
        Ok(State::Locked { attempts_left: phone.limit()?.saturating_sub(guard.wrong), retry_after })
    }

    /// Takes a card into use, with no network, and unlocks. On a phone that is enrolled already: the way out of a forgotten
    /// PIN, a lost key store or a damaged vault. Drafts and case cards are gone then (say so before); what waits to be sent is
    /// sent. A vault that only a forgotten PIN locks is destroyed; files that are damaged are kept aside.
    pub fn enrol(&self, card: &str, pin: &str) -> Result<()> {
        let phone = &self.0;
        let (card, grant) = Card::parse(card).map_err(|e| Error::Card {
            reason: match e {
                CardError::Unreadable => "unreadable",
                CardError::BadGrant => "not signed by its authority",
            },
        })?;
        if grant.expires < phone.mailbox.now()? {
            return Err(Error::Card { reason: "expired" });
        }
        check_pin(pin)?;
        // a new generation, so that its secret is not that of a vault that is kept aside
        let generation =
            if phone.mailbox.is_enrolled()? { phone.retire_old_vault(&card, grant.device)? + 1 } else { 1 };
        let [record_key, transport] = [(); 2].map(|()| SigningKey::generate());
        let (key, id) = (FileKey(envelope::random()), Uuid::new_v4());
        let vault = Vault::create(&phone.folder, &key, id, &record_key)?;
        let cost = Cost::calibrate(&*phone.clock);
        Keys::new(id, generation, &key, pin, cost, &*phone.secret)?.write(&phone.folder, &*phone.secret)?;
        let (record_key, transport_key) = (record_key.public(), transport.public());
        let binding = Binding { device: grant.device, record_key, transport_key };
        let binding = envelope::sign(Typ::Device, &SigningKey::from_seed(card.seed.0), &binding);
        let chain = Chain { grant: card.grant.clone(), binding };
        // from here on the phone is enrolled
        phone.mailbox.enrol(&card, &grant, &chain, &transport, generation)?;
        *lock(&phone.next_try) = Duration::ZERO;
        *phone.open() = Some(Unlocked { vault, live: HashMap::new() });
        Ok(())
    }

    /// Opens the vault. A wrong PIN costs one of the attempts that the policy allows. If the card was revoked, all drafts are
    /// sealed as they stand, so that nobody's words are lost.
    pub fn unlock(&self, pin: &str) -> Result<()> {
        let phone = &self.0;
        let (keys, key) = phone.verify_pin(pin)?;
        let vault = match Vault::open(&phone.folder, &key, keys.vault()) {
            Err(VaultError::Damaged(file)) => {
                phone.mailbox.note_damage()?;
                return Err(VaultError::Damaged(file).into());
            }
            opened => opened?,
        };
        vault.resume_interrupted_sealing(&phone.mailbox)?;
        let mut open = phone.open();
        // a panic wipe may have come in between
        if phone.mailbox.pin_guard()?.gone {
            return Err(Error::KeyStoreLost);
        }
        *open = Some(Unlocked { vault, live: HashMap::new() });
        drop(open);
        if self.apply_wipe_order(true)? {
            return Err(Error::KeyStoreLost);
        }
        if phone.is_revoked()?
            && let Err(error) = self.seal_drafts()
        {
            tracing::warn!(%error, "a draft could not be rescued");
        }
        phone.apply_retention();
        Ok(())
    }

    /// Obeys an order to wipe this phone: right after the PIN (`unlocked`), when drafts can be sealed first; or without it
    /// once its time is over. Returns whether the vault is gone.
    fn apply_wipe_order(&self, unlocked: bool) -> Result<bool> {
        let phone = &self.0;
        let Some(order) = phone.mailbox.order()? else { return Ok(false) };
        let late = order.wipe_by < phone.mailbox.now()?;
        if !(unlocked || late) {
            return Ok(false);
        }
        // before its time nothing is lost: a draft that cannot be sealed now is tried again at the next unlock
        match self.seal_drafts() {
            Err(error) if !late => {
                tracing::warn!(%error, "an order to wipe waits for a draft");
                return Ok(false);
            }
            _ => self.wipe()?,
        }
        Ok(true)
    }

    /// Ends every interview that is not finished, and seals what there is consent for. One that cannot be sealed does not
    /// hold up the others.
    fn seal_drafts(&self) -> Result<()> {
        let seal = |draft: DraftInfo| {
            let session = self.resume(draft.draft)?;
            session.stop()?;
            match session.finish(None) {
                Ok(_) | Err(Error::NoConsent) => Ok(()),
                Err(error) => Err(error),
            }
        };
        self.drafts()?.into_iter().map(seal).fold(Ok(()), Result::and)
    }

    /// Closes the vault and forgets its key and every open interview. Call it when the app goes to the background.
    pub fn lock(&self) {
        *self.0.open() = None;
    }

    /// Changes the PIN, locked or not. The old one opens nothing any more, not even an old copy of the files.
    pub fn change_pin(&self, old: &str, new: &str) -> Result<()> {
        let phone = &self.0;
        check_pin(new)?;
        let (keys, key) = phone.verify_pin(old)?;
        let next = Keys::new(keys.vault(), keys.generation() + 1, &key, new, keys.cost(), &*phone.secret)?;
        next.write(&phone.folder, &*phone.secret)?;
        phone.mailbox.set_generation(next.generation())?;
        // if this fails, the next unlock does it
        let _ = phone.secret.forget(&keys.purpose());
        Ok(())
    }

    /// Panic: destroys the vault at once, locked or not. What was finished stays unreadable on the phone and is still sent.
    pub fn wipe(&self) -> Result<()> {
        let phone = &self.0;
        if !phone.mailbox.is_enrolled()? {
            return Err(Error::NotEnrolled);
        }
        phone.mailbox.give_up_vault(false)?;
        *phone.open() = None;
        let generation = phone.mailbox.pin_guard()?.generation;
        Ok(vault::destroy(&phone.folder, &*phone.secret, generation)?)
    }

    /// Interviews that are not finished, the newest first.
    pub fn drafts(&self) -> Result<Vec<DraftInfo>> {
        self.0.with(|open| {
            open.vault.resume_interrupted_sealing(&self.0.mailbox)?;
            Ok(open.vault.drafts()?)
        })
    }

    /// What waits to be sent and what the server refused. Works while locked.
    pub fn waiting(&self) -> Result<Waiting> {
        Ok(self.0.mailbox.queue_status()?)
    }

    /// A page of 50 lines of what this phone did with records, the newest first; pages count from 0. Works while locked.
    pub fn activities(&self, page: usize) -> Result<Vec<Activity>> {
        Ok(self.0.mailbox.activities(page)?)
    }

    /// After so long without use the app should call [`FocalPoint::lock`]: the catalog's policy.
    pub fn lock_after(&self) -> Result<Duration> {
        Ok(Duration::from_secs(self.0.mailbox.policy()?.lock_after_seconds.into()))
    }

    /// Sends what waits and fetches what is new, locked or not. Drop it or cancel `progress` to end it: the next one goes on
    /// from there. Needs a tokio runtime.
    pub async fn sync(&self, progress: &Progress) -> Result<Report> {
        let client = self.client()?;
        let report = sync::run(&self.0.mailbox, &client, progress).await?;
        let gone = self.0.mailbox.pin_guard()?.gone;
        if report.cancelled || gone || !self.apply_wipe_order(false)? {
            return Ok(report);
        }
        // what was sealed just now goes out, and the server is told
        let after = sync::run(&self.0.mailbox, &client, progress).await?;
        Ok(Report { accepted: report.accepted + after.accepted, ..report })
    }

    /// What waits, as a file that any phone, card or e-mail may carry to the server; nothing when nothing waits.
    pub fn bundle(&self) -> Result<Option<Vec<u8>>> {
        courier::export(&self.0.mailbox)
    }

    /// Takes what a courier brought back, or the file that sets up a phone with no network.
    pub fn take_parcel(&self, parcel: &[u8]) -> Result<Report> {
        courier::take(&self.0.mailbox, parcel)
    }

    /// Brings another phone's bundle to the server, and returns the parcel for it. Needs a tokio runtime.
    pub async fn carry(&self, bundle: &[u8]) -> Result<Vec<u8>> {
        courier::carry(&self.0.mailbox, &self.client()?, bundle).await
    }

    fn client(&self) -> Result<Client> {
        let (me, mailbox) = (self.0.mailbox.enrolment()?, self.0.mailbox.clone());
        Client::new(&me.server, me.pin, move || mailbox.now().unwrap_or(0))
    }

    /// What sync works with, locked or not.
    pub fn mailbox(&self) -> &Arc<Mailbox> {
        &self.0.mailbox
    }
}

impl Phone {
    fn open(&self) -> MutexGuard<'_, Option<Unlocked>> {
        lock(&self.open)
    }

    fn with<T>(&self, work: impl FnOnce(&mut Unlocked) -> Result<T>) -> Result<T> {
        work(self.open().as_mut().ok_or(Error::Locked)?)
    }

    fn limit(&self) -> Result<u32> {
        Ok(self.mailbox.policy()?.pin_attempts.max(1))
    }

    /// Key file, then the counter, then the PIN: in this order, so that neither damage nor a lost key store costs an attempt.
    fn verify_pin(&self, pin: &str) -> Result<(Keys, FileKey)> {
        if !self.mailbox.is_enrolled()? {
            return Err(Error::NotEnrolled);
        }
        let PinGuard { wrong, gone, generation, .. } = self.mailbox.pin_guard()?;
        if gone {
            return Err(Error::KeyStoreLost);
        }
        let keys = KeyFile::read(&self.folder)?.ok_or(VaultError::Damaged(File::Keys))?.check(&*self.secret)?;
        self.wait(wrong + 1)?;
        let made = self.mailbox.count_attempt()?;
        let limit = self.limit()?;
        // more can only be where a crash came between the last guess and the destruction
        let opened = if made > limit { Ok(None) } else { keys.open(pin, &*self.secret) };
        match opened {
            Ok(Some(key)) => {
                self.mailbox.reset_attempts()?;
                *lock(&self.next_try) = Duration::ZERO;
                if keys.generation() != generation {
                    self.mailbox.set_generation(keys.generation())?;
                }
                if keys.generation() > 1 {
                    let _ = self.secret.forget(&vault::keys::purpose(keys.generation() - 1));
                }
                Ok((keys, key))
            }
            Ok(None) if made >= limit => {
                self.mailbox.give_up_vault(false)?;
                *self.open() = None;
                vault::destroy(&self.folder, &*self.secret, keys.generation())?;
                Err(Error::KeyStoreLost)
            }
            Ok(None) => Err(Error::WrongPin { attempts_left: limit - made, retry_after: delay(made) }),
            Err(e) => {
                *lock(&self.next_try) = Duration::ZERO;
                self.mailbox.uncount_attempt()?;
                Err(e.into())
            }
        }
    }

    /// Refuses an attempt that comes too soon, and begins the wait after this one.
    fn wait(&self, attempt: u32) -> Result<()> {
        let (mut next_try, now) = (lock(&self.next_try), self.clock.monotonic());
        if now < *next_try {
            return Err(Error::TooSoon { retry_after: *next_try - now });
        }
        *next_try = now + delay(attempt);
        Ok(())
    }

    /// Before a second card: the old vault is given up. It is destroyed where only its PIN is missing, else kept aside.
    /// Returns its generation.
    fn retire_old_vault(&self, card: &Card, device: Uuid) -> Result<u32> {
        let enrolment = self.mailbox.enrolment()?;
        if !enrolment.authorities.contains(&card.authority) {
            return Err(Error::Card { reason: "of another authority" });
        }
        if enrolment.device == device {
            return Err(Error::Card { reason: "used already" });
        }
        if self.open().is_some() {
            return Err(Error::Card { reason: "this phone is enrolled" });
        }
        let guard = self.mailbox.pin_guard()?;
        let file = KeyFile::read(&self.folder).ok().flatten();
        let whole = match file.map(|file| file.check(&*self.secret)) {
            Some(Err(VaultError::Secret(SecretError::Unavailable))) => return Err(Error::KeyStoreUnavailable),
            checked => checked.is_some_and(|checked| checked.is_ok()),
        };
        if guard.damaged || !(guard.gone || whole) {
            self.mailbox.give_up_vault(true)?;
            vault::set_vault_aside(&self.folder)?;
        } else {
            self.mailbox.give_up_vault(false)?;
            vault::destroy(&self.folder, &*self.secret, guard.generation)?;
        }
        Ok(guard.generation)
    }

    /// Retention and parts nobody needs. What fails here is tried again at the next unlock.
    fn apply_retention(&self) {
        let tidied = self.with(|open| {
            let days = i64::from(self.mailbox.policy()?.keep_cards_days);
            let forgotten = open.vault.forget_cards(self.mailbox.now()?.div_euclid(86_400) - days)?;
            self.mailbox.note_forgotten(forgotten)?;
            let pinned: Vec<Digest> = open.vault.drafts()?.into_iter().map(|draft| draft.sha256).collect();
            Ok(self.mailbox.drop_parts(&pinned)?)
        });
        if let Err(error) = tidied {
            tracing::warn!(%error, "tidying the vault");
        }
    }
}

/// How long to wait after so many wrong PINs.
fn delay(wrong: u32) -> Duration {
    Duration::from_secs(match wrong {
        0..=2 => 0,
        3 => 30,
        4 => 60,
        5 => 5 * 60,
        6 => 15 * 60,
        _ => 60 * 60,
    })
}

fn check_pin(pin: &str) -> Result<()> {
    if pin.chars().count() < LEAST_PIN { Err(Error::PinTooShort { least: LEAST_PIN as u32 }) } else { Ok(()) }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
