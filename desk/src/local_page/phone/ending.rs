//! The end of an interview: all answers once more, what the screening says and advises, sealing, the slip.

use super::here::{Failed, Here, Shown, spaced};
use super::interview::at;
use super::practice;
use super::state::Sealed;
use crate::local_page::door::HOME;
use crate::local_page::fields::{Shape, shape, told};
use crate::local_page::markdown::inline;
use crate::local_page::posted::{Posted, field};
use crate::local_page::trouble::trouble;
use crate::texts::Texts;
use axum::Form;
use axum::extract::Path;
use axum::response::Response;
use maud::{Markup, html};
use tabara_core::Error;
use tabara_core::error::NotFoundItem;
use tabara_core::focal_point::Labels;
use tabara_core::interview::{Page, Question};
use tabara_core::record::Uuid;
use tabara_core::screening::{Advice, Assessment, Outcome};
use tabara_core::services::{LineKind, known_lines};

/// What is missing, and what was answered; each leads back to its question.
pub(super) async fn review(mut here: Here, Path(draft): Path<Uuid>) -> Shown {
    let read = move |core: &tabara_core::focal_point::FocalPoint| {
        let session = core.resume(draft)?;
        Ok((session.page()?.language, session.missing()?, session.pages()?))
    };
    let (language, missing, pages) = here.core(read).await?;
    here.texts = Texts::of(&language).unwrap_or(here.texts);
    let jump = |path: &str, label: &str, answer: &str| {
        html! {
            button.answer name="go" value={ "jump:" (path) } { span { (inline(label)) } strong { (answer) } }
        }
    };
    let content = html! {
        h1 { (here.say("review")) }
        form method="post" action=(at(draft)) {
            @if !missing.is_empty() {
                p.wrong { (here.texts.get("missing", &[("n", missing.len().into())])) }
                @for one in &missing { (jump(&one.path, &one.label, &one.message.text)) }
            } @else {
                p.hint { (here.say("review-explain")) }
                @for (title, answered) in answered(&pages) {
                    @if let Some(title) = title { h2 { (title) } }
                    @for question in answered { (jump(&question.path, &question.label, &told(question))) }
                }
            }
        }
        div.steps {
            a.second href=(at(draft)) { (here.say("back")) }
            @if missing.is_empty() { a.main href={ "result/" (draft) } { (here.say("to-result")) } }
        }
    };
    Ok(here.page(&here.say("review"), content))
}

/// The answered questions under the titles of their pages; equal titles one after the other are one.
fn answered(pages: &[Page]) -> Vec<(Option<&str>, Vec<&Question>)> {
    let mut found: Vec<(Option<&str>, Vec<&Question>)> = Vec::new();
    for page in pages {
        let mut answered: Vec<&Question> =
            page.questions.iter().filter(|q| q.value.is_some() && shape(q) != Shape::Read).collect();
        match found.last_mut().filter(|(title, _)| *title == page.title.as_deref()) {
            Some((_, all)) => all.append(&mut answered),
            None if !answered.is_empty() => found.push((page.title.as_deref(), answered)),
            None => {}
        }
    }
    found
}

/// The outcome with what is urgent, what to do, and why.
pub(super) async fn result(mut here: Here, Path(draft): Path<Uuid>) -> Shown {
    let story = here.phone.memory().story;
    let read = move |core: &tabara_core::focal_point::FocalPoint| {
        let session = core.resume(draft)?;
        let noticed = story.map(|story| session.noticed(&story.answers())).transpose()?;
        Ok((session.page()?.language, session.assessment()?, session.labels()?, noticed))
    };
    let (language, assessment, labels, noticed) = here.core(read).await?;
    here.texts = Texts::of(&language).unwrap_or(here.texts);
    let recordable = assessment.consent.record;
    let raise = if assessment.is_raisable() { labels.list("raise_reason") } else { vec![] };
    let urgent: Vec<String> = assessment.urgent.iter().cloned().collect();
    let content = html! {
        h1 { (here.say("result")) }
        (said(&here, &labels, assessment.outcome, &assessment.advice(), &urgent))
        (reasons(&here, &labels, &assessment))
        @if let Some(noticed) = &noticed { (practice::noticed(&here, &labels, noticed)) }
        form method="post" action={ "result/" (draft) } {
            @if recordable { p.hint { (here.say("seal-explain")) } }
            @if !raise.is_empty() {
                details {
                    summary { (here.say("raise")) }
                    fieldset {
                        legend { (here.say("raise-why")) }
                        @for (code, label) in &raise {
                            label.choice { input type="radio" name="raise" value=(code); span { (label) } }
                        }
                    }
                }
            }
            @if recordable {
                details {
                    summary { (here.say("correct")) }
                    (here.p("correct-explain"))
                    (slip_fields(&here, false))
                }
            }
            div.steps {
                a.second href={ "review/" (draft) } { (here.say("return-to-answers")) }
                button.main { (here.say(if recordable { "seal" } else { "erase" })) }
            }
        }
    };
    Ok(here.page(&here.say("result"), content))
}

