//! A compiled questionnaire: the small package that an XLSForm becomes, once, off the phone.
//!
//! The package is JSON. It holds the survey as a flat list of [`Node`]s in the order of the form, each with the index
//! of the group or repeat around it; lists of choices (also those that came as CSV); rules as text of the expression
//! language, which are parsed once when the package is read; every text in all languages. A reader meets hostile
//! bytes: sizes, depth and every index are checked, and what does not fit is a [`PackageError`].
//!
//! Reading a workbook and making a package of it is the business of `questionnaire::xlsform`.

#[cfg(feature = "authoring")]
pub mod xlsform;

use crate::envelope::{Digest, sha256};
use crate::interview::{Program, RuleFault};
use crate::record::Kind;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

/// The version of the package format that this build writes, and the only one it reads.
pub const FORMAT: u32 = 1;
/// A package is at most this long (32 MiB).
pub const MAX_LEN: usize = 32 << 20;
/// Rows of the survey, at most.
pub const MAX_NODES: usize = 20_000;
/// Groups and repeats in each other, at most.
pub const MAX_DEPTH: usize = 32;
/// Choices of all lists together, at most.
pub const MAX_CHOICES: usize = 300_000;
/// Languages, at most.
pub const MAX_LANGUAGES: usize = 64;

/// One text in all languages, in the order of [`Package::languages`]; empty where there is no translation. A text
/// that no language has is an empty list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Text(pub Vec<String>);

impl Text {
    /// Whether no language has it.
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(String::is_empty)
    }
    /// The text in a language; where it is missing, in the default language; else in the first that has it.
    pub fn get(&self, language: usize, default: usize) -> &str {
        let at = |i: usize| self.0.get(i).map(String::as_str).filter(|text| !text.is_empty());
        at(language).or_else(|| at(default)).or_else(|| (0..self.0.len()).find_map(at)).unwrap_or("")
    }
}

/// What a row of the survey is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NodeType {
    Group,
    Repeat,
    #[default]
    Text,
    Integer,
    Decimal,
    /// A number from `parameters`: start, end, step.
    Range,
    Date,
    Time,
    DateTime,
    SelectOne,
    SelectMultiple,
    /// All choices, put in order.
    Rank,
    /// Text to read, without an answer.
    Note,
    /// A box to tick; its answer is `OK`.
    Acknowledge,
    Barcode,
    Geopoint,
    Geotrace,
    Geoshape,
    Image,
    Audio,
    Video,
    File,
    /// Computed, never drawn.
    Calculate,
    /// Kept, never drawn: for defaults and triggers.
    Hidden,
    /// When the interview was started (date and time), by the learned time.
    Start,
    /// When it was last changed.
    End,
    /// The civil day it was started.
    Today,
    /// A property of the device or its user (`deviceid`, `username`, `email`, `phonenumber`); the `prefill` of the node,
    /// or nothing: this core reads no identity of a phone.
    Property,
}

impl NodeType {
    /// A group or a repeat: has nodes inside and no value.
    pub fn is_section(self) -> bool {
        matches!(self, NodeType::Group | NodeType::Repeat)
    }
    /// Drawn on a page (a section is drawn through what it holds).
    pub fn is_shown(self) -> bool {
        use NodeType::*;
        !matches!(self, Group | Repeat | Calculate | Hidden | Start | End | Today | Property)
    }
    pub fn is_select(self) -> bool {
        matches!(self, NodeType::SelectOne | NodeType::SelectMultiple | NodeType::Rank)
    }
}

/// Where the choices of a select come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// Index in [`Package::lists`].
    List(u32),
    /// A question inside a repeat: every row with an answer is a choice (`select_one ${name}`). Index of the node.
    Rows(u32),
}

/// The choices of a select question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Choices {
    pub from: Source,
    /// `choice_filter`: plain names are the columns of the list, `${name}` are answers.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub filter: String,
}

