//! Names in expressions and texts: each must be there, and once only; and what depends on what.

use super::choices::Lists;
use super::columns::Table;
use super::fault::{Faults, Place, did_you_mean};
use super::languages::{Languages, SHOWN};
use super::survey::{Beside, Survey};
use crate::questionnaire::{Node, NodeType, Source, is_name};
use std::collections::{BTreeSet, HashMap};

/// The sheets in which names are referred to.
pub struct Tables<'a, 'b> {
    pub settings: &'b Table<'a>,
    pub survey: &'b Table<'a>,
    pub choices: &'b Table<'a>,
}

/// What each node's presence or value depends on: indices of nodes, of the rules of the sections around it also.
#[derive(Debug, Default)]
pub struct Graph {
    pub needs: Vec<BTreeSet<usize>>,
}

impl Graph {
    /// Everything that a node depends on, through any number of steps, itself included.
    pub fn reach(&self, from: usize) -> BTreeSet<usize> {
        let (mut found, mut next) = (BTreeSet::from([from]), vec![from]);
        while let Some(node) = next.pop() {
            next.extend(self.needs[node].iter().copied().filter(|need| found.insert(*need)));
        }
        found
    }
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
    fn check(&self, text: &str, at: Place<'_>, faults: &mut Faults) {
        for reference in references(text) {
            match reference {
                Err(broken) => {
                    let broken: String = broken.chars().take(40).collect();
                    let message = format!("'{broken}' is no reference to a question");
                    faults.error(at, "bad-reference", message, "write ${name}, with no space inside");
                }
                Ok(Reference { name, .. }) => match self.0.get(name).map_or(0, Vec::len) {
                    1 => {}
                    0 if name == "instanceID" => {}
                    0 => {
                        let hint =
                            did_you_mean(name, self.0.keys().copied(), "names stand in the column name of the survey");
                        faults.error(at, "unknown-reference", format!("there is no question '{name}'"), hint);
                    }
                    more => {
                        let message = format!("'{name}' is the name of {more} questions or groups");
                        faults.error(at, "ambiguous-reference", message, "rename all but one of them");
                    }
                },
            }
        }
    }
}

/// Checks every reference of the form, puts indices where the survey has names, and gives the graph.
pub fn check(
    survey: &mut Survey<'_>,
    lists: &mut Lists,
    languages: &Languages,
    tables: &Tables<'_, '_>,
    beside: Beside<'_>,
    faults: &mut Faults,
) -> Graph {
    let names = Names::of(&survey.nodes);
    check_cells(&names, tables, faults);
    let triggers = triggers(survey, &names, tables.survey, faults);
    let mut sources = Vec::new();
    for (select, reference) in &survey.from_rows {
        let row = survey.rows[*select];
        let at = row.map_or(Place::sheet("survey"), |row| tables.survey.place(row, "type"));
        names.check(reference, at, faults);
        let name = reference.trim_start_matches("${").trim_end_matches('}');
        if let Some(from) = names.one(name) {
            sources.push((*select, from));
        }
    }
    tables_asked(survey, lists, languages, beside, tables.survey, faults);
    for (node, trigger) in triggers {
        survey.nodes[node].trigger = trigger;
    }
    for (select, from) in sources {
        if let Some(choices) = &mut survey.nodes[select].choices {
            choices.from = Source::Rows(from as u32);
        }
    }
    let graph = graph(&survey.nodes);
    graph
}

fn check_cells(names: &Names<'_>, tables: &Tables<'_, '_>, faults: &mut Faults) {
    for (table, shown_only) in [(tables.settings, false), (tables.survey, false), (tables.choices, true)] {
        for row in table.rows() {
            for (header, cell) in table.cells(row).filter(|(_, cell)| cell.contains("${")) {
                let ignored = matches!(&*header.key, "type" | "name" | "trigger");
                if !ignored && (!shown_only || SHOWN.contains(&header.key.as_str())) {
                    names.check(cell, Place::row(table.sheet, row.number).column(&header.title), faults);
                }
            }
        }
    }
}

