//! The values of one interview, and the one dirty set that keeps them true.
//!
//! A changed value marks the rules that read it, each in the rows concerned, as dirty; they are computed in the order of
//! their ranks until none is left. There are no observers and no memory of what was computed why: what is not dirty is
//! true. Values that are not relevant stay, and are read as blank.

use super::answer;
use super::form::Form;
use crate::expression::layout::{Cell, FORM, InstanceData, NodeId, RowId, ScopeId};
use crate::expression::{Environment, EvalContext, Expr, Instance, Value};
use crate::package::{NodeType, Source};
use crate::program::{OnDemand, RuleKind};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Rows of one repeat in its place, at most.
pub const MAX_ROWS: usize = 10_000;
/// Rows of all repeats together, at most.
const MAX_ALL_ROWS: usize = 50_000;
/// For more rows than this, what they share is computed once.
const FEW_ROWS: usize = 4;
/// Rules computed for one change, at most. Only rules that chase each other across rows can come near; then what is
/// left stays as it is.
const MAX_STEPS: usize = 2_000_000;

#[derive(Debug, Clone)]
pub(super) struct State {
    pub rows: InstanceData,
    pub around: Environment,
    dirty: BTreeSet<Dirty>,
    /// Nodes with a trigger that changed, in their rows.
    changed: Vec<(NodeId, RowId)>,
    /// Rows whose dynamic defaults are due.
    begun: Vec<RowId>,
    /// Defaults are no change: they trigger nothing.
    quiet: bool,
    /// A draft is taken up: what a person may have written over is not computed.
    resuming: bool,
}

/// A rule to compute, in the order of the ranks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Dirty {
    rank: u32,
    row: RowId,
    /// In every row below this one, in their order; else in this row alone. One mark stands for many rows, however many
    /// changes lead to it.
    below: bool,
}

impl State {
    /// Where an expression of a node is evaluated.
    pub fn context<'a>(&'a self, form: Form<'a>, row: RowId, node: NodeId) -> EvalContext<'a> {
        let (package, layout) = (form.package, &form.program.layout);
        let instance = Instance { package, layout, rows: &self.rows, around: &self.around };
        EvalContext::new(instance, row, node)
    }

    /// The empty form: nothing answered, nothing computed.
    pub fn empty(form: Form<'_>, around: Environment) -> Self {
        let rows = InstanceData::new(&form.program.layout);
        Self {
            rows,
            around,
            dirty: BTreeSet::new(),
            changed: Vec::new(),
            begun: Vec::new(),
            quiet: false,
            resuming: false,
        }
    }

    /// The beginning of an interview: defaults, first rows, everything computed.
    pub fn begin(form: Form<'_>, around: Environment, prefill: &dyn Fn(&str) -> Option<String>) -> Self {
        let mut state = Self { quiet: true, ..Self::empty(form, around) };
        state.begin_row(form, 0, true);
        let local = state.around.local;
        for (id, node) in form.package.nodes.iter().enumerate().filter(|(_, node)| !node.prefill.is_empty()) {
            let value = prefill(&node.prefill).and_then(|text| answer::read(form, id as NodeId, &text, local).ok());
            if let (Some(value), 0) = (value, form.program.layout.scope_of(id as NodeId)) {
                state.set_value(form, id as NodeId, 0, value);
            }
        }
        state.recompute(form);
        state.quiet = false;
        state
    }

    pub fn cell(&self, form: Form<'_>, node: NodeId, row: RowId) -> &Cell {
        self.rows.cell(row, form.program.layout.cell_of(node))
    }

    pub fn relevant(&self, form: Form<'_>, node: NodeId, row: RowId) -> bool {
        node == FORM || self.cell(form, node, row).relevant
    }

    /// What is read: blank where it is not relevant.
    pub fn value(&self, form: Form<'_>, node: NodeId, row: RowId) -> Value {
        let cell = self.cell(form, node, row);
        if cell.relevant { cell.value.clone() } else { Value::Blank }
    }

