//! The latest public release: a page and files for everybody, without signing in. What it shows is frozen in the signed
//! file; nothing here counts.

use super::labels::{said, words};
use super::page::{PageRequest, PageResult};
use super::shared::{PageError, Pages, saved};
use super::texts::Language;
use crate::reports::release::{self, Frozen, Release, ReleaseError};
use crate::reports::rows::FigureRow;
use crate::reports::{csv, dhis2, xlsx};
use crate::statistics::Month;
use axum::extract::Path;
use axum::http::StatusCode;
use maud::{Markup, html};
use std::sync::Arc;
use tabara_protocol::tables::{Table, Tables};

/// Files of a release, with their kinds and what they are called.
const FILES: [(&str, &str, &str); 5] = [
    ("figures.csv", csv::KIND, "release-file-csv"),
    ("figures.xlsx", xlsx::KIND, "release-file-xlsx"),
    ("release.jws", "application/jose", "release-file-signed"),
    ("dhis2-metadata.json", "application/json", "release-file-metadata"),
    ("dhis2-data.json", "application/json", "release-file-data"),
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

pub async fn page(here: PageRequest) -> PageResult {
    let content = match here.work(latest).await? {
        None => {
            html! { h1 { (here.language.say("release-title")) } p.message.note { (here.language.say("release-none")) } }
        }
        Some(frozen) => draw(&frozen, here.language),
    };
    Ok(here.show(StatusCode::OK, "release-title", content))
}

pub async fn download(here: PageRequest, Path(name): Path<String>) -> PageResult {
    let not_found = || here.problem(StatusCode::NOT_FOUND);
    let (name, kind, _) = FILES.into_iter().find(|(known, ..)| *known == name).ok_or_else(not_found)?;
    let frozen = here.work(latest).await?.ok_or_else(not_found)?;
    let language = here.language;
    let made = here.work(move |_| {
        let rows = &frozen.release.rows;
        let word = |row: &FigureRow| words(row, language);
        Ok(match name {
            "figures.csv" => csv::csv(rows, &word).into_bytes(),
            "figures.xlsx" => xlsx::xlsx(rows, &word, |key| language.text(key), &notes(&frozen, language))?,
            "dhis2-metadata.json" => dhis2::metadata(rows, &word).to_string().into_bytes(),
            "dhis2-data.json" => dhis2::data_values(rows).to_string().into_bytes(),
            _ => frozen.jws.clone().into_bytes(),
        })
    });
    Ok(saved(kind, &format!("tabara-{name}"), made.await?))
}

/// What a file tells beside its numbers.
fn notes(frozen: &Frozen, language: Language) -> Vec<String> {
    let title = [
        language.text("release-title").to_owned(),
        named(&frozen.release, language),
        format!("SHA-256 {}", frozen.hash),
    ];
    title.into_iter().chain(language.text("release-method").split("\n\n").map(str::to_owned)).collect()
}

fn named(release: &Release, language: Language) -> String {
    let through = Month::parse(&release.through).map_or(release.through.clone(), |month| language.month(month));
    language.text_with("release-named", &[("number", release.number.into()), ("month", through.into())])
}

fn draw(frozen: &Frozen, language: Language) -> Markup {
    let rows = &frozen.release.rows;
    let years = rows.iter().filter(|row| row.place == "BI" && row.period.len() == 4).map(|row| row.period.as_str());
    let year = years.max().unwrap_or_default();
    let plain = |table: &&Table| table.public && table.dimensions.len() == 1 && !table.is_by_month();
    html! {
        div #release data-number=(frozen.release.number) data-through=(frozen.release.through) {
            h1 { (language.say("release-title")) }
            p.lead { (language.say("release-lead")) }
            p.edition { (named(&frozen.release, language)) ". " (language.say("release-rounded")) }
            h2 { (language.say("people-nation")) ", " (year) }
            div.columns {
                @for table in Tables::standard().tables.iter().filter(plain) {
                    (section(table, rows, year, language))
                }
            }
            h2 { (language.say("release-downloads")) }
            ul {
                @for (file, _, key) in FILES {
                    li { a href={ "/public/" (file) } download { (language.say(key)) } }
                }
            }
            h2 { (language.say("release-method-title")) }
            (language.paragraphs("release-method"))
            p.fine { (language.say("release-hash")) " " code { (frozen.hash) } }
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
    html! {
        @if parts.iter().any(|row| row.value.is_some()) {
            section {
                h3 { (said("title", &table.title, language)) }
                table data-table=(table.id) {
                    tbody {
                        @for row in parts.iter().filter(|row| row.value.is_some()) {
                            tr {
                                th scope="row" { (said(&fact, &row.code, language)) }
                                td.number data-code=(row.code) data-value=[row.value] { (value(row).unwrap_or_default()) }
                            }
                        }
                    }
                    @if let Some(n) = total.first().and_then(|row| value(row)) {
                        tfoot { tr { th scope="row" { (said("unit", table.counted(), language)) } td.number data-code="total" data-value=[total[0].value] { (n) } } }
                    }
                }
                @if small > 0 { p.fine { (language.say_with("release-few", &[("count", small.into())])) } }
            }
        }
    }
}
