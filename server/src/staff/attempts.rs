//! Sign-ins that failed lately. They are counted in memory and by a clock that only goes forward: a flood writes nothing,
//! a wrong clock locks nobody, and what a stranger typed as a name is on no disk.
//!
//! After some free tries each failure doubles the wait, from half a minute up to a quarter of an hour. A try that comes
//! too early is refused unchecked and not counted, so that a person who is impatient does not prolong her own wait.
//! Everybody is counted by name and address, by name, and by address ([`Key`]). Who shows that she was here before, by
//! the cookie of her browser or by a recovery code, is counted by that alone: no stranger makes her wait.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};
use tabara_protocol::envelope::Digest;

/// What failures are counted by.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Key {
    /// A browser that has signed in under this name before, a recovery code, or a session.
    Known(String, Digest),
    /// A name from an address; none where only the address of a proxy is known.
    Pair(String, Option<IpAddr>),
    Name(String),
    Address(IpAddr),
}

impl Key {
    /// Failures before the first wait. By name alone they are many: a stranger would use it.
    fn free(&self) -> u32 {
        match self {
            Self::Known(..) | Self::Pair(..) => 5,
            Self::Name(_) => 20,
            Self::Address(_) => 30,
        }
    }
}

const FIRST_WAIT: Duration = Duration::from_secs(30);
const LONGEST_WAIT: Duration = Duration::from_secs(900);
/// Failures are forgotten after so much time without a try.
const MEMORY: Duration = Duration::from_secs(3600);
/// If more keys than this are remembered, those that nobody waits for are forgotten.
const REMEMBERED: usize = 100_000;

/// How often a key failed, and when last.
struct Failures {
    count: u32,
    last: Instant,
}

impl Failures {
    fn wait(&self, free: u32, now: Instant) -> Duration {
        let Some(over) = self.count.checked_sub(free) else { return Duration::ZERO };
        let wait = (FIRST_WAIT * 2u32.pow(over.min(5))).min(LONGEST_WAIT);
        wait.saturating_sub(now.saturating_duration_since(self.last))
    }
}

/// Failures by key.
#[derive(Default)]
pub struct Attempts(Mutex<HashMap<Key, Failures>>);

impl Attempts {
    /// Counts a try under all keys, or returns how long it must wait. Before the password is checked, so that parallel
    /// tries gain nothing; [`Self::succeeded`] takes it back.
    pub fn begin(&self, keys: &[Key], now: Instant) -> Result<(), Duration> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|_, failures| now.saturating_duration_since(failures.last) < MEMORY);
        if all.len() >= REMEMBERED {
            all.retain(|key, failures| !failures.wait(key.free(), now).is_zero());
        }
        let wait = keys.iter().filter_map(|key| Some(all.get(key)?.wait(key.free(), now))).max();
        if let Some(wait) = wait.filter(|wait| !wait.is_zero()) {
            return Err(wait);
        }
        for key in keys {
            let failures = all.entry(key.clone()).or_insert(Failures { count: 0, last: now });
            (failures.count, failures.last) = (failures.count + 1, now);
        }
        Ok(())
    }

    /// Forgets the failures of a person who signed in. Those of her address were perhaps another's: one is taken back.
    pub fn succeeded(&self, keys: &[Key]) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for key in keys {
            match (key, all.get_mut(key)) {
                (Key::Address(_), Some(failures)) => failures.count = failures.count.saturating_sub(1),
                _ => drop(all.remove(key)),
            }
        }
    }
}
