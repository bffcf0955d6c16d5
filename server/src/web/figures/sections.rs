//! One section for each table of a page. How it is drawn follows from its dimensions alone.

use super::super::charts;
use super::super::labels::{label, said};
use super::{Sheet, cell};
use crate::statistics::{Answer, Month, NOT_CONFIRMED, Scope, Shown};
use maud::{Markup, html};
use std::cmp::Reverse;
use tabara_protocol::tables::{Table, Unit};

/// How a table is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    /// Months: columns by month, and a calendar.
    Calendar,
    /// Places: a map, and rows.
    Places,
    /// One dimension: a row with a bar for each code.
    Bars,
    /// Sex and age: both sides of a pyramid, and a cross table.
    Pyramid,
    /// The first dimension makes the columns, the others the rows.
    Cross,
}

impl Shape {
    fn of(unit: Unit, answer: &Answer) -> Self {
        let facts: Vec<&str> = answer.shelves.iter().map(|shelf| shelf.fact.as_str()).collect();
        match facts[..] {
            ["month"] => Self::Calendar,
            ["screen_commune"] if unit != Unit::FocalPoints => Self::Places,
            [_] => Self::Bars,
            ["sex", "age_band"] => Self::Pyramid,
            _ => Self::Cross,
        }
    }

    /// Whether it fits beside another.
    fn is_narrow(self) -> bool {
        match self {
            Self::Bars => true,
            Self::Calendar | Self::Places | Self::Pyramid | Self::Cross => false,
        }
    }
}

/// Whether the sum over numbers of different kinds means anything.
fn has_sum(unit: Unit) -> bool {
    match unit {
        Unit::Cases => false,
        Unit::People | Unit::Screenings | Unit::FocalPoints | Unit::Reviews | Unit::Referrals => true,
        Unit::Assistance | Unit::Activities | Unit::Participants | Unit::Materials => true,
    }
}

/// A table about to be drawn.
struct Drawn<'a> {
    table: &'a Table,
    answer: Answer,
    shape: Shape,
}

impl Sheet {
    /// All tables of the page that there are here; narrow ones stand side by side.
    pub(super) fn sections(&self) -> Markup {
        let of_page = self.snapshot.tables().filter(|table| table.page == self.page);
        let drawn = of_page.filter_map(|table| {
            let answer = self.snapshot.answer(&table.id, self.scope, self.period, &self.base)?;
            Some(Drawn { table, shape: Shape::of(table.unit, &answer), answer })
        });
        let drawn: Vec<Drawn> = drawn.collect();
        html! {
            @for group in drawn.chunk_by(|one, next| one.shape.is_narrow() && next.shape.is_narrow()) {
                @if group.len() > 1 {
                    div.columns { @for drawn in group { (self.section(drawn)) } }
                } @else {
                    @for drawn in group { (self.section(drawn)) }
                }
            }
        }
    }

    /// A section with its unit; the body only where numbers may be shown.
    fn section(&self, drawn: &Drawn) -> Markup {
        let Drawn { table, answer, shape } = drawn;
        let heading = label("title", &table.title, self.language);
        let unit = label("unit", table.counted(), self.language).to_lowercase();
        // tables of two units may have the same heading, and each landmark needs a name of its own
        let title = &format!("{heading}: {unit}");
        html! {
            section {
                h3 { (said("title", &table.title, self.language)) }
                p.unit {
                    (self.language.say("people-unit")) " " (unit)
                    @if let Some(note) = &table.note { ". " (said("note", note, self.language)) }
                    @if answer.hides { ". " (self.language.say("people-hidden")) }
                }
                @if answer.shelves.iter().any(|shelf| shelf.codes.is_empty()) {
                    p.message.note { (self.language.say("people-communes-by-year")) }
                } @else if answer.total.is_small() {
                    p.message.note { (self.language.say("people-too-few")) }
                } @else {
                    @match (shape, answer.parts()) {
                        (Shape::Pyramid, parts) => (self.pyramid(drawn, title, parts.is_some())),
                        (Shape::Cross, parts) => (self.cross(drawn, title, parts.is_some())),
                        (_, None) => p.message.note { (self.language.say("people-withheld")) },
                        (Shape::Calendar, Some(parts)) => (self.calendar(drawn, title, &parts)),
                        (Shape::Places, Some(parts)) => (self.places(drawn, &parts)),
                        (Shape::Bars, Some(parts)) => (self.bars(drawn, "", &parts)),
                    }
                }
            }
        }
    }

