//! Phones. A chain authority -> card -> device registers a phone, without any table of codes. The first binding of a card
//! wins; another one is kept, and its records are quarantined, and so is a first one long after the card has expired. After a
//! restore a phone shows by the answer to its first registration that it was accepted before.

pub mod bundles;

use crate::http::limited_body::LimitedBody;
use crate::http::problem::{Problem, blocking};
use crate::http::state::Server;
use crate::intake::parcel::{self, Caller, Told};
use crate::log::{append, begin, day_of};
use crate::settings::Settings;
use crate::store::entry::{EntryKind, Revocation};
use crate::store::{self, Binding, EntryRow, Reading, Store, StoreError, Writing};
use axum::extract::State;
use axum::response::Response;
use std::sync::Arc;
use tabara_protocol::catalog::{Binding as Keys, Chain, Grant};
use tabara_protocol::envelope::{self, sha256};
use tabara_protocol::log::verdict::judge_binding;
use tabara_protocol::record::{Reason, Uuid};
use tabara_protocol::wire::{Bundle, Introduction, MAX_REGISTRATION};
use utoipa_axum::{router::OpenApiRouter, routes};

/// So many further bindings of one card are kept at once; from then on one each day, so that whoever fills the places does not
/// shut out the card's owner for good.
const MAX_SECOND: usize = 4;

pub fn routes() -> OpenApiRouter<Arc<Server>> {
    OpenApiRouter::new().routes(routes!(registered))
}

/// Registers a phone by its chain: JSON of a registration. The answer is a parcel, sealed to the phone, with the catalog.
#[utoipa::path(post, path = "/devices", request_body(content = String, content_type = "application/json"),
    responses((status = 200, content_type = "application/vnd.tabara", body = Vec<u8>), Problem))]
async fn registered(
    State(server): State<Arc<Server>>,
    posted: LimitedBody<MAX_REGISTRATION>,
) -> Result<Response, Problem> {
    let parcel = blocking(move || answer(&server.store, &server.settings, &posted.bytes)).await?;
    Ok(parcel::response(parcel))
}

/// Takes a registration, whoever brings it, and answers with a parcel.
pub fn answer(store: &Store, settings: &Settings, json: &[u8]) -> Result<Vec<u8>, Problem> {
    let introduction: Introduction = envelope::from_json(json).map_err(|_| Problem::Malformed)?;
    let binding = register(store, settings, &introduction)?;
    let leaf = store.read(|log| log.leaf_of(binding.position))?;
    let told = Told { leaves: [leaf].into(), ..Told::of(sha256(json)) };
    Ok(parcel::seal(store, settings, &Caller::Phone(binding), &Bundle::default(), told)?)
}

/// Registers a phone by its chain, or finds it.
pub fn register(store: &Store, settings: &Settings, introduction: &Introduction) -> Result<Binding, Problem> {
    let (grant, keys) = verify(settings, &introduction.chain)?;
    if let Some(known) = store.read(|log| known(log, &grant, &keys))? {
        return Ok(known);
    }
    let (introduction, settings) = (introduction.clone(), settings.clone());
    store.write(move |log| keep(log, &settings, &introduction, &grant, &keys))?
}

/// Checks a chain against every authority that is trusted.
pub fn verify(settings: &Settings, chain: &Chain) -> Result<(Grant, Keys), Problem> {
    settings.authorities.iter().find_map(|key| chain.verify(key).ok()).ok_or(Problem::BadChain)
}

fn known(log: &Reading, grant: &Grant, keys: &Keys) -> store::Result<Option<Binding>> {
    let same = |b: &Binding| b.record_key == keys.record_key && b.transport_key == keys.transport_key;
    Ok(log.bindings_of(grant.device)?.into_iter().find(same))
}

fn keep(
    log: &Writing,
    settings: &Settings,
    introduction: &Introduction,
    grant: &Grant,
    keys: &Keys,
) -> store::Result<Result<Binding, Problem>> {
    if let Some(known) = known(log, grant, keys)? {
        return Ok(Ok(known));
    }
    // a key belongs to one binding: repeating the key of another binding makes no new one
    let taken = log.by_record_key(&keys.record_key.kid())?.is_some()
        || log.by_transport_key(&keys.transport_key.kid())?.is_some();
    if taken {
        return Ok(Err(Problem::BadChain));
    }
    let now = begin(log, settings.clock.unix())?;
    let (bound, last) = (log.bindings_of(grant.device)?, log.last_binding_of(grant.device)?);
    let reason = waits(log, settings, introduction, grant, now)?;
    let full = bound.len() > MAX_SECOND && last.is_some_and(|last| day_of(last) == day_of(now));
    if full && reason.is_some() {
        return Ok(Err(Problem::TooMany));
    }
    let body = serde_json::to_string(introduction).expect("plain data has a JSON form");
    let position = log.append(&EntryRow { reason, ..EntryRow::own(EntryKind::Chain, now, body) })?;
    Ok(Ok(log.binding(position)?))
}

/// Why the records of a new binding do not count until someone looks; none if they do.
pub fn waits(
    log: &Reading,
    settings: &Settings,
    introduction: &Introduction,
    grant: &Grant,
    now: i64,
) -> store::Result<Option<Reason>> {
    let operations = log.operations_keys()?.into_iter().chain([settings.operations.public()]);
    Ok(judge_binding(introduction, grant, operations, !log.bindings_of(grant.device)?.is_empty(), now))
}

/// Why a phone is not revoked, or not trusted again.
#[derive(Debug, thiserror::Error)]
pub enum RevocationError {
    #[error(
        "no phone has used the card {0}, so one letter may be wrong: tabara-server device list; or for a card that was lost before it was used: --unused-card"
    )]
    Unknown(Uuid),
    #[error("{0} is revoked already")]
    Already(Uuid),
    #[error("{0} is not revoked")]
    NotRevoked(Uuid),
    #[error("the catalog in force revokes {0}: tabara-desk catalog next --trust {0}, and publish that")]
    ByCatalog(Uuid),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Revokes a phone: its records are quarantined from now on. With a time, what it has sent since then does not count any more
/// either, from the next revision on.
pub fn revoke(store: &Store, device: Uuid, from: Option<i64>, unused: bool, now: i64) -> Result<(), RevocationError> {
    store.write(move |log| {
        if !unused && log.bindings_of(device)?.is_empty() {
            return Ok(Err(RevocationError::Unknown(device)));
        }
        if from.is_none() && log.is_revoked(device)? {
            return Ok(Err(RevocationError::Already(device)));
        }
        let now = begin(log, now)?;
        append(log, EntryKind::Revocation, now, &Revocation { from, ..Revocation::of(device) })?;
        Ok(Ok(()))
    })?
}

/// Trusts a phone again that the server alone has revoked.
pub fn trust(store: &Store, device: Uuid, now: i64) -> Result<(), RevocationError> {
    store.write(move |log| {
        if !log.is_revoked(device)? {
            return Ok(Err(RevocationError::NotRevoked(device)));
        }
        if log.catalog_in_force()?.is_some_and(|catalog| catalog.revoked.contains(&device)) {
            return Ok(Err(RevocationError::ByCatalog(device)));
        }
        let now = begin(log, now)?;
        append(log, EntryKind::Revocation, now, &Revocation { lifted: true, ..Revocation::of(device) })?;
        Ok(Ok(()))
    })?
}
