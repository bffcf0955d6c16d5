//! Opening a phone, taking a card, unlocking, locking, and giving the vault up.

use super::phone::{FocalPoint, Phone, Unlocked, lock};
use super::pin::{delay, new_pin};
use crate::catalog::{Binding, Chain, EnrolmentCard};
use crate::clock::Clock;
use crate::envelope::{self, Digest, SigningKey};
use crate::error::{CardReason, DestructionReason, Error, FolderReason, PhoneFile, Result};
use crate::seal;
use crate::vault::cipher::FileKey;
use crate::vault::drafts::DraftInfo;
use crate::vault::keys::{Cost, KeyFile, Keys};
use crate::vault::mailbox::{Mailbox, PinGuard};
use crate::vault::{self, DeviceSecret, SecretError, Vault, VaultError};
use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use uuid::Uuid;

/// What the app should show first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// Ask for a card.
    NotEnrolled,
    /// Ask for the PIN, after `retry_after`.
    Locked {
        /// Wrong PINs that are left before the vault is destroyed.
        attempts_left: u32,
        /// How long no attempt is taken.
        retry_after: Duration,
    },
    /// Everything works.
    Unlocked,
    /// The vault was destroyed on purpose. Drafts and case cards are gone: say so and why. What was finished is still sent.
    /// Ask for a new card.
    VaultDestroyed {
        /// Who or what destroyed it.
        reason: DestructionReason,
    },
}