    /// Label with its bar, number and share, one row a part; the total below.
    fn bars(&self, Drawn { table, answer, .. }: &Drawn, head: &str, parts: &[Shown]) -> Markup {
        let (shelf, total) = (&answer.shelves[0], answer.total);
        let head = if head.is_empty() { label("head", &shelf.fact, self.language) } else { head };
        let longest = parts.iter().map(|part| part.at_least()).max().unwrap_or(0);
        // reviews are rare: their row stands only once there is something in it
        let is_drawn = |at: &usize| shelf.codes[*at] != NOT_CONFIRMED || parts[*at].at_least() > 0;
        let mut order: Vec<usize> = (0..parts.len()).filter(is_drawn).collect();
        if shelf.several {
            // the longest first; codes that mean "none" stay last
            order.sort_by_key(|at| (shelf.codes[*at] == "none", Reverse(parts[*at].at_least())));
        }
        html! {
            table.bars data-table=(table.id) data-unit=(table.counted()) {
                thead { tr {
                    th scope="col" { (head) }
                    th.number scope="col" { (self.language.say("people-number")) }
                    th.number scope="col" { (self.language.say("people-share")) }
                } }
                tbody {
                    @for at in order {
                        tr {
                            th scope="row" {
                                (said(&shelf.fact, &shelf.codes[at], self.language))
                                @if parts[at].at_least() > 0 { (charts::bar(parts[at], longest)) }
                            }
                            (cell(&shelf.codes[at], parts[at], self.language))
                            td.number.share {
                                @if let Some(percent) = parts[at].percent_of(total) { (self.language.percent(percent)) }
                            }
                        }
                    }
                }
                tfoot { tr {
                    th scope="row" { (said("unit", table.counted(), self.language)) }
                    (cell("total", total, self.language))
                    td {}
                } }
            }
        }
    }

