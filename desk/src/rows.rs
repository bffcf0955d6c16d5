//! Tables that people keep: what stands in a column of a row, and a workbook as a file.

use crate::error::{Result, at};
use crate::form;
use std::collections::BTreeMap;
use std::path::Path;
use tabara_core::xlsform::workbook::{Sheet, Workbook};

/// What stands in a column of a row; empty if the sheet has no such column.
pub fn cell<'r>(header: &[String], row: &'r [String], column: &str) -> &'r str {
    header.iter().position(|title| title == column).and_then(|at| row.get(at)).map_or("", String::as_str)
}

/// The rows of a sheet by column.
pub fn rows_of(sheet: &Sheet) -> Vec<BTreeMap<String, String>> {
    let Some((header, rows)) = sheet.rows.split_first() else { return Vec::new() };
    rows.iter().map(|row| header.iter().cloned().zip(row.iter().cloned()).collect()).collect()
}

/// Rows as CSV (RFC 4180).
pub fn csv(rows: &[Vec<String>]) -> Vec<u8> {
    let quoted = |cell: &String| match cell.contains([',', '"', ';', '\n']) {
        true => format!("\"{}\"", cell.replace('"', "\"\"")),
        false => cell.clone(),
    };
    let lines = rows.iter().map(|row| row.iter().map(quoted).collect::<Vec<_>>().join(",") + "\n");
    lines.collect::<String>().into_bytes()
}

/// A workbook as .xlsx; the error names the file that it is for.
pub fn xlsx(book: &Workbook, path: &Path) -> Result<Vec<u8>> {
    form::xlsx(book).map_err(|cause| at(path, cause))
}

/// A workbook as a file, .xlsx or, of its first sheet, .csv.
pub fn file(book: &Workbook, path: &Path) -> Result<Vec<u8>> {
    match extension(path).as_str() {
        "xlsx" => xlsx(book, path),
        "csv" => Ok(csv(book.sheets.first().map_or(&[][..], |sheet| &sheet.rows))),
        _ => Err(at(path, "give the file a name that ends in .xlsx or .csv")),
    }
}

/// The ending of a file's name, in small letters.
pub fn extension(path: &Path) -> String {
    path.extension().map(|ending| ending.to_string_lossy().to_lowercase()).unwrap_or_default()
}
