//! The learned time.

use super::file::Mailbox;
use crate::vault::error::VaultError;
use rusqlite::{OptionalExtension as _, params};
use std::sync::PoisonError;
use std::time::Duration;

impl Mailbox {
    /// The server said that it is now `server` (seconds since 1970 UTC).
    pub fn learn_time(&self, server: i64) -> Result<(), VaultError> {
        *self.contact() = Some((server, self.clock.monotonic()));
        self.store.write(|t| {
            // receipts that a courier brought before the first contact are dated by a clock that nobody had checked
            let unchecked = "UPDATE record SET at = ?1 WHERE at < ?1 AND (SELECT learned IS NULL FROM server)";
            t.execute(unchecked, [server])?;
            t.execute("UPDATE server SET learned = ?1, phone = ?2", params![server, self.clock.unix()])?;
            Ok(())
        })
    }
    /// Seconds since 1970 UTC, by learned time.
    pub fn now(&self) -> Result<i64, VaultError> {
        if let Some((server, then)) = *self.contact() {
            return Ok(server + self.clock.monotonic().saturating_sub(then).as_secs() as i64);
        }
        let sql = "SELECT learned, phone FROM server WHERE learned IS NOT NULL";
        let last: Option<(i64, i64)> =
            self.store.read(|c| Ok(c.query_row(sql, [], |r| Ok((r.get(0)?, r.get(1)?))).optional()?))?;
        let phone = self.clock.unix();
        Ok(last.map_or(phone, |(learned, then)| phone.saturating_add(learned.saturating_sub(then)).max(learned)))
    }
    fn contact(&self) -> std::sync::MutexGuard<'_, Option<(i64, Duration)>> {
        self.contact.lock().unwrap_or_else(PoisonError::into_inner)
    }
    /// A sync came to its end.
    pub fn synced(&self) -> Result<(), VaultError> {
        let now = self.now()?;
        self.store.write(|t| Ok(t.execute("UPDATE server SET last_sync = ?1", [now]).map(drop)?))
    }
}
