//! TLS between phone and server. The certificate in `data/tls` is nobody's: signed by itself, for another name, and its day
//! is over.

use std::path::Path;
use tabara_core::catalog::ServerAddress;
use tabara_core::envelope::Digest;
use tabara_core::error::{Error, OfflineReason};
use tabara_server::settings::certificate::TlsCertificate;
use tabara_support::deployment::{Deployment, SetClock};
use tabara_support::light_phone::{Phone, values};
use tabara_support::rng::Rng;

/// SHA-256 of the certificate's SubjectPublicKeyInfo, as `openssl` computes it.
const PIN: &str = "P5fL0FnZKocGZrXCDLDkDrWZQGCzeNOdOC_MNdupmvM";

/// A deployment, and the address of the same server behind TLS.
async fn deployment(folder: &Path) -> (Deployment, String) {
    let deployment = Deployment::start(folder, SetClock::at(1_800_000_000), &["first-line.md"], 0).await;
    let files = Path::new(env!("CARGO_MANIFEST_DIR")).join("../data/tls");
    let mut settings = deployment.settings();
    let certificate = TlsCertificate::open(&files.join("certificate.pem"), &files.join("key.pem"));
    settings.tls = Some(certificate.unwrap());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("https://127.0.0.1:{}", listener.local_addr().unwrap().port());
    tokio::spawn(tabara_server::serve(listener, deployment.store().clone(), settings, std::future::pending()));
    (deployment, address)
}

fn phone(deployment: &Deployment, address: String, pin: Option<Digest>) -> Phone {
    let server = ServerAddress { url: address, pin };
    let card = deployment.authority.card_with("BI-CO-04-02", 1_900_000_000, vec![server]);
    Phone::enrol(&card, deployment.clock.clone())
}

#[tokio::test]
async fn a_phone_whose_card_pins_the_key_syncs_whatever_name_and_dates_the_certificate_has() {
    let folder = tempfile::tempdir().unwrap();
    let (deployment, address) = deployment(folder.path()).await;
    let phone = phone(&deployment, address, Some(PIN.parse().unwrap()));
    phone.sync().await.unwrap();
    phone.screen(7, &mut Rng::new(7));
    assert_eq!(phone.sync().await.unwrap().accepted, 1);
    assert_eq!(values(&deployment), [7]);
}

#[tokio::test]
async fn another_key_than_the_pinned_one_or_an_unknown_issuer_is_not_trusted() {
    let folder = tempfile::tempdir().unwrap();
    let (deployment, address) = deployment(folder.path()).await;
    for pin in [Some(Digest([1; 32])), None] {
        let phone = phone(&deployment, address.clone(), pin);
        let not_ours = Error::Offline { reason: OfflineReason::NotTheServer };
        assert_eq!(phone.sync().await, Err(not_ours));
    }
}
