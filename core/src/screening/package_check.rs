//! What Tabara demands of a questionnaire when it is compiled: its kind, the roles and facts that it names, the sheet
//! `indicators`. What may be counted is closed, and nothing of it depends on what must stay sealed.

use super::questionnaire::FUNCTIONS;
use super::rule::{Dimension, VERSION};
use crate::facts::{Codes, Dictionary, Fact};
use crate::kind::Kind;
use crate::questionnaire::{Indicator, NodeType};
use std::collections::BTreeMap;
use tabara_forms::say;
use tabara_forms::xlsform::{
    Catalogue, Compiled, PackageCell, PackageCheck, PackageReview, Phrase, Problem, compile_with,
};
use tabara_protocol::share;
use tabara_protocol::tables::Tables;

/// What is told to authors.
static TEXTS: Catalogue = Catalogue::new(include_str!("../../i18n/screening.en.ftl"));
/// What the core recognises without knowing a question's name.
const ROLES: [&str; 7] = ["consent", "statistics", "code", "child", "age_doubt", "sexual", "unrelated"];
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
        let unknown = say!(TEXTS: "unknown-kind", word);
        review.error(PackageCell::Setting("kind"), one_of(unknown, &word, &words));
        Kind::default()
    })
}

/// An unknown word, with the one that was meant or all that there are.
fn one_of(unknown: Phrase, word: &str, known: &[&str]) -> Problem {
    unknown.hint(say!(TEXTS: "one-of", words = known.join(", "))).meant(word, known.iter().copied())
}

