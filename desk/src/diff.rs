//! `tabara-desk form diff OLD NEW`: what changed between two versions of a form, and whether the drafts, facts and tables of
//! the old version can be read together with those of the new one.
//!
//! Both versions are compared as packages: a change of the workbook that no phone sees is no change. Questions are the
//! same if their path is (groups and name), choices if list and name are.

use crate::files::word;
use crate::texts::{Phrase, TEXTS, Texts, arguments};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use tabara_core::questionnaire::{Choice, List, Node, NodeType, Package, Source, Text};
use tabara_forms::say;

/// What a change is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Area {
    Settings,
    Questions,
    Choices,
    Facts,
    Indicators,
    Texts,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ChangeKind {
    Added,
    Removed,
    Moved,
    Changed,
}

/// One difference. `property` is empty if the whole thing was added, removed or moved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    pub area: Area,
    pub kind: ChangeKind,
    pub name: String,
    pub property: String,
    pub old: String,
    pub new: String,
}

/// Whether old and new belong together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Comparable {
    #[default]
    Yes,
    /// A person has to decide: what is asked, or how, has changed.
    Check,
    No,
}

/// A judgement with its reasons.
#[derive(Debug, Default)]
pub struct Comparison {
    pub comparable: Comparable,
    pub reasons: Vec<(Comparable, Phrase)>,
}

impl Comparison {
    fn no(&mut self, reason: Phrase) {
        self.add(Comparable::No, reason);
    }

    fn check(&mut self, reason: Phrase) {
        self.add(Comparable::Check, reason);
    }

    fn add(&mut self, comparable: Comparable, reason: Phrase) {
        if !self.reasons.iter().any(|(_, known)| known.text == reason.text) {
            self.comparable = self.comparable.max(comparable);
            self.reasons.push((comparable, reason));
        }
    }
}

/// The whole result.
#[derive(Debug, Default)]
pub struct Diff {
    pub changes: Vec<Change>,
    /// Whether the answers of an old draft mean the same in the new version.
    pub drafts: Comparison,
    pub facts: Comparison,
    pub tables: Comparison,
}

/// Compares two versions of a form.
pub fn diff(old: &Package, new: &Package) -> Diff {
    let mut diff = Diff::default();
    let (old, new) = (Version::new(old), Version::new(new));
    diff.settings(old.package, new.package);
    diff.questions(&old, &new);
    diff.lists(old.package, new.package);
    diff.facts(&old, &new);
    diff.indicators(&old, &new);
    diff.changes.sort_by_key(|change| change.area);
    diff
}

/// A package with its questions by path.
struct Version<'p> {
    package: &'p Package,
    paths: Vec<String>,
    by_path: HashMap<String, usize>,
}

impl<'p> Version<'p> {
    fn new(package: &'p Package) -> Self {
        let mut paths: Vec<String> = Vec::with_capacity(package.nodes.len());
        for node in &package.nodes {
            let around = node.parent.map_or(String::new(), |parent| format!("{}/", paths[parent as usize]));
            // the compiler names a note without a name after its row
            let name = match node.name.starts_with("generated_note_name_") {
                true => format!("({})", node.label.get(package.default_language, 0)),
                false => node.name.clone(),
            };
            paths.push(around + &name);
        }
        let by_path = paths.iter().enumerate().rev().map(|(at, path)| (path.clone(), at)).collect();
        Self { package, paths, by_path }
    }

    fn node(&self, path: &str) -> Option<&'p Node> {
        self.by_path.get(path).map(|at| &self.package.nodes[*at])
    }

    /// The questions that a question depends on, through any number of rules, itself included.
    fn reach(&self, from: usize) -> BTreeSet<usize> {
        let (mut found, mut open) = (BTreeSet::from([from]), vec![from]);
        while let Some(at) = open.pop() {
            let node = &self.package.nodes[at];
            let filter = node.choices.as_ref().map_or("", |choices| choices.filter.as_str());
            let rules = [&node.relevant, &node.calculation, &node.initial, &node.repeat_count].map(String::as_str);
            let named = rules.into_iter().chain([filter]).flat_map(|rule| {
                let names = rule.split("${").skip(1).filter_map(|rest| rest.split('}').next());
                names.filter_map(|name| self.package.node(name)).collect::<Vec<_>>()
            });
            let around = node.parent.iter().chain(&node.trigger).map(|at| *at as usize);
            let needs: Vec<usize> = named.chain(around).collect();
            open.extend(needs.into_iter().filter(|need| found.insert(*need)));
        }
        found
    }
}

