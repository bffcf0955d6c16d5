//! A case worker's inbox in the browser of her own machine: what waits, with no name and no answer; with her key a case opened,
//! a decision signed, and a note to the next shift. The key is in memory until she locks, or is away for ten minutes.
//!
//! It reads one folder, which `tabara-server inbox` wrote, and writes into two below it: `decisions`, bundles for the server;
//! `notes`, sealed. `duty.csv` in it is the roster: from, until, name, telephone.

mod opened;

use super::door::{Door, HOME};
use super::frame::{self, Frame, icon, script, spaced, style};
use super::posted::{Posted, field};
use crate::error::{Result, at, invalid};
use crate::inbox::{self, InboxRow};
use crate::texts::Texts;
use crate::{keys, review};
use axum::extract::{FromRequestParts, Query};
use axum::http::header;
use axum::http::request::Parts;
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::{get, post};
use axum::{Form, Router};
use maud::{Markup, html};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tabara_core::catalog::{Catalog, Uuid};
use tabara_core::clock::{Clock, civil_date};
use tabara_core::envelope::PublicKey;
use tabara_core::{places, seal};
use zeroize::Zeroizing;

/// So long after she last did something, her key is forgotten.
const AWAY: Duration = Duration::from_secs(600);

/// Whose inbox it is, and where things lie.
pub struct InboxDesk {
    pub folder: PathBuf,
    pub authority: PublicKey,
    /// The case worker's key file.
    pub identity: PathBuf,
    /// The catalog's parts, for the words of questions.
    pub parts: Option<PathBuf>,
    /// The catalog in force: whom notes and reasons are sealed to, and the server's intake key.
    pub catalog: Option<Catalog>,
    /// The reviewer's key file.
    pub reviewer: Option<PathBuf>,
    pub clock: Arc<dyn Clock>,
}

struct Office {
    door: Arc<Door>,
    desk: InboxDesk,
    memory: Mutex<Memory>,
}

#[derive(Default)]
struct Memory {
    key: Option<(Zeroizing<String>, Instant)>,
    notice: Option<String>,
}

impl Office {
    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Her key, while it is here. Each use begins the time anew.
    fn key(&self) -> Option<Zeroizing<String>> {
        let mut memory = self.memory();
        memory.key.take_if(|(_, used)| used.elapsed() > AWAY);
        memory.key.as_mut().map(|(key, used)| {
            *used = Instant::now();
            key.clone()
        })
    }

    fn decision_file(&self, record: Uuid) -> PathBuf {
        self.desk.folder.join("decisions").join(format!("{record}.bundle"))
    }
}

pub(super) fn router(door: Arc<Door>, desk: InboxDesk) -> Router {
    let office = Office { door, desk, memory: Mutex::default() };
    Router::new()
        .route("/home", get(list))
        .route("/unlock", post(unlock))
        .route("/lock", post(lock))
        .route("/note", post(leave_note))
        .route("/case/{file}", get(opened::show).post(opened::decide))
        .route("/style.css", get(style))
        .route("/script.js", get(script))
        .route("/icon.svg", get(icon))
        .with_state(Arc::new(office))
}

/// The inbox as a request meets it, and the language of its page.
#[derive(Clone)]
struct Here {
    office: Arc<Office>,
    texts: &'static Texts,
}

impl FromRequestParts<Arc<Office>> for Here {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, office: &Arc<Office>) -> std::result::Result<Self, Infallible> {
        let accepted = parts.headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or("");
        let texts = accepted.split([',', ';']).find_map(|tag| Texts::of(tag.trim())).or_else(|| Texts::of("en"));
        Ok(Self { office: office.clone(), texts: texts.expect("English is spoken") })
    }
}

impl Here {
    fn say(&self, id: &str) -> String {
        self.texts.say(id)
    }

    fn with(&self, id: &str, name: &'static str, value: &str) -> String {
        self.texts.get(id, &[(name, value.into())])
    }

    fn go(&self, page: &str) -> Response {
        Redirect::to(&self.office.door.path(page)).into_response()
    }

    fn notice(&self, text: String) {
        self.office.memory().notice = Some(text);
    }

