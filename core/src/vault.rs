//! The vault: what a phone keeps, encrypted from the first keystroke.
pub mod cipher;

/// Which of the phone's files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum File {
    Keys,
    Mailbox,
    Vault,
}

#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    #[error("SQLCipher with our provider is not what this program was linked with")]
    Cipher,
    #[error("database: {0}")]
    Sql(#[from] rusqlite::Error),
}
