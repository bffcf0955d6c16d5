//! Draws the page at hand.

use super::navigation::{Navigation, Position};
use super::page::{AddRowPrompt, ChoiceOption, Invalid, Message, Missing, Page, Progress, Question};
use super::session::Interview;
use crate::expression::layout::{FORM, NodeId, RowId};
use crate::expression::{Expr, Value, random};
use crate::package::{NodeType, Source, Text};
use crate::program::OnDemand;
use sha2::Digest as _;
use std::collections::BTreeMap;

impl Interview {
    /// The page at hand.
    pub fn page(&self) -> Page {
        self.draw(false)
    }

    pub(super) fn draw(&self, refused: bool) -> Page {
        let navigation = self.navigation();
        let program = self.form().program;
        let mut page = Page {
            path: String::new(),
            title: None,
            questions: Vec::new(),
            another: None,
            progress: Progress { done: 0, all: program.drawn_before.last().map_or(0, |before| before + 1) },
            first: true,
            last: true,
            stoppable: !self.stopped,
            refused,
            language: self.questionnaire.languages[self.state.around.language].clone(),
            languages: self.questionnaire.languages.clone(),
        };
        let Some(stop) = self.at else { return page };
        page.path = self.path(stop.node(), stop.row());
        page.first = navigation.first().is_none_or(|first| first == stop || first.node() > stop.node());
        page.last = navigation.after(stop).is_none();
        page.progress.done = program.drawn_before[stop.node() as usize];
        page.title = self.title(stop);
        match stop {
            Position::Question(node, row) => page.questions.push(self.question(node, row)),
            Position::Together(node, row) => {
                navigation.inside(node, row, &mut |node, row| page.questions.push(self.question(node, row)));
            }
            Position::AddRow(node, parent) => {
                let scope = program.layout.scope_of(node);
                let rows = self.state.rows.children(&program.layout, parent, scope).len() as u32;
                let label = self.text(&self.questionnaire.nodes[node as usize].label, node, parent);
                page.path = self.repeat_path(node, parent);
                page.another = Some(AddRowPrompt { path: page.path.clone(), label, rows });
            }
        }
        page
    }

