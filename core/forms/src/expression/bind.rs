//! From names to places: a [`Ast`] becomes an [`Expr`] in which every path is a node, a path through the rows to it,
//! and nothing is looked up by name any more. On the way it notes what the expression reads, which is what the
//! interview needs to recompute no more than it must.
//!
//! How a path finds its rows: from the row of the node that owns the rule, up to the innermost scope that both share
//! (the *anchor*), then down through the repeats between. Without a path down there is exactly one node. `${name}`, and
//! an absolute path that stands for one value, bind to the row they are written in as far as they can (E24).

mod binding;
mod path;

use super::error::{Cause, ParseError};
use super::expr::{Bound, ChoiceLabel, Column, Descent, Expr, Function, Index, Items, RowFilter};
use super::functions;
use super::layout::{FORM, Layout, NodeId, ScopeId};
use super::lexer::Operator;
use super::parser::{Ast, Axis, Base, Step, parse};
use super::value::Value;
use crate::package::{Node, Package};
use binding::{Binding, Frame};
use path::PathBuilder;
use std::collections::HashMap;
use std::sync::Arc;

pub use binding::Binder;

impl<'a> Binder<'a> {
    /// A binder for expressions that call only the functions which every questionnaire knows.
    pub fn new(package: &'a Package, layout: &'a Layout) -> Self {
        Self::with(package, layout, &[])
    }

    /// Like [`Binder::new`], with functions of a domain.
    pub fn with(package: &'a Package, layout: &'a Layout, functions: &'static [Function]) -> Self {
        Self { package, layout, functions, indexes: HashMap::new() }
    }

    /// Parses and binds an expression that belongs to a node ([`FORM`] for none).
    pub fn bind(&mut self, text: &str, node: NodeId) -> Bound {
        // what most forms have in half of their rows: it need not be parsed each time
        if text == "true()" {
            return Bound { expr: Expr::Constant(Value::Bool(true)), ..Bound::default() };
        }
        self.bind_tree(parse(text), node, |binding, tree| match tree {
            // the value that is kept is that of the whole rule
            Ast::Call { function: "once", arguments, .. } if arguments.len() == 1 => {
                Expr::Once(Arc::new(binding.value(&arguments[0])))
            }
            tree => binding.value(tree),
        })
    }

    /// The choices of a list for which a filter holds (all where it is empty).
    pub fn bind_filter(&mut self, list: u32, filter: &str, node: NodeId) -> Bound {
        if filter.trim().is_empty() {
            let items = Items { list, key: None, by: 0, predicates: vec![], column: Column::At(0) };
            return Bound { expr: Expr::Items(Arc::new(items)), ..Bound::default() };
        }
        self.bind_tree(parse(filter), node, |binding, tree| {
            binding.items(list, std::slice::from_ref(tree), Column::At(0))
        })
    }

    /// The answers to a question inside a repeat, as choices: every row with an answer for which a filter holds.
    pub fn bind_rows(&mut self, from: NodeId, filter: &str, node: NodeId) -> Bound {
        let tree = if filter.trim().is_empty() { Ok(Ast::Text("every row")) } else { parse(filter) };
        // all rows of the repeat, also where the question stands in one of them
        let repeat = repeat_around(self.layout, from).unwrap_or(from);
        self.bind_tree(tree, node, |binding, tree| {
            let mut path = binding.nearest(repeat, false);
            if !filter.trim().is_empty()
                && let Err(error) = binding.choices(&mut path, tree)
            {
                return binding.or_blank(Err(error));
            }
            path.node = from;
            Expr::Nodes(Arc::new(binding.finish(path)))
        })
    }

    fn bind_tree(
        &mut self,
        tree: Result<Ast<'_>, ParseError>,
        node: NodeId,
        bind: impl FnOnce(&mut Binding<'_, 'a>, &Ast<'_>) -> Expr,
    ) -> Bound {
        let tree = match tree {
            Ok(tree) => tree,
            Err(error) => return Bound { errors: vec![error], ..Bound::default() },
        };
        let mut binding = Binding { binder: self, node, frames: vec![], out: Bound::default() };
        let expr = bind(&mut binding, &tree);
        let mut out = binding.out;
        out.expr = expr;
        out.reads.sort_unstable();
        out.reads.dedup();
        out
    }

    fn index(&mut self, list: u32, column: u32) -> Arc<Index> {
        let table = &self.layout.lists[list as usize];
        let make = || {
            let mut index = Index::new();
            for row in 0..table.len {
                index.entry(table.cell(column, row).shared_text()).or_default().push(row);
            }
            Arc::new(index)
        };
        self.indexes.entry((list, column)).or_insert_with(make).clone()
    }
}

/// What a part of an expression is bound to, or why it cannot be.
type Binds = Result<Expr, ParseError>;

fn unsupported<T>(at: usize, what: &'static str) -> Result<T, ParseError> {
    Err(ParseError { at, cause: Cause::Unsupported(what) })
}

impl<'a> Binding<'_, 'a> {
    /// A part of an expression. One that cannot be bound is noted, and blank.
    fn value(&mut self, tree: &Ast<'_>) -> Expr {
        let bound = match tree {
            Ast::Number(n) => Ok(Expr::Constant(Value::Number(*n))),
            Ast::Text(text) => Ok(Expr::Constant(Value::from(*text))),
            Ast::Negative(tree) => Ok(Expr::Negative(Arc::new(self.value(tree)))),
            Ast::Binary { operator: Operator::Union, at, .. } => unsupported(*at, "|"),
            Ast::Binary { operator, left, right, .. } => {
                Ok(Expr::Binary(*operator, Arc::new((self.value(left), self.value(right)))))
            }
            Ast::Call { function, arguments, at } => self.call(function, arguments, *at),
            Ast::Path { base, steps, at } => self.path(base, steps, *at, false),
        };
        self.or_blank(bound)
    }

