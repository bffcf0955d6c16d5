//! How often one phone or one address may ask: a bucket of requests that refills with time, so that a phone gone wild
//! or an address that guesses takes nothing from the others. Addresses of this machine are not limited: there
//! stands a proxy.

use crate::error::Problem;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// Whose requests are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Asker {
    /// A phone, by the position of its chain.
    Phone(u64),
    /// Who needs no token.
    Address(IpAddr),
}

impl Asker {
    /// Requests at once, and for each further second.
    fn allowance(self) -> (f64, f64) {
        match self {
            Self::Phone(_) => (600.0, 10.0),
            Self::Address(_) => (1200.0, 40.0),
        }
    }
}

/// More askers than this are not remembered one by one: the full buckets are forgotten.
const REMEMBERED: usize = 100_000;

#[derive(Default)]
pub struct Limits(Mutex<HashMap<Asker, (f64, Instant)>>);

impl Limits {
    /// Takes one request from the asker's bucket.
    pub fn take(&self, asker: Asker, now: Instant) -> Result<(), Problem> {
        if matches!(asker, Asker::Address(address) if address.is_loopback()) {
            return Ok(());
        }
        let mut buckets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= REMEMBERED {
            buckets.retain(|asker, (left, since)| refilled(*asker, *left, *since, now) < asker.allowance().0);
        }
        let (left, since) = buckets.entry(asker).or_insert((asker.allowance().0, now));
        (*left, *since) = (refilled(asker, *left, *since, now), now);
        if *left < 1.0 {
            return Err(Problem::TooMany);
        }
        *left -= 1.0;
        Ok(())
    }
}

fn refilled(asker: Asker, left: f64, since: Instant, now: Instant) -> f64 {
    let (most, per_second) = asker.allowance();
    (left + now.saturating_duration_since(since).as_secs_f64() * per_second).min(most)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_phone_gone_wild_waits_and_the_others_do_not() {
        let (limits, now) = (Limits::default(), Instant::now());
        let (wild, calm) = (Asker::Phone(1), Asker::Phone(2));
        assert!((0..600).all(|_| limits.take(wild, now).is_ok()));
        assert_eq!(limits.take(wild, now), Err(Problem::TooMany));
        assert_eq!(limits.take(calm, now), Ok(()));
        let later = now + Duration::from_secs(1);
        assert_eq!((0..20).filter(|_| limits.take(wild, later).is_ok()).count(), 10);
    }
}
