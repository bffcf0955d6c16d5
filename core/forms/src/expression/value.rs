//! What an expression yields, and how one kind becomes another: the conversions of XPath 1.0 with those of XForms on
//! top (dates are numbers of days; a blank is no number).

use super::moment::{self, DAY, Moment, TimeOfDay};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::sync::Arc;

/// The value of an answer or of an expression.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Value {
    /// No answer, or not relevant.
    #[default]
    Blank,
    /// True or false.
    Bool(bool),
    /// A number; whole numbers too.
    Number(#[serde(with = "written")] f64),
    /// A text: also the name of a choice, the names of several with spaces between, a place, or a file's name.
    Text(Arc<str>),
    /// Days since 1970-01-01.
    Date(i32),
    /// A day with a time of day, and the offset at which it was told.
    DateTime(Moment),
    /// A time of day with its offset.
    Time(TimeOfDay),
}

impl Value {
    /// Text, or a blank where there is none.
    pub fn text_or_blank(text: &str) -> Self {
        if text.is_empty() { Value::Blank } else { Value::Text(text.into()) }
    }

    /// Whether there is nothing: no answer, an empty text, or not a number.
    pub fn is_blank(&self) -> bool {
        match self {
            Value::Blank => true,
            Value::Text(text) => text.is_empty(),
            Value::Number(n) => n.is_nan(),
            _ => false,
        }
    }

    /// By value (E2): a blank is false, so are 0 and not-a-number; every other text is true.
    pub fn truth(&self) -> bool {
        match self {
            Value::Blank => false,
            Value::Bool(b) => *b,
            Value::Number(n) => *n != 0.0 && !n.is_nan(),
            Value::Text(text) => !text.is_empty(),
            Value::Date(_) | Value::DateTime(_) | Value::Time(_) => true,
        }
    }

    /// As a number; not-a-number where there is none. Dates are whole days since 1970-01-01, moments days and their
    /// fraction in local time (`local`: minutes east of UTC).
    pub fn number(&self, local: i16) -> f64 {
        match self {
            Value::Blank => f64::NAN,
            Value::Bool(b) => f64::from(u8::from(*b)),
            Value::Number(n) => *n,
            Value::Text(text) => text_number(text, local),
            Value::Date(day) => f64::from(*day),
            Value::DateTime(m) => (m.ms + i64::from(local) * 60_000) as f64 / DAY as f64,
            Value::Time(time) => {
                let shift = i64::from(local - time.offset) * 60_000;
                (i64::from(time.ms) + shift).rem_euclid(DAY) as f64 / DAY as f64
            }
        }
    }

    /// As text: a number without exponent and without `.0`, a date in ISO form.
    pub fn text(&self) -> Cow<'_, str> {
        match self {
            Value::Blank => "".into(),
            Value::Bool(b) => if *b { "true" } else { "false" }.into(),
            Value::Number(n) => number_text(*n).into(),
            Value::Text(text) => (&**text).into(),
            Value::Date(day) => moment::date_text(*day).into(),
            Value::DateTime(m) => moment::moment_text(*m).into(),
            Value::Time(time) => moment::time_text(*time).into(),
        }
    }

    /// As shared text, without a copy where it is one already.
    pub fn shared_text(&self) -> Arc<str> {
        match self {
            Value::Text(text) => text.clone(),
            other => other.text().into(),
        }
    }

    /// The civil day: of a date, of a moment at its own offset, of a number of days, of a text in ISO form.
    pub fn date(&self, local: i16) -> Option<i32> {
        match self {
            Value::Date(day) => Some(*day),
            Value::DateTime(m) => Some(m.day()),
            Value::Number(n) if n.abs() < 1e8 => Some(n.floor() as i32),
            Value::Text(text) => {
                let text = text.trim();
                moment::parse_date(text).or_else(|| moment::parse_moment(text, local).map(Moment::day))
            }
            _ => None,
        }
    }

    /// The moment: of a date its local midnight, of a number that many days in local time.
    pub fn moment(&self, local: i16) -> Option<Moment> {
        match self {
            Value::DateTime(m) => Some(*m),
            Value::Number(n) if n.abs() < 1e8 => {
                Some(Moment { ms: (n * DAY as f64).round() as i64 - i64::from(local) * 60_000, offset: local })
            }
            Value::Text(text) if text.contains('T') => moment::parse_moment(text.trim(), local),
            _ => self.date(local).map(|day| Moment::midnight(day, local)),
        }
    }

    /// The time of day, of a time, a moment, or a text of either.
    pub fn time(&self, local: i16) -> Option<TimeOfDay> {
        match self {
            Value::Time(time) => Some(*time),
            Value::Text(text) if !text.contains('T') => moment::parse_time(text.trim(), local),
            _ => self.moment(local).map(Moment::time),
        }
    }

    /// The marks of a list: the words of a text.
    pub fn words(&self) -> impl Iterator<Item = Cow<'_, str>> {
        let (text, other) = match self {
            Value::Text(text) => (&**text, None),
            Value::Blank => ("", None),
            other => ("", Some(other.text())),
        };
        text.split_whitespace().map(Cow::Borrowed).chain(other)
    }
}

