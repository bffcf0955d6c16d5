//! What may be asked: the tables of `tables.csv`, places and periods, and nothing else. All of it is counted in one
//! pass when an edition comes out (a month closes, or a revision); after that a page only reads.
//!
//! Totals take in every month that has closed; splits only whole quarters, in longer periods too: else the difference
//! of two months' pages would be the split of a month. Communes have whole years only, for the same reason.
//!
//! There is no free filter on purpose: whoever could ask for any union of groups could average the rounding away.

use super::answer::Question;
use super::cells::{Axis, Cells, Grid, Grids, TableCells};
use super::disclosure::{Base, Count, Shown, shown};
use super::ledger::Ledger;
use super::month::{Month, Period};
use super::plans::Plans;
use super::scope::Scope;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, OnceLock};
use tabara_protocol::places;
use tabara_protocol::tables::{Table, Unit};

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
    cells: Cells,
}

impl Tally {
    /// Adds the counts of a part, as far as the tables may be asked for here.
    fn add(&mut self, part: &Tally, grids: &Grids, scope: Scope, period: Period) {
        self.screenings.add_count(part.screenings);
        self.screened.add_count(part.screened);
        self.identified.add_count(part.identified);
        self.unsure.add_count(part.unsure);
        self.cells.resize_with(grids.grids.len(), TableCells::default);
        for ((mine, theirs), grid) in self.cells.iter_mut().zip(&part.cells).zip(&grids.grids) {
            if is_offered(&grid.table, scope, period) && !theirs.counts.is_empty() {
                mine.add_all(theirs);
            }
        }
    }
}

/// Whether a table may be asked for at this place and period.
fn is_offered(table: &Table, scope: Scope, period: Period) -> bool {
    let here = match scope {
        Scope::Nation => table.national,
        Scope::Province(_) => table.provincial,
    };
    here && match period {
        Period::All => true,
        Period::Year(_) => table.yearly,
        Period::Quarter(..) => table.quarterly,
    }
}

/// The numbers as they stood at a position of the log. Never changed, only replaced.
#[derive(Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// The position of the closing or revision that brought the closed months out.
    pub edition: u64,
    pub last_closed: Option<Month>,
    grids: Arc<Grids>,
    plans: Arc<Plans>,
    closed: Arc<Closed>,
    /// People screened in the months that are open.
    open: Count,
}

/// A split as a page shows it: its table, place and period, and which of the dimensions are split.
pub(super) type Face = (usize, Scope, Period, usize);

/// The closed months of an edition.
#[derive(Debug, Default)]
pub(super) struct Closed {
    tallies: BTreeMap<(Scope, Period), Tally>,
    enrolled: BTreeMap<Scope, Count>,
    /// What the audit withholds, by base, made when it is first asked for.
    withheld: [OnceLock<HashSet<Face>>; 2],
}

impl PartialEq for Closed {
    /// What is withheld follows from the rest.
    fn eq(&self, other: &Self) -> bool {
        (&self.tallies, &self.enrolled) == (&other.tallies, &other.enrolled)
    }
}

impl Eq for Closed {}

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

impl Closed {
    /// One pass over the records that stand in the ledger's edition: by province and quarter, from which all else is
    /// added up.
    pub(super) fn count(ledger: &Ledger, grids: &Grids) -> Self {
        let mut closed = Self::default();
        let mut home: HashMap<u32, Option<usize>> = HashMap::new();
        let code = |commune: Option<usize>| commune.and_then(|at| places::communes().nth(at)).map_or("", |c| c.code);
        for (device, commune) in ledger.devices(ledger.edition()) {
            home.insert(device, commune);
            Scope::of(code(commune)).for_each(|scope| closed.enrolled.entry(scope).or_default().add(1));
        }
        let mut quarters: BTreeMap<(u8, u16, u16), Tally> = BTreeMap::new();
        let mut reported: HashSet<(u32, Period, bool)> = HashSet::new();
        let last_whole = ledger.last_closed().and_then(Month::last_whole_quarter);
        ledger.standing(None, |row, decision| {
            let month = row.month;
            let is_whole = last_whole.is_some_and(|last| month <= last);
            let tally = quarters.entry((ledger.province(row), month.year(), month.quarter())).or_default();
            let person = grids.person(row, decision);
            grids.count(row, &person, is_whole, &mut tally.cells);
            if row.kind != Unit::Screenings.kind() {
                return;
            }
            tally.screenings.add(1);
            tally.screened.add(person.counts.into());
            tally.identified.add(person.identified.into());
            tally.unsure.add((person.identified && person.unsure).into());
            let Some(commune) = home.get(&row.device()) else { return };
            for period in Period::of(month) {
                let is_new = reported.insert((row.device(), period, false));
                let is_new_of_split = is_whole && reported.insert((row.device(), period, true));
                for scope in Scope::of(code(*commune)).filter(|_| is_new || is_new_of_split) {
                    let tally = closed.tallies.entry((scope, period)).or_default();
                    tally.reporting.add(is_new.into());
                    if is_new_of_split {
                        grids.count_focal_point(*commune, &mut tally.cells);
                    }
                }
            }
        });
        for ((province, year, quarter), part) in quarters {
            let scopes = [Scope::Nation].into_iter().chain((province > 0).then_some(Scope::Province(province)));
            for scope in scopes {
                for period in [Period::All, Period::Year(year), Period::Quarter(year, quarter)] {
                    closed.tallies.entry((scope, period)).or_default().add(&part, grids, scope, period);
                }
            }
        }
        closed
    }
}

