//! A referral's life: what the focal point agreed with a person, and how far it has come. A small state machine without
//! I/O. Each step is a record of who made it, and names the first one: so steps that two phones make offline stand side by
//! side, and [`Status`], which is ordered, says which of them counts: the furthest. A withdrawal is further than all.
//!
//! `route` says in the clear where it goes and how far it is; what the provider may read of the person is sealed
//! ([`crate::share`]).

use crate::facts::{Dictionary, FactValue, Facts};
use crate::kind::Kind;
use crate::places;
use crate::share::{Agreement, ReferralNote, Share};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// How far a referral has come, in the words of its route. In the order in which one beats another that was made without
/// knowing of it: of all steps of a referral the greatest is its status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It is being written on the phone; nothing of it leaves.
    Draft,
    /// The person agreed, or the reason to act without her agreement is written down.
    Ready,
    /// It waits on the phone for a connection.
    Queued,
    /// It left the phone, or the provider was told.
    Sent,
    /// The provider has it.
    Received,
    /// There is no such service now.
    ServiceUnavailable,
    /// The provider does not take the person.
    Declined,
    /// Nobody answered in time.
    Expired,
    /// The provider takes the person.
    Accepted,
    /// Help is under way.
    InService,
    /// Nobody can reach the person.
    LostContact,
    /// The person does not want it any more.
    RefusedByPerson,
    /// Help was given.
    Completed,
    /// She no longer agrees. Nothing of it may be kept.
    Withdrawn,
}

impl Status {
    /// All of them, in their order.
    pub const ALL: [Self; 14] = {
        use Status::*;
        [
            Draft,
            Ready,
            Queued,
            Sent,
            Received,
            ServiceUnavailable,
            Declined,
            Expired,
            Accepted,
            InService,
            LostContact,
            RefusedByPerson,
            Completed,
            Withdrawn,
        ]
    };

    /// What may come next; nothing after an end.
    pub fn next(self) -> &'static [Status] {
        use Status::*;
        match self {
            Draft => &[Ready, ServiceUnavailable, RefusedByPerson, Withdrawn],
            Ready => &[Queued, Sent, ServiceUnavailable, RefusedByPerson, Withdrawn],
            Queued => &[Sent, ServiceUnavailable, RefusedByPerson, Withdrawn],
            Sent => {
                &[Received, ServiceUnavailable, Declined, Expired, Accepted, LostContact, RefusedByPerson, Withdrawn]
            }
            Received => &[ServiceUnavailable, Declined, Expired, Accepted, LostContact, RefusedByPerson, Withdrawn],
            Accepted => &[InService, LostContact, RefusedByPerson, Completed, Withdrawn],
            InService => &[LostContact, RefusedByPerson, Completed, Withdrawn],
            Completed | Declined | RefusedByPerson | ServiceUnavailable | Withdrawn | Expired | LostContact => &[],
        }
    }
    /// Whether nothing comes after it.
    pub fn is_end(self) -> bool {
        self.next().is_empty()
    }
    /// Whether a provider's device may say so.
    pub fn is_by_provider(self) -> bool {
        use Status::*;
        match self {
            Received | ServiceUnavailable | Declined | Accepted | InService | LostContact | RefusedByPerson
            | Completed => true,
            Draft | Ready | Queued | Sent | Expired | Withdrawn => false,
        }
    }
    /// The code of the fact `referral_status`, which says less than the status itself.
    pub fn code(self) -> &'static str {
        use Status::*;
        match self {
            Draft | Ready => "ready",
            Queued | Sent | Received => "sent",
            Accepted | InService => "accepted",
            Completed => "completed",
            Declined => "declined",
            RefusedByPerson | Withdrawn => "refused",
            ServiceUnavailable => "unavailable",
            Expired | LostContact => "lapsed",
        }
    }
}

/// How soon somebody should act: within one hour, three hours, one day, three days, or as routine.
pub const URGENCIES: [&str; 5] = ["h1", "h3", "d1", "d3", "d14"];

/// Seconds within which somebody should have answered, by urgency.
pub fn answer_within(urgency: &str) -> i64 {
    const HOUR: i64 = 3600;
    match urgency {
        "h1" => HOUR,
        "h3" => 3 * HOUR,
        "d1" => 24 * HOUR,
        "d3" => 3 * 24 * HOUR,
        _ => 14 * 24 * HOUR,
    }
}

/// Whether the provider is called at once: what has hours does not wait for a sync.
pub fn is_call_now(urgency: &str) -> bool {
    matches!(urgency, "h1" | "h3")
}

/// Where a referral goes and how far it has come: what the server needs to forward it, and nothing of the person. It
/// stands beside the facts, and is there also where the person does not agree to be counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Route {
    /// The organisation, as the cards of its devices name it.
    pub to: String,
    /// Code of the fact `service_type`.
    pub service: String,
    /// One of [`URGENCIES`].
    pub urgency: String,
    /// Where it stands.
    pub status: Status,
}

impl Route {
    /// An organisation's name is at most this long, in bytes.
    pub const MAX_NAME: usize = 120;

    /// Whether it is within its bounds: a name that can be one, and codes that there are.
    pub fn is_sound(&self) -> bool {
        let service = [("service_type".to_owned(), FactValue::One(self.service.clone()))].into();
        (1..=Self::MAX_NAME).contains(&self.to.len())
            && !self.to.chars().any(char::is_control)
            && URGENCIES.contains(&self.urgency.as_str())
            && Dictionary::standard().check(Kind::Referral, &service).is_ok()
    }
}

