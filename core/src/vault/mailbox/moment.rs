//! All clocks of a phone at one moment, from which its own time counts.

use crate::clock::{BootTime, Clock};
use crate::vault::error::VaultError;
use rusqlite::{Connection, OptionalExtension as _, Row};
use std::time::Duration;

/// The most that own time moves over a restart of the phone, in seconds.
const LONGEST_STEP: i64 = 31 * 86_400;

/// All clocks at one moment of this run, with the own time then.
pub(super) struct Moment {
    pub(super) own: i64,
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
    pub(super) fn elapsed(&self, clock: &dyn Clock) -> i64 {
        let passed = match (&self.boot, clock.boot_time()) {
            (Some(then), Some(now)) if then.boot == now.boot => now.since.saturating_sub(then.since),
            _ => clock.monotonic().saturating_sub(self.monotonic),
        };
        passed.as_secs() as i64
    }
}
