//! The texts of a form that people read, with what each may measure on a small phone.

use std::collections::BTreeMap;
use tabara_core::xlsform::workbook::{Sheet, Workbook};

/// Columns of a form that hold texts.
const SHOWN: [&str; 5] = ["label", "hint", "guidance_hint", "constraint_message", "required_message"];
/// Lists of choices that belong to no question: whole sentences.
const SENTENCES: [&str; 6] = ["outcome", "advice", "review_reason", "urgent", "flag", "translation"];

/// One text of a form in its languages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormText {
    /// Where it stands: `survey/q_job/label`, `choices/yn/yes/label`.
    pub key: String,
    /// Characters that fit: at 360 points a line holds 40, and a page of three questions must not grow past two screens.
    pub limit: usize,
    /// By language, as the column names it; a language without the text is missing.
    pub texts: BTreeMap<String, String>,
}

/// All texts of a form, in the order of its sheets.
pub fn texts(form: &Workbook) -> Vec<FormText> {
    let sheets = ["survey", "choices"].into_iter().filter_map(|name| Some((name, form.sheet(name)?)));
    sheets.flat_map(|(name, sheet)| texts_of(name, sheet)).collect()
}

fn texts_of(name: &str, sheet: &Sheet) -> Vec<FormText> {
    let Some((header, rows)) = sheet.rows.split_first() else { return Vec::new() };
    let at = |row: &[String], column: &str| {
        let found = header.iter().position(|title| title == column).and_then(|at| row.get(at));
        found.cloned().unwrap_or_default()
    };
    let mut found: Vec<FormText> = Vec::new();
    for row in rows {
        let (id, kind) = match name {
            "survey" => (at(row, "name"), at(row, "type")),
            _ => (format!("{}/{}", at(row, "list_name"), at(row, "name")), at(row, "list_name")),
        };
        for (title, cell) in header.iter().zip(row).filter(|(_, cell)| !cell.is_empty()) {
            let (column, language) = title.split_once("::").unwrap_or((title, ""));
            if SHOWN.contains(&column) {
                let key = format!("{name}/{id}/{column}");
                let at = found.iter().rposition(|text| text.key == key).unwrap_or_else(|| {
                    let texts = BTreeMap::new();
                    found.push(FormText { key, limit: limit(name, &kind, column), texts });
                    found.len() - 1
                });
                found[at].texts.insert(language.to_owned(), cell.clone());
            }
        }
    }
    found
}

/// Characters that a text may have.
fn limit(sheet: &str, kind: &str, column: &str) -> usize {
    match (sheet, kind, column) {
        ("survey", kind, "label") if kind.starts_with("begin") => 40,
        ("survey", "note", "label") => 260,
        ("survey", ..) => 130,
        (_, list, _) if SENTENCES.contains(&list) => 150,
        _ => 75,
    }
}
