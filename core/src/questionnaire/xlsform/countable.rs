//! What may leave a phone in the clear, and what must not: the columns `fact`, `role`, `prefill`, `sealed_only` and the
//! sheet `indicators`.
//!
//! A fact that depends on an item which must stay sealed is refused, through whatever calculates, filters and
//! relevances it depends on it; so is an indicator that would move an outcome.

use super::columns::{Row, Table};
use super::fault::{Faults, Place, did_you_mean};
use super::languages::Languages;
use super::references::{Names, references};
use super::results;
use super::rules::Graph;
use crate::facts::{Codes, Dictionary, Fact};
use crate::questionnaire::{Indicator, Node, NodeType, Package, Source};
use crate::record::Kind;
use std::collections::{BTreeMap, HashMap};

/// What the core recognises without knowing a question's name.
const ROLES: &[&str] = &["consent", "statistics", "code", "child", "age_doubt", "sexual", "unrelated"];
const PREFILLS: &[&str] = &["device.province", "device.commune"];
/// Facts that the core itself sets when a record is made.
const SET_BY_CORE: &[&str] = &["month", "outcome", "tier", "review", "override"];
/// Names that mean something in the assessment.
const RESERVED: &[&str] = &["month", "outcome", "tier", "review", "override", "stopped"];
const PROFILES: &[&str] = &["AL", "CL", "AS", "CS"];
const WEIGHTS: &[&str] = &["S", "M", "W"];
const ASSUMED: &[&str] = &["yes", "floor", "purpose", "never"];
/// Kinds of indicator that change no outcome and no fact: advice for the focal point only.
const HARMLESS: &[&str] = &["urgent", "need", "observation"];

/// What is looked at.
pub struct Countable<'b> {
    pub package: &'b Package,
    pub graph: &'b Graph,
    pub faults: &'b mut Faults,
}

