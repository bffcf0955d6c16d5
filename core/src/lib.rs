//! The core of Tabara: what runs on a focal point's phone.
//!
//! | module | what |
//! |--|--|
//! | [`focal_point`] (feature `device`) | the one object that an app holds: enrolment, PIN, interviews, cases, sync |
//! | [`screening`] | from the answers of an interview to an assessment, with its reasons |
//! | [`vault`] (feature `device`) | what a phone keeps, encrypted: keys, mailbox, drafts, case cards |
//! | [`sync`] (feature `device`) | one exchange with the server, and what couriers carry |
//! | [`error`] | the one error at the border, with its reasons |
//! | [`expression`], [`interview`], [`questionnaire`], `xlsform` (feature `authoring`) | of `tabara-forms` |
//! | [`case_export`], [`catalog`], [`clock`], [`code`], [`envelope`], [`facts`], [`input`], [`kind`], [`places`], [`record`], [`referral`], [`seal`], [`services`], [`share`], [`slip`], [`tree`], [`wire`] | of `tabara-protocol` |
//!
//! Modules form layers: `focal_point` above `sync` above `vault`, `screening` beside them, `error` below all.

#![deny(missing_docs)]

pub mod error;
#[cfg(feature = "device")]
pub mod focal_point;
pub mod screening;
#[cfg(feature = "device")]
pub mod sync;
#[cfg(feature = "device")]
pub mod vault;

pub use error::{Error, Result};
#[cfg(feature = "authoring")]
pub use tabara_forms::xlsform;
pub use tabara_forms::{expression, interview, questionnaire};
pub use tabara_protocol::{
    case_export, catalog, clock, code, envelope, facts, input, kind, places, record, referral, seal, services, share,
    slip, tree, wire,
};
