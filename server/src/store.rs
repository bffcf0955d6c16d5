//! Where the log lies: one SQLite file in WAL mode with `synchronous=FULL`. All writes go through one thread, which
//! takes whatever waits into one transaction: many batches share one fsync, and an answer is given only after it.
//! Each piece of work runs in its own savepoint, so that one failure undoes nothing of its neighbours.
//!
//! [`Store::read`] lends a [`Reading`], [`Store::write`] a [`Writing`]; their verbs stand in the files of `store/`,
//! and no SQL stands elsewhere. All calls block: handlers make them on a blocking thread.

mod append;
mod backup;
mod bindings;
mod catalogs;
mod database;
mod derived;
mod entries;
mod error;
mod rows;
mod schema;
mod transaction;
mod withdrawals;

pub use backup::{RestoreError, replace};
pub use bindings::{Binding, OrderStatus, Phone};
pub use database::{FILE, Store};
pub use entries::{Found, Quarantined};
pub use error::{Result, StoreError};
pub use rows::{EntryBody, EntryRow};
pub use transaction::{Reading, Writing};
