//! The service directory: what is searched, and what is found.

use tabara_core::record::Uuid;
use tabara_core::services::{
    Distance, FoundService, HelpLine, LineKind, Service, ServiceQuery, ServiceRemark, ServiceSex,
};

/// Whom a service is for, where it is not for all.
#[uniffi::remote(Enum)]
pub enum ServiceSex {
    /// Women and girls.
    Female,
    /// Men and boys.
    Male,
}

/// What a number is for.
#[uniffi::remote(Enum)]
pub enum LineKind {
    /// When a life is in danger.
    Emergency,
    /// Advice and help by telephone.
    Hotline,
}

/// A number that anyone may call.
#[uniffi::remote(Record)]
pub struct HelpLine {
    /// What it is for.
    pub kind: LineKind,
    /// Who answers, by the name that they use themselves.
    pub name: String,
    /// The number.
    pub number: String,
}

/// One service of one organisation at one place.
#[uniffi::remote(Record)]
pub struct Service {
    /// Stays the same when the directory is corrected.
    pub id: Uuid,
    /// Who gives it.
    pub organisation: String,
    /// Its name.
    pub name: String,
    /// Code of its commune or province, `BI` for the whole country, or the ISO 3166 code of another country.
    pub place: String,
    /// Codes of the services that it offers, for `refer`.
    pub offers: Vec<String>,
    /// When it is open, such as `mo-fr 08:00-17:00`; empty where nobody wrote it down.
    pub hours: String,
    /// None: for all.
    pub sex: Option<ServiceSex>,
    /// Youngest age in years; none: no limit.
    pub minimum_age: Option<u8>,
    /// Oldest age in years; none: no limit.
    pub maximum_age: Option<u8>,
    /// Spoken there, by ISO 639 code.
    pub languages: Vec<String>,
    /// For people with a disability: what is there, in words.
    pub accessibility: String,
    /// Telephone numbers.
    pub phones: Vec<String>,
    /// An e-mail address.
    pub email: String,
    /// How to get there, in words.
    pub address: String,
    /// People it can take now: 0 when it is full, none where nobody counted.
    pub capacity: Option<u32>,
    /// The day on which somebody last made sure of all this, `YYYY-MM-DD`; empty: nobody has.
    pub verified: String,
    /// Whether it is a number to call at once.
    pub line: Option<LineKind>,
}

/// What is looked for. What is not known is left out.
#[uniffi::remote(Record)]
pub struct ServiceQuery {
    /// Code of the service that is needed.
    pub need: Option<String>,
    /// Where the person is: code of a commune or province, or of another country.
    pub place: Option<String>,
    /// Her or his sex, if it is one that services ask for.
    pub sex: Option<ServiceSex>,
    /// Age in years.
    pub age: Option<u8>,
}

/// How far a service is from where the person is.
#[uniffi::remote(Enum)]
pub enum Distance {
    /// In the same commune, or the same country abroad.
    Here,
    /// In the same province.
    Province,
    /// It works in the whole country.
    Nation,
    /// In another province.
    Elsewhere,
}

/// What to say before she goes there.
#[uniffi::remote(Enum)]
pub enum ServiceRemark {
    /// It can take nobody now. Call first.
    Full,
    /// Nobody has made sure of it for a year. Call first.
    Unverified,
    /// It is closed at this hour.
    Closed,
}

/// A service that fits.
#[uniffi::remote(Record)]
pub struct FoundService {
    /// The service.
    pub service: Service,
    /// How far it is; none if nobody said where the person is.
    pub distance: Option<Distance>,
    /// What to know before one goes there.
    pub remarks: Vec<ServiceRemark>,
}
