//! The Merkle tree of RFC 9162: with its root, anyone can check that an entry stands in a log, and that a log only grew.
//!
//! [`Frontier`] appends and holds one hash for each bit of the size. Whoever makes proofs keeps the complete nodes that
//! [`Frontier::append`] reports, and gives them back as a function of level and index: node 0 of level 3 spans leaves 0 to 7.
//! Checking needs only the proof; a proof is at most [`MAX_PROOF`] hashes long, whoever made it.

use crate::envelope::{Digest, sha256};

/// No proof is longer: a tree has at most 2^64 leaves, and a consistency proof one hash more than a path.
pub const MAX_PROOF: usize = 65;

/// The hash of an entry (RFC 9162, section 2.1.1).
pub fn leaf_hash(entry: &[u8]) -> Digest {
    sha256(&[&[0], entry].concat())
}

fn node_hash(left: &Digest, right: &Digest) -> Digest {
    sha256(&[&[1], &left.0[..], &right.0[..]].concat())
}

/// The right edge of a tree: all that appending needs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    /// The roots of the complete subtrees, the largest first: one for each bit of the size.
    peaks: Vec<Digest>,
}

impl Frontier {
    /// The frontier of a tree of this size whose nodes are kept.
    pub fn of<E>(size: u64, node: impl Fn(u32, u64) -> Result<Digest, E>) -> Result<Self, E> {
        let bits = (0..u64::BITS).rev().filter(|level| size >> level & 1 == 1);
        let peaks = bits.map(|level| node(level, (size >> level) - 1)).collect::<Result<_, E>>()?;
        Ok(Self { size, peaks })
    }
    /// The number of leaves.
    pub fn size(&self) -> u64 {
        self.size
    }
    /// Appends a leaf. Reports the nodes that are complete now, the leaf first: level, index, hash.
    pub fn append(&mut self, leaf: Digest, mut kept: impl FnMut(u32, u64, Digest)) {
        let (mut hash, mut level) = (leaf, 0);
        kept(level, self.size, hash);
        while self.size >> level & 1 == 1 {
            let left = self.peaks.pop().expect("a peak for each bit of the size");
            hash = node_hash(&left, &hash);
            level += 1;
            kept(level, self.size >> level, hash);
        }
        self.peaks.push(hash);
        self.size += 1;
    }
    /// The root of the tree as it is now.
    pub fn root(&self) -> Digest {
        let mut peaks = self.peaks.iter().rev().copied();
        let smallest = peaks.next().unwrap_or_else(|| sha256(b""));
        peaks.fold(smallest, |right, left| node_hash(&left, &right))
    }
}

/// Leaves `begin..end` of a tree. RFC 9162 splits them at the largest power of two below their number.
#[derive(Clone, Copy)]
struct Span {
    begin: u64,
    end: u64,
}

impl Span {
    fn len(self) -> u64 {
        self.end - self.begin
    }
    fn split(self) -> (Self, Self) {
        let middle = self.begin + (1 << (self.len() - 1).ilog2());
        (Self { end: middle, ..self }, Self { begin: middle, ..self })
    }
    fn root<E>(self, node: &impl Fn(u32, u64) -> Result<Digest, E>) -> Result<Digest, E> {
        if self.len().is_power_of_two() {
            let level = self.len().ilog2();
            return node(level, self.begin >> level);
        }
        let (left, right) = self.split();
        Ok(node_hash(&left.root(node)?, &right.root(node)?))
    }
}

/// Proves that the leaf `index` stands in the tree of `size` leaves (section 2.1.3.1). None if it does not.
pub fn prove_inclusion<E>(
    index: u64,
    size: u64,
    node: impl Fn(u32, u64) -> Result<Digest, E>,
) -> Result<Option<Vec<Digest>>, E> {
    if index >= size {
        return Ok(None);
    }
    let (mut span, mut proof) = (Span { begin: 0, end: size }, Vec::new());
    while span.len() > 1 {
        let (left, right) = span.split();
        let (inside, beside) = if index < right.begin { (left, right) } else { (right, left) };
        proof.push(beside.root(&node)?);
        span = inside;
    }
    proof.reverse();
    Ok(Some(proof))
}

/// Proves that the tree of `size` leaves continues that of `old` leaves (section 2.1.4.1). None if it is smaller.
pub fn prove_consistency<E>(
    old: u64,
    size: u64,
    node: impl Fn(u32, u64) -> Result<Digest, E>,
) -> Result<Option<Vec<Digest>>, E> {
    if old > size {
        return Ok(None);
    }
    let (mut span, mut proof) = (Span { begin: 0, end: size }, Vec::new());
    if old == 0 || old == size {
        return Ok(Some(proof));
    }
    while span.end != old {
        let (left, right) = span.split();
        let (inside, beside) = if old <= right.begin { (left, right) } else { (right, left) };
        proof.push(beside.root(&node)?);
        span = inside;
    }
    // the old root itself is known to whoever checks
    if span.begin != 0 {
        proof.push(span.root(&node)?);
    }
    proof.reverse();
    Ok(Some(proof))
}

