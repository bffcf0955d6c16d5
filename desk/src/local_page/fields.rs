//! One question: how its type is drawn, and which parts its answer has in the form. What is posted is read by
//! [`answers`](super::answers), which uses the same shapes.

use super::markdown::inline;
use super::posted::{Refused, field};
use super::trouble::answer_trouble;
use crate::texts::Texts;
use maud::{Markup, html};
use tabara_core::interview::{ChoiceOption, Invalid, Question};
use tabara_core::questionnaire::NodeType;

/// More choices than this are searched in a list.
const MANY: usize = 15;
/// A range with at most so many steps is a row of marks.
const MARKS: usize = 11;

/// How a question is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Text,
    Lines,
    Number,
    Day,
    Month,
    Year,
    Time,
    Moment,
    /// One of a few choices, all in sight.
    One,
    /// One of many.
    Listed,
    Several,
    Order,
    /// One mark of a range.
    Marks,
    Tick,
    Place,
    Places,
    /// A kind that this page cannot take.
    NotHere,
    /// Nothing to answer.
    Read,
}

/// Whether the appearance asks for a way to draw: by the word, or by one that goes on after it (`columns-2`).
fn asks(question: &Question, word: &str) -> bool {
    let is = |asked: &str| asked.strip_prefix(word).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'));
    question.appearance.split_whitespace().any(is)
}

pub(super) fn shape(question: &Question) -> Shape {
    use NodeType::*;
    let pictures = question.choices.iter().any(|choice| choice.media.contains_key("image"));
    match question.kind {
        _ if question.readonly => Shape::Read,
        Text if asks(question, "multiline") => Shape::Lines,
        Text | Barcode => Shape::Text,
        Integer | Decimal => Shape::Number,
        Range if marks(question).is_some() => Shape::Marks,
        Range => Shape::Number,
        Date if asks(question, "month-year") => Shape::Month,
        Date if asks(question, "year") => Shape::Year,
        Date => Shape::Day,
        Time => Shape::Time,
        DateTime => Shape::Moment,
        SelectOne if !pictures && (question.choices.len() > MANY || asks(question, "minimal")) => Shape::Listed,
        SelectOne => Shape::One,
        SelectMultiple => Shape::Several,
        Rank => Shape::Order,
        Acknowledge => Shape::Tick,
        Geopoint => Shape::Place,
        Geotrace | Geoshape => Shape::Places,
        Image | Audio | Video | File => Shape::NotHere,
        Note | Group | Repeat | Calculate | Hidden | Start | End | Today | Property => Shape::Read,
    }
}

/// The marks of a short range.
fn marks(question: &Question) -> Option<Vec<String>> {
    let number = |name: &str, otherwise: f64| {
        question.parameters.get(name).and_then(|text| text.parse().ok()).unwrap_or(otherwise)
    };
    let (start, end, step) = (number("start", 1.0), number("end", 10.0), number("step", 1.0).abs());
    let count = ((end - start).abs() / step).round();
    let mark = |n: usize| start + (end - start).signum() * step * n as f64;
    (step > 0.0 && count < MARKS as f64 && !asks(question, "picker"))
        .then(|| (0..=count as usize).map(|n| format!("{}", (mark(n) * 1e6).round() / 1e6)).collect())
}

/// The choices of a rank in the order at hand.
pub(super) fn order(question: &Question) -> Vec<&ChoiceOption> {
    let at = question.value.as_deref().unwrap_or("");
    let place = |choice: &&ChoiceOption| at.split(' ').position(|name| name == choice.name).unwrap_or(usize::MAX);
    let mut all: Vec<&ChoiceOption> = question.choices.iter().collect();
    all.sort_by_key(place);
    all
}

