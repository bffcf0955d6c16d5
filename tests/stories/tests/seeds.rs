//! Every figure that IOM Burundi printed (`tests/data/seeds/*.json`) has a table and a cell that will show it
//! (`tests/data/seeds/cells.csv`). What no table can show is listed there as words, with the reason.

use serde_json::Value;
use std::collections::BTreeMap;
// the SQLite of this build takes its cipher from the core
use tabara_core as _;
use tabara_server::statistics::{Base, Counting, Period, Scope, Shelf};
use tabara_server::store::entry::{Closing, Entry, EntryPayload};

const FILES: [(&str, &str); 2] = [
    ("infosheet-2020", include_str!("../../data/seeds/infosheet-2020.json")),
    ("identifications-2021-2023", include_str!("../../data/seeds/identifications-2021-2023.json")),
];

/// A row of `cells.csv`: where a figure of the seeds is shown.
#[derive(serde::Deserialize)]
struct Row {
    file: String,
    path: String,
    place: String,
    table: String,
    cell: String,
}

/// The paths of all numbers, and of what is printed as a share in words.
fn figures(path: &str, value: &Value, found: &mut Vec<String>) {
    let inner = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
    match value {
        Value::Object(fields) => fields.iter().for_each(|(key, value)| figures(&inner(key), value, found)),
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(at, value)| figures(&inner(&at.to_string()), value, found));
        }
        Value::Number(_) => found.push(path.to_owned()),
        Value::String(_) if path.ends_with("_share") => found.push(path.to_owned()),
        Value::String(_) | Value::Bool(_) | Value::Null => {}
    }
}

#[test]
fn every_figure_of_the_seeds_has_a_cell() {
    let rows =
        csv::Reader::from_reader(include_str!("../../data/seeds/cells.csv").as_bytes()).into_deserialize::<Row>();
    let mut rows: BTreeMap<(String, String), Row> =
        rows.map(|row| row.expect("a row")).map(|row| ((row.file.clone(), row.path.clone()), row)).collect();
    let mut counting = Counting::standard();
    let year_is_over = EntryPayload::Closing(Closing { month: "2020-12".into() });
    let (reason, binding, takes_back, about) = Default::default();
    counting
        .take(Entry { position: 1, received: 0, reason, binding, takes_back, about, payload: year_is_over })
        .unwrap();
    let snapshot = counting.snapshot(0);
    let (mut missing, mut words) = (Vec::new(), 0);
    for (file, text) in FILES {
        let mut paths = Vec::new();
        figures("", &serde_json::from_str(text).expect("JSON"), &mut paths);
        assert!(paths.len() > 20, "{file} is read");
        for path in paths {
            let Some(row) = rows.remove(&(file.to_owned(), path.clone())) else {
                missing.push(format!("{file} {path}: no row"));
                continue;
            };
            if row.table == "words" {
                words += 1;
                continue;
            }
            let scope = if row.place == "BI" { Some(Scope::Nation) } else { Scope::province(&row.place) };
            let scope = scope.unwrap_or_else(|| panic!("{path}: no place {}", row.place));
            let Some(answer) = snapshot.answer(&row.table, scope, Period::Year(2020), &Base::Inside) else {
                missing.push(format!("{file} {path}: {} has no year in {}", row.table, row.place));
                continue;
            };
            let codes: Vec<&str> = row.cell.split('/').collect();
            let is_there =
                |(shelf, code): (&Shelf, &&str)| *code == "all" || shelf.codes.iter().any(|known| known == code);
            let whole = codes.len() == answer.shelves.len() && answer.shelves.iter().zip(&codes).all(is_there);
            if row.cell != "total" && !whole {
                missing.push(format!("{file} {path}: {} has no cell {}", row.table, row.cell));
            }
        }
    }
    assert_eq!(missing, Vec::<String>::new());
    assert_eq!(rows.into_keys().collect::<Vec<_>>(), [], "rows about figures that are not printed");
    assert_eq!(words, 18, "figures that only words can say");
}
