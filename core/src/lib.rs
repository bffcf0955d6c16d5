//! The core of Tabara: what runs on a focal point's phone, and the pure part that the server shares.
//!
//! | room | what |
//! |--|--|
//! | [`facts`], [`record`], [`envelope`], [`seal`], [`catalog`], [`places`] | what leaves the phone, and who may be trusted |
//! | [`questionnaire`], [`interview`], [`screening`] | a compiled questionnaire; one conversation; what it comes to |
//! | [`vault`], [`sync`], [`focal_point`] (feature `device`) | what a phone keeps, how it sends, the one object an app holds |
//! | [`clock`], [`error`] | time as a parameter; the one error at the border |

pub mod catalog;
pub mod clock;
pub mod envelope;
pub mod error;
pub mod expression;
pub mod facts;
#[cfg(feature = "device")]
pub mod focal_point;
pub mod interview;
pub mod places;
pub mod questionnaire;
pub mod record;
pub mod referral;
pub mod screening;
pub mod seal;
#[cfg(feature = "device")]
pub mod sync;
#[cfg(feature = "device")]
pub mod vault;

pub use error::{Error, Result};
