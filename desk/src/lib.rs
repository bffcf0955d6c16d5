//! Tools for a person's own machine (`tabara-desk`): what needs a secret key never runs on the server. Each room here
//! is a library that tests and the demo call too; the program only reads arguments, asks for passphrases and prints.
//!
//! A deployment is set up in this order: `authority init`, `keys new` (case workers and recovery), `catalog build` and
//! `authority sign`, then a `card` for each phone.

pub mod authority;
pub mod card;
pub mod case;
pub mod catalog;
pub mod error;
pub mod export;
pub mod files;
pub mod form;
pub mod keys;
pub mod preview;
pub mod review;
