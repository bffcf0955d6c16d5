//! Why the data folder of a server cannot be used.

use std::io;
use std::path::{Path, PathBuf};

/// Why a folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    #[error("{file}: {cause}")]
    Io { file: PathBuf, cause: io::Error },
    #[error(
        "{folder} holds no server, and nothing was made. Is --data right? A new server begins with `tabara-server init`; \
         one that burned, with `tabara-server restore FILE`"
    )]
    NoFolder { folder: PathBuf },
    #[error("this server does not trust that authority, or no other: tabara-server authority list")]
    NoSuchAuthority,
    #[error("this folder trusts another authority already. If the next one takes over: tabara-server authority add")]
    OtherAuthority,
    #[error("{file}: not a key")]
    BadKey { file: PathBuf },
    #[error(
        "{file} is missing. Phones trust receipts of that key alone, and bundles are sealed to the server's own: take \
         both from a copy, `tabara-server restore FILE --key copies.age`. If no copy can be opened any more, \
         `tabara-server keys new` makes others: publish a catalog that names them at once"
    )]
    LostKey { file: PathBuf },
}

pub(super) fn io_error(file: &Path, cause: io::Error) -> SettingsError {
    SettingsError::Io { file: file.to_owned(), cause }
}
