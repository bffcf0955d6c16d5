//! Referrals: what is agreed with a person, what a provider sees and answers, and how far it has come.

use tabara_core::catalog::DeviceRole;
use tabara_core::code::Code;
use tabara_core::focal_point::{IncomingReferral, OpenReferral, OpenedReferral};
use tabara_core::record::Uuid;
use tabara_core::referral::{NewReferral, Referral, ReferralStep, Status};
use tabara_core::share::{Agreement, DeclineReason, ReferralNote, Share};

/// What the owner of a device does.
#[uniffi::remote(Enum)]
pub enum DeviceRole {
    /// Screens and refers.
    FocalPoint,
    /// Is sent people, and answers.
    Provider,
}

/// How far a referral has come. Of two steps that were made without knowing of each other, the later one in this list counts.
#[uniffi::remote(Enum)]
pub enum Status {
    /// It is being written; nothing of it leaves.
    Draft,
    /// The person agreed to it. The provider has no device: tell her by telephone.
    Ready,
    /// It waits for the next sync.
    Queued,
    /// It left the phone, or the provider was told.
    Sent,
    /// The provider has it.
    Received,
    /// The service does not exist or has no place.
    ServiceUnavailable,
    /// The provider will not help.
    Declined,
    /// Nobody answered in time.
    Expired,
    /// The provider will help.
    Accepted,
    /// Help has begun.
    InService,
    /// The person could not be reached any more.
    LostContact,
    /// The person did not want this service after all.
    RefusedByPerson,
    /// Help was given.
    Completed,
    /// The person no longer agrees to be referred.
    Withdrawn,
}

/// Who agreed to a referral; or why it is made without agreement, which a reviewer sees.
#[uniffi::remote(Enum)]
pub enum Agreement {
    /// The person herself.
    Individual,
    /// The caregiver of a child; the child was heard.
    Caregiver,
    /// Somebody else who may decide for her.
    OtherPerson,
    /// Nobody: the best interest of a child asks for it.
    ChildBestInterest,
    /// Nobody: a life is in danger.
    VitalInterest,
    /// Nobody: the law asks for it.
    LegalDuty,
}

/// Why a provider does not take a person.
#[uniffi::remote(Enum)]
pub enum DeclineReason {
    /// All places are taken.
    NoCapacity,
    /// The service is not for her.
    NotEligible,
    /// She is too far away.
    OutOfArea,
    /// Another service is meant.
    WrongService,
}

/// What a provider sees of a person: fill in only what she agreed to, and show it to her as it will be seen. Each text has at
/// most 300 characters.
#[uniffi::remote(Record)]
pub struct Share {
    /// Who agreed.
    pub agreement: Agreement,
    /// What she wants to be called.
    #[uniffi(default)]
    pub name: Option<String>,
    /// Code of `sex`.
    #[uniffi(default)]
    pub sex: Option<String>,
    /// Code of `age_band`.
    #[uniffi(default)]
    pub age_band: Option<String>,
    /// Languages that she speaks.
    #[uniffi(default)]
    pub language: Option<String>,
    /// What she needs.
    #[uniffi(default)]
    pub needs: Option<String>,
    /// What the provider must know of her situation.
    #[uniffi(default)]
    pub situation: Option<String>,
    /// An interpreter, an escort, a small child with her, a disability.
    #[uniffi(default)]
    pub special_needs: Option<String>,
    /// How she is reached: a telephone, a person, a place.
    #[uniffi(default)]
    pub contact_channel: Option<String>,
    /// The number or the place.
    #[uniffi(default)]
    pub contact_reach: Option<String>,
    /// When it is safe.
    #[uniffi(default)]
    pub contact_times: Option<String>,
    /// Who may answer for her.
    #[uniffi(default)]
    pub contact_who: Option<String>,
    /// A phrase by which she knows the caller.
    #[uniffi(default)]
    pub contact_phrase: Option<String>,
    /// She must not be called.
    #[uniffi(default)]
    pub do_not_call: bool,
}

