//! The exchange: a bundle in, a parcel out. A bundle is opened with the server's intake key, and the signature inside says
//! whose it is, whoever brings it: the phone itself, over HTTP, or a courier, as a file.

use crate::devices;
use crate::http::limited_body::LimitedBody;
use crate::http::limits::Client;
use crate::http::problem::{Problem, blocking};
use crate::http::state::Server;
use crate::intake::parcel::{self, Caller, Told};
use crate::intake::{self, Bundled, Outcome};
use crate::settings::Settings;
use crate::store::{self, Store};
use axum::extract::{FromRequest as _, Path, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Instant;
use tabara_protocol::catalog::{Binding as Keys, Chain};
use tabara_protocol::envelope::{self, Digest, sha256};
use tabara_protocol::record::Sent;
use tabara_protocol::seal::{SealError, is_recipient};
use tabara_protocol::wire::{BUNDLE_HEADER, Bundle, MAX_FILE, OpenedBundle, RefusedRecord, WireError};
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<Arc<Server>> {
    OpenApiRouter::new().routes(routes!(bundles)).routes(routes!(fate))
}

/// A bundle that was opened and whose signature is right, with its records.
pub struct SignedBundle {
    hash: Digest,
    pub caller: Caller,
    bundle: Bundle,
    records: Vec<Sent>,
}

/// Takes in a bundle, whole or in pieces (`tabara-bundle`, `content-range`). The answer is a parcel, sealed to the phone.
#[utoipa::path(post, path = "/bundles",
    params(("tabara-bundle" = Option<Digest>, Header), ("content-range" = Option<String>, Header)),
    request_body(content = Vec<u8>, content_type = "application/vnd.tabara"),
    responses((status = 200, content_type = "application/vnd.tabara", body = Vec<u8>),
        (status = 202, content_type = "text/plain", body = String), Problem))]
async fn bundles(State(server): State<Arc<Server>>, request: Request) -> Result<Response, Problem> {
    // a task of its own: a complete bundle is taken in even if the connection breaks before the answer
    tokio::spawn(taken_in(server, request)).await.unwrap_or(Err(Problem::Unavailable))
}

async fn taken_in(server: Arc<Server>, request: Request) -> Result<Response, Problem> {
    let posted: LimitedBody<MAX_FILE> = match request.headers().get(BUNDLE_HEADER).cloned() {
        None => LimitedBody::from_request(request, &server).await?,
        Some(name) => match server.uploads.read(&name, request).await? {
            Some(whole) => whole,
            None => {
                let held = name.to_str().ok().and_then(|name| server.uploads.held(name.parse().ok()?));
                return Ok(arrived(held.ok_or(Problem::Gap)?));
            }
        },
    };
    let (begun, opening) = (Instant::now(), server.clone());
    // what is unpacked takes more memory than what came, so only so many are unpacked at once
    let _permit = server.opening.acquire().await.map_err(|_| Problem::Unavailable)?;
    let signed = blocking(move || open(&opening.store, &opening.settings, &posted.bytes)).await?;
    // one phone does not fill the queue of the only writer
    let _of_phone = match signed.caller.phone().map(|phone| Client::Phone(phone.position)) {
        Some(phone) => Some(server.limits.take(phone, begun).and_then(|()| server.limits.enter(phone))?),
        None => None,
    };
    let answering = server.clone();
    let parcel = blocking(move || {
        let hash = signed.hash;
        let (parcel, outcomes) = answer(&answering.store, &answering.settings, signed)?;
        answering.counters.bundle(&outcomes, begun.elapsed());
        answering.parcels.keep(hash, &parcel);
        Ok(parcel)
    });
    parcel.await.map(parcel::response)
}

fn arrived(bytes: usize) -> Response {
    (StatusCode::ACCEPTED, bytes.to_string()).into_response()
}

/// What became of a bundle, named by its SHA-256: its parcel, or how many bytes of it have arrived (decimal digits). A parcel
/// that is kept no more cannot be made again from the log, which does not know the head that the bundle named: the phone
/// would take it for one of a forked log.
#[utoipa::path(get, path = "/bundles/{sha256}", params(("sha256" = Digest, Path)),
    responses((status = 200, content_type = "application/vnd.tabara", body = Vec<u8>),
        (status = 202, content_type = "text/plain", body = String), Problem))]
async fn fate(State(server): State<Arc<Server>>, Path(hash): Path<String>) -> Result<Response, Problem> {
    let hash: Digest = hash.parse().map_err(|_| Problem::NotFound)?;
    if let Some(parcel) = server.parcels.of(hash) {
        return Ok(parcel::response(parcel.to_vec()));
    }
    server.uploads.held(hash).map(arrived).ok_or(Problem::NotFound)
}

