//! The list of what waits, her key, and the roster.

use super::here::Here;
use super::notes::{notes, show_notes};
use crate::catalog::place as named;
use crate::inbox::{self, InboxRow};
use crate::keys;
use crate::local_page::door::HOME;
use crate::local_page::frame::spaced;
use crate::local_page::posted::{Posted, field};
use axum::Form;
use axum::extract::Query;
use axum::response::Response;
use maud::{Markup, html};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::time::Instant;
use tabara_core::clock::civil_date;
use zeroize::Zeroizing;

#[derive(Deserialize)]
pub(super) struct Wanted {
    #[serde(default)]
    place: String,
}

pub(super) async fn list(here: Here, Query(Wanted { place }): Query<Wanted>) -> Response {
    let read = here.work(HOME, |here| {
        let desk = &here.office.desk;
        let notes = notes(here);
        Ok((inbox::rows(&desk.folder, crate::case::Proof::From(desk.authority))?, notes))
    });
    let ((rows, refused), notes) = match read.await {
        Ok(read) => read,
        Err(_) => return here.page(html! { h1 { (here.say("inbox")) } }),
    };
    let now = here.office.desk.clock.unix();
    // by person, in the order of what presses most
    let mut people: Vec<(&str, Vec<&InboxRow>)> = Vec::new();
    for row in rows.iter().filter(|row| place.is_empty() || row.place == place) {
        match people.iter_mut().find(|(file, _)| *file == row.file) {
            Some((_, all)) => all.push(row),
            None => people.push((&row.file, vec![row])),
        }
    }
    let at: BTreeMap<String, &str> = rows.iter().map(|row| (named(&row.place), row.place.as_str())).collect();
    let content = html! {
        h1 { (here.say("inbox")) }
        p { strong { (inbox::sum(&rows, now, here.texts)) } }
        (duty(&here, now))
        p.hint { (here.say("inbox-read")) }
        @if at.len() > 1 {
            form method="get" action=(HOME) {
                div.question { label.label for="place" { (here.say("inbox-place")) }
                    select #place name="place" {
                        option value="" { (here.say("services-any")) }
                        @for (name, code) in &at { option value=(code) selected[**code == *place] { (name) } }
                    }
                }
                div.steps { button.second { (here.say("inbox-show")) } }
            }
        }
        section {
            @if people.is_empty() { p { (here.say("inbox-none")) } }
            @for (file, tasks) in &people {
                a.row href={ "case/" (file.trim_end_matches(".json")) } {
                    strong { (spaced(&tasks[0].code)) } " · " (named(&tasks[0].place))
                    @for row in tasks { (here.task(row, now)) }
                }
            }
            @for one in &refused { p.wrong { (one.text(here.texts)) } }
        }
        (show_notes(&here, &notes))
        @if here.office.key().is_none() { (here.ask_key(HOME)) }
    };
    here.page(content)
}

/// Takes her key. `next`: where she wanted to go.
pub(super) async fn unlock(here: Here, Form(posted): Form<Posted>) -> Response {
    let next =
        field(&posted, "next").filter(|next| next.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_/".contains(&b)));
    let next = next.unwrap_or(HOME).to_owned();
    let secret = Zeroizing::new(field(&posted, "passphrase").unwrap_or_default().to_owned());
    let read = here.work(&next, move |here| keys::identity(&here.office.desk.identity, &secret));
    match read.await {
        Ok(key) => {
            here.office.memory().key = Some((key, Instant::now()));
            here.go(&next)
        }
        Err(refused) => refused,
    }
}

pub(super) async fn lock(here: Here) -> Response {
    here.office.memory().key = None;
    here.go(HOME)
}

/// Who is on duty by the roster, if there is one.
fn duty(here: &Here, now: i64) -> Markup {
    #[derive(Deserialize)]
    struct Turn {
        from: String,
        until: String,
        name: String,
        telephone: String,
    }
    let Ok(file) = std::fs::read(here.office.desk.folder.join("duty.csv")) else { return html! {} };
    let turns: std::result::Result<Vec<Turn>, _> = csv::Reader::from_reader(&*file).deserialize().collect();
    let today = civil_date(now).to_string();
    let on = |turns: Vec<Turn>| {
        let on = turns.into_iter().filter(|turn| turn.from <= today && today <= turn.until);
        on.map(|turn| format!("{}, {}", turn.name, turn.telephone)).collect::<Vec<_>>().join("; ")
    };
    let said = match turns.map(on) {
        Err(why) => here.with("inbox-roster-bad", "why", &why.to_string()),
        Ok(on) if on.is_empty() => here.say("inbox-nobody-on-duty"),
        Ok(on) => here.with("inbox-on-duty", "who", &on),
    };
    html! { p { (said) } }
}
