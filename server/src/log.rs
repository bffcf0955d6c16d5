//! Closings of months and revisions. They are entries too, made by the clock: before anything is appended, and by a timer,
//! every closing that is due is appended first. So the position of a month's closing divides records that came in time
//! from late ones, and every copy of the log agrees.

use crate::statistics::plan;
use crate::store::entry::{ClockAccepted, DictionaryInForce, EntryKind, Reopening};
use crate::store::{EntryRow, Reading, Result, Store, StoreError, Writing};
use serde::Serialize;
use tabara_protocol::clock::{self, Clock};
use tabara_protocol::log::closings::{due, kept_from, may_reopen};

/// A clock so far before the last entry is wrong: nothing is served until it is right.
const MAX_BEHIND: i64 = 3600;
/// A clock so far after the last entry is not believed until the operator has looked: a server that runs writes every month.
const MAX_AHEAD: i64 = 35 * DAY;
const DAY: i64 = 86_400;
/// Hint of the latest time at which something was written.
const LATEST: &str = "latest";

/// The beginning of the day in Burundi, seconds since 1970 UTC. Records are kept with the day on which they came alone.
pub fn day_of(now: i64) -> i64 {
    let ahead = clock::BUJUMBURA.as_secs() as i64;
    (now + ahead).div_euclid(DAY) * DAY - ahead
}

/// The beginning of the week, a Monday in Burundi, seconds since 1970 UTC. The number of the open months moves then alone.
pub fn week_of(now: i64) -> i64 {
    /// 1970 began on a Thursday.
    const MONDAY: i64 = 4 * DAY;
    let ahead = clock::BUJUMBURA.as_secs() as i64;
    (now + ahead - MONDAY).div_euclid(7 * DAY) * 7 * DAY + MONDAY - ahead
}

/// The time by which the server acts. A clock that stands far after the last entry may have jumped: entries then get the time
/// of the last one, so that nothing closes, and nothing tells phones a time that is to come.
pub fn believed(log: &Reading, now: i64) -> Result<i64> {
    let Some(last) = log.last_received()? else { return Ok(now) };
    let latest = log.hinted(LATEST)?.unwrap_or(last).max(last);
    if now < latest - MAX_BEHIND {
        return Err(StoreError::ClockBehind);
    }
    Ok(if now > last + MAX_AHEAD { latest } else { now })
}

/// Begins a piece of writing: checks the clock and appends the closings and revisions that are due. Returns the time for new
/// entries.
pub fn begin(log: &Writing, now: i64) -> Result<i64> {
    let now = believed(log, now)?;
    if log.hinted(LATEST)?.is_none_or(|latest| latest < now) {
        log.hint(LATEST, now)?;
    }
    catch_up(log, now)?;
    Ok(now)
}

/// The operator has looked at the clock: it is right, whatever the log says.
pub fn accept_clock(store: &Store, now: i64) -> Result<()> {
    store.write(move |log| {
        append(log, EntryKind::Clock, now, &ClockAccepted { time: now })?;
        log.hint(LATEST, now)?;
        catch_up(log, now)
    })
}

/// Appends the closings and revisions that are due. Called at start and by a timer.
pub fn tick(store: &Store, clock: &dyn Clock) -> Result<()> {
    let now = clock.unix();
    store.write(move |log| begin(log, now).map(drop))
}

/// Notes in the log which facts and tables are in force, if they are not those of the last note. Called once at start.
pub fn note_dictionary(store: &Store, clock: &dyn Clock) -> Result<()> {
    let now = clock.unix();
    let ours = DictionaryInForce::ours();
    store.write(move |log| {
        if log.last_dictionary()?.as_ref() != Some(&ours) {
            let now = begin(log, now)?;
            append(log, EntryKind::Dictionary, now, &ours)?;
        }
        Ok(())
    })
}

/// Appends what is due at `now`. A year's plan becomes due with a closing only.
fn catch_up(log: &Writing, now: i64) -> Result<()> {
    if close_due(log, now)? { plan_due(log, now) } else { Ok(()) }
}

/// Appends the closings and revisions that are due at `now`, before anything else that is appended at that time; false if
/// there were none.
pub(crate) fn close_due(log: &Writing, now: i64) -> Result<bool> {
    let Some(open) = log.open_month()? else { return Ok(false) };
    let all = due(&open, now);
    for due in &all {
        let (kind, body) = due.entry();
        log.append(&EntryRow::own(kind, now, body))?;
        if kind == EntryKind::Revision {
            log.bury_withdrawn()?;
            expire(log, now)?;
        }
    }
    Ok(!all.is_empty())
}

/// Takes from records that were kept as long as the policy says what ties them to a person.
fn expire(log: &Writing, now: i64) -> Result<()> {
    let years = log.catalog_in_force()?.map(|catalog| catalog.policy.keep_years).unwrap_or_default();
    let before = kept_from(&years, now);
    if !before.is_empty()
        && let Some(expiry) = log.expire(before)?
    {
        append(log, EntryKind::Expiry, now, &expiry)?;
    }
    Ok(())
}

