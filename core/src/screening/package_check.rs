//! What Tabara demands of a questionnaire when it is compiled: its kind, the roles and facts that it names, the sheet
//! `indicators`. What may be counted is closed, and nothing of it depends on what must stay sealed.

use super::questionnaire::FUNCTIONS;
use super::rule::{Dimension, VERSION};
use crate::facts::{Codes, Dictionary, Fact};
use crate::kind::Kind;
use crate::questionnaire::{Indicator, NodeType, Source};
use std::collections::BTreeMap;
use tabara_forms::xlsform::{Compiled, PackageCell, PackageCheck, PackageReview, Phrase, compile_with, did_you_mean};
use tabara_protocol::tables::Tables;

/// What the core recognises without knowing a question's name.
const ROLES: &[&str] = &["consent", "statistics", "code", "child", "age_doubt", "sexual", "unrelated"];
const PREFILLS: &[&str] = &["device.province", "device.commune"];
/// Facts that the core itself sets when a record is made.
const SET_BY_CORE: &[&str] = &["month", "outcome"];
/// Names that mean something in the assessment.
const RESERVED: &[&str] = &["month", "outcome", "tier", "review", "override", "stopped"];
const PROFILES: &[&str] = &["AL", "CL", "AS", "CS"];
const WEIGHTS: &[&str] = &["S", "M", "W"];
const ASSUMED: &[&str] = &["yes", "floor", "purpose", "never"];
#[rustfmt::skip]
const INDICATOR_KINDS: [&str; 11] = [
    "", "act", "purpose", "child_purpose", "indicator", "means", "urgent", "flag", "need", "observation", "review",
];
/// Kinds of indicator that change no outcome and no fact: advice for the focal point only.
const HARMLESS: &[&str] = &["urgent", "need", "observation"];

/// What Tabara adds to the compiler.
const CHECK: PackageCheck = PackageCheck { functions: FUNCTIONS, weights: PROFILES, run };

/// Compiles a questionnaire of Tabara that needs no other files.
pub fn compile(bytes: &[u8]) -> Compiled {
    compile_with_files(bytes, &|_| None)
}

/// Compiles a questionnaire of Tabara; `files` reads a file beside it, by name.
pub fn compile_with_files(bytes: &[u8], files: &dyn Fn(&str) -> Option<Vec<u8>>) -> Compiled {
    compile_with(bytes, files, &CHECK)
}

fn run(review: &mut PackageReview<'_>) {
    let kind = kind(review);
    let marked = |node: &crate::questionnaire::Node| {
        node.sealed_only || !(node.fact.is_empty() && node.role.is_empty() && node.prefill.is_empty())
    };
    if review.package.nodes.iter().any(marked) {
        survey(review, kind);
    }
    indicators(review, kind);
    rule_sheet(review);
    for node in review.package.nodes.iter_mut().filter(|node| node.role == "code") {
        // a mistyped slip would silently begin a new chain for a person who is known already
        let own = std::mem::take(&mut node.constraint);
        let whole = if own.is_empty() { String::new() } else { format!("({own}) and ") };
        node.constraint = format!("{whole}is-slip-code(.)");
    }
}

/// What the records of the form tell; `screening` if the author does not say.
fn kind(review: &mut PackageReview<'_>) -> Kind {
    if review.package.kind.is_empty() {
        review.package.kind = Kind::default().word().into();
    }
    let word = review.package.kind.clone();
    Kind::of(&word).unwrap_or_else(|| {
        let words: Vec<&str> = Kind::ALL.iter().map(|kind| kind.word()).collect();
        let hint = did_you_mean(&word, words.iter().copied(), format!("one of {}", words.join(", ")));
        review.error(PackageCell::Setting("kind"), "unknown-kind", format!("the kind '{word}' is not known"), hint);
        Kind::default()
    })
}

