//! The rules of a questionnaire in the order in which they are computed.
//!
//! Four kinds of rule keep values up to date: relevance, calculation, the choices on offer, the number of rows. They are
//! ranked once, when the package is read, so that a rule comes after everything that it reads; a cycle is named and
//! refused. What only a page or the review asks for (required, read-only, constraint, labels) is bound here too, and
//! computed when it is asked for.

mod grouped;
mod order;

use crate::expression::expr::{Bound, Function};
use crate::expression::layout::{FORM, Layout, NodeId, ScopeId};
use crate::expression::{Binder, Cause, Expr, ParseError, Value, embedded};
use crate::package::{NodeType, Package, Source, Text};
use grouped::Grouped;
use std::collections::HashMap;
use std::sync::Arc;

pub(crate) use order::{Rule, RuleKind, UnorderedRule};

/// Everything that an interview needs beside the package.
#[derive(Debug)]
pub struct Program {
    pub(crate) layout: Layout,
    /// By rank.
    pub(crate) rules: Vec<Rule>,
    /// By node: the rules that read it.
    pub(crate) dependents: Grouped<Dependent>,
    /// By scope: the ranks of the rules that live in its rows.
    pub(crate) by_scope: Grouped<u32>,
    /// By node: the ranks of its own rules.
    pub(crate) own: Vec<NodeRules>,
    /// Ranks of the rules that depend on the language.
    pub(crate) of_language: Vec<u32>,
    /// By node: what is computed when it is asked for.
    on_demand: Grouped<(OnDemand, Expr)>,
    /// Texts with expressions inside, by node and text.
    templates: HashMap<NodeId, HashMap<String, Vec<TextPart>>>,
    /// By node: the nodes whose calculation it triggers.
    pub(crate) triggers: Grouped<NodeId>,
    /// By node: how many drawn questions stand before it.
    pub(crate) drawn_before: Vec<u32>,
    /// Names that `${last-saved#name}` asks for.
    pub(crate) last_saved: Vec<Arc<str>>,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Dependent {
    pub rule: u32,
    pub anchor: ScopeId,
}

#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct NodeRules {
    pub offer: Option<u32>,
    pub calculate: Option<u32>,
    pub count: Option<u32>,
}

/// What is computed when it is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OnDemand {
    Required,
    Readonly,
    Constraint,
    /// A dynamic default.
    Initial,
    /// A calculation that waits for its trigger.
    Triggered,
    /// The choices on offer.
    Choices,
    /// The relevance of a repeat, for the offer of a first row.
    Relevant,
}

/// A piece of a text with expressions inside.
#[derive(Debug, Clone)]
pub(crate) enum TextPart {
    Plain(String),
    Computed(Expr),
}

/// What is wrong with one expression of a questionnaire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleError {
    /// Index of the node.
    pub node: usize,
    /// The column of the survey that it stands in; `label` for all texts.
    pub column: &'static str,
    /// What is wrong with it, and at which byte of it.
    pub error: ParseError,
}

struct Compiler<'a> {
    package: &'a Package,
    /// By list: whether some label holds `${...}`.
    computed: Vec<bool>,
    binder: Binder<'a>,
    rules: Vec<UnorderedRule>,
    on_demand: Vec<(NodeId, (OnDemand, Expr))>,
    errors: Vec<RuleError>,
    last_saved: Vec<Arc<str>>,
    /// Node and what it reads, if anybody wants to know.
    needs: Option<Vec<(NodeId, NodeId)>>,
}

/// Every expression of a package, bound once.
pub(crate) struct BoundPackage {
    layout: Layout,
    rules: Vec<UnorderedRule>,
    on_demand: Vec<(NodeId, (OnDemand, Expr))>,
    templates: HashMap<NodeId, HashMap<String, Vec<TextPart>>>,
    last_saved: Vec<Arc<str>>,
    /// All that is wrong, also what only reads as blank.
    pub errors: Vec<RuleError>,
    /// Node and what it reads for being there and for its value; only if it was asked for.
    #[cfg_attr(not(feature = "authoring"), expect(dead_code, reason = "a compiler asks"))]
    pub needs: Vec<(NodeId, NodeId)>,
}

impl BoundPackage {
    /// Binds a package that has passed its own checks. `needs`: also notes what each node reads.
    pub fn of(package: &Package, functions: &'static [Function], needs: bool) -> Self {
        let layout = Layout::new(package);
        let computed = package
            .lists
            .iter()
            .map(|list| list.choices.iter().flat_map(|choice| &choice.label.0).any(|label| embedded(label).is_some()));
        let mut compiler = Compiler {
            package,
            computed: computed.collect(),
            binder: Binder::with(package, &layout, functions),
            rules: Vec::with_capacity(package.nodes.len()),
            on_demand: Vec::with_capacity(package.nodes.len()),
            errors: Vec::new(),
            last_saved: Vec::new(),
            needs: needs.then(Vec::new),
        };
        let mut templates = HashMap::new();
        for id in 0..package.nodes.len() as NodeId {
            compiler.node(&layout, id);
            let texts = compiler.templates(id);
            if !texts.is_empty() {
                templates.insert(id, texts);
            }
        }
        let Compiler { rules, on_demand, errors, last_saved, needs, .. } = compiler;
        Self { layout, rules, on_demand, templates, last_saved, errors, needs: needs.unwrap_or_default() }
    }
}

