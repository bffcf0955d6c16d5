//! The latest public release: a page and files for everybody, without signing in. What it shows is frozen in the signed
//! file; nothing here counts.

use super::labels::{label, words};
use super::page::{PageRequest, layout, problem};
use super::shared::{PageError, Pages, Shared, blocking, saved};
use super::texts::Language;
use crate::reports::release::{self, Frozen, Release, ReleaseError};
use crate::reports::rows::FigureRow;
use crate::reports::{csv, dhis2, xlsx};
use crate::statistics::Month;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use std::sync::Arc;
use tabara_protocol::tables::{Table, Tables};

/// Files of a release, with their kinds.
const FILES: [(&str, &str); 5] = [
    ("figures.csv", csv::KIND),
    ("figures.xlsx", xlsx::KIND),
    ("release.jws", "application/jose"),
    ("dhis2-metadata.json", "application/json"),
    ("dhis2-data.json", "application/json"),
];

/// The latest release, read once; nothing before the first.
fn latest(pages: &Pages) -> Result<Option<Arc<Frozen>>, PageError> {
    let Some(noted) = pages.server.store.read(|log| log.last_release())? else { return Ok(None) };
    let frozen = pages.frozen(noted.sha256, || {
        let unavailable = |e: ReleaseError| {
            tracing::error!("release {}: {e}", noted.number);
            PageError(StatusCode::SERVICE_UNAVAILABLE)
        };
        let jws = release::read(&pages.server.settings, noted.number).map_err(unavailable)?;
        release::of_log(&pages.server.store, jws).map_err(unavailable)
    });
    frozen.map(Some)
}

async fn read(pages: &Arc<Pages>, here: &PageRequest) -> Result<Option<Arc<Frozen>>, Response> {
    let shared = pages.clone();
    blocking(move || latest(&shared)).await.map_err(|fault| problem(here, None, fault.0))
}

pub async fn page(State(pages): Shared, here: PageRequest) -> Result<Response, Response> {
    let texts = &here.language.texts().release;
    let content = match read(&pages, &here).await? {
        None => html! { h1 { (texts.title) } p.message.note { (texts.none) } },
        Some(frozen) => draw(&frozen, here.language),
    };
    Ok(layout(&here, None, texts.title, content).into_response())
}

pub async fn download(State(pages): Shared, here: PageRequest, Path(name): Path<String>) -> Result<Response, Response> {
    let not_found = || problem(&here, None, StatusCode::NOT_FOUND);
    let (name, kind) = FILES.into_iter().find(|(known, _)| *known == name).ok_or_else(not_found)?;
    let frozen = read(&pages, &here).await?.ok_or_else(not_found)?;
    let language = here.language;
    let made = blocking(move || {
        let rows = &frozen.release.rows;
        let word = |row: &FigureRow| words(row, language);
        Ok(match name {
            "figures.csv" => csv::csv(rows, &word).into_bytes(),
            "figures.xlsx" => xlsx::xlsx(rows, &word, &language.texts().release.book, &notes(&frozen, language))?,
            "dhis2-metadata.json" => dhis2::metadata(rows, &word).to_string().into_bytes(),
            "dhis2-data.json" => dhis2::data_values(rows).to_string().into_bytes(),
            _ => frozen.jws.clone().into_bytes(),
        })
    });
    let bytes = made.await.map_err(|fault| problem(&here, None, fault.0))?;
    Ok(saved(kind, &format!("tabara-{name}"), bytes))
}

/// What a file tells beside its numbers.
fn notes(frozen: &Frozen, language: Language) -> Vec<String> {
    let texts = &language.texts().release;
    let title = [texts.title.to_owned(), named(&frozen.release, language), format!("SHA-256 {}", frozen.hash)];
    title.into_iter().chain(texts.method.iter().map(|text| (*text).to_owned())).collect()
}

fn named(release: &Release, language: Language) -> String {
    let through = Month::parse(&release.through).map_or(release.through.clone(), |month| language.month(month));
    language.texts().release.named.replacen("{}", &release.number.to_string(), 1).replacen("{}", &through, 1)
}

fn draw(frozen: &Frozen, language: Language) -> Markup {
    let (texts, rows) = (&language.texts().release, &frozen.release.rows);
    let years = rows.iter().filter(|row| row.place == "BI" && row.period.len() == 4).map(|row| row.period.as_str());
    let year = years.max().unwrap_or_default();
    let plain = |table: &&Table| table.public && table.dimensions.len() == 1 && !table.is_by_month();
    html! {
        div #release data-number=(frozen.release.number) data-through=(frozen.release.through) {
            h1 { (texts.title) }
            p.lead { (texts.lead) }
            p.edition { (named(&frozen.release, language)) ". " (texts.rounded) }
            h2 { (language.texts().people.nation) ", " (year) }
            div.columns {
                @for table in Tables::standard().tables.iter().filter(plain) {
                    (section(table, rows, year, language))
                }
            }
            h2 { (texts.downloads) }
            ul {
                @for ((file, _), name) in FILES.iter().zip(texts.files) {
                    li { a href={ "/public/" (file) } download { (name) } }
                }
            }
            h2 { (texts.method_title) }
            @for paragraph in texts.method { p { (paragraph) } }
            p.fine { (texts.hash) " " code { (frozen.hash) } }
        }
    }
}

/// The nation's numbers of a year in one table.
fn section(table: &Table, rows: &[FigureRow], year: &str, language: Language) -> Markup {
    let here = |row: &&FigureRow| row.table == table.id && row.place == "BI" && row.period == year;
    let (total, parts): (Vec<&FigureRow>, Vec<&FigureRow>) =
        rows.iter().filter(here).partition(|row| row.code == "total");
    let small = parts.iter().filter(|row| row.value.is_none()).count();
    let fact = table.dimensions[0].facts().join("+");
    let value = |row: &FigureRow| row.value.map(|n| language.number(n));
    let texts = &language.texts().release;
    html! {
        @if parts.iter().any(|row| row.value.is_some()) {
            section {
                h3 { (label("title", &table.title, language)) }
                table data-table=(table.id) {
                    tbody {
                        @for row in parts.iter().filter(|row| row.value.is_some()) {
                            tr {
                                th scope="row" { (label(&fact, &row.code, language)) }
                                td.number data-code=(row.code) data-value=[row.value] { (value(row).unwrap_or_default()) }
                            }
                        }
                    }
                    @if let Some(n) = total.first().and_then(|row| value(row)) {
                        tfoot { tr { th scope="row" { (label("unit", table.counted(), language)) } td.number data-code="total" data-value=[total[0].value] { (n) } } }
                    }
                }
                @if small > 0 { p.fine { (texts.few.replace("{}", &small.to_string())) } }
            }
        }
    }
}
