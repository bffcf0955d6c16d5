//! What the codes of facts are called, in each language (`labels.tsv`, from the questionnaire's lists), and the names
//! of places.

use super::texts::Language;
use std::collections::HashMap;
use std::sync::OnceLock;
use tabara_protocol::places;

type Labels = HashMap<(&'static str, &'static str), [&'static str; 2]>;

fn all() -> &'static Labels {
    static ALL: OnceLock<Labels> = OnceLock::new();
    ALL.get_or_init(|| {
        let rows = include_str!("labels.tsv").lines().skip(1).map(|row| row.split('\t').collect::<Vec<_>>());
        rows.filter_map(|row| Some(((*row.first()?, *row.get(1)?), [*row.get(2)?, *row.get(3)?]))).collect()
    })
}

/// The label of a code of a fact, or of a place; the code itself where there is none.
pub fn label<'a>(fact: &str, code: &'a str, language: Language) -> &'a str {
    let known = all().iter().find(|((of, named), _)| *of == fact && *named == code);
    let label = known.map(|(_, [english, french])| match language {
        Language::English => *english,
        Language::French => *french,
    });
    label.or_else(|| places::name(code)).unwrap_or(code)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tabara_protocol::facts::{Codes, Dictionary};

    #[test]
    fn every_code_that_a_table_shows_has_a_label_in_both_languages() {
        for fact in ["sex", "age_band", "destination_region", "exploitation", "outcome", "services_requested"] {
            let Some(Codes::List(codes)) = Dictionary::standard().get(fact).map(|f| &f.codes) else { panic!("{fact}") };
            for code in codes {
                let [english, french] = all()[&(fact, code.as_str())];
                assert!(!english.is_empty() && !french.is_empty(), "{fact} {code}");
            }
        }
    }
}
