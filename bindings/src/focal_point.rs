//! The one object an app holds.

use crate::error::Result;
use crate::secret::{DeviceSecret, HostSecretAdapter};
use crate::session::Session;
use crate::sync::{SyncProgress, SyncRun, watched};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tabara_core::catalog::DeviceRole;
use tabara_core::clock::SystemClock;
use tabara_core::envelope::Digest;
use tabara_core::error::{DestructionReason, PhoneFile};
use tabara_core::focal_point::{
    self as core, CaseCard, IncomingReferral, Notice, OpenReferral, OpenedReferral, QuestionnaireInfo, Slip, State,
};
use tabara_core::kind::Kind;
use tabara_core::record::Uuid;
use tabara_core::referral::{NewReferral, Referral, Status};
use tabara_core::services::{FoundService, HelpLine, Service, ServiceQuery};
use tabara_core::share::{ReferralNote, Share};
use tabara_core::sync::SyncReport;
use tabara_core::vault::drafts::DraftInfo;
use tabara_core::vault::mailbox::{Activity, Waiting};

/// What to show first.
#[uniffi::remote(Enum)]
pub enum State {
    /// Ask for a card, then call `enrol`.
    NotEnrolled,
    /// Ask for the PIN after `retry_after`, then call `unlock`.
    Locked {
        /// Wrong PINs that are left before the vault is destroyed.
        attempts_left: u32,
        /// How long no attempt is taken.
        retry_after: Duration,
    },
    /// Everything works.
    Unlocked,
    /// The phone's key store has lost its secrets: nothing here can be read or sent any more. Say so, ask for a new card and
    /// call `enrol`; all files are kept aside.
    KeyStoreLost,
    /// A file cannot be read. Say so and ask the coordinator: `enrol` with a new card is the way on, and the files are kept
    /// aside. If it is the key file or the vault, what was finished is still sent.
    Damaged {
        /// Which one.
        file: PhoneFile,
    },
    /// The vault was destroyed on purpose. Say that drafts and case cards are gone, and why; ask for a new card. What was
    /// finished is still sent.
    VaultDestroyed {
        /// Who or what destroyed it.
        reason: DestructionReason,
    },
}

/// A questionnaire that can be started.
#[uniffi::remote(Record)]
pub struct QuestionnaireInfo {
    /// Its `form_id`, for `start`.
    pub id: String,
    /// Its title, in the words of its author.
    pub title: String,
    /// Its version, as its author writes it.
    pub version: String,
    /// What a record of it tells.
    pub kind: Kind,
    /// The names of its languages, `Français (fr)`, the default first. Calls take the name or the code.
    pub languages: Vec<String>,
}

/// An interview that is not finished.
#[uniffi::remote(Record)]
pub struct DraftInfo {
    /// Its id, for `resume`.
    pub draft: Uuid,
    /// The `form_id` of its questionnaire.
    pub questionnaire: String,
    /// SHA-256 of the version that it was begun with, and that it is finished with.
    pub sha256: Digest,
    /// When it was begun; seconds since 1970 UTC.
    pub started: i64,
}

/// Something that a person should be told, on the first screen. None of it stops an interview, a sealing or a sync.
#[uniffi::remote(Enum)]
pub enum Notice {
    /// The catalog has ended, and no newer one came: revocations and new keys of case workers do not arrive. Tell the
    /// coordinator.
    CatalogExpired {
        /// When it ended; seconds since 1970 UTC.
        since: i64,
    },
    /// The card of this phone was used on another phone first. The server sets the records of this one apart until the
    /// coordinator has looked: tell the coordinator, and ask for a card of its own.
    SecondPhone,
    /// A file of open interviews could not be read: some or all of them are lost, what is left of the file is kept. Told
    /// until the next interview ends. Only while unlocked.
    DraftsLost,
    /// The phone's calendar differs from the time that its server told by more than a day. Nothing is erased or stamped by it:
    /// ask to set the date right.
    Clock {
        /// Seconds that the phone is ahead; behind where negative.
        ahead: i64,
    },
}

/// A focal point's folder on this phone. Calls are synchronous; call them off the main thread. Those marked *slow* stretch
/// the PIN with Argon2id: up to a second or two on a cheap phone.
#[derive(uniffi::Object)]
pub struct FocalPoint(core::FocalPoint);

