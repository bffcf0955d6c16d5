//! A compiled questionnaire: the small package that an XLSForm becomes, once, off the phone.
//!
//! The package is JSON. It holds the survey as a flat list of [`Node`]s in the order of the form, each with the index
//! of the group or repeat around it; lists of choices (also those that came as CSV); rules as text of the expression
//! language, which are parsed once when the package is read; every text in all languages. A reader meets hostile
//! bytes: sizes, depth and every index are checked, and what does not fit is a [`PackageError`].
//!
//! Reading a workbook and making a package of it is the business of `xlsform`.

pub use crate::package::{
    Choice, Choices, FORMAT, Indicator, List, MAX_CHOICES, MAX_DEPTH, MAX_LANGUAGES, MAX_LEN, MAX_NODES, Node,
    NodeType, Package, Source, Text, is_name,
};

use crate::expression::expr::Function;
#[cfg(feature = "authoring")]
use crate::program::BoundPackage;
use crate::program::{Program, RuleError};
use sha2::{Digest as _, Sha256};
use std::collections::HashSet;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

/// Why a package cannot be used.
#[derive(Debug, thiserror::Error, Clone, PartialEq, Eq)]
pub enum PackageError {
    /// The bytes are more than [`MAX_LEN`].
    #[error("longer than a package may be")]
    Oversize,
    /// The bytes are no JSON, or not that of a package; what the JSON reader says of it.
    #[error("not the JSON of a package: {0}")]
    Malformed(String),
    /// The package has this number as its format, not [`FORMAT`].
    #[error("a package of format {0}; this build reads format {FORMAT}")]
    Format(u32),
    /// Something in the package exceeds a limit or contradicts the rest of it.
    #[error("{what}{}", .node.as_ref().map(|name| format!(" (at {name})")).unwrap_or_default())]
    Invalid {
        /// The name of the node; `None` where it is of the package as a whole.
        node: Option<String>,
        /// What is wrong, in English.
        what: &'static str,
    },
    /// Expressions that cannot be used; all of them.
    #[error("{} (at {})", .0[0].1.error, .0[0].0)]
    Rules(Vec<(String, RuleError)>),
}

/// A questionnaire that was checked and is ready for interviews. What the package holds is read through it
/// (`questionnaire.id`, `questionnaire.nodes` ...).
#[derive(Clone)]
pub struct Questionnaire {
    package: Package,
    digest: [u8; 32],
    program: Arc<Program>,
}

impl Deref for Questionnaire {
    type Target = Package;
    fn deref(&self) -> &Package {
        &self.package
    }
}

impl fmt::Debug for Questionnaire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Questionnaire({} {})", self.package.id, self.package.version)
    }
}

impl Questionnaire {
    /// Reads a package.
    pub fn read(bytes: &[u8]) -> Result<Self, PackageError> {
        Self::read_with(bytes, &[])
    }

    /// Reads a package whose expressions may call functions of a domain besides.
    pub fn read_with(bytes: &[u8], functions: &'static [Function]) -> Result<Self, PackageError> {
        if bytes.len() > MAX_LEN {
            return Err(PackageError::Oversize);
        }
        // text as a whole is checked faster than string by string
        let text = std::str::from_utf8(bytes).map_err(|e| PackageError::Malformed(e.to_string()))?;
        let mut package: Package = serde_json::from_str(text).map_err(|e| PackageError::Malformed(e.to_string()))?;
        // it stays as long as the interview: nothing is kept for rows to come
        package.nodes.shrink_to_fit();
        package.check()?;
        let program = Program::new(&package, functions);
        Self::ready(package, sha256(bytes), program)
    }

    /// Makes a questionnaire of what the compiler produced.
    pub fn new(package: Package) -> Result<Self, PackageError> {
        Self::new_with(package, &[])
    }

    /// Like [`Questionnaire::new`], with functions of a domain.
    pub fn new_with(package: Package, functions: &'static [Function]) -> Result<Self, PackageError> {
        package.check()?;
        let program = Program::new(&package, functions);
        let digest = sha256(&package.write());
        Self::ready(package, digest, program)
    }