/// Fixes the plan of tables of the year that follows the last December that is closed, if that year was whole. `rebuild`
/// takes plans from the log and fixes each again to compare.
fn plan_due(log: &Writing, now: i64) -> Result<()> {
    let (Some(open), Some(first)) = (log.open_month()?, log.first_received()?) else { return Ok(()) };
    let Some(year) = open.get(..4).and_then(|year| year.parse::<u16>().ok()) else { return Ok(()) };
    let is_planned = log.last_plan()?.is_some_and(|plan| plan.year >= year);
    if !is_planned && clock::civil_month(first) <= format!("{}-01", year - 1) {
        let plan = plan::fix(log, year)?;
        append(log, EntryKind::Plan, now, &plan)?;
    }
    Ok(())
}

/// Opens a month again that a wrong clock has closed, and all after it; false if it is not closed, is due now, or a revision
/// of a later month has come.
pub fn reopen(store: &Store, month: String, now: i64) -> Result<bool> {
    store.write(move |log| {
        let now = begin(log, now)?;
        let may = may_reopen(&month, log.open_month()?.as_deref(), log.last_revision()?.as_deref(), now);
        if may {
            append(log, EntryKind::Reopening, now, &Reopening { month })?;
        }
        Ok(may)
    })
}

/// Appends an entry of the server's own.
pub fn append(log: &Writing, kind: EntryKind, now: i64, body: &impl Serialize) -> Result<u64> {
    let body = serde_json::to_string(body).expect("plain data has a JSON form");
    log.append(&EntryRow::own(kind, now, body))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::entry::{Entry, EntryPayload, Revocation};
    use jiff::civil::Date;
    use tabara_protocol::envelope::sha256;
    use tabara_protocol::facts;
    use tabara_protocol::record::Uuid;

    fn at(date: &str) -> i64 {
        let days = date.parse::<Date>().unwrap().since((jiff::Unit::Day, jiff::civil::date(1970, 1, 1))).unwrap();
        i64::from(days.get_days()) * 86_400
    }

    fn closings(store: &Store) -> Vec<String> {
        let mut found = Vec::new();
        let each = |entry: Entry| {
            match entry.payload {
                EntryPayload::Closing(closing) => found.push(closing.month),
                EntryPayload::Revision(revision) => found.push(format!("revision {}", revision.through)),
                _ => (),
            }
            Ok(())
        };
        store.read(|log| log.entries(0, u64::MAX, each)).unwrap();
        found
    }

    #[test]
    fn the_facts_and_tables_in_force_are_noted_once_and_again_when_they_change() {
        struct Noon;
        impl Clock for Noon {
            fn unix(&self) -> i64 {
                at("2026-01-20")
            }
            fn monotonic(&self) -> std::time::Duration {
                std::time::Duration::ZERO
            }
        }
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let noted = || {
            let mut found = Vec::new();
            let each = |entry: Entry| {
                if let EntryPayload::Dictionary(dictionary) = entry.payload {
                    found.push(dictionary);
                }
                Ok(())
            };
            store.read(|log| log.entries(0, u64::MAX, each)).unwrap();
            found
        };
        note_dictionary(&store, &Noon).unwrap();
        note_dictionary(&store, &Noon).unwrap();
        let ours = noted();
        assert_eq!((ours.len(), ours[0].version, ours[0].facts), (1, 2, sha256(facts::TEXT.as_bytes())));
        let older = DictionaryInForce { version: 1, ..ours[0].clone() };
        store.write(move |log| append(log, EntryKind::Dictionary, at("2026-01-20"), &older)).unwrap();
        note_dictionary(&store, &Noon).unwrap();
        assert_eq!(noted().iter().map(|dictionary| dictionary.version).collect::<Vec<_>>(), [2, 1, 2]);
    }

    #[test]
    fn a_week_begins_on_monday_in_burundi() {
        // 2026-11-30 is a Monday; in Burundi it begins two hours before it does in UTC
        let monday = at("2026-11-30") - 2 * 3600;
        assert_eq!([-1, 0, 7 * DAY - 1].map(|later| week_of(monday + later)), [monday - 7 * DAY, monday, monday]);
    }

    #[test]
    fn a_month_closes_seven_days_after_its_end_and_each_quarter_is_revised() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let close = |date: &str| {
            let now = at(date);
            store.write(move |log| close_due(log, now)).unwrap();
            closings(&store)
        };
        assert!(close("2026-01-20").is_empty(), "an empty log has nothing to close");
        let first = Revocation::of(Uuid::from_u128(1));
        store.write(move |log| append(log, EntryKind::Revocation, at("2026-01-20"), &first)).unwrap();
        assert!(close("2026-02-07").is_empty());
        assert_eq!(close("2026-02-08"), ["2026-01"]);
        assert_eq!(close("2026-02-08"), ["2026-01"], "once");
        assert_eq!(close("2026-04-09"), ["2026-01", "2026-02", "2026-03", "revision 2026-03"]);
    }
}
