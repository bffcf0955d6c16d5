//! The functions, as one table: name, how many arguments, what it does. Those of the ODK XForms specification that make
//! sense on a phone. `once`, `position(path)`, `indexed-repeat`, `pulldata`, `instance`, `current`, `jr:choice-name` and
//! `jr:itext` stand here for their names and arguments; they are bound to places (see `bind`) before anything runs.

mod dates;
mod geo;
mod numbers;
mod texts;

use super::expr::{EvalContext, Expr, Function};
use super::value::Value;
pub(super) use geo::is_place;

/// The function of a name.
pub fn find(name: &str) -> Option<&'static Function> {
    TABLE.binary_search_by(|function| function.name.cmp(name)).ok().map(|i| &TABLE[i])
}

/// All names, in alphabetical order.
pub fn names() -> impl Iterator<Item = &'static str> {
    TABLE.iter().map(|function| function.name)
}

const MANY: u8 = u8::MAX;

const fn one(name: &'static str, least: u8, most: u8, run: fn(&EvalContext<'_>, &[Expr]) -> Value) -> Function {
    Function { name, least, most, several: false, language: false, of_place: false, run }
}
const fn all(name: &'static str, least: u8, most: u8, run: fn(&EvalContext<'_>, &[Expr]) -> Value) -> Function {
    Function { name, least, most, several: true, language: false, of_place: false, run }
}
const fn place(name: &'static str, most: u8, run: fn(&EvalContext<'_>, &[Expr]) -> Value) -> Function {
    Function { name, least: 0, most, several: false, language: false, of_place: true, run }
}

/// What `bind` has put elsewhere by the time anything runs.
fn bound(_: &EvalContext<'_>, _: &[Expr]) -> Value {
    Value::Blank
}

