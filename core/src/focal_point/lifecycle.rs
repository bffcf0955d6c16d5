//! Opening a phone, taking a card, unlocking, locking, and giving the vault up.

use super::phone::{FocalPoint, Phone, Unlocked, lock, write};
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
use crate::vault::{self, DeviceSecret, Folder, SecretError, Vault, VaultError};
use std::path::Path;
use std::sync::{Arc, Mutex, RwLock};
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
    /// The phone's key store has lost its secrets: nothing here can be read or sent any more. Say so and ask for a new card;
    /// all files are kept aside.
    KeyStoreLost,
    /// A file cannot be read. Say so and ask the coordinator: a new card is the way on, and the files are kept aside. If it is
    /// the key file or the vault, what was finished is still sent.
    Damaged {
        /// Which one.
        file: PhoneFile,
    },
    /// The vault was destroyed on purpose. Drafts and case cards are gone: say so and why. What was finished is still sent.
    /// Ask for a new card.
    VaultDestroyed {
        /// Who or what destroyed it.
        reason: DestructionReason,
    },
}

impl FocalPoint {
    /// Opens a folder, or makes the beginnings of one, for this object alone. Finishes what a crash cut off. A lost key store
    /// and a damaged mailbox are states ([`FocalPoint::state`]); what fails here is worth another try, except that a newer
    /// version wrote the files or the path is no folder.
    pub fn open(folder: &Path, secret: Arc<dyn DeviceSecret>, clock: Arc<dyn Clock>) -> Result<Self> {
        make_folder(folder)?;
        let folder = Folder::open(folder, secret)?;
        let (mailbox, guard) = match open_mailbox(&folder, clock.clone()) {
            Ok((mailbox, guard)) => (Ok(mailbox), guard),
            Err(e @ (Error::NotEnrolled | Error::KeyStoreLost | Error::Damaged { .. })) => (Err(e), None),
            Err(e) => return Err(e),
        };
        // a restart must not shorten the wait
        let next_try = guard.map_or(Duration::ZERO, |guard| clock.monotonic() + delay(guard.wrong));
        let phone = Self(Arc::new(Phone {
            folder,
            clock,
            mailbox: RwLock::new(mailbox),
            open: Mutex::new(None),
            next_try: Mutex::new(next_try),
            questionnaires: Mutex::default(),
            directory: Mutex::default(),
        }));
        if guard.is_some_and(|guard| guard.gone.is_none())
            && let Err(error) = phone.apply_wipe_order(false)
        {
            tracing::warn!(%error, "an order to wipe");
        }
        Ok(phone)
    }

    /// What the app should show first.
    pub fn state(&self) -> Result<State> {
        let phone = &self.0;
        let mailbox = match phone.mailbox() {
            Err(Error::NotEnrolled) => return Ok(State::NotEnrolled),
            Err(Error::KeyStoreLost) => return Ok(State::KeyStoreLost),
            Err(Error::Damaged { file }) => return Ok(State::Damaged { file }),
            mailbox => mailbox?,
        };
        if mailbox.is_damaged() {
            return Ok(State::Damaged { file: PhoneFile::Mailbox });
        }
        if !mailbox.is_enrolled()? {
            return Ok(State::NotEnrolled);
        }
        if phone.open().is_some() {
            return Ok(State::Unlocked);
        }
        let guard = mailbox.pin_guard()?;
        if let Some(reason) = guard.gone {
            return Ok(State::VaultDestroyed { reason });
        }
        if guard.damaged {
            return Ok(State::Damaged { file: PhoneFile::Vault });
        }
        match KeyFile::read(phone.folder.path()) {
            Ok(None) | Err(VaultError::Damaged(_)) => return Ok(State::Damaged { file: PhoneFile::Keys }),
            file => drop(file?),
        }
        let retry_after = lock(&phone.next_try).saturating_sub(phone.clock.monotonic());
        Ok(State::Locked { attempts_left: phone.limit()?.saturating_sub(guard.wrong), retry_after })
    }

