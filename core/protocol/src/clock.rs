//! Time as a parameter. Nothing in the core asks the system for it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Two clocks of a phone: what it believes the time is, and one that only goes forward.
pub trait Clock: Send + Sync {
    /// Seconds since 1970-01-01 UTC by the phone's own, untrusted clock.
    fn unix(&self) -> i64;
    /// Time since some fixed moment of this run; never goes back.
    fn monotonic(&self) -> Duration;
}

/// The clocks of the machine.
#[derive(Debug)]
pub struct SystemClock(std::time::Instant);

impl Default for SystemClock {
    fn default() -> Self {
        Self(std::time::Instant::now())
    }
}

impl Clock for SystemClock {
    fn unix(&self) -> i64 {
        SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs() as i64)
    }
    fn monotonic(&self) -> Duration {
        self.0.elapsed()
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
    fn a_day_ends_at_midnight_in_bujumbura() {
        assert_eq!(end_of_day("2020-12-31"), Some(1_609_451_999));
        assert_eq!(end_of_day("31.12.2020"), None);
        assert_eq!(end_of_day("9999-12-31"), None);
    }
}