/// Checks the columns of the survey.
fn survey(review: &mut PackageReview<'_>, kind: Kind) {
    for at in 0..review.package.nodes.len() {
        let node = review.package.nodes[at].clone();
        if RESERVED.contains(&node.name.as_str()) {
            let problem = say!(TEXTS: "name-of-assessment", name = node.name).coded("reserved-name");
            review.error(PackageCell::Node(at, "name"), problem);
        }
        if !node.prefill.is_empty() && !PREFILLS.contains(&node.prefill.as_str()) {
            let unknown = say!(TEXTS: "unknown-prefill", word = node.prefill);
            review.error(PackageCell::Node(at, "prefill"), one_of(unknown, &node.prefill, PREFILLS));
        }
        let roles = [ROLES, share::ROLES].concat();
        if !node.role.is_empty() && !roles.contains(&node.role.as_str()) {
            let unknown = say!(TEXTS: "unknown-role", word = node.role);
            review.error(PackageCell::Node(at, "role"), one_of(unknown, &node.role, &roles));
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
        review.error(PackageCell::Survey("role"), say!(TEXTS: "no-consent", role));
    }
}

/// One or many as the question, codes within those of the dictionary.
fn check_fact(at: usize, fact: &Fact, review: &mut PackageReview<'_>) {
    let node = &review.package.nodes[at];
    let (many, name) = (node.kind == NodeType::SelectMultiple, &fact.name);
    let problem = match node.kind {
        NodeType::SelectOne | NodeType::SelectMultiple if many != fact.many => {
            let message = if many { say!(TEXTS: "fact-is-one", name) } else { say!(TEXTS: "fact-is-several", name) };
            message.coded("fact-cardinality").hint(say!(TEXTS: "see-facts"))
        }
        NodeType::SelectOne | NodeType::SelectMultiple => {
            let Some(list) = node.list() else { return };
            let list = &review.package.lists[list as usize];
            let mut unknown = list.choices.iter().map(|choice| &choice.name).filter(|code| !fact.codes.has(code));
            let Some(first) = unknown.next() else { return };
            let list = &list.name;
            let message = match unknown.count() + 1 {
                1 => say!(TEXTS: "fact-code", first, list, name),
                n => say!(TEXTS: "fact-codes", n, list, first, name),
            };
            nearest_code(message, first, fact)
        }
        NodeType::Calculate if fact.many => say!(TEXTS: "fact-of-calculate", name).coded("fact-cardinality"),
        NodeType::Calculate => {
            let values = review.possible_values(node);
            let Some(word) = values.iter().find(|text| !fact.codes.has(text)) else { return };
            nearest_code(say!(TEXTS: "fact-value", word, name), word, fact)
        }
        NodeType::Integer if matches!(fact.codes, Codes::Numbers(..)) => return,
        _ => say!(TEXTS: "fact-type", name).into(),
    };
    review.error(PackageCell::Node(at, "fact"), problem);
}

fn nearest_code(message: Phrase, word: &str, fact: &Fact) -> Problem {
    let problem = message.coded("fact-codes").hint(say!(TEXTS: "see-facts"));
    match &fact.codes {
        Codes::List(codes) => problem.meant(word, codes.iter().map(String::as_str)),
        _ => problem,
    }
}

fn known_fact(name: &str, kind: Kind, at: PackageCell, review: &mut PackageReview<'_>) -> Option<&'static Fact> {
    let dictionary = Dictionary::standard();
    let allowed = |fact: &&Fact| fact.is_for(kind) && !SET_BY_CORE.contains(&fact.name.as_str());
    let problem = match dictionary.get(name) {
        None => {
            let names = dictionary.facts.iter().filter(allowed).map(|fact| fact.name.as_str());
            say!(TEXTS: "unknown-fact", name).meant(name, names)
        }
        Some(_) if SET_BY_CORE.contains(&name) => say!(TEXTS: "fact-of-core", name).into(),
        Some(fact) if !allowed(&fact) => {
            let kinds: Vec<&str> = fact.kinds.iter().map(|kind| kind.word()).collect();
            let tables: Vec<&str> = Tables::standard().that_split_by(name).map(|table| table.id.as_str()).collect();
            let (kind, kinds, tables) = (kind.word(), kinds.join(", "), tables.join(", "));
            say!(TEXTS: "fact-kind", kind, name).hint(say!(TEXTS: "fact-kind-hint", kinds, tables))
        }
        known => return known,
    };
    review.error(at, problem);
    None
}

/// Checks words and facts of the sheet `indicators`.
fn indicators(review: &mut PackageReview<'_>, kind: Kind) {
    for at in 0..review.package.indicators.len() {
        let indicator = review.package.indicators[at].clone();
        for (profile, weight) in indicator.weights.iter().filter(|(_, weight)| !WEIGHTS.contains(&weight.as_str())) {
            let column = PROFILES.iter().find(|known| *known == profile).expect("only these are read");
            review.error(PackageCell::Indicator(at, column), say!(TEXTS: "bad-weight", weight));
        }
        let word = indicator.assume.as_str();
        if !word.is_empty() && !ASSUMED.contains(&word) {
            let unknown = say!(TEXTS: "bad-assume", word);
            review.error(PackageCell::Indicator(at, "assume"), one_of(unknown, word, ASSUMED));
        }
        if !indicator.fact.is_empty()
            && let Some(fact) = known_fact(&indicator.fact, kind, PackageCell::Indicator(at, "fact"), review)
            && !fact.codes.has(&indicator.code)
        {
            let (code, name) = (&indicator.code, &fact.name);
            let problem = say!(TEXTS: "indicator-code", code, name).coded("fact-codes");
            review.error(PackageCell::Indicator(at, "code"), problem.hint(say!(TEXTS: "see-facts")));
        }
        let needs = review.condition(at).into_iter().chain([indicator.question as usize]);
        let moves = !HARMLESS.contains(&indicator.kind.as_str()) || !indicator.fact.is_empty();
        let sealed = needs.filter_map(|need| review.sealed_need(need)).next().map(str::to_owned);
        if let Some(item) = sealed.filter(|_| moves && !indicator.code.is_empty()) {
            let (code, kinds) = (&indicator.code, HARMLESS.join(", "));
            let message = say!(TEXTS: "indicator-of-sealed", code, item);
            let hint = say!(TEXTS: "indicator-of-sealed-hint", kinds);
            review.error(PackageCell::Indicator(at, "question"), message.coded("fact-of-sealed").hint(hint));
        }
    }
}

/// What only the rule can tell of the sheet `indicators`.
fn rule_sheet(review: &mut PackageReview<'_>) {
    let problem = |message: Phrase| message.coded("bad-indicator").hint(say!(TEXTS: "see-example"));
    let rows = review.package.indicators.clone();
    let rule = review.package.settings.get("rule").map(String::as_str);
    if !rows.is_empty() && rule != Some(VERSION.to_string().as_str()) {
        let message = say!(TEXTS: "rule-version", version = VERSION);
        review.error(PackageCell::Setting("rule"), problem(message));
    }
    let mut weighed: BTreeMap<&str, &Indicator> = BTreeMap::new();
    let mut assumed: BTreeMap<u32, &str> = BTreeMap::new();
    for (at, row) in rows.iter().enumerate() {
        let mut unless = |right: bool, column, message: Phrase| {
            if !right {
                review.error(PackageCell::Indicator(at, column), problem(message));
            }
        };
        let kinds = &INDICATOR_KINDS;
        let known = say!(TEXTS: "indicator-kinds", kinds = kinds[1..].join(", "));
        unless(kinds.contains(&row.kind.as_str()), "kind", known);
        unless(row.code.is_empty() == row.kind.is_empty(), "kind", say!(TEXTS: "indicator-code-and-kind"));
        if row.kind == "indicator" {
            let known = Dimension::of(&row.dimension).is_some();
            unless(known, "dimension", say!(TEXTS: "indicator-dimensions"));
            unless(!row.weights.is_empty(), "AL", say!(TEXTS: "indicator-weights"));
        } else {
            let light = row.dimension.is_empty() && row.weights.is_empty();
            unless(light, "kind", say!(TEXTS: "indicator-light"));
        }
        let first = weighed.entry(&row.code).or_insert(row);
        let alike = (&first.kind, &first.dimension, &first.weights) == (&row.kind, &row.dimension, &row.weights);
        unless(alike || row.code.is_empty(), "code", say!(TEXTS: "indicator-alike"));
        let assume = *assumed.entry(row.question).or_insert(&row.assume);
        unless(assume == row.assume, "assume", say!(TEXTS: "assume-alike"));
    }
}

#[cfg(test)]
mod tests;
