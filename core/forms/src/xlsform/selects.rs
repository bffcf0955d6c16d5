//! Selects of the survey: where their choices come from, `or_other`, and tables beside the form.

use super::columns::SheetRow;
use super::diagnostics::did_you_mean;
use super::parameters;
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
        for (code, message, hint) in parameters::check_select(&self.survey.nodes[at], from_file) {
            self.error(row, "parameters", code, message, hint);
        }
        self.needs_label(row, at);
        if let Some(Source::Rows(_)) = from {
            self.survey.from_rows.push((at, list.to_owned()));
        }
        if or_other && !filter.is_empty() {
            let hint = say!(
                "other-hint",
                "add a choice 'other' to the list and a text question that is relevant when it is chosen"
            );
            self.error(
                row,
                "choice_filter",
                "filter-with-other",
                say!("filter-with-other", "or_other cannot have a choice_filter"),
                hint,
            );
        } else if or_other {
            self.or_other(row, at, from.as_ref());
        }
        self.survey.nodes[at].choices = from.map(|from| Choices { from, filter });
    }

    fn or_other(&mut self, row: SheetRow<'a>, select: usize, from: Option<&Source>) {
        let Some(Source::List(list)) = from else {
            if from.is_some() {
                let hint = say!("other-without-list-hint", "or_other needs a list of the sheet choices");
                self.error(
                    row,
                    "type",
                    "other-without-list",
                    say!("other-without-list", "or_other cannot be used here"),
                    hint,
                );
            }
            return;
        };
        if self.languages.names.len() > 1 {
            let message = say!("other-in-english", "or_other is shown in English in every language");
            let hint = say!(
                "other-hint",
                "add a choice 'other' to the list and a text question that is relevant when it is chosen"
            );
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
                    let message = say!(
                        "space-in-choice",
                        "the choice '{choice}' of the list '{list}' has a space in its name",
                        choice = spaced.name,
                        list
                    );
                    let hint = say!(
                        "space-in-choice-hint",
                        "several answers are kept with spaces between them: write _ instead"
                    );
                    self.error(row, "type", "space-in-choice", message, hint);
                }
                Some(Source::List(at as u32))
            }
        }
    }

    fn no_such_list(&mut self, row: SheetRow<'a>, list: &str) {
        let (message, hint) = if self.lists.lists.is_empty() {
            let near = self
                .near_choices
                .first()
                .map(|near| say!("near-choices", "is the sheet '{near}' meant to be 'choices'?", near));
            let hint = near.unwrap_or_else(|| {
                say!("no-choices-hint", "add a sheet 'choices' with the columns list_name, name and label")
            });
            (say!("no-choices", "the form has no sheet 'choices'"), hint)
        } else {
            let hint = did_you_mean(
                list,
                self.lists.names(),
                say!("see-list-names", "see the column list_name of the sheet choices"),
            );
            (say!("unknown-list", "the list '{list}' is not on the sheet choices", list), hint)
        };
        self.error(row, "type", "unknown-list", message, hint);
    }

    fn external_of(&mut self, row: SheetRow<'a>, list: &str) -> Option<usize> {
        if self.get(row, "choice_filter").is_none() {
            let message = say!("external-without-filter", "select_one_external is meant for filtered lists");
            self.warn(
                row,
                "choice_filter",
                "external-without-filter",
                message,
                say!("external-without-filter-hint", "use select_one"),
            );
        }
        // a list of both sheets: the one of external_choices is kept under a name that no author can write
        let own = format!("{list} (external_choices)");
        if let Some(at) = self.lists.index(&own) {
            return Some(at);
        }
        let Some(external) = self.external.get(list) else {
            let hint = match (self.external.lists.is_empty(), self.near_external.first()) {
                (false, _) => {
                    did_you_mean(list, self.external.names(), say!("see-its-list-names", "see its column list_name"))
                }
                (true, Some(near)) => {
                    say!("near-external", "is the sheet '{near}' meant to be 'external_choices'?", near)
                }
                (true, None) => {
                    say!("no-external-hint", "add a sheet 'external_choices' with the columns list_name and name")
                }
            };
            let message = say!("unknown-external-list", "the list '{list}' is not on the sheet external_choices", list);
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
            let message = say!("bad-file-name", "'{file}' is no file that choices can come from", file);
            self.error(
                row,
                "type",
                "bad-file-name",
                message,
                say!("bad-file-name-hint", "use a .csv file with the columns name and label"),
            );
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
            Err((message, hint)) => {
                self.error(row, "type", "file-beside", message, hint);
                None
            }
        }
    }

    fn file_notes(&mut self, row: SheetRow<'a>, column: &str, list: usize, choices: bool) {
        for (message, hint) in self.tables.take_notes(list, choices) {
            self.warn(row, column, "doubtful-file", message, hint);
        }
    }

    pub(super) fn table_beside(&mut self, row: SheetRow<'a>, ending: &str) {
        let Some(name) = self.get(row, "name") else {
            let hint = say!("table-name-hint", "the name is that of the file, without its ending");
            self.error(row, "name", "no-name", say!("no-name", "the row has no name"), hint);
            return;
        };
        if !self.names.entry(None).or_default().insert(format!("\0table {name}")) {
            let message = say!("duplicate-table", "the table '{name}' is named twice", name);
            self.error(
                row,
                "name",
                "duplicate-table",
                message,
                say!("duplicate-table-hint", "one row is enough for the whole form"),
            );
            return;
        }
        let file = format!("{name}.{ending}");
        match self.tables.read(&file, None, None, self.lists, self.languages) {
            Ok(at) => self.file_notes(row, "name", at, false),
            Err((message, hint)) => self.error(row, "name", "file-beside", message, hint),
        }
    }
}
