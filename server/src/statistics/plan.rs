//! Which tables exist for which place and period: a plan for each year, fixed in its January from what was shown of the
//! year before. So a hole in a page tells of last year's totals, which everybody has seen, and not of the data of the day.
//!
//! In the first year of a log, and where a year has no plan, every table stands as `tables.csv` offers it: the nation and
//! the provinces by quarter. Later a province has a table by year if last year's total comes to ten people for each code
//! of the table (cell, where facts are crossed), and by quarter if it comes to forty; the nation has each table by year
//! at least. Totals by month, and what organisations tell, always stand.

use super::Counting;
use super::disclosure::Base;
use super::month::Period;
use super::scope::Scope;
use super::tables::Snapshot;
use crate::store::entry::{Grain, PlannedTable, YearPlan};
use crate::store::{self, Reading};

/// People of the year before for each code of a table, so that it exists by year, and by quarter.
pub const BY_YEAR: u32 = 10;
pub const BY_QUARTER: u32 = 40;

/// The plan of a year, from what the log shows of the year before. A pure function of the log.
pub fn fix(log: &Reading, year: u16) -> store::Result<YearPlan> {
    let mut counting = Counting::standard();
    counting.read(log)?;
    Ok(from_shown(&counting.snapshot(0), year))
}

/// The plan of a year, from the shown totals of the year before.
pub(super) fn from_shown(snapshot: &Snapshot, year: u16) -> YearPlan {
    let mut tables = Vec::new();
    let before = Period::Year(year - 1);
    for (at, grid) in snapshot.grids().iter().enumerate() {
        let of_people = grid.table.unit.is_told_by_focal_points();
        let offered = |scope| if scope == Scope::Nation { grid.table.national } else { grid.table.provincial };
        for scope in Scope::all().filter(|scope| of_people && !grid.is_by_month() && offered(*scope)) {
            let people = snapshot.total(at, scope, before, &Base::Inside).at_least();
            let cells = snapshot.cells(at, scope);
            let grain = match people / cells.max(1) {
                BY_QUARTER.. => Grain::Quarter,
                BY_YEAR.. => Grain::Year,
                _ if scope == Scope::Nation => Grain::Year,
                _ => Grain::Nothing,
            };
            let (table, place) = (grid.table.id.clone(), scope.place().to_owned());
            tables.push(PlannedTable { table, place, grain, people, cells });
        }
    }
    YearPlan { year, tables }
}
