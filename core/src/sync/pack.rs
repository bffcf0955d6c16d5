//! What the phone has to say and to ask, as a sealed bundle that is written down before it leaves.

use crate::envelope::{Digest, Signer, sha256};
use crate::error::{Error, InternalReason, NotFoundItem, Result};
use crate::record::{Order, Sent};
use crate::vault::mailbox::{Asked, Mailbox, Outgoing, Pending, SyncState};
use crate::wire::{Bundle, MAX_ASKED, MAX_RECORDS, TreeHead, WipeDone};
use std::collections::BTreeSet;

/// For whom bundles are.
pub(super) struct Addressee {
    intake: String,
    /// Hash of the catalog that says so.
    catalog: Digest,
}

/// For whom bundles are; nobody before the first catalog.
pub(super) fn addressee(mailbox: &Mailbox) -> Result<Option<Addressee>> {
    let Some((jws, catalog)) = mailbox.catalog()? else { return Ok(None) };
    let intake = catalog.intake_key().ok_or(Error::NotFound { what: NotFoundItem::IntakeKey })?;
    Ok(Some(Addressee { intake: intake.to_owned(), catalog: sha256(jws.as_bytes()) }))
}

/// Whether leaves are to be proven under the head in force.
pub(super) fn doubts(mailbox: &Mailbox, state: &SyncState) -> bool {
    state.head.as_ref().is_some_and(|head| mailbox.doubted(head.head.size, 1).is_ok_and(|found| !found.is_empty()))
}

/// What is being sent already, or a new bundle of about so many bytes. Tells whether it is new.
pub(super) fn to_send(mailbox: &Mailbox, bytes: usize) -> Result<(Pending, bool)> {
    let to = addressee(mailbox)?.ok_or(Error::NotFound { what: NotFoundItem::Catalog })?;
    if let Some(pending) = mailbox.pending_bundle(&to.intake)? {
        return Ok((pending, false));
    }
    let bundle = pack(mailbox, bytes, to, false)?;
    mailbox.note_bundle(&bundle.hash, &bundle.asked, Some(&bundle.bytes))?;
    Ok((bundle, true))
}

/// A new bundle for a courier. It introduces the phone, and lists the files that are here, so that the parcel brings the rest.
pub(super) fn to_carry(mailbox: &Mailbox, bytes: usize, to: Addressee) -> Result<Pending> {
    let bundle = pack(mailbox, bytes, to, true)?;
    mailbox.note_bundle(&bundle.hash, &bundle.asked, None)?;
    Ok(bundle)
}

/// `POST /devices`, as it is sent or carried.
pub(super) fn registration(mailbox: &Mailbox) -> Result<Vec<u8>> {
    let me = mailbox.enrolment()?;
    let json = serde_json::to_vec(&me.introduction).expect("plain data has a JSON form");
    mailbox.note_bundle(&sha256(&json), &Asked { introduced: vec![me.id], ..Asked::default() }, None)?;
    Ok(json)
}

fn pack(mailbox: &Mailbox, bytes: usize, to: Addressee, by_courier: bool) -> Result<Pending> {
    let (state, me) = (mailbox.sync_state()?, mailbox.enrolment()?);
    let records =
        if state.held_until(mailbox.now()?).is_some() { vec![] } else { mailbox.waiting(MAX_RECORDS, bytes)? };
    let size = state.head.as_ref().map_or(0, |head| head.head.size);
    let prove = mailbox.doubted(size, MAX_ASKED)?;
    // leaves of an earlier card are proven to who shows its chain; a courier's bundle may come where nobody knows the phone
    let introduced = mailbox.introductions(by_courier || !prove.is_empty())?;
    let files = by_courier.then(|| mailbox.part_hashes()).transpose()?;
    let evidence = state.evidence.iter().filter(|evidence| !evidence.reported).take(MAX_ASKED / 2);
    let evidence: Vec<_> = evidence.flat_map(|evidence| [evidence.known.head, evidence.told.head]).collect();
    let connect: Vec<TreeHead> = state.unconnected.iter().map(|head| head.head).collect();
    let bundle = Bundle {
        head: state.head.as_ref().map(|head| head.head),
        connect: connect.iter().map(|head| head.size).collect::<BTreeSet<_>>().into_iter().collect(),
        prove,
        cursor: state.cursor,
        catalog: Some(to.catalog),
        providers: mailbox.known_providers()?,
        files,
        introductions: introduced.iter().map(|(_, introduction)| introduction.clone()).collect(),
        wiped: wiped(mailbox, state.order.as_ref(), records.len() as u64)?,
        evidence,
        ..Bundle::default()
    };
    let asked = Asked {
        head: bundle.head,
        connect,
        prove: bundle.prove.clone(),
        records: records.iter().map(|record| record.hash).collect(),
        introduced: introduced.into_iter().map(|(id, _)| id).collect(),
        wiped: bundle.wiped,
        evidence: bundle.evidence.clone(),
        intake: to.intake.clone(),
    };
    let sent = |record: Outgoing| Sent::new(record.jws, record.sealed.as_deref());
    let records: Vec<_> = records.into_iter().map(sent).collect();
    let bytes =
        bundle.seal(&Signer::new(&me.transport_key), &records, &to.intake).map_err(|_| InternalReason::Bundle)?;
    Ok(Pending { hash: sha256(&bytes), bytes, asked })
}

/// That the vault is destroyed, as ordered. `with`: so many of what waits go with this bundle.
fn wiped(mailbox: &Mailbox, order: Option<&Order>, with: u64) -> Result<Option<WipeDone>> {
    let gone = mailbox.pin_guard().is_ok_and(|guard| guard.gone.is_some());
    let Some(order) = order.filter(|_| gone) else { return Ok(None) };
    let waiting = mailbox.queue_status()?.records.saturating_sub(with);
    Ok(Some(WipeDone { order: order.order, waiting }))
}
