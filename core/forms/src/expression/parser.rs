//! Tokens to a [`Ast`], by precedence climbing (a Pratt parser). Bounded in length and depth, so that no text can
//! exhaust the stack of this parser or of what walks the tree later.

use super::error::{Cause, ParseError};
use super::lexer::{Operator, Token, UNARY, tokens};

/// An expression is at most this many bytes long.
pub const MAX_LEN: usize = 60_000;
/// A tree is at most this deep: a chain of operators such as `a or b or c` is as deep as it is long.
pub const MAX_DEPTH: u32 = 300;
/// Brackets, calls and predicates are at most this deep in each other.
pub const MAX_NESTING: u32 = 100;

/// An expression as written, with names not yet looked up. `at` is a byte of the text, for messages.
#[derive(Debug, Clone, PartialEq)]
pub enum Ast<'t> {
    /// A number, written without sign or exponent.
    Number(f64),
    /// A text in quotes, without them.
    Text(&'t str),
    /// A path to nodes, `${name}` included.
    Path {
        /// Where it begins.
        base: Base<'t>,
        /// The steps from there, in order.
        steps: Vec<Step<'t>>,
        /// Where the path begins in the text.
        at: usize,
    },
    /// A call of a function.
    Call {
        /// The name of the function, known or not.
        function: &'t str,
        /// What stands between the brackets, in order.
        arguments: Vec<Ast<'t>>,
        /// Where the name of the function begins in the text.
        at: usize,
    },
    /// An operation on two sides.
    Binary {
        /// What stands between the two sides.
        operator: Operator,
        /// What stands before the operator.
        left: Box<Ast<'t>>,
        /// What stands after the operator.
        right: Box<Ast<'t>>,
        /// Where the operator begins in the text.
        at: usize,
    },
    /// A minus sign before an operand.
    Negative(Box<Ast<'t>>),
}

/// Where a path begins.
#[derive(Debug, Clone, PartialEq)]
pub enum Base<'t> {
    /// `/`
    Root,
    /// A relative path.
    Here,
    /// `${name}`
    Reference(&'t str),
    /// `${last-saved#name}`
    LastSaved(&'t str),
    /// A call or something in brackets, followed by steps or predicates: `instance('x')/root/item`.
    Of(Box<Ast<'t>>),
}

/// One step of a path with its predicates.
#[derive(Debug, Clone, PartialEq)]
pub struct Step<'t> {
    /// Where the step leads.
    pub axis: Axis<'t>,
    /// The expressions in `[ ]` after it, in order: a truth, or a place from 1.
    pub predicates: Vec<Ast<'t>>,
}

/// Where a step of a path leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Axis<'t> {
    /// To the node of this name right inside (`name`, `child::name`).
    Child(&'t str),
    /// To any node right inside (`*`, `node()`).
    AnyChild,
    /// To the group, repeat or form right around (`..`).
    Parent,
    /// Nowhere else (`.`); it also bears the predicates that follow the beginning of a path.
    Oneself,
}

impl<'t> Ast<'t> {
    /// Calls `visit` with every part of the tree, the whole first.
    pub fn walk<'a>(&'a self, visit: &mut impl FnMut(&'a Ast<'t>)) {
        visit(self);
        match self {
            Ast::Number(_) | Ast::Text(_) => {}
            Ast::Path { base, steps, .. } => {
                if let Base::Of(tree) = base {
                    tree.walk(visit);
                }
                steps.iter().flat_map(|step| &step.predicates).for_each(|tree| tree.walk(visit));
            }
            Ast::Call { arguments, .. } => arguments.iter().for_each(|tree| tree.walk(visit)),
            Ast::Binary { left, right, .. } => {
                left.walk(visit);
                right.walk(visit);
            }
            Ast::Negative(tree) => tree.walk(visit),
        }
    }
}

/// Parses one expression.
pub fn parse(text: &str) -> Result<Ast<'_>, ParseError> {
    if text.len() > MAX_LEN {
        return Err(ParseError { at: MAX_LEN, cause: Cause::TooLong });
    }
    let mut parser = Parser { tokens: tokens(text)?, next: 0, depth: 0, end: text.len() };
    let (tree, _) = parser.expression(0)?;
    match parser.tokens.get(parser.next) {
        None => Ok(tree),
        Some((at, token)) => Err(ParseError { at: *at, cause: Cause::Unexpected(word(token)) }),
    }
}

