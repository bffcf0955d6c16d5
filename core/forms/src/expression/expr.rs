//! What an expression is once its names are bound, what it is evaluated on, and what it may call.

use super::error::ParseError;
use super::layout::{InstanceData, Layout, NodeId, RowId, ScopeId};
use super::lexer::Operator;
use super::value::Value;
use crate::package::Package;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// A typed tree, ready to be evaluated.
#[derive(Debug, Clone)]
pub enum Expr {
    /// A value that stands in the text itself, or that is known already.
    Constant(Value),
    /// One node in a row around the rule's own.
    Node {
        /// The scope of that row: the rule's own, or one around it.
        scope: ScopeId,
        /// Index of the node's cell in that row.
        cell: u32,
    },
    /// Nodes in other rows.
    Nodes(Arc<Nodes>),
    /// Choices of a list, or the cells of one of its columns.
    Items(Arc<Items>),
    /// Inside a predicate on choices: a column of the choice at hand.
    Column(u32, Column),
    /// `${last-saved#name}`: the answer of this name in the last finished interview; blank where there is none.
    LastSaved(Arc<str>),
    /// A call of a function with its arguments.
    Call(&'static Function, Arc<[Expr]>),
    /// The label of a choice.
    ChoiceLabel(Arc<ChoiceLabel>),
    /// The place among its siblings of the row that a path leads to.
    PositionOf(Arc<Nodes>),
    /// What the rule's own node holds already, or else the expression.
    Once(Arc<Expr>),
    /// An operation on two sides, left and right.
    Binary(Operator, Arc<(Expr, Expr)>),
    /// A minus sign before an operand: the number with the other sign.
    Negative(Arc<Expr>),
}

impl Default for Expr {
    fn default() -> Self {
        Expr::Constant(Value::Blank)
    }
}

impl Expr {
    /// Whether it depends on the candidate of a predicate.
    pub(super) fn varies(&self) -> bool {
        match self {
            Expr::Constant(_) | Expr::Node { .. } | Expr::LastSaved(_) => false,
            Expr::Nodes(nodes) | Expr::PositionOf(nodes) => {
                nodes.from_candidate || nodes.predicates().any(|predicate| predicate.varies())
            }
            Expr::Column(..) | Expr::Items(_) | Expr::Once(_) => true,
            Expr::Call(function, arguments) => function.of_place || arguments.iter().any(Expr::varies),
            Expr::ChoiceLabel(label) => label.value.varies(),
            Expr::Binary(_, sides) => sides.0.varies() || sides.1.varies(),
            Expr::Negative(inner) => inner.varies(),
        }
    }

    /// Whether it comes to the same in every row below a row of `outer`, for a rule of the node `own`, which may look at
    /// its own node in other rows.
    pub(super) fn same_below(&self, layout: &Layout, outer: ScopeId, own: NodeId) -> bool {
        let same = |expr: &Expr| expr.same_below(layout, outer, own);
        match self {
            Expr::Constant(_) | Expr::LastSaved(_) | Expr::Column(..) => true,
            Expr::Node { scope, cell } => {
                layout.around(*scope, outer) && layout.scopes[*scope as usize].cells[*cell as usize] != own
            }
            Expr::Nodes(nodes) => {
                (nodes.from_candidate || layout.around(nodes.anchor, outer))
                    && nodes.node != own
                    && nodes.predicates().all(same)
            }
            Expr::Items(items) => {
                items.key.as_ref().is_none_or(|(_, key)| same(key)) && items.predicates.iter().all(same)
            }
            // these depend on the row, or on the value that is there
            Expr::Call(function, arguments) => {
                !matches!(function.name, "random" | "uuid")
                    && (function.name != "string-length" || !arguments.is_empty())
                    && arguments.iter().all(same)
            }
            Expr::ChoiceLabel(label) => label.offered.is_none() && same(&label.value),
            Expr::PositionOf(_) | Expr::Once(_) => false,
            Expr::Binary(_, sides) => same(&sides.0) && same(&sides.1),
            Expr::Negative(inner) => same(inner),
        }
    }

