//! Numbers: rounding, sums, extremes.

use crate::expression::expr::{EvalContext, Expr};
use crate::expression::value::Value;

/// Half toward +infinity (E21), to a number of decimal places or, where that is negative, of tens.
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
    Value::Number(rounded(number, places.clamp(-400.0, 400.0) as i32))
}

/// Rounds the shortest decimal that reads as the number: 1.005 to two places is 1.01, though the binary number is a
/// little less.
fn rounded(number: f64, places: i32) -> f64 {
    let text = format!("{:e}", number.abs());
    let Some((mantissa, exponent)) = text.split_once('e') else { return number };
    let digits: Vec<u8> = mantissa.bytes().filter(u8::is_ascii_digit).map(|digit| digit - b'0').collect();
    // how many of the digits stay
    let kept = exponent.parse::<i32>().unwrap_or(0) + 1 + places;
    if kept >= digits.len() as i32 {
        return number;
    }
    let rest = digits.get(kept.max(0) as usize..).filter(|_| kept >= 0).unwrap_or_default();
    let (half, more) = (rest.first().copied().unwrap_or(0), rest.iter().skip(1).any(|digit| *digit > 0));
    // half toward +infinity
    let up = half > 5 || half == 5 && (more || number > 0.0);
    let whole = digits[..kept.max(0) as usize].iter().fold(0_u128, |sum, digit| sum * 10 + u128::from(*digit));
    let magnitude = format!("{}e{}", whole + u128::from(up), -places).parse().unwrap_or(f64::INFINITY);
    if number < 0.0 { -magnitude } else { magnitude }
}

/// Blanks are skipped; of nothing it is 0 (E11). Anything else that is no number makes the sum none.
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
    let numbers = here.values(a).into_iter().filter(|v| !v.is_blank()).map(|v| v.number(here.local()));
    numbers
        .reduce(|a, b| if a.is_nan() || b.is_nan() { f64::NAN } else { better(a, b) })
        .map_or(Value::Number(f64::NAN), Value::Number)
}
