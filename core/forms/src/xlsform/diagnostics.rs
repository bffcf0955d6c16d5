//! What is wrong with a form, where, and what the author can do. A compilation collects every fault; it never stops at
//! the first.

use super::phrase::{Phrase, Problem};
use super::workbook::{Sheet, Workbook};
use serde::Serialize;

/// Whether the form can be used at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// No questionnaire comes of the form.
    Error,
    /// The form works, but perhaps not as meant.
    Warning,
}

/// One thing that is wrong. Rows are rows of the spreadsheet (the header is 1; 0: the sheet as a whole); `column` is the
/// header as the author wrote it, empty if the diagnostic is not of one cell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    /// Whether the form can be used in spite of it.
    pub severity: Severity,
    /// Stable, for tools: `unknown-reference`.
    pub code: &'static str,
    /// The sheet, as the workbook or XLSForm names it.
    pub sheet: String,
    /// The row of the spreadsheet, from 1; 0 for the sheet as a whole.
    pub row: usize,
    /// The header of the column, as the author wrote it; empty if it is not of one cell.
    pub column: String,
    /// The cell as a spreadsheet calls it: `B7`. Empty if there is no such cell.
    pub cell: String,
    /// What stands in the cell.
    pub content: String,
    /// The characters of the content that are meant: the first, and how many.
    pub span: Option<(usize, usize)>,
    /// What is wrong, in a sentence.
    pub message: Phrase,
    /// What the author can do.
    pub hint: Phrase,
}

impl Diagnostic {
    /// An error of a file as a whole.
    pub fn of_file(problem: impl Into<Problem>) -> Self {
        let Problem { code, message, hint } = problem.into();
        let (sheet, column, cell, content) = Default::default();
        Self { severity: Severity::Error, code, sheet, row: 0, column, cell, content, span: None, message, hint }
    }

    /// An error of one cell, by the indices of its row and column.
    pub fn of_cell(sheet: &Sheet, row: usize, column: usize, problem: impl Into<Problem>) -> Self {
        let content = |row: usize| sheet.rows.get(row).and_then(|cells| cells.get(column)).cloned().unwrap_or_default();
        let cell = format!("{}{}", letters(column), row + 1);
        let (title, content) = (content(0), content(row));
        Self { sheet: sheet.name.clone(), row: row + 1, column: title, cell, content, ..Self::of_file(problem) }
    }
}

/// More diagnostics than this are not listed: a hostile form must not cost memory, and nobody reads them.
const MOST: usize = 1_000;

/// A cell, a row or a sheet that a fault is of.
#[derive(Debug, Clone, Copy)]
pub struct CellRef<'a> {
    pub sheet: &'a str,
    pub row: usize,
    pub column: &'a str,
    /// Index of the column, where it is not found by its header.
    at: Option<usize>,
    /// The byte of the cell's text at which something is wrong.
    offset: Option<usize>,
}

impl<'a> CellRef<'a> {
    pub fn sheet(sheet: &'a str) -> Self {
        Self::row(sheet, 0)
    }

    pub fn row(sheet: &'a str, row: usize) -> Self {
        Self { sheet, row, column: "", at: None, offset: None }
    }

    pub fn column(self, column: &'a str) -> Self {
        Self { column, ..self }
    }

    /// The cell in a column by its index.
    pub fn at(self, column: usize) -> Self {
        Self { at: Some(column), ..self }
    }

    /// The byte of the cell's text at which something is wrong.
    pub fn offset(self, offset: usize) -> Self {
        Self { offset: Some(offset), ..self }
    }
}

/// Diagnostics as they are found.
#[derive(Debug, Default)]
pub struct Diagnostics {
    list: Vec<Diagnostic>,
    errors: bool,
}

impl Diagnostics {
    pub fn error(&mut self, at: CellRef<'_>, problem: impl Into<Problem>) {
        self.errors = true;
        self.add(Severity::Error, at, problem.into());
    }

    pub fn warn(&mut self, at: CellRef<'_>, problem: impl Into<Problem>) {
        self.add(Severity::Warning, at, problem.into());
    }

    fn add(&mut self, severity: Severity, at: CellRef<'_>, Problem { code, message, hint }: Problem) {
        if self.list.len() < MOST {
            let (sheet, column) = (at.sheet.to_owned(), at.column.to_owned());
            // the columns' letters and the cells' contents are looked up at the end
            let cell = at.at.map(letters).unwrap_or_default();
            let (content, span) = (String::new(), at.offset.map(|offset| (offset, 1)));
            let diagnostic =
                Diagnostic { severity, code, sheet, row: at.row, column, cell, content, span, message, hint };
            self.list.push(diagnostic);
        }
    }

    /// Whether an error was found.
    pub fn any_error(&self) -> bool {
        self.errors
    }

    /// All diagnostics by sheet and row, errors and warnings together, each once.
    pub fn sorted(mut self, workbook: &Workbook) -> Vec<Diagnostic> {
        let rank = |sheet: &str| ["settings", "survey", "choices"].iter().position(|s| *s == sheet).unwrap_or(3);
        let key = |d: &Diagnostic| {
            (rank(&d.sheet), d.sheet.clone(), d.row, d.severity, d.code, d.column.clone(), d.message.text.clone())
        };
        self.list.sort_by_cached_key(key);
        self.list.iter_mut().for_each(|diagnostic| locate(diagnostic, workbook));
        self.list.dedup();
        self.list
    }
}

/// Names the cell of a diagnostic, and what of its content is meant.
fn locate(diagnostic: &mut Diagnostic, workbook: &Workbook) {
    let only = workbook.sheets.first().filter(|_| workbook.sheets.len() == 1);
    let Some(sheet) = workbook.sheet(&diagnostic.sheet).or(only) else { return };
    let header = sheet.rows.first().map_or(&[][..], |row| row);
    let named =
        || header.iter().position(|title| *title == diagnostic.column).filter(|_| !diagnostic.column.is_empty());
    let Some(column) = column_of(&diagnostic.cell).or_else(named).filter(|_| diagnostic.row > 0) else { return };
    diagnostic.cell = format!("{}{}", letters(column), diagnostic.row);
    if diagnostic.column.is_empty() {
        diagnostic.column = header.get(column).cloned().unwrap_or_default();
    }
    let content = sheet.rows.get(diagnostic.row - 1).and_then(|row| row.get(column));
    diagnostic.content = content.cloned().unwrap_or_default();
    let content = &diagnostic.content;
    let place = match diagnostic.span {
        Some((offset, _)) => Some((offset.min(content.len()), 1)),
        None => {
            let args = diagnostic.message.args.iter().map(|(_, value)| value.as_str());
            let mut words = args.filter(|word| !word.is_empty() && word.len() < content.len());
            words.find_map(|word| Some((content.find(word)?, word.chars().count())))
        }
    };
    let in_characters = |offset: usize| content.char_indices().take_while(|(at, _)| *at < offset).count();
    diagnostic.span = place.map(|(offset, length)| (in_characters(offset), length)).filter(|_| !content.is_empty());
}

/// `A`, `B` ... `Z`, `AA`: how a spreadsheet calls a column.
pub fn letters(column: usize) -> String {
    let (mut left, mut letters) = (column + 1, Vec::new());
    while left > 0 {
        letters.push(b'A' + ((left - 1) % 26) as u8);
        left = (left - 1) / 26;
    }
    letters.into_iter().rev().map(char::from).collect()
}

/// The column of `B`.
fn column_of(cell: &str) -> Option<usize> {
    let number = cell.bytes().fold(0, |number, letter| number * 26 + usize::from(letter - b'A') + 1);
    number.checked_sub(1)
}
