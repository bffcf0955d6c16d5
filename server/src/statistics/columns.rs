//! Facts packed into bits. Where the bits of a fact lie follows from the dictionary; no fact is named here.

use std::collections::BTreeMap;
use tabara_protocol::facts::{Codes, Dictionary, FactValue, Facts};
use tabara_protocol::kind::Kind;

use super::month::Month;

/// Where the bits of one fact lie in a record's words. 0 means that it was not asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Field {
    word: usize,
    shift: u32,
    bits: u32,
    many: bool,
    codes: Codes,
}

impl Field {
    /// As many bits as its codes need, at a place of its own later.
    fn new(many: bool, codes: &Codes) -> Self {
        let values = match codes {
            Codes::List(list) if many => return Self::wide(list.len() as u32, many, codes),
            Codes::List(list) => list.len() as u64,
            Codes::Months(..) => Month::COUNT as u64 - 1,
            Codes::Numbers(from, to) => u64::from(to - from) + 1,
        };
        // the values from 1, and 0 for none
        Self::wide(u64::BITS - values.leading_zeros(), many, codes)
    }

    fn wide(bits: u32, many: bool, codes: &Codes) -> Self {
        Self { word: 0, shift: 0, bits, many, codes: codes.clone() }
    }

    /// A value in bits; none where a code is not in the dictionary.
    fn pack(&self, value: &FactValue) -> Option<u64> {
        let place = |code: &str| match &self.codes {
            Codes::List(codes) => codes.iter().position(|known| known == code).map(|at| at as u64 + 1),
            Codes::Months(..) => Month::parse(code).map(|month| month.index() as u64 + 1),
            Codes::Numbers(from, to) => {
                code.parse().ok().filter(|n| (from..=to).contains(&n)).map(|n: u32| u64::from(n - from) + 1)
            }
        };
        match value {
            FactValue::One(code) if !self.many => place(code),
            FactValue::Many(codes) if self.many => {
                Some(codes.iter().filter_map(|code| place(code)).fold(0, |bits, at| bits | 1 << (at - 1)))
            }
            _ => None,
        }
    }

    fn read(&self, words: &[u64]) -> u64 {
        let mask = if self.bits == u64::BITS { u64::MAX } else { (1 << self.bits) - 1 };
        words[self.word] >> self.shift & mask
    }

    /// The code's place in the dictionary's list, from 1; 0 for none.
    pub(super) fn code(&self, words: &[u64]) -> usize {
        self.read(words) as usize
    }

    /// The places of all its codes, from 1.
    pub(super) fn codes(&self, words: &[u64]) -> impl Iterator<Item = usize> + use<> {
        let value = self.read(words);
        let (mut bits, mut one) = if self.many { (value, 0) } else { (0, value as usize) };
        std::iter::from_fn(move || {
            if bits == 0 {
                return Some(std::mem::take(&mut one)).filter(|code| *code > 0);
            }
            let at = bits.trailing_zeros() as usize;
            bits &= bits - 1;
            Some(at + 1)
        })
    }

    /// The number; 0 where none was given.
    pub(super) fn number(&self, words: &[u64]) -> u32 {
        match (self.read(words), &self.codes) {
            (value @ 1.., Codes::Numbers(from, _)) => from + value as u32 - 1,
            _ => 0,
        }
    }

    pub(super) fn month(&self, words: &[u64]) -> Option<Month> {
        Month::at(self.code(words).checked_sub(1)?)
    }

    /// The codes of a list; none of months and numbers.
    pub(super) fn list(&self) -> &[String] {
        if let Codes::List(codes) = &self.codes { codes } else { &[] }
    }

    pub(super) fn is_many(&self) -> bool {
        self.many
    }
}

/// Where each fact of a kind of record lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Layout {
    fields: BTreeMap<String, Field>,
    words: usize,
}

/// Without these a record is not counted, if its kind has them. Without consent to statistics all facts are missing.
const NEEDED: [&str; 3] = ["month", "screen_commune", "outcome"];

impl Layout {
    pub(super) fn new(dictionary: &Dictionary, kind: Kind) -> Self {
        let of_kind = dictionary.facts.iter().filter(|fact| fact.is_for(kind));
        let mut fields: Vec<(String, Field)> =
            of_kind.map(|fact| (fact.name.clone(), Field::new(fact.many, &fact.codes))).collect();
        fields.sort_by_key(|(_, field)| std::cmp::Reverse(field.bits));
        // the longest first, each into the first word that has room for it
        let mut used: Vec<u32> = Vec::new();
        for (_, field) in &mut fields {
            let room = used.iter().position(|used| used + field.bits <= u64::BITS);
            field.word = room.unwrap_or(used.len());
            if room.is_none() {
                used.push(0);
            }
            field.shift = used[field.word];
            used[field.word] += field.bits;
        }
        Self { fields: fields.into_iter().collect(), words: used.len() }
    }

    pub(super) fn field(&self, fact: &str) -> Option<&Field> {
        self.fields.get(fact)
    }

    pub(super) fn words(&self) -> usize {
        self.words
    }

    /// Appends the words of a record; nothing where it may not be counted.
    pub(super) fn pack(&self, facts: &Facts, words: &mut Vec<u64>) -> Option<()> {
        let start = words.len();
        words.resize(start + self.words, 0);
        for (name, value) in facts {
            let Some(field) = self.fields.get(name) else { continue };
            words[start + field.word] |= field.pack(value).unwrap_or(0) << field.shift;
        }
        let packed = &words[start..];
        let missing = |name: &&str| self.fields.get(*name).is_some_and(|field| field.read(packed) == 0);
        if NEEDED.iter().any(missing) || facts.is_empty() {
            words.truncate(start);
            return None;
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_screening_takes_two_words() {
        assert_eq!(Layout::new(Dictionary::standard(), Kind::Screening).words(), 2);
    }
}
