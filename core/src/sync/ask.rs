//! One question to the server, asked until there is a good answer or it is time to give up.

use super::client::{Answer, Ask, Failure, MAX_ANSWER};
use super::fault::{Done, Fault, Miss, Read};
use super::run::Run;
use crate::envelope::{self, Typ};
use crate::error::{RefusedReason, UntrustedReason};
use crate::record::Token;

impl Run<'_> {
    fn token(&self) -> String {
        let issued = self.time.0 + self.time.1.elapsed().as_secs() as i64;
        envelope::sign(Typ::Token, &self.me.transport_key, &Token { device: self.me.device, issued })
    }

    /// Asks without a token until `read` finds the answer good, or it is time to give up.
    pub(super) async fn ask_openly<T>(&mut self, ask: &Ask, read: impl Fn(Answer, Vec<u8>) -> Read<T>) -> Done<T> {
        loop {
            match self.try_once(ask.clone(), 2048, MAX_ANSWER, &read).await {
                Ok(good) => return Ok(good),
                Err(miss) => self.pause(miss).await?,
            }
        }
    }

    /// The same with a token. `bytes`: how much moves, about; `limit`: how much may come.
    pub(super) async fn ask<T>(
        &mut self,
        bytes: usize,
        limit: u64,
        ask: &Ask,
        read: impl Fn(Answer, Vec<u8>) -> Read<T>,
    ) -> Done<T> {
        loop {
            match self.try_once(ask.clone().token(&self.token()), bytes, limit, &read).await {
                Ok(good) => return Ok(good),
                Err(miss) => self.recover(miss).await?,
            }
        }
    }

    async fn try_once<T>(
        &mut self,
        ask: Ask,
        bytes: usize,
        limit: u64,
        read: impl Fn(Answer, Vec<u8>) -> Read<T>,
    ) -> Result<T, Miss> {
        let mut body = Vec::new();
        let answer = self.send(ask, bytes, limit, &mut body).await?;
        let good = read(answer, body).map_err(|reason| Miss::Again(None, Fault::Untrusted(reason)))?;
        self.pace.answered();
        Ok(good)
    }

    /// One request with a token, whose answer is put into `body`.
    pub(super) async fn once(
        &mut self,
        ask: Ask,
        bytes: usize,
        limit: u64,
        body: &mut Vec<u8>,
    ) -> Result<Answer, Miss> {
        self.send(ask.token(&self.token()), bytes, limit, body).await
    }

    async fn send(&mut self, ask: Ask, bytes: usize, limit: u64, body: &mut Vec<u8>) -> Result<Answer, Miss> {
        let again = |after| Miss::Again(after, Fault::Offline);
        let sent = self.client.send(ask, self.pace.timeout(bytes), limit, body).await;
        let answer = sent.map_err(|failure| match failure {
            Failure::Link => again(None),
            Failure::Certificate => Miss::Final(Fault::Untrusted(UntrustedReason::Certificate)),
            Failure::Oversize => Miss::Again(None, Fault::Untrusted(UntrustedReason::Answer)),
        })?;
        match answer.status {
            200..=299 | 304 | 404 => Ok(answer),
            401 => Err(Miss::Unknown),
            400 | 413 | 415 | 422 => Err(Miss::Unfit),
            408 | 409 | 425 | 429 | 500.. => Err(again(answer.retry_after)),
            _ => Err(Miss::Final(Fault::Refused(RefusedReason::NotServed))),
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
            Miss::Unknown => Err(Fault::Refused(RefusedReason::UnknownPhone)),
            Miss::Unfit => Err(Fault::Refused(RefusedReason::NotUnderstood)),
            Miss::Final(fault) => Err(fault),
        }
    }

    /// The same; but a server that does not know this phone is told once more who it is, and asked for the time.
    pub(super) async fn recover(&mut self, miss: Miss) -> Done {
        if matches!(miss, Miss::Unknown) && self.unknown < 2 {
            self.unknown += 1;
            self.ask_time().await?;
            return self.introduce().await;
        }
        self.pause(miss).await
    }
}
