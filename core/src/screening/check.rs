//! What is wrong with a sheet `indicators` as far as only the rule can tell; its references, answers, weights and facts
//! are the compiler's business. For authors, when a questionnaire is compiled.

use super::rule::{Dimension, VERSION};
use crate::questionnaire::{Indicator, Package};
use std::collections::BTreeMap;

/// One fault of the sheet `indicators`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SheetFault {
    /// Index in [`Package::indicators`]; nothing where the whole sheet is meant.
    pub row: Option<usize>,
    pub column: &'static str,
    pub message: String,
}

#[rustfmt::skip]
const KINDS: [&str; 11] = [
    "", "act", "purpose", "child_purpose", "indicator", "means", "urgent", "flag", "need", "observation", "review",
];

/// All faults of the sheet, in the order of its rows.
pub fn check(package: &Package) -> Vec<SheetFault> {
    let mut faults = Vec::new();
    let rule = package.settings.get("rule").map(String::as_str);
    if !package.indicators.is_empty() && rule != Some(VERSION.to_string().as_str()) {
        let message = format!("the setting 'rule' must be {VERSION}, the version of the rule that reads this sheet");
        faults.push(SheetFault { row: None, column: "rule", message });
    }
    let mut weighed: BTreeMap<&str, &Indicator> = BTreeMap::new();
    let mut assumed: BTreeMap<u32, &str> = BTreeMap::new();
    for (at, row) in package.indicators.iter().enumerate() {
        let mut unless = |right: bool, column, message: &str| {
            if !right {
                faults.push(SheetFault { row: Some(at), column, message: message.into() });
            }
        };
        unless(KINDS.contains(&row.kind.as_str()), "kind", &format!("there are the kinds {}", KINDS[1..].join(", ")));
        unless(row.code.is_empty() == row.kind.is_empty(), "kind", "a code and its kind stand together");
        if row.kind == "indicator" {
            unless(Dimension::of(&row.dimension).is_some(), "dimension", "there are DR, CR, RV, EX, CD and AV");
            unless(!row.weights.is_empty(), "AL", "an indicator weighs S, M or W for AL, CL, AS or CS");
        } else {
            let light = row.dimension.is_empty() && row.weights.is_empty();
            unless(light, "kind", "only an indicator has a dimension and weights");
        }
        let first = weighed.entry(&row.code).or_insert(row);
        let alike = (&first.kind, &first.dimension, &first.weights) == (&row.kind, &row.dimension, &row.weights);
        unless(alike || row.code.is_empty(), "code", "its kind, dimension or weights are others further up");
        let assume = *assumed.entry(row.question).or_insert(&row.assume);
        unless(assume == row.assume, "assume", "the rows of one question say it alike");
    }
    faults
}
