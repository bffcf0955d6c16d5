//! Bundles that a courier brings. A bundle is opened with the intake key and its records are taken in like any others. The
//! answer is a parcel with the verdicts, the catalog and its files. A parcel without verdicts sets up a phone that has no
//! network.

use crate::devices::{self, AuthenticatedDevice};
use crate::http::limited_body::LimitedBody;
use crate::http::problem::{Problem, blocking};
use crate::intake;
use crate::settings::Settings;
use crate::state::Server;
use crate::store::{self, Store, StoreError};
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use std::sync::Arc;
use tabara_protocol::catalog::Catalog;
use tabara_protocol::courier::{Answered, Bundle, Parcel};
use tabara_protocol::envelope::{self, Typ, sha256};
use tabara_protocol::record::{MAX_BATCH, MAX_SEALED};
use tabara_protocol::seal::SealError;
use utoipa_axum::{router::OpenApiRouter, routes};

/// A bundle is at most this long: its records, their base64, and the age file around them.
const MAX_FILE: usize = tabara_protocol::courier::MAX_BUNDLE + 2 * MAX_SEALED;

pub fn routes() -> OpenApiRouter<Arc<Server>> {
    OpenApiRouter::new().routes(routes!(bundles))
}

/// Why a bundle is refused as a whole.
#[derive(Debug, thiserror::Error)]
pub enum CourierError {
    #[error("not a bundle for this server: {0}")]
    Bundle(#[from] SealError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Takes in a bundle, whoever brings it, and answers with a parcel.
#[utoipa::path(post, path = "/bundles", security(("token" = [])),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 200, content_type = "application/octet-stream", body = Vec<u8>), Problem))]
async fn bundles(
    State(server): State<Arc<Server>>,
    _caller: AuthenticatedDevice,
    posted: LimitedBody<MAX_FILE>,
) -> Result<Response, Problem> {
    let parcel = blocking(move || {
        let answers = take_in(&server.store, &server.settings, &posted.bytes).map_err(|e| match e {
            CourierError::Bundle(_) => Problem::Malformed,
            CourierError::Store(e) => e.into(),
        })?;
        Ok(parcel(&server.store, &server.settings, answers)?.write())
    })
    .await?;
    Ok(([(header::CONTENT_TYPE, "application/octet-stream")], parcel).into_response())
}

/// Takes in a bundle, whoever brings it. The same one again is harmless.
pub fn take_in(store: &Store, settings: &Settings, file: &[u8]) -> Result<Vec<Answered>, CourierError> {
    let Bundle { chains, records } = Bundle::open(file, &settings.intake)?;
    for chain in chains {
        match devices::register(store, settings, chain) {
            // if the phone stays unknown, its records are refused one by one
            Ok(_) | Err(Problem::BadChain) => (),
            Err(_) => return Err(StoreError::Stopped.into()),
        }
    }
    let mut answers = Vec::with_capacity(records.len());
    for batch in records.chunks(MAX_BATCH) {
        let verdicts = intake::take_in(store, settings, batch.to_vec(), None)?;
        let answered = batch.iter().zip(verdicts);
        answers.extend(answered.map(|(sent, verdict)| Answered { jws: sha256(sent.jws.as_bytes()), verdict }));
    }
    Ok(answers)
}

/// The answer: these verdicts, with the catalog in force and its files.
pub fn parcel(store: &Store, settings: &Settings, answers: Vec<Answered>) -> store::Result<Parcel> {
    store.read(|log| {
        let head = settings.operations.sign(Typ::Head, &log.head(settings.clock.unix())?);
        let mut parcel = Parcel { head, catalog: log.catalog()?, parts: Vec::new(), answers };
        let catalog = parcel.catalog.as_deref().and_then(|jws| envelope::stored::<Catalog>(jws).ok());
        for part in catalog.iter().flat_map(|catalog| &catalog.parts) {
            if let Some(bytes) = log.part(part.sha256)? {
                parcel.add_part(&bytes);
            }
        }
        Ok(parcel)
    })
}
