//! Referrals, on the phone that makes them: for what the person needs, to whom, what is shared, seen as the provider will see
//! it; and what became of each.

use super::here::{Here, Shown, moment, spaced};
use crate::local_page::door::HOME;
use crate::local_page::posted::{Posted, field};
use crate::local_page::trouble::coded;
use axum::Form;
use axum::extract::Path;
use maud::{Markup, html};
use tabara_core::focal_point::{CaseCard, FocalPoint, OpenReferral};
use tabara_core::record::Uuid;
use tabara_core::referral::{NewReferral, Referral, ReferralStep, Status, URGENCIES, is_call_now};
use tabara_core::services::{FoundService, Service, ServiceQuery, service_types};
use tabara_core::share::{Agreement, DeclineReason, LONGEST_FIELD, ReferralNote, Share};
use tabara_core::{Result, places};

/// The texts of a share, in the order in which they are asked and shown.
const FIELDS: [&str; 12] = [
    "name",
    "sex",
    "age_band",
    "language",
    "needs",
    "situation",
    "special_needs",
    "contact_channel",
    "contact_reach",
    "contact_times",
    "contact_who",
    "contact_phrase",
];

const AGREEMENTS: [Agreement; 6] = [
    Agreement::Individual,
    Agreement::Caregiver,
    Agreement::OtherPerson,
    Agreement::ChildBestInterest,
    Agreement::VitalInterest,
    Agreement::LegalDuty,
];

/// Codes of `facts.csv`, to choose from.
fn codes_of(name: &str) -> &'static [&'static str] {
    match name {
        "sex" => &["f", "m", "other"],
        "age_band" => &["0-17", "18-23", "24-29", "30-38", "39+"],
        _ => &[],
    }
}

/// What is needed: what she asked for first.
pub(super) async fn needs(here: Here, Path(record): Path<Uuid>) -> Shown {
    let card = here.core(move |core| core.case(record)).await.map_err(|failed| failed.back("records/0"))?.summary;
    let others = service_types().iter().filter(|code| !card.needs.contains(code));
    let need = |code: &String| html! { a.row href={ "refer/" (record) "/" (code) } { (here.say(code)) } };
    let content = html! {
        h1 { (here.say("refer")) }
        @if card.child { p.warning { (here.say("refer-child")) } }
        @if card.needs.is_empty() { (here.p("refer-no-needs")) } @else { (here.p("refer-needs")) }
        @for code in &card.needs { (need(code)) }
        details open[card.needs.is_empty()] {
            summary { (here.say("refer-other")) }
            @for code in others { (need(code)) }
        }
        (here.link("records/0", "cancel"))
    };
    Ok(here.page(&here.say("refer"), content))
}

/// Who offers it: the nearest first.
pub(super) async fn providers(here: Here, Path((record, need)): Path<(Uuid, String)>) -> Shown {
    let asked = need.clone();
    let found = here.core(move |core| {
        let card = core.case(record)?.summary;
        let query = ServiceQuery { need: Some(asked), place: Some(card.commune), sex: None, age: None };
        Ok((core.find_services(&query, 0)?, core.reachable_providers()?))
    });
    let (found, reachable) = found.await.map_err(|failed| failed.back("records/0"))?;
    let row = |found: &FoundService| {
        let service = &found.service;
        let way = if reachable.contains(&service.organisation) { "refer-by-device" } else { "refer-by-telephone" };
        html! {
            a.row href={ "refer/" (record) "/" (need) "/" (service.id) } {
                (service.name)
                small { (service.organisation) ", " (place(&service.place)) " – " (here.say(way)) }
            }
        }
    };
    let nobody = |id: &str, status: &str| {
        html! {
            form method="post" action={ "refer/" (record) "/" (need) } { button.row name="status" value=(status) { (here.say(id)) } }
        }
    };
    let content = html! {
        h1 { (here.say(&need)) }
        @if found.is_empty() { p.notice { (here.say("refer-none")) } } @else { (here.p("refer-to-whom")) }
        @for found in &found { (row(found)) }
        (nobody("refer-unavailable", "service_unavailable"))
        (nobody("refer-refused", "refused_by_person"))
        (here.link(&format!("refer/{record}"), "back"))
    };
    Ok(here.page(&here.say("refer"), content))
}

fn place(code: &str) -> &str {
    places::name(code).unwrap_or(code)
}