/// One row of the survey. Expressions are text of the expression language as the author wrote it (smart quotes made
/// plain), empty where there is none. Labels, hints and messages may hold `${name}`, or any `${expression}`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Node {
    #[serde(rename = "type")]
    pub kind: NodeType,
    /// An XML name.
    pub name: String,
    /// Index of the group or repeat around it, which stands before it. The nodes of a section follow it directly.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<u32>,
    #[serde(default, skip_serializing_if = "Text::is_empty")]
    pub label: Text,
    #[serde(default, skip_serializing_if = "Text::is_empty")]
    pub hint: Text,
    /// `guidance_hint`.
    #[serde(default, skip_serializing_if = "Text::is_empty")]
    pub guidance: Text,
    /// By kind: `image`, `big-image`, `audio`, `video`; names of files.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub media: BTreeMap<String, Text>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub relevant: String,
    /// An expression: `yes` of the workbook is `true()` here.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub required: String,
    #[serde(default, skip_serializing_if = "Text::is_empty")]
    pub required_message: Text,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub constraint: String,
    #[serde(default, skip_serializing_if = "Text::is_empty")]
    pub constraint_message: Text,
    /// An expression: `yes` of the workbook is `true()` here.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub readonly: String,
    /// With `trigger`, evaluated when one of those answers changes; without, whenever anything it reads changes.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub calculation: String,
    /// Indices of the nodes that set off the calculation.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub trigger: Vec<u32>,
    /// Static default, as an answer is written.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub default: String,
    /// Dynamic default: an expression, evaluated once when the interview, or the row, begins.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub initial: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub choices: Option<Choices>,
    /// Of a repeat: how many rows. Empty: the person adds rows.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub repeat_count: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub appearance: String,
    /// Column `parameters`, and the payload of types that this core does not interpret.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub parameters: BTreeMap<String, String>,
    /// The entry of `facts.csv` that the answer becomes.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub fact: String,
    /// What the core needs to know this question for: `consent`, `statistics`, `code` ...
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub role: String,
    /// What the device knows already: `device.province`, `device.commune`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub prefill: String,
    /// Never leaves the sealed case.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub sealed_only: bool,
    /// Row of the sheet, from 1; 0 where it came from no row.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub row: u32,
}

fn is_zero(n: &u32) -> bool {
    *n == 0
}

impl Node {
    /// A node with a name and nothing else.
    pub fn new(kind: NodeType, name: impl Into<String>) -> Self {
        Self { kind, name: name.into(), ..Self::default() }
    }
    /// A group whose questions stand on one page.
    pub fn is_field_list(&self) -> bool {
        self.kind.is_section() && self.appearance.split_whitespace().any(|word| word == "field-list")
    }
}

/// One choice.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Choice {
    pub name: String,
    #[serde(default, skip_serializing_if = "Text::is_empty")]
    pub label: Text,
    /// In the order of [`List::columns`]; a missing tail is blank.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub media: BTreeMap<String, Text>,
}

/// A list of choices, or a table that came as CSV (`select_one_from_file`, `pulldata`): then `name` is the file's name
/// without its ending.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct List {
    pub name: String,
    /// Names of the columns beyond `name` and `label`, which every list has.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<String>,
    pub choices: Vec<Choice>,
}

/// A row of the sheet `indicators`: which answer raises which code.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Indicator {
    /// Index of the question.
    pub question: u32,
    /// A choice; `!NAME` for any other choice; or a comparison like `<18`.
    pub answer: String,
    pub code: String,
    #[serde(default, skip_serializing_if = "Text::is_empty")]
    pub label: Text,
    /// `act`, `purpose`, `urgent`, `flag`, `need`, `observation`, `means`, or empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub kind: String,
    /// `DR`, `CR`, `RV`, `EX`, `CD`, `AV`, or empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub dimension: String,
    /// By profile (`AL`, `CL`, `AS`, `CS`): `S`, `M` or `W`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub weights: BTreeMap<String, String>,
    /// An expression that must hold besides, or empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub condition: String,
    /// The fact that the code becomes.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub fact: String,
    /// How the assume run takes an unknown answer: `yes`, `floor`, `purpose`, `never`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub assume: String,
}

