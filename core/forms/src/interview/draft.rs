//! An interview put aside: what was answered, also what is not relevant now, how many rows there are, and the page at
//! hand. What is computed is not kept, except what `once()` and triggers must not compute again.

use super::answer;
use super::config::InterviewConfig;
use super::form::Form;
use super::navigation::Position;
use super::session::Interview;
use super::state::{MAX_ROWS, State};
use crate::expression::Value;
use crate::expression::layout::{FORM, NodeId, RowId};
use crate::package::NodeType;
use crate::program::RuleKind;
use crate::questionnaire::Questionnaire;
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A draft, for the vault. It holds everything that was said.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Draft {
    /// SHA-256 of the questionnaire's package, in base64url.
    pub questionnaire: String,
    /// The language of the interview, as the questionnaire names it: `Français (fr)`.
    pub language: String,
    /// Path of the page at hand; empty where there is none.
    pub at: String,
    /// The page at hand asks for another row of the repeat at `at`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub another: bool,
    /// The page was left, or tried to: what is missing on it is shown.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub asked: bool,
    /// The interview was stopped before its end.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub stopped: bool,
    /// By path of the repeat: how many rows, outer repeats first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rows: Vec<(String, u32)>,
    /// By path of the repeat: how many of its rows a lowered count has hidden, at the end.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hidden: Vec<(String, u32)>,
    /// By path, in the order of the form.
    pub answers: Vec<(String, String)>,
    /// By index in `answers`: the value, where its text would be read as another one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exact: Vec<(u32, Value)>,
}

impl std::fmt::Debug for Draft {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Draft({} answers)", self.answers.len())
    }
}

/// Why a draft cannot be taken up.
#[derive(Debug, thiserror::Error, Clone, Copy, PartialEq, Eq)]
pub enum ResumeError {
    /// The draft was made with a package of another SHA-256.
    #[error("the draft belongs to another questionnaire, or to another version")]
    OtherQuestionnaire,
    /// Something in the draft does not fit the questionnaire that it names.
    #[error("the draft is damaged")]
    Damaged,
}

impl Interview {
    /// The interview as it stands, to be taken up by [`Interview::resume`].
    pub fn draft(&self) -> Draft {
        let mut draft = Draft {
            questionnaire: digest_text(&self.questionnaire),
            language: self.questionnaire.languages[self.state.around.language].clone(),
            at: match self.at {
                None => String::new(),
                Some(Position::AddRow(node, parent)) => self.repeat_path(node, parent),
                Some(position) => self.path(position.node(), position.row()),
            },
            another: matches!(self.at, Some(Position::AddRow(..))),
            asked: self.asked,
            stopped: self.stopped,
            rows: Vec::new(),
            hidden: Vec::new(),
            answers: Vec::new(),
            exact: Vec::new(),
        };
        self.collect(FORM, 0, &mut draft);
        draft
    }

    fn collect(&self, section: NodeId, row: RowId, draft: &mut Draft) {
        let layout = &self.form().program.layout;
        let end = if section == FORM { layout.nodes.len() as NodeId } else { layout.nodes[section as usize].end };
        let mut node = section.wrapping_add(1);
        while node < end {
            let place = &layout.nodes[node as usize];
            if place.repeat {
                let mut inside = self.state.rows.children(layout, row, place.scope).to_vec();
                let hidden: Vec<RowId> = self.state.rows.hidden(layout, row, place.scope).collect();
                let path = self.repeat_path(node, row);
                if !hidden.is_empty() {
                    draft.hidden.push((path.clone(), hidden.len() as u32));
                }
                inside.extend(hidden);
                draft.rows.push((path, inside.len() as u32));
                inside.iter().for_each(|row| self.collect(node, *row, draft));
                node = place.end;
                continue;
            }
            let given = &self.state.cell(self.form(), node, row).given;
            if kept(self.form(), node) && !given.is_blank() {
                let text = given.text().into_owned();
                if answer::read_or_fit(self.form(), node, &text, self.state.around.local) != *given {
                    draft.exact.push((draft.answers.len() as u32, given.clone()));
                }
                draft.answers.push((self.path(node, row), text));
            }
            // groups have no rows of their own: what is in them follows
            node += 1;
        }
    }

