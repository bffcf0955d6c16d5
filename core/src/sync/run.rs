//! The steps of one run, in their order.

use super::client::{Answer, Ask, Body, Client, Failure, MAX_ANSWER};
use super::pace::Pace;
use super::receipt::{judge, signed};
use super::{Progress, Report, Step};
use crate::catalog::Catalog;
use crate::courier::{MAX_PARCEL, Parcel};
use crate::envelope::{self, Digest, PublicKey, Typ, random, sha256};
use crate::error::Error;
use crate::record::{
    Batch, BatchReply, Head, MAX_BATCH, News, Obeyed, Order, Outcome, Reason, Sent, TimeReply, Token, Updates, Uuid,
    Verdict,
};
use crate::vault::VaultError;
use crate::vault::mailbox::{Applied, Enrolment, Mailbox, Offer, Outgoing, Standing};
use base64::prelude::{BASE64_URL_SAFE_NO_PAD as B64, Engine as _};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use tokio::time::Instant;

/// A refused record is sent again in so many later runs: what refused it may have been damage on the way.
const TRIES_OF_REFUSED: u32 = 3;
/// Records offered at once.
const MAX_OFFERS: usize = 500;

/// Why a run ends before its time.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    #[error("no connection")]
    Offline,
    #[error("not the expected server: {0}")]
    Untrusted(&'static str),
    #[error("refused: {0}")]
    Refused(&'static str),
    #[error(transparent)]
    Here(#[from] VaultError),
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Offline => Error::Offline,
            Fault::Untrusted(reason) => Error::Untrusted { reason },
            Fault::Refused(reason) => Error::Refused { reason },
            Fault::Here(error) => error.into(),
        }
    }
}

type Done<T = ()> = Result<T, Fault>;

/// Why one request has no good answer.
enum Miss {
    /// Worth another try after a pause; in the end, the fault.
    Again(Option<Duration>, Fault),
    /// The server does not know this phone, or finds its token too old.
    Unknown,
    /// Too large or unreadable as a whole.
    Unfit,
    Final(Fault),
}

struct Run<'a> {
    mailbox: &'a Mailbox,
    client: &'a Client,
    progress: &'a Progress,
    report: &'a mut Report,
    me: Enrolment,
    pace: Pace,
    /// The server's time and when it was told; trusted for no more than tokens until the catalog confirms its key.
    time: (i64, Instant),
    /// Length of the log when the run began.
    head: u64,
    /// How often the server said in this run that it does not know this phone or its chain.
    unknown: u32,
}

/// All steps.
pub(super) async fn all(mailbox: &Mailbox, client: &Client, progress: &Progress, report: &mut Report) -> Done {
    let mut run = Run::new(mailbox, client, progress, report)?;
    run.tell(Step::Contacting);
    mailbox.retry_refused(TRIES_OF_REFUSED)?;
    let (time, head) = run.ask_time().await?;
    let standing = mailbox.standing()?;
    let claimed: Head = envelope::stored(&head).map_err(|_| Fault::Untrusted("an unreadable head"))?;
    if !standing.chain_known || standing.epoch != Some(claimed.epoch) {
        run.introduce().await?;
    }
    let operations = run.take_catalog().await?;
    let head = signed(Typ::Head, &operations, &head).ok_or(Fault::Untrusted("a head signed by another key"))?;
    let time: TimeReply =
        signed(Typ::Time, &operations, &time).ok_or(Fault::Untrusted("a time signed by another key"))?;
    mailbox.learn_time(time.time + run.time.1.elapsed().as_secs() as i64)?;
    run.reconcile(&head).await?;
    run.upload(&operations).await?;
    run.fetch_updates(&operations).await?;
    run.fetch_parts().await?;
    run.acknowledge().await?;
    mailbox.tidy()?;
    Ok(mailbox.synced()?)
}

/// Brings a bundle to the server and returns the parcel for whom it is from.
pub(super) async fn carry(mailbox: &Mailbox, client: &Client, bundle: Vec<u8>) -> Done<Vec<u8>> {
    let (progress, mut report) = (Progress::default(), Report::default());
    let mut run = Run::new(mailbox, client, &progress, &mut report)?;
    run.ask_time().await?;
    let bytes = bundle.len();
    let ask =
        |token| Ask { path: "/v1/bundles".into(), body: Some(Body::File(bundle.clone())), token, ..Ask::default() };
    let read = |answer: Answer| match answer.status {
        200 => Parcel::read(&answer.body).map(|_| answer.body).map_err(|_| "an unreadable parcel"),
        _ => Err("a server without a courier"),
    };
    run.ask(2 * bytes, MAX_PARCEL, ask, read).await
}

