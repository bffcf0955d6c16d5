//! The log folded into packed rows, and the question which of them stand at a position.
//!
//! Records that correct each other form a chain: the original first, then its corrections. At most one of a chain
//! is ever counted. All steps of a referral correct its first record; of them the furthest is counted (`referral::Status`), and
//! only if the first record itself is one that may be counted. A change (correction, withdrawal, review) reaches a month in the same way as a record does: at
//! once while the month is open, at the next revision once it has closed. So each month has a position up to which it
//! sees the log, and what arrives later cannot move it.

use super::columns::Layout;
use super::month::Month;
use crate::store::entry::ReviewDecision;
use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use tabara_protocol::facts::Dictionary;
use tabara_protocol::kind::Kind;
use tabara_protocol::places;
use tabara_protocol::record::{Record, Uuid};

/// What an entry of the log says to the statistics.
#[derive(Debug, Clone)]
pub enum Event<'a> {
    Enrolled {
        /// Position of the phone's chain.
        device: u64,
        /// Code of the commune of enrolment.
        commune: &'a str,
    },
    Recorded {
        device: u64,
        record: &'a Record,
    },
    /// The person took it back, or the operator no longer accepts it.
    TakenBack {
        record: Uuid,
    },
    /// This month and all before it.
    Closed {
        month: Month,
    },
    /// What came late enters the closed months.
    Revised,
    /// A wrong clock had closed this month; it is open again, and so are all after it.
    Reopened {
        month: Month,
    },
}

/// The kinds of record that are counted.
const KINDS: [Kind; 6] =
    [Kind::Screening, Kind::Referral, Kind::Assistance, Kind::Activity, Kind::Enforcement, Kind::Review];

/// Where the facts of each kind lie.
pub(super) type Layouts = BTreeMap<Kind, Layout>;

pub(super) fn layouts(dictionary: &Dictionary) -> Arc<Layouts> {
    Arc::new(KINDS.map(|kind| (kind, Layout::new(dictionary, kind))).into())
}

/// Which record a row is.
#[derive(Debug, Clone, Copy)]
struct Head {
    /// The record's id, hashed with a key of this process: short, and nobody can make two of them meet on purpose.
    id: u64,
    position: u32,
    device: u32,
}

/// All records of a kind.
#[derive(Default)]
struct Rows {
    heads: Vec<Head>,
    /// The facts of each, one after the other.
    words: Vec<u64>,
}

/// One record.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row<'a> {
    head: &'a Head,
    pub kind: Kind,
    pub words: &'a [u64],
    pub month: Month,
}

impl Row<'_> {
    pub(super) fn device(&self) -> u32 {
        self.head.device
    }
}

/// What was said about a record later. Ids are hashed like those of rows.
struct Change {
    position: u32,
    target: u64,
    what: Said,
}

#[derive(Clone, Copy)]
enum Said {
    Revised { by: u64 },
    Withdrawn,
    Reviewed(ReviewDecision),
}

/// Everything that was said so far.
pub struct Ledger {
    layouts: Arc<Layouts>,
    hasher: RandomState,
    rows: BTreeMap<Kind, Rows>,
    changes: Vec<Change>,
    closings: Vec<(u32, Month)>,
    revisions: Vec<u32>,
    reopened: u32,
    devices: HashMap<u64, u32>,
    /// By number of device: position of its enrolment, and its commune's place in `places::communes`.
    enrolled: Vec<(u32, Option<usize>)>,
    /// By the place of a commune among the codes, from 1: its province, from 1.
    provinces: Vec<u8>,
}

/// Why the ledger cannot hold what the log says.
#[derive(Debug, thiserror::Error, Clone, Copy, PartialEq, Eq)]
pub enum LedgerFault {
    #[error("the log is longer than this server can count (2^32 entries)")]
    TooLong,
}

impl Ledger {
    pub(super) fn new(layouts: Arc<Layouts>) -> Self {
        let (rows, changes, closings, revisions, reopened) = Default::default();
        let (hasher, devices, enrolled) = Default::default();
        let communes = layouts.values().find_map(|layout| layout.field("screen_commune")).map(|field| field.list());
        let province = |commune: &String| {
            let province = places::province_of(commune);
            province.and_then(|p| places::provinces().position(|other| other == p)).map_or(0, |at| at as u8 + 1)
        };
        let provinces = [0].into_iter().chain(communes.unwrap_or_default().iter().map(province)).collect();
        Self { layouts, hasher, rows, changes, closings, revisions, reopened, devices, enrolled, provinces }
    }

