//! What somebody learns who has every page of two editions: all tables of people, all places and periods. He knows the
//! rule of rounding, which numbers are sums of which, and that late records only add. First every bound is tightened by
//! every sum; then a linear programme asks for the least and the most of small cells, which says all that sums can say.

use super::{Log, exact, presumed, with};
use crate::statistics::*;
use microlp::{ComparisonOp, LinearExpr, OptimizationDirection, Problem, SolveOutcome};
use std::collections::{BTreeMap, HashMap};
use tabara_protocol::facts::Facts;

/// Edition, place, period, and the code of each fact that splits it.
type Cell = (usize, Scope, Period, Vec<(String, String)>);

const YEARS: [u16; 2] = [2021, 2022];
/// More than anything that is counted.
const MOST: i64 = 1 << 30;

/// Everybody's numbers and what ties them.
#[derive(Default)]
struct Attacker {
    names: HashMap<Cell, usize>,
    bounds: Vec<(i64, i64)>,
    truth: Vec<i64>,
    /// The first is the sum of the others.
    sums: Vec<(usize, Vec<usize>)>,
}

fn quarters(year: u16) -> impl Iterator<Item = Period> {
    (1..=4).map(move |quarter| Period::Quarter(year, quarter))
}

fn bounds(shown: Option<Shown>, step: i64) -> (i64, i64) {
    match shown {
        None | Some(Shown::Hidden) => (0, MOST),
        Some(Shown::Below(base)) => (0, i64::from(base) - 1),
        Some(Shown::Number(n)) => (i64::from(n), i64::from(n) + step - 1),
    }
}

impl Attacker {
    /// The numbers of some tables and periods, of each edition.
    fn look(editions: &[Arc<Snapshot>], tables: &[&str], periods: &[Period]) -> Self {
        let mut seen = Self::default();
        for (edition, snapshot) in editions.iter().enumerate() {
            for (scope, period) in Scope::all().flat_map(|scope| periods.iter().map(move |period| (scope, *period))) {
                for table in tables {
                    let answer = |base: &Base| snapshot.answer(table, scope, period, base);
                    if let (Some(shown), Some(truth)) = (answer(&Base::Inside), answer(&exact())) {
                        seen.table((edition, scope, period), &shown, &truth);
                    }
                }
            }
        }
        seen.tie(periods);
        seen
    }

    fn cell(&mut self, name: Cell, shown: (i64, i64), truth: i64) -> usize {
        let next = self.bounds.len();
        let at = *self.names.entry(name).or_insert(next);
        if at == next {
            self.bounds.push((0, MOST));
            self.truth.push(truth);
        }
        let known = &mut self.bounds[at];
        *known = (known.0.max(shown.0), known.1.min(shown.1));
        at
    }

    fn table(&mut self, (edition, scope, period): (usize, Scope, Period), shown: &Answer, truth: &Answer) {
        let lengths: Vec<usize> = shown.shelves.iter().map(|shelf| shelf.codes.len()).collect();
        let all = lengths.iter().fold(vec![vec![]], |all: Vec<Vec<usize>>, length| {
            all.iter().flat_map(|rest| (0..=*length).map(|place| [&rest[..], &[place]].concat())).collect()
        });
        let mut at: HashMap<Vec<usize>, usize> = HashMap::new();
        for places in all {
            let code = |(n, place): (usize, &usize)| {
                let shelf = &shown.shelves[n];
                Some((shelf.fact.clone(), shelf.codes[place.checked_sub(1)?].clone()))
            };
            let mut codes: Vec<(String, String)> = places.iter().enumerate().filter_map(code).collect();
            codes.sort();
            let step = if codes.len() > 1 { 10 } else { 5 };
            // a province in the nation's table is that province
            let name = match &codes[..] {
                [(fact, place)] if fact == "screen_commune" && scope == Scope::Nation => {
                    (edition, Scope::province(place).unwrap(), period, vec![])
                }
                _ => (edition, scope, period, codes),
            };
            let number = truth.at(&places).unwrap().at_least();
            at.insert(places.clone(), self.cell(name, bounds(shown.at(&places), step), number.into()));
        }
        for (along, shelf) in shown.shelves.iter().enumerate().filter(|(_, shelf)| !shelf.several) {
            for (places, whole) in at.iter().filter(|(places, _)| places[along] == 0) {
                let part = |place| at[&[&places[..along], &[place], &places[along + 1..]].concat()];
                let parts: Vec<usize> = (1..=shelf.codes.len()).map(part).collect();
                if parts.iter().map(|part| self.truth[*part]).sum::<i64>() == self.truth[*whole] {
                    self.sums.push((*whole, parts));
                }
            }
        }
    }

