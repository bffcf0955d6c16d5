//! `tabara-server restore`: puts a backup in place of the log. The revocations of the log that is replaced go on with
//! the restored one.

use crate::closings::{append, close_due};
use crate::entry::{EntryKind, Revocation};
use crate::store::{self, RestoreError, Store};
use std::path::Path;

/// Restores a backup into a data folder, which no server may have open.
pub fn restore(folder: &Path, backup: &Path, now: i64) -> Result<Store, RestoreError> {
    let (store, revoked) = store::replace(folder, backup, now)?;
    store.write(move |log| {
        close_due(log, now)?;
        for device in revoked {
            if !log.is_revoked(device)? {
                append(log, EntryKind::Revocation, now, &Revocation { device })?;
            }
        }
        Ok(())
    })?;
    Ok(store)
}
