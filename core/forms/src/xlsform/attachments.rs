//! Tables beside the form: `select_one_from_file`, `pulldata`, `csv-external`. They become lists of the package, so that
//! a phone needs no other file. CSV, the XML of an ODK instance, and GeoJSON are read; a table is data, so columns in
//! languages are not.
#![expect(clippy::result_large_err, reason = "a problem of a file is told once, off the phone")]

use super::choices::{Lists, MAX_CHOICES, order_columns};
use super::delimited;
use super::languages::Languages;
use super::phrase::{Phrase, Problem};
use crate::package::{Choice, List, Text};
use crate::say;
use quick_xml::Reader;
use quick_xml::events::Event;
use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};

/// What an author should know of a file that could be read: message and hint.
#[derive(Debug, Default)]
struct Notes {
    /// However it is used.
    file: Vec<Problem>,
    /// If its rows are choices.
    choices: Vec<Problem>,
}

/// Notes on the choices of one file that are listed.
const MAX_NOTES: usize = 10;

/// The folder of the form.
pub struct ExternalFiles<'a> {
    file: &'a dyn Fn(&str) -> Option<Vec<u8>>,
    /// Files that were read already, and the lists they became.
    read: RefCell<HashMap<String, usize>>,
    /// By list, until they are reported.
    notes: RefCell<HashMap<usize, Notes>>,
}

/// Rows of cells by column.
struct FileRows {
    header: Vec<String>,
    rows: Vec<Vec<String>>,
    /// Of a CSV: the line of each row.
    lines: Vec<u64>,
    delimiter: u8,
}

impl<'a> ExternalFiles<'a> {
    pub fn new(file: &'a dyn Fn(&str) -> Option<Vec<u8>>) -> Self {
        Self { file, read: RefCell::default(), notes: RefCell::default() }
    }

    /// Reads a table into the lists, once, and gives its index. The list has the file's name without its ending; with
    /// columns of a select's own choosing for name and label, it is a list of its own.
    pub fn read(
        &self,
        file: &str,
        value: Option<&str>,
        label: Option<&str>,
        lists: &mut Lists,
        languages: &Languages,
    ) -> Result<usize, Problem> {
        let (stem, ending) = file.rsplit_once('.').unwrap_or((file, "csv"));
        let key = format!("{file} {value:?} {label:?}");
        if let Some(at) = self.read.borrow().get(&key) {
            return Ok(*at);
        }
        let name = match (value, label) {
            (None, None) => stem.to_owned(),
            _ => format!("{stem} ({}, {})", value.unwrap_or("name"), label.unwrap_or("label")),
        };
        if lists.index(&name).is_some() || name == "__last-saved" {
            return Err(say!("file-name-taken", file, name).coded("file-beside"));
        }
        let bytes = (self.file)(file).ok_or_else(|| say!("no-such-file", file).coded("file-beside"))?;
        let rows = match ending {
            "xml" => xml_rows(&bytes),
            "geojson" => geojson_rows(&bytes),
            _ => csv_rows(&bytes),
        };
        let usual = if ending == "geojson" { ("id", "title") } else { ("name", "label") };
        let list = rows.and_then(|rows| {
            let mut notes = Notes::default();
            if rows.delimiter != b',' {
                let message = if rows.delimiter == b';' { say!("semicolons", file) } else { say!("tabs", file) };
                notes.file.push(message.coded("doubtful-file").hint(say!("delimiter-hint")));
            }
            let list =
                rows.list(file, name, [value.unwrap_or(usual.0), label.unwrap_or(usual.1)], languages, &mut notes)?;
            Ok((list, notes))
        });
        let (list, notes) = list.map_err(|cause: Phrase| say!("bad-file", file, cause).coded("file-beside"))?;
        let at = lists.add(list);
        self.notes.borrow_mut().insert(at, notes);
        self.read.borrow_mut().insert(key, at);
        Ok(at)
    }

    /// What an author should know of a file that became this list, once; `choices` says that its rows are choices.
    pub fn take_notes(&self, list: usize, choices: bool) -> Vec<Problem> {
        let mut all = self.notes.borrow_mut();
        let Some(notes) = all.get_mut(&list) else { return Vec::new() };
        let mut taken = std::mem::take(&mut notes.file);
        if choices {
            taken.append(&mut notes.choices);
        }
        taken
    }
}

