//! `tabara-server release`: make a public release, look at what changed, prove one.

use super::release::{Release, diff, make, verify};
use crate::settings::Settings;
use crate::store::Store;
use clap::Subcommand;
use std::path::{Path, PathBuf};

#[derive(Subcommand)]
pub enum ReleaseCommand {
    /// Makes the next public release: the figures of all whole quarters, 30 days after the end of the last one. It is
    /// signed, kept in `releases` of the data folder, noted in the log, and shown to everybody at /public.
    Make,
    /// Prints each number that differs from one release to another.
    Diff { old: PathBuf, new: PathBuf },
    /// Proves that a file is a release of this log: its signature, and its hash in the log.
    Verify { file: PathBuf },
}

impl ReleaseCommand {
    pub fn run(self, store: &Store, settings: &Settings, now: i64) -> Result<(), Box<dyn std::error::Error>> {
        let verified = |file: &Path| -> Result<Release, Box<dyn std::error::Error>> {
            let jws = std::fs::read_to_string(file).map_err(|e| format!("{}: {e}", file.display()))?;
            Ok(verify(store, settings, jws.trim().to_owned()).map_err(|e| format!("{}: {e}", file.display()))?.release)
        };
        match self {
            Self::Make => {
                let (release, hash) = make(store, settings, now)?;
                let Release { number, through, rows, .. } = release;
                println!("release {number} through {through}: {} numbers, sha256 {hash}", rows.len());
            }
            Self::Diff { old, new } => print!("{}", diff(&verified(&old)?, &verified(&new)?)),
            Self::Verify { file } => {
                let Release { number, through, rows, .. } = verified(&file)?;
                println!("release {number} through {through}: {} numbers; signed, and in the log", rows.len());
            }
        }
        Ok(())
    }
}
