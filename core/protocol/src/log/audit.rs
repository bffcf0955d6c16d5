//! Who saw what: the lines of the audit log. Each carries the hash of the one before, so that a changed or missing line is found; once
//! a day the last hash becomes an entry of the log.

use crate::envelope::{Digest, sha256};
use serde::{Deserialize, Serialize};

/// A line of the audit log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditLine {
    /// From 1, without gaps.
    pub number: u64,
    /// Seconds since 1970 UTC.
    pub time: i64,
    /// The account.
    pub name: String,
    /// What was done: one word.
    pub action: String,
    /// What was seen or changed: place, period, edition.
    pub detail: String,
    /// What [`AuditLine::digest`] gave when it was written.
    pub hash: Digest,
}

impl AuditLine {
    /// Whether it comes next after a line, by number and hash; before the first stand 0 and zeros.
    pub fn follows(&self, (number, hash): (u64, Digest)) -> bool {
        self.number == number + 1 && self.hash == self.digest(hash)
    }
    /// SHA-256 of the hash of the line before and of this line as JSON, without its own hash.
    pub fn digest(&self, before: Digest) -> Digest {
        #[derive(Serialize)]
        struct Hashed<'a> {
            number: u64,
            time: i64,
            name: &'a str,
            action: &'a str,
            detail: &'a str,
        }
        let Self { number, time, name, action, detail, .. } = self;
        let hashed = Hashed { number: *number, time: *time, name, action, detail };
        let json = serde_json::to_vec(&hashed).expect("plain data has a JSON form");
        sha256(&[&before.0[..], &json].concat())
    }
}
