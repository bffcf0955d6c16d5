//! `tabara-desk form translations`: the texts of a form that people read, with what each may measure on a small phone; a sheet
//! for a translator, and its way back.
//!
//! A text is a draft until somebody says otherwise. What is known beyond its words (state, who, when, back-translation, note)
//! stands in the form's own sheet `translations`, which no phone and no other tool reads. An import never loses a text: an empty
//! cell changes nothing, and words that are replaced stay in the column `before`.

mod sheet;
mod tables;

pub use sheet::{TranslationRow, po, read_sheet, xlsx};
pub use tables::markdown;

use crate::error::{Result, invalid};
use crate::rows::{cell, rows_of};
use std::collections::BTreeMap;
use tabara_core::xlsform::workbook::{Sheet, Workbook};
use tabara_protocol::envelope::sha256;

/// The sheet of a form that holds what is known of its translations, and its columns.
const SHEET: &str = "translations";
const COLUMNS: [&str; 9] = ["language", "key", "status", "by", "date", "back_translation", "note", "before", "of"];
/// What a text can be.
pub const STATES: [&str; 3] = ["draft", "back-translated", "reviewed"];

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
    let mut found: Vec<FormText> = Vec::new();
    for row in rows {
        let id = id_of(name, header, row);
        let kind = cell(header, row, if name == "survey" { "type" } else { "list_name" });
        for (title, text) in header.iter().zip(row).filter(|(_, text)| !text.is_empty()) {
            let (column, language) = title.split_once("::").unwrap_or((title, ""));
            if SHOWN.contains(&column) {
                let key = format!("{name}/{id}/{column}");
                let at = found.iter().rposition(|text| text.key == key).unwrap_or_else(|| {
                    let texts = BTreeMap::new();
                    found.push(FormText { key, limit: limit(name, kind, column), texts });
                    found.len() - 1
                });
                found[at].texts.insert(language.to_owned(), text.clone());
            }
        }
    }
    found
}

/// What a row is called in a key: a question by its name, a choice by list and name.
fn id_of(sheet: &str, header: &[String], row: &[String]) -> String {
    match sheet {
        "survey" => cell(header, row, "name").to_owned(),
        _ => format!("{}/{}", cell(header, row, "list_name"), cell(header, row, "name")),
    }
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

/// A form that is being translated into one language.
pub struct Translation {
    workbook: Workbook,
    language: String,
    source: String,
}

/// What an import did.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct TranslationImport {
    pub changed: usize,
    /// Keys that the form does not have; keys whose source says something else by now: both need a look.
    pub unknown: Vec<String>,
    pub stale: Vec<String>,
}

/// How far a language is.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct TranslationStatus {
    pub texts: usize,
    pub missing: usize,
    /// By state: how many texts.
    pub states: BTreeMap<String, usize>,
    pub too_long: Vec<String>,
}

/// Ties a state to the words that it was given for: other words, or another source, are a draft again.
fn of(source: &str, text: &str) -> String {
    sha256(format!("{source}\n{text}").as_bytes()).to_string()[..8].to_owned()
}

impl Translation {
    /// `language` by its name in the form (`Ikirundi (rn)`) or its tag; a new one by its whole name.
    pub fn new(workbook: Workbook, language: &str) -> Result<Self> {
        let languages = languages(&workbook);
        let wanted = language.to_lowercase();
        let known = languages.iter().find(|name| {
            let name = name.to_lowercase();
            name == wanted || name.ends_with(&format!("({wanted})"))
        });
        let language = match known {
            Some(name) => name.clone(),
            None if language.contains('(') => language.to_owned(),
            None => {
                return Err(invalid(format!(
                    "the form has no language '{language}'; a new one is written 'Name (tag)'"
                )));
            }
        };
        let settings = workbook.sheet("settings").map(rows_of).unwrap_or_default();
        let default = settings.first().and_then(|row| row.get("default_language").cloned()).unwrap_or_default();
        let source = languages.iter().find(|name| **name == default).or(languages.first()).cloned();
        let source =
            source.ok_or_else(|| invalid("the form names no language: write its columns as label::Name (tag)"))?;
        Ok(Self { workbook, language, source })
    }

    /// Everything for a translator.
    pub fn rows(&self) -> Vec<TranslationRow> {
        let known = self.known();
        let texts = texts(&self.workbook).into_iter().filter(|text| text.texts.contains_key(&self.source));
        texts
            .map(|text| {
                let (source, words) = (text.texts[&self.source].clone(), text.texts.get(&self.language));
                let text_now = words.cloned().unwrap_or_default();
                let row = known.get(&text.key);
                let known = |name: &str| row.and_then(|row| row.get(name).cloned()).unwrap_or_default();
                let holds = known("of") == of(&source, &text_now);
                TranslationRow {
                    status: if holds { known("status") } else { STATES[0].to_owned() },
                    by: if holds { known("by") } else { String::new() },
                    date: if holds { known("date") } else { String::new() },
                    back_translation: known("back_translation"),
                    note: known("note"),
                    key: text.key,
                    source,
                    text: text_now,
                    limit: text.limit,
                }
            })
            .collect()
    }

