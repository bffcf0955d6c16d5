//! Facts: the few coded things that may be counted, and the dictionary that lists them all
//! (`questionnaires/facts.csv`). What is not in the dictionary cannot leave a phone in the clear, and what arrives
//! with a code that the dictionary lacks is quarantined.

use crate::kind::{Kind, Reason};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

/// The facts of one record by name. Text only: codes, months, and small counts of an activity.
pub type Facts = BTreeMap<String, FactValue>;

/// A fact's value: one code, or several for a question with several answers.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(untagged)]
pub enum FactValue {
    /// One code.
    One(String),
    /// Several codes, for a question with several answers.
    Many(BTreeSet<String>),
}

impl FactValue {
    /// The codes, one or several.
    pub fn codes(&self) -> impl Iterator<Item = &str> {
        let (one, many) = match self {
            FactValue::One(code) => (Some(code), None),
            FactValue::Many(codes) => (None, Some(codes)),
        };
        one.into_iter().chain(many.into_iter().flatten()).map(String::as_str)
    }
}

/// One row of the dictionary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// Its name in questionnaires and records.
    pub name: String,
    /// Kinds of record that may carry it.
    pub kinds: Vec<Kind>,
    /// Whether a record may carry several of its codes.
    pub many: bool,
    /// The codes that there are.
    pub codes: Codes,
    /// Public tables may split by it; else those for authorised users only.
    pub public: bool,
    /// Whether a table that splits by it is sensitive.
    pub sensitive: bool,
    /// An item of the questionnaire, `derived:NAME`, `record:FIELD` or `form`.
    pub from: String,
}

impl Fact {
    /// Whether a record of this kind may carry it.
    pub fn is_for(&self, kind: Kind) -> bool {
        self.kinds.contains(&kind)
    }
}

/// The closed list of a fact's codes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Codes {
    /// In the order of the dictionary.
    List(Vec<String>),
    /// `YYYY-MM`, both ends included.
    Months(String, String),
    /// Whole numbers, both ends included.
    Numbers(u32, u32),
}

impl Codes {
    /// Whether this is one of the codes.
    pub fn has(&self, code: &str) -> bool {
        match self {
            Codes::List(codes) => codes.iter().any(|c| c == code),
            Codes::Months(from, to) => is_month(code) && (from.as_str()..=to.as_str()).contains(&code),
            Codes::Numbers(from, to) => {
                code.parse().is_ok_and(|n| (*from..=*to).contains(&n) && u32::to_string(&n) == code)
            }
        }
    }
}

fn is_month(code: &str) -> bool {
    let b = code.as_bytes();
    b.len() == 7
        && b[4] == b'-'
        && b.iter().enumerate().all(|(i, c)| i == 4 || c.is_ascii_digit())
        && ("01"..="12").contains(&&code[5..])
}

/// All facts, in the order of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dictionary {
    /// Grows with every change of a fact or a code.
    pub version: u32,
    /// In the order of the file.
    pub facts: Vec<Fact>,
}

/// What is wrong with a line of `facts.csv`.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("facts.csv, line {line}: {cause}")]
pub struct DictionaryFault {
    /// The line of the file, from 1.
    pub line: usize,
    /// What is wrong there.
    pub cause: &'static str,
}

/// The text of `facts.csv` that this build carries.
pub const TEXT: &str = include_str!("../../../questionnaires/facts.csv");
/// A fact with several answers has at most so many codes: one bit each.
pub const MAX_CODES_OF_MANY: usize = 64;

impl Dictionary {
    /// The dictionary that this build carries.
    pub fn standard() -> &'static Self {
        static STANDARD: OnceLock<Dictionary> = OnceLock::new();
        STANDARD.get_or_init(|| Self::parse(TEXT).expect("facts.csv is tested"))
    }

    /// Reads `facts.csv`: a line `# version N`, then `fact,kinds,cardinality,codes,grid,sensitive,from,note`; lists are
    /// separated by `|`. The note runs to the end of the line, so that it may hold commas.
    pub fn parse(text: &str) -> Result<Self, DictionaryFault> {
        const HEAD: &str = "fact,kinds,cardinality,codes,grid,sensitive,from,note";
        let mut lines = text.lines();
        let version = lines.next().and_then(|line| line.strip_prefix("# version ")?.parse().ok());
        let version = version.ok_or(DictionaryFault { line: 1, cause: "the first line names no version" })?;
        if lines.next() != Some(HEAD) {
            return Err(DictionaryFault { line: 2, cause: "the head line is not the expected one" });
        }
        let mut facts: Vec<Fact> = Vec::new();
        for (at, row) in text.lines().enumerate().skip(2).filter(|(_, row)| !row.is_empty()) {
            let fact = parse_row(row).map_err(|cause| DictionaryFault { line: at + 1, cause })?;
            if facts.iter().any(|f| f.name == fact.name) {
                return Err(DictionaryFault { line: at + 1, cause: "the fact stands there already" });
            }
            facts.push(fact);
        }
        Ok(Self { version, facts })
    }

    /// The fact of this name.
    pub fn get(&self, name: &str) -> Option<&Fact> {
        self.facts.iter().find(|f| f.name == name)
    }

    /// Checks every fact of a record of this kind: known, allowed for the kind, one or many, known codes.
    pub fn check(&self, kind: Kind, facts: &Facts) -> Result<(), Reason> {
        for (name, value) in facts {
            let known = self.get(name).filter(|fact| fact.is_for(kind));
            let fact = known.ok_or(Reason::UnknownFact)?;
            if matches!(value, FactValue::Many(_)) != fact.many {
                return Err(Reason::UnknownFact);
            }
            if value.codes().any(|code| !fact.codes.has(code)) {
                return Err(Reason::UnknownCode);
            }
        }
        Ok(())
    }
}

