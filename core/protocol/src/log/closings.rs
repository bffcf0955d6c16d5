//! When months close, and when a record has been kept long enough. Both derive from the log and the time of an entry alone, so that
//! every copy agrees.

use super::entry::{Closing, EntryKind, Expiry, Revision};
use crate::clock::civil_date;
use crate::kind::Kind;
use jiff::ToSpan as _;
use jiff::civil::Date;
use std::collections::BTreeMap;

/// Days after the end of a month until it closes.
const CLOSING_DAYS: i64 = 7;

/// An entry that the clock makes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Due {
    /// A month closes.
    Closing(Closing),
    /// A quarter is over. Withdrawn records are buried after it, and those that were kept long enough expire.
    Revision(Revision),
}

/// What is due at a time, if `open` is the first month that is not closed.
pub fn due(open: &str, now: i64) -> Vec<Due> {
    let (mut found, mut month) = (Vec::new(), open.to_owned());
    while is_due(&month, now) {
        found.push(Due::Closing(Closing { month: month.clone() }));
        if matches!(month.get(5..), Some("03" | "06" | "09" | "12")) {
            found.push(Due::Revision(Revision { through: month.clone() }));
        }
        let Some(next) = next_month(&month) else { break };
        month = next;
    }
    found
}

/// Whether a month closes by this time: `CLOSING_DAYS` after its last day.
pub fn is_due(month: &str, now: i64) -> bool {
    let closes =
        first_day(month).and_then(|day| day.checked_add(1.month()).ok()?.checked_add(CLOSING_DAYS.days()).ok());
    closes.is_some_and(|day| day <= civil_date(now))
}

/// The month after this one, `YYYY-MM`.
pub fn next_month(month: &str) -> Option<String> {
    let next = first_day(month)?.checked_add(1.month()).ok()?;
    Some(format!("{:04}-{:02}", next.year(), next.month()))
}

fn first_day(month: &str) -> Option<Date> {
    format!("{month}-01").parse().ok()
}

/// Whether a month may be opened again: it is closed (`open` is the first that is not) and not due now, so that a wrong clock closed it, and
/// no revision of a later month has come.
pub fn may_reopen(month: &str, open: Option<&str>, revised: Option<&str>, now: i64) -> bool {
    let is_month = first_day(month).is_some() && month.len() == 7;
    is_month && open.is_some_and(|open| month < open) && revised.is_none_or(|last| last <= month) && !is_due(month, now)
}

/// By kind: the first day of which records are kept whole, for a policy that says how many years each kind is kept.
pub fn kept_from(years: &BTreeMap<Kind, u32>, now: i64) -> BTreeMap<Kind, String> {
    let day = |years: u32| civil_date(now).checked_sub(i64::from(years).years()).ok();
    let kept = years.iter().filter(|(kind, years)| kind.expires() && **years > 0);
    kept.filter_map(|(kind, years)| Some((*kind, day(*years)?.to_string()))).collect()
}

impl Expiry {
    /// Whether a record of this kind that came at this time expires.
    pub fn takes(before: &BTreeMap<Kind, String>, kind: Kind, received: i64) -> bool {
        before.get(&kind).is_some_and(|day| civil_date(received).to_string() < *day)
    }
}

impl Due {
    /// The entry that it becomes: its kind and its text.
    pub fn entry(&self) -> (EntryKind, String) {
        let (kind, text) = match self {
            Self::Closing(closing) => (EntryKind::Closing, serde_json::to_string(closing)),
            Self::Revision(revision) => (EntryKind::Revision, serde_json::to_string(revision)),
        };
        (kind, text.expect("plain data has a JSON form"))
    }
}
