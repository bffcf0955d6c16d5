//! What waits for somebody's decision, in words for the terminal, and deciding. Each decision is an entry of the log.

use crate::intake;
use crate::intake::waiting::{WaitingEntry, waiting};
use crate::store::{self, Quarantined, Store};
use crate::web::about::card_in_words;
use tabara_protocol::clock::civil_date;
use tabara_protocol::record::{Reason, Uuid};

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

fn told(waits: &WaitingEntry) -> String {
    let Quarantined { position, received, kind, reason: why, record, device } = &waits.entry;
    let phone = waits.owner.as_ref().map_or("-".to_owned(), |(whose, commune)| card_in_words(whose, commune));
    let (kind, day, month) = (kind.word(), civil_date(*received), waits.month.as_deref().unwrap_or("-"));
    let lost = waits.revoked.map_or(String::new(), |revoked| {
        let finished = if waits.is_before(revoked) {
            "finished before the phone was lost"
        } else {
            "it may have been finished after the phone was lost"
        };
        format!("          lost    revoked on {}: {finished}\n", civil_date(revoked))
    });
    let id = |id: &Option<Uuid>| id.map_or("-".to_owned(), |id| id.to_string());
    format!(
        "{position:>8}  {kind}  {phone}, received {day}, of the month {month}\n          why     {}\n{lost}          ids     \
         record {}  phone {}\n",
        reason(*why),
        id(record),
        id(device)
    )
}

/// The list for the terminal.
pub fn list(store: &Store) -> store::Result<String> {
    let (_, all) = waiting(store, usize::MAX)?;
    if all.is_empty() {
        return Ok("nothing waits in quarantine\n".to_owned());
    }
    let lines: String = all.iter().map(told).collect();
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
    let (_, all) = waiting(store, usize::MAX)?;
    let mut text = String::new();
    let done = if accept { "accepted, it counts" } else { "rejected, it does not count" };
    for position in positions {
        let found = all.iter().find(|waiting| waiting.entry.position == *position);
        let earlier = store.read(|log| log.reason(*position))?;
        match (found, earlier) {
            (Some(waiting), _) => text += &format!("{done}:\n{}", told(waiting)),
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
