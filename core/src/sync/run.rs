//! One run: exchanges until nothing waits, then the files of the catalog.

use super::client::{Ask, Client, is_sealed};
use super::fault::{Done, Fault, Miss};
use super::pace::Pace;
use super::pack;
use super::report::{Progress, Step, SyncReport};
use super::take::{NoAnswer, Taken, check, take};
use crate::envelope::{Digest, random, sha256};
use crate::error::{Error, OfflineReason, Result};
use crate::vault::mailbox::Mailbox;
use crate::wire::{BUNDLES, DEVICES, MAX_ASKED, MAX_REGISTRATION, PARTS};
use tokio::time::Instant;

/// A server that says that it does not know this phone is told who it is so often in a run.
const MOST_REGISTRATIONS: u32 = 2;
/// So many exchanges in a row may settle nothing, although something waits.
const MOST_IDLE: u32 = 2;
/// More updates than this are not all of them, perhaps.
const MANY_UPDATES: u32 = 20;

/// One run. Fails with [`Error::Offline`], [`Error::Untrusted`], [`Error::NotEnrolled`], or what the mailbox's file says; what
/// was settled before stays settled.
pub async fn run(mailbox: &Mailbox, client: &Client, progress: &Progress) -> Result<SyncReport> {
    let mut run = Run::new(mailbox, client, progress);
    let ended = tokio::select! {
        biased;
        () = progress.cancelled.notified() => None,
        ended = run.all() => Some(ended),
    };
    let mut report = run.report;
    match ended {
        None => report.cancelled = true,
        Some(ended) => ended.map_err(Error::from)?,
    }
    report.catalog_expired = mailbox.queue_status()?.catalog_expired;
    Ok(report)
}

/// Brings a bundle, or a registration, to the server and returns the parcel for whom it is from.
pub(super) async fn carry(mailbox: &Mailbox, client: &Client, file: &[u8]) -> Result<Vec<u8>> {
    let progress = Progress::default();
    let path = if is_sealed(file) { BUNDLES } else { DEVICES };
    let read = |body: &[u8]| Ok(if is_sealed(body) { Ok(body.to_vec()) } else { Err(NoAnswer::NotForUs) });
    Ok(Run::new(mailbox, client, &progress).deliver(path, file, false, read).await?)
}

pub(super) struct Run<'a> {
    mailbox: &'a Mailbox,
    pub(super) client: &'a Client,
    progress: &'a Progress,
    report: SyncReport,
    pub(super) pace: Pace,
    /// Address and program that answered last.
    pub(super) answered_by: String,
    registrations: u32,
}

impl<'a> Run<'a> {
    fn new(mailbox: &'a Mailbox, client: &'a Client, progress: &'a Progress) -> Self {
        let (pace, report, answered_by) =
            (Pace::new(u64::from_le_bytes(random())), SyncReport::default(), String::new());
        Self { mailbox, client, progress, report, pace, answered_by, registrations: 0 }
    }

    async fn all(&mut self) -> Done {
        let mailbox = self.mailbox;
        (self.progress.tell)(Step::Contacting);
        mailbox.retry_refused()?;
        if mailbox.catalog()?.is_none() {
            self.register().await?;
        }
        let (of, mut done, mut idle) = (self.waiting()?, 0, 0);
        loop {
            (self.progress.tell)(Step::Sending { done, of: of.max(done) });
            let (bundle, new) = pack::to_send(mailbox, self.pace.batch())?;
            let Some(taken) = self.exchange(&bundle.bytes, new).await? else { continue };
            done += taken.settled;
            (self.progress.tell)(Step::Sending { done, of: of.max(done) });
            let state = mailbox.sync_state()?;
            let waits = state.held_until(mailbox.now()?).is_none() && !mailbox.waiting(1, 0)?.is_empty();
            let doubts = pack::doubts(mailbox, &state);
            let untold = state.evidence.iter().take(MAX_ASKED / 2).any(|evidence| !evidence.reported);
            let undone = state.order.is_some() && bundle.asked.wiped.is_some_and(|wiped| wiped.waiting > 0);
            if new && !(waits || doubts || untold || undone || taken.report.updates >= MANY_UPDATES) {
                break;
            }
            idle = if taken.settled > 0 || !bundle.asked.prove.is_empty() || taken.report.updates > 0 {
                0
            } else {
                idle + 1
            };
            if idle > MOST_IDLE {
                break;
            }
        }
        self.fetch_parts().await?;
        mailbox.apply_retention()?;
        Ok(mailbox.synced()?)
    }

