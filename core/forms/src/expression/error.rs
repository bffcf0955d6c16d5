//! What is wrong with an expression.

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
    #[error("once() stands inside of something, or in a column that keeps no value")]
    OnceInside,
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
