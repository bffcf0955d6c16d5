//! A focal point moves to a new phone, with the old one in hand: the new one shows a key, the old one gives a file for it.

use super::entry::{Pins, pin_field};
use super::exchange::{download, file, file_form};
use super::here::{Here, Shown};
use crate::local_page::door::HOME;
use axum::Form;
use axum::extract::Multipart;
use axum::response::Response;
use maud::html;
use serde::Deserialize;

pub(super) async fn ask(here: Here) -> Response {
    let content = html! {
        h1 { (here.say("hand-over")) }
        (here.p("hand-over-explain"))
        section {
            h2 { (here.say("hand-over-new")) }
            (here.button("hand-over/key", "second", "hand-over-show-key"))
            (file_form(&here, "hand-over/take", "hand-over-file", "hand-over-take"))
        }
        section {
            h2 { (here.say("hand-over-old")) }
            form method="post" action="hand-over/give" autocomplete="off" {
                div.question {
                    label.label for="key" { (here.say("hand-over-key")) }
                    textarea #key name="key" rows="3" required placeholder="age1…" spellcheck="false" autocomplete="off" {}
                }
                (pin_field(&here, "pin", "pin", false))
                div.steps { button.main { (here.say("hand-over-give")) } }
            }
        }
        (here.link(HOME, "home"))
    };
    here.page(&here.say("hand-over"), content)
}

pub(super) async fn key(here: Here) -> Shown {
    let key = here.core(|core| core.hand_over_key()).await.map_err(|failed| failed.back("hand-over"))?;
    let content = html! {
        h1 { (here.say("hand-over-key")) }
        (here.p("hand-over-key-explain"))
        p.code #hand-over-key { (key) }
        (here.link("hand-over", "hand-over-go-on"))
    };
    Ok(here.page(&here.say("hand-over"), content))
}

#[derive(Deserialize)]
pub(super) struct Give {
    key: String,
    #[serde(flatten)]
    pins: Pins,
}

pub(super) async fn give(here: Here, Form(Give { key, pins }): Form<Give>) -> Shown {
    // a key that was sent by a messenger may come in several lines
    let key: String = key.split_whitespace().collect();
    let cards = here.core(move |core| core.hand_over(&key, &pins.pin)).await;
    Ok(download("tabara-hand-over", cards.map_err(|failed| failed.back("hand-over"))?))
}

pub(super) async fn take(here: Here, form: Multipart) -> Shown {
    let bytes = file(form).await;
    let came = here.core(move |core| core.take_over(&bytes)).await.map_err(|failed| failed.back("hand-over"))?;
    here.notice(here.texts.get("hand-over-taken", &[("n", came.into())]));
    Ok(here.go("records/0"))
}
