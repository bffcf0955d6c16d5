//! Tools for a person's own machine (`tabara-desk`): what needs a secret key never runs on the server. Each room here
//! is a library that tests and the demo call too; the program only reads arguments, asks for passphrases and prints.
//!
//! A deployment is set up in this order: `authority init`, `keys new` (case workers and recovery), `catalog build` and
//! `authority sign`, then a `card` for each phone.

pub mod authority;
pub mod card;
pub mod case;
pub mod catalog;
pub mod export;
pub mod form;
pub mod keys;
pub mod preview;
pub mod review;

use std::path::Path;

/// What went wrong, in words for the person at the desk. Holds nothing secret.
#[derive(Debug, thiserror::Error)]
pub enum DeskError {
    #[error("{path}: {cause}")]
    File { path: String, cause: String },
    #[error("{0}")]
    Asked(String),
    #[error(transparent)]
    Catalog(#[from] tabara_core::catalog::CatalogError),
    #[error(transparent)]
    Seal(#[from] tabara_core::seal::SealError),
}

/// Result of a tool.
pub type Result<T> = std::result::Result<T, DeskError>;

/// A fault of what was asked for.
pub(crate) fn asked(text: impl Into<String>) -> DeskError {
    DeskError::Asked(text.into())
}

/// A fault of a file.
pub fn at(path: &Path, cause: impl std::fmt::Display) -> DeskError {
    DeskError::File { path: path.display().to_string(), cause: cause.to_string() }
}

/// Reads a file, or says which one cannot be read.
pub fn read(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).map_err(|e| at(path, e))
}

/// Writes a file, or says which one cannot be written.
pub fn write(path: &Path, bytes: impl AsRef<[u8]>) -> Result<()> {
    std::fs::write(path, bytes).map_err(|e| at(path, e))
}

/// The last second, in Burundi, of a day written `YYYY-MM-DD`: how every expiry at the desk is meant.
pub fn end_of_day(date: &str) -> Result<i64> {
    let date: jiff::civil::Date = date.parse().map_err(|_| asked("a date is written YYYY-MM-DD"))?;
    let midnight = date.tomorrow().ok().and_then(|d| d.to_zoned(jiff::tz::TimeZone::UTC).ok());
    let midnight = midnight.ok_or_else(|| asked("the date is out of range"))?.timestamp().as_second();
    Ok(midnight - tabara_core::clock::BUJUMBURA.as_secs() as i64 - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expiry_is_the_end_of_the_day_in_bujumbura() {
        assert_eq!(end_of_day("2020-12-31").unwrap(), 1_609_451_999);
        assert!(end_of_day("31.12.2020").is_err());
    }
}
