//! Bundles that were cut off on their way, and answers that may have been. What has arrived of a bundle with the header
//! `tabara-bundle` is kept in memory for a while, under its hash, so that the phone sends only the rest; it is taken in only
//! when it is complete and has that hash. The last parcels are kept as well: they are sealed, and whoever asks must know the
//! bundle's hash.

use super::limited_body::{self, LimitedBody, Memory};
use super::problem::Problem;
use axum::extract::Request;
use axum::http::{HeaderValue, header};
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tabara_protocol::envelope::{Digest, sha256};
use tabara_protocol::wire::MAX_SENT;

/// Of all bundles together (32 MiB); beyond that the oldest are dropped.
const MAX_ALL: usize = 32 * 1024 * 1024;
const KEPT_FOR: Duration = Duration::from_secs(600);
/// Of all parcels together (8 MiB).
const MAX_PARCELS: usize = 8 * 1024 * 1024;

/// By the SHA-256 of the whole bundle.
#[derive(Default)]
pub struct PartialUploads {
    all: Mutex<HashMap<Digest, PartialUpload>>,
    memory: Memory,
}

struct PartialUpload {
    bytes: Vec<u8>,
    since: Instant,
}

impl PartialUploads {
    /// Counts what is read against this budget.
    pub fn within(memory: Memory) -> Self {
        Self { all: Mutex::default(), memory }
    }

    /// How many bytes of a bundle have arrived.
    pub fn held(&self, bundle: Digest) -> Option<usize> {
        self.all().get(&bundle).map(|upload| upload.bytes.len())
    }

    /// Reads a body, or the next piece of one whose beginning is kept. If the connection breaks, the part that arrived is kept.
    /// None if this was not the last piece.
    pub async fn read<const MOST: usize>(
        &self,
        bundle: &HeaderValue,
        request: Request,
    ) -> Result<Option<LimitedBody<MOST>>, Problem> {
        let (head, body) = request.into_parts();
        limited_body::plain(&head.headers)?;
        let bundle: Digest = bundle.to_str().ok().and_then(|name| name.parse().ok()).ok_or(Problem::Malformed)?;
        let (mut at, more) = match head.headers.get(header::CONTENT_RANGE) {
            None => (0, false),
            Some(range) => piece(range.to_str().unwrap_or_default()).ok_or(Problem::Malformed)?,
        };
        if at == 0 {
            self.begin(bundle);
        }
        let took = |data: &[u8]| {
            self.add(bundle, at, data)?;
            at += data.len();
            Ok(())
        };
        let held = limited_body::whole(body, MAX_SENT, &self.memory, took).await?;
        if more {
            return Ok(None);
        }
        match self.all().remove(&bundle) {
            Some(upload) if upload.bytes.len() == at && sha256(&upload.bytes) == bundle => {
                Ok(Some(LimitedBody { bytes: upload.bytes, held }))
            }
            _ => Err(Problem::Gap),
        }
    }

    fn begin(&self, bundle: Digest) {
        let (mut all, now) = (self.all(), Instant::now());
        all.retain(|_, upload| now.duration_since(upload.since) < KEPT_FOR);
        all.insert(bundle, PartialUpload { bytes: Vec::new(), since: now });
    }

    /// Adds bytes at an offset, unless another request has taken over this upload.
    fn add(&self, bundle: Digest, at: usize, data: &[u8]) -> Result<(), Problem> {
        let mut all = self.all();
        let upload = all.get_mut(&bundle).filter(|upload| upload.bytes.len() == at).ok_or(Problem::Gap)?;
        if at + data.len() > MAX_SENT {
            all.remove(&bundle);
            return Err(Problem::Oversize);
        }
        upload.bytes.extend_from_slice(data);
        while all.values().map(|upload| upload.bytes.len()).sum::<usize>() > MAX_ALL {
            let oldest = all.iter().min_by_key(|(_, upload)| upload.since).map(|(bundle, _)| *bundle);
            oldest.and_then(|bundle| all.remove(&bundle));
        }
        Ok(())
    }