impl Program {
    /// Binds every expression of a package and orders the rules; or all that is wrong with them. The package must have
    /// passed its own checks.
    pub fn new(package: &Package, functions: &'static [Function]) -> Result<Self, Vec<RuleError>> {
        Self::of(package, BoundPackage::of(package, functions, false))
    }

    /// Orders the rules of a package whose expressions are bound.
    pub(crate) fn of(package: &Package, mut bound: BoundPackage) -> Result<Self, Vec<RuleError>> {
        bound.errors.retain(|rule| !rule.error.cause.reads_blank());
        if !bound.errors.is_empty() {
            return Err(bound.errors);
        }
        match order::order(&bound.layout, &bound.rules) {
            Ok(order) => Ok(Self::assemble(package, bound, &order)),
            Err(cycle) => {
                let name = |i: &usize| package.nodes[bound.rules[*i].rule.node as usize].name.clone();
                let first = &bound.rules[cycle[0]].rule;
                let column = match first.kind {
                    RuleKind::Relevant => "relevant",
                    RuleKind::Calculate => "calculation",
                    RuleKind::Offer => "choice_filter",
                    RuleKind::Count => "repeat_count",
                };
                let names = cycle.iter().chain(cycle.first()).map(name).collect();
                let error = ParseError { at: 0, cause: Cause::Cycle(names) };
                Err(vec![RuleError { node: first.node as usize, column, error }])
            }
        }
    }

    fn assemble(package: &Package, bound: BoundPackage, order: &[usize]) -> Self {
        let BoundPackage { layout, rules: unordered, on_demand, templates, mut last_saved, .. } = bound;
        let nodes = package.nodes.len();
        let (mut dependents, mut by_scope, mut of_language) = (Vec::new(), Vec::new(), Vec::new());
        let mut own = vec![NodeRules::default(); nodes];
        let mut rules = Vec::with_capacity(unordered.len());
        let mut unordered: Vec<Option<UnorderedRule>> = unordered.into_iter().map(Some).collect();
        for (rank, i) in order.iter().enumerate() {
            let Some(UnorderedRule { rule, reads, language }) = unordered[*i].take() else { continue };
            let rank = rank as u32;
            let reads = reads.iter().filter(|read| read.node != FORM);
            dependents.extend(reads.map(|read| (read.node, Dependent { rule: rank, anchor: read.anchor })));
            by_scope.push((u32::from(rule.scope), rank));
            if language {
                of_language.push(rank);
            }
            let own = &mut own[rule.node as usize];
            match rule.kind {
                RuleKind::Relevant => {}
                RuleKind::Calculate => own.calculate = Some(rank),
                RuleKind::Offer => own.offer = Some(rank),
                RuleKind::Count => own.count = Some(rank),
            }
            rules.push(rule);
        }
        let (mut triggers, mut drawn_before, mut drawn) = (Vec::new(), Vec::with_capacity(nodes), 0);
        for (id, node) in (0..).zip(&package.nodes) {
            triggers.extend(node.trigger.iter().map(|by| (*by, id)));
            drawn_before.push(drawn);
            drawn += u32::from(node.kind.is_shown());
        }
        last_saved.sort_unstable();
        last_saved.dedup();
        Self {
            rules,
            dependents: Grouped::new(nodes, dependents),
            by_scope: Grouped::new(layout.scopes.len(), by_scope),
            own,
            of_language,
            on_demand: Grouped::new(nodes, on_demand),
            templates,
            triggers: Grouped::new(nodes, triggers),
            drawn_before,
            last_saved,
            layout,
        }
    }

    /// What is computed of a node when it is asked for.
    pub(crate) fn on_demand(&self, node: NodeId, wanted: OnDemand) -> Option<&Expr> {
        self.on_demand.of(node).iter().find(|(what, _)| *what == wanted).map(|(_, expr)| expr)
    }

    /// The parts of a text of a node; `None` where it holds nothing computed.
    pub(crate) fn template(&self, node: NodeId, text: &str) -> Option<&[TextPart]> {
        self.templates.get(&node)?.get(text).map(Vec::as_slice)
    }
}

impl<'a> Compiler<'a> {
    fn bind(&mut self, text: &str, node: NodeId, column: &'static str) -> Bound {
        let bound = self.binder.bind(text, node);
        self.keep(bound, node, column)
    }

