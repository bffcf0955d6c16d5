//! What became of the referrals that were made on this phone, and what may be noted.

use super::here::{Here, Shown, moment, spaced};
use super::refer::contact;
use crate::local_page::door::HOME;
use crate::local_page::posted::{Posted, field, said};
use crate::local_page::trouble::coded;
use axum::Form;
use axum::extract::Path;
use maud::{Markup, html};
use tabara_core::error::NotFoundItem;
use tabara_core::focal_point::{CaseCard, FocalPoint, OpenReferral};
use tabara_core::record::Uuid;
use tabara_core::referral::{Referral, ReferralStep, Status};
use tabara_core::services::Service;
use tabara_core::share::{LONGEST_FIELD, ReferralNote};
use tabara_core::{Error, Result};

/// How far a referral is, in words.
pub(super) fn status(here: &Here, status: Status) -> String {
    coded(here.texts, "status", &status)
}

/// A line of the list, and of the first screen.
pub(super) fn line(here: &Here, open: &OpenReferral) -> Markup {
    let OpenReferral { record, code, memo, referral, .. } = open;
    html! {
        a.row href={ "referral/" (record) "/" (referral.referral) } {
            (here.say(&referral.service))
            @if let Some(code) = code { " " (spaced(&code.to_string())) }
            @if let Some(memo) = memo { " (" (memo) ")" }
            small {
                @if open.overdue { strong.wrong { (here.say("overdue")) " " } }
                @if open.unreadable { strong.wrong { (here.say("unreadable")) " " } }
                @if open.call_now { strong.wrong { (here.say("call-at-once")) " " } }
                (referral.to.as_deref().unwrap_or("")) " – " (status(here, referral.status))
            }
        }
    }
}

pub(super) async fn list(here: Here) -> Shown {
    let open = here.core(|core| core.open_referrals()).await?;
    let content = html! {
        h1 { (here.say("referrals")) }
        @if open.is_empty() { p.hint { (here.say("no-referrals")) } }
        @for open in &open { (line(&here, open)) }
        p.links { a href=(HOME) { (here.say("home")) } }
    };
    Ok(here.page(&here.say("referrals"), content))
}

/// The referrals of a case card.
pub(super) fn of_card(here: &Here, card: &CaseCard) -> Markup {
    html! {
        @for referral in &card.summary.referrals {
            p { a href={ "referral/" (card.summary.record) "/" (referral.referral) } { (here.say(&referral.service)) } ": " (status(here, referral.status)) }
        }
    }
}

/// What was said with each step.
pub(super) fn steps(here: &Here, steps: &[ReferralStep]) -> Markup {
    html! {
        ul.log { @for step in steps { li {
            (moment(step.at)) " " strong { (status(here, step.status)) } " "
            (here.say(if step.by_provider { "step-by-provider" } else { "step-by-focal-point" }))
            @if let Some(note) = &step.note { (note_said(here, note)) }
        } } }
    }
}

fn note_said(here: &Here, note: &ReferralNote) -> Markup {
    html! {
        @if note.by_telephone { " " (here.say("by-telephone")) }
        @if let Some(reason) = &note.declined { br; (coded(here.texts, "decline", reason)) }
        @if let Some(when) = &note.appointment { br; (here.texts.get("appointment-at", &[("when", when.as_str().into())])) }
        @if let Some(who) = &note.propose { br; (here.texts.get("proposes", &[("who", who.as_str().into())])) }
        @if note.full { br; (here.say("provider-full")) }
        @if let Some(hours) = &note.hours { br; (here.say("service-hours")) " " (hours) }
        @if let Some(text) = &note.text { br; q { (text) } }
    }
}

/// A field of a note.
pub(super) fn note_input(here: &Here, name: &str) -> Markup {
    html! {
        div.question { label.label for=(name) { (here.say(&format!("note-{name}"))) }
            input id=(name) name=(name) maxlength=(LONGEST_FIELD) autocomplete="off"; }
    }
}

/// The note that a form says; none if it says nothing.
pub(super) fn note_of(posted: &Posted) -> Option<ReferralNote> {
    ReferralNote::of(&said(posted)).filter(|note| *note != ReferralNote::default())
}

