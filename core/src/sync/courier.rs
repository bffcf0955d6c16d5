//! A phone's side of the courier: the bundle as a file, and the parcel for it, each as if there were a network.

use super::client::Client;
use super::report::SyncReport;
use super::take::{NoAnswer, check, take};
use super::{pack, run};
use crate::error::{Error, Result, UntrustedReason};
use crate::vault::mailbox::Mailbox;
use crate::wire::MAX_FILE;

/// What waits, oldest first, and what the phone has to ask, as a file for any courier; nothing when there is neither. A phone
/// without a catalog asks for one. The records go on waiting until a parcel or a sync settles them.
pub fn export(mailbox: &Mailbox) -> Result<Option<Vec<u8>>> {
    let Some(to) = pack::addressee(mailbox)? else { return pack::registration(mailbox).map(Some) };
    let asks = pack::doubts(mailbox, &mailbox.sync_state()?);
    if !asks && mailbox.waiting(1, 0)?.is_empty() && mailbox.missing_parts()?.is_empty() {
        return Ok(None);
    }
    // base64 makes four thirds of the sealed bytes
    Ok(Some(pack::to_carry(mailbox, MAX_FILE / 4 * 3 - 64 * 1024, to)?.bytes))
}

/// Takes the parcel for what this phone sent or exported.
pub fn take_parcel(mailbox: &Mailbox, parcel: &[u8]) -> Result<SyncReport> {
    let checked = check(mailbox, parcel)?.map_err(|reason| Error::Untrusted {
        reason: match reason {
            NoAnswer::Unreadable | NoAnswer::NotForUs => UntrustedReason::Parcel,
            NoAnswer::Catalog(broken) => broken.into(),
        },
    })?;
    let report = take(mailbox, &checked, false, None)?.report;
    Ok(SyncReport { catalog_expired: mailbox.queue_status()?.catalog_expired, ..report })
}

/// Carries a file of any phone to the server, and returns the parcel for it.
pub async fn carry(mailbox: &Mailbox, client: &Client, file: &[u8]) -> Result<Vec<u8>> {
    run::carry(mailbox, client, file).await
}
