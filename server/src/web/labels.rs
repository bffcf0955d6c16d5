//! What the codes of facts are called, in each language (`labels.tsv`, from the questionnaire's lists), and the names
//! of places.

use super::texts::{Language, Said};
use crate::reports::rows::FigureRow;
use std::collections::HashMap;
use std::sync::OnceLock;
use tabara_protocol::places;
use tabara_protocol::tables::{Dimension, Tables};

/// In the order of [`Language::ALL`]; a draft may lack some.
type Labels = HashMap<(&'static str, &'static str), [&'static str; 4]>;

fn all() -> &'static Labels {
    static ALL: OnceLock<Labels> = OnceLock::new();
    ALL.get_or_init(|| {
        let rows = include_str!("labels.tsv").lines().skip(1).map(|row| row.split('\t').collect::<Vec<_>>());
        // English stands first in the file
        let texts = |row: &[&'static str]| [3, 2, 4, 5].map(|at| row.get(at).copied().unwrap_or(""));
        rows.filter_map(|row| Some(((*row.first()?, *row.get(1)?), texts(&row)))).collect()
    })
}

fn find<'a>(fact: &'a str, code: &'a str, language: Language) -> (&'a str, Language) {
    let Some(labels) = all().get(&(fact, code)) else { return (places::name(code).unwrap_or(code), language) };
    match labels[language as usize] {
        "" => (labels[Language::FALLBACK as usize], Language::FALLBACK),
        label => (label, language),
    }
}

/// The label of a code of a fact, of a place, or of a title, note, unit, head or subject; the code itself where there
/// is none.
pub fn label<'a>(fact: &'a str, code: &'a str, language: Language) -> &'a str {
    find(fact, code, language).0
}

/// The same as part of a page.
pub fn said<'a>(fact: &'a str, code: &'a str, language: Language) -> Said<'a> {
    let (label, of) = find(fact, code, language);
    language.said(label, of)
}

/// The name of a province or commune; of any other code the nation.
pub fn place_name(code: &str, language: Language) -> &str {
    places::name(code).unwrap_or(language.text("people-nation"))
}

/// Title, unit, place and code of a row in words.
pub fn words(row: &FigureRow, language: Language) -> [String; 4] {
    let table = Tables::standard().get(&row.table);
    let title = table.map_or(row.table.as_str(), |table| label("title", &table.title, language));
    let facts = table.map(|table| table.dimensions.iter().map(Dimension::name));
    let code = |(fact, code): (String, &str)| label(&fact, code, language).to_owned();
    let codes: Vec<String> = facts.into_iter().flatten().zip(row.code.split('/')).map(code).collect();
    let nation = language.text("people-nation");
    let place = if row.place == "BI" { nation } else { label("place", &row.place, language) };
    [title.to_owned(), label("unit", &row.unit, language).to_owned(), place.to_owned(), codes.join(" · ")]
}

#[cfg(test)]
mod tests {
    use super::*;
    use tabara_protocol::facts::{Codes, Dictionary};
    use tabara_protocol::tables::{STAGES, Unit};

    fn is_labelled(fact: &str, code: &str) {
        let labels = all().get(&(fact, code));
        assert!(labels.is_some_and(|labels| labels[..2].iter().all(|label| !label.is_empty())), "{fact} {code}");
    }

    #[test]
    fn every_title_note_head_and_code_of_every_table_has_a_label_in_english_and_french() {
        let units = Unit::ALL.into_iter().filter(|unit| *unit != Unit::People).map(Unit::word);
        units.chain(["people identified", "people screened"]).for_each(|unit| is_labelled("unit", unit));
        for table in &Tables::standard().tables {
            is_labelled("title", &table.title);
            is_labelled("page", &table.page);
            table.note.iter().for_each(|note| is_labelled("note", note));
            for dimension in &table.dimensions {
                let fact = dimension.name();
                is_labelled("head", &fact);
                let codes = match dimension {
                    Dimension::Sums(facts) => facts.clone(),
                    Dimension::Stages(_) => STAGES.iter().map(|stage| stage.code.to_owned()).collect(),
                    Dimension::Codes(name) => match Dictionary::standard().get(name).map(|fact| &fact.codes) {
                        // places have their own names
                        Some(Codes::List(codes)) if name != "screen_commune" => codes.clone(),
                        _ => continue,
                    },
                };
                codes.iter().for_each(|code| is_labelled(&fact, code));
            }
        }
    }
}
