//! What was sealed on this phone, taking it back, and the log of what this phone did.

use super::ending::{codes, print, provider_part, slip_fields};
use super::here::{Here, Shown, moment, spaced};
use super::referrals::of_card;
use crate::local_page::door::HOME;
use axum::Form;
use axum::extract::{Path, Query};
use axum::response::Response;
use maud::{Markup, html};
use serde::Deserialize;
use tabara_core::focal_point::CaseCard;
use tabara_core::record::Uuid;
use tabara_core::referral::Referral;
use tabara_core::vault::mailbox::{ActivityKind, RecordStatus};

pub(super) async fn list(here: Here, Path(page): Path<usize>) -> Shown {
    let (cards, waiting) = here.core(move |core| Ok((core.cases(page)?, core.waiting()?))).await?;
    // a practice has nothing to send, and no page for it
    let real = !here.phone.is_practice();
    let content = html! {
        h1 { (here.say("records")) }
        @if real { p { (here.texts.get("waiting", &[("n", waiting.records.into())])) } }
        @if waiting.lease_over { p.notice { (here.say("lease-over")) } }
        @if !waiting.refused.is_empty() { p.wrong { (here.texts.get("sync-refused", &[("n", waiting.refused.len().into())])) } }
        @if real { (here.link("sync", "sync")) (here.link("take-back", "take-back")) }
        @if cards.is_empty() && !waiting.lease_over { p.hint { (here.say("no-records")) } }
        @for card in &cards { (case(&here, card)) }
        p.links { (here.turn("records", page, cards.len())) a href=(HOME) { (here.say("home")) } }
    };
    Ok(here.page(&here.say("records"), content))
}

fn status(card: &CaseCard) -> &'static str {
    match card.status {
        _ if card.summary.withdrawn => "case-withdrawn",
        RecordStatus::Waiting => "case-waiting",
        RecordStatus::Kept => "case-sent",
        RecordStatus::Quarantined(_) => "case-looked-at",
        RecordStatus::Refused(_) => "case-refused",
        RecordStatus::Withdrawn => "case-withdrawn",
        RecordStatus::Elsewhere => "case-elsewhere",
    }
}

fn case(here: &Here, card: &CaseCard) -> Markup {
    let (summary, status) = (&card.summary, status(card));
    html! {
        section.case data-status=(status) {
            p {
                strong { (summary.code.as_ref().map_or_else(|| summary.questionnaire.id.clone(), |code| spaced(&code.to_string()))) }
                " " (tabara_core::clock::civil_date(summary.day * 86_400)) " " span.status { (here.say(status)) }
            }
            (of_card(here, card))
            @if status != "case-withdrawn" {
                div.links {
                    @if summary.code.is_some() { a href={ "refer/" (summary.record) } { (here.say("refer")) } }
                    @if summary.code.is_some() { a href={ "slip/" (summary.record) } { (here.say("show-slip")) } }
                    a href={ "withdraw/" (summary.record) } { (here.say("withdraw")) }
                }
            }
        }
    }
}

/// Whether the person says that the paper may be found without danger; nothing before she was asked.
#[derive(Deserialize)]
pub(super) struct MayBeFound {
    found: Option<String>,
}

pub(super) async fn slip(here: Here, Path(record): Path<Uuid>, Query(asked): Query<MayBeFound>) -> Shown {
    let may = asked.found.as_deref() == Some("yes");
    let read = here.core(move |core| {
        let (slip, card) = (core.slip(record)?, core.case(record)?.summary);
        let directory = core.directory()?;
        let open = card.referrals.iter().filter(|referral| may && !referral.status.is_end());
        let provider = |referral: &Referral| {
            let address = directory.of_referral(referral).map(|service| service.address.clone());
            let parts = [referral.to.clone()?, address.unwrap_or_default()];
            Some(parts.iter().filter(|part| !part.is_empty()).cloned().collect::<Vec<_>>().join(", "))
        };
        let providers: Vec<String> = open.filter_map(provider).collect();
        Ok((slip, providers, !card.referrals.is_empty()))
    });
    let (slip, providers, refers) = read.await.map_err(|failed| failed.back("records/0"))?;
    let content = html! {
        h1 { (here.say("show-slip")) }
        @if refers && asked.found.is_none() {
            section.unprinted {
                p { (here.say("slip-may-be-found")) }
                div.links { a href={ "slip/" (record) "?found=yes" } { (here.say("slip-found-yes")) } a href={ "slip/" (record) "?found=no" } { (here.say("slip-found-no")) } }
            }
        }
        @if let Some(slip) = slip {
            (codes(&here, &slip.code.to_string(), &slip.undo.to_string(), &providers))
            @if refers { (provider_part(&here, &slip.code.to_string())) }
            (print(&here))
        }
        (here.link("records/0", "records"))
    };
    Ok(here.page(&here.say("show-slip"), content))
}

pub(super) async fn ask_withdraw(here: Here, Path(record): Path<Uuid>) -> Response {
    let content = html! {
        h1 { (here.say("withdraw")) }
        (here.p("withdraw-explain"))
        (here.button(&format!("withdraw/{record}"), "danger", "withdraw"))
        (here.link("records/0", "cancel"))
    };
    here.page(&here.say("withdraw"), content)
}

pub(super) async fn withdraw(here: Here, Path(record): Path<Uuid>) -> Shown {
    here.core(move |core| core.withdraw(record)).await.map_err(|failed| failed.back("records/0"))?;
    here.notice(here.say("withdraw-done"));
    Ok(here.go("records/0"))
}

pub(super) async fn ask_take_back(here: Here) -> Response {
    let content = html! {
        h1 { (here.say("take-back")) }
        (here.p("take-back-explain"))
        form method="post" action="take-back" autocomplete="off" {
            (slip_fields(&here, true))
            div.steps { a.second href=(HOME) { (here.say("cancel")) } button.main { (here.say("take-back-do")) } }
        }
    };
    here.page(&here.say("take-back"), content)
}

#[derive(Deserialize)]
pub(super) struct Codes {
    code: String,
    second: String,
}

pub(super) async fn take_back(here: Here, Form(Codes { code, second }): Form<Codes>) -> Shown {
    let second = Some(second).filter(|second| !second.trim().is_empty());
    let said = if second.is_some() { "withdraw-done" } else { "withdraw-waits" };
    let done = here.core(move |core| core.withdraw_slip(&code, second.as_deref())).await;
    done.map_err(|failed| failed.back("take-back"))?;
    here.notice(here.say(said));
    Ok(here.go(HOME))
}

pub(super) async fn activity(here: Here, Path(page): Path<usize>) -> Shown {
    let lines = here.core(move |core| core.activities(page)).await?;
    let kind = |kind: ActivityKind| match kind {
        ActivityKind::Finished => "did-finished",
        ActivityKind::Sent => "did-sent",
        ActivityKind::Purged => "did-purged",
        ActivityKind::Forgotten => "did-forgotten",
    };
    let content = html! {
        h1 { (here.say("activity")) }
        (here.p("activity-explain"))
        ul.log { @for line in &lines { li { (moment(line.at)) " " (here.texts.get(kind(line.kind), &[("n", line.records.into())])) } } }
        p.links { (here.turn("activity", page, lines.len())) a href=(HOME) { (here.say("home")) } }
    };
    Ok(here.page(&here.say("activity"), content))
}
