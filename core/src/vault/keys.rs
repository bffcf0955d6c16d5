//! The key file: how a PIN and this phone's key store together give the vault's key, and neither alone.
//!
//! The vault's key is random. It is wrapped with AES-256-GCM under
//! `HKDF-SHA256(salt = vault id, derive("vault.GENERATION", "pin:" + Argon2id(PIN)))`; the associated data of the wrap
//! are its terms (version, vault id, generation, parameters of Argon2id), so none of them can be exchanged. Who has
//! the file but not the phone has nothing to guess against; who has the phone guesses through its key store, one at a time.
//!
//! The file is JSON: `{"body": "...", "sha256": "...", "tag": "..."}`. The body is JSON as text, so that its hash can be
//! checked whatever version wrote it. The hash tells damage; the tag, `derive("vault.GENERATION", "tag:" + hash)`, tells
//! a key store that lost its secret. Both are checked before a PIN is tried, so that neither looks like a wrong PIN.
//!
//! A new PIN is a new generation with a secret of its own: written beside, renamed over the old, and then the old
//! secret is forgotten, so that an old copy of the file opens with no PIN at all.

use super::cipher::FileKey;
use super::device_secret::{DeviceSecret, same_tag};
use super::error::VaultError;
use super::store::write_beside;
use crate::clock::Clock;
use crate::envelope::{Digest, from_json, random, sha256};
use crate::error::PhoneFile;
use base64::prelude::{BASE64_URL_SAFE_NO_PAD as B64, Engine as _};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use ring::hkdf;
use serde::{Deserialize, Serialize};
use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use uuid::Uuid;
use zeroize::Zeroizing;

/// The version of the key file that this build writes, and the newest it reads.
const VERSION: u32 = 1;
/// Name of the key file.
pub const NAME: &str = "keys.json";
/// Name of a key file that is being written.
pub const BESIDE: &str = "keys.json.new";

/// What a guess costs: Argon2id with one lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cost {
    /// Memory of one guess, in KiB.
    pub memory_kib: u32,
    /// Passes over the memory.
    pub rounds: u32,
}

/// No enrolment goes below 19 MiB and two rounds (OWASP's least for Argon2id).
pub const FLOOR: Cost = Cost { memory_kib: 19 * 1024, rounds: 2 };
const TARGET_MS: u64 = 700;
/// A phone with 1 GB has no more to spare.
const MOST_MEMORY_KIB: u32 = 64 * 1024;

impl Cost {
    /// The cost that takes this phone about 0.7 s, at least [`FLOOR`]. A clock that stands still gives the floor.
    pub fn calibrate(clock: &dyn Clock) -> Self {
        let start = clock.monotonic();
        stretch("000000", &[0; 16], Cost { rounds: 1, ..FLOOR });
        let micros = (clock.monotonic() - start).as_micros() as u64;
        let Some(passes) = (TARGET_MS * 1000).checked_div(micros) else { return FLOOR };
        // memory first, because it is what costs an attacker; then rounds
        let work = (passes * u64::from(FLOOR.memory_kib)).min(64 * u64::from(MOST_MEMORY_KIB)) as u32;
        let memory_kib = (work / FLOOR.rounds).clamp(FLOOR.memory_kib, MOST_MEMORY_KIB);
        Cost { memory_kib, rounds: (work / memory_kib).max(FLOOR.rounds) }
    }
}

fn stretch(pin: &str, salt: &[u8; 16], cost: Cost) -> Zeroizing<[u8; 32]> {
    let params = argon2::Params::new(cost.memory_kib, cost.rounds, 1, Some(32)).expect("bounds are checked when read");
    let mut memory = Zeroizing::new(vec![argon2::Block::default(); params.block_count()]);
    let argon = argon2::Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, params);
    let mut out = Zeroizing::new([0; 32]);
    argon
        .hash_password_into_with_memory(pin.as_bytes(), salt, out.as_mut_slice(), memory.as_mut_slice())
        .expect("salt, output and memory have the right length");
    out
}

/// What the wrap is bound to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Terms {
    version: u32,
    vault: Uuid,
    generation: u32,
    kdf: Cost,
    /// 16 random bytes, base64url.
    salt: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    terms: Terms,
    /// Nonce and sealed key, base64url.
    wrap: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct OnDisk {
    body: String,
    sha256: Digest,
    tag: Digest,
}

/// A key file that is whole, but not yet known to be this phone's: [`KeyFile::check`] it.
pub struct KeyFile {
    body: Body,
    sha256: Digest,
    tag: Digest,
}

impl KeyFile {
    /// Reads the key file of a folder. `None`: there is none.
    pub fn read(folder: &Path) -> Result<Option<Self>, VaultError> {
        match fs::read(folder.join(NAME)) {
            Ok(bytes) => Self::parse(&bytes).map(Some),
            Err(e) if e.kind() == ErrorKind::NotFound => Ok(None),
            Err(e) => Err(e.into()),
        }
    }

