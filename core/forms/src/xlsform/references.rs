//! Names in expressions and texts: each must be there, and once only.

use super::attachments::ExternalFiles;
use super::choices::Lists;
use super::columns::SheetTable;
use super::diagnostics::{CellRef, Diagnostics};
use super::languages::{Languages, SHOWN};
use super::survey::Survey;
use crate::expression::{Ast, parse};
use crate::package::{Node, NodeType, Source, is_name};
use crate::say;
use std::collections::HashMap;

/// The sheets in which names are referred to.
pub struct Tables<'a, 'b> {
    pub settings: &'b SheetTable<'a>,
    pub survey: &'b SheetTable<'a>,
    pub choices: &'b SheetTable<'a>,
}

/// A `${name}` in a text: the name, and whether the last saved record is asked. What cannot be read is an error.
#[derive(Debug, PartialEq, Eq)]
pub struct Reference<'a> {
    pub name: &'a str,
    pub last_saved: bool,
}

/// All references of a text, in order.
pub fn references(text: &str) -> impl Iterator<Item = Result<Reference<'_>, &str>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let start = rest.find("${")?;
        let after = &rest[start + 2..];
        let Some(end) = after.find('}') else {
            let broken = &rest[start..];
            rest = "";
            return Some(Err(broken));
        };
        let whole = &rest[start..start + end + 3];
        rest = &after[end + 1..];
        let last_saved = after[..end].strip_prefix("last-saved#");
        let name = last_saved.unwrap_or(&after[..end]);
        Some(if is_name(name) { Ok(Reference { name, last_saved: last_saved.is_some() }) } else { Err(whole) })
    })
}

/// Nodes by name.
pub struct Names<'a>(HashMap<&'a str, Vec<usize>>);

impl<'a> Names<'a> {
    pub fn of(nodes: &'a [Node]) -> Self {
        let mut names: HashMap<&str, Vec<usize>> = HashMap::with_capacity(nodes.len());
        for (at, node) in nodes.iter().enumerate() {
            names.entry(&node.name).or_default().push(at);
        }
        Self(names)
    }

    pub fn one(&self, name: &str) -> Option<usize> {
        self.0.get(name).and_then(|found| (found.len() == 1).then(|| found[0]))
    }

    /// Tells a fault unless exactly one node has the name.
    fn check(&self, text: &str, at: CellRef<'_>, diagnostics: &mut Diagnostics) {
        for reference in references(text) {
            match reference {
                Err(broken) => {
                    let broken: String = broken.chars().take(40).collect();
                    diagnostics.error(at, say!("bad-reference", broken));
                }
                Ok(Reference { name, .. }) => match self.0.get(name).map_or(0, Vec::len) {
                    1 => {}
                    0 => diagnostics.error(at, say!("unknown-reference", name).meant(name, self.0.keys().copied())),
                    more => {
                        diagnostics.error(at, say!("ambiguous-reference", name, more).hint(say!("rename-all-but-one")))
                    }
                },
            }
        }
    }
}

/// Checks every reference of the form, and puts indices where the survey has names.
pub fn check(
    survey: &mut Survey<'_>,
    lists: &mut Lists,
    languages: &Languages,
    tables: &Tables<'_, '_>,
    beside: &ExternalFiles<'_>,
    diagnostics: &mut Diagnostics,
) {
    let names = Names::of(&survey.nodes);
    check_cells(&names, tables, diagnostics);
    let triggers = triggers(survey, &names, tables.survey, diagnostics);
    let mut sources = Vec::new();
    for (select, reference) in &survey.from_rows {
        names.check(reference, tables.survey.place_of(survey.rows[*select], "type"), diagnostics);
        let name = reference.trim_start_matches("${").trim_end_matches('}');
        if let Some(from) = names.one(name) {
            sources.push((*select, from));
        }
    }
    tables_asked(survey, lists, languages, beside, tables.survey, diagnostics);
    for (node, trigger) in triggers {
        let node = &mut survey.nodes[node];
        // a trigger with nothing to compute clears the answer
        if node.calculation.is_empty() && !trigger.is_empty() {
            node.calculation = "''".into();
        }
        node.trigger = trigger;
    }
    for (select, from) in sources {
        if let Some(choices) = &mut survey.nodes[select].choices {
            choices.from = Source::Rows(from as u32);
        }
    }
}

/// The id of the filled form, for forms that ask it: one more calculate at the end.
pub fn add_instance_id(survey: &mut Survey<'_>, table: &SheetTable<'_>) {
    let asked = || table.rows().any(|row| table.cells(row).any(|(_, cell)| cell.contains("${instanceID}")));
    if survey.nodes.iter().all(|node| node.name != "instanceID") && asked() {
        let mut node = Node::new(NodeType::Calculate, "instanceID");
        node.calculation = "once(concat('uuid:', uuid()))".into();
        survey.nodes.push(node);
        survey.rows.push(None);
    }
}

