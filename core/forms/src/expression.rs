//! The language of XLSForm's expressions: `relevant`, `constraint`, `calculation`, `choice_filter` and the rest. It
//! looks like XPath 1.0 and is not: values decide truth, dates are numbers of days, references mean the same row.
//!
//! Text goes through `lexer` and [`parser`] (a [`Ast`], bounded in depth), then [`bind`] looks up every name once: what
//! is left is an [`Expr`] over rows and cells ([`layout`]), and the list of what it reads. [`eval`] computes it, with
//! the functions of one table ([`functions`]) on [`Value`]s. Pure: no clock, no randomness but the seed it is given.

pub mod bind;
pub mod eval;
pub mod functions;
pub mod layout;
mod lexer;
pub mod moment;
pub mod parser;
pub mod regex;
mod value;

use crate::package::Package;
use layout::{FORM, InstanceData, Layout};
use std::ops::Range;

pub use bind::{Binder, Bound, Expr, Read};
pub use eval::{Environment, EvalContext, Instance};
pub use lexer::Operator;
pub use parser::{Ast, Axis, Base, Step, parse};
pub use value::{Value, number_text};

/// The value of an expression that belongs to no form, and what is wrong with it.
pub fn evaluate(text: &str, around: &Environment) -> (Value, Vec<ParseError>) {
    let package = Package { languages: vec![String::new()], ..Package::default() };
    let layout = Layout::new(&package);
    let bound = Binder::new(&layout).bind(text, FORM);
    let world = Instance { package: &package, layout: &layout, rows: &InstanceData::new(&layout), around };
    (EvalContext::new(world, 0, FORM).eval(&bound.expr), bound.errors)
}

/// The first expression that stands in a text for people, and where: `${name}`, `${any expression}`, or a path that begins
/// with `instance('list')/`, as XLSForm has it.
pub fn embedded(text: &str) -> Option<(Range<usize>, &str)> {
    let from =
        |at: &usize| text.as_bytes()[*at..].starts_with(b"${") || text.as_bytes()[*at..].starts_with(b"instance(");
    let at = (0..text.len()).find(from)?;
    let rest = &text[at..];
    if rest.starts_with("${") {
        let len = rest.find('}')? + 1;
        // a plain name is a reference, anything else an expression
        let whole = &rest[..len];
        return Some((at..at + len, if parse(whole).is_ok() { whole } else { whole[2..len - 1].trim() }));
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

/// What is wrong with an expression, and at which byte of its text.
#[derive(Debug, thiserror::Error, Clone, PartialEq, Eq)]
#[error("{cause}")]
pub struct ParseError {
    pub at: usize,
    pub cause: Cause,
}

#[derive(Debug, thiserror::Error, Clone, PartialEq, Eq)]
pub enum Cause {
    #[error("'{0}' is not expected here")]
    Unexpected(String),
    #[error("the expression ends too early")]
    Unfinished,
    #[error("a quote is not closed")]
    OpenText,
    #[error("${{ is not closed")]
    OpenReference,
    #[error("the expression is too long")]
    TooLong,
    #[error("the expression is nested too deeply")]
    TooDeep,
    #[error("there is no function {0}()")]
    UnknownFunction(String),
    #[error("{function}() does not take {given} arguments")]
    Arguments { function: &'static str, given: usize },
    /// A step of a path.
    #[error("there is no question or group named {0}")]
    UnknownName(String),
    /// `${name}`
    #[error("there is no question or group named {0}")]
    UnknownReference(String),
    #[error("more than one question or group is named {0}")]
    AmbiguousName(String),
    #[error("there is no list or table named {0}")]
    UnknownList(String),
    #[error("the list {list} has no column {column}")]
    UnknownColumn { list: String, column: String },
    #[error("'{0}' is no date")]
    NotADate(String),
    #[error("not supported: {0}")]
    Unsupported(&'static str),
    #[error("the values depend on each other: {}", .0.join(" -> "))]
    Cycle(Vec<String>),
}

impl Cause {
    /// Whether XPath finds nothing there and goes on: the part reads as blank, and a questionnaire can be used.
    pub fn reads_blank(&self) -> bool {
        matches!(self, Cause::UnknownName(_) | Cause::UnknownColumn { .. })
    }
}
