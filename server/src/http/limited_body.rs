//! The body of a request, read within four limits: its length; its time; a least speed, that of the worst mobile line; and
//! the memory of all bodies under way. A slow sender gets a timeout and frees its slot.

use super::problem::Problem;
use axum::body::{Body, HttpBody as _};
use axum::extract::{FromRef, FromRequest, Request};
use axum::http::{HeaderMap, header};
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout_at};

/// Time for any body, and more time for each KiB that has arrived: 8 kbit/s at least.
const PATIENCE: Duration = Duration::from_secs(60);
const FOR_EACH_KIB: Duration = Duration::from_secs(1);
/// The longest time for any body; phones give up sooner.
const LONGEST: Duration = Duration::from_secs(240);

/// All bodies under way together take at most so much memory, in KiB (64 MiB). Further ones are turned away until some are
/// done: the sender tries again.
const MEMORY: usize = 64 * 1024;

/// The budget of memory for all bodies under way. Clones share it.
#[derive(Clone)]
pub struct Memory(Arc<Semaphore>);

impl Memory {
    /// Makes a part so many KiB large.
    fn grow(&self, held: &mut Held, kib: usize) -> Result<(), Problem> {
        let more = kib.saturating_sub(held.0.as_ref().map_or(0, OwnedSemaphorePermit::num_permits));
        if more > 0 {
            let more = self.0.clone().try_acquire_many_owned(more as u32).map_err(|_| Problem::Unavailable)?;
            match &mut held.0 {
                Some(held) => held.merge(more),
                none => *none = Some(more),
            }
        }
        Ok(())
    }
}

/// A part of it; dropping it frees it.
#[derive(Default)]
pub struct Held(Option<OwnedSemaphorePermit>);

impl Default for Memory {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(MEMORY)))
    }
}

/// A body of `MOST` bytes at most, and its part of the budget.
pub struct LimitedBody<const MOST: usize> {
    pub bytes: Vec<u8>,
    pub held: Held,
}

impl<S: Send + Sync, const MOST: usize> FromRequest<S> for LimitedBody<MOST>
where
    Memory: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        plain(request.headers())?;
        let mut bytes = Vec::new();
        let took = |data: &[u8]| {
            bytes.extend_from_slice(data);
            Ok(())
        };
        let held = whole(request.into_body(), MOST, &Memory::from_ref(state), took).await?;
        Ok(Self { bytes, held })
    }
}

/// No body is compressed: what is sealed does not get smaller, and what unpacks takes memory.
pub(super) fn plain(headers: &HeaderMap) -> Result<(), Problem> {
    match headers.get(header::CONTENT_ENCODING).map(|name| name.as_bytes()) {
        None | Some(b"identity") => Ok(()),
        Some(_) => Err(Problem::Malformed),
    }
}

/// Passes a body to `took`, piece by piece as it arrives.
pub(super) async fn whole(
    mut body: Body,
    most: usize,
    memory: &Memory,
    mut took: impl FnMut(&[u8]) -> Result<(), Problem>,
) -> Result<Held, Problem> {
    // a body whose announced length is over the limit is not read at all
    if body.size_hint().lower() > most as u64 {
        return Err(Problem::Oversize);
    }
    let (begun, mut read, mut held) = (Instant::now(), 0, Held::default());
    loop {
        let patience = (PATIENCE + FOR_EACH_KIB * (read / 1024) as u32).min(LONGEST);
        let frame = poll_fn(|task| Pin::new(&mut body).poll_frame(task));
        match timeout_at(begun + patience, frame).await.map_err(|_| Problem::TooSlow)? {
            None => return Ok(held),
            Some(frame) => {
                let data = frame.map_err(|_| Problem::Malformed)?.into_data().unwrap_or_default();
                read += data.len();
                if read > most {
                    return Err(Problem::Oversize);
                }
                memory.grow(&mut held, read.div_ceil(1024))?;
                took(&data)?;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Bytes;
    use std::task::{Context, Poll};
    use tokio::time::{Sleep, sleep};

    /// So many bytes at a time, each after a pause.
    struct Drip {
        left: usize,
        bytes: usize,
        pause: Duration,
        next: Pin<Box<Sleep>>,
    }

    impl axum::body::HttpBody for Drip {
        type Data = Bytes;
        type Error = std::convert::Infallible;
        fn poll_frame(
            mut self: Pin<&mut Self>,
            task: &mut Context<'_>,
        ) -> Poll<Option<Result<hyper::body::Frame<Bytes>, Self::Error>>> {
            if self.left == 0 {
                return Poll::Ready(None);
            }
            std::task::ready!(self.next.as_mut().poll(task));
            (self.left, self.next) = (self.left - 1, Box::pin(sleep(self.pause)));
            Poll::Ready(Some(Ok(hyper::body::Frame::data(Bytes::from(vec![b' '; self.bytes])))))
        }
    }

    async fn read(left: usize, bytes: usize, pause: Duration) -> (Result<usize, Problem>, u64) {
        let (begun, next) = (Instant::now(), Box::pin(sleep(pause)));
        let mut came = 0;
        let took = |data: &[u8]| {
            came += data.len();
            Ok(())
        };
        let read = whole(Body::new(Drip { left, bytes, pause, next }), 1 << 20, &Memory::default(), took).await;
        (read.map(|_| came), begun.elapsed().as_secs())
    }

    #[tokio::test]
    async fn all_bodies_together_take_no_more_than_their_budget() {
        let memory = Memory::default();
        let read = async || whole(Body::from(vec![0; 1 << 20]), 1 << 20, &memory, |_| Ok(())).await;
        let mut held = Vec::new();
        for _ in 0..64 {
            held.push(read().await.unwrap());
        }
        assert_eq!(read().await.err(), Some(Problem::Unavailable));
        held.pop();
        assert!(read().await.is_ok(), "what is done makes room");
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_line_is_waited_for_and_who_only_drips_is_not() {
        let second = Duration::from_secs(1);
        assert_eq!(read(160, 1024, second).await, (Ok(160 * 1024), 160), "8 kbit/s");
        assert_eq!(read(9999, 1, second).await, (Err(Problem::TooSlow), 60));
        assert_eq!(read(9999, 1, 50 * second).await, (Err(Problem::TooSlow), 60), "nor who says nothing");
        assert_eq!(read(9999, 2048, second).await, (Err(Problem::TooSlow), 240), "nor a phone that has given up");
        assert_eq!(read(9999, 1024, second / 100).await.0, Err(Problem::Oversize));
    }
}