/// The answer in the parts of its fields: the ending of the field's name, and the value.
pub(super) fn parts(question: &Question) -> Vec<(&'static str, String)> {
    let value = question.value.as_deref().unwrap_or("");
    let upto = |n: usize| value.chars().take(n).collect::<String>();
    match shape(question) {
        Shape::Month | Shape::Year => {
            let mut date = value.splitn(3, '-').map(str::to_owned);
            let year = date.next().unwrap_or_default();
            let month = date.next().filter(|_| shape(question) == Shape::Month).unwrap_or_default();
            vec![(":m", month), (":y", year)]
        }
        Shape::Time => vec![("", upto(5))],
        Shape::Moment => vec![("", upto(16))],
        Shape::Place => {
            let mut numbers = value.split(' ').map(str::to_owned);
            ["", ":lon", ":alt", ":acc"].map(|part| (part, numbers.next().unwrap_or_default())).into()
        }
        Shape::Places => vec![("", value.split(';').map(str::trim).collect::<Vec<_>>().join("\n").trim().to_owned())],
        _ => vec![("", value.to_owned())],
    }
}

/// The answer in words.
pub(super) fn told(question: &Question) -> String {
    let value = question.value.as_deref().unwrap_or("");
    let label = |name: &str| {
        let choice = question.choices.iter().find(|choice| choice.name == name);
        choice.map_or(name, words).to_owned()
    };
    match question.kind {
        NodeType::SelectOne => label(value),
        NodeType::SelectMultiple => {
            let chosen = question.choices.iter().filter(|c| value.split(' ').any(|name| name == c.name));
            chosen.map(|choice| label(&choice.name)).collect::<Vec<_>>().join(", ")
        }
        NodeType::Rank => order(question).into_iter().map(|c| label(&c.name)).collect::<Vec<_>>().join(" > "),
        _ => parts(question).into_iter().map(|(_, part)| part).collect::<Vec<_>>().join(" ").trim().to_owned(),
    }
}

/// What drawing a question needs besides the question.
pub(super) struct Drawn<'a> {
    pub texts: &'a Texts,
    /// Files that a form names can be shown.
    pub media: bool,
    pub refused: &'a Refused,
}

/// A question with its label, help, field and message.
pub(super) fn question(question: &Question, drawn: &Drawn<'_>) -> Markup {
    let (shape, texts, path) = (shape(question), drawn.texts, question.path.as_str());
    let grouped = matches!(
        shape,
        Shape::One | Shape::Several | Shape::Order | Shape::Marks | Shape::Place | Shape::Month | Shape::Year
    );
    let refused = drawn.refused.get(path);
    let message = match (refused, &question.message) {
        (Some((reason, _)), _) => Some(answer_trouble(*reason, texts)),
        (None, Some(message)) if !message.text.is_empty() => Some(message.text.clone()),
        (None, Some(message)) => Some(texts.say(match message.why {
            Invalid::Required => "answer-missing",
            Invalid::Constraint => "answer-does-not-fit",
        })),
        (None, None) => None,
    };
    let label = html! {
        (inline(&question.label))
        @if question.required { span.star title=(texts.say("required")) { " *" } }
        (media(&question.media, drawn))
    };
    let body = html! {
        @if let Some(hint) = &question.hint { p.hint id={ "h-" (path) } { (inline(hint)) } }
        @if let Some(guidance) = &question.guidance { details { summary { (texts.say("more-help")) } p { (inline(guidance)) } } }
        (answer(question, shape, drawn))
        @if let Some(message) = &message { p.wrong id={ "m-" (path) } role="alert" { (inline(message)) } }
        @if !matches!(shape, Shape::Read | Shape::NotHere) { input type="hidden" name="q" value=(path); }
    };
    html! {
        div.question.wrong-one[message.is_some()].note[question.kind == NodeType::Note] data-path=(path) id={ "at-" (path) } {
            @if grouped {
                fieldset aria-describedby=[described(question, message.is_some())] { legend { (label) } (body) }
            } @else if matches!(shape, Shape::Read | Shape::NotHere | Shape::Tick) {
                div.label { (label) }
                (body)
            } @else {
                label.label for={ "a-" (path) } { (label) }
                (body)
            }
        }
    }
}

