//! What is kept of a person with a sign-in.

use super::password::Hashed;
use super::role::Role;
use super::totp::Secret;

/// A person with a sign-in.
pub struct Account {
    pub name: String,
    pub role: Role,
    pub password: Hashed,
    pub secret: Secret,
    /// The 30-second step of the last code that was taken.
    pub last_step: i64,
}
