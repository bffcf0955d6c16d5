//! Which tables exist this year for which place, and why: the plan that stands in the log.

use super::labels::{place_name, said};
use super::page::{PageRequest, PageResult, VisitorRequest};
use crate::statistics::plan::{BY_QUARTER, BY_YEAR};
use crate::store::entry::{Grain, YearPlan};
use axum::http::StatusCode;
use maud::{Markup, html};
use tabara_protocol::places;
use tabara_protocol::tables::Tables;

pub async fn page(here: VisitorRequest) -> PageResult {
    let plan = here.work(|pages, _| Ok(pages.server.store.read(|log| log.last_plan())?)).await?;
    let content = html! {
        h1 { (here.language.say("plan-title")) }
        p.lead { (here.language.say("plan-lead")) }
        p { (here.language.say_with("plan-rule", &[("by-year", BY_YEAR.into()), ("by-quarter", BY_QUARTER.into())])) }
        @match plan {
            None => p.message.note { (here.language.say("plan-none")) },
            Some(plan) => (table(&here, &plan)),
        }
    };
    Ok(here.show(StatusCode::OK, "plan-title", content))
}

/// A row for each table, a column for each place: how fine, and for how many people last year.
fn table(here: &PageRequest, plan: &YearPlan) -> Markup {
    let language = here.language;
    let columns: Vec<&str> = ["BI"].into_iter().chain(places::provinces().map(|place| place.code)).collect();
    let word = |grain: Grain| match grain {
        Grain::Nothing => "–",
        Grain::Year => language.text("plan-year"),
        Grain::Quarter => language.text("plan-quarter"),
    };
    let of_table = |id: &str, place: &str| plan.tables.iter().find(|row| row.table == id && row.place == place);
    html! {
        h2 { (plan.year) }
        div.scroll tabindex="0" role="region" aria-label=(language.text("plan-title")) {
            table data-table="plan" {
                thead { tr {
                    th scope="col" { (language.say("plan-table")) }
                    th.number scope="col" { (language.say("plan-cells")) }
                    @for code in &columns { th scope="col" { (place_name(code, language)) } }
                } }
                tbody {
                    @for table in &Tables::standard().tables {
                        @if let Some(any) = plan.tables.iter().find(|row| row.table == table.id) {
                            tr {
                                th scope="row" { (said("title", &table.title, language)) }
                                td.number { (any.cells) }
                                @for code in &columns {
                                    @match of_table(&table.id, code) {
                                        Some(row) => td data-grain=(word(row.grain)) {
                                            (word(row.grain)) " (" (language.number(row.people)) ")"
                                        },
                                        None => td { "–" },
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}
