//! Time, as far as a phone can trust a clock.
//!
//! **Own time** is what this phone has itself seen pass since its folder began: by the clock that runs since the phone started,
//! sleep included; over a restart by what its calendar clock says, 31 days at most. A calendar that somebody sets
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
use crate::vault::error::VaultError;
use rusqlite::{Connection, OptionalExtension as _, params};

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
    /// A signed answer says that it is `server` (seconds since 1970 UTC). One that is not fresh, as couriers bring it, is a lower
    /// bound only.
    pub(super) fn learn_time(&self, c: &Connection, server: i64, fresh: bool) -> Result<(), VaultError> {
        let known = learned(c)?;
        if !fresh && known.is_some_and(|known| server <= self.carried(Some(known))) {
            return Ok(());
        }
        if known.is_none() {
            // leaves that were proven before the first contact are dated by nothing
            c.execute("UPDATE record SET proven = ?1 WHERE proven < ?1", [server])?;
        }
        let sql = "UPDATE server SET learned = ?1, own = ?2, phone = ?3";
        c.execute(sql, params![server, self.own_time(), self.clock.unix()])?;
        self.note_own_time(c)
    }
    /// Seconds since 1970 UTC, by learned time.
    pub fn now(&self) -> Result<i64, VaultError> {
        Ok(self.carried(self.learned()?))
    }
    fn carried(&self, known: Option<(i64, i64, i64)>) -> i64 {
        known.map_or_else(|| self.clock.unix(), |(learned, own, _)| learned + (self.own_time() - own))
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
    fn learned(&self) -> Result<Option<(i64, i64, i64)>, VaultError> {
        self.store.read(learned)
    }
    /// A sync came to its end.
    pub fn synced(&self) -> Result<(), VaultError> {
        let now = self.now()?;
        self.store.write(|t| Ok(t.execute("UPDATE server SET last_sync = ?1", [now]).map(drop)?))
    }
}

/// Server time, own time and calendar at the last contact.
pub(super) fn learned(c: &Connection) -> Result<Option<(i64, i64, i64)>, VaultError> {
    let sql = "SELECT learned, own, phone FROM server WHERE learned IS NOT NULL";
    Ok(c.query_row(sql, [], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?))).optional()?)
}