impl FocalPoint {
    /// Opens a folder, or makes the beginnings of one. Finishes what a crash cut off.
    pub fn open(folder: &Path, secret: Arc<dyn DeviceSecret>, clock: Arc<dyn Clock>) -> Result<Self> {
        make_folder(folder)?;
        let keys = KeyFile::read(folder);
        let may_be_new = matches!(keys, Ok(None));
        let mailbox = match Mailbox::open(folder, &*secret, clock.clone(), may_be_new) {
            // a key store that lost its secret makes a whole mailbox look damaged; the key file tells which it is
            Err(VaultError::Damaged(PhoneFile::Mailbox)) => {
                keys?.map(|file| file.check(&*secret)).transpose()?;
                return Err(VaultError::Damaged(PhoneFile::Mailbox).into());
            }
            opened => Arc::new(opened?),
        };
        let (mut next_try, mut may_wipe) = (Duration::ZERO, false);
        if mailbox.is_enrolled()? {
            let guard = mailbox.pin_guard()?;
            may_wipe = guard.gone.is_none();
            match guard {
                PinGuard { gone: None, .. } => {}
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
        if let Some(reason) = guard.gone {
            return Ok(State::VaultDestroyed { reason });
        }
        let retry_after = lock(&phone.next_try).saturating_sub(phone.clock.monotonic());
        Ok(State::Locked { attempts_left: phone.limit()?.saturating_sub(guard.wrong), retry_after })
    }

    /// Takes a card into use, with no network, and unlocks. On a phone that is enrolled already: the way out of a forgotten
    /// PIN, a lost key store or a damaged vault. Drafts and case cards are gone then (say so before); what waits to be sent is
    /// sent. A vault that only a forgotten PIN locks is destroyed; files that are damaged are kept aside.
    pub fn enrol(&self, card: &str, pin: &str) -> Result<()> {
        let phone = &self.0;
        if phone.open().is_some() {
            return Err(Error::AlreadyEnrolled);
        }
        let (card, grant) = EnrolmentCard::parse(card).map_err(|e| Error::Card { reason: e.into() })?;
        if grant.expires < phone.mailbox.now()? {
            let checked = phone.mailbox.told()?.is_some_and(|told| grant.expires < told);
            let reason = if checked { CardReason::Expired } else { CardReason::ExpiredByPhoneClock };
            return Err(Error::Card { reason });
        }
        let pin = new_pin(pin)?;
        // a new generation, so that its secret is not that of a vault that is kept aside
        let generation =
            if phone.mailbox.is_enrolled()? { phone.retire_old_vault(&card, grant.device)? + 1 } else { 1 };
        let [record_key, transport] = [(); 2].map(|()| SigningKey::generate());
        let (key, id) = (FileKey(envelope::random()), Uuid::new_v4());
        let vault = Vault::create(&phone.folder, &key, id, &record_key)?;
        let cost = Cost::calibrate(&*phone.clock);
        Keys::new(id, generation, &key, &pin, cost, &*phone.secret)?.write(&phone.folder, &*phone.secret)?;
        let (identity, mailbox) = seal::new_identity();
        let binding = Binding {
            device: grant.device,
            record_key: record_key.public(),
            transport_key: transport.public(),
            mailbox,
            vault: vault.recipient()?,
        };
        let chain = Chain::bind(&card, &binding, &record_key, &transport);
        // from here on the phone is enrolled
        phone.mailbox.enrol(&card, &chain, &transport, &identity, generation)?;
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
        if let Some(reason) = phone.mailbox.pin_guard()?.gone {
            return Err(Error::VaultDestroyed { reason });
        }
        *open = Some(Unlocked { vault, live: HashMap::new() });
        drop(open);
        if self.apply_wipe_order(true)? {
            return Err(Error::VaultDestroyed { reason: DestructionReason::WipeOrder });
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
    pub(super) fn apply_wipe_order(&self, unlocked: bool) -> Result<bool> {
        let phone = &self.0;
        let Some(order) = phone.mailbox.order()? else { return Ok(false) };
        // a phone's clock that runs ahead wipes nothing
        let late = phone.mailbox.told()?.is_some_and(|told| order.wipe_by < told);
        if !(unlocked || late) {
            return Ok(false);
        }
        // before its time nothing is lost: a draft that cannot be sealed now is tried again at the next unlock
        match self.seal_drafts() {
            Err(error) if !late => {
                tracing::warn!(%error, "an order to wipe waits for a draft");
                return Ok(false);
            }
            _ => self.destroy_vault(DestructionReason::WipeOrder)?,
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
        let new = new_pin(new)?;
        let (keys, key) = phone.verify_pin(old)?;
        let next = Keys::new(keys.vault(), keys.generation() + 1, &key, &new, keys.cost(), &*phone.secret)?;
        next.write(&phone.folder, &*phone.secret)?;
        phone.mailbox.set_generation(next.generation())?;
        // if this fails, the next unlock does it
        let _ = phone.secret.forget(&keys.purpose());
        Ok(())
    }

    /// Panic: destroys the vault at once, locked or not. What was finished stays unreadable on the phone and is still sent.
    pub fn wipe(&self) -> Result<()> {
        self.destroy_vault(DestructionReason::PanicWipe)
    }

    fn destroy_vault(&self, reason: DestructionReason) -> Result<()> {
        let phone = &self.0;
        if !phone.mailbox.is_enrolled()? {
            return Err(Error::NotEnrolled);
        }
        phone.mailbox.give_up_vault(reason, false)?;
        *phone.open() = None;
        let generation = phone.mailbox.pin_guard()?.generation;
        Ok(vault::destroy(&phone.folder, &*phone.secret, generation)?)
    }
}

/// Case cards go after so many days, whatever the policy says.
const MOST_CARD_DAYS: u32 = 400;

impl Phone {
    /// Before a second card: the old vault is given up. It is destroyed where only its PIN is missing, else kept aside.
    /// Returns its generation.
    fn retire_old_vault(&self, card: &EnrolmentCard, device: Uuid) -> Result<u32> {
        let enrolment = self.mailbox.enrolment()?;
        if !enrolment.authorities.contains(&card.authority) {
            return Err(Error::Card { reason: CardReason::OtherAuthority });
        }
        if enrolment.device == device {
            return Err(Error::Card { reason: CardReason::UsedAlready });
        }
        let guard = self.mailbox.pin_guard()?;
        let file = KeyFile::read(&self.folder).ok().flatten();
        let whole = match file.map(|file| file.check(&*self.secret)) {
            // nothing is known of the secret: no file may be given up
            Some(Err(VaultError::Secret(e))) if e != SecretError::Lost => return Err(VaultError::Secret(e).into()),
            checked => checked.is_some_and(|checked| checked.is_ok()),
        };
        if guard.damaged || !(guard.gone.is_some() || whole) {
            self.mailbox.give_up_vault(DestructionReason::Replaced, true)?;
            vault::set_vault_aside(&self.folder)?;
        } else {
            self.mailbox.give_up_vault(DestructionReason::Replaced, false)?;
            vault::destroy(&self.folder, &*self.secret, guard.generation)?;
        }
        Ok(guard.generation)
    }

    /// Retention and parts nobody needs. What fails here is tried again at the next unlock.
    fn apply_retention(&self) {
        let tidied = self.with(|open| {
            let days = i64::from(self.mailbox.policy()?.keep_cards_days.min(MOST_CARD_DAYS));
            if let Some(safe) = self.mailbox.safe()? {
                let forgotten = open.vault.forget_cards(safe.div_euclid(86_400) - days)?;
                self.mailbox.note_forgotten(forgotten)?;
            }
            let pinned: Vec<Digest> = open.vault.drafts()?.into_iter().map(|draft| draft.sha256).collect();
            Ok(self.mailbox.drop_parts(&pinned)?)
        });
        if let Err(error) = tidied {
            tracing::warn!(%error, "tidying the vault");
        }
    }
}

/// Makes the folder where it is missing. Says what is wrong with a path before SQLite makes a file somewhere else.
fn make_folder(folder: &Path) -> Result<()> {
    use std::io::ErrorKind;
    if folder.as_os_str().is_empty() {
        return Err(Error::Folder { reason: FolderReason::Empty });
    }
    std::fs::create_dir_all(folder).map_err(|error| {
        let reason = match error.kind() {
            ErrorKind::AlreadyExists | ErrorKind::NotADirectory => FolderReason::NotAFolder,
            ErrorKind::PermissionDenied => FolderReason::NoPermission,
            ErrorKind::InvalidInput | ErrorKind::InvalidFilename => FolderReason::Invalid,
            _ => return Error::Storage,
        };
        Error::Folder { reason }
    })
}
