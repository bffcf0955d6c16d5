//! What waits for somebody's decision, with what she must know to decide: time, place, why, whose phone, whether it was finished
//! before the phone was lost, and what accepting and rejecting do. Each decision is an entry of the log.

use super::report::owner;
use crate::intake;
use crate::store::{self, Quarantined, Store};
use std::collections::BTreeMap;
use std::fmt;
use tabara_protocol::clock::{civil_date, civil_month};
use tabara_protocol::facts::FactValue;
use tabara_protocol::record::{Reason, Uuid};

/// An entry that waits, and what is known of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitingEntry {
    pub entry: Quarantined,
    /// Organisation and commune of the phone's card.
    pub phone: String,
    /// The month that the record tells, `YYYY-MM`.
    pub month: Option<String>,
    /// When the phone was revoked, seconds since 1970 UTC.
    pub revoked: Option<i64>,
}

/// All that waits, oldest first.
pub fn waiting(store: &Store) -> store::Result<Vec<WaitingEntry>> {
    store.read(|log| {
        let phone = |phone: store::Phone| (phone.binding.device, owner(&phone.binding));
        let phones: BTreeMap<Uuid, String> = log.phones()?.into_iter().map(phone).collect();
        let known = |entry: Quarantined| {
            let record = entry.record.map(|id| log.find(id)).transpose()?.flatten().and_then(|found| found.record);
            let month = record.and_then(|record| match record.facts.get("month") {
                Some(FactValue::One(month)) => Some(month.clone()),
                _ => None,
            });
            let revoked = entry.device.map(|device| log.revoked_since(device)).transpose()?.flatten();
            let phone = entry.device.and_then(|device| phones.get(&device).cloned()).unwrap_or_else(|| "-".to_owned());
            Ok(WaitingEntry { entry, phone, month, revoked })
        };
        log.quarantined()?.into_iter().map(known).collect()
    })
}

/// Why it waits, and what somebody should ask before she decides.
pub fn reason(reason: Reason) -> &'static str {
    match reason {
        Reason::UnknownFact | Reason::UnknownCode => {
            "it tells a fact that the server does not know: an older server, or no phone of ours"
        }
        Reason::UnknownQuestionnaire => "no catalog has its questionnaire: was one published from another machine?",
        Reason::RepeatedSeq => "the phone has used its number before: a copy of its folder may be in use",
        Reason::RevokedDevice => "its phone is revoked: whoever has the phone could have written it. Ask its owner",
        Reason::SecondBinding => {
            "its card was used by another phone first: whose is this one? Accept the chain, not the records"
        }
        Reason::LateBinding => {
            "its card was used for the first time long after it had expired: ask who has had the card"
        }
        Reason::ForeignRevision => "another phone corrects or withdraws without the slip: ask both owners",
        Reason::WithdrawnCode => "the person took back what stands under this code",
        Reason::OutsideArea => "the interview was outside the area of the card: was she there?",
        Reason::OldMonth => "its month is more than a year ago, or to come: is the phone's clock right?",
        _ => "it was refused",
    }
}

impl fmt::Display for WaitingEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Quarantined { position, received, kind, reason: why, record, device } = &self.entry;
        let month = self.month.as_deref().unwrap_or("-");
        writeln!(
            f,
            "{position:>8}  {}  {}, received {}, of the month {month}",
            kind.word(),
            self.phone,
            civil_date(*received)
        )?;
        writeln!(f, "          why     {}", reason(*why))?;
        if let Some(revoked) = self.revoked {
            let before = self.month.as_ref().is_some_and(|month| *month < civil_month(revoked));
            let finished = if before {
                "finished before the phone was lost"
            } else {
                "it may have been finished after the phone was lost"
            };
            writeln!(f, "          lost    revoked on {}: {finished}", civil_date(revoked))?;
        }
        let id = |id: &Option<Uuid>| id.map_or("-".to_owned(), |id| id.to_string());
        writeln!(f, "          ids     record {}  phone {}", id(record), id(device))
    }
}

/// The list for the terminal.
pub fn list(store: &Store) -> store::Result<String> {
    let all = waiting(store)?;
    if all.is_empty() {
        return Ok("nothing waits in quarantine\n".to_owned());
    }
    let lines: String = all.iter().map(WaitingEntry::to_string).collect();
    Ok(lines
        + "accept: it counts from the next figures on, and its phone is told. reject: it never counts; the sealed case stays and can be\n\
           opened. Either is an entry of the log, and a later decision takes its place. First: --dry-run\n")
}

/// Why nothing was decided.
#[derive(Debug, thiserror::Error)]
pub enum DecisionError {
    #[error("position {0} is not quarantined, and nothing was decided: tabara-server quarantine list")]
    NotWaiting(u64),
    #[error(transparent)]
    Store(#[from] store::StoreError),
}

/// Decides about all of these positions or, if one of them does not wait, about none. Returns what was done, line by line.
pub fn decide(
    store: &Store,
    positions: &[u64],
    accept: bool,
    dry_run: bool,
    now: i64,
) -> Result<String, DecisionError> {
    let all = waiting(store)?;
    let mut text = String::new();
    let done = if accept { "accepted, it counts" } else { "rejected, it does not count" };
    for position in positions {
        let found = all.iter().find(|waiting| waiting.entry.position == *position);
        let earlier = store.read(|log| log.reason(*position))?;
        match (found, earlier) {
            (Some(waiting), _) => text += &format!("{done}:\n{waiting}"),
            (None, Some(_)) => text += &format!("{done}: {position}, which was decided before: this takes its place\n"),
            (None, None) => return Err(DecisionError::NotWaiting(*position)),
        }
    }
    for position in positions.iter().filter(|_| !dry_run) {
        if !intake::decide(store, *position, accept, now)? {
            return Err(DecisionError::NotWaiting(*position));
        }
    }
    let back = if accept { "reject" } else { "accept" };
    Ok(text
        + &if dry_run {
            "nothing was changed\n".to_owned()
        } else {
            format!("To take it back: tabara-server quarantine {back} POSITION\n")
        })
}
