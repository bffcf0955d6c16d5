//! Every expression of the form, read as a phone will read it: syntax, functions, names, columns of lists; then what the
//! field's other tools do not look at: types, choices that do not exist, rules that can never hold, and cycles.
//!
//! What a phone could not evaluate is an error: it would count as blank. What XPath would convert, and evaluates as
//! pyxform and its clients do, is a warning.

use super::columns::{SheetRow, SheetTable};
use super::diagnostics::Diagnostics;
use super::foreign;
use super::parse_errors::{describe, pattern_cure};
use super::phrase::Problem;
use super::references::{Names, around, references};
use crate::expression::expr::Function;
use crate::expression::functions;
use crate::expression::parser::{Ast, Base, parse};
use crate::expression::regex::Regex;
use crate::expression::{Axis, Cause, Environment, Operator, evaluate, moment, number_text};
use crate::package::{Node, NodeType, Package, Source};
use crate::program::{BoundPackage, RuleError};
use crate::say;
use std::collections::{BTreeMap, BTreeSet};

/// What each node depends on for being there and for its value: indices of nodes, the sections around it included.
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

struct Rules<'a, 'b> {
    package: &'b Package,
    names: Names<'b>,
    table: &'b SheetTable<'a>,
    rows: &'b [Option<SheetRow<'a>>],
    /// The form counts people: what is hardly meant is an error there, because nobody sees a wrong count.
    strict: bool,
    /// Functions of a domain.
    functions: &'static [Function],
    diagnostics: &'b mut Diagnostics,
}

