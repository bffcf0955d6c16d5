//! The one signed envelope: everything that is trusted travels in it. A JWS in compact form (RFC 7515) with
//! `alg: "Ed25519"` (RFC 9864); `typ` says what it is and is checked, so that no envelope passes for another kind;
//! `kid` names the key by its RFC 7638 thumbprint. A JSON object with a repeated key is refused at any depth.
//!
//! This room also lends the digest (SHA-256) and randomness to the rest of the core.

use base64::prelude::{BASE64_URL_SAFE_NO_PAD as B64, Engine as _};
use ring::rand::SecureRandom as _;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};
use std::cell::Cell;
use std::collections::BTreeSet;
use std::fmt;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// No envelope is longer: longer input is refused before it is read.
pub const MAX_LEN: usize = 256 * 1024;

/// What an envelope is. The name stands in the header as `tabara-NAME`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Typ {
    /// A card's grant, by the authority.
    #[serde(rename = "tabara-grant")]
    Grant,
    /// A phone's keys, by the card's one-time seed.
    #[serde(rename = "tabara-device")]
    Device,
    /// A record, by the phone's record key.
    #[serde(rename = "tabara-record")]
    Record,
    /// A reviewer's decision, by a reviewer's key.
    #[serde(rename = "tabara-review")]
    Review,
    /// The catalog, by the authority.
    #[serde(rename = "tabara-catalog")]
    Catalog,
    /// An order to one phone, by the operations key.
    #[serde(rename = "tabara-order")]
    Order,
    /// What a phone sends, by its transport key.
    #[serde(rename = "tabara-bundle")]
    Bundle,
    /// What the server answers, by the operations key.
    #[serde(rename = "tabara-parcel")]
    Parcel,
    /// A public release of figures, by the operations key.
    #[serde(rename = "tabara-release")]
    Release,
}

/// Why an envelope is refused.
#[derive(Debug, thiserror::Error, Clone, Copy, PartialEq, Eq)]
pub enum EnvelopeError {
    /// Longer than an envelope may be.
    #[error("longer than an envelope may be")]
    Oversize,
    /// Not three parts of base64url with the JSON of a header.
    #[error("not a JWS in compact form with this header")]
    Malformed,
    /// An envelope of another kind.
    #[error("an envelope of another kind")]
    WrongTyp,
    /// Signed by another key than the expected one.
    #[error("signed by another key")]
    WrongKey,
    /// The signature does not fit.
    #[error("the signature does not match")]
    BadSignature,
    /// A JSON object repeats a key.
    #[error("a JSON object repeats a key")]
    RepeatedKey,
    /// The payload is not of the expected form.
    #[error("the content does not have the expected fields")]
    BadPayload,
}

/// The header of an envelope.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    alg: Alg,
    /// What the envelope is.
    pub typ: Typ,
    /// RFC 7638 thumbprint of the key that signed it.
    pub kid: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Alg {
    Ed25519,
}

/// Signs `payload` as an envelope of kind `typ`.
pub fn sign<T: Serialize>(typ: Typ, key: &SigningKey, payload: &T) -> String {
    Signer::new(key).sign(typ, payload)
}

/// A key made ready for one who signs often: deriving it anew costs as much as a signature.
pub struct Signer {
    pair: Ed25519KeyPair,
    public: PublicKey,
    kid: String,
}

impl Signer {
    /// Prepares a key for many signatures.
    pub fn new(key: &SigningKey) -> Self {
        let (pair, public) = (key.pair(), key.public());
        Self { pair, public, kid: public.kid() }
    }
    /// The public half.
    pub fn public(&self) -> PublicKey {
        self.public
    }
    /// As [`sign`].
    pub fn sign<T: Serialize>(&self, typ: Typ, payload: &T) -> String {
        let payload = B64.encode(serde_json::to_vec(payload).expect("plain data has a JSON form"));
        let signed = format!("{}.{payload}", header(typ, self.kid.clone()));
        let signature = B64.encode(self.pair.sign(signed.as_bytes()));
        format!("{signed}.{signature}")
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Signer(..)")
    }
}