impl<'a> Run<'a> {
    fn new(mailbox: &'a Mailbox, client: &'a Client, progress: &'a Progress, report: &'a mut Report) -> Done<Self> {
        let me = mailbox.enrolment()?;
        let pace = Pace::new(u64::from_le_bytes(random()));
        Ok(Self { mailbox, client, progress, report, me, pace, time: (0, Instant::now()), head: 0, unknown: 0 })
    }

    fn tell(&self, step: Step) {
        (self.progress.tell)(step);
    }

    /// The server's time and head, as envelopes whose key is not checked yet.
    async fn ask_time(&mut self) -> Done<(String, String)> {
        let nonce = B64.encode(random::<16>());
        let ask = || Ask { path: format!("/v1/time?nonce={nonce}"), ..Ask::default() };
        let read = |answer: Answer| {
            let head = answer.head.ok_or("an answer without a head")?;
            let jws = String::from_utf8(answer.body).map_err(|_| "an unreadable time")?;
            let reply: TimeReply = envelope::stored(&jws).map_err(|_| "an unreadable time")?;
            if reply.nonce == nonce { Ok((reply.time, jws, head)) } else { Err("an old time, played again") }
        };
        let (time, jws, head) = self.ask_openly(ask, read).await?;
        self.time = (time, Instant::now());
        Ok((jws, head))
    }

    /// Posts the chains by which this phone, and what still waits from earlier cards, is known.
    async fn introduce(&mut self) -> Done {
        let older = self.me.older.iter().map(json).collect::<Vec<_>>();
        for chain in older {
            match self.post_chain(chain).await {
                // an earlier card may be from an authority that is gone; that is no reason to refuse this one
                Ok(()) | Err(Fault::Refused(_)) => (),
                Err(fault) => return Err(fault),
            }
        }
        self.post_chain(json(&self.me.chain)).await?;
        let standing = self.mailbox.standing()?;
        Ok(self.mailbox.set_standing(&Standing { chain_known: true, ..standing })?)
    }

    async fn post_chain(&mut self, chain: Vec<u8>) -> Done {
        let ask = || Ask { path: "/v1/devices".into(), body: Some(Body::Plain(chain.clone())), ..Ask::default() };
        // Quarantined is an answer too: what such a phone sends is kept until someone looks.
        self.ask_openly(ask, |answer| parse::<ChainReply>(&answer.body).map(drop)).await
    }

