//! The authority of a test deployment: its keys, those that open cases, and what it signs.

use tabara_core::catalog::{Catalog, PROTOCOL, Part, PartKind, Policy, Recipient, RecipientRole};
use tabara_core::envelope::{PublicKey, SigningKey, sha256};
use tabara_core::seal;
use tabara_desk::card;
use zeroize::Zeroizing;

/// Keys that are made anew for each test.
pub struct Authority {
    pub key: SigningKey,
    pub reviewer: SigningKey,
    /// Opens cases (`AGE-SECRET-KEY-1…`).
    pub case_worker: Zeroizing<String>,
    pub recovery: Zeroizing<String>,
    recipients: Vec<Recipient>,
}

impl Default for Authority {
    fn default() -> Self {
        let ((case_worker, to_worker), (recovery, to_recovery)) = (seal::new_identity(), seal::new_identity());
        let recipients = vec![
            Recipient { name: "case worker".into(), role: RecipientRole::CaseWorker, age: to_worker },
            Recipient { name: "recovery".into(), role: RecipientRole::Recovery, age: to_recovery },
        ];
        Self { key: SigningKey::generate(), reviewer: SigningKey::generate(), case_worker, recovery, recipients }
    }
}

impl Authority {
    /// The first catalog, for a server with this operations key.
    pub fn catalog(&self, operations: PublicKey, expires: i64, parts: Vec<Part>) -> Catalog {
        Catalog {
            version: 1,
            expires,
            operations,
            recipients: self.recipients.clone(),
            reviewers: vec![],
            parts,
            revoked: vec![],
            policy: Policy::default(),
            rotation: Default::default(),
            least_protocol: PROTOCOL,
        }
    }

    /// The text of a new card for a commune.
    pub fn card(&self, commune: &str, expires: i64, server: String) -> String {
        let order =
            card::CardRequest { organisation: "IOM".into(), commune: commune.into(), expires, server, pin: None };
        card::issue(&self.key, &order).expect("a card").0.text()
    }
}

/// A questionnaire's entry in a catalog.
pub fn part(id: &str, package: &[u8]) -> Part {
    let kind = PartKind::Questionnaire;
    Part { kind, id: id.into(), sha256: sha256(package), len: package.len() as u64 }
}
