//! What a calculation can come to, as far as its text tells: the codes that a fact would get.
//!
//! Literals, both branches of an `if()`, the choices of a select, the column of a list, other calculates. What cannot be
//! told beforehand is left out; the phone checks every fact again when a record is made.

use super::references::Names;
use crate::expression::parser::{Ast, Base, parse};
use crate::expression::{Axis, Operator, number_text};
use crate::package::{Node, NodeType, Package, Source};
use std::collections::BTreeSet;

/// Calculates that read calculates are followed so far.
const MAX_STEPS: u8 = 16;

/// The texts that the calculation of a node can come to; blank is none.
pub fn of(package: &Package, names: &Names<'_>, node: &Node) -> BTreeSet<String> {
    let mut found = PossibleValues { package, names, texts: BTreeSet::new() };
    found.calculation(node, MAX_STEPS);
    found.texts.remove("");
    found.texts
}

struct PossibleValues<'b> {
    package: &'b Package,
    names: &'b Names<'b>,
    texts: BTreeSet<String>,
}

impl PossibleValues<'_> {
    fn calculation(&mut self, node: &Node, steps: u8) {
        if let Ok(tree) = parse(&node.calculation) {
            self.tree(&tree, &mut Vec::new(), steps);
        }
    }

    /// `conditions` are those of the `if()`s around.
    fn tree<'t>(&mut self, tree: &'t Ast<'t>, conditions: &mut Vec<&'t Ast<'t>>, steps: u8) {
        match tree {
            Ast::Text(text) => drop(self.texts.insert((*text).to_owned())),
            Ast::Number(number) => drop(self.texts.insert(number_text(*number))),
            Ast::Call { function, arguments, .. } => match (*function, &arguments[..]) {
                ("if", [condition, yes, no]) => {
                    conditions.push(condition);
                    self.tree(yes, conditions, steps);
                    self.tree(no, conditions, steps);
                    conditions.pop();
                }
                ("coalesce", all) => all.iter().for_each(|tree| self.tree(tree, conditions, steps)),
                ("once" | "string", [inner]) => self.tree(inner, conditions, steps),
                _ => {}
            },
            Ast::Path { base: Base::Reference(name), steps: path, .. } if path.is_empty() => {
                if let Some(node) = self.names.one(name).map(|at| &self.package.nodes[at]) {
                    self.answers(node, conditions, steps);
                }
            }
            Ast::Path { base: Base::Of(of), steps: path, .. } => {
                if let (Ast::Call { function, arguments, .. }, Some(Axis::Child(column))) =
                    (&**of, path.last().map(|step| &step.axis))
                    && let ("instance", [Ast::Text(list)]) = (*function, &arguments[..])
                {
                    self.column(list, column);
                }
            }
            _ => {}
        }
    }

    /// The answers of a question that the conditions around leave open.
    fn answers(&mut self, node: &Node, conditions: &[&Ast<'_>], steps: u8) {
        match (node.kind, node.choices.as_ref().map(|choices| &choices.from)) {
            (NodeType::Calculate, _) if steps > 0 => self.calculation(node, steps - 1),
            (NodeType::SelectOne, Some(Source::List(list))) => {
                let Some(told) = told_apart(&node.name, conditions) else { return };
                let names = self.package.lists[*list as usize].choices.iter().map(|choice| choice.name.clone());
                self.texts.extend(names.filter(|name| !told.contains(name.as_str())));
            }
            _ => {}
        }
    }

    fn column(&mut self, list: &str, column: &str) {
        let Some(list) = self.package.list(list) else { return };
        let at = list.columns.iter().position(|known| known == column);
        let cells = list.choices.iter().map(|choice| match at {
            Some(at) => choice.values.get(at).map_or("", String::as_str),
            None if column == "name" => &choice.name,
            None => "",
        });
        self.texts.extend(cells.map(str::to_owned));
    }
}

/// The answers of a question that conditions compare it with; none where they narrow it down otherwise, as
/// `selected('a b c', ${question})` does.
fn told_apart<'t>(name: &str, conditions: &[&'t Ast<'t>]) -> Option<BTreeSet<&'t str>> {
    let is_it = |tree: &Ast<'_>| matches!(tree, Ast::Path { base: Base::Reference(n), steps, .. } if *n == name && steps.is_empty());
    let (mut told, mut narrowed) = (BTreeSet::new(), false);
    for condition in conditions {
        condition.walk(&mut |part| match part {
            Ast::Binary { operator: Operator::Equal | Operator::Unequal, left, right, .. } => {
                for (one, other) in [(left, right), (right, left)] {
                    if let (true, Ast::Text(text)) = (is_it(one), &**other) {
                        told.insert(*text);
                    }
                }
            }
            Ast::Call { arguments, .. } => narrowed |= arguments.iter().any(is_it),
            _ => {}
        });
    }
    (!narrowed).then_some(told)
}
