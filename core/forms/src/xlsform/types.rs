//! The words of the column `type`: about 110 spellings of 45 meanings, and what to do about those that are not for us.

use super::phrase::Phrase;
use crate::package::NodeType;
use crate::say;

/// What a word means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning<'a> {
    Question(NodeType),
    /// A number of days, a percentage, a phone number: a plain type and the rule that the word implies.
    Ruled(NodeType, &'static str),
    /// The property of the device that is asked for.
    Property(&'a str),
    Select {
        kind: NodeType,
        list: &'a str,
        from: From,
        or_other: bool,
    },
    /// A table beside the form, for `pulldata` and `instance`; its ending.
    Table(&'static str),
    Begin(NodeType),
    End(NodeType),
    /// A setting that stands on the survey sheet, as old forms have it.
    Setting(&'static str),
    /// Kept without being drawn or filled.
    Carried(Cure),
    /// Left out.
    Dropped(Cure),
    /// The form cannot be compiled with it.
    Refused(Cure),
    /// A select that names no list.
    NoList,
    Unknown,
}

/// What an author can do instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cure {
    Loop,
    Matrix,
    Score,
    Place,
    Recording,
    Audit,
    Osm,
    Include,
}

impl Cure {
    pub fn phrase(self) -> Phrase {
        match self {
            Self::Loop => say!("cure-loop"),
            Self::Matrix => say!("cure-matrix"),
            Self::Score => say!("cure-score"),
            Self::Place => say!("cure-place"),
            Self::Recording => say!("cure-recording"),
            Self::Audit => say!("cure-audit"),
            Self::Osm => say!("cure-osm"),
            Self::Include => say!("cure-include"),
        }
    }
}

/// Where a select says that its choices stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum From {
    Choices,
    ExternalChoices,
    File,
}

/// Spellings, with `|` between them.
const QUESTIONS: &[(&str, NodeType)] = &[
    ("text|string", NodeType::Text),
    ("integer|int", NodeType::Integer),
    ("decimal", NodeType::Decimal),
    ("range", NodeType::Range),
    ("date", NodeType::Date),
    ("time", NodeType::Time),
    ("dateTime|datetime|date time", NodeType::DateTime),
    ("note", NodeType::Note),
    ("acknowledge|trigger", NodeType::Acknowledge),
    ("barcode", NodeType::Barcode),
    ("geopoint|location|gps", NodeType::Geopoint),
    ("geotrace", NodeType::Geotrace),
    ("geoshape", NodeType::Geoshape),
    ("image|photo|picture", NodeType::Image),
    ("audio", NodeType::Audio),
    ("video", NodeType::Video),
    ("file", NodeType::File),
    ("calculate", NodeType::Calculate),
    ("hidden", NodeType::Hidden),
    ("start|start time", NodeType::Start),
    ("end|end time", NodeType::End),
    ("today", NodeType::Today),
];

const PROPERTIES: &[(&str, &str)] = &[
    ("deviceid|device id|imei", "deviceid"),
    ("phonenumber", "phonenumber"),
    ("username", "username"),
    ("email", "email"),
    ("simserial|sim id", "simserial"),
    ("subscriberid|subscriber id", "subscriberid"),
];

const RULED: &[(&str, NodeType, &str)] = &[
    ("percentage", NodeType::Integer, "0 <= . and . <= 100"),
    ("phone number", NodeType::Text, r"regex(., '^\d*$')"),
    ("number of days in last month", NodeType::Integer, "0 <= . and . <= 31"),
    ("number of days in last six months", NodeType::Integer, "0 <= . and . <= 183"),
    ("number of days in last year", NodeType::Integer, "0 <= . and . <= 365"),
];

const SELECTS: &[(&str, NodeType, From)] = &[
    ("add select multiple prompt using", NodeType::SelectMultiple, From::Choices),
    ("add select one prompt using", NodeType::SelectOne, From::Choices),
    ("select all that apply from", NodeType::SelectMultiple, From::Choices),
    ("select all that apply", NodeType::SelectMultiple, From::Choices),
    ("select multiple from file", NodeType::SelectMultiple, From::File),
    ("select_multiple_from_file", NodeType::SelectMultiple, From::File),
    ("select_multiple", NodeType::SelectMultiple, From::Choices),
    ("select one from file", NodeType::SelectOne, From::File),
    ("select_one_from_file", NodeType::SelectOne, From::File),
    ("select_one_external", NodeType::SelectOne, From::ExternalChoices),
    ("select one from", NodeType::SelectOne, From::Choices),
    ("select_one", NodeType::SelectOne, From::Choices),
    ("select one", NodeType::SelectOne, From::Choices),
    ("select1", NodeType::SelectOne, From::Choices),
    ("rank", NodeType::Rank, From::Choices),
];

const OR_OTHER: &[&str] = &["or_other", "or other", "or specify other"];

/// Reads a word of the column `type`.
pub fn meaning(word: &str) -> Meaning<'_> {
    if let Some(meaning) = section(word) {
        return meaning;
    }
    // `q date`, `add date prompt`, `get today`: the question itself is in the middle
    let bare = word.strip_prefix("add ").and_then(|rest| rest.strip_suffix(" prompt")).or(word.strip_prefix("q "));
    let bare = bare.or(word.strip_prefix("get ")).unwrap_or(word);
    if let Some((_, kind)) = QUESTIONS.iter().find(|(names, _)| names.split('|').any(|name| name == bare)) {
        return Meaning::Question(*kind);
    }
    if let Some((_, kind, rule)) = RULED.iter().find(|(name, ..)| *name == word) {
        return Meaning::Ruled(*kind, rule);
    }
    let property = if bare == "phone number" { "phonenumber" } else { bare.strip_prefix("uri:").unwrap_or(bare) };
    if let Some((_, property)) = PROPERTIES.iter().find(|(names, _)| names.split('|').any(|name| name == property)) {
        return Meaning::Property(property);
    }
    if let Some(select) = select(word) {
        return select;
    }
    match word {
        "csv-external" => Meaning::Table("csv"),
        "xml-external" => Meaning::Table("xml"),
        "form_title" | "set_form_title" => Meaning::Setting("form_title"),
        "form_id" | "set_form_id" => Meaning::Setting("form_id"),
        "start-geopoint" | "background-geopoint" => Meaning::Carried(Cure::Place),
        "background-audio" => Meaning::Carried(Cure::Recording),
        "audit" => Meaning::Dropped(Cure::Audit),
        "osm" => Meaning::Refused(Cure::Osm),
        _ if word.starts_with("osm ") => Meaning::Refused(Cure::Osm),
        "include" => Meaning::Refused(Cure::Include),
        _ if word.starts_with("include ") => Meaning::Refused(Cure::Include),
        _ => Meaning::Unknown,
    }
}

