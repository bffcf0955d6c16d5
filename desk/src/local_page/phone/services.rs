//! Numbers to call at once, on every page that stands before the PIN; and the search for a service, which needs no PIN, since
//! it says nothing about anybody.

use super::here::{Here, Shown};
use crate::local_page::door::HOME;
use crate::services::coverage;
use axum::extract::Query;
use maud::{Markup, html};
use serde::Deserialize;
use std::collections::BTreeSet;
use tabara_core::places;
use tabara_core::services::{
    Distance, FoundService, HelpLine, LineKind, NATION, Service, ServiceQuery, ServiceRemark, ServiceSex, known_lines,
    service_types,
};
use tabara_core::vault::PAGE;

/// What was asked, as the form posts it: empty texts for what is not known.
#[derive(Deserialize)]
pub(super) struct Asked {
    need: Option<String>,
    place: Option<String>,
    sex: Option<String>,
    age: Option<String>,
    #[serde(default)]
    page: u32,
}

/// The numbers, whatever state the phone is in.
pub(super) fn numbers(here: &Here) -> Markup {
    let lines = here.phone.opened().map_or_else(known_lines, |core| core.help_lines());
    html! {
        section.numbers aria-label=(here.say("call-now")) {
            h2 { (here.say("call-now")) }
            ul.plain { @for line in &lines { (number(here, line)) } }
            p { a href="services" { (here.say("services-find")) } }
        }
    }
}

fn number(here: &Here, line: &HelpLine) -> Markup {
    let kind = if line.kind == LineKind::Emergency { "line-emergency" } else { "line-hotline" };
    html! { li { (call(&line.number)) " " (line.name) " " small { (here.say(kind)) } } }
}

fn call(number: &str) -> Markup {
    html! { a.number href={ "tel:" (number.replace(' ', "")) } { (number) } }
}

/// The numbers of a service.
pub(super) fn numbers_of(service: &Service) -> Markup {
    html! { p { @for (at, number) in service.phones.iter().enumerate() { @if at > 0 { " · " } (call(number)) } } }
}

pub(super) async fn search(here: Here, Query(asked): Query<Asked>) -> Shown {
    let first = asked.place.is_none();
    let text = |value: &Option<String>| value.clone().filter(|value| !value.is_empty());
    let sex = match asked.sex.as_deref() {
        Some("female") => Some(ServiceSex::Female),
        Some("male") => Some(ServiceSex::Male),
        _ => None,
    };
    let age = asked.age.as_deref().and_then(|age| age.trim().parse().ok());
    let mut query = ServiceQuery { need: text(&asked.need), place: text(&asked.place), sex, age };
    let page = asked.page;
    // without a card there is no directory yet, and the numbers stand here all the same
    let found = here.core(move |core| {
        if first {
            query.place = core.commune().ok();
        }
        let abroad: BTreeSet<_> =
            core.directory()?.services().iter().map(|s| s.place.clone()).filter(|p| places::is_country(p)).collect();
        Ok((core.find_services(&query, page)?, query, abroad))
    });
    let Ok((found, query, abroad)) = found.await else { return Ok(here.page(&here.say("services"), nothing(&here))) };
    let next = |page: u32| {
        let values = [&query.need, &query.place].map(|value| value.clone().unwrap_or_default());
        let sex = query.sex.map_or("", |sex| if sex == ServiceSex::Female { "female" } else { "male" });
        let age = query.age.map(|age| age.to_string()).unwrap_or_default();
        format!("services?need={}&place={}&sex={sex}&age={age}&page={page}", values[0], values[1])
    };
    let content = html! {
        h1 { (here.say("services")) }
        (form(&here, &query, &abroad))
        @if found.is_empty() { p.notice { (here.say("services-none")) } }
        @for found in &found { (service(&here, found)) }
        p.links {
            @if page > 0 { a href=(next(page - 1)) { (here.say("back")) } }
            @if found.len() == PAGE { a href=(next(page + 1)) { (here.say("next")) } }
        }
        (numbers(&here))
        p.links { a href="services/gaps" { (here.say("services-gaps")) } a href=(HOME) { (here.say("home")) } }
    };
    Ok(here.page(&here.say("services"), content))
}

fn nothing(here: &Here) -> Markup {
    html! { h1 { (here.say("services")) } (here.p("services-later")) (numbers(here)) p.links { a href=(HOME) { (here.say("home")) } } }
}

