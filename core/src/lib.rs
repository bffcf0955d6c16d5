//! The core of Tabara: what runs on a focal point's phone, and the pure part that the server shares.
//!
//! | room | what |
//! |--|--|
//! | [`tabara_protocol`], re-exported by module | what leaves the phone, and who may be trusted |
//! | [`tabara_forms`], re-exported by module | a compiled questionnaire, and one conversation |
//! | [`screening`] | what an interview comes to |
//! | [`vault`], [`sync`], [`focal_point`] (feature `device`) | what a phone keeps, how it sends, the one object an app holds |
//! | [`error`] | the one error at the border |

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
    case_export, catalog, clock, code, courier, envelope, facts, input, kind, places, record, referral, seal,
};
