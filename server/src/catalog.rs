//! The catalog in force, signed by the authority, which parcels enclose, and the files it names, which anyone fetches by
//! hash. The server passes them on and cannot change them. A catalog is published by command, also while a server runs on the
//! same folder.

use crate::http::problem::{Problem, blocking};
use crate::http::state::Server;
use crate::log::{append, begin};
use crate::settings::Settings;
use crate::store::entry::{EntryKind, Revocation};
use crate::store::{self, EntryRow, Store, StoreError};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use std::sync::Arc;
use tabara_protocol::catalog::{Catalog, CatalogError};
use tabara_protocol::clock::civil_date;
use tabara_protocol::envelope::{self, Digest, sha256};
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<Arc<Server>> {
    OpenApiRouter::new().routes(routes!(part))
}

/// A file that the catalog names or the chain of a phone, or its rest from `Range: bytes=N-`. The hash in the path excludes another version.
#[utoipa::path(get, path = "/parts/{sha256}", params(("sha256" = Digest, Path)),
    responses((status = 200, content_type = "application/octet-stream", body = Vec<u8>),
        (status = 206, content_type = "application/octet-stream", body = Vec<u8>), Problem))]
async fn part(
    State(server): State<Arc<Server>>,
    Path(hash): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let hash: Digest = hash.parse().map_err(|_| Problem::NotFound)?;
    let found = blocking(move || Ok(server.store.read(|log| log.part(hash))?)).await?;
    let mut bytes = found.ok_or(Problem::NotFound)?;
    let kind = [
        (header::CONTENT_TYPE, "application/octet-stream".to_owned()),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable".to_owned()),
        (header::ETAG, format!("\"{hash}\"")),
    ];
    let range = headers.get(header::RANGE).and_then(|range| range.to_str().ok()?.strip_prefix("bytes="));
    match range.and_then(|range| range.strip_suffix('-')?.parse().ok()).filter(|from| *from < bytes.len()) {
        None => Ok((kind, bytes).into_response()),
        Some(from) => {
            let range = [(header::CONTENT_RANGE, format!("bytes {from}-{}/{}", bytes.len() - 1, bytes.len()))];
            Ok((StatusCode::PARTIAL_CONTENT, kind, range, bytes.split_off(from)).into_response())
        }
    }
}

/// Why a catalog is not published; the old one stays in force.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    #[error("it was made for another server, or for earlier keys of this one: begin it from `tabara-server report`")]
    OtherOperations,
    #[error("it names an intake key that this server has not: begin it from `tabara-server report`")]
    OtherIntake,
    #[error("it is over since {0}: tabara-desk catalog next --expires DAY")]
    Expired(String),
    #[error("the file parts/{0} is missing: carry the whole folder of the catalog")]
    MissingPart(Digest),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Publishes a catalog with those of its files that the server lacks. Publishing the same one again has no effect.
pub fn publish(
    store: &Store,
    settings: &Settings,
    jws: &str,
    files: Vec<Vec<u8>>,
    now: i64,
) -> Result<Catalog, PublishError> {
    let in_force = store.read(|log| log.catalog())?;
    let old: Option<Catalog> = in_force.as_deref().and_then(|jws| envelope::stored(jws).ok());
    let tried = settings.authorities.iter().map(|key| Catalog::verify(jws, key, old.as_ref()));
    let unsigned = Err(CatalogError::Envelope(envelope::EnvelopeError::WrongKey));
    let other_key = |e: &_| matches!(e, CatalogError::Envelope(envelope::EnvelopeError::WrongKey));
    let mut verified = tried.filter(|tried| !tried.as_ref().is_err_and(other_key));
    let catalog = verified.next().unwrap_or(unsigned)?;
    if !settings.is_named_by(&catalog) {
        return Err(PublishError::OtherOperations);
    }
    if catalog.expires <= now && in_force.as_deref() != Some(jws) {
        return Err(PublishError::Expired(civil_date(catalog.expires).to_string()));
    }
    let intake = tabara_protocol::catalog::RecipientRole::Intake;
    if catalog.recipients.iter().any(|r| r.role == intake && !settings.opens(&r.age)) {
        return Err(PublishError::OtherIntake);
    }
    let files: Vec<_> = files.into_iter().map(|bytes| (sha256(&bytes), bytes)).collect();
    for part in &catalog.parts {
        let given = files.iter().any(|(hash, _)| *hash == part.sha256);
        if !given && store.read(|log| log.part(part.sha256))?.is_none() {
            return Err(PublishError::MissingPart(part.sha256));
        }
    }
    if in_force.as_deref() == Some(jws) {
        return Ok(catalog);
    }
    let (jws, named) = (jws.to_owned(), catalog.clone());
    let trusted: Vec<_> =
        old.iter().flat_map(|old| &old.revoked).filter(|d| !named.revoked.contains(d)).copied().collect();
    store.write(move |log| -> store::Result<()> {
        let now = begin(log, now)?;
        for (hash, bytes) in files.iter().filter(|(hash, _)| named.parts.iter().any(|p| p.sha256 == *hash)) {
            log.keep_part(*hash, bytes)?;
        }
        log.append(&EntryRow::own(EntryKind::Catalog, now, jws))?;
        // whom the last catalog revoked and this one does not, the authority trusts again
        trusted.into_iter().try_for_each(|device| {
            append(log, EntryKind::Revocation, now, &Revocation { lifted: true, ..Revocation::of(device) }).map(drop)
        })
    })?;
    Ok(catalog)
}
