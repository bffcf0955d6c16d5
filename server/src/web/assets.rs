//! Files that every page loads.

use axum::http::header;
use axum::response::{IntoResponse, Response};
use tabara_protocol::envelope::sha256;

const STYLE: &str = include_str!("style.css");

/// A part of the hash of the style sheet, for its address.
pub(super) fn style_name() -> String {
    sha256(STYLE.as_bytes()).to_string().chars().take(12).collect()
}

pub(super) async fn style() -> Response {
    kept("text/css; charset=utf-8", STYLE)
}

pub(super) async fn icon() -> Response {
    kept("image/svg+xml", include_str!("icon.svg"))
}

/// A file that browsers may keep: the style sheet changes its address with its content.
fn kept(kind: &'static str, content: &'static str) -> Response {
    let headers = [(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "public, max-age=31536000, immutable")];
    (headers, content).into_response()
}
