//! The code on a person's slip: short, spoken or typed, with a check character.

use crate::envelope;
use crate::input::{Input, typed};
use serde::{Deserialize, Serialize};
use std::fmt;

/// A code of ten characters on the person's slip: nine random and one check character. The alphabet has 31 signs
/// (a prime), none that look alike, so one wrong or two swapped neighbours are always noticed.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Code(String);

const SIGNS: &[u8; 31] = b"23456789ABCDEFGHJKLMNPQRSTVWXYZ";

impl Code {
    /// The ten characters.
    pub fn as_str(&self) -> &str {
        &self.0
    }
    /// A new random code.
    pub fn generate() -> Self {
        let mut signs = Vec::with_capacity(10);
        while signs.len() < 9 {
            let [byte] = envelope::random::<1>();
            // 248 = 8 x 31: every sign is as likely as the others
            if byte < 248 {
                signs.push(byte as usize % 31);
            }
        }
        Self::of(signs)
    }
    /// The code that a secret comes to: always the same, and as hard to guess as a random one.
    pub fn derived(secret: &[u8; 32]) -> Self {
        let (half, _) = secret.split_at(16);
        let mut number = u128::from_le_bytes(half.try_into().expect("16 bytes"));
        let mut sign = || {
            let sign = number % 31;
            number /= 31;
            sign as usize
        };
        Self::of((0..9).map(|_| sign()).collect())
    }
    /// Reads the ten characters and nothing else.
    fn exact(text: &str) -> Result<Self, BadCode> {
        let signs: Option<Vec<usize>> = text.bytes().map(|b| SIGNS.iter().position(|s| *s == b)).collect();
        match signs {
            Some(signs) if signs.len() == 10 && check_sign(&signs[..9]) == signs[9] => Ok(Self(text.to_owned())),
            _ => Err(BadCode),
        }
    }
    fn of(mut signs: Vec<usize>) -> Self {
        signs.push(check_sign(&signs));
        Self(signs.into_iter().map(|s| SIGNS[s] as char).collect())
    }
}

/// The sign that makes the sum of place x sign divisible by 31 (place of the check sign: 10).
fn check_sign(nine: &[usize]) -> usize {
    let sum: usize = nine.iter().enumerate().map(|(i, s)| (i + 1) * s).sum();
    // 10 x 28 = 280 = 9 x 31 + 1: 28 is the inverse of 10
    (31 - sum % 31) * 28 % 31
}

/// The text is not a code: a sign is wrong, missing or swapped. Ask to read it again.
#[derive(Debug, thiserror::Error, Clone, Copy, PartialEq, Eq)]
#[error("not a code, or mistyped")]
pub struct BadCode;

impl std::str::FromStr for Code {
    type Err = BadCode;
    /// As a person types it: small letters, spaces, hyphens and whatever else is neither letter nor digit do not matter.
    fn from_str(text: &str) -> Result<Self, BadCode> {
        Self::exact(&typed(Input::Code, text))
    }
}

impl TryFrom<String> for Code {
    type Error = BadCode;
    /// As it stands in records and files: in one spelling only.
    fn try_from(text: String) -> Result<Self, BadCode> {
        Self::exact(&text)
    }
}

impl From<Code> for String {
    fn from(code: Code) -> Self {
        code.0
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Code(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_code_is_read_back_however_it_is_written() {
        for _ in 0..200 {
            let code = Code::generate();
            let spoken = format!("{} - {}", &code.0[..5].to_lowercase(), &code.0[5..]);
            assert_eq!(spoken.parse(), Ok(code));
        }
    }

    #[test]
    fn a_code_is_read_as_keyboards_messengers_and_hands_write_it() {
        let code: Code = "7KQ4M2XHTH".parse().unwrap();
        let (left, right) = code.0.split_at(5);
        for written in [
            format!("\u{feff}{left}\u{a0}{right}\r\n"),
            format!("{left}\u{2013}{right}."),
            format!("{left}\u{2011}{right}\u{200b}"),
            format!("\u{200e}\u{201c}{}\u{201d}\u{200f}", code.0.to_lowercase()),
            code.0.chars().map(|sign| char::from_u32(sign as u32 + 0xfee0).unwrap()).collect(),
        ] {
            assert_eq!(written.parse(), Ok(code.clone()), "{written:?}");
        }
    }

    #[test]
    fn in_a_signed_record_a_code_has_one_spelling() {
        let code = Code::generate();
        assert_eq!(serde_json::from_str(&format!("\"{}\"", code.0)).ok(), Some(code.clone()));
        for other in [code.0.to_lowercase(), format!("{}-{}", &code.0[..5], &code.0[5..]), format!("{} ", code.0)] {
            assert!(serde_json::from_str::<Code>(&format!("\"{other}\"")).is_err(), "{other}");
        }
    }

    proptest! {
        #[test]
        fn one_wrong_sign_or_two_swapped_neighbours_are_noticed(at in 0usize..10, to in 0usize..31) {
            let code = Code::generate();
            let mut wrong = code.0.clone().into_bytes();
            wrong[at] = SIGNS[to];
            let wrong = String::from_utf8(wrong).unwrap();
            prop_assert_eq!(wrong.parse::<Code>().is_ok(), wrong == code.0);
            let mut swapped = code.0.clone().into_bytes();
            swapped.swap(at % 9, at % 9 + 1);
            let swapped = String::from_utf8(swapped).unwrap();
            prop_assert_eq!(swapped.parse::<Code>().is_ok(), swapped == code.0);
        }
    }
}