/// Whether `proof` shows that `leaf` is number `index` of the tree with this size and root (section 2.1.3.2).
pub fn includes(root: &Digest, size: u64, index: u64, leaf: &Digest, proof: &[Digest]) -> bool {
    if index >= size || proof.len() > MAX_PROOF {
        return false;
    }
    let (mut at, mut last, mut hash) = (index, size - 1, *leaf);
    for beside in proof {
        if last == 0 {
            return false;
        }
        if at & 1 == 1 || at == last {
            hash = node_hash(beside, &hash);
            (at, last) = skip_single_children(at, last);
        } else {
            hash = node_hash(&hash, beside);
        }
        (at, last) = (at >> 1, last >> 1);
    }
    last == 0 && hash == *root
}

/// Whether `proof` shows that the tree `(size, root)` continues the tree `old` (section 2.1.4.2).
pub fn continues(old: (u64, &Digest), (size, root): (u64, &Digest), proof: &[Digest]) -> bool {
    let (old, old_root) = old;
    if old == 0 || old >= size {
        let same = old == size && old_root == root;
        return proof.is_empty() && (same || old == 0 && *old_root == sha256(b""));
    }
    // the node that both trees share on the old one's right edge: the old root itself, or the first of the proof
    let (shared, rest) = match proof.split_first() {
        _ if proof.len() > MAX_PROOF => return false,
        _ if old.is_power_of_two() => (old_root, proof),
        Some((shared, rest)) => (shared, rest),
        None => return false,
    };
    let level = (old - 1).trailing_ones();
    let (mut at, mut last) = ((old - 1) >> level, (size - 1) >> level);
    let (mut old_hash, mut hash) = (*shared, *shared);
    for beside in rest {
        if last == 0 {
            return false;
        }
        if at & 1 == 1 || at == last {
            old_hash = node_hash(beside, &old_hash);
            hash = node_hash(beside, &hash);
            (at, last) = skip_single_children(at, last);
        } else {
            hash = node_hash(&hash, beside);
        }
        (at, last) = (at >> 1, last >> 1);
    }
    last == 0 && old_hash == *old_root && hash == *root
}