fn said(here: &Here, labels: &Labels, outcome: Outcome, advice: &[Advice], urgent: &[String]) -> Markup {
    // a form without screening has no words for an outcome, and nothing to advise
    let screens = !labels.list("outcome").is_empty();
    html! {
        @for code in urgent { p.urgent { (labels.of("urgent", code)) } }
        @if screens {
            p { (here.say("outcome")) }
            p.outcome { (labels.of("outcome", outcome.code())) }
            @for advice in advice { p.advice { (labels.of("advice", advice.code())) } }
        }
    }
}

/// Flags, why a reviewer will look, and what is still unknown. What counted for what is for the reviewer.
fn reasons(here: &Here, labels: &Labels, assessment: &Assessment) -> Markup {
    let flags = assessment.flags.iter().map(|code| labels.of("flag", code));
    let review = assessment.review.iter().map(|code| labels.of("review_reason", code));
    let reasons: Vec<&str> = flags.chain(review).collect();
    html! {
        @if !reasons.is_empty() {
            h2 { (here.say("reasons")) }
            ul { @for reason in reasons { li { (reason) } } }
        }
    }
}

pub(super) async fn finish(here: Here, Path(draft): Path<Uuid>, Form(posted): Form<Posted>) -> Shown {
    let said = |name: &str| field(&posted, name).filter(|said| !said.trim().is_empty()).map(str::to_owned);
    let corrects =
        said("code").or(said("second")).map(|_| [said("code"), said("second")].map(Option::unwrap_or_default));
    seal(here, draft, said("raise"), corrects, false).await
}

/// The fields for the two codes of a slip, in a form where they are needed or not.
pub(super) fn slip_fields(here: &Here, needed: bool) -> Markup {
    let input = |name: &str, label: &str, required: bool| {
        html! {
            div.question { label.label for=(name) { (here.say(label)) } input id=(name) name=(name) required[required] autocomplete="off" spellcheck="false"; }
        }
    };
    html! { (input("code", "take-back-code", needed)) (input("second", "take-back-second", false)) }
}

/// `corrects`: the two codes of the slip whose record it corrects.
async fn seal(here: Here, draft: Uuid, raise: Option<String>, corrects: Option<[String; 2]>, hushed: bool) -> Shown {
    let work = move |core: &tabara_core::focal_point::FocalPoint| {
        let session = core.resume(draft)?;
        if hushed {
            session.stop()?;
        }
        let labels = session.labels()?;
        let finished = match &corrects {
            Some([code, second]) => session.correct(raise.as_deref(), code, second)?,
            None => session.finish(raise.as_deref())?,
        };
        Ok(Sealed { finished, labels, hushed })
    };
    match here.core(work).await {
        Ok(sealed) => {
            here.phone.memory().sealed = Some(sealed);
            Ok(here.go("slip"))
        }
        // without consent finishing erases the answers: that is the end, not a failure
        Err(Failed { error: error @ Error::NoConsent, .. }) => {
            here.notice(if hushed { here.say("stopped-words") } else { trouble(&error, here.texts) });
            Ok(here.go(HOME))
        }
        Err(Failed { error: error @ Error::Incomplete, .. }) => {
            here.notice(trouble(&error, here.texts));
            Ok(here.go(&format!("review/{draft}")))
        }
        Err(failed @ Failed { error: Error::NotFound { what: NotFoundItem::Code | NotFoundItem::SecondCode }, .. }) => {
            Err(failed.back(&format!("result/{draft}")))
        }
        // sealed just before the program was ended: the code is in the list of records
        Err(Failed { error: Error::NotFound { .. }, .. }) => Ok(here.go("records/0")),
        Err(failed) => Err(failed.back(&format!("result/{draft}"))),
    }
}

