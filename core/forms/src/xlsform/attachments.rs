//! Tables beside the form: `select_one_from_file`, `pulldata`, `csv-external`. They become lists of the package, so that
//! a phone needs no other file. CSV, the XML of an ODK instance, and GeoJSON are read; a table is data, so columns in
//! languages are not.

use super::choices::{Lists, MAX_CHOICES, order_columns};
use super::languages::Languages;
use crate::package::{Choice, List, Text};
use quick_xml::Reader;
use quick_xml::events::Event;
use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};

/// A message and a hint.
pub type Problem = (String, String);

/// The folder of the form.
pub struct ExternalFiles<'a> {
    file: &'a dyn Fn(&str) -> Option<Vec<u8>>,
    /// Files that were read already, and the lists they became.
    read: RefCell<HashMap<String, usize>>,
}

/// FileRows of cells by column.
struct FileRows {
    header: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl<'a> ExternalFiles<'a> {
    pub fn new(file: &'a dyn Fn(&str) -> Option<Vec<u8>>) -> Self {
        Self { file, read: RefCell::default() }
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
            let message = format!("the list of '{file}' would have the name '{name}', which is taken");
            return Err((message, "rename the file or the list".into()));
        }
        let absent =
            || (format!("the file '{file}' is not beside the form"), "put it into the folder of the form".into());
        let bytes = (self.file)(file).ok_or_else(absent)?;
        let rows = match ending {
            "xml" => xml_rows(&bytes),
            "geojson" => geojson_rows(&bytes),
            _ => csv_rows(&bytes),
        };
        let usual = if ending == "geojson" { ("id", "title") } else { ("name", "label") };
        let list = rows.and_then(|rows| rows.list(name, value.unwrap_or(usual.0), label.unwrap_or(usual.1), languages));
        let list = list.map_err(|cause| (format!("'{file}': {cause}"), "save it again as CSV in UTF-8".to_owned()))?;
        let at = lists.add(list);
        self.read.borrow_mut().insert(key, at);
        Ok(at)
    }
}

impl FileRows {
    /// Every column stays reachable under its own name; those of name and label are read as such besides.
    fn list(self, name: String, value: &str, label: &str, languages: &Languages) -> Result<List, String> {
        let find = |wanted: &str| self.header.iter().position(|column| column == wanted);
        // a table for pulldata need not have a column `name`: its rows are found by any column
        let key = match find(value) {
            None if !matches!(value, "name" | "id") => return Err(format!("the file has no column '{value}'")),
            key => key.unwrap_or(0),
        };
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
        let mut list = List { name, columns, choices: self.rows.iter().map(choice).collect() };
        order_columns(&mut list);
        Ok(list)
    }

    fn push(&mut self, row: Vec<String>) -> Result<(), String> {
        if self.rows.len() >= MAX_CHOICES {
            return Err(format!("the file has more than {MAX_CHOICES} rows"));
        }
        self.rows.push(row);
        Ok(())
    }

    /// Puts a cell under a column that may be new.
    fn put(&mut self, row: &mut Vec<String>, column: &str, cell: String) -> Result<(), String> {
        let at = self.header.iter().position(|known| known == column).unwrap_or(self.header.len());
        if at == self.header.len() {
            if at >= super::workbook::MAX_COLUMNS {
                return Err("the file has too many columns".into());
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

fn csv_rows(bytes: &[u8]) -> Result<FileRows, String> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut reader = csv::ReaderBuilder::new().flexible(true).trim(csv::Trim::All).from_reader(bytes);
    let header: Vec<String> = reader.headers().map_err(|e| e.to_string())?.iter().map(str::to_owned).collect();
    if header.iter().all(String::is_empty) {
        return Err("the file has no header".into());
    }
    let mut rows = FileRows { header, rows: Vec::new() };
    for record in reader.records() {
        let record = record.map_err(|e| e.to_string())?;
        rows.push(record.iter().map(str::to_owned).collect())?;
    }
    Ok(rows)
}

/// `<root><item><name>x</name><label>X</label></item> ... </root>`, whatever root and item are called.
fn xml_rows(bytes: &[u8]) -> Result<FileRows, String> {
    let text = std::str::from_utf8(bytes).map_err(|_| "the file is not UTF-8")?;
    let mut reader = Reader::from_str(text);
    let (mut rows, mut row) = (FileRows { header: Vec::new(), rows: Vec::new() }, Vec::new());
    let (mut open, mut cell): (Vec<String>, String) = (Vec::new(), String::new());
    loop {
        match reader.read_event().map_err(|e| e.to_string())? {
            Event::Start(tag) => {
                if open.len() >= 8 {
                    return Err("it is nested too deeply".into());
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
fn geojson_rows(bytes: &[u8]) -> Result<FileRows, String> {
    let json: serde_json::Value = serde_json::from_slice(bytes).map_err(|e| e.to_string())?;
    let features = json["features"].as_array().ok_or("it has no features")?;
    let mut rows = FileRows { header: vec!["id".into()], rows: Vec::new() };
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
            read("t.csv", "code\na\n", Some("id2"), None).unwrap_err().0,
            "'t.csv': the file has no column 'id2'"
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