/// Whether two values are equal, by the kinds of both: truth before number before text. Dates are compared as numbers,
/// also with a text that is a date. A blank equals only a blank.
pub(super) fn equal(a: &Value, b: &Value, local: i16) -> bool {
    use Value::*;
    match (a, b) {
        (Bool(_), _) | (_, Bool(_)) => a.truth() == b.truth(),
        (Text(a), Text(b)) => a == b,
        (Blank, other) | (other, Blank) => matches!(other, Blank) || matches!(other, Text(t) if t.is_empty()),
        (Number(_), _) | (_, Number(_)) => a.number(local) == b.number(local),
        (Time(_), _) | (_, Time(_)) => match (a.time(local), b.time(local)) {
            (Some(a), Some(b)) => a.ms - i32::from(a.offset) * 60_000 == b.ms - i32::from(b.offset) * 60_000,
            _ => false,
        },
        _ => a.number(local) == b.number(local),
    }
}

/// Whether two values differ. Not the opposite of [`equal`]: a blank differs from a text, but a comparison of a blank
/// with a number, a date or a time is false either way (E12).
pub(super) fn unequal(a: &Value, b: &Value, local: i16) -> bool {
    let empty = |v: &Value| matches!(v, Value::Blank) || matches!(v, Value::Text(t) if t.is_empty());
    let plain = |v: &Value| matches!(v, Value::Blank | Value::Text(_) | Value::Bool(_));
    let comparable = match (empty(a), empty(b)) {
        // a literal '' stands for "any answer at all"
        (true, false) => plain(b) || matches!(a, Value::Text(_)),
        (false, true) => plain(a) || matches!(b, Value::Text(_)),
        _ => true,
    };
    comparable && !equal(a, b, local)
}

/// Both as numbers; `None` where one is not (a comparison with it is false). Times of day are compared as such.
pub(super) fn both_numbers(a: &Value, b: &Value, local: i16) -> Option<(f64, f64)> {
    let pair = match (a, b) {
        (Value::Time(_), _) | (_, Value::Time(_)) => {
            let number = |v: &Value| v.time(local).map_or(f64::NAN, |t| Value::Time(t).number(local));
            (number(a), number(b))
        }
        _ => (a.number(local), b.number(local)),
    };
    (!pair.0.is_nan() && !pair.1.is_nan()).then_some(pair)
}

/// A text as XPath writes numbers (no exponent), or a date or moment in ISO form.
fn text_number(text: &str, local: i16) -> f64 {
    let text = text.trim();
    let digits = text.strip_prefix('-').unwrap_or(text);
    let plain = digits.bytes().all(|b| b.is_ascii_digit() || b == b'.')
        && digits.bytes().any(|b| b.is_ascii_digit())
        && digits.bytes().filter(|b| *b == b'.').count() <= 1;
    if plain {
        return text.parse().unwrap_or(f64::NAN);
    }
    match moment::parse_date(text) {
        Some(day) => f64::from(day),
        None => moment::parse_moment(text, local).map_or(f64::NAN, |m| Value::DateTime(m).number(local)),
    }
}

/// A number as XPath writes it: no exponent, no `.0`, no minus before 0.
pub fn number_text(n: f64) -> String {
    if n == 0.0 {
        "0".into()
    } else if n.is_infinite() {
        if n > 0.0 { "Infinity" } else { "-Infinity" }.into()
    } else {
        // Rust writes the shortest decimal that reads back, never with an exponent
        n.to_string()
    }
}

/// Numbers as JSON has them; what it has not, as text: a draft with an infinite number could not be read.
mod written {
    use serde::{Deserialize, Deserializer, Serializer};

    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Written {
        Number(f64),
        Text(String),
    }

    pub fn serialize<S: Serializer>(n: &f64, to: S) -> Result<S::Ok, S::Error> {
        if n.is_finite() { to.serialize_f64(*n) } else { to.serialize_str(&super::number_text(*n)) }
    }

    pub fn deserialize<'d, D: Deserializer<'d>>(from: D) -> Result<f64, D::Error> {
        Ok(match Written::deserialize(from)? {
            Written::Number(n) => n,
            Written::Text(text) => match &*text {
                "Infinity" => f64::INFINITY,
                "-Infinity" => f64::NEG_INFINITY,
                _ => f64::NAN,
            },
        })
    }
}

impl From<bool> for Value {
    fn from(b: bool) -> Self {
        Value::Bool(b)
    }
}
impl From<f64> for Value {
    fn from(n: f64) -> Self {
        Value::Number(n)
    }
}
impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Value::Text(text.into())
    }
}
impl From<String> for Value {
    fn from(text: String) -> Self {
        Value::Text(text.into())
    }
}
