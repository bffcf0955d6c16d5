//! Screening: from the answers of an interview to an assessment, with its reasons.
//!
//! No question's name stands here. The sheet `indicators` of the questionnaire says which answer raises which code,
//! and survey roles say who consented, who counts as a child, whose age is in doubt. The rule itself is in `rule`.
//!
//! What is unknown counts too. The *assume run* judges a copy of the interview on which every unknown answer is the
//! one that indicates: a case that it would make presumed is never called "no indication", and goes to a reviewer.
//! Everything is a pure function of the recorded answers; an answer that is not shown never counts.

mod assess;
mod assessment;
mod assume;
mod evidence;
#[cfg(feature = "authoring")]
mod package_check;
mod questionnaire;
mod rule;

pub use assess::{assess, assess_again, facts};
pub use assessment::{Advice, Assessment, Change, Raise, RaiseError};
pub use evidence::{Consent, consent};
#[cfg(feature = "authoring")]
pub use package_check::{compile, compile_with_files};
pub use questionnaire::{coded_answers, kind_of, language, read_questionnaire};
pub use rule::{Count, Dimension, Outcome, Path, Profile, VERSION};
