//! The proof of a log from its file alone, for whoever knows the authority's key: that the tree is the one which the server signed, that
//! phones and authority signed what stands in it, that each record got the verdict that it had to get, months closed when
//! they were due, nothing was buried that nobody withdrew, and who saw what was not written anew.
//!
//! Who holds the server's keys can sign another log. He is found by whoever knows an earlier head: give it as `known`.

use super::audit::AuditLine;
use super::closings::{Due, due, kept_from, may_reopen, next_month};
use super::entry::{AuditNoted, DictionaryInForce, EntryKind, EntryPayload, Expiry, Reopening};
use super::file::{LogFileError, LogLine, LogReader};
use super::row::{self, EntryBody, EntryRow};
use super::state::LogState;
use super::verdict::{judge, judge_binding, may_differ};
use crate::catalog::{Catalog, Chain};
use crate::clock::civil_month;
use crate::envelope::{self, Digest, PublicKey, Typ, sha256};
use crate::kind::{Kind, Reason};
use crate::tree::Frontier;
use crate::wire::{Introduction, Parcel, TreeHead};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io::{self, BufRead};

/// So many faults are told.
const MAX_FAULTS: usize = 20;
/// The clock may stand so far before the entry before (seconds), and records have the beginning of their day.
const MAX_BEHIND: i64 = 3600 + 86_400;

/// What a file proves.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LogReport {
    /// The head of the tree of its entries.
    pub head: Option<TreeHead>,
    /// When the server signed it, seconds since 1970 UTC.
    pub signed: Option<i64>,
    /// Entries in all.
    pub entries: u64,
    /// Records, reviews and withdrawals among them.
    pub records: u64,
    /// Of those: quarantined, buried, expired.
    pub quarantined: u64,
    /// Of those whose withdrawal was applied.
    pub tombstones: u64,
    /// Of those that have expired.
    pub expired: u64,
    /// Lines of the audit log.
    pub audit_lines: u64,
    /// What is wrong; if nothing, the log is proven. At most 20 are told.
    pub faults: Vec<LogFault>,
}

/// What is wrong with a log.
#[derive(Debug, thiserror::Error, Clone, PartialEq, Eq)]
pub enum LogFault {
    /// The file.
    #[error("the file is not what the server wrote: a line was changed, or the end is missing")]
    File,
    /// The signature.
    #[error("no server that the authority has named signed this file")]
    Unsigned,
    /// The tree.
    #[error("the tree of these entries is not the one that the server signed: an entry was changed, left out or added")]
    Head,
    /// The known head.
    #[error("the log is not the one that was known with {0} leaves: it was written anew")]
    NotGrown(u64),
    /// A leaf.
    #[error("leaf {0}: these entries cannot stand in one leaf")]
    Leaf(u64),
    /// An entry.
    #[error("position {position}: {cause}")]
    Entry {
        /// From 1.
        position: u64,
        /// Why.
        cause: EntryFault,
    },
    /// The audit log.
    #[error("line {0} of the audit log was changed, or one before it is missing")]
    AuditLine(u64),
}

/// What is wrong with an entry.
#[derive(Debug, thiserror::Error, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum EntryFault {
    #[error("it cannot be read")]
    Unreadable,
    #[error("the chain of the phone does not lead to the authority, or its keys are another's")]
    Chain,
    #[error("no authority has signed this catalog")]
    Catalog,
    #[error("its phone or reviewer has not signed it")]
    Signature,
    #[error("id, number, code or target are not what was signed")]
    Columns,
    #[error("its verdict was {}, and {} comes out", word(.then), word(.now))]
    Verdict { then: Option<Reason>, now: Option<Reason> },
    #[error("its time was moved: it lies before that of the entry before it")]
    Time,
    #[error("a month that was due is not closed before it")]
    NotClosed,
    #[error("this was not due")]
    NotDue,
    #[error("this month could not be opened again")]
    Reopening,
    #[error("what expired is not what the policy says, or not what is left")]
    Expiry,
    #[error("its text is gone, and nobody has withdrawn it before a revision")]
    Buried,
    #[error("it was withdrawn before a revision, and its text is still there")]
    NotBuried,
    #[error("the log before the restore had another length")]
    Restore,
    #[error("the audit log is not the one whose end stands here: it was written anew or cut")]
    Audit,
}

