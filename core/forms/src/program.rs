//! The rules of a questionnaire in the order in which they are computed.
//!
//! Four kinds of rule keep values up to date: relevance, calculation, the choices on offer, the number of rows. They are
//! ranked once, when the package is read, so that a rule comes after everything that it reads; a cycle is named and
//! refused. What only a page or the review asks for (required, read-only, constraint, labels) is bound here too, and
//! computed when it is asked for.

mod order;

use crate::expression::expr::Function;
use crate::expression::expr::{Bound, Read};
use crate::expression::layout::{FORM, Layout, NodeId, ScopeId};
use crate::expression::{Binder, Cause, Expr, ParseError, Value, embedded};
use crate::package::{NodeType, Package, Source, Text};
use std::collections::HashMap;

pub(crate) use order::RuleKind;

/// Everything that an interview needs beside the package.
#[derive(Debug)]
pub struct Program {
    pub(crate) layout: Layout,
    /// By rank.
    pub(crate) rules: Vec<Rule>,
    /// By node: the rules that read it.
    pub(crate) dependents: Vec<Vec<Dependent>>,
    /// By scope: the ranks of the rules that live in its rows.
    pub(crate) by_scope: Vec<Vec<u32>>,
    /// By node: the ranks of its own rules.
    pub(crate) own: Vec<NodeRules>,
    /// Ranks of the rules that depend on the language.
    pub(crate) of_language: Vec<u32>,
    /// By node; most have nothing of the kind.
    on_demand: Vec<Option<Box<OnDemandRules>>>,
    /// Texts with expressions inside, by node and text.
    templates: HashMap<NodeId, HashMap<String, Vec<TextPart>>>,
    /// By node: the nodes whose calculation it triggers.
    pub(crate) triggers: Vec<Vec<NodeId>>,
    /// By node: how many drawn questions stand before it.
    pub(crate) drawn_before: Vec<u32>,
    /// Names that `${last-saved#name}` asks for.
    pub(crate) last_saved: Vec<std::sync::Arc<str>>,
}

#[derive(Debug)]
pub(crate) struct Rule {
    pub kind: RuleKind,
    pub node: NodeId,
    /// The scope in whose rows it is computed.
    pub scope: ScopeId,
    pub expr: Expr,
    /// Its result is kept in a draft: `once()`.
    pub keeps: bool,
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
#[derive(Debug, Clone)]
pub(crate) struct OnDemandRules {
    pub required: Option<Expr>,
    pub readonly: Option<Expr>,
    pub constraint: Option<Expr>,
    pub initial: Option<Expr>,
    /// A calculation that waits for its trigger.
    pub triggered: Option<Expr>,
    /// The choices on offer.
    pub choices: Option<Expr>,
    /// The relevance of a repeat, for the offer of a first row.
    pub relevant: Option<Expr>,
}

impl OnDemandRules {
    const NOTHING: Self = Self {
        required: None,
        readonly: None,
        constraint: None,
        initial: None,
        triggered: None,
        choices: None,
        relevant: None,
    };

