//! The learned time, and what of it nobody can push.
//!
//! Neither the phone's clock nor the server's is trusted without bound. Of four readings each serves what it cannot harm:
//! [`Mailbox::now`] follows both (lease, certificates); [`Mailbox::believed`] does not follow a phone's clock that leaps ahead
//! between two openings (months); [`Mailbox::told`] does not follow the phone's clock at all (deadlines of orders); and what
//! erases uses [`Mailbox::safe`], which goes on by the smaller of what the server says and what the phone itself has seen pass.

use super::file::Mailbox;
use crate::vault::error::VaultError;
use crate::vault::store::{from_json, json};
use rusqlite::{Connection, OptionalExtension as _};
use serde::{Deserialize, Serialize};
use std::sync::{MutexGuard, PoisonError};
use std::time::Duration;

/// Over a restart the phone has nothing but its own clock: it is believed for so much at once, and no more.
const MOST_BELIEVED: i64 = 31 * 86_400;

/// What this run has seen of time, by the monotonic clock.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct RunTime {
    opened: Duration,
    /// Server's time of the last answer that was made in this run, and when it came.
    contact: Option<(i64, Duration)>,
    /// When a signed time was last learned.
    learned: Option<Duration>,
}

impl RunTime {
    pub(super) fn begin(opened: Duration) -> Self {
        Self { opened, ..Self::default() }
    }
}

/// Seconds since 1970 UTC; `phone_…` is what the phone's own clock said then.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct LearnedTime {
    /// The last time that was fresh.
    base: i64,
    phone_base: i64,
    /// The last time that the server signed.
    told: i64,
    phone_told: i64,
    believed: i64,
    phone_believed: i64,
    safe: i64,
}

impl Mailbox {
    /// A signed answer says that it is `server`. One that is not fresh, as couriers bring it, is a lower bound only.
    pub(super) fn learn_time(&self, c: &Connection, server: i64, fresh: bool) -> Result<(), VaultError> {
        let (phone, monotonic, known) = (self.clock.unix(), self.clock.monotonic(), learned(c)?);
        let now = self.now_by(known.as_ref());
        if !fresh && known.is_some_and(|known| server <= known.told) {
            return Ok(());
        }
        let (base, phone_base) = match known {
            Some(known) if !fresh && server <= now => (known.base, known.phone_base),
            _ => (server, phone),
        };
        let own = |known: &LearnedTime| match self.run_time().learned {
            Some(then) => monotonic.saturating_sub(then).as_secs() as i64,
            None => phone.saturating_sub(known.phone_told).min(MOST_BELIEVED),
        };
        let step = known.as_ref().map_or(0, |known| own(known).min(server.saturating_sub(known.told)).max(0));
        let safe = known.map_or(server, |known| known.safe.saturating_add(step)).min(server);
        let believed = if fresh { server } else { self.believed_by(known.as_ref()).max(server) };
        let time =
            LearnedTime { base, phone_base, told: server, phone_told: phone, believed, phone_believed: phone, safe };
        c.execute("UPDATE server SET time = ?1", [json(&time)])?;
        let mut run = self.run_time();
        (run.learned, run.opened) = (Some(monotonic), monotonic);
        if fresh {
            run.contact = Some((server, monotonic));
        }
        Ok(())
    }

    /// At an opening: what passed since the last one by the phone's clock is believed, if it is not too much.
    pub(super) fn note_opening(&self) -> Result<(), VaultError> {
        self.store.write(|t| {
            let Some(mut time) = learned(t)? else { return Ok(()) };
            let phone = self.clock.unix();
            let passed = phone.saturating_sub(time.phone_believed);
            time.believed += if (0..=MOST_BELIEVED).contains(&passed) { passed } else { 0 };
            time.phone_believed = phone;
            Ok(t.execute("UPDATE server SET time = ?1", [json(&time)]).map(drop)?)
        })
    }

    /// Seconds since 1970 UTC: the server's time of this run, carried on by the monotonic clock. Before the first contact of a
    /// run the phone's own clock, corrected by what it was wrong by at the last contact, and never before that contact.
    pub fn now(&self) -> Result<i64, VaultError> {
        Ok(self.now_by(self.store.read(learned)?.as_ref()))
    }
    /// The same; but a phone's clock that leapt ahead since the last opening is not followed.
    pub fn believed(&self) -> Result<i64, VaultError> {
        Ok(self.believed_by(self.store.read(learned)?.as_ref()))
    }
    /// The server's last word on the time, carried on only by what this run has seen pass. None before the first contact.
    pub fn told(&self) -> Result<Option<i64>, VaultError> {
        let contact = self.contact_now();
        Ok(if contact.is_some() { contact } else { self.store.read(learned)?.map(|time| time.told) })
    }
    /// By this time things are erased. It stands behind the true time, never before it, unless server and phone are both
    /// wrong. None before the first contact: nothing is erased then.
    pub fn safe(&self) -> Result<Option<i64>, VaultError> {
        self.store.read(safe)
    }
    /// The phone's clock has leapt ahead since the last contact, or the phone lay unused for long.
    pub(super) fn is_clock_doubtful(&self) -> Result<bool, VaultError> {
        Ok(self.now()?.saturating_sub(self.believed()?) > MOST_BELIEVED)
    }
    /// A sync came to its end.
    pub fn synced(&self) -> Result<(), VaultError> {
        let now = self.now()?;
        self.store.write(|t| Ok(t.execute("UPDATE server SET last_sync = ?1", [now]).map(drop)?))
    }

    fn now_by(&self, known: Option<&LearnedTime>) -> i64 {
        let phone = self.clock.unix();
        let corrected = |time: &LearnedTime| time.base.saturating_add(phone.saturating_sub(time.phone_base).max(0));
        self.contact_now().unwrap_or_else(|| known.map_or(phone, corrected))
    }
    fn believed_by(&self, known: Option<&LearnedTime>) -> i64 {
        let in_run = self.clock.monotonic().saturating_sub(self.run_time().opened).as_secs() as i64;
        let carried = |time: &LearnedTime| time.believed.saturating_add(in_run);
        self.contact_now().unwrap_or_else(|| known.map_or_else(|| self.clock.unix(), carried))
    }
    fn contact_now(&self) -> Option<i64> {
        let (server, then) = self.run_time().contact?;
        Some(server + self.clock.monotonic().saturating_sub(then).as_secs() as i64)
    }
    fn run_time(&self) -> MutexGuard<'_, RunTime> {
        self.run_time.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn learned(c: &Connection) -> Result<Option<LearnedTime>, VaultError> {
    Ok(c.query_row("SELECT time FROM server WHERE time IS NOT NULL", [], |r| from_json(r, 0)).optional()?)
}

pub(super) fn safe(c: &Connection) -> Result<Option<i64>, VaultError> {
    Ok(learned(c)?.map(|time| time.safe))
}