/// What a node holds beside its texts, by the column of the workbook.
fn properties(version: &Version<'_>, node: &Node) -> Vec<(&'static str, String)> {
    let (list, filter) = match &node.choices {
        Some(choices) => (source(version, &choices.from), choices.filter.clone()),
        None => (String::new(), String::new()),
    };
    let triggers = node.trigger.iter().map(|at| version.paths[*at as usize].as_str()).collect::<Vec<_>>().join(", ");
    let parameters: Vec<String> = node.parameters.iter().map(|(key, value)| format!("{key}={value}")).collect();
    vec![
        ("type", word(&node.kind)),
        ("list", list),
        ("choice_filter", filter),
        ("relevant", node.relevant.clone()),
        ("required", node.required.clone()),
        ("constraint", node.constraint.clone()),
        ("calculation", node.calculation.clone()),
        ("trigger", triggers),
        ("readonly", node.readonly.clone()),
        ("default", format!("{}{}", node.default, node.initial)),
        ("repeat_count", node.repeat_count.clone()),
        ("appearance", node.appearance.clone()),
        ("parameters", parameters.join(" ")),
        ("fact", node.fact.clone()),
        ("role", node.role.clone()),
        ("prefill", node.prefill.clone()),
        ("sealed_only", if node.sealed_only { "yes".into() } else { String::new() }),
    ]
}

/// Columns that decide what an answer means.
const MEANING: &[&str] =
    &["type", "list", "choice_filter", "relevant", "calculation", "trigger", "default", "repeat_count"];

fn source(version: &Version<'_>, from: &Source) -> String {
    match from {
        Source::List(list) => version.package.lists[*list as usize].name.clone(),
        Source::Rows(node) => format!("${{{}}}", version.package.nodes[*node as usize].name),
    }
}

fn texts_of(node: &Node) -> Vec<(String, &Text)> {
    let own = [
        ("label", &node.label),
        ("hint", &node.hint),
        ("guidance_hint", &node.guidance),
        ("constraint_message", &node.constraint_message),
        ("required_message", &node.required_message),
    ];
    let own = own.into_iter().map(|(column, text)| (column.to_owned(), text));
    own.chain(node.media.iter().map(|(column, text)| (column.clone(), text))).collect()
}

impl Diff {
    fn change(&mut self, area: Area, kind: ChangeKind, name: &str, property: &str, (old, new): (&str, &str)) {
        let (old, new) = (old.to_owned(), new.to_owned());
        self.changes.push(Change { area, kind, name: name.into(), property: property.into(), old, new });
    }

    /// Reports a property whose value differs, and returns whether it does.
    fn value(&mut self, area: Area, name: &str, property: &str, old: &str, new: &str) -> bool {
        if old != new {
            self.change(area, ChangeKind::Changed, name, property, (old, new));
        }
        old != new
    }

    /// Reports texts that differ, by language. Returns whether a language that both versions have reads otherwise.
    fn text(
        &mut self,
        name: &str,
        column: &str,
        (old, new): (Option<&Text>, Option<&Text>),
        languages: &Languages,
    ) -> bool {
        let mut differs = false;
        for (language, before, after) in &languages.0 {
            let get = |text: Option<&Text>, at: &Option<usize>| {
                let text = text.zip(*at).and_then(|(text, at)| text.0.get(at));
                text.cloned().unwrap_or_default()
            };
            let property = if language.is_empty() { column.to_owned() } else { format!("{column}::{language}") };
            let changed = self.value(Area::Texts, name, &property, &get(old, before), &get(new, after));
            differs |= changed && before.is_some() && after.is_some();
        }
        differs
    }