struct Parser<'t> {
    tokens: Vec<(usize, Token<'t>)>,
    next: usize,
    /// Of calls of this parser in each other.
    depth: u32,
    end: usize,
}

/// A tree with its depth.
type WithDepth<'t> = (Ast<'t>, u32);

impl<'t> Parser<'t> {
    fn at(&self) -> usize {
        self.tokens.get(self.next).map_or(self.end, |(at, _)| *at)
    }
    fn error<T>(&self, cause: Cause) -> Result<T, ParseError> {
        Err(ParseError { at: self.at(), cause })
    }
    fn unexpected<T>(&self) -> Result<T, ParseError> {
        match self.tokens.get(self.next) {
            None => self.error(Cause::Unfinished),
            Some((_, token)) => self.error(Cause::Unexpected(word(token))),
        }
    }
    fn peek(&self) -> Option<Token<'t>> {
        self.tokens.get(self.next).map(|(_, token)| *token)
    }
    fn is(&self, sign: &str) -> bool {
        matches!(self.peek(), Some(Token::Sign(s)) if s == sign)
    }
    fn take(&mut self, sign: &str) -> bool {
        let found = self.is(sign);
        self.next += usize::from(found);
        found
    }
    fn expect(&mut self, sign: &str) -> Result<(), ParseError> {
        if self.take(sign) { Ok(()) } else { self.unexpected() }
    }
    fn deeper(&self, depth: u32) -> Result<u32, ParseError> {
        if depth >= MAX_DEPTH { self.error(Cause::TooDeep) } else { Ok(depth + 1) }
    }

    fn expression(&mut self, above: u8) -> Result<WithDepth<'t>, ParseError> {
        if self.depth >= MAX_NESTING {
            return self.error(Cause::TooDeep);
        }
        self.depth += 1;
        let mut left = if matches!(self.peek(), Some(Token::Operator(Operator::Minus))) {
            self.next += 1;
            let (tree, depth) = self.expression(UNARY)?;
            (Ast::Negative(Box::new(tree)), self.deeper(depth)?)
        } else {
            self.operand()?
        };
        while let Some(Token::Operator(operator)) = self.peek() {
            let at = self.at();
            if operator.power() <= above {
                break;
            }
            self.next += 1;
            let (right, right_depth) = self.expression(operator.power())?;
            let depth = self.deeper(left.1.max(right_depth))?;
            left = (Ast::Binary { operator, left: Box::new(left.0), right: Box::new(right), at }, depth);
        }
        self.depth -= 1;
        Ok(left)
    }

    fn operand(&mut self) -> Result<WithDepth<'t>, ParseError> {
        let at = self.at();
        let Some(token) = self.peek() else { return self.unexpected() };
        let leaf = match token {
            Token::Number(number) => Ast::Number(number),
            Token::Text(text) => Ast::Text(text),
            Token::Reference { name, last_saved } => {
                self.next += 1;
                let base = if last_saved { Base::LastSaved(name) } else { Base::Reference(name) };
                return self.path(base, at, 1);
            }
            Token::Name(name) if matches!(self.tokens.get(self.next + 1), Some((_, Token::Sign("(")))) => {
                self.next += 2;
                let (call, depth) = self.call(name, at)?;
                return if self.is("/") || self.is("[") {
                    self.path(Base::Of(Box::new(call)), at, depth)
                } else {
                    Ok((call, depth))
                };
            }
            Token::Sign("(") => {
                self.next += 1;
                let (inner, depth) = self.expression(0)?;
                self.expect(")")?;
                return if self.is("/") || self.is("[") {
                    self.path(Base::Of(Box::new(inner)), at, depth)
                } else {
                    Ok((inner, depth))
                };
            }
            Token::Sign("/") => {
                self.next += 1;
                let mut steps = Vec::new();
                let mut depth = 1;
                if self.begins_step() {
                    depth = self.steps(&mut steps)?;
                }
                return Ok((Ast::Path { base: Base::Root, steps, at }, depth));
            }
            Token::Sign("//" | "@") => return self.error(Cause::Unsupported("// and @ in a path")),
            Token::Name(_) | Token::Sign("." | ".." | "*") => {
                let mut steps = Vec::new();
                let depth = self.steps(&mut steps)?;
                return Ok((Ast::Path { base: Base::Here, steps, at }, depth));
            }
            _ => return self.unexpected(),
        };
        self.next += 1;
        Ok((leaf, 1))
    }

    fn call(&mut self, function: &'t str, at: usize) -> Result<WithDepth<'t>, ParseError> {
        let mut arguments = Vec::new();
        let mut depth = 0;
        if !self.take(")") {
            loop {
                let (argument, d) = self.expression(0)?;
                arguments.push(argument);
                depth = d.max(depth);
                if self.take(")") {
                    break;
                }
                self.expect(",")?;
            }
        }
        Ok((Ast::Call { function, arguments, at }, self.deeper(depth)?))
    }

    /// What follows a base: predicates, then steps.
    fn path(&mut self, base: Base<'t>, at: usize, depth: u32) -> Result<WithDepth<'t>, ParseError> {
        let mut steps = Vec::new();
        let mut deepest = depth;
        if self.is("[") {
            let (predicates, d) = self.predicates()?;
            deepest = deepest.max(d);
            steps.push(Step { axis: Axis::Oneself, predicates });
        }
        if self.take("/") {
            deepest = deepest.max(self.steps(&mut steps)?);
        }
        Ok((Ast::Path { base, steps, at }, self.deeper(deepest)?))
    }

    fn begins_step(&self) -> bool {
        matches!(self.peek(), Some(Token::Name(_) | Token::Sign("." | ".." | "*")))
    }

    fn steps(&mut self, steps: &mut Vec<Step<'t>>) -> Result<u32, ParseError> {
        let mut deepest = 1;
        loop {
            let axis = self.axis()?;
            let (predicates, depth) = self.predicates()?;
            deepest = deepest.max(depth);
            steps.push(Step { axis, predicates });
            if !self.take("/") {
                return self.deeper(deepest);
            }
        }
    }

    fn axis(&mut self) -> Result<Axis<'t>, ParseError> {
        if let Some(Token::Name(axis)) = self.peek()
            && matches!(self.tokens.get(self.next + 1), Some((_, Token::Sign("::"))))
        {
            if axis != "child" {
                return self.error(Cause::Unsupported("an axis other than child::"));
            }
            self.next += 2;
        }
        let axis = match self.peek() {
            Some(Token::Name(name)) => Axis::Child(name),
            Some(Token::Sign("..")) => Axis::Parent,
            Some(Token::Sign(".")) => Axis::Oneself,
            Some(Token::Sign("*")) => Axis::AnyChild,
            _ => return self.unexpected(),
        };
        self.next += 1;
        if self.is("(") {
            // `node()` and `text()`: everything that a node of a form can be
            if axis != Axis::Child("node") {
                return self.unexpected();
            }
            self.next += 1;
            self.expect(")")?;
            return Ok(Axis::AnyChild);
        }
        Ok(axis)
    }

    fn predicates(&mut self) -> Result<(Vec<Ast<'t>>, u32), ParseError> {
        let mut predicates = Vec::new();
        let mut deepest = 0;
        while self.take("[") {
            let (tree, depth) = self.expression(0)?;
            self.expect("]")?;
            deepest = deepest.max(depth);
            predicates.push(tree);
        }
        Ok((predicates, deepest))
    }
}