    /// Takes the next entry of the log. Entries come in the order of their positions.
    pub fn apply(&mut self, position: u64, event: &Event) -> Result<(), LedgerFault> {
        let at = u32::try_from(position).map_err(|_| LedgerFault::TooLong)?;
        match event {
            Event::Enrolled { device, commune } => {
                let commune = places::communes().position(|place| place.code == *commune);
                if !self.devices.contains_key(device) {
                    self.devices.insert(*device, self.enrolled.len() as u32);
                    self.enrolled.push((at, commune));
                }
            }
            Event::Recorded { device, record } => self.record(at, *device, record),
            Event::TakenBack { record } => self.change(at, record, Said::Withdrawn),
            Event::Closed { month } => self.closings.push((at, *month)),
            Event::Revised => self.revisions.push(at),
            Event::Reopened { month } => {
                self.closings.retain(|(_, closed)| closed < month);
                self.reopened = at;
            }
        }
        Ok(())
    }

    fn record(&mut self, position: u32, device: u64, record: &Record) {
        let id = self.hash(&record.record);
        let revises = record.revises.as_ref().filter(|_| record.kind != Kind::Review);
        if let (Kind::Review, Some(target)) = (record.kind, &record.revises) {
            if let Some(decision) = ReviewDecision::of(record) {
                self.change(position, target, Said::Reviewed(decision));
            }
        } else if let Some(target) = revises {
            self.change(position, target, Said::Revised { by: id });
        }
        let Some(layout) = self.layouts.get(&record.kind) else { return };
        let rows = self.rows.entry(record.kind).or_default();
        match layout.pack(&record.facts, &mut rows.words) {
            Some(()) => {
                let device = self.devices.get(&device).copied().unwrap_or(u32::MAX);
                rows.heads.push(Head { id, position, device });
            }
            // a correction after which nothing may be counted takes the original out
            None if revises.is_some() => self.change(position, &record.record, Said::Withdrawn),
            None => {}
        }
    }

    fn change(&mut self, position: u32, target: &Uuid, what: Said) {
        let target = self.hash(target);
        self.changes.push(Change { position, target, what });
    }

    fn hash(&self, id: &Uuid) -> u64 {
        self.hasher.hash_one(id)
    }

    /// The province of a record, from 1; 0 where it has no place.
    pub(super) fn province(&self, row: &Row) -> u8 {
        let field = self.layouts.get(&row.kind).and_then(|layout| layout.field("screen_commune"));
        field.and_then(|field| self.provinces.get(field.code(row.words))).copied().unwrap_or(0)
    }

    /// The province of a phone's card, from 1, by the position of its chain; 0 where it is not known.
    pub(super) fn province_of(&self, chain: Option<u64>) -> u8 {
        let number = chain.and_then(|chain| self.devices.get(&chain));
        let commune = number.and_then(|number| self.enrolled[*number as usize].1);
        commune.and_then(|at| self.provinces.get(at + 1)).copied().unwrap_or(0)
    }

    /// Which step of a referral counts: the one of the highest rank, and of the same rank the last. 0 for all else.
    fn rank(&self, row: &Row) -> usize {
        const CODES: [&str; 8] =
            ["ready", "sent", "unavailable", "declined", "accepted", "lapsed", "refused", "completed"];
        if row.kind != Kind::Referral {
            return 0;
        }
        let field = self.layouts.get(&row.kind).and_then(|layout| layout.field("referral_status"));
        let code = field.and_then(|field| field.list().get(field.code(row.words).checked_sub(1)?));
        // a late answer comes after "nobody answered", and losing contact after help began: the log's order decides
        let rank = code.and_then(|code| CODES.iter().position(|other| other == code)).unwrap_or(0);
        if rank == 5 { 4 } else { rank }
    }

