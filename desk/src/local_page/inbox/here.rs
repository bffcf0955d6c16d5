//! The inbox as a request meets it: where things lie, her key while it is here, and how a page is made.

use crate::error::{Result, at};
use crate::inbox::{self, InboxRow};
use crate::keys;
use crate::local_page::door::{Door, HOME};
use crate::local_page::frame::{self, Frame};
use crate::texts::Texts;
use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;
use axum::response::{IntoResponse as _, Redirect, Response};
use maud::{Markup, html};
use std::convert::Infallible;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tabara_core::catalog::{Catalog, Uuid};
use tabara_core::clock::{Clock, civil_date};
use tabara_core::envelope::PublicKey;
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

pub(super) struct Office {
    pub(super) door: Arc<Door>,
    pub(super) desk: InboxDesk,
    memory: Mutex<Memory>,
}

#[derive(Default)]
pub(super) struct Memory {
    pub(super) key: Option<(Zeroizing<String>, Instant)>,
    notice: Option<String>,
}

impl Office {
    pub(super) fn new(door: Arc<Door>, desk: InboxDesk) -> Self {
        Self { door, desk, memory: Mutex::default() }
    }

    pub(super) fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Her key, while it is here. Each use begins the time anew.
    pub(super) fn key(&self) -> Option<Zeroizing<String>> {
        let mut memory = self.memory();
        memory.key.take_if(|(_, used)| used.elapsed() > AWAY);
        memory.key.as_mut().map(|(key, used)| {
            *used = Instant::now();
            key.clone()
        })
    }

    pub(super) fn decision_file(&self, record: Uuid) -> PathBuf {
        self.desk.folder.join("decisions").join(format!("{record}.bundle"))
    }
}

/// The inbox as a request meets it, and the language of its page.
#[derive(Clone)]
pub(super) struct Here {
    pub(super) office: Arc<Office>,
    pub(super) texts: &'static Texts,
}

impl FromRequestParts<Arc<Office>> for Here {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, office: &Arc<Office>) -> std::result::Result<Self, Infallible> {
        let accepted = parts.headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or("");
        let texts = Texts::asked(accepted).or_else(|| Texts::of("en"));
        Ok(Self { office: office.clone(), texts: texts.expect("English is spoken") })
    }
}

impl Here {
    pub(super) fn say(&self, id: &str) -> String {
        self.texts.say(id)
    }

    pub(super) fn with(&self, id: &str, name: &'static str, value: &str) -> String {
        self.texts.get(id, &[(name, value.into())])
    }

    pub(super) fn go(&self, page: &str) -> Response {
        Redirect::to(&self.office.door.path(page)).into_response()
    }

    pub(super) fn notice(&self, text: String) {
        self.office.memory().notice = Some(text);
    }

    /// Does what may wait for the disk or for the stretching of a passphrase; a fault is said on the next page.
    pub(super) async fn work<T: Send + 'static>(
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

    pub(super) fn page(&self, content: Markup) -> Response {
        let (open, notice) = (self.office.key().is_some(), self.office.memory().notice.take());
        let bar = html! { @if open { form method="post" action="lock" { button { (self.say("lock")) } } } };
        // an opened case leaves the screen when the key does
        let then = open.then_some((AWAY.as_secs() + 2, HOME));
        let (base, title) = (self.office.door.base(), self.say("inbox"));
        let frame = Frame { base: &base, texts: self.texts, title: &title, bar, then, class: "" };
        let content = html! {
            @if let Some(notice) = notice { p.notice role="status" { (notice) } }
            (content)
        };
        frame::page(&frame, content)
    }

    /// Asks for the passphrase of her key; then goes to `next`.
    pub(super) fn ask_key(&self, next: &str) -> Markup {
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
    pub(super) fn task(&self, row: &InboxRow, now: i64) -> Markup {
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
pub(super) fn passphrase(label: &str) -> Markup {
    html! {
        div.question { label.label for="passphrase" { (label) } input #passphrase name="passphrase" type="password" autocomplete="off"; }
    }
}

/// A new file in a folder that may not be there yet.
pub(super) fn keep(file: &Path, bytes: &[u8]) -> Result<()> {
    let folder = file.parent().unwrap_or(Path::new(""));
    std::fs::create_dir_all(folder).map_err(|e| at(folder, e))?;
    crate::files::write_private(file, bytes)
}
