//! Text to tokens. Two traps of the grammar are settled here: `-` and `.` belong to names (`a-b` is one name, `a - b`
//! a difference), and what `*`, `div`, `mod`, `and`, `or` mean depends on the token before.

use super::error::{Cause, ParseError};

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Token<'t> {
    Number(f64),
    Text(&'t str),
    /// A name, a function's name, or an axis; may hold one colon.
    Name(&'t str),
    /// `${name}`, or `${last-saved#name}`.
    Reference {
        name: &'t str,
        last_saved: bool,
    },
    Operator(Operator),
    /// One of `( ) [ ] , / // . .. @ ::` or `*` as a name test.
    Sign(&'static str),
}

/// What stands between two operands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operator {
    /// `or`: at least one side is true.
    Or,
    /// `and`: both sides are true.
    And,
    /// `=`: the sides are equal; of several nodes, some pair is.
    Equal,
    /// `!=`: the sides differ; of several nodes, some pair does. A blank does not differ from a number, a date or a
    /// time.
    Unequal,
    /// `<`, between numbers, dates or times.
    Less,
    /// `<=`, between numbers, dates or times.
    LessEqual,
    /// `>`, between numbers, dates or times.
    Greater,
    /// `>=`, between numbers, dates or times.
    GreaterEqual,
    /// `+`: the sum of two numbers.
    Plus,
    /// `-`: the difference of two numbers.
    Minus,
    /// `*`: the product of two numbers.
    Times,
    /// `div`: the quotient of two numbers, with its fraction.
    Div,
    /// `mod`: the remainder of a division, with the sign of the dividend.
    Mod,
    /// `|`: all nodes of two paths. It is parsed, but no expression can be used with it ([`Cause::Unsupported`]).
    Union,
}

/// The operators: how each is written, and how tightly it binds. Of two that begin alike, the longer stands first.
const OPERATORS: [(&str, Operator, u8); 14] = [
    ("=", Operator::Equal, 3),
    ("and", Operator::And, 2),
    ("or", Operator::Or, 1),
    (">=", Operator::GreaterEqual, 4),
    (">", Operator::Greater, 4),
    ("<=", Operator::LessEqual, 4),
    ("<", Operator::Less, 4),
    ("!=", Operator::Unequal, 3),
    ("+", Operator::Plus, 5),
    ("-", Operator::Minus, 5),
    ("*", Operator::Times, 6),
    ("div", Operator::Div, 6),
    ("mod", Operator::Mod, 6),
    ("|", Operator::Union, 8),
];
/// How tightly a minus sign before an operand binds.
pub(super) const UNARY: u8 = 7;

impl Operator {
    fn row(self) -> &'static (&'static str, Operator, u8) {
        OPERATORS.iter().find(|(_, operator, _)| *operator == self).expect("all stand in the table")
    }
    /// As it is written.
    pub fn sign(self) -> &'static str {
        self.row().0
    }
    pub(super) fn power(self) -> u8 {
        self.row().2
    }
}

/// Tokens with the byte at which each begins.
pub(super) fn tokens(text: &str) -> Result<Vec<(usize, Token<'_>)>, ParseError> {
    let mut tokens: Vec<(usize, Token<'_>)> = Vec::with_capacity(text.len() / 4 + 2);
    let mut at = 0;
    while let Some(first) = text[at..].chars().next() {
        if first.is_whitespace() {
            at += first.len_utf8();
            continue;
        }
        let rest = &text[at..];
        let after_operand = tokens.last().is_some_and(|(_, token)| ends_operand(token));
        let (token, len) = one(rest, first, after_operand).map_err(|cause| ParseError { at, cause })?;
        tokens.push((at, token));
        at += len;
    }
    Ok(tokens)
}

fn ends_operand(token: &Token<'_>) -> bool {
    match token {
        Token::Operator(_) => false,
        Token::Sign(sign) => matches!(*sign, ")" | "]" | "." | ".." | "*"),
        _ => true,
    }
}

fn one(rest: &str, first: char, after_operand: bool) -> Result<(Token<'_>, usize), Cause> {
    const SIGNS: [&str; 11] = ["(", ")", ",", "..", ".", "::", "//", "/", "[", "]", "@"];

    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    if first.is_ascii_digit() || (first == '.' && digits(&rest[1..]) > 0) {
        let whole = digits(rest);
        let len = if rest[whole..].starts_with('.') { whole + 1 + digits(&rest[whole + 1..]) } else { whole };
        let number = rest[..len].parse().map_err(|_| Cause::Unexpected(rest[..len].to_owned()))?;
        return Ok((Token::Number(number), len));
    }
    if first == '\'' || first == '"' {
        let end = rest[1..].find(first).ok_or(Cause::OpenText)?;
        return Ok((Token::Text(&rest[1..=end]), end + 2));
    }
    if let Some(inner) = rest.strip_prefix("${") {
        let end = inner.find('}').ok_or(Cause::OpenReference)?;
        let name = inner[..end].trim();
        let (name, last_saved) = match name.strip_prefix("last-saved#") {
            Some(name) => (name, true),
            None => (name, false),
        };
        if !crate::package::is_name(name) {
            return Err(Cause::Unexpected(rest[..end + 3].to_owned()));
        }
        return Ok((Token::Reference { name, last_saved }, end + 3));
    }
    let letter = first.is_alphabetic() || first == '_';
    // words are operators after an operand, and so is `*`, which elsewhere stands for any name
    let plain = !letter && first != '*';
    if plain && let Some(sign) = SIGNS.iter().find(|sign| begins(rest, sign)) {
        return Ok((Token::Sign(sign), sign.len()));
    }
    let found = OPERATORS.iter().find(|(sign, ..)| begins(rest, sign));
    match found.filter(|_| after_operand || plain) {
        Some((sign, operator, _)) => Ok((Token::Operator(*operator), sign.len())),
        None if letter => Ok(name(rest)),
        None if first == '*' => Ok((Token::Sign("*"), 1)),
        None => Err(Cause::Unexpected(first.to_string())),
    }
}

/// Whether a text, which is not empty, begins with a sign; most differ in the first byte.
fn begins(rest: &str, sign: &str) -> bool {
    rest.as_bytes()[0] == sign.as_bytes()[0] && rest.starts_with(sign)
}

fn name(rest: &str) -> (Token<'_>, usize) {
    let outside = |c: char| !(c.is_alphanumeric() || matches!(c, '_' | '-' | '.'));
    let part = |text: &str| text.find(outside).unwrap_or(text.len());
    let mut len = part(rest);
    // one colon, inside a name, and never the first of `::`
    let prefixed =
        rest[len..].strip_prefix(':').filter(|more| more.starts_with(|c: char| c.is_alphabetic() || c == '_'));
    if let Some(more) = prefixed {
        len += 1 + part(more);
    }
    (Token::Name(&rest[..len]), len)
}
