//! A file for spreadsheets and for the Humanitarian Exchange Language: a row of heads, a row of HXL tags, then one number
//! a row. No cell begins as a formula does.

use super::rows::{FigureRow, Words};

/// Its media type.
pub const KIND: &str = "text/csv; charset=utf-8";

const HEADS: [&str; 10] =
    ["table", "title", "unit", "place", "place_name", "period", "code", "label", "value", "suppressed"];
const TAGS: [&str; 10] = [
    "#meta+table",
    "#meta+title",
    "#meta+unit",
    "#adm1+code",
    "#adm1+name",
    "#date+period",
    "#indicator+code",
    "#indicator+name",
    "#indicator+value+num",
    "#meta+suppressed",
];

/// The whole file.
pub fn csv(rows: &[FigureRow], words: Words) -> String {
    let line = |row: &FigureRow| {
        let [title, unit, place, name] = words(row);
        let value = row.value.map(|n| n.to_string()).unwrap_or_default();
        let suppressed = row.value.is_none().to_string();
        let codes = [&row.table, &row.place, &row.period, &row.code].map(Clone::clone);
        let [table, code_of_place, period, code] = codes;
        vec![table, title, unit, code_of_place, place, period, code, name, value, suppressed]
    };
    table(&[&HEADS, &TAGS], &rows.iter().map(line).collect::<Vec<_>>())
}

/// Any table, with rows of heads, and a byte order mark so that spreadsheets read it as UTF-8.
pub fn table(heads: &[&[&str]], rows: &[Vec<String>]) -> String {
    let line = |cells: &mut dyn Iterator<Item = &str>| cells.map(safe).collect::<Vec<_>>().join(",") + "\r\n";
    let heads = heads.iter().map(|head| line(&mut head.iter().copied()));
    let rows = rows.iter().map(|row| line(&mut row.iter().map(String::as_str)));
    std::iter::once("\u{feff}".to_owned()).chain(heads).chain(rows).collect()
}

/// The rows of a file as spreadsheets save it, each with its line: commas, semicolons or tabs, whichever the first line has
/// most of, and quotes.
pub fn read(text: &str) -> Vec<(usize, Vec<String>)> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let head = text.lines().next().unwrap_or_default();
    let mark = [',', ';', '\t'].into_iter().max_by_key(|mark| head.matches(*mark).count()).unwrap_or(',');
    let (mut rows, mut row, mut cell, mut quoted) = (Vec::new(), Vec::new(), String::new(), false);
    let (mut line, mut start) = (1, 1);
    let mut signs = text.chars().peekable();
    while let Some(sign) = signs.next() {
        line += usize::from(sign == '\n');
        match sign {
            '"' if quoted && signs.peek() == Some(&'"') => cell.extend(signs.next()),
            '"' => quoted = !quoted,
            '\n' if !quoted => {
                row.push(std::mem::take(&mut cell));
                rows.push((start, std::mem::take(&mut row)));
                start = line;
            }
            '\r' if !quoted => {}
            _ if sign == mark && !quoted => row.push(std::mem::take(&mut cell)),
            _ => cell.push(sign),
        }
    }
    if !cell.is_empty() || !row.is_empty() {
        row.push(cell);
        rows.push((start, row));
    }
    rows
}

/// A cell that no spreadsheet runs, quoted where it must be.
fn safe(cell: &str) -> String {
    let runs = cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '|', '%']);
    let cell = if runs { format!("'{cell}") } else { cell.to_owned() };
    match cell.contains([',', ';', '"', '\n', '\r']) {
        true => format!("\"{}\"", cell.replace('"', "\"\"")),
        false => cell,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_a_mark_a_row_of_tags_and_no_cell_that_runs() {
        let row = |code: &str, value| FigureRow {
            table: "people-by-sex".into(),
            unit: "people identified".into(),
            place: "BI-PR-04".into(),
            period: "2021-q2".into(),
            code: code.into(),
            value,
        };
        let words = |row: &FigureRow| ["By sex", "People", "Butanyerera", &row.code].map(str::to_owned);
        let text = csv(&[row("f", Some(20)), row("=1+1", None)], &words);
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[0].starts_with("\u{feff}table,"));
        assert_eq!(lines[1].split(',').count(), lines[0].split(',').count());
        assert!(lines[1].starts_with("#meta+table,"));
        assert_eq!(lines[2], "people-by-sex,By sex,People,BI-PR-04,Butanyerera,2021-q2,f,f,20,false");
        assert!(lines[3].contains(",'=1+1,'=1+1,,true"));
    }
}
