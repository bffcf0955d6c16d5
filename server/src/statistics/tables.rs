//! The fixed grid: the tables, places and periods that may be asked for, and no other. All of them are counted in
//! one pass when an edition comes out (a month closes, or a revision); after that a page only reads.
//!
//! There is no free filter on purpose: whoever could ask for any union of groups could average the rounding away.

use super::disclosure::{Base, Count, Rules, Shown, Split, bound_too_tightly, shown, split};
use super::ledger::{Decision, Ledger, Month, Row};
use std::collections::{BTreeMap, HashSet};
use tabara_protocol::facts::{Codes, Dictionary};
use tabara_protocol::places;

/// A table of the menu. Each names its unit: people identified, or people screened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Table {
    Month,
    /// By province for the nation, by commune for a province.
    Place,
    Sex,
    Age,
    AgeAndSex,
    Destination,
    /// Several answers for one person.
    Exploitation,
    /// Of all who were screened.
    Outcome,
    /// Of all who were screened; several answers for one person.
    Service,
}

impl Table {
    pub const ALL: [Table; 9] = {
        use Table::*;
        [Month, Place, Sex, Age, AgeAndSex, Destination, Exploitation, Outcome, Service]
    };

    /// The fact of the dictionary whose codes are the parts.
    fn fact(self) -> &'static str {
        match self {
            Table::Month => "month",
            Table::Place => "screen_commune",
            Table::Sex => "sex",
            Table::Age | Table::AgeAndSex => "age_band",
            Table::Destination => "destination_region",
            Table::Exploitation => "exploitation",
            Table::Outcome => "outcome",
            Table::Service => "services_requested",
        }
    }

    /// Whether it counts people screened; else people identified.
    pub fn of_screened(self) -> bool {
        matches!(self, Table::Outcome | Table::Service)
    }

    pub fn several_answers(self) -> bool {
        matches!(self, Table::Exploitation | Table::Service)
    }
}

/// The code that [`Table::Outcome`] adds to those of the fact: presumed by the rule, not confirmed by a reviewer.
pub const NOT_CONFIRMED: &str = "not_confirmed";

/// Whose numbers: the nation's, or a province's by its place in `places::provinces`, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    Nation,
    Province(u8),
}

impl Scope {
    /// By the code of a province, `BI-PR-NN`.
    pub fn province(code: &str) -> Option<Self> {
        places::provinces().position(|p| p.code == code).map(|n| Self::Province(n as u8 + 1))
    }
    /// The code of the province.
    pub fn code(self) -> Option<&'static str> {
        match self {
            Self::Nation => None,
            Self::Province(n) => places::provinces().nth(usize::from(n).checked_sub(1)?).map(|p| p.code),
        }
    }
}

/// When: closed months only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Period {
    All,
    Year(u16),
    Quarter(u16, u16),
}

impl Period {
    fn of(month: Month) -> [Self; 3] {
        [Self::All, Self::Year(month.year()), Self::Quarter(month.year(), month.quarter())]
    }
    fn holds(self, month: Month) -> bool {
        Self::of(month).contains(&self)
    }
}

/// Everything counted for one scope and period.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Tally {
    screenings: Count,
    screened: Count,
    identified: Count,
    /// Of those identified, who do not know whether somebody screened them before, or were not asked.
    unsure: Count,
    /// Focal points that sent at least one screening.
    reporting: Count,
    tables: BTreeMap<Table, Vec<Count>>,
}

/// The totals of one month that is still open.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct OpenMonth {
    screened: Count,
    identified: Count,
}

/// The numbers as they stood at a position of the log. Never changed, only replaced.
#[derive(Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// The position of the closing or revision that brought the closed months out.
    pub edition: u64,
    /// Up to here the open months see the log.
    pub head: u64,
    pub last_closed: Option<Month>,
    closed: std::sync::Arc<Closed>,
    open: BTreeMap<(Scope, Month), OpenMonth>,
}

/// The closed months of an edition.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Closed {
    tallies: BTreeMap<(Scope, Period), Tally>,
    enrolled: BTreeMap<Scope, Count>,
}

/// The figures above the tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Headline {
    pub screenings: Shown,
    pub screened: Shown,
    /// At least so many people: without those who may have been screened before.
    pub identified_least: Shown,
    pub identified: Shown,
    pub reporting: Shown,
    pub enrolled: Shown,
}

/// A table with the codes of its parts.
#[derive(Debug, PartialEq, Eq)]
pub struct Answer {
    /// For [`Table::AgeAndSex`] age by age, within it sex by sex: `f/18-20`.
    pub codes: Vec<String>,
    pub split: Split,
}

