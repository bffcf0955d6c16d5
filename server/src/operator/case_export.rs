//! `tabara-server held`: what the log holds under the code of a slip, still sealed, and the proof that it stands in the log.

use crate::settings::Settings;
use crate::store::entry::EntryPayload;
use crate::store::{self, Reading, Store, StoreError};
use std::collections::BTreeSet;
use tabara_protocol::case_export::{CaseExport, HeldEntry};
use tabara_protocol::catalog::Chain;
use tabara_protocol::envelope::{self, Digest, Typ, sha256};
use tabara_protocol::record::{Code, Sent};
use tabara_protocol::wire::{Introduction, Parcel, Standing};

/// The codes under which something came in since a time, in seconds since 1970 UTC.
pub fn codes(store: &Store, since: i64) -> store::Result<BTreeSet<Code>> {
    store.read(|log| {
        let mut codes = BTreeSet::new();
        log.entries(0, u64::MAX, |entry| {
            if let EntryPayload::Record(record) = entry.payload
                && entry.received >= since
            {
                codes.extend(record.code);
            }
            Ok(())
        })?;
        Ok(codes)
    })
}

/// Gathers records, their corrections and reviews, and withdrawals under a code, with what proves who signed them.
pub fn gather(store: &Store, settings: &Settings, code: Code) -> store::Result<CaseExport> {
    store.read(|log| {
        let waiting = log.quarantined()?;
        let one = |position| {
            let Some((id, kind, received)) = log.outline(position)? else { return Ok(None) };
            let Some(found) = log.find(id)? else { return Ok(None) };
            let bytes = log.sealed(position)?;
            Ok(Some(HeldEntry {
                record: id,
                kind: kind.word(),
                received,
                waits: waiting.iter().find(|w| w.position == position).map(|w| w.reason),
                taken_back: log.is_withdrawn(position)?,
                jws: found.digests.jws,
                // what is left of a record that has expired is no envelope
                sent: log
                    .body(position)?
                    .filter(|_| found.digests.expired.is_none())
                    .map(|jws| Sent::new(jws, bytes.as_deref())),
            }))
        };
        let positions = log.held(&code)?;
        let held = positions.iter().filter_map(|position| one(*position).transpose());
        let entries = held.collect::<store::Result<Vec<_>>>()?;
        let records = entries.iter().filter_map(|entry| entry.sent.as_ref());
        let kids: BTreeSet<String> = records.filter_map(|sent| Some(envelope::peek(&sent.jws).ok()?.kid)).collect();
        let mut chains = Vec::new();
        for kid in kids {
            // a reviewer has no chain: the catalogs name her key
            let Some(binding) = log.by_record_key(&kid)? else { continue };
            chains.push(chain(log, binding.position)?);
        }
        let leaves = positions.iter().map(|position| log.leaf_of(*position)).collect::<store::Result<BTreeSet<_>>>()?;
        let proof = signed(log, settings, sha256(code.as_str().as_bytes()), leaves)?;
        Ok(CaseExport { code, catalogs: log.catalogs()?, chains, entries, proof, copies: vec![] })
    })
}

fn chain(log: &Reading, position: u64) -> store::Result<Chain> {
    let read: Option<Introduction> = serde_json::from_str(&log.body(position)?.unwrap_or_default()).ok();
    Ok(read.ok_or(StoreError::Damaged { position })?.chain)
}

/// A parcel that says what this hash stands for: the head of the log, and these leaves under it.
pub(super) fn signed(
    log: &Reading,
    settings: &Settings,
    answers: Digest,
    leaves: BTreeSet<u64>,
) -> store::Result<String> {
    let proven = leaves.into_iter().filter_map(|leaf| log.leaf_proof(leaf).transpose());
    let parcel = Parcel {
        answers,
        time: settings.clock.unix(),
        head: log.tree_head()?,
        standing: Standing::Trusted,
        seq: 0,
        grown: None,
        restore: None,
        connected: vec![],
        leaves: proven.collect::<store::Result<_>>()?,
        refused: vec![],
        later: None,
        providers: None,
        updates: vec![],
        cursor: 0,
    };
    Ok(settings.operations.sign(Typ::Parcel, &parcel))
}
