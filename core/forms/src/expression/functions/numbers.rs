//! Numbers: rounding, sums, extremes.

use super::{EvalContext, Expr, Value, values};

/// Half toward +infinity (decision 21), to a number of decimal places or, where that is negative, of tens.
pub fn round(here: &EvalContext<'_>, a: &[Expr]) -> Value {
    // a comma is a decimal point here, and only here: that is what JavaRosa reads
    let number = match here.eval(&a[0]) {
        Value::Text(text) if text.contains(',') => Value::from(text.replace(',', ".")).number(here.local()),
        value => value.number(here.local()),
    };
    let places = a.get(1).map_or(0.0, |places| here.number(places).trunc());
    if places.is_nan() || !number.is_finite() {
        return Value::Number(if places.is_nan() { f64::NAN } else { number });
    }
    let places = places.clamp(-400.0, 400.0) as i32;
    let half_up = |n: f64| if (n - n.floor()) >= 0.5 { n.ceil() } else { n.floor() };
    if places == 0 {
        return Value::Number(half_up(number));
    }
    let factor = 10f64.powi(places.abs());
    let rounded = if places > 0 { half_up(number * factor) / factor } else { half_up(number / factor) * factor };
    // so many places that the factor overflows change nothing; so many tens leave nothing
    Value::Number(if rounded.is_finite() {
        rounded
    } else if places > 0 {
        number
    } else {
        0.0
    })
}

/// Blanks are skipped; of nothing it is 0 (decision 11). Anything else that is no number makes the sum none.
pub fn sum(here: &EvalContext<'_>, a: &[Expr]) -> Value {
    let mut sum = 0.0;
    for argument in a {
        here.each(argument, &mut |value| {
            sum += if value.is_blank() { 0.0 } else { value.number(here.local()) };
            true
        });
    }
    Value::Number(sum)
}

/// The greatest or least; blanks are skipped, unless there is nothing else.
pub fn extreme(here: &EvalContext<'_>, a: &[Expr], better: fn(f64, f64) -> f64) -> Value {
    let numbers = values(here, a).into_iter().filter(|v| !v.is_blank()).map(|v| v.number(here.local()));
    numbers
        .reduce(|a, b| if a.is_nan() || b.is_nan() { f64::NAN } else { better(a, b) })
        .map_or(Value::Number(f64::NAN), Value::Number)
}