/// Climbs the levels on which the right edge is alone, so that nothing is hashed there.
fn skip_single_children(at: u64, last: u64) -> (u64, u64) {
    let levels = if at == 0 { 0 } else { at.trailing_zeros() };
    (at >> levels, last >> levels)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashMap;
    use std::convert::Infallible;

    /// A tree with its nodes, as a server keeps them.
    #[derive(Default)]
    struct Log {
        frontier: Frontier,
        nodes: HashMap<(u32, u64), Digest>,
        leaves: Vec<Digest>,
    }

    impl Log {
        fn of(entries: impl IntoIterator<Item = impl AsRef<[u8]>>) -> Self {
            let mut log = Self::default();
            for entry in entries {
                let leaf = leaf_hash(entry.as_ref());
                log.leaves.push(leaf);
                log.frontier.append(leaf, |level, index, hash| {
                    assert_eq!(log.nodes.insert((level, index), hash), None, "each node once");
                });
            }
            log
        }
        fn numbered(size: u64) -> Self {
            Self::of((0..size).map(u64::to_be_bytes))
        }
        fn node(&self) -> impl Fn(u32, u64) -> Result<Digest, Infallible> {
            |level, index| Ok(self.nodes[&(level, index)])
        }
        fn inclusion(&self, index: u64, size: u64) -> Vec<Digest> {
            prove_inclusion(index, size, self.node()).unwrap().unwrap()
        }
        fn consistency(&self, old: u64, size: u64) -> Vec<Digest> {
            prove_consistency(old, size, self.node()).unwrap().unwrap()
        }
    }

    /// The definition of section 2.1.1, word for word.
    fn naive_root(leaves: &[Digest]) -> Digest {
        match leaves {
            [] => sha256(b""),
            [leaf] => *leaf,
            _ => {
                let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
                node_hash(&naive_root(left), &naive_root(right))
            }
        }
    }

    fn hex(text: &str) -> Digest {
        let byte = |at: usize| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).unwrap();
        Digest(std::array::from_fn(byte))
    }

    /// The entries of Certificate Transparency's reference tests, on which other implementations are checked, too.
    const ENTRIES: [&[u8]; 8] = [
        b"",
        &[0x00],
        &[0x10],
        &[0x20, 0x21],
        &[0x30, 0x31],
        &[0x40, 0x41, 0x42, 0x43],
        &[0x50, 0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57],
        &[0x60, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x6b, 0x6c, 0x6d, 0x6e, 0x6f],
    ];

    #[test]
    fn roots_and_proofs_are_those_of_certificate_transparency() {
        let roots = [
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
            "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
            "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
            "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
            "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
        ];
        for (size, root) in roots.into_iter().enumerate() {
            assert_eq!(Log::of(&ENTRIES[..size]).frontier.root(), hex(root), "{size} entries");
        }
        let log = Log::of(ENTRIES);
        let fifth = [
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ];
        assert_eq!(log.inclusion(5, 8), fifth.map(hex));
        let six_to_eight = [
            "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ];
        assert_eq!(log.consistency(6, 8), six_to_eight.map(hex));
    }

    #[test]
    fn every_tree_up_to_seventy_leaves_is_that_of_the_definition_and_proves_itself() {
        let log = Log::numbered(70);
        let roots: Vec<Digest> = (0..=70).map(|size| naive_root(&log.leaves[..size])).collect();
        for size in 0..=70u64 {
            let frontier = Frontier::of(size, log.node()).unwrap();
            assert_eq!((frontier.root(), frontier.size()), (roots[size as usize], size));
            for index in 0..size {
                let proof = log.inclusion(index, size);
                assert!(includes(&roots[size as usize], size, index, &log.leaves[index as usize], &proof));
            }
            for old in 0..=size {
                let proof = log.consistency(old, size);
                assert!(continues((old, &roots[old as usize]), (size, &roots[size as usize]), &proof), "{old} {size}");
            }
        }
        assert_eq!(Frontier::of(70, log.node()).unwrap(), log.frontier);
        assert_eq!(prove_inclusion(70, 70, log.node()), Ok(None));
        assert_eq!(prove_consistency(71, 70, log.node()), Ok(None));
    }

    #[test]
    fn a_proof_in_a_log_of_a_million_is_short() {
        let log = Log::numbered(1_000_000);
        assert_eq!(log.frontier.peaks.len(), 1_000_000u32.count_ones() as usize);
        let size = 1_000_000;
        let longest = (0..1000).map(|n| log.consistency(1 + n * 999, size).len() + log.inclusion(n * 999, size).len());
        assert!(longest.max().unwrap() * 32 <= 1536);
    }

    proptest! {
        #[test]
        fn what_was_changed_moved_cut_or_made_up_proves_nothing(
            size in 1u64..300, index in 0u64..300, old in 1u64..300, other in any::<[u8; 32]>(), at in any::<proptest::sample::Index>(),
            up in 0u64..u64::MAX,
        ) {
            let (index, old) = (index % size, 1 + old % size);
            let log = Log::numbered(size);
            let (root, leaf, other) = (log.frontier.root(), log.leaves[index as usize], Digest(other));
            let old_root = Frontier::of(old, log.node()).unwrap().root();
            let (inside, grown) = (log.inclusion(index, size), log.consistency(old, size));
            let wrong = |proof: &[Digest]| {
                let mut wrong: Vec<Vec<Digest>> = vec![[proof, &[other]].concat(), [&[other], proof].concat(), vec![other; 66]];
                if !proof.is_empty() {
                    let at = at.index(proof.len());
                    wrong.push(proof[..at].to_vec());
                    wrong.push(proof.iter().enumerate().map(|(n, hash)| if n == at { other } else { *hash }).collect());
                }
                wrong
            };
            for proof in wrong(&inside) {
                prop_assert!(!includes(&root, size, index, &leaf, &proof));
            }
            prop_assert!(!includes(&other, size, index, &leaf, &inside) && !includes(&root, size, index, &other, &inside));
            prop_assert!(!includes(&root, size, size + up % 9, &leaf, &inside));
            for wrong_index in (0..size).filter(|wrong| *wrong != index) {
                prop_assert!(!includes(&root, size, wrong_index, &leaf, &inside));
            }
            for proof in wrong(&grown) {
                prop_assert!(!continues((old, &old_root), (size, &root), &proof));
            }
            prop_assert!(!continues((old, &other), (size, &root), &grown) && !continues((old, &old_root), (size, &other), &grown));
            prop_assert!(!continues((size + 1 + up % 9, &other), (size, &root), &[]), "a tree does not shrink");
            // any size with any proof ends, and proves nothing
            prop_assert!(!includes(&root, up.max(1), up / 2, &other, &inside));
            prop_assert!(!continues((up, &other), (u64::MAX, &root), &grown));
        }
    }
}