fn described(question: &Question, message: bool) -> Option<String> {
    let hint = question.hint.is_some().then(|| format!("h-{}", question.path));
    let message = message.then(|| format!("m-{}", question.path));
    let ids: Vec<String> = hint.into_iter().chain(message).collect();
    (!ids.is_empty()).then(|| ids.join(" "))
}

fn media(files: &std::collections::BTreeMap<String, String>, drawn: &Drawn<'_>) -> Markup {
    html! {
        @for (kind, file) in files {
            @match (kind.as_str(), drawn.media) {
                ("image" | "big-image", true) => img src={ "media/" (file) } alt="";
                ("audio", true) => audio controls src={ "media/" (file) } {}
                ("video", true) => video controls src={ "media/" (file) } {}
                _ => span.hint { " " (drawn.texts.get("file-not-here", &[("file", file.as_str().into())])) }
            }
        }
    }
}

/// The field itself.
fn answer(question: &Question, shape: Shape, drawn: &Drawn<'_>) -> Markup {
    let (texts, path) = (drawn.texts, question.path.as_str());
    let name = |part: &str| format!("a:{path}{part}");
    let typed = drawn.refused.get(path).map(|(_, typed)| typed.as_slice());
    let known = parts(question);
    let value = |part: &str| {
        let before = || known.iter().find(|(suffix, _)| *suffix == part).map_or("", |(_, value)| value);
        typed.and_then(|typed| field(typed, &name(part))).unwrap_or_else(before).to_owned()
    };
    let wrong = typed.is_some() || question.message.is_some();
    let described = described(question, wrong);
    let input = |part: &str, kind: &str, mode: Option<&str>, label: Option<String>| {
        let id = if part.is_empty() { format!("a-{path}") } else { format!("a-{path}{part}") };
        html! {
            input id=(id) name=(name(part)) value=(value(part)) type=(kind) inputmode=[mode] autocomplete="off"
                aria-label=[label.as_deref()] placeholder=[label.as_deref()] aria-required=[question.required.then_some("true")]
                aria-invalid=[wrong.then_some("true")] aria-describedby=[described.as_deref()];
        }
    };
    match shape {
        Shape::Text => input("", "text", asks(question, "numbers").then_some("numeric"), None),
        Shape::Lines => {
            html! { textarea id={ "a-" (path) } name=(name("")) rows="4" autocomplete="off" aria-describedby=[described] { (value("")) } }
        }
        Shape::Number => html! {
            (input("", "text", Some(if question.kind == NodeType::Integer { "numeric" } else { "decimal" }), None))
            @if question.kind == NodeType::Range { p.hint.range data-for={ "a-" (path) } data-start=[question.parameters.get("start")]
                data-end=[question.parameters.get("end")] data-step=[question.parameters.get("step")] {
                (texts.get("range-between", &["start", "end"].map(|end| (end, question.parameters.get(end).map_or("", |n| n).into()))))
            } }
        },
        Shape::Day => input("", "date", None, None),
        Shape::Time => input("", "time", None, None),
        Shape::Moment => input("", "datetime-local", None, None),
        Shape::Month | Shape::Year => html! {
            div.parts {
                @if shape == Shape::Month {
                    select name=(name(":m")) aria-label=(texts.say("month")) {
                        option value="" { (texts.say("month")) }
                        @for month in 1..=12 {
                            @let number = format!("{month:02}");
                            option value=(number) selected[value(":m") == number] { (texts.say(&format!("month-{number}"))) }
                        }
                    }
                }
                (input(":y", "text", Some("numeric"), Some(texts.say("year"))))
            }
        },
        Shape::Place => html! {
            div.parts {
                (input("", "text", Some("text"), Some(texts.say("latitude"))))
                (input(":lon", "text", Some("text"), Some(texts.say("longitude"))))
            }
            p.hint { (texts.say("place-hint")) }
        },
        Shape::Places => html! {
            textarea id={ "a-" (path) } name=(name("")) rows="4" autocomplete="off" aria-describedby=[described] { (value("")) }
            p.hint { (texts.say("places-hint")) }
        },
        Shape::Tick => html! {
            label.choice { input type="checkbox" name=(name("")) value="OK" checked[question.value.is_some()]; span { (texts.say("acknowledge")) } }
        },
        Shape::Listed => html! {
            select.listed id={ "a-" (path) } name=(name("")) aria-describedby=[described] data-search=(texts.say("search")) {
                option value="" { (texts.say("choose")) }
                @for choice in &question.choices {
                    option value=(choice.name) selected[question.value.as_ref() == Some(&choice.name)] { (words(choice)) }
                }
            }
        },
        Shape::Marks => html! {
            div.marks { @for mark in marks(question).unwrap_or_default() {
                label.choice { input type="radio" name=(name("")) value=(mark) checked[question.value.as_ref() == Some(&mark)]; span { (mark) } }
            } }
            (clear(question, texts))
        },
        Shape::One => html! { (choices(question, "radio", drawn)) (clear(question, texts)) },
        Shape::Several => choices(question, "checkbox", drawn),
        Shape::Order => ranked(question, texts),
        Shape::NotHere => html! { p.hint { (texts.say("kind-not-here")) } },
        Shape::Read if question.kind == NodeType::Note => html! {},
        Shape::Read => html! { p.told { @let told = told(question); @if told.is_empty() { "–" } @else { (told) } } },
    }
}

