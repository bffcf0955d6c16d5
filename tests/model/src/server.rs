//! The server: a log of leaves, and its answer to a bundle.

use crate::phone::Asked;
use std::convert::Infallible;
use tabara_protocol::envelope::{Digest, sha256};
use tabara_protocol::tree::{Frontier, prove_consistency, prove_inclusion};
use tabara_protocol::wire::{Connected, KeptEntry, Leaf, LeafProof, Parcel, Restoration, Standing, TreeHead};

/// The texts of its leaves.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
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
    pub fn restore(&mut self, known: u64) {
        let kept = self.size();
        self.append(&Leaf::Restore { day: DAY.into(), kept, known });
    }
    /// Something that the server did, other than what anybody has seen.
    pub fn act(&mut self, number: u8) {
        self.append(&Leaf::Act { day: DAY.into(), kind: "closing".into(), body: sha256(&[b'f', number]) });
    }
    fn leaves(&self) -> impl Iterator<Item = (u64, Leaf)> {
        (0..).zip(self.0.iter().map(|text| Leaf::parse(text).expect("our own leaf")))
    }
    /// Whether an honest server would have this log after that head: it continues it, or says which restore cut it off.
    pub fn explains(&self, head: &TreeHead) -> bool {
        let cut = |leaf: &Leaf| matches!(*leaf, Leaf::Restore { kept, known, .. } if Restoration { kept, known }.cuts_off(head.size));
        self.continues(head) || self.leaves().any(|(_, leaf)| cut(&leaf))
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
    /// The first restore that cut off a head of this size.
    fn restore_of(&self, size: u64) -> Option<LeafProof> {
        let cut = |leaf: &Leaf| matches!(leaf, Leaf::Restore { kept, .. } if *kept < size);
        self.leaves().find(|(_, leaf)| cut(leaf)).and_then(|(at, _)| self.prove(at))
    }

    /// Takes a bundle in, and answers it.
    pub fn take(&mut self, asked: &Asked) -> Parcel {
        let new = asked.records.iter().filter(|record| self.place(**record).is_none());
        let entries: Vec<KeptEntry> = new.map(|record| KeptEntry { jws: jws(*record), reason: None }).collect();
        if !entries.is_empty() {
            self.append(&Leaf::Bundle { day: DAY.into(), bundle: asked.hash(), entries });
        }
        let (head, mine) = (self.head(), asked.head);
        let mut leaves: Vec<u64> = asked.records.iter().filter_map(|record| self.place(*record)).collect();
        leaves.extend(&asked.prove);
        leaves.sort_unstable();
        leaves.dedup();
        let known = mine.filter(|mine| self.continues(mine));
        let connect = |size: &u64| {
            let (mine, size) = (known?.size, *size);
            let proof = (size <= self.size()).then(|| self.consistency(size.min(mine), size.max(mine)))?;
            Some(Connected { size, proof })
        };
        let largest = asked.connect.iter().copied().chain(mine.map(|mine| mine.size)).max();
        Parcel {
            answers: asked.hash(),
            time: 0,
            head,
            standing: Standing::Trusted,
            seq: 0,
            grown: known.map(|known| self.consistency(known.size, head.size)),
            restore: largest.and_then(|size| self.restore_of(size)),
            connected: asked.connect.iter().filter_map(connect).collect(),
            leaves: leaves.into_iter().filter_map(|index| self.prove(index)).collect(),
            refused: vec![],
            later: None,
            updates: vec![],
            cursor: 0,
        }
    }
}
