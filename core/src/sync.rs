//! Sync: what a phone sends and fetches, in which order, and how it goes on after any interruption.
//!
//! A run asks for the time, makes itself known, takes a newer catalog, finds out whether the server still has what it
//! gave receipts for, sends what waits, and fetches updates and the catalog's parts. It works while the vault is locked.
//!
//! Every step is written to the mailbox in one transaction before the next begins, and every request may be repeated.
//! So a run can be dropped at any `await`, killed or cut off, and the next one goes on; cancelling is dropping. Within a
//! run, what arrived of a batch or a file before a cut does not move again. Nothing
//! that the server says is taken over before its signature is checked: the catalog by the pinned authority; time,
//! heads, receipts and orders by the operations key that the catalog names.

mod ask;
mod client;
pub mod courier;
mod fault;
mod messages;
mod pace;
mod receipt;
mod report;
mod run;
mod steps;
mod tls;
mod upload;

pub use client::Client;
pub use report::{Progress, Step, SyncReport};
pub use steps::run;