/// Opens a bundle, finds the key that it needs, and checks its signature. Registers the phones that it introduces.
pub fn open(store: &Store, settings: &Settings, file: &[u8]) -> Result<SignedBundle, Problem> {
    let opened = unsealed(settings, file)?;
    let kid = opened.kid.clone();
    let (known, reviewer) = store.read(|log| {
        let known = log.by_transport_key(&kid)?;
        Ok((known.clone(), if known.is_none() { log.reviewer(&kid)? } else { None }))
    })?;
    let introduces = |opened: &OpenedBundle| {
        let claims =
            |chain: &Chain| envelope::stored::<Keys>(&chain.binding).is_ok_and(|keys| keys.transport_key.kid() == kid);
        let mut chains = opened.introductions().into_iter().map(|introduction| introduction.chain).filter(claims);
        chains.find_map(|chain| Some(devices::verify(settings, &chain).ok()?.1.transport_key))
    };
    let key = match (&known, reviewer) {
        (Some(phone), _) => phone.transport_key,
        (None, Some(reviewer)) => reviewer,
        (None, None) => introduces(&opened).ok_or(Problem::UnknownDevice)?,
    };
    let (bundle, records) = opened.verify(&key).map_err(|_| Problem::Malformed)?;
    let hash = sha256(file);
    if known.is_none() && reviewer.is_some() {
        let answer_to = bundle.answer_to.clone().filter(|to| is_recipient(to)).ok_or(Problem::Malformed)?;
        return Ok(SignedBundle { hash, caller: Caller::Reviewer { kid, answer_to }, bundle, records });
    }
    for introduction in &bundle.introductions {
        match devices::register(store, settings, introduction) {
            // if a phone stays unknown, its records are refused one by one
            Ok(_) | Err(Problem::BadChain | Problem::TooMany) => (),
            Err(problem) => return Err(problem),
        }
    }
    let phone = store.read(|log| log.by_transport_key(&kid))?.ok_or(Problem::UnknownDevice)?;
    Ok(SignedBundle { hash, caller: Caller::Phone(phone), bundle, records })
}

/// The header of a bundle ends within so many bytes. Each line of it for a recipient costs a key agreement to look at: a long
/// one would cost seconds.
const MAX_HEADER: usize = 4096;

/// With the present intake key, or an earlier one. A phone whose catalog names a key that is gone posts its chain, and the
/// parcel for that brings the catalog.
fn unsealed(settings: &Settings, file: &[u8]) -> Result<OpenedBundle, Problem> {
    let header = &file[..file.len().min(MAX_HEADER)];
    if !header.windows(5).any(|end| end == b"\n--- ") {
        return Err(Problem::Malformed);
    }
    let mut keys = settings.intake_keys();
    loop {
        let Some(key) = keys.next() else { return Err(Problem::UnknownDevice) };
        match Bundle::open(file, key) {
            Err(WireError::Seal(SealError::NotForThisKey)) => (),
            opened => return opened.map_err(|_| Problem::Malformed),
        }
    }
}

/// Takes in what a bundle brings and makes the parcel that answers it. The same bundle again is harmless.
pub fn answer(store: &Store, settings: &Settings, signed: SignedBundle) -> store::Result<(Vec<u8>, Vec<Outcome>)> {
    let SignedBundle { hash, caller, mut bundle, records } = signed;
    let (wiped, evidence) = (bundle.wiped, std::mem::take(&mut bundle.evidence));
    let bundled = Bundled { hash, caller: caller.clone(), records, wiped, evidence };
    let (outcomes, later) = intake::take_in(store, settings, bundled)?;
    let mut told = Told::of(hash);
    let mut positions = BTreeSet::new();
    for (jws, outcome) in &outcomes {
        match *outcome {
            Outcome::Kept { position, .. } => drop(positions.insert(position)),
            Outcome::Refused(reason) => told.refused.push(RefusedRecord { jws: *jws, reason }),
            Outcome::Later => told.later = Some(later),
        }
    }
    told.leaves = store.read(|log| positions.into_iter().map(|position| log.leaf_of(position)).collect())?;
    // standing as it is after what the bundle did
    let caller = match caller {
        Caller::Phone(phone) => Caller::Phone(store.read(|log| log.binding(phone.position))?),
        reviewer @ Caller::Reviewer { .. } => reviewer,
    };
    let parcel = parcel::seal(store, settings, &caller, &bundle, told)?;
    Ok((parcel, outcomes.into_iter().map(|(_, outcome)| outcome).collect()))
}
