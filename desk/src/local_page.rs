//! A phone in the browser, a form tried out, and a case worker's inbox: pages that this machine serves to its own user alone.
//!
//! One axum router over HTTP on loopback, HTML by maud, every change a posted form with a redirect after it, so that all of
//! it works without script. [`phone`] runs the real core on a folder; [`preview`] runs an interview of a form without a vault.
//! Both draw a page with the same code.
//!
//! | module | what |
//! |--|--|
//! | [`door`] | who may come in: one-time address, cookie, `Host`, `Origin`; the headers of every answer |
//! | [`frame`], [`markdown`] | the page around its content; the little markup of labels |
//! | [`fields`], [`drawing`] | one question of every type; a whole page of an interview |
//! | [`posted`], [`answers`], [`conversation`] | what was posted, as XLSForm writes it; one step of an interview |
//! | [`key_store`], [`trouble`] | the computer's key store; the core's errors in words |
//! | [`phone`], [`preview`], [`inbox`] | the three programs |

pub mod answers;
pub mod conversation;
pub mod door;
pub mod drawing;
pub mod fields;
pub mod frame;
pub mod inbox;
pub mod key_store;
pub mod markdown;
pub mod phone;
pub mod posted;
pub mod preview;
pub mod trouble;

use crate::error::{DeskError, Result, invalid};
use axum::Router;
use door::Door;
use std::future::Future;
use std::path::Path;
use std::sync::Arc;
use tabara_core::clock::Clock;
use tabara_core::vault::DeviceSecret;
use tokio::net::TcpListener;

/// A page that is ready to be served.
pub struct LocalPage {
    listener: TcpListener,
    door: Arc<Door>,
    router: Router,
}

impl LocalPage {
    /// A phone over a folder. `warned`: the secret lies in a file, which every page says.
    pub async fn phone(
        folder: &Path,
        secret: Arc<dyn DeviceSecret>,
        clock: Arc<dyn Clock>,
        warned: bool,
    ) -> Result<Self> {
        let (folder, state) = (folder.to_owned(), (secret, clock));
        Self::new(|door| phone::router(Arc::new(phone::Phone::new(door, folder, state.0, state.1, warned)))).await
    }

    /// The form in a file, tried out.
    pub async fn preview(form: &Path, language: &str) -> Result<Self> {
        let state = preview::Preview::new(form, language);
        Self::new(|door| preview::router(door, state)).await
    }

    /// What waits for a case worker.
    pub async fn inbox(desk: inbox::InboxDesk) -> Result<Self> {
        Self::new(|door| inbox::router(door, desk)).await
    }

    async fn new(routes: impl FnOnce(Arc<Door>) -> Router) -> Result<Self> {
        let none = |cause: std::io::Error| invalid(format!("no port of 127.0.0.1 is free: {cause}"));
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.map_err(none)?;
        let door = Arc::new(Door::new(listener.local_addr().map_err(none)?.port()));
        let router = door::guarded(door.clone(), routes(door.clone()));
        Ok(Self { listener, door, router })
    }

    /// Hands out addresses that work once.
    pub fn door(&self) -> Arc<Door> {
        self.door.clone()
    }

    /// Serves until the future ends.
    pub async fn serve(self, until: impl Future<Output = ()> + Send + 'static) -> Result<()> {
        let served = axum::serve(self.listener, self.router).with_graceful_shutdown(until).await;
        served.map_err(|cause| DeskError::Invalid(format!("the page ended: {cause}")))
    }
}
