//! The numbers of many tables, places and periods, one a row: what all files are made of.

use crate::statistics::{Answer, Base, Period, Scope, Shown, Snapshot};
use serde::{Deserialize, Serialize};
use tabara_protocol::tables::Table;
use utoipa::ToSchema;

/// One number of a table, as it may be shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FigureRow {
    /// Its id in `tables.csv`.
    pub table: String,
    /// What is counted.
    pub unit: String,
    /// `BI`, or the code of a province.
    pub place: String,
    /// `all`, `YYYY` or `YYYY-qN`.
    pub period: String,
    /// One code of each dimension, or `all`; `total` for everything.
    pub code: String,
    /// A multiple of the base; nothing where it is under the base or hidden.
    pub value: Option<u32>,
}

/// Title, unit, place and code of a row in a language.
pub type Words<'a> = &'a dyn Fn(&FigureRow) -> [String; 4];

/// All numbers of some tables at some places and periods. Of tables with several dimensions only those that are shown:
/// most of their cells are empty.
pub fn rows(
    snapshot: &Snapshot,
    base: &Base,
    tables: impl Fn(&Table, Period) -> bool,
    scopes: &[Scope],
    periods: &[Period],
) -> Vec<FigureRow> {
    let mut rows = Vec::new();
    for table in snapshot.tables() {
        for (scope, period) in scopes.iter().flat_map(|scope| periods.iter().map(move |period| (*scope, *period))) {
            if let Some(answer) = Some(())
                .filter(|()| tables(table, period))
                .and_then(|()| snapshot.answer(&table.id, scope, period, base))
            {
                of_answer(&answer, table, scope, period, &mut rows);
            }
        }
    }
    rows
}

fn of_answer(answer: &Answer, table: &Table, scope: Scope, period: Period, into: &mut Vec<FigureRow>) {
    let none = vec![0; answer.shelves.len()];
    let is_crossed = answer.shelves.len() > 1;
    for places in std::iter::once(none).chain(answer.all_places()) {
        let Some(shown) = answer.at(&places) else { continue };
        let value = match shown {
            Shown::Number(n) => Some(n),
            Shown::Below(_) | Shown::Hidden if is_crossed => continue,
            Shown::Below(_) | Shown::Hidden => None,
        };
        let (place, code) = (scope.place().to_owned(), answer.code(&places));
        let unit = table.counted().to_owned();
        into.push(FigureRow { table: table.id.clone(), unit, place, period: period.to_string(), code, value });
    }
}
