//! The one append-only log: what an entry is, the clock that stamps it, and the proof that all else derives from it.
//! Where it is kept is [`crate::store`].
//!
//! | module | what |
//! |--|--|
//! | [`entry`] | the entries |
//! | [`closings`] | the clock; months that close, and revisions |
//! | [`rebuild`] | the same numbers and the same tree, from nothing but the entries |

pub mod closings;
pub mod entry;
pub mod rebuild;
