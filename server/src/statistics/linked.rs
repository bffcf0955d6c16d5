//! The audit of an edition: every number that is shown of people, tied to every other by what everybody knows of them.
//! A nation is its provinces, a period its parts, a total its codes, and a number that stands in two tables is the same.
//!
//! Months are left out: they are totals, and their tables hold nothing else.

use super::answer::{Answer, Question};
use super::audit::{Audit, MOST};
use super::cells::Grid;
use super::disclosure::Base;
use super::month::{Month, Period};
use super::scope::Scope;
use super::tables::{Face, Snapshot};
use std::collections::{BTreeMap, HashSet};

/// Whom a number counts: whose records, and the codes that they have, by fact.
type Group<'a> = (usize, Vec<(&'a str, usize)>);

/// One number.
type Cell<'a> = (Group<'a>, Scope, Period);

#[derive(Default)]
struct Linked<'a> {
    audit: Audit,
    cells: BTreeMap<Cell<'a>, usize>,
    /// Splits, by whom they count, by which facts, and where; with all faces that show them.
    splits: BTreeMap<(usize, Vec<&'a str>, Scope, Period), usize>,
    faces: Vec<Vec<Face>>,
}

impl Snapshot {
    /// A table by its id; nothing where there is none, or not at this place and period.
    pub fn answer(&self, id: &str, scope: Scope, period: Period, base: &Base) -> Option<Answer> {
        let at = self.grids().iter().position(|grid| grid.table.id == id)?;
        let question = self.question(at, scope, period, base)?;
        let withheld = self.withheld(base, || withheld(self, base));
        Some(question.answer(|mask| withheld.is_some_and(|faces| faces.contains(&(at, scope, period, mask)))))
    }
}

/// The faces that must be withheld at a base.
fn withheld(snapshot: &Snapshot, base: &Base) -> HashSet<Face> {
    let mut linked = Linked::default();
    let grids = snapshot.grids();
    let years: Vec<u16> = snapshot.all_years();
    let quarters = years.iter().flat_map(|year| (1..=4).map(|quarter| Period::Quarter(*year, quarter)));
    let periods: Vec<Period> =
        [Period::All].into_iter().chain(years.iter().map(|year| Period::Year(*year))).chain(quarters).collect();
    for (at, grid) in grids.iter().enumerate().filter(|(_, grid)| is_of_people(grid)) {
        let of = |other: &Grid| (other.table.unit, other.table.population.clone());
        let whose = grids.iter().position(|other| of(other) == of(grid)).unwrap_or(at);
        for scope in Scope::all() {
            for period in &periods {
                if let Some(question) = snapshot.question(at, scope, *period, base) {
                    linked.take(&question, whose, (at, scope, *period));
                }
            }
        }
    }
    linked.tie(&years, snapshot.last_split());
    let withheld = linked.audit.withheld(base.step().into());
    withheld.into_iter().flat_map(|split| linked.faces[split].clone()).collect()
}

fn is_of_people(grid: &Grid) -> bool {
    grid.is_of_persons() && !grid.axes.iter().any(|axis| axis.is_months())
}

impl<'a> Linked<'a> {
    /// Takes the numbers of a table, and the sums within it.
    fn take(&mut self, question: &Question<'a>, whose: usize, (at, scope, period): (usize, Scope, Period)) {
        let axes = &question.grid.axes;
        // the provinces of the nation are places of their own
        let is_split = |mask: usize| {
            !(scope == Scope::Nation && (0..axes.len()).any(|n| mask >> n & 1 == 1 && axes[n].is_places()))
        };
        let withheld = question.withheld();
        let group = |places: &[usize]| -> Group<'a> {
            let codes = places.iter().enumerate().filter(|(_, place)| **place > 0);
            let mut codes: Vec<_> =
                codes.map(|(n, place)| (axes[n].fact.as_str(), question.wanted[n][place - 1])).collect();
            codes.sort_unstable();
            (whose, codes)
        };
        for mask in (0..1usize << axes.len()).filter(|mask| is_split(*mask)) {
            let mut facts: Vec<&str> =
                (0..axes.len()).filter(|n| mask >> n & 1 == 1).map(|n| axes[n].fact.as_str()).collect();
            facts.sort_unstable();
            let next = self.faces.len();
            let split = *self.splits.entry((whose, facts, scope, period)).or_insert(next);
            if split == next {
                self.faces.push(Vec::new());
            }
            self.faces[split].push((at, scope, period, mask));
            for places in question.face(mask) {
                let bounds = if withheld[mask] { (0, MOST) } else { question.bounds(&places) };
                let audit = &mut self.audit;
                let split = Some(split).filter(|_| mask > 0);
                self.cells.entry((group(&places), scope, period)).or_insert_with(|| audit.cell(split, bounds));
            }
            for along in (0..axes.len()).filter(|n| mask >> n & 1 == 1 && axes[*n].is_disjoint()) {
                for mut places in question.face(mask & !(1 << along)) {
                    let whole = self.cells[&(group(&places), scope, period)];
                    let is_whole = question.is_whole(&places, along);
                    let part = |place| {
                        places[along] = place;
                        self.cells[&(group(&places), scope, period)]
                    };
                    let mut parts: Vec<usize> = (1..=question.wanted[along].len()).map(part).collect();
                    if !is_whole {
                        parts.push(self.audit.cell(None, (0, MOST)));
                    }
                    self.audit.sum(whole, parts);
                }
            }
        }
    }

    /// Ties the nation to its provinces, and each period to its parts, wherever all of them are there.
    fn tie(&mut self, years: &[u16], last: Option<Month>) {
        let is_over = |period: &Period| {
            last.is_some_and(|last| (0..=last.index()).filter_map(Month::at).any(|m| period.holds(m)))
        };
        for ((group, scope, period), whole) in &self.cells {
            let find = |scope: Scope, period: Period| self.cells.get(&(group.clone(), scope, period)).copied();
            if *scope == Scope::Nation {
                let parts: Option<Vec<usize>> =
                    Scope::all().filter(|s| *s != Scope::Nation).map(|s| find(s, *period)).collect();
                parts.into_iter().for_each(|parts| self.audit.sum(*whole, parts));
            }
            let parts: Vec<Period> = match period {
                Period::All => years.iter().map(|year| Period::Year(*year)).collect(),
                Period::Year(year) => (1..=4).map(|quarter| Period::Quarter(*year, quarter)).filter(is_over).collect(),
                Period::Quarter(..) => continue,
            };
            let parts: Option<Vec<usize>> = parts.into_iter().map(|part| find(*scope, part)).collect();
            parts.into_iter().for_each(|parts| self.audit.sum(*whole, parts));
        }
    }
}
