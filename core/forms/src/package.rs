//! What stands in the file of a questionnaire, field by field; `questionnaire` reads and checks it.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

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
#[serde(from = "Vec<String>")]
pub struct Text(pub Vec<String>);

impl From<Vec<String>> for Text {
    /// A form has thousands of texts: none keeps room for more.
    fn from(mut texts: Vec<String>) -> Self {
        texts.shrink_to_fit();
        Self(texts)
    }
}

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
    /// `begin group`: nodes that belong together.
    Group,
    /// `begin repeat`: nodes that are asked once for each row.
    Repeat,
    /// `text`: any text. [`Node::default`] is of this type.
    #[default]
    Text,
    /// `integer`: a whole number.
    Integer,
    /// `decimal`: a number, with its fraction.
    Decimal,
    /// A number from `parameters`: start, end, step.
    Range,
    /// `date`: a civil day.
    Date,
    /// `time`: a time of day.
    Time,
    /// `dateTime`: a day with a time of day.
    DateTime,
    /// `select_one`: one choice of a list.
    SelectOne,
    /// `select_multiple`: any number of choices of a list.
    SelectMultiple,
    /// All choices, put in order.
    Rank,
    /// Text to read, without an answer.
    Note,
    /// A box to tick; its answer is `OK`.
    Acknowledge,
    /// `barcode`: the text of a barcode.
    Barcode,
    /// `geopoint`: one place.
    Geopoint,
    /// `geotrace`: a line of at least two places.
    Geotrace,
    /// `geoshape`: an area with at least three places around it.
    Geoshape,
    /// `image`: a picture; its answer is the name of a file.
    Image,
    /// `audio`: a recording of sound; its answer is the name of a file.
    Audio,
    /// `video`: a film; its answer is the name of a file.
    Video,
    /// `file`: any other file; its answer is its name.
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
    /// Its answer names choices: of a list, or of the rows of a repeat.
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
    /// Where they stand.
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
    /// Column `type`.
    #[serde(rename = "type")]
    pub kind: NodeType,
    /// An XML name.
    pub name: String,
    /// Index of the group or repeat around it, which stands before it. The nodes of a section follow it directly.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<u32>,
    /// Column `label`: the question, or the title of the section.
    #[serde(default, skip_serializing_if = "Text::is_empty")]
    pub label: Text,
    /// Column `hint`: a short help for the person.
    #[serde(default, skip_serializing_if = "Text::is_empty")]
    pub hint: Text,
    /// `guidance_hint`.
    #[serde(default, skip_serializing_if = "Text::is_empty")]
    pub guidance: Text,
    /// By kind: `image`, `big-image`, `audio`, `video`; names of files.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub media: BTreeMap<String, Text>,
    /// Column `relevant`: an expression; where it is false, the node and all inside are not asked and have no value.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub relevant: String,
    /// An expression: `yes` of the workbook is `true()` here.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub required: String,
    /// What is said where a required answer is missing.
    #[serde(default, skip_serializing_if = "Text::is_empty")]
    pub required_message: Text,
    /// Column `constraint`: an expression that must be true of an answer; `.` is the answer.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub constraint: String,
    /// What is said where an answer breaks the constraint.
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
    /// Of a select or rank: where its choices stand, and which of them are on offer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub choices: Option<Choices>,
    /// Of a repeat: how many rows. Empty: the person adds rows.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub repeat_count: String,
    /// Column `appearance`, as the author wrote it: words with spaces between.
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
    /// Its expressions with the columns of the survey that they stand in; empty ones are left out.
    pub fn expressions(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let filter = self.choices.as_ref().map_or("", |choices| choices.filter.as_str());
        let all: [(&'static str, &str); 8] = [
            ("relevant", &self.relevant),
            ("constraint", &self.constraint),
            ("required", &self.required),
            ("readonly", &self.readonly),
            ("calculation", &self.calculation),
            ("default", &self.initial),
            ("choice_filter", filter),
            ("repeat_count", &self.repeat_count),
        ];
        all.into_iter().filter(|(_, expression)| !expression.is_empty())
    }
    /// Of a select: index of the list of its choices.
    pub fn list(&self) -> Option<u32> {
        match self.choices.as_ref()?.from {
            Source::List(list) => Some(list),
            Source::Rows(_) => None,
        }
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
    /// Column `name`: what is stored as the answer.
    pub name: String,
    /// Column `label`: what the person reads.
    #[serde(default, skip_serializing_if = "Text::is_empty")]
    pub label: Text,
    /// In the order of [`List::columns`]; a missing tail is blank.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<String>,
    /// By kind: `image`, `big-image`, `audio`, `video`; names of files.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub media: BTreeMap<String, Text>,
}

/// A list of choices, or a table that came as CSV (`select_one_from_file`, `pulldata`): then `name` is the file's name
/// without its ending.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct List {
    /// The name by which selects and expressions call it: column `list_name`.
    pub name: String,
    /// Names of the columns beyond `name` and `label`, which every list has.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<String>,
    /// The choices, in the order of the sheet or file.
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
    /// The code that is raised.
    pub code: String,
    /// Column `label`: the indicator in words.
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
    /// `form_title`; empty where the form has none.
    pub title: String,
    /// `version`; empty where the form has none.
    pub version: String,
    /// What its records tell, in a word of the domain.
    pub kind: String,
    /// What one record counts: `people`, `screenings`, `referrals` ...
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub unit: String,
    /// As the workbook names them: `English (en)`, or one empty name where the form has one language without a name.
    pub languages: Vec<String>,
    /// Index in `languages`.
    #[serde(default)]
    pub default_language: usize,
    /// The rows of the survey, in its order: a section stands before what it holds.
    pub nodes: Vec<Node>,
    /// The lists of choices and the tables; [`Source::List`] is an index in it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lists: Vec<List>,
    /// The rows of the sheet `indicators`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub indicators: Vec<Indicator>,
    /// Other settings of the workbook, as they stand (`style`, `instance_name` ...).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub settings: BTreeMap<String, String>,
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

    /// The label of a choice that a question offers from its list; none too where it has no list.
    pub fn answer_label(&self, question: &Node, choice: &str, language: &str) -> Option<&str> {
        self.choice_label(&self.lists.get(question.list()? as usize)?.name, choice, language)
    }

    /// Index of the first node of this name.
    pub fn node(&self, name: &str) -> Option<usize> {
        self.nodes.iter().position(|node| node.name == name)
    }
}

/// Whether a text is an XML name without a colon, at most 250 bytes long.
pub fn is_name(text: &str) -> bool {
    let mut chars = text.chars();
    text.len() <= 250
        && chars.next().is_some_and(|c| c.is_alphabetic() || c == '_')
        && chars.all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.'))
}
