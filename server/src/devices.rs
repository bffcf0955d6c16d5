//! Phones. A chain authority -> card -> device registers a phone, without any table of codes. A token that is signed with
//! its transport key authenticates each request. The first binding of a card wins; a second one is kept, and its records
//! are quarantined.

use crate::closings::{append, close_due};
use crate::entry::{EntryKind, Revocation};
use crate::http::limited_body::LimitedBody;
use crate::http::limits::{Client, Permit};
use crate::http::problem::{Problem, blocking};
use crate::settings::Settings;
use crate::state::Server;
use crate::store::{self, Binding, EntryRow, Store, Writing};
use axum::extract::{ConnectInfo, FromRequestParts, Json, State};
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;
use tabara_protocol::catalog::{Binding as Keys, Chain, Grant};
use tabara_protocol::envelope::{self, Typ};
use tabara_protocol::record::{IntakeOutcome, Reason, TOKEN_SECONDS, Token, Uuid};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

/// A chain is two small envelopes.
const MAX_CHAIN: usize = 16 * 1024;

/// At most so many further bindings of one card are kept for review.
const MAX_SECOND: usize = 4;

pub fn routes() -> OpenApiRouter<Arc<Server>> {
    OpenApiRouter::new().routes(routes!(registered))
}

/// Answer to `POST /v1/devices`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Registered {
    pub outcome: IntakeOutcome,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
}

/// Registers a phone by its chain.
#[utoipa::path(post, path = "/devices", request_body = Chain, responses((status = 200, body = Registered), Problem))]
async fn registered(
    State(server): State<Arc<Server>>,
    _: AnonymousCaller,
    posted: LimitedBody<MAX_CHAIN>,
) -> Result<Json<Registered>, Problem> {
    let chain: Chain = posted.json()?;
    blocking(move || register(&server.store, &server.settings, chain)).await.map(Json)
}

/// Registers a phone by its chain.
pub fn register(store: &Store, settings: &Settings, chain: Chain) -> Result<Registered, Problem> {
    let (grant, keys) = verify(settings, &chain)?;
    let now = settings.clock.unix();
    store.write(move |log| keep(log, &chain, &grant, &keys, now))?
}

/// Checks a chain against every authority that is trusted.
pub fn verify(settings: &Settings, chain: &Chain) -> Result<(Grant, Keys), Problem> {
    settings.authorities.iter().find_map(|key| chain.verify(key).ok()).ok_or(Problem::BadChain)
}

fn keep(
    log: &Writing,
    chain: &Chain,
    grant: &Grant,
    keys: &Keys,
    now: i64,
) -> store::Result<Result<Registered, Problem>> {
    let bound = log.bindings_of(grant.device)?;
    let reason = |second| match (log.is_revoked(grant.device), second) {
        (Ok(true), _) => Ok(Some(Reason::RevokedDevice)),
        (Ok(false), true) => Ok(Some(Reason::SecondBinding)),
        (Ok(false), false) => Ok(None),
        (Err(e), _) => Err(e),
    };
    let quarantined = |reason: Option<Reason>| reason.map(|_| IntakeOutcome::Quarantined);
    if let Some(known) = bound.iter().find(|b| same_keys(b, keys)) {
        let reason = reason(known.second)?;
        return Ok(Ok(Registered { outcome: quarantined(reason).unwrap_or(IntakeOutcome::AlreadyHad), reason }));
    }
    // a key belongs to one binding: repeating the key of another binding makes no new one
    let taken = log.by_record_key(&keys.record_key.kid())?.is_some()
        || log.by_transport_key(&keys.transport_key.kid())?.is_some();
    if taken || bound.len() > MAX_SECOND {
        return Ok(Err(Problem::BadChain));
    }
    close_due(log, now)?;
    let second = (!bound.is_empty()).then_some(Reason::SecondBinding);
    let body = serde_json::to_string(chain).expect("plain data has a JSON form");
    log.append(&EntryRow { reason: second, ..EntryRow::own(EntryKind::Chain, now, body) })?;
    let reason = reason(second.is_some())?;
    Ok(Ok(Registered { outcome: quarantined(reason).unwrap_or(IntakeOutcome::Accepted), reason }))
}

fn same_keys(bound: &Binding, keys: &Keys) -> bool {
    bound.record_key == keys.record_key && bound.transport_key == keys.transport_key
}

/// The phone that sends a request, by its token, and its permit. Checked before the body is read.
pub struct AuthenticatedDevice(pub Binding, pub Permit);

impl FromRequestParts<Arc<Server>> for AuthenticatedDevice {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, server: &Arc<Server>) -> Result<Self, Problem> {
        let header = parts.headers.get(AUTHORIZATION).and_then(|h| h.to_str().ok());
        let jws = header.and_then(|h| h.strip_prefix("Bearer ")).ok_or(Problem::UnknownDevice)?;
        let kid = envelope::peek(jws).map_err(|_| Problem::UnknownDevice)?.kid;
        let known = server.store.read(|log| log.by_transport_key(&kid))?;
        let binding = known.ok_or(Problem::UnknownDevice)?;
        let token: Token =
            envelope::open(Typ::Token, &binding.transport_key, jws).map_err(|_| Problem::UnknownDevice)?;
        if token.device != binding.device {
            return Err(Problem::UnknownDevice);
        }
        let age = server.settings.clock.unix().saturating_sub(token.issued);
        if age.saturating_abs() > TOKEN_SECONDS {
            return Err(Problem::TokenTime);
        }
        let client = Client::Phone(binding.position);
        server.limits.take(client, Instant::now())?;
        Ok(Self(binding, server.limits.enter(client)?))
    }
}

/// A caller without a token, limited by address.
pub struct AnonymousCaller;

impl FromRequestParts<Arc<Server>> for AnonymousCaller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, server: &Arc<Server>) -> Result<Self, Problem> {
        if let Some(ConnectInfo(from)) = parts.extensions.get::<ConnectInfo<SocketAddr>>() {
            server.limits.take(Client::Address(from.ip()), Instant::now())?;
        }
        Ok(Self)
    }
}

/// Revokes a phone: its records are quarantined from now on.
pub fn revoke(store: &Store, device: Uuid, now: i64) -> store::Result<()> {
    store.write(move |log| {
        if !log.is_revoked(device)? {
            close_due(log, now)?;
            append(log, EntryKind::Revocation, now, &Revocation { device })?;
        }
        Ok(())
    })
}
