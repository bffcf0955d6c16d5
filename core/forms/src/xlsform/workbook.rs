//! A workbook in memory, whatever file it came in: sheets of rows of text.
//!
//! The file is told by its content, not its name: .xlsx and .xlsm (zip), .xls (compound file), .md tables, or one .csv with
//! all sheets. Office files are read cell by cell, so that a sheet which claims a million rows, or none, costs what it holds. Every limit
//! below is far above real forms (the largest known has 7,000 rows) and keeps a hostile file cheap.

use super::delimited;
use super::phrase::{Phrase, Problem, UNREADABLE};
use super::xls::{self, XlsError};
use crate::say;
use calamine::{Data, ExcelDateTime, Reader, Xls, Xlsx};
use std::io::{Cursor, Read};

/// Rows that a sheet may have.
pub const MAX_ROWS: usize = 50_000;
/// Columns that a sheet may have.
pub const MAX_COLUMNS: usize = 500;
/// Bytes of text in a whole workbook.
const MAX_TEXT: usize = 32 << 20;
/// Bytes that a zipped workbook may unfold to.
const MAX_PART: u64 = 64 << 20;
/// Deflate cannot shrink more than this: a smaller file needs no check.
const DEFLATE_RATIO: u64 = 1032;
/// Reading stops after so many blank rows, as pyxform does: spreadsheets often claim a million rows.
const BLANK_ROWS: usize = 60;
/// The header ends after so many blank cells.
const BLANK_COLUMNS: usize = 20;

/// The sheets of a form, in the order of the file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Workbook {
    /// The sheets; those of a spreadsheet whose names begin with `_` are there without rows.
    pub sheets: Vec<Sheet>,
}

/// One sheet. `rows[0]` is the header, spreadsheet row 1. Cells are trimmed; blank cells are empty text; rows may be
/// shorter than the header.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sheet {
    /// The name of the sheet, as the file has it.
    pub name: String,
    /// The rows as texts of cells, the header first.
    pub rows: Vec<Vec<String>>,
    /// What the file holds beyond these rows.
    pub unread: Vec<Unread>,
}

/// Cells of a file that are not read. Rows and columns are indices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unread {
    /// Rows from this one on: a long blank stretch stands before them.
    RowsFrom(usize),
    /// Columns from this one on: a long blank stretch of the header stands before them.
    ColumnsFrom(usize),
    /// A column without a header: its first filled row, and how many rows are filled.
    Column {
        /// Index of the column.
        column: usize,
        /// Index of its first row that is filled.
        first: usize,
        /// How many of its rows are filled.
        rows: usize,
    },
}

/// The bytes are no workbook, or one that is not safe to read.
fn unreadable(cause: Phrase, hint: Phrase) -> Problem {
    cause.coded(UNREADABLE).hint(hint)
}

fn save_again() -> Phrase {
    say!("save-again")
}

fn too_large(cause: Phrase) -> Problem {
    unreadable(cause, say!("too-large-hint"))
}

fn not_a_form(cause: Phrase) -> Problem {
    unreadable(cause, say!("not-a-form-hint"))
}

fn damaged(error: impl std::fmt::Display) -> Problem {
    unreadable(say!("unreadable-file", error), save_again())
}

impl Workbook {
    /// Reads a workbook by its content.
    pub fn read(bytes: &[u8]) -> Result<Self, Problem> {
        Self::read_with(bytes, read_csv)
    }

    /// The same for a list that is no form: a .csv is one sheet without a name.
    pub fn read_list(bytes: &[u8]) -> Result<Self, Problem> {
        Self::read_with(bytes, read_csv_list)
    }

    fn read_with(bytes: &[u8], csv: fn(&str) -> Result<Self, Problem>) -> Result<Self, Problem> {
        if let Some(kind) = other_kind(bytes) {
            return Err(not_a_form(say!("other-file", kind)));
        }
        let mut workbook = match bytes {
            [b'P', b'K', 3, 4, ..] => guarded(|| read_xlsx(bytes))?,
            [0xD0, 0xCF, 0x11, 0xE0, ..] => guarded(|| read_xls(bytes))?,
            _ => {
                let neither = || not_a_form(say!("no-text"));
                let text = delimited::decode(bytes).ok_or_else(neither)?;
                if text.len() > MAX_TEXT {
                    return Err(too_large(say!("too-much-text", mb = MAX_TEXT >> 20)));
                }
                match text.lines().any(|line| line.trim_start().starts_with('|')) {
                    true => read_tables(&text)?,
                    false => csv(&text)?,
                }
            }
        };
        workbook.sheets.iter_mut().for_each(Sheet::tidy);
        Ok(workbook)
    }

