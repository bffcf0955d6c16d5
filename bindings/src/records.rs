//! What a phone still shows of its records: status, case cards, the log of what was done.

use tabara_core::code::Code;
use tabara_core::envelope::{Digest, PublicKey};
use tabara_core::focal_point::{CaseCard, Slip};
use tabara_core::kind::Reason;
use tabara_core::record::{QuestionnaireRef, Uuid};
use tabara_core::referral::Referral;
use tabara_core::vault::cases::CaseSummary;
use tabara_core::vault::mailbox::{Activity, ActivityKind, RecordStatus, Refusal, Waiting};
use tabara_core::wire::Standing;

/// Where a record is.
#[uniffi::remote(Enum)]
pub enum RecordStatus {
    /// It waits on this phone for the next sync.
    Waiting,
    /// The server keeps it: it is proven to stand in the server's log.
    Kept,
    /// The server keeps it and counts it once a person has looked at it. There is nothing for the focal point to do.
    Quarantined(Reason),
    /// The server refused it; it stays on this phone and is sent again. Tell the coordinator.
    Refused(Reason),
    /// The person took it back, and the server has it no more or has yet to hear of it.
    Withdrawn,
    /// The focal point's earlier phone made it, and sends it.
    Elsewhere,
}

/// Names the exact version of a questionnaire.
#[uniffi::remote(Record)]
pub struct QuestionnaireRef {
    /// Its `form_id`.
    pub id: String,
    /// SHA-256 of the compiled questionnaire, base64url.
    pub sha256: Digest,
}

/// What the vault keeps of a sealed case: codes and dates, no answer and no name.
#[uniffi::remote(Record)]
pub struct CaseSummary {
    /// Id of the record, for `withdraw`, `refer` and `slip`.
    pub record: Uuid,
    /// Id of the case; all records under one slip's code share it.
    pub case: Uuid,
    /// The code on the person's slip; none where the record is about nobody.
    pub code: Option<Code>,
    /// The public key of that slip, base64url; the core's own, an app has no use for it.
    pub slip: Option<PublicKey>,
    /// The questionnaire that was used.
    pub questionnaire: QuestionnaireRef,
    /// Month of the interview in Burundi, `YYYY-MM`.
    pub month: String,
    /// Code of the commune of the interview.
    pub commune: String,
    /// Code of the outcome; none for a questionnaire without screening.
    pub outcome: Option<String>,
    /// Day on which it was sealed, in days since 1970.
    pub day: i64,
    /// The person took it back on this phone.
    pub withdrawn: bool,
    /// The person agreed that coded facts are counted.
    pub counted: bool,
    /// Codes of the services that she needs, as she said: what `refer` should be offered for.
    pub needs: Vec<String>,
    /// She is a child, or may be: child protection comes first.
    pub child: bool,
    /// What was agreed with her.
    pub referrals: Vec<Referral>,
    /// A few words of the focal point to find the case again.
    pub memo: Option<String>,
}

/// A sealed case as the focal point may still see it.
#[uniffi::remote(Record)]
pub struct CaseCard {
    /// What the vault keeps of it.
    pub summary: CaseSummary,
    /// Where its record is.
    pub status: RecordStatus,
}

/// A record that the server refused; it stays on the phone and is sent again.
#[uniffi::remote(Record)]
pub struct Refusal {
    /// Id of the record.
    pub record: Uuid,
    /// What the server says.
    pub reason: Reason,
}

/// How the server sees a phone.
#[uniffi::remote(Enum)]
pub enum Standing {
    /// The first phone of its card, or one that the operator accepted: its records count.
    Trusted,
    /// Another phone used the card first. Its records wait until the operator has looked: tell the coordinator, and ask for a
    /// card of its own.
    Second,
    /// The card was used for the first time long after it had expired. Its records wait: tell the coordinator.
    Late,
    /// It is revoked. What it sends is kept and waits: tell the coordinator.
    Revoked,
}

/// What the focal point is told about her records and the server.
#[uniffi::remote(Record)]
pub struct Waiting {
    /// Records that wait to be sent.
    pub records: u64,
    /// Those of them that wait for a card of the authority under which they were sealed.
    pub for_another_card: u64,
    /// The server asks to send nothing before, seconds since 1970 UTC: the phone has sent more than it may in a day.
    pub later: Option<i64>,
    /// Records that the server refused, with its reason: they stay here. Tell the coordinator.
    pub refused: Vec<Refusal>,
    /// Records that the server had kept and lost after the phone had erased its copy. Tell the coordinator.
    pub lost: u64,
    /// End of the last complete sync; seconds since 1970 UTC.
    pub last_sync: Option<i64>,
    /// The last sync is so long ago that `cases` is empty until the next one.
    pub lease_over: bool,
    /// How the server sees this phone. Whatever is not `Trusted` needs the coordinator.
    pub standing: Standing,
    /// The catalog's time is over: the server withholds newer ones, or the authority has signed none. Tell the coordinator.
    pub catalog_expired: bool,
    /// When the phone last heard that the server was restored from a backup, seconds since 1970 UTC; what it lost is sent
    /// again.
    pub restored: Option<i64>,
    /// The server has signed what cannot all be true: its log was changed. The coordinator is told by the phone, too.
    pub evidence: bool,
    /// The phone's files are an older copy that was put back. Tell the coordinator.
    pub set_back: bool,
}

/// The two codes of a person's slip. Show them to her, and keep them nowhere.
#[uniffi::remote(Record)]
pub struct Slip {
    /// Ties her records together.
    pub code: Code,
    /// The second code: who knows it may withdraw the record, on any phone.
    pub undo: Code,
}

/// What the phone did with records.
#[uniffi::remote(Enum)]
pub enum ActivityKind {
    /// Finished and put in the queue.
    Finished,
    /// The server signed a receipt.
    Sent,
    /// The bytes were erased: the server has kept them long enough, or the person took the record back.
    Purged,
    /// The case card was erased, because its days were over.
    Forgotten,
}

/// One line of the log of what this phone did.
#[uniffi::remote(Record)]
pub struct Activity {
    /// Seconds since 1970 UTC.
    pub at: i64,
    /// What was done.
    pub kind: ActivityKind,
    /// To how many records.
    pub records: u32,
}