fn word(reason: &Option<Reason>) -> String {
    reason.map_or("accepted".into(), Reason::word)
}

/// Proves a log. `open` opens the file, which is read twice. `authority` may be the present one or an earlier one; catalogs lead from
/// one to the other.
pub fn verify<R: BufRead>(
    mut open: impl FnMut() -> io::Result<R>,
    authority: PublicKey,
    known: Option<TreeHead>,
) -> Result<LogReport, LogFileError> {
    let trust = Trust::read(LogReader::new(open()?)?, authority)?;
    let mut proof = Proof::new(trust, known);
    let mut reader = LogReader::new(open()?)?;
    let mut signed = None;
    while let Some(line) = reader.next()? {
        match line {
            _ if signed.is_some() => proof.fault(LogFault::File),
            LogLine::TabaraLog(_) => proof.fault(LogFault::File),
            LogLine::Leaf { bundle, entries } => proof.leaf(bundle, &entries),
            LogLine::Audit(line) => proof.audit_line(line),
            LogLine::Signed(jws) => signed = Some((jws, reader.before())),
        }
    }
    proof.end(signed);
    Ok(proof.report)
}

/// What must be known of the whole file before its first entry is judged.
struct Trust {
    authorities: BTreeSet<PublicKey>,
    /// Every key with which a server of these authorities signs.
    operations: Vec<PublicKey>,
    /// Position of the last entry by which records expired.
    expired: u64,
}

impl Trust {
    fn read<R: BufRead>(mut reader: LogReader<R>, authority: PublicKey) -> Result<Self, LogFileError> {
        let (mut position, mut expired, mut all) = (0, 0, Vec::new());
        while let Some(line) = reader.next()? {
            let LogLine::Leaf { entries, .. } = line else { continue };
            for row in entries {
                position += 1;
                match (row.kind, row.body) {
                    (EntryKind::Expiry, _) => expired = position,
                    (EntryKind::Catalog, EntryBody::Text(jws)) => all.push(jws),
                    _ => (),
                }
            }
        }
        let mut authorities = BTreeSet::from([authority]);
        let catalogs = loop {
            let signed = |jws: &String| authorities.iter().find_map(|key| envelope::open(Typ::Catalog, key, jws).ok());
            let catalogs: Vec<Catalog> = all.iter().filter_map(signed).collect();
            let before = authorities.len();
            authorities.extend(catalogs.iter().flat_map(|catalog| &catalog.rotation.authorities));
            if authorities.len() == before {
                break catalogs;
            }
        };
        let operations = catalogs.iter().flat_map(Catalog::operations_keys).collect();
        Ok(Self { authorities, operations, expired })
    }
    fn chain(&self, chain: &Chain) -> Option<(crate::catalog::Grant, crate::catalog::Binding)> {
        self.authorities.iter().find_map(|key| chain.verify(key).ok())
    }
}

/// A proof under way.
struct Proof {
    trust: Trust,
    known: Option<TreeHead>,
    report: LogReport,
    state: LogState,
    frontier: Frontier,
    last: i64,
    /// The first month that is not closed.
    open: Option<String>,
    due: VecDeque<Due>,
    /// The last month and the position of the last revision.
    revised: Option<(String, u64)>,
    /// After a revision: what expires with it.
    expires: Option<BTreeMap<Kind, String>>,
    /// What is left of records, by the position of the entry by which they expired.
    left: BTreeMap<u64, Vec<Digest>>,
    ours: bool,
    noted: Vec<(u64, AuditNoted)>,
    last_line: (u64, Digest),
}

