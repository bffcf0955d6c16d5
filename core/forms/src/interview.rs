//! One conversation: the answers so far, the page at hand, and everything that follows from the answers.
//!
//! [`Interview::answer`] takes one answer and returns the page as it is then. Behind it stand the values of all rows
//! with one dirty set (`state`), the ranked rules (`program`, `order`), the way from page to page (`navigation`), and what an
//! app draws (`page`). Pure over a [`InterviewConfig`]: no clock, no disk. A copy is a what-if.
//!
//! Where the reference engines differ, `DIFFERENCES.md` says what happens here; comments cite its numbers (E1, E2 ...).

mod answer;
mod config;
mod draft;
mod draw;
mod form;
mod navigation;
mod page;
mod path;
mod session;
mod state;

pub use answer::{AnswerError, MAX_ANSWER};
pub use config::InterviewConfig;
pub use draft::{Draft, ResumeError};
pub use page::{AddRowPrompt, ChoiceOption, Invalid, Message, Missing, Page, Progress, Question};
pub use session::{CodedValue, Interview};
pub use state::MAX_ROWS;

#[cfg(test)]
mod tests;
