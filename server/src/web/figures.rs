//! The coordinator's pages: the tables of `tables.csv`, page by page.
//!
//! `GET /figures?page=PAGE&place=BI|BI-PR-NN&period=all|YYYY|YYYY-qN`. For
//! programs: `#figures` carries `data-page`, `data-place`, `data-period`, `data-edition` and `data-exact`; figures
//! above the tables stand in `[data-figure]` (`people-identified`, `people-screened`, `screenings`,
//! `focal-points-reporting`, `focal-points-enrolled`); each table stands in `table[data-table]`, by its id in
//! `tables.csv`, with `data-unit`; `months-open` has the one number of the open months. A cell with a number has
//! `data-code` and either `data-value`, or `data-below` where fewer than that many, perhaps none, are hidden, or
//! `data-hidden` in a sensitive split, where they may also come from too few phones. The code names one code of each
//! dimension (`f/18-23`) or `all`; that of a table's total is `total`.

pub mod export;
mod sections;

use super::labels::{place_name, said};
use super::page::{PageResult, VisitorRequest};
use super::shared::{Pages, now};
use super::texts::Language;
use crate::staff::audit;
use crate::staff::audit_line::Action;
use crate::staff::role::{Permission, Role};
use crate::staff::sessions::Visitor;
use crate::statistics::{Base, Period, Scope, Shown, Snapshot};
use crate::store;
use axum::extract::Query;
use axum::http::StatusCode;
use maud::{Markup, Render, html};
use serde::Deserialize;
use std::sync::Arc;
use tabara_protocol::tables::Tables;

#[derive(Deserialize)]
pub struct Asked {
    page: Option<String>,
    place: Option<String>,
    period: Option<String>,
}

impl Asked {
    pub(super) fn new(place: Option<String>, period: Option<String>) -> Self {
        Self { page: None, place, period }
    }

    /// The place and period that are asked for, if this account may see the place.
    #[expect(clippy::result_large_err, reason = "the error is the answer itself, once a request")]
    pub(super) fn view(&self, here: &VisitorRequest) -> PageResult<(Scope, Period)> {
        let scope = self.place.as_deref().map_or(Some(here.visitor.role.home()), Scope::of_place);
        let period = self.period.as_deref().map_or(Some(Period::All), read_period);
        let view = scope.zip(period).ok_or_else(|| here.problem(StatusCode::BAD_REQUEST))?;
        if here.visitor.role.covers(view.0) { Ok(view) } else { Err(here.problem(StatusCode::FORBIDDEN)) }
    }
}

/// At which base an account sees numbers; the audit log has noted then what she sees.
pub(super) fn base(pages: &Pages, visitor: &Visitor, what: &str) -> store::Result<Base> {
    if visitor.role.may(Permission::ExactCounts) {
        return audit::exact(pages.staff(), now(), &visitor.name, what).map(Base::Exact);
    }
    pages.staff().note(now(), &visitor.name, Action::Saw, what)?;
    Ok(Base::Inside)
}

/// The page that is shown where none is named: the first.
fn read_page(word: Option<&str>) -> Option<&'static str> {
    let pages = Tables::standard().pages();
    word.map_or(pages.first().copied(), |word| pages.iter().copied().find(|page| *page == word))
}

/// The page with the headline and the open months.
const PEOPLE: &str = "people";

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

/// An edition is named by its last closed month. Its position in the log would tell how many entries there are.
fn edition(snapshot: &Snapshot) -> String {
    snapshot.last_closed.map_or_else(|| "none".to_owned(), |month| month.to_string())
}