    /// Takes a newer catalog, if there is one, and returns the operations keys in force.
    async fn take_catalog(&mut self) -> Done<Vec<PublicKey>> {
        let held = self.mailbox.catalog()?;
        let etag = held.as_ref().map(|(jws, _)| format!("\"{}\"", sha256(jws.as_bytes())));
        let ask = |token| Ask { path: "/v1/catalog".into(), if_none_match: etag.clone(), token, ..Ask::default() };
        let read = |answer: Answer| match answer.status {
            200 => String::from_utf8(answer.body).map(Some).map_err(|_| "an unreadable catalog"),
            _ => Ok(None),
        };
        let held = held.map(|(_, catalog)| catalog);
        let Some(jws) = self.ask(512, MAX_ANSWER, ask, read).await? else {
            return held.map(|c| c.operations_keys()).ok_or(Fault::Refused("the server has no catalog yet"));
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
                self.report.catalog_fault = Some(broken.rule());
                Ok(old.operations_keys())
            }
            (Err(broken), None) => Err(Fault::Untrusted(broken.rule())),
        }
    }

    /// Finds out whether the server still has what it gave receipts for, and sets what it lost to be sent again. A
    /// restore changes the epoch. A machine silently set back does not: then its head is too low, or, when others have
    /// filled it up again, the record with the highest position that it gave me is gone.
    async fn reconcile(&mut self, head: &Head) -> Done {
        self.head = head.position;
        let (standing, kept) = (self.mailbox.standing()?, self.mailbox.kept()?);
        let last = kept.iter().max_by_key(|offer| offer.position);
        let new_epoch = standing.epoch.is_some_and(|epoch| epoch != head.epoch);
        let behind = last.is_some_and(|last| last.position > head.position);
        let mut lost = standing.reoffer || new_epoch || behind;
        if let (false, Some(last)) = (lost, last) {
            lost = !self.offer(std::slice::from_ref(last)).await?.is_empty();
        }
        let standing = Standing { epoch: Some(head.epoch), reoffer: lost, ..standing };
        let standing = if lost { Standing { cursor: 0, ..standing } } else { standing };
        self.mailbox.set_standing(&standing)?;
        if lost {
            self.introduce().await?;
            self.mailbox.retry_refused(u32::MAX)?;
            for offers in kept.chunks(MAX_OFFERS) {
                let wanted = self.offer(offers).await?;
                self.report.restored |= !wanted.is_empty();
                self.mailbox.send_again(&wanted)?;
            }
            self.mailbox.set_standing(&Standing { reoffer: false, ..self.mailbox.standing()? })?;
        }
        Ok(())
    }

    async fn offer(&mut self, offers: &[Offer]) -> Done<Vec<Uuid>> {
        let offers = offers.iter().map(|o| Offered { record: o.record, jws: o.jws }).collect();
        Ok(self.ask_offers(&Offers { offers, receipts: false }).await?.wanted)
    }

    async fn ask_offers(&mut self, offers: &Offers) -> Done<Wanted> {
        let body = json(offers);
        let ask =
            |token| Ask { path: "/v1/offers".into(), body: Some(Body::Gzip(body.clone())), token, ..Ask::default() };
        self.ask(body.len(), MAX_ANSWER, ask, |answer| parse(&answer.body)).await
    }

    /// Sends what waits, oldest first.
    async fn upload(&mut self, operations: &[PublicKey]) -> Done {
        let of = u32::try_from(self.mailbox.outlook()?.records).unwrap_or(u32::MAX);
        // `after`: what cannot be settled in this run is passed over. `alone`: so many go one by one.
        let (mut done, mut after, mut alone) = (0, 0, 0_usize);
        loop {
            self.tell(Step::Sending { done, of: of.max(done) });
            let most = if alone > 0 { 1 } else { MAX_BATCH };
            let batch = self.mailbox.waiting(after, most, self.pace.batch())?;
            let Some(first) = batch.first().map(|o| o.place) else { return Ok(()) };
            let records = batch.iter().map(|o| Sent::new(o.jws.clone(), o.sealed.as_deref())).collect();
            let body = json(&Batch { records });
            let (bytes, started) = (body.len(), Instant::now());
            let ask = Ask {
                path: "/v1/records".into(),
                body: Some(Body::Gzip(body)),
                token: Some(self.token()),
                ..Ask::default()
            };
            let miss = match self.once(ask, bytes, MAX_ANSWER).await {
                Ok(answer) => {
                    let settled = self.settle(&batch, &answer, operations)?;
                    done += settled.count;
                    if settled.no_chain {
                        self.unknown += 1;
                        self.introduce().await?;
                    }
                    if let Some(reason) = settled.broken {
                        Miss::Again(None, Fault::Untrusted(reason))
                    } else {
                        self.pace.answered();
                        self.pace.sent(bytes, started.elapsed());
                        alone = alone.saturating_sub(1);
                        continue;
                    }
                }
                Err(Miss::Unfit) if batch.len() > 1 => {
                    alone = batch.len();
                    continue;
                }
                Err(Miss::Unfit) => {
                    (after, alone) = (first, alone.saturating_sub(1));
                    continue;
                }
                Err(miss) => miss,
            };
            self.recover(miss).await?;
            // It may have arrived all the same: to ask costs far less than to send it again.
            done += self.ask_after(&batch, operations).await?;
        }
    }

    /// Takes over what became of a batch whose answer was lost. Returns how many are settled.
    async fn ask_after(&mut self, batch: &[Outgoing], operations: &[PublicKey]) -> Done<u32> {
        let offers = batch.iter().map(|o| Offered { record: o.record, jws: sha256(o.jws.as_bytes()) }).collect();
        let got = self.ask_offers(&Offers { offers, receipts: true }).await?;
        let kept: Vec<_> = batch.iter().filter(|o| !got.wanted.contains(&o.record)).collect();
        let settled = self.take_over(kept.into_iter().zip(&got.kept), operations)?;
        Ok(settled.count)
    }

    /// Takes over the answer to a batch, or says why it cannot be one.
    fn settle(&mut self, batch: &[Outgoing], answer: &Answer, operations: &[PublicKey]) -> Done<Settled> {
        match parse::<BatchReply>(&answer.body) {
            Ok(reply) if reply.results.len() == batch.len() => {
                self.take_over(batch.iter().zip(&reply.results), operations)
            }
            Ok(_) => Ok(Settled { broken: Some("an answer of another length"), ..Settled::default() }),
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
            match judge(sent, verdict, operations) {
                Ok(Applied::Refused { reason: Reason::NoChain, .. }) if self.unknown == 0 => settled.no_chain = true,
                Ok(verdict) => held.push(verdict),
                Err(reason) => settled.broken = Some(reason),
            }
        }
        let anew = |verdict: &Applied| match verdict {
            Applied::Kept { outcome: Outcome::AlreadyHad, .. } | Applied::Refused { .. } => None,
            Applied::Kept { position, .. } => Some(*position),
        };
        if held.iter().filter_map(anew).any(|position| position <= self.head) {
            // the log was set back within this run
            self.mailbox.set_standing(&Standing { reoffer: true, ..self.mailbox.standing()? })?;
        }
        self.mailbox.apply(&held)?;
        held.iter().for_each(|verdict| self.report.count(verdict));
        settled.count = held.len() as u32;
        Ok(settled)
    }

    /// Fetches what the server has for this phone, in the order in which it was committed there.
    async fn fetch_updates(&mut self, operations: &[PublicKey]) -> Done {
        loop {
            let standing = self.mailbox.standing()?;
            let path = format!("/v1/updates?after={}", standing.cursor);
            let ask = |token| Ask { path: path.clone(), token, ..Ask::default() };
            let got = self.ask(4096, MAX_ANSWER, ask, |answer| parse::<Updates>(&answer.body)).await?;
            if got.updates.is_empty() || got.cursor <= standing.cursor {
                return Ok(());
            }
            self.report.updates += got.updates.len() as u32;
            let orders = got.updates.iter().filter_map(|update| match &update.news {
                News::Order { jws } => signed::<Order>(Typ::Order, operations, jws),
                _ => None,
            });
            if let Some(order) = orders.filter(|order| order.device == self.me.device).last() {
                self.mailbox.set_standing(&Standing { order: Some(order), ..standing })?;
            }
            self.mailbox.take_updates(&got.updates, got.cursor)?;
        }
    }

    /// Tells the server that the vault is destroyed, as it ordered. What was sealed before is sent by then.
    async fn acknowledge(&mut self) -> Done {
        let Some(order) = self.mailbox.order()?.filter(|_| self.mailbox.guard().is_ok_and(|guard| guard.gone)) else {
            return Ok(());
        };
        let waiting = self.mailbox.outlook()?.records;
        let body = json(&Obeyed { order: order.order, waiting });
        let ask =
            |token| Ask { path: "/v1/orders".into(), body: Some(Body::Plain(body.clone())), token, ..Ask::default() };
        self.ask(body.len(), MAX_ANSWER, ask, |_| Ok(())).await?;
        // said again until nothing waits, so that the server may close the chain
        let order = Some(order).filter(|_| waiting > 0);
        Ok(self.mailbox.set_standing(&Standing { order, ..self.mailbox.standing()? })?)
    }

    /// Fetches the files of the catalog that are not here yet.
    async fn fetch_parts(&mut self) -> Done {
        let missing = self.mailbox.missing_parts()?;
        for (done, part) in missing.iter().enumerate() {
            self.tell(Step::Fetching { done: done as u32, of: missing.len() as u32 });
            let ask = |token| Ask { path: format!("/v1/parts/{}", part.sha256), token, ..Ask::default() };
            let read = |answer: Answer| match answer.status {
                200 if sha256(&answer.body) == part.sha256 => Ok(Some(answer.body)),
                200 => Err("a file with another hash"),
                _ => Ok(None),
            };
            if let Some(bytes) = self.ask(part.len as usize, part.len, ask, read).await? {
                self.mailbox.take_part(&bytes)?;
            }
        }
        Ok(())
    }

    fn token(&self) -> String {
        let issued = self.time.0 + self.time.1.elapsed().as_secs() as i64;
        envelope::sign(Typ::Token, &self.me.transport_key, &Token { device: self.me.device, issued })
    }

    /// Asks until `read` finds the answer good, or it is time to give up; without a token.
    async fn ask_openly<T>(
        &mut self,
        ask: impl Fn() -> Ask,
        read: impl Fn(Answer) -> Result<T, &'static str>,
    ) -> Done<T> {
        loop {
            let miss = match self.once(ask(), 2048, MAX_ANSWER).await {
                Ok(answer) => match read(answer) {
                    Ok(good) => {
                        self.pace.answered();
                        return Ok(good);
                    }
                    Err(reason) => Miss::Again(None, Fault::Untrusted(reason)),
                },
                Err(miss) => miss,
            };
            self.pause(miss).await?;
        }
    }

    /// The same with a token. `bytes`: how much moves, about; `limit`: how much may come.
    async fn ask<T>(
        &mut self,
        bytes: usize,
        limit: u64,
        ask: impl Fn(Option<String>) -> Ask,
        read: impl Fn(Answer) -> Result<T, &'static str>,
    ) -> Done<T> {
        loop {
            let miss = match self.once(ask(Some(self.token())), bytes, limit).await {
                Ok(answer) => match read(answer) {
                    Ok(good) => {
                        self.pace.answered();
                        return Ok(good);
                    }
                    Err(reason) => Miss::Again(None, Fault::Untrusted(reason)),
                },
                Err(miss) => miss,
            };
            self.recover(miss).await?;
        }
    }

    async fn once(&mut self, ask: Ask, bytes: usize, limit: u64) -> Result<Answer, Miss> {
        let busy = |after| Miss::Again(after, Fault::Offline);
        let answer = self.client.send(ask, self.pace.timeout(bytes), limit).await.map_err(|failure| match failure {
            Failure::Link => busy(None),
            Failure::Certificate => Miss::Final(Fault::Untrusted("another certificate than the expected one")),
            Failure::Oversize => Miss::Again(None, Fault::Untrusted("an answer longer than it may be")),
        })?;
        match answer.status {
            200..=299 | 304 | 404 => Ok(answer),
            401 => Err(Miss::Unknown),
            400 | 413 | 415 | 422 => Err(Miss::Unfit),
            408 | 425 | 429 | 500.. => Err(busy(answer.retry_after)),
            _ => Err(Miss::Final(Fault::Refused("the server does not serve this phone"))),
        }
    }

    /// Pauses before another try, or ends the run.
    async fn pause(&mut self, miss: Miss) -> Done {
        match miss {
            Miss::Again(after, fault) => match self.pace.failed(after) {
                Some(pause) => {
                    tokio::time::sleep(pause).await;
                    Ok(())
                }
                None => Err(fault),
            },
            Miss::Unknown => Err(Fault::Refused("the server does not know this phone")),
            Miss::Unfit => Err(Fault::Refused("the server does not understand this phone")),
            Miss::Final(fault) => Err(fault),
        }
    }

    /// The same; but a server that does not know this phone is told once more who it is, and asked for the time.
    async fn recover(&mut self, miss: Miss) -> Done {
        if matches!(miss, Miss::Unknown) && self.unknown < 2 {
            self.unknown += 1;
            self.ask_time().await?;
            return self.introduce().await;
        }
        self.pause(miss).await
    }
}

/// What became of a batch.
#[derive(Default)]
struct Settled {
    count: u32,
    /// The server does not know the chain of some of it.
    no_chain: bool,
    /// A verdict does not hold.
    broken: Option<&'static str>,
}

#[derive(Serialize)]
struct Offers {
    offers: Vec<Offered>,
    receipts: bool,
}

#[derive(Serialize)]
struct Offered {
    record: Uuid,
    jws: Digest,
}

#[derive(Deserialize)]
struct Wanted {
    wanted: Vec<Uuid>,
    #[serde(default)]
    kept: Vec<Verdict>,
}

#[derive(Deserialize)]
struct ChainReply {
    #[serde(rename = "outcome")]
    _outcome: Outcome,
}

fn json(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).expect("plain data has a JSON form")
}

fn parse<T: serde::de::DeserializeOwned>(body: &[u8]) -> Result<T, &'static str> {
    envelope::from_json(body).map_err(|_| "an unreadable answer")
}