/// A token for a message.
fn word(token: &Token<'_>) -> String {
    match token {
        Token::Number(n) => n.to_string(),
        Token::Text(text) => format!("'{text}'"),
        Token::Name(name) => (*name).to_owned(),
        Token::Reference { name, .. } => format!("${{{name}}}"),
        Token::Operator(operator) => operator.sign().to_owned(),
        Token::Sign(sign) => (*sign).to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The tree with every operation in brackets.
    fn shape(text: &str) -> String {
        fn write(tree: &Ast<'_>) -> String {
            match tree {
                Ast::Number(n) => n.to_string(),
                Ast::Text(text) => format!("'{text}'"),
                Ast::Negative(tree) => format!("(-{})", write(tree)),
                Ast::Binary { operator, left, right, .. } => {
                    format!("({} {} {})", write(left), operator.sign(), write(right))
                }
                Ast::Call { function, arguments, .. } => {
                    format!("{function}({})", arguments.iter().map(write).collect::<Vec<_>>().join(","))
                }
                Ast::Path { base, steps, .. } => {
                    let base = match base {
                        Base::Root => "/".into(),
                        Base::Here => String::new(),
                        Base::Reference(name) => format!("${{{name}}}"),
                        Base::LastSaved(name) => format!("${{last-saved#{name}}}"),
                        Base::Of(tree) => format!("<{}>", write(tree)),
                    };
                    let steps = steps.iter().map(|step| {
                        let predicates: String = step.predicates.iter().map(|p| format!("[{}]", write(p))).collect();
                        match &step.axis {
                            Axis::Child(name) => format!("{name}{predicates}"),
                            Axis::AnyChild => format!("*{predicates}"),
                            Axis::Parent => "..".into(),
                            Axis::Oneself => format!(".{predicates}"),
                        }
                    });
                    base + &steps.collect::<Vec<_>>().join("/")
                }
            }
        }
        parse(text).map_or_else(|error| format!("{} at {}", error.cause, error.at), |tree| write(&tree))
    }

    #[test]
    fn operators_bind_as_in_xpath() {
        assert_eq!(shape("1 + 2 * 3 - -4 div 5"), "((1 + (2 * 3)) - ((-4) div 5))");
        assert_eq!(shape("a or b and c = d < e"), "(a or (b and (c = (d < e))))");
        assert_eq!(shape("3 < 4 < 5"), "((3 < 4) < 5)");
        assert_eq!(shape("-a - b"), "((-a) - b)");
    }

    #[test]
    fn hyphens_stars_and_words_depend_on_what_stands_before() {
        assert_eq!(shape("a-b - c"), "(a-b - c)");
        assert_eq!(shape("div div mod mod and"), "((div div mod) mod and)");
        assert_eq!(shape("* * *"), "(* * *)");
        assert_eq!(shape("1and1 or'a'"), "((1 and 1) or 'a')");
        assert_eq!(shape("5-4-1--1"), "(((5 - 4) - 1) - (-1))");
    }

    #[test]
    fn paths_and_references() {
        assert_eq!(shape("../a/./b"), "../a/./b");
        assert_eq!(shape("/data/r[position() = 2]/x"), "/data/r[(position() = 2)]/x");
        assert_eq!(
            shape("instance('c')/root/item[name=${last-saved#x}]/region"),
            "<instance('c')>root/item[(name = ${last-saved#x})]/region"
        );
        assert_eq!(shape("${r}[1]/x + .5"), "(${r}.[1]/x + 0.5)");
        assert_eq!(shape("jr:choice-name( ${a} , '${a}')"), "jr:choice-name(${a},'${a}')");
    }

    #[test]
    fn what_is_no_expression_is_told_with_its_place() {
        assert_eq!(shape("1 + "), "the expression ends too early at 4");
        assert_eq!(shape("a b"), "'b' is not expected here at 2");
        assert_eq!(shape("'abc"), "a quote is not closed at 0");
        assert_eq!(shape("if(1, 2"), "the expression ends too early at 7");
        assert_eq!(shape("${a b}"), "'${a b}' is not expected here at 0");
        assert_eq!(shape("${a"), "${ is not closed at 0");
        assert_eq!(shape("1 ; 2"), "';' is not expected here at 2");
    }

    #[test]
    fn depth_and_length_are_bounded() {
        for bomb in ["(".repeat(50_000), "-".repeat(50_000), "1+".repeat(25_000) + "1", "a[".repeat(20_000)] {
            assert!(matches!(parse(&bomb), Err(ParseError { cause: Cause::TooDeep | Cause::Unfinished, .. })));
        }
        assert!(matches!(parse(&" ".repeat(MAX_LEN + 1)), Err(ParseError { cause: Cause::TooLong, .. })));
        assert!(parse(&("if(a,b,".repeat(60) + "c" + &")".repeat(60))).is_ok());
    }
}
