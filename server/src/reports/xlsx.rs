//! The same numbers as a workbook: one sheet of figures, one of notes.

use super::rows::{FigureRow, Words};
use rust_xlsxwriter::{Format, Workbook, XlsxError};

/// Its media type.
pub const KIND: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// Heads and widths of the columns.
const COLUMNS: [(&str, u16); 6] = [
    ("book-head-table", 34),
    ("book-head-unit", 18),
    ("book-head-place", 16),
    ("book-head-period", 10),
    ("book-head-group", 44),
    ("book-head-number", 12),
];

/// The whole file. `text` knows what it says beside its numbers; `notes` stand on a sheet of their own: what these numbers are, and how to read them.
pub fn xlsx(
    rows: &[FigureRow],
    words: Words,
    text: impl Fn(&str) -> &'static str,
    notes: &[String],
) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    let bold = Format::new().set_bold();
    let sheet = book.add_worksheet();
    sheet.set_name(text("book-figures-sheet"))?.set_freeze_panes(1, 0)?;
    for (column, (head, width)) in (0..).zip(COLUMNS) {
        sheet.write_string_with_format(0, column, text(head), &bold)?.set_column_width(column, width)?;
    }
    for (at, row) in rows.iter().enumerate() {
        let line = at as u32 + 1;
        let [title, unit, place, code] = words(row);
        // a string cell is never run as a formula
        for (column, text) in [&title, &unit, &place, &row.period, &code].into_iter().enumerate() {
            sheet.write_string(line, column as u16, text)?;
        }
        match row.value {
            Some(n) => sheet.write_number(line, 5, n)?,
            None => sheet.write_string(line, 5, text("book-suppressed"))?,
        };
    }
    let sheet = book.add_worksheet();
    sheet.set_name(text("book-notes-sheet"))?.set_column_width(0, 120)?;
    let wrapped = Format::new().set_text_wrap();
    for (at, note) in notes.iter().enumerate() {
        sheet.write_string_with_format(at as u32, 0, note, &wrapped)?;
    }
    book.save_to_buffer()
}
