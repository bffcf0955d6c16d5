//! Texts and lists of marks. Places and lengths count characters.

use crate::expression::expr::{EvalContext, Expr};
use crate::expression::regex::Regex;
use crate::expression::value::Value;
use base64::prelude::{BASE64_STANDARD, Engine as _};
use md5::Digest as _;

/// The values of all nodes with a separator between.
pub fn join(here: &EvalContext<'_>, separator: &str, a: &[Expr]) -> Value {
    let mut text = String::new();
    let mut first = true;
    for argument in a {
        here.each(argument, &mut |value| {
            if !std::mem::take(&mut first) {
                text.push_str(separator);
            }
            text.push_str(&value.text());
            // a row may be answered with much text, and there may be many rows
            text.len() < MOST_TEXT
        });
    }
    text.into()
}

/// No function makes a longer text (1 MiB).
const MOST_TEXT: usize = 1 << 20;

pub fn selected(here: &EvalContext<'_>, a: &[Expr]) -> Value {
    let (several, wanted) = (here.eval(&a[0]), here.text(&a[1]));
    match wanted.trim() {
        // the name of a choice may have spaces
        wanted if wanted.contains(' ') => format!(" {} ", several.text()).contains(&format!(" {wanted} ")).into(),
        wanted => several.words().any(|word| word == wanted).into(),
    }
}

/// The mark at a place, from 0.
pub fn selected_at(here: &EvalContext<'_>, a: &[Expr]) -> Value {
    let place = here.number(&a[1]);
    let marks = here.eval(&a[0]);
    let found = if place >= 0.0 { marks.words().nth(place as usize) } else { None };
    found.map_or_else(|| Value::from(""), |word| Value::from(&*word))
}

pub fn length(here: &EvalContext<'_>, a: &[Expr]) -> Value {
    let text = match a.first() {
        Some(text) => here.text(text),
        None => here.own().shared_text(),
    };
    (text.chars().count() as f64).into()
}

/// From a place (0 the first, negative from the end) to another, which is left out.
pub fn substr(here: &EvalContext<'_>, a: &[Expr]) -> Value {
    let text: Vec<char> = here.text(&a[0]).chars().collect();
    let place = |n: f64| {
        let from_end = if n < 0.0 { n + text.len() as f64 } else { n };
        from_end.clamp(0.0, text.len() as f64) as usize
    };
    let from = place(here.number(&a[1]));
    let to = a.get(2).map_or(text.len(), |to| place(here.number(to)));
    text.get(from..to).map_or_else(String::new, |part| part.iter().collect()).into()
}

/// As in XPath: from a place (1 the first), so many characters, both rounded.
pub fn substring(here: &EvalContext<'_>, a: &[Expr]) -> Value {
    let round = |n: f64| (n + 0.5).floor();
    let from = round(here.number(&a[1]));
    let to = a.get(2).map_or(f64::INFINITY, |len| from + round(here.number(len)));
    let inside = |place: usize| place as f64 >= from && (place as f64) < to;
    let text = here.text(&a[0]);
    (1..).zip(text.chars()).filter(|(place, _)| inside(*place)).map(|(_, c)| c).collect::<String>().into()
}

pub fn substring_before(here: &EvalContext<'_>, a: &[Expr]) -> Value {
    let (text, mark) = (here.text(&a[0]), here.text(&a[1]));
    text.split_once(&*mark).map_or("", |(before, _)| before).into()
}

pub fn substring_after(here: &EvalContext<'_>, a: &[Expr]) -> Value {
    let (text, mark) = (here.text(&a[0]), here.text(&a[1]));
    text.split_once(&*mark).map_or("", |(_, after)| after).into()
}

/// Each character of the second text becomes the one at its place in the third, or goes where that is shorter.
pub fn translate(here: &EvalContext<'_>, a: &[Expr]) -> Value {
    let from: Vec<char> = here.text(&a[1]).chars().collect();
    let to: Vec<char> = here.text(&a[2]).chars().collect();
    let one = |c: char| match from.iter().position(|f| *f == c) {
        Some(place) => to.get(place).copied(),
        None => Some(c),
    };
    here.text(&a[0]).chars().filter_map(one).collect::<String>().into()
}

pub fn normalize_space(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether the whole text fits a pattern (E1). An invalid pattern matches nothing; the compiler reports it.
pub fn regex(text: &str, pattern: &str) -> bool {
    Regex::new(pattern).is_ok_and(|regex| regex.fits(text))
}

pub fn base64_decode(text: &str) -> Value {
    let decoded = BASE64_STANDARD.decode(text.trim()).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    decoded.unwrap_or_default().into()
}

/// `MD5`, `SHA-1`, `SHA-256`, `SHA-384` or `SHA-512`, as Base64 or as `hex`; another algorithm or encoding is a blank.
pub fn digest(here: &EvalContext<'_>, a: &[Expr]) -> Value {
    let text = here.text(&a[0]);
    let hash = match &*here.text(&a[1]) {
        "MD5" => Some(md5::Md5::digest(text.as_bytes()).to_vec()),
        "SHA-1" => Some(sha1::Sha1::digest(text.as_bytes()).to_vec()),
        "SHA-256" => Some(sha2::Sha256::digest(text.as_bytes()).to_vec()),
        "SHA-384" => Some(sha2::Sha384::digest(text.as_bytes()).to_vec()),
        "SHA-512" => Some(sha2::Sha512::digest(text.as_bytes()).to_vec()),
        _ => None,
    };
    match (hash, a.get(2).map(|encoding| here.text(encoding)).as_deref()) {
        (Some(hash), None | Some("base64")) => BASE64_STANDARD.encode(hash).into(),
        (Some(hash), Some("hex")) => hash.iter().map(|byte| format!("{byte:02x}")).collect::<String>().into(),
        _ => Value::Blank,
    }
}

/// A random UUID of version 4, or its first characters.
pub fn uuid(here: &EvalContext<'_>, a: &[Expr]) -> Value {
    let bits = (u128::from(here.draw(1)) << 64) | u128::from(here.draw(2));
    // version 4, variant 1 of RFC 9562
    let bits = bits & !(0xF << 76) & !(0x3 << 62) | 0x4 << 76 | 0x2 << 62;
    let hex = format!("{bits:032x}");
    let text = [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-");
    match a.first().map(|len| here.number(len)) {
        None => text.into(),
        Some(len) if len >= 0.0 => text.chars().take(len as usize).collect::<String>().into(),
        Some(_) => Value::Blank,
    }
}
