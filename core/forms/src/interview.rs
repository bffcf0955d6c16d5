//! One conversation: the answers so far, the page at hand, and everything that follows from the answers.
//!
//! [`Interview::answer`] takes one answer and returns the page as it is then. Behind it stand the values of all rows
//! with one dirty set (`state`), the ranked rules (`program`, `order`), the way from page to page (`navigation`), and what an
//! app draws (`page`). Pure over a [`InterviewConfig`]: no clock, no disk. A copy is a what-if.
//!
//! # Decisions where the reference engines differ
//!
//! | # | question | here |
//! |--|--|--|
//! | 1 | `regex()` | fits the whole text |
//! | 2 | a node as a condition | by value: blank and 0 are false |
//! | 3, 4 | other rows, when rows come and go or change | always fresh |
//! | 5 | an answer whose choice was filtered away | what is left of it is read; it comes back with the choice |
//! | 6 | order inside a select of several | that of the list |
//! | 7 | an answer that breaks its constraint | kept and flagged; holds up `next` and the end |
//! | 8 | a constraint, when another answer changes | checked again |
//! | 9 | choice filters | depend on answers like any rule |
//! | 10 | rows of a `repeat_count` | there at once; a blank count keeps those that are there |
//! | 11 | `sum()` of blanks | they are skipped; of nothing it is 0 |
//! | 12 | a number compared with a blank | false, also `!=`; a blank differs from a text |
//! | 13 | difference of dates | whole days; a moment counts days in local time |
//! | 14 | a date as text | ISO form |
//! | 15 | a time or moment as text | keeps its offset |
//! | 16 | 10.1, or 2^40, for an integer | refused |
//! | 17 | rules that depend on each other | refused when the package is read, with their names |
//! | 18 | a trigger of a question that is not relevant | runs; its result is not visible |
//! | 19 | an acknowledgement | `OK` |
//! | 20 | `[2]` and `[position() = 2]` | the same |
//! | 21 | `round(-1.5)` | -1 |
//! | 22 | `boolean-from-string('TRUE')` | true |
//! | 23 | `distance()`, `area()` | in full precision |
//! | 24 | an absolute path inside a repeat | the same row, where one value is wanted |
//! | 25 | order of a rank | as the person put it; what comes on offer later goes last, in the order of the list |

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
