//! What an app draws: mirrors of `tabara_core::interview`. The fields are explained there.

use crate::plain::Texts;
use tabara_core::interview::{AddRowPrompt, ChoiceOption, Invalid, Message, Missing, Page, Progress, Question};
use tabara_core::questionnaire::NodeType;

#[uniffi::remote(Enum)]
pub enum NodeType {
    Group,
    Repeat,
    Text,
    Integer,
    Decimal,
    Range,
    Date,
    Time,
    DateTime,
    SelectOne,
    SelectMultiple,
    Rank,
    Note,
    Acknowledge,
    Barcode,
    Geopoint,
    Geotrace,
    Geoshape,
    Image,
    Audio,
    Video,
    File,
    Calculate,
    Hidden,
    Start,
    End,
    Today,
    Property,
}

#[uniffi::remote(Enum)]
pub enum Invalid {
    Required,
    Constraint,
}

#[uniffi::remote(Record)]
pub struct Message {
    pub why: Invalid,
    pub text: String,
}

#[uniffi::remote(Record)]
pub struct ChoiceOption {
    pub name: String,
    pub label: String,
    pub media: Texts,
}

#[uniffi::remote(Record)]
pub struct Question {
    pub path: String,
    pub kind: NodeType,
    pub label: String,
    pub hint: Option<String>,
    pub guidance: Option<String>,
    pub media: Texts,
    pub required: bool,
    pub readonly: bool,
    pub value: Option<String>,
    pub choices: Vec<ChoiceOption>,
    pub message: Option<Message>,
    pub appearance: String,
    pub parameters: Texts,
}

#[uniffi::remote(Record)]
pub struct Progress {
    pub done: u32,
    pub all: u32,
}

#[uniffi::remote(Record)]
pub struct AddRowPrompt {
    pub path: String,
    pub label: String,
    pub rows: u32,
}

#[uniffi::remote(Record)]
pub struct Page {
    pub path: String,
    pub title: Option<String>,
    pub questions: Vec<Question>,
    pub another: Option<AddRowPrompt>,
    pub progress: Progress,
    pub first: bool,
    pub last: bool,
    pub stoppable: bool,
    pub refused: bool,
    pub language: String,
    pub languages: Vec<String>,
}

#[uniffi::remote(Record)]
pub struct Missing {
    pub path: String,
    pub label: String,
    pub message: Message,
}
