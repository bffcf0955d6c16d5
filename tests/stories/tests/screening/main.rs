//! The rule on the real questionnaire: the cases of its authors, its properties under random answers, and the protocol.

mod cases;
mod open_points;
mod properties;
mod protocol;
mod sheets;
