//! The coordinator's page: people identified by month, place, sex and age, destination and exploitation; beside them
//! all outcomes of those screened, and the services they asked for.
//!
//! `GET /figures?place=BI|BI-PR-NN&period=all|YYYY|YYYY-qN`. For programs: `main` carries `data-place`, `data-period`,
//! `data-edition` and `data-exact`; figures above the tables stand in `[data-figure]` (`people-identified`,
//! `people-screened`, `screenings`, `focal-points-reporting`, `focal-points-enrolled`); tables in `table[data-table]`
//! (`people-by-month`, `-place`, `-sex`, `-age-and-sex`, `-destination`, `-exploitation`, `-outcome`, `-service`,
//! `months-open`) with `data-unit`. A cell with a number has `data-code` and either `data-value`, or `data-below` where
//! fewer than that many, perhaps none, are hidden. The total of a table has the code `total`.

use super::charts;
use super::labels::label;
use super::page::{PageRequest as Here, layout, problem};
use super::shared::{Shared, blocking, now};
use super::texts::{Language, People};
use crate::staff::audit;
use crate::staff::audit_line::Action;
use crate::staff::sessions::Visitor;
use crate::statistics::tables::{Answer, NOT_CONFIRMED};
use crate::statistics::{Base, Month, Period, Scope, Shown, Snapshot, Table};
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use serde::Deserialize;
use std::sync::Arc;
use tabara_protocol::clock;
use tabara_protocol::facts::Dictionary;
use tabara_protocol::places;

#[derive(Deserialize)]
pub struct Asked {
    place: Option<String>,
    period: Option<String>,
}

/// Country code, for the nation as a place.
const NATION: &str = "BI";

fn read_place(text: &str) -> Option<Scope> {
    if text == NATION { Some(Scope::Nation) } else { Scope::province(text) }
}

fn read_period(text: &str) -> Option<Period> {
    let year = |text: &str| text.parse().ok().filter(|year| (2020..=2040).contains(year));
    match text.split_once("-q") {
        _ if text == "all" => Some(Period::All),
        None => Some(Period::Year(year(text)?)),
        Some((of, quarter)) => {
            let quarter = quarter.parse().ok().filter(|quarter| (1..=4).contains(quarter))?;
            Some(Period::Quarter(year(of)?, quarter))
        }
    }
}

fn place_code(scope: Scope) -> &'static str {
    scope.code().unwrap_or(NATION)
}

fn period_code(period: Period) -> String {
    match period {
        Period::All => "all".into(),
        Period::Year(year) => year.to_string(),
        Period::Quarter(year, quarter) => format!("{year}-q{quarter}"),
    }
}

/// An edition is named by its last closed month. Its position in the log would tell how many entries there are.
fn edition(snapshot: &Snapshot) -> String {
    snapshot.last_closed.map_or_else(|| "none".to_owned(), |month| month.to_string())
}

pub async fn page(State(pages): Shared, here: Here, Query(asked): Query<Asked>) -> Response {
    let visitor = match here.visitor(&pages).await {
        Ok(visitor) => visitor,
        Err(response) => return response,
    };
    let scope = asked.place.as_deref().map_or(Some(visitor.role.home()), read_place);
    let period = asked.period.as_deref().map_or(Some(Period::All), read_period);
    let (Some(scope), Some(period)) = (scope, period) else {
        return problem(&here, Some(&visitor), StatusCode::BAD_REQUEST);
    };
    if !visitor.role.may_see(scope) {
        return problem(&here, Some(&visitor), StatusCode::FORBIDDEN);
    }
    let (shared, name, exact) = (pages.clone(), visitor.name.clone(), visitor.role.sees_exact_counts());
    let read = move || {
        let snapshot = shared.snapshot()?;
        let what = format!("{} {} edition {}", place_code(scope), period_code(period), edition(&snapshot));
        let base = if exact {
            Base::Exact(audit::exact(shared.staff(), now(), &name, &what)?)
        } else {
            shared.staff().note(now(), &name, Action::Saw, &what)?;
            Base::Inside
        };
        Ok((snapshot, base, clock::civil_month(shared.server.settings.clock.unix())))
    };
    match blocking(read).await {
        Ok((snapshot, base, month)) => {
            let sheet = Sheet { snapshot, base, scope, period, language: here.language };
            let content = sheet.draw(&visitor, Month::parse(&month));
            layout(&here, Some(&visitor), here.language.texts().people.title, content).into_response()
        }
        Err(fault) => problem(&here, Some(&visitor), fault.0),
    }
}