    /// Reads the text of a key file: hash, version, fields and bounds are checked.
    pub fn parse(bytes: &[u8]) -> Result<Self, VaultError> {
        const DAMAGED: VaultError = VaultError::Damaged(PhoneFile::Keys);
        let OnDisk { body, sha256: hash, tag } = from_json(bytes).map_err(|_| DAMAGED)?;
        if bytes.len() > 4096 || sha256(body.as_bytes()) != hash {
            return Err(DAMAGED);
        }
        let loose: serde_json::Value = from_json(body.as_bytes()).map_err(|_| DAMAGED)?;
        if loose["terms"]["version"].as_u64().is_some_and(|version| version > VERSION.into()) {
            return Err(VaultError::Newer);
        }
        let body: Body = from_json(body.as_bytes()).map_err(|_| DAMAGED)?;
        let Cost { memory_kib, rounds } = body.terms.kdf;
        let sane =
            (8..=1 << 20).contains(&memory_kib) && (1..=10_000).contains(&rounds) && body.terms.generation < u32::MAX;
        if sane { Ok(Self { body, sha256: hash, tag }) } else { Err(DAMAGED) }
    }

    /// Counts the PINs of its vault.
    pub fn generation(&self) -> u32 {
        self.body.terms.generation
    }

    /// Checks that this phone's key store still has the secret that made this file.
    pub fn check(self, secret: &dyn DeviceSecret) -> Result<Keys, VaultError> {
        let tag = secret.derive(&purpose(self.body.terms.generation), &input(b"tag:", &self.sha256.0))?;
        same_tag(&tag, &self.tag)?;
        Ok(Keys { terms: self.body.terms, wrap: self.body.wrap })
    }
}

/// The key file of this phone.
pub struct Keys {
    terms: Terms,
    wrap: String,
}

impl Keys {
    /// Wraps a key under a PIN, as generation `generation` of this vault.
    pub fn new(
        vault: Uuid,
        generation: u32,
        key: &FileKey,
        pin: &str,
        cost: Cost,
        secret: &dyn DeviceSecret,
    ) -> Result<Self, VaultError> {
        let terms = Terms { version: VERSION, vault, generation, kdf: cost, salt: B64.encode(random::<16>()) };
        let nonce = random::<12>();
        let mut sealed = Zeroizing::new(key.0.to_vec());
        terms
            .wrapping_key(pin, secret)?
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), terms.bound(), &mut *sealed)
            .map_err(|_| VaultError::Cipher)?;
        Ok(Self { wrap: B64.encode([&nonce[..], &sealed].concat()), terms })
    }

    /// The vault's key. `None`: the PIN is wrong.
    pub fn open(&self, pin: &str, secret: &dyn DeviceSecret) -> Result<Option<FileKey>, VaultError> {
        let damaged = || VaultError::Damaged(PhoneFile::Keys);
        let mut wrap = Zeroizing::new(B64.decode(&self.wrap).map_err(|_| damaged())?);
        let (nonce, sealed) = wrap.split_at_mut_checked(12).ok_or_else(damaged)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| damaged())?;
        match self.terms.wrapping_key(pin, secret)?.open_in_place(nonce, self.terms.bound(), sealed) {
            Ok(key) => Ok(Some(FileKey((&*key).try_into().map_err(|_| damaged())?))),
            Err(_) => Ok(None),
        }
    }

    /// Writes the file beside, then renames it over the old one; durable when this returns.
    pub fn write(&self, folder: &Path, secret: &dyn DeviceSecret) -> Result<(), VaultError> {
        let body = Body { terms: self.terms.clone(), wrap: self.wrap.clone() };
        let body = serde_json::to_string(&body).expect("plain data has a JSON form");
        let sha256 = sha256(body.as_bytes());
        let tag = Digest(*secret.derive(&self.purpose(), &input(b"tag:", &sha256.0))?);
        let text = serde_json::to_vec(&OnDisk { body, sha256, tag }).expect("plain data has a JSON form");
        write_beside(folder, NAME, &text)
    }

    /// The vault that the key opens.
    pub fn vault(&self) -> Uuid {
        self.terms.vault
    }
    /// Counts the PINs of this vault, from 1.
    pub fn generation(&self) -> u32 {
        self.terms.generation
    }
    /// What a guess costs.
    pub fn cost(&self) -> Cost {
        self.terms.kdf
    }
    /// The key store's alias that must be forgotten to destroy this wrap.
    pub fn purpose(&self) -> String {
        purpose(self.terms.generation)
    }
}

impl Terms {
    fn wrapping_key(&self, pin: &str, secret: &dyn DeviceSecret) -> Result<LessSafeKey, VaultError> {
        let salt = B64.decode(&self.salt).ok().and_then(|salt| salt.try_into().ok());
        let stretched = stretch(pin, &salt.ok_or(VaultError::Damaged(PhoneFile::Keys))?, self.kdf);
        let secret = secret.derive(&purpose(self.generation), &input(b"pin:", &stretched))?;
        let keyed = hkdf::Salt::new(hkdf::HKDF_SHA256, self.vault.as_bytes()).extract(&*secret);
        let okm = keyed.expand(&[b"tabara vault wrap 1"], &AES_256_GCM).expect("32 bytes are not too many");
        Ok(LessSafeKey::new(UnboundKey::from(okm)))
    }
    fn bound(&self) -> Aad<Vec<u8>> {
        Aad::from(serde_json::to_vec(self).expect("plain data has a JSON form"))
    }
}

/// The key store's alias of a generation.
pub fn purpose(generation: u32) -> String {
    format!("vault.{generation}")
}

/// What the key store is asked about; the label keeps a tag from ever being a wrap.
fn input(label: &[u8; 4], bytes: &[u8; 32]) -> Zeroizing<Vec<u8>> {
    Zeroizing::new([&label[..], bytes].concat())
}

#[cfg(test)]
#[path = "keys_tests.rs"]
mod tests;
