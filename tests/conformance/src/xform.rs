//! Test only: an XForm becomes one of our packages, so that suites recorded in XForms drive our engine. Instance tree to
//! nodes, binds to rules, body to types and choices, secondary instances to lists, itext to languages, setvalue to
//! defaults and triggers.

pub mod xml;

use std::collections::{BTreeMap, BTreeSet};
use tabara_core::questionnaire::{Choice, Choices, FORMAT, List, Node, NodeType, Package, Source, Text, is_name};
use xml::Element;

/// A package, and what it cannot say: how many rows each repeat has at the beginning, and in a new row around it.
pub struct Imported {
    pub package: Package,
    /// By path without the form's name, `outer[1]/inner`, outer repeats first.
    pub rows: Vec<(String, usize)>,
    /// By path without rows, `outer/inner`.
    pub fresh: Vec<(String, usize)>,
    /// What the engine does not know of this form.
    pub unknown: BTreeSet<String>,
}

struct Importer<'a> {
    /// By path without predicates.
    binds: BTreeMap<String, &'a Element>,
    controls: BTreeMap<String, &'a Element>,
    groups: BTreeMap<String, &'a Element>,
    /// By path of what the body names.
    order: BTreeMap<String, usize>,
    repeats: BTreeMap<String, &'a Element>,
    /// By path of the target: events, expression or text, path of the control around it.
    actions: Vec<Action>,
    instances: BTreeMap<String, &'a Element>,
    texts: BTreeMap<String, BTreeMap<String, String>>,
    languages: Vec<String>,
    nodes: Vec<Node>,
    paths: Vec<String>,
    lists: Vec<List>,
    fresh: Vec<(String, usize)>,
    unknown: BTreeSet<String>,
}

struct Action {
    target: String,
    /// Of the repeat that its target lies in.
    predicates: Vec<String>,
    events: String,
    value: String,
    trigger: Option<String>,
}

