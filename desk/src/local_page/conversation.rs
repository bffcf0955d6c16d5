//! An interview as the page leads it: over a vault (a phone) or without one (a preview).

use tabara_core::Result;
use tabara_core::focal_point::Session;
use tabara_core::interview::{Interview, Page};

/// Where to go after the answers of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Turn {
    /// Nowhere: what was answered may have brought questions to the page.
    Stay,
    Next,
    Back,
    /// To the page of a question.
    Jump(String),
    AddRow(String),
    RemoveRow(String),
    Language(String),
}

/// What the page asks of an interview.
pub trait Conversation {
    fn page(&self) -> Result<Page>;
    fn answer(&mut self, path: &str, value: Option<&str>) -> Result<Page>;
    fn turn(&mut self, turn: &Turn) -> Result<Page>;
}

impl Conversation for Session {
    fn page(&self) -> Result<Page> {
        Session::page(self)
    }
    fn answer(&mut self, path: &str, value: Option<&str>) -> Result<Page> {
        Session::answer(self, path, value)
    }
    fn turn(&mut self, turn: &Turn) -> Result<Page> {
        match turn {
            Turn::Stay => Session::page(self),
            Turn::Next => self.next(),
            Turn::Back => self.back(),
            Turn::Jump(path) => self.jump(path),
            Turn::AddRow(path) => self.add_row(path),
            Turn::RemoveRow(path) => self.remove_row(path),
            Turn::Language(language) => self.set_language(language),
        }
    }
}

impl Conversation for Interview {
    fn page(&self) -> Result<Page> {
        Ok(Interview::page(self))
    }
    fn answer(&mut self, path: &str, value: Option<&str>) -> Result<Page> {
        Ok(Interview::answer(self, path, value)?)
    }
    fn turn(&mut self, turn: &Turn) -> Result<Page> {
        Ok(match turn {
            Turn::Stay => Interview::page(self),
            Turn::Next => self.next(),
            Turn::Back => self.back(),
            Turn::Jump(path) => self.jump(path)?,
            Turn::AddRow(path) => self.add_row(path)?,
            Turn::RemoveRow(path) => self.remove_row(path)?,
            Turn::Language(language) => self.set_language(language),
        })
    }
}
