//! The head of the server's tree.

use crate::envelope::Digest;
use serde::{Deserialize, Serialize};

/// The server's tree at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TreeHead {
    /// The number of leaves.
    pub size: u64,
    /// Its root (RFC 9162).
    pub root: Digest,
}
