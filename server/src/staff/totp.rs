//! One-time codes of authenticator apps: RFC 4226 and RFC 6238, HMAC-SHA-1, six digits, 30 seconds.

use ring::hmac;
use std::fmt::Write as _;
use tabara_protocol::input::{Input, typed};
use zeroize::Zeroizing;

/// Seconds for which a code is valid.
const STEP: i64 = 30;
/// A code is taken one step early or late, for clocks that differ.
const DRIFT: i64 = 1;
/// A clock that is off by up to so many steps, an hour, is told to its owner.
const FAR: i64 = 120;
const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// The secret that server and authenticator share.
pub struct TotpSecret(Zeroizing<[u8; 20]>);

impl TotpSecret {
    pub fn generate() -> Self {
        Self(Zeroizing::new(tabara_protocol::envelope::random()))
    }
    pub fn from_bytes(bytes: [u8; 20]) -> Self {
        Self(Zeroizing::new(bytes))
    }
    pub fn bytes(&self) -> &[u8; 20] {
        &self.0
    }

    fn key(&self) -> hmac::Key {
        hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &*self.0)
    }

    /// The code of a moment, for whoever holds the secret.
    pub fn code(&self, unix: i64) -> String {
        hotp(&self.key(), unix.div_euclid(STEP) as u64)
    }

    /// The step of a code, if the code is valid now and its step was not used before.
    pub fn accepts(&self, code: &str, unix: i64, last_used: i64) -> Option<i64> {
        // what was noted while the clock was ahead does not count
        let last_used = Some(last_used).filter(|step| *step <= Self::newest(unix));
        self.steps(code, unix, DRIFT).filter(|step| last_used.is_none_or(|used| *step > used)).max()
    }

    /// The last step of which a code is taken now.
    pub fn newest(unix: i64) -> i64 {
        unix.div_euclid(STEP) + DRIFT
    }

    /// By how many seconds the clock that made a code is ahead; none if the code is of no moment within an hour.
    pub fn clock_ahead(&self, code: &str, unix: i64) -> Option<i64> {
        let ahead = self.steps(code, unix, FAR).map(|step| step - unix.div_euclid(STEP));
        ahead.min_by_key(|steps| steps.abs()).map(|steps| steps * STEP)
    }

    /// The steps around now that have this code. All are compared, so that the time does not reveal which one matched.
    fn steps(&self, code: &str, unix: i64, around: i64) -> impl Iterator<Item = i64> {
        let (now, code, key) = (unix.div_euclid(STEP), typed(Input::Code, code), self.key());
        (now - around..=now + around).filter(move |step| same(code.as_bytes(), hotp(&key, *step as u64).as_bytes()))
    }

    /// The address for authenticator apps. The name must be plain, as `accounts` checks.
    pub fn uri(&self, name: &str) -> String {
        format!("otpauth://totp/Tabara:{name}?secret={}&issuer=Tabara", base32(&*self.0))
    }

    /// For typing in, in groups of four.
    pub fn text(&self) -> String {
        let text = base32(&*self.0);
        text.as_bytes().chunks(4).map(String::from_utf8_lossy).collect::<Vec<_>>().join(" ")
    }
}

fn hotp(key: &hmac::Key, counter: u64) -> String {
    let tag = hmac::sign(key, &counter.to_be_bytes());
    let tag = tag.as_ref();
    let at = usize::from(tag[19] & 15);
    let number = u32::from_be_bytes([tag[at] & 0x7f, tag[at + 1], tag[at + 2], tag[at + 3]]);
    format!("{:06}", number % 1_000_000)
}

/// Compares without stopping early.
pub(super) fn same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |all, (a, b)| all | (a ^ b)) == 0
}

fn base32(bytes: &[u8]) -> String {
    let mut text = String::new();
    let bit = |n: usize| bytes.get(n / 8).map_or(0, |byte| byte >> (7 - n % 8) & 1);
    for at in (0..bytes.len() * 8).step_by(5) {
        let sign = (at..at + 5).fold(0u8, |all, n| all << 1 | bit(n));
        let _ = text.write_char(BASE32[usize::from(sign)] as char);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const RFC: [u8; 20] = *b"12345678901234567890";

    #[test]
    fn the_vectors_of_rfc_4226_and_rfc_6238_hold() {
        let first: Vec<String> = (0..10).map(|counter| hotp(&TotpSecret::from_bytes(RFC).key(), counter)).collect();
        let rfc_4226 =
            ["755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489"];
        assert_eq!(first, rfc_4226);
        // RFC 6238, appendix B, SHA-1; its eight digits end in our six
        let rfc_6238 = [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ];
        for (time, code) in rfc_6238 {
            assert_eq!(TotpSecret::from_bytes(RFC).code(time), code);
        }
    }

    #[test]
    fn a_code_stands_one_step_early_or_late_and_works_once() {
        let secret = TotpSecret::from_bytes(RFC);
        let code = secret.code(1_000_000_000);
        let step = 1_000_000_000 / 30;
        assert_eq!(secret.accepts(&code, 1_000_000_000, 0), Some(step));
        assert_eq!(secret.accepts(&code, 1_000_000_030, 0), Some(step));
        assert_eq!(secret.accepts(&code, 999_999_970, 0), Some(step));
        assert_eq!(secret.accepts(&code, 1_000_000_065, 0), None);
        assert_eq!(secret.accepts(&code, 1_000_000_000, step), None, "used before");
        assert_eq!(secret.accepts("", 1_000_000_000, 0), None);
        assert_eq!(secret.accepts(&code, 1_000_000_000, step + 2880), Some(step), "used when the clock was ahead");
    }

    #[test]
    fn the_clock_that_made_a_code_is_told() {
        let (secret, now) = (TotpSecret::from_bytes(RFC), 1_000_000_000);
        let ahead = |by| secret.clock_ahead(&secret.code(now + by), now);
        assert_eq!((ahead(-300), ahead(420), ahead(-3600)), (Some(-300), Some(420), Some(-3600)));
        assert_eq!(ahead(2 * 3600), None);
    }

    #[test]
    fn base32_is_that_of_rfc_4648() {
        let seen: Vec<String> = ["", "fooba", "foobar"].map(|text| base32(text.as_bytes())).into();
        assert_eq!(seen, ["", "MZXW6YTB", "MZXW6YTBOI"]);
    }
}
