//! Files, with errors that name them.

use crate::error::{Result, at};
use crate::texts::{TEXTS, refused};
use std::io::Write as _;
use std::path::Path;
use tabara_forms::say;

/// Reads a file; the error names it.
pub fn read(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).map_err(|e| at(path, e))
}

/// Writes a file; the error names it.
pub fn write(path: &Path, bytes: impl AsRef<[u8]>) -> Result<()> {
    std::fs::write(path, bytes).map_err(|e| at(path, e))
}

/// Writes a new file that only its owner may read; an existing file is never replaced.
pub fn write_private(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path).map_err(|e| at(path, e))?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(|e| at(path, e))
}

/// A word of the protocol, as JSON has it.
pub fn word(value: &impl serde::Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|word| word.as_str().map(str::to_owned)).unwrap_or_default()
}

/// Asks before something is signed or replaced; with `yes` nobody is asked.
pub fn confirmed(yes: bool, question: &str) -> Result<()> {
    if yes {
        return Ok(());
    }
    eprint!("{question} ");
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer).map_err(|e| at(Path::new("input"), e))?;
    let agreed = ["yes", "oui"].contains(&answer.trim().to_lowercase().as_str());
    if agreed { Ok(()) } else { Err(refused(say!(TEXTS: "not-confirmed"))) }
}