/// The safe page after *stop*: nothing of the interview is in sight. What is urgent lies folded under a word that stands there
/// whether anything is urgent or not. A slip of the finger can be taken back.
pub(super) async fn stopped(here: Here, Path(draft): Path<Uuid>) -> Shown {
    let read = move |core: &tabara_core::focal_point::FocalPoint| {
        let session = core.resume(draft)?;
        Ok((session.assessment()?.urgent, session.labels()?))
    };
    let (urgent, labels) = here.core(read).await?;
    let content = html! {
        h1 { (here.say("stopped-title")) }
        (here.p("stopped-words"))
        (here.button(&format!("stopped/{draft}"), "main", "stopped-finish"))
        p { a.second href=(at(draft)) { (here.say("stopped-return")) } }
        details {
            summary { (here.say("more")) }
            @for code in &urgent { p.urgent { (labels.of("urgent", code)) } }
            @if urgent.is_empty() { (here.p("stopped-no-urgent")) }
        }
    };
    Ok(here.page(&here.say("stopped-title"), content))
}

/// What was agreed to is kept and judged as far as it goes; without consent nothing is.
pub(super) async fn finish_stopped(here: Here, Path(draft): Path<Uuid>) -> Shown {
    seal(here, draft, None, None, true).await
}

/// What sealing gave. After a stop, outcome and advice stay hidden.
pub(super) async fn slip(here: Here) -> Response {
    let memory = here.phone.memory();
    let Some(sealed) = &memory.sealed else {
        drop(memory);
        return here.go(HOME);
    };
    let Sealed { finished, labels, hushed } = sealed;
    let content = html! {
        h1 { (here.say("sealed-title")) }
        (here.p("sealed"))
        @if !hushed { div.unprinted { (said(&here, labels, finished.outcome, &finished.advice, &finished.urgent)) } }
        @if let (Some(code), Some(undo)) = (&finished.code, &finished.undo) { (codes(&here, &code.to_string(), &undo.to_string(), &[])) (print(&here)) }
        @if !hushed && finished.code.is_some() { (here.link(&format!("refer/{}", finished.record), "refer")) }
        (here.button("slip", "main", "written-down"))
    };
    drop(memory);
    here.page(&here.say("sealed-title"), content)
}

/// The part of a slip that the person keeps: both codes, whom to call about misuse, and where she is expected, if the paper
/// may be found.
pub(super) fn codes(here: &Here, code: &str, undo: &str, providers: &[String]) -> Markup {
    html! {
        section.slip {
            p { (here.say("slip-explain")) }
            p.code #code { (spaced(code)) }
            p { (here.say("undo-explain")) }
            p.code #undo { (spaced(undo)) }
            p { (here.say("slip-withdraw")) }
            p { (here.say("slip-complaint")) " " strong { (hotlines(here)) } }
            @for provider in providers { p { (here.say("slip-where")) " " strong { (provider) } } }
        }
    }
}

/// Whom to call about those who ask or help: never the person who does the interview. Numbers alone: the name of a line would
/// tell a finder what the paper is about.
fn hotlines(here: &Here) -> String {
    let lines = here.phone.opened().map_or_else(known_lines, |core| core.help_lines());
    let hotlines = lines.into_iter().filter(|line| line.kind == LineKind::Hotline).take(2);
    hotlines.map(|line| line.number).collect::<Vec<_>>().join(", ")
}

/// The part that a provider keeps: the code alone, with which nobody withdraws. It names no other provider.
pub(super) fn provider_part(here: &Here, code: &str) -> Markup {
    html! { section.slip { p { (here.say("slip-provider")) } p.code { (spaced(code)) } } }
}

pub(super) fn print(here: &Here) -> Markup {
    html! { p { button.second.script data-print="1" type="button" { (here.say("print")) } } }
}

pub(super) async fn written_down(here: Here) -> Response {
    here.phone.memory().sealed = None;
    here.go(HOME)
}
