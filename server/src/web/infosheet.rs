//! A sheet to print for a place, a period and an audience: what was reached, as an organisation tells its partners. Its
//! blocks are rows of [`BLOCKS`]; every number is a cell of a table of `tables.csv`, and carries its table and code as on
//! the pages of figures, with its share as `data-percent`.
//!
//! `GET /infosheet?place=&period=all|YYYY|YYYY-qN&audience=inside|public`. For the public numbers are rounded as in a
//! release, whoever prints; inside as the account sees them.

use super::charts;
use super::figures::{Asked, attributes, base, choice, choose, figure, period_name};
use super::labels::{label, place_name, said};
use super::page::{PageResult, VisitorRequest};
use super::texts::Language;
use crate::staff::role::{Permission, Role};
use crate::statistics::{Answer, Base, Period, Scope, Shown, Snapshot};
use axum::extract::Query;
use axum::http::StatusCode;
use maud::{Markup, html};
use serde::Deserialize;
use std::cell::RefCell;
use std::cmp::Reverse;
use std::sync::Arc;
use tabara_protocol::tables::Tables;

/// Which cells of a table a block lists.
#[derive(Clone, Copy)]
enum Cells {
    /// The codes of one dimension, whatever the others.
    Along(usize),
    /// Of two dimensions each code of the first with each of the second, and those of the first.
    Crossed,
    /// The codes of the first with this code of the second.
    Within(&'static str),
}

/// A block of the sheet.
struct Block {
    table: &'static str,
    cells: Cells,
    /// A footnote of the whole block.
    note: &'static str,
    /// Footnotes of single codes.
    marks: &'static [(&'static str, &'static str)],
}

const fn block(table: &'static str, cells: Cells, note: &'static str) -> Block {
    Block { table, cells, note, marks: &[] }
}

const fn marked(table: &'static str, cells: Cells, note: &'static str, marks: Marks) -> Block {
    Block { table, cells, note, marks }
}

type Marks = &'static [(&'static str, &'static str)];

const OF_ASSISTANCE: Marks = &[("sv_mobility", "mobility_scope"), ("sv_material", "material_scope")];

/// In the order of the sheet.
const BLOCKS: [Block; 19] = [
    block("people-by-sex", Cells::Along(0), ""),
    block("people-by-age", Cells::Along(0), ""),
    block("people-by-destination", Cells::Along(0), ""),
    block("people-by-exploitation", Cells::Along(0), "several_answers"),
    block("assisted-by-sex-and-age", Cells::Crossed, ""),
    marked(
        "assisted-by-beneficiary",
        Cells::Along(1),
        "",
        &[("vulnerable_migrant", "migrants_in_vulnerable_situations"), ("other", "other_beneficiaries")],
    ),
    block("assisted-by-beneficiary", Cells::Within("vulnerable_migrant"), ""),
    marked(
        "assisted-by-category",
        Cells::Along(0),
        "categories_overlap",
        &[("uasc", "uasc_minimum"), ("gbv", "gbv_disclosed_only"), ("trafficking", "victims_and_gbv")],
    ),
    block("victims-by-sex-and-age", Cells::Crossed, ""),
    marked("victims-by-assistance", Cells::Along(0), "several_kinds", OF_ASSISTANCE),
    block("others-by-sex-and-age", Cells::Crossed, ""),
    marked("others-by-assistance", Cells::Along(0), "several_kinds", OF_ASSISTANCE),
    block("referrals-by-service", Cells::Along(1), "several_referrals_per_person"),
    block("activities-by-type", Cells::Along(0), ""),
    block("participants-by-type", Cells::Along(1), "participants_not_people"),
    block("activities-by-place", Cells::Along(0), ""),
    block("materials", Cells::Along(0), ""),
    block("law-figures", Cells::Along(0), "law_sums"),
    block("reviews-by-decision", Cells::Along(0), ""),
];

#[derive(Deserialize)]
pub struct SheetQuery {
    place: Option<String>,
    period: Option<String>,
    audience: Option<String>,
}

struct Sheet {
    snapshot: Arc<Snapshot>,
    base: Base,
    public: bool,
    scope: Scope,
    period: Period,
    language: Language,
    /// Footnotes in the order in which the sheet names them.
    notes: RefCell<Vec<&'static str>>,
}

pub async fn page(here: VisitorRequest, Query(query): Query<SheetQuery>) -> PageResult {
    here.must(Permission::Figures)?;
    let public = match query.audience.as_deref() {
        None | Some("inside") => false,
        Some("public") => true,
        Some(_) => return Err(here.problem(StatusCode::BAD_REQUEST)),
    };
    let whole_years = query.period.is_none();
    let (scope, period) = Asked::new(query.place, query.period).view(&here)?;
    let read = here.work(move |pages, visitor| {
        let snapshot = pages.snapshot()?;
        // the last year that is over, where nothing is asked for
        let over = snapshot.last_closed.map(|last| if last.ends(last.year()) { last.year() } else { last.year() - 1 });
        let period = over.filter(|_| whole_years).map_or(period, Period::Year);
        let inside = base(pages, visitor, &format!("infosheet {} {period}", scope.place()))?;
        Ok((snapshot, if public { Base::Public } else { inside }, period))
    });
    let (snapshot, base, period) = read.await?;
    let sheet = Sheet { snapshot, base, public, scope, period, language: here.language, notes: RefCell::default() };
    let content = sheet.draw(here.visitor.role);
    Ok(here.show(StatusCode::OK, "infosheet-title", content))
}

impl Sheet {
    fn draw(&self, role: Role) -> Markup {
        let place = place_name(self.scope.place(), self.language);
        let rounding = match self.base {
            Base::Exact(_) => "people-exact",
            Base::Inside => "people-rounded",
            Base::Public => "release-rounded",
        };
        let until = self.snapshot.last_closed.map(|last| self.language.month(last));
        let blocks: Vec<_> = (0..BLOCKS.len()).filter_map(|at| Some((at, self.block(at)?))).collect();
        html! {
            div.infosheet #infosheet data-place=(self.scope.place()) data-period=(self.period.to_string())
                data-audience=(if self.public { "public" } else { "inside" }) {
                (self.choices(role))
                h1 { (self.language.say("infosheet-heading")) }
                p.lead { (place) ", " (period_name(self.language, self.period)) }
                p.edition {
                    @if let Some(until) = until { (self.language.say("people-closed-until")) " " (until) ". " }
                    (self.language.say(rounding))
                }
                (self.headline())
                // the sheet is some twenty screens long on a phone
                details.contents {
                    summary { (self.language.say("infosheet-contents")) }
                    ol { @for (at, (title, _)) in &blocks { li { a href={ "#block-" (at) } { (title) } } } }
                }
                div.blocks { @for (_, (_, section)) in &blocks { (section) } }
                (self.footnotes())
                p.fine { (self.language.say("infosheet-source")) }
            }
        }
    }