    fn calendar(&self, Drawn { table, answer, .. }: &Drawn, title: &str, parts: &[Shown]) -> Markup {
        let months = answer.shelves[0].codes.iter().filter_map(|code| Month::parse(code));
        let values: Vec<(Month, Shown)> = months.zip(parts.iter().copied()).collect();
        let mut years: Vec<u16> = values.iter().map(|(month, _)| month.year()).collect();
        years.dedup();
        let at = |year: u16, number: usize| {
            values.iter().find(|(month, _)| month.year() == year && usize::from(month.number()) == number + 1)
        };
        let unit = label("unit", table.counted(), self.language).to_lowercase();
        html! {
            (charts::months(&values, &unit, title, self.language))
            div.scroll tabindex="0" role="region" aria-label=(title) {
                table.calendar data-table=(table.id) data-unit=(table.counted()) {
                    thead { tr {
                        th scope="col" { (self.language.say("people-year")) }
                        @for number in 1..=12 {
                            th.number scope="col" {
                                abbr title=(self.language.text(&format!("month-{number}"))) { (self.language.say(&format!("short-month-{number}"))) }
                            }
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
    }

    fn places(&self, drawn: &Drawn, parts: &[Shown]) -> Markup {
        let (head, on_map): (_, Vec<(String, Shown)>) = match self.scope {
            Scope::Nation => {
                let codes = drawn.answer.shelves[0].codes.iter().cloned();
                (self.language.text("people-province"), codes.zip(parts.iter().copied()).collect())
            }
            Scope::Province(_) => (self.language.text("people-commune"), Vec::new()),
        };
        html! {
            div.pair.map-pair {
                (charts::map(&on_map, self.scope.code(), self.language.text("people-map"), self.language))
                (self.bars(drawn, head, parts))
            }
        }
    }

    fn pyramid(&self, drawn: &Drawn, title: &str, split: bool) -> Markup {
        let [sexes, ages] = &drawn.answer.shelves[..] else { return html! {} };
        let sex = |at: usize| sexes.codes.get(at).map_or("", |code| label("sex", code, self.language));
        let row = |(at, code): (usize, &String)| {
            let side = |sex: usize| drawn.answer.at(&[sex, at + 1]);
            Some((label("age_band", code, self.language).to_owned(), side(1)?, side(2)?))
        };
        let rows: Vec<(String, Shown, Shown)> = ages.codes.iter().enumerate().filter_map(row).collect();
        html! {
            div.pair {
                @if split { (charts::pyramid(&rows, [sex(0), sex(1)], title)) }
                (self.cross(drawn, title, split))
            }
        }
    }

    /// The first dimension makes the columns, the others the rows. The cells may be withheld where the margins stand.
    fn cross(&self, Drawn { table, answer, .. }: &Drawn, title: &str, split: bool) -> Markup {
        let (columns, others) = (&answer.shelves[0], &answer.shelves[1..]);
        let place = |column: usize, row: &[usize]| [&[column], row].concat();
        let shows = |shown: Option<Shown>| shown.is_some_and(|shown| shown.at_least() > 0);
        let all = vec![0; others.len()];
        let mut rows: Vec<Vec<usize>> = answer.places().into_iter().map(|places| places[1..].to_vec()).collect();
        rows.sort();
        rows.dedup();
        // of three dimensions most cells are empty; so are most columns of a long list
        if others.len() > 1 {
            rows.retain(|row| (0..=columns.codes.len()).any(|column| shows(answer.at(&place(column, row)))));
        }
        let full = |column: &usize| rows.iter().chain([&all]).any(|row| shows(answer.at(&place(*column, row))));
        let drawn: Vec<usize> = (1..=columns.codes.len()).filter(|column| split && full(column)).collect();
        let margin = others.len() > 1 || answer.at(&place(0, &vec![1; others.len()])).is_some();
        let margin = margin && has_sum(table.unit);
        let name = |row: &[usize]| {
            let names =
                others.iter().zip(row).map(|(shelf, at)| label(&shelf.fact, &shelf.codes[at - 1], self.language));
            names.collect::<Vec<_>>().join(" · ")
        };
        let heads =
            others.iter().map(|shelf| label("head", &shelf.fact, self.language)).collect::<Vec<_>>().join(" · ");
        let row = |row: &[usize]| {
            let shown = drawn.iter().copied().chain(margin.then_some(0)).map(|column| place(column, row));
            let cells = shown.map(|at| match answer.at(&at) {
                Some(shown) => cell(&answer.code(&at), shown, self.language),
                None => html! { td.number.none { "–" } },
            });
            html! { @for cell in cells { (cell) } }
        };
        html! {
            @if !split { p.message.note { (self.language.say("people-withheld")) } }
            @if split || margin {
                div.scroll tabindex="0" role="region" aria-label=(title) {
                    table.cross data-table=(table.id) data-unit=(table.counted()) {
                        thead { tr {
                            th scope="col" { (heads) }
                            @for column in &drawn {
                                th.number scope="col" { (said(&columns.fact, &columns.codes[column - 1], self.language)) }
                            }
                            @if margin { th.number scope="col" { (self.language.say("people-everyone")) } }
                        } }
                        tbody {
                            @for places in &rows { tr { th scope="row" { (name(places)) } (row(places)) } }
                        }
                        tfoot { tr { th scope="row" { (self.language.say("people-everyone")) } (row(&all)) } }
                    }
                }
            }
        }
    }
}
