//! Which services fit, the nearest first.

use super::{Directory, Hours, NATION, Service, ServiceSex};
use crate::clock::civil_date;

/// Nobody has made sure of it for so many days: it may have closed.
const STALE_DAYS: i32 = 365;

/// What is looked for. What is not known is not asked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServiceQuery {
    /// Code of the fact `service_type`.
    pub need: Option<String>,
    /// Where the person is: a commune or province, or the ISO 3166 code of another country.
    pub place: Option<String>,
    /// Her or his sex, if it is one that services ask for.
    pub sex: Option<ServiceSex>,
    /// Age in years.
    pub age: Option<u8>,
}

/// How far a service is from where the person is. The order is that of a search.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
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

/// What to know before one goes there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServiceRemark {
    /// It can take nobody now. Call first.
    Full,
    /// Nobody has made sure of it for a year. Call first.
    Unverified,
    /// It is closed at this hour.
    Closed,
}

/// A service that fits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundService {
    /// The service.
    pub service: Service,
    /// How far it is; none if nobody said where the person is.
    pub distance: Option<Distance>,
    /// What to know before one goes there.
    pub remarks: Vec<ServiceRemark>,
}

const REMARKS: [ServiceRemark; 3] = [ServiceRemark::Full, ServiceRemark::Unverified, ServiceRemark::Closed];

impl Directory {
    /// The services that fit: near before far; then those with room, those that somebody made sure of, and those that are open
    /// now, before the others; then by name. At most `most` of them, after `skip`; `now` in seconds since 1970 UTC.
    pub fn search(&self, query: &ServiceQuery, now: i64, skip: usize, most: usize) -> Vec<FoundService> {
        let since = civil_date(now).saturating_sub(jiff::Span::new().days(STALE_DAYS)).to_string();
        let place = query.place.as_deref().filter(|place| !place.is_empty());
        let mut found = Vec::new();
        let all = self.services.iter().zip(&self.hours);
        for (service, hours) in all.filter(|(service, _)| service.fits(query)) {
            let distance = place.map(|place| distance(place, &service.place));
            // a service of another country helps nobody who is not there
            if distance != Some(None) {
                found.push((distance.flatten(), service.remarks(hours, now, &since), service));
            }
        }
        found.sort_unstable_by_key(|(distance, remarks, service)| (*distance, *remarks, &service.name, service.id));
        let told = |(distance, remarks, service): (Option<Distance>, [bool; 3], &Service)| FoundService {
            service: service.clone(),
            distance,
            remarks: REMARKS.into_iter().zip(remarks).filter_map(|(remark, holds)| holds.then_some(remark)).collect(),
        };
        found.into_iter().skip(skip).take(most).map(told).collect()
    }
}

impl Service {
    /// Whether it gives what is asked, to somebody of that sex and age.
    fn fits(&self, query: &ServiceQuery) -> bool {
        let agree = |mine: Option<ServiceSex>| mine.is_none() || query.sex.is_none() || mine == query.sex;
        let ages = self.minimum_age.unwrap_or(0)..=self.maximum_age.unwrap_or(u8::MAX);
        query.need.as_ref().is_none_or(|need| self.offers.contains(need))
            && agree(self.sex)
            && query.age.is_none_or(|age| ages.contains(&age))
    }

    /// Which of [`REMARKS`] hold.
    fn remarks(&self, hours: &Hours, now: i64, since: &str) -> [bool; 3] {
        [self.capacity == Some(0), self.verified.as_str() < since, hours.open_at(now) == Some(false)]
    }
}

/// How far a service is from a place; none if it is in another country.
fn distance(from: &str, service: &str) -> Option<Distance> {
    fn province(code: &str) -> Option<&str> {
        code.strip_prefix("BI-")?.get(3..5)
    }
    match (province(from), province(service)) {
        _ if from == service => Some(Distance::Here),
        (Some(mine), Some(theirs)) if mine == theirs => Some(Distance::Province),
        _ if service == NATION => Some(Distance::Nation),
        (_, Some(_)) => Some(Distance::Elsewhere),
        (_, None) => None,
    }
}
