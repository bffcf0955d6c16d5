//! Referring a person, page by page: for what she needs, to whom, what is shared, and that seen as the provider will see it.

use super::here::{Failed, Here, Shown};
use super::services::{numbers_of, place_name};
use crate::local_page::posted::{Posted, field, said};
use crate::local_page::trouble::{coded, trouble};
use axum::Form;
use axum::extract::Path;
use maud::{Markup, html};
use tabara_core::Error;
use tabara_core::focal_point::FocalPoint;
use tabara_core::record::Uuid;
use tabara_core::referral::{NewReferral, Status, URGENCIES, is_call_now};
use tabara_core::services::{FoundService, Service, ServiceQuery, service_types};
use tabara_core::share::{Agreement, LONGEST_FIELD, Share};

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
                small { (service.organisation) ", " (place_name(&here, &service.place)) " – " (here.say(way)) }
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

/// The case, the need and the service of a referral that is being made.
type New = (Uuid, String, Uuid);

/// What is agreed: how soon, who agreed, and what may be shared. Empty is not shared.
pub(super) async fn agree(here: Here, Path(new): Path<New>) -> Shown {
    form(here, new, &[]).await
}

/// The form, with what was typed into it before.
async fn form(here: Here, (record, need, service): New, typed: &[(String, String)]) -> Shown {
    let read =
        move |core: &FocalPoint| Ok((core.case(record)?.summary, core.service(service)?, core.prefilled(record)?));
    let (card, service, known) = here.core(read).await.map_err(|failed| failed.back("records/0"))?;
    let first = if card.child && need != "sv_child" { Agreement::Caregiver } else { Agreement::Individual };
    let (first, known) = (word(&first), known.answers());
    let (urgency, agreed) = (field(typed, "urgency").unwrap_or("d3"), field(typed, "agreement").unwrap_or(&first));
    let content = html! {
        h1 { (service.name) }
        (contact(&service))
        form method="post" action={ "refer/" (record) "/" (need) "/" (service.id) } autocomplete="off" {
            fieldset {
                legend { (here.say("urgency")) }
                @for code in URGENCIES {
                    label.choice { input type="radio" name="urgency" value=(code) required checked[code == urgency]; span { (here.say(&format!("urgency-{code}"))) } }
                }
            }
            fieldset {
                legend { (here.say("agreement")) }
                @for agreement in AGREEMENTS.iter().filter(|agreement| card.child || !matches!(agreement, Agreement::Caregiver | Agreement::ChildBestInterest)) {
                    label.choice { input type="radio" name="agreement" value=(word(agreement)) required checked[word(agreement) == agreed]; span { (coded(here.texts, "agreement", agreement)) } }
                }
            }
            h2 { (here.say("share")) }
            p.hint { (here.say(if known.len() > 1 { "share-known" } else { "share-explain" })) }
            @for name in FIELDS { (input(&here, name, field(&known, name), typed)) }
            label.choice { input type="checkbox" name="do_not_call" value="yes" checked[field(if typed.is_empty() { &known } else { typed }, "do_not_call").is_some()]; span { (here.say("share-do-not-call")) } }
            div.steps { a.second href={ "refer/" (record) "/" (need) } { (here.say("back")) } button.main name="go" value="look" { (here.say("share-look")) } }
        }
    };
    Ok(here.page(&here.say("refer"), content))
}

/// A field of the share. What the interview answered is there to be ticked, since no consent is ticked beforehand; and what is typed
/// below it goes instead; sex and age are as they were answered.
fn input(here: &Here, name: &str, known: Option<&str>, typed: &[(String, String)]) -> Markup {
    let said = |text: &&(String, String)| text.0 == name && !text.1.is_empty();
    let ticked = typed.iter().filter(said).any(|(_, text)| Some(text.as_str()) == known);
    let typed = typed.iter().filter(said).map(|(_, text)| text.as_str()).rfind(|text| Some(*text) != known);
    let typed = typed.unwrap_or_default();
    html! {
        div.question {
            label.label for=[(known.is_none() || codes_of(name).is_empty()).then_some(name)] { (here.say(&label(name))) }
            @if let Some(known) = known {
                label.choice { input type="checkbox" name=(name) value=(known) checked[ticked]; span { (shared(here, name, known)) } }
            }
            @if codes_of(name).is_empty() {
                input id=(name) name=(name) value=(typed) placeholder=[known.map(|_| here.say("share-instead"))] maxlength=(LONGEST_FIELD) autocomplete="off";
            } @else if known.is_none() {
                select id=(name) name=(name) {
                    option value="" { (here.say("share-not")) }
                    @for code in codes_of(name) { option value=(code) selected[*code == typed] { (shared(here, name, code)) } }
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

/// Shows it as the provider will see it, then refers.
pub(super) async fn refer(here: Here, Path(new): Path<New>, Form(posted): Form<Posted>) -> Shown {
    let (Some(share), Some(step @ ("look" | "send"))) = (Share::of(&said(&posted)), field(&posted, "go")) else {
        return form(here, new, &posted).await;
    };
    let (record, need, service) = new.clone();
    let urgency = field(&posted, "urgency").unwrap_or("d3").to_owned();
    let (of, agreed) = (need.clone(), share.clone());
    let read = here.core(move |core| {
        agreed.check(core.case(record)?.summary.child, &of)?;
        core.service(service)
    });
    let service = match read.await {
        Ok(service) => service,
        Err(failed) => return again(failed, new, &posted).await,
    };
    if step == "look" {
        let content = html! {
            h1 { (here.say("share-seen")) }
            p { (here.texts.get("share-seen-by", &[("who", service.organisation.as_str().into())])) }
            section.case { p { strong { (here.say(&need)) } " " span.status { (here.say(&format!("urgency-{urgency}"))) } } (seen(&here, &share)) }
            @if is_call_now(&urgency) { p.urgent { (here.say("call-at-once")) } (contact(&service)) }
            form method="post" action={ "refer/" (record) "/" (need) "/" (service.id) } {
                @for (name, text) in posted.iter().filter(|(name, _)| name != "go") { input type="hidden" name=(name) value=(text); }
                div.steps { button.second name="go" value="change" { (here.say("back")) } button.main name="go" value="send" { (here.say("share-send")) } }
            }
        };
        return Ok(here.page(&here.say("refer"), content));
    }
    let commune = service.commune().map(str::to_owned);
    let referral = NewReferral { service: need, urgency, to: Some(service.organisation), commune, share };
    let made = match here.core(move |core| core.refer(record, &referral)).await {
        Ok(made) => made,
        Err(failed) => return again(failed, new, &posted).await,
    };
    here.notice(here.say(if made.devices.is_empty() { "referred-call" } else { "referred" }));
    Ok(here.go(&format!("referral/{record}/{}", made.referral)))
}

/// Why it cannot be, above the form as it was filled in. A locked vault asks for the PIN instead.
async fn again(failed: Failed, new: New, posted: &[(String, String)]) -> Shown {
    if matches!(failed.error, Error::Locked) {
        return Err(failed);
    }
    failed.here.notice(trouble(&failed.error, failed.here.texts));
    form(failed.here, new, posted).await
}

/// Where a service is, and its numbers to call.
pub(super) fn contact(service: &Service) -> Markup {
    html! {
        p { (service.organisation) @if !service.address.is_empty() { ", " (service.address) } }
        (numbers_of(service))
    }
}
