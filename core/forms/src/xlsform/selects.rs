//! Selects of the survey: where their choices come from, `or_other`, and tables beside the form.

use super::columns::SheetRow;
use super::diagnostics::did_you_mean;
use super::parameters;
use super::survey::Reader;
use super::types::From;
use crate::package::{Choices, Node, NodeType, Source, Text};

impl<'a> Reader<'a, '_> {
    pub(super) fn select(&mut self, row: SheetRow<'a>, kind: NodeType, list: &str, from: From, or_other: bool) {
        let filter = self.get(row, "choice_filter").unwrap_or_default().to_owned();
        let from_file = from == From::File;
        let from = self.choices_of(row, kind, list, from);
        let Some(at) = self.add(row, kind) else { return };
        for (code, message, hint) in parameters::check_select(&self.survey.nodes[at], from_file) {
            self.error(row, "parameters", code, message, hint);
        }
        self.needs_label(row, at);
        if let Some(Source::Rows(_)) = from {
            self.survey.from_rows.push((at, list.to_owned()));
        }
        if or_other && !filter.is_empty() {
            let hint = "add a choice 'other' to the list and a text question that is relevant when it is chosen";
            self.error(row, "choice_filter", "filter-with-other", "or_other cannot have a choice_filter", hint);
        } else if or_other {
            self.or_other(row, at, from.as_ref());
        }
        self.survey.nodes[at].choices = from.map(|from| Choices { from, filter });
    }

    fn or_other(&mut self, row: SheetRow<'a>, select: usize, from: Option<&Source>) {
        let Some(Source::List(list)) = from else {
            if from.is_some() {
                let hint = "or_other needs a list of the sheet choices";
                self.error(row, "type", "other-without-list", "or_other cannot be used here", hint);
            }
            return;
        };
        if self.languages.names.len() > 1 {
            let message = "or_other is shown in English in every language";
            let hint = "add a choice 'other' to the list and a text question that is relevant when it is chosen";
            self.warn(row, "type", "other-in-english", message, hint);
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
                    let message = format!("the choice '{}' of the list '{list}' has a space in its name", spaced.name);
                    let hint = "several answers are kept with spaces between them: write _ instead";
                    self.error(row, "type", "space-in-choice", message, hint);
                }
                Some(Source::List(at as u32))
            }
        }
    }

    fn no_such_list(&mut self, row: SheetRow<'a>, list: &str) {
        let (message, hint) = if self.lists.lists.is_empty() {
            let near = self.near_choices.first().map(|near| format!("is the sheet '{near}' meant to be 'choices'?"));
            let hint =
                near.unwrap_or_else(|| "add a sheet 'choices' with the columns list_name, name and label".into());
            ("the form has no sheet 'choices'".to_owned(), hint)
        } else {
            let hint = did_you_mean(list, self.lists.names(), "see the column list_name of the sheet choices");
            (format!("the list '{list}' is not on the sheet choices"), hint)
        };
        self.error(row, "type", "unknown-list", message, hint);
    }

    fn external_of(&mut self, row: SheetRow<'a>, list: &str) -> Option<usize> {
        if self.get(row, "choice_filter").is_none() {
            let message = "select_one_external is meant for filtered lists";
            self.warn(row, "choice_filter", "external-without-filter", message, "use select_one");
        }
        // a list of both sheets: the one of external_choices is kept under a name that no author can write
        let own = format!("{list} (external_choices)");
        if let Some(at) = self.lists.index(&own) {
            return Some(at);
        }
        let Some(external) = self.external.get(list) else {
            let hint = match (self.external.lists.is_empty(), self.near_external.first()) {
                (false, _) => did_you_mean(list, self.external.names(), "see its column list_name"),
                (true, Some(near)) => format!("is the sheet '{near}' meant to be 'external_choices'?"),
                (true, None) => "add a sheet 'external_choices' with the columns list_name and name".into(),
            };
            let message = format!("the list '{list}' is not on the sheet external_choices");
            self.error(row, "type", "unknown-list", message, hint);
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
            let message = format!("'{file}' is no file that choices can come from");
            self.error(row, "type", "bad-file-name", message, "use a .csv file with the columns name and label");
            return None;
        }
        let given = parameters::parse(self.get(row, "parameters").unwrap_or_default()).unwrap_or_default();
        let column = |key: &str| given.get(key).map(String::as_str);
        let at = self.tables.read(file, column("value"), column("label"), self.lists, self.languages);
        at.map_err(|(message, hint)| self.error(row, "type", "file-beside", message, hint)).ok()
    }

    pub(super) fn table_beside(&mut self, row: SheetRow<'a>, ending: &str) {
        let Some(name) = self.get(row, "name") else {
            let hint = "the name is that of the file, without its ending";
            self.error(row, "name", "no-name", "the row has no name", hint);
            return;
        };
        if !self.names.entry(None).or_default().insert(format!("\0table {name}")) {
            let message = format!("the table '{name}' is named twice");
            self.error(row, "name", "duplicate-table", message, "one row is enough for the whole form");
            return;
        }
        let file = format!("{name}.{ending}");
        if let Err((message, hint)) = self.tables.read(&file, None, None, self.lists, self.languages) {
            self.error(row, "name", "file-beside", message, hint);
        }
    }
}
