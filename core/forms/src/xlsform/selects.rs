//! Selects of the survey: where their choices come from, `or_other`, and tables beside the form.

use super::columns::SheetRow;
use super::parameters;
use super::phrase::did_you_mean;
use super::survey::Reader;
use super::types::From;
use crate::package::{Choices, Node, NodeType, Source, Text};
use crate::say;

impl<'a> Reader<'a, '_> {
    pub(super) fn select(&mut self, row: SheetRow<'a>, kind: NodeType, list: &str, from: From, or_other: bool) {
        let filter = self.get(row, "choice_filter").unwrap_or_default().to_owned();
        let from_file = from == From::File;
        let from = self.choices_of(row, kind, list, from);
        let Some(at) = self.add(row, kind) else { return };
        for problem in parameters::check_select(&self.survey.nodes[at], from_file) {
            self.error(row, "parameters", problem);
        }
        self.needs_label(row, at);
        if let Some(Source::Rows(_)) = from {
            self.survey.from_rows.push((at, list.to_owned()));
        }
        if or_other && !filter.is_empty() {
            self.error(row, "choice_filter", say!("filter-with-other").hint(say!("other-hint")));
        } else if or_other {
            self.or_other(row, at, from.as_ref());
        }
        self.survey.nodes[at].choices = from.map(|from| Choices { from, filter });
    }

    fn or_other(&mut self, row: SheetRow<'a>, select: usize, from: Option<&Source>) {
        let Some(Source::List(list)) = from else {
            if from.is_some() {
                self.error(row, "type", say!("other-without-list"));
            }
            return;
        };
        if self.languages.names.len() > 1 {
            self.warn(row, "type", say!("other-in-english").hint(say!("other-hint")));
        }
        self.lists.add_other(*list as usize);
        let name = self.survey.nodes[select].name.clone();
        let mut node = Node::new(NodeType::Text, format!("{name}_other"));
        node.relevant = format!("selected(${{{name}}}, 'other')");
        node.label = Text(vec!["Specify other.".into(); self.languages.names.len()]);
        (node.row, node.sealed_only) = (row.number as u32, self.survey.nodes[select].sealed_only);
        self.push(node, Some(row));
    }

    /// The list of a select. A fault is told here; the answer is then none.
    fn choices_of(&mut self, row: SheetRow<'a>, kind: NodeType, list: &str, from: From) -> Option<Source> {
        match from {
            From::File => self.file_of(row, list).map(|at| Source::List(at as u32)),
            From::ExternalChoices => self.external_of(row, list).map(|at| Source::List(at as u32)),
            From::Choices if list.starts_with("${") => Some(Source::Rows(0)),
            // pyxform reads a file name here too, whatever the word says
            From::Choices if list.ends_with(".csv") => self.file_of(row, list).map(|at| Source::List(at as u32)),
            From::Choices => {
                let Some(at) = self.lists.index(list) else {
                    self.no_such_list(row, list);
                    return None;
                };
                let spaced = self.lists.lists[at].choices.iter().find(|choice| choice.name.contains(' '));
                if let Some(spaced) = spaced.filter(|_| matches!(kind, NodeType::SelectMultiple | NodeType::Rank)) {
                    self.error(row, "type", say!("space-in-choice", choice = spaced.name, list));
                }
                Some(Source::List(at as u32))
            }
        }
    }

    fn no_such_list(&mut self, row: SheetRow<'a>, list: &str) {
        let problem = match (self.lists.lists.is_empty(), self.near_choices.first()) {
            (false, _) => say!("unknown-list", list).hint(say!("see-list-names")).meant(list, self.lists.names()),
            (true, None) => say!("no-choices").coded("unknown-list"),
            (true, Some(near)) => say!("no-choices").coded("unknown-list").hint(say!("near-choices", near)),
        };
        self.error(row, "type", problem);
    }

    fn external_of(&mut self, row: SheetRow<'a>, list: &str) -> Option<usize> {
        if self.get(row, "choice_filter").is_none() {
            self.warn(row, "choice_filter", say!("external-without-filter"));
        }
        // a list of both sheets: the one of external_choices is kept under a name that no author can write
        let own = format!("{list} (external_choices)");
        if let Some(at) = self.lists.index(&own) {
            return Some(at);
        }
        let Some(external) = self.external.get(list) else {
            let hint = match (self.external.lists.is_empty(), self.near_external.first()) {
                (false, _) => did_you_mean(list, self.external.names(), say!("see-its-list-names")),
                (true, Some(near)) => say!("near-external", near),
                (true, None) => say!("no-external-hint"),
            };
            self.error(row, "type", say!("unknown-external-list", list).coded("unknown-list").hint(hint));
            return None;
        };
        let mut copy = external.clone();
        copy.name = own;
        Some(self.lists.add(copy))
    }

    /// The table of a `select_..._from_file`.
    fn file_of(&mut self, row: SheetRow<'a>, file: &str) -> Option<usize> {
        let (stem, ending) = file.rsplit_once('.').unwrap_or((file, ""));
        if !matches!(ending, "csv" | "xml" | "geojson") || stem.contains('.') {
            self.error(row, "type", say!("bad-file-name", file));
            return None;
        }
        let given = parameters::parse(self.get(row, "parameters").unwrap_or_default()).unwrap_or_default();
        let column = |key: &str| given.get(key).map(String::as_str);
        let at = self.tables.read(file, column("value"), column("label"), self.lists, self.languages);
        match at {
            Ok(at) => {
                self.file_notes(row, "type", at, true);
                Some(at)
            }
            Err(problem) => {
                self.error(row, "type", problem);
                None
            }
        }
    }

    fn file_notes(&mut self, row: SheetRow<'a>, column: &str, list: usize, choices: bool) {
        for problem in self.tables.take_notes(list, choices) {
            self.warn(row, column, problem);
        }
    }

    pub(super) fn table_beside(&mut self, row: SheetRow<'a>, ending: &str) {
        let Some(name) = self.get(row, "name") else {
            self.error(row, "name", say!("no-name").hint(say!("table-name-hint")));
            return;
        };
        if !self.names.entry(None).or_default().insert(format!("\0table {name}")) {
            self.error(row, "name", say!("duplicate-table", name));
            return;
        }
        let file = format!("{name}.{ending}");
        match self.tables.read(&file, None, None, self.lists, self.languages) {
            Ok(at) => self.file_notes(row, "name", at, false),
            Err(problem) => self.error(row, "name", problem),
        }
    }
}
