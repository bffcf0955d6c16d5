//! Questionnaires as data: XLSForm workbooks are compiled into small packages, and an interview runs a package.
//!
//! | module | what |
//! |--|--|
//! | [`package`] | what stands in a compiled questionnaire |
//! | [`expression`] | the language of `relevant`, `constraint`, `calculation` and the rest |
//! | [`program`] | the rules of a package in the order in which they are computed |
//! | [`questionnaire`] | a package that was checked and is ready for interviews |
//! | [`interview`] | one conversation: answers, pages, drafts |
//! | [`xlsform`] (feature `authoring`) | from a workbook to a package, with all that is wrong with it |
//!
//! Each module uses only those above it. Nothing here knows a domain, a clock or a store: time, randomness and what the
//! device knows come with [`interview::InterviewConfig`], and what a domain demands of its questionnaires comes with
//! `xlsform::PackageCheck`.
//!
//! # Examples
//!
//! Parse and check a workbook:
//!
//! ```
//! # #[cfg(feature = "authoring")] {
//! let form = "| survey |
//! | | type | name | label | relevant |
//! | | integer | age | How old are you? | |
//! | | text | school | Which school? | ${ages} < 18 |";
//! let compiled = tabara_forms::xlsform::compile(form.as_bytes());
//! let problem = &compiled.diagnostics[0];
//! assert_eq!((problem.code, problem.row), ("unknown-reference", 3));
//! assert_eq!(problem.hint.to_string(), "did you mean 'age'?");
//! # }
//! ```
//!
//! Compile it into a package, which is read again on a phone:
//!
//! ```
//! # #[cfg(feature = "authoring")] {
//! use tabara_forms::questionnaire::Questionnaire;
//!
//! let form = "| survey |\n| | type | name | label |\n| | integer | age | How old are you? |";
//! let questionnaire = tabara_forms::xlsform::compile(form.as_bytes()).questionnaire.expect("no error");
//! let package: Vec<u8> = questionnaire.write();
//! assert_eq!(Questionnaire::read(&package)?.sha256(), questionnaire.sha256());
//! # }
//! # Ok::<(), tabara_forms::questionnaire::PackageError>(())
//! ```
//!
//! An interview:
//!
//! ```
//! # #[cfg(feature = "authoring")] {
//! use std::sync::Arc;
//! use tabara_forms::interview::{Interview, InterviewConfig};
//!
//! let form = "| survey |
//! | | type | name | label | relevant |
//! | | integer | age | How old are you? | |
//! | | text | school | Which school? | ${age} < 18 |
//! | | text | work | Which work? | ${age} >= 18 |";
//! let questionnaire = tabara_forms::xlsform::compile(form.as_bytes()).questionnaire.expect("no error");
//! let mut interview = Interview::start(Arc::new(questionnaire), InterviewConfig::default());
//! assert_eq!(interview.page().questions[0].label, "How old are you?");
//! interview.answer("age", Some("41"))?;
//! assert_eq!(interview.next().path, "work");
//! assert_eq!(interview.answers(), [("age".to_owned(), "41".to_owned())]);
//! # }
//! # Ok::<(), tabara_forms::interview::AnswerError>(())
//! ```

#![deny(missing_docs)]

pub mod expression;
pub mod interview;
pub mod package;
pub mod program;
pub mod questionnaire;
#[cfg(feature = "authoring")]
pub mod xlsform;
