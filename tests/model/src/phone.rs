//! A phone: what it sends, asks, and believes.

use crate::server::jws;
use tabara_protocol::envelope::{Digest, sha256};
use tabara_protocol::tree;
use tabara_protocol::wire::{Leaf, Lineage, Parcel, Restoration, TreeHead, lineage};

/// The rules that a phone follows; two of them are wrong, as they once were.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rules {
    /// Those of protocol 2.
    True,
    /// A head that is larger than the last one is believed to continue it.
    CompareSizes,
    /// After a loss only the record with the highest place is asked for, and a record keeps the place it had first.
    AskForTheLast,
}

/// Where a record is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Place {
    /// It is sent with the next bundle.
    Waiting,
    /// A leaf holds it; `proven` under the present head.
    Kept { index: u64, hash: Digest, proven: bool },
}

/// A bundle.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Asked {
    pub phone: usize,
    pub head: Option<TreeHead>,
    pub connect: Vec<TreeHead>,
    pub prove: Vec<u64>,
    pub records: Vec<u8>,
}

impl Asked {
    pub fn hash(&self) -> Digest {
        sha256(format!("{self:?}").as_bytes())
    }
}

/// A phone with all that it keeps.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Phone {
    /// Records that will be made, the last one first.
    comes: Vec<u8>,
    pub records: Vec<(u8, Place)>,
    /// The last head that was proven.
    pub head: Option<TreeHead>,
    /// Heads of parcels that a courier brought.
    pub unconnected: Vec<TreeHead>,
    /// The bundle that waits for its answer.
    pub outstanding: Option<Asked>,
    /// The bundle that a courier has.
    pub carried: Option<Asked>,
    /// Restores that it was told.
    pub restores: Vec<Restoration>,
    /// Those that were before its head.
    pub passed: Vec<Restoration>,
    /// It has seen two heads that contradict each other.
    pub evidence: bool,
}

impl Phone {
    pub fn new(comes: &[u8]) -> Self {
        Self { comes: comes.iter().rev().copied().collect(), ..Self::default() }
    }
    /// The next record is made; false if there is none.
    pub fn screen(&mut self) -> bool {
        let next = self.comes.pop();
        self.records.extend(next.map(|record| (record, Place::Waiting)));
        next.is_some()
    }
    /// What it would send now.
    pub fn bundle(&self, phone: usize) -> Asked {
        let waiting = self.records.iter().filter(|(_, place)| *place == Place::Waiting);
        let mut prove: Vec<u64> = self.records.iter().filter_map(|(_, place)| unproven(place)).collect();
        prove.dedup();
        let (head, connect) = (self.head, self.unconnected.clone());
        Asked { phone, head, connect, prove, records: waiting.map(|(record, _)| *record).collect() }
    }
    /// Nothing is left to be said or asked.
    pub fn rests(&self) -> bool {
        let settled = |place: &Place| matches!(place, Place::Kept { proven: true, .. });
        self.records.iter().all(|(_, place)| settled(place)) && self.unconnected.is_empty()
    }

