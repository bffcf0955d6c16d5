//! Headers: the many spellings of the field, brought to one name for each column, and the language of a translation.
//!
//! `relevance`, `Relevant`, `bind::relevant` are one column; `label::French (fr)`, `Label : French (fr)` and
//! `media::image::French (fr)` carry a language. A header that is not known is kept as written: on the choices sheet it is
//! a property for filters.

use super::diagnostics::{CellRef, Diagnostics};
use super::spelling::closest;
use super::workbook::Sheet;
use crate::say;

/// One sheet with its headers understood.
#[derive(Debug, Clone)]
pub struct SheetTable<'a> {
    pub sheet: &'a str,
    pub headers: Vec<Header>,
    rows: &'a [Vec<String>],
}

/// A header. `key` is empty where the header cell is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    pub key: String,
    /// As the author wrote it, such as `French (fr)`; empty for a column without language.
    pub language: String,
    /// As the author wrote it, for diagnostics.
    pub title: String,
}

/// One row that is not blank.
#[derive(Debug, Clone, Copy)]
pub struct SheetRow<'a> {
    /// Spreadsheet row; the header is 1.
    pub number: usize,
    cells: &'a [String],
}

/// `spelling=column`. A column under its own name need not stand here.
const SURVEY: &str = "command=type tag=name value=name caption=label relevance=relevant read_only=readonly \
    calculate=calculation constraining_message=constraint_message jr:constraintmsg=constraint_message \
    constraintmsg=constraint_message requiredmsg=required_message jr:requiredmsg=required_message \
    count=repeat_count jr:count=repeat_count no_app_error_string=noapperrorstring \
    jr:noapperrorstring=noapperrorstring odk:tag=compact_tag";

const SURVEY_COLUMNS: &str = "type name label hint guidance_hint relevant required required_message constraint constraint_message \
    calculation default readonly choice_filter appearance parameters repeat_count trigger image \
    big-image audio video autoplay rows save_to compact_tag noapperrorstring disabled intent fact role \
    prefill sealed_only";

const CHOICES: &str = "value=name caption=label";
const CHOICES_COLUMNS: &str = "list_name name label image big-image audio video";

const INDICATORS_COLUMNS: &str = "question answer code label kind dimension condition fact assume";

const SETTINGS: &str = "set_form_title=form_title title=form_title set_form_id=form_id id_string=form_id";
const SETTINGS_COLUMNS: &str = "form_title form_id version default_language instance_name style name allow_choice_duplicates \
    clean_text_values public_key submission_url auto_send auto_delete omit_instanceid instance_id flat \
    prefix delimiter client_editable namespaces sms_keyword sms_separator kind unit";

/// Kinds of media.
pub const MEDIA: &[&str] = &["image", "big-image", "audio", "video"];

/// Columns that the questionnaire reads without any language even so: their text is not shown.
const PLAIN: &[&str] = &["type", "name", "list_name", "relevant", "calculation", "constraint", "required", "default"];

impl<'a> SheetTable<'a> {
    /// Reads the header row. Two headers of one meaning, and (in the survey) near misses, are diagnostics.
    pub fn new(sheet_name: &'a str, sheet: &'a Sheet, diagnostics: &mut Diagnostics) -> Self {
        let (aliases, columns) = words_of(sheet_name);
        let titles: &[String] = sheet.rows.first().map_or(&[], |row| row);
        let double = is_double(titles);
        let mut headers: Vec<Header> = Vec::with_capacity(titles.len());
        for title in titles {
            let header = read_header(title, double, aliases, &columns);
            let at = CellRef::row(sheet_name, 1).column(title);
            let twin =
                headers.iter().find(|h| !h.key.is_empty() && h.key == header.key && h.language == header.language);
            if twin.is_some() && header.key == "form_id" {
                diagnostics.warn(at, say!("form-id-twice", title).coded("duplicate-column"));
            } else if let Some(twin) = twin {
                diagnostics.error(at, say!("duplicate-column", first = twin.title, title));
            } else if let Some(kind) = unknown_media(&header.key).filter(|_| matches!(sheet_name, "survey" | "choices"))
            {
                diagnostics.warn(at, say!("unknown-media", kind).meant(kind, MEDIA.iter().copied()));
            } else if let Some(kind) = capital_media(title) {
                diagnostics.warn(at, say!("media-capitals", kind, small = header.key));
            } else if !header.key.is_empty()
                && !columns.contains(&header.key.as_str())
                && matches!(sheet_name, "survey" | "indicators")
            {
                let word = snake(title.split(':').next().unwrap_or_default());
                if let Some(meant) = closest(&word, columns.iter().copied()).filter(|_| word.len() > 3) {
                    diagnostics.warn(at, say!("unknown-column", title).hint(say!("did-you-mean-column", meant)));
                }
            } else if PLAIN.contains(&header.key.as_str()) && !header.language.is_empty() {
                diagnostics.warn(at, say!("language-ignored", title).hint(say!("call-it", key = header.key)));
            }
            headers.push(header);
        }
        let rows = sheet.rows.get(1..).unwrap_or_default();
        Self { sheet: sheet_name, headers, rows }
    }

