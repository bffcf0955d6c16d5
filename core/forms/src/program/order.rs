//! The order of rules: each after what it reads.
//!
//! A value that is read is made by the rules of its node, by the relevance of the sections around it, and by the number
//! of rows on the way to it. A rule may read its own node in other rows (a running total): such edges give way where
//! they would close a cycle, and the dirty set of the interview settles the rows one after the other.

use super::grouped::Grouped;
use crate::expression::layout::{FORM, Layout, NodeId, ScopeId};
use crate::expression::{Expr, Read};

/// What a rule computes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RuleKind {
    Relevant,
    Calculate,
    /// The choices that are on offer.
    Offer,
    /// How many rows a repeat has.
    Count,
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

/// A rule that has no rank yet.
pub(crate) struct UnorderedRule {
    pub rule: Rule,
    pub reads: Vec<Read>,
    pub language: bool,
}

/// The rules by rank, or a cycle.
pub(super) fn order(layout: &Layout, rules: &[UnorderedRule]) -> Result<Vec<usize>, Vec<usize>> {
    // by node: the rules that make its value; of a section also its relevance
    let makers = (0..).zip(rules).map(|(at, made)| (made.rule.node, at)).collect();
    let makers: Grouped<usize> = Grouped::new(layout.nodes.len(), makers);
    let kind_of = |at: usize| rules[at].rule.kind;
    let made_by = |node: NodeId, out: &mut Vec<usize>| {
        out.clear();
        out.extend(makers.of(node));
        // sections around it: relevance, and the number of rows
        let mut around = layout.parent_of(node);
        while around != FORM {
            out.extend(makers.of(around).iter().filter(|at| kind_of(**at) != RuleKind::Calculate));
            around = layout.parent_of(around);
        }
    };
    let (mut edges, mut found) = (Vec::new(), Vec::new());
    for (i, UnorderedRule { rule, reads, .. }) in (0..).zip(rules) {
        let Rule { kind, node, scope, .. } = *rule;
        for read in reads.iter().filter(|read| read.node != FORM) {
            made_by(read.node, &mut found);
            let yields = read.anchor != layout.scope_of(read.node) && layout.around(read.anchor, scope);
            // a rule of a repeat's row that asks for the rows does not ask for its own value
            let rows_only = layout.nodes[read.node as usize].repeat;
            let own = |to: usize| to == i as usize || kind == RuleKind::Relevant && kind_of(to) == RuleKind::Relevant;
            let before = found.iter().filter(|to| !(rows_only && own(**to)));
            edges.extend(before.map(|to| (i, Edge { to: *to, yields })));
        }
        // its own sections: relevance is inherited, and a row must be there before anything in it is computed
        made_by(node, &mut found);
        let before = found.iter().filter(|to| {
            let own = rules[**to].rule.node == node;
            let first = match kind_of(**to) {
                RuleKind::Count => kind != RuleKind::Count || !own,
                RuleKind::Relevant => kind == RuleKind::Relevant && !own,
                RuleKind::Calculate => kind == RuleKind::Offer && own,
                RuleKind::Offer => false,
            };
            first && **to != i as usize
        });
        edges.extend(before.map(|to| (i, Edge { to: *to, yields: false })));
    }
    let edges = Grouped::new(rules.len(), edges);
    Search { edges: &edges, state: vec![Mark::New; rules.len()], order: Vec::with_capacity(rules.len()) }.run()
}

#[derive(Clone, Copy)]
struct Edge {
    to: usize,
    /// Gives way where it would close a cycle: it leads to other rows.
    yields: bool,
}

#[derive(Clone, Copy, PartialEq)]
enum Mark {
    New,
    Open,
    Done,
}

/// Depth-first search with its own stack.
struct Search<'e> {
    edges: &'e Grouped<Edge>,
    state: Vec<Mark>,
    order: Vec<usize>,
}

impl Search<'_> {
    fn run(mut self) -> Result<Vec<usize>, Vec<usize>> {
        // first only along firm edges: a cycle of those is one; then along all, where yielding ones give way
        self.sweep(false)?;
        let firm = std::mem::take(&mut self.order);
        self.state.fill(Mark::New);
        if self.sweep(true).is_ok() { Ok(self.order) } else { Ok(firm) }
    }

    fn sweep(&mut self, all: bool) -> Result<(), Vec<usize>> {
        let mut stack = Vec::new();
        for start in 0..self.state.len() {
            if self.state[start] != Mark::New {
                continue;
            }
            stack.push((start, 0));
            self.state[start] = Mark::Open;
            while let Some((at, next)) = stack.last_mut() {
                let Some(edge) = self.edges.of(*at as u32).get(*next) else {
                    self.state[*at] = Mark::Done;
                    self.order.push(*at);
                    stack.pop();
                    continue;
                };
                *next += 1;
                if edge.yields && !all {
                    continue;
                }
                match self.state[edge.to] {
                    Mark::Done => {}
                    Mark::New => {
                        self.state[edge.to] = Mark::Open;
                        stack.push((edge.to, 0));
                    }
                    Mark::Open if edge.yields => {}
                    Mark::Open => {
                        let from = stack.iter().position(|(node, _)| *node == edge.to).unwrap_or(0);
                        return Err(stack[from..].iter().map(|(node, _)| *node).collect());
                    }
                }
            }
        }
        Ok(())
    }
}
