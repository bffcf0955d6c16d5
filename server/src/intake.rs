//! Records in. Each record of a bundle gets its own verdict, and one bad record never blocks the others:
//!
//! 1. `KnownKeys::check`: rules that need the record alone (signature, form, sealed bytes). A record with a bad signature or
//!    form is refused by name.
//! 2. `keep`: within the log's transaction, rules that depend on the log (already had, repeated `seq`, revoked phone,
//!    second binding, foreign revision, known facts and questionnaire, what a phone may send in a day). An authentic record is kept, if need be in
//!    quarantine, or is to come again later.
//! 3. All that is kept of a bundle is one leaf of the tree. Nothing is told before it is durable.

pub mod parcel;
pub mod waiting;

use crate::intake::parcel::Caller;
use crate::log::{append, begin, believed, day_of};
use crate::orders;
use crate::settings::Settings;
use crate::store::entry::{EntryKind, QuarantineDecision};
use crate::store::{self, Binding, EntryRow, Reading, SentToday, Store, Writing};
use std::collections::HashMap;
use std::sync::Arc;
use tabara_protocol::envelope::{self, Digest, EnvelopeError, PublicKey, Typ, sha256};
use tabara_protocol::facts::FactValue;
use tabara_protocol::log::verdict;
use tabara_protocol::record::{self, MAX_SEALED, Reason, Record, Sent};
use tabara_protocol::wire::{Standing, TreeHead, WipeDone};

/// A record holds at most so many facts, and bytes of them.
const MAX_FACTS: usize = 64;
const MAX_FACT_BYTES: usize = 4096;
/// Counts that a phone could reach; JSON numbers beyond 2^53 are not exact.
const MAX_SEQ: u64 = 1 << 53;
/// How every age file begins.
const AGE: &[u8] = b"age-encryption.org/v1\n";

/// What a phone may send in a day, records and bytes: 30 days' work of a busy phone, or what a person can look at.
const TRUSTED: (u64, u64) = (2_000, 16 * 1024 * 1024);
const UNTRUSTED: (u64, u64) = (20, 512 * 1024);

/// What became of one record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It is in the log, at this position; from before this bundle or since.
    Kept {
        position: u64,
        reason: Option<Reason>,
        new: bool,
    },
    Refused(Reason),
    /// The phone has sent more than it may in a day.
    Later,
}

/// A bundle whose signature was checked.
pub struct Bundled {
    /// SHA-256 of the bundle, as it was sent.
    pub hash: Digest,
    pub caller: Caller,
    pub records: Vec<Sent>,
    pub wiped: Option<WipeDone>,
    /// Heads that contradict each other, as the phone says.
    pub evidence: Vec<TreeHead>,
}

/// Takes in what a bundle brings. Returns the hash of each record's JWS and what became of it, in the same order, and the time
/// from which a phone may send again that has sent too much.
pub fn take_in(store: &Store, settings: &Settings, bundled: Bundled) -> store::Result<(Vec<(Digest, Outcome)>, i64)> {
    let Bundled { hash, caller, records, wiped, evidence } = bundled;
    let now = settings.clock.unix();
    let (checked, heard) = store.read(|log| {
        let mut keys = KnownKeys { phones: HashMap::new(), reviewers: None, reviews_only: caller.phone().is_none() };
        let check = |sent: Sent| Ok((sha256(sent.jws.as_bytes()), keys.check(log, sent)?));
        let checked = records.into_iter().map(check).collect::<store::Result<Vec<_>>>()?;
        let day = day_of(believed(log, now)?);
        let today = caller.phone().map(|phone| log.sent_on(phone.position, day)).transpose()?;
        Ok((checked, today.is_none_or(|today| today.is_some())))
    })?;
    // who has nothing new to say costs no write, but one a day
    let silent = wiped.is_none() && evidence.is_empty() && checked.iter().all(|(_, checked)| checked.is_err());
    if heard && silent {
        let refused = |(jws, checked): (Digest, Result<_, Reason>)| Some((jws, Outcome::Refused(checked.err()?)));
        return Ok((checked.into_iter().filter_map(refused).collect(), now));
    }
    store.write(move |log| {
        let now = begin(log, now)?;
        let first = log.end()? + 1;
        let mut desk = Desk { log, now, phones: HashMap::new() };
        if let Some(phone) = caller.phone() {
            desk.phone(phone.position)?;
        }
        let mut outcomes = Vec::with_capacity(checked.len());
        for (jws, checked) in checked {
            outcomes.push((jws, checked.map_or_else(|reason| Ok(Outcome::Refused(reason)), |c| desk.keep(jws, c))?));
        }
        for (position, (_, sent)) in &desk.phones {
            log.saw(*position, day_of(now), *sent)?;
        }
        if log.end()? >= first {
            log.append_leaf(first, Some(hash))?;
        }
        if let (Some(phone), Some(done)) = (caller.phone(), wiped) {
            orders::acknowledge(log, phone, done, now)?;
        }
        if let Some(phone) = caller.phone() {
            note_evidence(log, phone, &evidence, now)?;
        }
        Ok((outcomes, day_of(now) + 86_400))
    })
}