fn header(typ: Typ, kid: String) -> String {
    let header = Header { alg: Alg::Ed25519, typ, kid };
    B64.encode(serde_json::to_vec(&header).expect("plain data has a JSON form"))
}

/// The first part of every envelope that [`sign`] makes with this key.
pub(crate) fn protected(typ: Typ, key: &PublicKey) -> String {
    header(typ, key.kid())
}

/// Reads the payload of an envelope whose signature was checked before it was stored.
pub fn stored<T: DeserializeOwned>(jws: &str) -> Result<T, EnvelopeError> {
    let payload = jws.split('.').nth(1).ok_or(EnvelopeError::Malformed)?;
    let json = B64.decode(payload).map_err(|_| EnvelopeError::Malformed)?;
    serde_json::from_slice(&json).map_err(|_| EnvelopeError::BadPayload)
}

/// Reads the header without trusting it: to find the key that [`open`] needs.
pub fn peek(jws: &str) -> Result<Header, EnvelopeError> {
    parts(MAX_LEN, jws).map(|(header, ..)| header)
}

/// Checks kind, key and signature, then returns the payload.
pub fn open<T: DeserializeOwned>(typ: Typ, key: &PublicKey, jws: &str) -> Result<T, EnvelopeError> {
    from_json(&payload(MAX_LEN, typ, key, jws)?)
}

/// Checks kind, key and signature of what may be longer than a phone's envelope, and returns the JSON of its payload.
pub fn payload(most: usize, typ: Typ, key: &PublicKey, jws: &str) -> Result<Vec<u8>, EnvelopeError> {
    let (header, signed, payload, signature) = parts(most, jws)?;
    if header.typ != typ {
        return Err(EnvelopeError::WrongTyp);
    }
    if header.kid != key.kid() {
        return Err(EnvelopeError::WrongKey);
    }
    let verifier = UnparsedPublicKey::new(&ED25519, key.0);
    verifier.verify(signed.as_bytes(), &signature).map_err(|_| EnvelopeError::BadSignature)?;
    Ok(payload)
}

/// No JSON that is read holds more values than this, at all depths together.
const MAX_VALUES: u32 = 200_000;
/// No JSON object that is read has more keys than this.
const MAX_KEYS: usize = 256;

/// Reads JSON as envelopes do: repeated keys are refused, and so are more values than anything of ours holds, before
/// memory is taken for them.
pub fn from_json<T: DeserializeOwned>(json: &[u8]) -> Result<T, EnvelopeError> {
    let (left, repeated) = (Cell::new(MAX_VALUES), Cell::new(false));
    let mut reader = serde_json::Deserializer::from_slice(json);
    let walked = Walk { left: &left, repeated: &repeated }.deserialize(&mut reader).and_then(|()| reader.end());
    match walked {
        Err(_) if repeated.get() => Err(EnvelopeError::RepeatedKey),
        Err(_) => Err(EnvelopeError::BadPayload),
        Ok(()) => serde_json::from_slice(json).map_err(|_| EnvelopeError::BadPayload),
    }
}

type Parts<'a> = (Header, &'a str, Vec<u8>, Vec<u8>);

fn parts(most: usize, jws: &str) -> Result<Parts<'_>, EnvelopeError> {
    if jws.len() > most {
        return Err(EnvelopeError::Oversize);
    }
    let bytes = |text: &str| B64.decode(text).map_err(|_| EnvelopeError::Malformed);
    let (signed, signature) = jws.rsplit_once('.').ok_or(EnvelopeError::Malformed)?;
    let (header, payload) = signed.split_once('.').ok_or(EnvelopeError::Malformed)?;
    let header = from_json::<Header>(&bytes(header)?).map_err(|_| EnvelopeError::Malformed)?;
    Ok((header, signed, bytes(payload)?, bytes(signature)?))
}

/// The secret half of an Ed25519 key. Its `Debug` shows nothing, and its bytes are wiped when it is dropped.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct SigningKey([u8; 32]);

