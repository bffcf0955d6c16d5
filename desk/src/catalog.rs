//! Building a catalog's draft from a plan: a JSON file that a deployment keeps and edits, from which the parts are
//! gathered and hashed. The draft is carried to the authority and signed there.

use crate::error::{Result, at, invalid, no_date};
use crate::files::{read, write};
use serde::Deserialize;
use std::path::{Path, PathBuf};
use tabara_core::screening::read_questionnaire;
use tabara_protocol::catalog::{
    Catalog, PROTOCOL, Part, PartKind, Policy, Recipient, Reviewer, Rotation, ServerAddress, Uuid,
};
use tabara_protocol::clock::end_of_day;
use tabara_protocol::envelope::{self, Digest, PublicKey, sha256};
use tabara_protocol::services::Directory;

/// What a deployment writes down.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// One more than the last published.
    pub version: u64,
    /// Last day, `YYYY-MM-DD`.
    pub expires: String,
    /// The server's public key, as `tabara-server` prints it.
    pub operations: PublicKey,
    pub recipients: Vec<Recipient>,
    #[serde(default)]
    pub reviewers: Vec<Reviewer>,
    /// Compiled questionnaires, relative to the plan. The first of an id is the one that new interviews use.
    pub questionnaires: Vec<PathBuf>,
    /// The service directory, relative to the plan.
    #[serde(default)]
    pub services: Option<PathBuf>,
    #[serde(default)]
    pub revoked: Vec<Uuid>,
    /// Where phones sync from now on, if that is not where their cards say.
    #[serde(default)]
    pub servers: Vec<ServerAddress>,
    #[serde(default)]
    pub policy: Policy,
    /// Keys that are being replaced.
    #[serde(default)]
    pub rotation: Rotation,
}

/// A catalog that is not signed yet, with the files it names.
#[derive(Debug, Clone)]
pub struct Draft {
    pub catalog: Catalog,
    pub parts: Vec<(Digest, Vec<u8>)>,
}

impl Plan {
    /// Reads a plan.
    pub fn read(path: &Path) -> Result<Self> {
        serde_json::from_slice(&read(path)?).map_err(|e| at(path, e))
    }

    /// Gathers the parts that lie beside the plan, in `base`.
    pub fn draft(&self, base: &Path) -> Result<Draft> {
        let mut parts = Vec::new();
        for file in &self.questionnaires {
            let path = base.join(file);
            let bytes = read(&path)?;
            let questionnaire = read_questionnaire(&bytes).map_err(|e| at(&path, e))?;
            parts.push((PartKind::Questionnaire, questionnaire.id.clone(), bytes));
        }
        if let Some(file) = &self.services {
            let path = base.join(file);
            let bytes = read(&path)?;
            Directory::read(&bytes).map_err(|fault| at(&path, fault))?;
            parts.push((PartKind::Services, "services".to_owned(), bytes));
        }
        let part = |(kind, id, bytes): &(PartKind, String, Vec<u8>)| Part {
            kind: *kind,
            id: id.clone(),
            sha256: sha256(bytes),
            len: bytes.len() as u64,
        };
        let catalog = Catalog {
            version: self.version,
            expires: end_of_day(&self.expires).ok_or_else(no_date)?,
            operations: self.operations,
            recipients: self.recipients.clone(),
            reviewers: self.reviewers.clone(),
            parts: parts.iter().map(part).collect(),
            revoked: self.revoked.clone(),
            servers: self.servers.clone(),
            policy: self.policy.clone(),
            rotation: self.rotation.clone(),
            least_protocol: PROTOCOL,
        };
        Ok(Draft { catalog, parts: parts.into_iter().map(|(_, _, bytes)| (sha256(&bytes), bytes)).collect() })
    }
}

impl Draft {
    /// Writes `catalog.draft.json` and `parts/SHA256` into a folder.
    pub fn write(&self, dir: &Path) -> Result<()> {
        let folder = dir.join("parts");
        std::fs::create_dir_all(&folder).map_err(|e| at(&folder, e))?;
        for (sha256, bytes) in &self.parts {
            write(&folder.join(sha256.to_string()), bytes)?;
        }
        let json = serde_json::to_vec_pretty(&self.catalog).map_err(|e| invalid(e.to_string()))?;
        write(&dir.join("catalog.draft.json"), json)
    }
}

/// Reads a draft, or the payload of a signed catalog's file, without trusting it.
pub fn read_draft(path: &Path) -> Result<Catalog> {
    envelope::from_json(&read(path)?).map_err(|e| at(path, e))
}
