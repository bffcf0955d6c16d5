//! The one error of the tools.

use std::path::Path;

/// Why a tool failed, as a text for the person at the desk. It holds nothing secret.
#[derive(Debug, thiserror::Error)]
pub enum DeskError {
    #[error("{path}: {cause}")]
    File { path: String, cause: String },
    #[error("{0}")]
    Invalid(String),
    /// In the languages of the tools, with the cure.
    #[error("{0}")]
    Refused(tabara_forms::xlsform::Phrase),
    #[error(transparent)]
    Catalog(#[from] tabara_protocol::catalog::CatalogError),
    #[error(transparent)]
    Case(#[from] tabara_protocol::case_export::CaseError),
    #[error(transparent)]
    Seal(#[from] tabara_protocol::seal::SealError),
}

/// Result of a tool.
pub type Result<T> = std::result::Result<T, DeskError>;

/// The request cannot be carried out.
pub(crate) fn invalid(text: impl Into<String>) -> DeskError {
    DeskError::Invalid(text.into())
}

/// A date cannot be read.
pub fn no_date() -> DeskError {
    invalid("a date is written YYYY-MM-DD")
}

/// A file cannot be used.
pub fn at(path: &Path, cause: impl std::fmt::Display) -> DeskError {
    DeskError::File { path: path.display().to_string(), cause: cause.to_string() }
}