    fn settings(&mut self, old: &Package, new: &Package) {
        let list = |package: &Package| {
            let own = [
                ("form_id", package.id.clone()),
                ("form_title", package.title.clone()),
                ("version", package.version.clone()),
                ("kind", package.kind.clone()),
                ("unit", package.unit.clone()),
                ("default_language", package.languages.get(package.default_language).cloned().unwrap_or_default()),
                ("languages", package.languages.join(", ")),
            ];
            let own = own.into_iter().map(|(key, value)| (key.to_owned(), value));
            let more = package.settings.iter().map(|(key, value)| (key.clone(), value.clone()));
            own.chain(more).collect::<BTreeMap<_, _>>()
        };
        let (before, after) = (list(old), list(new));
        for key in before.keys().chain(after.keys()).collect::<BTreeSet<_>>() {
            let get = |map: &BTreeMap<String, String>| map.get(key).cloned().unwrap_or_default();
            if self.value(Area::Settings, key, "", &get(&before), &get(&after)) {
                match key.as_str() {
                    "kind" | "unit" => {
                        self.tables.no(say!(TEXTS: "diff-setting-counts", key));
                    }
                    "rule" => self.tables.check(say!(TEXTS: "diff-rule")),
                    "form_id" => self.drafts.no(say!(TEXTS: "diff-form")),
                    _ => {}
                }
            }
        }
    }

    fn questions(&mut self, old: &Version<'_>, new: &Version<'_>) {
        use ChangeKind::{Added, Moved, Removed};
        let languages = Languages::of(old.package, new.package);
        let mut moved = BTreeSet::new();
        for (at, path) in old.paths.iter().enumerate() {
            let node = &old.package.nodes[at];
            let answered = !node.kind.is_section() && node.kind != NodeType::Note;
            let Some(now) = new.node(path) else {
                // the same name under another group, where the name is there once
                let elsewhere = new.package.nodes.iter().enumerate().filter(|(_, other)| other.name == node.name);
                let elsewhere: Vec<usize> = elsewhere.map(|(at, _)| at).collect();
                if let ([to], true) =
                    (&elsewhere[..], !old.by_path.contains_key(&new.paths[*elsewhere.first().unwrap_or(&0)]))
                {
                    moved.insert(*to);
                    self.change(Area::Questions, Moved, path, "", (path, &new.paths[*to]));
                    self.compare(old, new, (path, node, &new.package.nodes[*to]), &languages);
                    if answered {
                        self.drafts.no(say!(TEXTS: "diff-moved", name = path));
                    }
                } else {
                    self.change(Area::Questions, Removed, path, "", (&word(&node.kind), ""));
                    if answered {
                        self.drafts.no(say!(TEXTS: "diff-gone", name = path));
                    }
                }
                continue;
            };
            self.compare(old, new, (path, node, now), &languages);
        }
        for (at, path) in new.paths.iter().enumerate() {
            if !old.by_path.contains_key(path) && !moved.contains(&at) {
                self.change(Area::Questions, Added, path, "", ("", &word(&new.package.nodes[at].kind)));
            }
        }
        let order = |one: &Version<'_>, other: &Version<'_>| {
            one.paths.iter().filter(|path| other.by_path.contains_key(*path)).cloned().collect::<Vec<_>>()
        };
        let (before, after) = (order(old, new), order(new, old));
        if let Some(at) = (0..before.len()).find(|at| before[*at] != after[*at]) {
            self.change(Area::Questions, Moved, &after[at], "order", (&before[at], &after[at]));
        }
    }

