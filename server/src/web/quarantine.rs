//! What waits in quarantine, decided with open eyes: time, place, why, whose phone, whether it was finished before the phone was
//! lost, and what accepting and rejecting do. Each decision is an entry of the log, and a line of the audit log.

use super::about::card_in_words;
use super::page::{PageResult, VisitorRequest};
use super::shared::now;
use super::texts::Language;
use crate::intake;
use crate::intake::waiting::{WaitingEntry, waiting};
use crate::staff::audit_line::Action;
use crate::staff::role::Permission;
use crate::store::entry::EntryKind;
use axum::extract::{Form, Query};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect};
use maud::{Markup, html};
use serde::Deserialize;
use tabara_protocol::clock::civil_date;
use tabara_protocol::record::Uuid;

/// Entries on one page: the oldest.
const PAGE: usize = 100;

#[derive(Deserialize)]
pub struct QuarantineQuery {
    done: Option<String>,
}

pub async fn page(here: VisitorRequest, Query(query): Query<QuarantineQuery>) -> PageResult {
    here.must(Permission::Quarantine)?;
    let (waits, all) = here.work(|pages, _| Ok(waiting(&pages.server.store, PAGE)?)).await?;
    let done = match query.done.as_deref() {
        Some("accepted") => Some("quarantine-accepted"),
        Some("rejected") => Some("quarantine-rejected"),
        Some("gone") => Some("quarantine-gone"),
        _ => None,
    };
    let content = html! {
        h1 { (here.language.say("quarantine-title")) }
        p.lead { (here.language.say("quarantine-lead")) }
        @if let Some(done) = done { p.message.note role="status" { (here.language.say(done)) } }
        @if all.is_empty() { p { (here.language.say("quarantine-none")) } } @else {
            p { (here.language.say("quarantine-accepting")) }
            p { (here.language.say("quarantine-rejecting")) }
            p { (here.language.say_with("quarantine-waiting", &[("count", waits.into())])) }
        }
        @for waits in &all { (entry(here.language, waits, &here.visitor.ticket.form_token())) }
    };
    Ok(here.show(StatusCode::OK, "quarantine-title", content))
}

fn entry(language: Language, waits: &WaitingEntry, token: &str) -> Markup {
    let kind = match waits.entry.kind {
        EntryKind::Chain => "quarantine-chain",
        EntryKind::Withdrawal => "quarantine-withdrawal",
        EntryKind::Review => "quarantine-review",
        _ => "quarantine-record",
    };
    let finished = |revoked: i64| {
        let key = if waits.is_before(revoked) { "quarantine-before-loss" } else { "quarantine-after-loss" };
        language.text_with(key, &[("day", civil_date(revoked).to_string().into())])
    };
    let whose = waits.owner.as_ref().map(|(organisation, commune)| card_in_words(organisation, commune));
    let why = language.say(&format!("quarantine-reason-{}", waits.entry.reason.word()));
    let row = |key: &str, value: &str| html! { tr { th scope="row" { (language.say(key)) } td { bdi { (value) } } } };
    let id = |id: Option<Uuid>| id.map_or("–".to_owned(), |id| id.to_string());
    html! {
        section.entry data-entry=(waits.entry.position) {
            h2 { (language.say(kind)) " · " bdi { (whose.unwrap_or_default()) } }
            p { strong { (why) } }
            table {
                tbody {
                    (row("quarantine-received", &civil_date(waits.entry.received).to_string()))
                    (row("quarantine-month", waits.month.as_deref().unwrap_or("–")))
                    @if let Some(revoked) = waits.revoked { (row("quarantine-loss", &finished(revoked))) }
                    (row("quarantine-device", &id(waits.entry.device)))
                    (row("quarantine-id", &id(waits.entry.record)))
                }
            }
            form.decide method="post" action="/quarantine" {
                input type="hidden" name="token" value=(token);
                input type="hidden" name="position" value=(waits.entry.position);
                button name="decision" value="accept" { (language.say("quarantine-accept")) }
                " "
                button name="decision" value="reject" { (language.say("quarantine-reject")) }
            }
        }
    }
}

#[derive(Deserialize)]
pub struct DecisionForm {
    token: String,
    position: u64,
    decision: String,
}

pub async fn decide(here: VisitorRequest, Form(form): Form<DecisionForm>) -> PageResult {
    here.must(Permission::Quarantine)?;
    here.posted(&form.token)?;
    let (accept, done) = match form.decision.as_str() {
        "accept" => (true, "accepted"),
        "reject" => (false, "rejected"),
        _ => return Err(here.problem(StatusCode::BAD_REQUEST)),
    };
    let position = form.position;
    let decided = here.work(move |pages, visitor| {
        let store = &pages.server.store;
        // what somebody else has decided meanwhile is not turned over by a page that does not show it
        let waits = store.read(|log| log.quarantined())?.iter().any(|waits| waits.position == position);
        let decided = waits && intake::decide(store, position, accept, pages.server.settings.clock.unix())?;
        if decided {
            pages.staff().note(now(), &visitor.name, Action::Decided, &format!("{done} {position}"))?;
        }
        Ok(decided)
    });
    let decided = decided.await?;
    Ok(Redirect::to(&format!("/quarantine?done={}", if decided { done } else { "gone" })).into_response())
}
