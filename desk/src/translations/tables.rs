//! A form as .md tables again: the prose around the tables stays as it was.

use std::fmt::Write as _;
use tabara_core::xlsform::workbook::{Sheet, Workbook};

/// The tables of `form` in place of those of `before`; a sheet that is new stands at the end.
pub fn markdown(before: &str, form: &Workbook) -> String {
    let (mut out, mut written) = (String::with_capacity(before.len()), Vec::new());
    for line in before.lines() {
        let Some(rest) = line.trim().strip_prefix('|') else {
            out.push_str(line);
            out.push('\n');
            continue;
        };
        // the first cell of the line that opens a table is the name of its sheet
        let name = rest.split('|').next().unwrap_or_default().trim();
        let opens = !name.is_empty() && !name.chars().all(|c| matches!(c, '-' | ':' | ' '));
        if let Some(sheet) = form.sheets.iter().find(|sheet| opens && sheet.name == name) {
            table(sheet, &mut out);
            written.push(name);
        }
    }
    for sheet in form.sheets.iter().filter(|sheet| !written.contains(&sheet.name.as_str())) {
        out.push('\n');
        table(sheet, &mut out);
    }
    out
}

fn table(sheet: &Sheet, out: &mut String) {
    let width = sheet.rows.iter().map(Vec::len).max().unwrap_or_default();
    let _ = writeln!(out, "| {} |{}", sheet.name, " |".repeat(width));
    let _ = writeln!(out, "|{}|{}", "-".repeat(sheet.name.chars().count() + 2), "-|".repeat(width));
    for row in &sheet.rows {
        out.push_str("| |");
        for at in 0..width {
            // a cell of a table is one line
            let cell = row.get(at).map_or("", String::as_str).replace('|', "\\|").replace(['\n', '\r'], " ");
            let _ = write!(out, " {cell}{}|", if cell.is_empty() { "" } else { " " });
        }
        out.push('\n');
    }
}