type Checked = Result<(), EntryFault>;

impl Proof {
    fn new(trust: Trust, known: Option<TreeHead>) -> Self {
        let (report, state, frontier, open, due, revised, expires, left, noted) = Default::default();
        let last_line = (0, Digest([0; 32]));
        let (last, ours) = (i64::MIN, false);
        Self { trust, known, report, state, frontier, last, open, due, revised, expires, left, ours, noted, last_line }
    }
    fn fault(&mut self, fault: LogFault) {
        if self.report.faults.len() < MAX_FAULTS {
            self.report.faults.push(fault);
        }
    }

    fn leaf(&mut self, bundle: Option<Digest>, entries: &[EntryRow]) {
        let sent = |row: &EntryRow| matches!(row.kind, EntryKind::Record | EntryKind::Review | EntryKind::Withdrawal);
        let leaf = row::leaf(bundle, entries).filter(|_| entries.iter().all(|row| sent(row) == bundle.is_some()));
        match leaf {
            Some(leaf) => self.frontier.append(leaf.hash(), |_, _, _| ()),
            None => self.fault(LogFault::Leaf(self.frontier.size())),
        }
        for row in entries {
            self.report.entries += 1;
            let position = self.report.entries;
            if let Err(cause) = self.entry(position, row) {
                self.fault(LogFault::Entry { position, cause });
            }
        }
        let now = TreeHead { size: self.frontier.size(), root: self.frontier.root() };
        if self.known.is_some_and(|known| known.size == now.size && known != now) {
            self.fault(LogFault::NotGrown(now.size));
        }
    }

    fn entry(&mut self, position: u64, row: &EntryRow) -> Checked {
        let by_clock = matches!(row.kind, EntryKind::Closing | EntryKind::Revision | EntryKind::Expiry);
        let fixed = matches!(row.kind, EntryKind::Clock | EntryKind::Restore);
        let in_time = fixed || row.received >= self.last.saturating_sub(MAX_BEHIND);
        self.last = if fixed { row.received } else { self.last.max(row.received) };
        let closed = if fixed { Ok(()) } else { self.close(row) };
        if self.open.is_none() {
            self.open = Some(civil_month(row.received));
        }
        let expected = self.expires.take();
        let said = match (&row.body, row.kind) {
            (EntryBody::Text(text), EntryKind::Chain) => self.chain(position, row, text),
            (_, EntryKind::Record | EntryKind::Review | EntryKind::Withdrawal) => self.record(position, row),
            (EntryBody::Text(text), kind) => self.act(position, row, kind, text, expected.as_ref()),
            _ => Err(EntryFault::Unreadable),
        };
        // whatever was kept too long shows in the entry that follows a revision
        let late = !by_clock && expected.is_some_and(|before| self.is_late(position, &before));
        closed.and(if in_time { Ok(()) } else { Err(EntryFault::Time) })?;
        said?;
        if late { Err(EntryFault::Expiry) } else { Ok(()) }
    }

    /// Months that are due close first.
    fn close(&mut self, row: &EntryRow) -> Checked {
        if self.due.is_empty()
            && let Some(open) = &self.open
        {
            self.due = due(open, row.received).into();
        }
        let Some(next) = self.due.front() else {
            let never = matches!(row.kind, EntryKind::Closing | EntryKind::Revision);
            return if never { Err(EntryFault::NotDue) } else { Ok(()) };
        };
        let (kind, text) = next.entry();
        if row.kind == kind && row.body == EntryBody::Text(text) {
            if let Some(Due::Closing(closing)) = self.due.pop_front() {
                self.open = next_month(&closing.month);
            }
            return Ok(());
        }
        if row.kind == EntryKind::Expiry && self.expires.is_some() {
            return Ok(());
        }
        // told once
        for due in std::mem::take(&mut self.due) {
            if let Due::Closing(closing) = due {
                self.open = next_month(&closing.month);
            }
        }
        Err(EntryFault::NotClosed)
    }

