//! Text to tokens. Two traps of the grammar are settled here: `-` and `.` belong to names (`a-b` is one name, `a - b`
//! a difference), and what `*`, `div`, `mod`, `and`, `or` mean depends on the token before.

use super::error::{Cause, ParseError};

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    Number(f64),
    Text(String),
    /// A name, a function's name, or an axis; may hold one colon.
    Name(String),
    /// `${name}`, or `${last-saved#name}`.
    Reference {
        name: String,
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

/// Tokens with the byte at which each begins.
pub(super) fn tokens(text: &str) -> Result<Vec<(usize, Token)>, ParseError> {
    let mut tokens: Vec<(usize, Token)> = Vec::with_capacity(text.len() / 3);
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

fn ends_operand(token: &Token) -> bool {
    match token {
        Token::Operator(_) => false,
        Token::Sign(sign) => matches!(*sign, ")" | "]" | "." | ".." | "*"),
        _ => true,
    }
}

fn one(rest: &str, first: char, after_operand: bool) -> Result<(Token, usize), Cause> {
    const OPERATORS: [(&str, Operator); 10] = [
        ("!=", Operator::Unequal),
        ("<=", Operator::LessEqual),
        (">=", Operator::GreaterEqual),
        ("<", Operator::Less),
        (">", Operator::Greater),
        ("=", Operator::Equal),
        ("+", Operator::Plus),
        ("-", Operator::Minus),
        ("|", Operator::Union),
        ("*", Operator::Times),
    ];
    const WORDS: [(&str, Operator); 4] =
        [("and", Operator::And), ("or", Operator::Or), ("div", Operator::Div), ("mod", Operator::Mod)];
    const SIGNS: [&str; 11] = ["::", "//", "/", "..", "(", ")", "[", "]", ",", "@", "*"];

    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    if first.is_ascii_digit() || (first == '.' && digits(&rest[1..]) > 0) {
        let whole = digits(rest);
        let len = if rest[whole..].starts_with('.') { whole + 1 + digits(&rest[whole + 1..]) } else { whole };
        let number = rest[..len].parse().map_err(|_| Cause::Unexpected(rest[..len].to_owned()))?;
        return Ok((Token::Number(number), len));
    }
    if first == '\'' || first == '"' {
        let end = rest[1..].find(first).ok_or(Cause::OpenText)?;
        return Ok((Token::Text(rest[1..=end].to_owned()), end + 2));
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
        return Ok((Token::Reference { name: name.to_owned(), last_saved }, end + 3));
    }
    if after_operand && let Some((word, operator)) = WORDS.iter().find(|(word, _)| rest.starts_with(word)) {
        return Ok((Token::Operator(*operator), word.len()));
    }
    if first.is_alphabetic() || first == '_' {
        return Ok(name(rest));
    }
    // `*` after an operand multiplies; elsewhere it stands for any name
    let found = OPERATORS.iter().find(|(sign, _)| rest.starts_with(sign) && (*sign != "*" || after_operand));
    if let Some((sign, operator)) = found {
        return Ok((Token::Operator(*operator), sign.len()));
    }
    if let Some(sign) = SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
        return Ok((Token::Sign(sign), sign.len()));
    }
    match first {
        '.' => Ok((Token::Sign("."), 1)),
        _ => Err(Cause::Unexpected(first.to_string())),
    }
}

fn name(rest: &str) -> (Token, usize) {
    let mut colon = false;
    let mut len = 0;
    for (i, c) in rest.char_indices() {
        let inside = c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
        // one colon, inside a name, and never the first of `::`
        let follows = rest[i + c.len_utf8()..].chars().next();
        let prefix = c == ':' && !colon && follows.is_some_and(|f| f.is_alphabetic() || f == '_');
        if !inside && !prefix {
            break;
        }
        colon |= prefix;
        len = i + c.len_utf8();
    }
    (Token::Name(rest[..len].to_owned()), len)
}
