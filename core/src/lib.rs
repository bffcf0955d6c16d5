//! The core of Tabara: what runs on a focal point's phone, and the pure part that the server shares.
//!
//! | room | what |
//! |--|--|
//! | [`tabara_protocol`], re-exported by module | what leaves the phone, and who may be trusted |
//! | [`questionnaire`], [`interview`], [`screening`] | a compiled questionnaire; one conversation; what it comes to |
//! | [`vault`], [`sync`], [`focal_point`] (feature `device`) | what a phone keeps, how it sends, the one object an app holds |
//! | [`error`] | the one error at the border |

pub mod error;
pub mod expression;
#[cfg(feature = "device")]
pub mod focal_point;
pub mod interview;
pub mod questionnaire;
pub mod screening;
#[cfg(feature = "device")]
pub mod sync;
#[cfg(feature = "device")]
pub mod vault;

pub use error::{Error, Result};
pub use tabara_protocol::{
    case_export, catalog, clock, code, courier, envelope, facts, kind, places, record, referral, seal,
};
