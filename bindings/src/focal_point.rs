//! The one object an app holds, and an interview that is going on. Documented in `tabara_core::focal_point`.

use crate::error::Result;
use crate::secret::{DeviceSecret, HostSecretAdapter};
use crate::sync::{SyncProgress, SyncReport, tell};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tabara_core::clock::SystemClock;
use tabara_core::envelope::Digest;
use tabara_core::focal_point::{self as core, CaseCard, QuestionnaireInfo, State};
use tabara_core::interview::{Missing, Page};
use tabara_core::record::{Code, Kind, QuestionnaireRef, Reason, Uuid};
use tabara_core::referral::{Referral, Service, Status};
use tabara_core::screening::{Advice, Outcome};
use tabara_core::sync::Progress;
use tabara_core::vault::cases::CaseSummary;
use tabara_core::vault::drafts::DraftInfo;
use tabara_core::vault::mailbox::{self, Activity, ActivityKind, RecordStatus};

#[uniffi::remote(Enum)]
pub enum State {
    NotEnrolled,
    Locked { attempts_left: u32, retry_after: Duration },
    Unlocked,
    VaultGone,
}

#[uniffi::remote(Record)]
pub struct QuestionnaireInfo {
    pub id: String,
    pub title: String,
    pub version: String,
    pub kind: Kind,
    pub languages: Vec<String>,
}

#[uniffi::remote(Record)]
pub struct DraftInfo {
    pub draft: Uuid,
    pub questionnaire: String,
    pub sha256: Digest,
    pub started: i64,
}

#[uniffi::remote(Enum)]
pub enum RecordStatus {
    Waiting,
    Kept,
    /// The server has it; it is counted once a person has looked at it. Nothing for the focal point to do.
    Quarantined(Reason),
    Refused(Reason),
    /// The person took it back on another phone.
    Withdrawn,
}

#[uniffi::remote(Record)]
pub struct QuestionnaireRef {
    pub id: String,
    pub sha256: Digest,
}

#[uniffi::remote(Enum)]
pub enum Status {
    Ready,
    Sent,
    Received,
    Accepted,
    InService,
    Completed,
    Declined,
    RefusedByPerson,
    ServiceUnavailable,
    Withdrawn,
    Expired,
    LostContact,
}

#[uniffi::remote(Record)]
pub struct Service {
    pub name: String,
    pub commune: String,
    pub offers: Vec<String>,
    pub contact: String,
}

#[uniffi::remote(Record)]
pub struct Referral {
    pub referral: Uuid,
    pub last: Uuid,
    pub service: String,
    pub urgency: String,
    pub provider_commune: Option<String>,
    pub status: Status,
    pub sent: Option<i64>,
}

#[uniffi::remote(Record)]
pub struct CaseSummary {
    pub record: Uuid,
    pub case: Uuid,
    pub code: Option<Code>,
    pub questionnaire: QuestionnaireRef,
    pub month: String,
    pub commune: String,
    pub outcome: Option<String>,
    pub day: i64,
    pub withdrawn: bool,
    pub counted: bool,
    pub referrals: Vec<Referral>,
}

#[uniffi::remote(Record)]
pub struct CaseCard {
    pub summary: CaseSummary,
    pub status: RecordStatus,
}

/// A record that the server refused, and why: it stays on the phone.
#[derive(uniffi::Record)]
pub struct Refusal {
    pub record: Uuid,
    pub reason: Reason,
}

/// What waits to be sent.
#[derive(uniffi::Record)]
pub struct Waiting {
    pub records: u64,
    pub refused: Vec<Refusal>,
    /// Seconds since 1970 UTC.
    pub last_sync: Option<i64>,
    /// The last sync is so long ago that cases are hidden until the next one.
    pub lease_over: bool,
}

/// A code of the questionnaire with its words in the language of the interview.
#[derive(Clone, uniffi::Record)]
pub struct LabelledCode {
    pub code: String,
    pub label: String,
}

/// What the screening says to the focal point.
#[derive(uniffi::Record)]
pub struct ScreeningResult {
    pub outcome: LabelledCode,
    /// What to do, the most pressing first.
    pub advice: Vec<LabelledCode>,
    /// What needs help at once.
    pub urgent: Vec<LabelledCode>,
    /// For which she may call the person presumed; none where that cannot be.
    pub raise_reasons: Vec<LabelledCode>,
    /// There is consent: finishing makes a record. Without it, finishing erases the answers.
    pub recordable: bool,
}

/// What a finished interview leaves: both codes go onto the person's slip. `FocalPoint.slip` gives them again.
#[derive(uniffi::Record)]
pub struct Finished {
    pub record: Uuid,
    pub code: Option<Code>,
    pub undo: Option<Code>,
    pub result: ScreeningResult,
}

/// The two codes of a person's slip.
#[derive(uniffi::Record)]
pub struct Slip {
    pub code: Code,
    pub undo: Code,
}

#[uniffi::remote(Enum)]
pub enum ActivityKind {
    Finished,
    Sent,
    Purged,
    Forgotten,
}