    /// Takes a card into use, with no network, and unlocks. On a phone that is enrolled already: the way out of a forgotten
    /// PIN, a lost key store or a damaged file. Drafts and case cards are gone then (say so before). What waits to be sent is
    /// sent, unless it is in a mailbox that cannot be read. A vault that only a forgotten PIN locks is destroyed; files that
    /// cannot be read are kept aside.
    pub fn enrol(&self, card: &str, pin: &str) -> Result<()> {
        let phone = &self.0;
        if phone.open().is_some() {
            return Err(Error::AlreadyEnrolled);
        }
        let (card, grant) = EnrolmentCard::parse(card).map_err(|e| Error::Card { reason: e.into() })?;
        let old = phone.whole_mailbox()?;
        let now = old.as_ref().map_or_else(|| Ok(phone.clock.unix()), |mailbox| mailbox.now())?;
        if grant.expires < now {
            let learned = old.as_ref().map_or(Ok(false), |mailbox| mailbox.has_learned())?;
            let reason = if learned { CardReason::Expired } else { CardReason::ExpiredByThisClock };
            return Err(Error::Card { reason });
        }
        let pin = new_pin(pin)?;
        // a new generation, so that its secret is not that of a vault that is kept aside
        let (mailbox, generation) = match old {
            Some(mailbox) if mailbox.is_enrolled()? => {
                let before = phone.retire_old_vault(&mailbox, &card, grant.device)?;
                (mailbox, before + 1)
            }
            Some(mailbox) => (mailbox, 1),
            None => (phone.start_over()?, 1),
        };
        let (path, folder) = (phone.folder.path(), &phone.folder);
        let [record_key, transport] = [(); 2].map(|()| SigningKey::generate());
        let (key, id) = (FileKey(envelope::random()), Uuid::new_v4());
        let vault = Vault::create(path, &key, id, &record_key)?;
        let cost = Cost::calibrate(&*phone.clock);
        Keys::new(id, generation, &key, &pin, cost, folder)?.write(path, folder)?;
        let drafts = vault.open_drafts(path, folder, &mailbox)?;
        let (identity, to_mailbox) = seal::new_identity();
        let binding = Binding {
            device: grant.device,
            record_key: record_key.public(),
            transport_key: transport.public(),
            mailbox: to_mailbox,
            vault: vault.recipient()?,
        };
        let chain = Chain::bind(&card, &binding, &record_key, &transport);
        // from here on the phone is enrolled
        mailbox.enrol(&card, &chain, &transport, &identity, generation)?;
        *lock(&phone.next_try) = Duration::ZERO;
        *phone.open() = Some(Unlocked::new(vault, drafts));
        Ok(())
    }

    /// Opens the vault. A wrong PIN costs one of the attempts that the policy allows. If the card was revoked, all drafts are
    /// sealed as they stand, so that nobody's words are lost.
    pub fn unlock(&self, pin: &str) -> Result<()> {
        let phone = &self.0;
        let (keys, key) = phone.verify_pin(pin)?;
        let mailbox = phone.mailbox()?;
        let vault = match Vault::open(phone.folder.path(), &key, keys.vault()) {
            Err(VaultError::Damaged(file)) => {
                mailbox.note_damage()?;
                return Err(VaultError::Damaged(file).into());
            }
            opened => opened?,
        };
        let drafts = vault.open_drafts(phone.folder.path(), &phone.folder, &mailbox)?;
        let mut open = phone.open();
        // a panic wipe may have come in between
        if let Some(reason) = mailbox.pin_guard()?.gone {
            return Err(Error::VaultDestroyed { reason });
        }
        *open = Some(Unlocked::new(vault, drafts));
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
        let mailbox = phone.mailbox()?;
        let Some(order) = mailbox.order()? else { return Ok(false) };
        let late = order.wipe_by < mailbox.now()?;
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
        let next = Keys::new(keys.vault(), keys.generation() + 1, &key, &new, keys.cost(), &phone.folder)?;
        next.write(phone.folder.path(), &phone.folder)?;
        phone.mailbox()?.set_generation(next.generation())?;
        // if this fails, the next unlock does it
        let _ = phone.folder.forget(&keys.purpose());
        Ok(())
    }

    /// Panic: destroys the vault at once, locked or not. What was finished stays unreadable on the phone and is still sent.
    pub fn wipe(&self) -> Result<()> {
        self.destroy_vault(DestructionReason::PanicWipe)
    }

    fn destroy_vault(&self, reason: DestructionReason) -> Result<()> {
        let phone = &self.0;
        let mailbox = match phone.mailbox() {
            // nothing to note it in: what is left of the vault goes all the same
            Err(Error::KeyStoreLost | Error::Damaged { .. }) => {
                let file = KeyFile::read(phone.folder.path()).ok().flatten();
                let generation = file.map_or(1, |file| file.generation());
                return Ok(vault::destroy(phone.folder.path(), &phone.folder, generation)?);
            }
            mailbox => mailbox?,
        };
        if !mailbox.is_enrolled()? {
            return Err(Error::NotEnrolled);
        }
        mailbox.give_up_vault(reason, false)?;
        *phone.open() = None;
        Ok(vault::destroy(phone.folder.path(), &phone.folder, mailbox.pin_guard()?.generation)?)
    }
}

