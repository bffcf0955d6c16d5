//! The steps of one run, in their order.

use super::client::{Answer, Ask, Client, MAX_ANSWER};
use super::fault::{Done, Fault, Miss, parse};
use super::messages::{ChainReply, Offered, Offers, Wanted, json};
use super::receipt::{judge, signed};
use super::report::{Progress, Step, SyncReport};
use super::run::Run;
use crate::catalog::{Catalog, Part};
use crate::courier::{MAX_PARCEL, Parcel};
use crate::envelope::{self, PublicKey, Typ, random, sha256};
use crate::error::{Error, RefusedReason, Result, UntrustedReason};
use crate::record::{Head, News, Order, TimeReply, Updates, WipeAcknowledgement};
use crate::vault::mailbox::{Mailbox, Offer, SyncState};
use base64::prelude::{BASE64_URL_SAFE_NO_PAD as B64, Engine as _};
use tokio::time::Instant;

/// A refused record is sent again in so many later runs: what refused it may have been damage on the way.
const TRIES_OF_REFUSED: u32 = 3;
/// Records offered at once: their receipts must get through a line that is cut every 16 KB.
const MAX_OFFERS: usize = 20;

/// One run. Fails with [`Error::Offline`], [`Error::Untrusted`], [`Error::Refused`], [`Error::NotEnrolled`], or what the
/// mailbox's file says; what was settled before stays settled.
pub async fn run(mailbox: &Mailbox, client: &Client, progress: &Progress) -> Result<SyncReport> {
    let mut report = SyncReport::default();
    let steps = all(mailbox, client, progress, &mut report);
    let ended = tokio::select! {
        biased;
        () = progress.cancelled.notified() => None,
        ended = steps => Some(ended),
    };
    match ended {
        None => Ok(SyncReport { cancelled: true, ..report }),
        Some(ended) => ended.map(|()| report).map_err(Error::from),
    }
}

/// All steps.
async fn all(mailbox: &Mailbox, client: &Client, progress: &Progress, report: &mut SyncReport) -> Done {
    let mut run = Run::new(mailbox, client, progress, report)?;
    run.tell(Step::Contacting);
    mailbox.retry_refused(TRIES_OF_REFUSED)?;
    let (time, head) = run.ask_time().await?;
    let state = mailbox.sync_state()?;
    let claimed: Head = envelope::stored(&head).map_err(|_| Fault::Untrusted(UntrustedReason::Answer))?;
    if !state.chain_known || state.epoch != Some(claimed.epoch) {
        run.introduce().await?;
    }
    let operations = run.take_catalog().await?;
    let head = signed(Typ::Head, &operations, &head).ok_or(Fault::Untrusted(UntrustedReason::Signature))?;
    let time: TimeReply = signed(Typ::Time, &operations, &time).ok_or(Fault::Untrusted(UntrustedReason::Signature))?;
    mailbox.learn_time(time.time + run.time.1.elapsed().as_secs() as i64)?;
    run.reconcile(&head, &operations).await?;
    run.upload(&operations).await?;
    run.fetch_updates(&operations).await?;
    run.fetch_parts().await?;
    run.acknowledge().await?;
    mailbox.apply_retention()?;
    Ok(mailbox.synced()?)
}

/// Brings a bundle to the server and returns the parcel for whom it is from.
pub(super) async fn carry(mailbox: &Mailbox, client: &Client, bundle: Vec<u8>) -> Done<Vec<u8>> {
    let (progress, mut report) = (Progress::default(), SyncReport::default());
    let mut run = Run::new(mailbox, client, &progress, &mut report)?;
    run.ask_time().await?;
    let bytes = bundle.len();
    let read = |answer: Answer, body: Vec<u8>| match answer.status {
        200 => Parcel::read(&body).map(|_| body).map_err(|_| UntrustedReason::Answer),
        _ => Err(UntrustedReason::Answer),
    };
    run.ask(2 * bytes, MAX_PARCEL, &Ask::file("/v1/bundles", bundle), read).await
}