/// What stands in the file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Package {
    /// [`FORMAT`].
    pub format: u32,
    /// `form_id`.
    pub id: String,
    pub title: String,
    pub version: String,
    /// What its records tell.
    pub kind: Kind,
    /// What one record counts: `people`, `screenings`, `referrals` ...
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub unit: String,
    /// As the workbook names them: `English (en)`, or one empty name where the form has one language without a name.
    pub languages: Vec<String>,
    /// Index in `languages`.
    #[serde(default)]
    pub default_language: usize,
    pub nodes: Vec<Node>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lists: Vec<List>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub indicators: Vec<Indicator>,
    /// Other settings of the workbook, as they stand (`style`, `instance_name` ...).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub settings: BTreeMap<String, String>,
}

/// Why a package cannot be used.
#[derive(Debug, thiserror::Error, Clone, PartialEq, Eq)]
pub enum PackageError {
    #[error("longer than a package may be")]
    Oversize,
    #[error("not the JSON of a package: {0}")]
    Malformed(String),
    #[error("a package of format {0}; this build reads format {FORMAT}")]
    Format(u32),
    #[error("{what}{}", .node.as_ref().map(|name| format!(" (at {name})")).unwrap_or_default())]
    Invalid { node: Option<String>, what: &'static str },
    /// Expressions that cannot be used; all of them.
    #[error("{} (at {})", .0[0].1.fault, .0[0].0)]
    Rules(Vec<(String, RuleFault)>),
}

/// A questionnaire that was checked and is ready for interviews. What the package holds is read through it
/// (`questionnaire.id`, `questionnaire.nodes` ...).
#[derive(Clone)]
pub struct Questionnaire {
    package: Package,
    digest: Digest,
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
        if bytes.len() > MAX_LEN {
            return Err(PackageError::Oversize);
        }
        let mut package: Package = serde_json::from_slice(bytes).map_err(|e| PackageError::Malformed(e.to_string()))?;
        // it stays as long as the interview: nothing is kept for rows to come
        package.nodes.shrink_to_fit();
        for Node { label, constraint_message, .. } in &mut package.nodes {
            label.0.shrink_to_fit();
            constraint_message.0.shrink_to_fit();
        }
        Self::ready(package, sha256(bytes))
    }

    /// Makes a questionnaire of what the compiler produced.
    pub fn new(package: Package) -> Result<Self, PackageError> {
        let digest = sha256(&package.write());
        Self::ready(package, digest)
    }

    fn ready(package: Package, digest: Digest) -> Result<Self, PackageError> {
        package.check()?;
        let program = Program::new(&package).map_err(|faults| {
            let named = |fault: RuleFault| (package.nodes[fault.node].name.clone(), fault);
            PackageError::Rules(faults.into_iter().map(named).collect())
        })?;
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
    pub fn sha256(&self) -> Digest {
        self.digest
    }
}

impl Package {
    /// The bytes of the package: JSON without spaces, fields in one fixed order, so that equal packages are equal bytes.
    pub fn write(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("a package has only text keys")
    }

    /// Index of a language by its full name, or by the code in brackets at its end: `fr` finds `Français (fr)`.
    pub fn language(&self, wanted: &str) -> Option<usize> {
        let code = |name: &str| name.rsplit_once('(').and_then(|(_, tail)| tail.strip_suffix(')')).map(str::to_owned);
        self.languages
            .iter()
            .position(|name| name == wanted)
            .or_else(|| self.languages.iter().position(|name| code(name).as_deref() == Some(wanted)))
    }

    /// A list by name.
    pub fn list(&self, name: &str) -> Option<&List> {
        self.lists.iter().find(|list| list.name == name)
    }

    /// The label of a choice in a language (default language where it is missing or unknown).
    pub fn choice_label(&self, list: &str, choice: &str, language: &str) -> Option<&str> {
        let choice = self.list(list)?.choices.iter().find(|c| c.name == choice)?;
        let language = self.language(language).unwrap_or(self.default_language);
        Some(choice.label.get(language, self.default_language)).filter(|label| !label.is_empty())
    }

    /// Index of the first node of this name.
    pub fn node(&self, name: &str) -> Option<usize> {
        self.nodes.iter().position(|node| node.name == name)
    }

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
        let mut names: BTreeSet<(Option<u32>, &str)> = BTreeSet::new();
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

/// Whether a text is an XML name without a colon, at most 250 bytes long.
pub fn is_name(text: &str) -> bool {
    let mut chars = text.chars();
    text.len() <= 250
        && chars.next().is_some_and(|c| c.is_alphabetic() || c == '_')
        && chars.all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.'))
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
