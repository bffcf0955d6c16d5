//! Where every node of a questionnaire keeps its value, and the rows in which the values stand.
//!
//! The form, and every repeat, is a *scope*; a scope has rows (the form has one), and a row has one cell for each node
//! that lies in the scope and in no repeat inside it. Cell 0 belongs to the form or repeat itself. So a node is found
//! by going up from a row to the scope that two nodes share, never by a walk over a tree of names.

use super::value::Value;
use crate::package::Package;
use std::collections::HashMap;
use std::sync::Arc;

/// Index of a scope; 0 is the form.
pub type ScopeId = u16;
/// Index of a row in [`InstanceData`]; 0 is the form's.
pub type RowId = u32;
/// Index of a node in the package, or [`FORM`].
pub type NodeId = u32;
/// The form itself, which is no row of the survey.
pub const FORM: NodeId = u32::MAX;

/// Where the nodes of a questionnaire keep their values: its nodes, its scopes and its lists of choices.
#[derive(Debug)]
pub struct Layout {
    /// Where each node lies, by [`NodeId`].
    pub nodes: Vec<NodeSlot>,
    /// All scopes, by [`ScopeId`]; a scope stands after the one around it.
    pub scopes: Vec<Scope>,
    /// All nodes by name, with the first eight bytes of it; of one name in the order of the form.
    by_name: Vec<(u64, NodeId)>,
    /// The lists of choices, in the order of [`Package::lists`].
    pub lists: Vec<ChoiceTable>,
}

/// Where a node lies.
#[derive(Debug)]
pub struct NodeSlot {
    /// The group or repeat right around it; [`FORM`] where there is none.
    pub parent: NodeId,
    /// One past the last node inside.
    pub end: NodeId,
    /// The scope whose rows hold its cell; of a repeat: the scope it opens.
    pub scope: ScopeId,
    /// Index of its cell in a row of `scope`; 0 of a repeat.
    pub cell: u32,
    /// Whether it is a repeat.
    pub repeat: bool,
}

/// The form or a repeat, as a place that has rows.
#[derive(Debug)]
pub struct Scope {
    /// The scope right around it; 0 also of the form itself.
    pub parent: ScopeId,
    /// The repeat that opens it; [`FORM`] of scope 0.
    pub node: NodeId,
    /// The nodes that have a cell, by cell.
    pub cells: Vec<NodeId>,
    /// The scopes right inside.
    pub children: Vec<ScopeId>,
    /// Which child of its parent it is.
    pub nth: usize,
}

/// A list of choices by columns.
#[derive(Debug)]
pub struct ChoiceTable {
    /// The name of the list.
    pub name: Arc<str>,
    /// `name` first, then the further columns.
    pub columns: Vec<(Arc<str>, Vec<Value>)>,
    /// How many choices there are; every column is as long.
    pub len: u32,
    /// Choices by name.
    pub by_name: HashMap<Arc<str>, u32>,
}

impl ChoiceTable {
    /// Index of a column in `columns` by its name; capital and small letters differ.
    pub fn column(&self, name: &str) -> Option<u32> {
        self.columns.iter().position(|(column, _)| &**column == name).map(|i| i as u32)
    }
    /// Whether two choices have one name.
    pub fn twins(&self) -> bool {
        self.by_name.len() < self.len as usize
    }
    /// What stands in a column for a choice, both by index; blank where the sheet has nothing. Panics where there is
    /// no such column or choice.
    pub fn cell(&self, column: u32, row: u32) -> &Value {
        &self.columns[column as usize].1[row as usize]
    }
}