fn parse_row(row: &str) -> Result<Fact, &'static str> {
    let cells: Vec<&str> = row.splitn(8, ',').collect();
    let [name, kinds, cardinality, codes, grid, sensitive, from, _note] = cells[..] else {
        return Err("eight cells are expected");
    };
    let list = |text: &str| text.split('|').map(str::to_owned).collect::<Vec<_>>();
    let codes = match codes.split_once("..") {
        Some((from, to)) if is_month(from) && is_month(to) => Codes::Months(from.into(), to.into()),
        Some((from, to)) => match (from.parse(), to.parse()) {
            (Ok(from), Ok(to)) => Codes::Numbers(from, to),
            _ => return Err("a range goes from month to month or from number to number"),
        },
        None if codes.is_empty() => return Err("a fact without codes"),
        None => Codes::List(list(codes)),
    };
    let public = match grid {
        "public" => true,
        "inside" => false,
        _ => return Err("grid is public or inside"),
    };
    let many = match cardinality {
        "one" => false,
        "many" => true,
        _ => return Err("cardinality is one or many"),
    };
    if many && !matches!(&codes, Codes::List(list) if list.len() <= MAX_CODES_OF_MANY) {
        return Err("a fact with several answers has a list of 64 codes at most");
    }
    let kinds: Option<Vec<Kind>> = kinds.split('|').map(Kind::of).collect();
    let kinds = kinds.ok_or("a kind of record that there is not")?;
    let sensitive = sensitive == "true";
    Ok(Fact { name: name.into(), kinds, many, codes, public, sensitive, from: from.into() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(name: &str, value: FactValue) -> Facts {
        [(name.to_owned(), value)].into()
    }

    #[test]
    fn the_standard_dictionary_reads() {
        let dictionary = Dictionary::standard();
        assert_eq!((dictionary.version, dictionary.facts.len()), (2, 42));
        assert_eq!(dictionary.get("screen_commune").map(|f| &f.codes).map(|c| c.has("BI-CO-04-02")), Some(true));
    }

    #[test]
    fn only_known_facts_with_known_codes_on_the_right_kind_pass() {
        let check = |kind, name: &str, value| Dictionary::standard().check(kind, &facts(name, value));
        let one = |code: &str| FactValue::One(code.into());
        assert_eq!(check(Kind::Screening, "sex", one("f")), Ok(()));
        assert_eq!(check(Kind::Screening, "sex", one("x")), Err(Reason::UnknownCode));
        assert_eq!(check(Kind::Screening, "name", one("f")), Err(Reason::UnknownFact));
        assert_eq!(check(Kind::Referral, "sex", one("f")), Err(Reason::UnknownFact));
        assert_eq!(check(Kind::Screening, "exploitation", one("ex_agri")), Err(Reason::UnknownFact));
        assert_eq!(check(Kind::Screening, "month", one("2021-13")), Err(Reason::UnknownCode));
        assert_eq!(check(Kind::Screening, "month", one("2021-12")), Ok(()));
        assert_eq!(check(Kind::Activity, "women", one("0120")), Err(Reason::UnknownCode));
        assert_eq!(check(Kind::Activity, "women", one("120")), Ok(()));
    }

    #[test]
    fn a_bad_line_is_named() {
        let text = "# version 1\nfact,kinds,cardinality,codes,grid,sensitive,from,note\nsex,screening,one,f|m,public,false,p_sex,\nsex,screening,one,,public,false,p_sex,";
        let fault = Dictionary::parse(text).unwrap_err();
        assert_eq!((fault.line, fault.cause), (4, "a fact without codes"));
    }
}
