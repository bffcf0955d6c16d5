//! The phone's border: what Kotlin, Swift and Python see of tabara-core. It holds no decisions.
//!
//! Rules of translation, the same for every type:
//! - A plain type of the core is mirrored with `#[uniffi::remote]` beside the call that returns it: core stays free of
//!   UniFFI, and a field that one side lacks does not compile.
//! - Ids, hashes and codes cross as text; counts as `u32`; moments as seconds since 1970 UTC, lengths of time as `Duration`.
//! - Every failure is a `TabaraError`: one reaction of the app for each variant, enums as reasons, nothing private in them.
//! - Calls are synchronous and may wait for the disk (or, where it says so, for key stretching): call them off the
//!   main thread. Only `sync` and `carry` are asynchronous.

uniffi::setup_scaffolding!("tabara");

mod card;
#[cfg(feature = "data")]
mod data;
mod error;
mod focal_point;
mod page;
mod plain;
mod records;
mod referrals;
mod secret;
mod services;
mod session;
mod sync;
mod wiping;

#[global_allocator]
static ALLOCATOR: wiping::Wiping<std::alloc::System> = wiping::Wiping(std::alloc::System);
