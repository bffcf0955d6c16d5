//! The only door through which a number reaches a person or a file.
//!
//! Every count is rounded **down** to a multiple of five, and anything under five, zero included, is shown as "<5".
//! Shown numbers are never added up. A raw [`Count`] has no `Display` and no way out but [`shown`]; exact numbers
//! need an [`ExactUse`], which exists only after the audit log has durably noted who looked.
//!
//! Where two facts of a person are crossed, numbers are multiples of twice that: rows and columns together say more.
//!
//! A cell of a *sensitive* split by people or referrals is hidden, too, where without the two phones that brought most
//! fewer than three people are left. It then looks as one under five does, so that nobody learns which it is.
//!
//! Two more rules guard a split (a total and its parts): *group disclosure* (where one part is as large as the whole,
//! the split would tell something about everyone) and *bounds* (where the rounded parts and the rounded total
//! together leave a small part fewer than three possible values). Either way the parts are withheld, and the page
//! does not say which rule it was.

use super::contributors::Contributors;
use std::fmt;

/// Inside the system counts are rounded down to a multiple of this.
pub const INSIDE: u32 = 5;
/// In public to a multiple of this.
pub const PUBLIC: u32 = 10;
/// Percentages need at least so many in the denominator.
const LEAST_DENOMINATOR: u32 = 50;
/// A reader must be left with at least so many possible values for a small part.
const LEAST_CANDIDATES: u32 = 3;

/// A number as it was counted. It cannot be shown, compared or added up outside of the counting.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Count(u32);

impl Count {
    pub(super) fn add(&mut self, n: u32) {
        self.0 = self.0.saturating_add(n);
    }
    pub(super) fn add_count(&mut self, part: Self) {
        self.add(part.0);
    }
    /// The lower end of a range.
    pub(super) fn minus(self, part: Self) -> Self {
        Self(self.0.saturating_sub(part.0))
    }
}

impl fmt::Debug for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Count(..)")
    }
}

/// Proof that the audit log holds who asked for exact numbers, and for which.
#[derive(Debug)]
pub struct ExactUse(());

impl ExactUse {
    /// Only `audit` calls this, after its entry is on the disk.
    pub(crate) fn after_the_entry_is_written() -> Self {
        Self(())
    }
}

/// How finely a page shows: the same for every number on it.
#[derive(Debug)]
pub enum Base {
    Inside,
    /// In public releases.
    Public,
    Exact(ExactUse),
}

/// A number that is safe to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Shown {
    /// Fewer than this many, perhaps none.
    Below(u32),
    /// Of a sensitive split: under the base, perhaps none, or from too few phones.
    Hidden,
    /// A multiple of the base; or, with exact numbers, the number itself.
    Number(u32),
}

/// Rounds down; see the module. With [`Base::Exact`] the number itself.
pub fn shown(count: Count, base: &Base) -> Shown {
    shown_by(count, base.step())
}

/// A number that does not come from the log, of the server's own counters for instance.
pub fn whole(n: u32, base: &Base) -> Shown {
    shown(Count(n), base)
}

/// Rounds down to a multiple of a step.
pub(super) fn shown_by(count: Count, step: u32) -> Shown {
    match count.0 {
        n if n < step && step > 1 => Shown::Below(step),
        n => Shown::Number(n - n % step),
    }
}

impl Shown {
    /// The same in a sensitive split, where too few phones told of it.
    pub(super) fn unless_few(self, phones: &Contributors) -> Self {
        if phones.are_enough() && !self.is_small() { self } else { Shown::Hidden }
    }
}

impl Base {
    /// Numbers are multiples of this.
    pub fn step(&self) -> u32 {
        match self {
            Base::Inside => INSIDE,
            Base::Public => PUBLIC,
            Base::Exact(_) => 1,
        }
    }
}

impl Shown {
    /// For lengths of bars and shades of maps: what is certainly there.
    pub fn at_least(self) -> u32 {
        match self {
            Shown::Below(_) | Shown::Hidden => 0,
            Shown::Number(n) => n,
        }
    }

    /// Whole percent of a whole, both as shown; none where either is too small.
    pub fn percent_of(self, whole: Shown) -> Option<u32> {
        match (self, whole) {
            (Shown::Number(part), Shown::Number(whole)) if whole >= LEAST_DENOMINATOR => {
                Some(((u64::from(part) * 200 + u64::from(whole)) / (u64::from(whole) * 2)) as u32)
            }
            _ => None,
        }
    }

    /// Whether the number itself is not told.
    pub fn is_small(self) -> bool {
        !matches!(self, Shown::Number(_))
    }

    /// The least and the most that a reader must think possible, where numbers are multiples of a step. Of what is hidden he
    /// may know that no phone brought many.
    pub(super) fn bounds(self, step: u32) -> (i64, i64) {
        match self {
            Shown::Below(_) | Shown::Hidden => (0, i64::from(step) - 1),
            Shown::Number(n) => (i64::from(n), i64::from(n) + i64::from(step) - 1),
        }
    }
}

/// What kind of split this is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// The fact is marked sensitive in `facts.csv`.
    pub sensitive: bool,
    pub national: bool,
    /// Everyone is in one part only, so that parts and total bound each other.
    pub disjoint: bool,
}

