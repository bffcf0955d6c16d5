//! The order of rules: each after what it reads.
//!
//! A value that is read is made by the rules of its node, by the relevance of the sections around it, and by the number
//! of rows on the way to it. A rule may read its own node in other rows (a running total): such edges give way where
//! they would close a cycle, and the dirty set of the interview settles the rows one after the other.

use crate::expression::expr::Read;
use crate::expression::layout::{FORM, Layout, NodeId, ScopeId};

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

/// The rules by rank, or a cycle.
pub(super) fn order<'r>(
    layout: &Layout,
    rules: usize,
    rule: impl Fn(usize) -> (RuleKind, NodeId, ScopeId),
    reads: impl Fn(usize) -> &'r [Read],
) -> Result<Vec<usize>, Vec<usize>> {
    // by node: the rules that make its value; of a section also its relevance
    let mut makers: Vec<Vec<usize>> = vec![Vec::new(); layout.nodes.len()];
    for i in 0..rules {
        makers[rule(i).1 as usize].push(i);
    }
    let made_by = |node: NodeId, out: &mut Vec<usize>| {
        out.extend(&makers[node as usize]);
        // sections around it: relevance, and the number of rows
        let mut around = layout.parent_of(node);
        while around != FORM {
            out.extend(makers[around as usize].iter().filter(|m| rule(**m).0 != RuleKind::Calculate));
            around = layout.parent_of(around);
        }
    };
    let mut edges: Vec<Vec<Edge>> = Vec::with_capacity(rules);
    let mut found = Vec::new();
    for i in 0..rules {
        let (kind, node, scope) = rule(i);
        let mut before = Vec::new();
        for read in reads(i).iter().filter(|read| read.node != FORM) {
            found.clear();
            made_by(read.node, &mut found);
            let yields = read.anchor != layout.scope_of(read.node) && layout.around(read.anchor, scope);
            // a rule of a repeat's row that asks for the rows does not ask for its own value
            let rows_only = layout.nodes[read.node as usize].repeat;
            for to in &found {
                if rows_only && (*to == i || kind == RuleKind::Relevant && rule(*to).0 == RuleKind::Relevant) {
                    continue;
                }
                before.push(Edge { to: *to, yields });
            }
        }
        // its own sections: relevance is inherited, and a row must be there before anything in it is computed
        found.clear();
        made_by(node, &mut found);
        for to in &found {
            let first = match rule(*to).0 {
                RuleKind::Count => kind != RuleKind::Count || rule(*to).1 != node,
                RuleKind::Relevant => kind == RuleKind::Relevant && rule(*to).1 != node,
                RuleKind::Calculate => kind == RuleKind::Offer && rule(*to).1 == node,
                RuleKind::Offer => false,
            };
            if first && *to != i {
                before.push(Edge { to: *to, yields: false });
            }
        }
        edges.push(before);
    }
    Search { edges: &edges, state: vec![Mark::New; rules], order: Vec::with_capacity(rules) }.run()
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
    edges: &'e [Vec<Edge>],
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
        for start in 0..self.edges.len() {
            if self.state[start] != Mark::New {
                continue;
            }
            let mut stack = vec![(start, 0)];
            self.state[start] = Mark::Open;
            while let Some((at, next)) = stack.last_mut() {
                let Some(edge) = self.edges[*at].get(*next) else {
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