    fn compare(
        &mut self,
        old: &Version<'_>,
        new: &Version<'_>,
        (path, was, is): (&str, &Node, &Node),
        languages: &Languages,
    ) {
        for ((column, before), (_, after)) in properties(old, was).into_iter().zip(properties(new, is)) {
            if self.value(Area::Questions, path, column, &before, &after) {
                match column {
                    "type" => self.drafts.no(say!(TEXTS: "diff-type", name = path)),
                    "constraint" | "choice_filter" => {
                        self.drafts.check(say!(TEXTS: "diff-fits", name = path));
                    }
                    "role" => self.tables.check(say!(TEXTS: "diff-role", name = path)),
                    _ => {}
                }
            }
        }
        let (before, after) = (texts_of(was), texts_of(is));
        let find = |list: &[(String, &Text)], column: &str| list.iter().position(|(name, _)| name == column);
        let mut columns: Vec<&str> = Vec::new();
        for (column, _) in before.iter().chain(&after) {
            if !columns.contains(&column.as_str()) {
                columns.push(column);
            }
        }
        for column in columns {
            let texts = (find(&before, column).map(|at| before[at].1), find(&after, column).map(|at| after[at].1));
            let differs = self.text(path, column, texts, languages);
            if differs && column == "label" && matches!(was.role.as_str(), "consent" | "statistics") {
                self.tables.check(say!(TEXTS: "diff-words", name = path));
            }
        }
    }

