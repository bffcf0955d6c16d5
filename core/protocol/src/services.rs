//! The service directory: whom a focal point can refer a person to, and whom anyone may call. The catalog brings it as a
//! part, a JSON list of [`Service`], in the terms of Open Referral's HSDS 3 where it has them. [`Directory::read`] bounds
//! and checks it; [`Directory::search`] finds what is near, open and for this person, without a network.
//!
//! A desk reads the same services from a spreadsheet and asks [`Service::faults`] about each row, so that desk and phone
//! know one rule. The few numbers that a phone knows before it has a card are in `services/lines.csv`.

mod hours;
mod lines;
mod search;

pub use hours::{Hours, Opening};
pub use lines::{HelpLine, known_lines};
pub use search::{Distance, FoundService, ServiceQuery, ServiceRemark};

use crate::envelope::{from_json, sha256};
use crate::facts::{Codes, Dictionary};
use crate::places;
use crate::referral::Referral;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use uuid::Uuid;

/// A directory holds at most so many services.
pub const MAX_SERVICES: usize = 10_000;
/// A directory is at most so long, in bytes.
pub const MAX_DIRECTORY: usize = 4 * 1024 * 1024;
/// Names, and each entry of a list, are at most so long, in bytes.
pub const MAX_NAME: usize = 120;
/// Address, accessibility and hours are at most so long, in bytes.
pub const MAX_TEXT: usize = 400;
/// A service has at most so many numbers, and so many languages.
pub const MAX_ENTRIES: usize = 8;
/// The place of a service that works in the whole country.
pub const NATION: &str = "BI";

/// Whom a service is for, where it is not for all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ServiceSex {
    /// Women and girls.
    Female,
    /// Men and boys.
    Male,
}

/// A number that anyone may call at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LineKind {
    /// When a life is in danger.
    Emergency,
    /// Advice and help by telephone.
    Hotline,
}

/// One service of one organisation at one place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Service {
    /// Stays the same when the service is corrected; see [`Service::id_of`].
    pub id: Uuid,
    /// Who gives it, as the cards of its devices name the organisation.
    pub organisation: String,
    /// Its name, for people.
    pub name: String,
    /// Where it is: a commune or province, [`NATION`] for the whole country, or the ISO 3166 code of another country.
    pub place: String,
    /// Codes of the fact `service_type`.
    pub offers: Vec<String>,
    /// When it is open, as [`Hours`] reads it; empty where nobody wrote it down.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub hours: String,
    /// None: for all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sex: Option<ServiceSex>,
    /// Youngest age in years; none: no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minimum_age: Option<u8>,
    /// Oldest age in years; none: no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maximum_age: Option<u8>,
    /// Spoken there, by ISO 639 code: `rn`, `fr`, `sw`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub languages: Vec<String>,
    /// For people with a disability: what is there, in words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub accessibility: String,
    /// Telephone numbers: digits, spaces, a `+` in front.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub phones: Vec<String>,
    /// An e-mail address.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub email: String,
    /// How to get there, in words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub address: String,
    /// People it can take now: 0 when it is full, none where nobody counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capacity: Option<u32>,
    /// The day on which somebody last made sure of all this, `YYYY-MM-DD`; empty: nobody has.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub verified: String,
    /// Whether it is a number to call at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<LineKind>,
}

/// A column of the directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs, reason = "they are the fields of Service")]
pub enum ServiceField {
    Id,
    Organisation,
    Name,
    Place,
    Offers,
    Hours,
    Sex,
    MinimumAge,
    MaximumAge,
    Languages,
    Accessibility,
    Phones,
    Email,
    Address,
    Capacity,
    Verified,
    Line,
}

/// What is wrong with a field of a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ServiceFault {
    /// It must not be empty.
    Missing,
    /// It is longer than its limit.
    TooLong,
    /// It is not one of the codes that there are: no such commune, service or language.
    Unknown,
    /// It is not written as it should be.
    Malformed,
    /// Another service has it already.
    Twice,
}

