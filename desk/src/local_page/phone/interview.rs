//! The interview, page by page, in the language of the interview.

use super::here::{Failed, Here, Shown};
use crate::local_page::answers::step as take_step;
use crate::local_page::door::HOME;
use crate::local_page::drawing;
use crate::local_page::fields::Drawn;
use crate::local_page::posted::Posted;
use crate::texts::Texts;
use axum::Form;
use axum::extract::Path;
use maud::html;
use tabara_core::Error;
use tabara_core::record::Uuid;

pub(super) async fn page(mut here: Here, Path(draft): Path<Uuid>) -> Shown {
    let read = move |core: &tabara_core::focal_point::FocalPoint| {
        let session = core.resume(draft)?;
        Ok((session.page()?, session.labels()?))
    };
    let (page, labels) = here.core(read).await?;
    // how far the words of this language are: the form says it
    let tag = page.language.rsplit_once('(').map_or("", |(_, tag)| tag.trim_end_matches(')')).to_owned();
    let mark = labels.list("translation").into_iter().find(|(code, _)| *code == tag).map(|(_, words)| words);
    here.texts = Texts::of(&page.language).unwrap_or(here.texts);
    // they stay until the next step: a page that script asked for meanwhile must not take them
    let refused = here.phone.memory().refused.clone();
    let drawn = Drawn { texts: here.texts, media: false, refused: &refused };
    let bar = html! {
        (drawing::languages(&page, here.texts))
        @if page.stoppable { button.stop form="page" name="go" value="stop" { (here.say("stop")) } }
    };
    let content = html! {
        (drawing::form(&page, &format!("interview/{draft}"), "to-review", &drawn))
        @if let Some(mark) = mark { p.hint { small { (mark) } } }
    };
    Ok(here.framed(&here.say("interview"), bar, None, content))
}

pub(super) async fn step(here: Here, Path(draft): Path<Uuid>, Form(posted): Form<Posted>) -> Shown {
    let stop = posted.iter().any(|(name, value)| name == "go" && value == "stop");
    let stepped = match here.core(move |core| take_step(&mut core.resume(draft)?, &posted)).await {
        Ok(stepped) => stepped,
        // a row or a page that is gone: the page is drawn anew
        Err(Failed { error: Error::Answer { .. } | Error::NotFound { .. }, .. }) if !stop => {
            return Ok(here.go(&at(draft)));
        }
        Err(failed) => return Err(failed.back(HOME)),
    };
    here.phone.memory().refused = stepped.refused;
    Ok(match (stop, stepped.at_end) {
        (true, _) => here.go(&format!("stopped/{draft}")),
        (_, true) => here.go(&format!("review/{draft}")),
        _ => here.go(&drawing::looking_at(&at(draft), stepped.look_at.as_deref())),
    })
}

/// The address of an interview.
pub(super) fn at(draft: Uuid) -> String {
    format!("interview/{draft}")
}
