//! Time as a parameter. Nothing in the core asks the system for it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// How long the machine has been running.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BootTime {
    /// Another text after each start of the machine.
    pub boot: String,
    /// Time since that start, sleep included.
    pub since: Duration,
}

/// The clocks of a phone: what it believes the time is, and two that only go forward.
pub trait Clock: Send + Sync {
    /// Seconds since 1970-01-01 UTC by the phone's own, untrusted clock.
    fn unix(&self) -> i64;
    /// Time since some fixed moment of this run; never goes back.
    fn monotonic(&self) -> Duration;
    /// Time since the phone started; none where the system does not tell it, or not which start that was.
    fn boot_time(&self) -> Option<BootTime> {
        None
    }
}

/// The clocks of the machine.
#[derive(Debug)]
pub struct SystemClock {
    begun: std::time::Instant,
    boot: Option<String>,
}

impl Default for SystemClock {
    fn default() -> Self {
        // Linux and Android; elsewhere there is no such file
        let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok();
        Self { begun: std::time::Instant::now(), boot: boot.map(|id| id.trim().to_owned()).filter(|id| !id.is_empty()) }
    }
}

#[cfg(any(target_os = "linux", target_os = "android"))]
fn since_boot() -> Option<Duration> {
    let read = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    Some(Duration::new(read.tv_sec.try_into().ok()?, read.tv_nsec.try_into().ok()?))
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn since_boot() -> Option<Duration> {
    None
}

impl Clock for SystemClock {
    fn unix(&self) -> i64 {
        SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs() as i64)
    }
    fn monotonic(&self) -> Duration {
        self.begun.elapsed()
    }
    fn boot_time(&self) -> Option<BootTime> {
        Some(BootTime { boot: self.boot.clone()?, since: since_boot()? })
    }
}

/// Burundi keeps UTC+2 all year (Africa/Bujumbura, no summer time): no time-zone database is needed.
pub const BUJUMBURA: Duration = Duration::from_secs(2 * 3600);

/// The civil date in Burundi at a moment.
pub fn civil_date(unix: i64) -> jiff::civil::Date {
    let days = (unix + BUJUMBURA.as_secs() as i64).div_euclid(86_400);
    jiff::civil::date(1970, 1, 1).saturating_add(jiff::Span::new().days(days.clamp(-700_000, 2_900_000)))
}

/// The civil month in Burundi, `YYYY-MM`.
pub fn civil_month(unix: i64) -> String {
    let date = civil_date(unix);
    format!("{:04}-{:02}", date.year(), date.month())
}

/// The last second, in Burundi, of a day written `YYYY-MM-DD`; none if it is not a date.
pub fn end_of_day(date: &str) -> Option<i64> {
    let next = date.parse::<jiff::civil::Date>().ok()?.tomorrow().ok()?;
    let midnight = next.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().as_second();
    Some(midnight - BUJUMBURA.as_secs() as i64 - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_month_turns_at_midnight_in_bujumbura() {
        assert_eq!(civil_month(1_609_451_999), "2020-12"); // 2020-12-31 21:59:59 UTC
        assert_eq!(civil_month(1_609_452_000), "2021-01"); // 22:00:00 UTC is midnight there
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn two_clocks_of_one_machine_agree_on_its_start_and_how_long_ago_that_was() {
        let read = || SystemClock::default().boot_time().expect("Linux tells it");
        let (first, second) = (read(), read());
        assert_eq!(first.boot, second.boot);
        assert!(first.since <= second.since && first.since > Duration::ZERO);
    }

    #[test]
    fn a_day_ends_at_midnight_in_bujumbura() {
        assert_eq!(end_of_day("2020-12-31"), Some(1_609_451_999));
        assert_eq!(end_of_day("31.12.2020"), None);
        assert_eq!(end_of_day("9999-12-31"), None);
    }
}