    fn choices(&self, role: Role) -> Markup {
        let link = |scope: Scope, period: Period, public: bool, name: &str| {
            let audience = if public { "public" } else { "inside" };
            let to = format!("/infosheet?place={}&period={period}&audience={audience}", scope.place());
            let current = (scope, period, public) == (self.scope, self.period, self.public);
            choice(&to, current, name)
        };
        let audiences = [(false, "infosheet-inside"), (true, "infosheet-public")];
        let of_audience = |(public, key)| link(self.scope, self.period, public, self.language.text(key));
        let scopes = Scope::all().filter(|scope| role.covers(*scope));
        let of_scope = |scope| link(scope, self.period, self.public, place_name(scope.place(), self.language));
        let periods = self.snapshot.years(self.scope).into_iter().map(Period::Year).chain(self.quarters());
        let of_period = |period| link(self.scope, period, self.public, &period_name(self.language, period));
        html! {
            nav.choices aria-label=(self.language.text("infosheet-title")) {
                (choose("audience", self.language.say("infosheet-audience"), audiences.map(of_audience)))
                (choose("place", self.language.say("people-place"), scopes.map(of_scope)))
                (choose("period", self.language.say("people-period"), periods.map(of_period)))
            }
        }
    }

    /// The quarters of the year that is shown.
    fn quarters(&self) -> Vec<Period> {
        match self.period {
            Period::Year(year) | Period::Quarter(year, _) => (1..=4).map(|n| Period::Quarter(year, n)).collect(),
            Period::All => Vec::new(),
        }
    }

    fn headline(&self) -> Markup {
        let headline = self.snapshot.headline(self.scope, self.period, &self.base);
        let figure = |name: &str, shown: Shown| figure(name, name, shown, self.language, None);
        html! {
            @if headline.screened.at_least() > 0 {
                dl.headline.two {
                    (figure("people-identified", headline.identified))
                    (figure("people-screened", headline.screened))
                }
            }
        }
    }

    /// The mark of a footnote, which then stands at the end.
    fn mark(&self, note: &'static str) -> Markup {
        if note.is_empty() {
            return html! {};
        }
        let mut notes = self.notes.borrow_mut();
        let at = notes.iter().position(|known| *known == note).unwrap_or_else(|| {
            notes.push(note);
            notes.len() - 1
        });
        html! { sup { a href={ "#note-" (at + 1) } { (at + 1) } } }
    }

    /// A table that exists here, and for this audience.
    fn answer(&self, table: &str) -> Option<Answer> {
        let is_public = Tables::standard().get(table)?.public;
        let answer = self.snapshot.answer(table, self.scope, self.period, &self.base)?;
        (is_public || !self.public).then_some(answer)
    }

