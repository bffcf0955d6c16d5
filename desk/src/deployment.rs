//! What a deployment's folder at the desk remembers beside its keys: whose it is, and where its phones sync.

use crate::error::{Result, at};
use crate::files::{read, write};
use serde::{Deserialize, Serialize};
use std::path::Path;
use tabara_protocol::catalog::ServerAddress;

/// Name of the file.
pub const FILE: &str = "deployment.json";

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeploymentNotes {
    /// The organisation that most cards name.
    pub organisation: String,
    /// Where phones sync.
    pub servers: Vec<ServerAddress>,
}

impl DeploymentNotes {
    pub fn read(file: &Path) -> Result<Self> {
        serde_json::from_slice(&read(file)?).map_err(|e| at(file, e))
    }

    pub fn write(&self, file: &Path) -> Result<()> {
        write(file, serde_json::to_vec_pretty(self).map_err(|e| at(file, e))?)
    }
}