    fn is_nothing(&self) -> bool {
        let Self { required, readonly, constraint, initial, triggered, choices, relevant } = self;
        let all = [required, readonly, constraint, initial, triggered, choices, relevant];
        all.into_iter().all(Option::is_none)
    }
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
    errors: Vec<RuleError>,
    last_saved: Vec<std::sync::Arc<str>>,
    /// Node and what it reads, if anybody wants to know.
    needs: Option<Vec<(NodeId, NodeId)>>,
}

/// A rule that has no rank yet.
struct UnorderedRule {
    rule: Rule,
    reads: Vec<Read>,
    language: bool,
}

/// Every expression of a package, bound once.
pub(crate) struct BoundPackage {
    layout: Layout,
    rules: Vec<UnorderedRule>,
    on_demand: Vec<Option<Box<OnDemandRules>>>,
    templates: HashMap<NodeId, HashMap<String, Vec<TextPart>>>,
    last_saved: Vec<std::sync::Arc<str>>,
    /// All that is wrong, also what only reads as blank.
    pub errors: Vec<RuleError>,
    /// Node and what it reads for being there and for its value; only if it was asked for.
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
        let computed = computed.collect();
        let binder = Binder::with(&layout, functions);
        let mut compiler = Compiler {
            package,
            computed,
            binder,
            errors: Vec::new(),
            last_saved: Vec::new(),
            needs: needs.then(Vec::new),
        };
        let mut rules = Vec::new();
        let mut on_demand = Vec::with_capacity(package.nodes.len());
        let mut templates = HashMap::new();
        for id in 0..package.nodes.len() as NodeId {
            let found = compiler.node(&layout, id, &mut rules);
            on_demand.push((!found.is_nothing()).then(|| Box::new(found)));
            let texts = compiler.templates(id);
            if !texts.is_empty() {
                templates.insert(id, texts);
            }
        }
        let Compiler { errors, last_saved, needs, .. } = compiler;
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
    pub(crate) fn of(package: &Package, bound: BoundPackage) -> Result<Self, Vec<RuleError>> {
        let BoundPackage { layout, rules: drafts, on_demand, templates, last_saved, mut errors, .. } = bound;
        errors.retain(|rule| !rule.error.cause.reads_blank());
        if !errors.is_empty() {
            return Err(errors);
        }
        let order = order::order(
            &layout,
            drafts.len(),
            |i| (drafts[i].rule.kind, drafts[i].rule.node, drafts[i].rule.scope),
            |i| &drafts[i].reads,
        );
        match order {
            Ok(order) => Ok(Self::assemble(package, layout, drafts, &order, on_demand, templates, last_saved)),
            Err(cycle) => {
                let name = |i: &usize| package.nodes[drafts[*i].rule.node as usize].name.clone();
                let first = &drafts[cycle[0]].rule;
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

    fn assemble(
        package: &Package,
        layout: Layout,
        drafts: Vec<UnorderedRule>,
        order: &[usize],
        on_demand: Vec<Option<Box<OnDemandRules>>>,
        templates: HashMap<NodeId, HashMap<String, Vec<TextPart>>>,
        mut last_saved: Vec<std::sync::Arc<str>>,
    ) -> Self {
        let nodes = package.nodes.len();
        let mut dependents = vec![Vec::new(); nodes];
        let mut by_scope = vec![Vec::new(); layout.scopes.len()];
        let mut own = vec![NodeRules::default(); nodes];
        let mut of_language = Vec::new();
        let mut rules = Vec::with_capacity(drafts.len());
        let mut drafts: Vec<Option<UnorderedRule>> = drafts.into_iter().map(Some).collect();
        for (rank, i) in order.iter().enumerate() {
            let Some(UnorderedRule { rule, reads, language }) = drafts[*i].take() else { continue };
            let rank = rank as u32;
            for read in reads.iter().filter(|read| read.node != FORM) {
                dependents[read.node as usize].push(Dependent { rule: rank, anchor: read.anchor });
            }
            by_scope[rule.scope as usize].push(rank);
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
        dependents.iter_mut().for_each(Vec::shrink_to_fit);
        let mut triggers = vec![Vec::new(); nodes];
        let mut drawn_before = Vec::with_capacity(nodes);
        let mut drawn = 0;
        for (id, node) in package.nodes.iter().enumerate() {
            node.trigger.iter().for_each(|by| triggers[*by as usize].push(id as NodeId));
            drawn_before.push(drawn);
            drawn += u32::from(node.kind.is_shown());
        }
        last_saved.sort_unstable();
        last_saved.dedup();
        Self {
            layout,
            rules,
            dependents,
            by_scope,
            own,
            of_language,
            on_demand,
            templates,
            triggers,
            drawn_before,
            last_saved,
        }
    }

    /// What is computed of a node when it is asked for.
    pub(crate) fn on_demand(&self, node: NodeId) -> &OnDemandRules {
        static NOTHING: OnDemandRules = OnDemandRules::NOTHING;
        self.on_demand[node as usize].as_deref().unwrap_or(&NOTHING)
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

    fn asked(&mut self, text: &str, node: NodeId, column: &'static str) -> Option<Expr> {
        (!text.trim().is_empty()).then(|| self.bind(text, node, column).expr)
    }

    fn node(&mut self, layout: &Layout, id: NodeId, drafts: &mut Vec<UnorderedRule>) -> OnDemandRules {
        let node = &self.package.nodes[id as usize];
        let scope = layout.scope_of(id);
        let mut push = |kind, scope, bound: Bound| {
            let keeps = matches!(bound.expr, Expr::Once(_));
            let rule = Rule { kind, node: id, scope, expr: bound.expr, keeps };
            drafts.push(UnorderedRule { rule, reads: bound.reads, language: bound.language });
        };
        let mut asked = OnDemandRules {
            required: self.asked(&node.required, id, "required"),
            readonly: self.asked(&node.readonly, id, "readonly"),
            constraint: self.asked(&node.constraint, id, "constraint"),
            initial: self.asked(&node.initial, id, "default"),
            ..OnDemandRules::NOTHING
        };
        if !node.relevant.trim().is_empty() {
            let bound = self.bind(&node.relevant, id, "relevant");
            asked.relevant = (node.kind == NodeType::Repeat).then(|| bound.expr.clone());
            push(RuleKind::Relevant, scope, bound);
        }
        if !node.calculation.trim().is_empty() {
            let bound = self.bind(&node.calculation, id, "calculation");
            if node.trigger.is_empty() {
                push(RuleKind::Calculate, scope, bound);
            } else {
                asked.triggered = Some(bound.expr);
            }
        }
        if node.kind == NodeType::Repeat && !node.repeat_count.trim().is_empty() {
            let outer = layout.scopes[scope as usize].parent;
            // the count is told from around the repeat: a relative path starts at the repeat all the same
            let bound = self.bind(&node.repeat_count, id, "repeat_count");
            push(RuleKind::Count, outer, bound);
        }
        if let Some(choices) = &node.choices {
            let bound = match choices.from {
                Source::List(list) => self.binder.bind_filter(list, &choices.filter, id),
                Source::Rows(from) => self.binder.bind_rows(from, &choices.filter, id),
            };
            let bound = self.keep(bound, id, "choice_filter");
            asked.choices = Some(bound.expr.clone());
            let fixed = bound.reads.is_empty() && !bound.language;
            if node.kind.is_select() && !fixed {
                push(RuleKind::Offer, scope, bound);
            }
        }
        asked
    }

    /// The texts of a node that hold expressions, and those of its choices.
    fn templates(&mut self, id: NodeId) -> HashMap<String, Vec<TextPart>> {
        let node = &self.package.nodes[id as usize];
        let mut texts: Vec<&Text> =
            vec![&node.label, &node.hint, &node.guidance, &node.required_message, &node.constraint_message];
        if let Some(Source::List(list)) = node.choices.as_ref().map(|choices| &choices.from)
            && self.computed[*list as usize]
        {
            texts.extend(self.package.lists[*list as usize].choices.iter().map(|choice| &choice.label));
        }
        let mut found = HashMap::new();
        for text in texts.into_iter().flat_map(|text| &text.0).filter(|text| embedded(text).is_some()) {
            if !found.contains_key(text) {
                found.insert(text.clone(), self.parts(text, id));
            }
        }
        found
    }

    fn parts(&mut self, text: &str, id: NodeId) -> Vec<TextPart> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((range, expression)) = embedded(rest) {
            parts.push(TextPart::Plain(rest[..range.start].to_owned()));
            parts.push(TextPart::Computed(self.bind(expression, id, "label").expr));
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
