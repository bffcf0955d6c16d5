//! The server's log as anybody can check it: what an entry is, which verdict a record gets, when months close, and the proof
//! of all of it from a file alone.
//!
//! | module | what |
//! |--|--|
//! | [`entry`] | the kinds of entries and what each says |
//! | [`row`] | an entry as it is kept; the leaf that stands for it in the tree |
//! | [`verdict`] | whether a record or a phone counts at once, or waits for somebody to look |
//! | [`closings`] | when months close, and when a record has been kept long enough |
//! | [`audit`] | who saw what: lines that carry the hash of the one before |
//! | [`mod@file`] | the log as a file that travels (`tabara-server log export`) |
//! | `state` | what a log says so far, in memory |
//! | [`verify`] | the proof (`tabara-desk log verify`) |

pub mod audit;
pub mod closings;
pub mod entry;
pub mod file;
pub mod row;
mod state;
pub mod verdict;
pub mod verify;
