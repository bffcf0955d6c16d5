//! From a pattern to its parts.

use super::classes::{self, Class, Set};

/// Groups in each other.
const MAX_DEPTH: usize = 50;
const MAX_LEN: usize = 10_000;

/// Why a pattern cannot be used. The compiler tells an author, with a cure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{self:?}")]
pub enum RegexError {
    /// A `(`, `[` or `{`, or an escape, has no end.
    Unclosed,
    /// A `)` has no `(` before it.
    Unopened,
    /// A `*`, `+`, `?` or `{` begins a pattern, group or alternative, or follows another repetition.
    NothingToRepeat,
    /// What stands between `{` and `}` is no `n`, `n,` or `n,m`, or `m` is smaller than `n`.
    BadRepeat,
    /// A range in `[ ]` ends before it begins (`z-a`), or ends with a class (`a-\d`).
    BadRange,
    /// A class of characters by name, as in `\p{L}` or `[:alpha:]`, is not known.
    UnknownClass,
    /// A letter or digit after `\` has no meaning, or a character's code after `\x` or `\u` is none.
    UnknownEscape,
    /// A group begins with `(?` and something that is no name, look-around or known flag.
    UnknownGroup,
    /// The pattern asks for what a group has found before: `\1`, `\k`.
    BackReference,
    /// A repetition keeps all that it took: `a*+`, `a++`, `a?+`, `(?>a)`. Such a pattern cannot be answered here.
    Possessive,
    /// A class stands inside a class, or two are cut with `&&`, as Java has it.
    NestedClass,
    /// The pattern has too many bytes, or too many groups in each other.
    TooLong,
}

/// What a pattern is made of.
#[derive(Debug, Clone)]
pub(super) enum Part {
    One(Set),
    Sequence(Vec<Part>),
    Either(Vec<Part>),
    Repeat { part: Box<Part>, least: u32, most: Option<u32> },
    Edge(Edge),
    Look { part: Box<Part>, behind: bool, negative: bool },
}

/// A place between two characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Edge {
    Start,
    End,
    Word,
    NoWord,
}

pub(super) fn parse(pattern: &str) -> Result<Part, RegexError> {
    if pattern.len() > MAX_LEN {
        return Err(RegexError::TooLong);
    }
    let mut parser = Parser { rest: pattern, fold: false, all: false, depth: 0 };
    let part = parser.either()?;
    if parser.rest.is_empty() { Ok(part) } else { Err(RegexError::Unopened) }
}

struct Parser<'p> {
    rest: &'p str,
    /// `(?i)`: capital and small letters are the same.
    fold: bool,
    /// `(?s)`: a dot is any character.
    all: bool,
    depth: usize,
}

