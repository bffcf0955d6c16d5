//! Expressions that stand in texts for people.

use super::parser::parse;
use crate::package::is_name;
use std::ops::Range;

/// The first expression that stands in a text for people, and where: `${name}`, `${any expression}`, or a path that begins
/// with `instance('list')/`, as XLSForm has it.
pub fn embedded(text: &str) -> Option<(Range<usize>, &str)> {
    // most texts hold neither a `$` nor a bracket
    let marks = text.bytes().enumerate().filter(|(_, byte)| matches!(byte, b'$' | b'('));
    let at = marks.into_iter().find_map(|(at, _)| match text[at..].starts_with("${") {
        true => Some(at),
        false => text[..=at].strip_suffix("instance(").map(str::len),
    })?;
    let rest = &text[at..];
    if rest.starts_with("${") {
        let len = rest.find('}')? + 1;
        // a plain name is a reference, anything else an expression
        let (whole, inner) = (&rest[..len], rest[2..len - 1].trim());
        let is_reference = is_name(inner.strip_prefix("last-saved#").unwrap_or(inner));
        return Some((at..at + len, if is_reference { whole } else { inner }));
    }
    let (mut depth, mut quote) = (0, None);
    let ends = |(at, c): &(usize, char)| {
        match (quote, c) {
            (Some(open), c) if open == *c => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(*c),
            (None, '(' | '[') => depth += 1,
            (None, ')' | ']') => depth -= 1,
            // outside of brackets: a step goes on, anything else ends the path
            (None, c) => return depth == 0 && *at > 8 && !(c.is_alphanumeric() || "/_-.:".contains(*c)),
        }
        false
    };
    let len = rest.char_indices().find(ends).map_or(rest.len(), |(len, _)| len);
    let path = rest[..len].trim_end_matches(['.', ':', '-', '/']);
    match path.contains(")/") && parse(path).is_ok() {
        true => Some((at..at + path.len(), path)),
        false => embedded(&rest["instance(".len()..]).map(|(range, expression)| {
            let from = at + "instance(".len();
            (from + range.start..from + range.end, expression)
        }),
    }
}