impl SigningKey {
    /// A new random key.
    pub fn generate() -> Self {
        Self(random())
    }
    /// The key of a 32-byte seed (RFC 8032).
    pub fn from_seed(seed: [u8; 32]) -> Self {
        Self(seed)
    }
    /// The seed, for the one who must keep it. Wipe it after use.
    pub fn seed(&self) -> &[u8; 32] {
        &self.0
    }
    /// The public half.
    pub fn public(&self) -> PublicKey {
        PublicKey(self.pair().public_key().as_ref().try_into().expect("an Ed25519 key has 32 bytes"))
    }
    /// A secret that only the holder of this key can compute, the same for the same label and input; it tells nothing of the
    /// key (HMAC-SHA256 under the seed).
    pub fn secret(&self, label: &str, input: &[u8; 16]) -> Zeroizing<[u8; 32]> {
        let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, &self.0);
        let tag = ring::hmac::sign(&key, &[label.as_bytes(), &[0], input].concat());
        Zeroizing::new(tag.as_ref().try_into().expect("SHA-256 has 32 bytes"))
    }
    /// A plain Ed25519 signature (RFC 8032), for what is too small for an envelope.
    pub fn sign_bytes(&self, bytes: &[u8]) -> [u8; 64] {
        self.pair().sign(bytes).as_ref().try_into().expect("an Ed25519 signature has 64 bytes")
    }
    fn pair(&self) -> Ed25519KeyPair {
        Ed25519KeyPair::from_seed_unchecked(&self.0).expect("any 32 bytes are a seed")
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey(..)")
    }
}

/// The public half of an Ed25519 key; as JSON, base64url without padding.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PublicKey(pub [u8; 32]);

impl PublicKey {
    /// Whether this key made a signature of [`SigningKey::sign_bytes`].
    pub fn verifies(&self, bytes: &[u8], signature: &[u8; 64]) -> bool {
        UnparsedPublicKey::new(&ED25519, self.0).verify(bytes, signature).is_ok()
    }
    /// RFC 7638 thumbprint of the key as a JWK (RFC 8037), base64url.
    pub fn kid(&self) -> String {
        sha256(format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{self}"}}"#).as_bytes()).to_string()
    }
    /// The first 20 bytes of the thumbprint's digest in ten groups of four hexadecimal digits, to be read aloud.
    pub fn fingerprint(&self) -> String {
        self.kid().parse::<Digest>().expect("a thumbprint is a digest").aloud()
    }
}

/// A SHA-256 digest; as JSON, base64url without padding.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digest(pub [u8; 32]);

impl Digest {
    /// The first 20 bytes in ten groups of four hexadecimal digits, to be read aloud.
    pub fn aloud(&self) -> String {
        let groups: Vec<_> = self.0[..20].chunks(2).map(|pair| format!("{:02x}{:02x}", pair[0], pair[1])).collect();
        groups.join(" ")
    }
}

#[cfg(feature = "openapi")]
impl utoipa::PartialSchema for Digest {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        let text = utoipa::openapi::ObjectBuilder::new().schema_type(utoipa::openapi::Type::String);
        text.pattern(Some("^[A-Za-z0-9_-]{43}$")).into()
    }
}
#[cfg(feature = "openapi")]
impl utoipa::ToSchema for Digest {}

/// SHA-256.
pub fn sha256(bytes: &[u8]) -> Digest {
    Digest(ring::digest::digest(&ring::digest::SHA256, bytes).as_ref().try_into().expect("SHA-256 has 32 bytes"))
}

/// Bytes from the system's generator.
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    ring::rand::SystemRandom::new().fill(&mut bytes).expect("the system gives randomness");
    bytes
}

macro_rules! base64url_32 {
    ($($name:ident),+) => {$(
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&B64.encode(self.0))
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({self})", stringify!($name))
            }
        }
        impl std::str::FromStr for $name {
            type Err = EnvelopeError;
            fn from_str(text: &str) -> Result<Self, EnvelopeError> {
                let bytes = B64.decode(text).map_err(|_| EnvelopeError::Malformed)?;
                bytes.try_into().map(Self).map_err(|_| EnvelopeError::Malformed)
            }
        }
        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.collect_str(self)
            }
        }
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<str>::deserialize(from)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    )+};
}
base64url_32!(PublicKey, Digest);

