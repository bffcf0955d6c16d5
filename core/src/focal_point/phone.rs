//! What stands behind [`FocalPoint`] and every session: the phone's files, opened.

use crate::clock::{BUJUMBURA, Clock, civil_month};
use crate::envelope::{self, Digest};
use crate::error::{Error, InternalReason, NotFoundItem, Result};
use crate::interview::{Draft, Interview, InterviewConfig};
use crate::places;
use crate::questionnaire::Questionnaire;
use crate::screening::read_questionnaire;
use crate::services::Directory;
use crate::share::Share;
use crate::vault::drafts::{self, DraftInfo, Drafts};
use crate::vault::mailbox::Mailbox;
use crate::vault::{Folder, Vault};
use crate::wire::Standing;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockWriteGuard};
use std::time::Duration;
use uuid::Uuid;

/// A focal point's folder on this phone, open for this object alone. Several people on one phone: one folder each. Dropping
/// the object locks the vault, whoever still holds a session.
///
/// ```
/// # use std::collections::BTreeMap;
/// # use std::sync::{Arc, Mutex};
/// # use tabara_core::catalog::{Area, DeviceRole, EnrolmentCard, Grant, ServerAddress};
/// # use tabara_core::clock::SystemClock;
/// # use tabara_core::envelope::{self, Digest, SigningKey, Typ, sha256};
/// # use tabara_core::vault::{DeviceSecret, SecretError};
/// use tabara_core::focal_point::{FocalPoint, State};
/// use tabara_core::sync::Progress;
/// # /// Enough for an example; a phone's key store never gives its secrets away.
/// # #[derive(Default)]
/// # struct KeyStore(Mutex<BTreeMap<String, [u8; 32]>>);
/// # impl DeviceSecret for KeyStore {
/// #     fn derive(&self, purpose: &str, input: &[u8]) -> Result<zeroize::Zeroizing<[u8; 32]>, SecretError> {
/// #         let secret = *self.0.lock().unwrap().entry(purpose.into()).or_insert_with(envelope::random);
/// #         Ok(zeroize::Zeroizing::new(sha256(&[&secret[..], input].concat()).0))
/// #     }
/// #     fn forget(&self, purpose: &str) -> Result<(), SecretError> {
/// #         self.0.lock().unwrap().remove(purpose);
/// #         Ok(())
/// #     }
/// # }
/// # let (authority, seed) = (SigningKey::generate(), SigningKey::generate());
/// # let grant = Grant {
/// #     device: uuid::Uuid::new_v4(),
/// #     role: DeviceRole::FocalPoint,
/// #     organisation: "CNLTP".into(),
/// #     commune: "BI-CO-04-02".into(),
/// #     area: Area::Commune,
/// #     servers: vec![ServerAddress { url: "https://tabara.example".into(), pin: None }],
/// #     expires: 4_000_000_000,
/// #     card: seed.public(),
/// # };
/// # let card = EnrolmentCard {
/// #     grant: envelope::sign(Typ::Grant, &authority, &grant),
/// #     seed: Digest(*seed.seed()),
/// #     authority: authority.public(),
/// # };
/// # let card = card.text();
/// # let folder = tempfile::tempdir().unwrap();
/// # let folder = folder.path();
/// # let (secret, clock) = (Arc::new(KeyStore::default()), Arc::new(SystemClock::default()));
/// let phone = FocalPoint::open(folder, secret, clock)?;
/// assert_eq!(phone.state()?, State::NotEnrolled);
/// phone.enrol(&card, "271828")?; // no network is needed
/// assert_eq!(phone.state()?, State::Unlocked);
/// assert!(phone.questionnaires()?.is_empty()); // the first sync brings them
///
/// async fn interview(phone: &FocalPoint) -> tabara_core::Result<()> {
///     phone.sync(&Progress::default()).await?;
///     let form = phone.questionnaires()?.remove(0);
///     let session = phone.start(&form.id, "fr")?;
///     let page = session.answer("s2_age", Some("22"))?; // on the disk when it returns
///     println!("{}: {}", page.path, page.questions.len());
///     session.stop()?;
///     let finished = session.finish(None)?; // sealed and signed; the answers are erased
///     println!("code of the slip: {:?}", finished.code);
///     phone.sync(&Progress::default()).await.map(drop)
/// }
///
/// phone.lock();
/// assert!(phone.drafts().is_err());
/// phone.unlock("271828")?;
/// # Ok::<(), tabara_core::Error>(())
/// ```
pub struct FocalPoint(pub(super) Arc<Phone>);

impl Drop for FocalPoint {
    fn drop(&mut self) {
        self.lock();
        *write(&self.0.mailbox) = Err(Error::Locked);
        self.0.folder.release();
    }
}

pub(super) struct Phone {
    pub(super) folder: Folder,
    pub(super) clock: Arc<dyn Clock>,
    /// Or why there is none: [`State`](super::State) says how a new card leads out of it.
    pub(super) mailbox: RwLock<Result<Arc<Mailbox>>>,
    /// Nothing while locked.
    pub(super) open: Mutex<Option<Unlocked>>,
    /// By the monotonic clock: before it no PIN is tried.
    pub(super) next_try: Mutex<Duration>,
    pub(super) questionnaires: Mutex<HashMap<Digest, Arc<Questionnaire>>>,
    pub(super) directory: Mutex<Option<(Digest, Arc<Directory>)>>,
}