    /// All rows, kind by kind.
    fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        self.rows.iter().flat_map(|(kind, rows)| {
            let (layout, kind) = (&self.layouts[kind], *kind);
            let month = layout.field("month");
            rows.heads
                .iter()
                .zip(rows.words.chunks_exact(layout.words().max(1)))
                .filter_map(move |(head, words)| Some(Row { head, kind, words, month: month?.month(words)? }))
        })
    }

    /// The position of the last closing, revision or reopening: nothing later can move a closed month.
    pub fn edition(&self) -> u64 {
        let closing = self.closings.last().map_or(0, |(at, _)| *at);
        self.revisions.last().copied().unwrap_or(0).max(closing).max(self.reopened).into()
    }

    /// The last month that is closed.
    pub fn last_closed(&self) -> Option<Month> {
        self.closings.iter().map(|(_, month)| *month).max()
    }

    /// Up to which position each month sees the log; an open month sees all of it.
    fn sight(&self) -> Vec<Option<u32>> {
        let revised = self.revisions.last().copied().unwrap_or(0);
        let mut sight = vec![None; Month::COUNT];
        // the first closing that reaches a month closes it, and all before it
        for (at, month) in &self.closings {
            for seen in &mut sight[..=month.index()] {
                *seen = Some(seen.unwrap_or((*at).max(revised)));
            }
        }
        sight
    }

    /// Devices enrolled up to a position, by number: the commune's place in `places::communes`.
    pub(super) fn devices(&self, position: u64) -> impl Iterator<Item = (u32, Option<usize>)> {
        let known = self.enrolled.iter().enumerate().filter(move |(_, (at, _))| u64::from(*at) <= position);
        known.map(|(number, (_, commune))| (number as u32, *commune))
    }

    /// Calls `see` with every record that stands, as each month sees the log, and the reviewer's last word on it: in
    /// closed months what the last edition froze; or, with a position, in open ones what had come up to it.
    pub(super) fn standing(&self, open: Option<u64>, mut see: impl FnMut(&Row, Option<ReviewDecision>)) {
        let sight = self.sight();
        // closed months are computed from the edition's prefix alone, so that nothing later can reach them
        let prefix = open.unwrap_or(self.edition()) as u32;
        let sight = |row: &Row| sight[row.month.index()].unwrap_or(u32::MAX).min(prefix);
        let wanted = |row: &Row| open.is_none() == self.last_closed().is_some_and(|last| row.month <= last);
        let chains = Chains::of(&self.changes, prefix);
        let mut members: HashMap<u64, Vec<Row>> = HashMap::new();
        for row in self.rows().filter(|row| row.head.position <= prefix) {
            match chains.root.get(&row.head.id) {
                Some(root) => members.entry(*root).or_default().push(row),
                None if wanted(&row) && row.head.position <= sight(&row) => see(&row, None),
                None => {}
            }
        }
        for (root, mut rows) in members {
            let depth = |row: &Row| chains.depth.get(&row.head.id).copied().unwrap_or(0);
            if rows.iter().all(|row| row.kind == Kind::Referral && depth(row) > 0) {
                continue; // a provider has facts of a person who did not agree to be counted
            }
            rows.sort_by_key(|row| (depth(row), self.rank(row), row.head.position));
            // the first that its own month sees, and that no later one has replaced there
            let first = rows.iter().enumerate().find(|(n, row)| {
                row.head.position <= sight(row) && !rows[n + 1..].iter().any(|later| later.head.position <= sight(row))
            });
            let Some((_, row)) = first else { continue };
            let seen = |at: &&(u32, Option<ReviewDecision>)| at.0 <= sight(row);
            let words = chains.words.get(&root).map(Vec::as_slice).unwrap_or_default();
            let withdrawn = words.iter().filter(seen).any(|(_, decision)| decision.is_none());
            if wanted(row) && !withdrawn {
                see(row, words.iter().filter(seen).filter_map(|(_, decision)| *decision).next_back());
            }
        }
    }
}

/// Records that are tied by changes. Small: only those that something was said about.
#[derive(Default)]
struct Chains {
    /// Of each tied record, the original of its chain (itself, where it is one).
    root: HashMap<u64, u64>,
    /// How many corrections lie between a record and its original.
    depth: HashMap<u64, u32>,
    /// What was said about a chain, in the order of the log: a decision, or none for a withdrawal.
    words: HashMap<u64, Vec<(u32, Option<ReviewDecision>)>>,
}

impl Chains {
    /// Ties the records of the changes up to a position together.
    fn of(changes: &[Change], prefix: u32) -> Self {
        let seen = || changes.iter().filter(|change| change.position <= prefix);
        let parent = |change: &Change| match change.what {
            Said::Revised { by } => Some((by, change.target)),
            _ => None,
        };
        let parents: HashMap<u64, u64> = seen().filter_map(parent).collect();
        let mut chains = Self::default();
        for id in parents.iter().flat_map(|(by, target)| [by, target]) {
            let (root, depth) = climb(*id, &parents);
            chains.root.insert(*id, root);
            chains.depth.insert(*id, depth);
        }
        for change in seen() {
            let decision = match change.what {
                Said::Revised { .. } => continue,
                Said::Withdrawn => None,
                Said::Reviewed(decision) => Some(decision),
            };
            let root = *chains.root.entry(change.target).or_insert(change.target);
            chains.words.entry(root).or_default().push((change.position, decision));
        }
        chains
    }
}

/// So many corrections of one case are followed; no person corrects more often.
const MAX_CORRECTIONS: usize = 256;

/// The original of a record, and how far away it is. A ring, which only a broken phone could make, ends at its
/// smallest member, so that all of the ring is one chain.
fn climb(id: u64, parents: &HashMap<u64, u64>) -> (u64, u32) {
    let mut at = id;
    let mut path = vec![id];
    while let Some(parent) = parents.get(&at).filter(|_| path.len() < MAX_CORRECTIONS) {
        if let Some(start) = path.iter().position(|seen| seen == parent) {
            let root = path[start..].iter().copied().min().unwrap_or(id);
            return (root, 0);
        }
        path.push(*parent);
        at = *parent;
    }
    (at, path.len() as u32 - 1)
}