    /// Title and section of a block, if there is anything in it.
    fn block(&self, at: usize) -> Option<(Markup, Markup)> {
        let (id, block) = (at, &BLOCKS[at]);
        let answer = self.answer(block.table)?;
        let table = Tables::standard().get(block.table)?;
        let code = |dimension: usize, at: usize| {
            label(&answer.shelves[dimension].fact, &answer.shelves[dimension].codes[at - 1], self.language)
        };
        let codes = |dimension: usize| 1..=answer.shelves[dimension].codes.len();
        let dimensions = answer.shelves.len();
        let mut whole = vec![0; dimensions];
        let mut rows: Vec<(Vec<usize>, String, &str)> = Vec::new();
        match block.cells {
            Cells::Along(dimension) => rows.extend(codes(dimension).map(|at| {
                let mut places = vec![0; dimensions];
                places[dimension] = at;
                (places, code(dimension, at).to_owned(), answer.shelves[dimension].codes[at - 1].as_str())
            })),
            Cells::Crossed => {
                for first in codes(0) {
                    rows.push((vec![first, 0], code(0, first).to_owned(), ""));
                    rows.extend(
                        codes(1).map(|second| {
                            (vec![first, second], format!("{}, {}", code(0, first), code(1, second)), "")
                        }),
                    );
                }
            }
            Cells::Within(of) => {
                let second = answer.shelves[1].codes.iter().position(|code| code == of)?;
                whole = vec![0, second + 1];
                rows.extend(codes(0).map(|first| (vec![first, second + 1], code(0, first).to_owned(), "")));
            }
        }
        let total = answer.at(&whole)?;
        let mut rows: Vec<_> =
            rows.into_iter().filter_map(|(at, name, code)| Some((answer.at(&at)?, at, name, code))).collect();
        rows.retain(|(shown, ..)| shown.at_least() > 0);
        if matches!(block.cells, Cells::Along(_)) {
            rows.sort_by_key(|(shown, ..)| Reverse(shown.at_least()));
        }
        let longest = rows.iter().map(|(shown, ..)| shown.at_least()).max()?;
        let parts_are_shares = !answer.shelves.iter().any(|shelf| shelf.fact.contains('+'));
        let title = html! {
            (said("page", &table.page, self.language)) ": " (said("title", &table.title, self.language))
            @if let Cells::Within(code) = block.cells { ": " (said(&answer.shelves[1].fact, code, self.language)) }
        };
        let section = html! {
            section id={ "block-" (id) } data-table=(block.table) {
                h2 { (title) (self.mark(block.note)) }
                p.unit {
                    (said("unit", table.counted(), self.language)) ": "
                    @let (value, below, hidden) = attributes(total);
                    strong data-code=(answer.code(&whole)) data-value=[value] data-below=[below] data-hidden=[hidden] { (self.language.shown(total)) }
                }
                table {
                    tbody {
                        @for (shown, at, name, code) in rows {
                            @let (value, below, hidden) = attributes(shown);
                            @let percent = shown.percent_of(total).filter(|_| parts_are_shares);
                            tr {
                                th scope="row" {
                                    (name)
                                    @for (_, note) in block.marks.iter().filter(|(of, _)| *of == code) { (self.mark(note)) }
                                    (charts::bar(shown, longest))
                                }
                                td.number data-code=(answer.code(&at)) data-value=[value] data-below=[below] data-hidden=[hidden]
                                    data-percent=[percent] { (self.language.shown(shown)) }
                                td.number.share { @if let Some(percent) = percent { (self.language.percent(percent)) } }
                            }
                        }
                    }
                }
            }
        };
        Some((title, section))
    }

    fn footnotes(&self) -> Markup {
        let notes = self.notes.borrow();
        html! {
            @if !notes.is_empty() {
                ol.footnotes {
                    @for (at, note) in notes.iter().enumerate() {
                        li id={ "note-" (at + 1) } data-note=(note) { (said("footnote", note, self.language)) (self.overlap(note)) }
                    }
                }
            }
        }
    }

    /// How many of the people assisted as victims are also in the category of gender-based violence, where it may be told.
    fn overlap(&self, note: &str) -> Markup {
        const TABLE: &str = "categories-together";
        let answer = self.answer(TABLE).filter(|_| note == "victims_and_gbv");
        let both = answer.and_then(|answer| {
            let at = |code: &str| answer.shelves[0].codes.iter().position(|known| known == code).map(|at| at + 1);
            let (victims, gbv) = (at("trafficking")?, at("gbv")?);
            let (both, all) = (answer.at(&[victims, gbv])?, answer.at(&[victims, 0])?);
            Some((answer.code(&[victims, gbv]), both, both.percent_of(all)?))
        });
        html! {
            @if let Some((code, both, percent)) = both {
                @let (value, ..) = attributes(both);
                " " span data-table=(TABLE) data-code=(code) data-value=[value] data-percent=(percent) {
                    (self.language.shown(both)) " (" (self.language.percent(percent)) ")"
                } "."
            }
        }
    }
}
