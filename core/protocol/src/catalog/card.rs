//! The text of a card, as it is pasted, scanned and printed. Short, so that its QR code is small: keys and the signature as bytes,
//! the grant without what every grant says, all of it in base32, whose signs a QR code holds in 5.5 bits each.

use super::{Grant, MAX_SERVERS, is_server_address};
use crate::envelope::{self, Digest, PublicKey, SigningKey, Typ, protected};
use crate::input::{Input, typed};
use base64::prelude::{BASE64_URL_SAFE_NO_PAD as B64, Engine as _};
use std::fmt;
use zeroize::Zeroizing;

/// What is handed over with a card, as text or QR: everything a phone needs to enrol with no network.
#[derive(Clone)]
pub struct EnrolmentCard {
    /// Envelope of kind grant.
    pub grant: String,
    /// The card's one-time secret.
    pub seed: Digest,
    /// The authority's key: all trust of this phone starts here.
    pub authority: PublicKey,
}

const PREFIX: &str = "TABARA2.";
/// A message with a card in it is at most this long.
const MAX_MESSAGE: usize = 64 * 1024;
/// RFC 4648, without padding.
const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
/// What stands in most grants. Phrase N is written as the byte N, which JSON never has; phrase 1 is the public key of the card's
/// seed. The byte 0 ends the grant, so that letters which follow it do no harm.
const PHRASES: [&str; 8] = [
    r#"{"device":""#,
    r#"","role":"focal_point","organisation":""#,
    r#"","role":"provider","organisation":""#,
    r#"","commune":"BI-CO-"#,
    r#"","area":"commune","servers":[{"url":"https://"#,
    r#"","pin":""#,
    r#""}],"expires":"#,
    r#","card":""#,
];

/// The text is not a card, or its grant is not signed by the authority that the card names.
#[derive(Debug, thiserror::Error, Clone, Copy, PartialEq, Eq)]
pub enum CardError {
    /// It is not the text of a card. Ask for it again, or scan the QR code.
    #[error("not the text of a card")]
    Unreadable,
    /// The authority did not sign its grant. Do not enrol with it.
    #[error("not signed by the authority it names")]
    BadGrant,
}

impl EnrolmentCard {
    /// Reads a card's text wherever it stands in a message: line breaks, the marks of quoted mail, and words around it do not
    /// matter. Checks the grant's signature.
    pub fn parse(text: &str) -> Result<(Self, Grant), CardError> {
        if text.len() > MAX_MESSAGE {
            return Err(CardError::Unreadable);
        }
        let text = typed(Input::Card, text);
        let bodies = text.match_indices(PREFIX).map(|(at, prefix)| &text[at + prefix.len()..]);
        let card = bodies.take(8).find_map(Self::body).ok_or(CardError::Unreadable)?;
        let grant: Grant = envelope::open(Typ::Grant, &card.authority, &card.grant).map_err(|_| CardError::BadGrant)?;
        let addressed = (1..=MAX_SERVERS).contains(&grant.servers.len())
            && grant.servers.iter().all(|server| is_server_address(&server.url));
        if addressed && SigningKey::from_seed(card.seed.0).public() == grant.card {
            Ok((card, grant))
        } else {
            Err(CardError::BadGrant)
        }
    }

    /// Authority, seed, signature, grant; None if it is cut.
    fn body(text: &str) -> Option<Self> {
        let bytes = unbase32(text);
        let (authority, rest) = bytes.split_first_chunk()?;
        let (seed, rest) = rest.split_first_chunk()?;
        let (signature, rest) = rest.split_first_chunk::<64>()?;
        let end = rest.iter().position(|byte| *byte == 0)?;
        let (authority, card) = (PublicKey(*authority), SigningKey::from_seed(*seed).public().to_string());
        let mut json = Vec::new();
        for byte in &rest[..end] {
            match usize::from(*byte) {
                1 => json.extend(card.bytes()),
                phrase if phrase <= PHRASES.len() + 1 => json.extend(PHRASES[phrase - 2].bytes()),
                _ => json.push(*byte),
            }
        }
        let signed = format!("{}.{}", protected(Typ::Grant, &authority), B64.encode(json));
        Some(Self { grant: format!("{signed}.{}", B64.encode(signature)), seed: Digest(*seed), authority })
    }

    /// The text that [`EnrolmentCard::parse`] reads, of a grant that [`envelope::sign`] made.
    pub fn text(&self) -> String {
        let mut parts = self.grant.split('.').skip(1).map(|part| B64.decode(part).unwrap_or_default());
        let json = String::from_utf8(parts.next().unwrap_or_default()).unwrap_or_default();
        let card = SigningKey::from_seed(self.seed.0).public().to_string();
        let phrases = std::iter::once(card.as_str()).chain(PHRASES).zip(1u8..);
        let short = phrases.fold(json, |json, (phrase, sign)| json.replacen(phrase, &char::from(sign).to_string(), 1));
        let signature = parts.next().unwrap_or_default();
        let bytes = [&self.authority.0[..], &self.seed.0, &signature, short.as_bytes(), &[0]].concat();
        format!("{PREFIX}{}", *base32(&Zeroizing::new(bytes)))
    }
}

fn base32(bytes: &[u8]) -> Zeroizing<String> {
    let bit = |at: usize| bytes.get(at / 8).map_or(0, |byte| usize::from(byte >> (7 - at % 8) & 1));
    let sign = |first: usize| char::from(BASE32[(0..5).fold(0, |value, next| value << 1 | bit(5 * first + next))]);
    Zeroizing::new((0..(bytes.len() * 8).div_ceil(5)).map(sign).collect())
}

/// The whole bytes of the signs at the beginning of a text.
fn unbase32(text: &str) -> Zeroizing<Vec<u8>> {
    let (mut bytes, mut held, mut bits) = (Zeroizing::new(Vec::with_capacity(text.len())), 0u32, 0);
    for value in text.bytes().map_while(|sign| BASE32.iter().position(|known| *known == sign)) {
        (held, bits) = (held << 5 | value as u32, bits + 5);
        if bits >= 8 {
            bits -= 8;
            bytes.push((held >> bits) as u8);
            held &= (1 << bits) - 1;
        }
    }
    bytes
}

impl fmt::Debug for EnrolmentCard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EnrolmentCard(..)")
    }
}
