//! What somebody learns who has every page: all places, all periods, sexes, ages and both together, knows the rule of
//! rounding, and knows which numbers are sums of which. Bounds are tightened until nothing moves any more.

use super::{Log, exact, presumed, with};
use crate::statistics::*;
use std::collections::HashMap;

/// Scope, period, code of the table (`f`, `18-20`, `f/18-20`, or nothing for the total).
type Cell = (Scope, Period, String);

struct Attacker {
    bounds: HashMap<Cell, (i64, i64)>,
    /// The first is the sum of the others.
    sums: Vec<(Cell, Vec<Cell>)>,
}

const YEARS: [u16; 2] = [2021, 2022];

fn periods() -> Vec<Period> {
    let quarters = YEARS.iter().flat_map(|year| (1..=4).map(|quarter| Period::Quarter(*year, quarter)));
    [Period::All].into_iter().chain(YEARS.map(Period::Year)).chain(quarters).collect()
}

fn scopes() -> Vec<Scope> {
    std::iter::once(Scope::Nation).chain((1..=5).map(Scope::Province)).collect()
}

impl Attacker {
    fn look(snapshot: &Snapshot) -> Self {
        let mut seen = Self { bounds: HashMap::new(), sums: Vec::new() };
        for scope in scopes() {
            for period in periods() {
                let answer = |table| snapshot.answer(table, scope, period, &Base::Inside).unwrap();
                let of_table = |seen: &mut Self, answer: &Answer| {
                    seen.bounds.insert((scope, period, String::new()), bounds(answer.total));
                    for places in answer.places() {
                        let part = answer.at(&places).map_or((0, i64::MAX / 1000), bounds);
                        seen.bounds.insert((scope, period, answer.code(&places)), part);
                    }
                };
                let (sexes, both) = (answer("people-by-sex"), answer("people-by-age-and-sex"));
                of_table(&mut seen, &sexes);
                of_table(&mut seen, &both);
                // ages are the margin of the table of both
                let ages = &both.shelves[1].codes;
                for (at, code) in ages.iter().enumerate() {
                    let part = both.at(&[0, at + 1]).map_or((0, i64::MAX / 1000), bounds);
                    seen.bounds.insert((scope, period, code.clone()), part);
                }
                seen.tables(scope, period, &sexes.codes(), ages);
            }
        }
        let codes: Vec<Cell> = seen.bounds.keys().cloned().collect();
        for (scope, period, code) in codes {
            let cell = |scope, period| (scope, period, code.clone());
            if scope == Scope::Nation {
                seen.sums.push((cell(scope, period), (1..=5).map(|p| cell(Scope::Province(p), period)).collect()));
            }
            let parts: Vec<Period> = match period {
                Period::All => YEARS.map(Period::Year).into(),
                Period::Year(year) => (1..=4).map(|quarter| Period::Quarter(year, quarter)).collect(),
                Period::Quarter(..) => continue,
            };
            seen.sums.push((cell(scope, period), parts.into_iter().map(|part| cell(scope, part)).collect()));
        }
        seen
    }

    fn tables(&mut self, scope: Scope, period: Period, sexes: &[String], ages: &[String]) {
        let cell = |code: &str| (scope, period, code.to_owned());
        let crossed = |sex: &str, age: &str| cell(&format!("{sex}/{age}"));
        self.sums.push((cell(""), sexes.iter().map(|sex| cell(sex)).collect()));
        self.sums.push((cell(""), ages.iter().map(|age| cell(age)).collect()));
        for sex in sexes {
            self.sums.push((cell(sex), ages.iter().map(|age| crossed(sex, age)).collect()));
        }
        for age in ages {
            self.sums.push((cell(age), sexes.iter().map(|sex| crossed(sex, age)).collect()));
        }
    }

    /// Tightens every bound by every sum until nothing moves.
    fn think(&mut self) {
        loop {
            let mut moved = false;
            for (whole, parts) in &self.sums {
                let least: i64 = parts.iter().map(|part| self.bounds[part].0).sum();
                let most: i64 = parts.iter().map(|part| self.bounds[part].1).sum();
                let (low, high) = self.bounds[whole];
                let now = (low.max(least), high.min(most));
                moved |= now != (low, high);
                self.bounds.insert(whole.clone(), now);
                for part in parts {
                    let (low, high) = self.bounds[part];
                    let now_part = (low.max(now.0 - (most - high)), high.min(now.1 - (least - low)));
                    moved |= now_part != (low, high);
                    self.bounds.insert(part.clone(), now_part);
                    if now_part != (low, high) {
                        // the sums of this round no longer hold; the next round takes them up
                        break;
                    }
                }
            }
            if !moved {
                return;
            }
        }
    }
}

fn bounds(shown: Shown) -> (i64, i64) {
    match shown {
        Shown::Below(base) => (0, i64::from(base) - 1),
        Shown::Hidden => (0, i64::MAX / 1000),
        Shown::Number(n) => (i64::from(n), i64::from(n) + 4),
    }
}

// For comparison (2026-11-22): were counts under five merely hidden and all others exact, the same attacker would recover
// 181 of 694, 283 of 640 and 275 of 275 small cells.
#[test]
fn whoever_has_every_page_recovers_no_small_cell() {
    for (seed, people) in [(1u64, 300), (2, 1000), (3, 3000)] {
        let mut random = seed;
        let mut below = |n: u64| {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (random >> 33) % n
        };
        let mut log = Log::new();
        let ages = ["0-17", "18-23", "18-23", "24-29", "24-29", "30-38", "30-38", "39+"];
        let communes = ["BI-CO-01-01", "BI-CO-02-01", "BI-CO-02-02", "BI-CO-03-01", "BI-CO-04-02", "BI-CO-05-03"];
        for n in 0..people {
            let month = format!("{}-{:02}", YEARS[below(2) as usize], below(12) + 1);
            let sex = if below(6) == 0 { "m" } else { "f" };
            let facts = with(presumed(&month), "screen_commune", communes[below(6) as usize]);
            let facts = with(with(facts, "sex", sex), "age_band", ages[below(8) as usize]);
            log.screened(n, &facts);
        }
        log.closed("2022-12");
        let snapshot = log.0.snapshot(i64::MAX);
        let mut attacker = Attacker::look(&snapshot);
        attacker.think();
        let exact = exact();
        let (mut small, mut recovered) = (0, 0);
        for scope in scopes() {
            for period in periods() {
                let sexes = snapshot.answer("people-by-sex", scope, period, &exact).unwrap();
                let both = snapshot.answer("people-by-age-and-sex", scope, period, &exact).unwrap();
                let ages =
                    both.shelves[1].codes.iter().enumerate().map(|(at, age)| (age.clone(), both.at(&[0, at + 1])));
                let of_table = |answer: &Answer| {
                    answer
                        .places()
                        .into_iter()
                        .map(|places| (answer.code(&places), answer.at(&places)))
                        .collect::<Vec<_>>()
                };
                for (code, n) in of_table(&sexes).into_iter().chain(of_table(&both)).chain(ages) {
                    let (low, high) = attacker.bounds[&(scope, period, code.clone())];
                    let n = i64::from(n.unwrap().at_least());
                    assert!((low..=high).contains(&n), "the attacker reckons rightly");
                    if (1..=4).contains(&n) {
                        small += 1;
                        recovered += i64::from(low == high);
                    }
                }
            }
        }
        println!("{people} people: {recovered} of {small} small cells recovered");
        assert!(small > 100);
        assert_eq!(recovered, 0, "of {small} small cells, with {people} people");
    }
}