impl Parser<'_> {
    fn take(&mut self, text: &str) -> bool {
        let rest = self.rest.strip_prefix(text);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.rest.chars().next()?;
        self.rest = &self.rest[c.len_utf8()..];
        Some(c)
    }

    fn either(&mut self) -> Result<Part, RegexError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(RegexError::TooLong);
        }
        let mut parts = vec![self.sequence()?];
        while self.take("|") {
            parts.push(self.sequence()?);
        }
        self.depth -= 1;
        Ok(if parts.len() == 1 { parts.remove(0) } else { Part::Either(parts) })
    }

    fn sequence(&mut self) -> Result<Part, RegexError> {
        let mut parts: Vec<Part> = Vec::new();
        while !self.rest.is_empty() && !self.rest.starts_with(['|', ')']) {
            if self.take("\\Q") {
                let (literal, rest) = self.rest.split_once("\\E").unwrap_or((self.rest, ""));
                parts.extend(literal.chars().map(|c| Part::One(Set::of(c, self.fold))));
                self.rest = rest;
                continue;
            }
            if let Some(part) = self.one()? {
                parts.push(self.repeated(part)?);
            }
        }
        Ok(Part::Sequence(parts))
    }

    /// One character, class, edge or group; none for flags.
    fn one(&mut self) -> Result<Option<Part>, RegexError> {
        let Some(c) = self.next() else { return Ok(None) };
        Ok(Some(match c {
            '(' => return self.group(),
            '[' => Part::One(self.class()?),
            '^' => Part::Edge(Edge::Start),
            '$' => Part::Edge(Edge::End),
            '.' if self.all => Part::One(Set::any()),
            '.' => Part::One(Set::no_line_end()),
            '*' | '+' | '?' | '{' => return Err(RegexError::NothingToRepeat),
            '\\' => match self.rest.chars().next() {
                Some('b') => self.edge(Edge::Word),
                Some('B') => self.edge(Edge::NoWord),
                Some('A') => self.edge(Edge::Start),
                Some('z' | 'Z') => self.edge(Edge::End),
                _ => Part::One(match self.escape()? {
                    Escape::One(c) => Set::of(c, self.fold),
                    Escape::Class(class, negated) => Set::class(class, negated),
                }),
            },
            c => Part::One(Set::of(c, self.fold)),
        }))
    }

    fn edge(&mut self, edge: Edge) -> Part {
        self.next();
        Part::Edge(edge)
    }

    fn group(&mut self) -> Result<Option<Part>, RegexError> {
        let (fold, all) = (self.fold, self.all);
        let looks = [("?=", false, false), ("?!", false, true), ("?<=", true, false), ("?<!", true, true)];
        let around = looks.into_iter().find(|(mark, ..)| self.take(mark));
        if around.is_none() && self.take("?") {
            if self.take(">") {
                return Err(RegexError::Possessive);
            }
            if self.take("<") || self.take("P<") {
                let (name, rest) = self.rest.split_once('>').ok_or(RegexError::Unclosed)?;
                if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
                    return Err(RegexError::UnknownGroup);
                }
                self.rest = rest;
            } else if !self.flags()? {
                return Ok(None);
            }
        }
        let part = self.either()?;
        if !self.take(")") {
            return Err(RegexError::Unclosed);
        }
        (self.fold, self.all) = (fold, all);
        Ok(Some(match around {
            Some((_, behind, negative)) => Part::Look { part: Box::new(part), behind, negative },
            None => part,
        }))
    }

    /// `i:` opens a group with flags: true. `i)` sets them from here on: false.
    fn flags(&mut self) -> Result<bool, RegexError> {
        let mut on = true;
        loop {
            match self.next() {
                Some(':') => return Ok(true),
                Some(')') => return Ok(false),
                Some('-') => on = false,
                Some('i') => self.fold = on,
                Some('s') => self.all = on,
                // letters of every script are folded in any case
                Some('u') => {}
                Some(_) => return Err(RegexError::UnknownGroup),
                None => return Err(RegexError::Unclosed),
            }
        }
    }

    fn repeated(&mut self, part: Part) -> Result<Part, RegexError> {
        let (least, most) = if self.take("*") {
            (0, None)
        } else if self.take("+") {
            (1, None)
        } else if self.take("?") {
            (0, Some(1))
        } else if self.take("{") {
            let (inside, rest) = self.rest.split_once('}').ok_or(RegexError::Unclosed)?;
            self.rest = rest;
            let number = |text: &str| text.parse::<u32>().map_err(|_| RegexError::BadRepeat);
            match inside.split_once(',') {
                None => (number(inside)?, Some(number(inside)?)),
                Some((least, "")) => (number(least)?, None),
                Some((least, most)) => (number(least)?, Some(number(most)?)),
            }
        } else {
            return Ok(part);
        };
        if most.is_some_and(|most| most < least) {
            return Err(RegexError::BadRepeat);
        }
        if self.take("+") {
            return Err(RegexError::Possessive);
        }
        // the shortest or the longest: for the whole text it is the same
        self.take("?");
        if self.rest.starts_with(['*', '+', '?', '{']) {
            return Err(RegexError::NothingToRepeat);
        }
        Ok(Part::Repeat { part: Box::new(part), least, most })
    }

    fn class(&mut self) -> Result<Set, RegexError> {
        let mut set = Set::empty(self.take("^"), self.fold);
        let mut first = true;
        loop {
            if !first && self.take("]") {
                return Ok(set);
            }
            first = false;
            if let Some(name) = self.rest.strip_prefix("[:").and_then(|rest| rest.split_once(":]")) {
                set.add_class(classes::named(name.0).ok_or(RegexError::UnknownClass)?, false);
                self.rest = name.1;
                continue;
            }
            if self.rest.starts_with('[') || self.rest.starts_with("&&") {
                return Err(RegexError::NestedClass);
            }
            let from = match self.next().ok_or(RegexError::Unclosed)? {
                '\\' => match self.escape()? {
                    Escape::One(c) => c,
                    Escape::Class(class, negated) => {
                        set.add_class(class, negated);
                        continue;
                    }
                },
                c => c,
            };
            let is_range = self.rest.starts_with('-') && !self.rest.starts_with("-]") && self.rest.len() > 1;
            if !is_range {
                set.add(from, from);
                continue;
            }
            self.next();
            let to = match self.next().ok_or(RegexError::Unclosed)? {
                '\\' => match self.escape()? {
                    Escape::One(c) => c,
                    Escape::Class(..) => return Err(RegexError::BadRange),
                },
                '[' => return Err(RegexError::NestedClass),
                c => c,
            };
            if to < from {
                return Err(RegexError::BadRange);
            }
            set.add(from, to);
        }
    }

    /// What follows a `\`.
    fn escape(&mut self) -> Result<Escape, RegexError> {
        let c = self.next().ok_or(RegexError::Unclosed)?;
        Ok(match c {
            'd' | 'D' => Escape::Class(classes::is_digit, c == 'D'),
            'w' | 'W' => Escape::Class(classes::is_word, c == 'W'),
            's' | 'S' => Escape::Class(classes::is_space, c == 'S'),
            'h' | 'H' => Escape::Class(classes::is_blank, c == 'H'),
            'p' | 'P' => {
                // a letter, or a name in braces
                let (name, rest) = match self.rest.strip_prefix('{') {
                    Some(inside) => inside.split_once('}').ok_or(RegexError::Unclosed)?,
                    None => self.rest.split_at(self.rest.chars().next().ok_or(RegexError::Unclosed)?.len_utf8()),
                };
                self.rest = rest;
                let bare = name.strip_prefix('^');
                let class = classes::property(bare.unwrap_or(name)).ok_or(RegexError::UnknownClass)?;
                Escape::Class(class, (c == 'P') != bare.is_some())
            }
            't' => Escape::One('\t'),
            'n' => Escape::One('\n'),
            'r' => Escape::One('\r'),
            'f' => Escape::One('\u{c}'),
            'x' if !self.rest.starts_with('{') => self.code(2)?,
            'u' if !self.rest.starts_with('{') => self.code(4)?,
            'x' | 'u' => {
                let (digits, rest) = self.rest[1..].split_once('}').ok_or(RegexError::Unclosed)?;
                self.rest = rest;
                of_code(digits)?
            }
            '1'..='9' | 'k' => return Err(RegexError::BackReference),
            c if c.is_ascii_alphanumeric() => return Err(RegexError::UnknownEscape),
            c => Escape::One(c),
        })
    }

    fn code(&mut self, len: usize) -> Result<Escape, RegexError> {
        let digits = self.rest.get(..len).ok_or(RegexError::UnknownEscape)?;
        self.rest = &self.rest[len..];
        of_code(digits)
    }
}

fn of_code(digits: &str) -> Result<Escape, RegexError> {
    let code = u32::from_str_radix(digits, 16).ok().and_then(char::from_u32);
    code.map(Escape::One).ok_or(RegexError::UnknownEscape)
}

enum Escape {
    One(char),
    Class(Class, bool),
}