/// Nobody is referred to: she does not want it, or there is nobody.
pub(super) async fn not_referred(
    here: Here,
    Path((record, need)): Path<(Uuid, String)>,
    Form(posted): Form<Posted>,
) -> Shown {
    let refused = field(&posted, "status") == Some("refused_by_person");
    let status = if refused { Status::RefusedByPerson } else { Status::ServiceUnavailable };
    here.core(move |core| core.not_referred(record, &need, status)).await.map_err(|failed| failed.back("records/0"))?;
    here.notice(here.say("refer-noted"));
    Ok(here.go("records/0"))
}

/// What is agreed: how soon, who agreed, and what may be shared. Empty is not shared.
pub(super) async fn agree(here: Here, Path((record, need, service)): Path<(Uuid, String, Uuid)>) -> Shown {
    let read = move |core: &FocalPoint| Ok((core.case(record)?.summary, core.service(service)?));
    let (card, service) = here.core(read).await.map_err(|failed| failed.back("records/0"))?;
    let first = if card.child && need != "sv_child" { Agreement::Caregiver } else { Agreement::Individual };
    let content = html! {
        h1 { (service.name) }
        (contact(&service))
        form method="post" action={ "refer/" (record) "/" (need) "/" (service.id) } autocomplete="off" {
            fieldset {
                legend { (here.say("urgency")) }
                @for code in URGENCIES {
                    label.choice { input type="radio" name="urgency" value=(code) required checked[code == "d3"]; span { (here.say(&format!("urgency-{code}"))) } }
                }
            }
            fieldset {
                legend { (here.say("agreement")) }
                @for agreement in AGREEMENTS.iter().filter(|agreement| card.child || !matches!(agreement, Agreement::Caregiver | Agreement::ChildBestInterest)) {
                    label.choice { input type="radio" name="agreement" value=(word(agreement)) required checked[*agreement == first]; span { (coded(here.texts, "agreement", agreement)) } }
                }
            }
            h2 { (here.say("share")) }
            p.hint { (here.say("share-explain")) }
            @for name in FIELDS { (input(&here, name)) }
            label.choice { input type="checkbox" name="do_not_call" value="yes"; span { (here.say("share-do-not-call")) } }
            div.steps { a.second href={ "refer/" (record) "/" (need) } { (here.say("back")) } button.main name="go" value="look" { (here.say("share-look")) } }
        }
    };
    Ok(here.page(&here.say("refer"), content))
}

fn input(here: &Here, name: &str) -> Markup {
    html! {
        div.question {
            label.label for=(name) { (here.say(&label(name))) }
            @if codes_of(name).is_empty() {
                input id=(name) name=(name) maxlength=(LONGEST_FIELD) autocomplete="off";
            } @else {
                select id=(name) name=(name) {
                    option value="" { (here.say("share-not")) }
                    @for code in codes_of(name) { option value=(code) { (shared(here, name, code)) } }
                }
            }
        }
    }
}

fn label(name: &str) -> String {
    format!("share-{}", name.replace('_', "-"))
}

/// A shared text in words: codes have a label.
fn shared(here: &Here, name: &str, text: &str) -> String {
    match name {
        "sex" => here.say(&format!("sex-{text}")),
        "agreement" => here.say(&format!("agreement-{}", text.replace('_', "-"))),
        _ => text.to_owned(),
    }
}

fn word(agreement: &Agreement) -> String {
    let share = Share { agreement: *agreement, ..Share::default() };
    share.answers().into_iter().find(|(name, _)| name == "agreement").map_or_else(String::new, |(_, word)| word)
}

/// What was shared, as the provider sees it.
pub(super) fn seen(here: &Here, share: &Share) -> Markup {
    let answers = share.answers();
    let of = |name: &str| answers.iter().find(|(field, _)| field == name).map(|(_, text)| text.as_str());
    html! {
        @if share.do_not_call { p.urgent { (here.say("share-do-not-call")) } }
        dl.facts {
            @for name in FIELDS.iter().chain(&["agreement"]) {
                @if let Some(text) = of(name) { dt { (here.say(&label(name))) } dd { (shared(here, name, text)) } }
            }
        }
    }
}

/// The share that a form says; none if nobody agreed.
fn share_of(posted: &Posted) -> Option<Share> {
    let trimmed = |(name, text): &(String, String)| (name.clone(), text.trim().to_owned());
    let texts: Vec<_> = posted.iter().map(trimmed).filter(|(_, text)| !text.is_empty()).collect();
    Share::of(&texts)
}

