//! `tabara-server held`: what the log holds under the code of a slip, still sealed.

use crate::settings::Settings;
use crate::store::{self, Store, StoreError};
use std::collections::BTreeSet;
use tabara_protocol::case_export::{CaseExport, HeldEntry};
use tabara_protocol::envelope::{self, Typ};
use tabara_protocol::record::{Code, Receipt, Sent};

/// Gathers records, their corrections and reviews, and withdrawals under a code, with what proves who signed them.
pub fn gather(store: &Store, settings: &Settings, code: Code) -> store::Result<CaseExport> {
    store.read(|log| {
        let waiting = log.quarantined()?;
        let one = |position| {
            let Some((id, kind, received)) = log.outline(position)? else { return Ok(None) };
            let Some(found) = log.find(id)? else { return Ok(None) };
            let (jws, sealed, epoch) = (found.jws, found.sealed, log.head(0)?.epoch);
            let receipt = Receipt { record: id, jws, sealed, position, epoch };
            let bytes = log.sealed(position)?;
            Ok(Some(HeldEntry {
                record: id,
                kind: kind.word(),
                received,
                waits: waiting.iter().find(|w| w.position == position).map(|w| w.reason),
                taken_back: log.is_withdrawn(position)?,
                receipt: settings.operations.sign(Typ::Receipt, &receipt),
                sent: log.body(position)?.map(|jws| Sent::new(jws, bytes.as_deref())),
            }))
        };
        let held = log.held(&code)?.into_iter();
        let entries = held.filter_map(|position| one(position).transpose()).collect::<store::Result<Vec<_>>>()?;
        let signed = entries.iter().filter_map(|entry| entry.sent.as_ref());
        let kids: BTreeSet<String> = signed.filter_map(|sent| Some(envelope::peek(&sent.jws).ok()?.kid)).collect();
        let mut chains = Vec::new();
        for kid in kids {
            // a reviewer has no chain: the catalogs name her key
            let Some(binding) = log.by_record_key(&kid)? else { continue };
            let body = log.body(binding.position)?.unwrap_or_default();
            chains.push(serde_json::from_str(&body).map_err(|_| StoreError::Damaged { position: binding.position })?);
        }
        Ok(CaseExport { code, catalogs: log.catalogs()?, chains, entries })
    })
}
