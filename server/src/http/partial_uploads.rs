//! Uploads that were cut off. The part of a body with the header `tabara-batch` that has arrived is kept in memory for a
//! while, one for each phone, so that the phone sends only the rest. A batch is taken in only when it is complete and has
//! the announced hash.

use super::limited_body::{self, LimitedBody};
use super::problem::Problem;
use axum::extract::Request;
use axum::http::{HeaderValue, header};
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tabara_protocol::envelope::{Digest, sha256};

/// A body is kept up to this length (512 KiB); phones send smaller batches.
const MAX_KEPT: usize = 512 * 1024;
/// Of all phones together (64 MiB); beyond that the oldest are dropped.
const MAX_ALL: usize = 64 * 1024 * 1024;
const KEPT_FOR: Duration = Duration::from_secs(600);

/// By the position of the phone's chain.
#[derive(Default)]
pub struct PartialUploads(Mutex<HashMap<u64, PartialUpload>>);

struct PartialUpload {
    batch: Digest,
    bytes: Vec<u8>,
    since: Instant,
}

impl PartialUploads {
    /// How many bytes of a phone's batch have arrived.
    pub fn held(&self, phone: u64, batch: Digest) -> Option<usize> {
        self.all().get(&phone).filter(|upload| upload.batch == batch).map(|upload| upload.bytes.len())
    }

    /// Reads a body, or the rest of one whose beginning is kept. If the connection breaks, the part that arrived is kept.
    pub async fn read<const MOST: usize>(
        &self,
        phone: u64,
        batch: &HeaderValue,
        request: Request,
    ) -> Result<LimitedBody<MOST>, Problem> {
        let (head, body) = request.into_parts();
        let gzip = limited_body::gzip(&head.headers)?;
        let batch: Digest = batch.to_str().ok().and_then(|name| name.parse().ok()).ok_or(Problem::Malformed)?;
        let mut at = match head.headers.get(header::CONTENT_RANGE) {
            None => 0,
            Some(range) => from(range.to_str().unwrap_or_default()).ok_or(Problem::Malformed)?,
        };
        if at == 0 {
            self.begin(phone, batch);
        }
        let took = |data: &[u8]| {
            self.add(phone, batch, at, data)?;
            at += data.len();
            Ok(())
        };
        limited_body::whole(body, MAX_KEPT, took).await?;
        match self.all().remove(&phone) {
            Some(upload) if upload.batch == batch && upload.bytes.len() == at && sha256(&upload.bytes) == batch => {
                Ok(LimitedBody { bytes: upload.bytes, gzip })
            }
            _ => Err(Problem::Gap),
        }
    }

    fn begin(&self, phone: u64, batch: Digest) {
        let (mut all, now) = (self.all(), Instant::now());
        all.retain(|_, upload| now.duration_since(upload.since) < KEPT_FOR);
        all.insert(phone, PartialUpload { batch, bytes: Vec::new(), since: now });
    }

    /// Adds bytes at an offset, unless another request has taken over this upload.
    fn add(&self, phone: u64, batch: Digest, at: usize, data: &[u8]) -> Result<(), Problem> {
        let mut all = self.all();
        let upload = all.get_mut(&phone).filter(|upload| upload.batch == batch && upload.bytes.len() == at);
        let upload = upload.ok_or(Problem::Gap)?;
        if at + data.len() > MAX_KEPT {
            all.remove(&phone);
            return Err(Problem::Oversize);
        }
        upload.bytes.extend_from_slice(data);
        while all.values().map(|upload| upload.bytes.len()).sum::<usize>() > MAX_ALL {
            let oldest = all.iter().min_by_key(|(_, upload)| upload.since).map(|(phone, _)| *phone);
            oldest.and_then(|phone| all.remove(&phone));
        }
        Ok(())
    }

    fn all(&self) -> MutexGuard<'_, HashMap<u64, PartialUpload>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Where `bytes FROM-LAST/LENGTH` begins.
fn from(range: &str) -> Option<usize> {
    range.strip_prefix("bytes ")?.split('-').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read(
        of: &PartialUploads,
        phone: u64,
        batch: Digest,
        range: &str,
        body: &'static str,
    ) -> Result<Vec<u8>, Problem> {
        let request = Request::builder().header(header::CONTENT_RANGE, range).body(body.into()).unwrap();
        let name = batch.to_string().parse().unwrap();
        of.read::<99>(phone, &name, request).await.map(|posted| posted.bytes)
    }

    #[tokio::test]
    async fn only_the_rest_of_what_was_cut_off_is_sent_again_and_only_by_the_same_phone() {
        let (unfinished, whole) = (PartialUploads::default(), sha256(b"a batch of records"));
        unfinished.begin(1, whole);
        unfinished.add(1, whole, 0, b"a batch").unwrap();
        assert_eq!((unfinished.held(1, whole), unfinished.held(2, whole)), (Some(7), None));
        let rest = async |phone, range| read(&unfinished, phone, whole, range, " of records").await;
        assert_eq!(rest(2, "bytes 7-17/18").await, Err(Problem::Gap));
        assert_eq!(rest(1, "bytes 6-17/18").await, Err(Problem::Gap));
        assert_eq!(rest(1, "seven").await, Err(Problem::Malformed));
        assert_eq!(rest(1, "bytes 7-17/18").await.unwrap(), b"a batch of records");
        assert_eq!(unfinished.held(1, whole), None);
    }

    #[tokio::test]
    async fn a_body_that_is_not_what_it_was_announced_as_is_not_taken() {
        let (unfinished, whole) = (PartialUploads::default(), sha256(b"a batch of records"));
        let read = read(&unfinished, 1, whole, "bytes 0-17/18", "a batch of recordz").await;
        assert_eq!((read, unfinished.held(1, whole)), (Err(Problem::Gap), None));
    }

    #[test]
    fn a_request_that_another_has_taken_over_adds_nothing_and_what_is_kept_has_bounds() {
        let (unfinished, first, second) = (PartialUploads::default(), sha256(b"1"), sha256(b"2"));
        unfinished.begin(1, first);
        unfinished.add(1, first, 0, b"abc").unwrap();
        assert_eq!(unfinished.add(1, first, 0, b"abc"), Err(Problem::Gap));
        unfinished.begin(1, second);
        assert_eq!(unfinished.add(1, first, 3, b"d"), Err(Problem::Gap));
        assert_eq!(unfinished.add(1, second, 0, &vec![0; MAX_KEPT + 1]), Err(Problem::Oversize));
        for phone in 0..200 {
            unfinished.begin(phone, first);
            unfinished.add(phone, first, 0, &vec![0; MAX_KEPT]).unwrap();
        }
        assert_eq!(unfinished.all().len(), MAX_ALL / MAX_KEPT);
        assert_eq!((unfinished.held(0, first), unfinished.held(199, first)), (None, Some(MAX_KEPT)));
    }
}
