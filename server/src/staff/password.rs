//! Passwords: Argon2id, 19 MiB, two passes (OWASP's lesser setting, so that a small server survives a queue of
//! sign-ins). The parameters are kept with each hash and can be raised later.

use argon2::{Algorithm, Argon2, Params, Version};
use tabara_protocol::input::{Input, typed};
use zeroize::Zeroizing;

/// KiB, passes, lanes.
const COST: (u32, u32, u32) = (19 * 1024, 2, 1);
/// Fewer characters are refused.
pub const LEAST_CHARACTERS: usize = 12;
const MOST_BYTES: usize = 1024;

/// What is kept of a password.
#[derive(Clone)]
pub struct PasswordHash {
    pub salt: [u8; 16],
    pub cost: (u32, u32, u32),
    pub hash: [u8; 32],
}

impl PasswordHash {
    pub fn new(password: &str) -> Self {
        let salt = tabara_protocol::envelope::random();
        Self { salt, cost: COST, hash: hash(password, &salt, COST).map_or([0; 32], |hash| *hash) }
    }

    pub fn fits(&self, password: &str) -> bool {
        password.len() <= MOST_BYTES
            && hash(password, &self.salt, self.cost).is_some_and(|hash| super::totp::same(&*hash, &self.hash))
    }

    /// A hash that no password matches, so that an unknown name takes as long as a known one.
    pub fn of_nobody() -> Self {
        Self { salt: [0; 16], cost: COST, hash: [0; 32] }
    }
}

/// Long enough, and not absurdly long.
pub fn is_acceptable(password: &str) -> bool {
    typed(Input::Secret, password).chars().count() >= LEAST_CHARACTERS && password.len() <= MOST_BYTES
}

/// The password may be in any Unicode form: [`typed`] brings it to one.
fn hash(password: &str, salt: &[u8], (memory, passes, lanes): (u32, u32, u32)) -> Option<Zeroizing<[u8; 32]>> {
    let params = Params::new(memory, passes, lanes, Some(32)).ok()?;
    let mut out = Zeroizing::new([0; 32]);
    let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    argon.hash_password_into(typed(Input::Secret, password).as_bytes(), salt, &mut *out).ok()?;
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_password_fits() {
        let kept = PasswordHash::new("correct horse battery");
        assert!(kept.fits("correct horse battery"));
        assert!(!kept.fits("correct horse batterz") && !kept.fits(""));
        assert!(!PasswordHash::of_nobody().fits("") && !PasswordHash::of_nobody().fits("correct horse battery"));
    }

    #[test]
    fn argon2id_gives_the_published_hash() {
        // argon2 -id, reference implementation: "password", "somesalt", t=2, m=65536 KiB, p=1
        let seen = hash("password", b"somesalt", (65536, 2, 1)).unwrap();
        let hex: String = seen.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, "09316115d5cf24ed5a15a31a3ba326e5cf32edc24702987c02b6566f61913cf7");
    }
}