/// What is said with a step. Each text has at most 300 characters.
#[uniffi::remote(Record)]
pub struct ReferralNote {
    /// In words.
    #[uniffi(default)]
    pub text: Option<String>,
    /// When she should come: `2026-12-01 09:00`.
    #[uniffi(default)]
    pub appointment: Option<String>,
    /// Why the provider does not take her.
    #[uniffi(default)]
    pub declined: Option<DeclineReason>,
    /// Another organisation that would.
    #[uniffi(default)]
    pub propose: Option<String>,
    /// The provider has no free place for anybody now.
    #[uniffi(default)]
    pub full: bool,
    /// When the provider is open from now on, as the directory writes hours.
    #[uniffi(default)]
    pub hours: Option<String>,
    /// It was said on the telephone, and the focal point wrote it down.
    #[uniffi(default)]
    pub by_telephone: bool,
}

/// What is agreed with the person, for `refer`.
#[uniffi::remote(Record)]
pub struct NewReferral {
    /// Code of the service.
    pub service: String,
    /// How soon somebody should act: `h1`, `h3`, `d1`, `d3` or `d14`.
    pub urgency: String,
    /// The organisation, as the directory names it.
    #[uniffi(default)]
    pub to: Option<String>,
    /// Code of the provider's commune.
    #[uniffi(default)]
    pub commune: Option<String>,
    /// What the provider may see, and who agreed to it.
    pub share: Share,
}

/// One step of a referral, and who made it.
#[uniffi::remote(Record)]
pub struct ReferralStep {
    /// Id of its record.
    pub record: Uuid,
    /// How far it is with it.
    pub status: Status,
    /// When this phone made it or heard of it; seconds since 1970 UTC.
    pub at: i64,
    /// The provider made it; else the focal point.
    pub by_provider: bool,
    /// What was said with it.
    pub note: Option<ReferralNote>,
}

/// A referral of a case.
#[uniffi::remote(Record)]
pub struct Referral {
    /// Its id, for `noteReferral`.
    pub referral: Uuid,
    /// Code of the service.
    pub service: String,
    /// Code of the urgency.
    pub urgency: String,
    /// The organisation that it goes to.
    pub to: Option<String>,
    /// Code of the provider's commune, if one was chosen.
    pub provider_commune: Option<String>,
    /// How far it has come.
    pub status: Status,
    /// When it was sent; seconds since 1970 UTC.
    pub sent: Option<i64>,
    /// Who agreed to it.
    pub agreement: Agreement,
    /// Ids of the provider's devices that can open it; none if she is told by telephone.
    pub devices: Vec<Uuid>,
    /// All steps that are known here: of two answers both are shown.
    pub steps: Vec<ReferralStep>,
}

/// A referral that has not ended, with what is found again by it.
#[uniffi::remote(Record)]
pub struct OpenReferral {
    /// Id of the case's record.
    pub record: Uuid,
    /// On the person's slip.
    pub code: Option<Code>,
    /// The memo of the case card.
    pub memo: Option<String>,
    /// How far it has come.
    pub referral: Referral,
    /// When somebody should answer; seconds since 1970 UTC.
    pub due: Option<i64>,
    /// That time is over.
    pub overdue: bool,
    /// The provider's device was revoked, and nobody has answered: refer again, or call.
    pub unreadable: bool,
    /// It does not wait for a sync: call the provider, and note what was said.
    pub call_now: bool,
}

/// A line of a provider's list: nothing that tells who it is.
#[uniffi::remote(Record)]
pub struct IncomingReferral {
    /// Its id, for `openReferral` and `answer`.
    pub referral: Uuid,
    /// On the person's slip.
    pub code: Option<Code>,
    /// Code of the service.
    pub service: String,
    /// Code of the urgency.
    pub urgency: String,
    /// Code of the age band, if she agreed to share it.
    pub age_band: Option<String>,
    /// The organisation that refers.
    pub from: String,
    /// How far it has come, with what colleagues have said. `Withdrawn`: say "no longer wanted".
    pub status: Status,
    /// When it was sent; seconds since 1970 UTC.
    pub sent: Option<i64>,
    /// When an answer is due; none once there is one.
    pub due: Option<i64>,
    /// That time is over.
    pub overdue: bool,
    /// This device can open it. If not, it came later than the referral: a colleague's can.
    pub opens: bool,
}

/// A referral, opened.
#[uniffi::remote(Record)]
pub struct OpenedReferral {
    /// Its line in the list.
    pub line: IncomingReferral,
    /// What the person agreed that the provider may see; none if this device cannot open it.
    pub share: Option<Share>,
    /// All steps that are known here.
    pub steps: Vec<ReferralStep>,
}