    /// Adds a row of a text file to the sheet that was opened last.
    fn add_row(&mut self, cells: Vec<String>) -> Result<(), Problem> {
        if let Some(sheet) = self.sheets.last_mut()
            && cells.iter().any(|cell| !cell.is_empty())
        {
            if sheet.rows.len() >= MAX_ROWS || cells.len() > MAX_COLUMNS {
                return Err(too_large(say!(
                    "too-large-table",
                    name = sheet.name,
                    rows = MAX_ROWS,
                    columns = MAX_COLUMNS
                )));
            }
            sheet.rows.push(cells);
        }
        Ok(())
    }

    /// The sheet of this name, whatever its case.
    pub fn sheet(&self, name: &str) -> Option<&Sheet> {
        self.sheets.iter().find(|sheet| sheet.name.trim().eq_ignore_ascii_case(name))
    }
}

impl Sheet {
    fn put(&mut self, (row, column): (u32, u32), text: String, total: &mut usize) -> Result<(), Problem> {
        let (row, column) = (row as usize, column as usize);
        *total += text.len();
        if row >= MAX_ROWS || column >= MAX_COLUMNS || *total > MAX_TEXT {
            return Err(too_large(say!(
                "too-large-sheet",
                name = self.name,
                rows = MAX_ROWS,
                columns = MAX_COLUMNS,
                mb = MAX_TEXT >> 20
            )));
        }
        if self.rows.len() <= row {
            self.rows.resize_with(row + 1, Vec::new);
        }
        let cells = &mut self.rows[row];
        if cells.len() <= column {
            cells.resize_with(column + 1, String::new);
        }
        cells[column] = text;
        Ok(())
    }

    /// Cuts what lies beyond the blank stretches that end a sheet, and what has no header; notes what was cut.
    fn tidy(&mut self) {
        let header = self.rows.first().map_or(&[][..], |row| row);
        let (mut width, mut titled) = (0, Vec::with_capacity(header.len()));
        for (at, cell) in header.iter().enumerate() {
            titled.push(!cell.is_empty());
            if !cell.is_empty() && at - width <= BLANK_COLUMNS {
                width = at + 1;
            } else if !cell.is_empty() {
                self.unread.push(Unread::ColumnsFrom(at));
                break;
            }
        }
        let mut height = 0;
        for (at, row) in self.rows.iter().enumerate() {
            if row.iter().take(width).any(|cell| !cell.is_empty()) {
                if at - height > BLANK_ROWS {
                    self.unread.push(Unread::RowsFrom(at));
                    break;
                }
                height = at + 1;
            }
        }
        self.rows.truncate(height);
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or_default();
        let far = self.unread.iter().find_map(|unread| match unread {
            Unread::ColumnsFrom(at) => Some(*at),
            _ => None,
        });
        for column in (0..far.unwrap_or(columns)).filter(|at| titled.get(*at) != Some(&true)) {
            let filled = |row: &Vec<String>| row.get(column).is_some_and(|cell| !cell.is_empty());
            let rows = self.rows.iter().filter(|row| filled(row)).count();
            if let Some(first) = self.rows.iter().position(filled) {
                self.unread.push(Unread::Column { column, first, rows });
            }
        }
        self.rows.iter_mut().for_each(|row| row.truncate(width));
    }
}

/// What a file is that is often taken for a form.
fn other_kind(bytes: &[u8]) -> Option<&'static str> {
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(200)]).to_lowercase();
    let head = head.trim_start_matches('\u{feff}').trim_start();
    let starts = |mark: &str| head.starts_with(mark);
    if starts("%pdf") {
        Some("a PDF")
    } else if starts("<!doctype html") || starts("<html") {
        Some("a web page")
    } else if starts("<h:html") || (starts("<?xml") && head.contains("w3.org/")) {
        Some("an XForm, which a form becomes")
    } else if starts("<?xml") || starts("{\\rtf") {
        Some("a text document")
    } else if head.contains("mimetypeapplication/vnd.oasis.opendocument") {
        Some("an OpenDocument spreadsheet (.ods)")
    } else {
        None
    }
}

