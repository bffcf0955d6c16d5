//! The conversation itself: answers in, pages out.

use super::answer::{self, AnswerError};
use super::config::InterviewConfig;
use super::form::Form;
use super::navigation::Position;
use super::page::Page;
use super::state::State;
use crate::expression::Value;
use crate::expression::layout::{NodeId, RowId};
use crate::expression::moment::Moment;
use crate::package::NodeType;
use crate::questionnaire::Questionnaire;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What an answer comes to as a fact.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(untagged)]
pub enum CodedValue {
    /// Of a question with one answer.
    One(String),
    /// Of a question with several answers.
    Many(BTreeSet<String>),
}

/// An interview under way.
#[derive(Clone)]
pub struct Interview {
    pub(super) questionnaire: Arc<Questionnaire>,
    pub(super) state: State,
    /// The page at hand; none where the form shows nothing.
    pub(super) at: Option<Position>,
    /// Somebody tried to leave this page: what is missing on it is shown.
    pub(super) asked: bool,
    pub(super) stopped: bool,
}

impl std::fmt::Debug for Interview {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Interview({:?})", self.questionnaire)
    }
}

impl Interview {
    /// Begins at the first page, with defaults and everything that follows from them.
    pub fn start(questionnaire: Arc<Questionnaire>, setting: InterviewConfig) -> Self {
        let language = questionnaire.language(&setting.language).unwrap_or(questionnaire.default_language);
        let around = setting.environment(&questionnaire, language);
        let form = Form::of(&questionnaire);
        let state = State::begin(form, around, &|name| setting.prefill.get(name).cloned());
        let mut interview = Self { questionnaire, state, at: None, asked: false, stopped: false };
        interview.at = interview.navigation().first();
        interview
    }

    /// The questionnaire that this interview is of.
    pub fn questionnaire(&self) -> &Arc<Questionnaire> {
        &self.questionnaire
    }

