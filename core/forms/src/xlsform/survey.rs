//! The rows of the survey sheet as nodes: types, names, sections that open and close, choices, parameters.
//!
//! Expressions are only carried here; `references` reads them when every name is known.

use super::attachments::ExternalFiles;
use super::choices::Lists;
use super::columns::{SheetRow, SheetTable};
use super::diagnostics::Diagnostics;
use super::languages::Languages;
use super::parameters;
use super::phrase::Problem;
use super::types::{Cure, Meaning, meaning, select_spellings, spellings};
use crate::package::{MAX_DEPTH, MAX_NODES, Node, NodeType, is_name};
use crate::say;
use std::collections::{HashMap, HashSet};

/// What the rows became.
pub struct Survey<'a> {
    pub nodes: Vec<Node>,
    /// The row of a node; none for a node that the compiler made.
    pub rows: Vec<Option<SheetRow<'a>>>,
    /// Settings that old forms put on this sheet.
    pub settings: Vec<(&'static str, String)>,
    /// Whether rows name tables beside the form.
    pub tables: bool,
    /// Selects whose choices are the answers of a repeat: (node, name in `${}`).
    pub from_rows: Vec<(usize, String)>,
}

/// What the rows are read with.
pub struct Reader<'a, 'b> {
    pub table: &'b SheetTable<'a>,
    pub languages: &'b Languages,
    pub lists: &'b mut Lists,
    pub external: &'b Lists,
    /// Sheet names that may be misspellings of `choices` and `external_choices`.
    pub near_choices: Vec<&'a str>,
    pub near_external: Vec<&'a str>,
    pub tables: &'b ExternalFiles<'b>,
    pub collapse: bool,
    pub root: &'b str,
    pub diagnostics: &'b mut Diagnostics,
    pub survey: Survey<'a>,
    /// The sections that are open: node, row.
    open: Vec<(usize, SheetRow<'a>)>,
    /// Names inside one section, with their lower-case forms and the tables beside the form.
    pub(super) names: HashMap<Option<u32>, HashSet<String>>,
    repeats: HashSet<String>,
}

impl<'a, 'b> Reader<'a, 'b> {
    pub fn new(
        table: &'b SheetTable<'a>,
        languages: &'b Languages,
        lists: &'b mut Lists,
        external: &'b Lists,
        tables: &'b ExternalFiles<'b>,
        diagnostics: &'b mut Diagnostics,
    ) -> Self {
        Self {
            table,
            languages,
            lists,
            external,
            near_choices: Vec::new(),
            near_external: Vec::new(),
            tables,
            collapse: true,
            root: "data",
            diagnostics,
            survey: Survey {
                nodes: Vec::new(),
                rows: Vec::new(),
                settings: Vec::new(),
                tables: false,
                from_rows: Vec::new(),
            },
            open: Vec::new(),
            names: HashMap::new(),
            repeats: HashSet::new(),
        }
    }

    pub fn read(mut self) -> Survey<'a> {
        for row in self.table.rows() {
            if self.survey.nodes.len() >= MAX_NODES {
                self.diagnostics
                    .error(self.table.place(row, ""), say!("survey-too-large", most = MAX_NODES).coded("too-large"));
                break;
            }
            self.row(row);
        }
        for (node, row) in std::mem::take(&mut self.open) {
            let node = &self.survey.nodes[node];
            let word = if node.kind == NodeType::Group { "group" } else { "repeat" };
            self.diagnostics.error(self.table.place(row, "type"), say!("unclosed-section", word, name = node.name));
        }
        self.survey
    }