/// Passes over any JSON in which no object repeats a key, and which holds no more values than are left.
#[derive(Clone, Copy)]
struct Walk<'a> {
    left: &'a Cell<u32>,
    repeated: &'a Cell<bool>,
}

impl<'de> DeserializeSeed<'de> for Walk<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        let left = self.left.get().checked_sub(1).ok_or_else(|| serde::de::Error::custom("too many values"))?;
        self.left.set(left);
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Walk<'_> {
    type Value = ();
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut seen = BTreeSet::new();
        while let Some(key) = map.next_key::<String>()? {
            if seen.len() == MAX_KEYS {
                return Err(serde::de::Error::custom("too many keys"));
            }
            if !seen.insert(key) {
                self.repeated.set(true);
                return Err(serde::de::Error::custom("repeated key"));
            }
            map.next_value_seed(self)?;
        }
        Ok(())
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while seq.next_element_seed(self)?.is_some() {}
        Ok(())
    }
    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }
    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }
    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }
    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }
    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }
    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn key() -> SigningKey {
        SigningKey::from_seed([7; 32])
    }

    #[test]
    fn what_was_signed_opens_with_the_key_and_kind_it_was_signed_with() {
        let jws = sign(Typ::Record, &key(), &json!({"a": 1}));
        assert_eq!(open::<Value>(Typ::Record, &key().public(), &jws), Ok(json!({"a": 1})));
        assert_eq!(peek(&jws).map(|h| h.kid), Ok(key().public().kid()));
    }

    #[test]
    fn another_kind_another_key_and_any_changed_byte_are_refused() {
        let jws = sign(Typ::Record, &key(), &json!({"a": 1}));
        assert_eq!(open::<Value>(Typ::Parcel, &key().public(), &jws), Err(EnvelopeError::WrongTyp));
        let other = SigningKey::from_seed([8; 32]).public();
        assert_eq!(open::<Value>(Typ::Record, &other, &jws), Err(EnvelopeError::WrongKey));
        for at in 0..jws.len() {
            let mut bytes = jws.clone().into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(bytes).unwrap();
            assert!(open::<Value>(Typ::Record, &key().public(), &changed).is_err(), "byte {at}");
        }
    }

    #[test]
    fn a_repeated_key_is_refused_at_any_depth() {
        assert_eq!(from_json::<Value>(br#"{"a":{"b":1,"b":2}}"#), Err(EnvelopeError::RepeatedKey));
        assert_eq!(from_json::<Value>(br#"[{"a":1,"a":1}]"#), Err(EnvelopeError::RepeatedKey));
    }

    #[test]
    fn the_public_key_and_thumbprint_of_rfc_8037_appendix_a() {
        let seed: Digest = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A".parse().unwrap();
        let public = SigningKey::from_seed(seed.0).public();
        assert_eq!(public.to_string(), "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo");
        assert_eq!(public.kid(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    }

    #[test]
    fn hostile_bytes_are_refused() {
        for text in ["", ".", "..", "a.b.c", "e30.e30.", &"A".repeat(MAX_LEN + 1)] {
            assert!(peek(text).is_err());
        }
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(from_json::<Value>(deep.as_bytes()).is_err());
        let wide = format!("[{}1]", "1,".repeat(1_000_000));
        assert_eq!(from_json::<Value>(wide.as_bytes()), Err(EnvelopeError::BadPayload));
        let keys: Vec<String> = (0..1000).map(|n| format!("\"{n}\":1")).collect();
        assert_eq!(from_json::<Value>(format!("{{{}}}", keys.join(",")).as_bytes()), Err(EnvelopeError::BadPayload));
    }

    #[test]
    fn a_secret_key_prints_nothing() {
        assert_eq!(format!("{:?}", key()), "SigningKey(..)");
    }
}
