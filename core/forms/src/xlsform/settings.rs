//! The sheet `settings`: one row that speaks for the whole form.

use super::columns::SheetTable;
use super::diagnostics::{CellRef, Diagnostics};
use super::survey::yes_no;
use crate::package::is_name;
use crate::say;
use std::collections::BTreeMap;

/// Settings by name.
#[derive(Debug, Default)]
pub struct Settings(BTreeMap<String, String>);

impl Settings {
    pub fn read(table: &SheetTable<'_>, diagnostics: &mut Diagnostics) -> Self {
        let mut rows = table.rows();
        let Some(row) = rows.next() else { return Self::default() };
        if let Some(second) = rows.next() {
            diagnostics.warn(CellRef::row("settings", second.number), say!("settings-row").hint(say!("remove-row")));
        }
        let cells = table.cells(row).map(|(header, cell)| (header.key.clone(), cell.to_owned()));
        let settings = Self(cells.collect());
        if let Some(name) = settings.get("name").filter(|name| !is_name(name)) {
            diagnostics.error(
                table.place(row, "name"),
                say!("bad-form-name", name).coded("bad-name").hint(say!("bad-name-hint")),
            );
        }
        if settings.says("omit_instanceid") && settings.get("public_key").is_some() {
            diagnostics.error(
                table.place(row, "omit_instanceid"),
                say!("encrypted-without-id").coded("bad-setting").hint(say!("remove-one-setting")),
            );
        }
        settings
    }

    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str)
    }

    /// Whether a setting is `yes`.
    pub fn says(&self, key: &str) -> bool {
        self.get(key).and_then(yes_no) == Some(true)
    }

    /// Settings that stand as rows on the survey sheet win, as in pyxform.
    pub fn adopt(&mut self, settings: &[(&'static str, String)]) {
        self.0.extend(settings.iter().map(|(key, value)| ((*key).to_owned(), value.clone())));
    }

    pub fn take(&mut self, key: &str) -> Option<String> {
        self.0.remove(key)
    }

    /// What is left, for the package; the languages stand there already.
    pub fn rest(mut self) -> BTreeMap<String, String> {
        for key in ["kind", "default_language", "allow_choice_duplicates", "clean_text_values", "name"] {
            self.0.remove(key);
        }
        self.0
    }
}
