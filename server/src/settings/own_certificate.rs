//! A certificate that the server signs itself, where there is no public name: P-256, which phones and every browser take
//! (Chromium knows no Ed25519). Phones know it by the hash of its key, so neither its name nor its dates matter to them. The
//! DER of it (RFC 5280) is written here: one shape, sixty lines.

use super::SettingsError;
use super::certificate::{OWN_CERTIFICATE, OWN_KEY};
use super::error::io_error;
use super::key_files::keep;
use base64::prelude::{BASE64_STANDARD as B64, Engine as _};
use jiff::tz::TimeZone;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use std::io;
use std::net::IpAddr;
use std::path::Path;
use tabara_protocol::envelope;

const DAY: i64 = 86_400;
/// Ten years.
const VALID: i64 = 3652 * DAY;

const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const ECDSA_WITH_SHA256: &[u8] = &[6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2];
const EC_PUBLIC_KEY: &[u8] = &[6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1];
const P256: &[u8] = &[6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7];
const COMMON_NAME: &[u8] = &[6, 3, 0x55, 4, 3];
const ALTERNATIVE_NAME: &[u8] = &[6, 3, 0x55, 0x1d, 0x11];

/// Makes key and certificate for a host (name or address) in the data folder. What is there stays: the cards name its key.
pub fn make(data: &Path, host: &str, now: i64) -> Result<(), SettingsError> {
    if data.join(OWN_KEY).exists() {
        return Ok(());
    }
    let failed = |what: &str| io_error(&data.join(OWN_KEY), io::Error::other(what.to_owned()));
    let (key, certificate) = pair(host, now).ok_or_else(|| failed("no key could be made"))?;
    keep(&data.join(OWN_CERTIFICATE), pem("CERTIFICATE", &certificate).as_bytes())?;
    keep(&data.join(OWN_KEY), pem("PRIVATE KEY", &key).as_bytes())
}

/// PKCS #8 of a new key, and its certificate.
fn pair(host: &str, now: i64) -> Option<(Vec<u8>, Vec<u8>)> {
    let random = SystemRandom::new();
    let key = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).ok()?;
    let signer = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, key.as_ref(), &random).ok()?;
    let algorithm = der(SEQUENCE, &[ECDSA_WITH_SHA256]);
    let name = der(SEQUENCE, &[&der(SET, &[&der(SEQUENCE, &[COMMON_NAME, &der(0x0c, &[b"Tabara"])])])]);
    let validity = der(SEQUENCE, &[&time(now - DAY), &time(now + VALID)]);
    let point = der(3, &[&[0], signer.public_key().as_ref()]);
    let public = der(SEQUENCE, &[&der(SEQUENCE, &[EC_PUBLIC_KEY, P256]), &point]);
    let host = match host.trim_matches(['[', ']']).parse::<IpAddr>() {
        Ok(IpAddr::V4(address)) => der(0x87, &[&address.octets()]),
        Ok(IpAddr::V6(address)) => der(0x87, &[&address.octets()]),
        Err(_) => der(0x82, &[host.as_bytes()]),
    };
    let names = der(SEQUENCE, &[ALTERNATIVE_NAME, &der(4, &[&der(SEQUENCE, &[&host])])]);
    let extensions = der(0xa3, &[&der(SEQUENCE, &[&names])]);
    let mut serial = envelope::random::<16>();
    // positive, and without a byte that could be left out
    serial[0] = serial[0] & 0x7f | 0x40;
    let (version, serial) = (der(0xa0, &[&der(2, &[&[2]])]), der(2, &[&serial]));
    let fields = [&version, &serial, &algorithm, &name, &validity, &name, &public, &extensions].map(Vec::as_slice);
    let signed = der(SEQUENCE, &fields);
    let signature = signer.sign(&random, &signed).ok()?;
    let certificate = der(SEQUENCE, &[&signed, &algorithm, &der(3, &[&[0], signature.as_ref()])]);
    Some((key.as_ref().to_vec(), certificate))
}

/// A DER element; its parts are written one after the other.
fn der(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let length = match content.len() {
        short @ 0..=0x7f => vec![short as u8],
        one @ 0x80..=0xff => vec![0x81, one as u8],
        two => vec![0x82, (two >> 8) as u8, two as u8],
    };
    [&[tag][..], &length, &content].concat()
}

/// UTCTime up to 2049, GeneralizedTime from then on.
fn time(unix: i64) -> Vec<u8> {
    let at = jiff::Timestamp::from_second(unix).unwrap_or_default().to_zoned(TimeZone::UTC);
    let text = at.strftime("%Y%m%d%H%M%SZ").to_string();
    if at.year() < 2050 { der(0x17, &[&text.as_bytes()[2..]]) } else { der(0x18, &[text.as_bytes()]) }
}

fn pem(kind: &str, der: &[u8]) -> String {
    let text = B64.encode(der);
    let lines: Vec<&str> = text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).expect("ASCII")).collect();
    format!("-----BEGIN {kind}-----\n{}\n-----END {kind}-----\n", lines.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::certificate::{TlsCertificate, first_certificate, key_hash, not_after};

    #[test]
    fn the_pair_fits_together_and_stays_when_it_is_asked_for_again() {
        let folder = tempfile::tempdir().unwrap();
        let now = 1_795_363_200;
        make(folder.path(), "tabara.example", now).unwrap();
        let [chain, key] = [OWN_CERTIFICATE, OWN_KEY].map(|name| folder.path().join(name));
        let served = TlsCertificate::open(&chain, &key).unwrap();
        let der = first_certificate(&chain).unwrap();
        assert_eq!((served.der(), not_after(&der)), (der.clone(), Some(now + VALID)));
        let before = key_hash(&der).unwrap();
        make(folder.path(), "10.0.0.7", now).unwrap();
        assert_eq!(key_hash(&first_certificate(&chain).unwrap()), Some(before), "cards name that key");
    }
}