impl Layout {
    /// The layout of a package. The package must be sound, as a
    /// [`Questionnaire`](crate::questionnaire::Questionnaire) is.
    pub fn new(package: &Package) -> Self {
        let root = Scope { parent: 0, node: FORM, cells: vec![FORM], children: vec![], nth: 0 };
        let mut layout = Self {
            nodes: Vec::with_capacity(package.nodes.len()),
            scopes: vec![root],
            by_name: (0..).zip(&package.nodes).map(|(id, node)| (head(&node.name), id)).collect(),
            lists: package.lists.iter().map(table).collect(),
        };
        for (id, node) in package.nodes.iter().enumerate() {
            let id = id as NodeId;
            let parent = node.parent.unwrap_or(FORM);
            let repeat = node.kind == crate::package::NodeType::Repeat;
            let outer = layout.scope_of(parent);
            let scope = if repeat { layout.open_scope(outer, id) } else { outer };
            let cells = &mut layout.scopes[scope as usize].cells;
            let cell = cells.len() as u32 - u32::from(repeat);
            if !repeat {
                cells.push(id);
            }
            layout.nodes.push(NodeSlot { parent, end: id + 1, scope, cell, repeat });
            // every section around it ends after it
            let mut around = parent;
            while around != FORM {
                let place = &mut layout.nodes[around as usize];
                place.end = id + 1;
                around = place.parent;
            }
        }
        let name = |id: NodeId| &package.nodes[id as usize].name;
        layout.by_name.sort_by(|a, b| a.0.cmp(&b.0).then_with(|| name(a.1).cmp(name(b.1))));
        layout
    }

    fn open_scope(&mut self, parent: ScopeId, node: NodeId) -> ScopeId {
        let id = self.scopes.len() as ScopeId;
        let children = &mut self.scopes[parent as usize].children;
        children.push(id);
        let nth = children.len() - 1;
        self.scopes.push(Scope { parent, node, cells: vec![node], children: vec![], nth });
        id
    }

    /// The scope whose rows hold a node's cell; of a repeat the scope it opens, of the form 0.
    pub fn scope_of(&self, node: NodeId) -> ScopeId {
        if node == FORM { 0 } else { self.nodes[node as usize].scope }
    }
    /// Index of a node's cell in the rows of its scope; 0 of a repeat and of the form.
    pub fn cell_of(&self, node: NodeId) -> usize {
        if node == FORM { 0 } else { self.nodes[node as usize].cell as usize }
    }
    /// The group or repeat right around a node; [`FORM`] where there is none, and of the form itself.
    pub fn parent_of(&self, node: NodeId) -> NodeId {
        if node == FORM { FORM } else { self.nodes[node as usize].parent }
    }
    /// The nodes of a name, in the order of the form. The package is that of the layout.
    pub fn named<'a>(&'a self, package: &'a Package, name: &'a str) -> impl Iterator<Item = NodeId> + 'a {
        let name_of = move |id: NodeId| package.nodes[id as usize].name.as_str();
        let wanted = head(name);
        let before = |(head, id): &(u64, NodeId)| *head < wanted || *head == wanted && name_of(*id) < name;
        let from = self.by_name.partition_point(before);
        self.by_name[from..].iter().map(|(_, id)| *id).take_while(move |id| name_of(*id) == name)
    }
    /// A node right inside a section, by name.
    pub fn child(&self, package: &Package, section: NodeId, name: &str) -> Option<NodeId> {
        self.named(package, name).find(|id| self.nodes[*id as usize].parent == section)
    }
    /// Whether a scope is another or lies around it.
    pub fn around(&self, outer: ScopeId, mut inner: ScopeId) -> bool {
        while inner > outer {
            inner = self.scopes[inner as usize].parent;
        }
        inner == outer
    }
    /// The innermost scope that two share.
    pub fn common(&self, mut a: ScopeId, mut b: ScopeId) -> ScopeId {
        while a != b {
            if a > b {
                a = self.scopes[a as usize].parent;
            } else {
                b = self.scopes[b as usize].parent;
            }
        }
        a
    }
    /// Index of a list by its name.
    pub fn list(&self, name: &str) -> Option<u32> {
        self.lists.iter().position(|table| &*table.name == name).map(|i| i as u32)
    }
}

/// The beginning of a name as a number, in the order of names: most comparisons end with it.
fn head(name: &str) -> u64 {
    let bytes = name.as_bytes();
    let mut head = [0; 8];
    let len = bytes.len().min(8);
    head[..len].copy_from_slice(&bytes[..len]);
    u64::from_be_bytes(head)
}

