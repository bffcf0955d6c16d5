//! How to read the figures, and who saw what.

use super::page::{PageResult, VisitorRequest};
use super::shared::Pages;
use crate::staff::audit;
use crate::staff::audit_line::Action;
use crate::staff::role::Permission;
use axum::extract::Query;
use axum::http::StatusCode;
use axum::response::Response;
use jiff::Timestamp;
use maud::html;
use serde::Deserialize;
use tabara_protocol::places;

/// Titles and paragraphs of the page that tells how to read the figures.
const HELP: [(&str, &str); 4] = [
    ("help-who-title", "help-who"),
    ("help-rounding-title", "help-rounding"),
    ("help-changes-title", "help-changes"),
    ("help-missing-title", "help-missing"),
];

pub async fn help(here: VisitorRequest) -> Response {
    let content = html! {
        div.narrow {
            h1 { (here.language.say("people-more-help")) }
            @for (title, paragraphs) in HELP {
                h2 { (here.language.say(title)) }
                (here.language.paragraphs(paragraphs))
            }
        }
    };
    here.show(StatusCode::OK, "people-more-help", content)
}

/// A moment in UTC, to the second.
pub(super) fn time(unix: i64) -> String {
    let time = Timestamp::from_second(unix).unwrap_or(Timestamp::UNIX_EPOCH).to_string();
    time.replace('T', " ").trim_end_matches('Z').to_owned()
}

/// The same to the minute.
pub(super) fn minute(unix: i64) -> String {
    time(unix).chars().take(16).collect()
}

/// A text with control signs and signs that change the direction of writing named in place of working: a name can then
/// not show as another one.
pub fn visible(text: &str) -> String {
    let plain = |c: char| {
        let steers = matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
        !c.is_control() && !steers
    };
    text.chars().map(|c| if plain(c) { c.to_string() } else { format!("[U+{:04X}]", u32::from(c)) }).collect()
}

/// Organisation and commune of a phone's card.
pub fn card_in_words(organisation: &str, commune: &str) -> String {
    format!("{}, {}", visible(organisation), places::name(commune).unwrap_or(commune))
}

/// Lines on one page.
const PAGE: usize = 100;

#[derive(Deserialize)]
pub struct AuditQuery {
    before: Option<u64>,
}

pub async fn audit(here: VisitorRequest, Query(query): Query<AuditQuery>) -> PageResult {
    here.must(Permission::Audit)?;
    let before = query.before.unwrap_or(u64::MAX);
    let read =
        move |pages: &Pages, _: &_| Ok((pages.staff().audit(before, PAGE)?, audit::first_broken(pages.staff())?));
    let (lines, broken) = here.work(read).await?;
    // a line of a newer server may tell of what this one does not know
    let what = |word: &str| {
        html! {
            @if Action::ALL.iter().any(|(_, known)| *known == word) { (here.language.say(&format!("audit-action-{word}"))) }
            @else { (word) }
        }
    };
    let content = html! {
        h1 { (here.language.say("audit-title")) }
        p { (here.language.say("audit-lead")) }
        @match broken {
            None => p.message.note { (here.language.say("audit-whole")) },
            Some(line) => p.message.fault { (here.language.say_with("audit-broken", &[("line", line.into())])) },
        }
        div.scroll tabindex="0" role="region" aria-label=(here.language.text("audit-title")) {
            table data-table="audit" {
                thead { tr {
                    th scope="col" { (here.language.say("audit-line")) }
                    th scope="col" { (here.language.say("audit-time")) }
                    th scope="col" { (here.language.say("audit-who")) }
                    th scope="col" { (here.language.say("audit-what")) }
                    th scope="col" { (here.language.say("audit-detail")) }
                } }
                tbody {
                    @for line in &lines {
                        tr data-action=(line.action) {
                            td.number { (line.number) }
                            td.plain { (time(line.time)) }
                            td { bdi { (visible(&line.name)) } }
                            td { (what(&line.action)) }
                            td { bdi { (visible(&line.detail)) } }
                        }
                    }
                }
            }
        }
        p { a href="/audit/audit.csv" download { (here.language.say("audit-download")) } }
        @if let Some(last) = lines.last().filter(|line| line.number > 1) {
            p { a href={ "/audit?before=" (last.number) } { (here.language.say("audit-older")) } }
        }
        @if let (None, Some(line)) = (query.before, lines.first()) {
            p.fine { (here.language.say("audit-last-hash")) ": " code { (line.hash) } }
        }
    };
    Ok(here.show(StatusCode::OK, "audit-title", content))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_turns_the_direction_of_writing_shows_what_it_is() {
        assert_eq!(visible("al\u{202e}eni"), "al[U+202E]eni");
        assert_eq!(visible("a\u{200b}\u{2066}b\n"), "a[U+200B][U+2066]b[U+000A]");
        assert_eq!(visible("Émilie.n-k_2 BI all"), "Émilie.n-k_2 BI all");
    }
}
