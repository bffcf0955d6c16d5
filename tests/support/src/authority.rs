//! The authority of a test deployment: its keys, those that open cases, and what it signs.

use tabara_core::catalog::{
    Area, Catalog, DeviceRole, PROTOCOL, Part, PartKind, Policy, Recipient, RecipientRole, ServerAddress,
};
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
            servers: vec![],
            policy: Policy::default(),
            rotation: Default::default(),
            reader: None,
            least_protocol: PROTOCOL,
        }
    }

    /// The text of a new card for a commune.
    pub fn card(&self, commune: &str, expires: i64, server: String) -> String {
        self.card_with(commune, expires, vec![ServerAddress { url: server, pin: None }])
    }

    /// The text of a new card for a device of a provider.
    pub fn provider_card(&self, organisation: &str, commune: &str, expires: i64, server: String) -> String {
        let (role, area) = (DeviceRole::Provider, Area::Commune);
        let (organisation, commune) = (organisation.into(), commune.into());
        let servers = vec![ServerAddress { url: server, pin: None }];
        let order = card::CardRequest { role, organisation, commune, area, expires, servers };
        card::issue(&self.key, &order).expect("a card").0.text()
    }

    /// The same, with any addresses.
    pub fn card_with(&self, commune: &str, expires: i64, servers: Vec<ServerAddress>) -> String {
        let (role, area) = (DeviceRole::FocalPoint, Area::Commune);
        let (organisation, commune) = ("IOM".into(), commune.into());
        let order = card::CardRequest { role, organisation, commune, area, expires, servers };
        card::issue(&self.key, &order).expect("a card").0.text()
    }
}

/// A questionnaire's entry in a catalog.
pub fn part(id: &str, package: &[u8]) -> Part {
    let kind = PartKind::Questionnaire;
    Part { kind, id: id.into(), sha256: sha256(package), len: package.len() as u64 }
}
