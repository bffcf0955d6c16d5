//! `tabara-server restore`: puts a backup in place of the log. The first entry after it says so: the tree had so many leaves,
//! and so many are kept. What the log that is replaced has revoked and withdrawn does not come back.

use crate::intake;
use crate::log::append;
use crate::store::entry::{EntryKind, Revocation};
use crate::store::{self, PROVEN, RestoreError, Store};
use std::path::Path;
use tabara_protocol::wire::Restoration;

/// Restores a backup into a data folder, which no server may have open.
pub fn restore(folder: &Path, backup: &Path, now: i64) -> Result<Store, RestoreError> {
    let (store, aid) = store::replace(folder, backup, now)?;
    let (known, restores, revoked) = (aid.known, aid.restores, aid.revoked);
    store.write(move |log| {
        let (size, stand) = (log.tree_size()?, log.restores()?);
        // what an earlier restore had cut off and this one brings back was not kept all the time
        let undone = restores.iter().filter(|restore| stand.iter().all(|(_, stands)| stands != *restore));
        let kept = undone.map(|restore| restore.kept).fold(size, u64::min);
        // no two restores are the same
        let known = stand.iter().map(|(_, restore)| restore.known + 1).fold(known.max(size), u64::max);
        // no closing may come before it: it is the first leaf that phones have not seen
        append(log, EntryKind::Restore, now, &Restoration { kept, known })?;
        // what is put back was proven before
        log.hint(PROVEN, now)?;
        for device in revoked {
            if !log.is_revoked(device)? {
                append(log, EntryKind::Revocation, now, &Revocation::of(device))?;
            }
        }
        Ok(())
    })?;
    intake::withdraw_again(&store, aid.withdrawals, now)?;
    Ok(store)
}