fn words(choice: &ChoiceOption) -> &str {
    if choice.label.is_empty() { &choice.name } else { &choice.label }
}

/// A question with one answer can be left without one again.
fn clear(question: &Question, texts: &Texts) -> Markup {
    html! { @if question.value.is_some() { button.quiet name="go" value={ "clear:" (question.path) } { (texts.say("no-answer")) } } }
}

fn choices(question: &Question, kind: &str, drawn: &Drawn<'_>) -> Markup {
    let chosen = |name: &str| {
        let value = question.value.as_deref().unwrap_or("");
        if kind == "radio" { value == name } else { value.split(' ').any(|one| one == name) }
    };
    let beside =
        ["likert", "columns", "quick", "list-nolabel", "list", "label"].into_iter().find(|word| asks(question, word));
    html! {
        div.choices.many[question.choices.len() > MANY] data-look=[beside] data-search=[(question.choices.len() > MANY).then(|| drawn.texts.say("search"))] {
            @for choice in &question.choices {
                label.choice {
                    input type=(kind) name={ "a:" (question.path) } value=(choice.name) checked[chosen(&choice.name)];
                    span { (inline(words(choice))) (media(&choice.media, drawn)) }
                }
            }
        }
    }
}

/// All choices with buttons that move them.
fn ranked(question: &Question, texts: &Texts) -> Markup {
    let (all, answered) = (order(question), question.value.is_some());
    let button = |word: &str, at: usize, text: &str, choice: &ChoiceOption| {
        html! { button.move name="go" value={ (word) ":" (question.path) ":" (at) }
        aria-label=(texts.get(text, &[("choice", words(choice).into())])) { @if word == "up" { "↑" } @else { "↓" } } }
    };
    html! {
        ol.ranked.unanswered[!answered] { @for (at, choice) in all.iter().enumerate() {
            li {
                span.place { (at + 1) } span.grow { (inline(words(choice))) }
                @if at > 0 { (button("up", at, "rank-up", choice)) }
                @if at + 1 < all.len() { (button("down", at, "rank-down", choice)) }
            }
        } }
        @if answered { (clear(question, texts)) } @else { button.quiet name="go" value={ "keep:" (question.path) } { (texts.say("rank-keep")) } }
    }
}
