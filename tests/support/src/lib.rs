//! What journeys, demo and benchmarks share: invented people, simulated phones, a whole deployment.

use std::path::PathBuf;

/// The repository's root.
pub fn root() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

/// Where cargo builds to, and where the test tools of `cargo xtask` lie.
pub fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

pub mod authority;
pub mod bad_link;
pub mod box_between;
pub mod coordinator;
pub mod counting;
pub mod crash_history;
pub mod deployment;
pub mod developer;
pub mod faulty_vfs;
pub mod files;
pub mod hostile;
pub mod interviewer;
pub mod light_phone;
pub mod load;
pub mod lying_server;
pub mod people;
pub mod phone;
pub mod process;
pub mod proxy;
pub mod rng;
pub mod seeded_server;
pub mod sign_in;
