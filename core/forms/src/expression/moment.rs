//! Civil days, moments and times of day, and their text form (ISO 8601). Proleptic Gregorian calendar, no time zones
//! beyond a fixed offset: that is all that answers need.

use serde::{Deserialize, Serialize};

/// Milliseconds of a day.
pub const DAY: i64 = 86_400_000;
const MINUTE: i64 = 60_000;

/// A moment with the offset at which it was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Moment {
    /// Milliseconds since 1970-01-01T00:00Z.
    pub ms: i64,
    /// Minutes east of UTC.
    pub offset: i16,
}

/// A time of day with its offset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TimeOfDay {
    /// Milliseconds since midnight at `offset`.
    pub ms: i32,
    /// Minutes east of UTC.
    pub offset: i16,
}

/// Days from 1970-01-01 to a civil date (Howard Hinnant's `days_from_civil`).
pub fn days(year: i32, month: u32, day: u32) -> i32 {
    let y = i64::from(year) - i64::from(month <= 2);
    let era = y.div_euclid(400);
    let year_of_era = y.rem_euclid(400);
    let day_of_year = i64::from((153 * ((month + 9) % 12) + 2) / 5 + day - 1);
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    (era * 146_097 + day_of_era - 719_468) as i32
}

/// Year, month and day of a number of days since 1970-01-01.
pub fn civil(days: i32) -> (i32, u32, u32) {
    let z = i64::from(days) + 719_468;
    let era = z.div_euclid(146_097);
    let day_of_era = z.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year as i32, month as u32, (day_of_year - (153 * shifted + 2) / 5 + 1) as u32)
}

impl Moment {
    /// The civil day at its own offset.
    pub fn day(self) -> i32 {
        (self.ms + i64::from(self.offset) * MINUTE).div_euclid(DAY) as i32
    }
    /// The same moment told at another offset.
    pub fn at(self, offset: i16) -> Self {
        Self { offset, ..self }
    }
    /// The time of day at its own offset.
    pub fn time(self) -> TimeOfDay {
        let ms = (self.ms + i64::from(self.offset) * MINUTE).rem_euclid(DAY) as i32;
        TimeOfDay { ms, offset: self.offset }
    }
    /// So many milliseconds later.
    pub fn after(self, ms: i32) -> Self {
        Self { ms: self.ms + i64::from(ms), ..self }
    }
    /// Midnight of a civil day.
    pub fn midnight(day: i32, offset: i16) -> Self {
        Self { ms: i64::from(day) * DAY - i64::from(offset) * MINUTE, offset }
    }
}

/// `YYYY-MM-DD`, also with single digits for month and day.
pub fn parse_date(text: &str) -> Option<i32> {
    let mut parts = text.splitn(3, '-');
    let mut number = |digits: std::ops::RangeInclusive<usize>| {
        let part = parts.next()?;
        let sound = digits.contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
        if sound { part.parse::<u32>().ok() } else { None }
    };
    let (year, month, day) = (number(4..=4)?, number(1..=2)?, number(1..=2)?);
    let found = days(year as i32, month, day);
    // 30 February would be another day
    (civil(found) == (year as i32, month, day)).then_some(found)
}

/// `YYYY-MM-DDThh:mm:ss.sss+hh:mm`; seconds, their fraction and the offset may be missing.
pub fn parse_moment(text: &str, local: i16) -> Option<Moment> {
    let (date, time) = text.split_once('T')?;
    let (day, time) = (parse_date(date)?, parse_time(time, local)?);
    Some(Moment { ms: Moment::midnight(day, time.offset).ms + i64::from(time.ms), offset: time.offset })
}

/// `hh:mm:ss.sss+hh:mm`; seconds, their fraction and the offset may be missing.
pub fn parse_time(text: &str, local: i16) -> Option<TimeOfDay> {
    let split = text.find(['Z', '+', '-']).unwrap_or(text.len());
    let (clock, zone) = text.split_at(split);
    let two = |part: &str, limit: i32| {
        let sound = part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit());
        part.parse::<i32>().ok().filter(|n| sound && *n < limit)
    };
    let mut parts = clock.splitn(3, ':');
    let (hours, minutes) = (two(parts.next()?, 24)?, two(parts.next()?, 60)?);
    let (seconds, fraction) = match parts.next().map(|s| s.split_once('.').unwrap_or((s, ""))) {
        Some((seconds, fraction)) => (two(seconds, 60)?, fraction),
        None => (0, ""),
    };
    if fraction.len() > 9 || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let millis = format!("{fraction:0<3}")[..3].parse::<i32>().ok()?;
    let offset = match zone {
        "" => local,
        "Z" => 0,
        _ => {
            let (h, m) = zone[1..].split_once(':').unwrap_or((&zone[1..], "00"));
            let minutes = (two(h, 24)? * 60 + two(m, 60)?) as i16;
            if zone.starts_with('-') { -minutes } else { minutes }
        }
    };
    Some(TimeOfDay { ms: ((hours * 60 + minutes) * 60 + seconds) * 1_000 + millis, offset })
}

/// A day, counted from 1970-01-01, as `YYYY-MM-DD`.
pub fn date_text(day: i32) -> String {
    let (year, month, day) = civil(day);
    format!("{year:04}-{month:02}-{day:02}")
}

/// A time of day as `hh:mm:ss.sss+hh:mm`, with its own offset.
pub fn time_text(time: TimeOfDay) -> String {
    let s = time.ms / 1_000;
    let sign = if time.offset < 0 { '-' } else { '+' };
    let (h, m) = (time.offset.abs() / 60, time.offset.abs() % 60);
    format!("{:02}:{:02}:{:02}.{:03}{sign}{h:02}:{m:02}", s / 3_600, s / 60 % 60, s % 60, time.ms % 1_000)
}

/// A moment as `YYYY-MM-DDThh:mm:ss.sss+hh:mm`, with its own offset.
pub fn moment_text(moment: Moment) -> String {
    format!("{}T{}", date_text(moment.day()), time_text(moment.time()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_dates_are_each_others_inverse() {
        assert_eq!((days(1970, 1, 1), days(2000, 3, 1), days(1969, 12, 31)), (0, 11_017, -1));
        for day in (-800_000..3_000_000).step_by(97) {
            let (y, m, d) = civil(day);
            assert_eq!(days(y, m, d), day);
        }
        assert_eq!(parse_date("2024-02-29").map(date_text).as_deref(), Some("2024-02-29"));
        for wrong in ["2023-02-29", "24-01-01", "2024-13-01", "2024-1-", "2024-01-01x", "", "-1000"] {
            assert_eq!(parse_date(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_moment_keeps_its_offset() {
        let text = "2018-04-24T15:30:00.500+06:00";
        let moment = parse_moment(text, 120).expect("a moment");
        assert_eq!(moment_text(moment), text);
        assert_eq!(moment_text(moment.at(-60)), "2018-04-24T08:30:00.500-01:00");
        assert_eq!(moment_text(moment.at(0)), "2018-04-24T09:30:00.500+00:00");
        assert_eq!(parse_moment("2018-04-24T09:30Z", 120).map(|m| m.ms), Some(moment.ms - 500));
        for wrong in ["2018-04-24", "2018-04-24T24:00", "2018-04-24T10:60", "2018-04-24T10:00+1", "T", "2018-04-24TZ"] {
            assert_eq!(parse_moment(wrong, 0), None, "{wrong}");
        }
    }
}
