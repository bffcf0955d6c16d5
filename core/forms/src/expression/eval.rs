//! Evaluation of a bound expression at one node in one row. Pure: time, seed and language stand in the [`Instance`].

use super::expr::{ChoiceLabel, Column, Descent, EvalContext, Expr, Instance, Items, Nodes, RowFilter};
use super::layout::{FORM, NodeId, RowId, ScopeId};
use super::lexer::Operator;
use super::random;
use super::value::{Value, both_numbers, equal, unequal};
use std::sync::Arc;

impl<'a> EvalContext<'a> {
    /// The place of a node in a row, outside of any predicate.
    pub fn new(world: Instance<'a>, row: RowId, node: NodeId) -> Self {
        Self { world, row, node, candidate: row, item: None, place: (1, 1) }
    }
    pub(super) fn local(&self) -> i16 {
        self.world.around.local
    }

    /// The value of an expression; of several nodes the first.
    pub fn eval(&self, expr: &Expr) -> Value {
        match expr {
            Expr::Constant(value) => value.clone(),
            Expr::Node { scope, cell } => match self.world.rows.outer(self.world.layout, self.row, *scope) {
                Some(row) => self.read(row, *cell as usize),
                None => None,
            }
            .unwrap_or_default(),
            Expr::Nodes(_) | Expr::Items(_) => {
                let mut first = None;
                self.each(expr, &mut |value| {
                    first = Some(value);
                    false
                });
                first.unwrap_or_default()
            }
            Expr::Column(list, column) => match self.item {
                Some((at, row)) if at == *list => self.cell(*list, *column, row),
                _ => Value::Blank,
            },
            Expr::LastSaved(name) => {
                self.world.around.last_saved.get(&**name).map_or(Value::Blank, |text| Value::text_or_blank(text))
            }
            Expr::Call(function, arguments) => (function.run)(self, arguments),
            Expr::ChoiceLabel(label) => self.choice_label(label),
            Expr::PositionOf(nodes) => self.position(nodes),
            Expr::Once(inner) => {
                let cell = self.world.rows.cell(self.row, self.world.layout.cell_of(self.node));
                if cell.given.is_blank() { self.eval(inner) } else { cell.given.clone() }
            }
            Expr::Binary(operator, sides) => self.binary(*operator, &sides.0, &sides.1),
            Expr::Negative(inner) => Value::Number(-self.number(inner)),
        }
    }

    /// The value of an expression as a number; not-a-number where there is none ([`Value::number`]).
    pub fn number(&self, expr: &Expr) -> f64 {
        self.eval(expr).number(self.local())
    }
    /// Whether the value of an expression counts as true ([`Value::truth`]).
    pub fn truth(&self, expr: &Expr) -> bool {
        self.eval(expr).truth()
    }
    /// The value of an expression as text; empty for a blank ([`Value::text`]).
    pub fn text(&self, expr: &Expr) -> Arc<str> {
        self.eval(expr).shared_text()
    }

    /// The value of the rule's own node.
    pub(super) fn own(&self) -> Value {
        self.world.rows.cell(self.row, self.world.layout.cell_of(self.node)).value.clone()
    }

    fn binary(&self, operator: Operator, left: &Expr, right: &Expr) -> Value {
        use Operator::*;
        match operator {
            Or => Value::Bool(self.truth(left) || self.truth(right)),
            And => Value::Bool(self.truth(left) && self.truth(right)),
            Equal => Value::Bool(self.any_pair(left, right, |a, b| equal(a, b, self.local()))),
            Unequal => Value::Bool(self.any_pair(left, right, |a, b| unequal(a, b, self.local()))),
            Less => self.compare(left, right, |a, b| a < b),
            LessEqual => self.compare(left, right, |a, b| a <= b),
            Greater => self.compare(left, right, |a, b| a > b),
            GreaterEqual => self.compare(left, right, |a, b| a >= b),
            Plus => Value::Number(self.number(left) + self.number(right)),
            Minus => Value::Number(self.number(left) - self.number(right)),
            Times => Value::Number(self.number(left) * self.number(right)),
            Div => Value::Number(self.number(left) / self.number(right)),
            // the remainder has the sign of the dividend, as in XPath
            Mod => Value::Number(self.number(left) % self.number(right)),
            Union => Value::Blank,
        }
    }

    fn compare(&self, left: &Expr, right: &Expr, holds: fn(&f64, &f64) -> bool) -> Value {
        Value::Bool(
            self.any_pair(left, right, |a, b| both_numbers(a, b, self.local()).is_some_and(|(a, b)| holds(&a, &b))),
        )
    }