/// A path made plain: no predicates, no prefixes, absolute against the path around it.
fn plain(path: &str, around: &str) -> String {
    let path = path.trim();
    let mut depth = 0;
    let bare: String = path
        .chars()
        .filter(|c| {
            depth += i32::from(*c == '[');
            let keep = depth == 0;
            depth -= i32::from(*c == ']');
            keep
        })
        .collect();
    let mut parts: Vec<&str> = if bare.starts_with('/') { vec![] } else { around.split('/').collect() };
    for part in bare.split('/') {
        match part.rsplit(':').next().unwrap_or(part) {
            "" | "." | "current()" => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.retain(|part| !part.is_empty());
    format!("/{}", parts.join("/"))
}

pub fn import(xform: &str) -> Option<Imported> {
    let html = Element::parse(xform)?;
    let model = html.child("head")?.child("model")?;
    let body = html.child("body")?;
    let mut importer = Importer {
        binds: BTreeMap::new(),
        controls: BTreeMap::new(),
        groups: BTreeMap::new(),
        order: BTreeMap::new(),
        repeats: BTreeMap::new(),
        actions: vec![],
        instances: BTreeMap::new(),
        texts: BTreeMap::new(),
        languages: vec![],
        nodes: vec![],
        paths: vec![],
        lists: vec![],
        fresh: vec![],
        unknown: BTreeSet::new(),
    };
    importer.languages(model);
    let mut instances = model.elements().filter(|element| element.name == "instance");
    let root = instances.next()?.elements().next()?;
    for instance in instances {
        importer.instances.insert(instance.attribute("id")?.to_owned(), instance);
    }
    let top = format!("/{}", root.name);
    model.walk(&mut |element| {
        if element.name == "bind" {
            importer.binds.insert(plain(element.attribute("nodeset").unwrap_or(""), &top), element);
        }
    });
    model.elements().filter(|element| element.name == "setvalue").for_each(|e| importer.action(e, &top, None));
    importer.body(body, &top);
    importer.secondary();
    importer.section(root, &top, None, "");
    importer.second_pass(root);
    let mut rows = Vec::new();
    importer.first_rows(root, &top, "", &mut rows);
    let Importer { nodes, lists, languages, fresh, unknown, .. } = importer;
    let package = Package {
        format: FORMAT,
        id: root.attribute("id").unwrap_or("form").to_owned(),
        title: String::new(),
        version: root.attribute("version").unwrap_or("").to_owned(),
        kind: String::new(),
        unit: String::new(),
        languages,
        default_language: 0,
        nodes,
        lists,
        indicators: vec![],
        settings: BTreeMap::new(),
    };
    Some(Imported { package, rows, fresh, unknown })
}

impl<'a> Importer<'a> {
    fn languages(&mut self, model: &'a Element) {
        let translations: Vec<&Element> =
            model.child("itext").map_or(vec![], |itext| itext.elements().filter(|e| e.name == "translation").collect());
        let default = translations.iter().position(|t| t.attribute("default").is_some()).unwrap_or(0);
        for (i, translation) in translations.iter().enumerate() {
            let language = translation.attribute("lang").unwrap_or("").to_owned();
            for text in translation.elements().filter(|e| e.name == "text") {
                // of several forms of a text the recording shows all in a row
                let shown = |e: &&Element| {
                    e.name == "value" && !matches!(e.attribute("form"), Some(form) if MEDIA.contains(&form))
                };
                let value: String = text.elements().filter(shown).map(text_with_outputs).collect();
                let texts = self.texts.entry(text.attribute("id").unwrap_or("").to_owned()).or_default();
                texts.insert(language.clone(), value);
            }
            if i == default {
                self.languages.insert(0, language);
            } else {
                self.languages.push(language);
            }
        }
        if self.languages.is_empty() {
            self.languages.push(String::new());
        }
    }

    fn itext(&self, id: &str) -> Text {
        let texts = self.texts.get(id);
        Text(self.languages.iter().map(|l| texts.and_then(|t| t.get(l)).cloned().unwrap_or_default()).collect())
    }

    fn label(&self, element: &Element, name: &str) -> Text {
        let Some(label) = element.child(name) else { return Text::default() };
        match label.attribute("ref").and_then(|r| r.trim().strip_prefix("jr:itext(")).and_then(|r| r.strip_suffix(')'))
        {
            Some(id) => self.itext(id.trim().trim_matches(['\'', '"'])),
            None => Text(vec![text_with_outputs(label)]),
        }
    }

    /// A path through a bind's id.
    fn bound(&self, id: &str) -> Option<String> {
        let bind = self.binds.values().find(|bind| bind.attribute("id") == Some(id))?;
        bind.attribute("nodeset").map(str::to_owned)
    }

    fn action(&mut self, element: &Element, around: &str, trigger: Option<String>) {
        let target = element.attribute("ref").map(str::to_owned);
        let target = target.or_else(|| self.bound(element.attribute("bind")?)).unwrap_or_default();
        let value = match element.attribute("value") {
            Some("") => "''".to_owned(),
            Some(value) => value.to_owned(),
            None => format!("'{}'", element.text()),
        };
        let (_, predicates) = split_predicates(&target);
        let events = element.attribute("event").or(element.attribute("ev:event")).unwrap_or("").to_owned();
        self.actions.push(Action { target: plain(&target, around), predicates, events, value, trigger });
    }

    /// Where a path comes in the body, and the sections around it with it.
    fn comes(&mut self, path: &str) {
        let next = self.order.len();
        let ends = path.match_indices('/').skip(1).map(|(end, _)| end).chain([path.len()]);
        for end in ends {
            self.order.entry(path[..end].to_owned()).or_insert(next);
        }
    }

    fn body(&mut self, element: &'a Element, around: &str) {
        for element in element.elements() {
            let reference = element.attribute("ref").or(element.attribute("nodeset"));
            let bound = element.attribute("bind").and_then(|id| self.bound(id));
            let path = reference.map(str::to_owned).or(bound).map(|reference| plain(&reference, around));
            let inner = path.clone().unwrap_or_else(|| around.to_owned());
            if let Some(path) = &path {
                self.comes(path);
            }
            match element.name.as_str() {
                "group" => {
                    if let Some(path) = path {
                        self.groups.insert(path, element);
                    }
                    self.body(element, &inner);
                }
                "repeat" => {
                    self.repeats.insert(inner.clone(), element);
                    self.body(element, &inner);
                }
                "setvalue" => self.action(element, around, None),
                "input" | "select" | "select1" | "rank" | "range" | "trigger" | "upload" | "secret" => {
                    self.controls.insert(inner.clone(), element);
                    for child in element.elements().filter(|e| e.name == "setvalue") {
                        self.action(child, &inner, Some(inner.clone()));
                    }
                }
                _ => {}
            }
        }
    }

    /// Secondary instances as lists under their own names, with `name` or `value` as the choice's name.
    fn secondary(&mut self) {
        let instances: Vec<(String, &Element)> = self.instances.iter().map(|(id, e)| (id.clone(), *e)).collect();
        for (id, instance) in instances {
            for name in item_names(instance) {
                let list = self.table(&list_name(&id, &name, instance), instance, &name, &["name", "value"], "label");
                self.lists.push(list);
            }
            self.lists.extend(inner(&id, instance));
        }
    }

    fn table(&self, id: &str, instance: &Element, item: &str, names: &[&str], label: &str) -> List {
        let root = instance.elements().next();
        let mut items: Vec<&Element> = root.map_or(vec![], |root| root.elements().filter(|e| e.name == item).collect());
        if items.iter().all(|item| item.elements().next().is_none()) {
            // columns right under the root: one row
            items = root.into_iter().collect();
        }
        let has = |column: &str| items.iter().any(|item| item.child(column).is_some());
        let name = names.iter().copied().find(|name| has(name)).unwrap_or("name");
        let mut columns: Vec<String> = Vec::new();
        for column in items.iter().flat_map(|item| item.elements()) {
            let wanted = !matches!(column.name.as_str(), "name" | "label" | "itextId") && is_name(&column.name);
            if wanted && !columns.contains(&column.name) {
                columns.push(column.name.clone());
            }
        }
        let choices = items.iter().map(|item| {
            let cell = |column: &str| item.child(column).map_or(String::new(), |e| e.text().trim().to_owned());
            let of_text = label.strip_prefix("jr:itext(").and_then(|column| column.strip_suffix(')'));
            let label = match (of_text, item.child("itextId")) {
                (Some(column), _) => self.itext(&cell(column.trim())),
                (None, Some(id)) => self.itext(id.text().trim()),
                (None, None) => Text(vec![cell(label)]),
            };
            let values = columns.iter().map(|column| cell(column)).collect();
            Choice { name: cell(name), label, values, ..Choice::default() }
        });
        List { name: id.to_owned(), choices: choices.collect(), columns }
    }

    /// Items inside items are a list of their own, whose rows know the columns of the item around them.
    fn nested(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (id, instance) in &self.instances {
            for list in inner(id, instance) {
                let (outer, name) = list.name[id.len() + 1..].split_once('/').expect("made of two");
                let prefix = format!("instance('{id}')/{}/{outer}", instance.elements().next().map_or("", |e| &e.name));
                while let Some(start) = text.find(&prefix) {
                    let predicates = start + prefix.len();
                    let mut depth = 0;
                    let end = text[predicates..].find(|c| {
                        depth += i32::from(c == '[') - i32::from(c == ']');
                        depth == 0 && c == '/'
                    });
                    let end = end.map_or(text.len(), |end| predicates + end);
                    let Some(rest) = text[end..].strip_prefix(&format!("/{name}")) else { break };
                    let mut asked = text[predicates..end].to_owned();
                    for column in list.columns.iter().filter_map(|column| column.strip_prefix(&format!("{outer}."))) {
                        asked = asked.replace(&format!("[{column}"), &format!("[{outer}.{column}"));
                    }
                    text = format!("{}instance('{}')/root/item{asked}{rest}", &text[..start], list.name);
                }
            }
        }
        text
    }

    /// An expression with paths into secondary instances as our lists have them: `/root/item`.
    fn rule(&self, text: &str) -> String {
        if let Some(path) = text.trim().strip_prefix("instance('last-saved')/") {
            return format!("${{last-saved#{}}}", path.rsplit('/').next().unwrap_or(path));
        }
        let mut text = self.nested(text);
        for (id, instance) in &self.instances {
            for name in item_names(instance) {
                let Some(root) = instance.elements().next() else { continue };
                for quote in ['\'', '"'] {
                    let path = format!("instance({quote}{id}{quote})/{}/{name}", root.name);
                    let flat = root.child(&name).is_some_and(|item| item.elements().next().is_none());
                    let list = list_name(id, &name, instance);
                    let column = if flat { format!("/{name}") } else { String::new() };
                    text = text.replace(&path, &format!("instance('{list}')/root/item{column}"));
                }
            }
        }
        text
    }

    fn kind(&mut self, path: &str) -> NodeType {
        let bind = self.binds.get(path).copied();
        let data = bind.and_then(|bind| bind.attribute("type")).unwrap_or("string");
        let data = data.rsplit(':').next().unwrap_or(data);
        let control = self.controls.get(path).copied();
        match control.map(|control| control.name.as_str()) {
            Some("select1") => return NodeType::SelectOne,
            Some("select") => return NodeType::SelectMultiple,
            Some("rank") => return NodeType::Rank,
            Some("trigger") => return NodeType::Acknowledge,
            Some("range") => return NodeType::Range,
            _ => {}
        }
        match data {
            "int" | "integer" => NodeType::Integer,
            "decimal" | "double" | "float" => NodeType::Decimal,
            "date" => NodeType::Date,
            "time" => NodeType::Time,
            "dateTime" => NodeType::DateTime,
            "geopoint" => NodeType::Geopoint,
            "geotrace" => NodeType::Geotrace,
            "geoshape" => NodeType::Geoshape,
            _ => NodeType::Text,
        }
    }

    fn section(&mut self, element: &'a Element, path: &str, parent: Option<u32>, ours: &str) {
        let mut done: BTreeSet<&str> = BTreeSet::new();
        // in the order of the body, what is not in it after what stands before it
        let mut last = 0;
        let placed = element.elements().map(|child| {
            last = self.order.get(&format!("{path}/{}", child.name)).copied().unwrap_or(last);
            (last, child)
        });
        let mut placed: Vec<(usize, &Element)> = placed.collect();
        placed.sort_by_key(|(place, _)| *place);
        for (_, child) in placed {
            let path = format!("{path}/{}", child.name);
            if child.name == "meta" || !done.insert(&child.name) {
                continue;
            }
            let at = self.nodes.len() as u32;
            if self.repeats.contains_key(&path) {
                let place = format!("{ours}{}", child.name);
                let rows = self.rows_of(element, &child.name, &path);
                self.fresh.push((place.clone(), rows));
                self.push(child, &path, parent, NodeType::Repeat);
                self.section(child, &path, Some(at), &format!("{place}/"));
            } else if child.elements().next().is_some() || self.groups.contains_key(&path) {
                self.push(child, &path, parent, NodeType::Group);
                self.section(child, &path, Some(at), ours);
            } else {
                let kind = self.kind(&path);
                self.push(child, &path, parent, kind);
            }
        }
    }

    fn push(&mut self, element: &'a Element, path: &str, parent: Option<u32>, kind: NodeType) {
        let mut node = Node::new(kind, element.name.as_str());
        node.parent = parent;
        let rule = |bind: Option<&&Element>, name: &str| {
            self.rule(bind.and_then(|bind| bind.attribute(name)).filter(|text| !text.trim().is_empty()).unwrap_or(""))
        };
        let bind = self.binds.get(path);
        node.relevant = rule(bind, "relevant");
        node.required = rule(bind, "required");
        node.readonly = rule(bind, "readonly");
        node.constraint = rule(bind, "constraint");
        node.calculation = rule(bind, "calculate");
        let preload = (rule(bind, "jr:preload"), rule(bind, "jr:preloadParams"));
        match (preload.0.as_str(), preload.1.as_str()) {
            ("timestamp", "start") => node.kind = NodeType::Start,
            ("timestamp", "end") => node.kind = NodeType::End,
            ("date", "today") => node.kind = NodeType::Today,
            ("uid", _) if node.calculation.is_empty() => node.initial = "concat('uuid:', uuid())".to_owned(),
            ("property", name) => (node.kind, node.prefill) = (NodeType::Property, name.to_owned()),
            _ => {}
        }
        if kind == NodeType::Repeat {
            let repeat = self.repeats[path];
            node.repeat_count = repeat.attribute("jr:count").unwrap_or("").to_owned();
        } else if kind != NodeType::Group {
            node.default = element.text().trim().to_owned();
        }
        if let Some(control) = self.controls.get(path).copied() {
            for name in ["start", "end", "step"] {
                if let Some(value) = control.attribute(name) {
                    node.parameters.insert(name.to_owned(), value.to_owned());
                }
            }
            node.label = self.label(control, "label");
            node.hint = self.label(control, "hint");
            if kind.is_select() {
                node.choices = Some(self.choices(control, path));
            }
        }
        self.nodes.push(node);
        self.paths.push(path.to_owned());
    }

    fn choices(&mut self, control: &'a Element, path: &str) -> Choices {
        let Some(itemset) = control.child("itemset") else {
            let items = control.elements().filter(|e| e.name == "item");
            let choices = items.map(|item| Choice {
                name: item.child("value").map_or(String::new(), |value| value.text().trim().to_owned()),
                label: self.label(item, "label"),
                ..Choice::default()
            });
            let list = List { name: format!("items of {path}"), choices: choices.collect(), columns: vec![] };
            self.lists.push(list);
            return Choices { from: Source::List(self.lists.len() as u32 - 1), filter: String::new() };
        };
        let written = itemset.attribute("nodeset").unwrap_or("").trim().to_owned();
        let mut nodeset = written.clone();
        if let Some(inner) = nodeset.strip_prefix("randomize(") {
            self.unknown.insert("randomize".into());
            nodeset = inner.trim_end_matches(')').to_owned();
            // a seed stands after the last predicate
            let end = nodeset.rfind(',').filter(|comma| nodeset.rfind(']').is_none_or(|bracket| bracket < *comma));
            nodeset.truncate(end.unwrap_or(nodeset.len()));
        }
        let part = |name: &str| itemset.child(name).and_then(|part| part.attribute("ref")).map(str::trim);
        let value = part("value").unwrap_or("name").to_owned();
        let label = part("label").filter(|label| !label.contains('/')).unwrap_or("label").to_owned();
        let (steps, predicates) = split_predicates(&nodeset);
        // rows without an answer are no choices, as pyxform itself writes it
        let predicates = predicates.into_iter().filter(|predicate| *predicate != format!("./{value} != ''"));
        let predicates: Vec<String> = predicates.map(|predicate| self.rule(&predicate)).collect();
        let filter = match predicates.len() {
            0 | 1 => predicates.join(""),
            _ => predicates.iter().map(|p| format!("({p})")).collect::<Vec<_>>().join(" and "),
        };
        let id = steps.strip_prefix("instance(").and_then(|rest| rest.split(')').next());
        match id.map(|id| id.trim().trim_matches(['\'', '"']).to_owned()) {
            Some(id) => {
                let known = self.instances.get(&id).copied();
                let item = steps.rsplit('/').next().unwrap_or("item");
                let list =
                    known.map(|instance| self.table(&format!("{id} by {value}"), instance, item, &[&value], &label));
                self.lists.push(list.unwrap_or_else(|| List { name: id, ..List::default() }));
                Choices { from: Source::List(self.lists.len() as u32 - 1), filter }
            }
            // rows of a repeat: the question is found when all nodes are there
            None => {
                self.unknown.insert(format!("rows {path} {}", plain(&format!("{steps}/{value}"), path)));
                Choices { from: Source::Rows(0), filter }
            }
        }
    }

    /// A repeat to which nobody may add has the row of its template, if it has no other.
    fn rows_of(&self, element: &Element, name: &str, path: &str) -> usize {
        let fixed = self.repeats[path].attribute("jr:noAddRemove").is_some();
        instances(element, name).len().max(usize::from(fixed))
    }

    /// How many rows each repeat has at the beginning.
    fn first_rows(&self, element: &Element, path: &str, ours: &str, rows: &mut Vec<(String, usize)>) {
        let mut done: BTreeSet<&str> = BTreeSet::new();
        for child in element.elements().filter(|child| child.name != "meta") {
            let path = format!("{path}/{}", child.name);
            if !done.insert(&child.name) {
                continue;
            }
            if !self.repeats.contains_key(&path) {
                self.first_rows(child, &path, ours, rows);
                continue;
            }
            let found = instances(element, &child.name);
            rows.push((format!("{ours}{}", child.name), self.rows_of(element, &child.name, &path)));
            for (number, row) in found.into_iter().enumerate() {
                self.first_rows(row, &path, &format!("{ours}{}[{}]/", child.name, number + 1), rows);
            }
        }
    }

    /// The place of a node's row, as an expression of the node.
    fn row_number(&self, node: usize) -> Option<String> {
        let mut up = "..".to_owned();
        let mut at = self.nodes[node].parent;
        while let Some(section) = at {
            if self.nodes[section as usize].kind == NodeType::Repeat {
                return Some(format!("position({up})"));
            }
            up += "/..";
            at = self.nodes[section as usize].parent;
        }
        None
    }

    /// The elements that a path stands for in the first instance, those of templates left out.
    fn given<'e>(root: &'e Element, path: &str) -> Vec<&'e Element> {
        let mut found = vec![root];
        for name in path.trim_start_matches('/').split('/').skip(1) {
            found = found.into_iter().flat_map(|element| instances(element, name)).collect();
        }
        found
    }

    /// What needs all nodes: choices from rows, actions, values that rows have from the beginning.
    fn second_pass(&mut self, root: &Element) {
        let find = |paths: &[String], path: &str| paths.iter().position(|p| p == path);
        for at in 0..self.nodes.len() {
            let given: Vec<String> =
                Self::given(root, &self.paths[at]).iter().map(|e| e.text().trim().to_owned()).collect();
            let Some(row) = self.row_number(at).filter(|_| !self.nodes[at].kind.is_section()) else { continue };
            let default = self.nodes[at].default.clone();
            if !self.nodes[at].calculation.is_empty() {
                self.nodes[at].default = String::new();
            } else if given.iter().any(|text| *text != default) {
                let quoted = |text: &str| format!("'{text}'");
                let cases = given.iter().enumerate().rev().fold(quoted(&default), |rest, (i, text)| {
                    format!("if({row} = {}, {}, {rest})", i + 1, quoted(text))
                });
                self.nodes[at].default = String::new();
                self.nodes[at].initial = cases;
            }
        }
        for entry in std::mem::take(&mut self.unknown) {
            let words: Vec<&str> = entry.split(' ').collect();
            let found = match words[..] {
                ["rows", from, to] => find(&self.paths, from).zip(find(&self.paths, to)),
                _ => None,
            };
            match found {
                Some((node, to)) => {
                    if let Some(choices) = &mut self.nodes[node].choices {
                        choices.from = Source::Rows(to as u32);
                    }
                }
                None => drop(self.unknown.insert(entry)),
            }
        }
        for action in std::mem::take(&mut self.actions) {
            let Some(at) = find(&self.paths, &action.target) else {
                self.unknown.insert(format!("setvalue of {}", action.target));
                continue;
            };
            let mut value = self.rule(&action.value);
            let row = self.row_number(at);
            if let (Some(row), [predicate]) = (&row, &action.predicates[..]) {
                let holds = predicate.trim().strip_prefix("position()").map(|rest| format!("{row} {rest}"));
                value = format!("if({}, {value}, .)", holds.unwrap_or_else(|| format!("{row} = {predicate}")));
            }
            let (first, fresh) = (action.events.contains("odk-instance"), action.events.contains("odk-new-repeat"));
            if first || fresh {
                // rows that are there at the beginning know one event, later ones the other
                let known = Self::given(root, &self.paths[at]).len();
                let node = &mut self.nodes[at];
                let before = if node.initial.is_empty() { "." } else { &node.initial };
                node.initial = match row {
                    Some(row) if !fresh => format!("if({row} <= {known}, {value}, {before})"),
                    Some(row) if !first => format!("if({row} > {known}, {value}, {before})"),
                    _ => value.clone(),
                };
            }
            if action.events.contains("xforms-value-changed") {
                let trigger = action.trigger.as_deref().and_then(|path| find(&self.paths, path));
                let node = &mut self.nodes[at];
                if let Some(trigger) = trigger.filter(|_| node.calculation.is_empty() || !node.trigger.is_empty()) {
                    if !node.trigger.is_empty() && node.calculation != value {
                        self.unknown.insert("two triggers with different values".into());
                    }
                    node.trigger.push(trigger as u32);
                    node.calculation = value;
                } else {
                    self.unknown.insert("a trigger beside a calculation".into());
                }
            }
        }
    }
}

