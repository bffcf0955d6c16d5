//! The one error of the store.

use std::sync::Arc;

/// Why the store failed. Holds nothing of what is stored.
#[derive(Debug, thiserror::Error, Clone)]
pub enum StoreError {
    #[error("the disk is full")]
    Full,
    #[error("the database was written by a newer version (schema {found})")]
    Newer { found: u32 },
    #[error("an entry of the log is damaged (position {position})")]
    Damaged { position: u64 },
    #[error("the database: {0}")]
    Database(Arc<rusqlite::Error>),
    #[error("the clock stands more than an hour before the last entry: set it, or say `tabara-server accept-clock`")]
    ClockBehind,
    #[error("the store has stopped")]
    Stopped,
}

impl From<rusqlite::Error> for StoreError {
    fn from(e: rusqlite::Error) -> Self {
        match e.sqlite_error_code() {
            Some(rusqlite::ErrorCode::DiskFull) => Self::Full,
            _ => Self::Database(Arc::new(e)),
        }
    }
}

pub type Result<T> = std::result::Result<T, StoreError>;