/// What the focal point and the person agreed on, before anything of it leaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewReferral {
    /// Code of the fact `service_type`.
    pub service: String,
    /// One of [`URGENCIES`].
    pub urgency: String,
    /// The organisation, as the directory names it; none while it is open.
    pub to: Option<String>,
    /// Code of the provider's commune, if it is known.
    pub commune: Option<String>,
    /// What the provider may see, and who agreed to it.
    pub share: Share,
}

/// One step of a referral, and who made it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReferralStep {
    /// Its record.
    pub record: Uuid,
    /// How far it is with it.
    pub status: Status,
    /// When this phone made it, or heard of it; seconds since 1970 UTC.
    pub at: i64,
    /// The provider's device made it; else the focal point.
    pub by_provider: bool,
    /// What was said with it.
    pub note: Option<ReferralNote>,
}

/// One referral, as the case card keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Referral {
    /// Id of its first record; all later ones name it.
    pub referral: Uuid,
    /// Code of the fact `service_type`.
    pub service: String,
    /// One of [`URGENCIES`].
    pub urgency: String,
    /// The organisation that it goes to.
    #[serde(default)]
    pub to: Option<String>,
    /// Code of the provider's commune, if it is known.
    pub provider_commune: Option<String>,
    /// The greatest status of all steps.
    pub status: Status,
    /// When it was sent, seconds since 1970 UTC.
    pub sent: Option<i64>,
    /// Who agreed to it, or why nobody was asked.
    #[serde(default)]
    pub agreement: Agreement,
    /// The provider's devices that can open it. None: she is told by telephone.
    #[serde(default)]
    pub devices: Vec<Uuid>,
    /// All steps that are known here, in the order in which they became known.
    #[serde(default)]
    pub steps: Vec<ReferralStep>,
}

/// The service, urgency or commune is not one of the codes, or the status cannot come next.
#[derive(Debug, thiserror::Error, Clone, Copy, PartialEq, Eq)]
#[error("not possible for a referral")]
pub struct NotPossible;

impl Referral {
    /// One that is agreed, with its codes checked. What may be shared is checked by [`Share::check`].
    pub fn agreed(new: &NewReferral) -> Result<Self, NotPossible> {
        let NewReferral { service, urgency, to, commune, share } = new;
        let known = Self {
            referral: Uuid::new_v4(),
            service: service.clone(),
            urgency: urgency.clone(),
            to: to.clone(),
            provider_commune: commune.clone(),
            status: Status::Ready,
            sent: None,
            agreement: share.agreement,
            devices: vec![],
            steps: vec![],
        };
        let route = known.route().unwrap_or_else(|| known.route_to("-"));
        let placed = commune.as_deref().is_none_or(|commune| places::province_of(commune).is_some());
        if placed && route.is_sound() { Ok(known) } else { Err(NotPossible) }
    }

    /// Its route as it stands; none if nobody is chosen.
    pub fn route(&self) -> Option<Route> {
        self.to.as_ref().map(|to| self.route_to(to))
    }

    fn route_to(&self, to: &str) -> Route {
        let (service, urgency) = (self.service.clone(), self.urgency.clone());
        Route { to: to.to_owned(), service, urgency, status: self.status }
    }

    /// Takes a step that comes next.
    pub fn advance(&mut self, step: ReferralStep) -> Result<(), NotPossible> {
        if !self.status.next().contains(&step.status) {
            return Err(NotPossible);
        }
        self.merge(step);
        Ok(())
    }

    /// Takes a step that somebody else made, whatever is known here; once.
    pub fn merge(&mut self, step: ReferralStep) {
        if self.steps.iter().any(|known| known.record == step.record) {
            return;
        }
        if step.status == Status::Sent {
            self.sent = self.sent.or(Some(step.at));
        }
        self.status = self.status.max(step.status);
        self.steps.push(step);
    }

    /// She no longer agrees: what was said goes.
    pub fn withdraw(&mut self) {
        self.status = Status::Withdrawn;
        self.steps.clear();
    }

    /// Until when somebody should have answered; none where nobody need any more.
    pub fn due(&self) -> Option<i64> {
        let waits = matches!(self.status, Status::Queued | Status::Sent | Status::Received);
        self.sent.filter(|_| waits).map(|sent| sent + answer_within(&self.urgency))
    }

    /// Whether whom it was sent to does not take the person: another provider is to be asked.
    pub fn needs_another(&self) -> bool {
        self.to.is_some() && matches!(self.status, Status::Declined | Status::ServiceUnavailable | Status::Expired)
    }

    /// Whether the provider is called about it now, since it has hours and she does not have it yet.
    pub fn is_call_now(&self) -> bool {
        is_call_now(&self.urgency) && self.status < Status::Received
    }

    /// What may be counted of it, without month and place.
    pub fn facts(&self, now: i64) -> Facts {
        let days = |sent: i64| now.saturating_sub(sent).max(0) / (24 * 3600);
        let delay = |sent| match days(sent) {
            0 => "d1",
            1..3 => "d3",
            3..14 => "d14",
            14..30 => "d30",
            30..90 => "d90",
            _ => "later",
        };
        let mut facts = vec![("service_type", self.service.as_str()), ("referral_status", self.status.code())];
        facts.extend(self.sent.filter(|_| self.status > Status::Sent).map(|sent| ("delay", delay(sent))));
        facts.into_iter().map(|(name, code)| (name.to_owned(), FactValue::One(code.to_owned()))).collect()
    }
}

#[cfg(test)]
mod tests;