fn check_cells(names: &Names<'_>, tables: &Tables<'_, '_>, diagnostics: &mut Diagnostics) {
    for (table, shown_only) in [(tables.settings, false), (tables.survey, false), (tables.choices, true)] {
        for row in table.rows() {
            for (header, cell) in table.cells(row).filter(|(_, cell)| cell.contains("${")) {
                let ignored = matches!(&*header.key, "type" | "name" | "trigger");
                if !ignored && (!shown_only || SHOWN.contains(&header.key.as_str())) {
                    names.check(cell, CellRef::row(table.sheet, row.number).column(&header.title), diagnostics);
                }
            }
        }
    }
}

/// The column `trigger`: one reference, or several with commas between, to questions that people answer.
fn triggers(
    survey: &Survey<'_>,
    names: &Names<'_>,
    table: &SheetTable<'_>,
    diagnostics: &mut Diagnostics,
) -> Vec<(usize, Vec<u32>)> {
    let mut all = Vec::new();
    for (node, row) in survey.rows.iter().enumerate() {
        let Some((row, cell)) = row.and_then(|row| Some((row, table.get(row, "trigger")?))) else { continue };
        // what the compiler made of the same row has no trigger
        if table.get(row, "name").is_some_and(|name| name != survey.nodes[node].name) {
            continue;
        }
        let at = table.place(row, "trigger");
        let mut found = Vec::new();
        if !cell.contains("${") {
            diagnostics.error(at, say!("trigger-no-reference", cell).coded("bad-trigger").hint(say!("trigger-hint")));
        }
        for part in cell.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            let list: Vec<_> = references(part).collect();
            if list.len() > 1 {
                diagnostics.error(at, say!("trigger-commas").coded("bad-trigger"));
            } else if list.first().is_some_and(Result::is_err) {
                diagnostics.error(at, say!("trigger-part", part).coded("bad-trigger").hint(say!("trigger-hint")));
            } else if list.is_empty() && cell.contains("${") {
                diagnostics.warn(at, say!("trigger-part-unread", part).coded("bad-trigger").hint(say!("trigger-hint")));
            } else if let Some(Ok(reference)) = list.first() {
                match names.one(reference.name) {
                    Some(trigger) if is_seen(&survey.nodes[trigger]) => found.push(trigger as u32),
                    Some(trigger) => {
                        diagnostics
                            .error(at, say!("trigger-unseen", name = survey.nodes[trigger].name).coded("bad-trigger"));
                    }
                    None => names.check(part, at, diagnostics),
                }
            }
        }
        all.push((node, found));
    }
    all
}

fn is_seen(node: &Node) -> bool {
    node.kind.is_shown() && node.kind != NodeType::Calculate
}

/// Tables beside the form that expressions ask: `pulldata('prices', ...)`, `instance('prices')`. Where the name of a
/// table is computed, all texts that it can be computed of are tried.
fn tables_asked(
    survey: &Survey<'_>,
    lists: &mut Lists,
    languages: &Languages,
    files: &ExternalFiles<'_>,
    table: &SheetTable<'_>,
    diagnostics: &mut Diagnostics,
) {
    for (at, node) in survey.nodes.iter().enumerate() {
        for (column, expression) in node.expressions() {
            if !expression.contains("pulldata(") && !expression.contains("instance(") {
                continue;
            }
            let Ok(tree) = parse(expression) else { continue };
            let place = table.place_of(survey.rows[at], column);
            tree.walk(&mut |part| {
                let Ast::Call { function, arguments, .. } = part else { return };
                match (*function, &arguments[..]) {
                    ("instance", [Ast::Text(name)]) if lists.index(name).is_some() || name.starts_with("__") => {}
                    ("instance" | "pulldata", [Ast::Text(name), ..]) => {
                        match files.read(&file_of(name), None, None, lists, languages) {
                            Ok(list) => {
                                let notes = files.take_notes(list, false);
                                notes.into_iter().for_each(|note| diagnostics.warn(place, note));
                            }
                            Err(problem) => diagnostics.error(place, problem),
                        }
                    }
                    ("pulldata", [computed, ..]) => {
                        let mut any = false;
                        computed.walk(&mut |part| {
                            if let Ast::Text(name) = part {
                                any |= files.read(&file_of(name), None, None, lists, languages).is_ok();
                            }
                        });
                        if !any && !survey.tables {
                            diagnostics.warn(place, say!("no-computed-table").coded("file-beside"));
                        }
                    }
                    _ => {}
                }
            });
        }
    }
}

fn file_of(name: &str) -> String {
    if name.ends_with(".csv") { name.to_owned() } else { format!("{name}.csv") }
}

/// The sections around a node, the innermost first.
pub fn around(nodes: &[Node], at: usize) -> impl Iterator<Item = usize> {
    std::iter::successors(nodes[at].parent, |section| nodes[*section as usize].parent).map(|section| section as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_found_and_broken_ones_told() {
        let found: Vec<_> = references("${a} and ${last-saved#b} or ${ c } ${d").collect();
        let good = |name, last_saved| Ok(Reference { name, last_saved });
        assert_eq!(found, [good("a", false), good("b", true), Err("${ c }"), Err("${d")]);
    }
}
