//! Sync: one exchange with the server ([`crate::wire`]), repeated until nothing waits, and how it goes on after any
//! interruption. It works while the vault is locked.
//!
//! A phone makes a bundle, writes it down, and sends it byte for byte until a parcel answers it, across cuts and kills. The
//! parcel is opened, its signature is checked, and all that it says is taken over in one transaction: catalog, time, head,
//! verdicts, updates. So a run can be dropped at any `await`; cancelling is dropping.
//!
//! What is not a parcel that the operations key signed for this very bundle says nothing: it settles no record, tells no
//! time, and is no sync. Parcels that a courier brings are taken over in the same way.

mod client;
pub mod courier;
mod deliver;
mod fault;
mod pace;
mod pack;
mod report;
mod run;
mod take;
mod tls;

#[cfg(test)]
mod tests;

pub use client::Client;
pub use report::{Progress, Step, SyncReport};
pub use run::run;