    fn is_late(&self, position: u64, before: &BTreeMap<Kind, String>) -> bool {
        let whole = |kept: &super::state::Kept| kept.entry == EntryKind::Record && !kept.expired;
        let mut kept = self.state.records.range(..position).filter(|(_, kept)| whole(kept));
        kept.any(|(_, kept)| kept.kind.is_some_and(|kind| Expiry::takes(before, kind, kept.received)))
    }

    fn chain(&mut self, position: u64, row: &EntryRow, text: &str) -> Checked {
        let introduction: Introduction = serde_json::from_str(text).map_err(|_| EntryFault::Unreadable)?;
        let (grant, keys) = self.trust.chain(&introduction.chain).ok_or(EntryFault::Chain)?;
        let (others, taken) = (self.state.has_bound(grant.device), self.state.has_key(&keys));
        let waits = judge_binding(&introduction, &grant, self.trust.operations.clone(), others, row.received);
        self.state.bind(position, &introduction, &grant, &keys, row.reason);
        if taken {
            return Err(EntryFault::Chain);
        }
        same(row.reason, waits)
    }

    fn record(&mut self, position: u64, row: &EntryRow) -> Checked {
        self.report.records += 1;
        self.report.quarantined += u64::from(row.reason.is_some());
        self.report.tombstones += u64::from(matches!(row.body, EntryBody::Tombstone(_)));
        if let Some(expired) = row.expired() {
            self.report.expired += 1;
            self.left.entry(expired.by).or_default().push(expired.left);
        }
        let id = row.id.filter(|id| !self.state.has_id(*id)).ok_or(EntryFault::Columns)?;
        let sender = row.binding.map(|at| self.state.sender(at).ok_or(EntryFault::Signature)).transpose()?;
        let text = match &row.body {
            EntryBody::Tombstone(digests) => {
                self.state.keep(position, row, id, None, digests.slip, "");
                return Ok(());
            }
            EntryBody::Text(text) | EntryBody::Expired { text, .. } => text,
        };
        let key = match &sender {
            Some((_, key)) => Some(*key),
            None => envelope::peek(text).ok().and_then(|header| self.state.reviewer(&header.kid)),
        };
        let key = key.ok_or(EntryFault::Signature)?;
        let record = row.record(&key).map_err(|_| EntryFault::Signature)?;
        let signer = key.kid();
        let verdict = match judge(&self.state, sender.map(|(sender, _)| sender), &record, &signer, row.received) {
            Ok(verdict) => verdict,
            Err(never) => match never {},
        };
        let says = row.says(&record);
        self.state.keep(position, row, id, Some(record.clone()), record.slip, &signer);
        if !says {
            return Err(EntryFault::Columns);
        }
        let may = may_differ(row.reason, verdict, self.ours, position < self.trust.expired);
        if may { Ok(()) } else { same(row.reason, verdict) }
    }