impl Phone {
    /// The mailbox, if all of it can be read.
    fn whole_mailbox(&self) -> Result<Option<Arc<Mailbox>>> {
        let mailbox = match self.mailbox() {
            Err(Error::NotEnrolled | Error::KeyStoreLost | Error::Damaged { .. }) => return Ok(None),
            mailbox => mailbox?,
        };
        let read = || {
            if mailbox.is_enrolled()? {
                mailbox.enrolment()?;
                mailbox.pin_guard()?;
                mailbox.now()?;
            }
            mailbox.is_whole()
        };
        match read() {
            Err(VaultError::Damaged(_)) => Ok(None),
            whole => Ok(whole?.then_some(mailbox)),
        }
    }

    /// Before a card for a folder in which nothing more can be read: all of it is kept aside, and begins anew.
    fn start_over(&self) -> Result<Arc<Mailbox>> {
        {
            let mut slot = write(&self.mailbox);
            if slot.as_ref().is_ok_and(|mailbox| Arc::strong_count(mailbox) > 1) {
                // a sync is still writing to it
                return Err(Error::InUse);
            }
            if slot.is_ok() {
                *slot = Err(Error::Damaged { file: PhoneFile::Mailbox });
            }
        }
        vault::set_all_aside(self.folder.path())?;
        self.folder.begin()?;
        let mailbox = Arc::new(Mailbox::open(self.folder.path(), &self.folder, self.clock.clone(), true)?);
        *write(&self.mailbox) = Ok(mailbox.clone());
        Ok(mailbox)
    }

    /// Before a second card: the old vault is given up. It is destroyed where only its PIN is missing, else kept aside.
    /// Returns its generation.
    fn retire_old_vault(&self, mailbox: &Mailbox, card: &EnrolmentCard, device: Uuid) -> Result<u32> {
        let enrolment = mailbox.enrolment()?;
        if !enrolment.authorities.contains(&card.authority) {
            return Err(Error::Card { reason: CardReason::OtherAuthority });
        }
        if enrolment.device == device {
            return Err(Error::Card { reason: CardReason::UsedAlready });
        }
        let guard = mailbox.pin_guard()?;
        let file = KeyFile::read(self.folder.path()).ok().flatten();
        let whole = match file.map(|file| file.check(&self.folder)) {
            // nothing is known of the secret: no file may be given up
            Some(Err(VaultError::Secret(e))) if e != SecretError::Lost => return Err(VaultError::Secret(e).into()),
            checked => checked.is_some_and(|checked| checked.is_ok()),
        };
        if guard.damaged || !(guard.gone.is_some() || whole) {
            mailbox.give_up_vault(DestructionReason::Replaced, true)?;
            vault::set_vault_aside(self.folder.path())?;
        } else {
            mailbox.give_up_vault(DestructionReason::Replaced, false)?;
            vault::destroy(self.folder.path(), &self.folder, guard.generation)?;
        }
        Ok(guard.generation)
    }

    /// Retention and parts nobody needs. What fails here is tried again at the next unlock.
    fn apply_retention(&self) {
        let tidied = self.with(|open| {
            let mailbox = self.mailbox()?;
            let days = mailbox.policy()?.keep_cards_days;
            let forgotten =
                open.vault.forget_cards(days, mailbox.told_time()?.div_euclid(86_400), mailbox.own_time())?;
            mailbox.note_forgotten(forgotten)?;
            let before = mailbox.own_time() - i64::from(days) * 86_400;
            for referral in open.vault.forget_held(Some(before))? {
                mailbox.erase_forwarded(Some(referral))?;
            }
            let pinned: Vec<Digest> = open.drafts.list()?.into_iter().map(|draft| draft.sha256).collect();
            Ok(mailbox.drop_parts(&pinned)?)
        });
        if let Err(error) = tidied {
            tracing::warn!(%error, "tidying the vault");
        }
    }
}

/// Opens what all else hangs on, in the order in which a loss is told from damage: the folder's id, the key store, the
/// mailbox. Finishes a destruction that was begun.
fn open_mailbox(folder: &Folder, clock: Arc<dyn Clock>) -> Result<(Arc<Mailbox>, Option<PinGuard>)> {
    if folder.is_empty()? {
        return Err(Error::NotEnrolled);
    }
    folder.check()?;
    let may_be_new = matches!(KeyFile::read(folder.path()), Ok(None));
    let mailbox = Mailbox::open(folder.path(), folder, clock, may_be_new)?;
    let guard = if mailbox.is_enrolled()? { Some(mailbox.pin_guard()?) } else { None };
    match guard {
        None | Some(PinGuard { gone: None, .. }) => {}
        Some(PinGuard { kept: true, .. }) => vault::set_vault_aside(folder.path())?,
        Some(PinGuard { generation, .. }) => vault::destroy(folder.path(), folder, generation)?,
    }
    Ok((Arc::new(mailbox), guard))
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
