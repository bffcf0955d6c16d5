//! The one error of the tools.

use std::path::Path;

/// What went wrong, in words for the person at the desk. Holds nothing secret.
#[derive(Debug, thiserror::Error)]
pub enum DeskError {
    #[error("{path}: {cause}")]
    File { path: String, cause: String },
    #[error("{0}")]
    Asked(String),
    #[error(transparent)]
    Catalog(#[from] tabara_protocol::catalog::CatalogError),
    #[error(transparent)]
    Seal(#[from] tabara_protocol::seal::SealError),
}

/// Result of a tool.
pub type Result<T> = std::result::Result<T, DeskError>;

/// A fault of what was asked for.
pub(crate) fn asked(text: impl Into<String>) -> DeskError {
    DeskError::Asked(text.into())
}

/// A fault of a date.
pub fn no_date() -> DeskError {
    asked("a date is written YYYY-MM-DD")
}

/// A fault of a file.
pub fn at(path: &Path, cause: impl std::fmt::Display) -> DeskError {
    DeskError::File { path: path.display().to_string(), cause: cause.to_string() }
}
