//! A case worker's inbox in the browser of her own machine: what waits, with no name and no answer; with her key a case opened,
//! a decision signed, and a note to the next shift. The key is in memory until she locks, or is away for ten minutes.
//!
//! It reads one folder, which `tabara-server inbox` wrote, and writes into two below it: `decisions`, bundles for the server;
//! `notes`, sealed. `duty.csv` in it is the roster: from, until, name, telephone.

mod here;
mod list;
mod notes;
mod opened;

pub use here::InboxDesk;

use super::door::Door;
use super::frame::{icon, script, style};
use axum::Router;
use axum::routing::{get, post};
use here::Office;
use std::sync::Arc;

pub(super) fn router(door: Arc<Door>, desk: InboxDesk) -> Router {
    let office = Office::new(door, desk);
    Router::new()
        .route("/home", get(list::list))
        .route("/unlock", post(list::unlock))
        .route("/lock", post(list::lock))
        .route("/note", post(notes::leave_note))
        .route("/case/{file}", get(opened::show).post(opened::decide))
        .route("/style.css", get(style))
        .route("/script.js", get(script))
        .route("/icon.svg", get(icon))
        .with_state(Arc::new(office))
}
