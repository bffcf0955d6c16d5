//! Sets of characters.

/// A class of characters.
pub(super) type Class = fn(char) -> bool;

/// ASCII, as in Java: `[:alpha:]`, `\p{Alpha}`.
const NAMED: [(&str, Class); 12] = [
    ("alpha", |c| c.is_ascii_alphabetic()),
    ("digit", is_digit),
    ("alnum", |c| c.is_ascii_alphanumeric()),
    ("upper", |c| c.is_ascii_uppercase()),
    ("lower", |c| c.is_ascii_lowercase()),
    ("punct", |c| c.is_ascii_punctuation()),
    ("xdigit", |c| c.is_ascii_hexdigit()),
    ("space", is_space),
    ("blank", is_blank),
    ("word", is_word),
    ("ascii", |c| c.is_ascii()),
    ("cntrl", char::is_control),
];

/// Unicode: `\p{L}`. Scripts and the rarer categories are not known.
const PROPERTIES: [(&str, Class); 11] = [
    ("L|Letter", is_letter),
    ("Lu|Uppercase_Letter|Uppercase", |c| c.is_uppercase() && is_letter(c)),
    ("Ll|Lowercase_Letter|Lowercase", |c| c.is_lowercase() && is_letter(c)),
    ("M|Mark|Combining_Mark", |c| is_in(MARKS, c)),
    ("N|Number", char::is_numeric),
    ("P|Punctuation", |c| is_in(PUNCTUATION, c)),
    ("Z|Separator", is_separator),
    ("Cc|Control", char::is_control),
    ("Alphabetic|javaLetter", char::is_alphabetic),
    ("javaLetterOrDigit", char::is_alphanumeric),
    ("White_Space|WhiteSpace|javaWhitespace", char::is_whitespace),
];

fn of(table: &[(&str, Class)], name: &str) -> Option<Class> {
    table.iter().find(|(names, _)| names.split('|').any(|known| known == name)).map(|(_, class)| *class)
}

/// The class of `[:alpha:]`.
pub(super) fn named(name: &str) -> Option<Class> {
    of(&NAMED, &name.to_ascii_lowercase())
}

/// The class of a name in `\p{}`.
pub(super) fn property(name: &str) -> Option<Class> {
    let bare = ["general_category=", "gc=", "Is", "is"].iter().find_map(|prefix| name.strip_prefix(prefix));
    of(&PROPERTIES, bare.unwrap_or(name)).or_else(|| named(name).filter(|_| bare.is_none()))
}

/// ASCII, as in Java: `\d`.
pub(super) fn is_digit(c: char) -> bool {
    c.is_ascii_digit()
}

/// ASCII, as in Java: `\s`.
pub(super) fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r' | '\u{b}' | '\u{c}')
}

/// Spaces and tabs of one line: `\h`.
pub(super) fn is_blank(c: char) -> bool {
    c == '\t' || is_separator(c) && !matches!(c, '\u{2028}' | '\u{2029}')
}

/// ASCII, as in Java: `\w`.
pub(super) fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

fn is_separator(c: char) -> bool {
    c.is_whitespace() && !c.is_control()
}

/// `\p{L}`: Unicode's `Alphabetic` also counts numbers in letters, vowel signs, and letters in circles.
fn is_letter(c: char) -> bool {
    let circled = matches!(c, '\u{24b6}'..='\u{24e9}' | '\u{1f130}'..='\u{1f189}');
    c.is_alphabetic() && !c.is_numeric() && !circled && !is_in(MARKS, c)
}

fn is_in(table: &[(u32, u32)], c: char) -> bool {
    let code = u32::from(c);
    let at = table.partition_point(|(_, last)| *last < code);
    table.get(at).is_some_and(|(first, _)| *first <= code)
}

/// Characters that one step may read.
#[derive(Debug, Clone)]
pub(super) struct Set {
    negated: bool,
    fold: bool,
    ranges: Vec<(char, char)>,
    classes: Vec<(Class, bool)>,
}

impl Set {
    pub(super) fn empty(negated: bool, fold: bool) -> Self {
        Self { negated, fold, ranges: Vec::new(), classes: Vec::new() }
    }

    pub(super) fn of(c: char, fold: bool) -> Self {
        Self { ranges: vec![(c, c)], ..Self::empty(false, fold) }
    }

    pub(super) fn class(class: Class, negated: bool) -> Self {
        Self { classes: vec![(class, negated)], ..Self::empty(false, false) }
    }

    pub(super) fn any() -> Self {
        Self::empty(true, false)
    }

    /// What a dot is: any character that does not end a line.
    pub(super) fn no_line_end() -> Self {
        let ends = ['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}'];
        Self { ranges: ends.map(|c| (c, c)).to_vec(), ..Self::empty(true, false) }
    }

    pub(super) fn add(&mut self, from: char, to: char) {
        self.ranges.push((from, to));
    }

    pub(super) fn add_class(&mut self, class: Class, negated: bool) {
        self.classes.push((class, negated));
    }

    pub(super) fn has(&self, c: char) -> bool {
        let is_named = |c: char| {
            self.ranges.iter().any(|(from, to)| (*from..=*to).contains(&c))
                || self.classes.iter().any(|(class, negated)| class(c) != *negated)
        };
        let folded = || c.to_lowercase().chain(c.to_uppercase()).any(is_named);
        (is_named(c) || self.fold && folded()) != self.negated
    }
}

/// `\p{M}` of Unicode 14.0.0.
const MARKS: &[(u32, u32)] = &include!("marks.in");

/// `\p{P}`.
const PUNCTUATION: &[(u32, u32)] = &include!("punctuation.in");