/// Why a directory is refused, as a whole: it is mended before it is published.
#[derive(Debug, thiserror::Error, Clone, Copy, PartialEq, Eq)]
pub enum BadDirectory {
    /// More bytes or services than there may be.
    #[error("longer than a directory may be")]
    Oversize,
    /// Not a list of services.
    #[error("not a list of services")]
    Unreadable,
    /// A service that cannot be.
    #[error("service {at}: {field:?} is {fault:?}")]
    Service {
        /// Its place in the list, from 0.
        at: usize,
        /// Its field.
        field: ServiceField,
        /// What is wrong with it.
        fault: ServiceFault,
    },
}

impl Service {
    /// The id that a service gets where none was written: the same for the same organisation, name and place.
    pub fn id_of(organisation: &str, name: &str, place: &str) -> Uuid {
        let hash = sha256([organisation, name, place].join("\n").as_bytes()).0;
        uuid::Builder::from_random_bytes(hash[..16].try_into().expect("16 of 32 bytes")).into_uuid()
    }

    /// Its commune; none where it works in a whole province or country.
    pub fn commune(&self) -> Option<&str> {
        places::province_of(&self.place).map(|_| self.place.as_str())
    }

    /// Everything that is wrong with it, field by field.
    pub fn faults(&self) -> Vec<(ServiceField, ServiceFault)> {
        use ServiceFault::{Malformed, Missing, Unknown};
        let mut found = Vec::new();
        let mut wrong = |field, fault: Option<ServiceFault>| found.extend(fault.map(|fault| (field, fault)));
        let needed = |text: &str| if text.trim().is_empty() { Some(Missing) } else { plain(text, MAX_NAME) };
        wrong(ServiceField::Organisation, needed(&self.organisation));
        wrong(ServiceField::Name, needed(&self.name));
        let place =
            if self.place.is_empty() { Some(Missing) } else { Some(Unknown).filter(|_| !is_place(&self.place)) };
        wrong(ServiceField::Place, place);
        let known = |code: &String| service_types().iter().any(|known| known == code);
        let offers = if self.offers.is_empty() { Some(Missing) } else { None };
        wrong(ServiceField::Offers, offers.or((!self.offers.iter().all(known)).then_some(Unknown)));
        wrong(ServiceField::Offers, too_many(self.offers.len(), service_types().len()));
        let hours = plain(&self.hours, MAX_TEXT).or(Hours::parse(&self.hours).is_none().then_some(Malformed));
        wrong(ServiceField::Hours, hours);
        let ages = self.minimum_age.unwrap_or(0) <= self.maximum_age.unwrap_or(u8::MAX);
        wrong(ServiceField::MaximumAge, (!ages).then_some(Malformed));
        let language = |tag: &String| matches!(tag.len(), 2 | 3) && tag.bytes().all(|b| b.is_ascii_lowercase());
        wrong(ServiceField::Languages, (!self.languages.iter().all(language)).then_some(Unknown));
        wrong(ServiceField::Languages, too_many(self.languages.len(), MAX_ENTRIES));
        wrong(ServiceField::Accessibility, plain(&self.accessibility, MAX_TEXT));
        wrong(ServiceField::Phones, (!self.phones.iter().all(|number| is_number(number))).then_some(Malformed));
        wrong(ServiceField::Phones, too_many(self.phones.len(), MAX_ENTRIES));
        wrong(ServiceField::Phones, (self.line.is_some() && self.phones.is_empty()).then_some(Missing));
        let email = self.email.is_empty()
            || self.email.split_once('@').is_some_and(|(name, host)| !name.is_empty() && host.contains('.'));
        wrong(ServiceField::Email, plain(&self.email, MAX_NAME).or((!email).then_some(Malformed)));
        wrong(ServiceField::Address, plain(&self.address, MAX_TEXT));
        let date = |text: &str| text.len() == 10 && text.parse::<jiff::civil::Date>().is_ok();
        wrong(ServiceField::Verified, (!self.verified.is_empty() && !date(&self.verified)).then_some(Malformed));
        found
    }
}

