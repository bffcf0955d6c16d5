//! What does not change while an interview goes on: the package and its program.

use crate::expression::layout::NodeId;
use crate::package::{NodeType, Package, Source};
use crate::program::{NodeRules, Program};
use crate::questionnaire::Questionnaire;

/// A questionnaire as the parts of an interview look at it.
#[derive(Clone, Copy)]
pub(super) struct Form<'a> {
    pub package: &'a Package,
    pub program: &'a Program,
}

impl<'a> Form<'a> {
    pub fn of(questionnaire: &'a Questionnaire) -> Self {
        Self { package: questionnaire, program: questionnaire.program() }
    }
    pub fn own(self, node: NodeId) -> NodeRules {
        self.program.own[node as usize]
    }
    pub fn kind(self, node: NodeId) -> NodeType {
        self.package.nodes[node as usize].kind
    }
    /// Whether the choices of a select come from rows.
    pub fn takes_choices_from_rows(self, node: NodeId) -> bool {
        let choices = self.package.nodes[node as usize].choices.as_ref();
        matches!(choices.map(|choices| &choices.from), Some(Source::Rows(_)))
    }
}
