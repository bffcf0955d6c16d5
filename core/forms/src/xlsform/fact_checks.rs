//! What may leave a phone in the clear, and what must not: the columns `fact`, `role`, `prefill`, `sealed_only` and the
//! sheet `indicators`.
//!
//! A fact that depends on an item which must stay sealed is refused, through whatever calculates, filters and
//! relevances it depends on it; so is an indicator that would move an outcome.

use super::columns::{SheetRow, SheetTable};
use super::diagnostics::{CellRef, Diagnostics};
use super::languages::Languages;
use super::references::{Names, around, references};
use super::rules::Graph;
use crate::package::{Indicator, Node, NodeType, Package};
use crate::say;
use std::collections::HashMap;

/// What is looked at.
pub struct FactChecks<'b> {
    pub package: &'b Package,
    pub graph: &'b Graph,
    pub diagnostics: &'b mut Diagnostics,
}

impl FactChecks<'_> {
    /// Checks the columns of the survey.
    pub fn check(&mut self, table: &SheetTable<'_>, rows: &[Option<SheetRow<'_>>]) {
        let Self { package, graph, diagnostics } = self;
        if !["fact", "role", "prefill", "sealed_only"].iter().any(|column| table.has(column)) {
            return;
        }
        let mut facts: HashMap<&str, u32> = HashMap::new();
        let mut roles: HashMap<&str, u32> = HashMap::new();
        for (at, node) in package.nodes.iter().enumerate() {
            let place = |column| table.place_of(rows[at], column);
            let repeated = in_repeat(&package.nodes, at);
            if !node.role.is_empty() {
                once(&mut roles, &node.role, node.row, place("role"), "role", diagnostics);
                if repeated {
                    diagnostics.error(place("role"), say!("role-in-repeat"));
                }
            }
            if node.fact.is_empty() {
                continue;
            }
            once(&mut facts, &node.fact, node.row, place("fact"), "fact", diagnostics);
            if repeated {
                diagnostics.error(place("fact"), say!("fact-in-repeat"));
            }
            if let Some(sealed) = graph.reach(at).into_iter().find(|need| package.nodes[*need].sealed_only) {
                let (fact, sealed) = (&node.fact, &package.nodes[sealed].name);
                let message = match *sealed == node.name {
                    true => say!("fact-sealed", sealed, fact),
                    false => say!("fact-of-sealed", fact, sealed),
                };
                let problem = message.coded("fact-of-sealed").hint(say!("fact-of-sealed-hint"));
                diagnostics.error(place("fact"), problem);
            }
        }
    }

    /// Reads the sheet `indicators`.
    pub fn indicators<'t>(
        &mut self,
        table: &SheetTable<'t>,
        languages: &Languages,
        weights: &[&str],
    ) -> (Vec<Indicator>, Vec<SheetRow<'t>>) {
        let Self { package, diagnostics, .. } = self;
        let names = Names::of(&package.nodes);
        let (mut all, mut rows) = (Vec::new(), Vec::new());
        for row in table.rows() {
            let Some(question) = question(table, row, &names, package, diagnostics) else { continue };
            let plain = |key: &str| table.get(row, key).unwrap_or_default().to_owned();
            let indicator = Indicator {
                question: question as u32,
                answer: plain("answer"),
                code: plain("code"),
                label: languages.text(table, row, "label"),
                kind: plain("kind"),
                dimension: plain("dimension"),
                weights: weights
                    .iter()
                    .filter_map(|column| Some(((*column).to_owned(), table.get(row, column)?.to_owned())))
                    .collect(),
                condition: plain("condition"),
                fact: plain("fact"),
                assume: plain("assume"),
            };
            check_answer(&indicator, &package.nodes[question], package, table.place(row, "answer"), diagnostics);
            // the condition names a question or calculate, bare or as ${name}
            let condition = indicator.condition.as_str();
            if conditions(condition, &names).any(|node| node.is_none()) {
                let unknown = say!("no-such-condition", condition).coded("unknown-reference");
                let names = package.nodes.iter().map(|node| node.name.as_str());
                diagnostics.error(table.place(row, "condition"), unknown.meant(condition, names));
            }
            all.push(indicator);
            rows.push(row);
        }
        (all, rows)
    }
}

/// The nodes that a condition names: one bare name, or references. None where there is no such node.
pub fn conditions(condition: &str, names: &Names<'_>) -> impl Iterator<Item = Option<usize>> {
    let bare = Some(condition).filter(|c| !c.is_empty() && !c.contains("${")).map(|c| names.one(c));
    bare.into_iter().chain(references(condition).map(|found| found.ok().and_then(|found| names.one(found.name))))
}

fn in_repeat(nodes: &[Node], at: usize) -> bool {
    around(nodes, at).any(|section| nodes[section].kind == NodeType::Repeat)
}

fn once<'a>(
    seen: &mut HashMap<&'a str, u32>,
    word: &'a str,
    row: u32,
    at: CellRef<'_>,
    what: &str,
    diagnostics: &mut Diagnostics,
) {
    if let Some(first) = seen.insert(word, row) {
        diagnostics.error(at, say!("column-entry-twice", what, word, first).coded("duplicate-column-entry"));
    }
}

fn question(
    table: &SheetTable<'_>,
    row: SheetRow<'_>,
    names: &Names<'_>,
    package: &Package,
    diagnostics: &mut Diagnostics,
) -> Option<usize> {
    let name = table.get(row, "question").unwrap_or_default();
    let found = names.one(name);
    if found.is_none() {
        let names = package.nodes.iter().map(|node| node.name.as_str());
        let unknown = say!("no-such-question", name).coded("unknown-reference");
        diagnostics.error(table.place(row, "question"), unknown.meant(name, names));
    }
    found
}

/// The answer of a select is one of its choices (`x`, `!x` for any other, `*` for any); that of a number a comparison.
fn check_answer(indicator: &Indicator, node: &Node, package: &Package, at: CellRef<'_>, diagnostics: &mut Diagnostics) {
    let answer = indicator.answer.as_str();
    if answer == "*" || (answer.is_empty() && indicator.code.is_empty()) {
        return;
    }
    if let Some(list) = node.list() {
        let list = &package.lists[list as usize];
        let wanted = answer.strip_prefix('!').unwrap_or(answer);
        if list.choices.iter().all(|choice| choice.name != wanted) {
            let known = list.choices.iter().map(|choice| choice.name.as_str());
            let unknown = say!("no-such-answer", wanted, question = node.name).coded("unknown-choice");
            diagnostics.error(at, unknown.hint(say!("see-list", list = list.name)).meant(wanted, known));
        }
    } else if node.kind != NodeType::Calculate {
        let number = answer.trim_start_matches(['<', '>', '=', '!']).trim();
        if number.parse::<f64>().is_err() {
            diagnostics.error(at, say!("no-such-number", answer, question = node.name).coded("unknown-choice"));
        }
    }
}