    fn keep(&mut self, mut bound: Bound, node: NodeId, column: &'static str) -> Bound {
        if matches!(bound.expr, Expr::Once(_)) && !matches!(column, "calculation" | "default") {
            bound.errors.push(ParseError { at: 0, cause: Cause::OnceInside });
        }
        let errors = bound.errors.drain(..);
        self.errors.extend(errors.map(|error| RuleError { node: node as usize, column, error }));
        self.last_saved.extend(bound.last_saved.iter().cloned());
        if let Some(needs) = &mut self.needs
            && !matches!(column, "required" | "readonly" | "label")
        {
            let read = bound.reads.iter().map(|read| read.node).filter(|read| *read != FORM && *read != node);
            needs.extend(read.map(|read| (node, read)));
        }
        bound
    }

    fn ask(&mut self, node: NodeId, what: OnDemand, expr: Expr) {
        self.on_demand.push((node, (what, expr)));
    }

    fn rule(&mut self, kind: RuleKind, node: NodeId, scope: ScopeId, bound: Bound) {
        let Bound { expr, reads, language, .. } = bound;
        let rule = Rule { kind, node, scope, keeps: matches!(expr, Expr::Once(_)), expr };
        self.rules.push(UnorderedRule { rule, reads, language });
    }

    fn node(&mut self, layout: &Layout, id: NodeId) {
        let node = &self.package.nodes[id as usize];
        let scope = layout.scope_of(id);
        let given = |text: &str| !text.trim().is_empty();
        for (what, column, text) in [
            (OnDemand::Required, "required", &node.required),
            (OnDemand::Readonly, "readonly", &node.readonly),
            (OnDemand::Constraint, "constraint", &node.constraint),
            (OnDemand::Initial, "default", &node.initial),
        ] {
            if given(text) {
                let expr = self.bind(text, id, column).expr;
                self.ask(id, what, expr);
            }
        }
        if given(&node.relevant) {
            let bound = self.bind(&node.relevant, id, "relevant");
            if node.kind == NodeType::Repeat {
                self.ask(id, OnDemand::Relevant, bound.expr.clone());
            }
            self.rule(RuleKind::Relevant, id, scope, bound);
        }
        if given(&node.calculation) {
            let bound = self.bind(&node.calculation, id, "calculation");
            match node.trigger.is_empty() {
                true => self.rule(RuleKind::Calculate, id, scope, bound),
                false => self.ask(id, OnDemand::Triggered, bound.expr),
            }
        }
        if node.kind == NodeType::Repeat && given(&node.repeat_count) {
            // the count is told from around the repeat: a relative path starts at the repeat all the same
            let bound = self.bind(&node.repeat_count, id, "repeat_count");
            self.rule(RuleKind::Count, id, layout.scopes[scope as usize].parent, bound);
        }
        if let Some(choices) = &node.choices {
            let bound = match choices.from {
                Source::List(list) => self.binder.bind_filter(list, &choices.filter, id),
                Source::Rows(from) => self.binder.bind_rows(from, &choices.filter, id),
            };
            let bound = self.keep(bound, id, "choice_filter");
            self.ask(id, OnDemand::Choices, bound.expr.clone());
            let fixed = bound.reads.is_empty() && !bound.language;
            if node.kind.is_select() && !fixed {
                self.rule(RuleKind::Offer, id, scope, bound);
            }
        }
    }

    /// The texts of a node that hold expressions, and those of its choices.
    fn templates(&mut self, id: NodeId) -> HashMap<String, Vec<TextPart>> {
        let node = &self.package.nodes[id as usize];
        let mut texts: Vec<&Text> =
            vec![&node.label, &node.hint, &node.guidance, &node.required_message, &node.constraint_message];
        if let Some(list) = node.list().filter(|list| self.computed[*list as usize]) {
            texts.extend(self.package.lists[list as usize].choices.iter().map(|choice| &choice.label));
        }
        let (mut found, mut bound) = (HashMap::new(), Vec::new());
        for text in texts.into_iter().flat_map(|text| &text.0).filter(|text| embedded(text).is_some()) {
            if !found.contains_key(text) {
                found.insert(text.clone(), self.parts(text, id, &mut bound));
            }
        }
        found
    }

    /// `bound` are the expressions of the other texts of the node: translations ask the same.
    fn parts<'t>(&mut self, text: &'t str, id: NodeId, bound: &mut Vec<(&'t str, Expr)>) -> Vec<TextPart> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((range, expression)) = embedded(rest) {
            let known = bound.iter().find(|(known, _)| *known == expression).map(|(_, expr)| expr.clone());
            let expr = known.unwrap_or_else(|| {
                let expr = self.bind(expression, id, "label").expr;
                bound.push((expression, expr.clone()));
                expr
            });
            parts.push(TextPart::Plain(rest[..range.start].to_owned()));
            parts.push(TextPart::Computed(expr));
            rest = &rest[range.end..];
        }
        parts.push(TextPart::Plain(rest.to_owned()));
        parts.shrink_to_fit();
        parts
    }
}

impl TextPart {
    /// As it appears in a text.
    pub(crate) fn write(&self, out: &mut String, value: impl FnOnce(&Expr) -> Value) {
        match self {
            TextPart::Plain(text) => out.push_str(text),
            TextPart::Computed(expr) => out.push_str(&value(expr).text()),
        }
    }
}
