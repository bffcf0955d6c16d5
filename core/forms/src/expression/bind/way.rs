//! The way of a path through the schema: steps and predicates to an anchor, and descents into rows below it.

use super::{Binding, Descent, Expr, Frame, Nodes, Pick, Read};
use crate::expression::parser::{Axis, Base, Step, Tree};
use crate::expression::schema::{FORM, NodeId, Schema, ScopeId};
use crate::expression::{Cause, Fault};

/// A path half-way.
pub(super) struct Way {
    pub(super) from_candidate: bool,
    pub(super) anchor: ScopeId,
    pub(super) down: Vec<Descent>,
    pub(super) node: NodeId,
    pub(super) filters: Vec<Expr>,
    /// Written as `/...`: binds to the row at hand where one value is wanted.
    pub(super) absolute: bool,
}

impl<'a> Binding<'_, 'a> {
    /// Follows the steps of a path from its base.
    pub(super) fn way(&mut self, base: &Base, steps: &[Step], at: usize, several: bool) -> Result<Way, Fault> {
        let schema = self.schema();
        let fail = |cause| Err(Fault { at, cause });
        let mut steps = steps;
        let mut way = match base {
            Base::Here => match self.frames.last() {
                Some(Frame::Row { node, .. }) => Way::at(schema, *node, true),
                _ => Way::at(schema, self.node, false),
            },
            Base::Root => {
                // the first step names the form, whatever its name
                if !steps.is_empty() {
                    steps = &steps[1..];
                }
                Way { absolute: true, ..Way::at(schema, FORM, false) }
            }
            Base::Of(tree) => match &**tree {
                Tree::Call { function, arguments, .. } if function == "current" && arguments.is_empty() => {
                    Way::at(schema, self.node, false)
                }
                _ => return fail(Cause::Unsupported("steps or predicates after something that is no path")),
            },
            Base::Reference(name) => self.reference(name, at)?,
            Base::LastSaved(_) => return fail(Cause::Unsupported("a path from ${last-saved#}")),
        };
        for (i, step) in steps.iter().enumerate() {
            match &step.axis {
                Axis::Oneself => {}
                Axis::Parent if way.node == FORM => return fail(Cause::Unsupported("a path that leaves the form")),
                Axis::Parent => {
                    let place = &schema.nodes[way.node as usize];
                    if place.repeat {
                        way.down.pop();
                        way.anchor = way.anchor.min(schema.scopes[place.scope as usize].parent);
                    }
                    way.node = place.parent;
                }
                Axis::AnyChild => return fail(Cause::Unsupported("* in a path")),
                Axis::Child(name) => {
                    let Some(child) = schema.child(way.node, name) else {
                        return fail(Cause::UnknownName(name.clone()));
                    };
                    way.node = child;
                    let place = &schema.nodes[child as usize];
                    if place.repeat {
                        way.down.push(Descent { scope: place.scope, pick: Pick::Rows(vec![]) });
                    }
                }
            }
            if !step.predicates.is_empty() {
                self.predicates(&mut way, &step.predicates, i + 1 == steps.len(), at)?;
            }
        }
        if way.absolute && !several {
            way.bind_to(schema, schema.scope_of(self.node));
        }
        Ok(way)
    }

    pub(super) fn predicates(
        &mut self,
        way: &mut Way,
        predicates: &[Tree],
        last: bool,
        at: usize,
    ) -> Result<(), Fault> {
        self.narrow(way, predicates, last, at, false)
    }

    /// Leaves those of the rows on offer in a select for which a filter holds.
    pub(super) fn choices(&mut self, way: &mut Way, filter: &Tree) -> Result<(), Fault> {
        self.narrow(way, std::slice::from_ref(filter), true, 0, true)
    }

    fn narrow(
        &mut self,
        way: &mut Way,
        predicates: &[Tree],
        last: bool,
        at: usize,
        choices: bool,
    ) -> Result<(), Fault> {
        let repeat = way.node != FORM && self.schema().nodes[way.node as usize].repeat;
        let scope = self.schema().scope_of(way.node);
        if !repeat && !last {
            return Err(Fault { at, cause: Cause::Unsupported("a predicate on something that is no repeat") });
        }
        self.frames.push(Frame::Row { node: way.node, anchor: way.anchor, choices });
        let bound: Vec<Expr> = predicates.iter().map(|tree| self.value(tree)).collect();
        self.frames.pop();
        match way.down.last_mut() {
            Some(Descent { scope: into, pick: Pick::Rows(rows) }) if repeat && *into == scope => rows.extend(bound),
            _ => way.filters.extend(bound),
        }
        Ok(())
    }

    /// `${name}`: as near as it can be.
    pub(super) fn reference(&self, name: &str, at: usize) -> Result<Way, Fault> {
        let schema = self.schema();
        let node = match schema.named(name) {
            [] => return Err(Fault { at, cause: Cause::UnknownReference(name.to_owned()) }),
            [node] => *node,
            _ => return Err(Fault { at, cause: Cause::AmbiguousName(name.to_owned()) }),
        };
        Ok(self.nearest(node))
    }

    /// The way to a node, as near as it can be.
    pub(super) fn nearest(&self, node: NodeId) -> Way {
        let schema = self.schema();
        let target = schema.scope_of(node);
        // inside a predicate on rows of a repeat: the candidate's own, where the rule stands outside of that repeat
        let candidate = match self.frames.last() {
            Some(Frame::Row { node: row, choices, .. }) => {
                let scope = schema.scope_of(*row);
                // what is nearer to the rule than the rows are is its own
                let own = schema.scope_of(self.node);
                let outside = !schema.around(scope, own);
                let nearer = target != scope && schema.around(target, own);
                schema.around(scope, target) && (outside || *choices && !nearer)
            }
            _ => false,
        };
        let from = match self.frames.last() {
            Some(Frame::Row { node: row, .. }) if candidate => schema.scope_of(*row),
            _ => schema.scope_of(self.node),
        };
        let mut way = Way::at(schema, FORM, false);
        way.from_candidate = candidate;
        way.node = node;
        let mut scope = target;
        while scope != 0 {
            way.down.push(Descent { scope, pick: Pick::Rows(vec![]) });
            scope = schema.scopes[scope as usize].parent;
        }
        way.down.reverse();
        way.bind_to(schema, from);
        way
    }

    /// Notes what is read.
    pub(super) fn finish(&mut self, way: Way) -> Nodes {
        let schema = self.schema();
        let mut anchor = way.anchor;
        if way.from_candidate {
            for frame in &self.frames {
                if let Frame::Row { anchor: outer, .. } = frame {
                    anchor = schema.common(anchor, *outer);
                }
            }
        }
        self.out.reads.push(Read { node: way.node, anchor });
        for descent in &way.down {
            let parent = schema.scopes[descent.scope as usize].parent;
            let node = schema.scopes[descent.scope as usize].node;
            self.out.reads.push(Read { node, anchor: schema.common(anchor, parent) });
        }
        if way.node != FORM && schema.nodes[way.node as usize].repeat {
            let parent = schema.scopes[schema.scope_of(way.node) as usize].parent;
            self.out.reads.push(Read { node: way.node, anchor: schema.common(anchor, parent) });
        }
        let Way { from_candidate, anchor, down, node, filters, .. } = way;
        Nodes { from_candidate, anchor, down, node, filters }
    }
}

impl Way {
    pub(super) fn at(schema: &Schema, node: NodeId, from_candidate: bool) -> Self {
        let anchor = schema.scope_of(node);
        Self { from_candidate, anchor, down: vec![], node, filters: vec![], absolute: false }
    }
    /// Leaves out the steps down into rows that lie around a scope anyway, but never the step into the target itself.
    fn bind_to(&mut self, schema: &Schema, scope: ScopeId) {
        let target = (self.node != FORM && schema.nodes[self.node as usize].repeat).then(|| schema.scope_of(self.node));
        while let Some(Descent { scope: into, pick: Pick::Rows(predicates) }) = self.down.first()
            && predicates.is_empty()
            && schema.around(*into, scope)
            && target != Some(*into)
        {
            self.anchor = *into;
            self.down.remove(0);
        }
    }
}