    /// The program of a package whose expressions were bound already.
    #[cfg(feature = "authoring")]
    pub(crate) fn program_of(package: &Package, bound: BoundPackage) -> Result<Program, PackageError> {
        package.check()?;
        Program::of(package, bound).map_err(|errors| rule_errors(package, errors))
    }

    /// A questionnaire of a package and its own program.
    #[cfg(feature = "authoring")]
    pub(crate) fn of(package: Package, program: Program) -> Self {
        let digest = sha256(&package.write());
        Self { package, digest, program: Arc::new(program) }
    }

    fn ready(
        package: Package,
        digest: [u8; 32],
        program: Result<Program, Vec<RuleError>>,
    ) -> Result<Self, PackageError> {
        let program = program.map_err(|errors| rule_errors(&package, errors))?;
        Ok(Self { package, digest, program: Arc::new(program) })
    }

    /// Its rules, ranked.
    pub(crate) fn program(&self) -> &Program {
        &self.program
    }

    /// The names that `${last-saved#name}` asks for: what a vault keeps of a finished interview.
    pub fn last_saved(&self) -> impl Iterator<Item = &str> {
        self.program.last_saved.iter().map(|name| &**name)
    }

    /// SHA-256 of the package's bytes, as they were read or as [`Package::write`] gives them.
    pub fn sha256(&self) -> [u8; 32] {
        self.digest
    }
}