impl FileRows {
    /// Every column stays reachable under its own name; those of name and label are read as such besides.
    fn list(
        self,
        file: &str,
        name: String,
        [value, label]: [&str; 2],
        languages: &Languages,
        notes: &mut Notes,
    ) -> Result<List, Phrase> {
        let find = |wanted: &str| self.header.iter().position(|column| column == wanted);
        // a table for pulldata need not have a column `name`: its rows are found by any column
        let (key, keyed) = match find(value) {
            None if !matches!(value, "name" | "id") => return Err(say!("no-file-column", column = value)),
            key => (key.unwrap_or(0), key.is_some()),
        };
        if keyed {
            notes.choices = self.notes(file, key);
        }
        let shown = find(label);
        let own = |at: usize| (at == key && self.header[at] == "name") || (Some(at) == shown && label == "label");
        let kept: Vec<usize> = (0..self.header.len()).filter(|at| !own(*at)).collect();
        let columns = kept.iter().map(|at| self.header[*at].clone()).collect();
        let choice = |row: &Vec<String>| {
            let cell = |at: usize| row.get(at).cloned().unwrap_or_default();
            let text = shown.map(cell).filter(|text| !text.is_empty());
            Choice {
                name: cell(key),
                label: Text(text.map_or_else(Vec::new, |text| vec![text; languages.names.len()])),
                values: kept.iter().map(|at| cell(*at)).collect(),
                media: BTreeMap::new(),
            }
        };
        let named = self.rows.iter().filter(|row| !keyed || row.get(key).is_some_and(|cell| !cell.is_empty()));
        let mut list = List { name, columns, choices: named.map(choice).collect() };
        order_columns(&mut list);
        Ok(list)
    }

    /// Choices that stand there twice, or have no name.
    fn notes(&self, file: &str, key: usize) -> Vec<Problem> {
        let place = |at: usize| self.lines.get(at).map_or(at as u64 + 1, |line| *line);
        let (mut seen, mut notes): (HashMap<&str, usize>, Vec<Problem>) = (HashMap::new(), Vec::new());
        let mut more = 0;
        for (at, row) in self.rows.iter().enumerate() {
            let name = row.get(key).map_or("", String::as_str);
            let line = place(at);
            let note = if name.is_empty() {
                let column = &self.header[key];
                say!("file-nameless", line, file, column)
            } else if let Some(first) = seen.get(name) {
                let first = place(*first);
                say!("file-twins", file, name, first, line)
            } else {
                seen.insert(name, at);
                continue;
            };
            if notes.len() < MAX_NOTES { notes.push(note.coded("doubtful-file")) } else { more += 1 }
        }
        if more > 0 {
            notes.push(say!("file-more", file, more).coded("doubtful-file"));
        }
        notes
    }

    fn push(&mut self, row: Vec<String>) -> Result<(), Phrase> {
        if self.rows.len() >= MAX_CHOICES {
            return Err(say!("file-too-long", number = MAX_CHOICES));
        }
        self.rows.push(row);
        Ok(())
    }

    /// Puts a cell under a column that may be new.
    fn put(&mut self, row: &mut Vec<String>, column: &str, cell: String) -> Result<(), Phrase> {
        let at = self.header.iter().position(|known| known == column).unwrap_or(self.header.len());
        if at == self.header.len() {
            if at >= super::workbook::MAX_COLUMNS {
                return Err(say!("file-too-wide"));
            }
            self.header.push(column.to_owned());
        }
        if row.len() <= at {
            row.resize(at + 1, String::new());
        }
        row[at] = cell;
        Ok(())
    }
}

fn unreadable(error: impl std::fmt::Display) -> Phrase {
    say!("file-unreadable", error)
}

fn no_text() -> Phrase {
    say!("file-no-text")
}

fn csv_rows(bytes: &[u8]) -> Result<FileRows, Phrase> {
    let text = delimited::decode(bytes).ok_or_else(no_text)?;
    let delimiter = delimited::delimiter(text.lines().next().unwrap_or_default());
    let mut rows = FileRows { header: Vec::new(), rows: Vec::new(), lines: Vec::new(), delimiter };
    for record in delimited::reader(&text, delimiter).records() {
        let record = record.map_err(unreadable)?;
        let cells = record.iter().map(str::to_owned);
        if rows.header.is_empty() {
            rows.header = cells.collect();
            if rows.header.len() > super::workbook::MAX_COLUMNS {
                return Err(say!("file-too-wide"));
            }
            continue;
        }
        if record.iter().all(str::is_empty) {
            continue;
        }
        rows.push(cells.collect())?;
        rows.lines.push(record.position().map_or(0, csv::Position::line));
    }
    if rows.header.iter().all(String::is_empty) {
        return Err(say!("file-no-header"));
    }
    Ok(rows)
}

/// `<root><item><name>x</name><label>X</label></item> ... </root>`, whatever root and item are called.
fn xml_rows(bytes: &[u8]) -> Result<FileRows, Phrase> {
    let text = std::str::from_utf8(bytes).map_err(|_| no_text())?;
    let mut reader = Reader::from_str(text);
    let (mut rows, mut row) =
        (FileRows { header: Vec::new(), rows: Vec::new(), lines: Vec::new(), delimiter: b',' }, Vec::new());
    let (mut open, mut cell): (Vec<String>, String) = (Vec::new(), String::new());
    loop {
        match reader.read_event().map_err(unreadable)? {
            Event::Start(tag) => {
                if open.len() >= 8 {
                    return Err(say!("file-too-deep"));
                }
                open.push(String::from_utf8_lossy(tag.local_name().as_ref().as_ref()).into_owned());
                cell.clear();
            }
            Event::Text(part) => cell += part.as_ref(),
            Event::GeneralRef(part) => cell += &entity(part.as_ref()),
            Event::End(_) => {
                match open.len() {
                    3 => rows.put(&mut row, &open[2], std::mem::take(&mut cell).trim().to_owned())?,
                    2 => rows.push(std::mem::take(&mut row))?,
                    _ => {}
                }
                open.pop();
            }
            Event::Eof => return Ok(rows),
            _ => {}
        }
    }
}

