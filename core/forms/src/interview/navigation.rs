//! The way through a form: which page follows which. A page is a field-list group, or one question; where the person
//! adds rows herself, a page after the last row asks whether there is another.

use super::form::Form;
use super::state::State;
use crate::expression::layout::{FORM, NodeId, RowId};
use crate::program::OnDemand;

/// Where a page is drawn from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Position {
    Question(NodeId, RowId),
    /// A group, or a row of a repeat, whose questions stand together.
    Together(NodeId, RowId),
    /// Another row? The row is the one around the repeat.
    AddRow(NodeId, RowId),
}

impl Position {
    pub fn node(self) -> NodeId {
        match self {
            Position::Question(node, _) | Position::Together(node, _) | Position::AddRow(node, _) => node,
        }
    }
    pub fn row(self) -> RowId {
        match self {
            Position::Question(_, row) | Position::Together(_, row) | Position::AddRow(_, row) => row,
        }
    }
}

/// A look at the way.
#[derive(Clone, Copy)]
pub(super) struct Navigation<'a> {
    pub form: Form<'a>,
    pub state: &'a State,
}

impl Navigation<'_> {
    /// The first page; none where nothing is relevant.
    pub fn first(self) -> Option<Position> {
        self.enter(0, self.form.package.nodes.len() as NodeId, 0)
    }

    /// The first page in a row, or behind it where the row shows nothing.
    pub fn first_of_row(self, repeat: NodeId, row: RowId) -> Option<Position> {
        self.enter_row(repeat, row, false)
    }

    /// The page after another, which need not be relevant any more.
    pub fn after(self, stop: Position) -> Option<Position> {
        let layout = &self.form.program.layout;
        match stop {
            Position::Question(node, row) => self.beyond(node, row),
            Position::Together(node, row) if layout.nodes[node as usize].repeat => self.next_row(node, row),
            Position::Together(node, row) | Position::AddRow(node, row) => self.beyond(node, row),
        }
    }

    /// The page before another.
    pub fn before(self, stop: Position) -> Option<Position> {
        let mut last = None;
        let mut at = self.first();
        while let Some(next) = at.filter(|next| *next != stop) {
            last = Some(next);
            at = self.after(next);
        }
        // the page is no longer on the way: the last one in front of it
        if at.is_none() { self.last_until(stop) } else { last }
    }

    /// The last page that stands before a place in the order of the form.
    fn last_until(self, stop: Position) -> Option<Position> {
        let mut last = None;
        let mut at = self.first();
        while let Some(next) = at.filter(|next| next.node() < stop.node()) {
            last = Some(next);
            at = self.after(next);
        }
        last
    }

    /// The page that holds a question.
    pub fn holding(self, node: NodeId, row: RowId) -> Position {
        let around = self.state.outwards(self.form, node, row);
        let page = around.filter(|(at, _)| self.form.package.nodes[*at as usize].is_field_list()).last();
        page.map_or(Position::Question(node, row), |(at, row)| Position::Together(at, row))
    }

    /// The first page among the nodes from one to another (left out), in a row.
    fn enter(self, from: NodeId, end: NodeId, row: RowId) -> Option<Position> {
        let layout = &self.form.program.layout;
        let mut node = from;
        while node < end {
            let place = &layout.nodes[node as usize];
            let found = if place.repeat {
                let first = self.state.rows.children(layout, row, place.scope).first();
                match first {
                    Some(first) => self.enter_row(node, *first, false),
                    None => self.another(node, row),
                }
            } else if !self.state.relevant(self.form, node, row) {
                None
            } else if !self.form.kind(node).is_section() {
                self.form.kind(node).is_shown().then_some(Position::Question(node, row))
            } else if self.form.package.nodes[node as usize].is_field_list() {
                self.shows(node, row).then_some(Position::Together(node, row))
            } else {
                self.enter(node + 1, place.end, row)
            };
            if found.is_some() {
                return found;
            }
            node = place.end;
        }
        None
    }

    /// The first page in a row or in those after it, or the question for another.
    fn enter_row(self, repeat: NodeId, row: RowId, after: bool) -> Option<Position> {
        let layout = &self.form.program.layout;
        let place = &layout.nodes[repeat as usize];
        let at = self.state.rows.row(row);
        let rows = self.state.rows.children(layout, at.parent, place.scope);
        for row in &rows[at.position as usize + usize::from(after)..] {
            if !self.state.relevant(self.form, repeat, *row) {
                continue;
            }
            let found = if self.form.package.nodes[repeat as usize].is_field_list() {
                self.shows(repeat, *row).then_some(Position::Together(repeat, *row))
            } else {
                self.enter(repeat + 1, place.end, *row)
            };
            if found.is_some() {
                return found;
            }
        }
        self.another(repeat, at.parent)
    }

    fn next_row(self, repeat: NodeId, row: RowId) -> Option<Position> {
        let parent = self.state.rows.row(row).parent;
        self.enter_row(repeat, row, true).or_else(|| self.beyond(repeat, parent))
    }

    /// The question for another row, where the person decides and the repeat is relevant.
    fn another(self, repeat: NodeId, parent: RowId) -> Option<Position> {
        let program = self.form.program;
        if program.own[repeat as usize].count.is_some() {
            return None;
        }
        let around = self.state.relevant(self.form, program.layout.parent_of(repeat), parent);
        let rule = program.on_demand(repeat, OnDemand::Relevant);
        let relevant = rule.is_none_or(|expr| self.state.context(self.form, parent, repeat).truth(expr));
        (around && relevant).then_some(Position::AddRow(repeat, parent))
    }

    /// What comes after a node and everything inside it.
    fn beyond(self, node: NodeId, row: RowId) -> Option<Position> {
        let layout = &self.form.program.layout;
        let (mut node, mut row) = (node, row);
        loop {
            let parent = layout.parent_of(node);
            let end = if parent == FORM { layout.nodes.len() as NodeId } else { layout.nodes[parent as usize].end };
            let found = self.enter(layout.nodes[node as usize].end, end, row);
            if found.is_some() || parent == FORM {
                return found;
            }
            if layout.nodes[parent as usize].repeat {
                let found = self.enter_row(parent, row, true);
                if found.is_some() {
                    return found;
                }
                row = self.state.rows.row(row).parent;
            }
            node = parent;
        }
    }

    /// Whether a field-list has anything to draw.
    fn shows(self, section: NodeId, row: RowId) -> bool {
        let mut any = false;
        self.inside(section, row, &mut |_, _| any = true);
        any
    }

    /// The relevant drawn questions inside a section, in every row of repeats inside it.
    pub fn inside(self, section: NodeId, row: RowId, visit: &mut dyn FnMut(NodeId, RowId)) {
        self.valued(section, row, &mut |node, row| {
            if self.form.kind(node).is_shown() {
                visit(node, row);
            }
        });
    }

    /// The relevant nodes inside a section that can have a value, in the order of the form, row by row.
    pub fn valued(self, section: NodeId, row: RowId, visit: &mut dyn FnMut(NodeId, RowId)) {
        let layout = &self.form.program.layout;
        let end = if section == FORM { layout.nodes.len() as NodeId } else { layout.nodes[section as usize].end };
        let mut node = section.wrapping_add(1);
        while node < end {
            let place = &layout.nodes[node as usize];
            if place.repeat {
                for row in self.state.rows.children(layout, row, place.scope) {
                    if self.state.relevant(self.form, node, *row) {
                        self.valued(node, *row, visit);
                    }
                }
            } else if self.state.relevant(self.form, node, row) {
                match self.form.kind(node).is_section() {
                    true => self.valued(node, row, visit),
                    false => visit(node, row),
                }
            }
            node = place.end;
        }
    }
}