    /// Does what may wait for the disk or for the stretching of a passphrase; a fault is said on the next page.
    async fn work<T: Send + 'static>(
        &self,
        back: &str,
        work: impl FnOnce(&Self) -> Result<T> + Send + 'static,
    ) -> std::result::Result<T, Response> {
        let here = self.clone();
        let done = tokio::task::spawn_blocking(move || work(&here)).await;
        done.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic())).map_err(|fault| {
            self.notice(self.texts.fault(&fault));
            self.go(back)
        })
    }

    fn page(&self, content: Markup) -> Response {
        let (open, notice) = (self.office.key().is_some(), self.office.memory().notice.take());
        let bar = html! { @if open { form method="post" action="lock" { button { (self.say("lock")) } } } };
        // an opened case leaves the screen when the key does
        let then = open.then_some((AWAY.as_secs() + 2, HOME));
        let (base, title) = (self.office.door.base(), self.say("inbox"));
        let frame = Frame { base: &base, texts: self.texts, title: &title, bar, then, wide: false };
        let content = html! {
            @if let Some(notice) = notice { p.notice role="status" { (notice) } }
            (content)
        };
        frame::page(&frame, content)
    }

    /// Asks for the passphrase of her key; then goes to `next`.
    fn ask_key(&self, next: &str) -> Markup {
        let file = keys::owner(&self.office.desk.identity);
        html! {
            section {
                h2 { (self.say("inbox-key")) }
                p.hint { (self.say("inbox-key-explain")) }
                form method="post" action="unlock" autocomplete="off" {
                    input type="hidden" name="next" value=(next);
                    (passphrase(&self.with("inbox-passphrase", "file", &file)))
                    div.steps { button.main { (self.say("inbox-open")) } }
                }
            }
        }
    }

    /// A line of what is to be done.
    fn task(&self, row: &InboxRow, now: i64) -> Markup {
        html! {
            small {
                @if row.is_overdue(now) { strong.wrong { (self.say("inbox-overdue")) " " } }
                (inbox::task(&row.task, self.texts))
                @if let Some(due) = row.due { " – " (self.with("inbox-due", "day", &civil_date(due).to_string())) }
                @if self.office.decision_file(row.record).exists() { " – " (self.with("inbox-signed-here", "file", &format!("decisions/{}.bundle", row.record))) }
            }
        }
    }
}

/// A field for a passphrase. It is not required: a key file may have none.
fn passphrase(label: &str) -> Markup {
    html! {
        div.question { label.label for="passphrase" { (label) } input #passphrase name="passphrase" type="password" autocomplete="off"; }
    }
}

#[derive(Deserialize)]
struct Wanted {
    #[serde(default)]
    place: String,
}

async fn list(here: Here, Query(Wanted { place }): Query<Wanted>) -> Response {
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
    let named = |code: &str| places::name(code).unwrap_or(code).to_owned();
    let at: BTreeMap<String, &str> = rows.iter().map(|row| (named(&row.place), row.place.as_str())).collect();
    let (waiting, overdue) =
        (rows.iter().filter(|row| row.due.is_some()).count(), rows.iter().filter(|row| row.is_overdue(now)).count());
    let content = html! {
        h1 { (here.say("inbox")) }
        p { strong { (here.texts.get("inbox-sum", &[("n", waiting.into()), ("overdue", overdue.into())])) } }
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
            @for one in &refused { p.wrong { (here.texts.get("inbox-refused", &[("file", one.file.as_str().into()), ("why", one.why.as_str().into())])) } }
        }
        (show_notes(&here, &notes))
        @if here.office.key().is_none() { (here.ask_key(HOME)) }
    };
    here.page(content)
}

/// Takes her key. `next`: where she wanted to go.
async fn unlock(here: Here, Form(posted): Form<Posted>) -> Response {
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

async fn lock(here: Here) -> Response {
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

async fn leave_note(here: Here, Form(posted): Form<Posted>) -> Response {
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

/// A new file in a folder that may not be there yet.
fn keep(file: &Path, bytes: &[u8]) -> Result<()> {
    let folder = file.parent().unwrap_or(Path::new(""));
    std::fs::create_dir_all(folder).map_err(|e| at(folder, e))?;
    crate::files::write_private(file, bytes)
}
