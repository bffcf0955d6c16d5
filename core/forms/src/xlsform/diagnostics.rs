//! What is wrong with a form, where, and what the author can do. A compilation collects every fault; it never stops at
//! the first.

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

/// One thing that is wrong. InstanceData are spreadsheet rows (the header is 1; 0: the sheet as a whole); `column` is the header
/// as the author wrote it, empty when the fault is not of one cell.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Diagnostic {
    pub severity: Severity,
    /// Stable, for tools: `unknown-reference`.
    pub code: &'static str,
    pub sheet: String,
    pub row: usize,
    pub column: String,
    pub message: String,
    pub hint: String,
}

/// The code of the one fault of a file that is no workbook.
pub const UNREADABLE: &str = "unreadable";
/// More diagnostics than this are not listed: a hostile form must not cost memory, and nobody reads them.
const MOST: usize = 1_000;

/// A cell, a row or a sheet that a fault is of.
#[derive(Debug, Clone, Copy)]
pub struct CellRef<'a> {
    pub sheet: &'a str,
    pub row: usize,
    pub column: &'a str,
}

impl<'a> CellRef<'a> {
    pub fn sheet(sheet: &'a str) -> Self {
        Self { sheet, row: 0, column: "" }
    }

    pub fn row(sheet: &'a str, row: usize) -> Self {
        Self { sheet, row, column: "" }
    }

    pub fn column(self, column: &'a str) -> Self {
        Self { column, ..self }
    }
}

/// Diagnostics as they are found.
#[derive(Debug, Default)]
pub struct Diagnostics {
    list: Vec<Diagnostic>,
    errors: bool,
}

impl Diagnostics {
    pub fn error(&mut self, at: CellRef<'_>, code: &'static str, message: impl Into<String>, hint: impl Into<String>) {
        self.errors = true;
        self.add(Severity::Error, at, code, message.into(), hint.into());
    }

    /// An error about a word that is not among those that are known.
    pub fn unknown<'k>(
        &mut self,
        at: CellRef<'_>,
        code: &'static str,
        message: String,
        (word, known): (&str, impl IntoIterator<Item = &'k str>),
        otherwise: &str,
    ) {
        self.error(at, code, message, did_you_mean(word, known, otherwise));
    }

    pub fn warn(&mut self, at: CellRef<'_>, code: &'static str, message: impl Into<String>, hint: impl Into<String>) {
        self.add(Severity::Warning, at, code, message.into(), hint.into());
    }

    fn add(&mut self, severity: Severity, at: CellRef<'_>, code: &'static str, message: String, hint: String) {
        if self.list.len() < MOST {
            let (sheet, column) = (at.sheet.to_owned(), at.column.to_owned());
            self.list.push(Diagnostic { severity, code, sheet, row: at.row, column, message, hint });
        }
    }

    /// Whether an error was found.
    pub fn any_error(&self) -> bool {
        self.errors
    }

    /// All diagnostics by sheet and row, errors and warnings together, each once.
    pub fn sorted(mut self) -> Vec<Diagnostic> {
        let rank = |sheet: &str| ["settings", "survey", "choices"].iter().position(|s| *s == sheet).unwrap_or(3);
        self.list.sort_by(|a, b| {
            (rank(&a.sheet), &a.sheet, a.row, a.severity, a.code, &a.column, &a.message).cmp(&(
                rank(&b.sheet),
                &b.sheet,
                b.row,
                b.severity,
                b.code,
                &b.column,
                &b.message,
            ))
        });
        self.list.dedup();
        self.list
    }
}

/// The known word that was probably meant: at most a third of its letters differ.
pub fn closest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = word.to_lowercase();
    known
        .into_iter()
        .filter(|known| known.len().abs_diff(word.len()) <= 3 && *known != word)
        .map(|known| (distance(&lower, &known.to_lowercase()), known))
        .filter(|(far, known)| *far <= (known.chars().count() / 3).clamp(1, 3))
        .min_by_key(|(far, _)| *far)
        .map(|(_, known)| known)
}

/// `did you mean 'x'?`, or another word of advice.
pub fn did_you_mean<'a>(word: &str, known: impl IntoIterator<Item = &'a str>, otherwise: &str) -> String {
    closest(word, known).map_or_else(|| otherwise.to_owned(), |known| format!("did you mean '{known}'?"))
}

/// Letters to change, add or drop (Levenshtein) between two words; words beyond 64 letters never match.
pub fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().take(65).collect(), b.chars().take(65).collect());
    if a.len() > 64 || b.len() > 64 {
        return usize::MAX;
    }
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut corner = std::mem::replace(&mut row[0], i + 1);
        for (j, y) in b.iter().enumerate() {
            let best = (corner + usize::from(x != y)).min(row[j] + 1).min(row[j + 1] + 1);
            corner = std::mem::replace(&mut row[j + 1], best);
        }
    }
    row[b.len()]
}