fn table(list: &crate::package::List) -> ChoiceTable {
    let names: Vec<Value> = list.choices.iter().map(|choice| Value::text_or_blank(&choice.name)).collect();
    let by_name = names.iter().enumerate().rev().map(|(row, name)| (name.shared_text(), row as u32)).collect();
    let mut columns = vec![(Arc::from("name"), names)];
    for (i, column) in list.columns.iter().enumerate() {
        let cell =
            |choice: &'_ crate::package::Choice| Value::text_or_blank(choice.values.get(i).map_or("", String::as_str));
        let cells = list.choices.iter().map(cell).collect();
        columns.push((Arc::from(column.as_str()), cells));
    }
    ChoiceTable { name: list.name.as_str().into(), columns, len: list.choices.len() as u32, by_name }
}

/// The values of an interview.
#[derive(Debug, Clone)]
pub struct InstanceData {
    rows: Vec<InstanceRow>,
    free: Vec<RowId>,
}

/// One row of a scope, with its values: the form's only row, or one row of a repeat.
#[derive(Debug, Clone)]
pub struct InstanceRow {
    /// The scope that it is a row of.
    pub scope: ScopeId,
    /// The row of the scope right around it; 0 also of the form's row.
    pub parent: RowId,
    /// Its place among its siblings, from 0.
    pub position: u32,
    /// The values of its nodes, in the order of [`Scope::cells`].
    pub cells: Vec<Cell>,
    /// The rows of each repeat right inside.
    pub children: Vec<Vec<RowId>>,
    /// Of each repeat right inside: rows that a lowered count has hidden, the next to come back last.
    pub hidden: Vec<Vec<RowId>>,
}

/// What one node holds in one row.
#[derive(Debug, Clone)]
pub struct Cell {
    /// As answered or computed.
    pub given: Value,
    /// What is read: of a select with a filter the part that is still offered.
    pub value: Value,
    /// The rule of the node itself; without one it is true.
    pub own: bool,
    /// `own`, and every section around it is relevant.
    pub relevant: bool,
}

