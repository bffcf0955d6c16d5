//! A workbook in memory, whatever file it came in: sheets of rows of text.
//!
//! The file is told by its content, not its name: .xlsx and .xlsm (zip), .xls (compound file), or .md tables. Office
//! files are read cell by cell, so that a sheet which claims a million rows, or none, costs what it holds. Every limit
//! below is far above real forms (the largest known has 7,000 rows) and keeps a hostile file cheap.

use calamine::{Data, DataRef, ExcelDateTime, Reader, Xls, Xlsx};
use std::io::{Cursor, Read};

/// InstanceData that a sheet may have.
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
    pub sheets: Vec<Sheet>,
}

/// One sheet. `rows[0]` is the header, spreadsheet row 1. Cells are trimmed; blank cells are empty text; rows may be
/// shorter than the header.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sheet {
    pub name: String,
    pub rows: Vec<Vec<String>>,
}

/// The bytes are no workbook, or one that is not safe to read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{cause}")]
pub struct Unreadable {
    pub cause: String,
    /// What the author can do.
    pub hint: &'static str,
}

const SAVE_AGAIN: &str = "open the file in a spreadsheet program and save it again as .xlsx";
const NOT_A_FORM: &str = "a form is a workbook (.xlsx, .xlsm, .xls) or .md tables: | survey | opens a sheet";
const TOO_LARGE: &str = "no form needs so much: delete empty rows, columns and pictures";

fn unreadable(cause: impl std::fmt::Display, hint: &'static str) -> Unreadable {
    Unreadable { cause: cause.to_string(), hint }
}

fn damaged(error: impl std::fmt::Display) -> Unreadable {
    unreadable(format!("the spreadsheet cannot be read: {error}"), SAVE_AGAIN)
}

impl Workbook {
    /// Reads a workbook by its content.
    pub fn read(bytes: &[u8]) -> Result<Self, Unreadable> {
        let mut workbook = match bytes {
            [b'P', b'K', 3, 4, ..] => guarded(|| read_xlsx(bytes))?,
            [0xD0, 0xCF, 0x11, 0xE0, ..] => guarded(|| read_xls(bytes))?,
            _ => match std::str::from_utf8(bytes) {
                Ok(text) => read_tables(text.trim_start_matches('\u{feff}'))?,
                Err(_) => return Err(unreadable("neither a spreadsheet nor text in UTF-8", NOT_A_FORM)),
            },
        };
        workbook.sheets.iter_mut().for_each(Sheet::tidy);
        Ok(workbook)
    }

    /// The sheet of this name, whatever its case.
    pub fn sheet(&self, name: &str) -> Option<&Sheet> {
        self.sheets.iter().find(|sheet| sheet.name.trim().eq_ignore_ascii_case(name))
    }
}

