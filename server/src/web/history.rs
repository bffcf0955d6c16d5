//! Figures of years before, published by others: beside the counted figures, never mixed with them; and the rate of SDG
//! 16.2.2, where the population is known. `GET /history`.

use super::figures::base;
use super::labels::place_name;
use super::page::{PageResult, VisitorRequest};
use super::texts::Language;
use crate::reports::history::{self, POPULATION};
use crate::staff::role::Permission;
use crate::statistics::{Base, Period, Scope, Shown, Snapshot};
use crate::store::entry::{HistoryRow, HistoryTable};
use crate::web::about::visible;
use axum::http::StatusCode;
use maud::{Markup, html};
use std::collections::BTreeSet;

pub async fn page(here: VisitorRequest) -> PageResult {
    here.must(Permission::Figures)?;
    let role = here.visitor.role;
    let read = here.work(move |pages, visitor| {
        let snapshot = pages.snapshot()?;
        let base = base(pages, visitor, &format!("history {}", role.home().place()))?;
        Ok((snapshot, base, pages.server.store.read(history::all)?))
    });
    let (snapshot, base, tables) = read.await?;
    let scopes: Vec<Scope> = Scope::all().filter(|scope| role.covers(*scope)).collect();
    let population = tables.iter().find(|table| table.id == POPULATION);
    let content = html! {
        h1 { (here.language.say("history-title")) }
        p.lead { (here.language.say("history-lead")) }
        @if tables.is_empty() { p.message.note { (here.language.say("history-none")) } }
        @if let Some(population) = population { (rates(&snapshot, &base, population, &scopes, here.language)) }
        @for table in &tables { (drawn(table, here.language)) }
    };
    Ok(here.show(StatusCode::OK, "history-title", content))
}

/// A table as it was published: a row for each place and label, a column for each year.
fn drawn(table: &HistoryTable, language: Language) -> Markup {
    let tongue = usize::from(language != Language::English);
    let years: BTreeSet<u16> = table.rows.iter().map(|row| row.year).collect();
    let mut rows: Vec<(&str, &str)> = Vec::new();
    for row in &table.rows {
        let named = (row.place.as_str(), row.label[tongue].as_str());
        if !rows.contains(&named) {
            rows.push(named);
        }
    }
    let value = |place: &str, label: &str, year: u16| {
        let same =
            |row: &&HistoryRow| (row.place.as_str(), row.label[tongue].as_str(), row.year) == (place, label, year);
        table.rows.iter().find(same).map(|row| row.value)
    };
    html! {
        section data-history=(table.id) {
            h2.first { bdi { (visible(&table.title[tongue])) } }
            p.unit { (language.say("people-unit")) " " (visible(&table.unit[tongue])) }
            div.scroll tabindex="0" role="region" aria-label=(table.title[tongue]) {
                table {
                    thead { tr {
                        th scope="col" { (language.say("people-place")) }
                        th scope="col" { (language.say("history-what")) }
                        @for year in &years { th.number scope="col" { (year) } }
                    } }
                    tbody {
                        @for (place, label) in rows {
                            tr {
                                th scope="row" { (place_name(place, language)) }
                                td { bdi { (visible(label)) } }
                                @for year in &years {
                                    td.number {
                                        @if let Some(n) = value(place, label, *year) { (language.number(u32::try_from(n).unwrap_or(u32::MAX))) }
                                        @else { "–" }
                                    }
                                }
                            }
                        }
                    }
                }
            }
            p.fine { (language.say("history-source")) " " bdi { (visible(&table.source)) } }
        }
    }
}

/// People identified per 100,000 who live there, from the number that is shown.
fn rates(snapshot: &Snapshot, base: &Base, population: &HistoryTable, scopes: &[Scope], language: Language) -> Markup {
    let years: BTreeSet<u16> = population.rows.iter().map(|row| row.year).collect();
    let people = |scope: Scope, year: u16| {
        let here = |row: &&HistoryRow| (row.place.as_str(), row.year) == (scope.place(), year);
        population.rows.iter().find(here).map(|row| row.value).filter(|people| *people > 0)
    };
    let rate = |scope: Scope, year: u16| match snapshot.headline(scope, Period::Year(year), base).identified {
        Shown::Number(n) => people(scope, year).map(|people| u64::from(n) * 10_000_000 / people),
        Shown::Below(_) | Shown::Hidden => None,
    };
    let mark = language.text("number-decimal");
    html! {
        section data-history="sdg-16-2-2" {
            h2.first { (language.say("history-rate")) }
            p.unit { (language.say("history-rate-note")) }
            div.scroll tabindex="0" role="region" aria-label=(language.text("history-rate")) {
                table {
                    thead { tr {
                        th scope="col" { (language.say("people-place")) }
                        @for year in &years { th.number scope="col" { (year) } }
                    } }
                    tbody {
                        @for scope in scopes {
                            tr {
                                th scope="row" { (place_name(scope.place(), language)) }
                                @for year in &years {
                                    @match rate(*scope, *year) {
                                        Some(rate) => td.number data-code={ (scope.place()) "/" (year) } {
                                            (rate / 100) (mark) (format!("{:02}", rate % 100))
                                        },
                                        None => td.number.none { "–" },
                                    }
                                }
                            }
                        }
                    }
                }
            }
            p.fine { (language.say("history-source")) " " bdi { (visible(&population.source)) } }
        }
    }
}