    pub(super) fn form(&self) -> Form<'_> {
        Form::of(&self.questionnaire)
    }

    /// Changes the state, which borrows the form.
    pub(super) fn change<T>(&mut self, change: impl FnOnce(&mut State, Form<'_>) -> T) -> T {
        let form = Form::of(&self.questionnaire);
        let done = change(&mut self.state, form);
        self.state.recompute(form);
        // the page at hand may have gone with what made it relevant, but one may still look at it
        self.at = match self.at {
            Some(stop) if !self.state.rows.is_live(&self.questionnaire.program().layout, stop.row()) => {
                self.navigation().first()
            }
            at => at,
        };
        done
    }

    /// Takes an answer: text as XLSForm stores it (`yes`; `a b c` for several; `2024-03-01`; `17`), `None` to clear it.
    /// An answer that breaks its constraint is taken and flagged on the page.
    pub fn answer(&mut self, path: &str, answer: Option<&str>) -> Result<Page, AnswerError> {
        self.set(path, answer)?;
        Ok(self.page())
    }

    /// Takes an answer like [`Interview::answer`], without drawing the page.
    pub fn set(&mut self, path: &str, answer: Option<&str>) -> Result<(), AnswerError> {
        let (node, row) = self.find(path).ok_or(AnswerError::UnknownQuestion)?;
        let form = self.form();
        if form.kind(node).is_section() || !form.kind(node).is_shown() {
            return Err(AnswerError::UnknownQuestion);
        }
        if !self.state.relevant(form, node, row) {
            return Err(AnswerError::NotRelevant);
        }
        if self.readonly(node, row) {
            return Err(AnswerError::ReadOnly);
        }
        let value = match answer {
            Some(text) => answer::read(form, node, text, self.state.around.local)?,
            None => Value::Blank,
        };
        if form.takes_choices_from_rows(node) && !value.is_blank() {
            let offered = self.choices(node, row);
            let known = |name: &str| offered.iter().any(|choice| choice.name == name);
            if !answer::split(form.kind(node), &value.text(), known).into_iter().all(known) {
                return Err(AnswerError::NotAChoice);
            }
        }
        self.change(|state, form| state.set_value(form, node, row, value));
        Ok(())
    }

    /// The next page; the same one, with its messages, while something on it is missing or wrong.
    #[expect(clippy::should_implement_trait, reason = "the word on every form's button; an interview is no iterator")]
    pub fn next(&mut self) -> Page {
        let Some(stop) = self.at else { return self.page() };
        if self.unsettled(stop) {
            self.asked = true;
            return self.draw(true);
        }
        if let Some(next) = self.navigation().after(stop) {
            self.at = Some(next);
            self.asked = false;
        }
        self.page()
    }

    fn unsettled(&self, stop: Position) -> bool {
        match stop {
            Position::AddRow(..) => false,
            // a page that is no longer relevant holds nobody up
            Position::Question(node, row) => {
                self.state.relevant(self.form(), node, row) && self.message(node, row).is_some()
            }
            Position::Together(node, row) => {
                let mut found = false;
                self.navigation().inside(node, row, &mut |node, row| found |= self.message(node, row).is_some());
                found
            }
        }
    }

    /// The page before; what is missing holds nobody up.
    pub fn back(&mut self) -> Page {
        if let Some(before) = self.at.and_then(|stop| self.navigation().before(stop)) {
            self.at = Some(before);
            self.asked = false;
        }
        self.page()
    }

    /// The page that holds a question, by its path; what is missing there is shown.
    pub fn jump(&mut self, path: &str) -> Result<Page, AnswerError> {
        let (node, row) = self.find(path).ok_or(AnswerError::UnknownQuestion)?;
        if !self.state.relevant(self.form(), node, row) {
            return Err(AnswerError::NotRelevant);
        }
        let stop = self.navigation().holding(node, row);
        if matches!(stop, Position::Question(node, _) if !self.form().kind(node).is_shown()) {
            return Err(AnswerError::UnknownQuestion);
        }
        self.at = Some(stop);
        self.asked = true;
        Ok(self.page())
    }

    /// One more row at the end of a repeat, and its first page. The path is that of the repeat: `roster`,
    /// `roster[2]/child`.
    pub fn add_row(&mut self, path: &str) -> Result<Page, AnswerError> {
        let (repeat, parent) = self.repeat_at(path)?;
        let scope = self.form().program.layout.scope_of(repeat);
        let at = self.state.rows.children(&self.form().program.layout, parent, scope).len();
        let row = self.change(|state, form| state.add_row(form, repeat, parent, at));
        let row = row.ok_or(AnswerError::TooManyRows)?;
        self.at = self.navigation().first_of_row(repeat, row).or(self.at);
        self.asked = false;
        Ok(self.page())
    }

    /// Takes a row out: `roster[2]`. The rows after it move up.
    pub fn remove_row(&mut self, path: &str) -> Result<Page, AnswerError> {
        let (node, row) = self.find(path).ok_or(AnswerError::UnknownQuestion)?;
        if self.form().kind(node) != NodeType::Repeat || !path.ends_with(']') {
            return Err(AnswerError::UnknownQuestion);
        }
        if self.form().program.own[node as usize].count.is_some() {
            return Err(AnswerError::RowsAreCounted);
        }
        let parent = self.state.rows.row(row).parent;
        let here = self.at.is_some_and(|stop| self.lies_in(stop.row(), row));
        self.change(|state, form| state.remove_row(form, node, row));
        if here {
            self.at = Some(Position::AddRow(node, parent));
            self.asked = false;
        }
        Ok(self.page())
    }

    fn lies_in(&self, mut row: RowId, outer: RowId) -> bool {
        while row != 0 && row != outer {
            row = self.state.rows.row(row).parent;
        }
        row == outer
    }

    fn repeat_at(&self, path: &str) -> Result<(NodeId, RowId), AnswerError> {
        let (node, parent) = self.find(path).ok_or(AnswerError::UnknownQuestion)?;
        if self.form().kind(node) != NodeType::Repeat || path.ends_with(']') {
            return Err(AnswerError::UnknownQuestion);
        }
        if self.form().program.own[node as usize].count.is_some() {
            return Err(AnswerError::RowsAreCounted);
        }
        let around = self.form().program.layout.parent_of(node);
        if !self.state.relevant(self.form(), around, parent) {
            return Err(AnswerError::NotRelevant);
        }
        Ok((node, parent))
    }

    /// Another language, from now on; the questionnaire's default where it has no such language.
    pub fn set_language(&mut self, language: &str) -> Page {
        let language = self.questionnaire.language(language).unwrap_or(self.questionnaire.default_language);
        self.change(|state, form| state.set_language(form, language));
        self.page()
    }

    /// The value of a node by name or path: blank where it is not relevant or not there.
    pub fn value(&self, name: &str) -> Value {
        self.find(name).map_or(Value::Blank, |(node, row)| self.state.value(self.form(), node, row))
    }

    /// Whether a node, by name or path, is relevant.
    pub fn relevant(&self, name: &str) -> bool {
        self.find(name).is_some_and(|(node, row)| self.state.relevant(self.form(), node, row))
    }

    /// The value of the question with a role: `consent`, `statistics`, `code`.
    pub fn role(&self, role: &str) -> Value {
        let node = self.questionnaire.nodes.iter().position(|node| node.role == role).map(|node| node as NodeId);
        let row = node.and_then(|node| self.first_below(0, self.form().program.layout.scope_of(node)));
        node.zip(row).map_or(Value::Blank, |(node, row)| self.state.value(self.form(), node, row))
    }

    /// What is recorded: every relevant value that is not blank, by path, in the order of the form.
    pub fn answers(&self) -> Vec<(String, String)> {
        let mut answers = Vec::new();
        self.every(&mut |node, row| {
            let value = match self.form().kind(node) {
                // the end is now, whenever it is asked for
                NodeType::End => Value::DateTime(Moment { ms: self.state.around.now, offset: self.state.around.local }),
                _ => self.state.value(self.form(), node, row),
            };
            if !value.is_blank() && self.form().kind(node) != NodeType::Note {
                answers.push((self.path(node, row), value.text().into_owned()));
            }
        });
        answers
    }

    /// A copy that remembers only what is recorded: an answer that is not relevant now cannot come back there.
    pub fn recorded(&self) -> Self {
        let mut copy = self.clone();
        copy.state.rows.drop_hidden();
        for (path, _) in self.draft().answers {
            if let Some((node, row)) = self.find(&path).filter(|(n, r)| !self.state.relevant(self.form(), *n, *r)) {
                copy.change(|state, form| state.set_value(form, node, row, Value::Blank));
            }
        }
        copy
    }

    /// The facts that the form's `fact` columns make of the answers; the first relevant answer of each that is not blank.
    pub fn facts(&self) -> BTreeMap<String, CodedValue> {
        let mut facts = BTreeMap::new();
        self.every(&mut |id, row| {
            let node = &self.questionnaire.nodes[id as usize];
            let value = self.state.value(self.form(), id, row);
            if node.fact.is_empty() || node.sealed_only || value.is_blank() {
                return;
            }
            let fact = match node.kind {
                NodeType::SelectMultiple => CodedValue::Many(value.words().map(|word| word.into_owned()).collect()),
                _ => CodedValue::One(value.text().into_owned()),
            };
            facts.entry(node.fact.clone()).or_insert(fact);
        });
        facts
    }

    /// Ends the interview before its end: the app shows its safe screen.
    pub fn stop(&mut self) {
        self.stopped = true;
    }

    /// Whether the interview was ended with [`Interview::stop`].
    pub fn is_stopped(&self) -> bool {
        self.stopped
    }
}
