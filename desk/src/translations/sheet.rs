//! A translator's sheet: .xlsx for people, PO (gettext) for translators' tools. Both hold the same and read back the same.

use crate::error::{Result, invalid};
use crate::rows::rows_of;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use tabara_core::xlsform::workbook::{Sheet, Workbook};

/// One text as a translator has it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TranslationRow {
    pub key: String,
    pub source: String,
    pub text: String,
    pub back_translation: String,
    /// `draft`, `back-translated` or `reviewed`, by whom, and on which day.
    pub status: String,
    pub by: String,
    pub date: String,
    pub note: String,
    /// Characters that fit.
    pub limit: usize,
}

const COLUMNS: [&str; 9] = ["key", "source", "text", "back_translation", "status", "by", "date", "note", "limit"];
/// A sheet may have so many bytes.
const MAX_LEN: usize = 32 << 20;

impl TranslationRow {
    fn cells(&self) -> [String; 9] {
        let Self { key, source, text, back_translation, status, by, date, note, limit } = self.clone();
        [key, source, text, back_translation, status, by, date, note, limit.to_string()]
    }

    fn of(cells: &BTreeMap<String, String>) -> Self {
        let cell = |name: &str| cells.get(name).cloned().unwrap_or_default();
        Self {
            key: cell("key"),
            source: cell("source"),
            text: cell("text"),
            back_translation: cell("back_translation"),
            status: cell("status").to_lowercase(),
            by: cell("by"),
            date: cell("date"),
            note: cell("note"),
            limit: cell("limit").parse().unwrap_or_default(),
        }
    }
}

/// The sheet as a workbook with one page.
pub fn xlsx(rows: &[TranslationRow]) -> Workbook {
    let header = COLUMNS.map(str::to_owned).to_vec();
    let rows = rows.iter().map(|row| row.cells().to_vec());
    let sheet = Sheet { name: "texts".into(), rows: [header].into_iter().chain(rows).collect(), ..Sheet::default() };
    Workbook { sheets: vec![sheet] }
}

/// The sheet as PO. A draft is `fuzzy`; what PO has no field for stands in comments of the translator.
pub fn po(rows: &[TranslationRow], language: &str) -> String {
    let tag = language.rsplit_once('(').map_or(language, |(_, tag)| tag.trim_end_matches(')'));
    let mut out =
        format!("msgid \"\"\nmsgstr \"\"\n\"Language: {tag}\\n\"\n\"Content-Type: text/plain; charset=UTF-8\\n\"\n");
    for row in rows {
        out.push('\n');
        let told = [
            ("back", &row.back_translation),
            ("status", &row.status),
            ("by", &row.by),
            ("date", &row.date),
            ("note", &row.note),
        ];
        for (name, cell) in told.into_iter().filter(|(_, cell)| !cell.is_empty()) {
            let _ = writeln!(out, "# {name}: {}", cell.split_whitespace().collect::<Vec<_>>().join(" "));
        }
        let _ = writeln!(out, "#. limit: {}", row.limit);
        if row.status == "draft" && !row.text.is_empty() {
            out += "#, fuzzy\n";
        }
        for (word, text) in [("msgctxt", &row.key), ("msgid", &row.source), ("msgstr", &row.text)] {
            let _ =
                writeln!(out, "{word} \"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"));
        }
    }
    out
}

/// Reads either.
pub fn read_sheet(bytes: &[u8]) -> Result<Vec<TranslationRow>> {
    if bytes.len() > MAX_LEN {
        return Err(invalid("the sheet is larger than 32 MB"));
    }
    let rows = match bytes {
        [b'P', b'K', ..] => {
            let workbook = Workbook::read(bytes).map_err(|fault| invalid(fault.message.to_string()))?;
            let sheet = workbook.sheets.first().ok_or_else(|| invalid("the workbook has no sheet"))?;
            rows_of(sheet).iter().map(TranslationRow::of).collect()
        }
        _ => read_po(std::str::from_utf8(bytes).map_err(|_| invalid("neither .xlsx nor PO in UTF-8"))?)?,
    };
    let rows: Vec<TranslationRow> = rows.into_iter().filter(|row: &TranslationRow| !row.key.is_empty()).collect();
    match rows.is_empty() {
        true => Err(invalid("the sheet has no texts: it needs the columns key, source and text, or PO with msgctxt")),
        false => Ok(rows),
    }
}

fn read_po(text: &str) -> Result<Vec<TranslationRow>> {
    let (mut rows, mut cells, mut at) = (Vec::new(), BTreeMap::<String, String>::new(), "");
    for (number, line) in (1..).zip(text.lines().map(str::trim)) {
        let column = match line.split_whitespace().next() {
            Some("msgctxt") => "key",
            Some("msgid") => "source",
            Some("msgstr") => "text",
            Some(word) if word.starts_with('"') => at,
            Some("#" | "#.") => {
                let told = line.trim_start_matches(['#', '.']).trim().split_once(": ");
                let known = told.filter(|(name, _)| ["back", "status", "by", "date", "note", "limit"].contains(name));
                if let Some((name, cell)) = known {
                    let name = if name == "back" { "back_translation" } else { name };
                    cells.insert(name.to_owned(), cell.to_owned());
                }
                continue;
            }
            Some(word) if word.starts_with('#') => continue,
            None => {
                rows.push(TranslationRow::of(&std::mem::take(&mut cells)));
                continue;
            }
            _ => return Err(invalid(format!("line {number} of the PO file cannot be read"))),
        };
        let quoted = line.find('"').zip(line.rfind('"')).filter(|(from, to)| from < to);
        let (from, to) =
            quoted.ok_or_else(|| invalid(format!("line {number} of the PO file has no text in quotes")))?;
        at = column;
        *cells.entry(column.to_owned()).or_default() += &plain(&line[from + 1..to]);
    }
    rows.push(TranslationRow::of(&cells));
    Ok(rows)
}

/// Takes the backslashes out.
fn plain(quoted: &str) -> String {
    let mut out = String::with_capacity(quoted.len());
    let mut chars = quoted.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => out.extend(chars.next().map(|c| if c == 'n' { '\n' } else { c })),
            c => out.push(c),
        }
    }
    out
}
