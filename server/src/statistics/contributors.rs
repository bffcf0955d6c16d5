//! The phones that a count comes from, as far as the rule about contributors must know them: a cell of a sensitive split
//! is shown only if, without the two phones that brought most, three people are left. Whoever adds people of his own
//! with a phone or two then does not learn whether somebody else is in the cell.

/// So many people must be left without the two phones that brought most.
const LEFT: u32 = 3;
/// With more phones than these, three people are always left.
const FEW: usize = 4;

/// Phones by their number in the ledger, with how many people each brought.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Contributors {
    phones: [(u32, u32); FEW],
    /// How many phones there are; more than [`FEW`] are not told apart.
    known: u8,
}

impl std::fmt::Debug for Contributors {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Contributors(..)")
    }
}

impl Contributors {
    pub(super) fn add(&mut self, phone: u32, people: u32) {
        let known = usize::from(self.known);
        if known > FEW || people == 0 {
            return;
        }
        match self.phones[..known].iter_mut().find(|(other, _)| *other == phone) {
            Some((_, n)) => *n = n.saturating_add(people),
            None if known < FEW => (self.phones[known], self.known) = ((phone, people), self.known + 1),
            None => self.known += 1,
        }
    }

    pub(super) fn add_all(&mut self, part: &Self) {
        if usize::from(part.known) > FEW {
            self.known = part.known;
            return;
        }
        part.phones[..usize::from(part.known)].iter().for_each(|(phone, people)| self.add(*phone, *people));
    }

    /// Whether enough people are left without the two phones that brought most.
    pub(super) fn are_enough(&self) -> bool {
        if usize::from(self.known) > FEW {
            return true;
        }
        let mut people = self.phones.map(|(_, people)| people);
        people.sort_unstable();
        people[..FEW - 2].iter().sum::<u32>() >= LEFT
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        #[test]
        fn four_places_tell_the_same_as_all_phones_in_any_order_and_grouping(
            brought in prop::collection::vec((0u32..7, 0u32..4), 0..14),
            split in 0usize..14,
        ) {
            let mut all: BTreeMap<u32, u32> = BTreeMap::new();
            brought.iter().for_each(|(phone, n)| *all.entry(*phone).or_default() += n);
            let mut people: Vec<u32> = all.into_values().collect();
            people.sort_unstable();
            let left: u32 = people.iter().rev().skip(2).sum();
            let (first, second) = brought.split_at(split.min(brought.len()));
            let [mut first, second] = [first, second].map(|part| {
                part.iter().fold(Contributors::default(), |mut all, (phone, n)| {
                    all.add(*phone, *n);
                    all
                })
            });
            first.add_all(&second);
            prop_assert_eq!(first.are_enough(), left >= LEFT);
        }
    }
}
