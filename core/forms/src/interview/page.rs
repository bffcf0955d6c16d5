//! One page, ready to be drawn: texts in the language of the interview, values as text, choices that are on offer. An app
//! needs no other call to draw it.

use crate::package::NodeType;
use std::collections::BTreeMap;

/// What the app draws now.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    /// Of the question, or of the group whose questions stand together: for [`super::Interview::jump`].
    pub path: String,
    /// The label of the innermost group with a label around it.
    pub title: Option<String>,
    /// In order; empty on a page that asks for another row.
    pub questions: Vec<Question>,
    /// Asks whether there is another row: [`super::Interview::add_row`] says yes, [`super::Interview::next`] no.
    pub another: Option<AddRowPrompt>,
    /// How far the page is in the form.
    pub progress: Progress,
    /// There is no page before.
    pub first: bool,
    /// There is no page after: next comes the review, or the end.
    pub last: bool,
    /// The interview may be stopped here. Always true until it has been stopped.
    pub stoppable: bool,
    /// The last step was refused: the messages of the questions say why.
    pub refused: bool,
    /// The language it is drawn in, as the questionnaire names it: `Français (fr)`.
    pub language: String,
    /// All that it can be drawn in: [`super::Interview::set_language`].
    pub languages: Vec<String>,
}

/// One question on a page.
#[derive(Debug, Clone, PartialEq)]
pub struct Question {
    /// Where the question stands, for [`super::Interview::answer`]: `age`, `roster[2]/name`.
    pub path: String,
    /// The type of the question.
    pub kind: NodeType,
    /// The question as the person reads it; empty where the form has none.
    pub label: String,
    /// The column `hint`.
    pub hint: Option<String>,
    /// The column `guidance_hint`: help for whoever asks the questions.
    pub guidance: Option<String>,
    /// `image`, `audio`, `video`, `big-image`: names of files.
    pub media: BTreeMap<String, String>,
    /// It must be answered now: the column `required`.
    pub required: bool,
    /// It cannot be answered now: a note, or the column `readonly` of it or of a section around it.
    pub readonly: bool,
    /// As XLSForm stores it: `yes`, `a b c`, `2024-03-01`.
    pub value: Option<String>,
    /// Of a select or rank: the choices on offer, in the order in which they are drawn.
    pub choices: Vec<ChoiceOption>,
    /// Why the answer cannot stay as it is.
    pub message: Option<Message>,
    /// The column `appearance`, as the author wrote it: words with spaces between.
    pub appearance: String,
    /// The column `parameters`, by name.
    pub parameters: BTreeMap<String, String>,
}

/// A choice on offer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChoiceOption {
    /// What is stored as the answer.
    pub name: String,
    /// What the person reads; the name itself where the choice is an answer from a repeat.
    pub label: String,
    /// `image`, `audio`, `video`, `big-image`: names of files.
    pub media: BTreeMap<String, String>,
}

/// Why a question is not settled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Which rule is not kept.
    pub why: Invalid,
    /// In the author's words; empty where the form has none: the app then says so in its own.
    pub text: String,
}

/// Which rule a question does not keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Invalid {
    /// It must be answered.
    Required,
    /// The answer breaks the constraint.
    Constraint,
}

/// A question that keeps the interview from being finished.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// Where the question stands, for [`super::Interview::jump`].
    pub path: String,
    /// The question as the person reads it.
    pub label: String,
    /// What is missing or wrong.
    pub message: Message,
}

/// Where one is in the form: questions before this page, of all questions that the form has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// How many questions of the form stand before this page; those of a repeat count once, whatever its rows.
    pub done: u32,
    /// How many questions the form has, counted in the same way, relevant or not; one more where the last row of the
    /// survey is never drawn.
    pub all: u32,
}

/// A repeat to which the person may add rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddRowPrompt {
    /// For [`super::Interview::add_row`].
    pub path: String,
    /// The label of the repeat.
    pub label: String,
    /// How many there are.
    pub rows: u32,
}
