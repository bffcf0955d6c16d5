//! Sync and couriers; all of it works while the vault is locked.

use super::phone::FocalPoint;
use crate::catalog::Policy;
use crate::error::{Error, NotFoundItem, Result};
use crate::sync::{self, Client, Progress, SyncReport, courier};
use crate::vault::mailbox::{Activity, Mailbox, Waiting};
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

impl FocalPoint {
    /// What waits to be sent and what the server refused. Works while locked.
    pub fn waiting(&self) -> Result<Waiting> {
        Ok(self.0.mailbox()?.queue_status()?)
    }

    /// A page of 50 lines of what this phone did with records, the newest first; pages count from 0. Works while locked.
    pub fn activities(&self, page: usize) -> Result<Vec<Activity>> {
        Ok(self.0.mailbox()?.activities(page)?)
    }

    /// After so long without use the app should call [`FocalPoint::lock`]: the catalog's policy.
    pub fn lock_after(&self) -> Result<Duration> {
        let policy = self.0.mailbox().map_or_else(|_| Ok(Policy::default()), |mailbox| mailbox.policy())?;
        Ok(Duration::from_secs(policy.lock_after_seconds.into()))
    }

    /// Sends a record again that was refused, or that the server should have: harmless, however often. Works while locked.
    pub fn send_again(&self, record: Uuid) -> Result<()> {
        let waits = self.0.mailbox()?.send_again(record)?;
        if waits { Ok(()) } else { Err(Error::NotFound { what: NotFoundItem::Case }) }
    }

    /// Sends what waits and fetches what is new, locked or not. Drop it or cancel `progress` to end it: the next one goes on
    /// from there. Needs a tokio runtime.
    pub async fn sync(&self, progress: &Progress) -> Result<SyncReport> {
        let (client, mailbox) = (self.client()?, self.0.mailbox()?);
        let report = sync::run(&mailbox, &client, progress).await?;
        let gone = mailbox.pin_guard()?.gone.is_some();
        if report.cancelled || gone || !self.apply_wipe_order(false)? {
            return Ok(report);
        }
        // what was sealed just now goes out, and the server is told
        let after = sync::run(&mailbox, &client, progress).await?;
        Ok(SyncReport { accepted: report.accepted + after.accepted, ..report })
    }

    /// What waits, as a file that any phone, card or e-mail may carry to the server; nothing when nothing waits. A phone that
    /// was never online asks for its catalog.
    pub fn bundle(&self) -> Result<Option<Vec<u8>>> {
        courier::export(&*self.0.mailbox()?)
    }

    /// Takes what a courier brought back for it.
    pub fn take_parcel(&self, parcel: &[u8]) -> Result<SyncReport> {
        courier::take_parcel(&*self.0.mailbox()?, parcel)
    }

    /// Brings another phone's file to the server, and returns the parcel for it. Needs a tokio runtime.
    pub async fn carry(&self, bundle: &[u8]) -> Result<Vec<u8>> {
        courier::carry(&*self.0.mailbox()?, &self.client()?, bundle).await
    }

    fn client(&self) -> Result<Client> {
        let mailbox = self.0.mailbox()?;
        let servers = mailbox.servers()?;
        Client::new(&servers, move || [mailbox.now(), mailbox.latest()].map(|time| time.unwrap_or(0)))
    }

    /// What sync works with, locked or not.
    ///
    /// # Panics
    /// Where there is none: before the first card, and where key store or mailbox are lost.
    pub fn mailbox(&self) -> Arc<Mailbox> {
        self.0.mailbox().expect("an enrolled phone")
    }
}