#[uniffi::remote(Record)]
pub struct Activity {
    pub at: i64,
    pub kind: ActivityKind,
    pub records: u32,
}

/// A focal point's folder on this phone. Calls are synchronous; call them off the main thread. Those marked *slow* stretch
/// the PIN with Argon2id: up to a second or two on a cheap phone.
#[derive(uniffi::Object)]
pub struct FocalPoint(core::FocalPoint);

#[uniffi::export]
impl FocalPoint {
    /// Opens a folder, or begins an empty one, and finishes what a crash cut off. Hold one object for a folder.
    #[uniffi::constructor]
    pub fn open(folder: &str, secret: Arc<dyn DeviceSecret>) -> Result<Self> {
        let clock = Arc::new(SystemClock::default());
        Ok(Self(core::FocalPoint::open(Path::new(folder), Arc::new(HostSecretAdapter(secret)), clock)?))
    }
    /// What to show first.
    pub fn state(&self) -> Result<State> {
        Ok(self.0.state()?)
    }
    /// Takes a card into use, with no network, and unlocks. *Slow.* On an enrolled phone it is the way out of a forgotten
    /// PIN, a lost key store or a damaged vault: drafts and case cards are gone then, what waits to be sent is sent.
    pub fn enrol(&self, card: &str, pin: &str) -> Result<()> {
        Ok(self.0.enrol(card, pin)?)
    }
    /// Opens the vault. *Slow.*
    pub fn unlock(&self, pin: &str) -> Result<()> {
        Ok(self.0.unlock(pin)?)
    }
    /// Closes the vault and forgets its key. Every session answers `Locked` until the next unlock, and then goes on.
    pub fn lock(&self) {
        self.0.lock();
    }
    /// *Slow.* The old PIN opens nothing any more.
    pub fn change_pin(&self, old: &str, new: &str) -> Result<()> {
        Ok(self.0.change_pin(old, new)?)
    }
    /// Panic: destroys the vault at once, locked or not. What was finished is still sent.
    pub fn wipe(&self) -> Result<()> {
        Ok(self.0.wipe()?)
    }
    /// What can be started; empty before the first sync.
    pub fn questionnaires(&self) -> Result<Vec<QuestionnaireInfo>> {
        Ok(self.0.questionnaires()?)
    }
    /// Begins an interview; its draft is on the disk when this returns.
    pub fn start(&self, questionnaire: &str, language: &str) -> Result<Session> {
        Ok(Session(self.0.start(questionnaire, language)?))
    }
    /// Interviews that are not finished, the newest first.
    pub fn drafts(&self) -> Result<Vec<DraftInfo>> {
        Ok(self.0.drafts()?)
    }
    /// Goes on with a draft at the exact place where it was left.
    pub fn resume(&self, draft: Uuid) -> Result<Session> {
        Ok(Session(self.0.resume(draft)?))
    }
    /// 50 cases, the newest first; pages count from 0.
    pub fn cases(&self, page: u32) -> Result<Vec<CaseCard>> {
        Ok(self.0.cases(page as usize)?)
    }
    /// The cases of the person who shows a slip.
    pub fn cases_of(&self, code: &str) -> Result<Vec<CaseCard>> {
        Ok(self.0.cases_of(code)?)
    }
    /// The slip of a record once more, where the app went down before it was written; none where the record is about nobody.
    pub fn slip(&self, record: Uuid) -> Result<Option<Slip>> {
        Ok(self.0.slip(record)?.map(|(code, undo)| Slip { code, undo }))
    }
    /// 50 lines of what this phone did with records, the newest first; pages count from 0. Works while locked.
    pub fn activities(&self, page: u32) -> Result<Vec<Activity>> {
        Ok(self.0.activities(page as usize)?)
    }
    /// Call `lock` after so long without use: the policy of the last sync.
    pub fn lock_after(&self) -> Result<Duration> {
        Ok(self.0.lock_after()?)
    }
    /// The person takes a record back: the withdrawal goes out with the next sync.
    pub fn withdraw(&self, record: Uuid) -> Result<()> {
        Ok(self.0.withdraw(record)?)
    }
    /// The person shows her slip and takes back what was recorded under it, on whatever phone: with the second secret at
    /// once, without it once a reviewer has decided. `NotFound` where code or secret is mistyped.
    pub fn withdraw_slip(&self, code: &str, secret: Option<String>) -> Result<()> {
        Ok(self.0.withdraw_slip(code, secret.as_deref())?)
    }
    /// The services of the catalog's directory.
    pub fn services(&self) -> Result<Vec<Service>> {
        Ok(self.0.services()?)
    }
    /// A referral that the person of a case has agreed to, by codes of `facts.csv`.
    pub fn refer(&self, record: Uuid, service: &str, urgency: &str, commune: Option<String>) -> Result<Referral> {
        Ok(self.0.refer(record, service, urgency, commune.as_deref())?)
    }
    /// How far a referral has come. `Answer` where it cannot come to that from where it stands.
    pub fn note_referral(&self, record: Uuid, referral: Uuid, status: Status) -> Result<Referral> {
        Ok(self.0.note_referral(record, referral, status)?)
    }
    /// What waits to be sent and what was refused. Works while locked.
    pub fn waiting(&self) -> Result<Waiting> {
        let mailbox::Waiting { records, refused, last_sync, lease_over } = self.0.waiting()?;
        let refused = refused.into_iter().map(|(record, reason)| Refusal { record, reason }).collect();
        Ok(Waiting { records, refused, last_sync, lease_over })
    }
}

