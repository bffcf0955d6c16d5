//! A referral's life: what the focal point agreed with a person, and how far it has come. A small state machine without
//! I/O. Only coded facts leave the phone, one record for each status reached, which corrects the one before; names and
//! places of a service stay with the person and her slip.
//!
//! A referral begins when the person agreed to it (`ready`). That it waits on the phone is its record's fate, no status.

use crate::facts::{Dictionary, FactValue, Facts};
use crate::kind::Kind;
use crate::places;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// How far a referral has come, in the words of its route.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// The person agreed.
    Ready,
    /// The provider was told.
    Sent,
    /// The provider has it.
    Received,
    /// The provider takes the person.
    Accepted,
    /// Help is under way.
    InService,
    /// Help was given.
    Completed,
    /// The provider does not take the person.
    Declined,
    /// The person does not want it any more.
    RefusedByPerson,
    /// There is no such service now.
    ServiceUnavailable,
    /// She no longer agrees.
    Withdrawn,
    /// Nobody answered in time.
    Expired,
    /// Nobody can reach the person.
    LostContact,
}

impl Status {
    /// What may come next; nothing after an end.
    pub fn next(self) -> &'static [Status] {
        use Status::*;
        match self {
            Ready => &[Sent, RefusedByPerson, ServiceUnavailable, Withdrawn],
            Sent => {
                &[Received, Accepted, Declined, ServiceUnavailable, RefusedByPerson, Withdrawn, Expired, LostContact]
            }
            Received => &[Accepted, Declined, ServiceUnavailable, RefusedByPerson, Withdrawn, Expired, LostContact],
            Accepted => &[InService, Completed, RefusedByPerson, Withdrawn, LostContact],
            InService => &[Completed, RefusedByPerson, Withdrawn, LostContact],
            Completed | Declined | RefusedByPerson | ServiceUnavailable | Withdrawn | Expired | LostContact => &[],
        }
    }
    /// The code of the fact `referral_status`, which says less than the status itself.
    pub fn code(self) -> &'static str {
        use Status::*;
        match self {
            Ready => "ready",
            Sent | Received => "sent",
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

/// One referral, as the case card keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Referral {
    /// The referral's id.
    pub referral: Uuid,
    /// The record that told the last status; the next one corrects it.
    pub last: Uuid,
    /// Code of the fact `service_type`.
    pub service: String,
    /// One of [`URGENCIES`].
    pub urgency: String,
    /// Code of the provider's commune, if it is known.
    pub provider_commune: Option<String>,
    /// Where it stands.
    pub status: Status,
    /// When it was sent, seconds since 1970 UTC.
    pub sent: Option<i64>,
}

/// The service, urgency or commune is not one of the codes, or the status cannot come next.
#[derive(Debug, thiserror::Error, Clone, Copy, PartialEq, Eq)]
#[error("not possible for a referral")]
pub struct NotPossible;

impl Referral {
    /// One that the person has agreed to.
    pub fn agreed(service: &str, urgency: &str, provider_commune: Option<&str>) -> Result<Self, NotPossible> {
        let (referral, last) = (Uuid::new_v4(), Uuid::new_v4());
        let (service, urgency) = (service.to_owned(), urgency.to_owned());
        let provider_commune = provider_commune.map(str::to_owned);
        let new = Self { referral, last, service, urgency, provider_commune, status: Status::Ready, sent: None };
        let known = Dictionary::standard().check(Kind::Referral, &new.facts(0)).is_ok()
            && URGENCIES.contains(&new.urgency.as_str())
            && new.provider_commune.as_deref().is_none_or(|commune| places::province_of(commune).is_some());
        if known { Ok(new) } else { Err(NotPossible) }
    }

    /// The same after its next status, which a record of its own tells.
    pub fn advanced(&self, to: Status, now: i64) -> Result<Self, NotPossible> {
        if !self.status.next().contains(&to) {
            return Err(NotPossible);
        }
        let sent = if to == Status::Sent { Some(now) } else { self.sent };
        Ok(Self { last: Uuid::new_v4(), status: to, sent, ..self.clone() })
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
        facts.extend(self.sent.filter(|_| self.status != Status::Sent).map(|sent| ("delay", delay(sent))));
        facts.into_iter().map(|(name, code)| (name.to_owned(), FactValue::One(code.to_owned()))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Status::*;

    const ALL: [Status; 12] = [
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
    ];

    #[test]
    fn from_every_status_each_way_leads_to_an_end_and_a_person_may_always_change_her_mind() {
        for status in ALL {
            let next = status.next();
            assert!(next.is_empty() || next.contains(&Withdrawn), "{status:?}");
            assert!(!next.contains(&status) && !next.contains(&Ready), "{status:?}");
        }
        fn ends(status: Status, steps: u32) -> bool {
            steps < 8 && status.next().iter().all(|next| ends(*next, steps + 1))
        }
        assert!(ends(Ready, 0));
        let reached: Vec<_> = ALL.iter().flat_map(|status| status.next()).collect();
        assert!(ALL[1..].iter().all(|status| reached.contains(&status)));
    }

    #[test]
    fn only_what_the_dictionary_lists_can_be_said_of_it() {
        let agreed = Referral::agreed("sv_medical", "d1", Some("BI-CO-04-02")).unwrap();
        for (service, urgency, commune) in [
            ("a clinic", "d1", None),
            ("sv_medical", "soon", None),
            ("sv_medical", "d1", Some("Kayanza, near the market")),
        ] {
            assert_eq!(Referral::agreed(service, urgency, commune), Err(NotPossible));
        }
        for status in ALL {
            let told = Referral { status, sent: Some(0), ..agreed.clone() };
            assert_eq!(Dictionary::standard().check(Kind::Referral, &told.facts(90_000)), Ok(()), "{status:?}");
        }
    }

    #[test]
    fn a_route_names_an_organisation_and_codes_that_there_are() {
        let (service, urgency) = ("sv_medical".to_owned(), "d1".to_owned());
        let sound = Route { to: "Clinic of Kayanza".into(), service, urgency, status: Sent };
        assert!(sound.is_sound());
        assert!(!Route { to: String::new(), ..sound.clone() }.is_sound());
        assert!(!Route { to: "x".repeat(121), ..sound.clone() }.is_sound());
        assert!(!Route { to: "Clinic\n".into(), ..sound.clone() }.is_sound());
        assert!(!Route { service: "sv_magic".into(), ..sound.clone() }.is_sound());
        assert!(!Route { urgency: "soon".into(), ..sound.clone() }.is_sound());
        let written = r#"{"to":"Clinic","service":"sv_medical","urgency":"d1","status":"sent","name":"Louise"}"#;
        assert!(serde_json::from_str::<Route>(written).is_err(), "nothing else can stand in it");
    }

    #[test]
    fn time_is_told_in_bands_from_the_sending() {
        let sent = Referral::agreed("sv_medical", "h3", None).unwrap().advanced(Sent, 1000).unwrap();
        assert_eq!(sent.facts(5000).get("delay"), None);
        let after = |hours: i64| sent.advanced(Accepted, 0).unwrap().facts(1000 + hours * 3600)["delay"].clone();
        for (hours, band) in
            [(0, "d1"), (24, "d3"), (72, "d14"), (24 * 14, "d30"), (24 * 30, "d90"), (24 * 90, "later")]
        {
            assert_eq!(after(hours), FactValue::One(band.into()), "{hours}");
        }
        assert_eq!(sent.advanced(Completed, 0), Err(NotPossible));
    }
}