/// Forms of a text that are no words of a label.
const MEDIA: [&str; 5] = ["image", "big-image", "audio", "video", "guidance"];

/// The elements of a name that are no templates.
fn instances<'e>(element: &'e Element, name: &str) -> Vec<&'e Element> {
    element.elements().filter(|e| e.name == name && e.attribute("jr:template").is_none()).collect()
}

/// The names of the items of a secondary instance.
fn item_names(instance: &Element) -> BTreeSet<String> {
    instance.elements().next().map_or(BTreeSet::new(), |root| root.elements().map(|e| e.name.clone()).collect())
}

/// The name of the list that the items of a name become.
fn list_name(id: &str, item: &str, instance: &Element) -> String {
    if item_names(instance).len() == 1 { id.to_owned() } else { format!("{id} {item}") }
}

/// Items that lie in the items of a secondary instance: `id outer/inner`, with the outer's columns as `outer.column`.
fn inner(id: &str, instance: &Element) -> Vec<List> {
    let mut lists: Vec<List> = Vec::new();
    for outer in instance.elements().flat_map(Element::elements) {
        for item in outer.elements().filter(|item| item.elements().next().is_some()) {
            let cells = |of: &Element, prefix: &str| -> Vec<(String, String)> {
                let leaves = of.elements().filter(|e| e.elements().next().is_none());
                leaves.map(|e| (format!("{prefix}{}", e.name), e.text().trim().to_owned())).collect()
            };
            let mut row = cells(outer, &format!("{}.", outer.name));
            row.extend(cells(item, "").into_iter().filter(|(column, _)| column != "name"));
            let name = format!("{id} {}/{}", outer.name, item.name);
            let at = lists.iter().position(|list| list.name == name).unwrap_or_else(|| {
                let columns = row.iter().map(|(column, _)| column.clone()).collect();
                lists.push(List { name, columns, choices: vec![] });
                lists.len() - 1
            });
            let cell = |column: &String| row.iter().find(|(name, _)| name == column).map(|(_, text)| text.clone());
            let values = lists[at].columns.iter().map(|column| cell(column).unwrap_or_default()).collect();
            let name = item.child("name").map_or(String::new(), |name| name.text().trim().to_owned());
            lists[at].choices.push(Choice { name, values, ..Choice::default() });
        }
    }
    lists
}

