//! When a service is open: `24/7`, or days and times as people write them, `mo-fr 08:00-12:00,14:00-17:30; sa 08:00-12:00`.

use crate::clock::BUJUMBURA;

const DAYS: [&str; 7] = ["mo", "tu", "we", "th", "fr", "sa", "su"];
const DAY: i64 = 24 * 3600;

/// One time of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Opening {
    /// Days from Monday, 0, to Sunday, 6: first and last.
    pub days: (u8, u8),
    /// Minutes since midnight: from, and up to.
    pub minutes: (u16, u16),
}

/// The opening hours of a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hours {
    /// Nobody wrote them down.
    Unknown,
    /// Day and night.
    Always,
    /// At these times of each week, in Burundi.
    Weekly(Vec<Opening>),
}

impl Hours {
    /// Reads hours; none if they are not written so. Days are the first two letters of their English names, as in iCalendar.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim().to_ascii_lowercase();
        match text.as_str() {
            "" => return Some(Self::Unknown),
            "24/7" => return Some(Self::Always),
            _ => {}
        }
        let mut weekly = Vec::new();
        for group in text.split(';') {
            let (days, times) = group.trim().split_once(' ')?;
            let (first, last) = days.split_once('-').unwrap_or((days, days));
            let day = |name: &str| DAYS.iter().position(|day| *day == name).map(|at| at as u8);
            let days = (day(first)?, day(last)?);
            for time in times.split(',') {
                let (from, to) = time.trim().split_once('-')?;
                let minutes = (minute(from)?, minute(to)?);
                if minutes.0 >= minutes.1 || days.0 > days.1 {
                    return None;
                }
                weekly.push(Opening { days, minutes });
            }
        }
        Some(Self::Weekly(weekly))
    }

    /// Whether it is open at a moment, seconds since 1970 UTC; none if nobody knows.
    pub fn open_at(&self, unix: i64) -> Option<bool> {
        let local = unix + BUJUMBURA.as_secs() as i64;
        // 1 January 1970 was a Thursday
        let day = (local.div_euclid(DAY) + 3).rem_euclid(7) as u8;
        let minute = (local.rem_euclid(DAY) / 60) as u16;
        match self {
            Self::Unknown => None,
            Self::Always => Some(true),
            Self::Weekly(times) => Some(times.iter().any(|time| {
                (time.days.0..=time.days.1).contains(&day) && (time.minutes.0..time.minutes.1).contains(&minute)
            })),
        }
    }
}

/// Minutes since midnight of `HH:MM`, up to `24:00`.
fn minute(text: &str) -> Option<u16> {
    let (hours, minutes) = text.split_once(':')?;
    let number = |text: &str| text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse::<u16>().ok()).flatten();
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    (minutes < 60 && hours * 60 + minutes <= 24 * 60).then_some(hours * 60 + minutes)
}