fn rule_errors(package: &Package, errors: Vec<RuleError>) -> PackageError {
    let named = |error: RuleError| (package.nodes[error.node].name.clone(), error);
    PackageError::Rules(errors.into_iter().map(named).collect())
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

impl Package {
    /// Checks everything that an interview relies on, the expressions excepted.
    fn check(&self) -> Result<(), PackageError> {
        let invalid = |what| Err(PackageError::Invalid { node: None, what });
        if self.format != FORMAT {
            return Err(PackageError::Format(self.format));
        }
        if self.languages.is_empty() || self.languages.len() > MAX_LANGUAGES {
            return invalid("no language, or too many");
        }
        if self.default_language >= self.languages.len() {
            return invalid("the default language is none of the languages");
        }
        if self.nodes.len() > MAX_NODES {
            return invalid("too many rows in the survey");
        }
        if !self.nodes.iter().any(|node| !node.kind.is_section()) {
            return invalid("there is no question");
        }
        if self.lists.iter().map(|list| list.choices.len()).sum::<usize>() > MAX_CHOICES {
            return invalid("too many choices");
        }
        for list in &self.lists {
            if list.choices.iter().any(|choice| choice.values.len() > list.columns.len()) {
                return invalid("a choice has more values than its list has columns");
            }
        }
        if self.indicators.iter().any(|indicator| indicator.question as usize >= self.nodes.len()) {
            return invalid("an indicator names no question");
        }
        self.check_nodes()
    }

    fn check_nodes(&self) -> Result<(), PackageError> {
        let mut open: Vec<u32> = Vec::new();
        let mut names: HashSet<(Option<u32>, &str)> = HashSet::with_capacity(self.nodes.len());
        for (at, node) in self.nodes.iter().enumerate() {
            let invalid = |what| Err(PackageError::Invalid { node: Some(node.name.clone()), what });
            // sections close in order: the parent is one of those that are still open
            match node.parent {
                None => open.clear(),
                Some(parent) => match open.iter().rposition(|section| *section == parent) {
                    Some(depth) => open.truncate(depth + 1),
                    None => return invalid("the section around it is not open"),
                },
            }
            if node.kind.is_section() {
                open.push(at as u32);
                if open.len() > MAX_DEPTH {
                    return invalid("sections are nested too deeply");
                }
            }
            if !is_name(&node.name) {
                return invalid("not a name");
            }
            if !names.insert((node.parent, &node.name)) {
                return invalid("the name stands there already");
            }
            match &node.choices {
                Some(Choices { from: Source::List(list), .. }) if *list as usize >= self.lists.len() => {
                    return invalid("the list of its choices does not exist");
                }
                Some(Choices { from: Source::Rows(from), .. }) if *from as usize >= self.nodes.len() => {
                    return invalid("the question whose answers are its choices does not exist");
                }
                None if node.kind.is_select() => return invalid("a select without choices"),
                _ => {}
            }
            if node.trigger.iter().any(|trigger| *trigger as usize >= self.nodes.len()) {
                return invalid("its trigger does not exist");
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(nodes: Vec<Node>) -> Package {
        Package {
            format: FORMAT,
            id: "f".into(),
            version: "1".into(),
            languages: vec!["English (en)".into(), "Français (fr)".into()],
            nodes,
            lists: vec![List {
                name: "yn".into(),
                columns: vec![],
                choices: vec![
                    Choice { name: "yes".into(), label: Text(vec!["Yes".into(), "Oui".into()]), ..Choice::default() },
                    Choice { name: "no".into(), label: Text(vec!["No".into()]), ..Choice::default() },
                ],
            }],
            ..Package::default()
        }
    }

    fn inside(parent: u32, mut node: Node) -> Node {
        node.parent = Some(parent);
        node
    }

    #[test]
    fn a_package_is_read_back_as_it_was_written() {
        let group = Node::new(NodeType::Group, "g");
        let written =
            Questionnaire::new(package(vec![group, inside(0, Node::new(NodeType::Text, "q"))])).expect("sound");
        let bytes = written.write();
        let read = Questionnaire::read(&bytes).expect("as written");
        assert_eq!(*read, *written);
        assert_eq!(read.sha256(), written.sha256());
        assert_eq!(read.write(), bytes);
    }

    #[test]
    fn a_label_falls_back_to_the_default_language() {
        let package = package(vec![Node::new(NodeType::Text, "q")]);
        assert_eq!(package.choice_label("yn", "yes", "fr"), Some("Oui"));
        assert_eq!(package.choice_label("yn", "yes", "Français (fr)"), Some("Oui"));
        assert_eq!(package.choice_label("yn", "no", "fr"), Some("No"));
        assert_eq!(package.choice_label("yn", "no", "rn"), Some("No"));
        assert_eq!(package.choice_label("yn", "maybe", "fr"), None);
    }

    #[test]
    fn what_does_not_fit_is_refused_by_name() {
        let q = || Node::new(NodeType::Text, "q");
        let what = |nodes| match Questionnaire::new(package(nodes)) {
            Err(PackageError::Invalid { what, .. }) => what,
            other => panic!("{other:?}"),
        };
        assert_eq!(what(vec![]), "there is no question");
        assert_eq!(what(vec![q(), q()]), "the name stands there already");
        assert_eq!(what(vec![Node::new(NodeType::Text, "a b")]), "not a name");
        assert_eq!(what(vec![q(), inside(0, Node::new(NodeType::Text, "r"))]), "the section around it is not open");
        assert_eq!(what(vec![Node::new(NodeType::SelectOne, "s")]), "a select without choices");
        let mut triggered = q();
        triggered.trigger = vec![9];
        assert_eq!(what(vec![triggered]), "its trigger does not exist");
        let mut select = Node::new(NodeType::SelectOne, "s");
        select.choices = Some(Choices { from: Source::List(7), filter: String::new() });
        assert_eq!(what(vec![select]), "the list of its choices does not exist");
        let deep = (0..40).map(|i| {
            let node = Node::new(NodeType::Group, format!("g{i}"));
            if i == 0 { node } else { inside(i - 1, node) }
        });
        assert_eq!(what(deep.chain([q()]).collect()), "sections are nested too deeply");
    }

    #[test]
    fn hostile_bytes_end_in_an_error() {
        for bytes in [&b""[..], b"null", b"{}", b"[[[[", b"{\"format\":1e999}", "[".repeat(100_000).as_bytes()] {
            assert!(matches!(Questionnaire::read(bytes), Err(PackageError::Malformed(_))));
        }
        let newer = String::from_utf8(package(vec![Node::new(NodeType::Text, "q")]).write())
            .expect("JSON")
            .replace("\"format\":1", "\"format\":2");
        assert_eq!(Questionnaire::read(newer.as_bytes()).unwrap_err(), PackageError::Format(2));
    }
}