    /// Whether a comparison holds for some pair, as XPath has it for several nodes. A single node that is blank takes
    /// part as a blank.
    fn any_pair(&self, left: &Expr, right: &Expr, holds: impl Fn(&Value, &Value) -> bool) -> bool {
        if !left.is_several() && !right.is_several() {
            return holds(&self.eval(left), &self.eval(right));
        }
        let all = |expr: &Expr| {
            let mut values = self.values(std::slice::from_ref(expr));
            if values.is_empty() {
                values.push(Value::Blank);
            }
            values
        };
        let right = all(right);
        all(left).iter().any(|left| right.iter().any(|right| holds(left, right)))
    }

    /// Visits the value of every relevant node that an expression stands for, until `visit` says stop; of an
    /// expression that is no path, its one value.
    pub fn each(&self, expr: &Expr, visit: &mut dyn FnMut(Value) -> bool) {
        match expr {
            Expr::Nodes(nodes) => {
                let cell = self.world.layout.cell_of(nodes.node);
                self.rows(nodes, &mut |row| match self.read(row, cell) {
                    Some(value) => visit(value),
                    None => true,
                });
            }
            Expr::Node { scope, cell } => {
                let row = self.world.rows.outer(self.world.layout, self.row, *scope);
                if let Some(value) = row.and_then(|row| self.read(row, *cell as usize)) {
                    visit(value);
                }
            }
            Expr::Items(items) => {
                for row in self.items(items) {
                    if !visit(self.cell(items.list, items.column, row)) {
                        return;
                    }
                }
            }
            other => {
                visit(self.eval(other));
            }
        }
    }

    /// The values of all nodes that the arguments stand for.
    pub(super) fn values(&self, arguments: &[Expr]) -> Vec<Value> {
        let mut values = Vec::new();
        for argument in arguments {
            self.each(argument, &mut |value| {
                values.push(value);
                true
            });
        }
        values
    }

    /// How many nodes an expression stands for.
    pub(super) fn count(&self, expr: &Expr) -> usize {
        match expr {
            Expr::Items(items) => self.items(items).len(),
            _ => {
                let mut count = 0;
                self.each(expr, &mut |_| {
                    count += 1;
                    true
                });
                count
            }
        }
    }

    /// The value of a cell, `None` where it is not relevant.
    fn read(&self, row: RowId, cell: usize) -> Option<Value> {
        let cell = self.world.rows.cell(row, cell);
        cell.relevant.then(|| cell.value.clone())
    }

    /// The rows in which the node of a path lies.
    fn rows(&self, nodes: &Nodes, visit: &mut dyn FnMut(RowId) -> bool) -> bool {
        let from = if nodes.from_candidate { self.candidate } else { self.row };
        let Some(anchor) = self.world.rows.outer(self.world.layout, from, nodes.anchor) else { return true };
        if nodes.filters.is_empty() {
            return self.descend(anchor, &nodes.down, visit);
        }
        let mut found = Vec::new();
        self.descend(anchor, &nodes.down, &mut |row| {
            found.push(row);
            true
        });
        self.pick(found, &nodes.filters).into_iter().all(visit)
    }

    fn descend(&self, row: RowId, down: &[Descent], visit: &mut dyn FnMut(RowId) -> bool) -> bool {
        let Some((first, rest)) = down.split_first() else { return visit(row) };
        let rows = self.world.rows.children(self.world.layout, row, first.scope);
        match &first.pick {
            RowFilter::Number(number) => {
                let number = self.number(number);
                let at = if number >= 1.0 { rows.get(number as usize - 1) } else { None };
                at.is_none_or(|row| self.descend(*row, rest, visit))
            }
            RowFilter::Rows(predicates) if predicates.is_empty() => {
                rows.iter().all(|row| self.descend(*row, rest, visit))
            }
            RowFilter::Rows(predicates) => {
                self.pick(rows.to_vec(), predicates).into_iter().all(|row| self.descend(row, rest, visit))
            }
        }
    }

    /// The rows for which every predicate holds; a number is a place.
    fn pick(&self, rows: Vec<RowId>, predicates: &[Expr]) -> Vec<RowId> {
        self.narrow(rows, predicates, |row| EvalContext { candidate: row, ..*self })
    }

    /// The rows or choices for which every predicate holds, each at its place among those that the one before left.
    fn narrow(&self, mut all: Vec<u32>, predicates: &[Expr], at: impl Fn(u32) -> Self) -> Vec<u32> {
        for predicate in predicates {
            let predicate = &self.with_constants(predicate, &|expr| !expr.varies());
            let (mut place, size) = (0, all.len() as u32);
            all.retain(|one| {
                place += 1;
                EvalContext { place: (place, size), ..at(*one) }.holds(predicate)
            });
        }
        all
    }

    /// The choices that a path into a list stands for.
    pub(crate) fn items(&self, items: &Items) -> Vec<u32> {
        let table = &self.world.layout.lists[items.list as usize];
        let rows: Vec<u32> = match &items.key {
            None => (0..table.len).collect(),
            Some((index, key)) => match self.eval(key) {
                Value::Text(text) => index.get(&*text).cloned().unwrap_or_default(),
                Value::Blank => index.get("").cloned().unwrap_or_default(),
                key => (0..table.len).filter(|row| equal(table.cell(items.by, *row), &key, self.local())).collect(),
            },
        };
        self.narrow(rows, &items.predicates, |row| EvalContext { item: Some((items.list, row)), ..*self })
    }

