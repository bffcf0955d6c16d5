//! `tabara-server held`: what the log holds under the code of a slip, still sealed.

use crate::settings::Settings;
use crate::store::{self, Store};
use tabara_protocol::case_export::{CaseExport, HeldEntry};
use tabara_protocol::envelope::Typ;
use tabara_protocol::record::{Code, Receipt, Sent};

/// Gathers records, their corrections and reviews, and withdrawals under a code.
pub fn gather(store: &Store, settings: &Settings, code: Code) -> store::Result<CaseExport> {
    let entries = store.read(|log| {
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
        log.held(&code)?.into_iter().filter_map(|position| one(position).transpose()).collect::<store::Result<Vec<_>>>()
    })?;
    Ok(CaseExport { code, entries })
}
