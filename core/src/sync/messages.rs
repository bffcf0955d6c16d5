//! Bodies of requests and answers that only sync knows.

use crate::envelope::Digest;
use crate::record::{IntakeOutcome, Uuid, Verdict};
use serde::{Deserialize, Serialize};

#[derive(Serialize)]
pub(super) struct Offers {
    pub(super) offers: Vec<Offered>,
    pub(super) receipts: bool,
}

#[derive(Serialize)]
pub(super) struct Offered {
    pub(super) record: Uuid,
    pub(super) jws: Digest,
}

#[derive(Deserialize)]
pub(super) struct Wanted {
    pub(super) wanted: Vec<Uuid>,
    #[serde(default)]
    pub(super) kept: Vec<Verdict>,
}

#[derive(Deserialize)]
pub(super) struct ChainReply {
    #[serde(rename = "outcome")]
    _outcome: IntakeOutcome,
}

#[derive(Deserialize)]
pub(super) struct Held {
    pub(super) held: usize,
}

pub(super) fn json(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).expect("plain data has a JSON form")
}