impl InstanceData {
    /// The form's row, and none in any repeat.
    pub fn new(layout: &Layout) -> Self {
        let mut rows = Self { rows: Vec::new(), free: Vec::new() };
        rows.insert(layout, 0, 0, 0);
        rows
    }
    /// A row by its id. Panics where there is no such row.
    pub fn row(&self, id: RowId) -> &InstanceRow {
        &self.rows[id as usize]
    }
    /// A row by its id, to be changed. Panics where there is no such row.
    pub fn row_mut(&mut self, id: RowId) -> &mut InstanceRow {
        &mut self.rows[id as usize]
    }
    /// A cell of a row, by its index. Panics where there is no such row or cell.
    pub fn cell(&self, row: RowId, cell: usize) -> &Cell {
        &self.rows[row as usize].cells[cell]
    }
    /// A cell of a row by its index, to be changed. Panics where there is no such row or cell.
    pub fn cell_mut(&mut self, row: RowId, cell: usize) -> &mut Cell {
        &mut self.rows[row as usize].cells[cell]
    }
    /// The row of an outer scope around a row; `None` where the scope is not around it.
    pub fn outer(&self, layout: &Layout, mut row: RowId, scope: ScopeId) -> Option<RowId> {
        loop {
            let at = self.row(row);
            if at.scope == scope {
                return Some(row);
            }
            if !layout.around(scope, at.scope) {
                return None;
            }
            row = at.parent;
        }
    }
    /// The rows of a repeat right inside a row.
    pub fn children(&self, layout: &Layout, row: RowId, scope: ScopeId) -> &[RowId] {
        &self.row(row).children[layout.scopes[scope as usize].nth]
    }
    /// Every row of a scope below a row, in order.
    pub fn below(&self, layout: &Layout, row: RowId, scope: ScopeId, visit: &mut impl FnMut(RowId)) {
        let at = self.row(row).scope;
        if at == scope {
            return visit(row);
        }
        let mut next = scope;
        while layout.scopes[next as usize].parent != at {
            if next == 0 {
                return;
            }
            next = layout.scopes[next as usize].parent;
        }
        for child in self.children(layout, row, next) {
            self.below(layout, *child, scope, visit);
        }
    }
    /// A new row at a position (at most one past the last), without values.
    pub fn insert(&mut self, layout: &Layout, parent: RowId, scope: ScopeId, position: usize) -> RowId {
        let shape = &layout.scopes[scope as usize];
        let blank = Cell { given: Value::Blank, value: Value::Blank, own: true, relevant: true };
        let row = InstanceRow {
            scope,
            parent,
            position: position as u32,
            cells: vec![blank; shape.cells.len()],
            children: vec![Vec::new(); shape.children.len()],
            hidden: vec![Vec::new(); shape.children.len()],
        };
        let id = match self.free.pop() {
            Some(id) => {
                self.rows[id as usize] = row;
                id
            }
            None => {
                self.rows.push(row);
                self.rows.len() as RowId - 1
            }
        };
        if scope != 0 {
            self.rows[parent as usize].children[shape.nth].insert(position, id);
            self.renumber(parent, shape.nth, position);
        }
        id
    }
    /// Takes a row out, with the rows inside it.
    pub fn remove(&mut self, layout: &Layout, row: RowId) {
        let (parent, position) = (self.row(row).parent, self.row(row).position as usize);
        let nth = layout.scopes[self.row(row).scope as usize].nth;
        self.rows[parent as usize].children[nth].remove(position);
        self.renumber(parent, nth, position);
        self.free_row(row);
    }
    /// Gives up a row that no repeat holds any more, with the rows inside it.
    fn free_row(&mut self, row: RowId) {
        let mut gone = vec![row];
        while let Some(row) = gone.pop() {
            let row_mut = &mut self.rows[row as usize];
            gone.extend(std::mem::take(&mut row_mut.children).into_iter().flatten());
            gone.extend(std::mem::take(&mut row_mut.hidden).into_iter().flatten());
            row_mut.cells = Vec::new();
            self.free.push(row);
        }
    }
    /// Hides the last row of a repeat, with everything in it.
    pub fn hide_last(&mut self, layout: &Layout, parent: RowId, scope: ScopeId) {
        let nth = layout.scopes[scope as usize].nth;
        let around = &mut self.rows[parent as usize];
        around.hidden[nth].extend(around.children[nth].pop());
    }
    /// Brings a hidden row back to the end of its repeat.
    pub fn unhide(&mut self, layout: &Layout, parent: RowId, scope: ScopeId) -> Option<RowId> {
        let nth = layout.scopes[scope as usize].nth;
        let around = &mut self.rows[parent as usize];
        let row = around.hidden[nth].pop()?;
        around.children[nth].push(row);
        Some(row)
    }
    /// The hidden rows of a repeat, in the order in which they would come back.
    pub fn hidden(&self, layout: &Layout, row: RowId, scope: ScopeId) -> impl Iterator<Item = RowId> {
        self.row(row).hidden[layout.scopes[scope as usize].nth].iter().rev().copied()
    }
    /// Whether a row, and every row around it, is there and not hidden.
    pub fn is_live(&self, layout: &Layout, mut row: RowId) -> bool {
        while row != 0 {
            let at = self.row(row);
            let siblings = self.row(at.parent).children.get(layout.scopes[at.scope as usize].nth);
            if siblings.and_then(|rows| rows.get(at.position as usize)) != Some(&row) {
                return false;
            }
            row = at.parent;
        }
        true
    }
    /// Forgets all hidden rows.
    pub fn drop_hidden(&mut self) {
        for row in 0..self.rows.len() {
            let hidden: Vec<RowId> = self.rows[row].hidden.iter_mut().flat_map(std::mem::take).collect();
            hidden.into_iter().for_each(|row| self.free_row(row));
        }
    }
    /// How many rows there are, the form's included.
    pub fn count(&self) -> usize {
        self.rows.len() - self.free.len()
    }
    fn renumber(&mut self, parent: RowId, nth: usize, from: usize) {
        let ids = std::mem::take(&mut self.rows[parent as usize].children[nth]);
        for (position, id) in ids.iter().enumerate().skip(from) {
            self.rows[*id as usize].position = position as u32;
        }
        self.rows[parent as usize].children[nth] = ids;
    }
}