    fn all(&self) -> MutexGuard<'_, HashMap<Digest, PartialUpload>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Where `bytes FROM-LAST/LENGTH` begins, and whether another piece follows it.
fn piece(range: &str) -> Option<(usize, bool)> {
    let (from, rest) = range.strip_prefix("bytes ")?.split_once('-')?;
    let (last, length): (usize, usize) =
        rest.split_once('/').map(|(l, n)| Some((l.parse().ok()?, n.parse().ok()?)))??;
    Some((from.parse().ok()?, last.checked_add(1)? < length))
}

/// The last parcels, by the hash of the bundle that they answer, the oldest first.
#[derive(Default)]
pub struct LastParcels(Mutex<VecDeque<(Digest, Arc<[u8]>)>>);

impl LastParcels {
    /// Keeps a parcel for a while.
    pub fn keep(&self, bundle: Digest, parcel: &[u8]) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.push_back((bundle, parcel.into()));
        let mut held: usize = all.iter().map(|(_, parcel)| parcel.len()).sum();
        while held > MAX_PARCELS {
            held -= all.pop_front().map_or(held, |(_, parcel)| parcel.len());
        }
    }

    /// The last parcel for a bundle.
    pub fn of(&self, bundle: Digest) -> Option<Arc<[u8]>> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.iter().rev().find(|(answers, _)| *answers == bundle).map(|(_, parcel)| parcel.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read(of: &PartialUploads, bundle: Digest, range: &str, body: &'static str) -> Result<Vec<u8>, Problem> {
        let request = Request::builder().header(header::CONTENT_RANGE, range).body(body.into()).unwrap();
        let posted = of.read::<99>(&bundle.to_string().parse().unwrap(), request).await?;
        Ok(posted.map(|posted| posted.bytes).unwrap_or_default())
    }

    #[tokio::test]
    async fn only_the_rest_of_what_was_cut_off_is_sent_again() {
        let (unfinished, whole) = (PartialUploads::default(), sha256(b"a bundle of records"));
        unfinished.begin(whole);
        unfinished.add(whole, 0, b"a bundle").unwrap();
        assert_eq!((unfinished.held(whole), unfinished.held(sha256(b"another"))), (Some(8), None));
        let rest = async |range| read(&unfinished, whole, range, " of records").await;
        assert_eq!(rest("bytes 7-18/19").await, Err(Problem::Gap));
        assert_eq!(rest("seven").await, Err(Problem::Malformed));
        assert_eq!(read(&unfinished, whole, "bytes 8-10/19", " of").await.unwrap(), b"", "not the last piece");
        assert_eq!(read(&unfinished, whole, "bytes 11-18/19", " records").await.unwrap(), b"a bundle of records");
        assert_eq!(unfinished.held(whole), None);
    }

    #[tokio::test]
    async fn a_body_that_is_not_what_it_was_announced_as_is_not_taken() {
        let (unfinished, whole) = (PartialUploads::default(), sha256(b"a bundle of records"));
        let read = read(&unfinished, whole, "bytes 0-18/19", "a bundle of recordz").await;
        assert_eq!((read, unfinished.held(whole)), (Err(Problem::Gap), None));
    }

    #[test]
    fn a_request_that_another_has_taken_over_adds_nothing_and_what_is_kept_has_bounds() {
        let (unfinished, name) = (PartialUploads::default(), |n: u32| sha256(&n.to_be_bytes()));
        unfinished.begin(name(1));
        unfinished.add(name(1), 0, b"abc").unwrap();
        assert_eq!(unfinished.add(name(1), 0, b"abc"), Err(Problem::Gap));
        assert_eq!(unfinished.add(name(1), 3, &vec![0; MAX_SENT]), Err(Problem::Oversize));
        for n in 0..200 {
            unfinished.begin(name(n));
            unfinished.add(name(n), 0, &vec![0; MAX_SENT]).unwrap();
        }
        assert_eq!(unfinished.all().len(), MAX_ALL / MAX_SENT);
        assert_eq!((unfinished.held(name(0)), unfinished.held(name(199))), (None, Some(MAX_SENT)));
        let parcels = LastParcels::default();
        (0..20).for_each(|n| parcels.keep(name(n), &vec![0; 1 << 20]));
        assert!(parcels.of(name(0)).is_none() && parcels.of(name(19)).is_some());
    }
}
