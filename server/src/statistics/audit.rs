//! What can be computed from many shown numbers together, and which splits must be withheld so that it says little.
//!
//! Numbers lie between bounds, as they are shown, and are tied by sums. Every bound is tightened by every sum until
//! nothing moves any more; a small number that is left with fewer than [`LEAST`] values is pinned. Then the split that
//! shows it is withheld, and where that does not help, one beside it in each sum that ties it; until nothing is pinned.

use std::collections::{BTreeSet, VecDeque};

/// A reader must be left with at least so many values for a small number.
const LEAST: i64 = 3;
/// More than anything that is counted.
pub(super) const MOST: i64 = 1 << 40;

/// Numbers, and the sums between them.
#[derive(Debug, Default)]
pub(super) struct Audit {
    /// Of each number the split that shows it (none where it always stands), and its bounds as shown.
    cells: Vec<(Option<usize>, (i64, i64))>,
    /// The first is the sum of the others.
    sums: Vec<(usize, Vec<usize>)>,
}

impl Audit {
    /// A number of a split, between bounds. Without a split it is a total, which always stands.
    pub(super) fn cell(&mut self, split: Option<usize>, bounds: (i64, i64)) -> usize {
        self.cells.push((split, bounds));
        self.cells.len() - 1
    }

    pub(super) fn sum(&mut self, whole: usize, parts: Vec<usize>) {
        self.sums.push((whole, parts));
    }

    /// The splits that must be withheld. Numbers under `small` are small.
    pub(super) fn withheld(&self, small: i64) -> BTreeSet<usize> {
        let mut ties: Vec<Vec<usize>> = vec![Vec::new(); self.cells.len()];
        for (at, (whole, parts)) in self.sums.iter().enumerate() {
            parts.iter().chain([whole]).for_each(|cell| ties[*cell].push(at));
        }
        let mut withheld = BTreeSet::new();
        loop {
            let bounds = self.tightened(&withheld, &ties);
            let is_pinned = |cell: &usize| {
                let (low, high) = bounds[*cell];
                low < small && high - low + 1 < LEAST
            };
            let before = withheld.len();
            for cell in (0..self.cells.len()).filter(is_pinned) {
                if self.cells[cell].0.is_some_and(|split| withheld.insert(split)) {
                    continue;
                }
                for (whole, parts) in ties[cell].iter().map(|at| &self.sums[*at]) {
                    let mut others = parts.iter().chain([whole]).filter_map(|other| self.cells[*other].0);
                    let beside = others.find(|split| !withheld.contains(split));
                    withheld.extend(beside);
                }
            }
            if withheld.len() == before {
                return withheld;
            }
        }
    }

    /// The bounds of all numbers that follow from those that are shown.
    fn tightened(&self, withheld: &BTreeSet<usize>, ties: &[Vec<usize>]) -> Vec<(i64, i64)> {
        let is_withheld = |split: &Option<usize>| split.is_some_and(|split| withheld.contains(&split));
        let shown =
            |(split, bounds): &(Option<usize>, (i64, i64))| if is_withheld(split) { (0, MOST) } else { *bounds };
        let mut bounds: Vec<(i64, i64)> = self.cells.iter().map(shown).collect();
        let mut due: VecDeque<usize> = (0..self.sums.len()).collect();
        let mut waits = vec![true; self.sums.len()];
        while let Some(at) = due.pop_front() {
            waits[at] = false;
            let (whole, parts) = &self.sums[at];
            let least: i64 = parts.iter().map(|part| bounds[*part].0).sum();
            let most: i64 = parts.iter().map(|part| bounds[*part].1).sum();
            let (low, high) = bounds[*whole];
            let whole_now = (low.max(least), high.min(most));
            let of_part = |part: &usize| {
                let (low, high) = bounds[*part];
                (*part, (low.max(whole_now.0 - (most - high)), high.min(whole_now.1 - (least - low))))
            };
            let now: Vec<_> = parts.iter().map(of_part).chain([(*whole, whole_now)]).collect();
            for (cell, tighter) in now {
                if bounds[cell] != tighter {
                    bounds[cell] = tighter;
                    for sum in &ties[cell] {
                        if !std::mem::replace(&mut waits[*sum], true) {
                            due.push_back(*sum);
                        }
                    }
                }
            }
        }
        bounds
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A year of four quarters that are small, each a split of its own, and the year's split.
    fn year(total: (i64, i64)) -> BTreeSet<usize> {
        let mut audit = Audit::default();
        let whole = audit.cell(None, total);
        let quarters = (1..=4).map(|split| audit.cell(Some(split), (0, 4))).collect();
        audit.sum(whole, quarters);
        audit.withheld(5)
    }

    #[test]
    fn quarters_that_their_year_pins_are_withheld() {
        assert_eq!(year((5, 9)), [].into());
        // four quarters under five that make 15 or 16 are 3 or 4 each: without them nothing is left to say
        assert_eq!(year((15, 19)), [1, 2, 3, 4].into());
    }

    #[test]
    fn of_a_part_that_others_pin_another_part_is_withheld_too() {
        // a total of 20 to 24 that always stands, and a large part of 20 to 22: the small one is 0 to 4 still
        let mut audit = Audit::default();
        let [whole, large, small] =
            [(None, (20, 24)), (Some(1), (20, 24)), (Some(2), (0, 4))].map(|(split, at)| audit.cell(split, at));
        audit.sum(whole, vec![large, small]);
        assert_eq!(audit.withheld(5), [].into());
        // where something else says that all are 20 or 21, it is 0 or 1: both go
        let tight = audit.cell(None, (20, 21));
        audit.sum(tight, vec![large, small]);
        assert_eq!(audit.withheld(5), [1, 2].into());
    }
}