    fn waiting(&self) -> Done<u32> {
        Ok(u32::try_from(self.mailbox.queue_status()?.records).unwrap_or(u32::MAX))
    }

    /// Tells the server who this phone is. The parcel brings the catalog.
    async fn register(&mut self) -> Done {
        self.registrations += 1;
        let json = pack::registration(self.mailbox)?;
        let read = |body: &[u8]| check(self.mailbox, body);
        let checked = self.deliver(DEVICES, &json, false, read).await?;
        let taken = take(self.mailbox, &checked, true, Some(&self.answered_by))?;
        self.report.add(taken.report);
        Ok(())
    }

    /// Sends a bundle and takes its parcel over. Nothing where the phone had to make itself known first: another bundle may be
    /// needed then. `new`: it was made in this run.
    async fn exchange(&mut self, bundle: &[u8], new: bool) -> Done<Option<Taken>> {
        let started = Instant::now();
        let read = |body: &[u8]| check(self.mailbox, body);
        let checked = match self.deliver(BUNDLES, bundle, !new, read).await {
            // a server without the intake key of our catalog cannot read it: the next catalog names another one
            Err(Fault::Unknown | Fault::Offline(OfflineReason::ChangedOnTheWay))
                if self.registrations < MOST_REGISTRATIONS =>
            {
                self.register().await?;
                return Ok(None);
            }
            checked => checked?,
        };
        let mut taken = take(self.mailbox, &checked, new, Some(&self.answered_by))?;
        self.pace.sent(bundle.len(), started.elapsed());
        self.report.add(std::mem::take(&mut taken.report));
        Ok(Some(taken))
    }

    /// Fetches the files of the catalog that are not here yet.
    async fn fetch_parts(&mut self) -> Done {
        let missing = self.mailbox.missing_parts()?;
        for (done, part) in missing.iter().enumerate() {
            (self.progress.tell)(Step::Fetching { done: done as u32, of: missing.len() as u32 });
            if let Some(bytes) = self.fetch(&part.sha256, part.len).await? {
                self.mailbox.take_part(&bytes)?;
            }
        }
        for chain in self.mailbox.missing_chains()? {
            if let Some(bytes) = self.fetch(&chain, MAX_REGISTRATION as u64).await? {
                self.mailbox.take_chain(&bytes)?;
            }
        }
        Ok(())
    }

    /// Fetches a file; after a cut, from where it was cut. None where the server does not have it.
    async fn fetch(&mut self, hash: &Digest, len: u64) -> Done<Option<Vec<u8>>> {
        let mut bytes = Vec::new();
        loop {
            let (mut ask, before) = (Ask::get(format!("{PARTS}/{hash}")), bytes.len());
            if before > 0 {
                ask = ask.with("range", format!("bytes={before}-"));
            }
            let miss = match self.once(ask, len as usize - before, len, &mut bytes).await {
                _ if sha256(&bytes) == *hash => return Ok(Some(bytes)),
                Ok(answer) if answer.status == 404 => return Ok(None),
                Err(miss) if (bytes.len() as u64) < len => {
                    if bytes.len() > before {
                        self.pace.answered();
                    }
                    miss
                }
                _ => {
                    bytes.clear();
                    Miss::Again(OfflineReason::ChangedOnTheWay, None)
                }
            };
            self.pause(miss).await?;
        }
    }
}