impl Sheet {
    fn put(&mut self, (row, column): (u32, u32), text: String, total: &mut usize) -> Result<(), Unreadable> {
        let (row, column) = (row as usize, column as usize);
        *total += text.len();
        if row >= MAX_ROWS || column >= MAX_COLUMNS || *total > MAX_TEXT {
            let cause = format!(
                "sheet {} is larger than {MAX_ROWS} rows, {MAX_COLUMNS} columns or {} MB of text",
                self.name,
                MAX_TEXT >> 20
            );
            return Err(unreadable(cause, TOO_LARGE));
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

    /// Cuts what lies beyond the blank stretches that end a sheet.
    fn tidy(&mut self) {
        let header = self.rows.first().map_or(&[][..], |row| row);
        let mut width = 0;
        for (at, cell) in header.iter().enumerate() {
            if !cell.is_empty() {
                width = at + 1;
            } else if at - width >= BLANK_COLUMNS {
                break;
            }
        }
        let mut height = 0;
        for (at, row) in self.rows.iter_mut().enumerate() {
            row.truncate(width);
            if row.iter().any(|cell| !cell.is_empty()) {
                height = at + 1;
            } else if at - height > BLANK_ROWS {
                break;
            }
        }
        self.rows.truncate(height);
    }
}

/// calamine has panicked on damaged files before; a damaged file must not take the caller down with it.
fn guarded(
    read: impl FnOnce() -> Result<Workbook, Unreadable> + std::panic::UnwindSafe,
) -> Result<Workbook, Unreadable> {
    std::panic::catch_unwind(read).unwrap_or_else(|_| Err(unreadable("the spreadsheet is damaged", SAVE_AGAIN)))
}

fn read_xlsx(bytes: &[u8]) -> Result<Workbook, Unreadable> {
    check_parts(bytes)?;
    let mut file: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(damaged)?;
    let (mut workbook, mut total) = (Workbook::default(), 0);
    for name in file.sheet_names() {
        let mut sheet = Sheet { name: name.clone(), rows: Vec::new() };
        // sheets that start with an underscore are the author's own notes; charts are no worksheets
        if !name.starts_with('_')
            && let Ok(mut cells) = file.worksheet_cells_reader(&name)
        {
            while let Some(cell) = cells.next_cell().map_err(damaged)? {
                let text = match cell.get_value() {
                    DataRef::Float(number) => number_text(*number),
                    DataRef::Int(number) => number.to_string(),
                    DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => clean(text),
                    DataRef::SharedString(text) => clean(text),
                    DataRef::Bool(truth) => truth_text(*truth),
                    DataRef::DateTime(moment) => moment_text(moment),
                    DataRef::Error(error) => error.to_string(),
                    DataRef::Empty => String::new(),
                };
                let place = cell.get_position();
                if !text.is_empty() {
                    sheet.put(place, text, &mut total)?;
                } else if place.0 as usize > sheet.rows.len() + BLANK_ROWS {
                    break;
                }
            }
        }
        workbook.sheets.push(sheet);
    }
    Ok(workbook)
}

/// Refuses a zip that unfolds to more than any form: the sizes written in it may lie, so they are measured.
fn check_parts(bytes: &[u8]) -> Result<(), Unreadable> {
    if (bytes.len() as u64) * DEFLATE_RATIO <= MAX_PART {
        return Ok(());
    }
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(damaged)?;
    let mut left = MAX_PART;
    for at in 0..archive.len() {
        let part = archive.by_index(at).map_err(damaged)?;
        let size = std::io::copy(&mut part.take(left + 1), &mut std::io::sink()).map_err(damaged)?;
        left = left.checked_sub(size).ok_or_else(|| {
            unreadable(format!("the spreadsheet unfolds to more than {} MB", MAX_PART >> 20), TOO_LARGE)
        })?;
    }
    Ok(())
}

fn read_xls(bytes: &[u8]) -> Result<Workbook, Unreadable> {
    if super::xls::is_safe_to_parse(bytes).is_none() {
        return Err(unreadable("the spreadsheet is damaged, or larger than any form", SAVE_AGAIN));
    }
    let mut file: Xls<_> = Xls::new(Cursor::new(bytes)).map_err(damaged)?;
    let (mut workbook, mut total) = (Workbook::default(), 0);
    for name in file.sheet_names() {
        let mut sheet = Sheet { name: name.clone(), rows: Vec::new() };
        if !name.starts_with('_')
            && let Ok(range) = file.worksheet_range(&name)
        {
            let (top, left) = range.start().unwrap_or_default();
            for (row, column, cell) in range.used_cells() {
                let text = match cell {
                    Data::Float(number) => number_text(*number),
                    Data::Int(number) => number.to_string(),
                    Data::Bool(truth) => truth_text(*truth),
                    Data::DateTime(moment) => moment_text(moment),
                    Data::Empty => String::new(),
                    text => clean(&text.to_string()),
                };
                if !text.is_empty() {
                    sheet.put((top + row as u32, left + column as u32), text, &mut total)?;
                } else if row + top as usize > sheet.rows.len() + BLANK_ROWS {
                    break;
                }
            }
        }
        workbook.sheets.push(sheet);
    }
    Ok(workbook)
}

/// Tables as pyxform reads them: a row whose first cell is filled opens a sheet, the rows below belong to it, `\|` is a
/// bar, lines that are no table row or start with `#` are prose.
fn read_tables(text: &str) -> Result<Workbook, Unreadable> {
    if text.len() > MAX_TEXT {
        return Err(unreadable(format!("more than {} MB of text", MAX_TEXT >> 20), TOO_LARGE));
    }
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
            workbook.sheets.push(Sheet { name: first, rows: Vec::new() });
        }
        if let Some(sheet) = workbook.sheets.last_mut()
            && cells.iter().any(|cell| !cell.is_empty())
        {
            if sheet.rows.len() >= MAX_ROWS || cells.len() > MAX_COLUMNS {
                let cause = format!("sheet {} is larger than {MAX_ROWS} rows or {MAX_COLUMNS} columns", sheet.name);
                return Err(unreadable(cause, TOO_LARGE));
            }
            sheet.rows.push(cells);
        }
    }
    match workbook.sheets.is_empty() {
        true => Err(unreadable("no table was found", NOT_A_FORM)),
        false => Ok(workbook),
    }
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

/// `1` and not `1.0`.
fn number_text(number: f64) -> String {
    format!("{number}")
}

fn truth_text(truth: bool) -> String {
    if truth { "TRUE".into() } else { "FALSE".into() }
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