    /// Whether it may stand for several nodes: then a comparison looks at each.
    pub(super) fn is_several(&self) -> bool {
        match self {
            Expr::Nodes(nodes) => !nodes.down.is_empty() || !nodes.filters.is_empty(),
            Expr::Items(_) => true,
            _ => false,
        }
    }
}

impl Nodes {
    fn predicates(&self) -> impl Iterator<Item = &Expr> {
        let of_rows = self.down.iter().flat_map(|descent| match &descent.pick {
            RowFilter::Rows(predicates) => predicates.as_slice(),
            RowFilter::Number(number) => std::slice::from_ref(number),
        });
        of_rows.chain(&self.filters)
    }
}

/// The label of the choice that a value names.
#[derive(Debug, Clone)]
pub struct ChoiceLabel {
    /// The name of the choice.
    pub value: Expr,
    /// The list.
    pub list: u32,
    /// If two choices of the list have one name: the question, and the choices that it offers.
    pub offered: Option<(NodeId, Expr)>,
}

/// A path to nodes in rows.
#[derive(Debug, Clone)]
pub struct Nodes {
    /// Start from the candidate of the predicate at hand, not from the rule's own row.
    pub from_candidate: bool,
    /// The scope at which the way down begins: the row of this scope that is the starting row or lies around it.
    pub anchor: ScopeId,
    /// The repeats to go down through from there, outermost first.
    pub down: Vec<Descent>,
    /// The node that the path leads to.
    pub node: NodeId,
    /// Predicates on a node that is no row.
    pub filters: Vec<Expr>,
}

/// Into the rows of one repeat.
#[derive(Debug, Clone)]
pub struct Descent {
    /// The scope of the repeat's rows.
    pub scope: ScopeId,
    /// Which of its rows are taken.
    pub pick: RowFilter,
}

/// Which rows of a repeat a path goes into.
#[derive(Debug, Clone)]
pub enum RowFilter {
    /// All rows for which every predicate holds.
    Rows(Vec<Expr>),
    /// The row of this number, from 1, as the rule's own row computes it.
    Number(Expr),
}

/// Choices of a list and what is read of each: `instance('list')/root/item[...]/column`, `pulldata()`, or a
/// `choice_filter`.
#[derive(Debug, Clone)]
pub struct Items {
    /// Index of the list in [`Layout::lists`].
    pub list: u32,
    /// An equality between a column and something that does not depend on the choice: answered by an index.
    pub key: Option<(Arc<Index>, Expr)>,
    /// The column of that equality.
    pub by: u32,
    /// Predicates on the choice, which hold besides `key`; each looks at what the one before has left.
    pub predicates: Vec<Expr>,
    /// What the expression yields of each choice.
    pub column: Column,
}

/// Rows of a table by the text in one column.
pub type Index = HashMap<Arc<str>, Vec<u32>>;

/// What can be read of a choice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Column {
    /// Its label, in the language of the interview (`label` or `itextId` in a path).
    Label,
    /// Its cell in a column: an index in [`ChoiceTable::columns`](super::layout::ChoiceTable::columns), 0 for the
    /// name.
    At(u32),
}

/// That a rule reads a node, in any row below the row of `anchor` around it. Of a repeat: also which rows it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Read {
    /// The node that is read.
    pub node: NodeId,
    /// The scope whose row bounds what is read: what lies in other rows of that scope does not matter.
    pub anchor: ScopeId,
}

/// An expression in its place.
#[derive(Debug, Clone, Default)]
pub struct Bound {
    /// The expression with every name looked up.
    pub expr: Expr,
    /// The nodes that it reads, sorted, each pair once.
    pub reads: Vec<Read>,
    /// Whether it depends on the language of the interview.
    pub language: bool,
    /// `${last-saved#name}`
    pub last_saved: Vec<Arc<str>>,
    /// What is wrong with it; the parts concerned yield a blank.
    pub errors: Vec<ParseError>,
}

/// One row of the table.
pub struct Function {
    /// Its name in expressions: `count-selected`.
    pub name: &'static str,
    /// Fewest and most arguments.
    pub least: u8,
    /// Most arguments; a function that takes any number of them takes 255.
    pub most: u8,
    /// An absolute path stands for the nodes of all rows, not for that of the row at hand.
    pub several: bool,
    /// Depends on the language.
    pub language: bool,
    /// Depends on the place of a candidate in a predicate.
    pub of_place: bool,
    /// Computes the call at a place; the arguments are not evaluated yet.
    pub run: fn(&EvalContext<'_>, &[Expr]) -> Value,
}

impl Function {
    /// A function of a domain: of its arguments alone.
    pub const fn new(name: &'static str, least: u8, most: u8, run: fn(&EvalContext<'_>, &[Expr]) -> Value) -> Self {
        Self { name, least, most, several: false, language: false, of_place: false, run }
    }
}

impl std::fmt::Debug for Function {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}()", self.name)
    }
}

/// What expressions know beside the answers.
#[derive(Debug, Clone)]
pub struct Environment {
    /// Milliseconds since 1970-01-01 UTC.
    pub now: i64,
    /// Minutes east of UTC of civil days and times.
    pub local: i16,
    /// What `random()` and `uuid()` are made of.
    pub seed: u64,
    /// Index of the language.
    pub language: usize,
    /// For `${last-saved#name}`.
    pub last_saved: BTreeMap<String, String>,
}

/// Everything that an expression can read.
#[derive(Clone, Copy)]
pub struct Instance<'a> {
    /// The questionnaire: labels of choices, default language, version.
    pub package: &'a Package,
    /// Where its nodes keep their values.
    pub layout: &'a Layout,
    /// The values, as they stand now.
    pub rows: &'a InstanceData,
    /// Time, seed, language and the answers of the last interview.
    pub around: &'a Environment,
}

/// A place to evaluate at.
#[derive(Clone, Copy)]
pub struct EvalContext<'a> {
    /// What can be read from here.
    pub world: Instance<'a>,
    /// The row of the rule's own node.
    pub row: RowId,
    /// The node that owns the rule.
    pub node: NodeId,
    /// Inside a predicate on rows: the candidate's row.
    pub(super) candidate: RowId,
    /// Inside a predicate on choices: the candidate.
    pub(super) item: Option<(u32, u32)>,
    /// Inside a predicate: the candidate's place, from 1, and how many there are.
    pub(super) place: (u32, u32),
}
