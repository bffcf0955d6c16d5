//! What a head in a parcel means to a phone that knows an earlier head.

use super::head::TreeHead;
use super::leaf::Leaf;
use super::parcel::Parcel;
use crate::tree;
use serde::{Deserialize, Serialize};

/// The server's log was restored from a backup.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Restoration {
    /// So many leaves were kept.
    pub kept: u64,
    /// The tree is known to have had no more leaves than this.
    pub known: u64,
}

impl Restoration {
    /// Whether it took away a tree of this size, as phones may have seen it.
    pub fn cuts_off(self, size: u64) -> bool {
        self.kept < size && size <= self.known
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
    /// The server was restored from a backup and says so: `kept` leaves are those that the phone knows. The phone has the
    /// leaves below that proven again, and sends again what stood above.
    Restored {
        /// Leaves from before the restore.
        kept: u64,
    },
    /// A tree that does not continue the phone's, and no word about a restore. Both heads are kept as evidence.
    Forked,
}

/// Judges the head of a parcel that is signed and answers the phone's own bundle. `known`: the phone's last proven head.
/// `asked`: the head that the bundle named. If that is `known`, the parcel was made after it, whatever time it tells: a
/// server that is set back together with its clock is found out, too.
pub fn lineage(known: Option<&TreeHead>, asked: Option<&TreeHead>, parcel: &Parcel) -> Lineage {
    let Some(mine) = known else { return Lineage::First };
    let new = &parcel.head;
    if new == mine {
        return Lineage::Grown;
    }
    let grown = parcel
        .grown
        .as_ref()
        .is_some_and(|proof| tree::continues((mine.size, &mine.root), (new.size, &new.root), proof));
    if asked == Some(mine) && mine.size <= new.size && grown {
        return Lineage::Grown;
    }
    if asked != Some(mine) {
        return Lineage::Unconnected;
    }
    let restored = parcel.restore.as_ref().filter(|leaf| leaf.holds(new)).and_then(|leaf| {
        let Ok(Leaf::Restore { kept, known, .. }) = leaf.leaf() else { return None };
        (leaf.index == kept && Restoration { kept, known }.cuts_off(mine.size)).then_some(kept)
    });
    restored.map_or(Lineage::Forked, |kept| Lineage::Restored { kept })
}
