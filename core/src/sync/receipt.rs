//! What a verdict is worth: a receipt counts when it is signed by the operations key and names exactly the bytes that
//! were sent.

use crate::envelope::{self, PublicKey, Typ, sha256};
use crate::record::{Outcome, Reason, Receipt, Verdict};
use crate::vault::mailbox::{Applied, Outgoing};

/// Reads the verdict on a record. Fails where the receipt is missing, not signed by the server, or for other bytes.
pub(super) fn judge(sent: &Outgoing, verdict: &Verdict, operations: &[PublicKey]) -> Result<Applied, &'static str> {
    if verdict.outcome == Outcome::Refused {
        return Ok(Applied::Refused { record: sent.record, reason: verdict.reason.unwrap_or(Reason::Malformed) });
    }
    let jws = verdict.receipt.as_deref().ok_or("a verdict without a receipt")?;
    let receipt: Receipt = signed(Typ::Receipt, operations, jws).ok_or("a receipt that the server did not sign")?;
    let ours = receipt.record == sent.record
        && receipt.jws == sha256(sent.jws.as_bytes())
        && receipt.sealed == sent.sealed.as_deref().map(sha256);
    if !ours {
        return Err("a receipt for something else");
    }
    let (position, epoch) = (receipt.position, receipt.epoch);
    let (record, outcome, reason) = (sent.record, verdict.outcome, verdict.reason);
    Ok(Applied::Kept { record, outcome, reason, receipt: jws.to_owned(), position, epoch })
}

/// Opens an envelope that one of these keys signed.
pub(super) fn signed<T: serde::de::DeserializeOwned>(typ: Typ, keys: &[PublicKey], jws: &str) -> Option<T> {
    keys.iter().find_map(|key| envelope::open(typ, key, jws).ok())
}
