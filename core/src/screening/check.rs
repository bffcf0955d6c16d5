//! What is wrong with a sheet `indicators` as far as only the rule can tell; its references, answers and facts are the
//! compiler's business. For authors, when a questionnaire is compiled.

use super::rule::{Dimension, Profile, VERSION, Weight};
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
        let first = weighed.entry(&row.code).or_insert(row);
        let unlike = (&first.kind, &first.dimension, &first.weights) != (&row.kind, &row.dimension, &row.weights);
        let known =
            |(profile, weight): (&String, &String)| Profile::of(profile).is_some() && Weight::of(weight).is_some();
        let is_indicator = row.kind == "indicator";
        let tests = [
            (
                !KINDS.contains(&row.kind.as_str()),
                "kind",
                "there are the kinds act, purpose, child_purpose, indicator, means, urgent, flag, need, observation, review",
            ),
            (row.code.is_empty() != row.kind.is_empty(), "kind", "a code and its kind stand together"),
            (
                is_indicator && Dimension::of(&row.dimension).is_none(),
                "dimension",
                "there are the dimensions DR, CR, RV, EX, CD, AV",
            ),
            (
                is_indicator && (row.weights.is_empty() || !row.weights.iter().all(known)),
                "AL",
                "an indicator weighs S, M or W for AL, CL, AS or CS",
            ),
            (
                !is_indicator && !(row.dimension.is_empty() && row.weights.is_empty()),
                "kind",
                "only an indicator has a dimension and weights",
            ),
            (unlike && !row.code.is_empty(), "code", "its kind, dimension or weights are others further up"),
            (
                assumed.entry(row.question).or_insert(&row.assume) != &row.assume,
                "assume",
                "the rows of one question say it alike",
            ),
        ];
        let held = tests.into_iter().filter(|(wrong, ..)| *wrong);
        faults.extend(held.map(|(_, column, message)| SheetFault { row: Some(at), column, message: message.into() }));
    }
    faults
}
