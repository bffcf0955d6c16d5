//! Characters that nobody sees, in cells that are compared letter by letter: they come from web pages and chat programs, and
//! make `n` differ from `n`. They are left out and reported. Texts that people read keep them: Arabic and Persian need
//! some.

use super::columns::keys;
use super::diagnostics::{CellRef, Diagnostics};
use super::languages::SHOWN;
use super::workbook::Sheet;
use crate::say;

/// Cleans a sheet: its header, and the columns that nobody reads as text.
pub fn clean_sheet(name: &str, sheet: &mut Sheet, diagnostics: &mut Diagnostics) {
    let Some((header, rows)) = sheet.rows.split_first_mut() else { return };
    for (column, cell) in header.iter_mut().enumerate() {
        clean_cell(cell, CellRef::row(name, 1).at(column), diagnostics);
    }
    let read: Vec<bool> =
        keys(name, header).iter().map(|key| !SHOWN.contains(&key.as_str()) && key != "form_title").collect();
    for (at, row) in rows.iter_mut().enumerate() {
        for (column, cell) in row.iter_mut().enumerate().filter(|(column, _)| read.get(*column) == Some(&true)) {
            clean_cell(cell, CellRef::row(name, at + 2).at(column), diagnostics);
        }
    }
}

fn clean_cell(cell: &mut String, at: CellRef<'_>, diagnostics: &mut Diagnostics) {
    if cell.is_ascii() && !cell.contains(|c: char| c.is_ascii_control()) {
        return;
    }
    let (mut invisible, mut spaces) = (Vec::new(), Vec::new());
    let mut clean = String::with_capacity(cell.len());
    for c in cell.chars() {
        let code = format!("U+{:04X}", u32::from(c));
        if is_invisible(c) {
            invisible.push(code);
        } else if c.is_whitespace() && !matches!(c, ' ' | '\t' | '\n' | '\r') {
            spaces.push(code);
            clean.push(' ');
        } else {
            clean.push(c);
        }
    }
    let list = |mut codes: Vec<String>| {
        codes.sort();
        codes.dedup();
        codes.join(", ")
    };
    let hint = || say!("invisible-hint");
    let any = (!invisible.is_empty(), !spaces.is_empty());
    if any.0 {
        diagnostics.warn(at, say!("invisible-character", codes = list(invisible)).hint(hint()));
    }
    if any.1 {
        diagnostics.warn(at, say!("unusual-space", codes = list(spaces)).coded("invisible-character").hint(hint()));
    }
    if clean.len() != cell.len() {
        *cell = clean.trim().to_owned();
    }
}

/// Control characters, joiners, marks of direction, soft hyphens and byte order marks.
fn is_invisible(c: char) -> bool {
    let control = c.is_control() && !matches!(c, '\t' | '\n' | '\r' | '\u{85}' | '\u{b}' | '\u{c}');
    control
        || matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}')
        || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}' | '\u{2066}'..='\u{206f}' | '\u{feff}')
}
