//! What one run knows.

use super::client::Client;
use super::fault::Done;
use super::pace::Pace;
use super::report::{Progress, Step, SyncReport};
use crate::envelope::random;
use crate::vault::mailbox::{Enrolment, Mailbox};
use tokio::time::Instant;

pub(super) struct Run<'a> {
    pub(super) mailbox: &'a Mailbox,
    pub(super) client: &'a Client,
    pub(super) progress: &'a Progress,
    pub(super) report: &'a mut SyncReport,
    pub(super) me: Enrolment,
    pub(super) pace: Pace,
    /// The server's time and when it was told; trusted for no more than tokens until the catalog confirms its key.
    pub(super) time: (i64, Instant),
    /// The furthest place of the log that was seen in this run.
    pub(super) head: u64,
    /// How often the server said in this run that it does not know this phone or its chain.
    pub(super) unknown: u32,
}

impl<'a> Run<'a> {
    pub(super) fn new(
        mailbox: &'a Mailbox,
        client: &'a Client,
        progress: &'a Progress,
        report: &'a mut SyncReport,
    ) -> Done<Self> {
        let me = mailbox.enrolment()?;
        let pace = Pace::new(u64::from_le_bytes(random()));
        Ok(Self { mailbox, client, progress, report, me, pace, time: (0, Instant::now()), head: 0, unknown: 0 })
    }

    pub(super) fn tell(&self, step: Step) {
        (self.progress.tell)(step);
    }
}