/// The status of a form's radio buttons, whose values are the places in the list of all.
pub(super) fn status_of(posted: &Posted) -> Option<Status> {
    let place: usize = field(posted, "status")?.parse().ok()?;
    Status::ALL.get(place).copied()
}

/// Radio buttons for what may come next.
pub(super) fn next(here: &Here, next: &[Status]) -> Markup {
    html! {
        fieldset {
            legend { (here.say("what-now")) }
            @for status in next {
                @let place = Status::ALL.iter().position(|other| other == status).unwrap_or_default();
                label.choice { input type="radio" name="status" value=(place) required; span { (coded(here.texts, "status", status)) } }
            }
        }
    }
}

fn found(core: &FocalPoint, record: Uuid, referral: Uuid) -> Result<(Referral, Option<Service>)> {
    let card = core.case(record)?.summary;
    let known = card.referrals.into_iter().find(|known| known.referral == referral);
    let known = known.ok_or(Error::NotFound { what: NotFoundItem::Referral })?;
    let of = core.directory()?.of_referral(&known).cloned();
    Ok((known, of))
}

/// One referral: what became of it, and what may be noted.
pub(super) async fn one(here: Here, Path((record, referral)): Path<(Uuid, Uuid)>) -> Shown {
    let read = here.core(move |core| found(core, record, referral)).await.map_err(|failed| failed.back("referrals"))?;
    let (known, service) = read;
    let may: Vec<Status> =
        known.status.next().iter().copied().filter(|s| !matches!(s, Status::Withdrawn | Status::Queued)).collect();
    let call = known.devices.is_empty() && known.status < Status::Accepted || known.is_call_now();
    let content = html! {
        h1 { (here.say(&known.service)) }
        p { (known.to.as_deref().unwrap_or("")) " – " strong { (status(&here, known.status)) } " " span.status { (here.say(&format!("urgency-{}", known.urgency))) } }
        @if let Some(due) = known.due() { p { (here.texts.get("due", &[("when", moment(due).into())])) } }
        @if call { p.urgent { (here.say("call-at-once")) } @if let Some(service) = &service { (contact(service)) } }
        (steps(&here, &known.steps))
        @if !may.is_empty() {
            details open[call] {
                summary { (here.say("note-what-happened")) }
                form method="post" action={ "referral/" (record) "/" (referral) } autocomplete="off" {
                    (next(&here, &may))
                    label.choice { input type="checkbox" name="by_telephone" value="yes" checked[call]; span { (here.say("by-telephone")) } }
                    (note_input(&here, "text"))
                    div.steps { button.main { (here.say("note-it")) } }
                }
            }
        }
        @if known.status.is_end() && known.status != Status::Withdrawn { a.row href={ "refer/" (record) "/" (known.service) } { (here.say("refer-again")) } }
        @if known.status != Status::Withdrawn {
            details {
                summary { (here.say("withdraw-referral")) }
                (here.p("withdraw-referral-explain"))
                (here.button(&format!("referral-withdraw/{record}/{referral}"), "danger", "withdraw-referral"))
            }
        }
        (here.link(&format!("slip/{record}"), "show-slip"))
        p.links { a href="referrals" { (here.say("referrals")) } a href=(HOME) { (here.say("home")) } }
    };
    Ok(here.page(&here.say("referrals"), content))
}

pub(super) async fn note(
    here: Here,
    Path((record, referral)): Path<(Uuid, Uuid)>,
    Form(posted): Form<Posted>,
) -> Shown {
    let page = format!("referral/{record}/{referral}");
    let Some(status) = status_of(&posted) else { return Ok(here.go(&page)) };
    let note = note_of(&posted);
    let noted = here.core(move |core| core.note_referral(record, referral, status, note)).await;
    noted.map_err(|failed| failed.back(&page))?;
    here.notice(here.say("noted"));
    Ok(here.go(&page))
}

pub(super) async fn withdraw(here: Here, Path((record, referral)): Path<(Uuid, Uuid)>) -> Shown {
    here.core(move |core| core.withdraw_referral(record, referral)).await.map_err(|failed| failed.back("referrals"))?;
    here.notice(here.say("withdraw-done"));
    Ok(here.go("referrals"))
}