impl Closed {
    /// One pass over the screenings that stand in the ledger's edition.
    pub(super) fn count(ledger: &Ledger, dictionary: &Dictionary) -> Self {
        let known = Known::of(dictionary);
        let mut closed = Self::default();
        let mut home: BTreeMap<u32, u8> = BTreeMap::new();
        for (device, province) in ledger.devices(ledger.edition()) {
            home.insert(device, province);
            for scope in [Scope::Nation, Scope::Province(province)] {
                closed.enrolled.entry(scope).or_default().add();
            }
        }
        let mut reported: HashSet<(u32, Period)> = HashSet::new();
        ledger.standing(true, |row, decision| {
            for period in Period::of(row.month) {
                for scope in [Scope::Nation, Scope::Province(row.province)] {
                    let tally = closed.tallies.entry((scope, period)).or_insert_with(|| known.empty());
                    known.add(tally, scope, row, decision);
                }
                if let Some(province) = home.get(&row.device).filter(|_| reported.insert((row.device, period))) {
                    for scope in [Scope::Nation, Scope::Province(*province)] {
                        closed.tallies.entry((scope, period)).or_insert_with(|| known.empty()).reporting.add();
                    }
                }
            }
        });
        closed
    }
}

impl Snapshot {
    pub(super) fn new(ledger: &Ledger, head: u64, closed: std::sync::Arc<Closed>, dictionary: &Dictionary) -> Self {
        let known = Known::of(dictionary);
        let mut open: BTreeMap<(Scope, Month), OpenMonth> = BTreeMap::new();
        ledger.standing(false, |row, decision| {
            for scope in [Scope::Nation, Scope::Province(row.province)] {
                let month = open.entry((scope, row.month)).or_default();
                if known.is_person(row, decision) {
                    month.screened.add();
                }
                if known.is_identified(row, decision) {
                    month.identified.add();
                }
            }
        });
        Self { edition: ledger.edition(), head, last_closed: ledger.last_closed(), closed, open }
    }

    /// The years that have closed months and enough people to be named, oldest first.
    pub fn years(&self, scope: Scope) -> Vec<u16> {
        let years = self.closed.tallies.iter().filter_map(|((at, period), tally)| match period {
            Period::Year(year) if *at == scope => Some((*year, shown(tally.screened, &Base::Inside))),
            _ => None,
        });
        years.filter(|(_, screened)| screened.at_least() > 0).map(|(year, _)| year).collect()
    }

    pub fn headline(&self, scope: Scope, period: Period, base: &Base) -> Headline {
        let none = Tally::default();
        let tally = self.closed.tallies.get(&(scope, period)).unwrap_or(&none);
        let enrolled = self.closed.enrolled.get(&scope).copied().unwrap_or_default();
        let least = tally.identified.minus(tally.unsure);
        Headline {
            screenings: shown(tally.screenings, base),
            screened: shown(tally.screened, base),
            identified_least: shown(least, base),
            identified: shown(tally.identified, base),
            reporting: shown(tally.reporting, base),
            enrolled: shown(enrolled, base),
        }
    }

    /// Screened and identified people of a month that is still open; splits are not to be had.
    pub fn open_month(&self, scope: Scope, month: Month, base: &Base) -> (Shown, Shown) {
        let month = self.open.get(&(scope, month)).copied().unwrap_or_default();
        (shown(month.screened, base), shown(month.identified, base))
    }

    /// One table of the menu.
    pub fn answer(&self, table: Table, scope: Scope, period: Period, base: &Base, dictionary: &Dictionary) -> Answer {
        let known = Known::of(dictionary);
        let none = known.empty();
        let tally = self.closed.tallies.get(&(scope, period)).unwrap_or(&none);
        let total = if table.of_screened() { tally.screened } else { tally.identified };
        let sensitive = dictionary.get(table.fact()).is_some_and(|fact| fact.sensitive);
        let rules = Rules { sensitive, national: scope == Scope::Nation, disjoint: !table.several_answers() };
        let counted = tally.tables.get(&table).map(Vec::as_slice).unwrap_or_default();
        let wanted = known.parts(table, scope, period, self.last_closed);
        let parts: Vec<Count> = wanted.iter().map(|(at, _)| counted.get(*at).copied().unwrap_or_default()).collect();
        let mut answer = Answer {
            codes: wanted.into_iter().map(|(_, code)| code).collect(),
            split: split(total, &parts, rules, base),
        };
        if table == Table::AgeAndSex && matches!(base, Base::Inside) {
            let margin = |table| self.answer(table, scope, period, base, dictionary).split.parts;
            let tight = answer.split.parts.as_ref().is_some_and(|cells| {
                let (Some(ages), Some(sexes)) = (margin(Table::Age), margin(Table::Sex)) else { return true };
                let column = |at: usize| cells.iter().skip(at).step_by(sexes.len()).copied().collect::<Vec<_>>();
                cells.chunks(sexes.len()).zip(&ages).any(|(row, age)| bound_too_tightly(*age, row))
                    || sexes.iter().enumerate().any(|(at, sex)| bound_too_tightly(*sex, &column(at)))
            });
            if tight {
                answer.split.parts = None;
            }
        }
        if let (Table::Month, Some(parts)) = (table, &mut answer.split.parts) {
            // years before the first people are not listed
            let empty = parts.iter().take_while(|part| part.at_least() == 0).count().min(parts.len());
            parts.drain(..empty);
            answer.codes.drain(..empty);
        }
        answer
    }
}