    /// The rows below the header that are not blank.
    pub fn rows(&self) -> impl Iterator<Item = SheetRow<'a>> + use<'a> {
        let numbered = self.rows.iter().enumerate().map(|(at, cells)| SheetRow { number: at + 2, cells });
        numbered.filter(|row| row.cells.iter().any(|cell| !cell.is_empty()))
    }

    pub fn has(&self, key: &str) -> bool {
        self.headers.iter().any(|header| header.key == key)
    }

    /// The column as the author wrote it, for diagnostics.
    pub fn title<'b>(&'b self, key: &'b str) -> &'b str {
        self.headers.iter().find(|header| header.key == key).map_or(key, |header| &header.title)
    }

    /// The cell of a column without language, if it is not blank.
    pub fn get(&self, row: SheetRow<'a>, key: &str) -> Option<&'a str> {
        self.texts(row, key).find(|(header, _)| header.language.is_empty()).map(|(_, text)| text)
    }

    /// The cells of a column in all its languages, blank ones left out.
    pub fn texts<'b>(&'b self, row: SheetRow<'a>, key: &'b str) -> impl Iterator<Item = (&'b Header, &'a str)> {
        self.cells(row).filter(move |(header, _)| header.key == key)
    }

    /// All cells of a row that are not blank and stand under a header.
    pub fn cells<'b>(&'b self, row: SheetRow<'a>) -> impl Iterator<Item = (&'b Header, &'a str)> {
        let pairs = self.headers.iter().zip(row.cells);
        pairs.filter(|(header, cell)| !header.key.is_empty() && !cell.is_empty()).map(|(h, cell)| (h, cell.as_str()))
    }

    /// The cell of a column in the row of a node; of a node that the compiler made, the sheet.
    pub fn place_of<'b>(&'b self, row: Option<SheetRow<'_>>, key: &'b str) -> CellRef<'b> {
        row.map_or(CellRef::sheet(self.sheet), |row| self.place(row, key))
    }

    pub fn place<'b>(&'b self, row: SheetRow<'_>, key: &'b str) -> CellRef<'b> {
        CellRef::row(self.sheet, row.number).column(if key.is_empty() { "" } else { self.title(key) })
    }
}

/// What each header of a sheet means; a header that is not known means itself.
pub fn keys(sheet_name: &str, titles: &[String]) -> Vec<String> {
    let (aliases, columns) = words_of(sheet_name);
    let double = is_double(titles);
    titles.iter().map(|title| read_header(title, double, aliases, &columns).key).collect()
}

/// The spellings and the columns of a sheet.
fn words_of(sheet_name: &str) -> (&'static str, Vec<&'static str>) {
    let (aliases, columns) = match sheet_name {
        "survey" => (SURVEY, SURVEY_COLUMNS),
        "choices" | "external_choices" => (CHOICES, CHOICES_COLUMNS),
        "settings" => (SETTINGS, SETTINGS_COLUMNS),
        "indicators" => ("", INDICATORS_COLUMNS),
        _ => ("", ""),
    };
    (aliases, columns.split(' ').collect())
}

/// What follows `media::` in a header that is not known.
fn unknown_media(key: &str) -> Option<&str> {
    let (first, rest) = key.split_once(':')?;
    let kind = rest.trim_start_matches(':').split(':').next()?.trim();
    Some(kind).filter(|_| first.trim().eq_ignore_ascii_case("media"))
}

/// A kind of media behind `media::` that is not written in small letters.
fn capital_media(title: &str) -> Option<&str> {
    let kind = unknown_media(title)?;
    (MEDIA.contains(&&*kind.to_lowercase()) && !MEDIA.contains(&kind)).then_some(kind)
}