pub(super) struct Unlocked {
    pub(super) vault: Vault,
    pub(super) drafts: Drafts,
    pub(super) live: HashMap<Uuid, Live>,
    /// By the record of the interview that answered it.
    pub(super) shares: HashMap<Uuid, Share>,
}

impl Unlocked {
    pub(super) fn new(vault: Vault, drafts: Drafts) -> Self {
        Self { vault, drafts, live: HashMap::new(), shares: HashMap::new() }
    }
}

/// An interview in memory.
pub(super) struct Live {
    pub(super) interview: Interview,
    pub(super) info: DraftInfo,
}

impl Phone {
    pub(super) fn mailbox(&self) -> Result<Arc<Mailbox>> {
        self.mailbox.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn open(&self) -> MutexGuard<'_, Option<Unlocked>> {
        lock(&self.open)
    }

    pub(super) fn with<T>(&self, work: impl FnOnce(&mut Unlocked) -> Result<T>) -> Result<T> {
        work(self.open().as_mut().ok_or(Error::Locked)?)
    }

    pub(super) fn limit(&self) -> Result<u32> {
        Ok(self.mailbox()?.policy()?.pin_attempts.max(1))
    }

    pub(super) fn is_revoked(&self) -> Result<bool> {
        let mailbox = self.mailbox()?;
        if mailbox.sync_state()?.standing == Standing::Revoked {
            return Ok(true);
        }
        let Some((_, catalog)) = mailbox.catalog()? else { return Ok(false) };
        Ok(catalog.revoked.contains(&mailbox.enrolment()?.device))
    }

    /// The interview of a draft, read from the vault where it is not in memory.
    pub(super) fn live<'a>(&self, open: &'a mut Unlocked, draft: Uuid) -> Result<&'a Live> {
        if !open.live.contains_key(&draft) {
            // a draft whose record is in the mailbox already must not come back
            self.settle(open)?;
            let (info, state) = open.drafts.draft(draft)?;
            let form = self.questionnaire(&info.sha256)?;
            let saved: Draft = serde_json::from_slice(&state).map_err(|_| InternalReason::Draft)?;
            let setting = self.setting(&open.vault, &info, &saved.language)?;
            let interview = Interview::resume(form, setting, &saved).map_err(|_| InternalReason::Draft)?;
            open.live.insert(draft, Live { interview, info });
        }
        open.live.get(&draft).ok_or(Error::NotFound { what: NotFoundItem::Draft })
    }

    /// Ends what was cut off while an interview was sealed.
    pub(super) fn settle(&self, open: &Unlocked) -> Result<()> {
        Ok(open.drafts.settle(&open.vault, &*self.mailbox()?)?)
    }

    /// Erases what was sealed or discarded, with its file and key. What fails here is done at the next opening.
    pub(super) fn erase_ended(&self) {
        match self.leave_ended_behind() {
            Ok(()) | Err(Error::Locked) => {}
            Err(error) => tracing::warn!(%error, "erasing an interview that ended"),
        }
    }

    fn leave_ended_behind(&self) -> Result<()> {
        let next = self.with(|open| {
            let ended = open.drafts.any_ended()?;
            Ok(ended.then(|| (open.vault.seed().clone(), open.drafts.generation() + 1)))
        })?;
        let Some((seed, next)) = next else { return Ok(()) };
        let key = drafts::key(&seed, next, &self.folder)?;
        let old = self.with(|open| {
            // unless another call was faster, or another vault is open by now
            if (open.vault.seed(), open.drafts.generation() + 1) == (&seed, next) {
                open.drafts = open.vault.move_drafts(self.folder.path(), &open.drafts, &key)?;
            }
            Ok(open.vault.remove_old_drafts(self.folder.path(), open.drafts.generation())?)
        })?;
        Ok(old.forget(&self.folder)?)
    }

    /// A questionnaire that is on the phone, read once.
    pub(super) fn questionnaire(&self, hash: &envelope::Digest) -> Result<Arc<Questionnaire>> {
        if let Some(form) = lock(&self.questionnaires).get(hash) {
            return Ok(form.clone());
        }
        let bytes = self.mailbox()?.part(hash)?.ok_or(Error::NotFound { what: NotFoundItem::Questionnaire })?;
        let form = read_questionnaire(&bytes).map_err(|_| Error::NotFound { what: NotFoundItem::Questionnaire })?;
        let form = Arc::new(form);
        lock(&self.questionnaires).insert(*hash, form.clone());
        Ok(form)
    }

    pub(super) fn setting(&self, vault: &Vault, info: &DraftInfo, language: &str) -> Result<InterviewConfig> {
        let commune = self.mailbox()?.enrolment()?.commune;
        let province = places::province_of(&commune).map(|place| ("device.province".to_owned(), place.code.to_owned()));
        Ok(InterviewConfig {
            language: language.to_owned(),
            now: info.started,
            prefill: province.into_iter().chain([("device.commune".to_owned(), commune)]).collect(),
            // the same order of shuffled choices after a restart
            seed: info.draft.as_u64_pair().0,
            offset: (BUJUMBURA.as_secs() / 60) as i16,
            last_saved: vault.last_saved(&info.questionnaire)?,
        })
    }
}

/// The month, kept within what the dictionary knows: a clock that is years off must not stop a sealing.
pub(super) fn month(unix: i64) -> String {
    civil_month(unix).clamp("2020-01".into(), "2040-12".into())
}

pub(super) fn write<T>(slot: &RwLock<T>) -> RwLockWriteGuard<'_, T> {
    slot.write().unwrap_or_else(PoisonError::into_inner)
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