/// What the counting has to know of the dictionary: the lists of codes, and the codes with a meaning.
struct Known<'a> {
    dictionary: &'a Dictionary,
    presumed: u8,
    unknown: u8,
    again: [u8; 2],
}

impl<'a> Known<'a> {
    fn of(dictionary: &'a Dictionary) -> Self {
        let place = |fact: &str, code: &str| {
            list(dictionary, fact).iter().position(|c| c == code).map_or(u8::MAX, |n| n as u8 + 1)
        };
        Self {
            dictionary,
            presumed: place("outcome", "presumed"),
            unknown: place("already", "unknown"),
            again: [place("already", "yes_code"), place("already", "yes_no_code")],
        }
    }

    /// The first screening of somebody, as far as anyone knows.
    fn is_person(&self, row: &Row, decision: Option<Decision>) -> bool {
        !self.again.contains(&row.already) && decision != Some(Decision::Duplicate)
    }

    fn is_identified(&self, row: &Row, decision: Option<Decision>) -> bool {
        let by_rule = row.outcome == self.presumed && decision != Some(Decision::NotConfirmed);
        self.is_person(row, decision) && (by_rule || decision == Some(Decision::Confirmed))
    }

    fn length(&self, table: Table) -> usize {
        let codes = list(self.dictionary, table.fact()).len();
        match table {
            Table::Month => Month::COUNT,
            Table::AgeAndSex => codes * list(self.dictionary, "sex").len(),
            Table::Outcome => codes + 1,
            _ => codes,
        }
    }

    fn empty(&self) -> Tally {
        let tables = Table::ALL.map(|table| (table, vec![Count::default(); self.length(table)]));
        Tally { tables: tables.into(), ..Tally::default() }
    }

    fn add(&self, tally: &mut Tally, scope: Scope, row: &Row, decision: Option<Decision>) {
        tally.screenings.add();
        if !self.is_person(row, decision) {
            return;
        }
        tally.screened.add();
        let identified = self.is_identified(row, decision);
        let mut add = |table: Table, at: usize| {
            if let Some(cell) = tally.tables.get_mut(&table).and_then(|cells| cells.get_mut(at)) {
                cell.add();
            }
        };
        let bits = |bits: u32| (0..32).filter(move |n| bits >> n & 1 == 1);
        bits(row.services.into()).for_each(|n| add(Table::Service, n));
        add(
            Table::Outcome,
            match decision {
                _ if identified => usize::from(self.presumed) - 1,
                Some(Decision::NotConfirmed) => self.length(Table::Outcome) - 1,
                _ => usize::from(row.outcome) - 1,
            },
        );
        if !identified {
            return;
        }
        let one = |code: u8| usize::from(code).wrapping_sub(1);
        add(Table::Month, row.month.index());
        add(Table::Place, if scope == Scope::Nation { one(row.province) } else { one(row.commune) });
        add(Table::Sex, one(row.sex));
        add(Table::Age, one(row.age));
        if row.sex > 0 && row.age > 0 {
            add(Table::AgeAndSex, one(row.age) * list(self.dictionary, "sex").len() + one(row.sex));
        }
        add(Table::Destination, one(row.destination));
        bits(row.exploitation).for_each(|n| add(Table::Exploitation, n));
        tally.identified.add();
        if row.already == 0 || row.already == self.unknown {
            tally.unsure.add();
        }
    }

    /// The parts of a table: where each is counted, and its code.
    fn parts(&self, table: Table, scope: Scope, period: Period, last: Option<Month>) -> Vec<(usize, String)> {
        let codes = list(self.dictionary, table.fact()).iter().cloned();
        match (table, scope) {
            (Table::Month, _) => {
                let months = (0..=last.map_or(0, Month::index)).filter_map(Month::at);
                let months = months.filter(|month| last.is_some() && period.holds(*month));
                months.map(|month| (month.index(), month.to_string())).collect()
            }
            (Table::Place, Scope::Nation) => places::provinces().map(|p| p.code.to_owned()).enumerate().collect(),
            // communes are few people: only by year or longer
            (Table::Place, Scope::Province(_)) if matches!(period, Period::Quarter(..)) => Vec::new(),
            (Table::Place, Scope::Province(_)) => {
                let here = |code: &str| places::province_of(code).map(|p| p.code) == scope.code();
                codes.enumerate().filter(|(_, code)| here(code)).collect()
            }
            (Table::AgeAndSex, _) => {
                let sexes = list(self.dictionary, "sex");
                codes.flat_map(|age| sexes.iter().map(move |sex| format!("{sex}/{age}"))).enumerate().collect()
            }
            (Table::Outcome, _) => codes.chain([NOT_CONFIRMED.to_owned()]).enumerate().collect(),
            _ => codes.enumerate().collect(),
        }
    }
}

fn list<'a>(dictionary: &'a Dictionary, fact: &str) -> &'a [String] {
    match dictionary.get(fact).map(|fact| &fact.codes) {
        Some(Codes::List(codes)) => codes,
        _ => &[],
    }
}