/// Whether any header parts its words with `::`; old forms have `:`.
fn is_double(titles: &[String]) -> bool {
    titles.iter().any(|title| title.contains("::"))
}

/// `Constraint  Message` -> `constraint_message`.
fn snake(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join("_").to_lowercase()
}

fn read_header(title: &str, double: bool, aliases: &str, columns: &[&str]) -> Header {
    let known = |word: &str| {
        let word = snake(word);
        let mut pairs = aliases.split(' ').filter_map(|pair| pair.split_once('='));
        let aliased = pairs.find(|(alias, _)| *alias == word).map(|(_, column)| column);
        aliased.or_else(|| columns.iter().find(|column| **column == word).copied())
    };
    let header = |key: &str, language: &str| Header { key: key.into(), language: language.into(), title: title.into() };
    if let Some(column) = known(title) {
        return header(column, "");
    }
    let separator = if double { "::" } else { ":" };
    let mut tokens: Vec<String> = title.split(separator).map(|token| token.trim().to_owned()).collect();
    // old single colons: bind:jr:constraintMsg
    if let Some(at) = tokens.iter().position(|token| token == "jr").filter(|at| at + 1 < tokens.len()) {
        tokens[at] = format!("jr:{}", tokens.remove(at + 1));
    }
    // an XML part such as bind:: only says where the column goes
    let prefixed =
        tokens.len() > 1 && matches!(&*snake(&tokens[0]), "bind" | "control" | "body" | "media" | "instance");
    let from = usize::from(prefixed);
    match known(&tokens[from]) {
        Some(column) => header(column, &tokens[from + 1..].join("::")),
        None => header(title, ""),
    }
}

#[cfg(test)]
mod tests {
    use super::super::workbook::Workbook;
    use super::*;

    fn table_of(header: &[&str]) -> (Vec<(String, String)>, Vec<&'static str>) {
        let row = header.iter().map(|cell| (*cell).to_owned()).collect();
        let sheet = Sheet { name: "survey".into(), rows: vec![row], ..Sheet::default() };
        let mut diagnostics = Diagnostics::default();
        let headers = SheetTable::new("survey", &sheet, &mut diagnostics).headers;
        let found = diagnostics.sorted(&Workbook::default()).iter().map(|fault| fault.code).collect();
        (headers.into_iter().map(|h| (h.key, h.language)).collect(), found)
    }

    fn meaning(header: &str) -> (String, String) {
        table_of(&[header]).0.remove(0)
    }

    fn french(key: &str) -> (String, String) {
        (key.to_owned(), "French (fr)".to_owned())
    }

    #[test]
    fn spellings_of_a_header_mean_one_column() {
        for spelling in ["relevant", "Relevance", "bind::relevant", "bind:relevant", " RELEVANT "] {
            assert_eq!(meaning(spelling), ("relevant".into(), String::new()), "{spelling}");
        }
        for spelling in
            ["constraint message", "bind::jr:constraintMsg", "bind:jr:constraintMsg", "constraining_message"]
        {
            assert_eq!(meaning(spelling), ("constraint_message".into(), String::new()), "{spelling}");
        }
    }

    #[test]
    fn a_translation_carries_its_language() {
        assert_eq!(meaning("label::French (fr)"), french("label"));
        assert_eq!(meaning("Label : French (fr)"), french("label"));
        assert_eq!(meaning("media::image::French (fr)"), french("image"));
        assert_eq!(meaning("constraint_message::French (fr)"), french("constraint_message"));
    }

    #[test]
    fn two_headers_of_one_meaning_are_a_fault_and_a_near_miss_gets_a_hint() {
        assert_eq!(table_of(&["relevance", "relevant"]).1, ["duplicate-column"]);
        assert_eq!(table_of(&["relevent"]).1, ["unknown-column"]);
        assert_eq!(table_of(&["media::vdeo", "media::image::French (fr)"]).1, ["unknown-media"]);
        assert_eq!(table_of(&["Media::Video::French (fr)"]), (vec![french("video")], vec!["media-capitals"]));
        assert_eq!(table_of(&["MEDIA::video", "Image"]).1, [""; 0]);
        assert_eq!(table_of(&["my own notes", "$kuid"]).1, [""; 0]);
    }
}
