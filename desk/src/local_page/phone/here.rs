//! The phone as a request meets it, and how an answer is made.

use super::state::Phone;
use super::story;
use crate::local_page::door::HOME;
pub(super) use crate::local_page::frame::spaced;
use crate::local_page::frame::{self, Frame};
use crate::local_page::trouble::trouble;
use crate::texts::Texts;
use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;
use axum::response::{IntoResponse as _, Redirect, Response};
use maud::{Markup, html};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Instant, SystemTime};
use tabara_core::focal_point::{FocalPoint, State};
use tabara_core::vault::PAGE;
use tabara_core::{Error, Result};

/// The phone as a request meets it, and the language of its page.
#[derive(Clone)]
pub(super) struct Here {
    pub(super) phone: Arc<Phone>,
    pub(super) texts: &'static Texts,
}

impl FromRequestParts<Arc<Phone>> for Here {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, phone: &Arc<Phone>) -> std::result::Result<Self, Infallible> {
        let accepted = parts.headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or("");
        let mut memory = phone.memory();
        let texts = memory.texts.or_else(|| Texts::asked(accepted)).or_else(|| Texts::of("en"));
        memory.used = (Instant::now(), SystemTime::now());
        drop(memory);
        Ok(Self { phone: phone.clone(), texts: texts.expect("English is spoken") })
    }
}

impl Here {
    /// Calls the core on a thread that may wait for the disk and for the stretching of a PIN.
    pub(super) async fn core<T: Send + 'static>(
        &self,
        work: impl FnOnce(&FocalPoint) -> Result<T> + Send + 'static,
    ) -> std::result::Result<T, Failed> {
        let phone = self.phone.clone();
        let done = tokio::task::spawn_blocking(move || work(&*phone.core()?)).await;
        let done = done.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()));
        done.map_err(|error| Failed { here: self.clone(), error, back: HOME.to_owned() })
    }

    pub(super) fn say(&self, id: &str) -> String {
        self.texts.say(id)
    }

    pub(super) fn go(&self, page: &str) -> Response {
        Redirect::to(&format!("{}{page}", self.base())).into_response()
    }

    /// The path that all addresses of this phone begin with.
    pub(super) fn base(&self) -> String {
        self.phone.door.path(self.phone.prefix())
    }

    /// Says something on the next page.
    pub(super) fn notice(&self, text: String) {
        self.phone.memory().notice = Some(text);
    }

    /// A page, with what is to be said on it.
    pub(super) fn page(&self, title: &str, content: Markup) -> Response {
        self.framed(title, html! {}, None, content)
    }

    pub(super) fn framed(&self, title: &str, bar: Markup, then: Option<(u64, &str)>, content: Markup) -> Response {
        let (notice, story) = {
            let mut memory = self.phone.memory();
            (memory.notice.take(), memory.story)
        };
        let open = self.phone.opened().filter(|core| matches!(core.state(), Ok(State::Unlocked)));
        // an idle page leaves the screen when the vault is locked, also without script
        let lock = open.and_then(|core| core.lock_after().ok()).map(|after| (after.as_secs() + 2, HOME));
        let (base, exit) = (self.base(), self.say("quick-exit-long"));
        let bar = html! { (bar) a.exit href="exit" title=(exit) { (self.say("quick-exit")) } };
        let frame = Frame {
            base: &base,
            texts: self.texts,
            title,
            bar,
            then: then.or(lock),
            class: if self.phone.is_practice() { "practice" } else { "" },
        };
        let content = html! {
            @if self.phone.is_practice() { (story::banner(story, self.texts)) }
            @if let Some(notice) = notice { p.notice role="status" { (notice) } }
            (content)
        };
        frame::page(&frame, content)
    }

    /// A paragraph of the texts.
    pub(super) fn p(&self, id: &str) -> Markup {
        html! { p { (self.say(id)) } }
    }

    /// A form with one button.
    pub(super) fn button(&self, action: &str, class: &str, id: &str) -> Markup {
        html! { form method="post" action=(action) { button class=(class) { (self.say(id)) } } }
    }

    pub(super) fn link(&self, page: &str, id: &str) -> Markup {
        html! { a.row href=(page) { (self.say(id)) } }
    }

    /// Links to the pages of a list before and after this one, which has so many rows.
    pub(super) fn turn(&self, list: &str, page: usize, rows: usize) -> Markup {
        html! {
            @if page > 0 { a href={ (list) "/" (page - 1) } { (self.say("newer")) } }
            @if rows == PAGE { a href={ (list) "/" (page + 1) } { (self.say("older")) } }
        }
    }
}

/// A call that failed: the next page says why. A locked vault asks for the PIN.
pub(super) struct Failed {
    pub(super) here: Here,
    pub(super) error: Error,
    pub(super) back: String,
}

impl Failed {
    /// Goes to this page instead of home.
    pub(super) fn back(mut self, page: &str) -> Self {
        page.clone_into(&mut self.back);
        self
    }
}

impl axum::response::IntoResponse for Failed {
    fn into_response(self) -> Response {
        if !matches!(self.error, Error::Locked) {
            self.here.notice(trouble(&self.error, self.here.texts));
            return self.here.go(&self.back);
        }
        self.here.go(HOME)
    }
}

/// What a handler answers.
pub(super) type Shown = std::result::Result<Response, Failed>;

/// A day and a time in Burundi.
pub(super) fn moment(unix: i64) -> String {
    let (day, seconds) = (
        tabara_core::clock::civil_date(unix),
        (unix + tabara_core::clock::BUJUMBURA.as_secs() as i64).rem_euclid(86_400),
    );
    format!("{day} {:02}:{:02}", seconds / 3600, seconds / 60 % 60)
}