#[uniffi::export]
impl FocalPoint {
    /// Opens a folder, or begins an empty one, and finishes what a crash cut off. A folder has one object at a time: fails
    /// with `InUse` while another one is there, also in another process. Hold it for as long as the process lives. Fails
    /// with `Folder` where the path is no folder; a lost key store and a damaged mailbox are a `state`.
    #[uniffi::constructor]
    pub fn open(folder: &str, secret: Arc<dyn DeviceSecret>) -> Result<Self> {
        let clock = Arc::new(SystemClock::default());
        Ok(Self(core::FocalPoint::open(Path::new(folder), Arc::new(HostSecretAdapter(secret)), clock)?))
    }
    /// What to show first.
    pub fn state(&self) -> Result<State> {
        self.0.state()
    }
    /// Takes a card into use, with no network, and unlocks. *Slow.* On an enrolled phone it is the way out of a forgotten
    /// PIN, a lost key store or a damaged file: **drafts and case cards are gone then**, without a question; what waits to
    /// be sent is sent, unless the mailbox cannot be read. Fails with `AlreadyEnrolled` while the vault is open.
    pub fn enrol(&self, card: &str, pin: &str) -> Result<()> {
        self.0.enrol(card, pin)
    }
    /// Opens the vault. *Slow.*
    pub fn unlock(&self, pin: &str) -> Result<()> {
        self.0.unlock(pin)
    }
    /// Closes the vault and forgets its key. Every session answers `Locked` until the next unlock, and then goes on.
    /// Closing or dropping this object locks for good: its sessions answer `Locked` from then on.
    pub fn lock(&self) {
        self.0.lock();
    }
    /// Changes the PIN, locked or not. *Slow.* The old PIN opens nothing any more.
    pub fn change_pin(&self, old: &str, new: &str) -> Result<()> {
        self.0.change_pin(old, new)
    }
    /// Panic: destroys the vault at once, locked or not. What was finished is still sent.
    pub fn wipe(&self) -> Result<()> {
        self.0.wipe()
    }
    /// What the focal point should be told now, on the first screen. Works while locked.
    pub fn notices(&self) -> Result<Vec<Notice>> {
        self.0.notices()
    }
    /// What can be started; empty before the first sync or parcel.
    pub fn questionnaires(&self) -> Result<Vec<QuestionnaireInfo>> {
        self.0.questionnaires()
    }
    /// Begins an interview in a language, by its name or code; the draft is on the disk when this returns.
    pub fn start(&self, questionnaire: &str, language: &str) -> Result<Session> {
        Ok(Session(self.0.start(questionnaire, language)?))
    }
    /// Interviews that are not finished, the newest first.
    pub fn drafts(&self) -> Result<Vec<DraftInfo>> {
        self.0.drafts()
    }
    /// Goes on with a draft at the exact place where it was left.
    pub fn resume(&self, draft: Uuid) -> Result<Session> {
        Ok(Session(self.0.resume(draft)?))
    }
    /// 50 cases, the newest first; pages count from 0.
    pub fn cases(&self, page: u32) -> Result<Vec<CaseCard>> {
        self.0.cases(page as usize)
    }
    /// The cases of the person who shows a slip.
    pub fn cases_of(&self, code: &str) -> Result<Vec<CaseCard>> {
        self.0.cases_of(code)
    }
    /// The slip of a record once more, where the app went down before it was written; none where the record is about nobody.
    pub fn slip(&self, record: Uuid) -> Result<Option<Slip>> {
        self.0.slip(record)
    }
    /// Puts at most 20 characters on a case card, to find the case again, or takes them away. They never leave this phone.
    /// Fails with `Answer` if they are more.
    pub fn note_memo(&self, record: Uuid, memo: Option<String>) -> Result<()> {
        self.0.note_memo(record, memo.as_deref())
    }
    /// On a new phone: the key for one hand-over, for the old phone to scan or paste.
    pub fn hand_over_key(&self) -> Result<String> {
        self.0.hand_over_key()
    }
    /// On the old phone: all case cards with their memos and referrals, as a file that only the phone with this key opens. Asks
    /// for the PIN again. *Slow.*
    pub fn hand_over(&self, key: &str, pin: &str) -> Result<Vec<u8>> {
        self.0.hand_over(key, pin)
    }
    /// On the new phone: takes the file of the old one; returns how many case cards came. What waits on the old phone is sent
    /// by the old phone.
    pub fn take_over(&self, file: Vec<u8>) -> Result<u32> {
        self.0.take_over(&file)
    }
    /// 50 lines of what this phone did with records, the newest first; pages count from 0. Works while locked.
    pub fn activities(&self, page: u32) -> Result<Vec<Activity>> {
        self.0.activities(page as usize)
    }
    /// Call `lock` after so long without use: the policy of the last sync.
    pub fn lock_after(&self) -> Result<Duration> {
        self.0.lock_after()
    }
    /// The person takes a record back: the withdrawal goes out with the next sync.
    pub fn withdraw(&self, record: Uuid) -> Result<()> {
        self.0.withdraw(record)
    }
    /// The person shows her slip and takes back what was recorded under it, on whatever phone: with the second code at
    /// once, without it once a reviewer has decided. Fails with `NotFound` if a code is mistyped.
    pub fn withdraw_slip(&self, code: &str, secret: Option<String>) -> Result<()> {
        self.0.withdraw_slip(code, secret.as_deref())
    }
    /// Code of the commune of the card: where a search begins.
    pub fn commune(&self) -> Result<String> {
        self.0.commune()
    }
    /// A page of 50 services that fit, the nearest first; pages count from 0. Needs no network and no PIN. Empty before the
    /// directory has come.
    pub fn find_services(&self, query: &ServiceQuery, page: u32) -> Result<Vec<FoundService>> {
        self.0.find_services(query, page)
    }
    /// One service of the directory.
    pub fn service(&self, id: Uuid) -> Result<Service> {
        self.0.service(id)
    }
    /// Numbers to call at once, emergencies first. Show them before enrolment and before the PIN, too.
    pub fn help_lines(&self) -> Vec<HelpLine> {
        self.0.help_lines()
    }
    /// Whose device this is: it decides about the first screen.
    pub fn role(&self) -> Result<DeviceRole> {
        self.0.role()
    }
    /// Organisations that have a device. All others are told by telephone.
    pub fn reachable_providers(&self) -> Result<Vec<String>> {
        self.0.reachable_providers()
    }
    /// What the interview answered of the fields of a `Share`, until the phone is locked. Nothing of it is agreed: ask about each.
    pub fn prefilled(&self, record: Uuid) -> Result<Share> {
        self.0.prefilled(record)
    }
    /// Refers the person of a case: what she agreed to share is sealed to the provider's devices and the case workers. Without a
    /// device of the provider it stays `Ready` until `noteReferral` says that she was told. Fails with `Answer` if nobody
    /// agreed who may.
    pub fn refer(&self, record: Uuid, new: &NewReferral) -> Result<Referral> {
        self.0.refer(record, new)
    }
    /// Notes a service that was needed and that nobody is referred to: `RefusedByPerson` or `ServiceUnavailable`.
    pub fn not_referred(&self, record: Uuid, service: &str, status: Status) -> Result<Referral> {
        self.0.not_referred(record, service, status)
    }
    /// Notes how far a referral has come, with what was said on the telephone. Fails with `Answer` if it cannot go there from
    /// its present status.
    pub fn note_referral(
        &self,
        record: Uuid,
        referral: Uuid,
        status: Status,
        note: Option<ReferralNote>,
    ) -> Result<Referral> {
        self.0.note_referral(record, referral, status, note)
    }
    /// The person no longer agrees to one referral: the provider's devices erase what was shared at their next sync.
    pub fn withdraw_referral(&self, record: Uuid, referral: Uuid) -> Result<()> {
        self.0.withdraw_referral(record, referral)
    }
    /// Referrals that have not ended, overdue ones first.
    pub fn open_referrals(&self) -> Result<Vec<OpenReferral>> {
        self.0.open_referrals()
    }
    /// On a provider's device: 50 referrals to her organisation, those that wait longest for an answer first; pages count from
    /// 0.
    pub fn incoming(&self, page: u32) -> Result<Vec<IncomingReferral>> {
        self.0.incoming(page as usize)
    }
    /// On a provider's device: opens a referral, and tells the focal point that it was received.
    pub fn open_referral(&self, referral: Uuid) -> Result<OpenedReferral> {
        self.0.open_referral(referral)
    }
    /// On a provider's device: answers a referral. Fails with `Answer` if it is no longer wanted, or if it cannot go there from
    /// its present status.
    pub fn answer(&self, referral: Uuid, status: Status, note: Option<ReferralNote>) -> Result<IncomingReferral> {
        self.0.answer(referral, status, note)
    }
    /// What waits to be sent and what was refused. Works while locked.
    pub fn waiting(&self) -> Result<Waiting> {
        self.0.waiting()
    }
    /// Sends a record again with the next sync that was refused, or that the server should have: harmless, however often.
    /// Fails with `NotFound` where its bytes are not here any more. Works while locked.
    pub fn send_again(&self, record: Uuid) -> Result<()> {
        self.0.send_again(record)
    }
    /// What waits, as one sealed file that any phone, memory card or e-mail may carry to the server; none when nothing
    /// waits. A phone that was never online asks for its catalog with it. The records go on waiting until `take_parcel` or a
    /// sync settles them. Works while locked.
    pub fn bundle(&self) -> Result<Option<Vec<u8>>> {
        self.0.bundle()
    }
    /// Takes the file that a courier brought back for what `bundle` gave: what became of the records, or, on a phone that was
    /// never online, the catalog. Fails with `Untrusted` if it is no answer to this phone. Works while locked.
    pub fn take_parcel(&self, parcel: Vec<u8>) -> Result<SyncReport> {
        self.0.take_parcel(&parcel)
    }
}

#[uniffi::export(async_runtime = "tokio")]
impl FocalPoint {
    /// Sends what waits and fetches what is new; works while locked. May be dropped at any moment: what was settled stays
    /// settled, and the next run goes on from there.
    pub async fn sync(&self, progress: Option<Arc<dyn SyncProgress>>) -> Result<SyncReport> {
        self.0.sync(&watched(progress)).await
    }
    /// The same, ended by `SyncRun.cancel`.
    pub async fn sync_run(&self, run: Arc<SyncRun>) -> Result<SyncReport> {
        self.0.sync(&run.0).await
    }
    /// Carries the bundle of another phone to the server, and returns the parcel to take back to it.
    pub async fn carry(&self, bundle: Vec<u8>) -> Result<Vec<u8>> {
        self.0.carry(&bundle).await
    }
}