#[uniffi::export(async_runtime = "tokio")]
impl FocalPoint {
    /// Sends what waits and fetches what is new; works while locked. May be dropped at any moment: what was settled stays
    /// settled, and the next run goes on from there.
    pub async fn sync(&self, progress: Option<Arc<dyn SyncProgress>>) -> Result<SyncReport> {
        Ok(self.0.sync(&Progress::new(tell(progress))).await?.into())
    }
}

/// An interview that is going on: a handle, which survives `lock` and is good again after `unlock`. Every answer is on the
/// disk when the call returns.
#[derive(uniffi::Object)]
pub struct Session(core::Session);

#[uniffi::export]
impl Session {
    /// Names the draft, for `resume`.
    pub fn draft(&self) -> Uuid {
        self.0.draft()
    }
    /// Everything to draw the page at hand.
    pub fn page(&self) -> Result<Page> {
        Ok(self.0.page()?)
    }
    /// Gives an answer as XLSForm writes it (`yes`; `a b c` for several; `2024-03-01`; `17`), or clears it.
    pub fn answer(&self, path: &str, value: Option<String>) -> Result<Page> {
        Ok(self.0.answer(path, value.as_deref())?)
    }
    /// The next page; the same one, `refused` and with its messages, while something on it is missing or wrong.
    pub fn next(&self) -> Result<Page> {
        Ok(self.0.next()?)
    }
    pub fn back(&self) -> Result<Page> {
        Ok(self.0.back()?)
    }
    /// The page that holds a question.
    pub fn jump(&self, path: &str) -> Result<Page> {
        Ok(self.0.jump(path)?)
    }
    pub fn set_language(&self, language: &str) -> Result<Page> {
        Ok(self.0.set_language(language)?)
    }
    /// One more row of a repeat, where a page asks for `another`, and its first page.
    pub fn add_row(&self, path: &str) -> Result<Page> {
        Ok(self.0.add_row(path)?)
    }
    /// Takes a row out: `roster[2]`.
    pub fn remove_row(&self, path: &str) -> Result<Page> {
        Ok(self.0.remove_row(path)?)
    }
    /// What must still be answered or mended before the end.
    pub fn missing(&self) -> Result<Vec<Missing>> {
        Ok(self.0.missing()?)
    }
    /// What the screening says as the answers stand now.
    pub fn screening_result(&self) -> Result<ScreeningResult> {
        let (assessment, labels) = (self.0.assessment()?, self.0.labels()?);
        let urgent: Vec<String> = assessment.urgent.iter().cloned().collect();
        let mut result = screening_result(&labels, assessment.outcome, &assessment.advice(), &urgent);
        if assessment.is_raisable() {
            let reason = |(code, label): (&str, &str)| LabelledCode { code: code.into(), label: label.into() };
            result.raise_reasons = labels.list("raise_reason").into_iter().map(reason).collect();
        }
        Ok(result)
    }
    /// Ends the conversation: what was said can still be finished into a record, or discarded.
    pub fn stop(&self) -> Result<Page> {
        Ok(self.0.stop()?)
    }
    /// Erases the interview.
    pub fn discard(&self) -> Result<()> {
        Ok(self.0.discard()?)
    }
    /// Seals the answers, makes the signed record and erases what was readable. `raise`: the code of a reason for which the
    /// focal point calls the person presumed. Fails with `Incomplete`; with `NoConsent` the answers are erased.
    pub fn finish(&self, raise: Option<String>) -> Result<Finished> {
        let labels = self.0.labels()?;
        let core::Finished { record, code, undo, outcome, advice, urgent } = self.0.finish(raise.as_deref())?;
        Ok(Finished { record, code, undo, result: screening_result(&labels, outcome, &advice, &urgent) })
    }
}

fn screening_result(labels: &core::Labels, outcome: Outcome, advice: &[Advice], urgent: &[String]) -> ScreeningResult {
    let labelled =
        |list: &str, code: &str| LabelledCode { code: code.to_owned(), label: labels.of(list, code).to_owned() };
    ScreeningResult {
        outcome: labelled("outcome", outcome.code()),
        advice: advice.iter().map(|advice| labelled("advice", advice.code())).collect(),
        urgent: urgent.iter().map(|code| labelled("urgent", code)).collect(),
        raise_reasons: vec![],
        recordable: outcome != Outcome::NotScreened,
    }
}
