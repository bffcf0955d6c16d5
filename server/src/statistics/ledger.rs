//! The log folded into packed rows, 32 bytes a screening, and the question which of them stand at a position.
//!
//! Screenings that correct each other form a chain: the original first, then its corrections. At most one of a chain
//! is ever counted. A change (correction, withdrawal, review) reaches a month in the same way as a record does: at
//! once while the month is open, at the next revision once it has closed. So each month has a position up to which it
//! sees the log, and what arrives later cannot move it.

use super::Event;
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use tabara_protocol::facts::{Codes, Dictionary, Facts, Value};
use tabara_protocol::places;
use tabara_protocol::record::{Record, Uuid};

/// Months are counted from January of this year, the first of the dictionary.
const FIRST_YEAR: u16 = 2020;

/// A civil month, `YYYY-MM`, as its distance from January 2020.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month(u8);

impl Month {
    pub const COUNT: usize = 256;

    pub fn parse(text: &str) -> Option<Self> {
        let (year, month) = text.split_once('-')?;
        let (year, month) = (year.parse::<u16>().ok()?, month.parse::<u16>().ok().filter(|m| (1..=12).contains(m))?);
        u8::try_from(year.checked_sub(FIRST_YEAR)?.checked_mul(12)? + month - 1).ok().map(Self)
    }
    pub fn year(self) -> u16 {
        FIRST_YEAR + u16::from(self.0) / 12
    }
    /// 1 to 12.
    pub fn number(self) -> u16 {
        u16::from(self.0) % 12 + 1
    }
    /// 1 to 4.
    pub fn quarter(self) -> u16 {
        u16::from(self.0) % 12 / 3 + 1
    }
    pub fn index(self) -> usize {
        self.0.into()
    }
    pub fn at(index: usize) -> Option<Self> {
        u8::try_from(index).ok().map(Self)
    }
}

impl std::fmt::Display for Month {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:04}-{:02}", self.year(), self.number())
    }
}

/// A fact with one code as its place in the dictionary's list, from 1; 0 is not asked.
type Code = u8;

/// One screening. 32 bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row {
    /// The record's id, hashed with a key of this process: short, and nobody can make two of them meet on purpose.
    id: u64,
    position: u32,
    /// Several answers: bit n is the n-th code.
    pub exploitation: u32,
    pub device: u32,
    pub services: u16,
    pub month: Month,
    pub commune: Code,
    pub province: Code,
    pub sex: Code,
    pub age: Code,
    pub destination: Code,
    pub outcome: Code,
    pub already: Code,
}

const _: () = assert!(size_of::<Row>() == 32);

/// A reviewer's last word on a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    Confirmed,
    NotConfirmed,
    Duplicate,
}

impl Decision {
    /// What a review says.
    pub fn of(review: &Record) -> Option<Self> {
        match review.facts.get("decision") {
            Some(Value::One(code)) => Self::read(code),
            _ => None,
        }
    }
    /// From the code of the fact `decision`.
    pub fn read(code: &str) -> Option<Self> {
        match code {
            "confirmed" => Some(Self::Confirmed),
            "not_confirmed" => Some(Self::NotConfirmed),
            "duplicate" => Some(Self::Duplicate),
            _ => None,
        }
    }
}

/// What was said about a screening later. Ids are hashed like those of rows.
struct Change {
    position: u32,
    target: u64,
    what: Said,
}

#[derive(Clone, Copy)]
enum Said {
    Revised { by: u64 },
    Withdrawn,
    Reviewed(Decision),
}

/// Everything that was told so far.
pub struct Ledger {
    dictionary: &'static Dictionary,
    hasher: RandomState,
    rows: Vec<Row>,
    changes: Vec<Change>,
    closings: Vec<(u32, Month)>,
    revisions: Vec<u32>,
    devices: HashMap<u64, u32>,
    /// By number of device: position and province of its enrolment.
    enrolled: Vec<(u32, Code)>,
}

/// Why the ledger cannot hold what the log says.
#[derive(Debug, thiserror::Error, Clone, Copy, PartialEq, Eq)]
pub enum LedgerFault {
    #[error("the log is longer than this server can count (2^32 entries)")]
    TooLong,
}

impl Ledger {
    pub fn new(dictionary: &'static Dictionary) -> Self {
        let (rows, changes, closings, revisions) = Default::default();
        let (hasher, devices, enrolled) = Default::default();
        Self { dictionary, hasher, rows, changes, closings, revisions, devices, enrolled }
    }

    /// Takes the next entry of the log. Entries come in the order of their positions.
    pub fn apply(&mut self, position: u64, event: &Event) -> Result<(), LedgerFault> {
        let at = u32::try_from(position).map_err(|_| LedgerFault::TooLong)?;
        match event {
            Event::Enrolled { device, commune } => {
                let province = self.province(commune);
                if !self.devices.contains_key(device) {
                    self.devices.insert(*device, self.enrolled.len() as u32);
                    self.enrolled.push((at, province));
                }
            }
            Event::Screened { device, record } => {
                let by = self.hash(&record.record);
                if let Some(target) = &record.revises {
                    self.change(at, target, Said::Revised { by });
                }
                match self.pack(at, by, *device, &record.facts) {
                    Some(row) => self.rows.push(row),
                    // a correction after which nothing may be counted takes the original out
                    None if record.revises.is_some() => self.change(at, &record.record, Said::Withdrawn),
                    None => {}
                }
            }
            Event::TakenBack { record } => self.change(at, record, Said::Withdrawn),
            Event::Reviewed { record, decision } => self.change(at, record, Said::Reviewed(*decision)),
            Event::Closed { month } => self.closings.push((at, *month)),
            Event::Revised => self.revisions.push(at),
        }
        Ok(())
    }

