//! The mailbox: all that sync needs while the vault is locked. Its key comes from the phone's key store alone.
//!
//! A record enters once, sealed and signed, in the same transaction that counts `seq`; from then on its bytes never
//! change, so that sending them again is harmless. An answer of the server is checked by sync and taken over here in one
//! transaction; the catalog is checked here again, because everything else hangs on it.
//!
//! **Time.** `now` is what the server said last, carried on by the phone's own elapsed time; what erases asks both (`time`).

mod activity;
mod bundles;
mod enrolment;
mod file;
mod forwarded;
mod moment;
mod parts;
mod pin_guard;
mod queue;
mod sync_state;
mod time;

pub use activity::{Activity, ActivityKind};
pub use bundles::{Asked, Books, Pending, ProvenLeaf};
pub use enrolment::Enrolment;
pub use file::Mailbox;
pub use forwarded::Forwarded;
pub use pin_guard::PinGuard;
pub use queue::{Outgoing, RecordStatus, Refusal, Waiting};
pub use sync_state::{Evidence, SignedHead, SyncState};

#[cfg(test)]
#[path = "mailbox_tests.rs"]
mod tests;