/// A phone has met heads that contradict each other. That is noted where everybody sees it, once a day for each phone.
fn note_evidence(log: &Writing, phone: &Binding, heads: &[TreeHead], now: i64) -> store::Result<()> {
    let last = log.last_about(EntryKind::Evidence, phone.device)?;
    if heads.is_empty() || !phone.accepted || last.is_some_and(|last| day_of(last) == day_of(now)) {
        return Ok(());
    }
    let body = serde_json::to_string(heads).expect("plain data has a JSON form");
    log.append(&EntryRow { target: Some(phone.device), ..EntryRow::own(EntryKind::Evidence, now, body) }).map(drop)
}

/// A record whose signature and form are right.
struct CheckedRecord {
    jws: String,
    record: Record,
    sealed: Option<Vec<u8>>,
    /// The phone's; none for a reviewer's decision.
    binding: Option<u64>,
    /// Thumbprint of the key that signed it.
    signer: String,
}

/// Keys, each looked up once for a bundle.
struct KnownKeys {
    phones: HashMap<String, Option<Arc<Binding>>>,
    reviewers: Option<HashMap<String, PublicKey>>,
    reviews_only: bool,
}

impl KnownKeys {
    fn phone(&mut self, log: &Reading, kid: &str) -> store::Result<Option<Arc<Binding>>> {
        if !self.phones.contains_key(kid) {
            self.phones.insert(kid.to_owned(), log.by_record_key(kid)?.map(Arc::new));
        }
        Ok(self.phones[kid].clone())
    }

    fn reviewer(&mut self, log: &Reading, kid: &str) -> store::Result<Option<PublicKey>> {
        if self.reviewers.is_none() {
            let reviewers = log.catalog_in_force()?.map(|c| c.reviewers).unwrap_or_default();
            self.reviewers = Some(reviewers.into_iter().map(|r| (r.key.kid(), r.key)).collect());
        }
        Ok(self.reviewers.as_ref().and_then(|r| r.get(kid)).copied())
    }

    /// Checks the rules that need the record alone.
    fn check(&mut self, log: &Reading, sent: Sent) -> store::Result<Result<CheckedRecord, Reason>> {
        let header = match envelope::peek(&sent.jws) {
            Ok(header) => header,
            Err(e) => return Ok(Err(refusal(e))),
        };
        let (binding, key) = match header.typ {
            Typ::Record if !self.reviews_only => {
                let binding = self.phone(log, &header.kid)?;
                let key = binding.as_ref().map(|binding| binding.record_key);
                (binding, key)
            }
            Typ::Review => (None, self.reviewer(log, &header.kid)?),
            _ => return Ok(Err(Reason::Malformed)),
        };
        let Some(key) = key else { return Ok(Err(Reason::NoChain)) };
        let record: Record = match envelope::open(header.typ, &key, &sent.jws) {
            Ok(record) => record,
            Err(e) => return Ok(Err(refusal(e))),
        };
        let checked = form(header.typ, &record).and_then(|()| sealed_bytes(&sent, &record));
        let sealed = match checked {
            Ok(sealed) => sealed,
            Err(reason) => return Ok(Err(reason)),
        };
        let binding = binding.map(|binding| binding.position);
        Ok(Ok(CheckedRecord { jws: sent.jws, record, sealed, binding, signer: header.kid }))
    }
}

fn refusal(e: EnvelopeError) -> Reason {
    match e {
        EnvelopeError::Oversize => Reason::Oversize,
        EnvelopeError::WrongKey | EnvelopeError::BadSignature => Reason::BadSignature,
        EnvelopeError::Malformed | EnvelopeError::WrongTyp | EnvelopeError::RepeatedKey | EnvelopeError::BadPayload => {
            Reason::Malformed
        }
    }
}

/// What no phone of ours writes is refused.
fn form(typ: Typ, record: &Record) -> Result<(), Reason> {
    let misplaced = record.route.is_some() && record.kind != record::Kind::Referral;
    let names_nothing = record.kind == record::Kind::Withdrawal && record.revises.is_none() && record.code.is_none();
    let counts = (1..=MAX_SEQ).contains(&record.seq);
    let other_kind = (typ == Typ::Review) != (record.kind == record::Kind::Review);
    if other_kind || names_nothing || misplaced || !counts && typ == Typ::Record {
        return Err(Reason::Malformed);
    }
    let values = |value: &FactValue| value.codes().map(|code| code.len() + 3).sum::<usize>();
    let bytes: usize = record.facts.iter().map(|(name, value)| name.len() + 4 + values(value)).sum();
    if record.facts.len() > MAX_FACTS || bytes > MAX_FACT_BYTES { Err(Reason::Oversize) } else { Ok(()) }
}