    fn lists(&mut self, old: &Package, new: &Package) {
        use ChangeKind::{Added, Removed};
        let languages = Languages::of(old, new);
        let choices = |list: &'_ List| -> Vec<(String, usize)> {
            let mut seen: HashMap<&str, usize> = HashMap::new();
            let keys = list.choices.iter().enumerate().map(|(at, choice)| {
                let twin = seen.entry(&choice.name).or_default();
                *twin += 1;
                (if *twin == 1 { choice.name.clone() } else { format!("{} ({twin})", choice.name) }, at)
            });
            keys.collect()
        };
        for list in &old.lists {
            let Some(now) = new.list(&list.name) else {
                self.change(Area::Choices, Removed, &list.name, "", ("", ""));
                continue;
            };
            let (before, after) = (choices(list), choices(now));
            let by_name: HashMap<&str, usize> = after.iter().map(|(name, at)| (name.as_str(), *at)).collect();
            let known: BTreeSet<&str> = before.iter().map(|(name, _)| name.as_str()).collect();
            for (name, at) in &before {
                let path = format!("{}/{name}", list.name);
                let was = &list.choices[*at];
                let Some(is) = by_name.get(name.as_str()).map(|at| &now.choices[*at]) else {
                    self.change(Area::Choices, Removed, &path, "", (was.label.get(old.default_language, 0), ""));
                    let asked = old.nodes.iter().any(|node| uses(old, node, &list.name));
                    if asked {
                        self.drafts.no(say!(TEXTS: "diff-choice-gone", name = path));
                    }
                    continue;
                };
                self.text(&path, "label", (Some(&was.label), Some(&is.label)), &languages);
                for column in list.columns.iter().chain(&now.columns).collect::<BTreeSet<_>>() {
                    self.value(Area::Choices, &path, column, cell(list, was, column), cell(now, is, column));
                }
            }
            for (name, at) in after.iter().filter(|(name, _)| !known.contains(name.as_str())) {
                let label = now.choices[*at].label.get(new.default_language, 0);
                self.change(Area::Choices, Added, &format!("{}/{name}", list.name), "", ("", label));
            }
        }
        for list in new.lists.iter().filter(|list| old.list(&list.name).is_none()) {
            self.change(Area::Choices, Added, &list.name, "", ("", ""));
        }
    }

    fn facts(&mut self, old: &Version<'_>, new: &Version<'_>) {
        use ChangeKind::{Added, Removed};
        let facts = |version: &Version<'_>| -> BTreeMap<String, usize> {
            let nodes = version.package.nodes.iter().enumerate().filter(|(_, node)| !node.fact.is_empty());
            nodes.map(|(at, node)| (node.fact.clone(), at)).collect()
        };
        let (before, after) = (facts(old), facts(new));
        for (fact, was) in &before {
            let Some(is) = after.get(fact) else {
                self.change(Area::Facts, Removed, fact, "", (&old.paths[*was], ""));
                self.facts.no(say!(TEXTS: "diff-fact-gone", fact));
                continue;
            };
            self.value(Area::Facts, fact, "question", &old.paths[*was], &new.paths[*is]);
            let (codes, codes_now) = (codes(old, *was), codes(new, *is));
            if self.value(Area::Facts, fact, "codes", &codes.join(" "), &codes_now.join(" ")) {
                for code in codes.iter().filter(|code| !codes_now.contains(code)) {
                    self.facts.no(say!(TEXTS: "diff-code-gone", fact, code));
                }
                for code in codes_now.iter().filter(|code| !codes.contains(code)) {
                    let reason = say!(TEXTS: "diff-code-new", fact, code);
                    self.facts.check(reason);
                }
            }
            if old.package.nodes[*was].kind != new.package.nodes[*is].kind {
                self.facts.no(say!(TEXTS: "diff-fact-type", fact));
            }
            self.causes(fact, (old, *was), (new, *is));
        }
        for (fact, is) in after.iter().filter(|(fact, _)| !before.contains_key(*fact)) {
            self.change(Area::Facts, Added, fact, "", ("", &new.paths[*is]));
            self.tables.check(say!(TEXTS: "diff-fact-new", fact));
        }
        match self.facts.comparable {
            Comparable::Yes => {}
            comparable => self.tables.add(comparable, say!(TEXTS: "diff-facts")),
        }
    }

    /// Reasons that lie in the questions which a fact depends on: other rules, or other words.
    fn causes(&mut self, fact: &str, (old, was): (&Version<'_>, usize), (new, is): (&Version<'_>, usize)) {
        for at in old.reach(was) {
            let path = &old.paths[at];
            let (node, now) = match (at == was, new.node(path)) {
                (true, _) => (&old.package.nodes[at], &new.package.nodes[is]),
                (false, Some(now)) => (&old.package.nodes[at], now),
                (false, None) => {
                    self.facts.check(say!(TEXTS: "diff-cause-gone", fact, name = path));
                    continue;
                }
            };
            let meaning = |version: &Version<'_>, node: &Node| {
                let all = properties(version, node).into_iter().filter(|(column, _)| MEANING.contains(column));
                all.map(|(_, value)| value).collect::<Vec<_>>()
            };
            if meaning(old, node) != meaning(new, now) {
                self.facts.check(say!(TEXTS: "diff-cause-rule", fact, name = path));
            }
            let label =
                |version: &Version<'_>, node: &Node| node.label.get(version.package.default_language, 0).to_owned();
            if label(old, node) != label(new, now) {
                self.facts.check(say!(TEXTS: "diff-cause-words", fact, name = path));
            }
        }
    }

    fn indicators(&mut self, old: &Version<'_>, new: &Version<'_>) {
        use ChangeKind::{Added, Removed};
        let list = |version: &Version<'_>| -> BTreeMap<String, Vec<(&'static str, String)>> {
            let rows = version.package.indicators.iter().map(|row| {
                let weights: Vec<String> =
                    row.weights.iter().map(|(profile, weight)| format!("{profile}={weight}")).collect();
                let name = format!("{} {} -> {}", version.paths[row.question as usize], row.answer, row.code);
                let own = vec![
                    ("kind", row.kind.clone()),
                    ("dimension", row.dimension.clone()),
                    ("weights", weights.join(" ")),
                    ("condition", row.condition.clone()),
                    ("fact", row.fact.clone()),
                    ("assume", row.assume.clone()),
                ];
                (name, own)
            });
            rows.collect()
        };
        let (before, after) = (list(old), list(new));
        let count = self.changes.len();
        for (name, was) in &before {
            match after.get(name) {
                None => self.change(Area::Indicators, Removed, name, "", ("", "")),
                Some(is) => {
                    for ((column, was), (_, is)) in was.iter().zip(is) {
                        self.value(Area::Indicators, name, column, was, is);
                    }
                }
            }
        }
        for name in after.keys().filter(|name| !before.contains_key(*name)) {
            self.change(Area::Indicators, Added, name, "", ("", ""));
        }
        if self.changes.len() > count {
            self.tables.check(say!(TEXTS: "diff-indicators"));
        }
    }
}

/// The languages of both versions with their places in each; an unnamed language is only like itself.
struct Languages(Vec<(String, Option<usize>, Option<usize>)>);

