//! Two packages of one form: ours, and that which the importer makes of pyxform's XForm. What differs is told.
//!
//! Compared are nodes with their sections, types, rules as they are bound to places, languages, texts and choices. An
//! XForm cannot say everything: a note is a text that nobody can change, a barcode or a picture is text there; tables
//! beside the form are not in it, so what is looked up in one is not compared; a language without a name is `default`;
//! a translation that is missing is blank or `-`, where ours falls back to the default language.

use std::collections::BTreeSet;
use tabara_core::expression::Binder;
use tabara_core::expression::schema::Schema;
use tabara_core::questionnaire::{Choices, Node, NodeType, Package, Source, Text};

/// What the XForm has and our package does not need: rows of labels that a table-list is drawn with.
const DRAWN: [&str; 2] = ["generated_table_list_label_", "reserved_name_for_field_list_labels_"];

/// Everything in which two packages differ, in words.
pub fn packages(ours: &Package, theirs: &Package) -> Vec<String> {
    let mut found = Vec::new();
    let names = |package: &Package| -> Vec<(String, Option<String>)> {
        let parent = |node: &Node| node.parent.map(|at| package.nodes[at as usize].name.clone());
        package.nodes.iter().filter(|node| counts(node)).map(|node| (node.name.clone(), parent(node))).collect()
    };
    if names(ours) != names(theirs) {
        found.push(format!("nodes: {:?}\n   not: {:?}", names(ours), names(theirs)));
        return found;
    }
    let named = |name: &&String| !matches!(name.as_str(), "" | "default");
    let languages = |package: &Package| package.languages.iter().filter(named).cloned().collect::<BTreeSet<_>>();
    if theirs.languages.iter().any(|name| !name.is_empty()) && languages(ours) != languages(theirs) {
        found.push(format!("languages: {:?} not {:?}", ours.languages, theirs.languages));
    }
    let (our_schema, their_schema) = (Schema::new(ours), Schema::new(theirs));
    let (mut our_binder, mut their_binder) = (Binder::new(&our_schema), Binder::new(&their_schema));
    let pairs = |package: &Package| -> Vec<usize> {
        (0..package.nodes.len()).filter(|at| counts(&package.nodes[*at])).collect()
    };
    for (a, b) in pairs(ours).into_iter().zip(pairs(theirs)) {
        let (our, their) = (&ours.nodes[a], &theirs.nodes[b]);
        let mut differ = |what: &str, one: String, other: String| {
            if one != other {
                found.push(format!("{} {what}: {one}\n   not: {other}", our.name));
            }
        };
        // a text box with a query, in an XForm
        let external = their.kind == NodeType::Text && our.kind == NodeType::SelectOne && from_external(our, ours);
        if !external {
            differ("type", format!("{:?}", plain_kind(our)), format!("{:?}", plain_kind(their)));
        }
        let readonly = if our.kind == NodeType::Note { "" } else { &our.readonly };
        let their_readonly = if our.kind == NodeType::Note || our.readonly.is_empty() { "" } else { &their.readonly };
        for (what, one, other) in [
            ("relevant", our.relevant.as_str(), their.relevant.as_str()),
            ("required", &our.required, &their.required),
            ("readonly", readonly, their_readonly),
            ("constraint", &our.constraint, &their.constraint),
            ("calculation", &our.calculation, &their.calculation),
        ] {
            let one = (!one.is_empty()).then(|| format!("{:?}", our_binder.bind(one, a as u32).expr));
            let other = (!other.is_empty()).then(|| format!("{:?}", their_binder.bind(other, b as u32).expr));
            // lists have other numbers there
            if one.as_ref().is_some_and(|text| text.contains("Items(") || text.contains("ChoiceLabel(")) {
                continue;
            }
            differ(what, one.unwrap_or_default(), other.unwrap_or_default());
        }
        if our.kind.is_shown() {
            differ_text(&mut found, our, "label", (&our.label, ours), (&their.label, theirs));
            differ_text(&mut found, our, "hint", (&our.hint, ours), (&their.hint, theirs));
        }
        if our.kind.is_select() && !external {
            choices(&mut found, (our, ours), (their, theirs));
        }
    }
    found
}

fn counts(node: &Node) -> bool {
    node.name != "instanceID" && !DRAWN.iter().any(|drawn| node.name.starts_with(drawn))
}

