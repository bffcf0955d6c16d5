//! What a verdict is worth: a receipt counts when it is signed by the operations key and names exactly the bytes that
//! were sent.

use crate::envelope::{self, PublicKey, Typ};
use crate::error::UntrustedReason;
use crate::record::{IntakeOutcome, Reason, Receipt, Verdict};
use crate::vault::mailbox::{Applied, Offer};

/// Reads the verdict on a record. Fails where the receipt is missing, not signed by the server, or for other bytes.
pub(super) fn judge(sent: &Offer, verdict: &Verdict, operations: &[PublicKey]) -> Result<Applied, UntrustedReason> {
    if verdict.outcome == IntakeOutcome::Refused {
        return Ok(Applied::Refused { record: sent.record, reason: verdict.reason.unwrap_or(Reason::Malformed) });
    }
    let jws = verdict.receipt.as_deref().ok_or(UntrustedReason::Answer)?;
    let receipt: Receipt = signed(Typ::Receipt, operations, jws).ok_or(UntrustedReason::Signature)?;
    if (receipt.record, receipt.jws, receipt.sealed) != (sent.record, sent.jws, sent.sealed) {
        return Err(UntrustedReason::Answer);
    }
    let (position, epoch) = (receipt.position, receipt.epoch);
    let (record, outcome, reason) = (sent.record, verdict.outcome, verdict.reason);
    Ok(Applied::Kept { record, outcome, reason, receipt: jws.to_owned(), position, epoch })
}

/// Opens an envelope that one of these keys signed.
pub(super) fn signed<T: serde::de::DeserializeOwned>(typ: Typ, keys: &[PublicKey], jws: &str) -> Option<T> {
    keys.iter().find_map(|key| envelope::open(typ, key, jws).ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::envelope::{Digest, SigningKey};
    use crate::record::{IntakeOutcome, Uuid};

    fn sent() -> Offer {
        Offer { record: Uuid::new_v4(), jws: Digest([1; 32]), sealed: Some(Digest([2; 32])), position: 0 }
    }

    fn receipt(sent: &Offer) -> Receipt {
        let Offer { record, jws, sealed, .. } = *sent;
        Receipt { record, jws, sealed, position: 7, epoch: Uuid::nil() }
    }

    #[test]
    fn a_receipt_counts_for_exactly_what_was_sent_and_only_from_the_server() {
        let (server, stranger, sent) = (SigningKey::generate(), SigningKey::generate(), sent());
        let verdict = |key, receipt: &Receipt| Verdict {
            outcome: IntakeOutcome::Accepted,
            reason: None,
            receipt: Some(envelope::sign(Typ::Receipt, key, receipt)),
        };
        let good = receipt(&sent);
        let judged = |verdict: &Verdict| judge(&sent, verdict, &[server.public()]);
        assert!(matches!(judged(&verdict(&server, &good)), Ok(Applied::Kept { position: 7, .. })));
        assert!(judged(&verdict(&stranger, &good)).is_err());
        assert!(judged(&Verdict { receipt: None, ..verdict(&server, &good) }).is_err());
        for wrong in [
            Receipt { record: Uuid::new_v4(), ..good.clone() },
            Receipt { jws: Digest([0; 32]), ..good.clone() },
            Receipt { sealed: None, ..good.clone() },
            Receipt { sealed: Some(Digest([0; 32])), ..good.clone() },
        ] {
            assert!(judged(&verdict(&server, &wrong)).is_err());
        }
    }

    #[test]
    fn a_refusal_needs_no_receipt_and_keeps_its_reason() {
        let verdict = Verdict { outcome: IntakeOutcome::Refused, reason: Some(Reason::Oversize), receipt: None };
        let sent = sent();
        let refused = Applied::Refused { record: sent.record, reason: Reason::Oversize };
        assert_eq!(judge(&sent, &verdict, &[]), Ok(refused));
    }
}