impl Languages {
    fn of(old: &Package, new: &Package) -> Self {
        let place = |package: &Package, name: &String| package.languages.iter().position(|language| language == name);
        let mut all: Vec<String> = old.languages.iter().chain(&new.languages).cloned().collect();
        all.sort();
        all.dedup();
        Self(all.into_iter().map(|name| (name.clone(), place(old, &name), place(new, &name))).collect())
    }
}

fn uses(package: &Package, node: &Node, list: &str) -> bool {
    let from = node.choices.as_ref().map(|choices| &choices.from);
    matches!(from, Some(Source::List(at)) if package.lists[*at as usize].name == list)
}

fn cell<'l>(list: &'l List, choice: &'l Choice, column: &str) -> &'l str {
    let at = list.columns.iter().position(|known| known == column);
    at.and_then(|at| choice.values.get(at)).map_or("", String::as_str)
}

/// What a fact can be, as the form tells: the choices of its question; none for a calculation.
fn codes(version: &Version<'_>, node: usize) -> Vec<String> {
    match version.package.nodes[node].choices.as_ref().map(|choices| &choices.from) {
        Some(Source::List(list)) => {
            version.package.lists[*list as usize].choices.iter().map(|choice| choice.name.clone()).collect()
        }
        _ => Vec::new(),
    }
}

/// For programs: one JSON object.
pub fn json(diff: &Diff, texts: &Texts) -> String {
    let comparison = |comparison: &Comparison| {
        let reasons = comparison.reasons.iter().map(|(comparable, reason)| {
            serde_json::json!({ "comparable": comparable, "code": reason.id, "arguments": arguments(reason), "message": texts.phrase(reason) })
        });
        serde_json::json!({ "comparable": comparison.comparable, "reasons": reasons.collect::<Vec<_>>() })
    };
    serde_json::json!({
        "changes": diff.changes,
        "drafts": comparison(&diff.drafts),
        "facts": comparison(&diff.facts),
        "tables": comparison(&diff.tables),
    })
    .to_string()
}

/// For people: the changes by area, then the three judgements.
pub fn text(diff: &Diff, texts: &Texts) -> String {
    let mut text = String::new();
    let mut area = None;
    for change in &diff.changes {
        if area.replace(change.area) != Some(change.area) {
            text += &format!("{}\n", texts.get(&format!("diff-area-{}", word(&change.area)), &[]));
        }
        let mark = match change.kind {
            ChangeKind::Added => '+',
            ChangeKind::Removed => '-',
            ChangeKind::Moved => '>',
            ChangeKind::Changed => '~',
        };
        let property = if change.property.is_empty() { String::new() } else { format!(" {}", change.property) };
        let values = match (change.kind, change.old.is_empty(), change.new.is_empty()) {
            (ChangeKind::Added | ChangeKind::Removed, true, true) => String::new(),
            (ChangeKind::Added, ..) => format!(" ({})", change.new),
            (ChangeKind::Removed, ..) => format!(" ({})", change.old),
            (ChangeKind::Moved, ..) if change.property.is_empty() => format!(" -> {}", change.new),
            (ChangeKind::Moved, ..) => String::new(),
            (ChangeKind::Changed, ..) => format!(": '{}' -> '{}'", change.old, change.new),
        };
        text += &format!("  {mark} {}{property}{values}\n", change.name);
    }
    if diff.changes.is_empty() {
        text += &format!("{}\n", texts.get("diff-none", &[]));
    }
    for (what, comparison) in [("drafts", &diff.drafts), ("facts", &diff.facts), ("tables", &diff.tables)] {
        text += &format!("{}\n", texts.get(&format!("diff-{what}-{}", word(&comparison.comparable)), &[]));
        for (_, reason) in &comparison.reasons {
            text += &format!("  {}\n", texts.phrase(reason));
        }
    }
    text
}

/// Whether everything old can be read together with everything new, perhaps after a person looked.
pub fn comparable(diff: &Diff) -> bool {
    [&diff.drafts, &diff.facts, &diff.tables].iter().all(|one| one.comparable < Comparable::No)
}
