//! Two packages of one form: ours, and that which the importer makes of pyxform's XForm. What differs is told.
//!
//! Compared are nodes with their sections, types, rules as they are bound to places, languages, texts and choices. An
//! XForm cannot say everything: a note is a text that nobody can change, a barcode or a picture is text there; tables
//! beside the form are not in it, so what is asked of one is not compared; a language without a name is `default`;
//! a translation that is missing is blank or `-`, where ours falls back to the default language.

use std::collections::BTreeSet;
use tabara_core::expression::expr::{Column, Descent, Nodes, RowFilter};
use tabara_core::expression::layout::Layout;
use tabara_core::expression::{Binder, Bound, Cause, Expr, embedded};
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
    let (our_layout, their_layout) = (Layout::new(ours), Layout::new(theirs));
    let sides = Sides { ours: (&our_layout, ours), theirs: (&their_layout, theirs) };
    let (mut our_binder, mut their_binder) = (Binder::new(ours, &our_layout), Binder::new(theirs, &their_layout));
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
            let bound = (our_binder.bind(one, a as u32), their_binder.bind(other, b as u32));
            let same = sides.same(&bound.0.expr, &bound.1.expr) || asks_beside(&bound.1);
            if one.is_empty() != other.is_empty() || !one.is_empty() && !same {
                differ(what, one.to_owned(), other.to_owned());
            }
        }
        if our.kind.is_shown() {
            differ_text(&mut found, our, "label", (&our.label, ours), (&their.label, theirs));
            differ_text(&mut found, our, "hint", (&our.hint, ours), (&their.hint, theirs));
        }
        if our.kind.is_select() && !external {
            choices(&mut found, (our, ours), (their, theirs));
            let filter = |node: &Node, binder: &mut Binder<'_>, at: usize| match node.choices.as_ref() {
                Some(Choices { from: Source::List(list), filter }) => binder.bind_filter(*list, filter, at as u32),
                Some(Choices { from: Source::Rows(from), filter }) => binder.bind_rows(*from, filter, at as u32),
                None => binder.bind("''", at as u32),
            };
            let bound = (filter(our, &mut our_binder, a), filter(their, &mut their_binder, b));
            if !sides.same(&bound.0.expr, &bound.1.expr) && !asks_beside(&bound.1) {
                let text = |node: &Node| node.choices.as_ref().map_or(String::new(), |choices| choices.filter.clone());
                found.push(format!("{} filter: {}\n   not: {}", our.name, text(our), text(their)));
            }
        }
    }
    found
}

/// Two packages whose expressions mean the same where names do, though lists and columns have other numbers.
struct Sides<'a> {
    ours: (&'a Layout, &'a Package),
    theirs: (&'a Layout, &'a Package),
}

impl Sides<'_> {
    fn same(&self, a: &Expr, b: &Expr) -> bool {
        let all = |a: &[Expr], b: &[Expr]| a.len() == b.len() && a.iter().zip(b).all(|(a, b)| self.same(a, b));
        match (a, b) {
            (Expr::Nodes(a), Expr::Nodes(b)) | (Expr::PositionOf(a), Expr::PositionOf(b)) => self.same_way(a, b),
            (Expr::Items(a), Expr::Items(b)) => {
                let keys = match (&a.key, &b.key) {
                    (Some((_, x)), Some((_, y))) => {
                        self.same_column((a.list, Column::At(a.by)), (b.list, Column::At(b.by))) && self.same(x, y)
                    }
                    (None, None) => true,
                    _ => false,
                };
                let columns = self.same_column((a.list, a.column), (b.list, b.column));
                self.same_list(a.list, b.list) && columns && keys && all(&a.predicates, &b.predicates)
            }
            (Expr::Column(a, x), Expr::Column(b, y)) => self.same_column((*a, *x), (*b, *y)),
            (Expr::Call(a, x), Expr::Call(b, y)) => a.name == b.name && all(x, y),
            (Expr::ChoiceLabel(a), Expr::ChoiceLabel(b)) => {
                self.same(&a.value, &b.value) && self.same_list(a.list, b.list)
            }
            (Expr::Once(a), Expr::Once(b)) | (Expr::Negative(a), Expr::Negative(b)) => self.same(a, b),
            (Expr::Binary(a, x), Expr::Binary(b, y)) => a == b && self.same(&x.0, &y.0) && self.same(&x.1, &y.1),
            (Expr::Constant(_) | Expr::Node { .. } | Expr::LastSaved(_), _) => format!("{a:?}") == format!("{b:?}"),
            _ => false,
        }
    }

    fn same_way(&self, a: &Nodes, b: &Nodes) -> bool {
        let all = |a: &[Expr], b: &[Expr]| a.len() == b.len() && a.iter().zip(b).all(|(a, b)| self.same(a, b));
        let step = |(a, b): (&Descent, &Descent)| {
            let picks = match (&a.pick, &b.pick) {
                (RowFilter::Rows(a), RowFilter::Rows(b)) => all(a, b),
                (RowFilter::Number(a), RowFilter::Number(b)) => self.same(a, b),
                _ => false,
            };
            a.scope == b.scope && picks
        };
        (a.from_candidate, a.anchor, a.node, a.down.len()) == (b.from_candidate, b.anchor, b.node, b.down.len())
            && a.down.iter().zip(&b.down).all(step)
            && all(&a.filters, &b.filters)
    }

    fn same_column(&self, (list, ours): (u32, Column), (other, theirs): (u32, Column)) -> bool {
        let name = |layout: &Layout, list: u32, column| match column {
            Column::Label => "label".to_owned(),
            Column::At(at) => layout.lists[list as usize].columns[at as usize].0.to_string(),
        };
        name(self.ours.0, list, ours) == name(self.theirs.0, other, theirs)
    }

    /// The same names in the same order; of a table beside the form the XForm knows the name alone.
    fn same_list(&self, ours: u32, theirs: u32) -> bool {
        let names = |package: &Package, at: u32| -> Vec<String> {
            package.lists[at as usize].choices.iter().map(|choice| choice.name.clone()).collect()
        };
        let theirs = names(self.theirs.1, theirs);
        theirs.is_empty() || names(self.ours.1, ours) == theirs
    }
}

/// Whether an expression asks a column of a table beside the form, which is not in the XForm.
fn asks_beside(theirs: &Bound) -> bool {
    theirs.errors.iter().any(|fault| matches!(fault.cause, Cause::UnknownColumn { .. } | Cause::UnknownList(_)))
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

/// Expressions by their last name, runs of spaces as one.
fn plain(text: &str) -> String {
    let (mut plain, mut rest) = (String::new(), text);
    while let Some((range, expression)) = embedded(rest) {
        let name = expression.trim_matches(['$', '{', '}']).rsplit(['/', '#']).next().unwrap_or_default().trim();
        plain += &format!("{}${{{name}}}", &rest[..range.start]);
        rest = &rest[range.end..];
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
