//! What is wrong with an expression or a pattern, in words for authors.

use super::phrase::Phrase;
use crate::expression::Cause;
use crate::expression::regex::RegexError;
use crate::say;

/// What is wrong with an expression.
pub fn describe(cause: &Cause) -> Phrase {
    match cause {
        Cause::Unexpected(what) => say!("unexpected", "'{what}' is not expected here", what),
        Cause::Unfinished => say!("unfinished", "the expression ends too early"),
        Cause::OpenText => say!("open-text", "a quote is not closed"),
        Cause::OpenReference => say!("open-reference", "${{ is not closed"),
        Cause::TooLong => say!("expression-too-long", "the expression is too long"),
        Cause::TooDeep => say!("expression-too-deep", "the expression is nested too deeply"),
        Cause::UnknownFunction(name) => say!("unknown-function", "there is no function {name}()", name),
        Cause::Arguments { function, given } => {
            say!("bad-arguments", "{function}() does not take {given} arguments", function, given)
        }
        Cause::OnceInside => {
            say!("once-inside", "once() stands inside of something, or in a column that keeps no value")
        }
        Cause::UnknownName(name) => {
            say!("unknown-name", "there is no question or group named {name}, and it counts as blank", name)
        }
        Cause::UnknownReference(name) => say!("unknown-reference", "there is no question '{name}'", name),
        Cause::AmbiguousName(name) => say!("ambiguous-name", "more than one question or group is named {name}", name),
        Cause::UnknownList(name) => say!("unknown-table", "there is no list or table named {name}", name),
        Cause::UnknownColumn { list, column } => {
            say!("unknown-list-column", "the list {list} has no column {column}, and it counts as blank", list, column)
        }
        Cause::NotADate(text) => say!("not-a-date", "'{text}' is not a date", text),
        Cause::NotAPlace(text) => say!("not-a-place", "'{text}' is not a place", text),
        Cause::Unsupported(what) => say!("unsupported", "not supported: {what}", what),
        Cause::Cycle(names) => {
            say!("cycle", "the values depend on each other: {names}", names = names.join(" -> "))
        }
    }
}

/// What is wrong with a pattern of `regex()`, and what to write instead.
pub fn pattern_cure(error: RegexError) -> Phrase {
    use RegexError as E;
    match error {
        E::Unclosed => say!("regex-unclosed", "a bracket or brace is not closed: close it, or write \\ before it"),
        E::Unopened => {
            say!("regex-unopened", "a closing bracket has no opening one: write \\) for the character itself")
        }
        E::NothingToRepeat => {
            say!(
                "regex-repeat",
                "*, +, ? or a brace has nothing to repeat: write \\ before it for the character itself"
            )
        }
        E::BadRepeat => {
            say!("regex-count", "write the repetitions as {{3}}, {{1,}} or {{1,3}}, the smaller number first")
        }
        E::BadRange => say!("regex-range", "a range in [] runs backwards: write [a-z]"),
        E::UnknownClass => {
            say!(
                "regex-class",
                "this \\p{{}} is not known: use \\p{{L}}, \\p{{Lu}}, \\p{{Ll}}, \\p{{M}}, \\p{{N}}, \\p{{P}} or \\p{{Z}}"
            )
        }
        E::UnknownEscape => say!("regex-escape", "the letter after \\ has no meaning: remove the \\"),
        E::UnknownGroup => {
            say!("regex-group", "this group (?...) is not known: use (...), (?:...), (?=...) or (?!...)")
        }
        E::BackReference => {
            say!("regex-back", "a pattern cannot refer back to a group (\\1): compare two calculates instead")
        }
        E::Possessive => {
            say!("regex-possessive", "write * instead of *+, + instead of ++, and (?:...) instead of (?>...)")
        }
        E::NestedClass => say!("regex-nested", "write the characters in one [], without && and without a [] inside"),
        E::TooLong => say!("regex-too-long", "the pattern is too long: check a part of it in a second question"),
    }
}
