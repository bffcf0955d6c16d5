//! Why the data folder of a server cannot be used.

use std::io;
use std::path::{Path, PathBuf};

/// Why a folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    #[error("{file}: {cause}")]
    Io { file: PathBuf, cause: io::Error },
    #[error("{file}: not a key")]
    BadKey { file: PathBuf },
    #[error(
        "{file} is missing. Phones trust receipts of that key alone, and bundles are sealed to the server's own: take \
         both from the copy beside a backup: `tabara-server keys receive`, `tabara-desk keys reseal` with the recovery \
         key, `tabara-server keys restore`. If \
         no copy can be opened any more, `tabara-server keys new` makes others: publish a catalog that names them at once"
    )]
    LostKey { file: PathBuf },
}

pub(super) fn io_error(file: &Path, cause: io::Error) -> SettingsError {
    SettingsError::Io { file: file.to_owned(), cause }
}