fn form(here: &Here, query: &ServiceQuery, abroad: &BTreeSet<String>) -> Markup {
    let place = query.place.as_deref().unwrap_or_default();
    let sex = |name: &str, mine: Option<ServiceSex>| html! { option value=(name) selected[mine == query.sex] { (here.say(&format!("services-sex-{name}"))) } };
    html! {
        form method="get" action="services" {
            div.question { label.label for="need" { (here.say("services-need")) }
                select #need name="need" { option value="" { (here.say("services-any")) }
                    @for code in service_types() { option value=(code) selected[query.need.as_ref() == Some(code)] { (here.say(code)) } } } }
            div.question { label.label for="place" { (here.say("services-place")) }
                select #place name="place" {
                    option value="" { (here.say("services-anywhere")) }
                    @for province in places::provinces() { optgroup label=(province.name) {
                        @for commune in places::communes().filter(|c| places::province_of(c.code) == Some(province)) {
                            option value=(commune.code) selected[place == commune.code] { (commune.name) }
                        }
                    } }
                    @if !abroad.is_empty() { optgroup label=(here.say("services-abroad")) {
                        @for country in abroad { option value=(country) selected[place == country] { (country) } }
                    } }
                } }
            div.question { label.label for="sex" { (here.say("services-sex")) }
                select #sex name="sex" { option value="" { (here.say("services-any")) } (sex("female", Some(ServiceSex::Female))) (sex("male", Some(ServiceSex::Male))) } }
            div.question { label.label for="age" { (here.say("services-age")) }
                input #age name="age" type="number" min="0" max="120" inputmode="numeric" value=[query.age]; }
            div.steps { button.main { (here.say("search")) } }
        }
    }
}

/// One service, with all that a person needs to go there or to call.
fn service(here: &Here, found: &FoundService) -> Markup {
    let service = &found.service;
    let distance = found.distance.map(|distance| {
        here.say(match distance {
            Distance::Here => "distance-here",
            Distance::Province => "distance-province",
            Distance::Nation => "distance-nation",
            Distance::Elsewhere => "distance-elsewhere",
        })
    });
    let remark = |remark: &ServiceRemark| {
        here.say(match remark {
            ServiceRemark::Full => "remark-full",
            ServiceRemark::Unverified => "remark-unverified",
            ServiceRemark::Closed => "remark-closed",
        })
    };
    let place = place_name(here, &service.place);
    let place = if service.address.is_empty() { place } else { format!("{place}: {}", service.address) };
    let rows = [
        ("service-where", place),
        ("service-for", whom(here, service)),
        ("service-hours", service.hours.clone()),
        ("service-languages", service.languages.join(", ")),
        ("service-access", service.accessibility.clone()),
        ("service-email", service.email.clone()),
        ("service-verified", service.verified.clone()),
    ];
    html! {
        section.case {
            h2 { (service.name) }
            p { strong { (service.organisation) } @if let Some(distance) = distance { " " span.status { (distance) } } }
            @for said in found.remarks.iter().map(remark) { p.warning { (said) } }
            p { (service.offers.iter().map(|code| here.say(code)).collect::<Vec<_>>().join("; ")) }
            (numbers_of(service))
            dl.facts { @for (name, value) in rows.iter().filter(|(_, value)| !value.is_empty()) { dt { (here.say(name)) } dd { (value) } } }
        }
    }
}

pub(super) fn place_name(here: &Here, code: &str) -> String {
    if code == NATION { here.say("whole-country") } else { places::name(code).unwrap_or(code).to_owned() }
}

fn whom(here: &Here, service: &Service) -> String {
    let sex =
        service.sex.map(|sex| if sex == ServiceSex::Female { "services-sex-female" } else { "services-sex-male" });
    let ages = (service.minimum_age.is_some() || service.maximum_age.is_some()).then(|| {
        let age = |age: Option<u8>, none: &str| age.map_or(none.to_owned(), |age| age.to_string());
        let args = [("from", age(service.minimum_age, "0").into()), ("to", age(service.maximum_age, "…").into())];
        here.texts.get("service-ages", &args)
    });
    sex.map(|id| here.say(id)).into_iter().chain(ages).collect::<Vec<_>>().join(", ")
}

/// Where nobody helps with what: services by need and province.
pub(super) async fn gaps(here: Here) -> Shown {
    let all = here.core(|core| Ok(coverage(&*core.directory()?))).await?;
    let provinces: Vec<_> = places::provinces().collect();
    let at = |need: &str, place: &str| all.iter().find(|c| c.need == need && c.place.code == place);
    let lacking = |need: &str| {
        let communes = all.iter().filter(|c| c.need == need && c.here == 0 && c.province > 0).map(|c| c.place.name);
        communes.collect::<Vec<_>>().join(", ")
    };
    let content = html! {
        h1 { (here.say("services-gaps")) }
        (here.p("gaps-explain"))
        div.scroll tabindex="0" role="region" aria-label=(here.say("services-gaps")) { table.gaps {
            thead { tr { th scope="col" { (here.say("services-need")) }
                @for province in &provinces { th scope="col" { (province.name) } }
                th scope="col" { (here.say("whole-country")) } } }
            tbody { @for need in service_types() { tr { th scope="row" { (here.say(need)) }
                @for province in &provinces { @let here_now = at(need, province.code).map_or(0, |c| c.here);
                    td.gap[here_now == 0] { @if here_now == 0 { (here.say("gap")) } @else { (here_now) } } }
                td { (at(need, provinces[0].code).map_or(0, |c| c.nation)) } } } }
        } }
        @for need in service_types() { @let names = lacking(need); @if !names.is_empty() {
            p { strong { (here.say(need)) ": " } (here.texts.get("gap-only-elsewhere", &[("places", names.into())])) }
        } }
        p.links { a href="services" { (here.say("services")) } a href=(HOME) { (here.say("home")) } }
    };
    Ok(here.page(&here.say("services-gaps"), content))
}