/// calamine has panicked on damaged files before; a damaged file must not take the caller down with it.
fn guarded(read: impl FnOnce() -> Result<Workbook, Problem> + std::panic::UnwindSafe) -> Result<Workbook, Problem> {
    std::panic::catch_unwind(read).unwrap_or_else(|_| Err(unreadable(say!("damaged-file"), save_again())))
}

fn read_xlsx(bytes: &[u8]) -> Result<Workbook, Problem> {
    check_parts(bytes)?;
    let mut file: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(damaged)?;
    let (mut workbook, mut total) = (Workbook::default(), 0);
    for name in file.sheet_names() {
        let mut sheet = Sheet { name: name.clone(), ..Sheet::default() };
        // sheets that start with an underscore are the author's own notes; charts are no worksheets
        if !name.starts_with('_')
            && let Ok(mut cells) = file.worksheet_cells_reader(&name)
        {
            while let Some(cell) = cells.next_cell().map_err(damaged)? {
                let text = cell_text(&Data::from(cell.get_value().clone()));
                let place = cell.get_position();
                if !text.is_empty() {
                    sheet.put(place, text, &mut total)?;
                }
            }
        }
        workbook.sheets.push(sheet);
    }
    Ok(workbook)
}

/// Refuses a zip that unfolds to more than any form: the sizes written in it may lie, so they are measured.
fn check_parts(bytes: &[u8]) -> Result<(), Problem> {
    if (bytes.len() as u64) * DEFLATE_RATIO <= MAX_PART {
        return Ok(());
    }
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(damaged)?;
    let mut left = MAX_PART;
    for at in 0..archive.len() {
        let part = archive.by_index(at).map_err(damaged)?;
        let size = std::io::copy(&mut part.take(left + 1), &mut std::io::sink()).map_err(damaged)?;
        left = left.checked_sub(size).ok_or_else(|| too_large(say!("too-large-file", mb = MAX_PART >> 20)))?;
    }
    Ok(())
}

fn read_xls(bytes: &[u8]) -> Result<Workbook, Problem> {
    let bytes = xls::made_safe(bytes).map_err(|error| match error {
        XlsError::Locked => say!("locked-workbook").coded(UNREADABLE),
        XlsError::Unsound => unreadable(say!("damaged-file"), save_again()),
    })?;
    let mut file: Xls<_> = Xls::new(Cursor::new(bytes)).map_err(damaged)?;
    let (mut workbook, mut total) = (Workbook::default(), 0);
    for name in file.sheet_names() {
        let mut sheet = Sheet { name: name.clone(), ..Sheet::default() };
        if !name.starts_with('_')
            && let Ok(range) = file.worksheet_range(&name)
        {
            let (top, left) = range.start().unwrap_or_default();
            for (row, column, cell) in range.used_cells() {
                let text = cell_text(cell);
                if !text.is_empty() {
                    sheet.put((top + row as u32, left + column as u32), text, &mut total)?;
                }
            }
        }
        workbook.sheets.push(sheet);
    }
    Ok(workbook)
}

/// Tables as pyxform reads them: a row whose first cell is filled opens a sheet, the rows below belong to it, `\|` is a
/// bar, lines that are no table row or start with `#` are prose.
fn read_tables(text: &str) -> Result<Workbook, Problem> {
    let mut workbook = Workbook::default();
    for line in text.lines() {
        let line = line.trim();
        let Some(inner) = line.strip_prefix('|').and_then(|rest| rest.rfind('|').map(|end| &rest[..end])) else {
            continue;
        };
        if inner.chars().all(|c| matches!(c, '|' | '-' | ':' | ' ')) && inner.contains('-') {
            continue;
        }
        let mut cells = split_cells(inner);
        let first = cells.remove(0);
        if !first.is_empty() {
            workbook.sheets.push(Sheet { name: first, ..Sheet::default() });
        }
        workbook.add_row(cells)?;
    }
    match workbook.sheets.is_empty() {
        true => Err(not_a_form(say!("no-table"))),
        false => Ok(workbook),
    }
}