    fn act(
        &mut self,
        position: u64,
        row: &EntryRow,
        kind: EntryKind,
        text: &str,
        expires: Option<&BTreeMap<Kind, String>>,
    ) -> Checked {
        let said = EntryPayload::read(kind, text).map_err(|_| EntryFault::Unreadable)?;
        let checked = match &said {
            EntryPayload::Catalog(_) => {
                let by = |key: &PublicKey| envelope::open::<Catalog>(Typ::Catalog, key, text).is_ok();
                if self.trust.authorities.iter().any(by) { Ok(()) } else { return Err(EntryFault::Catalog) }
            }
            EntryPayload::Revision(revision) => {
                self.revised = Some((revision.through.clone(), position));
                let years = self.state.catalog.as_ref().map(|catalog| catalog.policy.keep_years.clone());
                self.expires = years.map(|years| kept_from(&years, row.received)).filter(|before| !before.is_empty());
                Ok(())
            }
            EntryPayload::Expiry(expiry) => match expires {
                None => Err(EntryFault::NotDue),
                Some(before) => self.expiry(position, expiry, before),
            },
            EntryPayload::Reopening(Reopening { month }) => {
                let revised = self.revised.as_ref().map(|(month, _)| month.as_str());
                let may = may_reopen(month, self.open.as_deref(), revised, row.received);
                self.open = Some(month.clone());
                if may { Ok(()) } else { Err(EntryFault::Reopening) }
            }
            EntryPayload::Dictionary(dictionary) => {
                self.ours = *dictionary == DictionaryInForce::ours();
                Ok(())
            }
            EntryPayload::Restore(restored) => {
                // this leaf is in the tree already; what an earlier restore had cut off may be back
                let before = self.frontier.size() - 1;
                let sound = restored.kept <= before && restored.known >= before;
                if sound { Ok(()) } else { Err(EntryFault::Restore) }
            }
            EntryPayload::Audit(noted) => {
                self.noted.push((position, *noted));
                Ok(())
            }
            _ => Ok(()),
        };
        self.state.act(position, said);
        checked
    }

    fn expiry(&mut self, position: u64, expiry: &Expiry, before: &BTreeMap<Kind, String>) -> Checked {
        let left = self.left.remove(&position).unwrap_or_default();
        let hash = sha256(&left.iter().flat_map(|left| left.0).collect::<Vec<_>>());
        let same = expiry.before == *before && expiry.records == left.len() as u64 && expiry.left == hash;
        if same && !self.is_late(position, before) { Ok(()) } else { Err(EntryFault::Expiry) }
    }

    fn audit_line(&mut self, line: AuditLine) {
        if !line.follows(self.last_line) {
            self.fault(LogFault::AuditLine(line.number));
        }
        self.last_line = (line.number, line.hash);
        self.report.audit_lines += 1;
        self.noted.retain(|(_, noted)| (noted.lines, noted.hash) != self.last_line);
    }

    fn end(&mut self, signed: Option<(String, Digest)>) {
        let revised = self.revised.as_ref().map_or(0, |(_, position)| *position);
        let buried = |at: &u64| self.state.withdrawn.get(at).is_some_and(|(since, _)| *since < revised);
        let wrong = self.state.records.iter().filter_map(|(at, kept)| match (kept.kind, buried(at)) {
            (None, false) => Some((*at, EntryFault::Buried)),
            (Some(_), true) => Some((*at, EntryFault::NotBuried)),
            _ => None,
        });
        let wrong: Vec<_> = wrong.collect();
        let missing = self.noted.iter().map(|(at, _)| (*at, EntryFault::Audit));
        // records that claim to have expired by an entry that says nothing of it
        let missing = missing.chain(self.left.keys().map(|at| (*at, EntryFault::Expiry)));
        let wrong: Vec<_> = wrong.into_iter().chain(missing).collect();
        wrong.into_iter().for_each(|(position, cause)| self.fault(LogFault::Entry { position, cause }));
        let head = TreeHead { size: self.frontier.size(), root: self.frontier.root() };
        self.report.head = Some(head);
        if let Some(known) = self.known.filter(|known| known.size > head.size) {
            self.fault(LogFault::NotGrown(known.size));
        }
        let Some((jws, before)) = signed else { return self.fault(LogFault::File) };
        let mut keys = self.trust.operations.iter();
        let Some(parcel) = keys.find_map(|key| envelope::open::<Parcel>(Typ::Parcel, key, &jws).ok()) else {
            return self.fault(LogFault::Unsigned);
        };
        self.report.signed = Some(parcel.time);
        if parcel.answers != before {
            self.fault(LogFault::File);
        }
        if parcel.head != head {
            self.fault(LogFault::Head);
        }
    }
}

fn same(then: Option<Reason>, now: Option<Reason>) -> Checked {
    if then == now { Ok(()) } else { Err(EntryFault::Verdict { then, now }) }
}