    /// The rows of the sheet `translations` of this language, by key.
    fn known(&self) -> BTreeMap<String, BTreeMap<String, String>> {
        let rows = self.workbook.sheet(SHEET).map(rows_of).unwrap_or_default();
        let own = rows.into_iter().filter(|row| row.get("language") == Some(&self.language));
        own.filter_map(|row| Some((row.get("key")?.clone(), row))).collect()
    }

    /// How far the language is.
    pub fn status(&self) -> TranslationStatus {
        let mut status = TranslationStatus::default();
        for row in self.rows() {
            status.texts += 1;
            if row.text.is_empty() {
                status.missing += 1;
                continue;
            }
            if row.text.chars().count() > row.limit {
                status.too_long.push(row.key);
            }
            *status.states.entry(row.status).or_default() += 1;
        }
        status
    }

    /// Takes a translator's sheet into the form.
    pub fn import(&mut self, sheet: &[TranslationRow]) -> TranslationImport {
        let now: BTreeMap<String, TranslationRow> = self.rows().into_iter().map(|row| (row.key.clone(), row)).collect();
        let (mut done, mut known) = (TranslationImport::default(), self.known());
        for row in sheet {
            let Some(old) = now.get(&row.key) else {
                done.unknown.push(row.key.clone());
                continue;
            };
            let stale = row.source != old.source;
            done.stale.extend(stale.then(|| row.key.clone()));
            let mut cells = known.remove(&row.key).unwrap_or_default();
            let words = if row.text.is_empty() { &old.text } else { &row.text };
            if *words != old.text {
                put(&mut self.workbook, &row.key, &self.language, words);
                done.changed += 1;
                cells.insert("before".into(), old.text.clone());
            }
            for (column, cell) in [("back_translation", &row.back_translation), ("note", &row.note)] {
                if !cell.is_empty() {
                    cells.insert(column.into(), cell.clone());
                }
            }
            // words for another source, or without a name and a day, stay a draft
            let signed = !row.by.is_empty() && !row.date.is_empty() && !stale && !words.is_empty();
            if signed && STATES[1..].contains(&row.status.as_str()) {
                let state = [("status", &row.status), ("by", &row.by), ("date", &row.date)];
                cells.extend(state.map(|(column, cell)| (column.to_owned(), cell.clone())));
                cells.insert("of".into(), of(&old.source, words));
            }
            if !cells.is_empty() {
                known.insert(row.key.clone(), cells);
            }
        }
        self.keep(&known);
        done
    }

    /// Writes the sheet `translations` anew, with the rows of other languages as they were.
    fn keep(&mut self, known: &BTreeMap<String, BTreeMap<String, String>>) {
        let others = self.workbook.sheet(SHEET).map(rows_of).unwrap_or_default();
        let others = others.into_iter().filter(|row| row.get("language") != Some(&self.language));
        let own = known.iter().map(|(key, cells)| {
            let mut row = cells.clone();
            row.extend([("language".into(), self.language.clone()), ("key".into(), key.clone())]);
            row
        });
        let rows: Vec<Vec<String>> = others
            .chain(own)
            .map(|row| COLUMNS.map(|column| row.get(column).cloned().unwrap_or_default()).to_vec())
            .collect();
        self.workbook.sheets.retain(|sheet| !sheet.name.trim().eq_ignore_ascii_case(SHEET));
        if !rows.is_empty() {
            let header = COLUMNS.map(str::to_owned).to_vec();
            let rows = [vec![header], rows].concat();
            self.workbook.sheets.push(Sheet { name: SHEET.into(), rows, ..Sheet::default() });
        }
    }

    /// The form as it is now.
    pub fn workbook(&self) -> &Workbook {
        &self.workbook
    }
    /// The language, as the form names it.
    pub fn language(&self) -> &str {
        &self.language
    }
}

/// The languages of a form, in the order of its columns.
pub fn languages(form: &Workbook) -> Vec<String> {
    let headers = ["survey", "choices"].into_iter().filter_map(|name| form.sheet(name)?.rows.first());
    let mut found = Vec::new();
    for language in headers.flatten().filter_map(|title| title.split_once("::")).map(|(_, language)| language) {
        if !found.iter().any(|name| name == language) {
            found.push(language.to_owned());
        }
    }
    found
}

/// Puts one text into the form; the column is made where it is missing.
fn put(form: &mut Workbook, key: &str, language: &str, words: &str) {
    let mut parts = key.split('/');
    let (name, column) = (parts.next().unwrap_or_default(), key.rsplit('/').next().unwrap_or_default());
    let id = key.strip_prefix(&format!("{name}/")).and_then(|rest| rest.strip_suffix(&format!("/{column}")));
    let Some(sheet) = form.sheets.iter_mut().find(|sheet| sheet.name.eq_ignore_ascii_case(name)) else { return };
    let title = format!("{column}::{language}");
    let Some(header) = sheet.rows.first_mut() else { return };
    let at = header.iter().position(|cell| *cell == title).unwrap_or_else(|| {
        header.push(title);
        header.len() - 1
    });
    let header = header.clone();
    for row in &mut sheet.rows[1..] {
        if Some(id_of(name, &header, row).as_str()) == id {
            row.resize(row.len().max(at + 1), String::new());
            words.clone_into(&mut row[at]);
        }
    }
}

#[cfg(test)]
mod tests;
