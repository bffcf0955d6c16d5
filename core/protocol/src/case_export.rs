//! Everything that the log holds on a case, for the person who asks for it. `tabara-server held CODE` writes a
//! [`CaseExport`]; the cases in it stay sealed. `tabara-desk case export` opens it with a case worker's key.

use crate::record::{Code, Reason, Sent, Uuid};
use serde::{Deserialize, Serialize};

/// The entries under a code, in the order of the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseExport {
    /// The code on the person's slip.
    pub code: Code,
    /// The records under that code, in the order of the log.
    pub entries: Vec<HeldEntry>,
}

/// One entry of the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldEntry {
    /// The record's id.
    pub record: Uuid,
    /// `record`, `review` or `withdrawal`.
    pub kind: String,
    /// Seconds since 1970 UTC.
    pub received: i64,
    /// Why it is quarantined.
    pub waits: Option<Reason>,
    /// Whether the person withdrew it.
    pub taken_back: bool,
    /// Envelope of kind receipt.
    pub receipt: String,
    /// The signed record and its sealed case. None after a revision has applied its withdrawal.
    pub sent: Option<Sent>,
}
