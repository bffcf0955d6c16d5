//! The way of a path through the layout: steps and predicates to an anchor, and descents into rows below it.

use super::binding::{Binding, Frame};
use crate::expression::error::{Cause, ParseError};
use crate::expression::expr::{Descent, Expr, Nodes, Read, RowFilter};
use crate::expression::layout::{FORM, Layout, NodeId, ScopeId};
use crate::expression::parser::{Ast, Axis, Base, Step};

/// A path under construction.
pub(super) struct PathBuilder {
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
    pub(super) fn path_of(
        &mut self,
        base: &Base<'_>,
        steps: &[Step<'_>],
        at: usize,
        several: bool,
    ) -> Result<PathBuilder, ParseError> {
        let layout = self.layout();
        let fail = |cause| Err(ParseError { at, cause });
        let mut steps = steps;
        let mut path = match base {
            Base::Here => match self.frames.last() {
                Some(Frame::Row { node, .. }) => PathBuilder::at(layout, *node, true),
                _ => PathBuilder::at(layout, self.node, false),
            },
            Base::Root => {
                // the first step names the form, whatever its name
                if !steps.is_empty() {
                    steps = &steps[1..];
                }
                PathBuilder { absolute: true, ..PathBuilder::at(layout, FORM, false) }
            }
            Base::Of(tree) => match &**tree {
                Ast::Call { function, arguments, .. } if *function == "current" && arguments.is_empty() => {
                    PathBuilder::at(layout, self.node, false)
                }
                _ => return fail(Cause::Unsupported("steps or predicates after something that is no path")),
            },
            Base::Reference(name) => self.reference(name, at, several)?,
            Base::LastSaved(_) => return fail(Cause::Unsupported("a path from ${last-saved#}")),
        };
        for (i, step) in steps.iter().enumerate() {
            match &step.axis {
                Axis::Oneself => {}
                Axis::Parent if path.node == FORM => return fail(Cause::Unsupported("a path that leaves the form")),
                Axis::Parent => {
                    let place = &layout.nodes[path.node as usize];
                    if place.repeat {
                        path.down.pop();
                        path.anchor = path.anchor.min(layout.scopes[place.scope as usize].parent);
                    }
                    path.node = place.parent;
                }
                Axis::AnyChild => return fail(Cause::Unsupported("* in a path")),
                Axis::Child(name) => {
                    let Some(child) = layout.child(self.binder.package, path.node, name) else {
                        return fail(Cause::UnknownName((*name).to_owned()));
                    };
                    path.node = child;
                    let place = &layout.nodes[child as usize];
                    if place.repeat {
                        path.down.push(Descent { scope: place.scope, pick: RowFilter::Rows(vec![]) });
                    }
                }
            }
            if !step.predicates.is_empty() {
                self.predicates(&mut path, &step.predicates, i + 1 == steps.len(), at)?;
            }
        }
        if path.absolute && !several {
            path.bind_to(layout, layout.scope_of(self.node));
        }
        Ok(path)
    }

    pub(super) fn predicates(
        &mut self,
        path: &mut PathBuilder,
        predicates: &[Ast<'_>],
        last: bool,
        at: usize,
    ) -> Result<(), ParseError> {
        self.narrow(path, predicates, last, at, false)
    }

    /// Leaves those of the rows on offer in a select for which a filter holds.
    pub(super) fn choices(&mut self, path: &mut PathBuilder, filter: &Ast<'_>) -> Result<(), ParseError> {
        self.narrow(path, std::slice::from_ref(filter), true, 0, true)
    }

    fn narrow(
        &mut self,
        path: &mut PathBuilder,
        predicates: &[Ast<'_>],
        last: bool,
        at: usize,
        choices: bool,
    ) -> Result<(), ParseError> {
        let repeat = path.node != FORM && self.layout().nodes[path.node as usize].repeat;
        let scope = self.layout().scope_of(path.node);
        if !repeat && !last {
            return Err(ParseError { at, cause: Cause::Unsupported("a predicate on something that is no repeat") });
        }
        self.frames.push(Frame::Row { node: path.node, anchor: path.anchor, choices });
        let bound: Vec<Expr> = predicates.iter().map(|tree| self.value(tree)).collect();
        self.frames.pop();
        match path.down.last_mut() {
            Some(Descent { scope: into, pick: RowFilter::Rows(rows) }) if repeat && *into == scope => {
                rows.extend(bound)
            }
            _ => path.filters.extend(bound),
        }
        Ok(())
    }

    /// `${name}`: as near as it can be.
    fn reference(&self, name: &str, at: usize, several: bool) -> Result<PathBuilder, ParseError> {
        let layout = self.layout();
        let mut named = layout.named(self.binder.package, name);
        match (named.next(), named.next()) {
            (None, _) => Err(ParseError { at, cause: Cause::UnknownReference(name.to_owned()) }),
            (Some(node), None) => Ok(self.nearest(node, several)),
            _ => Err(ParseError { at, cause: Cause::AmbiguousName(name.to_owned()) }),
        }
    }

    /// The path to a node, as near as it can be.
    /// An aggregate (`several`) over what lies right in the candidates of a predicate sees all rows: of one candidate
    /// there is one value only.
    pub(super) fn nearest(&self, node: NodeId, several: bool) -> PathBuilder {
        let layout = self.layout();
        let target = layout.scope_of(node);
        // inside a predicate on rows of a repeat: the candidate's own, where the rule stands outside of that repeat
        let candidate = match self.frames.last() {
            Some(Frame::Row { node: row, choices, .. }) => {
                let scope = layout.scope_of(*row);
                // what is nearer to the rule than the rows are is its own
                let own = layout.scope_of(self.node);
                let outside = !layout.around(scope, own);
                let nearer = target != scope && layout.around(target, own);
                let of_all = several && target == scope;
                !of_all && layout.around(scope, target) && (outside || *choices && !nearer)
            }
            _ => false,
        };
        let from = match self.frames.last() {
            Some(Frame::Row { node: row, .. }) if candidate => layout.scope_of(*row),
            _ => layout.scope_of(self.node),
        };
        let mut path = PathBuilder::at(layout, FORM, false);
        path.from_candidate = candidate;
        path.node = node;
        let mut scope = target;
        while scope != 0 {
            path.down.push(Descent { scope, pick: RowFilter::Rows(vec![]) });
            scope = layout.scopes[scope as usize].parent;
        }
        path.down.reverse();
        path.bind_to(layout, from);
        path
    }

    /// Notes what is read.
    pub(super) fn finish(&mut self, path: PathBuilder) -> Nodes {
        let layout = self.layout();
        let mut anchor = path.anchor;
        if path.from_candidate {
            for frame in &self.frames {
                if let Frame::Row { anchor: outer, .. } = frame {
                    anchor = layout.common(anchor, *outer);
                }
            }
        }
        self.out.reads.push(Read { node: path.node, anchor });
        for descent in &path.down {
            let parent = layout.scopes[descent.scope as usize].parent;
            let node = layout.scopes[descent.scope as usize].node;
            self.out.reads.push(Read { node, anchor: layout.common(anchor, parent) });
        }
        if path.node != FORM && layout.nodes[path.node as usize].repeat {
            let parent = layout.scopes[layout.scope_of(path.node) as usize].parent;
            self.out.reads.push(Read { node: path.node, anchor: layout.common(anchor, parent) });
        }
        let PathBuilder { from_candidate, anchor, down, node, filters, .. } = path;
        Nodes { from_candidate, anchor, down, node, filters }
    }
}

impl PathBuilder {
    pub(super) fn at(layout: &Layout, node: NodeId, from_candidate: bool) -> Self {
        let anchor = layout.scope_of(node);
        Self { from_candidate, anchor, down: vec![], node, filters: vec![], absolute: false }
    }
    /// Leaves out the steps down into rows that lie around a scope anyway, but never the step into the target itself.
    fn bind_to(&mut self, layout: &Layout, scope: ScopeId) {
        let target = (self.node != FORM && layout.nodes[self.node as usize].repeat).then(|| layout.scope_of(self.node));
        while let Some(Descent { scope: into, pick: RowFilter::Rows(predicates) }) = self.down.first()
            && predicates.is_empty()
            && layout.around(*into, scope)
            && target != Some(*into)
        {
            self.anchor = *into;
            self.down.remove(0);
        }
    }
}