impl Run<'_> {
    /// The server's time and head, as envelopes whose key is not checked yet.
    pub(super) async fn ask_time(&mut self) -> Done<(String, String)> {
        let nonce = B64.encode(random::<16>());
        let read = |answer: Answer, body| {
            let head = answer.head.ok_or(UntrustedReason::Answer)?;
            let jws = String::from_utf8(body).map_err(|_| UntrustedReason::Answer)?;
            let reply: TimeReply = envelope::stored(&jws).map_err(|_| UntrustedReason::Answer)?;
            if reply.nonce == nonce { Ok((reply.time, jws, head)) } else { Err(UntrustedReason::Replay) }
        };
        let (time, jws, head) = self.ask_openly(&Ask::get(format!("/v1/time?nonce={nonce}")), read).await?;
        self.time = (time, Instant::now());
        Ok((jws, head))
    }

    /// Posts the chains by which this phone, and what still waits from earlier cards, is known.
    pub(super) async fn introduce(&mut self) -> Done {
        let older = self.me.older.iter().map(json).collect::<Vec<_>>();
        for chain in older {
            match self.post_chain(chain).await {
                // an earlier card may be from an authority that is gone; that is no reason to refuse this one
                Ok(()) | Err(Fault::Refused(_)) => (),
                Err(fault) => return Err(fault),
            }
        }
        self.post_chain(json(&self.me.chain)).await?;
        let state = self.mailbox.sync_state()?;
        Ok(self.mailbox.set_sync_state(&SyncState { chain_known: true, ..state })?)
    }

    async fn post_chain(&mut self, chain: Vec<u8>) -> Done {
        // Quarantined is an answer too: what such a phone sends is kept until someone looks.
        let read = |_, body: Vec<u8>| parse::<ChainReply>(&body).map(drop);
        self.ask_openly(&Ask::json("/v1/devices", chain), read).await
    }

    /// Takes a newer catalog, if there is one, and returns the operations keys in force.
    async fn take_catalog(&mut self) -> Done<Vec<PublicKey>> {
        let held = self.mailbox.catalog()?;
        let mut ask = Ask::get("/v1/catalog");
        if let Some((jws, _)) = &held {
            ask = ask.with("if-none-match", format!("\"{}\"", sha256(jws.as_bytes())));
        }
        let read = |answer: Answer, body| match answer.status {
            200 => String::from_utf8(body).map(Some).map_err(|_| UntrustedReason::Answer),
            _ => Ok(None),
        };
        let held = held.map(|(_, catalog)| catalog);
        let Some(jws) = self.ask(512, MAX_ANSWER, &ask, read).await? else {
            return held.map(|c| c.operations_keys()).ok_or(Fault::Refused(RefusedReason::NoCatalog));
        };
        match (Catalog::verify_any(&jws, &self.me.authorities, held.as_ref()), held) {
            (Ok((new, _)), held) => {
                if held.as_ref() != Some(&new) {
                    self.mailbox.take_catalog(&jws)?;
                    self.report.new_catalog = true;
                }
                Ok(new.operations_keys())
            }
            (Err(broken), Some(old)) => {
                self.report.catalog_fault = Some(broken.into());
                Ok(old.operations_keys())
            }
            (Err(broken), None) => Err(Fault::Untrusted(broken.into())),
        }
    }

    /// Finds out whether the server still has what it gave receipts for, and sets what it lost to be sent again. A
    /// restore changes the epoch. A machine silently set back does not: then its head is too low, or, when others have
    /// filled it up again, the record with the highest position that it gave me is gone.
    async fn reconcile(&mut self, head: &Head, operations: &[PublicKey]) -> Done {
        self.head = head.position;
        let (state, kept) = (self.mailbox.sync_state()?, self.mailbox.kept()?);
        let last = kept.iter().max_by_key(|offer| offer.position);
        let new_epoch = state.epoch.is_some_and(|epoch| epoch != head.epoch);
        let behind = last.is_some_and(|last| last.position > head.position);
        let mut lost = state.reoffer || new_epoch || behind;
        if let (false, Some(last)) = (lost, last) {
            lost = !self.offer(std::slice::from_ref(last), false).await?.wanted.is_empty();
        }
        let state = SyncState { epoch: Some(head.epoch), reoffer: lost, ..state };
        let state = if lost { SyncState { cursor: 0, ..state } } else { state };
        self.mailbox.set_sync_state(&state)?;
        if lost {
            self.introduce().await?;
            self.mailbox.retry_refused(u32::MAX)?;
            for offers in kept.chunks(MAX_OFFERS) {
                let Wanted { wanted, kept } = self.offer(offers, true).await?;
                self.report.restored |= !wanted.is_empty();
                self.mailbox.send_again(&wanted)?;
                // What is there may stand at another place than before (a courier or a replay brought it again). With an
                // old, higher place it would be taken for the last one, and hide the next loss.
                let here = offers.iter().filter(|offer| !wanted.contains(&offer.record)).zip(&kept);
                let held = here.filter_map(|(offer, verdict)| judge(offer, verdict, operations).ok());
                self.mailbox.apply(&held.collect::<Vec<_>>())?;
            }
            self.mailbox.set_sync_state(&SyncState { reoffer: false, ..self.mailbox.sync_state()? })?;
        }
        Ok(())
    }

    /// Asks which of these records the server wants; with `receipts`, what became of the others.
    pub(super) async fn offer(&mut self, offers: &[Offer], receipts: bool) -> Done<Wanted> {
        let offers = offers.iter().map(|o| Offered { record: o.record, jws: o.jws }).collect();
        let body = json(&Offers { offers, receipts });
        let ask = Ask::gzip("/v1/offers", &body);
        self.ask(body.len(), MAX_ANSWER, &ask, |_, body| parse(&body)).await
    }

    /// Fetches what the server has for this phone, in the order in which it was committed there.
    async fn fetch_updates(&mut self, operations: &[PublicKey]) -> Done {
        loop {
            let state = self.mailbox.sync_state()?;
            let ask = Ask::get(format!("/v1/updates?after={}", state.cursor));
            let got = self.ask(4096, MAX_ANSWER, &ask, |_, body| parse::<Updates>(&body)).await?;
            if got.updates.is_empty() || got.cursor <= state.cursor {
                return Ok(());
            }
            self.report.updates += got.updates.len() as u32;
            let mut orders = got.updates.iter().filter_map(|update| match &update.news {
                News::Order { jws } => signed::<Order>(Typ::Order, operations, jws),
                _ => None,
            });
            if let Some(order) = orders.rfind(|order| order.device == self.me.device) {
                self.mailbox.set_sync_state(&SyncState { order: Some(order), ..state })?;
            }
            self.mailbox.take_updates(&got.updates, got.cursor)?;
        }
    }

    /// Tells the server that the vault is destroyed, as it ordered. What was sealed before is sent by then.
    async fn acknowledge(&mut self) -> Done {
        let Some(order) =
            self.mailbox.order()?.filter(|_| self.mailbox.pin_guard().is_ok_and(|guard| guard.gone.is_some()))
        else {
            return Ok(());
        };
        let waiting = self.mailbox.queue_status()?.records;
        let body = json(&WipeAcknowledgement { order: order.order, waiting });
        self.ask(body.len(), MAX_ANSWER, &Ask::json("/v1/orders", body), |_, _| Ok(())).await?;
        // said again until nothing waits, so that the server may close the chain
        let order = Some(order).filter(|_| waiting > 0);
        Ok(self.mailbox.set_sync_state(&SyncState { order, ..self.mailbox.sync_state()? })?)
    }

    /// Fetches the files of the catalog that are not here yet.
    async fn fetch_parts(&mut self) -> Done {
        let missing = self.mailbox.missing_parts()?;
        for (done, part) in missing.iter().enumerate() {
            self.tell(Step::Fetching { done: done as u32, of: missing.len() as u32 });
            if let Some(bytes) = self.fetch(part).await? {
                self.mailbox.take_part(&bytes)?;
            }
        }
        Ok(())
    }

    /// Fetches a file; after a cut, from where it was cut. None where the server does not have it.
    async fn fetch(&mut self, part: &Part) -> Done<Option<Vec<u8>>> {
        let mut bytes = Vec::new();
        loop {
            let (mut ask, before) = (Ask::get(format!("/v1/parts/{}", part.sha256)), bytes.len());
            if before > 0 {
                ask = ask.with("range", format!("bytes={before}-"));
            }
            let miss = match self.once(ask, part.len as usize - before, part.len, &mut bytes).await {
                _ if sha256(&bytes) == part.sha256 => return Ok(Some(bytes)),
                Ok(answer) if answer.status == 404 => return Ok(None),
                Err(miss) if (bytes.len() as u64) < part.len => {
                    if bytes.len() > before {
                        self.pace.answered();
                    }
                    miss
                }
                _ => {
                    bytes.clear();
                    Miss::Again(None, Fault::Untrusted(UntrustedReason::File))
                }
            };
            self.recover(miss).await?;
        }
    }
}