/// One .csv with all sheets, as pyxform writes and reads it: a row whose first cell is filled opens a sheet, the rows below
/// belong to it.
fn read_csv(text: &str) -> Result<Workbook, Problem> {
    let mut workbook = Workbook::default();
    for record in delimited::reader(text, delimited::delimiter(text)).records() {
        let record = record.map_err(damaged)?;
        let mut cells: Vec<String> = record.iter().take(MAX_COLUMNS + 2).map(clean).collect();
        let first = cells.remove(0);
        if !first.is_empty() {
            if workbook.sheets.len() > MAX_COLUMNS {
                return Err(too_large(say!("too-many-sheets", number = MAX_COLUMNS)));
            }
            workbook.sheets.push(Sheet { name: first, ..Sheet::default() });
        }
        workbook.add_row(cells)?;
    }
    if workbook.sheets.iter().all(|sheet| sheet.rows.is_empty()) {
        return Err(not_a_form(say!("no-table")));
    }
    if workbook.sheet("survey").is_none() {
        return Err(unreadable(say!("csv-of-one-sheet"), say!("csv-hint")));
    }
    Ok(workbook)
}

/// A .csv with one table: every record is a row, at its own line.
fn read_csv_list(text: &str) -> Result<Workbook, Problem> {
    let (mut sheet, mut total, mut row) = (Sheet::default(), 0, 0);
    for record in delimited::reader(text, delimited::delimiter(text)).records() {
        let record = record.map_err(damaged)?;
        row += record.position().map_or(0, |place| blank_lines(text, place.byte() as usize));
        for (column, cell) in (0u32..).zip(&record).filter(|(_, cell)| !cell.is_empty()) {
            sheet.put((row, column), clean(cell), &mut total)?;
        }
        row += 1;
    }
    Ok(Workbook { sheets: vec![sheet] })
}

/// Lines without a cell before a record, which the reader passes over. It leaves the second half of `\r\n` to the next record.
fn blank_lines(text: &str, at: usize) -> u32 {
    let (before, after) = text.split_at_checked(at).unwrap_or_default();
    let gap = &after[..after.len() - after.trim_start_matches(['\r', '\n']).len()];
    let gap = gap.strip_prefix('\n').filter(|_| before.ends_with('\r')).unwrap_or(gap);
    gap.replace("\r\n", "\n").len() as u32
}

fn split_cells(inner: &str) -> Vec<String> {
    let (mut cells, mut cell, mut escaped) = (Vec::new(), String::new(), false);
    for c in inner.chars() {
        match c {
            '|' if escaped => {
                cell.pop();
                cell.push('|');
            }
            '|' => cells.push(clean(&std::mem::take(&mut cell))),
            c => cell.push(c),
        }
        escaped = c == '\\';
    }
    cells.push(clean(&cell));
    cells
}

/// Text as the author meant it: no-break spaces and typographic quotes come from word processors and break names and
/// expressions.
fn clean(text: &str) -> String {
    if text.is_ascii() {
        return text.trim().to_owned();
    }
    let plain: String = text
        .chars()
        .map(|c| match c {
            '\u{a0}' => ' ',
            '\u{2018}' | '\u{2019}' => '\'',
            '\u{201c}' | '\u{201d}' => '"',
            c => c,
        })
        .collect();
    plain.trim().to_owned()
}

/// A cell of a spreadsheet as text.
fn cell_text(cell: &Data) -> String {
    match cell {
        // `1` and not `1.0`
        Data::Float(number) => format!("{number}"),
        Data::Bool(truth) => truth.to_string().to_uppercase(),
        Data::DateTime(moment) => moment_text(moment),
        Data::Empty => String::new(),
        other => clean(&other.to_string()),
    }
}

/// Authors type dates and mean text: ISO, without the part that was not typed.
fn moment_text(moment: &ExcelDateTime) -> String {
    let (year, month, day, hour, minute, second, _) = moment.to_ymd_hms_milli();
    let (date, time) = (format!("{year:04}-{month:02}-{day:02}"), format!("{hour:02}:{minute:02}:{second:02}"));
    match moment.as_f64() {
        serial if (0.0..1.0).contains(&serial) => time,
        serial if serial.fract() == 0.0 => date,
        _ => format!("{date}T{time}"),
    }
}
