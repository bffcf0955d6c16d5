//! The numbers of a place and period as a file, as the same account sees them on the pages; and the audit log.
//! `GET /figures/figures.csv|figures.xlsx?place=&period=`, `GET /audit/audit.csv`.

use super::{Asked, edition, read_period};
use crate::reports::rows::{FigureRow, rows};
use crate::reports::{csv, xlsx};
use crate::staff::audit;
use crate::staff::audit_line::Action;
use crate::statistics::{Base, Period, Scope};
use crate::web::about::time;
use crate::web::labels::words;
use crate::web::page::{PageRequest, problem};
use crate::web::shared::{PageError, Shared, blocking, now};
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use tabara_protocol::log::audit::AuditLine;

const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

pub async fn figures(
    State(pages): Shared,
    here: PageRequest,
    Path(file): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Response> {
    let visitor = here.visitor(&pages).await?;
    let is_book = match file.as_str() {
        "figures.csv" => false,
        "figures.xlsx" => true,
        _ => return Err(problem(&here, Some(&visitor), StatusCode::NOT_FOUND)),
    };
    let scope = asked.place.as_deref().map_or(Some(visitor.role.home()), Scope::of_place);
    let period = asked.period.as_deref().map_or(Some(Period::All), read_period);
    let (Some(scope), Some(period)) = (scope, period) else {
        return Err(problem(&here, Some(&visitor), StatusCode::BAD_REQUEST));
    };
    if !visitor.role.may_see(scope) {
        return Err(problem(&here, Some(&visitor), StatusCode::FORBIDDEN));
    }
    let (shared, name, exact) = (pages.clone(), visitor.name.clone(), visitor.role.sees_exact_counts());
    let language = here.language;
    let made = blocking(move || {
        let snapshot = shared.snapshot()?;
        let what = format!("{file} {} {period} edition {}", scope.place(), edition(&snapshot));
        let base = if exact {
            Base::Exact(audit::exact(shared.staff(), now(), &name, &what)?)
        } else {
            shared.staff().note(now(), &name, Action::Saw, &what)?;
            Base::Inside
        };
        let rows = rows(&snapshot, &base, |_, _| true, &[scope], &[period]);
        let word = |row: &FigureRow| words(row, language);
        if !is_book {
            return Ok(csv::csv(&rows, &word).into_bytes());
        }
        let texts = &language.texts().people;
        let until = snapshot.last_closed.map(|month| format!("{} {}", texts.closed_until, language.month(month)));
        let rule = if exact { texts.exact } else { texts.rounded };
        let notes: Vec<String> = until.into_iter().chain([rule, texts.hidden].map(str::to_owned)).collect();
        xlsx::xlsx(&rows, &word, &language.texts().release.book, &notes).map_err(|e| {
            tracing::error!("a workbook: {e}");
            PageError(StatusCode::INTERNAL_SERVER_ERROR)
        })
    });
    let bytes = made.await.map_err(|fault| problem(&here, Some(&visitor), fault.0))?;
    let kind = if is_book { XLSX } else { "text/csv; charset=utf-8" };
    let name = format!("tabara-{}-{period}.{}", scope.place(), if is_book { "xlsx" } else { "csv" });
    Ok(saved(kind, &name, bytes))
}

/// Every line of the audit log.
pub async fn audit_log(State(pages): Shared, here: PageRequest) -> Result<Response, Response> {
    let visitor = here.visitor(&pages).await?;
    if !visitor.role.sees_audit() {
        return Err(problem(&here, Some(&visitor), StatusCode::FORBIDDEN));
    }
    let (shared, name) = (pages.clone(), visitor.name.clone());
    let made = blocking(move || {
        shared.staff().note(now(), &name, Action::Saw, "audit.csv")?;
        let (mut lines, mut before) = (Vec::new(), u64::MAX);
        loop {
            let page = shared.staff().audit(before, 1000)?;
            let Some(last) = page.last() else { break };
            before = last.number;
            lines.extend(page);
        }
        let cells = |line: &AuditLine| {
            let [number, hash] = [line.number.to_string(), line.hash.to_string()];
            vec![number, time(line.time), line.name.clone(), line.action.clone(), line.detail.clone(), hash]
        };
        let rows: Vec<Vec<String>> = lines.iter().rev().map(cells).collect();
        Ok(csv::table(&[&["line", "time_utc", "account", "action", "detail", "hash"]], &rows).into_bytes())
    });
    let bytes = made.await.map_err(|fault| problem(&here, Some(&visitor), fault.0))?;
    Ok(saved("text/csv; charset=utf-8", "tabara-audit.csv", bytes))
}

fn saved(kind: &str, name: &str, bytes: Vec<u8>) -> Response {
    let headers = [
        (header::CONTENT_TYPE, kind.to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
    ];
    (headers, bytes).into_response()
}
