//! Referrals that nobody answered in time: to whom, which service, how urgent, since when. A work list, without anything of
//! a case. `GET /overdue`.

use super::labels::said;
use super::page::{PageResult, VisitorRequest};
use super::shared::now;
use crate::staff::audit_line::Action;
use crate::staff::role::Permission;
use crate::statistics::Scope;
use crate::store::ReferralState;
use crate::web::about::visible;
use axum::http::StatusCode;
use maud::html;
use tabara_protocol::clock::civil_date;
use tabara_protocol::places;
use tabara_protocol::referral::URGENCIES;

/// Lines on the page; the most urgent come first.
const MOST: usize = 200;

pub async fn page(here: VisitorRequest) -> PageResult {
    here.must(Permission::WorkLists)?;
    let read = here.work(move |pages, visitor| {
        let role = visitor.role;
        pages.staff().note(now(), &visitor.name, Action::Saw, &format!("overdue {}", role.home().place()))?;
        let time = pages.server.settings.clock.unix();
        let mut all = pages.server.store.read(|log| log.referrals(time))?;
        let covers = |one: &ReferralState| match places::province_of(&one.commune).map(|p| Scope::province(p.code)) {
            Some(Some(province)) => role.covers(province),
            _ => role.home() == Scope::Nation,
        };
        all.retain(|one| one.is_overdue(time) && covers(one));
        let urgency = |one: &ReferralState| URGENCIES.iter().position(|known| *known == one.urgency);
        all.sort_by_key(|one| (urgency(one), one.due()));
        Ok((all, time))
    });
    let (all, time) = read.await?;
    let content = html! {
        h1 { (here.language.say("overdue-title")) }
        p.lead { (here.language.say("overdue-lead")) }
        @if all.is_empty() {
            p.message.note { (here.language.say("overdue-none")) }
        } @else {
            p { (here.language.say_with("overdue-count", &[("count", all.len().into())])) }
            div.scroll tabindex="0" role="region" aria-label=(here.language.text("overdue-title")) {
                table data-table="overdue" {
                    thead { tr {
                        th scope="col" { (here.language.say("overdue-urgency")) }
                        th scope="col" { (here.language.say("overdue-service")) }
                        th scope="col" { (here.language.say("overdue-to")) }
                        th scope="col" { (here.language.say("overdue-province")) }
                        th scope="col" { (here.language.say("overdue-sent")) }
                        th.number scope="col" { (here.language.say("overdue-days")) }
                    } }
                    tbody {
                        @for one in all.iter().take(MOST) {
                            @let province = places::province_of(&one.commune).map_or("–", |province| province.name);
                            tr data-status=(one.status.code()) {
                                td { (said("urgency", &one.urgency, here.language)) }
                                td { (said("service_type", &one.service, here.language)) }
                                td { bdi { (visible(&one.to)) } }
                                td { (province) }
                                td.plain { (civil_date(one.came)) }
                                td.number { ((time - one.due()).div_euclid(86_400) + 1) }
                            }
                        }
                    }
                }
            }
        }
    };
    Ok(here.show(StatusCode::OK, "overdue-title", content))
}
