//! The TLS certificate that is served. It is read again when its files change or on SIGHUP, without a restart; a pair
//! that does not fit together, or cannot be read, leaves the earlier one in force.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use std::fmt;
use std::io::{self, Error, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;
use tabara_protocol::envelope::{Digest, sha256};
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::{ClientHello, ParsedCertificate, ResolvesServerCert};
use tokio_rustls::rustls::sign::CertifiedKey;
use tokio_rustls::rustls::{ServerConfig, version};

/// Copy of the certificate in force, in the data folder: `doctor` looks at it.
pub const SERVED: &str = "tls-served.der";

/// Certificate that the server made itself, and its key, in the data folder.
pub const OWN_CERTIFICATE: &str = "tls.pem";
pub const OWN_KEY: &str = "tls.key";

/// A certificate chain and its key, as files and as read last.
pub struct TlsCertificate {
    chain: PathBuf,
    key: PathBuf,
    read: Mutex<(Arc<CertifiedKey>, Stamp)>,
}

/// When the files changed last: what is read again if it differs.
type Stamp = [Option<SystemTime>; 2];

impl TlsCertificate {
    /// Reads a certificate chain and its key (PEM).
    pub fn open(chain: &Path, key: &Path) -> io::Result<Arc<Self>> {
        let read = Mutex::new((pair(chain, key)?, stamp(chain, key)));
        Ok(Arc::new(Self { chain: chain.to_owned(), key: key.to_owned(), read }))
    }

    fn read(&self) -> MutexGuard<'_, (Arc<CertifiedKey>, Stamp)> {
        self.read.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads the files again. On an error the earlier certificate stays in force.
    pub fn reload(&self) -> io::Result<()> {
        // before the files: what changes while they are read is read again
        let stamp = stamp(&self.chain, &self.key);
        let pair = pair(&self.chain, &self.key)?;
        *self.read() = (pair, stamp);
        Ok(())
    }

    /// Whether a file has changed since it was read.
    pub fn has_changed(&self) -> bool {
        self.read().1 != stamp(&self.chain, &self.key)
    }

    /// The first certificate of the chain in force.
    pub fn der(&self) -> Vec<u8> {
        self.read().0.cert.first().map(|der| der.to_vec()).unwrap_or_default()
    }

    /// What connections are accepted with.
    pub fn config(self: &Arc<Self>) -> Arc<ServerConfig> {
        let builder = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()));
        let builder = builder.with_protocol_versions(&[&version::TLS13, &version::TLS12]);
        let builder = builder.expect("ring speaks both").with_no_client_auth();
        Arc::new(builder.with_cert_resolver(self.clone()))
    }
}

impl fmt::Debug for TlsCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsCertificate").field("chain", &self.chain).finish_non_exhaustive()
    }
}

impl ResolvesServerCert for TlsCertificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.read().0.clone())
    }
}

fn stamp(chain: &Path, key: &Path) -> Stamp {
    [chain, key].map(|file| std::fs::metadata(file).and_then(|m| m.modified()).ok())
}

fn pair(chain: &Path, key: &Path) -> io::Result<Arc<CertifiedKey>> {
    let bad = |file: &Path, cause: &dyn fmt::Display| {
        Error::new(ErrorKind::InvalidData, format!("{}: {cause}", file.display()))
    };
    let certificates = CertificateDer::pem_file_iter(chain).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let certificates = certificates.map_err(|e| bad(chain, &e))?;
    let secret = PrivateKeyDer::from_pem_file(key).map_err(|e| bad(key, &e))?;
    let pair = CertifiedKey::from_der(certificates, secret, &ring::default_provider());
    pair.map(Arc::new).map_err(|e| bad(chain, &e))
}

/// The first certificate of a file: PEM or DER.
pub fn first_certificate(file: &Path) -> Option<Vec<u8>> {
    let bytes = std::fs::read(file).ok()?;
    CertificateDer::from_pem_slice(&bytes).map(|der| der.to_vec()).ok().or(Some(bytes))
}

/// SHA-256 of a certificate's key (SPKI), by which phones know a server that has no public certificate.
pub fn key_hash(der: &[u8]) -> Option<Digest> {
    let certificate = CertificateDer::from(der);
    Some(sha256(&ParsedCertificate::try_from(&certificate).ok()?.subject_public_key_info()))
}

/// When a certificate ends, in seconds since 1970 (RFC 5280, 4.1: Certificate > TBSCertificate > Validity > notAfter).
pub fn not_after(der: &[u8]) -> Option<i64> {
    let (_, certificate, _) = element(der)?;
    let (_, mut fields, _) = element(certificate)?;
    // version is optional; then come serial number, algorithm and issuer
    if fields.first() == Some(&0xa0) {
        fields = element(fields)?.2;
    }
    for _ in 0..3 {
        fields = element(fields)?.2;
    }
    let (_, validity, _) = element(fields)?;
    let (kind, time, _) = element(element(validity)?.2)?;
    let time = std::str::from_utf8(time).ok()?.strip_suffix('Z')?;
    let time = match kind {
        // UTCTime has two digits of the year, GeneralizedTime four
        0x17 if time < "50" => format!("20{time}"),
        0x17 => format!("19{time}"),
        0x18 => time.to_owned(),
        _ => return None,
    };
    let time = DateTime::strptime("%Y%m%d%H%M%S", time).ok()?;
    Some(time.to_zoned(TimeZone::UTC).ok()?.timestamp().as_second())
}

/// The first DER element: its tag, its content, and what follows it.
fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (tag, rest) = der.split_first()?;
    let (first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(*first), rest),
        0x81..=0x84 => {
            let (bytes, rest) = rest.split_at_checked(usize::from(first - 0x80))?;
            (bytes.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)), rest)
        }
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((*tag, content, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_day_is_that_which_openssl_reads() {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/data/tls/certificate.pem");
        let der = first_certificate(&file).unwrap();
        assert_eq!(not_after(&der), Some(END));
        // cut anywhere it is no certificate, and nothing panics
        assert!((0..der.len()).all(|at| not_after(&der[..at]).is_none()));
    }

    #[test]
    fn a_pair_that_changes_on_the_disk_is_read_again_and_half_a_pair_is_not_taken() {
        let (folder, from) =
            (tempfile::tempdir().unwrap(), Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/data/tls"));
        let [chain, key] = ["certificate.pem", "key.pem"].map(|name| folder.path().join(name));
        let copy = || [&chain, &key].map(|to| std::fs::copy(from.join(to.file_name().unwrap()), to).unwrap());
        copy();
        let certificate = TlsCertificate::open(&chain, &key).unwrap();
        let touch = |file: &Path, seconds: u64| {
            let time = SystemTime::now() + std::time::Duration::from_secs(seconds);
            std::fs::File::options().append(true).open(file).unwrap().set_modified(time).unwrap();
        };
        assert!(!certificate.has_changed());
        touch(&chain, 5);
        assert!(certificate.has_changed());
        certificate.reload().unwrap();
        assert!(!certificate.has_changed());
        // cut off in the middle of a copy: the earlier one stays, and it is tried again
        std::fs::write(&key, "-----BEGIN PRIVATE KEY-----\n").unwrap();
        touch(&key, 9);
        let before = certificate.der();
        assert!(certificate.reload().is_err() && certificate.has_changed());
        assert_eq!(certificate.der(), before);
        copy();
        assert!(certificate.reload().is_ok());
    }

    /// `openssl x509 -enddate` of that file.
    const END: i64 = 1_795_463_844;
}
