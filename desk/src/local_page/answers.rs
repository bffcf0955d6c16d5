//! What was posted, as XLSForm writes it, and one step of an interview with it.
//!
//! A form posts `q` for each question that it let answer, `a:PATH` for its answer (with `:part` where the answer has parts),
//! and `go` for the button that was pressed: `next`, `back`, `jump:PATH`, `add:PATH`, `up:PATH:3` and so on.

use super::conversation::{Conversation, Turn};
use super::fields::{Shape, order, parts, shape};
use super::posted::{Refused, field};
use tabara_core::error::AnswerReason;
use tabara_core::interview::Question;
use tabara_core::{Error, Result};

/// What a step came to.
#[derive(Default)]
pub(super) struct Stepped {
    pub refused: Refused,
    /// The question to show first: it is missing, wrong or new on the page.
    pub look_at: Option<String>,
    /// The button after the last page was pressed, and nothing on this page holds the end up.
    pub at_end: bool,
}

/// Gives the answers that changed, and turns the page unless one of them was not taken or brought questions to it.
pub(super) fn step(talk: &mut impl Conversation, posted: &[(String, String)]) -> Result<Stepped> {
    let go = field(posted, "go").unwrap_or("stay");
    let (word, rest) = go.split_once(':').unwrap_or((go, ""));
    let drawn: Vec<&str> = posted.iter().filter(|(name, _)| name == "q").map(|(_, path)| path.as_str()).collect();
    let mut page = talk.page()?;
    let mut refused = Refused::new();
    for question in page.questions.clone().iter().filter(|q| drawn.contains(&q.path.as_str()) && !q.readonly) {
        let answer = if word == "clear" && rest == question.path {
            None
        } else if let Some(answer) = moved(question, word, rest) {
            Some(answer)
        } else {
            match posted_answer(question, posted) {
                Some(answer) => answer,
                None => continue,
            }
        };
        match talk.answer(&question.path, answer.as_deref()) {
            Ok(next) => page = next,
            // another answer of this page took the question away
            Err(Error::Answer { reason: AnswerReason::NotRelevant }) => {}
            Err(Error::Answer { reason }) => {
                let field = format!("a:{}", question.path);
                let typed = posted.iter().filter(|(name, _)| name.starts_with(&field)).cloned().collect();
                refused.insert(question.path.clone(), (reason, typed));
            }
            Err(error) => return Err(error),
        }
    }
    let path = rest.to_owned();
    // an answer brought questions to the page
    let brought = page.questions.iter().find(|q| !q.readonly && !drawn.contains(&q.path.as_str()));
    let brought = brought.map(|question| question.path.clone());
    let turn = match word {
        "next" | "end" if brought.is_some() || !refused.is_empty() => Turn::Stay,
        "next" | "end" => Turn::Next,
        "back" => Turn::Back,
        "jump" => Turn::Jump(path),
        "add" => Turn::AddRow(path),
        "remove" => Turn::RemoveRow(path),
        "language" => Turn::Language(path),
        _ => Turn::Stay,
    };
    let after = talk.turn(&turn)?;
    let at_end = word == "end" && turn == Turn::Next && after.last && after.path == page.path && !after.refused;
    let wrong =
        after.questions.iter().find(|q| refused.contains_key(&q.path) || (after.refused && q.message.is_some()));
    let look_at = wrong.map(|question| question.path.clone()).or(brought.filter(|_| turn == Turn::Stay));
    Ok(Stepped { look_at, at_end, refused })
}

/// The answer that was posted, if it is another one than before.
fn posted_answer(question: &Question, posted: &[(String, String)]) -> Option<Option<String>> {
    let name = format!("a:{}", question.path);
    let part = |part: &str| field(posted, &format!("{name}{part}")).unwrap_or("").trim();
    let shape = shape(question);
    let before = parts(question);
    let same = |(suffix, value): &(&str, String)| part(suffix) == value.replace("\r\n", "\n").trim();
    let answer = match shape {
        Shape::Order | Shape::NotHere | Shape::Read => return None,
        Shape::Several => {
            let all: Vec<&str> = posted.iter().filter(|(field, _)| *field == name).map(|(_, v)| v.as_str()).collect();
            let all = all.join(" ");
            return (all != question.value.clone().unwrap_or_default()).then_some(Some(all).filter(|a| !a.is_empty()));
        }
        _ if before.iter().all(same) => return None,
        Shape::Month | Shape::Year => match (part(":y"), part(":m")) {
            ("", "") => String::new(),
            (year, month) => format!("{year:0>4}-{:0>2}-01", if shape == Shape::Year { "01" } else { month }),
        },
        Shape::Place => ["", ":lon", ":alt", ":acc"].map(part).join(" ").trim().replace(',', "."),
        Shape::Places => part("").lines().collect::<Vec<_>>().join(";"),
        Shape::Number => part("").replace(',', ".").replace([' ', '\u{a0}', '\u{202f}'], ""),
        _ => part("").replace("\r\n", "\n"),
    };
    Some(Some(answer).filter(|answer| !answer.is_empty()))
}

/// The order of a rank after a button beside one of its choices.
fn moved(question: &Question, word: &str, rest: &str) -> Option<String> {
    let (path, at) = rest.rsplit_once(':').unwrap_or((rest, "0"));
    let at: usize = at.parse().ok().filter(|_| path == question.path)?;
    let mut order: Vec<&str> = order(question).into_iter().map(|choice| choice.name.as_str()).collect();
    match word {
        "keep" => {}
        "up" if at > 0 && at < order.len() => order.swap(at - 1, at),
        "down" if at + 1 < order.len() => order.swap(at, at + 1),
        _ => return None,
    }
    Some(order.join(" "))
}

#[cfg(test)]
mod tests;