/// One place, one period, one base: everything on a page.
struct Sheet {
    snapshot: Arc<Snapshot>,
    base: Base,
    scope: Scope,
    period: Period,
    language: Language,
}

/// A cell with a number.
fn cell(code: &str, shown: Shown, language: Language) -> Markup {
    let (value, below) = match shown {
        Shown::Number(n) => (Some(n), None),
        Shown::Below(base) => (None, Some(base)),
    };
    html! { td.number data-code=(code) data-value=[value] data-below=[below] { (language.shown(shown)) } }
}

impl Sheet {
    fn texts(&self) -> &'static People {
        &self.language.texts().people
    }

    fn answer(&self, table: Table) -> Answer {
        self.snapshot.answer(table, self.scope, self.period, &self.base, Dictionary::standard())
    }

    fn draw(&self, visitor: &Visitor, this_month: Option<Month>) -> Markup {
        let texts = self.texts();
        let exact = matches!(self.base, Base::Exact(_));
        html! {
            div #figures data-place=(place_code(self.scope)) data-period=(period_code(self.period))
                data-edition=(edition(&self.snapshot)) data-exact=(exact) {
                h1 { (texts.title) }
                p.lead { (texts.lead) }
                (self.choices(visitor))
                h2.where { (self.place_name()) ", " (self.period_name(self.period)) }
                @match self.snapshot.last_closed {
                    None => p.message.note { (texts.nothing_closed) },
                    Some(last) => {
                        p.edition {
                            (texts.closed_until) " " (self.language.month(last)) ". "
                            (if exact { texts.exact } else { texts.rounded }) " "
                            a href="/help" { (texts.more_help) }
                        }
                        (self.headline())
                        (self.months())
                        (self.places())
                        (self.ages())
                        div.columns {
                            (self.sexes())
                            (self.one_fact(Table::Destination, texts.by_destination, texts.destination, None))
                            (self.one_fact(Table::Exploitation, texts.by_exploitation, texts.exploitation, Some(texts.several)))
                            (self.one_fact(Table::Outcome, texts.by_outcome, texts.outcome, Some(texts.outcome_note)))
                            (self.one_fact(Table::Service, texts.by_service, texts.service, Some(texts.several)))
                        }
                    }
                }
                (self.open_months(this_month))
                p.fine { (texts.sources) }
            }
        }
    }

    fn place_name(&self) -> &'static str {
        self.scope.code().and_then(places::name).unwrap_or(self.texts().nation)
    }

    fn period_name(&self, period: Period) -> String {
        let texts = self.texts();
        match period {
            Period::All => texts.all_months.to_lowercase(),
            Period::Year(year) => year.to_string(),
            Period::Quarter(year, quarter) => match self.language {
                Language::English => format!("{} {quarter}, {year}", texts.quarter),
                Language::French => {
                    format!("{quarter}{} {} {year}", if quarter == 1 { "er" } else { "e" }, texts.quarter)
                }
            },
        }
    }

    /// Where and when: links, so that each view has an address.
    fn choices(&self, visitor: &Visitor) -> Markup {
        let texts = self.texts();
        let link = |scope: Scope, period: Period, text: &str, current: bool| {
            let to = format!("/figures?place={}&period={}", place_code(scope), period_code(period));
            html! { li { a href=(to) aria-current=[current.then_some("true")] { (text) } } }
        };
        let provinces = places::provinces().filter_map(|p| Some((Scope::province(p.code)?, p.name)));
        let scopes = std::iter::once((Scope::Nation, texts.nation)).chain(provinces);
        let scopes: Vec<_> = scopes.filter(|(scope, _)| visitor.role.may_see(*scope)).collect();
        let year = match self.period {
            Period::Year(year) | Period::Quarter(year, _) => Some(year),
            Period::All => None,
        };
        html! {
            nav.choices aria-label=(texts.period) {
                @if scopes.len() > 1 {
                    p #choose-place { (texts.place) }
                    ul aria-labelledby="choose-place" {
                        @for (scope, name) in scopes { (link(scope, self.period, name, scope == self.scope)) }
                    }
                }
                p #choose-period { (texts.period) }
                ul aria-labelledby="choose-period" {
                    (link(self.scope, Period::All, texts.all_months, self.period == Period::All))
                    @for year in self.snapshot.years(self.scope) {
                        (link(self.scope, Period::Year(year), &year.to_string(), self.period == Period::Year(year)))
                    }
                }
                @if let Some(year) = year {
                    p #choose-quarter { (year) }
                    ul aria-labelledby="choose-quarter" {
                        @for quarter in 1..=4 {
                            @let period = Period::Quarter(year, quarter);
                            (link(self.scope, period, &self.period_name(period), self.period == period))
                        }
                    }
                }
            }
        }
    }

    fn headline(&self) -> Markup {
        let texts = self.texts();
        let headline = self.snapshot.headline(self.scope, self.period, &self.base);
        let figure = |name: &str, title: &str, shown: Shown, note: Option<Markup>| {
            let (value, below) = match shown {
                Shown::Number(n) => (Some(n), None),
                Shown::Below(base) => (None, Some(base)),
            };
            html! {
                div {
                    dt { (title) }
                    dd data-figure=(name) data-value=[value] data-below=[below] { (self.language.shown(shown)) }
                    @if let Some(note) = note { dd.note { (note) } }
                }
            }
        };
        let shown = |shown| self.language.shown(shown);
        let range = (headline.identified_least != headline.identified).then(|| {
            let range = texts.identified_range.replacen("{}", &shown(headline.identified_least), 1);
            html! { (range.replacen("{}", &shown(headline.identified), 1)) }
        });
        let (value, below) = match headline.enrolled {
            Shown::Number(n) => (Some(n), None),
            Shown::Below(base) => (None, Some(base)),
        };
        let enrolled = html! {
            span data-figure="focal-points-enrolled" data-value=[value] data-below=[below] {
                (texts.of.replace("{}", &shown(headline.enrolled)))
            }
        };
        html! {
            dl.headline {
                (figure("people-identified", texts.identified, headline.identified, range))
                (figure("people-screened", texts.screened, headline.screened, None))
                (figure("screenings", texts.screenings, headline.screenings, None))
                (figure("focal-points-reporting", texts.reporting, headline.reporting, Some(enrolled)))
            }
        }
    }

    /// A section with its unit; the body only where the split may be shown.
    fn section(
        &self,
        table: Table,
        title: &str,
        note: Option<&str>,
        answer: &Answer,
        body: impl FnOnce(&[Shown]) -> Markup,
    ) -> Markup {
        let texts = self.texts();
        html! {
            section {
                h3 { (title) }
                p.unit {
                    (if table.of_screened() { texts.unit_screened } else { texts.unit_people })
                    @if let Some(note) = note { ". " (note) }
                }
                @match &answer.split.parts {
                    _ if matches!(answer.split.total, Shown::Below(_)) => p.message.note { (texts.too_few) },
                    None => p.message.note { (texts.withheld) },
                    Some(parts) => (body(parts)),
                }
            }
        }
    }

    /// Label with its bar, number and share, one row a part; the total below, where it is not several answers.
    fn rows(&self, name: &str, table: Table, fact: &str, head: &str, answer: &Answer, parts: &[Shown]) -> Markup {
        let texts = self.texts();
        let total = answer.split.total;
        let longest = parts.iter().map(|part| part.at_least()).max().unwrap_or(0);
        let mut order: Vec<usize> = (0..parts.len()).collect();
        if table.several_answers() {
            // the longest first; codes that mean "none" stay last
            order.sort_by_key(|at| (answer.codes[*at] == "none", std::cmp::Reverse(parts[*at].at_least())));
        }
        let unit = if table.of_screened() { "people screened" } else { "people identified" };
        html! {
            table.bars data-table=(name) data-unit=(unit) {
                thead { tr {
                    th scope="col" { (head) }
                    th.number scope="col" { (texts.number) }
                    th.number scope="col" { (texts.share) }
                } }
                tbody {
                    @for at in order {
                        tr {
                            th scope="row" {
                                (label(fact, &answer.codes[at], self.language))
                                @if parts[at].at_least() > 0 { (charts::bar(parts[at], longest)) }
                            }
                            (cell(&answer.codes[at], parts[at], self.language))
                            td.number.share {
                                @if let Some(percent) = parts[at].percent_of(total) { (self.language.percent(percent)) }
                            }
                        }
                    }
                }
                tfoot { tr {
                    th scope="row" { (if table.of_screened() { texts.screened } else { texts.identified }) }
                    (cell("total", total, self.language))
                    td {}
                } }
            }
        }
    }

    fn one_fact(&self, table: Table, title: &str, head: &str, note: Option<&str>) -> Markup {
        let mut answer = self.answer(table);
        let (name, fact) = match table {
            Table::Destination => ("people-by-destination", "destination_region"),
            Table::Exploitation => ("people-by-exploitation", "exploitation"),
            Table::Outcome => ("people-by-outcome", "outcome"),
            _ => ("people-by-service", "services_requested"),
        };
        // reviews are rare: their row stands only once there is something in it
        if let (Some(NOT_CONFIRMED), Some(parts)) = (answer.codes.last().map(String::as_str), &mut answer.split.parts)
            && parts.last().is_some_and(|part| part.at_least() == 0)
        {
            parts.pop();
            answer.codes.pop();
        }
        self.section(table, title, note, &answer, |parts| self.rows(name, table, fact, head, &answer, parts))
    }

    fn months(&self) -> Markup {
        let texts = self.texts();
        let answer = self.answer(Table::Month);
        let months: Vec<Month> = answer.codes.iter().filter_map(|code| Month::parse(code)).collect();
        self.section(Table::Month, texts.by_month, None, &answer, |parts| {
            let values: Vec<(Month, Shown)> = months.iter().copied().zip(parts.iter().copied()).collect();
            let mut years: Vec<u16> = months.iter().map(|month| month.year()).collect();
            years.dedup();
            let at = |year: u16, number: usize| {
                values.iter().find(|(month, _)| month.year() == year && usize::from(month.number()) == number + 1)
            };
            html! {
                (charts::months(&values, &texts.number.to_lowercase(), texts.by_month, self.language))
                div.scroll tabindex="0" role="region" aria-label=(texts.by_month) {
                    table.calendar data-table="people-by-month" data-unit="people identified" {
                        thead { tr {
                            th scope="col" { (texts.year) }
                            @for (number, name) in self.language.texts().short_months.iter().enumerate() {
                                th.number scope="col" { abbr title=(self.language.texts().months[number]) { (name) } }
                            }
                        } }
                        tbody {
                            @for year in years {
                                tr {
                                    th scope="row" { (year) }
                                    @for number in 0..12 {
                                        @match at(year, number) {
                                            Some((month, shown)) => (cell(&month.to_string(), *shown, self.language)),
                                            None => td.number.none { "–" },
                                        }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        })
    }

    fn places(&self) -> Markup {
        let texts = self.texts();
        let answer = self.answer(Table::Place);
        let (title, head) = match self.scope {
            Scope::Nation => (texts.by_province, texts.province),
            Scope::Province(_) => (texts.by_commune, texts.commune),
        };
        if answer.codes.is_empty() {
            return html! { section { h3 { (title) } p.message.note { (texts.communes_by_year) } } };
        }
        self.section(Table::Place, title, None, &answer, |parts| {
            let on_map: Vec<(String, Shown)> = match self.scope {
                Scope::Nation => answer.codes.iter().cloned().zip(parts.iter().copied()).collect(),
                Scope::Province(_) => Vec::new(),
            };
            html! {
                div.pair.map-pair {
                    (charts::map(&on_map, self.scope.code(), texts.map, self.language))
                    (self.rows("people-by-place", Table::Place, "place", head, &answer, parts))
                }
            }
        })
    }

    fn sexes(&self) -> Markup {
        let texts = self.texts();
        let answer = self.answer(Table::Sex);
        self.section(Table::Sex, texts.by_sex, None, &answer, |parts| {
            self.rows("people-by-sex", Table::Sex, "sex", texts.sex, &answer, parts)
        })
    }

    fn ages(&self) -> Markup {
        let texts = self.texts();
        let (ages, sexes, answer) = (self.answer(Table::Age), self.answer(Table::Sex), self.answer(Table::AgeAndSex));
        let columns = sexes.codes.len();
        self.section(Table::Age, texts.by_age, None, &ages, |by_age| {
            // the cross may be withheld where its margins stand
            let crossed = answer.split.parts.as_deref();
            let crossed =
                |row: usize, column: usize| crossed.and_then(|cells| cells.get(row * columns + column)).copied();
            let name = |code: &str| label("age_band", code, self.language).to_owned();
            let pyramid: Vec<(String, Shown, Shown)> = (0..ages.codes.len())
                .filter_map(|row| Some((name(&ages.codes[row]), crossed(row, 0)?, crossed(row, 1)?)))
                .collect();
            let sex = |column: usize| label("sex", &sexes.codes[column], self.language);
            // a column with nothing to show in it would only take room; who is in it stands under "all"
            let is_shown = |column: &usize| {
                *column < 2 || (0..ages.codes.len()).any(|row| crossed(row, *column).is_some_and(|n| n.at_least() > 0))
            };
            let columns_shown: Vec<usize> = (0..columns).filter(is_shown).collect();
            html! {
                div.pair {
                    @if pyramid.is_empty() {
                        p.message.note { (texts.withheld) }
                    } @else {
                        (charts::pyramid(&pyramid, [sex(0), sex(1)], texts.by_age))
                    }
                    div.scroll tabindex="0" role="region" aria-label=(texts.by_age) {
                        table.ages data-table="people-by-age-and-sex" data-unit="people identified" {
                            thead { tr {
                                th scope="col" { (texts.age) }
                                @if !pyramid.is_empty() {
                                    @for column in &columns_shown { th.number scope="col" { (sex(*column)) } }
                                }
                                th.number scope="col" { (texts.everyone) }
                            } }
                            tbody {
                                @for (row, shown) in by_age.iter().enumerate() {
                                    tr {
                                        th scope="row" { (name(&ages.codes[row])) }
                                        @for column in columns_shown.iter().copied() {
                                            @if let Some(shown) = crossed(row, column) {
                                                (cell(&answer.codes[row * columns + column], shown, self.language))
                                            }
                                        }
                                        (cell(&ages.codes[row], *shown, self.language))
                                    }
                                }
                            }
                        }
                    }
                }
            }
        })
    }

    /// Totals of the months that have not closed, up to this one.
    fn open_months(&self, this_month: Option<Month>) -> Markup {
        /// Before the first closing nobody knows where to begin: so many are listed.
        const MOST: usize = 6;
        let texts = self.texts();
        let Some(this) = this_month else { return html! {} };
        let after = self.snapshot.last_closed.map_or(0, |last| last.index() + 1);
        let first = after.max((this.index() + 1).saturating_sub(MOST));
        let months: Vec<Month> = (first..=this.index()).filter_map(Month::at).collect();
        html! {
            @if !months.is_empty() {
                section {
                    h3 { (texts.open_title) }
                    p.unit { (texts.open_lead) }
                    table.narrow data-table="months-open" data-unit="people" {
                        thead { tr {
                            th scope="col" { (texts.month) }
                            th.number scope="col" { (texts.screened) }
                            th.number scope="col" { (texts.identified) }
                        } }
                        tbody {
                            @for month in months {
                                @let (screened, identified) = self.snapshot.open_month(self.scope, month, &self.base);
                                tr {
                                    th scope="row" { (self.language.month(month)) }
                                    (cell(&format!("screened/{month}"), screened, self.language))
                                    (cell(&format!("identified/{month}"), identified, self.language))
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}
