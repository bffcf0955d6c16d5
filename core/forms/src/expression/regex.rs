//! The regular expressions of `regex()`, in the syntax of Java, which the field's other phone clients use: Unicode classes
//! (`\p{L}`), look-ahead and look-behind included.
//!
//! A pattern becomes a list of steps. A text is read once, from left to right, with the set of all steps that are
//! possible so far, so that no pattern and no text makes a phone hang. Captures are not needed: the only question is
//! whether the whole text fits. What cannot be answered in this way (back references, possessive and atomic groups) is
//! a [`RegexError`], which the compiler reports to the author.

mod classes;
mod parser;

pub use parser::RegexError;

use classes::Set;
use parser::{Edge, Part};
use std::cell::{Cell, RefCell};

/// Steps that a pattern may have: `{n,m}` is written out.
const MAX_STEPS: usize = 20_000;
/// Look-arounds that a pattern may have, and characters that a text may have: what is found out is kept for each pair.
const MAX_LOOKS: usize = 20;
const MAX_TEXT: usize = 100_000;
/// Steps that are tried for one text, before it is said not to fit.
const MAX_WORK: usize = 5_000_000;

#[derive(Debug)]
enum Step {
    One(Set),
    /// Goes on at both steps.
    Split(usize, usize),
    Edge(Edge),
    /// Goes on if the pattern that begins at `start` fits here. `number` counts such steps.
    Look {
        start: usize,
        behind: bool,
        negative: bool,
        number: usize,
    },
    Done,
}

/// A pattern, ready to be compared with texts.
#[derive(Debug)]
pub struct Regex {
    steps: Vec<Step>,
    start: usize,
    looks: usize,
}

impl Regex {
    /// Reads a pattern.
    pub fn new(pattern: &str) -> Result<Self, RegexError> {
        let part = parser::parse(pattern)?;
        let mut regex = Self { steps: Vec::new(), start: 0, looks: 0 };
        let done = regex.push(Step::Done)?;
        regex.start = regex.compile(&part, done)?;
        Ok(regex)
    }

    /// Whether the whole text fits.
    pub fn fits(&self, text: &str) -> bool {
        let text: Vec<char> = text.chars().collect();
        if text.len() > MAX_TEXT {
            return false;
        }
        let run = Run {
            regex: self,
            text: &text,
            looked: RefCell::new(vec![None; self.looks * (text.len() + 1)]),
            work: Cell::new(MAX_WORK),
        };
        run.from(self.start, &[0], |at| at == text.len())
    }

    fn push(&mut self, step: Step) -> Result<usize, RegexError> {
        if self.steps.len() >= MAX_STEPS {
            return Err(RegexError::TooLong);
        }
        self.steps.push(step);
        Ok(self.steps.len() - 1)
    }

    /// Writes the steps of a part that goes on at `next`, last step first, and returns where it begins. A step goes on
    /// at the one before it in the list, or through a split.
    fn compile(&mut self, part: &Part, next: usize) -> Result<usize, RegexError> {
        match part {
            Part::One(set) => self.then(Step::One(set.clone()), next),
            Part::Edge(edge) => self.then(Step::Edge(*edge), next),
            Part::Sequence(parts) => parts.iter().rev().try_fold(next, |next, part| self.compile(part, next)),
            Part::Either(parts) => {
                let mut start = None;
                for part in parts.iter().rev() {
                    let one = self.compile(part, next)?;
                    start = Some(match start {
                        None => one,
                        Some(other) => self.push(Step::Split(one, other))?,
                    });
                }
                Ok(start.unwrap_or(next))
            }
            Part::Repeat { part, least, most } => {
                let mut start = match most {
                    None => {
                        let again = self.push(Step::Split(next, next))?;
                        let inner = self.compile(part, again)?;
                        self.steps[again] = Step::Split(inner, next);
                        again
                    }
                    Some(most) => {
                        let mut start = next;
                        for _ in *least..*most {
                            let inner = self.compile(part, start)?;
                            start = self.push(Step::Split(inner, next))?;
                        }
                        start
                    }
                };
                for _ in 0..*least {
                    start = self.compile(part, start)?;
                }
                Ok(start)
            }
            Part::Look { part, behind, negative } => {
                let done = self.push(Step::Done)?;
                let start = self.compile(part, done)?;
                let number = self.looks;
                self.looks += 1;
                if self.looks > MAX_LOOKS {
                    return Err(RegexError::TooLong);
                }
                self.then(Step::Look { start, behind: *behind, negative: *negative, number }, next)
            }
        }
    }

