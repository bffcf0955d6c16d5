//! The languages of a form, and texts in all of them.

use super::columns::{MEDIA, SheetRow, SheetTable};
use super::diagnostics::{CellRef, Diagnostics};
use crate::package::Text;
use crate::say;
use std::collections::BTreeMap;

/// Columns whose cells people read, each perhaps in several languages.
pub const SHOWN: &[&str] = &[
    "label",
    "hint",
    "guidance_hint",
    "constraint_message",
    "required_message",
    "noapperrorstring",
    "image",
    "big-image",
    "audio",
    "video",
];
/// What pyxform calls the language of columns that name none.
const UNNAMED: &str = "default";

/// The languages of a form in the order of its columns.
#[derive(Debug)]
pub struct Languages {
    /// As the author wrote them; one empty name for a form without languages.
    pub names: Vec<String>,
    pub default: usize,
    /// The language of a column that names none.
    pub plain: usize,
}

impl Languages {
    /// Collects the languages of all shown columns that hold anything.
    pub fn of(tables: &[&SheetTable<'_>], default: Option<&str>, diagnostics: &mut Diagnostics) -> Self {
        let (mut names, mut plain): (Vec<String>, bool) = (Vec::new(), false);
        for table in tables {
            for header in table.headers.iter().filter(|header| SHOWN.contains(&header.key.as_str())) {
                let filled = || table.rows().any(|row| table.cells(row).any(|(h, _)| std::ptr::eq(h, header)));
                if header.language.is_empty() {
                    plain = plain || filled();
                } else if !names.contains(&header.language) && filled() {
                    names.push(header.language.clone());
                }
            }
        }
        let wanted = default.unwrap_or_default();
        if names.is_empty() {
            return Self { names: vec![wanted.to_owned()], default: 0, plain: 0 };
        }
        let found = names.iter().position(|name| name == wanted).or_else(|| {
            let short = |name: &String| code(name) == Some(wanted) || name.split(" (").next() == Some(wanted);
            names.iter().position(short).filter(|_| !wanted.is_empty())
        });
        if found.is_none() && (plain || !wanted.is_empty()) {
            // columns without a language are of the default language, even where no other column names it
            if !wanted.is_empty() && !plain {
                diagnostics.warn(
                    CellRef::sheet("settings").column("default_language"),
                    say!("unknown-language", wanted).hint(say!("unknown-language-hint", languages = names.join(", "))),
                );
            }
            if plain {
                names.insert(0, if wanted.is_empty() { UNNAMED.into() } else { wanted.to_owned() });
            }
        }
        let default = found.unwrap_or(0);
        Self { names, default, plain: default }
    }

    /// A column of a row in all languages. A column that names the default language beats one that names none.
    pub fn text(&self, table: &SheetTable<'_>, row: SheetRow<'_>, key: &str) -> Text {
        let mut texts = Vec::new();
        for named in [false, true] {
            for (header, cell) in table.texts(row, key).filter(|(header, _)| header.language.is_empty() != named) {
                let at = match named {
                    false => Some(self.plain),
                    true => self.names.iter().position(|name| *name == header.language),
                };
                if let Some(at) = at {
                    texts.resize(self.names.len(), String::new());
                    texts[at] = cell.to_owned();
                }
            }
        }
        Text(texts)
    }

    /// The media of a row, by kind.
    pub fn media(&self, table: &SheetTable<'_>, row: SheetRow<'_>) -> BTreeMap<String, Text> {
        let texts = MEDIA.iter().map(|kind| ((*kind).to_owned(), self.text(table, row, kind)));
        texts.filter(|(_, text)| !text.is_empty()).collect()
    }

    /// Warns where a shown column has a text in some language and not in all.
    pub fn check(&self, table: &SheetTable<'_>, diagnostics: &mut Diagnostics) {
        if self.names.len() < 2 {
            return;
        }
        for key in SHOWN.iter().filter(|key| table.has(key)) {
            let mut missing: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
            for row in table.rows() {
                let text = self.text(table, row, key);
                let blank = text.0.iter().enumerate().filter(|(_, text)| text.is_empty());
                blank.for_each(|(language, _)| missing.entry(language).or_default().push(row.number));
            }
            for (language, rows) in missing {
                let (name, first) = (&self.names[language], rows[0]);
                let message = match rows.len() {
                    1 => say!("missing-translation", key, name),
                    more => say!("missing-translations", key, name, more),
                };
                let column = format!("{key}::{name}");
                let problem = message.coded("missing-translation").hint(say!("missing-translation-hint"));
                diagnostics.warn(CellRef::row(table.sheet, first).column(&column), problem);
            }
        }
    }
}

/// `fr` of `French (fr)`.
fn code(name: &str) -> Option<&str> {
    name.rsplit_once('(').and_then(|(_, tail)| tail.strip_suffix(')'))
}
