//! Practice: invented people on a phone of its own, which looks different on every page and reaches nobody. Somebody reads a story
//! and plays the person; the focal point leads the interview; at its end stands what a good one would have noticed.

use super::here::{Here, Shown};
use super::home::language;
use super::state::Phone;
use super::story::{PIN, QUESTIONNAIRE, STORIES};
use axum::extract::Path;
use axum::response::{IntoResponse as _, Redirect, Response};
use maud::{Markup, html};
use std::sync::Arc;
use tabara_core::Error;
use tabara_core::error::NotFoundItem;
use tabara_core::focal_point::{Labels, Noticed};

/// Whom to interview.
pub(super) async fn people(here: Here) -> Response {
    let content = html! {
        h1 { (here.say("practice")) }
        (here.p("practice-explain"))
        @for story in STORIES.iter() {
            form method="post" action={ "practice-begin/" (story.case) } {
                button.row { strong { (story.name) } small { (story.text(here.texts)) } }
            }
        }
        (here.link("home", "home"))
    };
    here.page(&here.say("practice"), content)
}

/// Makes the phone for practice, and begins the interview. The real vault is locked meanwhile: others look on, and the quick exit of
/// a practice knows only its own.
pub(super) async fn begin(here: Here, Path(case): Path<String>) -> Shown {
    let story = STORIES.iter().find(|story| story.case == case);
    let (Some(story), Some(practice)) = (story, here.phone.practice.clone()) else {
        return Ok(here.go("practice-people"));
    };
    if here.phone.memory().sealed.is_some() {
        return Ok(here.go("slip"));
    }
    here.phone.lock();
    put_away(&practice);
    let (phone, tag) = (practice.clone(), here.texts.tag());
    let begun = here.core(move |core| {
        let form = core.questionnaires()?.into_iter().find(|form| form.id == QUESTIONNAIRE);
        let form = form.ok_or(Error::NotFound { what: NotFoundItem::Questionnaire })?;
        let opened = core.practise(&phone.folder, PIN)?;
        let draft = opened.start(QUESTIONNAIRE, language(&form.languages, tag))?.draft();
        phone.hold(Some(Arc::new(opened)));
        Ok(draft)
    });
    let draft = begun.await.map_err(|failed| failed.back("practice-people"))?;
    practice.memory().story = Some(story);
    Ok(here.go(&format!("practice/interview/{draft}")))
}

/// Ends the practice: nothing of it stays.
pub(super) async fn end(here: Here) -> Response {
    put_away(&here.phone);
    let _ = std::fs::remove_dir_all(&here.phone.folder);
    Redirect::to(&here.phone.door.path("practice-people")).into_response()
}

fn put_away(practice: &Phone) {
    practice.lock();
    practice.memory().story = None;
    practice.hold(None);
}

/// What a good interview would have noticed.
pub(super) fn noticed(here: &Here, labels: &Labels, noticed: &Noticed) -> Markup {
    html! {
        section.case {
            h2 { (here.say("practice-noticed")) }
            p { (here.say("practice-outcome")) " " strong { (labels.of("outcome", noticed.outcome.code())) } }
            @for code in &noticed.urgent { p.urgent { (labels.of("urgent", code)) } }
            @if noticed.missed.is_empty() { p { (here.say("practice-all")) } } @else {
                p { (here.say("practice-missed")) }
                dl.facts { @for one in &noticed.missed { dt { (one.question) } dd { (one.answer) } } }
            }
        }
    }
}
