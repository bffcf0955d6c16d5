//! Files that are whole or not there.

use std::path::Path;
use std::{fs, io};

/// Renames a finished file and makes that durable: after a crash there is the old one or the new one.
pub fn put(beside: &Path, to: &Path) -> io::Result<()> {
    fs::File::open(beside)?.sync_all()?;
    fs::rename(beside, to)?;
    fs::File::open(to.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new(".")))?.sync_all()
}
