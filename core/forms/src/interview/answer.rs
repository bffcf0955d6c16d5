//! Answers: from text as XLSForm stores it to values, strictly; from computed values to what a node can hold, leniently.

use super::form::Form;
use crate::expression::layout::NodeId;
use crate::expression::moment::{self, Moment};
use crate::expression::{Environment, Value};
use crate::package::NodeType;

/// An answer is at most this many bytes long.
pub const MAX_ANSWER: usize = 20_000;

/// Why an answer cannot be taken. The old one stays.
#[derive(Debug, thiserror::Error, Clone, Copy, PartialEq, Eq)]
pub enum AnswerError {
    /// The path leads to nothing that can be answered or changed in this way.
    #[error("there is no such question")]
    UnknownQuestion,
    /// The question, or a group or repeat around it, is not relevant.
    #[error("the question is not asked now")]
    NotRelevant,
    /// The question or a section around it is read-only, or it is a note.
    #[error("the question cannot be answered")]
    ReadOnly,
    /// An `integer` must be a whole number of 32 bits.
    #[error("not a whole number between -2147483648 and 2147483647")]
    NotInteger,
    /// A `decimal` or `range` must be a number, with digits, `.` and `-` only.
    #[error("not a number")]
    NotNumber,
    /// A `date` must be `YYYY-MM-DD`, and a `dateTime` have a time after `T`; the day must exist.
    #[error("not a date")]
    NotDate,
    /// A `time` must be `hh:mm`, with seconds and offset if there are any.
    #[error("not a time")]
    NotTime,
    /// A place must be `latitude longitude`, altitude and accuracy optional: one point of a `geopoint`, at least two
    /// of a `geotrace` and three of a `geoshape`, with `;` between.
    #[error("not a place")]
    NotPlace,
    /// The answer to a select or rank names a choice that its list does not have, or that its rows do not offer.
    #[error("none of the choices")]
    NotAChoice,
    /// The answer to a `range` lies outside of its `start` and `end`.
    #[error("outside of the range")]
    OutOfRange,
    /// The answer is longer than [`MAX_ANSWER`] bytes.
    #[error("the answer is too long")]
    TooLong,
    /// The repeat, or the interview as a whole, has as many rows as it may.
    #[error("there are too many rows")]
    TooManyRows,
    /// The repeat has a `repeat_count`: a person can neither add nor remove its rows.
    #[error("the number of rows is computed")]
    RowsAreCounted,
}

/// The value of an answer in text form; `local` is the offset of civil times, in minutes.
pub(super) fn read(form: Form<'_>, node: NodeId, text: &str, local: i16) -> Result<Value, AnswerError> {
    use NodeType::*;
    let trimmed = text.trim();
    if text.len() > MAX_ANSWER {
        return Err(AnswerError::TooLong);
    }
    if trimmed.is_empty() {
        return Ok(Value::Blank);
    }
    Ok(match form.kind(node) {
        Group | Repeat => return Err(AnswerError::UnknownQuestion),
        Note => return Err(AnswerError::ReadOnly),
        Integer => trimmed.parse::<i32>().map_err(|_| AnswerError::NotInteger).map(|n| f64::from(n).into())?,
        Decimal => number(trimmed)?.into(),
        Range => in_range(form, node, number(trimmed)?)?.into(),
        Date => Value::Date(moment::parse_date(trimmed).ok_or(AnswerError::NotDate)?),
        DateTime => Value::DateTime(moment::parse_moment(trimmed, local).ok_or(AnswerError::NotDate)?),
        Time => Value::Time(moment::parse_time(trimmed, local).ok_or(AnswerError::NotTime)?),
        SelectOne | SelectMultiple | Rank => choices(form, node, trimmed)?,
        // a box that is ticked, or not
        Acknowledge if matches!(trimmed, "0" | "false" | "no") => Value::Blank,
        Acknowledge => "OK".into(),
        Geopoint => places(trimmed, 1, 1)?.into(),
        Geotrace => places(trimmed, 2, usize::MAX)?.into(),
        Geoshape => places(trimmed, 3, usize::MAX)?.into(),
        Text | Barcode | Image | Audio | Video | File | Calculate | Hidden | Start | End | Today | Property => {
            text.into()
        }
    })
}

fn number(text: &str) -> Result<f64, AnswerError> {
    // no exponent: what is stored must be read as a number by everybody
    let plain = text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'-'));
    let number = text.parse().ok().filter(|n: &f64| plain && n.is_finite()).ok_or(AnswerError::NotNumber)?;
    // -0 is 0: a draft could not tell the two apart
    Ok(number + 0.0)
}

fn in_range(form: Form<'_>, node: NodeId, number: f64) -> Result<f64, AnswerError> {
    let parameters = &form.package.nodes[node as usize].parameters;
    let bound = |name: &str| parameters.get(name).and_then(|text| text.parse::<f64>().ok());
    let (start, end) = (bound("start").unwrap_or(1.0), bound("end").unwrap_or(10.0));
    if (start.min(end)..=start.max(end)).contains(&number) { Ok(number) } else { Err(AnswerError::OutOfRange) }
}

