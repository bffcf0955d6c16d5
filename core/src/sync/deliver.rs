//! One question to the server, asked until there is a parcel or it is time to give up, on every address that it has.
//!
//! What of a bundle has arrived when the line is cut stays with the server for a while and is not sent again. Where a box lets
//! it not pass, it is sent in smaller pieces, and whole again, in case that the box drops headers.

use super::client::{Answer, Ask, Failure};
use super::fault::{Done, Fault, Miss};
use super::run::Run;
use super::take::NoAnswer;
use crate::envelope::sha256;
use crate::error::{Error, OfflineReason, UntrustedReason};
use crate::wire::{BUNDLE_HEADER, BUNDLES, MAX_FILE, MAX_SENT, MEDIA_TYPE};

/// What the server says of a bundle.
enum Reply {
    Parcel,
    /// So many bytes of it have arrived.
    Held(usize),
    Nothing,
}

/// No piece is smaller.
const LEAST_PIECE: usize = 8 * 1024;

impl Run<'_> {
    /// Sends a file until `read` finds a parcel in the answer. `sent`: it was sent before, so the server is asked first.
    pub(super) async fn deliver<T>(
        &mut self,
        path: &str,
        file: &[u8],
        sent: bool,
        read: impl Fn(&[u8]) -> Result<Result<T, NoAnswer>, Error>,
    ) -> Done<T> {
        let (name, whole) = (sha256(file), file.len());
        // `most`: so much was seen to have arrived; `small`: how far the pieces are cut down. What a courier brought may be too
        // long for pieces
        let in_pieces = path == BUNDLES && whole <= MAX_SENT;
        let (mut from, mut most, mut small, mut asking) = (0, 0, 0, sent);
        loop {
            let piece = [whole, whole / 4, whole / 16][if in_pieces { small % 3 } else { 0 }];
            let piece = piece.max(LEAST_PIECE).min(whole - from);
            let ask = if asking {
                Ask::get(format!("{path}/{name}"))
            } else {
                let ask = Ask::post(path, media(path), file[from..from + piece].to_vec());
                let ask = if in_pieces { ask.with(BUNDLE_HEADER, name.to_string()) } else { ask };
                let range = format!("bytes {from}-{}/{whole}", from + piece - 1);
                if piece < whole { ask.with("content-range", range) } else { ask }
            };
            let moved = if asking { 4096 } else { piece + 4096 };
            let mut body = Vec::new();
            let answer = self.once(ask, moved, MAX_FILE as u64, &mut body).await;
            let miss = match answer.and_then(|answer| reply(&answer, &body)) {
                Ok(Reply::Parcel) => match read(&body)? {
                    Ok(parcel) => {
                        self.pace.answered();
                        return Ok(parcel);
                    }
                    Err(NoAnswer::Catalog(broken)) => {
                        return Err(Error::Untrusted { reason: UntrustedReason::from(broken) }.into());
                    }
                    Err(reason) => Some(Miss::Again(reason.into(), None)),
                },
                Ok(Reply::Held(held)) => {
                    let more = held > most && held < whole;
                    (from, most) = (if in_pieces && held < whole { held } else { 0 }, most.max(held));
                    if more {
                        self.pace.answered();
                    }
                    // all of it is there: the answer is being made
                    (held >= whole || !(more || asking)).then_some(Miss::Again(OfflineReason::Later, None))
                }
                Ok(Reply::Nothing) => {
                    from = 0;
                    (!asking).then_some(Miss::Again(OfflineReason::NotTheServer, None))
                }
                Err(miss) => Some(miss),
            };
            if let Some(Miss::Again(OfflineReason::ChangedOnTheWay | OfflineReason::Portal, _)) = miss {
                small += 1;
            }
            asking = miss.is_some() && path == BUNDLES;
            if let Some(miss) = miss {
                self.pause(miss).await?;
            }
        }
    }

    /// One request, whose answer is put into `body`. `bytes`: how much moves, about; `limit`: how much may come.
    pub(super) async fn once(
        &mut self,
        ask: Ask,
        bytes: usize,
        limit: u64,
        body: &mut Vec<u8>,
    ) -> Result<Answer, Miss> {
        let sent = self.client.send(ask, self.pace.timeout(bytes), limit, body).await;
        let answer = sent.map_err(|failure| match failure {
            Failure::Link => Miss::Again(OfflineReason::NoNetwork, None),
            Failure::Certificate => Miss::Final(OfflineReason::NotTheServer),
            Failure::Oversize => Miss::Again(OfflineReason::NotTheServer, None),
        })?;
        let reason = match answer.status {
            _ if answer.html => OfflineReason::Portal,
            200 | 202 | 206 | 404 => {
                self.answered_by = format!("{} {}", self.client.address(), answer.program);
                return Ok(answer);
            }
            300..=399 => OfflineReason::Portal,
            401 => return Err(Miss::Unknown),
            408 | 409 | 425 | 429 | 500.. => OfflineReason::Later,
            400 | 413 | 415 | 416 | 422 => OfflineReason::ChangedOnTheWay,
            _ => OfflineReason::NotTheServer,
        };
        Err(Miss::Again(reason, answer.retry_after))
    }

    /// Pauses before another try, or goes on to the next address, or ends the run.
    pub(super) async fn pause(&mut self, miss: Miss) -> Done {
        let (reason, pause) = match miss {
            Miss::Unknown => return Err(Fault::Unknown),
            Miss::Final(reason) => (reason, None),
            Miss::Again(reason, after) => (reason, self.pace.failed(after)),
        };
        if let Some(pause) = pause {
            tokio::time::sleep(pause).await;
        } else if self.client.next_address() {
            self.pace.begin_again();
        } else {
            return Err(Fault::Offline(reason));
        }
        Ok(())
    }
}

fn reply(answer: &Answer, body: &[u8]) -> Result<Reply, Miss> {
    let digits = || std::str::from_utf8(body).ok()?.trim().parse().ok();
    match answer.status {
        200 => Ok(Reply::Parcel),
        202 => digits().map(Reply::Held).ok_or(Miss::Again(OfflineReason::NotTheServer, None)),
        _ => Ok(Reply::Nothing),
    }
}

/// Media type of a file by its path.
fn media(path: &str) -> &'static str {
    if path == BUNDLES { MEDIA_TYPE } else { "application/json" }
}