pub async fn page(here: VisitorRequest, Query(asked): Query<Asked>) -> PageResult {
    here.must(Permission::Figures)?;
    let page = read_page(asked.page.as_deref()).ok_or_else(|| here.problem(StatusCode::BAD_REQUEST))?;
    let (scope, period) = asked.view(&here)?;
    let read = here.work(move |pages, visitor| {
        let snapshot = pages.snapshot()?;
        let about = if page == PEOPLE { String::new() } else { format!("{page} ") };
        let what = format!("{about}{} {} edition {}", scope.place(), period, edition(&snapshot));
        let base = base(pages, visitor, &what)?;
        Ok((snapshot, base))
    });
    let (snapshot, base) = read.await?;
    let sheet = Sheet { snapshot, base, page, scope, period, language: here.language };
    let content = sheet.draw(here.visitor.role);
    Ok(here.show(StatusCode::OK, "people-title", content))
}

/// One page, place, period and base: everything on a page.
struct Sheet {
    snapshot: Arc<Snapshot>,
    base: Base,
    page: &'static str,
    scope: Scope,
    period: Period,
    language: Language,
}

pub(super) fn period_name(language: Language, period: Period) -> String {
    match period {
        Period::All => language.text("people-all-months").to_lowercase(),
        Period::Year(year) => year.to_string(),
        Period::Quarter(year, quarter) => {
            language.text_with("people-quarter", &[("quarter", quarter.into()), ("year", year.into())])
        }
    }
}

/// What programs read of a number: `data-value`, `data-below` or `data-hidden`.
pub(super) fn attributes(shown: Shown) -> (Option<u32>, Option<u32>, Option<bool>) {
    match shown {
        Shown::Number(n) => (Some(n), None, None),
        Shown::Below(base) => (None, Some(base), None),
        Shown::Hidden => (None, None, Some(true)),
    }
}

/// Links of one kind, beneath their title.
pub(super) fn choose(what: &str, title: impl Render, links: impl IntoIterator<Item = Markup>) -> Markup {
    let id = format!("choose-{what}");
    html! {
        p id=(id) { (title) }
        ul aria-labelledby=(id) { @for link in links { (link) } }
    }
}

/// One of them.
pub(super) fn choice(to: &str, current: bool, text: impl Render) -> Markup {
    html! { li { a href=(to) aria-current=[current.then_some("true")] { (text) } } }
}

/// A number above the tables, what it counts, and a note.
pub(super) fn figure(name: &str, key: &str, shown: Shown, language: Language, note: Option<Markup>) -> Markup {
    let (value, below, _) = attributes(shown);
    html! {
        div {
            dt { (language.say(key)) }
            dd data-figure=(name) data-value=[value] data-below=[below] { (language.shown(shown)) }
            @if let Some(note) = note { dd.note { (note) } }
        }
    }
}

/// A cell with a number.
pub(super) fn cell(code: &str, shown: Shown, language: Language) -> Markup {
    let (value, below, hidden) = attributes(shown);
    html! {
        td.number data-code=(code) data-value=[value] data-below=[below] data-hidden=[hidden] { (language.shown(shown)) }
    }
}

impl Sheet {
    fn draw(&self, role: Role) -> Markup {
        let exact = matches!(self.base, Base::Exact(_));
        html! {
            div #figures data-page=(self.page) data-place=(self.scope.place()) data-period=(self.period.to_string())
                data-edition=(edition(&self.snapshot)) data-exact=(exact) {
                @if self.page == PEOPLE {
                    h1 { (self.language.say("people-title")) }
                    p.lead { (self.language.say("people-lead")) }
                } @else {
                    h1 { (said("page", self.page, self.language)) }
                }
                (self.choices(role))
                h2.where { (place_name(self.scope.place(), self.language)) ", " (period_name(self.language, self.period)) }
                @match self.snapshot.last_closed {
                    None => p.message.note { (self.language.say("people-nothing-closed")) },
                    Some(last) => {
                        p.edition {
                            (self.language.say("people-closed-until")) " " (self.language.month(last)) ". "
                            @if let Some(split) = self.snapshot.last_split().filter(|split| *split != last) {
                                (self.language.say("people-splits-until")) " " (self.language.month(split)) ". "
                            }
                            (self.language.say(if exact { "people-exact" } else { "people-rounded" })) " "
                            a href="/help" { (self.language.say("people-more-help")) }
                        }
                        @if self.page == PEOPLE { (self.headline()) }
                        (self.sections())
                    }
                }
                @if self.page == PEOPLE && self.scope == Scope::Nation { (self.open_months()) }
                p.fine {
                    (self.language.say("people-download")) ": "
                    @for (file, name) in [("figures.csv", "CSV"), ("figures.xlsx", "XLSX")] {
                        a href={ "/figures/" (file) "?place=" (self.scope.place()) "&period=" (self.period) } download { (name) } " "
                    }
                }
                p.fine { (self.language.say("people-sources")) }
            }
        }
    }