/// The five entities that XML knows without a definition, and characters by number.
fn entity(name: &str) -> String {
    let plain = match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        _ => {
            let number = name.strip_prefix("#x").map(|hex| u32::from_str_radix(hex, 16));
            let number = number.or_else(|| name.strip_prefix('#').map(str::parse));
            number.and_then(Result::ok).and_then(char::from_u32).unwrap_or(char::REPLACEMENT_CHARACTER)
        }
    };
    plain.to_string()
}

/// The features of a GeoJSON collection: their properties, `id`, and points as `latitude longitude 0 0`.
fn geojson_rows(bytes: &[u8]) -> Result<FileRows, Phrase> {
    let json: serde_json::Value = serde_json::from_slice(bytes).map_err(unreadable)?;
    let features = json["features"].as_array().ok_or_else(|| say!("file-no-features"))?;
    let mut rows = FileRows { header: vec!["id".into()], rows: Vec::new(), lines: Vec::new(), delimiter: b',' };
    let text = |value: &serde_json::Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    for feature in features {
        let mut row = Vec::new();
        let id = feature.get("id").or_else(|| feature["properties"].get("id"));
        rows.put(&mut row, "id", id.map(text).unwrap_or_default())?;
        for (key, value) in feature["properties"].as_object().into_iter().flatten().filter(|(key, _)| *key != "id") {
            rows.put(&mut row, key, text(value))?;
        }
        if let (Some(x), Some(y)) =
            (&feature["geometry"]["coordinates"][0].as_f64(), &feature["geometry"]["coordinates"][1].as_f64())
        {
            rows.put(&mut row, "geometry", format!("{y} {x} 0 0"))?;
        }
        rows.push(row)?;
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(file: &str, content: &str, value: Option<&str>, label: Option<&str>) -> Result<List, Problem> {
        let languages = Languages { names: vec![String::new()], default: 0, plain: 0 };
        let mut lists = Lists::default();
        let bytes = |_: &str| Some(content.as_bytes().to_vec());
        let at = ExternalFiles::new(&bytes).read(file, value, label, &mut lists, &languages)?;
        Ok(lists.lists.swap_remove(at))
    }

    fn shape(list: &List) -> Vec<(&str, &str, &[String])> {
        list.choices.iter().map(|c| (c.name.as_str(), c.label.get(0, 0), c.values.as_slice())).collect()
    }

    #[test]
    fn csv_keeps_commas_quotes_and_every_column() {
        let list =
            read("t.csv", "\u{feff}name,label,region\nng,\"Ngozi, \"\"north\"\"\",n\n\nru,Ruyigi,e\n", None, None)
                .unwrap();
        assert_eq!(list.name, "t");
        assert_eq!(list.columns, ["region"]);
        assert_eq!(
            shape(&list),
            [("ng", "Ngozi, \"north\"", &["n".to_owned()][..]), ("ru", "Ruyigi", &["e".to_owned()][..])]
        );
    }

    #[test]
    fn a_select_may_choose_its_columns_and_a_missing_one_is_told() {
        let list = read("t.csv", "code,title\na,A\n", Some("code"), Some("title")).unwrap();
        assert_eq!(list.columns, ["code", "title"]);
        assert_eq!(shape(&list)[0].0, "a");
        assert_eq!(
            read("t.csv", "code\na\n", Some("id2"), None).unwrap_err().message.text,
            "'t.csv': the file has no column 'id2'".into()
        );
    }

    #[test]
    fn xml_and_geojson_become_lists_too() {
        let xml = "<root><item><name>a</name><label>A &amp; B</label><x>1</x></item><item><name>b</name></item></root>";
        let list = read("t.xml", xml, None, None).unwrap();
        assert_eq!(shape(&list), [("a", "A & B", &["1".to_owned()][..]), ("b", "", &[][..])]);
        let json =
            r#"{"features":[{"id":"p","geometry":{"coordinates":[29.3,-3.4]},"properties":{"title":"CellRef"}}]}"#;
        let list = read("t.geojson", json, None, None).unwrap();
        assert_eq!(shape(&list)[0].1, "CellRef");
        assert_eq!(list.columns, ["id", "title", "geometry"]);
    }

    #[test]
    fn hostile_tables_end_in_an_error() {
        let deep = "<a>".repeat(100_000);
        assert!(read("t.xml", &deep, None, None).is_err());
        assert!(read("t.geojson", &"[".repeat(100_000), None, None).is_err());
        assert!(read("t.csv", &("name\n".to_owned() + &"x\n".repeat(MAX_CHOICES + 1)), None, None).is_err());
        assert!(read("t.csv", "", None, None).is_err());
    }
}
