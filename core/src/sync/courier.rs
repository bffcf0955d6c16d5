//! A phone's side of the courier (`courier`): what waits goes into a bundle; a parcel brings receipts, catalog and
//! files, each checked as if the server itself had sent it.

use super::client::Client;
use super::receipt::judge;
use super::report::SyncReport;
use super::steps;
use crate::catalog::{Catalog, CatalogError, RecipientRole};
use crate::courier::{Bundle, MAX_BUNDLE, Parcel};
use crate::envelope::{Digest, sha256};
use crate::error::{Error, InternalReason, NotFoundItem, Result, UntrustedReason};
use crate::record::Sent;
use crate::vault::mailbox::{Mailbox, Outgoing, SyncState};
use std::collections::BTreeMap;

/// What waits, oldest first, as a file for any courier; nothing when nothing waits. The records go on waiting until a
/// parcel or a sync brings their receipts.
pub fn export(mailbox: &Mailbox) -> Result<Option<Vec<u8>>> {
    let me = mailbox.enrolment()?;
    let (_, catalog) = mailbox.catalog()?.ok_or(Error::NotFound { what: NotFoundItem::Catalog })?;
    let intake = catalog.recipients.iter().find(|r| r.role == RecipientRole::Intake);
    let intake = intake.ok_or(Error::NotFound { what: NotFoundItem::IntakeKey })?;
    // base64 makes four thirds of the sealed bytes
    let waiting = mailbox.waiting(0, usize::from(u16::MAX), MAX_BUNDLE / 4 * 3)?;
    if waiting.is_empty() {
        return Ok(None);
    }
    let records = waiting.into_iter().map(|o| Sent::new(o.jws, o.sealed.as_deref())).collect();
    let bundle = Bundle { chains: me.older.into_iter().chain([me.chain]).collect(), records };
    bundle.seal(&intake.age).map(Some).map_err(|_| InternalReason::Bundle.into())
}

/// Takes a parcel: a newer catalog with its files, and the receipts of what this phone sent. What is for other phones is
/// passed over.
pub fn take(mailbox: &Mailbox, parcel: &[u8]) -> Result<SyncReport> {
    let parcel = Parcel::read(parcel).map_err(|_| Error::Untrusted { reason: UntrustedReason::Parcel })?;
    let mut report = SyncReport::default();
    let me = mailbox.enrolment()?;
    let held = mailbox.catalog()?.map(|(_, catalog)| catalog);
    if let Some(jws) = &parcel.catalog {
        match Catalog::verify_any(jws, &me.authorities, held.as_ref()) {
            Ok((new, _)) if held.as_ref() != Some(&new) => {
                mailbox.take_catalog(jws)?;
                report.new_catalog = true;
            }
            Ok(_) | Err(CatalogError::Older) => (),
            Err(broken) => report.catalog_fault = Some(broken.into()),
        }
    }
    let missing: Vec<_> = mailbox.missing_parts()?.iter().map(|part| part.sha256).collect();
    for part in parcel.part_bytes() {
        let bytes = part.map_err(|_| Error::Untrusted { reason: UntrustedReason::Parcel })?;
        if missing.contains(&sha256(&bytes)) {
            mailbox.take_part(&bytes)?;
        }
    }
    let Some((_, catalog)) = mailbox.catalog()? else { return Ok(report) };
    let waiting: BTreeMap<Digest, Outgoing> =
        all_waiting(mailbox)?.into_iter().map(|o| (sha256(o.jws.as_bytes()), o)).collect();
    let ours = parcel.answers.iter().filter_map(|answer| Some((waiting.get(&answer.jws)?, &answer.verdict)));
    let held = ours
        .filter_map(|(sent, verdict)| judge(&sent.offer(), verdict, &catalog.operations_keys()).ok())
        .collect::<Vec<_>>();
    if !held.is_empty() {
        // These receipts may come from a log that was set back since the last sync, and be higher than what it lost.
        mailbox.set_sync_state(&SyncState { reoffer: true, ..mailbox.sync_state()? })?;
    }
    mailbox.apply(&held)?;
    held.iter().for_each(|verdict| report.count(verdict));
    Ok(report)
}

fn all_waiting(mailbox: &Mailbox) -> Result<Vec<Outgoing>> {
    Ok(mailbox.waiting(0, usize::from(u16::MAX), usize::MAX)?)
}

/// Carries a bundle of any phone to the server, and returns the parcel for it.
pub async fn carry(mailbox: &Mailbox, client: &Client, bundle: &[u8]) -> Result<Vec<u8>> {
    Ok(steps::carry(mailbox, client, bundle.to_vec()).await?)
}