    /// Where and when: links, so that each view has an address.
    fn choices(&self, role: Role) -> Markup {
        let link = |page: &str, scope: Scope, period: Period, text: Markup| {
            let place = scope.place();
            let to = format!("/figures?page={page}&place={place}&period={period}");
            choice(&to, (page, scope, period) == (self.page, self.scope, self.period), text)
        };
        let scopes: Vec<_> = Scope::all().filter(|scope| role.covers(*scope)).collect();
        let years = self.snapshot.years(self.scope).into_iter().map(Period::Year);
        let of_page = |page: &&str| link(page, self.scope, self.period, html! { (said("page", page, self.language)) });
        let of_scope =
            |scope| link(self.page, scope, self.period, html! { (place_name(scope.place(), self.language)) });
        let of_period = |period| link(self.page, self.scope, period, html! { (period_name(self.language, period)) });
        let always = link(self.page, self.scope, Period::All, html! { (self.language.say("people-all-months")) });
        let year = match self.period {
            Period::Year(year) | Period::Quarter(year, _) => Some(year),
            Period::All => None,
        };
        html! {
            nav.choices aria-label=(self.language.text("people-period")) {
                (choose("page", self.language.say("people-page"), Tables::standard().pages().iter().map(of_page)))
                @if scopes.len() > 1 { (choose("place", self.language.say("people-place"), scopes.into_iter().map(of_scope))) }
                (choose("period", self.language.say("people-period"), [always].into_iter().chain(years.map(of_period))))
                @if let Some(year) = year {
                    (choose("quarter", year, (1..=4).map(|n| of_period(Period::Quarter(year, n)))))
                }
            }
        }
    }

    fn headline(&self) -> Markup {
        let headline = self.snapshot.headline(self.scope, self.period, &self.base);
        let shown = |shown| self.language.shown(shown);
        let range = (headline.identified_least != headline.identified).then(|| {
            let (least, most) = (shown(headline.identified_least), shown(headline.identified));
            html! { (self.language.say_with("people-identified-range", &[("least", least.into()), ("most", most.into())])) }
        });
        let (value, below, _) = attributes(headline.enrolled);
        let enrolled = html! {
            span data-figure="focal-points-enrolled" data-value=[value] data-below=[below] {
                (self.language.say_with("people-of", &[("enrolled", shown(headline.enrolled).into())]))
            }
        };
        html! {
            dl.headline {
                (figure("people-identified", "people-identified", headline.identified, self.language, range))
                (figure("people-screened", "people-screened", headline.screened, self.language, None))
                (figure("screenings", "people-screenings", headline.screenings, self.language, None))
                (figure("focal-points-reporting", "people-reporting", headline.reporting, self.language, Some(enrolled)))
            }
        }
    }

    /// The one number of the months that have not closed.
    fn open_months(&self) -> Markup {
        html! {
            section {
                h3 { (self.language.say("people-open-title")) }
                p.unit { (self.language.say("people-open-lead")) }
                table.narrow data-table="months-open" data-unit="people screened" {
                    tbody { tr {
                        th scope="row" { (self.language.say("people-screened")) }
                        (cell("total", self.snapshot.open_screened(&self.base), self.language))
                    } }
                }
            }
        }
    }
}