    fn tie(&mut self, periods: &[Period]) {
        let cells: Vec<(Cell, usize)> = self.names.iter().map(|(name, at)| (name.clone(), *at)).collect();
        for ((edition, scope, period, codes), whole) in cells {
            let find = |edition, scope, period| self.names.get(&(edition, scope, period, codes.clone())).copied();
            let provinces: Option<Vec<usize>> =
                Scope::all().skip(1).map(|province| find(edition, province, period)).collect();
            if let (Scope::Nation, Some(parts)) = (scope, provinces) {
                self.sums.push((whole, parts));
            }
            let parts: Vec<Period> = match period {
                Period::All => YEARS.map(Period::Year).into(),
                Period::Year(year) => quarters(year).collect(),
                Period::Quarter(..) => vec![],
            };
            // what is not there yet has nobody
            let there = |part: &Period| {
                periods.contains(part)
                    && (edition > 0 || find(1, scope, *part).is_none() || find(0, scope, *part).is_some())
            };
            let parts: Option<Vec<usize>> =
                parts.into_iter().filter(there).map(|part| find(edition, scope, part)).collect();
            parts.into_iter().filter(|parts| !parts.is_empty()).for_each(|parts| self.sums.push((whole, parts)));
            if let (1, Some(earlier)) = (edition, find(0, scope, period)) {
                self.bounds.push((0, MOST));
                self.truth.push(self.truth[whole] - self.truth[earlier]);
                self.sums.push((whole, vec![earlier, self.bounds.len() - 1]));
            }
        }
        for (whole, parts) in &self.sums {
            let sum: i64 = parts.iter().map(|part| self.truth[*part]).sum();
            assert_eq!(sum, self.truth[*whole], "the attacker reckons rightly");
        }
    }

    /// Tightens every bound by every sum until nothing moves.
    fn think(&mut self) {
        loop {
            let before = self.bounds.clone();
            for (whole, parts) in &self.sums {
                let least: i64 = parts.iter().map(|part| self.bounds[*part].0).sum();
                let most: i64 = parts.iter().map(|part| self.bounds[*part].1).sum();
                let (low, high) = self.bounds[*whole];
                let whole_now = (low.max(least), high.min(most));
                self.bounds[*whole] = whole_now;
                for part in parts {
                    let (low, high) = self.bounds[*part];
                    let (low, high) = (low.max(whole_now.0 - (most - high)), high.min(whole_now.1 - (least - low)));
                    if (low, high) != self.bounds[*part] {
                        // the sums of this round no longer hold; the next round takes them up
                        self.bounds[*part] = (low, high);
                        break;
                    }
                }
            }
            if before == self.bounds {
                return;
            }
        }
    }

    /// The names of small cells.
    fn small(&self) -> Vec<(Cell, usize)> {
        let mut small: Vec<(Cell, usize)> =
            self.names.iter().filter(|(_, at)| self.truth[**at] < 5).map(|(name, at)| (name.clone(), *at)).collect();
        small.sort_by_key(|(name, at)| (self.bounds[*at].1 - self.bounds[*at].0, name.clone()));
        small
    }

    /// The least and the most of a cell that all sums together allow.
    fn asked(&self, cell: usize) -> (i64, i64) {
        let ask = |direction| {
            let mut problem = Problem::new(direction);
            let variables: Vec<_> = self
                .bounds
                .iter()
                .enumerate()
                .map(|(at, (low, high))| {
                    problem.add_var(if at == cell { 1.0 } else { 0.0 }, (*low as f64, *high as f64))
                })
                .collect();
            for (whole, parts) in &self.sums {
                let mut sum = LinearExpr::empty();
                parts.iter().for_each(|part| sum.add(variables[*part], 1.0));
                sum.add(variables[*whole], -1.0);
                problem.add_constraint(sum, ComparisonOp::Eq, 0.0);
            }
            match problem.solve().unwrap() {
                SolveOutcome::Solution(solution) => solution.objective(),
                SolveOutcome::Interrupted(_) => unreachable!("no limit is set"),
            }
        };
        let least = (ask(OptimizationDirection::Minimize) - 1e-6).ceil() as i64;
        (least, (ask(OptimizationDirection::Maximize) + 1e-6).floor() as i64)
    }
}