fn section(word: &str) -> Option<Meaning<'_>> {
    let (begins, rest) = match word.split_once([' ', '_'])? {
        ("begin", rest) => (true, rest),
        ("end", rest) => (false, rest),
        _ => return None,
    };
    let kind = match rest {
        "group" => NodeType::Group,
        "repeat" | "lgroup" | "looped group" => NodeType::Repeat,
        "kobomatrix" => return Some(Meaning::Refused(Cure::Matrix)),
        "score" | "rank" => return Some(Meaning::Refused(Cure::Score)),
        "loop" => return Some(Meaning::Refused(Cure::Loop)),
        _ if rest.starts_with("loop over ") => return Some(Meaning::Refused(Cure::Loop)),
        _ => return None,
    };
    Some(if begins { Meaning::Begin(kind) } else { Meaning::End(kind) })
}

fn select(word: &str) -> Option<Meaning<'_>> {
    // the longest spelling first: `select one from file x` is not `select one` with a list `from`
    let (&(_, kind, from), rest) = SELECTS
        .iter()
        .filter_map(|entry| Some((entry, word.strip_prefix(entry.0)?)))
        .find(|(_, rest)| rest.is_empty() || rest.starts_with(' '))?;
    let rest = rest.trim();
    let (list, tail) = rest.split_once(' ').unwrap_or((rest, ""));
    Some(match tail.trim() {
        _ if list.is_empty() => Meaning::NoList,
        "" => Meaning::Select { kind, list, from, or_other: false },
        tail if OR_OTHER.contains(&tail) => Meaning::Select { kind, list, from, or_other: true },
        _ => Meaning::Unknown,
    })
}

/// All spellings, for "did you mean".
pub fn spellings() -> impl Iterator<Item = &'static str> {
    let sections = ["begin group", "end group", "begin repeat", "end repeat", "begin_group", "end_group"];
    let more = ["begin_repeat", "end_repeat", "csv-external", "xml-external"];
    let questions = QUESTIONS.iter().map(|(words, _)| *words).chain(PROPERTIES.iter().map(|(words, _)| *words));
    questions.flat_map(|words| words.split('|')).chain(RULED.iter().map(|(word, ..)| *word)).chain(sections).chain(more)
}

/// All spellings of selects, without their list.
pub fn select_spellings() -> impl Iterator<Item = &'static str> {
    SELECTS.iter().map(|(word, ..)| *word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_and_new_spellings_mean_the_same() {
        for word in ["date", "q date", "add date prompt"] {
            assert_eq!(meaning(word), Meaning::Question(NodeType::Date), "{word}");
        }
        for word in ["begin repeat", "begin_repeat", "begin lgroup", "begin looped group"] {
            assert_eq!(meaning(word), Meaning::Begin(NodeType::Repeat), "{word}");
        }
        let one = |from| Meaning::Select { kind: NodeType::SelectOne, list: "yn", from, or_other: false };
        for word in
            ["select_one yn", "select one yn", "select one from yn", "select1 yn", "add select one prompt using yn"]
        {
            assert_eq!(meaning(word), one(From::Choices), "{word}");
        }
        assert_eq!(meaning("select one from file yn"), one(From::File));
        assert_eq!(meaning("phone number"), Meaning::Ruled(NodeType::Text, r"regex(., '^\d*$')"));
        assert_eq!(meaning("get phone number"), Meaning::Property("phonenumber"));
    }

    #[test]
    fn or_other_is_heard_in_three_spellings_and_nothing_else_may_follow_a_list() {
        let other =
            Meaning::Select { kind: NodeType::SelectMultiple, list: "app", from: From::Choices, or_other: true };
        for tail in OR_OTHER {
            assert_eq!(meaning(&format!("select_multiple app {tail}")), other);
        }
        assert_eq!(meaning("select_multiple app etc"), Meaning::Unknown);
        assert_eq!(meaning("select_multiple"), Meaning::NoList);
    }

    #[test]
    fn what_is_not_for_us_names_its_cure() {
        assert_eq!(meaning("begin_kobomatrix"), Meaning::Refused(Cure::Matrix));
        assert_eq!(meaning("begin loop over c1"), Meaning::Refused(Cure::Loop));
        assert_eq!(meaning("Text"), Meaning::Unknown);
    }
}
