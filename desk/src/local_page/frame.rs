//! The page around its content, and the files that every page loads.

use super::door::HOME;
use crate::texts::Texts;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use maud::{DOCTYPE, Markup, html};

/// What stands around a content.
pub(super) struct Frame<'a> {
    pub base: &'a str,
    pub texts: &'a Texts,
    pub title: &'a str,
    /// Buttons of the bar at the top.
    pub bar: Markup,
    /// Load this page after so many seconds.
    pub then: Option<(u64, &'a str)>,
    /// `wide`: two columns on a wide screen; `practice`: nothing here is real.
    pub class: &'static str,
}

pub(super) fn page(frame: &Frame<'_>, content: Markup) -> Response {
    let markup = html! {
        (DOCTYPE)
        html lang=(frame.texts.tag()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                base href=(frame.base);
                title { (frame.title) " – Tabara" }
                // with script, each save begins the time anew
                @if let Some((seconds, page)) = frame.then {
                    noscript { meta http-equiv="refresh" content={ (seconds) ";url=" (page) }; }
                }
                link rel="icon" href="icon.svg";
                link rel="stylesheet" href="style.css";
                script src="script.js" defer {}
            }
            body class=(frame.class) data-seconds=[frame.then.map(|then| then.0)] data-then=[frame.then.map(|then| then.1)] {
                header.top {
                    a.brand href=(HOME) { "Tabara" }
                    (frame.bar)
                }
                main { (content) }
            }
        }
    };
    markup.into_response()
}

/// The name of a questionnaire's language: `Français` of `Français (fr)`.
pub(super) fn plain_name(language: &str) -> &str {
    language.split_once(" (").map_or(language, |(name, _)| name)
}

/// A code in groups that are read aloud.
pub(super) fn spaced(code: &str) -> String {
    let signs: Vec<char> = code.chars().filter(|c| c.is_alphanumeric()).collect();
    signs.chunks(5).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join(" ")
}

pub(super) async fn style() -> Response {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], include_str!("style.css")).into_response()
}

pub(super) async fn script() -> Response {
    ([(header::CONTENT_TYPE, "text/javascript; charset=utf-8")], include_str!("script.js")).into_response()
}

pub(super) async fn icon() -> Response {
    ([(header::CONTENT_TYPE, "image/svg+xml")], include_str!("icon.svg")).into_response()
}
