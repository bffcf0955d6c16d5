//! A page of an interview as a form: its questions, the rows of a repeat, and the buttons that lead on.

use super::fields::{self, Drawn};
use super::frame::plain_name;
use crate::texts::Texts;
use maud::{Markup, html};
use tabara_core::interview::{AddRowPrompt, Page};

/// The form of a page; it is posted to `action`. `end`: the word of the button after the last page.
pub(super) fn form(page: &Page, action: &str, end: &str, drawn: &Drawn<'_>) -> Markup {
    let texts = drawn.texts;
    let on = if page.last { "end" } else { "next" };
    html! {
        progress max=(page.progress.all.max(1)) value=(page.progress.done) aria-label=(texts.say("progress")) {}
        form #page method="post" action=(action) autocomplete="off" {
            // the first button is what the key Enter presses
            button.unseen name="go" value=(on) tabindex="-1" aria-hidden="true" {}
            h1 { (page.title.as_deref().unwrap_or(&texts.say("interview"))) }
            div #questions data-live="1" {
                @for question in &page.questions { (fields::question(question, drawn)) }
                @if let Some(another) = &page.another { (rows(another, texts)) }
            }
            div.steps {
                @if !page.first { button.second name="go" value="back" { (texts.say("back")) } }
                button.main name="go" value=(on) { (texts.say(if page.last { end } else { "next" })) }
            }
        }
    }
}

/// A page and the question on it that is to be seen first.
pub(super) fn looking_at(page: &str, question: Option<&str>) -> String {
    let plain = |c: u8| c.is_ascii_alphanumeric() || b"-._".contains(&c);
    let coded = |c: u8| if plain(c) { (c as char).to_string() } else { format!("%{c:02X}") };
    question.map_or(page.to_owned(), |path| format!("{page}#at-{}", path.bytes().map(coded).collect::<String>()))
}

/// Asks for one more row of a repeat, and lets each be taken out.
fn rows(another: &AddRowPrompt, texts: &Texts) -> Markup {
    html! {
        div.question data-path=(another.path) {
            p { (texts.get("rows", &[("label", another.label.as_str().into()), ("rows", another.rows.into())])) }
            p { button.second name="go" value={ "add:" (another.path) } { (texts.get("add-row", &[("label", another.label.as_str().into())])) } }
            @if another.rows > 0 {
                details {
                    summary { (texts.say("take-out-row")) }
                    @for row in 1..=another.rows {
                        button.quiet name="go" value={ "remove:" (another.path) "[" (row) "]" } { (another.label) " " (row) }
                    }
                }
            }
        }
    }
}

/// Buttons for the other languages of an interview; they belong to the form of the page.
pub(super) fn languages(page: &Page, texts: &Texts) -> Markup {
    let others = page.languages.iter().filter(|language| **language != page.language && !language.is_empty());
    html! {
        @if page.languages.len() > 1 {
            details.languages {
                summary title=(texts.say("language")) { (plain_name(&page.language)) }
                @for language in others {
                    button form="page" name="go" value={ "language:" (language) } { (plain_name(language)) }
                }
            }
        }
    }
}
