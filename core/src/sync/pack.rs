//! What the phone has to say and to ask, as a sealed bundle that is written down before it leaves.

use crate::catalog::RecipientRole;
use crate::envelope::{Signer, sha256};
use crate::error::{Error, InternalReason, NotFoundItem, Result};
use crate::record::Sent;
use crate::vault::mailbox::{Asked, Mailbox, Outgoing, Pending};
use crate::wire::{Bundle, MAX_ASKED, MAX_RECORDS, WipeDone};

/// What is being sent already, or a new bundle of about so many bytes. Tells whether it is new.
pub(super) fn to_send(mailbox: &Mailbox, bytes: usize) -> Result<(Pending, bool)> {
    let (_, catalog) = mailbox.catalog()?.ok_or(Error::NotFound { what: NotFoundItem::Catalog })?;
    let intake = catalog.recipients.iter().find(|r| r.role == RecipientRole::Intake);
    let intake = intake.ok_or(Error::NotFound { what: NotFoundItem::IntakeKey })?.age.clone();
    if let Some(pending) = mailbox.pending_bundle(&intake)? {
        return Ok((pending, false));
    }
    let bundle = pack(mailbox, bytes, intake, false)?;
    mailbox.note_bundle(&bundle.hash, &bundle.asked, Some(&bundle.bytes))?;
    Ok((bundle, true))
}

/// A new bundle for a courier. It introduces the phone, and lists the files that are here, so that the parcel brings the rest.
pub(super) fn to_carry(mailbox: &Mailbox, bytes: usize, intake: String) -> Result<Pending> {
    let bundle = pack(mailbox, bytes, intake, true)?;
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

/// Whether the server asks to send no records now.
pub(super) fn is_held_back(mailbox: &Mailbox) -> Result<bool> {
    let (later, now) = (mailbox.sync_state()?.later, mailbox.now()?);
    Ok(later.is_some_and(|later| later > now))
}

fn pack(mailbox: &Mailbox, bytes: usize, intake: String, by_courier: bool) -> Result<Pending> {
    let (state, me) = (mailbox.sync_state()?, mailbox.enrolment()?);
    let records = if is_held_back(mailbox)? { vec![] } else { mailbox.waiting(MAX_RECORDS, bytes)? };
    let size = state.head.as_ref().map_or(0, |head| head.head.size);
    let prove = mailbox.doubted(size, MAX_ASKED)?;
    // leaves of an earlier card are proven to who shows its chain; a courier's bundle may come where nobody knows the phone
    let introduced = mailbox.introductions(by_courier || !prove.is_empty())?;
    let files = by_courier.then(|| mailbox.part_hashes()).transpose()?;
    let evidence = state.evidence.iter().filter(|evidence| !evidence.reported).take(MAX_ASKED / 2);
    let evidence: Vec<_> = evidence.flat_map(|evidence| [evidence.known.head, evidence.told.head]).collect();
    let bundle = Bundle {
        head: state.head.as_ref().map(|head| head.head),
        connect: state.unconnected.iter().map(|head| head.head.size).collect(),
        prove,
        cursor: state.cursor,
        catalog: mailbox.catalog()?.map(|(jws, _)| sha256(jws.as_bytes())),
        files,
        introductions: introduced.iter().map(|(_, introduction)| introduction.clone()).collect(),
        wiped: wiped(mailbox, records.len() as u64)?,
        evidence,
        ..Bundle::default()
    };
    let asked = Asked {
        head: bundle.head,
        connect: bundle.connect.clone(),
        prove: bundle.prove.clone(),
        records: records.iter().map(|record| record.hash).collect(),
        introduced: introduced.into_iter().map(|(id, _)| id).collect(),
        wiped: bundle.wiped,
        evidence: bundle.evidence.clone(),
        intake: intake.clone(),
    };
    let sent = |record: Outgoing| Sent::new(record.jws, record.sealed.as_deref());
    let records: Vec<_> = records.into_iter().map(sent).collect();
    let bytes = bundle.seal(&Signer::new(&me.transport_key), &records, &intake).map_err(|_| InternalReason::Bundle)?;
    Ok(Pending { hash: sha256(&bytes), bytes, asked })
}

/// That the vault is destroyed, as ordered. `with`: so many of what waits go with this bundle.
fn wiped(mailbox: &Mailbox, with: u64) -> Result<Option<WipeDone>> {
    let gone = mailbox.pin_guard().is_ok_and(|guard| guard.gone.is_some());
    let Some(order) = mailbox.order()?.filter(|_| gone) else { return Ok(None) };
    let waiting = mailbox.queue_status()?.records.saturating_sub(with);
    Ok(Some(WipeDone { order: order.order, waiting }))
}