/// Marks of a select: all known; of several in the order of the list, each once (E6); of a rank as ordered.
fn choices(form: Form<'_>, node: NodeId, text: &str) -> Result<Value, AnswerError> {
    let kind = form.kind(node);
    if form.takes_choices_from_rows(node) {
        return Ok(text.into());
    }
    let list = form.package.nodes[node as usize].list().ok_or(AnswerError::NotAChoice)?;
    let table = &form.program.layout.lists[list as usize];
    if kind == NodeType::SelectOne {
        // shared with the list: most answers are choices
        let row = table.by_name.get(text).ok_or(AnswerError::NotAChoice)?;
        return Ok(table.cell(0, *row).clone());
    }
    let names = split(kind, text, |name| table.by_name.contains_key(name));
    let rows: Option<Vec<u32>> = names.into_iter().map(|name| table.by_name.get(name).copied()).collect();
    let mut rows = rows.ok_or(AnswerError::NotAChoice)?;
    if kind == NodeType::SelectMultiple {
        rows.sort_unstable();
        rows.dedup();
    }
    let names: Vec<_> = rows.iter().map(|row| table.cell(0, *row).shared_text()).collect();
    Ok(names.join(" ").into())
}

/// The names of choices in an answer: of a select_one the whole; of several, the longest that are known (a name may have
/// spaces), and single words where none is.
pub(super) fn split(kind: NodeType, text: &str, known: impl Fn(&str) -> bool) -> Vec<&str> {
    let text = text.trim();
    if kind == NodeType::SelectOne {
        return vec![text];
    }
    let (mut names, mut rest) = (Vec::new(), text);
    while !rest.is_empty() {
        let ends = rest.char_indices().filter(|(_, c)| c.is_whitespace()).map(|(at, _)| at).chain([rest.len()]);
        let ends: Vec<usize> = ends.take(MOST_WORDS).collect();
        let end = ends.iter().rev().find(|end| known(&rest[..**end])).unwrap_or(&ends[0]);
        names.push(&rest[..*end]);
        rest = rest[*end..].trim_start();
    }
    names
}

/// Words that the name of a choice may have in an answer with several names.
const MOST_WORDS: usize = 16;

/// Points, at least and at most so many.
fn places(text: &str, least: usize, most: usize) -> Result<&str, AnswerError> {
    let is_point = |point: &str| {
        let parts: Option<Vec<f64>> = point.split_whitespace().map(|part| part.parse().ok()).collect();
        parts.is_some_and(|parts| (2..=4).contains(&parts.len()) && parts[0].abs() <= 90.0 && parts[1].abs() <= 180.0)
    };
    let points: Vec<&str> = text.split(';').map(str::trim).filter(|part| !part.is_empty()).collect();
    let sound = (least..=most).contains(&points.len()) && points.into_iter().all(is_point);
    if sound { Ok(text) } else { Err(AnswerError::NotPlace) }
}

/// The value of a text that a draft or a default holds: it need not be what a person could answer.
pub(super) fn read_or_fit(form: Form<'_>, node: NodeId, text: &str, local: i16) -> Value {
    read(form, node, text, local).unwrap_or_else(|_| fit(form, node, text.into(), local))
}

/// What a node can hold of a computed value; blank where that is nothing.
pub(super) fn fit(form: Form<'_>, node: NodeId, value: Value, local: i16) -> Value {
    use NodeType::*;
    if value.is_blank() {
        return Value::Blank;
    }
    // -0 is 0: nobody can tell the two apart on paper
    let or_blank = |n: f64| if n.is_finite() { Value::Number(n + 0.0) } else { Value::Blank };
    match form.kind(node) {
        Integer => or_blank(value.number(local).trunc()),
        Decimal | Range => or_blank(value.number(local)),
        Date => value.date(local).map_or(Value::Blank, Value::Date),
        DateTime => value.moment(local).map_or(Value::Blank, Value::DateTime),
        Time => value.time(local).map_or(Value::Blank, Value::Time),
        SelectMultiple => choices(form, node, &value.text()).unwrap_or(Value::Text(value.shared_text())),
        // a computed truth or number stays one, as in JavaRosa: as texts `false` and `0` would be true (E31)
        Text | Barcode | SelectOne if matches!(value, Value::Bool(_)) => value,
        Text | Barcode | SelectOne if let Value::Number(n) = value => Value::Number(n + 0.0),
        // what a person could have written too
        Text | Barcode | SelectOne | Rank => Value::Text(value.shared_text()),
        Geopoint | Geotrace | Geoshape => read(form, node, &value.text(), local).unwrap_or_default(),
        _ => match value {
            Value::Number(n) => Value::Number(n + 0.0),
            other => other,
        },
    }
}

/// What the phone fills in.
pub(super) fn preload(form: Form<'_>, node: NodeId, around: &Environment) -> Value {
    let now = Moment { ms: around.now, offset: around.local };
    match form.kind(node) {
        NodeType::Start => Value::DateTime(now),
        NodeType::Today => Value::Date(now.day()),
        _ => Value::Blank,
    }
}
