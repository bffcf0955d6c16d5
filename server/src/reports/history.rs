//! Figures of years before, published by others, from a spreadsheet: an entry of the log for each table, with its source.
//! They stand beside the counted figures and are never added to them.
//!
//! The sheet, saved as CSV (commas, semicolons or tabs), has a row a number and the columns of [`HEADS`]. Rows with the same
//! `table` are one table. The table `population` holds people living in a place, for rates.

use super::csv;
use crate::log::{append, begin};
use crate::statistics::Scope;
use crate::store::entry::{EntryKind, HistoryRow, HistoryTable};
use crate::store::{self, Reading, Store, StoreError};
use std::collections::BTreeMap;

/// The columns, in any order.
pub const HEADS: [&str; 11] =
    ["table", "title_en", "title_fr", "unit_en", "unit_fr", "source", "place", "year", "label_en", "label_fr", "value"];

/// The table of people living in each place.
pub const POPULATION: &str = "population";

/// Bytes and rows of one file.
const MAX_BYTES: usize = 1024 * 1024;
const MAX_ROWS: usize = 5000;

/// Why nothing was taken.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    #[error(
        "the file is larger than {MAX_BYTES} bytes or has more than {MAX_ROWS} rows: import it in parts, table by table"
    )]
    TooLarge,
    #[error("line 1 has no column `{0}`; the columns are {list}", list = HEADS.join(", "))]
    Column(&'static str),
    #[error("line {line}, column `{column}`: {cause}")]
    Cell { line: usize, column: &'static str, cause: &'static str },
    #[error("there is no table `{0}`")]
    NoTable(String),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Reads the tables of a file; a fault names its line and column.
pub fn read(text: &str) -> Result<Vec<HistoryTable>, HistoryError> {
    let rows = csv::read(text);
    if text.len() > MAX_BYTES || rows.len() > MAX_ROWS {
        return Err(HistoryError::TooLarge);
    }
    let head = rows.first().map(|(_, cells)| cells.as_slice()).unwrap_or_default();
    let mut columns = BTreeMap::new();
    for name in HEADS {
        let at = head.iter().position(|cell| cell.trim().eq_ignore_ascii_case(name));
        columns.insert(name, at.ok_or(HistoryError::Column(name))?);
    }
    let mut tables: Vec<HistoryTable> = Vec::new();
    for (line, cells) in rows.iter().skip(1).filter(|(_, cells)| cells.iter().any(|cell| !cell.trim().is_empty())) {
        let fault = |column, cause| HistoryError::Cell { line: *line, column, cause };
        let cell = |name: &'static str| {
            let text = cells.get(columns[name]).map(|cell| cell.trim()).unwrap_or_default();
            match text {
                "" => Err(fault(name, "it is empty")),
                _ if text.chars().count() > 300 => Err(fault(name, "it is longer than 300 characters")),
                _ => Ok(text.to_owned()),
            }
        };
        let id = cell("table")?;
        if !id.bytes().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-') {
            return Err(fault("table", "small letters, digits and - are expected"));
        }
        let place = cell("place")?;
        if Scope::of_place(&place).is_none() {
            return Err(fault("place", "BI or the code of a province, BI-PR-NN, is expected"));
        }
        let year = cell("year")?.parse().ok().filter(|year| (1990..=2100).contains(year));
        let digits: String = cell("value")?.chars().filter(|c| !c.is_whitespace()).collect();
        let row = HistoryRow {
            place,
            year: year.ok_or(fault("year", "a year of four digits is expected"))?,
            label: [cell("label_en")?, cell("label_fr")?],
            value: digits.parse().map_err(|_| fault("value", "a whole number without commas or points is expected"))?,
        };
        let table = HistoryTable {
            title: [cell("title_en")?, cell("title_fr")?],
            unit: [cell("unit_en")?, cell("unit_fr")?],
            source: cell("source")?,
            id,
            rows: Vec::new(),
        };
        let at = match tables.iter().position(|known| known.id == table.id) {
            Some(at) if (&tables[at].title, &tables[at].unit) != (&table.title, &table.unit) => {
                return Err(fault("title_en", "title or unit differ from those of the table's first row"));
            }
            Some(at) => at,
            None => {
                tables.push(table.clone());
                tables.len() - 1
            }
        };
        if tables[at].source != table.source {
            return Err(fault("source", "it differs from that of the table's first row: one source, one table"));
        }
        let same = |known: &&HistoryRow| (&known.place, known.year, &known.label) == (&row.place, row.year, &row.label);
        if tables[at].rows.iter().any(|known| same(&known)) {
            return Err(fault("value", "a row above has the same place, year and label"));
        }
        tables[at].rows.push(row);
    }
    Ok(tables)
}

/// Takes tables into the log, all or none. A table with the id of an earlier one takes its place.
pub fn import(store: &Store, tables: Vec<HistoryTable>, now: i64) -> store::Result<()> {
    store.write(move |log| {
        let now = begin(log, now)?;
        tables.iter().try_for_each(|table| append(log, EntryKind::History, now, table).map(drop))
    })
}

/// Takes a table out of sight; the log keeps it.
pub fn remove(store: &Store, id: &str, now: i64) -> Result<(), HistoryError> {
    let found = store.read(all)?.into_iter().find(|table| table.id == id);
    let table = found.ok_or_else(|| HistoryError::NoTable(id.to_owned()))?;
    Ok(import(store, vec![HistoryTable { rows: Vec::new(), ..table }], now)?)
}

/// The tables in force, by id.
pub fn all(log: &Reading) -> store::Result<Vec<HistoryTable>> {
    let mut tables: BTreeMap<String, HistoryTable> = BTreeMap::new();
    for table in log.history()? {
        tables.insert(table.id.clone(), table);
    }
    Ok(tables.into_values().filter(|table| !table.rows.is_empty()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "table;title_en;title_fr;unit_en;unit_fr;source;place;year;label_en;label_fr;value\r\n\
        victims;Victims;Victimes;people;personnes;\"IOM; report\";BI;2019;All;Ensemble;1 735\r\n\
        victims;Victims;Victimes;people;personnes;\"IOM; report\";BI;2020;All;Ensemble;366\r\n";

    #[test]
    fn a_sheet_as_a_spreadsheet_saves_it_is_read_whole() {
        let tables = read(&format!("\u{feff}{FILE}")).unwrap();
        assert_eq!((tables.len(), tables[0].rows.len(), tables[0].source.as_str()), (1, 2, "IOM; report"));
        assert_eq!((tables[0].rows[0].value, tables[0].rows[1].year), (1735, 2020));
    }

    #[test]
    fn a_fault_names_its_line_and_column_and_nothing_is_taken() {
        let fault = |text: &str| read(text).unwrap_err().to_string();
        assert!(fault(&FILE.replace("366", "3,66")).starts_with("line 3, column `value`: a whole number"));
        assert!(fault(&FILE.replace(";2020;", ";2019;")).contains("line 3, column `value`: a row above"));
        assert!(fault(&FILE.replace("BI;2020", "Gitega;2020")).contains("column `place`: BI or the code"));
        assert!(fault(&FILE.replace(";366", ";")).contains("line 3, column `value`: it is empty"));
        assert!(fault(&FILE.replace("source", "origin")).contains("no column `source`"));
        assert!(fault(&FILE.replacen("IOM; report", "Press", 1)).contains("one source, one table"));
    }
}
