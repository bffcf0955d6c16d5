//! How much to send at once, how long to wait for it, and how long to pause after a failure. Batches begin small, double
//! while answers come quickly and halve when they do not, so that the answer, too, gets through a link which is cut often.

use std::time::Duration;

/// Bytes of the first batch, before compression: some five screenings.
const FIRST: usize = 16 * 1024;
/// A bundle of so many bytes of records stays below [`crate::wire::MAX_SENT`], in base64 and with all that it asks.
const LARGEST: usize = 256 * 1024;
/// An answer that comes sooner says that the link bears more.
const QUICK: Duration = Duration::from_millis(1500);
/// An answer that takes longer says that the batch was too large.
const SLOW: Duration = Duration::from_secs(6);
/// Failures in a row before a run gives up: before the first answer, and after it.
const TRIES: (u32, u32) = (2, 6);

#[derive(Debug)]
pub(super) struct Pace {
    batch: usize,
    /// Bytes in a second, both ways, as measured last; pessimistic until then.
    rate: f64,
    failures: u32,
    answered: bool,
    random: u64,
}

impl Pace {
    /// `seed` only jitters pauses.
    pub(super) fn new(seed: u64) -> Self {
        Self { batch: FIRST, rate: 1024.0, failures: 0, answered: false, random: seed }
    }

    /// Bytes that the next batch should hold.
    pub(super) fn batch(&self) -> usize {
        self.batch
    }

    /// How long a request that moves so many bytes may take.
    pub(super) fn timeout(&self, bytes: usize) -> Duration {
        Duration::from_secs_f64((15.0 + 4.0 * bytes as f64 / self.rate).clamp(20.0, 180.0))
    }

    /// Another address is tried.
    pub(super) fn begin_again(&mut self) {
        *self = Self::new(self.random);
    }

    /// An answer came.
    pub(super) fn answered(&mut self) {
        (self.failures, self.answered) = (0, true);
    }

    /// A batch of so many bytes was answered after this time.
    pub(super) fn sent(&mut self, bytes: usize, took: Duration) {
        let measured = bytes as f64 / took.as_secs_f64().max(0.001);
        self.rate = (0.5 * self.rate + 0.5 * measured).clamp(64.0, 1e9);
        if took < QUICK {
            self.batch = (self.batch * 2).min(LARGEST);
        } else if took > SLOW {
            self.batch = (self.batch / 2).max(FIRST / 4);
        }
    }

    /// A request failed: the pause before the next try, or nothing when it is time to give up. `asked` is what the
    /// server wished for.
    pub(super) fn failed(&mut self, asked: Option<Duration>) -> Option<Duration> {
        self.batch = (self.batch / 2).max(FIRST / 4);
        self.rate = (self.rate / 2.0).max(64.0);
        self.failures += 1;
        if self.failures >= if self.answered { TRIES.1 } else { TRIES.0 } {
            return None;
        }
        let full = 0.5 * f64::from(1 << self.failures.min(4));
        let pause = Duration::from_secs_f64(full * (0.5 + 0.5 * self.next()));
        match asked {
            Some(asked) if asked > Duration::from_secs(30) => None,
            asked => Some(pause.max(asked.unwrap_or_default())),
        }
    }

    /// From 0 to 1 (SplitMix64).
    fn next(&mut self) -> f64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.random;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn batches_grow_on_a_quick_link_stay_on_a_slow_one_and_shrink_when_it_breaks() {
        let mut pace = Pace::new(1);
        pace.sent(4000, SECOND / 10);
        assert_eq!(pace.batch(), 2 * FIRST);
        pace.sent(8000, 3 * SECOND);
        assert_eq!(pace.batch(), 2 * FIRST);
        pace.sent(8000, 9 * SECOND);
        assert_eq!(pace.batch(), FIRST);
        pace.failed(None);
        assert_eq!(pace.batch(), FIRST / 2);
        for _ in 0..50 {
            pace.sent(100_000, SECOND / 10);
        }
        assert_eq!(pace.batch(), LARGEST);
    }

    #[test]
    fn a_slower_link_gets_more_time() {
        let mut pace = Pace::new(1);
        (0..9).for_each(|_| pace.sent(100_000, SECOND));
        let quick = pace.timeout(60_000);
        (0..9).for_each(|_| pace.sent(2_000, SECOND));
        assert!(pace.timeout(60_000) > quick);
        assert!(pace.timeout(usize::MAX) <= 180 * SECOND);
    }

    #[test]
    fn pauses_grow_with_jitter_until_the_run_gives_up() {
        let mut pace = Pace::new(7);
        pace.answered();
        let pauses: Vec<_> = std::iter::from_fn(|| pace.failed(None)).collect();
        assert_eq!(pauses.len(), 5);
        for (at, pause) in pauses.iter().enumerate() {
            let full = SECOND / 2 * (1 << (at + 1).min(4));
            assert!((full / 2..=full).contains(pause), "{pause:?} of {full:?}");
        }
    }

    #[test]
    fn without_any_answer_the_run_gives_up_soon_and_a_busy_server_is_given_its_time() {
        let mut pace = Pace::new(1);
        assert!(pace.failed(None).is_some());
        assert!(pace.failed(None).is_none());
        let mut pace = Pace::new(1);
        pace.answered();
        assert_eq!(pace.failed(Some(9 * SECOND)), Some(9 * SECOND));
        assert_eq!(pace.failed(Some(90 * SECOND)), None);
    }
}