    /// Takes a parcel over that answers one of its bundles.
    pub fn receive(&mut self, rules: Rules, parcel: &Parcel) {
        let of = |asked: &Option<Asked>| asked.as_ref().is_some_and(|asked| asked.hash() == parcel.answers);
        let asked = if of(&self.outstanding) {
            self.outstanding.take()
        } else if of(&self.carried) {
            self.carried.take()
        } else {
            None
        };
        let Some(asked) = asked else { return };
        if !parcel.leaves.iter().all(|leaf| leaf.holds(&parcel.head)) {
            return;
        }
        let told: Vec<_> = parcel.restore.iter().chain(&parcel.leaves).collect();
        let told = told.into_iter().filter_map(|leaf| Restoration::told(leaf, &parcel.head));
        let told: Vec<_> = told.filter(|restore| !self.passed.contains(restore)).collect();
        self.restores.extend(&told);
        let mut judged = lineage(self.head.as_ref(), asked.head.as_ref(), &self.passed, parcel);
        let larger = self.head.is_some_and(|mine| mine.size <= parcel.head.size);
        if rules == Rules::CompareSizes && judged == Lineage::Forked && larger {
            judged = Lineage::Grown;
        }
        match judged {
            Lineage::First | Lineage::Grown => self.connect(&asked, parcel, rules),
            Lineage::Unconnected if self.unconnected.contains(&parcel.head) => (),
            Lineage::Unconnected => self.unconnected.push(parcel.head),
            Lineage::Restored => {
                let restores = self.restores.clone();
                self.unconnected.retain(|head| !restores.iter().any(|restore| restore.cuts_off(head.size)));
                self.doubt(rules);
            }
            Lineage::Forked => {
                self.unconnected.clear();
                self.evidence = true;
                self.doubt(rules);
            }
        }
        self.take_leaves(rules, parcel, judged != Lineage::Unconnected);
        if judged != Lineage::Unconnected {
            self.head = Some(parcel.head);
            self.passed.extend(told);
            let asked = if judged == Lineage::Grown { &asked.prove[..] } else { &[] };
            self.miss(asked, &parcel.head);
        }
    }

    /// Heads that a courier brought are part of the log, or were cut off by a restore; or else they were a lie.
    fn connect(&mut self, asked: &Asked, parcel: &Parcel, rules: Rules) {
        let new = &parcel.head;
        for head in std::mem::take(&mut self.unconnected) {
            let proves = |proof: &[Digest]| tree::continues((head.size, &head.root), (new.size, &new.root), proof);
            let connected = parcel.connected.iter().any(|c| c.size == head.size && proves(&c.proof));
            if head == *new || connected {
                continue;
            }
            if head.size > new.size || !asked.connect.contains(&head) {
                self.unconnected.push(head);
            } else if !self.restores.iter().any(|restore| restore.cuts_off(head.size)) {
                self.evidence = true;
                self.doubt(rules);
            }
        }
    }

    /// What was proven under another head is to be proven again.
    fn doubt(&mut self, rules: Rules) {
        let index = |place: &Place| match place {
            Place::Kept { index, .. } => Some(*index),
            Place::Waiting => None,
        };
        let last = self.records.iter().filter_map(|(_, place)| index(place)).max();
        for (_, place) in &mut self.records {
            let asked = rules != Rules::AskForTheLast || index(place) == last;
            if let (Place::Kept { proven, .. }, true) = (place, asked) {
                *proven = false;
            }
        }
    }

    /// What stands in a leaf is kept. Under a head that is not connected yet it is to be proven under the next one.
    fn take_leaves(&mut self, rules: Rules, parcel: &Parcel, connected: bool) {
        for leaf in &parcel.leaves {
            let Ok(Leaf::Bundle { entries, .. }) = leaf.leaf() else { continue };
            for (record, place) in &mut self.records {
                let holds = entries.iter().any(|entry| entry.jws == jws(*record));
                let here = Place::Kept { index: leaf.index, hash: leaf.hash(), proven: connected };
                match place {
                    _ if !holds => (),
                    Place::Kept { .. } if !connected => (),
                    // the place that it had first
                    Place::Kept { proven, .. } if rules == Rules::AskForTheLast => *proven = true,
                    _ => *place = here,
                }
            }
        }
    }

    /// What was asked for and is not proven is lost, and what this tree is too short to hold: it is sent again.
    fn miss(&mut self, asked: &[u64], head: &TreeHead) {
        for (_, place) in &mut self.records {
            let Some(index) = unproven(place) else { continue };
            if asked.contains(&index) || index >= head.size {
                *place = Place::Waiting;
            }
        }
    }
}

fn unproven(place: &Place) -> Option<u64> {
    match place {
        Place::Kept { index, proven: false, .. } => Some(*index),
        _ => None,
    }
}