impl Snapshot {
    /// The closed months of the ledger's edition, and the open ones up to a position.
    pub(super) fn new(ledger: &Ledger, seen: u64, closed: Arc<Closed>, grids: Arc<Grids>, plans: Arc<Plans>) -> Self {
        let mut open = Count::default();
        ledger.standing(Some(seen), |row, decision| {
            if row.kind == Unit::People.kind() {
                open.add(grids.person(row, decision).counts.into());
            }
        });
        Self { edition: ledger.edition(), last_closed: ledger.last_closed(), grids, plans, closed, open }
    }

    /// The last month that splits take in.
    pub fn last_split(&self) -> Option<Month> {
        self.last_closed.and_then(Month::last_whole_quarter)
    }

    /// All tables, in the order of the file.
    pub fn tables(&self) -> impl Iterator<Item = &Table> {
        self.grids.grids.iter().map(|grid| &grid.table)
    }

    /// The years that have closed months and enough of anything to be named, oldest first.
    pub fn years(&self, scope: Scope) -> Vec<u16> {
        let years = self.closed.tallies.iter().filter_map(|((at, period), tally)| match period {
            Period::Year(year) if *at == scope => Some((*year, tally)),
            _ => None,
        });
        let totals =
            |tally: &Tally| tally.cells.iter().filter_map(|cells| cells.counts.first().copied()).collect::<Vec<_>>();
        let enough = |count: Count| shown(count, &Base::Inside).at_least() > 0;
        years.filter(|(_, tally)| totals(tally).into_iter().any(enough)).map(|(year, _)| year).collect()
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

    /// People screened in all months that are open, in the nation: the only number about them.
    pub fn open_screened(&self, base: &Base) -> Shown {
        shown(self.open, base)
    }

    /// What the audit withholds at a base; nothing of exact numbers.
    pub(super) fn withheld(&self, base: &Base, audit: impl FnOnce() -> HashSet<Face>) -> Option<&HashSet<Face>> {
        let at = match base {
            Base::Exact(_) => return None,
            Base::Inside => 0,
            Base::Public => 1,
        };
        Some(self.closed.withheld[at].get_or_init(audit))
    }

    /// A table by its place in the file, ready to be answered.
    pub(super) fn question<'a>(
        &'a self,
        at: usize,
        scope: Scope,
        period: Period,
        base: &'a Base,
    ) -> Option<Question<'a>> {
        static NONE: TableCells = TableCells { counts: Vec::new(), phones: Vec::new() };
        let grid = &self.grids.grids[at];
        let is_planned = self.plans.have(&grid.table.id, scope, period, self.last_closed);
        if !is_offered(&grid.table, scope, period) || !is_planned || !self.has_months(grid, period) {
            return None;
        }
        let cells = self.closed.tallies.get(&(scope, period)).and_then(|tally| tally.cells.get(at)).unwrap_or(&NONE);
        let wanted = grid.axes.iter().map(|axis| self.wanted(grid, axis, scope, period)).collect();
        Some(Question { grid, wanted, cells, national: scope == Scope::Nation, base })
    }

    /// The total of a table, also where it does not exist.
    pub(super) fn total(&self, at: usize, scope: Scope, period: Period, base: &Base) -> Shown {
        let cells = self.closed.tallies.get(&(scope, period)).and_then(|tally| tally.cells.get(at));
        shown(cells.and_then(|cells| cells.counts.first().copied()).unwrap_or_default(), base)
    }

    /// How many cells a table has at a place.
    pub(super) fn cells(&self, at: usize, scope: Scope) -> u32 {
        // communes have whole years only, so any year that is over tells how many there are
        let year = self.last_closed.map_or(0, |last| last.year() - 1);
        let grid = &self.grids.grids[at];
        grid.axes.iter().map(|axis| self.wanted(grid, axis, scope, Period::Year(year)).len() as u32).product()
    }

    pub(super) fn grids(&self) -> &[Grid] {
        &self.grids.grids
    }

    /// All years of which anything was counted.
    pub(super) fn all_years(&self) -> Vec<u16> {
        let of_nation = self.closed.tallies.keys().filter_map(|(scope, period)| match (scope, period) {
            (Scope::Nation, Period::Year(year)) => Some(*year),
            _ => None,
        });
        of_nation.collect()
    }

    /// The last month that a table takes in.
    fn last_month(&self, grid: &Grid) -> Option<Month> {
        if grid.is_by_month() { self.last_closed } else { self.last_split() }
    }

    /// Whether any month of the period is taken in.
    fn has_months(&self, grid: &Grid, period: Period) -> bool {
        let last = self.last_month(grid).map_or(0, |last| last.index() + 1);
        (0..last).filter_map(Month::at).any(|month| period.holds(month))
    }

    /// The places of the codes along a dimension that are shown here, from 1.
    fn wanted(&self, grid: &Grid, axis: &Axis, scope: Scope, period: Period) -> Vec<usize> {
        let places = axis.codes.iter().enumerate().map(|(at, code)| (at + 1, code));
        if axis.is_months() {
            let last = self.last_month(grid).map_or(0, |last| last.index() + 1);
            let closed = (1..=last).filter(|place| Month::at(place - 1).is_some_and(|month| period.holds(month)));
            return closed.collect();
        }
        if !axis.is_places() {
            return places.map(|(place, _)| place).collect();
        }
        let is_province = |code: &str| Scope::province(code).is_some();
        match (scope, period) {
            (Scope::Nation, _) => places.filter(|(_, code)| is_province(code)).map(|(place, _)| place).collect(),
            // communes are few people: only by whole years
            (Scope::Province(_), Period::Year(year)) if self.last_closed.is_some_and(|last| last.ends(year)) => {
                let here = |code: &str| places::province_of(code).map(|p| p.code) == scope.code();
                places.filter(|(_, code)| here(code)).map(|(place, _)| place).collect()
            }
            (Scope::Province(_), _) => Vec::new(),
        }
    }
}
