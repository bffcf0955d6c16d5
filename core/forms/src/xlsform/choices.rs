//! Lists of choices, from the sheets `choices` and `external_choices`.

use super::columns::{MEDIA, SheetRow, SheetTable};
use super::diagnostics::{CellRef, Diagnostics};
use super::languages::Languages;
use crate::package::{Choice, List, Text};
use crate::say;
use std::collections::{BTreeMap, HashMap};

/// Choices that all lists of a form may have together: far above any real form (the largest known has 5,145), low
/// enough that a hostile one costs little.
pub const MAX_CHOICES: usize = 50_000;

/// The lists of a form as they are collected. A list stands in the package only when a question uses it.
#[derive(Debug, Default)]
pub struct Lists {
    pub lists: Vec<List>,
    by_name: HashMap<String, usize>,
}

impl Lists {
    pub fn index(&self, name: &str) -> Option<usize> {
        self.by_name.get(name).copied()
    }

    pub fn get(&self, name: &str) -> Option<&List> {
        self.index(name).map(|at| &self.lists[at])
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.lists.iter().map(|list| list.name.as_str())
    }

    pub fn add(&mut self, list: List) -> usize {
        let at = self.lists.len();
        self.by_name.insert(list.name.clone(), at);
        self.lists.push(list);
        at
    }

    /// Reads a sheet of lists. `twins` says that two choices of a list may have one name.
    pub fn read(table: &SheetTable<'_>, languages: &Languages, twins: bool, diagnostics: &mut Diagnostics) -> Self {
        let mut lists = Self::default();
        let mut seen: HashMap<(usize, &str), usize> = HashMap::new();
        for row in table.rows() {
            let Some(list) = table.get(row, "list_name") else {
                if table.get(row, "name").is_some() {
                    diagnostics.warn(table.place(row, "list_name"), say!("choice-without-list"));
                }
                continue;
            };
            let at = lists.index(list).unwrap_or_else(|| {
                let columns = table.headers.iter().filter(|h| is_property(&h.key)).map(|h| h.key.clone()).collect();
                lists.add(List { name: list.to_owned(), columns, choices: Vec::new() })
            });
            let Some(name) = table.get(row, "name") else {
                diagnostics.error(table.place(row, "name"), say!("choice-without-name", list));
                continue;
            };
            if let Some(first) = seen.get(&(at, name)).filter(|_| !twins) {
                diagnostics.error(table.place(row, "name"), say!("duplicate-choice", list, name, first));
            } else {
                seen.insert((at, name), row.number);
            }
            let label = languages.text(table, row, "label");
            let media = languages.media(table, row);
            if label.is_empty() && media.is_empty() && table.sheet == "choices" {
                diagnostics.warn(table.place(row, "label"), say!("choice-without-label", name));
            }
            lists.lists[at].choices.push(Choice { name: name.to_owned(), label, values: values(table, row), media });
        }
        lists.lists.iter_mut().for_each(order_columns);
        lists
    }

    /// The choice `other`, added to a list for `or_other`, labelled in every language that the list has.
    pub fn add_other(&mut self, at: usize) {
        let list = &mut self.lists[at];
        if list.choices.iter().all(|choice| choice.name != "other") {
            let filled: Vec<bool> = (0..list.choices.first().map_or(0, |choice| choice.label.0.len()))
                .map(|language| list.choices.iter().any(|c| c.label.0.get(language).is_some_and(|t| !t.is_empty())))
                .collect();
            let label = Text(filled.into_iter().map(|any| if any { "Other".into() } else { String::new() }).collect());
            list.choices.push(Choice { name: "other".into(), label, ..Choice::default() });
        }
    }
}

/// A column of the sheet that filters may ask: no header with spaces, as it could not be named in an expression.
fn is_property(key: &str) -> bool {
    !key.is_empty() && !matches!(key, "list_name" | "name" | "label") && !MEDIA.contains(&key) && !key.contains(' ')
}

fn values(table: &SheetTable<'_>, row: SheetRow<'_>) -> Vec<String> {
    let cells: BTreeMap<&str, &str> = table.cells(row).map(|(header, cell)| (header.key.as_str(), cell)).collect();
    let keys = table.headers.iter().map(|header| header.key.as_str()).filter(|key| is_property(key));
    keys.map(|key| cells.get(key).copied().unwrap_or_default().to_owned()).collect()
}

/// A sheet holds many lists: the columns that a list leaves blank go to its end, where they cost nothing.
pub fn order_columns(list: &mut List) {
    let used: Vec<bool> = (0..list.columns.len())
        .map(|at| list.choices.iter().any(|choice| choice.values.get(at).is_some_and(|value| !value.is_empty())))
        .collect();
    for choice in &mut list.choices {
        let mut at = 0;
        choice.values.retain(|_| {
            at += 1;
            used[at - 1]
        });
        while choice.values.last().is_some_and(String::is_empty) {
            choice.values.pop();
        }
    }
    let (filled, blank): (Vec<_>, Vec<_>) = std::mem::take(&mut list.columns).into_iter().zip(used).partition(|c| c.1);
    list.columns = filled.into_iter().chain(blank).map(|(column, _)| column).collect();
}

/// Headers that cannot be read, such as notes with spaces.
pub fn check_headers(table: &SheetTable<'_>, diagnostics: &mut Diagnostics) {
    for header in table.headers.iter().filter(|header| header.key.contains(' ')) {
        let at = CellRef::row(table.sheet, 1).column(&header.title);
        diagnostics.warn(at, say!("unusable-column", column = header.title));
    }
}
