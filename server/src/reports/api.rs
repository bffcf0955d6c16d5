//! The latest public release for programs, without signing in.

use super::release::{Release, of_log, read};
use crate::http::problem::Problem;
use crate::http::state::Server;
use axum::Json;
use axum::extract::State;
use std::sync::Arc;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub fn routes() -> OpenApiRouter<Arc<Server>> {
    OpenApiRouter::new().routes(routes!(latest))
}

/// The figures of the latest public release. Numbers are multiples of its base; one that is missing is under it, or hidden.
#[utoipa::path(get, path = "/releases/latest", responses((status = 200, body = Release), Problem))]
async fn latest(State(server): State<Arc<Server>>) -> Result<Json<Release>, Problem> {
    let read = move || {
        let noted = server.store.read(|log| log.last_release()).map_err(|_| Problem::Unavailable)?;
        let noted = noted.ok_or(Problem::NotFound)?;
        let jws = read(&server.settings, noted.number).map_err(|_| Problem::Unavailable)?;
        of_log(&server.store, jws).map(|frozen| Json(frozen.release)).map_err(|_| Problem::Unavailable)
    };
    tokio::task::spawn_blocking(read).await.unwrap_or(Err(Problem::Unavailable))
}
