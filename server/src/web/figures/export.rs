//! The numbers of a place and period as a file, as the same account sees them on the pages; and the audit log.
//! `GET /figures/figures.csv|figures.xlsx?place=&period=`, `GET /audit/audit.csv`.

use super::{Asked, base, edition};
use crate::reports::rows::{FigureRow, rows};
use crate::reports::{csv, xlsx};
use crate::staff::audit_line::Action;
use crate::staff::role::Permission;
use crate::store::StoreError;
use crate::web::about::time;
use crate::web::labels::words;
use crate::web::page::{PageResult, VisitorRequest};
use crate::web::shared::{now, saved};
use axum::extract::{Path, Query};
use axum::http::StatusCode;
use tabara_protocol::log::audit::AuditLine;

pub async fn figures(here: VisitorRequest, Path(file): Path<String>, Query(asked): Query<Asked>) -> PageResult {
    here.must(Permission::Figures)?;
    let is_book = match file.as_str() {
        "figures.csv" => false,
        "figures.xlsx" => true,
        _ => return Err(here.problem(StatusCode::NOT_FOUND)),
    };
    let (scope, period) = asked.view(&here)?;
    let language = here.language;
    let made = here.work(move |pages, visitor| {
        let snapshot = pages.snapshot()?;
        let what = format!("{file} {} {period} edition {}", scope.place(), edition(&snapshot));
        let base = base(pages, visitor, &what)?;
        let rows = rows(&snapshot, &base, |_, _| true, &[scope], &[period]);
        let word = |row: &FigureRow| words(row, language);
        if !is_book {
            return Ok(csv::csv(&rows, &word).into_bytes());
        }
        let until = snapshot
            .last_closed
            .map(|month| format!("{} {}", language.text("people-closed-until"), language.month(month)));
        let rule =
            language.text(if visitor.role.may(Permission::ExactCounts) { "people-exact" } else { "people-rounded" });
        let notes: Vec<String> =
            until.into_iter().chain([rule, language.text("people-hidden")].map(str::to_owned)).collect();
        Ok(xlsx::xlsx(&rows, &word, |key| language.text(key), &notes)?)
    });
    let bytes = made.await?;
    let kind = if is_book { xlsx::KIND } else { csv::KIND };
    let name = format!("tabara-{}-{period}.{}", scope.place(), if is_book { "xlsx" } else { "csv" });
    Ok(saved(kind, &name, bytes))
}

/// Every line of the audit log.
pub async fn audit_log(here: VisitorRequest) -> PageResult {
    here.must(Permission::Audit)?;
    let made = here.work(move |pages, visitor| {
        pages.staff().note(now(), &visitor.name, Action::Saw, "audit.csv")?;
        let mut rows = Vec::new();
        pages.staff().each_line(|AuditLine { number, time: at, name, action, detail, hash }| {
            rows.push(vec![number.to_string(), time(at), name, action, detail, hash.to_string()]);
            Ok::<_, StoreError>(())
        })?;
        Ok(csv::table(&[&["line", "time_utc", "account", "action", "detail", "hash"]], &rows).into_bytes())
    });
    let bytes = made.await?;
    Ok(saved(csv::KIND, "tabara-audit.csv", bytes))
}