/// The column `trigger`: one reference, or several with commas between, to questions that people answer.
fn triggers(survey: &Survey<'_>, names: &Names<'_>, table: &Table<'_>, faults: &mut Faults) -> Vec<(usize, Vec<u32>)> {
    let mut all = Vec::new();
    for (node, row) in survey.rows.iter().enumerate() {
        let Some((row, cell)) = row.and_then(|row| Some((row, table.get(row, "trigger")?))) else { continue };
        // what the compiler made of the same row has no trigger
        if survey.nodes[node].row == 0 || !table.get(row, "name").is_none_or(|name| name == survey.nodes[node].name) {
            continue;
        }
        let at = table.place(row, "trigger");
        let mut found = Vec::new();
        for part in cell.split(',').map(str::trim) {
            let list: Vec<_> = references(part).collect();
            if list.len() > 1 {
                faults.error(at, "bad-trigger", "several triggers need commas between them", "write ${a}, ${b}");
            } else if list.is_empty() || list[0].is_err() {
                let message = format!("'{part}' is no reference to a question");
                faults.error(at, "bad-trigger", message, "write ${name}, or ${a}, ${b}");
            } else if let Some(Ok(reference)) = list.first() {
                match names.one(reference.name) {
                    Some(trigger) if is_seen(&survey.nodes[trigger]) => found.push(trigger as u32),
                    Some(trigger) => {
                        let message = format!("'{}' is not answered by anyone", survey.nodes[trigger].name);
                        faults.error(at, "bad-trigger", message, "a trigger is a question that people see");
                    }
                    None => names.check(part, at, faults),
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

/// Tables beside the form that expressions ask: `pulldata('prices', ...)`.
fn tables_asked(
    survey: &Survey<'_>,
    lists: &mut Lists,
    languages: &Languages,
    beside: Beside<'_>,
    table: &Table<'_>,
    faults: &mut Faults,
) {
    for (at, node) in survey.nodes.iter().enumerate() {
        for (column, expression) in expressions_of(node) {
            let mut rest = expression;
            while let Some(start) = rest.find("pulldata(") {
                rest = rest[start + 9..].trim_start();
                let Some(quote) = rest.chars().next().filter(|c| matches!(c, '\'' | '"')) else { continue };
                let Some(name) = rest[1..].split(quote).next() else { continue };
                let file = if name.ends_with(".csv") { name.to_owned() } else { format!("{name}.csv") };
                let read = super::survey::read_file(&file, "name", "label", lists, languages, beside);
                if let Err((message, hint)) = read {
                    let place = survey.rows[at].map_or(Place::sheet("survey"), |row| table.place(row, column));
                    faults.error(place, "file-beside", message, hint);
                }
            }
        }
    }
}

/// The expressions of a node with their columns.
pub fn expressions_of(node: &Node) -> impl Iterator<Item = (&'static str, &str)> {
    let filter = node.choices.as_ref().map_or("", |choices| choices.filter.as_str());
    let all: [(&'static str, &str); 8] = [
        ("relevant", &node.relevant),
        ("constraint", &node.constraint),
        ("required", &node.required),
        ("readonly", &node.readonly),
        ("calculation", &node.calculation),
        ("default", &node.initial),
        ("choice_filter", filter),
        ("repeat_count", &node.repeat_count),
    ];
    all.into_iter().filter(|(_, expression)| !expression.is_empty())
}

/// Which columns decide whether a node is there and what it holds; `required` and `readonly` do neither.
fn decides(column: &str) -> bool {
    !matches!(column, "required" | "readonly")
}

fn graph(nodes: &[Node]) -> Graph {
    let names = Names::of(nodes);
    let mut needs: Vec<BTreeSet<usize>> = Vec::with_capacity(nodes.len());
    for (at, node) in nodes.iter().enumerate() {
        let expressions = expressions_of(node).filter(|(column, _)| decides(column)).map(|(_, text)| text);
        let read = expressions.flat_map(references).flatten().filter_map(|reference| names.one(reference.name));
        let rows = node.choices.iter().filter_map(|choices| match choices.from {
            Source::Rows(from) => Some(from as usize),
            Source::List(_) => None,
        });
        let around = node.parent.map(|parent| parent as usize);
        let all = read.chain(rows).chain(around).chain(node.trigger.iter().map(|t| *t as usize));
        needs.push(all.filter(|need| *need != at).collect());
    }
    Graph { needs }
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
