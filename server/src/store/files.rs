//! Files that are whole or not there.

use std::os::unix::fs::{MetadataExt as _, fchown, lchown};
use std::path::Path;
use std::{fs, io};

/// Renames a finished file and makes that durable: after a crash there is the old one or the new one. It belongs to whom its
/// folder belongs.
pub fn put(beside: &Path, to: &Path) -> io::Result<()> {
    let file = fs::File::open(beside)?;
    let folder = fs::File::open(to.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new(".")))?;
    let owner = folder.metadata()?;
    if file.metadata()?.uid() != owner.uid() {
        // only root can, and a folder of a stick may refuse
        let _ = fchown(&file, Some(owner.uid()), Some(owner.gid()));
    }
    file.sync_all()?;
    fs::rename(beside, to)?;
    folder.sync_all()
}

/// What root's command made in a folder of the server's user becomes that user's, or the server could not read it.
pub fn give_to_owner(folder: &Path) -> io::Result<()> {
    let owner = fs::metadata(folder)?;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.metadata().is_ok_and(|there| there.uid() != owner.uid()) {
            lchown(entry.path(), Some(owner.uid()), Some(owner.gid()))?;
        }
    }
    Ok(())
}