impl Countable<'_> {
    /// Checks the columns of the survey.
    pub fn check(&mut self, table: &Table<'_>, rows: &[Option<Row<'_>>]) {
        let Self { package, graph, faults } = self;
        if !["fact", "role", "prefill", "sealed_only"].iter().any(|column| table.has(column)) {
            return;
        }
        let mut facts: HashMap<&str, u32> = HashMap::new();
        let mut roles: HashMap<&str, u32> = HashMap::new();
        for (at, node) in package.nodes.iter().enumerate() {
            let place = |column| rows[at].map_or(Place::sheet("survey"), |row| table.place(row, column));
            if RESERVED.contains(&node.name.as_str()) {
                let message = format!("the name '{}' is that of something which the assessment says", node.name);
                faults.error(place("name"), "reserved-name", message, "choose another name");
            }
            if !node.prefill.is_empty() && !PREFILLS.contains(&node.prefill.as_str()) {
                let message = format!("the device does not know '{}'", node.prefill);
                let known = (&*node.prefill, PREFILLS.iter().copied());
                let otherwise = "the device knows device.province and device.commune";
                faults.unknown(place("prefill"), "unknown-prefill", message, known, otherwise);
            }
            let repeated = in_repeat(&package.nodes, at);
            if !node.role.is_empty() {
                if !ROLES.contains(&node.role.as_str()) {
                    let message = format!("the role '{}' is not known", node.role);
                    let all = format!("roles are {}", ROLES.join(", "));
                    faults.unknown(place("role"), "unknown-role", message, (&node.role, ROLES.iter().copied()), &all);
                }
                once(&mut roles, &node.role, node.row, place("role"), "role", faults);
                if repeated {
                    let message = "a question in a repeat cannot have a role";
                    faults.error(place("role"), "role-in-repeat", message, "move it out");
                }
            }
            if node.fact.is_empty() {
                continue;
            }
            once(&mut facts, &node.fact, node.row, place("fact"), "fact", faults);
            if repeated {
                let hint = "make a calculate outside of the repeat that sums it up";
                faults.error(place("fact"), "fact-in-repeat", "an answer of a repeat cannot become a fact", hint);
            }
            check_fact(node, package, place("fact"), faults);
            if let Some(sealed) = graph.reach(at).into_iter().find(|need| package.nodes[*need].sealed_only) {
                let (fact, sealed) = (&node.fact, &package.nodes[sealed].name);
                let message = match *sealed == node.name {
                    true => format!("'{sealed}' is sealed_only, and cannot become the fact '{fact}'"),
                    false => format!("the fact '{fact}' depends on '{sealed}', which is sealed_only"),
                };
                let hint = "whoever runs the server reads every fact: take the fact away, or the dependence";
                faults.error(place("fact"), "fact-of-sealed", message, hint);
            }
        }
        let missing = ["consent", "statistics"].iter().find(|role| !roles.contains_key(**role));
        if let (Kind::Screening, false, Some(role)) = (package.kind, facts.is_empty(), missing) {
            let message = format!("the form counts people, and no question has the role '{role}'");
            let hint = "nothing may be counted without consent (role consent) and leave to count (role statistics)";
            faults.error(Place::sheet("survey").column("role"), "no-consent", message, hint);
        }
    }

    /// Reads the sheet `indicators`.
    pub fn indicators(&mut self, table: &Table<'_>, languages: &Languages) -> Vec<Indicator> {
        let Self { package, graph, faults } = self;
        let names = Names::of(&package.nodes);
        let sealed = |node: usize| graph.reach(node).into_iter().find(|need| package.nodes[*need].sealed_only);
        let mut all = Vec::new();
        for row in table.rows() {
            let Some(question) = question(table, row, &names, package, faults) else { continue };
            let plain = |key: &str| table.get(row, key).unwrap_or_default().to_owned();
            let indicator = Indicator {
                question: question as u32,
                answer: plain("answer"),
                code: plain("code"),
                label: languages.text(table, row, "label"),
                kind: plain("kind"),
                dimension: plain("dimension"),
                weights: weights(table, row, faults),
                condition: plain("condition"),
                fact: plain("fact"),
                assume: plain("assume"),
            };
            check_answer(&indicator, &package.nodes[question], package, table.place(row, "answer"), faults);
            if !indicator.assume.is_empty() && !ASSUMED.contains(&indicator.assume.as_str()) {
                let message = format!("'{}' is no way to take an unknown answer", indicator.assume);
                let (at, known) = (table.place(row, "assume"), (&*indicator.assume, ASSUMED.iter().copied()));
                faults.unknown(at, "bad-assume", message, known, "one of yes, floor, purpose, never");
            }
            if !indicator.fact.is_empty()
                && let Some(fact) = known_fact(&indicator.fact, package.kind, table.place(row, "fact"), faults)
                && !fact.codes.has(&indicator.code)
            {
                let message = format!("'{}' is no code of the fact '{}'", indicator.code, fact.name);
                faults.error(table.place(row, "code"), "fact-codes", message, "see facts.csv");
            }
            // the condition names a question or calculate, bare or as ${name}
            let condition = indicator.condition.as_str();
            let conditions: Vec<Option<usize>> = match condition.contains("${") {
                true => references(condition).map(|r| r.ok().and_then(|r| names.one(r.name))).collect(),
                false => Some(condition).filter(|c| !c.is_empty()).map(|c| names.one(c)).into_iter().collect(),
            };
            if conditions.iter().any(Option::is_none) {
                let message = format!("'{condition}' is no question of the survey");
                let known = (condition, package.nodes.iter().map(|n| n.name.as_str()));
                let at = table.place(row, "condition");
                faults.unknown(at, "unknown-reference", message, known, "name one question or calculate");
            }
            let needs = conditions.into_iter().flatten().chain([question]);
            let moves = !HARMLESS.contains(&indicator.kind.as_str()) || !indicator.fact.is_empty();
            if let Some(item) = needs.filter_map(sealed).next().filter(|_| moves && !indicator.code.is_empty()) {
                let message =
                    format!("'{}' depends on '{}', which is sealed_only", indicator.code, package.nodes[item].name);
                let hint = format!("the outcome is a fact: only the kinds {} can depend on it", HARMLESS.join(", "));
                faults.error(table.place(row, "question"), "fact-of-sealed", message, hint);
            }
            all.push(indicator);
        }
        all
    }
}

fn in_repeat(nodes: &[Node], at: usize) -> bool {
    std::iter::successors(nodes[at].parent, |parent| nodes[*parent as usize].parent)
        .any(|section| nodes[section as usize].kind == NodeType::Repeat)
}

fn once<'a>(seen: &mut HashMap<&'a str, u32>, word: &'a str, row: u32, at: Place<'_>, what: &str, faults: &mut Faults) {
    if let Some(first) = seen.insert(word, row) {
        let message = format!("the {what} '{word}' stands in row {first} already");
        faults.error(at, "duplicate-column-entry", message, format!("one question can have the {what}"));
    }
}

