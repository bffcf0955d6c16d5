//! What a server tells the desk: its public keys, the catalog in force and its phones. `tabara-server report` writes it, one
//! carries it to the authority's machine, and the next catalog begins from it. Nothing in it is secret, and nothing in it is
//! proven but the catalog: a person compares what changed before she signs.

use crate::catalog::{Catalog, Uuid};
use crate::envelope::{self, Digest, EnvelopeError, PublicKey};
use crate::wire::Standing;
use serde::{Deserialize, Serialize};

/// The content of the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerReport {
    /// When it was written, seconds since 1970 UTC.
    pub written: i64,
    /// Signs parcels and orders.
    pub operations: PublicKey,
    /// The key that shall sign after the next catalog.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_operations: Option<PublicKey>,
    /// age key that opens bundles, `age1…`.
    pub intake: String,
    /// SHA-256 of the key (SPKI) of the certificate that the server made itself; none where it has a public one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<Digest>,
    /// The catalog in force, as it was signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub catalog: Option<String>,
    /// Every binding, in the order they came.
    pub phones: Vec<ReportedPhone>,
}

/// One binding of a card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportedPhone {
    /// The id that the card names.
    pub device: Uuid,
    /// The organisation that the card names.
    pub organisation: String,
    /// Code of the commune of enrolment.
    pub commune: String,
    /// Whether its records count.
    pub standing: Standing,
    /// Records in the log.
    pub records: u64,
    /// Beginning of the day of its last request, seconds since 1970 UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen: Option<i64>,
}

impl ServerReport {
    /// The catalog in force, not verified: who takes it over checks the signature.
    pub fn stored_catalog(&self) -> Result<Option<Catalog>, EnvelopeError> {
        self.catalog.as_deref().map(envelope::stored).transpose()
    }
}