/// Checks the columns of the survey.
fn survey(review: &mut PackageReview<'_>, kind: Kind) {
    for at in 0..review.package.nodes.len() {
        let node = review.package.nodes[at].clone();
        if RESERVED.contains(&node.name.as_str()) {
            let message = format!("the name '{}' is that of something which the assessment says", node.name);
            review.error(PackageCell::Node(at, "name"), "reserved-name", message, "choose another name");
        }
        if !node.prefill.is_empty() && !PREFILLS.contains(&node.prefill.as_str()) {
            let message = format!("the device does not know '{}'", node.prefill);
            let otherwise = "the device knows device.province and device.commune";
            let hint = did_you_mean(&node.prefill, PREFILLS.iter().copied(), otherwise);
            review.error(PackageCell::Node(at, "prefill"), "unknown-prefill", message, hint);
        }
        if !node.role.is_empty() && !ROLES.contains(&node.role.as_str()) {
            let message = format!("the role '{}' is not known", node.role);
            let hint = did_you_mean(&node.role, ROLES.iter().copied(), format!("roles are {}", ROLES.join(", ")));
            review.error(PackageCell::Node(at, "role"), "unknown-role", message, hint);
        }
        if !node.fact.is_empty()
            && let Some(fact) = known_fact(&node.fact, kind, PackageCell::Node(at, "fact"), review)
        {
            check_fact(at, fact, review);
        }
    }
    let nodes = &review.package.nodes;
    let missing = ["consent", "statistics"].into_iter().find(|role| nodes.iter().all(|node| node.role != *role));
    let counts = kind == Kind::Screening && nodes.iter().any(|node| !node.fact.is_empty());
    if let (true, Some(role)) = (counts, missing) {
        let message = format!("the form counts people, and no question has the role '{role}'");
        let hint = "nothing may be counted without consent (role consent) and leave to count (role statistics)";
        review.error(PackageCell::Survey("role"), "no-consent", message, hint);
    }
}

/// One or many as the question, codes within those of the dictionary.
fn check_fact(at: usize, fact: &Fact, review: &mut PackageReview<'_>) {
    let spot = PackageCell::Node(at, "fact");
    let node = &review.package.nodes[at];
    let many = node.kind == NodeType::SelectMultiple;
    match node.kind {
        NodeType::SelectOne | NodeType::SelectMultiple if many != fact.many => {
            let (has, is) = if many { ("several", "one") } else { ("one", "several") };
            let message = format!("the question has {has} answers, the fact '{}' {is}", fact.name);
            review.error(spot, "fact-cardinality", message, "see the column cardinality of facts.csv");
        }
        NodeType::SelectOne | NodeType::SelectMultiple => {
            let Some(Source::List(list)) = node.choices.as_ref().map(|choices| &choices.from) else { return };
            let list = &review.package.lists[*list as usize];
            let unknown: Vec<&str> =
                list.choices.iter().map(|choice| choice.name.as_str()).filter(|code| !fact.codes.has(code)).collect();
            if let Some(first) = unknown.first() {
                let (list, fact_name) = (&list.name, &fact.name);
                let message = match unknown.len() {
                    1 => format!("the choice '{first}' of the list '{list}' is no code of the fact '{fact_name}'"),
                    n => format!("{n} choices of the list '{list}', such as '{first}', are no codes of '{fact_name}'"),
                };
                let hint = nearest_code(first, fact);
                review.error(spot, "fact-codes", message, hint);
            }
        }
        NodeType::Calculate if fact.many => {
            let message = format!("a calculate gives one code, the fact '{}' has several", fact.name);
            review.error(spot, "fact-cardinality", message, "take the fact from a select_multiple");
        }
        NodeType::Calculate => {
            let values = review.possible_values(node);
            if let Some(stranger) = values.iter().find(|text| !fact.codes.has(text)) {
                let message = format!("the calculation can come to '{stranger}', no code of the fact '{}'", fact.name);
                review.error(spot, "fact-codes", message, nearest_code(stranger, fact));
            }
        }
        NodeType::Integer if matches!(fact.codes, Codes::Numbers(..)) => {}
        _ => {
            let message = format!("an answer of this type cannot become the fact '{}'", fact.name);
            review.error(spot, "fact-type", message, "facts are codes: a select, a calculate, or a count");
        }
    }
}

fn nearest_code(word: &str, fact: &Fact) -> Phrase {
    match &fact.codes {
        Codes::List(codes) => did_you_mean(word, codes.iter().map(String::as_str), "see facts.csv"),
        _ => "see facts.csv".into(),
    }
}