/// The type as far as an XForm tells it.
fn plain_kind(node: &Node) -> NodeType {
    let meant = node.parameters.get("type").map(String::as_str);
    match (node.kind, meant) {
        (NodeType::Calculate | NodeType::Hidden, Some("integer")) => NodeType::Integer,
        (NodeType::Calculate | NodeType::Hidden, Some("decimal")) => NodeType::Decimal,
        (NodeType::Calculate | NodeType::Hidden, Some("date")) => NodeType::Date,
        (NodeType::Calculate | NodeType::Hidden, Some("time")) => NodeType::Time,
        (NodeType::Calculate | NodeType::Hidden, Some("datetime")) => NodeType::DateTime,
        (NodeType::Calculate | NodeType::Hidden, Some("geopoint" | "start-geopoint" | "background-geopoint")) => {
            NodeType::Geopoint
        }
        (NodeType::Note | NodeType::Barcode | NodeType::Calculate | NodeType::Hidden, _) => NodeType::Text,
        (NodeType::Image | NodeType::Audio | NodeType::Video | NodeType::File, _) => NodeType::Text,
        (kind, _) => kind,
    }
}

fn from_external(node: &Node, package: &Package) -> bool {
    let list = node.choices.as_ref().and_then(|choices| match choices.from {
        Source::List(list) => package.lists.get(list as usize),
        Source::Rows(_) => None,
    });
    list.is_some_and(|list| list.name.ends_with("(external_choices)"))
}

/// Tells a text that differs in one of their languages.
fn differ_text(found: &mut Vec<String>, node: &Node, what: &str, ours: (&Text, &Package), theirs: (&Text, &Package)) {
    for (at, language) in theirs.1.languages.iter().enumerate() {
        let their = plain(theirs.0.0.get(at).map_or("", String::as_str));
        let ours_at = ours.1.languages.iter().position(|name| name == language).unwrap_or(ours.1.default_language);
        let our = plain(ours.0.get(ours_at, ours.1.default_language));
        let nothing = theirs.0.0.iter().all(|text| matches!(plain(text).as_str(), "" | "-")) && ours.0.is_empty();
        if our != their && !nothing && !matches!(their.as_str(), "" | "-") {
            found.push(format!("{} {what} in {language}: {our}\n   not: {their}", node.name));
        }
    }
    if theirs.0.is_empty() && !ours.0.is_empty() {
        found.push(format!("{} {what}: is none there", node.name));
    }
}

/// References by their last name, runs of spaces as one.
fn plain(text: &str) -> String {
    let (mut plain, mut rest) = (String::new(), text);
    while let Some((before, after)) = rest.split_once("${") {
        let (inside, tail) = after.split_once('}').unwrap_or((after, ""));
        let name = inside.trim().rsplit(['/', '#']).next().unwrap_or_default().trim();
        plain += &format!("{before}${{{name}}}");
        rest = tail;
    }
    plain += rest;
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Tells choices of a select that differ: names, labels, or the question whose answers they are.
fn choices(found: &mut Vec<String>, ours: (&Node, &Package), theirs: (&Node, &Package)) {
    let source = |node: &Node| node.choices.as_ref().map(|Choices { from, .. }| from.clone());
    match (source(ours.0), source(theirs.0)) {
        (Some(Source::List(our)), Some(Source::List(their))) => {
            let (our, their) = (&ours.1.lists[our as usize].choices, &theirs.1.lists[their as usize].choices);
            // a table beside the form
            if their.is_empty() {
                return;
            }
            if our.iter().map(|choice| &choice.name).ne(their.iter().map(|choice| &choice.name)) {
                found.push(format!("{} choices: {our:?}\n   not: {their:?}", ours.0.name));
            }
            for (our, their) in our.iter().zip(their) {
                differ_text(found, ours.0, &our.name, (&our.label, ours.1), (&their.label, theirs.1));
            }
        }
        (Some(Source::Rows(our)), Some(Source::Rows(their))) => {
            let (our, their) = (&ours.1.nodes[our as usize].name, &theirs.1.nodes[their as usize].name);
            if our != their {
                found.push(format!("{} choices: rows of {our} not of {their}", ours.0.name));
            }
        }
        (our, their) => found.push(format!("{} choices: {our:?} not {their:?}", ours.0.name)),
    }
}