/// Checks all expressions and gives the graph of the form.
pub fn check(
    package: &Package,
    rows: &[Option<SheetRow<'_>>],
    table: &SheetTable<'_>,
    bound: &BoundPackage,
    functions: &'static [Function],
    diagnostics: &mut Diagnostics,
) -> Graph {
    let strict = package.nodes.iter().any(|node| !node.fact.is_empty() || !node.role.is_empty());
    let mut rules = Rules { package, names: Names::of(&package.nodes), table, rows, strict, functions, diagnostics };
    let mut graph = Graph { needs: vec![BTreeSet::new(); package.nodes.len()] };
    for (at, node) in package.nodes.iter().enumerate() {
        let around = node.parent.map(|parent| parent as usize);
        graph.needs[at].extend(around);
        graph.needs[at].extend(node.trigger.iter().map(|trigger| *trigger as usize));
        if let Some(Source::Rows(from)) = node.choices.as_ref().map(|choices| &choices.from) {
            graph.needs[at].insert(*from as usize);
        }
        rules.last_saved(at, node);
        rules.default(at, node);
        rules.later_questions(at, node);
        for (column, text) in node.expressions() {
            // by name as well: what the last saved record is asked for, and filters over the rows of a repeat
            let named = references(text).flatten().filter_map(|reference| rules.names.one(reference.name));
            if !matches!(column, "required" | "readonly") {
                graph.needs[at].extend(named.filter(|need| *need != at));
            }
            if let Ok(tree) = parse(text) {
                rules.look(at, column, text, &tree);
            }
        }
    }
    for (node, need) in &bound.needs {
        graph.needs[*node as usize].insert(*need as usize);
    }
    bound.errors.iter().for_each(|error| rules.error_of(error));
    graph
}

impl Rules<'_, '_> {
    /// The last saved record lies in the vault longer than the draft: what is to stay sealed is never kept there.
    fn last_saved(&mut self, at: usize, node: &Node) {
        let texts = [("label", &node.label), ("hint", &node.hint), ("constraint_message", &node.constraint_message)];
        let texts = texts.into_iter().flat_map(|(column, text)| text.0.iter().map(move |text| (column, text.as_str())));
        for (column, text) in node.expressions().chain(texts) {
            let asked = references(text).flatten().filter(|reference| reference.last_saved);
            for name in asked.map(|reference| reference.name) {
                if self.names.one(name).is_some_and(|asked| self.package.nodes[asked].sealed_only) {
                    let at = self.table.place_of(self.rows[at], column);
                    self.diagnostics.error(at, say!("last-saved-of-sealed", name));
                }
            }
        }
    }

    /// A relevance that asks a question further down: on the way through the form it is decided before there is an answer.
    fn later_questions(&mut self, at: usize, node: &Node) {
        let asked: BTreeSet<usize> = references(&node.relevant)
            .flatten()
            .filter(|asked| !asked.last_saved)
            .filter_map(|asked| self.names.one(asked.name))
            .collect();
        for later in asked.into_iter().filter(|later| *later > at && self.package.nodes[*later].kind.is_shown()) {
            let around = |of: usize| std::iter::once(of).chain(around(&self.package.nodes, of));
            // a group that asks a question inside itself is a cycle; questions of one page are seen together
            let page = |of: usize| around(of).filter(|at| self.package.nodes[*at].is_field_list()).last();
            if around(later).any(|section| section == at) || page(at).is_some_and(|own| page(later) == Some(own)) {
                continue;
            }
            let later = self.package.nodes[later].name.clone();
            self.diagnostics.warn(self.table.place_of(self.rows[at], "relevant"), say!("later-question", later));
        }
    }

    /// A default that is no possible answer would be recorded all the same.
    fn default(&mut self, at: usize, node: &Node) {
        let words = node.default.split(' ').filter(|word| !word.is_empty());
        let found: Vec<_> = match node.kind {
            NodeType::SelectOne => self.unknown_choice(node, &node.default).into_iter().collect(),
            NodeType::SelectMultiple => words.filter_map(|word| self.unknown_choice(node, word)).collect(),
            NodeType::Integer | NodeType::Decimal | NodeType::Range
                if !node.default.is_empty() && node.default.parse::<f64>().is_err() =>
            {
                vec![say!("default-no-number", value = node.default).coded("type-clash")]
            }
            _ => Vec::new(),
        };
        found.into_iter().for_each(|problem| self.warn_or_error(at, "default", problem));
    }

    /// A warning, or an error where people are counted.
    fn warn_or_error(&mut self, node: usize, column: &str, problem: Problem) {
        let at = self.table.place_of(self.rows[node], column);
        // a pattern that nothing fits would stop the interview for good
        match problem.code == "bad-regex" || self.strict && !matches!(problem.code, "open-regex" | "blank-number") {
            true => self.diagnostics.error(at, problem),
            false => self.diagnostics.warn(at, problem),
        }
    }

    /// Reports what is wrong with one expression.
    fn error_of(&mut self, rule: &RuleError) {
        let RuleError { node, column, error } = rule;
        let (node, column) = (*node, *column);
        let text = self.package.nodes[node].expressions().find(|(known, _)| *known == column);
        let text = text.map_or("", |(_, text)| text);
        let near = || {
            let end = (error.at..=text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len());
            let from: String = text[end..].chars().take(20).collect();
            match from.is_empty() {
                true if column == "label" => say!("in-the-text"),
                true => say!("at-its-end"),
                false => say!("near", from),
            }
        };
        let names = self.package.nodes.iter().map(|node| node.name.as_str());
        let message = describe(&error.cause);
        let problem = match &error.cause {
            // reported with all other references
            Cause::UnknownReference(_) => return,
            Cause::AmbiguousName(name) if column == "label" || text.contains(&format!("${{{name}}}")) => return,
            Cause::UnknownFunction(name) if name == "jr:itext" => message.hint(say!("itext-hint")),
            Cause::UnknownFunction(name) => match foreign::find(name) {
                Some((tool, cure)) => say!("foreign-function", name, tool).coded("unknown-function").hint(cure),
                None => {
                    let own = self.functions.iter().map(|function| function.name);
                    message.hint(near()).meant(name, functions::names().chain(own))
                }
            },
            Cause::UnknownName(name) => {
                message.coded("unknown-reference").hint(say!("write-reference")).meant(name, names)
            }
            Cause::AmbiguousName(_) => message.coded("ambiguous-reference").hint(say!("rename-all-but-one")),
            Cause::UnknownList(name) => {
                let lists = self.package.lists.iter().map(|list| list.name.as_str());
                message.coded("unknown-list").hint(say!("see-list-names")).meant(name, lists)
            }
            Cause::UnknownColumn { list, column } => {
                let columns = self.package.list(list).into_iter().flat_map(|list| list.columns.iter());
                let columns = columns.map(String::as_str).chain(["name", "label"]);
                message.coded("unknown-column").hint(say!("see-choices-header")).meant(column, columns)
            }
            Cause::OnceInside => message.into(),
            Cause::Arguments { .. } => message.hint(near()),
            _ => message.coded("bad-expression").hint(near()),
        };
        let at = self.table.place_of(self.rows[node], column);
        let at = if column == "label" { at } else { at.offset(error.at) };
        match error.cause.reads_blank() && !self.strict {
            true => self.diagnostics.warn(at, problem),
            false => self.diagnostics.error(at, problem),
        }
    }

    /// Looks for what can be evaluated and is hardly meant.
    fn look(&mut self, node: usize, column: &'static str, text: &str, tree: &Ast<'_>) {
        let mut found: Vec<Problem> = Vec::new();
        tree.walk(&mut |part| match part {
            Ast::Binary { operator, left, right, .. } if compares(*operator) => {
                for (one, other) in [(left, right), (right, left)] {
                    found.extend(self.compared(node, *operator, one, other));
                }
            }
            Ast::Call { function, arguments, .. } => found.extend(self.called(node, function, arguments)),
            _ => {}
        });
        let constant = matches!(column, "relevant" | "constraint") && is_constant(tree);
        if constant && matches!(fixed(text), Some(false)) {
            let message = if column == "relevant" { say!("never-seen") } else { say!("never-right") };
            found.push(message.coded("never-holds").hint(say!("never-holds-hint")));
        }
        found.into_iter().for_each(|problem| self.warn_or_error(node, column, problem));
    }

    /// The question that a tree stands for: `${name}`, or `.` for the question itself.
    fn question<'t>(&'t self, node: usize, tree: &Ast<'_>) -> Option<&'t Node> {
        let Ast::Path { base, steps, .. } = tree else { return None };
        match (base, &steps[..]) {
            (Base::Reference(name), []) => self.names.one(name).map(|at| &self.package.nodes[at]),
            (Base::Here, [step]) if step.axis == Axis::Oneself && step.predicates.is_empty() => {
                Some(&self.package.nodes[node])
            }
            _ => None,
        }
    }

    fn compared(&self, node: usize, operator: Operator, one: &Ast<'_>, other: &Ast<'_>) -> Option<Problem> {
        let question = self.question(node, one)?;
        let name = &question.name;
        match other {
            Ast::Text(choice) if matches!(operator, Operator::Equal | Operator::Unequal) => {
                self.unknown_choice(question, choice).or_else(|| match question.kind {
                    NodeType::Integer | NodeType::Decimal | NodeType::Range
                        if !choice.is_empty() && choice.trim().parse::<f64>().is_err() =>
                    {
                        Some(say!("number-never", name, choice).coded("type-clash").hint(say!("compare-number-hint")))
                    }
                    NodeType::Date if !choice.is_empty() && moment::parse_date(choice).is_none() => {
                        Some(say!("date-never", name, choice).coded("type-clash").hint(say!("write-date")))
                    }
                    NodeType::SelectMultiple if !choice.is_empty() => {
                        Some(say!("several-answers", name).hint(say!("write-selected", name, choice)))
                    }
                    _ => None,
                })
            }
            Ast::Number(number) => match question.kind {
                NodeType::Date | NodeType::DateTime => {
                    Some(say!("date-with-number", name).coded("type-clash").hint(say!("write-date-function")))
                }
                // a scale is compared with any number: no choice need have the name 4 to be greater than 4
                NodeType::SelectOne if matches!(operator, Operator::Equal | Operator::Unequal) => {
                    self.unknown_choice(question, &number_text(*number))
                }
                NodeType::SelectOne => None,
                _ if operator == Operator::Unequal => {
                    let hint = say!("blank-number-hint", name, number = number_text(*number));
                    Some(say!("blank-number", name).hint(hint))
                }
                _ => None,
            },
            _ => None,
        }
    }

    fn unknown_choice(&self, question: &Node, choice: &str) -> Option<Problem> {
        let list = &self.package.lists[question.list()? as usize];
        if choice.is_empty() || !question.kind.is_select() || list.choices.iter().any(|known| known.name == choice) {
            return None;
        }
        let known = list.choices.iter().map(|choice| choice.name.as_str());
        let unknown = say!("unknown-choice", choice, question = question.name);
        Some(unknown.hint(say!("see-list", list = list.name)).meant(choice, known))
    }

    fn called(&self, node: usize, function: &str, arguments: &[Ast<'_>]) -> Option<Problem> {
        match (function, arguments) {
            ("selected" | "is-selected", [several, Ast::Text(choice)]) => {
                let question = self.question(node, several)?;
                if question.kind.is_select() {
                    return self.unknown_choice(question, choice);
                }
                let free = matches!(
                    question.kind,
                    NodeType::Calculate | NodeType::Hidden | NodeType::Property | NodeType::Text
                );
                let problem = say!("has-no-choices", question = question.name).coded("type-clash");
                (!free).then(|| problem.hint(say!("selected-hint")))
            }
            ("count-selected", [several]) => {
                let question = self.question(node, several)?;
                let one = question.kind == NodeType::SelectOne;
                one.then(|| say!("one-answer", question = question.name).coded("type-clash"))
            }
            ("regex", [_, Ast::Text(pattern)]) => match Regex::new(pattern) {
                Err(error) => Some(say!("bad-regex", pattern).hint(pattern_cure(error))),
                Ok(_) if !pattern.trim_start_matches("(?i)").starts_with('^') || !pattern.ends_with('$') => {
                    Some(say!("open-regex", pattern).into())
                }
                Ok(_) => None,
            },
            _ => None,
        }
    }
}

fn compares(operator: Operator) -> bool {
    use Operator::{Equal, Greater, GreaterEqual, Less, LessEqual, Unequal};
    matches!(operator, Equal | Unequal | Less | LessEqual | Greater | GreaterEqual)
}

/// Whether a tree asks nothing: neither a question nor the clock.
fn is_constant(tree: &Ast<'_>) -> bool {
    let mut constant = true;
    tree.walk(&mut |part| match part {
        Ast::Path { .. } => constant = false,
        Ast::Call { function, .. } => {
            constant &=
                !matches!(*function, "today" | "now" | "random" | "uuid" | "position" | "last" | "version" | "current");
        }
        _ => {}
    });
    constant
}

/// The truth of an expression that asks nothing.
fn fixed(text: &str) -> Option<bool> {
    let around = Environment { now: 0, local: 0, seed: 0, language: 0, last_saved: BTreeMap::new() };
    let (value, diagnostics) = evaluate(text, &around);
    diagnostics.is_empty().then(|| value.truth())
}
