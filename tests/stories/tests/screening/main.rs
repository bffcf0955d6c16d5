//! The rule on the real questionnaire: the cases of its authors, and its properties under random answers.

mod cases;
mod properties;
mod sheets;