/// The sealed bytes, if they are an age file and those that the envelope names.
fn sealed_bytes(sent: &Sent, record: &Record) -> Result<Option<Vec<u8>>, Reason> {
    if sent.sealed.as_ref().is_some_and(|text| text.len() > MAX_SEALED.div_ceil(3) * 4) {
        return Err(Reason::Oversize);
    }
    let bytes = sent.sealed_bytes().map_err(|_| Reason::Malformed)?;
    match (&bytes, &record.sealed) {
        (None, None) => Ok(None),
        (Some(b), Some(_)) if !b.starts_with(AGE) => Err(Reason::Malformed),
        (Some(b), Some(named)) if b.len() == named.len as usize && sha256(b) == named.sha256 => Ok(bytes),
        _ => Err(Reason::SealedMismatch),
    }
}

/// Why a record that came on this day does not count until someone looks; none if it does.
pub fn judge(
    log: &Reading,
    phone: Option<&Binding>,
    record: &Record,
    signer: &str,
    received: i64,
) -> store::Result<Option<Reason>> {
    verdict::judge(log, phone.map(Binding::sender), record, signer, received)
}

/// Where records are kept, within one transaction.
struct Desk<'a> {
    log: &'a Writing<'a>,
    now: i64,
    /// The phones that signed them, and what each has sent today.
    phones: HashMap<u64, (Arc<Binding>, SentToday)>,
}

impl Desk<'_> {
    fn phone(&mut self, position: u64) -> store::Result<Arc<Binding>> {
        if let Some((phone, _)) = self.phones.get(&position) {
            return Ok(phone.clone());
        }
        let phone = Arc::new(self.log.binding(position)?);
        let sent = self.log.sent_on(position, day_of(self.now))?.unwrap_or_default();
        self.phones.insert(position, (phone.clone(), sent));
        Ok(phone)
    }

    fn keep(&mut self, jws: Digest, checked: CheckedRecord) -> store::Result<Outcome> {
        let (log, record) = (self.log, &checked.record);
        if let Some(found) = log.find(record.record)? {
            return Ok(if found.digests.jws == jws {
                Outcome::Kept { position: found.position, reason: found.reason, new: false }
            } else {
                Outcome::Refused(Reason::IdTaken)
            });
        }
        let phone = checked.binding.map(|position| self.phone(position)).transpose()?;
        if let Some(phone) = &phone {
            if log.is_too_much(record, phone.position)? {
                return Ok(Outcome::Refused(Reason::Oversize));
            }
            let len = (checked.jws.len() + checked.sealed.as_ref().map_or(0, Vec::len)) as u64;
            let sent = self.phones.get_mut(&phone.position).map(|(_, sent)| sent);
            if !sent.is_some_and(|sent| allow(sent, phone.standing, len)) {
                return Ok(Outcome::Later);
            }
        }
        let received = day_of(self.now);
        let reason = judge(log, phone.as_deref(), record, &checked.signer, received)?;
        let position = log.append(&EntryRow::of(record, checked.binding, received, reason, checked.jws))?;
        if let Some(bytes) = &checked.sealed
            && !log.is_withdrawn(position)?
        {
            log.keep_sealed(position, bytes)?;
        }
        Ok(Outcome::Kept { position, reason, new: true })
    }
}

/// Counts a record against what its phone may send in a day; false if that is used up.
fn allow(sent: &mut SentToday, standing: Standing, len: u64) -> bool {
    let (records, bytes) = if standing == Standing::Trusted { TRUSTED } else { UNTRUSTED };
    if sent.records >= records || sent.bytes + len > bytes {
        return false;
    }
    (sent.records, sent.bytes) = (sent.records + 1, sent.bytes + len);
    true
}

/// Takes in withdrawals again that a restored log has lost. Who signed them must be known to it.
pub fn withdraw_again(store: &Store, withdrawals: Vec<String>, now: i64) -> store::Result<()> {
    let hash = sha256(withdrawals.concat().as_bytes());
    store.write(move |log| {
        let now = begin(log, now)?;
        let (first, mut desk) = (log.end()? + 1, Desk { log, now, phones: HashMap::new() });
        let mut keys = KnownKeys { phones: HashMap::new(), reviewers: None, reviews_only: false };
        for jws in withdrawals {
            let digest = sha256(jws.as_bytes());
            if let Ok(checked) = keys.check(log, Sent::new(jws, None))? {
                desk.keep(digest, checked)?;
            }
        }
        if log.end()? >= first {
            log.append_leaf(first, Some(hash))?;
        }
        Ok(())
    })
}

/// Appends the operator's decision about a quarantined entry; false if the position has none.
pub fn decide(store: &Store, position: u64, accept: bool, now: i64) -> store::Result<bool> {
    store.write(move |log| {
        let waits = log.reason(position)?.is_some() || log.quarantined()?.iter().any(|q| q.position == position);
        if waits {
            let now = begin(log, now)?;
            append(log, EntryKind::Decision, now, &QuarantineDecision { position, accept })?;
        }
        Ok(waits)
    })
}
