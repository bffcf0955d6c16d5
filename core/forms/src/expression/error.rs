//! What is wrong with an expression.

/// What is wrong with an expression, and at which byte of its text.
#[derive(Debug, thiserror::Error, Clone, PartialEq, Eq)]
#[error("{cause}")]
pub struct ParseError {
    /// Byte of the expression's text, from 0, at which the fault was found; 0 where the fault is of no single place.
    pub at: usize,
    /// What is wrong there.
    pub cause: Cause,
}

/// The faults that an expression can have: of its text, of its names, or of what it asks for.
#[derive(Debug, thiserror::Error, Clone, PartialEq, Eq)]
pub enum Cause {
    /// This word or sign cannot stand here.
    #[error("'{0}' is not expected here")]
    Unexpected(String),
    /// The text ends where something must follow.
    #[error("the expression ends too early")]
    Unfinished,
    /// A text begins with `'` or `"` and has no second one.
    #[error("a quote is not closed")]
    OpenText,
    /// A reference begins with `${` and has no `}`.
    #[error("${{ is not closed")]
    OpenReference,
    /// The text is longer than [`MAX_LEN`](super::parser::MAX_LEN) bytes.
    #[error("the expression is too long")]
    TooLong,
    /// The tree is deeper than [`MAX_DEPTH`](super::parser::MAX_DEPTH), or brackets, calls and predicates stand in
    /// each other more than [`MAX_NESTING`](super::parser::MAX_NESTING) deep.
    #[error("the expression is nested too deeply")]
    TooDeep,
    /// A call names a function that is not known.
    #[error("there is no function {0}()")]
    UnknownFunction(String),
    /// A call has fewer or more arguments than its function takes.
    #[error("{function}() does not take {given} arguments")]
    Arguments {
        /// The name of the function.
        function: &'static str,
        /// How many arguments the call has.
        given: usize,
    },
    /// `once()` is a part of a larger expression, or stands in a column whose result no node keeps.
    #[error("once() stands inside of something, or in a column that keeps no value")]
    OnceInside,
    /// A step of a path.
    #[error("there is no question or group named {0}")]
    UnknownName(String),
    /// `${name}`
    #[error("there is no question or group named {0}")]
    UnknownReference(String),
    /// A reference `${name}` could mean more than one question or group.
    #[error("more than one question or group is named {0}")]
    AmbiguousName(String),
    /// `instance()` or `pulldata()` names a list or table that the form does not have.
    #[error("there is no list or table named {0}")]
    UnknownList(String),
    /// An expression asks a list for a column that it does not have.
    #[error("the list {list} has no column {column}")]
    UnknownColumn {
        /// The name of the list.
        list: String,
        /// The name of the column.
        column: String,
    },
    /// `date()`, `date-time()` or `decimal-date-time()` is given a constant that is no date on any day.
    #[error("'{0}' is no date")]
    NotADate(String),
    /// The point of `geofence()` is a constant that is no point anywhere.
    #[error("'{0}' is no place")]
    NotAPlace(String),
    /// XPath or XLSForm know such a thing, but this language does not.
    #[error("not supported: {0}")]
    Unsupported(&'static str),
    /// Rules need each other's results: the names of their nodes in the order of need, the first once more at the
    /// end.
    #[error("the values depend on each other: {}", .0.join(" -> "))]
    Cycle(Vec<String>),
}

impl Cause {
    /// Whether XPath finds nothing there and goes on: the part reads as blank, and a questionnaire can be used.
    pub fn reads_blank(&self) -> bool {
        matches!(self, Cause::UnknownName(_) | Cause::UnknownColumn { .. })
    }
}
