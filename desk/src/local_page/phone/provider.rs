//! A provider's device: who was sent to her, what was shared, and her answer.

use super::here::{Here, Shown, moment, spaced};
use super::refer::seen;
use super::referrals::{next, note_input, note_of, status, status_of, steps};
use crate::local_page::door::HOME;
use crate::local_page::posted::Posted;
use axum::Form;
use axum::extract::Path;
use maud::{Markup, html};
use tabara_core::focal_point::IncomingReferral;
use tabara_core::record::Uuid;
use tabara_core::referral::Status;

/// A page of the list; the first one is on the first screen.
pub(super) fn lines(here: &Here, page: usize, lines: &[IncomingReferral]) -> Markup {
    html! {
        @if lines.is_empty() { p.hint { (here.say("no-incoming")) } }
        @for line in lines {
            a.row href={ "incoming/" (line.referral) } {
                (here.say(&line.service))
                @if let Some(code) = &line.code { " " (spaced(&code.to_string())) }
                @if let Some(age) = &line.age_band { " · " (age) }
                small {
                    @if line.overdue { strong.wrong { (here.say("overdue")) " " } }
                    (here.say(&format!("urgency-{}", line.urgency))) " – " (status(here, line.status)) " – " (line.from)
                }
            }
        }
        p.links { (here.turn("incoming-page", page, lines.len())) }
    }
}

pub(super) async fn list(here: Here, Path(page): Path<usize>) -> Shown {
    let found = here.core(move |core| core.incoming(page)).await?;
    let content = html! {
        h1 { (here.say("incoming")) }
        (lines(&here, page, &found))
        p.links { a href=(HOME) { (here.say("home")) } }
    };
    Ok(here.page(&here.say("incoming"), content))
}

/// What was shared, and the ways to answer.
pub(super) async fn one(here: Here, Path(referral): Path<Uuid>) -> Shown {
    let opened = here.core(move |core| core.open_referral(referral)).await?;
    let line = &opened.line;
    // that it was received is said by opening it
    let hers = |next: &Status| next.is_by_provider() && *next != Status::Received;
    let may: Vec<Status> = line.status.next().iter().copied().filter(hers).collect();
    let declines = may.contains(&Status::Declined);
    let content = html! {
        h1 { (here.say(&line.service)) }
        p {
            @if let Some(code) = &line.code { strong { (spaced(&code.to_string())) } " " }
            span.status { (here.say(&format!("urgency-{}", line.urgency))) } " – " (status(&here, line.status))
        }
        p { (here.texts.get("referred-by", &[("who", line.from.as_str().into()), ("when", line.sent.map(moment).unwrap_or_default().into())])) }
        @if let Some(due) = line.due { p class=[line.overdue.then_some("wrong")] { (here.texts.get("due", &[("when", moment(due).into())])) } }
        @match &opened.share {
            Some(share) => section.case { (seen(&here, share)) },
            None => p.notice { (here.say("cannot-open")) },
        }
        (steps(&here, &opened.steps))
        @if !may.is_empty() {
            form method="post" action={ "incoming/" (referral) } autocomplete="off" {
                (next(&here, &may))
                (note_input(&here, "appointment"))
                (note_input(&here, "text"))
                @if declines {
                    details {
                        summary { (here.say("decline-more")) }
                        fieldset {
                            legend { (here.say("decline")) }
                            @for reason in ["no_capacity", "not_eligible", "out_of_area", "wrong_service"] {
                                label.choice { input type="radio" name="declined" value=(reason); span { (here.say(&format!("decline-{}", reason.replace('_', "-")))) } }
                            }
                        }
                        (note_input(&here, "propose"))
                        label.choice { input type="checkbox" name="full" value="yes"; span { (here.say("provider-full")) } }
                    }
                }
                details {
                    summary { (here.say("hours-more")) }
                    p.hint { (here.say("hours-explain")) }
                    (note_input(&here, "hours"))
                }
                div.steps { a.second href=(HOME) { (here.say("back")) } button.main { (here.say("answer-it")) } }
            }
        } @else { (here.link(HOME, "home")) }
    };
    Ok(here.page(&here.say("incoming"), content))
}

pub(super) async fn answer(here: Here, Path(referral): Path<Uuid>, Form(posted): Form<Posted>) -> Shown {
    let page = format!("incoming/{referral}");
    let Some(status) = status_of(&posted) else { return Ok(here.go(&page)) };
    let note = note_of(&posted);
    here.core(move |core| core.answer(referral, status, note)).await?;
    here.notice(here.say("answered"));
    Ok(here.go(HOME))
}
