//! The state of one binding: whose expression it is, and in which predicates one is.

use crate::expression::expr::{Bound, Function, Index};
use crate::expression::layout::{Layout, NodeId, ScopeId};
use crate::package::Package;
use std::collections::HashMap;
use std::sync::Arc;

/// Binds expressions of one questionnaire, and keeps the indexes that they share.
#[derive(Debug)]
pub struct Binder<'a> {
    pub(super) package: &'a Package,
    pub(super) layout: &'a Layout,
    /// Functions of a domain, beside those that every questionnaire knows.
    pub(super) functions: &'static [Function],
    pub(super) indexes: HashMap<(u32, u32), Arc<Index>>,
}

/// What the predicate at hand is about.
#[derive(Debug, Clone, Copy)]
pub(super) enum Frame {
    /// `choices`: the rows are those on offer in a select, and `${name}` of what lies in them is the candidate's.
    Row {
        node: NodeId,
        anchor: ScopeId,
        choices: bool,
    },
    Item {
        list: u32,
    },
}

pub(super) struct Binding<'b, 'a> {
    pub(super) binder: &'b mut Binder<'a>,
    pub(super) node: NodeId,
    pub(super) frames: Vec<Frame>,
    pub(super) out: Bound,
}

impl<'a> Binding<'_, 'a> {
    pub(super) fn layout(&self) -> &'a Layout {
        self.binder.layout
    }
}
