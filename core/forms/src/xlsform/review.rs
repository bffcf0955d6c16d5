//! The hook of a domain: what it demands of a package beyond what every questionnaire must be.

use super::columns::{SheetRow, SheetTable};
use super::diagnostics::{CellRef, Diagnostics};
use super::phrase::Problem;
use super::possible_values;
use super::references::Names;
use super::rules::Graph;
use crate::expression::expr::Function;
use crate::package::{Node, Package};
use std::collections::BTreeSet;

/// What a domain adds to the compiler.
#[derive(Clone, Copy)]
pub struct PackageCheck {
    /// Functions that expressions may call beside the standard ones.
    pub functions: &'static [Function],
    /// Columns of the sheet `indicators` that hold the weight of an indicator, one for each profile.
    pub weights: &'static [&'static str],
    /// Looks at the finished package, reports what the domain does not accept, and may complete it.
    pub run: fn(&mut PackageReview<'_>),
}

impl PackageCheck {
    /// No domain: facts, roles and indicators are carried as the author wrote them.
    pub const NONE: Self = Self { functions: &[], weights: &[], run: |_| {} };
}

/// The sheets that a package came from.
pub(super) struct Tables<'r> {
    pub settings: &'r SheetTable<'r>,
    pub survey: &'r SheetTable<'r>,
    pub rows: &'r [Option<SheetRow<'r>>],
    pub indicators: &'r SheetTable<'r>,
    pub indicator_rows: &'r [SheetRow<'r>],
}

/// A package under review.
pub struct PackageReview<'r> {
    /// The package, complete except for what the domain adds.
    pub package: &'r mut Package,
    graph: &'r Graph,
    tables: Tables<'r>,
    diagnostics: &'r mut Diagnostics,
}

/// Where a domain found something.
#[derive(Debug, Clone, Copy)]
pub enum PackageCell {
    /// A column of the row of a node.
    Node(usize, &'static str),
    /// A column of the row of an indicator.
    Indicator(usize, &'static str),
    /// A column of the sheet `survey`.
    Survey(&'static str),
    /// A setting.
    Setting(&'static str),
}

impl<'r> PackageReview<'r> {
    pub(super) fn new(
        package: &'r mut Package,
        graph: &'r Graph,
        tables: Tables<'r>,
        diagnostics: &'r mut Diagnostics,
    ) -> Self {
        Self { package, graph, tables, diagnostics }
    }

    /// Reports an error: no questionnaire comes of the form.
    pub fn error(&mut self, at: PackageCell, problem: impl Into<Problem>) {
        let Tables { settings, survey, rows, indicators, indicator_rows } = &self.tables;
        let place = match at {
            PackageCell::Node(node, column) => {
                rows[node].map_or(CellRef::sheet("survey"), |row| survey.place(row, column))
            }
            PackageCell::Indicator(at, column) => indicators.place(indicator_rows[at], column),
            PackageCell::Survey(column) => CellRef::sheet("survey").column(column),
            // a setting that is not there has no row
            PackageCell::Setting(column) => settings
                .rows()
                .next()
                .filter(|row| settings.get(*row, column).is_some())
                .map_or(CellRef::sheet("settings").column(column), |row| settings.place(row, column)),
        };
        self.diagnostics.error(place, problem);
    }

    /// The name of a `sealed_only` node that a node depends on, through any number of rules; its own name if it is one.
    pub fn sealed_need(&self, node: usize) -> Option<&str> {
        let sealed = self.graph.reach(node).into_iter().find(|need| self.package.nodes[*need].sealed_only)?;
        Some(&self.package.nodes[sealed].name)
    }

    /// The texts that the calculation of a node can come to, as far as they can be told before an interview.
    pub fn possible_values(&self, node: &Node) -> BTreeSet<String> {
        possible_values::of(self.package, &Names::of(&self.package.nodes), node)
    }

    /// The nodes that the condition of an indicator names, bare or as `${name}`.
    pub fn condition(&self, indicator: usize) -> Vec<usize> {
        let names = Names::of(&self.package.nodes);
        super::fact_checks::conditions(&self.package.indicators[indicator].condition, &names).flatten().collect()
    }
}
