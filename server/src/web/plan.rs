//! Which tables exist this year for which place, and why: the plan that stands in the log.

use super::labels::{label, place_name};
use super::page::{PageRequest, layout, problem};
use super::shared::{Shared, blocking};
use crate::statistics::plan::{BY_QUARTER, BY_YEAR};
use crate::store::entry::{Grain, YearPlan};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use tabara_protocol::places;
use tabara_protocol::tables::Tables;

pub async fn page(State(pages): Shared, here: PageRequest) -> Result<Response, Response> {
    let visitor = here.visitor(&pages).await?;
    let shared = pages.clone();
    let read = blocking(move || Ok(shared.server.store.read(|log| log.last_plan())?)).await;
    let plan = read.map_err(|fault| problem(&here, Some(&visitor), fault.0))?;
    let texts = &here.language.texts().plan_page;
    let content = html! {
        h1 { (texts.title) }
        p.lead { (texts.lead) }
        p { (texts.rule.replacen("{}", &BY_YEAR.to_string(), 1).replacen("{}", &BY_QUARTER.to_string(), 1)) }
        @match plan {
            None => p.message.note { (texts.none) },
            Some(plan) => (table(&here, &plan)),
        }
    };
    Ok(layout(&here, Some(&visitor), texts.title, content).into_response())
}

/// A row for each table, a column for each place: how fine, and for how many people last year.
fn table(here: &PageRequest, plan: &YearPlan) -> Markup {
    let (language, texts) = (here.language, &here.language.texts().plan_page);
    let columns: Vec<&str> = ["BI"].into_iter().chain(places::provinces().map(|place| place.code)).collect();
    let word = |grain: Grain| match grain {
        Grain::Nothing => "–",
        Grain::Year => texts.year,
        Grain::Quarter => texts.quarter,
    };
    let of_table = |id: &str, place: &str| plan.tables.iter().find(|row| row.table == id && row.place == place);
    html! {
        h2 { (plan.year) }
        div.scroll tabindex="0" role="region" aria-label=(texts.title) {
            table data-table="plan" {
                thead { tr {
                    th scope="col" { (texts.table) }
                    th.number scope="col" { (texts.cells) }
                    @for code in &columns { th scope="col" { (place_name(code, language)) } }
                } }
                tbody {
                    @for table in &Tables::standard().tables {
                        @if let Some(any) = plan.tables.iter().find(|row| row.table == table.id) {
                            tr {
                                th scope="row" { (label("title", &table.title, language)) }
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
