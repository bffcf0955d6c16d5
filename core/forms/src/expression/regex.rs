//! The regular expressions of `regex()`, in the syntax of Java, which the field's other phone clients use: Unicode classes
//! (`\p{L}`), look-ahead and look-behind included.
//!
//! A part of a pattern leads from a set of places in the text to the set of places where it can end. The whole text is
//! compared in this way with all possibilities at once, so that no pattern and no text makes a phone hang. Captures are
//! not needed: the only question is whether the whole text fits. What cannot be answered so (back references, possessive
//! and atomic groups) is a [`RegexError`], which the compiler reports to the author.

mod classes;
mod parser;

pub use parser::RegexError;

use parser::{Edge, Part};
use std::cell::Cell;
use std::collections::BTreeSet;

/// Characters that a text may have.
const MAX_TEXT: usize = 100_000;
/// Places that are looked at for one text, before it is said not to fit.
const MAX_WORK: usize = 2_000_000;

/// A pattern, ready to be compared with texts.
#[derive(Debug)]
pub struct Regex {
    whole: Part,
}

impl Regex {
    /// Reads a pattern.
    pub fn new(pattern: &str) -> Result<Self, RegexError> {
        parser::parse(pattern).map(|whole| Self { whole })
    }

    /// Whether the whole text fits.
    pub fn fits(&self, text: &str) -> bool {
        let text: Vec<char> = text.chars().take(MAX_TEXT + 1).collect();
        let run = Run { text: &text, work: Cell::new(MAX_WORK) };
        let fits = run.ends(&self.whole, vec![0]).contains(&text.len());
        // who gave up knows nothing, also not what stands behind a negative look-around
        fits && text.len() <= MAX_TEXT && run.work.get() > 0
    }
}

/// One text under one pattern.
struct Run<'a> {
    text: &'a [char],
    /// What may still be spent.
    work: Cell<usize>,
}

