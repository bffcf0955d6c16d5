//! What is wrong with an expression or a pattern, in words for authors.

use super::phrase::Phrase;
use crate::expression::Cause;
use crate::expression::regex::RegexError;
use crate::say;

/// What is wrong with an expression.
pub fn describe(cause: &Cause) -> Phrase {
    match cause {
        Cause::Unexpected(what) => say!("unexpected", what),
        Cause::Unfinished => say!("unfinished"),
        Cause::OpenText => say!("open-text"),
        Cause::OpenReference => say!("open-reference"),
        Cause::TooLong => say!("expression-too-long"),
        Cause::TooDeep => say!("expression-too-deep"),
        Cause::UnknownFunction(name) => say!("unknown-function", name),
        Cause::Arguments { function, given } => say!("bad-arguments", function, given),
        Cause::OnceInside => say!("once-inside"),
        Cause::UnknownName(name) => say!("unknown-name", name),
        Cause::UnknownReference(name) => say!("unknown-reference", name),
        Cause::AmbiguousName(name) => say!("ambiguous-name", name),
        Cause::UnknownList(name) => say!("unknown-table", name),
        Cause::UnknownColumn { list, column } => say!("unknown-list-column", list, column),
        Cause::NotADate(text) => say!("not-a-date", text),
        Cause::NotAPlace(text) => say!("not-a-place", text),
        Cause::Unsupported(what) => say!("unsupported", what),
        Cause::Cycle(names) => say!("cycle", names = names.join(" -> ")),
    }
}

/// What is wrong with a pattern of `regex()`, and what to write instead.
pub fn pattern_cure(error: RegexError) -> Phrase {
    use RegexError as E;
    match error {
        E::Unclosed => say!("regex-unclosed"),
        E::Unopened => say!("regex-unopened"),
        E::NothingToRepeat => say!("regex-repeat"),
        E::BadRepeat => say!("regex-count"),
        E::BadRange => say!("regex-range"),
        E::UnknownClass => say!("regex-class"),
        E::UnknownEscape => say!("regex-escape"),
        E::UnknownGroup => say!("regex-group"),
        E::BackReference => say!("regex-back"),
        E::Possessive => say!("regex-possessive"),
        E::NestedClass => say!("regex-nested"),
        E::TooLong => say!("regex-too-long"),
    }
}
