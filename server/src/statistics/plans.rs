//! The plans that a log holds: whether a table exists at a place and period.

use super::month::{Month, Period};
use super::scope::Scope;
use crate::store::entry::{Grain, YearPlan};
use std::collections::{BTreeMap, HashMap};

/// All plans of a log.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Plans(BTreeMap<u16, HashMap<String, Vec<(Scope, Grain)>>>);

impl Plans {
    pub(super) fn take(&mut self, plan: &YearPlan) {
        let mut tables: HashMap<String, Vec<(Scope, Grain)>> = HashMap::new();
        for row in &plan.tables {
            let scope = Scope::of_place(&row.place);
            tables.entry(row.table.clone()).or_default().extend(scope.map(|scope| (scope, row.grain)));
        }
        self.0.insert(plan.year, tables);
    }

    /// Whether a table exists; for all months together if it exists in every year.
    pub(super) fn have(&self, table: &str, scope: Scope, period: Period, last: Option<Month>) -> bool {
        let grain = |year: u16| {
            let planned = self.0.get(&year).and_then(|tables| tables.get(table));
            let here = planned.and_then(|rows| rows.iter().find(|(place, _)| *place == scope));
            here.map_or(Grain::Quarter, |(_, grain)| *grain)
        };
        match period {
            Period::Quarter(year, _) => grain(year) >= Grain::Quarter,
            Period::Year(year) => grain(year) >= Grain::Year,
            Period::All => self
                .0
                .keys()
                .filter(|year| last.is_some_and(|last| last.year() >= **year))
                .all(|year| grain(*year) >= Grain::Year),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::entry::PlannedTable;

    fn plan(year: u16, rows: &[(&str, &str, Grain)]) -> YearPlan {
        let row = |(table, place, grain): &(&str, &str, Grain)| PlannedTable {
            table: (*table).into(),
            place: (*place).into(),
            grain: *grain,
            people: 0,
            cells: 1,
        };
        YearPlan { year, tables: rows.iter().map(row).collect() }
    }

    #[test]
    fn a_table_exists_as_its_plan_says_and_everywhere_before_the_first() {
        let kayanza = Scope::province("BI-PR-04").unwrap();
        let mut plans = Plans::default();
        plans.take(&plan(2023, &[("by-sex", "BI", Grain::Quarter), ("by-sex", "BI-PR-04", Grain::Year)]));
        plans.take(&plan(2024, &[("by-sex", "BI-PR-04", Grain::Nothing)]));
        let have = |scope, period, last| plans.have("by-sex", scope, period, Month::parse(last));
        assert!(have(kayanza, Period::Quarter(2022, 1), "2022-12"), "the first year has all");
        assert!(have(kayanza, Period::Year(2023), "2023-12") && !have(kayanza, Period::Quarter(2023, 1), "2023-12"));
        assert!(have(Scope::Nation, Period::Quarter(2023, 1), "2023-12"));
        // all years together only while each of them has it: else the missing one could be subtracted
        assert!(have(kayanza, Period::All, "2023-12") && !have(kayanza, Period::All, "2024-03"));
    }
}
