//! Dates and times. A date is a whole number of days, a moment keeps the offset at which it was told.

use crate::expression::expr::EvalContext;
use crate::expression::moment::{Moment, civil, days};
use crate::expression::value::Value;

/// The civil day, which in a text becomes its ISO form (E14).
pub fn date(here: &EvalContext<'_>, value: &Value) -> Value {
    value.date(here.local()).map_or(Value::Blank, Value::Date)
}

pub fn date_time(here: &EvalContext<'_>, value: &Value) -> Value {
    value.moment(here.local()).map_or(Value::Blank, Value::DateTime)
}

pub fn decimal_date_time(here: &EvalContext<'_>, value: &Value) -> Value {
    match value {
        Value::Date(_) | Value::Text(_) => value.number(here.local()).into(),
        _ => date_time(here, value).number(here.local()).into(),
    }
}

pub fn decimal_time(here: &EvalContext<'_>, value: &Value) -> Value {
    value.time(here.local()).map_or(f64::NAN, |time| Value::Time(time).number(here.local())).into()
}

fn moment(here: &EvalContext<'_>) -> Moment {
    Moment { ms: here.world.around.now, offset: here.local() }
}

pub fn now(here: &EvalContext<'_>) -> Value {
    Value::DateTime(moment(here))
}

pub fn today(here: &EvalContext<'_>) -> Value {
    Value::Date(moment(here).day())
}

/// `%Y %y %m %n %b %d %e %a %H %h %M %S %3 %W %w %Z` of the ODK XForms specification. Names of months and days are
/// English in every language, as in the reference engines' default.
pub fn format(here: &EvalContext<'_>, value: &Value, pattern: &str) -> Value {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    const DAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
    // a time of day is one of the first day
    let time = || value.time(here.local()).map(|time| Moment::midnight(0, time.offset).after(time.ms));
    let Some(moment) = value.moment(here.local()).or_else(time).map(|moment| moment.at(here.local())) else {
        return Value::Blank;
    };
    let (year, month, day) = civil(moment.day());
    let time = moment.time().ms;
    let (hour, minute, second) = (time / 3_600_000, time / 60_000 % 60, time / 1_000 % 60);
    // 1970-01-01 was a Thursday
    let weekday = (i64::from(moment.day()) + 4).rem_euclid(7);
    let mut out = String::with_capacity(pattern.len() * 2);
    let mut chars = pattern.chars();
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        match chars.next() {
            Some('Y') => out += &format!("{year:04}"),
            Some('y') => out += &format!("{:02}", year.rem_euclid(100)),
            Some('m') => out += &format!("{month:02}"),
            Some('n') => out += &month.to_string(),
            Some('b') => out += MONTHS[month as usize - 1],
            Some('d') => out += &format!("{day:02}"),
            Some('e') => out += &day.to_string(),
            Some('a') => out += DAYS[weekday as usize],
            Some('w') => out += &weekday.to_string(),
            Some('W') => out += &format!("{:02}", iso_week(moment.day())),
            Some('H') => out += &format!("{hour:02}"),
            Some('h') => out += &hour.to_string(),
            Some('M') => out += &format!("{minute:02}"),
            Some('S') => out += &format!("{second:02}"),
            Some('3') => out += &format!("{:03}", time % 1_000),
            Some('Z') => {
                let sign = if moment.offset < 0 { '-' } else { '+' };
                out += &format!("{sign}{:02}:{:02}", moment.offset.abs() / 60, moment.offset.abs() % 60);
            }
            Some('%') => out.push('%'),
            // an unknown letter makes the whole pattern unknown
            _ => return Value::Blank,
        }
    }
    out.into()
}

/// The week of ISO 8601: that of its Thursday.
fn iso_week(day: i32) -> i32 {
    let thursday = day - (day + 3).rem_euclid(7) + 3;
    let (year, ..) = civil(thursday);
    (thursday - days(year, 1, 1)) / 7 + 1
}