    /// Adds a step that goes on at `next`: directly, or through a jump, so that every step goes on at the one before it.
    fn then(&mut self, step: Step, next: usize) -> Result<usize, RegexError> {
        if next + 1 != self.steps.len() {
            self.push(Step::Split(next, next))?;
        }
        self.push(step)
    }
}

/// One text under one pattern.
struct Run<'a> {
    regex: &'a Regex,
    text: &'a [char],
    /// What was found out about look-arounds, by number and place.
    looked: RefCell<Vec<Option<bool>>>,
    work: Cell<usize>,
}

impl Run<'_> {
    /// Whether the pattern that begins at a step fits from one of the places (in rising order) to a place that is wanted.
    fn from(&self, start: usize, places: &[usize], wanted: impl Fn(usize) -> bool) -> bool {
        let Some((first, last)) = places.first().zip(places.last()) else { return false };
        let (mut now, mut next) = (States::new(self.regex.steps.len()), States::new(self.regex.steps.len()));
        for at in *first..=self.text.len() {
            if places.binary_search(&at).is_ok() {
                self.enter(start, at, &mut now);
            }
            if now.list.is_empty() && at >= *last {
                return false;
            }
            next.clear();
            for step in &now.list {
                match &self.regex.steps[*step] {
                    Step::Done if wanted(at) => return true,
                    Step::One(set) if self.text.get(at).is_some_and(|c| set.has(*c)) => {
                        self.enter(step - 1, at + 1, &mut next);
                    }
                    _ => {}
                }
            }
            std::mem::swap(&mut now, &mut next);
            if self.work.get() == 0 {
                return false;
            }
        }
        false
    }

    /// Adds a step, and all that can be reached from it without reading a character.
    fn enter(&self, step: usize, at: usize, states: &mut States) {
        let mut open = vec![step];
        while let Some(step) = open.pop() {
            let left = self.work.get().saturating_sub(1);
            self.work.set(left);
            if left == 0 || std::mem::replace(&mut states.seen[step], true) {
                continue;
            }
            states.touched.push(step);
            match &self.regex.steps[step] {
                Step::Split(one, other) => open.extend([*one, *other]),
                Step::Edge(edge) if self.is_at(*edge, at) => open.push(step - 1),
                Step::Edge(_) => {}
                Step::Look { start, behind, negative, number } => {
                    if self.look(*start, *behind, *number, at) != *negative {
                        open.push(step - 1);
                    }
                }
                Step::One(_) | Step::Done => states.list.push(step),
            }
        }
    }

    fn look(&self, start: usize, behind: bool, number: usize, at: usize) -> bool {
        let slot = number * (self.text.len() + 1) + at;
        if let Some(known) = self.looked.borrow()[slot] {
            return known;
        }
        let found = match behind {
            false => self.from(start, &[at], |_| true),
            true => self.from(start, &(0..=at).collect::<Vec<_>>(), |end| end == at),
        };
        self.looked.borrow_mut()[slot] = Some(found);
        found
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

/// A set of steps.
struct States {
    /// Steps that read a character, or end.
    list: Vec<usize>,
    seen: Vec<bool>,
    touched: Vec<usize>,
}

impl States {
    fn new(steps: usize) -> Self {
        Self { list: Vec::new(), seen: vec![false; steps], touched: Vec::new() }
    }

    fn clear(&mut self) {
        self.list.clear();
        self.touched.drain(..).for_each(|step| self.seen[step] = false);
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
            ("(((a{500}){500}){500})", TooLong),
        ] {
            assert_eq!(Regex::new(pattern).unwrap_err(), why, "{pattern}");
        }
        assert_eq!(Regex::new(&"(".repeat(100_000)).unwrap_err(), TooLong);
    }

    #[test]
    fn a_hostile_pattern_ends_soon() {
        let text = "a".repeat(3_000);
        let begun = std::time::Instant::now();
        for pattern in ["(a+)+b", "(a|a)*b", "(.*)(.*)(.*)(.*)b", "(?:(?=a*b)a)*", "(?:(?<=a*)a)*b"] {
            assert!(!fits(pattern, &text), "{pattern}");
        }
        assert!(begun.elapsed().as_secs() < 20, "{:?}", begun.elapsed());
    }
}