/// Two editions of a log: the second with half a year more, and with late records of the months before.
fn editions(seed: u64, people: u128) -> [Arc<Snapshot>; 2] {
    let mut random = seed;
    let mut below = move |n: u64| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) % n
    };
    let mut log = Log::new();
    let phones: Vec<u64> = (0..12).map(|_| log.enrolled()).collect();
    let communes = ["BI-CO-01-01", "BI-CO-02-01", "BI-CO-02-02", "BI-CO-03-01", "BI-CO-04-02", "BI-CO-05-03"];
    let codes: [(&str, &[&str]); 7] = [
        ("age_band", &["0-17", "18-23", "18-23", "24-29", "24-29", "30-38", "30-38", "39+"]),
        ("sex", &["f", "f", "f", "f", "f", "m"]),
        ("destination_region", &["gulf", "gulf", "gulf", "gulf", "regional", "regional", "internal", "other"]),
        ("displacement", &["resident", "returnee", "returnee", "returnee", "refugee"]),
        ("nationality", &["BI", "BI", "BI", "BI", "BI", "BI", "BI", "BI", "regional"]),
        ("duration", &["0-12", "13-24", "13-24", "25+"]),
        ("gbv", &["0", "1"]),
    ];
    let mut late: Vec<(u64, u128, Facts)> = Vec::new();
    let mut first = None;
    for month in 0..24u64 {
        for n in 0..people / 12 {
            let named = format!("{}-{:02}", YEARS[month as usize / 12], month % 12 + 1);
            let mut facts = with(presumed(&named), "screen_commune", communes[below(6) as usize]);
            for (fact, codes) in &codes {
                facts = with(facts, fact, codes[below(codes.len() as u64) as usize]);
            }
            let (phone, id) = (phones[below(12) as usize], u128::from(month) * 100_000 + n);
            if month < 18 && below(20) == 0 {
                late.push((phone, id, facts));
            } else {
                let record = super::record(id, tabara_protocol::kind::Kind::Screening, None, &facts);
                log.tell_from(phone, None, EntryPayload::Record(record));
            }
        }
        if month == 11 {
            log.closed("2021-12").revised();
            let plan = plan::from_shown(&log.0.snapshot(i64::MAX), 2022);
            log.tell(EntryPayload::Plan(plan));
        }
        if month == 17 {
            log.closed("2022-06").revised();
            first = Some(log.0.snapshot(i64::MAX));
        }
    }
    for (phone, id, facts) in late {
        let record = super::record(id, tabara_protocol::kind::Kind::Screening, None, &facts);
        log.tell_from(phone, None, EntryPayload::Record(record));
    }
    log.closed("2022-12").revised();
    [first.unwrap(), log.0.snapshot(i64::MAX)]
}

const TABLES: [&str; 11] = [
    "people-by-age",
    "people-by-place",
    "people-by-sex",
    "people-by-age-and-sex",
    "people-by-destination",
    "people-by-country",
    "people-by-displacement",
    "people-by-nationality",
    "people-by-duration",
    "people-by-gbv",
    "people-by-exploitation",
];

/// Every page of both editions, and then linear programmes over tables that share their numbers, for some small cells of
/// each: those that sums alone bound most.
fn attack(seed: u64, people: u128, asked: usize) {
    let editions = editions(seed, people);
    let periods: Vec<Period> =
        [Period::All].into_iter().chain(YEARS.map(Period::Year)).chain(YEARS.into_iter().flat_map(quarters)).collect();
    let mut everything = Attacker::look(&editions, &TABLES, &periods);
    everything.think();
    let small = everything.small();
    let tight = |attacker: &Attacker, cells: &[(Cell, usize)]| -> BTreeMap<Cell, (i64, i64)> {
        let bounds = cells.iter().map(|(name, at)| (name.clone(), attacker.bounds[*at]));
        bounds.filter(|(_, (low, high))| high - low < 2).collect()
    };
    let shown = everything.names.values().filter(|at| everything.bounds[**at].0 >= 5).count();
    println!("seed {seed}, {people} a year: {} small cells, {shown} shown", small.len());
    assert!(small.len() > 100);
    assert_eq!(tight(&everything, &small), BTreeMap::new(), "by sums alone");
    let by_year: Vec<Period> = [Period::All].into_iter().chain(YEARS.map(Period::Year)).collect();
    let of_a_year: Vec<Period> = [Period::Year(2022)].into_iter().chain(quarters(2022)).collect();
    for (tables, periods) in [
        (&["people-by-sex", "people-by-age", "people-by-age-and-sex"][..], &by_year),
        (&["people-by-sex", "people-by-destination"], &of_a_year),
    ] {
        let mut family = Attacker::look(&editions, tables, periods);
        family.think();
        let time = std::time::Instant::now();
        for (name, cell) in family.small().into_iter().take(asked) {
            let (low, high) = family.asked(cell);
            assert!((low..=high).contains(&family.truth[cell]));
            assert!(high - low >= 2, "{name:?} is {low} to {high}");
        }
        println!("{tables:?}: {} numbers, {} sums, {:?}", family.bounds.len(), family.sums.len(), time.elapsed());
    }
}

// For comparison (2026-11-22): were counts under five merely hidden and all others exact, sums alone would recover
// 181 of 694, 283 of 640 and 275 of 275 small cells.
#[test]
fn whoever_has_every_page_of_two_editions_recovers_no_small_cell() {
    for (seed, people) in [(1, 300), (2, 1000), (3, 3000)] {
        attack(seed, people, 4);
    }
}

#[test]
#[ignore = "long; by name"]
fn whoever_has_every_page_of_many_logs_recovers_no_small_cell() {
    for seed in 10..30 {
        attack(seed, [300, 1000, 3000][seed as usize % 3], 12);
    }
}
