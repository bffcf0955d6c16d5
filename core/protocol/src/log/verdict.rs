//! Whether a record, or a phone, counts at once or waits for somebody to look. The rules depend on nothing but the log up to there, so
//! that whoever has the log gets the same verdicts: the server when a record comes, `rebuild`, and [`super::verify`].

use crate::catalog::{Area, Grant};
use crate::clock::civil_month;
use crate::code::Code;
use crate::envelope::{self, Digest, PublicKey, Typ};
use crate::facts::{Dictionary, FactValue};
use crate::kind::{Kind, Reason};
use crate::record::Record;
use crate::wire::{Introduction, Leaf, Parcel, Standing};

/// A month so far back is not counted without a look.
const OLD_MONTHS: i64 = 12;
/// A card may be used for the first time so long after it has expired (90 days).
const MAX_LATE: i64 = 90 * 86_400;

/// What a log knows when a record comes.
pub trait LogView {
    /// Why it cannot be asked.
    type Error;
    /// Whether the phone has used this number for another record.
    fn has_seq(&self, binding: u64, seq: u64) -> Result<bool, Self::Error>;
    /// The records that a correction or withdrawal names.
    fn named(&self, record: &Record) -> Result<Vec<Named>, Self::Error>;
    /// All records under a code. It may be empty if none of them is withdrawn.
    fn under(&self, code: &Code) -> Result<Vec<UnderCode>, Self::Error>;
    /// Whether any catalog ever published this questionnaire.
    fn knows_questionnaire(&self, sha256: Digest) -> Result<bool, Self::Error>;
}

/// A record of the log that another one names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Named {
    /// Position of its phone's chain.
    pub binding: Option<u64>,
    /// The key of the person's slip.
    pub slip: Option<PublicKey>,
    /// It is a referral to the organisation that the record which names it goes to.
    pub same_addressee: bool,
}

/// A record under a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnderCode {
    /// Whose it is.
    pub named: Named,
    /// It is taken back; true if somebody accepted the withdrawal.
    pub withdrawn: Option<bool>,
    /// It counts, or did until it was taken back.
    pub counts: bool,
}

/// The phone that signed a record.
#[derive(Debug, Clone, Copy)]
pub struct Sender<'a> {
    /// Position of its chain.
    pub binding: u64,
    /// How it stands when the record comes.
    pub standing: Standing,
    /// Where its owner works.
    pub area: Area,
    /// Her commune.
    pub commune: &'a str,
    /// The organisation of its card.
    pub organisation: &'a str,
    /// It is a provider's.
    pub is_provider: bool,
}

impl Sender<'_> {
    /// Whether a record says that it is a step of a referral to the organisation of this phone, which is a provider's.
    fn answers(&self, record: &Record) -> bool {
        self.is_provider && record.is_answer_of(self.organisation)
    }
}

/// Why a record that came on this day does not count until someone looks; none if it does. No phone signs reviews.
pub fn judge<L: LogView>(
    log: &L,
    phone: Option<Sender>,
    record: &Record,
    signer: &str,
    received: i64,
) -> Result<Option<Reason>, L::Error> {
    match standing(log, phone, record, signer)? {
        None => content(log, record, phone, received),
        reason => Ok(reason),
    }
}

/// Whether something in the log forbids counting it.
fn standing<L: LogView>(
    log: &L,
    phone: Option<Sender>,
    record: &Record,
    signer: &str,
) -> Result<Option<Reason>, L::Error> {
    let Some(phone) = phone else { return Ok(None) };
    Ok(match phone.standing {
        Standing::Revoked => Some(Reason::RevokedDevice),
        Standing::Second => Some(Reason::SecondBinding),
        Standing::Late => Some(Reason::LateBinding),
        Standing::Trusted if log.has_seq(phone.binding, record.seq)? => Some(Reason::RepeatedSeq),
        // of a person who takes everything back, too: what answers a withdrawn referral goes with it
        Standing::Trusted if phone.answers(record) && log.named(record)?.iter().any(|first| first.same_addressee) => {
            None
        }
        Standing::Trusted if foreign(log, phone.binding, record, signer)? => Some(Reason::ForeignRevision),
        Standing::Trusted if record.kind == Kind::Withdrawal => None,
        Standing::Trusted => match &record.code {
            Some(code) if is_dead(log, code, phone.binding, record.slip)? => Some(Reason::WithdrawnCode),
            _ => None,
        },
    })
}

/// Whether the person took back what stands under this code, so that a record of this phone and slip comes too late. Who
/// has only seen the code cannot bring that about: what counts is a withdrawal of records of the same slip or of the same
/// phone, or one that somebody accepted. A code under which such a record stands is alive.
fn is_dead<L: LogView>(log: &L, code: &Code, binding: u64, slip: Option<PublicKey>) -> Result<bool, L::Error> {
    let (mut dead, mut alive) = (false, false);
    for under in log.under(code)? {
        let same = under.named.binding == Some(binding) || slip.is_some() && under.named.slip == slip;
        dead |= under.withdrawn.is_some_and(|accepted| same || accepted);
        alive |= under.withdrawn.is_none() && same && under.counts;
    }
    Ok(dead && !alive)
}