static TABLE: &[Function] = &[
    one("abs", 1, 1, |h, a| number(h, a, f64::abs)),
    one("acos", 1, 1, |h, a| number(h, a, f64::acos)),
    one("area", 1, MANY, |h, a| geo::area(h, a).into()),
    one("asin", 1, 1, |h, a| number(h, a, f64::asin)),
    one("atan", 1, 1, |h, a| number(h, a, f64::atan)),
    one("atan2", 2, 2, |h, a| h.number(&a[0]).atan2(h.number(&a[1])).into()),
    one("base64-decode", 1, 1, |h, a| texts::base64_decode(&h.text(&a[0]))),
    one("boolean", 1, 1, |h, a| h.truth(&a[0]).into()),
    one("boolean-from-string", 1, 1, |h, a| boolean_from_string(&h.text(&a[0])).into()),
    one("ceiling", 1, 1, |h, a| number(h, a, f64::ceil)),
    one("checklist", 2, MANY, |h, a| checklist(h, &a[..2], a[2..].iter().map(|x| (x, None)))),
    one("coalesce", 1, MANY, coalesce),
    one("concat", 0, MANY, |h, a| texts::join(h, "", a)),
    one("contains", 2, 2, |h, a| h.text(&a[0]).contains(&*h.text(&a[1])).into()),
    one("cos", 1, 1, |h, a| number(h, a, f64::cos)),
    all("count", 1, 1, |h, a| (h.count(&a[0]) as f64).into()),
    all("count-non-empty", 1, 1, |h, a| (h.values(a).iter().filter(|v| !v.is_blank()).count() as f64).into()),
    one("count-selected", 1, 1, |h, a| (h.eval(&a[0]).words().count() as f64).into()),
    one("current", 0, 0, bound),
    one("date", 1, 1, |h, a| dates::date(h, &h.eval(&a[0]))),
    one("date-time", 1, 1, |h, a| dates::date_time(h, &h.eval(&a[0]))),
    one("decimal-date-time", 1, 1, |h, a| dates::decimal_date_time(h, &h.eval(&a[0]))),
    one("decimal-time", 1, 1, |h, a| dates::decimal_time(h, &h.eval(&a[0]))),
    one("digest", 2, 3, texts::digest),
    one("distance", 1, MANY, |h, a| geo::distance(h, a).into()),
    one("enclosed-area", 1, MANY, |h, a| geo::area(h, a).into()),
    one("ends-with", 2, 2, |h, a| h.text(&a[0]).ends_with(&*h.text(&a[1])).into()),
    one("exp", 1, 1, |h, a| number(h, a, f64::exp)),
    one("exp10", 1, 1, |h, a| number(h, a, |n| 10f64.powf(n))),
    one("false", 0, 0, |_, _| false.into()),
    one("floor", 1, 1, |h, a| number(h, a, f64::floor)),
    one("format-date", 2, 2, |h, a| dates::format(h, &h.eval(&a[0]), &h.text(&a[1]))),
    one("format-date-time", 2, 2, |h, a| dates::format(h, &h.eval(&a[0]), &h.text(&a[1]))),
    one("geofence", 2, 2, |h, a| geo::geofence(&h.text(&a[0]), &h.text(&a[1])).into()),
    one("if", 3, 3, |h, a| h.eval(if h.truth(&a[0]) { &a[1] } else { &a[2] })),
    one("indexed-repeat", 3, 7, bound),
    one("instance", 1, 1, bound),
    one("int", 1, 1, |h, a| number(h, a, f64::trunc)),
    one("is-selected", 2, 2, texts::selected),
    all("join", 1, MANY, |h, a| texts::join(h, &h.text(&a[0]), &a[1..])),
    Function { language: true, ..one("jr:choice-name", 2, 2, bound) },
    one("jr:itext", 1, 1, bound),
    place("last", 0, |h, _| f64::from(h.place.1).into()),
    one("log", 1, 1, |h, a| number(h, a, f64::ln)),
    one("log10", 1, 1, |h, a| number(h, a, f64::log10)),
    all("max", 1, MANY, |h, a| numbers::extreme(h, a, f64::max)),
    all("min", 1, MANY, |h, a| numbers::extreme(h, a, f64::min)),
    one("normalize-space", 1, 1, |h, a| texts::normalize_space(&h.text(&a[0])).into()),
    one("not", 1, 1, |h, a| (!h.truth(&a[0])).into()),
    one("now", 0, 0, |h, _| dates::now(h)),
    one("number", 1, 1, |h, a| number(h, a, |n| n)),
    one("once", 1, 1, bound),
    one("pi", 0, 0, |_, _| std::f64::consts::PI.into()),
    place("position", 1, |h, _| f64::from(h.place.0).into()),
    one("pow", 2, 2, |h, a| h.number(&a[0]).powf(h.number(&a[1])).into()),
    one("pulldata", 4, 4, |h, a| h.look_up(&h.text(&a[0]), &h.text(&a[1]), &h.text(&a[2]), &h.text(&a[3]))),
    one("random", 0, 0, |h, _| ((h.draw(0) >> 11) as f64 / (1u64 << 53) as f64).into()),
    one("regex", 2, 2, |h, a| texts::regex(&h.text(&a[0]), &h.text(&a[1])).into()),
    one("round", 1, 2, numbers::round),
    one("selected", 2, 2, texts::selected),
    one("selected-at", 2, 2, texts::selected_at),
    one("sin", 1, 1, |h, a| number(h, a, f64::sin)),
    one("sqrt", 1, 1, |h, a| number(h, a, f64::sqrt)),
    one("starts-with", 2, 2, |h, a| h.text(&a[0]).starts_with(&*h.text(&a[1])).into()),
    one("string", 1, 1, |h, a| Value::Text(h.text(&a[0]))),
    one("string-length", 0, 1, texts::length),
    one("substr", 2, 3, texts::substr),
    one("substring", 2, 3, texts::substring),
    one("substring-after", 2, 2, texts::substring_after),
    one("substring-before", 2, 2, texts::substring_before),
    all("sum", 1, 1, numbers::sum),
    one("tan", 1, 1, |h, a| number(h, a, f64::tan)),
    one("today", 0, 0, |h, _| dates::today(h)),
    one("translate", 3, 3, texts::translate),
    one("true", 0, 0, |_, _| true.into()),
    one("uuid", 0, 1, texts::uuid),
    one("version", 0, 0, |h, _| h.world.package.version.as_str().into()),
    one("weighted-checklist", 2, MANY, |h, a| {
        checklist(h, &a[..2], a[2..].chunks_exact(2).map(|pair| (&pair[0], Some(&pair[1]))))
    }),
];

fn number(here: &EvalContext<'_>, arguments: &[Expr], f: fn(f64) -> f64) -> Value {
    Value::Number(f(here.number(&arguments[0])))
}

/// The first that is not blank, or else the last.
fn coalesce(here: &EvalContext<'_>, arguments: &[Expr]) -> Value {
    let values = arguments.iter().map(|argument| here.eval(argument));
    values.reduce(|first, next| if first.is_blank() { next } else { first }).unwrap_or_default()
}

/// In whatever case (E22).
fn boolean_from_string(text: &str) -> bool {
    text.eq_ignore_ascii_case("true") || text == "1"
}

/// Whether the weight of what holds lies between two bounds; a bound of -1 is none.
fn checklist<'e>(
    here: &EvalContext<'_>,
    bounds: &[Expr],
    items: impl Iterator<Item = (&'e Expr, Option<&'e Expr>)>,
) -> Value {
    let (least, most) = (here.number(&bounds[0]), here.number(&bounds[1]));
    let weight = |w: Option<&Expr>| w.map_or(1.0, |w| here.number(w));
    let total: f64 = items.filter(|(holds, _)| here.truth(holds)).map(|(_, w)| weight(w)).sum();
    ((least < 0.0 || total >= least) && (most < 0.0 || total <= most)).into()
}

#[cfg(test)]
mod tests;
