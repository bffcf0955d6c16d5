//! The language of XLSForm's expressions: `relevant`, `constraint`, `calculation`, `choice_filter` and the rest. It
//! looks like XPath 1.0 and is not: values decide truth, dates are numbers of days, references mean the same row.
//!
//! Text goes through `lexer` and [`parser`] (a [`Ast`], bounded in depth), then [`bind`] looks up every name once: what
//! is left is an [`Expr`] over rows and cells ([`layout`]), and the list of what it reads. `eval` computes it, with
//! the functions of one table ([`functions`]) on [`Value`]s. Pure: no clock, no randomness but the seed it is given.

pub mod bind;
mod embedded;
mod error;
mod eval;
mod evaluate;
pub mod expr;
pub mod functions;
pub mod layout;
mod lexer;
pub mod moment;
pub mod parser;
pub(crate) mod random;
pub mod regex;
mod value;

pub use bind::Binder;
pub use embedded::embedded;
pub use error::{Cause, ParseError};
pub use evaluate::evaluate;
pub use expr::{Bound, Environment, EvalContext, Expr, Instance, Read};
pub use lexer::Operator;
pub use parser::{Ast, Axis, Base, Step, parse};
pub use value::{Value, number_text};
