//! The list of what waits, her key, the roster, and the notes from one shift to the next.

use super::here::{Here, keep};
use crate::catalog::place as named;
use crate::error::{Result, invalid};
use crate::inbox::{self, InboxRow};
use crate::local_page::door::HOME;
use crate::local_page::frame::spaced;
use crate::local_page::posted::{Posted, field};
use crate::{keys, review};
use axum::Form;
use axum::extract::Query;
use axum::response::Response;
use maud::{Markup, html};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Instant;
use tabara_core::catalog::Uuid;
use tabara_core::clock::civil_date;
use tabara_core::seal;
use zeroize::Zeroizing;

#[derive(Deserialize)]
pub(super) struct Wanted {
    #[serde(default)]
    place: String,
}

pub(super) async fn list(here: Here, Query(Wanted { place }): Query<Wanted>) -> Response {
    let read = here.work(HOME, |here| {
        let desk = &here.office.desk;
        let notes = notes(&desk.folder.join("notes"), here.office.key().as_deref().map(String::as_str))?;
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

/// What one shift tells the next.
#[derive(Serialize, Deserialize)]
struct ShiftNote {
    at: i64,
    /// Whose key file it was.
    by: String,
    text: String,
}

/// How many notes there are, and those that the key opens, the newest first.
fn notes(folder: &Path, key: Option<&str>) -> Result<(usize, Vec<ShiftNote>)> {
    let files: Vec<_> = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|file| file.path()).collect();
    let open = |path: &PathBuf| seal::unseal(&std::fs::read(path).ok()?, key?).ok();
    let mut opened: Vec<ShiftNote> =
        files.iter().filter_map(open).filter_map(|plain| serde_json::from_slice(&plain).ok()).collect();
    opened.sort_by_key(|note| std::cmp::Reverse(note.at));
    Ok((files.len(), opened))
}

fn show_notes(here: &Here, (count, opened): &(usize, Vec<ShiftNote>)) -> Markup {
    let open = here.office.key().is_some();
    let writes = open && here.office.desk.catalog.is_some();
    html! {
        @if writes || *count > 0 {
            section {
                h2 { (here.say("inbox-notes")) }
                @if !open { p { (here.texts.get("inbox-notes-closed", &[("n", (*count).into())])) } }
                @for note in opened {
                    div.case {
                        p.status { (here.texts.get("inbox-note-line", &[("day", civil_date(note.at).to_string().into()), ("by", note.by.as_str().into())])) }
                        p { (note.text) }
                    }
                }
                @if writes {
                    form method="post" action="note" autocomplete="off" {
                        div.question { label.label for="note" { (here.say("inbox-note")) } p.hint { (here.say("inbox-notes-explain")) }
                            textarea #note name="note" maxlength="2000" required {} }
                        div.steps { button.second { (here.say("inbox-seal-note")) } }
                    }
                }
            }
        }
    }
}

pub(super) async fn leave_note(here: Here, Form(posted): Form<Posted>) -> Response {
    let text = field(&posted, "note").unwrap_or_default().trim().to_owned();
    let kept = here.work(HOME, move |here| {
        let desk = &here.office.desk;
        let Some(catalog) = desk.catalog.as_ref().filter(|_| here.office.key().is_some() && !text.is_empty()) else {
            return Ok(());
        };
        let note = ShiftNote { at: desk.clock.unix(), by: keys::owner(&desk.identity), text };
        let plain = Zeroizing::new(serde_json::to_vec(&note).map_err(|e| invalid(e.to_string()))?);
        let sealed = seal::seal(&plain, &review::readers(catalog))?;
        keep(&desk.folder.join("notes").join(format!("{}.age", Uuid::new_v4())), &sealed)?;
        here.notice(here.say("inbox-note-kept"));
        Ok(())
    });
    kept.await.map_or_else(|refused| refused, |()| here.go(HOME))
}
