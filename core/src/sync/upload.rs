//! Sending what waits. A batch is sent until it is known what became of it. What of it has arrived when the line is cut
//! stays with the server for a while and is not sent again; where all of it may have arrived and the answer was lost, the
//! phone asks for the receipts, which costs far less than to send it again.

use super::client::{Ask, MAX_ANSWER};
use super::fault::{Done, Fault, Miss, Read, parse};
use super::messages::{Held, Wanted, json};
use super::receipt::judge;
use super::report::Step;
use super::run::Run;
use crate::courier::gzip;
use crate::envelope::{Digest, PublicKey, sha256};
use crate::error::UntrustedReason;
use crate::record::{Batch, BatchReply, IntakeOutcome, MAX_BATCH, Reason, Sent, Verdict};
use crate::vault::mailbox::{Applied, Outgoing, SyncState};
use tokio::time::Instant;

/// So often a batch may fail without any progress, although the server answers other questions.
const MOST_STUCK: u32 = 6;
/// Receipts asked for at once, on a line that has just been cut.
const MOST_ASKED: usize = 4;

impl Run<'_> {
    /// Sends what waits, oldest first.
    pub(super) async fn upload(&mut self, operations: &[PublicKey]) -> Done {
        let of = u32::try_from(self.mailbox.queue_status()?.records).unwrap_or(u32::MAX);
        // `after`: what cannot be settled in this run is passed over. `alone`: so many go one by one.
        let (mut done, mut after, mut alone, mut stuck) = (0, 0, 0_usize, 0);
        loop {
            self.tell(Step::Sending { done, of: of.max(done) });
            let most = if alone > 0 { 1 } else { MAX_BATCH };
            let batch = self.mailbox.waiting(after, most, self.pace.batch())?;
            let Some(first) = batch.first().map(|o| o.place) else { return Ok(()) };
            match self.deliver(&batch, operations).await? {
                Some(settled) => {
                    done += settled;
                    stuck = if settled > 0 { 0 } else { stuck + 1 };
                    alone = alone.saturating_sub(1);
                }
                None if batch.len() > 1 => alone = batch.len(),
                None => (after, alone) = (first, alone.saturating_sub(1)),
            }
            if stuck > MOST_STUCK {
                return Err(Fault::Offline);
            }
        }
    }

    /// Sends a batch. Returns how many records are settled, or nothing where the server cannot read it as a whole.
    async fn deliver(&mut self, batch: &[Outgoing], operations: &[PublicKey]) -> Done<Option<u32>> {
        let records = batch.iter().map(|o| Sent::new(o.jws.clone(), o.sealed.as_deref())).collect();
        let body = gzip(&json(&Batch { records }));
        // `idle`: tries in a row by which nothing more arrived
        let (name, mut from, mut idle) = (sha256(&body), 0, 0);
        loop {
            let (started, rest, mut reply) = (Instant::now(), body.len() - from, Vec::new());
            let mut ask = Ask::zipped("/v1/records", body[from..].to_vec()).with("tabara-batch", name.to_string());
            if from > 0 {
                ask = ask.with("content-range", format!("bytes {from}-{}/{}", body.len() - 1, body.len()));
            }
            let miss = match self.once(ask, rest, MAX_ANSWER, &mut reply).await {
                Ok(_) => {
                    let settled = self.settle(batch, &reply, operations)?;
                    if settled.no_chain {
                        self.unknown += 1;
                        self.introduce().await?;
                    }
                    match settled.broken {
                        Some(reason) => Miss::Again(None, Fault::Untrusted(reason)),
                        None => {
                            self.pace.answered();
                            self.pace.sent(rest, started.elapsed());
                            return Ok(Some(settled.count));
                        }
                    }
                }
                Err(Miss::Unfit) => return Ok(None),
                Err(miss) => miss,
            };
            self.recover(miss).await?;
            match self.arrived(name).await? {
                Some(held) if idle < MOST_STUCK && (1..body.len()).contains(&held) => {
                    idle = if held > from { 0 } else { idle + 1 };
                    from = held;
                }
                _ => return self.ask_after(batch, operations).await.map(Some),
            }
        }
    }

    /// How much of a batch the server holds that it has not got whole.
    async fn arrived(&mut self, batch: Digest) -> Done<Option<usize>> {
        let ask = Ask::get(format!("/v1/records/{batch}"));
        let held = |body: &[u8]| parse::<Held>(body).map(|held| Some(held.held));
        self.ask(256, MAX_ANSWER, &ask, |answer, body| if answer.status == 200 { held(&body) } else { Ok(None) }).await
    }

    /// Takes over what became of a batch whose answer was lost. Returns how many are settled.
    async fn ask_after(&mut self, batch: &[Outgoing], operations: &[PublicKey]) -> Done<u32> {
        let mut settled = 0;
        for batch in batch.chunks(MOST_ASKED) {
            let Wanted { wanted, kept } =
                self.offer(&batch.iter().map(Outgoing::offer).collect::<Vec<_>>(), true).await?;
            let here = batch.iter().filter(|o| !wanted.contains(&o.record));
            settled += self.take_over(here.zip(&kept), operations)?.count;
        }
        Ok(settled)
    }

    /// Takes over the answer to a batch, or says why it cannot be one.
    fn settle(&mut self, batch: &[Outgoing], reply: &[u8], operations: &[PublicKey]) -> Done<Settled> {
        let read: Read<BatchReply> = parse(reply);
        match read {
            Ok(reply) if reply.results.len() == batch.len() => {
                self.take_over(batch.iter().zip(&reply.results), operations)
            }
            Ok(_) => Ok(Settled { broken: Some(UntrustedReason::Answer), ..Settled::default() }),
            Err(reason) => Ok(Settled { broken: Some(reason), ..Settled::default() }),
        }
    }

    /// Takes over the verdicts that hold.
    fn take_over<'b>(
        &mut self,
        verdicts: impl Iterator<Item = (&'b Outgoing, &'b Verdict)>,
        operations: &[PublicKey],
    ) -> Done<Settled> {
        let (mut settled, mut held) = (Settled::default(), Vec::new());
        for (sent, verdict) in verdicts {
            match judge(&sent.offer(), verdict, operations) {
                Ok(Applied::Refused { reason: Reason::NoChain, .. }) if self.unknown == 0 => settled.no_chain = true,
                Ok(verdict) => held.push(verdict),
                Err(reason) => settled.broken = Some(reason),
            }
        }
        let anew = |verdict: &Applied| match verdict {
            Applied::Kept { outcome: IntakeOutcome::AlreadyHad, .. } | Applied::Refused { .. } => None,
            Applied::Kept { position, .. } => Some(*position),
        };
        if held.iter().filter_map(anew).any(|position| position <= self.head) {
            // the log was set back within this run
            self.mailbox.set_sync_state(&SyncState { reoffer: true, ..self.mailbox.sync_state()? })?;
        }
        self.head = held.iter().filter_map(anew).fold(self.head, u64::max);
        self.mailbox.apply(&held)?;
        held.iter().for_each(|verdict| self.report.count(verdict));
        settled.count = held.len() as u32;
        Ok(settled)
    }
}

/// What became of a batch.
#[derive(Default)]
struct Settled {
    count: u32,
    /// The server does not know the chain of some of it.
    no_chain: bool,
    /// A verdict does not hold.
    broken: Option<UntrustedReason>,
}
