//! The Merkle tree over the log (RFC 9162): its nodes lie on disk, and its leaves derive from the entries, so that the text
//! of a leaf is stored nowhere. Each append takes the few nodes on the right edge from the disk.

use super::error::{Result, StoreError};
use super::transaction::{Reading, Writing};
use rusqlite::{OptionalExtension as _, Row, params};
use std::collections::BTreeSet;
use tabara_protocol::envelope::{self, Digest, sha256};
use tabara_protocol::log::row::{self, EntryRow};
use tabara_protocol::record::Uuid;
use tabara_protocol::tree::{Frontier, prove_consistency, prove_inclusion};
use tabara_protocol::wire::{Leaf, LeafProof, TreeHead};

/// Nodes are numbered in the order in which they become complete: leaf 0, leaf 1, the node above both, leaf 2 ...
fn node_number(level: u32, index: u64) -> u64 {
    let mut at = ((index + 1) << level) - 1;
    let mut number = u64::from(level);
    while at > 0 {
        number += at;
        at >>= 1;
    }
    number
}

impl Reading<'_> {
    fn node(&self, level: u32, index: u64) -> Result<Digest> {
        let mut query = self.0.prepare_cached("SELECT hash FROM node WHERE number = ?1")?;
        Ok(Digest(query.query_row([node_number(level, index)], |r| r.get(0))?))
    }

    /// The number of leaves.
    pub fn tree_size(&self) -> Result<u64> {
        let last = "SELECT max(number) FROM leaf";
        Ok(self.0.prepare_cached(last)?.query_row([], |r| r.get::<_, Option<u64>>(0))?.map_or(0, |last| last + 1))
    }

    /// The head of the tree as it is now.
    pub fn tree_head(&self) -> Result<TreeHead> {
        self.head_at(self.tree_size()?)
    }

    fn head_at(&self, size: u64) -> Result<TreeHead> {
        let frontier = Frontier::of(size, |level, index| self.node(level, index))?;
        Ok(TreeHead { size, root: frontier.root() })
    }

    /// Whether this was a head of this tree.
    pub fn was_head(&self, head: &TreeHead) -> Result<bool> {
        Ok(head.size <= self.tree_size()? && self.head_at(head.size)? == *head)
    }

    /// Proof that the tree of one size continues that of another; none if this tree is smaller than one of them.
    pub fn consistency(&self, old: u64, size: u64) -> Result<Option<Vec<Digest>>> {
        if size > self.tree_size()? {
            return Ok(None);
        }
        prove_consistency(old, size, |level, index| self.node(level, index))
    }

    /// A leaf with the proof that it stands under the head; none if there is no such leaf.
    pub fn leaf_proof(&self, index: u64) -> Result<Option<LeafProof>> {
        let proof = prove_inclusion(index, self.tree_size()?, |level, index| self.node(level, index))?;
        proof.map(|proof| Ok(LeafProof { index, text: self.leaf(index)?.text(), proof })).transpose()
    }

    /// The leaf that holds the entry at a position.
    pub fn leaf_of(&self, position: u64) -> Result<u64> {
        let leaf = "SELECT number FROM leaf WHERE first <= ?1 ORDER BY first DESC LIMIT 1";
        Ok(self.0.prepare_cached(leaf)?.query_row([position], |r| r.get(0))?)
    }

    /// Where the entries of a leaf begin, and the bundle that brought them.
    pub fn leaf_row(&self, index: u64) -> Result<Option<(u64, Option<Digest>)>> {
        let row = |r: &Row| Ok((r.get(0)?, r.get::<_, Option<[u8; 32]>>(1)?.map(Digest)));
        let mut query = self.0.prepare_cached("SELECT first, bundle FROM leaf WHERE number = ?1")?;
        Ok(query.query_row([index], row).optional()?)
    }

    /// The entries of a leaf: from the first position to before the second.
    fn span(&self, index: u64) -> Result<Option<(u64, u64)>> {
        self.leaf_row(index)?.map(|(first, _)| Ok((first, self.end_of(index)?))).transpose()
    }

    /// The position behind the entries of a leaf.
    fn end_of(&self, index: u64) -> Result<u64> {
        Ok(self.leaf_row(index + 1)?.map_or(i64::MAX as u64, |(next, _)| next))
    }

    /// Where the bundle begins whose last record is at this position, and its hash; none if no bundle ends here.
    pub fn completes(&self, position: u64) -> Result<Option<(u64, Digest)>> {
        let index = self.leaf_of(position)?;
        let last = self.leaf_row(index + 1)?.map_or(self.end()?, |(next, _)| next - 1);
        let row = self.leaf_row(index)?;
        Ok(row.filter(|_| last == position).and_then(|(first, bundle)| Some((first, bundle?))))
    }

    /// Whether a leaf holds an entry of one of these devices.
    pub fn is_of(&self, index: u64, devices: &BTreeSet<Uuid>) -> Result<bool> {
        let Some((first, next)) = self.span(index)? else { return Ok(false) };
        let sql = "SELECT DISTINCT b.device FROM entry e
                   JOIN binding b ON b.position = CASE e.kind WHEN 1 THEN e.position ELSE e.binding END
                   WHERE e.position >= ?1 AND e.position < ?2";
        let mut query = self.0.prepare_cached(sql)?;
        let mut rows = query.query(params![first, next])?;
        while let Some(row) = rows.next()? {
            if devices.contains(&Uuid::from_bytes(row.get(0)?)) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether a leaf holds a review that this key has signed.
    pub fn is_review_of(&self, index: u64, kid: &str) -> Result<bool> {
        let Some((first, next)) = self.span(index)? else { return Ok(false) };
        let sql = "SELECT body FROM entry WHERE position >= ?1 AND position < ?2 AND kind = 3";
        let mut query = self.0.prepare_cached(sql)?;
        let mut bodies = query.query_map(params![first, next], |r| r.get::<_, String>(0))?;
        Ok(bodies.any(|body| body.is_ok_and(|body| envelope::peek(&body).is_ok_and(|header| header.kid == kid))))
    }

    /// What a leaf says, from its entries.
    pub fn leaf(&self, index: u64) -> Result<Leaf> {
        let (position, bundle, rows) = self.leaf_entries(index)?;
        row::leaf(bundle, &rows).ok_or(StoreError::Damaged { position })
    }

    /// The entries of a leaf, the position of the first, and the bundle that brought them.
    pub fn leaf_entries(&self, index: u64) -> Result<(u64, Option<Digest>, Vec<EntryRow>)> {
        let (first, bundle) = self.leaf_row(index)?.ok_or(StoreError::Damaged { position: 0 })?;
        let rows = self.rows(first - 1, self.end_of(index)? - first)?;
        Ok((first, bundle, rows.into_iter().map(|(_, row)| row).collect()))
    }
}

impl Writing<'_> {
    /// Adds a leaf over the entries from `first` to the end of the log. Returns its place.
    pub fn append_leaf(&self, first: u64, bundle: Option<Digest>) -> Result<u64> {
        let index = self.tree_size()?;
        let mut insert = self.0.0.prepare_cached("INSERT INTO leaf VALUES (?1, ?2, ?3)")?;
        insert.execute(params![index, first, bundle.map(|bundle| bundle.0)])?;
        let mut frontier = Frontier::of(index, |level, index| self.node(level, index))?;
        let mut nodes = Vec::new();
        frontier.append(self.leaf(index)?.hash(), |level, index, hash| nodes.push((level, index, hash)));
        let mut insert = self.0.0.prepare_cached("INSERT INTO node VALUES (?1, ?2)")?;
        for (level, index, hash) in nodes {
            insert.execute(params![node_number(level, index), hash.0])?;
        }
        Ok(index)
    }
}