/// Whether it changes a record of another phone, so that a person must review it. A correction whose target is missing is
/// quarantined too. A withdrawal is not, because it is judged again when its target arrives.
fn foreign<L: LogView>(log: &L, binding: u64, record: &Record, signer: &str) -> Result<bool, L::Error> {
    let withdrawal = record.kind == Kind::Withdrawal;
    if !withdrawal && record.revises.is_none() {
        return Ok(false);
    }
    let named = log.named(record)?;
    let own = |found: &Named| record.may_change(found.binding == Some(binding), found.slip, signer);
    let unknown_may_come = withdrawal && (record.revises.is_some() || record.proof.is_some());
    Ok(if named.is_empty() { !unknown_may_come } else { !named.iter().any(own) })
}

/// Whether the dictionary knows its facts, and a published catalog its questionnaire, and whether month and place are those of
/// its phone.
fn content<L: LogView>(
    log: &L,
    record: &Record,
    phone: Option<Sender>,
    received: i64,
) -> Result<Option<Reason>, L::Error> {
    if let Err(reason) = Dictionary::standard().check(record.kind, &record.facts) {
        return Ok(Some(reason));
    }
    if record.route.as_ref().is_some_and(|route| !route.is_sound()) {
        return Ok(Some(Reason::UnknownCode));
    }
    let filled_in = !matches!(record.kind, Kind::Withdrawal | Kind::Review);
    if filled_in && !log.knows_questionnaire(record.questionnaire.sha256)? {
        return Ok(Some(Reason::UnknownQuestionnaire));
    }
    let fact = |name: &str| record.facts.get(name).and_then(|value: &FactValue| value.codes().next());
    // an answer repeats the place of its referral, wherever the provider is
    let covers = |(p, place): (Sender, &str)| p.area.covers(p.commune, place) || p.answers(record);
    let outside = phone.zip(fact("screen_commune")).is_some_and(|at| !covers(at));
    let age = fact("month").and_then(months).zip(months(&civil_month(received))).map(|(month, now)| now - month);
    Ok(if outside {
        Some(Reason::OutsideArea)
    } else {
        age.filter(|age| !(0..=OLD_MONTHS).contains(age)).map(|_| Reason::OldMonth)
    })
}

/// Whether the verdict that a record got may be another one than what comes out now. A fact or code may be one that an older dictionary
/// lacked (`ours`: the one in force was that of this build). And where records have expired since, what tied them to others is gone.
pub fn may_differ(then: Option<Reason>, now: Option<Reason>, ours: bool, expired: bool) -> bool {
    let by_ties = |reason| matches!(reason, None | Some(Reason::WithdrawnCode | Reason::ForeignRevision));
    let unknown = matches!(then, Some(Reason::UnknownFact | Reason::UnknownCode)) && now.is_none();
    unknown && !ours || expired && by_ties(then) && by_ties(now)
}

/// Months since the year 0 of `YYYY-MM`.
fn months(text: &str) -> Option<i64> {
    let (year, month) = text.split_once('-')?;
    Some(year.parse::<i64>().ok()? * 12 + month.parse::<i64>().ok()?)
}

/// Why the records of a new binding do not count until someone looks; none if they do. `operations`: keys that this server has
/// or had; `others`: whether the card has been used before.
pub fn judge_binding(
    introduction: &Introduction,
    grant: &Grant,
    operations: impl IntoIterator<Item = PublicKey>,
    others: bool,
    now: i64,
) -> Option<Reason> {
    if was_accepted(introduction, operations) {
        None
    } else if others {
        Some(Reason::SecondBinding)
    } else {
        (now > grant.expires.saturating_add(MAX_LATE)).then_some(Reason::LateBinding)
    }
}

/// Whether the receipt proves that this server accepted the chain before it was restored.
fn was_accepted(introduction: &Introduction, operations: impl IntoIterator<Item = PublicKey>) -> bool {
    let Some(receipt) = &introduction.receipt else { return false };
    let opened = operations.into_iter().find_map(|key| envelope::open::<Parcel>(Typ::Parcel, &key, receipt).ok());
    let Some(parcel) = opened else { return false };
    let chain = introduction.chain.digest();
    let is_ours = |leaf| matches!(leaf, Ok(Leaf::Act { kind, body, .. }) if kind == "chain" && body == chain);
    let mut proven = parcel.leaves.iter().filter(|leaf| leaf.holds(&parcel.head));
    parcel.standing == Standing::Trusted && proven.any(|leaf| is_ours(leaf.leaf()))
}
