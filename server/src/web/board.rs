//! Numbers that are no table of `tables.csv`, as a table that is drawn and downloaded from the same data. Every number has
//! passed `shown()`.

use super::charts;
use super::figures;
use super::texts::{Language, Said};
use crate::statistics::Shown;
use maud::{Markup, html};

/// What stands in a cell.
#[derive(Clone, Copy)]
pub(super) enum Value {
    One(Shown),
    /// At least, and at most.
    Range(Shown, Shown),
    /// Nothing is counted there.
    Nothing,
}

impl Value {
    fn at_least(self) -> u32 {
        match self {
            Self::One(shown) | Self::Range(_, shown) => shown.at_least(),
            Self::Nothing => 0,
        }
    }

    /// As a person reads it.
    fn text(self, language: Language) -> String {
        match self {
            Self::One(shown) => language.shown(shown),
            Self::Range(least, most) if least == most => language.shown(most),
            Self::Range(least, most) => format!("{} – {}", language.shown(least), language.shown(most)),
            Self::Nothing => "–".to_owned(),
        }
    }
}

/// A row: its code, its name, its cells.
pub(super) struct Row {
    pub code: String,
    pub name: String,
    pub cells: Vec<Value>,
}

/// A table with its title, unit and notes.
pub(super) struct Board {
    pub id: &'static str,
    pub title: Said<'static>,
    pub notes: Vec<Said<'static>>,
    /// Over the names of the rows.
    pub head: Said<'static>,
    /// Codes and names of the columns.
    pub columns: Vec<(String, Said<'static>)>,
    pub rows: Vec<Row>,
    /// A bar under each name: the column that it shows, of the column that is its full length; else of the longest.
    pub bar: Option<(usize, Option<usize>)>,
}

impl Board {
    /// As a section of a page. Rows with nothing to tell are folded.
    pub(super) fn draw(&self, language: Language) -> Markup {
        let empty = |row: &&Row| row.cells.iter().all(|cell| cell.at_least() == 0);
        let full = self.rows.iter().filter(|row| !empty(row)).count();
        // few rows are all drawn: a zero among them is an answer
        let folds = self.rows.len() > 6 && full < self.rows.len();
        let (drawn, folded): (Vec<&Row>, Vec<&Row>) = self.rows.iter().partition(|row| !folds || !empty(row));
        html! {
            section {
                h2.first { (self.title) }
                @for note in &self.notes { p.unit { (note) } }
                @if !drawn.is_empty() { (self.table(self.title.plain(), &drawn, language)) }
                @if !folded.is_empty() {
                    @let name = language.text_with("coverage-folded", &[("rows", folded.len().into())]);
                    details {
                        summary { (name) }
                        (self.table(&format!("{}: {name}", self.title.plain()), &folded, language))
                    }
                }
            }
        }
    }

    fn table(&self, name: &str, rows: &[&Row], language: Language) -> Markup {
        let longest = self.bar.map(|(at, _)| rows.iter().map(|row| row.cells[at].at_least()).max().unwrap_or(0));
        html! {
            div.scroll tabindex="0" role="region" aria-label=(name) {
                table.bars data-table=(self.id) {
                    thead { tr {
                        th scope="col" { (self.head) }
                        @for (_, name) in &self.columns { th.number scope="col" { (name) } }
                    } }
                    tbody {
                        @for row in rows {
                            tr {
                                th scope="row" {
                                    (row.name)
                                    @if let Some((at, of)) = self.bar {
                                        @let whole = of.map_or(longest.unwrap_or(0), |of| row.cells[of].at_least());
                                        @if let Value::One(value) = row.cells[at] { (charts::bar(value, whole)) }
                                    }
                                }
                                @for (cell, (column, _)) in row.cells.iter().zip(&self.columns) {
                                    @let code = format!("{}/{column}", row.code);
                                    @match cell {
                                        Value::One(shown) => (figures::cell(&code, *shown, language)),
                                        other => td.number data-code=(code) { (other.text(language)) },
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    /// For a file: table, row, column, and the number as a person reads it.
    pub(super) fn lines(&self, language: Language) -> Vec<Vec<String>> {
        let line = |row: &Row, cell: &Value, column: &(String, Said)| {
            let value = match cell {
                Value::One(Shown::Number(n)) => n.to_string(),
                other => other.text(language),
            };
            [self.id, self.title.plain(), &row.code, &row.name, &column.0, column.1.plain()]
                .map(str::to_owned)
                .into_iter()
                .chain([value])
                .collect()
        };
        let cells = |row: &Row| {
            std::iter::zip(&row.cells, &self.columns).map(|(cell, column)| line(row, cell, column)).collect::<Vec<_>>()
        };
        self.rows.iter().flat_map(cells).collect()
    }
}

/// The heads of such a file.
pub(super) const HEADS: [&str; 7] = ["table", "title", "row", "row_name", "column", "column_name", "value"];
