//! How good the figures are: what came in, what became of it, and from which phones nothing came.
//!
//! What came in is counted by the day of receipt and shown up to the last week that is over, so that no single arrival
//! moves a number. A record belongs to the province of its phone's card; one of a phone that is not accepted, to the
//! nation alone.

use super::disclosure::{Base, Count, Shown, shown};
use super::month::Month;
use super::scope::Scope;
use crate::store::entry::{Entry, EntryPayload};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use tabara_protocol::catalog::PartKind;
use tabara_protocol::clock::civil_month;
use tabara_protocol::envelope::Digest;
use tabara_protocol::kind::{Kind, Reason};

/// What is counted of arrivals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Measure {
    /// Records, whatever became of them.
    Received,
    /// They came after their month had closed: they wait for a revision.
    Late,
    /// Corrections of an earlier record.
    Corrected,
    /// Withdrawals by the person.
    Withdrawn,
    /// Kept, and not counted until somebody decides.
    Quarantined(Reason),
    /// Of these, what somebody let in.
    Accepted(Reason),
    /// Of these, what somebody kept out.
    Rejected(Reason),
}

/// Why an entry may be quarantined.
pub const REASONS: [Reason; 11] = [
    Reason::UnknownFact,
    Reason::UnknownCode,
    Reason::UnknownQuestionnaire,
    Reason::RepeatedSeq,
    Reason::RevokedDevice,
    Reason::SecondBinding,
    Reason::LateBinding,
    Reason::ForeignRevision,
    Reason::WithdrawnCode,
    Reason::OutsideArea,
    Reason::OldMonth,
];

const DAY: i64 = 86_400;

/// Everything that came so far.
#[derive(Debug, Default)]
pub(super) struct Arrivals {
    /// By day: how much a measure moved in a province, from 1, or in none, 0.
    days: BTreeMap<i64, HashMap<(u8, Measure), i32>>,
    /// By phone: its province, and from which day on it has screened with which questionnaire.
    versions: HashMap<u64, (u8, Vec<(i64, Digest)>)>,
    /// The questionnaires of each catalog, with its day.
    catalogs: Vec<(i64, BTreeSet<[u8; 32]>)>,
}

impl Arrivals {
    /// Takes the next entry. `decided` is what was decided before about the entry that a decision is about.
    pub(super) fn take(&mut self, entry: &Entry, province: u8, closed: Option<Month>, decided: Option<bool>) {
        let day = entry.received.div_euclid(DAY);
        let mut add = |measure, n| *self.days.entry(day).or_default().entry((province, measure)).or_default() += n;
        if let Some(reason) = entry.reason {
            add(Measure::Quarantined(reason), 1);
        }
        match &entry.payload {
            EntryPayload::Record(record) => {
                add(Measure::Received, 1);
                let month = record.code_of("month").and_then(Month::parse);
                if entry.reason.is_none() && month.zip(closed).is_some_and(|(at, last)| at <= last) {
                    add(Measure::Late, 1);
                }
                if entry.reason.is_none() && record.revises.is_some() && record.kind != Kind::Referral {
                    add(Measure::Corrected, 1);
                }
                if let (Some(phone), Kind::Screening) = (entry.binding, record.kind) {
                    let (_, versions) = self.versions.entry(phone).or_insert((province, Vec::new()));
                    let version = record.questionnaire.sha256;
                    if versions.last().is_none_or(|(_, last)| *last != version) {
                        versions.push((day, version));
                    }
                }
            }
            EntryPayload::Withdrawal(_) => add(Measure::Withdrawn, 1),
            EntryPayload::Decision(decision) => {
                let Some(reason) = entry.about.as_ref().and_then(|about| about.reason) else { return };
                let measure = |accept| if accept { Measure::Accepted(reason) } else { Measure::Rejected(reason) };
                decided.into_iter().for_each(|before| add(measure(before), -1));
                add(measure(decision.accept), 1);
            }
            EntryPayload::Catalog(catalog) => {
                let forms = catalog.parts.iter().filter(|part| part.kind == PartKind::Questionnaire);
                self.catalogs.push((day, forms.map(|part| part.sha256.0).collect()));
            }
            _ => {}
        }
    }

