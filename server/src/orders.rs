//! Orders to phones. A phone that was lost or replaced is ordered to seal its drafts and to destroy its vault by a day. It
//! receives the order at its next sync, carries it out and acknowledges it. Order and acknowledgement are entries of the
//! log. A phone that has acknowledged and has nothing left to send is revoked: its keys are gone.

use crate::closings::{append, close_due};
use crate::devices::AuthenticatedDevice;
use crate::entry::{Acknowledgement, EntryKind, Revocation};
use crate::http::limited_body::LimitedBody;
use crate::http::problem::{Problem, blocking};
use crate::settings::Settings;
use crate::state::Server;
use crate::store::{self, EntryRow, Store};
use axum::extract::State;
use axum::http::StatusCode;
use std::sync::Arc;
use tabara_protocol::envelope::Typ;
use tabara_protocol::record::{Order, Uuid, WipeAcknowledgement};
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<Arc<Server>> {
    OpenApiRouter::new().routes(routes!(obeyed))
}

/// Orders a phone to wipe itself by a time, seconds since 1970 UTC; none if the phone is unknown.
pub fn wipe(store: &Store, settings: &Settings, device: Uuid, by: i64) -> store::Result<Option<Order>> {
    let order = Order { order: Uuid::new_v4(), device, wipe_by: by };
    let (jws, now) = (settings.operations.sign(Typ::Order, &order), settings.clock.unix());
    store.write(move |log| {
        if log.bindings_of(device)?.is_empty() {
            return Ok(None);
        }
        close_due(log, now)?;
        log.append(&EntryRow { target: Some(device), ..EntryRow::own(EntryKind::Order, now, jws) })?;
        Ok(Some(order))
    })
}

/// The phone has destroyed its vault, as ordered.
#[utoipa::path(post, path = "/orders", request_body = WipeAcknowledgement, security(("token" = [])),
    responses((status = 204, description = "It is recorded."), Problem))]
async fn obeyed(
    State(server): State<Arc<Server>>,
    AuthenticatedDevice(caller, _permit): AuthenticatedDevice,
    posted: LimitedBody<1024>,
) -> Result<StatusCode, Problem> {
    let WipeAcknowledgement { order, waiting } = posted.json()?;
    let now = server.settings.clock.unix();
    blocking(move || {
        let known = server.store.write(move |log| {
            let (device, orders) = (caller.device, log.orders()?);
            let Some(given) = orders.iter().find(|given| given.order.order == order && given.order.device == device)
            else {
                return Ok(false);
            };
            close_due(log, now)?;
            if given.acknowledged.is_none() {
                append(log, EntryKind::Acknowledgement, now, &Acknowledgement { order, device })?;
            }
            if waiting == 0 && !log.is_revoked(device)? {
                append(log, EntryKind::Revocation, now, &Revocation { device })?;
            }
            Ok(true)
        })?;
        if known { Ok(StatusCode::NO_CONTENT) } else { Err(Problem::NotFound) }
    })
    .await
}