    /// An expression of which every part that is `fixed` is computed once, for use with many candidates or rows. A path
    /// that stands for several nodes stays one: its first node is not what it stands for.
    fn with_constants(&self, expr: &Expr, fixed: &dyn Fn(&Expr) -> bool) -> Expr {
        let inner = |expr: &Expr| self.with_constants(expr, fixed);
        match expr {
            Expr::Constant(_) | Expr::Column(..) => expr.clone(),
            expr if expr.is_several() => expr.clone(),
            expr if fixed(expr) => Expr::Constant(self.eval(expr)),
            // an argument that stands for all its nodes is no value
            Expr::Call(function, arguments) if !function.several => {
                Expr::Call(function, arguments.iter().map(inner).collect())
            }
            Expr::Binary(operator, sides) => Expr::Binary(*operator, Arc::new((inner(&sides.0), inner(&sides.1)))),
            Expr::Negative(of) => Expr::Negative(Arc::new(inner(of))),
            other => other.clone(),
        }
    }

    /// The expression of a rule, with what comes to the same in all rows below a row of `outer` computed once.
    pub(crate) fn for_rows_below(&self, expr: &Expr, outer: ScopeId) -> Expr {
        self.with_constants(expr, &|part| part.same_below(self.world.layout, outer, self.node))
    }

    fn holds(&self, predicate: &Expr) -> bool {
        match self.eval(predicate) {
            Value::Number(n) => n == f64::from(self.place.0),
            value => value.truth(),
        }
    }

    fn cell(&self, list: u32, column: Column, row: u32) -> Value {
        match column {
            Column::At(column) => self.world.layout.lists[list as usize].cell(column, row).clone(),
            Column::Label => self.label(list, row),
        }
    }

    fn label(&self, list: u32, row: u32) -> Value {
        let package = self.world.package;
        let label = &package.lists[list as usize].choices[row as usize].label;
        Value::text_or_blank(label.get(self.world.around.language, package.default_language))
    }

    fn choice_label(&self, label: &ChoiceLabel) -> Value {
        let name = self.eval(&label.value);
        let (name, layout) = (name.text(), self.world.layout);
        let table = &layout.lists[label.list as usize];
        // of two choices with one name, the one that the question offers
        if let Some((question, Expr::Items(items))) = &label.offered
            && let Some(row) = self.world.rows.outer(layout, self.row, layout.scope_of(*question))
        {
            let offered = EvalContext::new(self.world, row, *question).items(items);
            let found = offered.into_iter().find(|row| table.cell(0, *row).text() == name.trim());
            return found.map_or(Value::Blank, |row| self.label(label.list, row));
        }
        table.by_name.get(name.trim()).map_or(Value::Blank, |row| self.label(label.list, *row))
    }

    /// A cell of a table by the names of table, column and key column; blank where there is none.
    pub(super) fn look_up(&self, table: &str, column: &str, key_column: &str, key: &str) -> Value {
        let layout = self.world.layout;
        let Some(list) = layout.list(table.strip_suffix(".csv").unwrap_or(table)) else { return Value::Blank };
        let table = &layout.lists[list as usize];
        let column = match table.column(column) {
            Some(column) => Column::At(column),
            None if column == "label" => Column::Label,
            None => return Value::Blank,
        };
        let Some(by) = table.column(key_column) else { return Value::Blank };
        let found = (0..table.len).find(|row| table.cell(by, *row).text() == key);
        found.map_or(Value::Blank, |row| self.cell(list, column, row))
    }

    fn position(&self, nodes: &Nodes) -> Value {
        let mut found = Value::Blank;
        self.rows(nodes, &mut |row| {
            let repeat = nodes.node != FORM && self.world.layout.nodes[nodes.node as usize].repeat;
            let position = if repeat { self.world.rows.row(row).position + 1 } else { 1 };
            found = Value::Number(f64::from(position));
            false
        });
        found
    }

    /// A number below 2^64 that is the same whenever the same rule asks in the same place.
    pub(super) fn draw(&self, salt: u64) -> u64 {
        let mut x = self.world.around.seed ^ (u64::from(self.node) << 32) ^ (salt << 17);
        // by places and not by row ids: a resumed interview draws the same
        let mut row = self.row;
        while row != 0 {
            let at = self.world.rows.row(row);
            x = x.rotate_left(7) ^ u64::from(at.position + 1);
            row = at.parent;
        }
        // twice: the seed's neighbours give unlike numbers
        let mut once = random::next(&mut x);
        random::next(&mut once)
    }
}
