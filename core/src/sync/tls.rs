//! TLS with ring: bundled roots, or, where the card pins one, exactly the server's certificate key. With a pin no
//! name, chain or date is looked at, so that a phone whose clock is years off still syncs. Without one, dates are those of
//! the learned time, or of the latest that it may be: own time counts a phone that was off for months short, and its server
//! may have a newer certificate by then.

use crate::envelope::{Digest, sha256};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use std::sync::Arc;
use std::time::Duration;

/// How a phone recognises its server. `times`: the learned time and the latest that it may be, seconds since 1970 UTC.
pub(super) fn config(pin: Option<Digest>, times: impl Fn() -> [i64; 2] + Send + Sync + 'static) -> ClientConfig {
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .expect("ring speaks TLS 1.2 and 1.3");
    let verifier: Arc<dyn ServerCertVerifier> = match pin {
        Some(pin) => Arc::new(Pinned { pin, provider }),
        None => {
            let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
            let roots = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider);
            Arc::new(Dated { roots: roots.build().expect("there are roots"), times })
        }
    };
    builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth()
}

/// Trusts the bundled roots, by the phone's times.
struct Dated<T> {
    roots: Arc<dyn ServerCertVerifier>,
    times: T,
}

impl<T> std::fmt::Debug for Dated<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Dated")
    }
}

impl<T: Fn() -> [i64; 2] + Send + Sync> ServerCertVerifier for Dated<T> {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        chain: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let at = |time: i64| {
            let time = u64::try_from(time).map_err(|_| Error::FailedToGetCurrentTime)?;
            let time = UnixTime::since_unix_epoch(Duration::from_secs(time));
            self.roots.verify_server_cert(certificate, chain, name, ocsp, time)
        };
        let [learned, latest] = (self.times)();
        at(learned).or_else(|_| at(latest))
    }
    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.roots.verify_tls12_signature(message, certificate, signed)
    }
    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.roots.verify_tls13_signature(message, certificate, signed)
    }
    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.roots.supported_verify_schemes()
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

    /// Takes every certificate between two moments.
    #[derive(Debug)]
    struct Between(u64, u64);

    impl ServerCertVerifier for Between {
        fn verify_server_cert(
            &self,
            _: &CertificateDer<'_>,
            _: &[CertificateDer<'_>],
            _: &ServerName<'_>,
            _: &[u8],
            now: UnixTime,
        ) -> Result<ServerCertVerified, Error> {
            let valid = (self.0..self.1).contains(&now.as_secs());
            valid.then(ServerCertVerified::assertion).ok_or(Error::InvalidCertificate(CertificateError::Expired))
        }
        fn verify_tls12_signature(
            &self,
            _: &[u8],
            _: &CertificateDer<'_>,
            _: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, Error> {
            unreachable!("no handshake is made")
        }
        fn verify_tls13_signature(
            &self,
            _: &[u8],
            _: &CertificateDer<'_>,
            _: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, Error> {
            unreachable!("no handshake is made")
        }
        fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
            vec![]
        }
    }

    #[test]
    fn a_certificate_is_good_at_the_learned_time_or_at_the_latest_that_it_may_be() {
        let (name, certificate) = (ServerName::try_from("server.example").unwrap(), CertificateDer::from(vec![]));
        // a clock that is years ahead; a phone that was off for months; neither helps
        for (times, valid) in [([150, 900], true), ([50, 150], true), ([50, 900], false), ([-1, -1], false)] {
            let dated = Dated { roots: Arc::new(Between(100, 200)), times: move || times };
            let now = UnixTime::since_unix_epoch(Duration::from_secs(150));
            let judged = dated.verify_server_cert(&certificate, &[], &name, &[], now);
            assert_eq!(judged.is_ok(), valid, "{times:?}");
        }
    }
}
