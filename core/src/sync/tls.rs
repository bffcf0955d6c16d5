//! TLS with ring: bundled roots, or, where the card pins one, exactly the server's certificate key. With a pin no
//! name, chain or date is looked at, so that a phone whose clock is years off still syncs. Without one, dates are those of
//! the learned time: only a phone that never met its server goes by its own clock.

use crate::envelope::{Digest, sha256};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::time_provider::TimeProvider;
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use std::sync::Arc;
use std::time::Duration;

/// How a phone recognises its server; `now` is its learned time, seconds since 1970 UTC.
pub(super) fn config(pin: Option<Digest>, now: impl Fn() -> i64 + Send + Sync + 'static) -> ClientConfig {
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_details(provider.clone(), Arc::new(Learned(now)))
        .with_safe_default_protocol_versions()
        .expect("ring speaks TLS 1.2 and 1.3");
    match pin {
        Some(pin) => builder.dangerous().with_custom_certificate_verifier(Arc::new(Pinned { pin, provider })),
        None => builder.with_root_certificates(RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() }),
    }
    .with_no_client_auth()
}

/// The time by which certificates are judged.
struct Learned<T>(T);

impl<T> std::fmt::Debug for Learned<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Learned(..)")
    }
}

impl<T: Fn() -> i64 + Send + Sync> TimeProvider for Learned<T> {
    fn current_time(&self) -> Option<UnixTime> {
        u64::try_from((self.0)()).ok().map(|now| UnixTime::since_unix_epoch(Duration::from_secs(now)))
    }
}

/// Trusts one certificate key and nothing else.
#[derive(Debug)]
struct Pinned {
    pin: Digest,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let key = ParsedCertificate::try_from(certificate)?.subject_public_key_info();
        if sha256(&key) == self.pin {
            Ok(ServerCertVerified::assertion())
        } else {
            Err(Error::InvalidCertificate(CertificateError::ApplicationVerificationFailure))
        }
    }
    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }
    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }
    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_of_certificates_are_those_of_the_learned_time() {
        for (learned, judged) in [(1_795_363_200, Some(1_795_363_200)), (0, Some(0)), (-1, None)] {
            let now = config(None, move || learned).time_provider.current_time();
            assert_eq!(now.map(|now| now.as_secs()), judged);
        }
    }
}