    pub(super) fn navigation(&self) -> Navigation<'_> {
        Navigation { form: self.form(), state: &self.state }
    }

    fn title(&self, stop: Position) -> Option<String> {
        let (node, row) = match stop {
            Position::Together(node, row) => (node, row),
            Position::Question(node, row) | Position::AddRow(node, row) => {
                (self.form().program.layout.parent_of(node), row)
            }
        };
        let mut around = self.state.outwards(self.form(), node, row);
        let label = |node: NodeId| &self.questionnaire.nodes[node as usize].label;
        around.find(|(node, _)| !label(*node).is_empty()).map(|(node, row)| self.text(label(node), node, row))
    }

    /// A text in the language at hand, with everything in it computed.
    pub(super) fn text(&self, text: &Text, node: NodeId, row: RowId) -> String {
        let raw = text.get(self.state.around.language, self.questionnaire.default_language);
        match self.form().program.template(node, raw) {
            None => raw.to_owned(),
            Some(parts) => {
                let mut out = String::with_capacity(raw.len());
                for part in parts {
                    part.write(&mut out, |expr| self.state.context(self.form(), row, node).eval(expr));
                }
                out
            }
        }
    }

    fn media(&self, media: &BTreeMap<String, Text>) -> BTreeMap<String, String> {
        let pick = |text: &Text| text.get(self.state.around.language, self.questionnaire.default_language).to_owned();
        media.iter().map(|(kind, text)| (kind.clone(), pick(text))).filter(|(_, file)| !file.is_empty()).collect()
    }

    pub(super) fn question(&self, id: NodeId, row: RowId) -> Question {
        let node = &self.questionnaire.nodes[id as usize];
        let form = self.form();
        let required = form.program.on_demand(id, OnDemand::Required);
        let here = self.state.context(form, row, id);
        let some = |text: &Text| Some(self.text(text, id, row)).filter(|text| !text.is_empty());
        let value = self.state.value(form, id, row);
        let message = self.message(id, row).filter(|message| self.asked || message.why == Invalid::Constraint);
        Question {
            path: self.path(id, row),
            kind: node.kind,
            label: self.text(&node.label, id, row),
            hint: some(&node.hint),
            guidance: some(&node.guidance),
            media: self.media(&node.media),
            required: required.is_some_and(|expr| here.truth(expr)),
            readonly: node.kind == NodeType::Note || self.readonly(id, row),
            value: (!value.is_blank()).then(|| value.text().into_owned()),
            choices: self.choices(id, row),
            message,
            appearance: node.appearance.clone(),
            parameters: node.parameters.clone(),
        }
    }

    /// Whether a question, or a section around it, is read-only.
    pub(super) fn readonly(&self, id: NodeId, row: RowId) -> bool {
        let form = self.form();
        self.state.outwards(form, id, row).any(|(node, row)| {
            let rule = form.program.on_demand(node, OnDemand::Readonly);
            rule.is_some_and(|expr| self.state.context(form, row, node).truth(expr))
        })
    }

    /// Why a relevant question is not settled.
    pub(super) fn message(&self, id: NodeId, row: RowId) -> Option<Message> {
        let node = &self.questionnaire.nodes[id as usize];
        let form = self.form();
        let here = self.state.context(form, row, id);
        let holds = |what| form.program.on_demand(id, what).map(|expr| here.truth(expr));
        let blank = self.state.value(form, id, row).is_blank();
        let (why, text) = if blank {
            let required = node.kind.is_shown() && node.kind != NodeType::Note;
            let required = required && holds(OnDemand::Required) == Some(true);
            (required.then_some(Invalid::Required)?, &node.required_message)
        } else {
            let broken = holds(OnDemand::Constraint) == Some(false);
            (broken.then_some(Invalid::Constraint)?, &node.constraint_message)
        };
        Some(Message { why, text: self.text(text, id, row) })
    }

    /// The choices on offer, in the order of the list, or in the order that `randomize` draws.
    pub(super) fn choices(&self, id: NodeId, row: RowId) -> Vec<ChoiceOption> {
        let node = &self.questionnaire.nodes[id as usize];
        let form = self.form();
        let (Some(choices), Some(expr)) = (&node.choices, form.program.on_demand(id, OnDemand::Choices)) else {
            return Vec::new();
        };
        let here = self.state.context(form, row, id);
        let mut found: Vec<ChoiceOption> = Vec::new();
        match choices.from {
            Source::List(list) => {
                let Expr::Items(items) = expr else { return Vec::new() };
                let list = &self.questionnaire.lists[list as usize];
                found.extend(here.items(items).into_iter().map(|at| {
                    let choice = &list.choices[at as usize];
                    let label = self.text(&choice.label, id, row);
                    ChoiceOption { name: choice.name.clone(), label, media: self.media(&choice.media) }
                }));
            }
            Source::Rows(_) => here.each(expr, &mut |value| {
                if !value.is_blank() {
                    let name = value.text().into_owned();
                    found.push(ChoiceOption { label: name.clone(), name, media: BTreeMap::new() });
                }
                true
            }),
        }
        if node.parameters.get("randomize").is_some_and(|yes| yes == "true") {
            found = random::shuffled(found, self.seed((id, row), node.parameters.get("seed")));
        }
        found
    }

    /// The seed of a random order: that which the form names, as JavaRosa reads it (E27), or the interview's own.
    fn seed(&self, (id, row): (NodeId, RowId), named: Option<&String>) -> i64 {
        let Some(named) = named.map(|name| name.trim()) else {
            return random::next(&mut (self.state.around.seed ^ u64::from(id))) as i64;
        };
        let value = match named.strip_prefix("${") {
            Some(name) => self.nearest_value(name.trim_end_matches('}'), row),
            None => named.into(),
        };
        let number = value.number(self.state.around.local);
        match value.text() {
            _ if !number.is_nan() => number as i64,
            text if text.is_empty() => 0,
            text => {
                let hash = sha2::Sha256::digest(text.as_bytes());
                hash.iter().take(8).fold(0, |seed, byte| seed << 8 | i64::from(*byte))
            }
        }
    }

    /// The value of a name in the row at hand, or in one around it; else the first.
    fn nearest_value(&self, name: &str, row: RowId) -> Value {
        let layout = &self.form().program.layout;
        let near = layout.named(&self.questionnaire, name).find_map(|node| {
            let row = self.state.rows.outer(layout, row, layout.scope_of(node))?;
            Some(self.state.value(self.form(), node, row))
        });
        near.unwrap_or_else(|| self.value(name))
    }

    /// Questions that keep the interview from being finished, in the order of the form.
    pub fn missing(&self) -> Vec<Missing> {
        let mut missing = Vec::new();
        self.every(&mut |id, row| {
            if let Some(message) = self.message(id, row) {
                let label = self.text(&self.questionnaire.nodes[id as usize].label, id, row);
                missing.push(Missing { path: self.path(id, row), label, message });
            }
        });
        missing
    }

    /// Visits every relevant node with a value, in the order of the form, row by row.
    pub(super) fn every(&self, visit: &mut dyn FnMut(NodeId, RowId)) {
        self.navigation().valued(FORM, 0, visit);
    }
}