    /// What had come before a time.
    pub(super) fn before(&self, time: i64) -> Quality {
        let end = time.div_euclid(DAY);
        let mut quality = Quality::default();
        let mut sums: HashMap<(Scope, u16, Measure), i32> = HashMap::new();
        for (day, moved) in self.days.range(..end) {
            let year = civil_month(*day * DAY).get(..4).and_then(|year| year.parse().ok()).unwrap_or(0);
            quality.years.insert(year);
            for ((province, measure), n) in moved {
                for scope in scopes(*province) {
                    *sums.entry((scope, year, *measure)).or_default() += n;
                }
            }
        }
        let count = |n: i32| {
            let mut count = Count::default();
            count.add(n.max(0) as u32);
            count
        };
        quality.counts = sums.into_iter().map(|(key, n)| (key, count(n))).collect();
        let in_force = self.catalogs.iter().rev().find(|(day, _)| *day < end).map(|(_, forms)| forms);
        for (province, versions) in self.versions.values() {
            let Some((_, last)) = versions.iter().rev().find(|(day, _)| *day < end) else { continue };
            let newest = in_force.is_some_and(|forms| forms.contains(&last.0));
            scopes(*province).for_each(|scope| quality.versions.entry((scope, newest)).or_default().add(1));
        }
        quality
    }
}

/// The nation, and a province by its number from 1.
fn scopes(province: u8) -> impl Iterator<Item = Scope> {
    [Scope::Nation].into_iter().chain((province > 0).then_some(Scope::Province(province)))
}

/// What came in up to the last week that is over.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Quality {
    years: BTreeSet<u16>,
    counts: HashMap<(Scope, u16, Measure), Count>,
    /// Phones by whether they screened last with a questionnaire of the catalog in force.
    versions: HashMap<(Scope, bool), Count>,
}

impl Quality {
    /// The years in which anything came.
    pub fn years(&self) -> impl Iterator<Item = u16> {
        self.years.iter().copied()
    }

    /// What came in a year, or in all of them.
    pub fn shown(&self, scope: Scope, year: Option<u16>, measure: Measure, base: &Base) -> Shown {
        self.sum(scope, year, |of| of == measure, base)
    }

    /// All that was quarantined.
    pub fn quarantined(&self, scope: Scope, year: Option<u16>, base: &Base) -> Shown {
        self.sum(scope, year, |of| matches!(of, Measure::Quarantined(_)), base)
    }

    /// Of a reason, what waits for a decision.
    pub fn waiting(&self, scope: Scope, reason: Reason, base: &Base) -> Shown {
        let all = self.count(scope, None, |of| of == Measure::Quarantined(reason));
        let decided =
            self.count(scope, None, |of| [Measure::Accepted(reason), Measure::Rejected(reason)].contains(&of));
        shown(all.minus(decided), base)
    }

    fn sum(&self, scope: Scope, year: Option<u16>, wanted: impl Fn(Measure) -> bool, base: &Base) -> Shown {
        shown(self.count(scope, year, wanted), base)
    }

    fn count(&self, scope: Scope, year: Option<u16>, wanted: impl Fn(Measure) -> bool) -> Count {
        let mut sum = Count::default();
        let here = |of: &Scope, at: &u16| *of == scope && year.is_none_or(|year| year == *at);
        let counts = self.counts.iter().filter(|((of, at, measure), _)| here(of, at) && wanted(*measure));
        counts.for_each(|(_, count)| sum.add_count(*count));
        sum
    }

    /// Phones that screened last with a questionnaire of the catalog in force, or with an earlier one.
    pub fn phones(&self, scope: Scope, newest: bool, base: &Base) -> Shown {
        shown(self.versions.get(&(scope, newest)).copied().unwrap_or_default(), base)
    }
}

/// How long ago a phone was heard of: days at most; none for longer; never.
pub const CONTACTS: [&str; 5] = ["d7", "d30", "d90", "later", "never"];

/// Phones by place and last contact.
#[derive(Debug, Default)]
pub struct Contacts(HashMap<(String, usize), Count>);

impl Contacts {
    /// Of phones by commune, with the beginning of the day on which each was heard of last.
    pub fn of<'a>(phones: impl Iterator<Item = (&'a str, Option<i64>)>, now: i64) -> Self {
        let mut all = Self::default();
        for (commune, seen) in phones {
            let band = match seen.map(|seen| (now - seen) / DAY) {
                Some(..8) => 0,
                Some(8..31) => 1,
                Some(31..91) => 2,
                Some(_) => 3,
                None => 4,
            };
            let places = Scope::of(commune).map(|scope| scope.place().to_owned()).chain([commune.to_owned()]);
            places.for_each(|place| all.0.entry((place, band)).or_default().add(1));
        }
        all
    }

    /// Phones of a place in a band of [`CONTACTS`], or in all.
    pub fn shown(&self, place: &str, band: Option<usize>, base: &Base) -> Shown {
        let mut sum = Count::default();
        let wanted = self.0.iter().filter(|((of, at), _)| of == place && band.is_none_or(|band| band == *at));
        wanted.for_each(|(_, count)| sum.add_count(*count));
        shown(sum, base)
    }
}