/// The text of a label; `<output value="x"/>` becomes `${x}`.
fn text_with_outputs(element: &Element) -> String {
    let parts = element.children.iter().map(|child| match child {
        xml::Node::Text(text) => text.clone(),
        xml::Node::Element(output) if output.name == "output" => {
            let value = output.attribute("value").or(output.attribute("ref")).unwrap_or("''").trim();
            if value.starts_with("${") { value.to_owned() } else { format!("${{{value}}}") }
        }
        xml::Node::Element(other) => other.text(),
    });
    parts.collect()
}

/// A path without its predicates, and the predicates of its last step that has any.
fn split_predicates(path: &str) -> (String, Vec<String>) {
    let (mut steps, mut predicates, mut depth, mut quote) = (String::new(), Vec::<String>::new(), 0, None);
    for c in path.chars() {
        if let Some(q) = quote {
            if c == q {
                quote = None;
            }
        } else if (c == '\'' || c == '"') && depth > 0 {
            quote = Some(c);
        } else if c == '[' {
            depth += 1;
            if depth == 1 {
                predicates.push(String::new());
                continue;
            }
        } else if c == ']' {
            depth -= 1;
            if depth == 0 {
                continue;
            }
        }
        match depth {
            0 => steps.push(c),
            _ => predicates.last_mut().expect("opened").push(c),
        }
    }
    (steps, predicates)
}