fn known_fact(name: &str, kind: Kind, at: PackageCell, review: &mut PackageReview<'_>) -> Option<&'static Fact> {
    let dictionary = Dictionary::standard();
    let allowed = |fact: &&Fact| fact.is_for(kind) && !SET_BY_CORE.contains(&fact.name.as_str());
    let Some(fact) = dictionary.get(name) else {
        let names = dictionary.facts.iter().filter(allowed).map(|fact| fact.name.as_str());
        let hint = did_you_mean(name, names, "facts.csv lists all that may be counted");
        review.error(at, "unknown-fact", format!("there is no fact '{name}'"), hint);
        return None;
    };
    if SET_BY_CORE.contains(&name) {
        review.error(at, "fact-of-core", format!("the fact '{name}' is set by the phone itself"), "remove it here");
        return None;
    }
    if !allowed(&fact) {
        let message = format!("a record of kind {} cannot carry the fact '{name}'", kind.word());
        let kinds: Vec<&str> = fact.kinds.iter().map(|kind| kind.word()).collect();
        let tables: Vec<&str> = Tables::standard().that_split_by(name).map(|table| table.id.as_str()).collect();
        let hint = format!("it is for {}, in the tables {}", kinds.join(", "), tables.join(", "));
        review.error(at, "fact-kind", message, hint);
        return None;
    }
    Some(fact)
}

/// Checks words and facts of the sheet `indicators`.
fn indicators(review: &mut PackageReview<'_>, kind: Kind) {
    for at in 0..review.package.indicators.len() {
        let indicator = review.package.indicators[at].clone();
        for (profile, weight) in indicator.weights.iter().filter(|(_, weight)| !WEIGHTS.contains(&weight.as_str())) {
            let column = PROFILES.iter().find(|known| *known == profile).expect("only these are read");
            let message = format!("'{weight}' is no weight");
            review.error(
                PackageCell::Indicator(at, column),
                "bad-weight",
                message,
                "S (strong), M (medium) or W (weak)",
            );
        }
        if !indicator.assume.is_empty() && !ASSUMED.contains(&indicator.assume.as_str()) {
            let message = format!("'{}' is no way to take an unknown answer", indicator.assume);
            let otherwise = "one of yes, floor, purpose, never";
            let hint = did_you_mean(&indicator.assume, ASSUMED.iter().copied(), otherwise);
            review.error(PackageCell::Indicator(at, "assume"), "bad-assume", message, hint);
        }
        if !indicator.fact.is_empty()
            && let Some(fact) = known_fact(&indicator.fact, kind, PackageCell::Indicator(at, "fact"), review)
            && !fact.codes.has(&indicator.code)
        {
            let message = format!("'{}' is no code of the fact '{}'", indicator.code, fact.name);
            review.error(PackageCell::Indicator(at, "code"), "fact-codes", message, "see facts.csv");
        }
        let needs = review.condition(at).into_iter().chain([indicator.question as usize]);
        let moves = !HARMLESS.contains(&indicator.kind.as_str()) || !indicator.fact.is_empty();
        let sealed = needs.filter_map(|need| review.sealed_need(need)).next().map(str::to_owned);
        if let Some(item) = sealed.filter(|_| moves && !indicator.code.is_empty()) {
            let message = format!("'{}' depends on '{item}', which is sealed_only", indicator.code);
            let hint = format!("the outcome is a fact: only the kinds {} can depend on it", HARMLESS.join(", "));
            review.error(PackageCell::Indicator(at, "question"), "fact-of-sealed", message, hint);
        }
    }
}

/// What only the rule can tell of the sheet `indicators`.
fn rule_sheet(review: &mut PackageReview<'_>) {
    const HINT: &str = "see questionnaires/returnee-screening.md for an example";
    let rows = review.package.indicators.clone();
    let rule = review.package.settings.get("rule").map(String::as_str);
    if !rows.is_empty() && rule != Some(VERSION.to_string().as_str()) {
        let message = format!("the setting 'rule' must be {VERSION}, the version of the rule that reads this sheet");
        review.error(PackageCell::Setting("rule"), "bad-indicator", message, HINT);
    }
    let mut weighed: BTreeMap<&str, &Indicator> = BTreeMap::new();
    let mut assumed: BTreeMap<u32, &str> = BTreeMap::new();
    for (at, row) in rows.iter().enumerate() {
        let mut unless = |right: bool, column, message: &str| {
            if !right {
                review.error(PackageCell::Indicator(at, column), "bad-indicator", message, HINT);
            }
        };
        let kinds = &INDICATOR_KINDS;
        unless(kinds.contains(&row.kind.as_str()), "kind", &format!("there are the kinds {}", kinds[1..].join(", ")));
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
}

#[cfg(test)]
mod tests;