    fn or_blank(&mut self, bound: Binds) -> Expr {
        bound.unwrap_or_else(|error| {
            self.out.errors.push(error);
            Expr::default()
        })
    }

    /// An argument of a function that takes all nodes of a path.
    fn several(&mut self, tree: &Ast<'_>) -> Expr {
        match tree {
            Ast::Path { base, steps, at } => {
                let bound = self.path(base, steps, *at, true);
                self.or_blank(bound)
            }
            tree => self.value(tree),
        }
    }

    /// A path that must lead to nodes of the form.
    fn nodes_of(&mut self, tree: &Ast<'_>, at: usize, otherwise: &'static str) -> Result<PathBuilder, ParseError> {
        match tree {
            Ast::Path { base, steps, at } => self.path_of(base, steps, *at, true),
            _ => unsupported(at, otherwise),
        }
    }

    fn call(&mut self, name: &str, arguments: &[Ast<'_>], at: usize) -> Binds {
        let fail = |cause| Err(ParseError { at, cause });
        let own = self.binder.functions.iter().find(|function| function.name == name);
        let Some(function) = functions::find(name).or(own) else {
            arguments.iter().for_each(|tree| drop(self.value(tree)));
            return fail(Cause::UnknownFunction(name.to_owned()));
        };
        if !(usize::from(function.least)..=usize::from(function.most)).contains(&arguments.len()) {
            return fail(Cause::Arguments { function: function.name, given: arguments.len() });
        }
        match (function.name, arguments) {
            ("once", _) => fail(Cause::OnceInside),
            ("position", [Ast::Path { base, steps, at }]) => {
                let path = self.path_of(base, steps, *at, true)?;
                Ok(Expr::PositionOf(Arc::new(self.finish(path))))
            }
            ("instance", _) => self.instance(arguments, &[], at),
            ("current", _) => {
                let path = PathBuilder::at(self.layout(), self.node, false);
                Ok(Expr::Nodes(Arc::new(self.finish(path))))
            }
            ("indexed-repeat", _) => self.indexed_repeat(arguments, at),
            ("date" | "date-time" | "decimal-date-time", [tree]) if never_a_date(function.name, tree) => {
                let text = if let Ast::Text(text) = tree { text } else { "true or false" };
                fail(Cause::NotADate(text.to_owned()))
            }
            ("geofence", [Ast::Text(text), _]) if !functions::is_place(text) => {
                fail(Cause::NotAPlace((*text).to_owned()))
            }
            ("pulldata", [table, column, key, value]) => self.pulldata([table, column, key], value, at),
            ("jr:itext", [tree]) => self.itext(tree, at),
            ("jr:choice-name", [value, question]) => self.choice_name(value, question, at),
            _ => {
                self.out.language |= function.language;
                let bind = |tree: &Ast<'_>| if function.several { self.several(tree) } else { self.value(tree) };
                Ok(Expr::Call(function, arguments.iter().map(bind).collect()))
            }
        }
    }

    /// `indexed-repeat(${value}, ${repeat}, n, ${inner repeat}, m ...)`
    fn indexed_repeat(&mut self, arguments: &[Ast<'_>], at: usize) -> Binds {
        let node = self.nodes_of(&arguments[0], at, "a first argument that is no question")?.node;
        let value_scope = self.layout().scope_of(node);
        let mut picks: HashMap<ScopeId, Expr> = HashMap::new();
        for pair in arguments[1..].chunks(2) {
            let [Ast::Path { base, steps, at }, number] = pair else {
                return unsupported(at, "indexed-repeat() without a repeat and its number");
            };
            let repeat = self.path_of(base, steps, *at, true)?.node;
            let is_repeat = repeat != FORM && self.layout().nodes[repeat as usize].repeat;
            let scope = self.layout().scope_of(repeat);
            if !is_repeat || !self.layout().around(scope, value_scope) {
                return unsupported(*at, "indexed-repeat() with a repeat that is not around");
            }
            let number = self.value(number);
            picks.insert(scope, number);
        }
        // the outermost repeat that is counted hangs below the row at hand
        let here = self.layout().scope_of(self.node);
        let (mut down, mut scope) = (Vec::new(), value_scope);
        while !picks.is_empty() || !self.layout().around(scope, here) {
            let pick = picks.remove(&scope).map_or(RowFilter::Rows(vec![]), RowFilter::Number);
            down.push(Descent { scope, pick });
            scope = self.layout().scopes[scope as usize].parent;
        }
        down.reverse();
        let path = PathBuilder { from_candidate: false, anchor: scope, down, node, filters: vec![], absolute: false };
        Ok(Expr::Nodes(Arc::new(self.finish(path))))
    }

    /// `pulldata('table', 'column', 'key column', key)`
    fn pulldata(&mut self, names: [&Ast<'_>; 3], key: &Ast<'_>, at: usize) -> Binds {
        let known = |table: &str| {
            let list = self.layout().list(table);
            list.ok_or_else(|| ParseError { at, cause: Cause::UnknownList(table.to_owned()) })
        };
        let [Ast::Text(table), Ast::Text(column), Ast::Text(key_column)] = names else {
            if let Ast::Text(table) = names[0] {
                known(table)?;
            }
            // a computed name is looked up when it is known
            self.out.language = true;
            let arguments = names.into_iter().chain([key]).map(|tree| self.value(tree)).collect();
            return Ok(Expr::Call(functions::find("pulldata").expect("it is in the table"), arguments));
        };
        let list = known(table)?;
        let column = self.column(list, column, at)?;
        let Column::At(by) = self.column(list, key_column, at)? else { return unsupported(at, "pulldata() by label") };
        let key = Some((self.binder.index(list, by), self.value(key)));
        self.out.language |= column == Column::Label;
        Ok(Expr::Items(Arc::new(Items { list, key, by, predicates: vec![], column })))
    }

    /// `jr:choice-name(value, '${question}')`: the second argument is a path in quotes.
    fn choice_name(&mut self, value: &Ast<'_>, question: &Ast<'_>, at: usize) -> Binds {
        const OTHER: &str = "jr:choice-name() of something that is no question";
        self.out.language = true;
        let value = self.value(value);
        let node = match question {
            Ast::Text(text) => self.nodes_of(&parse(text.trim())?, at, OTHER)?.node,
            tree => self.nodes_of(tree, at, OTHER)?.node,
        };
        let package = self.binder.package;
        let Some(list) = package.nodes.get(node as usize).and_then(Node::list) else {
            return unsupported(at, "jr:choice-name() of a question without a list");
        };
        // the filter tells choices of one name apart
        let choices = package.nodes[node as usize].choices.as_ref();
        let filter = choices.map(|choices| choices.filter.as_str()).filter(|filter| !filter.trim().is_empty());
        let filter = filter.filter(|_| self.layout().lists[list as usize].twins()).and_then(|text| parse(text).ok());
        let offered = filter.map(|filter| (node, self.offered(node, list, filter)));
        Ok(Expr::ChoiceLabel(Arc::new(ChoiceLabel { value, list, offered })))
    }

    /// The choices that another question offers, as its own row has it.
    fn offered(&mut self, question: NodeId, list: u32, filter: Ast<'_>) -> Expr {
        let own = std::mem::replace(&mut self.node, question);
        let (frames, before) = (std::mem::take(&mut self.frames), self.out.reads.len());
        let offered = self.items(list, &[filter], Column::At(0));
        (self.node, self.frames) = (own, frames);
        let (layout, scope) = (self.layout(), self.layout().scope_of(own));
        for read in &mut self.out.reads[before..] {
            read.anchor = layout.common(read.anchor, scope);
        }
        offered
    }

    /// `jr:itext(instance('list')/root/item[...]/itextId)`: a label in the language of the moment. A later change of
    /// language does not compute it again, as in the reference engines.
    fn itext(&mut self, tree: &Ast<'_>, at: usize) -> Binds {
        let last = if let Ast::Path { steps, .. } = tree { steps.last().map(|step| &step.axis) } else { None };
        if last != Some(&Axis::Child("itextId")) {
            return unsupported(at, "jr:itext() of something other than a choice's itextId");
        }
        let language = self.out.language;
        let label = self.value(tree);
        self.out.language = language;
        Ok(label)
    }

    fn path(&mut self, base: &Base<'_>, steps: &[Step<'_>], at: usize, several: bool) -> Binds {
        if let Base::LastSaved(name) = base {
            let name: Arc<str> = (*name).into();
            self.out.last_saved.push(name.clone());
            return Ok(Expr::LastSaved(name));
        }
        if let Some(Frame::Item { list }) = self.frames.last().copied()
            && *base == Base::Here
        {
            return self.column_path(list, steps, at);
        }
        if let Base::Of(tree) = base
            && let Ast::Call { function: "instance", arguments, .. } = &**tree
        {
            return self.instance(arguments, steps, at);
        }
        let path = self.path_of(base, steps, at, several)?;
        let nodes = self.finish(path);
        let scope = self.layout().scope_of(nodes.node);
        let single = nodes.down.is_empty() && nodes.filters.is_empty() && !nodes.from_candidate;
        Ok(match single && scope == nodes.anchor {
            true => Expr::Node { scope, cell: self.layout().cell_of(nodes.node) as u32 },
            false => Expr::Nodes(Arc::new(nodes)),
        })
    }

    fn column(&self, list: u32, name: &str, at: usize) -> Result<Column, ParseError> {
        let table = &self.layout().lists[list as usize];
        match table.column(name) {
            Some(column) => Ok(Column::At(column)),
            // what an XForm calls the text of a choice
            None if name == "label" || name == "itextId" => Ok(Column::Label),
            None => {
                let (list, column) = (table.name.to_string(), name.to_owned());
                Err(ParseError { at, cause: Cause::UnknownColumn { list, column } })
            }
        }
    }

    /// A relative path inside a predicate on choices.
    fn column_path(&mut self, list: u32, steps: &[Step<'_>], at: usize) -> Binds {
        let column = match steps {
            [Step { axis: Axis::Child(name), predicates }] if predicates.is_empty() => self.column(list, name, at)?,
            [Step { axis: Axis::Oneself, .. }, Step { axis: Axis::Child(name), .. }] => self.column(list, name, at)?,
            _ => return unsupported(at, "a path inside a predicate on choices"),
        };
        self.out.language |= column == Column::Label;
        Ok(Expr::Column(list, column))
    }

    /// `instance('list')/root/item[...]/column`
    fn instance(&mut self, arguments: &[Ast<'_>], steps: &[Step<'_>], at: usize) -> Binds {
        let [Ast::Text(name)] = arguments else {
            return unsupported(at, "instance() of something that is no plain name");
        };
        let Some(list) = self.layout().list(name) else {
            return Err(ParseError { at, cause: Cause::UnknownList((*name).to_owned()) });
        };
        let (item, column) = match steps {
            [_root, item] => (item, Column::At(0)),
            [_root, item, Step { axis: Axis::Child(name), predicates }] if predicates.is_empty() => {
                (item, self.column(list, name, at)?)
            }
            _ => return unsupported(at, "a path into instance() other than /root/item/column"),
        };
        Ok(self.items(list, &item.predicates, column))
    }

    fn items(&mut self, list: u32, predicates: &[Ast<'_>], column: Column) -> Expr {
        self.out.language |= column == Column::Label;
        let (mut key, mut by) = (None, 0);
        let mut bound = Vec::with_capacity(predicates.len());
        self.frames.push(Frame::Item { list });
        for tree in predicates {
            let predicate = self.value(tree);
            match equality(&predicate) {
                // later predicates may count positions among what the first left over: only the first may be a key
                Some((column, fixed)) if key.is_none() && bound.is_empty() => {
                    key = Some((self.binder.index(list, column), fixed));
                    by = column;
                }
                _ => bound.push(predicate),
            }
        }
        self.frames.pop();
        Expr::Items(Arc::new(Items { list, key, by, predicates: bound, column }))
    }
}

/// A constant that is no date, whatever the day. (An empty text is a blank; `date()` takes a number of days.)
fn never_a_date(function: &str, tree: &Ast<'_>) -> bool {
    match tree {
        Ast::Text(text) => {
            let value = Value::from(*text);
            let days = function != "decimal-date-time" && !value.number(0).is_nan();
            !value.is_blank() && !days && value.moment(0).is_none()
        }
        Ast::Call { function, .. } => matches!(*function, "true" | "false"),
        _ => false,
    }
}

/// The repeat that a node lies in.
fn repeat_around(layout: &Layout, node: NodeId) -> Option<NodeId> {
    Some(layout.scopes[layout.scope_of(node) as usize].node).filter(|repeat| *repeat != FORM)
}

/// `column = something that does not depend on the choice`
fn equality(predicate: &Expr) -> Option<(u32, Expr)> {
    let Expr::Binary(Operator::Equal, sides) = predicate else { return None };
    match &**sides {
        (Expr::Column(_, Column::At(column)), fixed) if !fixed.varies() => Some((*column, fixed.clone())),
        (fixed, Expr::Column(_, Column::At(column))) if !fixed.varies() => Some((*column, fixed.clone())),
        _ => None,
    }
}