/// Known, allowed for the kind of record, one or many as the question, codes within those of the dictionary.
fn check_fact(node: &Node, package: &Package, at: Place<'_>, faults: &mut Faults) {
    let Some(fact) = known_fact(&node.fact, package.kind, at, faults) else { return };
    let many = node.kind == NodeType::SelectMultiple;
    match node.kind {
        NodeType::SelectOne | NodeType::SelectMultiple if many != fact.many => {
            let (has, is) = if many { ("several", "one") } else { ("one", "several") };
            let message = format!("the question has {has} answers, the fact '{}' {is}", fact.name);
            faults.error(at, "fact-cardinality", message, "see the column cardinality of facts.csv");
        }
        NodeType::SelectOne | NodeType::SelectMultiple => {
            let Some(Source::List(list)) = node.choices.as_ref().map(|choices| &choices.from) else { return };
            let list = &package.lists[*list as usize];
            let unknown: Vec<&str> =
                list.choices.iter().map(|choice| choice.name.as_str()).filter(|code| !fact.codes.has(code)).collect();
            if let Some(first) = unknown.first() {
                let (list, fact_name) = (&list.name, &fact.name);
                let message = match unknown.len() {
                    1 => format!("the choice '{first}' of the list '{list}' is no code of the fact '{fact_name}'"),
                    n => format!("{n} choices of the list '{list}', such as '{first}', are no codes of '{fact_name}'"),
                };
                faults.error(at, "fact-codes", message, nearest_code(first, fact));
            }
        }
        NodeType::Calculate if fact.many => {
            let message = format!("a calculate gives one code, the fact '{}' has several", fact.name);
            faults.error(at, "fact-cardinality", message, "take the fact from a select_multiple");
        }
        NodeType::Calculate => {
            let results = results::of(package, &Names::of(&package.nodes), node);
            if let Some(stranger) = results.iter().find(|text| !fact.codes.has(text)) {
                let message = format!("the calculation can come to '{stranger}', no code of the fact '{}'", fact.name);
                faults.error(at, "fact-codes", message, nearest_code(stranger, fact));
            }
        }
        NodeType::Integer if matches!(fact.codes, Codes::Numbers(..)) => {}
        _ => {
            let message = format!("an answer of this type cannot become the fact '{}'", fact.name);
            faults.error(at, "fact-type", message, "facts are codes: a select, a calculate, or a count");
        }
    }
}

fn nearest_code(word: &str, fact: &Fact) -> String {
    match &fact.codes {
        Codes::List(codes) => did_you_mean(word, codes.iter().map(String::as_str), "see facts.csv"),
        _ => "see facts.csv".into(),
    }
}

fn known_fact(name: &str, kind: Kind, at: Place<'_>, faults: &mut Faults) -> Option<&'static Fact> {
    let dictionary = Dictionary::standard();
    let allowed =
        |fact: &&Fact| fact.kinds.iter().any(|k| k == kind.word()) && !SET_BY_CORE.contains(&fact.name.as_str());
    let Some(fact) = dictionary.get(name) else {
        let names = dictionary.facts.iter().filter(allowed).map(|fact| fact.name.as_str());
        let hint = did_you_mean(name, names, "facts.csv lists all that may be counted");
        faults.error(at, "unknown-fact", format!("there is no fact '{name}'"), hint);
        return None;
    };
    if SET_BY_CORE.contains(&name) {
        faults.error(at, "fact-of-core", format!("the fact '{name}' is set by the phone itself"), "remove it here");
        return None;
    }
    if !allowed(&fact) {
        let message = format!("a record of kind {} cannot carry the fact '{name}'", kind.word());
        faults.error(at, "fact-kind", message, format!("it is for {}", fact.kinds.join(", ")));
        return None;
    }
    Some(fact)
}

fn question(
    table: &Table<'_>,
    row: Row<'_>,
    names: &Names<'_>,
    package: &Package,
    faults: &mut Faults,
) -> Option<usize> {
    let name = table.get(row, "question").unwrap_or_default();
    let found = names.one(name);
    if found.is_none() {
        let message = format!("'{name}' is no question of the survey");
        let known = (name, package.nodes.iter().map(|node| node.name.as_str()));
        let at = table.place(row, "question");
        faults.unknown(at, "unknown-reference", message, known, "name one question of the survey");
    }
    found
}

fn weights(table: &Table<'_>, row: Row<'_>, faults: &mut Faults) -> BTreeMap<String, String> {
    let mut weights = BTreeMap::new();
    for profile in PROFILES {
        if let Some(weight) = table.get(row, profile) {
            if !WEIGHTS.contains(&weight) {
                let message = format!("'{weight}' is no weight");
                faults.error(table.place(row, profile), "bad-weight", message, "S (strong), M (medium) or W (weak)");
            }
            weights.insert((*profile).to_owned(), weight.to_owned());
        }
    }
    weights
}

/// The answer of a select is one of its choices (`x`, `!x` for any other, `*` for any); that of a number a comparison.
fn check_answer(indicator: &Indicator, node: &Node, package: &Package, at: Place<'_>, faults: &mut Faults) {
    let answer = indicator.answer.as_str();
    if answer == "*" || (answer.is_empty() && indicator.code.is_empty()) {
        return;
    }
    if let Some(Source::List(list)) = node.choices.as_ref().map(|choices| &choices.from) {
        let list = &package.lists[*list as usize];
        let wanted = answer.strip_prefix('!').unwrap_or(answer);
        if list.choices.iter().all(|choice| choice.name != wanted) {
            let known = list.choices.iter().map(|choice| choice.name.as_str());
            let hint = did_you_mean(wanted, known, &format!("see the list '{}' on the sheet choices", list.name));
            faults.error(at, "unknown-choice", format!("'{wanted}' is no answer of '{}'", node.name), hint);
        }
    } else if node.kind != NodeType::Calculate {
        let number = answer.trim_start_matches(['<', '>', '=', '!']).trim();
        if number.parse::<f64>().is_err() {
            let message = format!("'{answer}' is no answer of '{}'", node.name);
            faults.error(at, "unknown-choice", message, "write a number or a comparison, such as <18");
        }
    }
}
