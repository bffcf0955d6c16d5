//! What is kept of a person with a sign-in.

use super::password::PasswordHash;
use super::role::Role;
use super::totp::TotpSecret;

/// A person with a sign-in.
pub struct Account {
    pub name: String,
    pub role: Role,
    pub password: PasswordHash,
    pub secret: TotpSecret,
    /// The 30-second step of the last code that was taken.
    pub last_step: i64,
}
