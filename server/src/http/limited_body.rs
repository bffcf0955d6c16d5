//! The body of a request, read within three limits: its length, as sent and unpacked; its time; and a least speed, that of
//! the worst mobile line. A slow sender gets a timeout and frees its slot.

use super::problem::Problem;
use axum::body::{Body, HttpBody as _};
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, header};
use std::future::poll_fn;
use std::io::Read as _;
use std::pin::Pin;
use std::time::Duration;
use tabara_protocol::envelope;
use tokio::time::{Instant, timeout_at};

/// Time for any body, and more time for each KiB that has arrived: 8 kbit/s at least.
const PATIENCE: Duration = Duration::from_secs(60);
const FOR_EACH_KIB: Duration = Duration::from_secs(1);
/// The longest time for any body; phones give up sooner.
const LONGEST: Duration = Duration::from_secs(240);

/// A body of `MOST` bytes at most.
pub struct LimitedBody<const MOST: usize> {
    pub bytes: Vec<u8>,
    pub(super) gzip: bool,
}

impl<const MOST: usize> LimitedBody<MOST> {
    /// The JSON in it, plain or gzip.
    pub fn json<T: serde::de::DeserializeOwned>(&self) -> Result<T, Problem> {
        let mut unpacked = Vec::new();
        let json = if self.gzip {
            let mut limited = flate2::read::GzDecoder::new(&*self.bytes).take(MOST as u64 + 1);
            limited.read_to_end(&mut unpacked).map_err(|_| Problem::Malformed)?;
            &unpacked
        } else {
            &self.bytes
        };
        if json.len() > MOST {
            return Err(Problem::Oversize);
        }
        envelope::from_json(json).map_err(|_| Problem::Malformed)
    }
}

impl<S: Send + Sync, const MOST: usize> FromRequest<S> for LimitedBody<MOST> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let mut bytes = Vec::new();
        let (head, body) = request.into_parts();
        let gzip = gzip(&head.headers)?;
        let took = |data: &[u8]| {
            bytes.extend_from_slice(data);
            Ok(())
        };
        whole(body, MOST, took).await?;
        Ok(Self { bytes, gzip })
    }
}

pub(super) fn gzip(headers: &HeaderMap) -> Result<bool, Problem> {
    match headers.get(header::CONTENT_ENCODING).map(|name| name.as_bytes()) {
        None | Some(b"identity") => Ok(false),
        Some(b"gzip") => Ok(true),
        Some(_) => Err(Problem::Malformed),
    }
}

/// Passes a body to `took`, piece by piece as it arrives.
pub(super) async fn whole(
    mut body: Body,
    most: usize,
    mut took: impl FnMut(&[u8]) -> Result<(), Problem>,
) -> Result<(), Problem> {
    // a body whose announced length is over the limit is not read at all
    if body.size_hint().lower() > most as u64 {
        return Err(Problem::Oversize);
    }
    let (begun, mut read) = (Instant::now(), 0);
    loop {
        let patience = (PATIENCE + FOR_EACH_KIB * (read / 1024) as u32).min(LONGEST);
        let frame = poll_fn(|task| Pin::new(&mut body).poll_frame(task));
        match timeout_at(begun + patience, frame).await.map_err(|_| Problem::TooSlow)? {
            None => return Ok(()),
            Some(frame) => {
                let data = frame.map_err(|_| Problem::Malformed)?.into_data().unwrap_or_default();
                read += data.len();
                if read > most {
                    return Err(Problem::Oversize);
                }
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
        let read = whole(Body::new(Drip { left, bytes, pause, next }), 1 << 20, took).await;
        (read.map(|()| came), begun.elapsed().as_secs())
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
