//! What a head in a parcel means to a phone that knows an earlier head.

use super::head::TreeHead;
use super::leaf::Leaf;
use super::parcel::{LeafProof, Parcel};
use crate::tree;
use serde::{Deserialize, Serialize};

/// The server's log was restored from a backup: what a [`Leaf::Restore`] says. Each restore of a server names a greater `known`
/// than the ones before, so that no two are the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Restoration {
    /// So many leaves are kept of the log that was replaced, and of those that were replaced before it.
    pub kept: u64,
    /// The tree is known to have had no more leaves than this.
    pub known: u64,
}

impl Restoration {
    /// Whether it took away a tree of this size, as phones may have seen it.
    pub fn cuts_off(self, size: u64) -> bool {
        self.kept < size && size <= self.known
    }
    /// What a leaf says that stands under this head, if it is that of a restore.
    pub fn told(leaf: &LeafProof, head: &TreeHead) -> Option<Self> {
        match leaf.leaf() {
            Ok(Leaf::Restore { kept, known, .. }) if kept <= leaf.index && leaf.holds(head) => {
                Some(Self { kept, known })
            }
            _ => None,
        }
    }
}

/// How a head follows on the one that the phone knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lineage {
    /// The phone knows no head yet: it trusts this one.
    First,
    /// The same head, or one that is proven to continue it.
    Grown,
    /// Made for an older head than the phone's, as a courier brings it. What it proves is taken; the phone keeps its own
    /// head and asks to have this one connected to it.
    Unconnected,
    /// The server was restored from a backup and says so. The phone has all its leaves proven again, and sends again what
    /// is not there.
    Restored,
    /// A tree that does not continue the phone's, and no word about a restore. Both heads are kept as evidence.
    Forked,
}

/// Judges the head of a parcel that is signed and answers the phone's own bundle. `known`: the phone's last proven head.
/// `asked`: the head that the bundle named. If that is `known`, the parcel was made after it, whatever time it tells: a
/// server that is set back together with its clock is found out, too. `passed`: restores that stand in the log under `known`,
/// as far as the phone has seen them. They were before that head, and do not explain its loss.
pub fn lineage(known: Option<&TreeHead>, asked: Option<&TreeHead>, passed: &[Restoration], parcel: &Parcel) -> Lineage {
    let Some(mine) = known else { return Lineage::First };
    let new = &parcel.head;
    if new == mine {
        return Lineage::Grown;
    }
    if asked != Some(mine) {
        return Lineage::Unconnected;
    }
    let proof = parcel.grown.as_deref().unwrap_or_default();
    if parcel.grown.is_some() && tree::continues((mine.size, &mine.root), (new.size, &new.root), proof) {
        return Lineage::Grown;
    }
    let restore = parcel.restore.as_ref().and_then(|leaf| Restoration::told(leaf, new));
    match restore {
        Some(restore) if restore.cuts_off(mine.size) && !passed.contains(&restore) => Lineage::Restored,
        _ => Lineage::Forked,
    }
}
