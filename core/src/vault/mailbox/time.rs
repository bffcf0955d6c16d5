//! Time, as far as a phone can trust a clock.
//!
//! **Own time** is what this phone has itself seen pass since its folder began: by the clock that runs since the phone started,
//! sleep included; over a restart by what its calendar clock says, at most [`LONGEST_STEP`]. A calendar that somebody sets
//! ahead moves it by a month at most, and only with a restart.
//!
//! **Learned time**, `now`, is what the server said at the last contact, and own time since. So a clock that runs ahead stamps no
//! future month, ends no lease and carries out no order. Only a phone that never met its server goes by its calendar.
//!
//! What erases asks two clocks that know nothing of each other, and believes the smaller: what the server [`told`] at the last
//! contact, and own time ([`Mailbox::apply_retention`], [`Vault::forget_cards`](crate::vault::Vault::forget_cards)).
//!
//! [`told`]: Mailbox::told_time

use super::file::Mailbox;
use crate::clock::{BootTime, Clock};
use crate::vault::error::VaultError;
use rusqlite::{Connection, OptionalExtension as _, Row, params};
use std::time::Duration;

/// The most that own time moves over a restart of the phone, in seconds.
const LONGEST_STEP: i64 = 31 * 86_400;

/// All clocks at one moment of this run, with the own time then.
pub(super) struct Moment {
    own: i64,
    boot: Option<BootTime>,
    monotonic: Duration,
    unix: i64,
}

impl Moment {
    /// Now, when the folder is opened: the own time that was noted last, and what passed since.
    pub(super) fn begin(c: &Connection, clock: &dyn Clock) -> Result<Self, VaultError> {
        let mut now = Self { own: 0, boot: clock.boot_time(), monotonic: clock.monotonic(), unix: clock.unix() };
        let noted = |r: &Row| Ok((r.get(0)?, r.get::<_, Option<String>>(1)?, r.get::<_, u64>(2)?, r.get(3)?));
        let sql = "SELECT own, boot, since, unix FROM clock";
        let last: Option<(i64, Option<String>, u64, i64)> = c.query_row(sql, [], noted).optional()?;
        if let Some((own, boot, since, unix)) = last {
            let step = match &now.boot {
                Some(boot_now) if boot.as_ref() == Some(&boot_now.boot) => {
                    boot_now.since.as_secs().saturating_sub(since) as i64
                }
                _ => now.unix.saturating_sub(unix).clamp(0, LONGEST_STEP),
            };
            now.own = own.saturating_add(step);
        }
        Ok(now)
    }
    fn elapsed(&self, clock: &dyn Clock) -> i64 {
        let passed = match (&self.boot, clock.boot_time()) {
            (Some(then), Some(now)) if then.boot == now.boot => now.since.saturating_sub(then.since),
            _ => clock.monotonic().saturating_sub(self.monotonic),
        };
        passed.as_secs() as i64
    }
}

impl Mailbox {
    /// Seconds that this phone has seen pass since its folder began. Only grows.
    pub fn own_time(&self) -> i64 {
        self.begun.own + self.begun.elapsed(&*self.clock)
    }
    /// Notes the own time, from which the next opening goes on.
    pub(super) fn note_own_time(&self, c: &Connection) -> Result<(), VaultError> {
        let boot = self.clock.boot_time();
        let since = boot.as_ref().map_or(0, |boot| boot.since.as_secs());
        c.execute(
            "INSERT OR REPLACE INTO clock (one, own, boot, since, unix) VALUES (1, ?1, ?2, ?3, ?4)",
            params![self.own_time(), boot.map(|boot| boot.boot), since, self.clock.unix()],
        )?;
        Ok(())
    }
    /// The server said that it is now `server` (seconds since 1970 UTC).
    pub fn learn_time(&self, server: i64) -> Result<(), VaultError> {
        self.store.write(|t| {
            // receipts that a courier brought before the first contact are dated by a clock that nobody had checked
            let unchecked = "UPDATE record SET at = ?1 WHERE at < ?1 AND (SELECT learned IS NULL FROM server)";
            t.execute(unchecked, [server])?;
            let sql = "UPDATE server SET learned = ?1, own = ?2, phone = ?3";
            t.execute(sql, params![server, self.own_time(), self.clock.unix()])?;
            self.note_own_time(t)
        })
    }
    /// Seconds since 1970 UTC, by learned time.
    pub fn now(&self) -> Result<i64, VaultError> {
        let learned = self.learned()?;
        Ok(learned.map_or_else(|| self.clock.unix(), |(learned, own, _)| learned + (self.own_time() - own)))
    }
    /// Whether a server has ever told the time.
    pub fn has_learned(&self) -> Result<bool, VaultError> {
        Ok(self.learned()?.is_some())
    }
    /// What the server said at the last contact, with nothing added; 0 before the first.
    pub fn told_time(&self) -> Result<i64, VaultError> {
        Ok(self.learned()?.map_or(0, |(learned, ..)| learned))
    }
    /// How far the phone's calendar is ahead of learned time, in seconds; behind it where negative, 0 before the first contact.
    pub fn calendar_error(&self) -> Result<i64, VaultError> {
        Ok(if self.has_learned()? { self.clock.unix().saturating_sub(self.now()?) } else { 0 })
    }
    /// The latest that it may be: by the calendar, corrected by what it was wrong by at the last contact. A phone that was off
    /// for months finds its server's new certificate valid by this. Nothing is erased by it.
    pub fn latest(&self) -> Result<i64, VaultError> {
        let (now, unix) = (self.now()?, self.clock.unix());
        let corrected = self.learned()?.map(|(learned, _, phone)| unix.saturating_add(learned.saturating_sub(phone)));
        Ok(corrected.unwrap_or(unix).max(now))
    }
    /// Server time, own time and calendar at the last contact.
    fn learned(&self) -> Result<Option<(i64, i64, i64)>, VaultError> {
        let sql = "SELECT learned, own, phone FROM server WHERE learned IS NOT NULL";
        self.store.read(|c| Ok(c.query_row(sql, [], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?))).optional()?))
    }
    /// A sync came to its end.
    pub fn synced(&self) -> Result<(), VaultError> {
        let now = self.now()?;
        self.store.write(|t| Ok(t.execute("UPDATE server SET last_sync = ?1", [now]).map(drop)?))
    }
}
