//! What may leave a phone in the clear, and what must not: the columns `fact`, `role`, `prefill`, `sealed_only` and the
//! sheet `indicators`.
//!
//! A fact that depends on an item which must stay sealed is refused, through whatever calculates, filters and
//! relevances it depends on it; so is an indicator that would move an outcome.

use super::columns::{SheetRow, SheetTable};
use super::diagnostics::{CellRef, Diagnostics, did_you_mean};
use super::languages::Languages;
use super::references::{Names, references};
use super::rules::Graph;
use crate::package::{Indicator, Node, NodeType, Package, Source};
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
            let place = |column| rows[at].map_or(CellRef::sheet("survey"), |row| table.place(row, column));
            let repeated = in_repeat(&package.nodes, at);
            if !node.role.is_empty() {
                once(&mut roles, &node.role, node.row, place("role"), "role", diagnostics);
                if repeated {
                    let message = say!("role-in-repeat", "a question in a repeat cannot have a role");
                    diagnostics.error(
                        place("role"),
                        "role-in-repeat",
                        message,
                        say!("role-in-repeat-hint", "move it out of the repeat"),
                    );
                }
            }
            if node.fact.is_empty() {
                continue;
            }
            once(&mut facts, &node.fact, node.row, place("fact"), "fact", diagnostics);
            if repeated {
                let hint = say!("fact-in-repeat-hint", "make a calculate outside of the repeat that sums it up");
                diagnostics.error(
                    place("fact"),
                    "fact-in-repeat",
                    say!("fact-in-repeat", "an answer of a repeat cannot become a fact"),
                    hint,
                );
            }
            if let Some(sealed) = graph.reach(at).into_iter().find(|need| package.nodes[*need].sealed_only) {
                let (fact, sealed) = (&node.fact, &package.nodes[sealed].name);
                let message = match *sealed == node.name {
                    true => say!(
                        "fact-sealed",
                        "'{sealed}' is sealed_only, and cannot become the fact '{fact}'",
                        sealed,
                        fact
                    ),
                    false => say!(
                        "fact-of-sealed",
                        "the fact '{fact}' depends on '{sealed}', which is sealed_only",
                        fact,
                        sealed
                    ),
                };
                let hint = say!(
                    "fact-of-sealed-hint",
                    "the server's operator reads every fact: remove the fact, or the dependence"
                );
                diagnostics.error(place("fact"), "fact-of-sealed", message, hint);
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
                let message = say!("no-such-condition", "'{condition}' is no question of the survey", condition);
                let known = (condition, package.nodes.iter().map(|n| n.name.as_str()));
                let at = table.place(row, "condition");
                diagnostics.unknown(
                    at,
                    "unknown-reference",
                    message,
                    known,
                    say!("no-such-condition-hint", "name one question or calculate"),
                );
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
    std::iter::successors(nodes[at].parent, |parent| nodes[*parent as usize].parent)
        .any(|section| nodes[section as usize].kind == NodeType::Repeat)
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
        let message = say!("column-entry-twice", "the {what} '{word}' is in row {first} already", what, word, first);
        diagnostics.error(
            at,
            "duplicate-column-entry",
            message,
            say!("column-entry-twice-hint", "only one question can have the {what}", what),
        );
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
        let message = say!("no-such-question", "'{name}' is no question of the survey", name);
        let known = (name, package.nodes.iter().map(|node| node.name.as_str()));
        let at = table.place(row, "question");
        diagnostics.unknown(
            at,
            "unknown-reference",
            message,
            known,
            say!("no-such-question-hint", "name one question of the survey"),
        );
    }
    found
}

/// The answer of a select is one of its choices (`x`, `!x` for any other, `*` for any); that of a number a comparison.
fn check_answer(indicator: &Indicator, node: &Node, package: &Package, at: CellRef<'_>, diagnostics: &mut Diagnostics) {
    let answer = indicator.answer.as_str();
    if answer == "*" || (answer.is_empty() && indicator.code.is_empty()) {
        return;
    }
    if let Some(Source::List(list)) = node.choices.as_ref().map(|choices| &choices.from) {
        let list = &package.lists[*list as usize];
        let wanted = answer.strip_prefix('!').unwrap_or(answer);
        if list.choices.iter().all(|choice| choice.name != wanted) {
            let known = list.choices.iter().map(|choice| choice.name.as_str());
            let hint = did_you_mean(
                wanted,
                known,
                say!("see-list", "see the list '{list}' on the sheet choices", list = list.name),
            );
            diagnostics.error(
                at,
                "unknown-choice",
                say!("no-such-answer", "'{wanted}' is no answer of '{question}'", wanted, question = node.name),
                hint,
            );
        }
    } else if node.kind != NodeType::Calculate {
        let number = answer.trim_start_matches(['<', '>', '=', '!']).trim();
        if number.parse::<f64>().is_err() {
            let message =
                say!("no-such-number", "'{answer}' is no answer of '{question}'", answer, question = node.name);
            diagnostics.error(
                at,
                "unknown-choice",
                message,
                say!("no-such-number-hint", "write a number or a comparison, such as <18"),
            );
        }
    }
}
