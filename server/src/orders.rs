//! Orders to phones. A phone that was lost or replaced is ordered to seal its drafts and to destroy its vault by a day. It
//! receives the order at its next sync, carries it out and acknowledges it. Order and acknowledgement are entries of the
//! log. A phone that has acknowledged and has nothing left to send is revoked: its keys are gone.
//!
//! Orders go to the first or accepted binding of a card alone, and only that one answers them. The server's key cannot destroy
//! a vault at once: an order with less than [`NOTICE`] needs the authority's signature.

use crate::log::{append, begin};
use crate::settings::Settings;
use crate::store::entry::{Acknowledgement, EntryKind, Revocation};
use crate::store::{self, Binding, EntryRow, Store, StoreError, Writing};
use tabara_protocol::envelope::{self, Typ};
use tabara_protocol::record::{Order, Uuid};
use tabara_protocol::wire::WipeDone;

/// Phones obey the server's key only with so much notice (48 hours).
pub const NOTICE: i64 = 48 * 3600;
/// So much more, for a clock that differs.
const MARGIN: i64 = 3600;

/// Why an order is not given.
#[derive(Debug, thiserror::Error)]
pub enum OrderError {
    #[error("there is no such phone")]
    UnknownDevice,
    #[error("an order with less than 48 hours needs the authority's signature: tabara-server device order FILE")]
    NoNotice,
    #[error("not an order that a trusted authority has signed")]
    NotSigned,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Orders a phone to wipe itself by a time, seconds since 1970 UTC.
pub fn wipe(store: &Store, settings: &Settings, device: Uuid, by: i64) -> Result<Order, OrderError> {
    if by < settings.clock.unix() + NOTICE {
        return Err(OrderError::NoNotice);
    }
    let order = Order { order: Uuid::new_v4(), device, wipe_by: by };
    let jws = settings.operations.sign(Typ::Order, &order);
    give(store, settings, order, jws)
}

/// Gives an order that the authority has signed.
pub fn give_signed(store: &Store, settings: &Settings, jws: &str) -> Result<Order, OrderError> {
    let signed = settings.authorities.iter().find_map(|key| envelope::open::<Order>(Typ::Order, key, jws).ok());
    give(store, settings, signed.ok_or(OrderError::NotSigned)?, jws.to_owned())
}

fn give(store: &Store, settings: &Settings, order: Order, jws: String) -> Result<Order, OrderError> {
    let (now, device) = (settings.clock.unix(), order.device);
    let known = store.write(move |log| {
        if log.bindings_of(device)?.is_empty() {
            return Ok(false);
        }
        let now = begin(log, now)?;
        log.append(&EntryRow { target: Some(device), ..EntryRow::own(EntryKind::Order, now, jws) })?;
        Ok(true)
    })?;
    if known { Ok(order) } else { Err(OrderError::UnknownDevice) }
}

/// An order as it goes to the phone: by the present operations key, and with the notice that it needs from now on. One by the
/// authority goes as it is.
pub fn delivered(settings: &Settings, jws: &str, now: i64) -> String {
    let by_authority =
        |jws| settings.authorities.iter().any(|key| envelope::open::<Order>(Typ::Order, key, jws).is_ok());
    match envelope::stored::<Order>(jws) {
        Ok(order) if !by_authority(jws) => {
            let wipe_by = order.wipe_by.max(now + NOTICE + MARGIN);
            settings.operations.sign(Typ::Order, &Order { wipe_by, ..order })
        }
        _ => jws.to_owned(),
    }
}

/// A phone says that it has destroyed its vault, as ordered. Only the binding that got the order is believed.
pub fn acknowledge(log: &Writing, caller: &Binding, done: WipeDone, now: i64) -> store::Result<()> {
    let (device, orders) = (caller.device, log.orders()?);
    let given = orders.iter().find(|given| given.order.order == done.order && given.order.device == device);
    let Some(given) = given.filter(|_| caller.accepted) else {
        return Ok(());
    };
    if given.acknowledged.is_none() {
        append(log, EntryKind::Acknowledgement, now, &Acknowledgement { order: done.order, device })?;
    }
    if done.waiting == 0 && !log.is_revoked(device)? {
        append(log, EntryKind::Revocation, now, &Revocation::of(device))?;
    }
    Ok(())
}