/// Numbers as shown, with the step that they are multiples of.
pub(super) type Stepped<T> = (T, u32);

/// Whether a total and its parts, as shown, would together say too much, so that the parts must be withheld.
pub(super) fn says_too_much(total: Stepped<Shown>, parts: Stepped<&[Shown]>, rules: Rules) -> bool {
    let one_group = rules.sensitive && !rules.national && parts.0.contains(&total.0);
    one_group || rules.disjoint && bound_too_tightly(total, parts)
}

/// Whether total and parts together say too much about a small part.
fn bound_too_tightly((total, total_step): Stepped<Shown>, (parts, step): Stepped<&[Shown]>) -> bool {
    let (total_least, total_most) = total.bounds(total_step);
    let least: i64 = parts.iter().map(|part| part.bounds(step).0).sum();
    let most: i64 = parts.iter().map(|part| part.bounds(step).1).sum();
    parts.iter().filter(|part| part.is_small()).any(|part| {
        let (low, high) = part.bounds(step);
        let others = (least - low, most - high);
        let candidates = high.min(total_most - others.0) - low.max(total_least - others.1) + 1;
        candidates < i64::from(LEAST_CANDIDATES)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const FREE: Rules = Rules { sensitive: false, national: false, disjoint: true };

    fn exact() -> Base {
        Base::Exact(ExactUse::after_the_entry_is_written())
    }

    #[test]
    fn counts_are_rounded_down_and_small_ones_look_like_none() {
        let seen: Vec<Shown> = [0, 1, 4, 5, 9, 10, 1163].map(|n| shown(Count(n), &Base::Inside)).into();
        let below = Shown::Below(5);
        let number = Shown::Number;
        assert_eq!(seen, [below, below, below, number(5), number(5), number(10), number(1160)]);
        assert_eq!(shown(Count(3), &exact()), Shown::Number(3));
    }

    #[test]
    fn a_raw_count_says_nothing_when_it_is_printed() {
        assert_eq!(format!("{:?}", Count(3)), "Count(..)");
    }

    #[test]
    fn percentages_come_from_shown_numbers_with_fifty_or_more_below() {
        let number = Shown::Number;
        assert_eq!(number(985).percent_of(number(1160)), Some(85));
        assert_eq!(number(25).percent_of(number(45)), None);
        assert_eq!(Shown::Below(5).percent_of(number(100)), None);
        assert_eq!(number(u32::MAX).percent_of(number(u32::MAX)), Some(100));
    }

    fn split(total: u32, parts: &[u32], rules: Rules) -> Option<Vec<Shown>> {
        let shown = |n: u32| shown(Count(n), &Base::Inside);
        let parts: Vec<Shown> = parts.iter().map(|n| shown(*n)).collect();
        (!says_too_much((shown(total), INSIDE), (&parts, INSIDE), rules)).then_some(parts)
    }

    #[test]
    fn a_sensitive_split_with_everyone_in_one_part_is_withheld_below_the_nation() {
        // Given 42 people in a province, 40 of them in one form of exploitation: both read "40"
        let sensitive = Rules { sensitive: true, national: false, disjoint: false };
        assert_eq!(split(42, &[40, 2], sensitive), None);
        // nationally, and for a fact that is not sensitive, the parts stand
        assert!(split(42, &[40, 2], Rules { national: true, ..sensitive }).is_some());
        assert!(split(42, &[40, 2], FREE).is_some());
    }

    #[test]
    fn a_split_that_lets_small_parts_be_computed_is_withheld() {
        // five parts of 4 make 20: five times "<5" under a total of 20 could only be five times 4
        assert_eq!(split(20, &[4; 5], FREE), None);
        // four parts of 4 make 16, shown as 15: each must be 3 or 4, still too tight
        assert_eq!(split(16, &[4; 4], FREE), None);
        assert!(split(10, &[3, 3, 4], FREE).is_some());
    }

    proptest! {
        // The attacker knows the rule, the shown total and the shown parts, and tries every possible table.
        #[test]
        fn whoever_tries_all_possible_tables_keeps_three_candidates(parts in prop::collection::vec(0u32..12, 2..5)) {
            if let Some(seen) = split(parts.iter().sum(), &parts, FREE) {
                let total = shown(Count(parts.iter().sum()), &Base::Inside);
                let mut candidates = vec![std::collections::BTreeSet::new(); seen.len()];
                let mut table = vec![0i64; seen.len()];
                try_all(&seen, total, 0, &mut table, &mut candidates);
                for (part, candidates) in seen.iter().zip(candidates) {
                    prop_assert!(matches!(part, Shown::Number(_)) || candidates.len() >= 3);
                }
            }
        }
    }

    fn try_all(
        seen: &[Shown],
        total: Shown,
        at: usize,
        table: &mut Vec<i64>,
        candidates: &mut [std::collections::BTreeSet<i64>],
    ) {
        let Some(part) = seen.get(at) else {
            let (low, high) = total.bounds(INSIDE);
            if (low..=high).contains(&table.iter().sum()) {
                table.iter().zip(candidates).for_each(|(n, all)| {
                    all.insert(*n);
                });
            }
            return;
        };
        let (low, high) = part.bounds(INSIDE);
        for n in low..=high {
            table[at] = n;
            try_all(seen, total, at + 1, table, candidates);
        }
    }
}
