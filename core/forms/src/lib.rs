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

pub mod expression;
pub mod interview;
pub mod package;
pub mod program;
pub mod questionnaire;
#[cfg(feature = "authoring")]
pub mod xlsform;
