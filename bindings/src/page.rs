//! What an app draws: mirrors of `tabara_core::interview`.

use crate::plain::Texts;
use tabara_core::interview::{AddRowPrompt, ChoiceOption, Invalid, Message, Missing, Page, Progress, Question};
use tabara_core::questionnaire::NodeType;

/// What kind of question or group a node is: how to draw it, and how its answer is written.
#[uniffi::remote(Enum)]
pub enum NodeType {
    /// Questions that belong together; never a question of a page.
    Group,
    /// A group with rows; never a question of a page.
    Repeat,
    /// A text, as typed.
    Text,
    /// A whole number: `17`.
    Integer,
    /// A number: `1.5`.
    Decimal,
    /// A number between two ends; `parameters` has `start`, `end` and `step`.
    Range,
    /// A date: `2024-03-01`. `appearance` may ask for `month-year` or `year`.
    Date,
    /// A time of day: `13:45`.
    Time,
    /// Date and time: `2024-03-01T13:45`.
    DateTime,
    /// One of the choices: its `name`.
    SelectOne,
    /// Any of the choices: their names with spaces between.
    SelectMultiple,
    /// All choices in an order: their names with spaces between.
    Rank,
    /// A text to read; it takes no answer.
    Note,
    /// A text to confirm: `OK`.
    Acknowledge,
    /// The text of a barcode.
    Barcode,
    /// A place: latitude, longitude, altitude and accuracy with spaces between.
    Geopoint,
    /// A line: places with `;` between.
    Geotrace,
    /// An area: places with `;` between, the first one again at the end.
    Geoshape,
    /// The name of an image.
    Image,
    /// The name of a recording.
    Audio,
    /// The name of a video.
    Video,
    /// The name of a file.
    File,
    /// Computed by the form; never a question of a page.
    Calculate,
    /// Set by the form; never a question of a page.
    Hidden,
    /// The time the interview began; never a question of a page.
    Start,
    /// The time it ended; never a question of a page.
    End,
    /// The day; never a question of a page.
    Today,
    /// A property of the phone; never a question of a page.
    Property,
}

/// Why a question is not settled.
#[uniffi::remote(Enum)]
pub enum Invalid {
    /// It must be answered.
    Required,
    /// The answer breaks a rule of the form.
    Constraint,
}

/// What is wrong with an answer, to be shown beside the question.
#[uniffi::remote(Record)]
pub struct Message {
    /// The reason; decides the words of the app where `text` is empty.
    pub why: Invalid,
    /// The author's words, in the language of the interview; empty where the form has none.
    pub text: String,
}

/// A choice on offer.
#[uniffi::remote(Record)]
pub struct ChoiceOption {
    /// What is given to `answer`.
    pub name: String,
    /// What is shown.
    pub label: String,
    /// Names of files by their use: `image`, `audio`, `video`, `big-image`.
    pub media: Texts,
}

/// One question of a page. Draw what it says and nothing else: what is asked, required or wrong is decided in the core.
#[uniffi::remote(Record)]
pub struct Question {
    /// For `answer` and `jump`; unique on the page, stable over languages and restarts.
    pub path: String,
    /// How to draw it.
    pub kind: NodeType,
    /// The question, in the language of the interview.
    pub label: String,
    /// A short help below the question.
    pub hint: Option<String>,
    /// A longer help, for training or on demand.
    pub guidance: Option<String>,
    /// Names of files by their use: `image`, `audio`, `video`, `big-image`.
    pub media: Texts,
    /// It must be answered before the interview can be finished.
    pub required: bool,
    /// It is shown and takes no answer.
    pub readonly: bool,
    /// The answer as XLSForm stores it: `yes`; `a b c` for several; `2024-03-01`. None where it is not answered.
    pub value: Option<String>,
    /// The choices on offer now, in their order; a filter of the form may change them with other answers.
    pub choices: Vec<ChoiceOption>,
    /// Why the answer cannot stay as it is, or that one is missing; none where all is well.
    pub message: Option<Message>,
    /// XLSForm's `appearance`: words that ask for another way to draw, `minimal`, `month-year`; may be ignored.
    pub appearance: String,
    /// XLSForm's `parameters` by name.
    pub parameters: Texts,
}

/// How far one is in the form.
#[uniffi::remote(Record)]
pub struct Progress {
    /// Questions before this page.
    pub done: u32,
    /// All questions that the form has, asked or not.
    pub all: u32,
}

/// A page that asks whether there is one more row of a repeat: `addRow` says yes, `next` says no.
#[uniffi::remote(Record)]
pub struct AddRowPrompt {
    /// For `addRow`.
    pub path: String,
    /// What the form calls a row.
    pub label: String,
    /// How many there are.
    pub rows: u32,
}

/// Everything to draw one page; no other call is needed.
#[uniffi::remote(Record)]
pub struct Page {
    /// Of the question, or of the group whose questions stand together: for `jump`.
    pub path: String,
    /// The label of the group around it.
    pub title: Option<String>,
    /// In their order; empty on a page that asks for another row.
    pub questions: Vec<Question>,
    /// Asks for another row of a repeat.
    pub another: Option<AddRowPrompt>,
    /// How far one is in the form.
    pub progress: Progress,
    /// There is no page before.
    pub first: bool,
    /// There is no page after: ask `missing`, then show the result.
    pub last: bool,
    /// The interview can be stopped here: show the way out. Always, until it has been stopped.
    pub stoppable: bool,
    /// The last step was refused: the messages of the questions say why.
    pub refused: bool,
    /// The language it is drawn in, as the questionnaire names it: `Français (fr)`.
    pub language: String,
    /// All languages that it can be drawn in, for `setLanguage`.
    pub languages: Vec<String>,
}

/// A question that keeps the interview from being finished.
#[uniffi::remote(Record)]
pub struct Missing {
    /// For `jump`.
    pub path: String,
    /// The question, in the language of the interview.
    pub label: String,
    /// What is wrong with it.
    pub message: Message,
}