fn plain(text: &str, most: usize) -> Option<ServiceFault> {
    let long = (text.len() > most).then_some(ServiceFault::TooLong);
    long.or(text.chars().any(char::is_control).then_some(ServiceFault::Malformed))
}

fn too_many(entries: usize, most: usize) -> Option<ServiceFault> {
    (entries > most).then_some(ServiceFault::TooLong)
}

fn is_number(number: &str) -> bool {
    let digits = number.strip_prefix('+').unwrap_or(number);
    (3..=24).contains(&number.len())
        && digits.starts_with(|c: char| c.is_ascii_digit())
        && digits.bytes().all(|b| b.is_ascii_digit() || b == b' ')
}

/// Whether a service can be there.
fn is_place(code: &str) -> bool {
    code == NATION || places::name(code).is_some() || places::is_country(code)
}

/// The codes of the fact `service_type`, in the order of the dictionary.
pub fn service_types() -> &'static [String] {
    match Dictionary::standard().get("service_type").map(|fact| &fact.codes) {
        Some(Codes::List(codes)) => codes,
        _ => &[],
    }
}

/// The services of a catalog, all of them sound.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Directory {
    services: Vec<Service>,
    /// When each is open, read once.
    hours: Vec<Hours>,
}

impl Directory {
    /// Reads the part of a catalog. One service that could not be referred to makes all of it unfit, so that it is mended
    /// before it is published.
    pub fn read(json: &[u8]) -> Result<Self, BadDirectory> {
        if json.len() > MAX_DIRECTORY {
            return Err(BadDirectory::Oversize);
        }
        Self::new(from_json(json).map_err(|_| BadDirectory::Unreadable)?)
    }

    /// Checks services one by one, and that no two have one id.
    pub fn new(services: Vec<Service>) -> Result<Self, BadDirectory> {
        if services.len() > MAX_SERVICES {
            return Err(BadDirectory::Oversize);
        }
        let mut ids = BTreeSet::new();
        for (at, service) in services.iter().enumerate() {
            let twice = (!ids.insert(service.id)).then_some((ServiceField::Id, ServiceFault::Twice));
            if let Some((field, fault)) = service.faults().into_iter().chain(twice).next() {
                return Err(BadDirectory::Service { at, field, fault });
            }
        }
        let hours = services.iter().map(|service| Hours::parse(&service.hours).unwrap_or(Hours::Unknown)).collect();
        Ok(Self { services, hours })
    }

    /// The part of a catalog that [`Directory::read`] takes.
    pub fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(&self.services).expect("plain data has a JSON form")
    }

    /// All of them, in the order of the directory.
    pub fn services(&self) -> &[Service] {
        &self.services
    }

    /// One of them.
    pub fn service(&self, id: Uuid) -> Option<&Service> {
        self.services.iter().find(|service| service.id == id)
    }

    /// The service that a referral goes to: of those of its organisation the one that gives what is needed, in the commune that
    /// was agreed on; else what comes nearest to that.
    pub fn of_referral(&self, referral: &Referral) -> Option<&Service> {
        let fits = |service: &&Service| {
            let there = service.commune() == referral.provider_commune.as_deref();
            (service.offers.contains(&referral.service), there)
        };
        // of equals the last counts, and the directory has the first in front
        let of = self.services.iter().rev().filter(|service| referral.to.as_ref() == Some(&service.organisation));
        of.max_by_key(fits)
    }

    /// The numbers that anyone may call, emergencies first.
    pub fn lines(&self) -> Vec<HelpLine> {
        let line = |service: &Service| {
            Some(HelpLine { kind: service.line?, name: service.name.clone(), number: service.phones.first()?.clone() })
        };
        let mut lines: Vec<HelpLine> = self.services.iter().filter_map(line).collect();
        lines.sort_by_key(|line| line.kind);
        lines
    }
}

#[cfg(test)]
mod tests;