    fn change(&mut self, position: u32, target: &Uuid, what: Said) {
        let target = self.hash(target);
        self.changes.push(Change { position, target, what });
    }

    fn hash(&self, id: &Uuid) -> u64 {
        self.hasher.hash_one(id)
    }

    /// A record counts only with month, place and outcome: without consent to statistics its facts are empty.
    fn pack(&self, position: u32, id: u64, device: u64, facts: &Facts) -> Option<Row> {
        let one = |name: &str| match facts.get(name) {
            Some(Value::One(code)) => self.place_of(name, code),
            _ => None,
        };
        let many = |name: &str| match facts.get(name) {
            Some(Value::Many(codes)) => {
                codes.iter().filter_map(|code| self.place_of(name, code)).fold(0u32, |bits, n| bits | 1 << (n - 1))
            }
            _ => 0,
        };
        let Some(Value::One(month)) = facts.get("month") else { return None };
        let Some(Value::One(commune)) = facts.get("screen_commune") else { return None };
        Some(Row {
            id,
            position,
            exploitation: many("exploitation"),
            device: self.devices.get(&device).copied().unwrap_or(u32::MAX),
            services: many("services_requested") as u16,
            month: Month::parse(month)?,
            commune: one("screen_commune")?,
            province: self.province(commune),
            sex: one("sex").unwrap_or(0),
            age: one("age_band").unwrap_or(0),
            destination: one("destination_region").unwrap_or(0),
            outcome: one("outcome")?,
            already: one("already").unwrap_or(0),
        })
    }

    fn place_of(&self, fact: &str, code: &str) -> Option<Code> {
        match &self.dictionary.get(fact)?.codes {
            Codes::List(codes) => codes.iter().position(|c| c == code).and_then(|n| Code::try_from(n + 1).ok()),
            _ => None,
        }
    }

    /// The province of a commune, from 1; 0 where there is none.
    fn province(&self, commune: &str) -> Code {
        let province = places::province_of(commune);
        province.and_then(|p| places::provinces().position(|other| other == p)).map_or(0, |n| n as Code + 1)
    }

    /// The position of the last closing or revision: nothing later can move a closed month.
    pub fn edition(&self) -> u64 {
        let closing = self.closings.last().map_or(0, |(at, _)| *at);
        self.revisions.last().copied().unwrap_or(0).max(closing).into()
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

    /// Devices enrolled up to a position, by number: province, from 1.
    pub(super) fn devices(&self, position: u64) -> impl Iterator<Item = (u32, Code)> {
        let known = self.enrolled.iter().enumerate().filter(move |(_, (at, _))| u64::from(*at) <= position);
        known.map(|(number, (_, province))| (number as u32, *province))
    }

    /// Calls `see` with every screening that stands, as each month sees the log: in closed months what the last
    /// edition froze, in open ones everything so far. With it goes the reviewer's last word.
    pub(super) fn standing(&self, closed: bool, mut see: impl FnMut(&Row, Option<Decision>)) {
        let sight = self.sight();
        // closed months are computed from the edition's prefix alone, so that nothing later can reach them
        let prefix = if closed { self.edition() as u32 } else { u32::MAX };
        let sight = |row: &Row| sight[row.month.index()].unwrap_or(u32::MAX).min(prefix);
        let wanted = |row: &Row| closed == self.last_closed().is_some_and(|last| row.month <= last);
        let chains = Chains::of(&self.changes, prefix);
        let mut members: HashMap<u64, Vec<&Row>> = HashMap::new();
        for row in self.rows.iter().filter(|row| row.position <= prefix) {
            match chains.root.get(&row.id) {
                Some(root) => members.entry(*root).or_default().push(row),
                None if wanted(row) && row.position <= sight(row) => see(row, None),
                None => {}
            }
        }
        for (root, mut rows) in members {
            rows.sort_by_key(|row| (chains.depth.get(&row.id).copied().unwrap_or(0), row.position));
            // the first that its own month sees, and that no later one has replaced there
            let first = rows.iter().enumerate().find(|(n, row)| {
                row.position <= sight(row) && !rows[n + 1..].iter().any(|later| later.position <= sight(row))
            });
            let Some((_, row)) = first else { continue };
            let seen = |at: &&(u32, Option<Decision>)| at.0 <= sight(row);
            let words = chains.words.get(&root).map(Vec::as_slice).unwrap_or_default();
            let withdrawn = words.iter().filter(seen).any(|(_, decision)| decision.is_none());
            if wanted(row) && !withdrawn {
                see(row, words.iter().filter(seen).filter_map(|(_, decision)| *decision).next_back());
            }
        }
    }
}

/// Screenings that are tied by changes. Small: only those that something was said about.
#[derive(Default)]
struct Chains {
    /// Of each tied record, the original of its chain (itself, where it is one).
    root: HashMap<u64, u64>,
    /// How many corrections lie between a record and its original.
    depth: HashMap<u64, u32>,
    /// What was said about a chain, in the order of the log: a decision, or none for a withdrawal.
    words: HashMap<u64, Vec<(u32, Option<Decision>)>>,
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