    pub(super) fn get(&self, row: SheetRow<'a>, key: &str) -> Option<&'a str> {
        self.table.get(row, key)
    }

    pub(super) fn error(&mut self, row: SheetRow<'a>, key: &str, problem: impl Into<Problem>) {
        self.diagnostics.error(self.table.place(row, key), problem);
    }

    pub(super) fn warn(&mut self, row: SheetRow<'a>, key: &str, problem: impl Into<Problem>) {
        self.diagnostics.warn(self.table.place(row, key), problem);
    }

    fn row(&mut self, row: SheetRow<'a>) {
        if let Some(disabled) = self.get(row, "disabled") {
            self.warn(row, "disabled", say!("disabled-column"));
            if yes_no(disabled) == Some(true) {
                return;
            }
        }
        let Some(word) = self.get(row, "type") else {
            if self.get(row, "name").is_some() || self.table.texts(row, "label").next().is_some() {
                self.error(row, "type", say!("no-type"));
            } else {
                self.warn(row, "", say!("comment-row"));
            }
            return;
        };
        let word = word.split_whitespace().collect::<Vec<_>>().join(" ");
        match meaning(&word) {
            Meaning::Begin(kind) => self.begin(row, kind),
            Meaning::End(kind) => self.end(row, kind),
            Meaning::Question(kind) => self.question(row, kind),
            Meaning::Ruled(kind, rule) => {
                if let Some(node) = self.add(row, kind) {
                    let own = std::mem::take(&mut self.survey.nodes[node].constraint);
                    let both = if own.is_empty() { rule.to_owned() } else { format!("({own}) and {rule}") };
                    self.survey.nodes[node].constraint = both;
                    self.needs_label(row, node);
                }
            }
            Meaning::Property(property) => {
                if matches!(property, "simserial" | "subscriberid") {
                    self.warn(row, "type", say!("deprecated-type", property).hint(say!("remove-row")));
                }
                if let Some(node) = self.add(row, NodeType::Property) {
                    self.survey.nodes[node].parameters.insert("property".into(), property.into());
                }
            }
            Meaning::Select { kind, list, from, or_other } => self.select(row, kind, list, from, or_other),
            Meaning::Table(ending) => {
                self.survey.tables = true;
                self.table_beside(row, ending);
            }
            Meaning::Setting(key) => {
                self.survey.settings.push((key, self.get(row, "name").unwrap_or_default().to_owned()));
            }
            Meaning::Carried(cure) => self.carried(row, &word, cure),
            Meaning::Dropped(cure) => self.warn(row, "type", say!("type-left-out", word).hint(cure.phrase())),
            Meaning::Refused(cure) => self.error(row, "type", say!("unsupported-type", word).hint(cure.phrase())),
            Meaning::NoList => self.error(row, "type", say!("no-list", word)),
            Meaning::Unknown => self.unknown_type(row, &word),
        }
    }

    fn unknown_type(&mut self, row: SheetRow<'a>, word: &str) {
        let select = select_spellings().find(|select| word.starts_with(&format!("{select} ")));
        let first = word.split(' ').next().unwrap_or_default();
        let unknown = say!("unknown-type", word);
        let problem = match select {
            Some(select) => unknown.hint(say!("space-in-list-hint", select)),
            None => unknown.hint(say!("see-types")).meant(word, spellings()),
        };
        let problem = if word == first { problem } else { problem.meant(first, select_spellings()) };
        self.error(row, "type", problem);
    }

    /// Adds the node of a row with all columns that every type shares; none if it cannot have a name.
    pub(super) fn add(&mut self, row: SheetRow<'a>, kind: NodeType) -> Option<usize> {
        let name = match self.get(row, "name") {
            Some(name) => name.to_owned(),
            None if kind == NodeType::Note => format!("generated_note_name_{}", row.number),
            None => {
                self.error(row, "name", say!("no-name"));
                return None;
            }
        };
        if !is_name(&name) {
            self.error(row, "name", say!("bad-name", name));
            return None;
        }
        let mut node = Node::new(kind, name);
        node.row = row.number as u32;
        let text = |key: &str| self.languages.text(self.table, row, key);
        (node.label, node.hint, node.guidance) = (text("label"), text("hint"), text("guidance_hint"));
        (node.constraint_message, node.required_message) = (text("constraint_message"), text("required_message"));
        node.media = self.languages.media(self.table, row);
        if self.collapse {
            let texts = [
                &mut node.label,
                &mut node.hint,
                &mut node.guidance,
                &mut node.constraint_message,
                &mut node.required_message,
            ];
            texts.into_iter().flat_map(|text| text.0.iter_mut()).for_each(collapse);
        }
        let plain = |key: &str| self.get(row, key).unwrap_or_default().to_owned();
        let rule = |key: &str| truth(plain(key));
        (node.relevant, node.constraint, node.calculation) =
            (rule("relevant"), rule("constraint"), rule("calculation"));
        (node.required, node.readonly) = (rule("required"), rule("readonly"));
        (node.appearance, node.repeat_count) = (plain("appearance"), plain("repeat_count"));
        (node.fact, node.role, node.prefill) = (plain("fact"), plain("role"), plain("prefill"));
        if let Some(cell) = self.get(row, "sealed_only") {
            node.sealed_only = yes_no(cell).unwrap_or_else(|| {
                self.error(row, "sealed_only", say!("bad-truth", cell));
                true
            });
        }
        match self.get(row, "default") {
            Some(default) if parameters::is_dynamic(default, kind) => node.initial = default.to_owned(),
            Some(default) => node.default = default.to_owned(),
            None => {}
        }
        if let Some(autoplay) = self.get(row, "autoplay") {
            node.parameters.insert("autoplay".into(), autoplay.to_owned());
        }
        if let Some(rows) = self.get(row, "rows").filter(|_| kind == NodeType::Text) {
            node.parameters.insert("rows".into(), rows.to_owned());
        }
        let raw = self.get(row, "parameters").unwrap_or_default();
        match parameters::parse(raw) {
            Ok(parsed) => node.parameters.extend(parsed),
            Err(()) => self.error(row, "parameters", say!("bad-parameters")),
        }
        Some(self.push(node, Some(row)))
    }

    /// Puts a node under the open section and checks that its name is free there.
    pub(super) fn push(&mut self, mut node: Node, row: Option<SheetRow<'a>>) -> usize {
        node.parent = self.open.last().map(|(section, _)| *section as u32);
        let at = self.table.place_of(row, "name");
        let names = self.names.entry(node.parent).or_default();
        let (name, lower) = (node.name.clone(), format!("\0{}", node.name.to_lowercase()));
        if name == "meta" {
            self.diagnostics.error(at, say!("reserved-name").hint(say!("choose-another-name")));
        } else if !names.insert(name.clone()) {
            self.diagnostics.error(at, say!("duplicate-name", name).hint(say!("rename-one")));
        } else if !names.insert(lower) {
            self.diagnostics.warn(at, say!("similar-name", name));
        }
        if node.kind == NodeType::Repeat {
            if name == self.root {
                self.diagnostics
                    .error(at, say!("repeat-like-form", name).coded("repeat-name").hint(say!("rename-repeat")));
            } else if !self.repeats.insert(name.clone()) {
                self.diagnostics.error(at, say!("repeat-name", name));
            }
        }
        self.survey.nodes.push(node);
        self.survey.rows.push(row);
        self.survey.nodes.len() - 1
    }

    fn begin(&mut self, row: SheetRow<'a>, kind: NodeType) {
        if self.open.len() == MAX_DEPTH {
            self.error(row, "type", say!("too-deep", most = MAX_DEPTH));
        }
        // `repeat_count` that is more than one reference: the number stands in a calculate of its own, before the rows
        if kind == NodeType::Repeat
            && let (Some(count), Some(name)) = (self.get(row, "repeat_count"), self.get(row, "name"))
            && !is_reference(count)
            && is_name(name)
        {
            let mut node = Node::new(NodeType::Calculate, format!("{name}_count"));
            (node.calculation, node.row) = (count.to_owned(), row.number as u32);
            self.push(node, Some(row));
        }
        // a section without a usable name still opens, so that its end is not called unmatched
        let node = self.add(row, kind).unwrap_or_else(|| {
            let name = format!("unnamed_section_{}", row.number);
            self.push(Node::new(kind, name), Some(row))
        });
        let section = &mut self.survey.nodes[node];
        if kind == NodeType::Repeat {
            if !section.repeat_count.is_empty() && !is_reference(&section.repeat_count) {
                section.repeat_count = format!("${{{}_count}}", section.name);
            }
            if section.label.is_empty() && section.media.is_empty() {
                self.diagnostics
                    .warn(self.table.place(row, "label"), say!("repeat-without-label", name = section.name));
            }
        } else if section.appearance.split_whitespace().any(|word| word == "table-list") {
            section.appearance = format!("field-list {}", section.appearance);
        }
        self.open.push((node, row));
    }

    fn end(&mut self, row: SheetRow<'a>, kind: NodeType) {
        let word = if kind == NodeType::Group { "group" } else { "repeat" };
        match self.open.last() {
            Some((section, _)) if self.survey.nodes[*section].kind == kind => {
                self.open.pop();
            }
            Some((section, begun)) => {
                let open = &self.survey.nodes[*section];
                self.error(row, "type", say!("unmatched-end", word, name = open.name, row = begun.number));
            }
            None => self.error(row, "type", say!("end-without-begin", word).coded("unmatched-end")),
        }
    }

    fn question(&mut self, row: SheetRow<'a>, kind: NodeType) {
        let Some(at) = self.add(row, kind) else { return };
        let node = &self.survey.nodes[at];
        if kind == NodeType::Calculate && node.calculation.is_empty() && node.initial.is_empty() {
            self.error(row, "calculation", say!("no-calculation"));
        }
        for problem in parameters::check(&mut self.survey.nodes[at], self.lists) {
            self.error(row, "parameters", problem);
        }
        self.needs_label(row, at);
    }

    /// Whoever shall answer must see something. A question that nobody sees but that a calculation fills is a calculate;
    /// one that only a trigger clears is hidden.
    pub(super) fn needs_label(&mut self, row: SheetRow<'a>, at: usize) {
        let triggered = self.get(row, "trigger").is_some();
        let node = &mut self.survey.nodes[at];
        if node.media.contains_key("big-image") && !node.media.contains_key("image") {
            self.diagnostics.error(self.table.place(row, "big-image"), say!("big-image"));
        }
        let seen = !node.label.is_empty() || !node.hint.is_empty() || !node.media.is_empty();
        if seen || !node.kind.is_shown() {
            return;
        }
        let heads_a_table = node.appearance.split_whitespace().any(|word| matches!(word, "label" | "list-nolabel"));
        if !node.calculation.is_empty() || triggered {
            let kind = if node.calculation.is_empty() { NodeType::Hidden } else { NodeType::Calculate };
            let meant = std::mem::replace(&mut node.kind, kind);
            node.parameters.insert("type".into(), format!("{meant:?}").to_lowercase());
        } else if !heads_a_table {
            self.diagnostics.error(self.table.place(row, "label"), say!("no-label", name = node.name));
        }
    }

    fn carried(&mut self, row: SheetRow<'a>, word: &str, cure: Cure) {
        let trigger = self.get(row, "trigger").is_some();
        if word == "background-geopoint" && (!trigger || self.get(row, "calculation").is_some()) {
            let column = if trigger { "calculation" } else { "trigger" };
            self.error(row, column, say!("background-geopoint").coded("bad-trigger").hint(cure.phrase()));
        }
        self.warn(row, "type", say!("type-not-filled", word).hint(cure.phrase()));
        if let Some(node) = self.add(row, NodeType::Hidden) {
            self.survey.nodes[node].parameters.insert("type".into(), word.to_owned());
        }
    }
}

/// `yes`, `true()` ... as truth.
pub fn yes_no(cell: &str) -> Option<bool> {
    match cell {
        "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "true()" => Some(true),
        "no" | "No" | "NO" | "false" | "False" | "FALSE" | "false()" => Some(false),
        _ => None,
    }
}

/// `yes` and its like as the expression they mean; any other expression as it is.
fn truth(cell: String) -> String {
    match yes_no(&cell) {
        Some(true) => "true()".into(),
        Some(false) => "false()".into(),
        None => cell,
    }
}

/// Whether a cell is one `${name}` and nothing else.
fn is_reference(cell: &str) -> bool {
    let inner = cell.strip_prefix("${").and_then(|rest| rest.strip_suffix('}'));
    inner.is_some_and(|name| is_name(name.strip_prefix("last-saved#").unwrap_or(name)))
}

/// Runs of spaces are one space.
fn collapse(text: &mut String) {
    if text.contains("  ") {
        let mut last = ' ';
        text.retain(|c| {
            let keep = c != ' ' || last != ' ';
            last = c;
            keep
        });
    }
}