    /// A node and the sections around it, each with the row that it lies in.
    pub fn outwards<'a>(
        &'a self,
        form: Form<'a>,
        node: NodeId,
        row: RowId,
    ) -> impl Iterator<Item = (NodeId, RowId)> + 'a {
        let inside = |(node, _): &(NodeId, RowId)| *node != FORM;
        let around = move |(node, row): &(NodeId, RowId)| Some(self.section_of(form, *node, *row)).filter(inside);
        std::iter::successors(Some((node, row)).filter(inside), around)
    }

    /// The section around a node, with the row that it lies in.
    fn section_of(&self, form: Form<'_>, node: NodeId, row: RowId) -> (NodeId, RowId) {
        let layout = &form.program.layout;
        let repeat = layout.nodes[node as usize].repeat;
        (layout.parent_of(node), if repeat { self.rows.row(row).parent } else { row })
    }

    /// Whether all around a node is relevant.
    fn is_inside_relevant(&self, form: Form<'_>, node: NodeId, row: RowId) -> bool {
        let (section, row) = self.section_of(form, node, row);
        self.relevant(form, section, row)
    }

    /// Sets a value, and marks what reads it.
    pub fn set_value(&mut self, form: Form<'_>, node: NodeId, row: RowId, value: Value) {
        let at = form.program.layout.cell_of(node);
        let cell = self.rows.cell_mut(row, at);
        if cell.given == value {
            return;
        }
        cell.given = value;
        if let Some(offer) = form.own(node).offer {
            // what is read of it depends on what is on offer
            self.dirty.insert(Dirty { rank: offer, row, below: false });
            return;
        }
        cell.value = cell.given.clone();
        self.notify(form, node, row);
    }

    /// Marks everything that reads a node in a row.
    fn notify(&mut self, form: Form<'_>, node: NodeId, row: RowId) {
        let program = form.program;
        if !self.quiet && !program.triggers.of(node).is_empty() {
            self.changed.push((node, row));
        }
        let scope = self.rows.row(row).scope;
        for dependent in program.dependents.of(node) {
            let to = program.rules[dependent.rule as usize].scope;
            let rank = dependent.rule;
            if scope == dependent.anchor && scope == to {
                self.dirty.insert(Dirty { rank, row, below: false });
            } else if let Some(row) = self.rows.outer(&program.layout, row, dependent.anchor) {
                self.dirty.insert(Dirty { rank, row, below: true });
            }
        }
    }

    /// Computes until nothing is dirty: rules, then what they set off, then the dynamic defaults of new rows.
    pub fn recompute(&mut self, form: Form<'_>) {
        let mut steps = 0;
        while steps < MAX_STEPS {
            steps += 1;
            if let Some(Dirty { rank, row, below }) = self.dirty.pop_first() {
                if !below {
                    self.compute(form, rank, row, None);
                    continue;
                }
                if self.rows.row(row).cells.is_empty() {
                    // it went while this waited
                    continue;
                }
                // the rows are computed in their order, so that what looks at the row before is settled in one sweep
                let mut rows = Vec::new();
                let scope = form.program.rules[rank as usize].scope;
                self.rows.below(&form.program.layout, row, scope, &mut |row| rows.push(row));
                steps += rows.len();
                let rule = &form.program.rules[rank as usize];
                let shared = (rows.len() > FEW_ROWS).then(|| {
                    let outer = self.rows.row(row).scope;
                    self.context(form, rows[0], rule.node).for_rows_below(&rule.expr, outer)
                });
                rows.into_iter().for_each(|row| self.compute(form, rank, row, shared.as_ref()));
            } else if let Some((node, row)) = self.changed.pop() {
                self.trigger(form, node, row);
            } else if let Some(row) = self.begun.pop() {
                self.initial(form, row);
            } else {
                return;
            }
        }
        self.dirty.clear();
        self.changed.clear();
        self.begun.clear();
    }

    /// Computes a rule in a row, with `shared` in place of its own expression if many rows share parts of it.
    fn compute(&mut self, form: Form<'_>, rank: u32, row: RowId, shared: Option<&Expr>) {
        let program = form.program;
        let rule = &program.rules[rank as usize];
        let expr = shared.unwrap_or(&rule.expr);
        if self.resuming && rule.kind == RuleKind::Calculate && form.kind(rule.node).is_shown() {
            return;
        }
        // the row may be gone, its number taken by another, or it is hidden
        if self.rows.row(row).scope != rule.scope || !self.rows.is_live(&program.layout, row) {
            return;
        }
        match rule.kind {
            RuleKind::Relevant => {
                let own = self.context(form, row, rule.node).truth(expr);
                let cell = program.layout.cell_of(rule.node);
                if self.rows.cell(row, cell).own != own {
                    self.rows.cell_mut(row, cell).own = own;
                    self.propagate_relevance(form, rule.node, row);
                }
            }
            RuleKind::Calculate => {
                let value = self.context(form, row, rule.node).eval(expr);
                self.set_value(form, rule.node, row, answer::fit(form, rule.node, value, self.around.local));
            }
            RuleKind::Offer => {
                let value = self.on_offer(form, rule.node, row, expr);
                let cell = self.rows.cell_mut(row, program.layout.cell_of(rule.node));
                if cell.value != value {
                    cell.value = value;
                    self.notify(form, rule.node, row);
                }
            }
            RuleKind::Count => {
                let wanted = self.context(form, row, rule.node).number(expr);
                // a blank count keeps the rows that are there (E10)
                if !wanted.is_nan() {
                    self.resize(form, rule.node, row, wanted.clamp(0.0, MAX_ROWS as f64) as usize);
                }
            }
        }
    }

    /// The part of an answer that is still on offer; all of it is kept for when the choice returns (E5).
    fn on_offer(&self, form: Form<'_>, node: NodeId, row: RowId, choices: &Expr) -> Value {
        let given = &self.cell(form, node, row).given;
        if given.is_blank() {
            return Value::Blank;
        }
        let (kind, text) = (form.kind(node), given.text());
        let offered = self.offered(form, node, row, choices);
        let names = match form.package.nodes[node as usize].choices.as_ref().map(|choices| &choices.from) {
            Some(Source::Rows(from)) => {
                // names may have spaces: those of all rows tell where one ends
                let (layout, mut all) = (&form.program.layout, BTreeSet::new());
                self.rows.below(layout, 0, layout.scope_of(*from), &mut |row| {
                    all.insert(self.value(form, *from, row).text().into_owned());
                });
                answer::split(kind, &text, |name| all.contains(name))
            }
            Some(Source::List(list)) => {
                let table = &form.program.layout.lists[*list as usize];
                answer::split(kind, &text, |name| table.by_name.contains_key(name))
            }
            None => Vec::new(),
        };
        let mut left: Vec<&str> = names.iter().copied().filter(|name| offered.contains(name)).collect();
        if kind == NodeType::Rank && !left.is_empty() {
            // what has come on offer since goes last, in the order of the list (E25)
            let new: Vec<&str> = offered.in_order().filter(|name| !left.contains(name)).collect();
            left.extend(new);
            return Value::text_or_blank(&left.join(" "));
        }
        if left.len() == names.len() { given.clone() } else { Value::text_or_blank(&left.join(" ")) }
    }

    /// The names of the choices on offer.
    fn offered(&self, form: Form<'_>, node: NodeId, row: RowId, choices: &Expr) -> Offered {
        let mut offered = Offered::default();
        self.context(form, row, node).each(choices, &mut |value| {
            offered.0.push(value.shared_text());
            true
        });
        offered
    }

    /// Computes the relevance of a node anew, and of what is inside where it changed.
    fn propagate_relevance(&mut self, form: Form<'_>, node: NodeId, row: RowId) {
        let layout = &form.program.layout;
        let place = &layout.nodes[node as usize];
        let around = self.is_inside_relevant(form, node, row);
        let cell = self.rows.cell_mut(row, place.cell as usize);
        let relevant = around && cell.own;
        if cell.relevant == relevant {
            return;
        }
        cell.relevant = relevant;
        self.notify(form, node, row);
        let mut inside = node + 1;
        while inside < place.end {
            let next = &layout.nodes[inside as usize];
            if next.repeat {
                for child in self.rows.children(layout, row, next.scope).to_vec() {
                    self.propagate_relevance(form, inside, child);
                }
            } else {
                self.propagate_relevance(form, inside, row);
            }
            inside = next.end;
        }
    }

    /// Gives a repeat so many rows. A lower number hides the last ones, and a higher one brings them back with their
    /// answers before there are new ones: numbers are mistyped.
    pub fn resize(&mut self, form: Form<'_>, repeat: NodeId, parent: RowId, wanted: usize) {
        let layout = &form.program.layout;
        let scope = layout.scope_of(repeat);
        let mut have = self.rows.children(layout, parent, scope).len();
        while have < wanted {
            match self.rows.unhide(layout, parent, scope) {
                Some(row) => self.come_back(form, repeat, row),
                None if self.add_row(form, repeat, parent, have).is_none() => break,
                None => {}
            }
            have += 1;
        }
        if have > wanted {
            for at in (wanted..have).rev() {
                let last = self.rows.children(layout, parent, scope)[at];
                // a row in which nothing was said, with no other behind it, is made again as well
                let kept = self.rows.hidden(layout, parent, scope).next().is_some() || !self.is_untouched(form, last);
                if kept {
                    self.rows.hide_last(layout, parent, scope);
                } else {
                    self.rows.remove(layout, last);
                }
            }
            self.notify(form, repeat, parent);
        }
    }

    /// Whether a row holds nothing that it would not hold if it were made again.
    fn is_untouched(&self, form: Form<'_>, row: RowId) -> bool {
        let at = self.rows.row(row);
        let cells = form.program.layout.scopes[at.scope as usize].cells.iter().zip(&at.cells);
        let same = |(node, cell): (&NodeId, &Cell)| {
            let node = &form.package.nodes[*node as usize];
            cell.given.is_blank() && node.default.is_empty() && node.initial.is_empty()
        };
        cells.skip(1).all(same)
            && at.hidden.iter().all(Vec::is_empty)
            && at.children.iter().flatten().all(|row| self.is_untouched(form, *row))
    }

    /// Computes anew what may have changed while a row was hidden.
    fn come_back(&mut self, form: Form<'_>, repeat: NodeId, row: RowId) {
        self.propagate_relevance(form, repeat, row);
        let mut rows = vec![row];
        while let Some(row) = rows.pop() {
            let at = self.rows.row(row);
            rows.extend(at.children.iter().flatten());
            for rank in form.program.by_scope.of(at.scope.into()) {
                self.dirty.insert(Dirty { rank: *rank, row, below: false });
            }
        }
        self.notify(form, repeat, self.rows.row(row).parent);
    }

    /// A new row with its defaults; `None` when there are too many.
    pub fn add_row(&mut self, form: Form<'_>, repeat: NodeId, parent: RowId, at: usize) -> Option<RowId> {
        let layout = &form.program.layout;
        let scope = layout.scope_of(repeat);
        if self.rows.children(layout, parent, scope).len() >= MAX_ROWS || self.rows.count() >= MAX_ALL_ROWS {
            return None;
        }
        let row = self.rows.insert(layout, parent, scope, at);
        self.begin_row(form, row, true);
        // below: the row stands in its parent, so everything that counts rows is told there
        self.notify(form, repeat, parent);
        Some(row)
    }

    pub fn remove_row(&mut self, form: Form<'_>, repeat: NodeId, row: RowId) {
        let parent = self.rows.row(row).parent;
        self.rows.remove(&form.program.layout, row);
        self.notify(form, repeat, parent);
    }

    /// Relevance, static defaults and rules of a new row; with `defaults` also the rows inside that are there from the
    /// beginning, and the dynamic defaults when everything else has been computed.
    pub fn begin_row(&mut self, form: Form<'_>, row: RowId, defaults: bool) {
        let layout = &form.program.layout;
        let scope = self.rows.row(row).scope;
        let shape = &layout.scopes[scope as usize];
        let quiet = std::mem::replace(&mut self.quiet, true);
        for (cell, node) in shape.cells.iter().enumerate().filter(|(_, node)| **node != FORM) {
            self.rows.cell_mut(row, cell).relevant = self.is_inside_relevant(form, *node, row);
            let default = &form.package.nodes[*node as usize].default;
            if defaults && !default.is_empty() {
                let value = answer::read_or_fit(form, *node, default, self.around.local);
                self.set_value(form, *node, row, value);
            } else if defaults {
                self.set_value(form, *node, row, answer::preload(form, *node, &self.around));
            }
        }
        self.quiet = quiet;
        let rules = form.program.by_scope.of(scope.into()).iter();
        let rules = rules.map(|rank| Dirty { rank: *rank, row, below: false });
        match self.dirty.is_empty() {
            // all at once, as they are in order
            true => self.dirty = rules.collect(),
            false => self.dirty.extend(rules),
        }
        if !defaults {
            return;
        }
        for child in &shape.children {
            let repeat = layout.scopes[*child as usize].node;
            if form.own(repeat).count.is_none() {
                // a repeat without a count begins with one row
                self.add_row(form, repeat, row, 0);
            }
        }
        self.begun.push(row);
    }

    /// The dynamic defaults of a new row, in the order of the form.
    fn initial(&mut self, form: Form<'_>, row: RowId) {
        if self.rows.row(row).cells.is_empty() {
            return;
        }
        let scope: ScopeId = self.rows.row(row).scope;
        for node in &form.program.layout.scopes[scope as usize].cells {
            if *node == FORM {
                continue;
            }
            if let Some(expr) = form.program.on_demand(*node, OnDemand::Initial) {
                let value = self.context(form, row, *node).eval(expr);
                self.set_value(form, *node, row, answer::fit(form, *node, value, self.around.local));
                self.recompute_rules(form);
            }
        }
    }

    fn recompute_rules(&mut self, form: Form<'_>) {
        let begun = std::mem::take(&mut self.begun);
        let changed = std::mem::take(&mut self.changed);
        self.recompute(form);
        self.begun.splice(0..0, begun);
        self.changed.splice(0..0, changed);
    }

    /// Computes what waits for a node, in the rows that belong to it.
    fn trigger(&mut self, form: Form<'_>, node: NodeId, row: RowId) {
        if self.rows.row(row).cells.is_empty() {
            return;
        }
        let layout = &form.program.layout;
        for target in form.program.triggers.of(node) {
            let Some(expr) = form.program.on_demand(*target, OnDemand::Triggered) else { continue };
            let scope = layout.scope_of(*target);
            let common = layout.common(scope, self.rows.row(row).scope);
            let Some(anchor) = self.rows.outer(layout, row, common) else { continue };
            let mut rows = Vec::new();
            self.rows.below(layout, anchor, scope, &mut |row| rows.push(row));
            for row in rows {
                let value = self.context(form, row, *target).eval(expr);
                self.set_value(form, *target, row, answer::fit(form, *target, value, self.around.local));
            }
        }
    }

    /// Another language: what depends on it is computed anew.
    pub fn set_language(&mut self, form: Form<'_>, language: usize) {
        self.around.language = language;
        for rank in &form.program.of_language {
            self.dirty.insert(Dirty { rank: *rank, row: 0, below: true });
        }
        self.recompute(form);
    }

    /// Computes every rule in every row again: what [`State::recompute`] must have made needless.
    #[cfg(test)]
    pub fn recompute_all(&mut self, form: Form<'_>) {
        let all = 0..form.program.rules.len() as u32;
        self.dirty.extend(all.map(|rank| Dirty { rank, row: 0, below: true }));
        // what a person may have written over stays
        self.resuming = true;
        self.recompute(form);
        self.resuming = false;
    }

    /// A row of a draft: its values come from there, so it has no defaults.
    pub fn restore_row(&mut self, form: Form<'_>, repeat: NodeId, parent: RowId, at: usize) -> Option<RowId> {
        let layout = &form.program.layout;
        let scope = layout.scope_of(repeat);
        if self.rows.children(layout, parent, scope).len() != at || self.rows.count() >= MAX_ALL_ROWS {
            return None;
        }
        let row = self.rows.insert(layout, parent, scope, at);
        self.begin_row(form, row, false);
        self.notify(form, repeat, parent);
        Some(row)
    }

    /// Computes what follows from the values of a draft. What a person may have written over is left alone.
    pub fn recompute_resumed(&mut self, form: Form<'_>) {
        self.changed.clear();
        // what is computed on the way is no change either: a trigger would write over an answer
        (self.quiet, self.resuming) = (true, true);
        self.recompute(form);
        (self.quiet, self.resuming) = (false, false);
    }
}

/// Names of choices in their order.
#[derive(Debug, Default)]
struct Offered(Vec<Arc<str>>);

impl Offered {
    fn contains(&self, name: &str) -> bool {
        self.0.iter().any(|known| &**known == name)
    }
    fn in_order(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|name| &**name)
    }
}
