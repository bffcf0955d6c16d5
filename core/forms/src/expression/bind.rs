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
use crate::package::Package;
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
                return binding.error(error.at, error.cause);
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

impl<'a> Binding<'_, 'a> {
    fn value(&mut self, tree: &Ast<'_>) -> Expr {
        match tree {
            Ast::Number(n) => Expr::Constant(Value::Number(*n)),
            Ast::Text(text) => Expr::Constant(Value::from(*text)),
            Ast::Negative(tree) => Expr::Negative(Arc::new(self.value(tree))),
            Ast::Binary { operator: Operator::Union, at, .. } => self.error(*at, Cause::Unsupported("|")),
            Ast::Binary { operator, left, right, .. } => {
                Expr::Binary(*operator, Arc::new((self.value(left), self.value(right))))
            }
            Ast::Call { function, arguments, at } => self.call(function, arguments, *at),
            Ast::Path { base, steps, at } => self.path(base, steps, *at, false),
        }
    }

    /// An argument of a function that takes all nodes of a path.
    fn several(&mut self, tree: &Ast<'_>) -> Expr {
        match tree {
            Ast::Path { base, steps, at } => self.path(base, steps, *at, true),
            tree => self.value(tree),
        }
    }

    fn call(&mut self, name: &str, arguments: &[Ast<'_>], at: usize) -> Expr {
        let own = self.binder.functions.iter().find(|function| function.name == name);
        let Some(function) = functions::find(name).or(own) else {
            arguments.iter().for_each(|tree| drop(self.value(tree)));
            return self.error(at, Cause::UnknownFunction(name.to_owned()));
        };
        if !(usize::from(function.least)..=usize::from(function.most)).contains(&arguments.len()) {
            return self.error(at, Cause::Arguments { function: function.name, given: arguments.len() });
        }
        match (function.name, arguments) {
            ("once", _) => self.error(at, Cause::OnceInside),
            ("position", [Ast::Path { base, steps, at }]) => match self.path_of(base, steps, *at, true) {
                Ok(path) => Expr::PositionOf(Arc::new(self.finish(path))),
                Err(error) => self.error(error.at, error.cause),
            },
            ("instance", _) => self.instance(arguments, &[], at),
            ("current", _) => {
                let path = PathBuilder::at(self.layout(), self.node, false);
                Expr::Nodes(Arc::new(self.finish(path)))
            }
            ("indexed-repeat", _) => self.indexed_repeat(arguments, at),
            ("date" | "date-time" | "decimal-date-time", [tree]) if never_a_date(function.name, tree) => {
                let text = if let Ast::Text(text) = tree { text } else { "true or false" };
                self.error(at, Cause::NotADate(text.to_owned()))
            }
            ("geofence", [Ast::Text(text), _]) if !functions::is_place(text) => {
                self.error(at, Cause::NotAPlace((*text).to_owned()))
            }
            ("pulldata", [table, column, key, value]) => self.pulldata([table, column, key], value, at),
            ("jr:itext", [tree]) => self.itext(tree, at),
            ("jr:choice-name", [value, question]) => self.choice_name(value, question, at),
            _ => {
                self.out.language |= function.language;
                let bind = |tree: &Ast<'_>| if function.several { self.several(tree) } else { self.value(tree) };
                Expr::Call(function, arguments.iter().map(bind).collect())
            }
        }
    }

    /// `indexed-repeat(${value}, ${repeat}, n, ${inner repeat}, m ...)`
    fn indexed_repeat(&mut self, arguments: &[Ast<'_>], at: usize) -> Expr {
        let path = match &arguments[0] {
            Ast::Path { base, steps, at } => self.path_of(base, steps, *at, true),
            _ => Err(ParseError { at, cause: Cause::Unsupported("a first argument that is no question") }),
        };
        let (node, value_scope) = match path {
            Ok(path) => (path.node, self.layout().scope_of(path.node)),
            Err(error) => return self.error(error.at, error.cause),
        };
        let mut picks: HashMap<ScopeId, Expr> = HashMap::new();
        for pair in arguments[1..].chunks(2) {
            let [Ast::Path { base, steps, at }, number] = pair else {
                return self.error(at, Cause::Unsupported("indexed-repeat() without a repeat and its number"));
            };
            let repeat = match self.path_of(base, steps, *at, true) {
                Ok(path) => path.node,
                Err(error) => return self.error(error.at, error.cause),
            };
            let is_repeat = repeat != FORM && self.layout().nodes[repeat as usize].repeat;
            let scope = self.layout().scope_of(repeat);
            if !is_repeat || !self.layout().around(scope, value_scope) {
                return self.error(*at, Cause::Unsupported("indexed-repeat() with a repeat that is not around"));
            }
            let number = self.value(number);
            picks.insert(scope, number);
        }
        // the outermost repeat that is counted hangs below the row at hand
        let mut down = Vec::new();
        let mut scope = value_scope;
        while !picks.is_empty() {
            down.push(match picks.remove(&scope) {
                Some(number) => Descent { scope, pick: RowFilter::Number(number) },
                None => Descent { scope, pick: RowFilter::Rows(vec![]) },
            });
            scope = self.layout().scopes[scope as usize].parent;
        }
        let here = self.layout().scope_of(self.node);
        while !self.layout().around(scope, here) {
            down.push(Descent { scope, pick: RowFilter::Rows(vec![]) });
            scope = self.layout().scopes[scope as usize].parent;
        }
        down.reverse();
        let path = PathBuilder { from_candidate: false, anchor: scope, down, node, filters: vec![], absolute: false };
        Expr::Nodes(Arc::new(self.finish(path)))
    }

    /// `pulldata('table', 'column', 'key column', key)`
    fn pulldata(&mut self, names: [&Ast<'_>; 3], key: &Ast<'_>, at: usize) -> Expr {
        if let Ast::Text(table) = names[0]
            && self.layout().list(table).is_none()
        {
            return self.error(at, Cause::UnknownList((*table).to_owned()));
        }
        let [Ast::Text(table), Ast::Text(column), Ast::Text(key_column)] = names else {
            // a computed name is looked up when it is known
            self.out.language = true;
            let arguments = names.into_iter().chain([key]).map(|tree| self.value(tree)).collect();
            return Expr::Call(functions::find("pulldata").expect("it is in the table"), arguments);
        };
        let Some(list) = self.layout().list(table) else { return Expr::Constant(Value::Blank) };
        let columns = self.column(list, column, at).and_then(|to| Ok((to, self.column(list, key_column, at)?)));
        match columns {
            Ok((column, Column::At(by))) => {
                let key = Some((self.binder.index(list, by), self.value(key)));
                self.out.language |= column == Column::Label;
                Expr::Items(Arc::new(Items { list, key, by, predicates: vec![], column }))
            }
            Ok((_, Column::Label)) => self.error(at, Cause::Unsupported("pulldata() by label")),
            Err(error) => self.error(error.at, error.cause),
        }
    }

    /// `jr:choice-name(value, '${question}')`: the second argument is a path in quotes.
    fn choice_name(&mut self, value: &Ast<'_>, question: &Ast<'_>, at: usize) -> Expr {
        self.out.language = true;
        let value = self.value(value);
        let found = match question {
            Ast::Text(text) => parse(text.trim()),
            tree => Ok(tree.clone()),
        };
        let node = match found {
            Ok(Ast::Path { base, steps, at }) => self.path_of(&base, &steps, at, true).map(|path| path.node),
            Ok(_) => {
                Err(ParseError { at, cause: Cause::Unsupported("jr:choice-name() of something that is no question") })
            }
            Err(error) => Err(error),
        };
        let package = self.binder.package;
        let (node, list) =
            match node.map(|node| package.nodes.get(node as usize).and_then(|at| Some((node, at.list()?)))) {
                Ok(Some(found)) => found,
                Ok(None) => return self.error(at, Cause::Unsupported("jr:choice-name() of a question without a list")),
                Err(error) => return self.error(error.at, error.cause),
            };
        // the filter tells choices of one name apart
        let choices =
            package.nodes[node as usize].choices.as_ref().filter(|_| self.layout().lists[list as usize].twins());
        let filter =
            choices.filter(|choices| !choices.filter.trim().is_empty()).and_then(|choices| parse(&choices.filter).ok());
        let offered = filter.map(|filter| (node, self.offered(node, list, filter)));
        Expr::ChoiceLabel(Arc::new(ChoiceLabel { value, list, offered }))
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
    fn itext(&mut self, tree: &Ast<'_>, at: usize) -> Expr {
        let last = if let Ast::Path { steps, .. } = tree { steps.last().map(|step| &step.axis) } else { None };
        if last != Some(&Axis::Child("itextId")) {
            return self.error(at, Cause::Unsupported("jr:itext() of something other than a choice's itextId"));
        }
        let language = self.out.language;
        let label = self.value(tree);
        self.out.language = language;
        label
    }

    fn path(&mut self, base: &Base<'_>, steps: &[Step<'_>], at: usize, several: bool) -> Expr {
        if let Base::LastSaved(name) = base {
            let name: Arc<str> = (*name).into();
            self.out.last_saved.push(name.clone());
            return Expr::LastSaved(name);
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
        match self.path_of(base, steps, at, several) {
            Ok(path) => {
                let nodes = self.finish(path);
                let scope = self.layout().scope_of(nodes.node);
                let single = nodes.down.is_empty() && nodes.filters.is_empty() && !nodes.from_candidate;
                if single && scope == nodes.anchor {
                    Expr::Node { scope, cell: self.layout().cell_of(nodes.node) as u32 }
                } else {
                    Expr::Nodes(Arc::new(nodes))
                }
            }
            Err(error) => self.error(error.at, error.cause),
        }
    }

    fn column(&self, list: u32, name: &str, at: usize) -> Result<Column, ParseError> {
        let table = &self.layout().lists[list as usize];
        match table.column(name) {
            Some(column) => Ok(Column::At(column)),
            // what an XForm calls the text of a choice
            None if name == "label" || name == "itextId" => Ok(Column::Label),
            None => Err(ParseError {
                at,
                cause: Cause::UnknownColumn { list: table.name.to_string(), column: name.into() },
            }),
        }
    }

    /// A relative path inside a predicate on choices.
    fn column_path(&mut self, list: u32, steps: &[Step<'_>], at: usize) -> Expr {
        let column = match steps {
            [Step { axis: Axis::Child(name), predicates }] if predicates.is_empty() => self.column(list, name, at),
            [Step { axis: Axis::Oneself, .. }, Step { axis: Axis::Child(name), .. }] => self.column(list, name, at),
            _ => Err(ParseError { at, cause: Cause::Unsupported("a path inside a predicate on choices") }),
        };
        match column {
            Ok(column) => {
                self.out.language |= column == Column::Label;
                Expr::Column(list, column)
            }
            Err(error) => self.error(error.at, error.cause),
        }
    }

    /// `instance('list')/root/item[...]/column`
    fn instance(&mut self, arguments: &[Ast<'_>], steps: &[Step<'_>], at: usize) -> Expr {
        let [Ast::Text(name)] = arguments else {
            return self.error(at, Cause::Unsupported("instance() of something that is no plain name"));
        };
        let Some(list) = self.layout().list(name) else {
            return self.error(at, Cause::UnknownList((*name).to_owned()));
        };
        let (item, column) = match steps {
            [_root, item] => (item, Column::At(0)),
            [_root, item, Step { axis: Axis::Child(name), predicates }] if predicates.is_empty() => {
                match self.column(list, name, at) {
                    Ok(column) => (item, column),
                    Err(error) => return self.error(error.at, error.cause),
                }
            }
            _ => return self.error(at, Cause::Unsupported("a path into instance() other than /root/item/column")),
        };
        self.items(list, &item.predicates, column)
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