/// Whether every leaf is that of its entries, every node that of its leaves, every entry stands in a leaf, and every sealed
/// case is the one that its record names. The first leaf where something differs, if there is one.
pub(super) fn first_unproven(log: &Reading) -> Result<Option<u64>> {
    let (size, mut frontier) = (log.tree_size()?, Frontier::default());
    for index in 0..size {
        // an entry that cannot be read is as bad as one that was changed
        let Ok(leaf) = log.leaf(index) else { return Ok(Some(index)) };
        let mut nodes = Vec::new();
        frontier.append(leaf.hash(), |level, index, hash| nodes.push((level, index, hash)));
        if nodes.into_iter().any(|(level, index, hash)| log.node(level, index).ok() != Some(hash)) {
            return Ok(Some(index));
        }
    }
    let first: Option<u64> = log.0.query_row("SELECT min(first) FROM leaf", [], |r| r.get(0))?;
    let entries: u64 = log.0.query_row("SELECT count(*) FROM entry", [], |r| r.get(0))?;
    if first.unwrap_or(1) != 1 || (size == 0) != (entries == 0) {
        return Ok(Some(0));
    }
    let mut query = log.0.prepare("SELECT position, bytes FROM sealed")?;
    let mut rows = query.query([])?;
    while let Some(row) = rows.next()? {
        let position: u64 = row.get(0)?;
        let bytes = row.get_ref(1)?.as_blob().map_err(rusqlite::Error::from)?;
        let named = log.found_at(position).ok().flatten().and_then(|found| found.digests.sealed);
        if named != Some(sha256(bytes)) {
            return log.leaf_of(position).map(Some);
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_are_numbered_densely_in_the_order_in_which_they_become_complete() {
        let (mut frontier, mut next) = (Frontier::default(), 0);
        for _ in 0..1000 {
            frontier.append(Digest([0; 32]), |level, index, _| {
                assert_eq!(node_number(level, index), next);
                next += 1;
            });
        }
    }
}
