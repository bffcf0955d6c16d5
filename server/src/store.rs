//! The log in one SQLite file, in WAL mode with `synchronous=FULL`. All writes go through one thread, which puts the work
//! that waits into one transaction: many batches share one fsync, and each answer follows it. Each piece of work runs in
//! its own savepoint, so that a failure does not undo the others.
//!
//! [`Store::read`] lends a [`Reading`], [`Store::write`] a [`Writing`]. Their methods are in the files of `store/`; the only
//! other SQL is in `staff/file.rs`. All calls block: handlers make them on a blocking thread.

mod append;
mod backup;
mod bindings;
mod catalogs;
mod database;
mod derived;
mod entries;
pub mod entry;
mod error;
mod expiry;
pub mod files;
mod log_view;
mod news;
mod referrals;
mod restore_aid;
mod rows;
mod schema;
mod transaction;
mod tree;
mod withdrawals;

pub use backup::{PROVEN, RestoreError, make_private, replace};
pub use bindings::{Binding, OrderStatus, Phone, SentToday};
pub use database::{FILE, Store};
pub use entries::{Found, Quarantined};
pub use error::{Result, StoreError};
pub use news::PhoneNews;
pub use referrals::ReferralState;
pub use restore_aid::{RESTORE_AID, RestoreAid};
pub use tabara_protocol::log::row::{EntryBody, EntryRow};
pub use transaction::{Reading, Writing};