impl Run<'_> {
    /// Where a part can end that begins at one of the places. Places rise.
    fn ends(&self, part: &Part, from: Vec<usize>) -> Vec<usize> {
        self.work.set(self.work.get().saturating_sub(from.len() + 1));
        if from.is_empty() || self.work.get() == 0 {
            return Vec::new();
        }
        let only = |keep: &dyn Fn(usize) -> bool| from.iter().copied().filter(|at| keep(*at)).collect::<Vec<_>>();
        match part {
            Part::One(set) => {
                let read = only(&|at| self.text.get(at).is_some_and(|c| set.has(*c)));
                read.into_iter().map(|at| at + 1).collect()
            }
            Part::Edge(edge) => only(&|at| self.is_at(*edge, at)),
            Part::Sequence(parts) => parts.iter().fold(from, |from, part| self.ends(part, from)),
            Part::Either(parts) => {
                let all: BTreeSet<usize> = parts.iter().flat_map(|part| self.ends(part, from.clone())).collect();
                all.into_iter().collect()
            }
            Part::Repeat { part, least, most } => {
                let mut now = from;
                for _ in 0..*least {
                    now = self.ends(part, now);
                    if now.is_empty() {
                        return now;
                    }
                }
                // where one was already, fewer repetitions lead just as far
                let (mut all, mut left) = (BTreeSet::from_iter(now.iter().copied()), most.map(|most| most - least));
                while !now.is_empty() && left != Some(0) {
                    now = self.ends(part, now).into_iter().filter(|at| all.insert(*at)).collect();
                    left = left.map(|left| left - 1);
                }
                all.into_iter().collect()
            }
            Part::Look { part, behind: false, negative } => {
                only(&|at| self.ends(part, vec![at]).is_empty() == *negative)
            }
            Part::Look { part, behind: true, negative } => {
                only(&|at| self.ends(part, (0..=at).collect()).contains(&at) != *negative)
            }
        }
    }

    fn is_at(&self, edge: Edge, at: usize) -> bool {
        let word = |at: Option<usize>| at.and_then(|at| self.text.get(at)).is_some_and(|c| classes::is_word(*c));
        let between = || word(at.checked_sub(1)) != word(Some(at));
        match edge {
            Edge::Start => at == 0,
            Edge::End => at == self.text.len(),
            Edge::Word => between(),
            Edge::NoWord => !between(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fits(pattern: &str, text: &str) -> bool {
        Regex::new(pattern).unwrap_or_else(|e| panic!("{pattern}: {e}")).fits(text)
    }

    #[test]
    fn patterns_mean_what_java_makes_of_them() {
        for (pattern, good, bad) in [
            ("^\\p{L}+$", &["Ndayizeye", "Éloïse", "Жан", "محمد"][..], &["9", "", "a b", "Ⅳ"][..]),
            ("^(?!.*[0-9]).+$", &["abc", "é"], &["a1", "1", ""]),
            ("^\\p{Lu}\\p{Ll}*$", &["Été", "A"], &["été", "AB", "É1"]),
            ("[\\p{L}\\p{M}' -]{2,5}", &["Ana", "N'dri", "e\u{301}a"], &["A", "Ana123", "abcdef"]),
            ("(?=.*[A-Z])(?=.*\\d)[A-Za-z\\d]{4,}", &["Abc1", "1AAA"], &["abc1", "Abcd", "A1b"]),
            ("a|bc|", &["a", "bc", ""], &["abc", "b"]),
            ("(ab|a)(bc)?", &["ab", "a", "abc", "abbc"], &["abb", ""]),
            ("\\+257 ?[0-9]{8}", &["+25712345678", "+257 12345678"], &["25712345678"]),
            ("x{0}y{2}z{1,}", &["yyz", "yyzzz"], &["yz", "xyyz"]),
            ("[^0-9]*?", &["", "ab"], &["a1"]),
            ("[]a-]+", &["]a-", "-"], &["b"]),
            ("\\bfoo\\b.*", &["foo bar", "foo"], &["foobar"]),
            ("(?i)oui|NON", &["OUI", "non", "Oui"], &["o"]),
            ("\\d+(?<!00)", &["10", "7"], &["100"]),
            ("\\w+@\\w+\\.[a-z]{2,}", &["a@b.bi"], &["a@b", "a b@c.de"]),
            ("[[:alpha:]]+", &["abc"], &["a1"]),
            ("\\Qa.b\\E\\u0041\\x42", &["a.bAB"], &["axbAB"]),
            ("\\P{L}+", &["12 ."], &["a"]),
            ("(a*)*b", &["b", "aaab"], &["a"]),
        ] {
            good.iter().for_each(|text| assert!(fits(pattern, text), "{pattern} and {text}"));
            bad.iter().for_each(|text| assert!(!fits(pattern, text), "{pattern} and {text}"));
        }
    }

    #[test]
    fn what_cannot_be_read_says_why() {
        use RegexError::*;
        for (pattern, why) in [
            ("(a", Unclosed),
            ("a)", Unopened),
            ("[a", Unclosed),
            ("*a", NothingToRepeat),
            ("a{x}", BadRepeat),
            ("a{3,1}", BadRepeat),
            ("[z-a]", BadRange),
            ("\\p{Klingon}", UnknownClass),
            ("\\y", UnknownEscape),
            ("(?~a)", UnknownGroup),
            ("(a)\\1", BackReference),
            ("a*+", Possessive),
            ("(?>a)", Possessive),
            ("[a-z&&[^x]]", NestedClass),
        ] {
            assert_eq!(Regex::new(pattern).unwrap_err(), why, "{pattern}");
        }
        assert_eq!(Regex::new(&"(".repeat(100_000)).unwrap_err(), TooLong);
    }

    #[test]
    fn a_hostile_pattern_ends_soon() {
        let text = "a".repeat(3_000);
        let begun = std::time::Instant::now();
        for pattern in
            ["(a+)+b", "(a|a)*b", "(.*)(.*)(.*)(.*)b", "(?:(?=a*b)a)*", "(?:(?<=a*)a)*b", "(((a?){900}){900}){900}b"]
        {
            assert!(!fits(pattern, &text), "{pattern}");
        }
        assert!(begun.elapsed().as_secs() < 20, "{:?}", begun.elapsed());
    }
}