/// Shows it as the provider will see it, then refers.
pub(super) async fn refer(
    here: Here,
    Path((record, need, service)): Path<(Uuid, String, Uuid)>,
    Form(posted): Form<Posted>,
) -> Shown {
    let page = format!("refer/{record}/{need}/{service}");
    let Some(share) = share_of(&posted) else { return Ok(here.go(&page)) };
    let urgency = field(&posted, "urgency").unwrap_or("d3").to_owned();
    let of = service;
    let service = here.core(move |core| core.service(of)).await.map_err(|failed| failed.back(&page))?;
    if field(&posted, "go") == Some("look") {
        let content = html! {
            h1 { (here.say("share-seen")) }
            p { (here.texts.get("share-seen-by", &[("who", service.organisation.as_str().into())])) }
            section.case { p { strong { (here.say(&need)) } " " span.status { (here.say(&format!("urgency-{urgency}"))) } } (seen(&here, &share)) }
            @if is_call_now(&urgency) { p.urgent { (here.say("call-at-once")) } (contact(&service)) }
            form method="post" action=(page) {
                @for (name, text) in posted.iter().filter(|(name, _)| name != "go") { input type="hidden" name=(name) value=(text); }
                div.steps { a.second href=(page) { (here.say("back")) } button.main name="go" value="send" { (here.say("share-send")) } }
            }
        };
        return Ok(here.page(&here.say("refer"), content));
    }
    let commune = places::province_of(&service.place).map(|_| service.place.clone());
    let new = NewReferral { service: need, urgency, to: Some(service.organisation), commune, share };
    let made = here.core(move |core| core.refer(record, &new)).await.map_err(|failed| failed.back(&page))?;
    here.notice(here.say(if made.devices.is_empty() { "referred-call" } else { "referred" }));
    Ok(here.go(&format!("referral/{record}/{}", made.referral)))
}

fn contact(service: &Service) -> Markup {
    html! {
        p { (service.organisation) @if !service.address.is_empty() { ", " (service.address) } }
        p { @for number in &service.phones { a.number href={ "tel:" (number.replace(' ', "")) } { (number) } " " } }
    }
}

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
            @if let Some(note) = &step.note { (said(here, note)) }
        } } }
    }
}

fn said(here: &Here, note: &ReferralNote) -> Markup {
    html! {
        @if note.by_telephone { " " (here.say("by-telephone")) }
        @if let Some(reason) = &note.declined { br; (coded(here.texts, "decline", reason)) }
        @if let Some(when) = &note.appointment { br; (here.texts.get("appointment-at", &[("when", when.as_str().into())])) }
        @if let Some(who) = &note.propose { br; (here.texts.get("proposes", &[("who", who.as_str().into())])) }
        @if note.full { br; (here.say("provider-full")) }
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
    let text = |name: &str| field(posted, name).map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
    let declined = match field(posted, "declined") {
        Some("no_capacity") => Some(DeclineReason::NoCapacity),
        Some("not_eligible") => Some(DeclineReason::NotEligible),
        Some("out_of_area") => Some(DeclineReason::OutOfArea),
        Some("wrong_service") => Some(DeclineReason::WrongService),
        _ => None,
    };
    let note = ReferralNote {
        text: text("text"),
        appointment: text("appointment"),
        declined,
        propose: text("propose"),
        full: field(posted, "full").is_some(),
        by_telephone: field(posted, "by_telephone").is_some(),
    };
    (note != ReferralNote::default()).then_some(note)
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
    let what = tabara_core::error::NotFoundItem::Referral;
    let known = known.ok_or(tabara_core::Error::NotFound { what })?;
    let services = core.directory()?;
    let of = services.services().iter().find(|s| Some(&s.organisation) == known.to.as_ref()).cloned();
    Ok((known, of))
}

/// One referral: what became of it, and what may be noted.
pub(super) async fn one(here: Here, Path((record, referral)): Path<(Uuid, Uuid)>) -> Shown {
    let read = here.core(move |core| found(core, record, referral)).await.map_err(|failed| failed.back("referrals"))?;
    let (known, service) = read;
    let may: Vec<Status> =
        known.status.next().iter().copied().filter(|s| !matches!(s, Status::Withdrawn | Status::Queued)).collect();
    let call = known.devices.is_empty() && known.status < Status::Accepted
        || is_call_now(&known.urgency) && known.status < Status::Received;
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
