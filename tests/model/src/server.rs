//! The server: a log of leaves, and its answer to a bundle.

use crate::phone::Asked;
use std::collections::BTreeSet;
use std::convert::Infallible;
use tabara_protocol::envelope::{Digest, sha256};
use tabara_protocol::tree::{Frontier, prove_consistency, prove_inclusion};
use tabara_protocol::wire::{Connected, KeptEntry, Leaf, LeafProof, Parcel, Restoration, Standing, TreeHead};

/// The texts of its leaves.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Log(pub Vec<String>);

/// SHA-256 of the JWS of a record: here a record is a number.
pub fn jws(record: u8) -> Digest {
    sha256(&[record])
}

const DAY: &str = "2026-11-29";

impl Log {
    fn nodes(&self, size: u64) -> (Frontier, impl Fn(u32, u64) -> Result<Digest, Infallible>) {
        let (mut frontier, mut nodes) = (Frontier::default(), std::collections::HashMap::new());
        for text in self.0.iter().take(size as usize) {
            frontier.append(tabara_protocol::tree::leaf_hash(text.as_bytes()), |level, index, hash| {
                nodes.insert((level, index), hash);
            });
        }
        (frontier, move |level, index| Ok(nodes[&(level, index)]))
    }
    pub fn size(&self) -> u64 {
        self.0.len() as u64
    }
    pub fn head(&self) -> TreeHead {
        let (frontier, _) = self.nodes(self.size());
        TreeHead { size: frontier.size(), root: frontier.root() }
    }
    /// Whether this log continues the one with that head.
    pub fn continues(&self, head: &TreeHead) -> bool {
        head.size <= self.size() && self.nodes(head.size).0.root() == head.root
    }
    fn consistency(&self, old: u64, size: u64) -> Vec<Digest> {
        let Ok(proof) = prove_consistency(old, size, self.nodes(size).1);
        proof.expect("it is not smaller")
    }
    fn prove(&self, index: u64) -> Option<LeafProof> {
        let Ok(proof) = prove_inclusion(index, self.size(), self.nodes(self.size()).1);
        Some(LeafProof { index, text: self.0.get(index as usize)?.clone(), proof: proof? })
    }
    pub fn append(&mut self, leaf: &Leaf) {
        self.0.push(leaf.text());
    }
    /// From this backup, with a leaf that says so. What an earlier restore had cut off was not kept all the time.
    pub fn restore(&mut self, backup: &Self, known: u64) {
        let undone = self.restores().filter(|(_, restore)| backup.restores().all(|(_, stands)| stands != *restore));
        let kept = undone.map(|(_, restore)| restore.kept).fold(backup.size(), u64::min);
        *self = backup.clone();
        self.append(&Leaf::Restore { day: DAY.into(), kept, known });
    }
    /// The restores that stand in it.
    fn restores(&self) -> impl DoubleEndedIterator<Item = (u64, Restoration)> {
        let restore = |(at, text): (usize, &String)| match Leaf::parse(text) {
            Ok(Leaf::Restore { kept, known, .. }) => Some((at as u64, Restoration { kept, known })),
            _ => None,
        };
        self.0.iter().enumerate().filter_map(restore)
    }
    /// The last restore that cut off a head of this size.
    fn cut_off(&self, size: u64) -> Option<(u64, Restoration)> {
        self.restores().rfind(|(_, restore)| restore.cuts_off(size))
    }
    /// Something that the server did, other than what anybody has seen.
    pub fn act(&mut self, number: u8) {
        self.append(&Leaf::Act { day: DAY.into(), kind: "closing".into(), body: sha256(&[b'f', number]) });
    }
    fn leaves(&self) -> impl Iterator<Item = (u64, Leaf)> {
        (0..).zip(self.0.iter().map(|text| Leaf::parse(text).expect("our own leaf")))
    }
    /// Whether an honest server would have this log after another one, whose head a phone has: it continues it, or says
    /// which restore cut it off, of which the other one does not know.
    pub fn explains(&self, other: &Self) -> bool {
        let cut = |restore: &Restoration| {
            restore.cuts_off(other.size()) && other.restores().all(|(_, known)| known != *restore)
        };
        self.continues(&other.head()) || self.restores().any(|(_, restore)| cut(&restore))
    }
    /// The leaf that holds a record.
    pub fn place(&self, record: u8) -> Option<u64> {
        let holds =
            |leaf: &Leaf| matches!(leaf, Leaf::Bundle { entries, .. } if entries.iter().any(|e| e.jws == jws(record)));
        self.leaves().find(|(_, leaf)| holds(leaf)).map(|(at, _)| at)
    }
    /// How often a record is counted.
    pub fn count(&self, record: u8) -> usize {
        let entries = self.leaves().flat_map(|(_, leaf)| match leaf {
            Leaf::Bundle { entries, .. } => entries,
            _ => vec![],
        });
        entries.filter(|entry| entry.jws == jws(record)).count()
    }
    /// Takes a bundle in, and answers it.
    pub fn take(&mut self, asked: &Asked) -> Parcel {
        let new = asked.records.iter().filter(|record| self.place(**record).is_none());
        let entries: Vec<KeptEntry> = new.map(|record| KeptEntry { jws: jws(*record), reason: None }).collect();
        if !entries.is_empty() {
            self.append(&Leaf::Bundle { day: DAY.into(), bundle: asked.hash(), entries });
        }
        let (head, mine) = (self.head(), asked.head);
        let known = mine.filter(|mine| self.continues(mine));
        let cut = mine.filter(|_| known.is_none()).and_then(|mine| self.cut_off(mine.size));
        let kept = asked.records.iter().filter_map(|record| self.place(*record));
        let (seen, restores) = (known.map_or(0, |known| known.size), self.restores());
        let told = |(at, restore): &(u64, Restoration)| {
            *at >= seen || asked.connect.iter().any(|head| restore.cuts_off(head.size))
        };
        let leaves: BTreeSet<u64> =
            kept.chain(asked.prove.iter().copied()).chain(restores.filter(told).map(|(at, _)| at)).collect();
        let connect = |TreeHead { size, .. }: &TreeHead| {
            let proof = (*size <= self.size()).then(|| self.consistency(*size, self.size()))?;
            Some(Connected { size: *size, proof })
        };
        Parcel {
            answers: asked.hash(),
            time: 0,
            head,
            standing: Standing::Trusted,
            seq: 0,
            grown: known.map(|known| self.consistency(known.size, head.size)),
            restore: cut.and_then(|(at, _)| self.prove(at)),
            connected: asked.connect.iter().filter_map(connect).collect(),
            leaves: leaves.into_iter().filter_map(|index| self.prove(index)).collect(),
            refused: vec![],
            later: None,
            providers: None,
            updates: vec![],
            cursor: 0,
        }
    }
}