    /// Takes an interview up at the exact place.
    pub fn resume(
        questionnaire: Arc<Questionnaire>,
        setting: InterviewConfig,
        draft: &Draft,
    ) -> Result<Self, ResumeError> {
        if draft.questionnaire != digest_text(&questionnaire) {
            return Err(ResumeError::OtherQuestionnaire);
        }
        let language = questionnaire.language(&draft.language).ok_or(ResumeError::Damaged)?;
        let around = setting.environment(&questionnaire, language);
        let form = Form::of(&questionnaire);
        let mut state = State::empty(form, around);
        state.begin_row(form, 0, false);
        let mut interview =
            Self { questionnaire: questionnaire.clone(), state, at: None, asked: draft.asked, stopped: draft.stopped };
        for (path, count) in &draft.rows {
            interview.restore_rows(path, *count).ok_or(ResumeError::Damaged)?;
        }
        let mut exact = draft.exact.iter().peekable();
        for (at, (path, text)) in draft.answers.iter().enumerate() {
            let (node, row) = interview.find(path).ok_or(ResumeError::Damaged)?;
            let value = match exact.next_if(|(index, _)| *index as usize == at) {
                Some((_, value)) => value.clone(),
                None => answer::read_or_fit(interview.form(), node, text, interview.state.around.local),
            };
            let form = Form::of(&questionnaire);
            interview.state.set_value(form, node, row, value);
        }
        // rows inside of others first, while those are there
        for (path, count) in draft.hidden.iter().rev() {
            interview.hide_rows(path, *count).ok_or(ResumeError::Damaged)?;
        }
        interview.state.recompute_resumed(form);
        interview.at = match interview.find(&draft.at) {
            Some((node, parent)) if draft.another => Some(Position::AddRow(node, parent)),
            Some((node, row)) => Some(interview.navigation().holding(node, row)),
            None if draft.at.is_empty() => None,
            None => interview.navigation().first(),
        };
        Ok(interview)
    }

    fn hide_rows(&mut self, path: &str, count: u32) -> Option<()> {
        let (node, parent) = self.find(path)?;
        let questionnaire = self.questionnaire.clone();
        let layout = &questionnaire.program().layout;
        let place = layout.nodes.get(node as usize).filter(|place| place.repeat)?;
        let there = self.state.rows.children(layout, parent, place.scope).len();
        (count as usize <= there)
            .then(|| (0..count).for_each(|_| self.state.rows.hide_last(layout, parent, place.scope)))
    }

    fn restore_rows(&mut self, path: &str, count: u32) -> Option<()> {
        let (node, parent) = self.find(path)?;
        let questionnaire = self.questionnaire.clone();
        let form = Form::of(&questionnaire);
        if form.kind(node) != NodeType::Repeat || count as usize > MAX_ROWS {
            return None;
        }
        for at in 0..count as usize {
            self.state.restore_row(form, node, parent, at)?;
        }
        Some(())
    }
}

fn digest_text(questionnaire: &Questionnaire) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(questionnaire.sha256())
}

/// Whether a draft keeps the value of a node: all but what is simply computed again.
fn kept(form: Form<'_>, node: NodeId) -> bool {
    let kind = form.kind(node);
    let computed = form.program.own[node as usize].calculate.map(|rank| &form.program.rules[rank as usize]);
    match computed {
        None => !kind.is_section() && kind != NodeType::Note,
        // shown: a person may have written over it
        Some(rule) => rule.kind == RuleKind::Calculate && (rule.keeps || kind.is_shown()),
    }
}
