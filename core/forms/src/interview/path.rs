//! Paths of answers: the name of a question, `roster[2]/name` inside repeats (rows count from 1), with the names of its
//! groups where a name stands more than once: `mother/age`.

use super::session::Interview;
use crate::expression::layout::{FORM, NodeId, RowId, ScopeId};

impl Interview {
    /// The path of a node in a row; of a repeat with its row.
    pub(super) fn path(&self, node: NodeId, row: RowId) -> String {
        let layout = &self.form().program.layout;
        if node == FORM {
            return String::new();
        }
        let name = |at: NodeId| &self.questionnaire.nodes[at as usize].name;
        let mut parts = Vec::new();
        let mut at = node;
        let mut row = row;
        let unique = layout.named(&self.questionnaire, name(node)).nth(1).is_none();
        while at != FORM {
            let place = &layout.nodes[at as usize];
            if place.repeat {
                parts.push(format!("{}[{}]", name(at), self.state.rows.row(row).position + 1));
                row = self.state.rows.row(row).parent;
            } else if at == node || !unique {
                parts.push(name(at).clone());
            }
            at = place.parent;
        }
        parts.reverse();
        parts.join("/")
    }

    /// The path of a repeat, without a row of its own.
    pub(super) fn repeat_path(&self, repeat: NodeId, parent: RowId) -> String {
        let layout = &self.form().program.layout;
        let name = &self.questionnaire.nodes[repeat as usize].name;
        let mut outer = layout.parent_of(repeat);
        while outer != FORM && !layout.nodes[outer as usize].repeat {
            outer = layout.parent_of(outer);
        }
        if outer == FORM { name.clone() } else { format!("{}/{name}", self.path(outer, parent)) }
    }

    /// The node and row of a path. The last part may leave its row out: a repeat as a whole, found in the row around it,
    /// or the first row.
    pub(super) fn find(&self, path: &str) -> Option<(NodeId, RowId)> {
        let layout = &self.form().program.layout;
        let (mut section, mut row) = (FORM, 0);
        let mut parts = path.split('/').peekable();
        while let Some(part) = parts.next() {
            let (name, number) = match part.strip_suffix(']').and_then(|part| part.split_once('[')) {
                Some((name, number)) => (name, Some(number.parse::<usize>().ok().filter(|n| *n > 0)?)),
                None => (part, None),
            };
            let inside = |id: NodeId| section == FORM || (section < id && id < layout.nodes[section as usize].end);
            let mut found = layout.named(&self.questionnaire, name).filter(|id| inside(*id));
            let near = layout.child(&self.questionnaire, section, name).filter(|id| inside(*id));
            let node = match (near, found.next(), found.next()) {
                (Some(near), ..) => near,
                (None, Some(only), None) => only,
                _ => return None,
            };
            let place = &layout.nodes[node as usize];
            // repeats on the way that the path does not name: their first rows
            let outer = if place.repeat { layout.scopes[place.scope as usize].parent } else { place.scope };
            row = self.first_below(row, outer)?;
            if place.repeat && (number.is_some() || parts.peek().is_some()) {
                row = *self.state.rows.children(layout, row, place.scope).get(number.unwrap_or(1) - 1)?;
            } else if number.is_some_and(|number| number != 1) {
                return None;
            }
            section = node;
        }
        (section != FORM).then_some((section, row))
    }

    /// The first row of a scope below a row.
    pub(super) fn first_below(&self, row: RowId, scope: ScopeId) -> Option<RowId> {
        let mut first = None;
        self.state.rows.below(&self.form().program.layout, row, scope, &mut |row| {
            first.get_or_insert(row);
        });
        first
    }
}
