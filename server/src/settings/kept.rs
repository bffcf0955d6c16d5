//! What `init` was told, as `settings.json` in the data folder: so that a unit needs no options, and a copy of the server brings
//! them to a new machine. `init` changes it, `serve` reads it; options of `serve` go before.

use super::addresses::{Network, PublicUrl};
use super::error::{SettingsError, io_error};
use super::key_files::keep;
use super::messages::Messages;
use serde::{Deserialize, Serialize};
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// Name of the file.
pub const FILE: &str = "settings.json";

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct KeptSettings {
    /// Where `serve` listens.
    pub listen: Option<SocketAddr>,
    /// The address under which browsers and phones reach the server.
    pub public_url: Option<String>,
    /// Proxies whose `x-forwarded-for` is believed.
    pub trusted_proxies: Vec<String>,
    /// age keys (`age1…`) that open copies of this server and nothing else.
    pub copy_keys: Vec<String>,
    /// The certificate that phones see, where a proxy holds it: `doctor` looks at its last day.
    pub shown_certificate: Option<PathBuf>,
    pub messages: Messages,
}

impl KeptSettings {
    /// Reads the file of a data folder; empty if there is none.
    pub fn read(data: &Path) -> Result<Self, SettingsError> {
        let file = data.join(FILE);
        match std::fs::read(&file) {
            Ok(json) => serde_json::from_slice(&json).map_err(|e| io_error(&file, io::Error::other(e))),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(Self::default()),
            Err(cause) => Err(io_error(&file, cause)),
        }
    }

    pub fn write(&self, data: &Path) -> Result<(), SettingsError> {
        keep(&data.join(FILE), &serde_json::to_vec_pretty(self).expect("plain data has a JSON form"))
    }

    pub fn public_url(&self) -> Option<PublicUrl> {
        self.public_url.as_deref().and_then(|url| url.parse().ok())
    }

    pub fn trusted_proxies(&self) -> Vec<Network> {
        self.trusted_proxies.iter().filter_map(|proxy| proxy.parse().ok()).collect()
    }
}
