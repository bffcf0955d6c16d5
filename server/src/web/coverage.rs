//! Who reported, and how good the figures are. Few people identified may mean few focal points heard: so this page stands
//! beside the figures. `GET /coverage?place=`, and the same as a file, `/coverage/coverage.csv`.

use super::board::{Board, HEADS, Row, Value};
use super::figures::{Asked, base, choice, choose};
use super::labels::{label, place_name, said};
use super::page::{PageResult, VisitorRequest};
use super::shared::saved;
use super::texts::{Language, Said};
use crate::http::counters::Counters;
use crate::reports::csv;
use crate::staff::role::Permission;
use crate::statistics::quality::{CONTACTS, Contacts, Measure, Quality, REASONS};
use crate::statistics::{Base, Period, Scope, Shown, Snapshot, whole};
use crate::store::Phone;
use axum::extract::Query;
use axum::http::StatusCode;
use maud::html;
use serde::Deserialize;
use std::sync::Arc;
use tabara_protocol::places;
use tabara_protocol::wire::Standing;

#[derive(Deserialize)]
pub struct CoverageQuery {
    place: Option<String>,
}

/// What the page is made of.
struct Seen {
    snapshot: Arc<Snapshot>,
    quality: Arc<Quality>,
    contacts: Contacts,
    refused: Shown,
    base: Base,
    scope: Scope,
    language: Language,
}

async fn look(here: &VisitorRequest, query: CoverageQuery) -> PageResult<Seen> {
    here.must(Permission::Coverage)?;
    let (scope, _) = Asked::new(query.place, None).view(here)?;
    let language = here.language;
    let read = here.work(move |pages, visitor| {
        let (snapshot, quality) = (pages.snapshot()?, pages.quality()?);
        let base = base(pages, visitor, &format!("coverage {}", scope.place()))?;
        let counts = |phone: &Phone| phone.binding.accepted && phone.binding.standing == Standing::Trusted;
        let phones = pages.server.store.read(|log| log.phones())?;
        let heard = phones.iter().filter(|phone| counts(phone) && !phone.binding.is_provider);
        let now = pages.server.settings.clock.unix();
        let contacts = Contacts::of(heard.map(|phone| (phone.binding.commune.as_str(), phone.seen)), now);
        let refused = whole(Counters::refused(&pages.server.counters), &base);
        Ok(Seen { snapshot, quality, contacts, refused, base, scope, language })
    });
    read.await
}

pub async fn page(here: VisitorRequest, Query(query): Query<CoverageQuery>) -> PageResult {
    let seen = look(&here, query).await?;
    let place = seen.scope.place();
    let scopes = Scope::all().filter(|scope| here.visitor.role.covers(*scope));
    let link = |scope: Scope| {
        let to = format!("/coverage?place={}", scope.place());
        choice(&to, scope == seen.scope, place_name(scope.place(), here.language))
    };
    let content = html! {
        div #coverage data-place=(place) {
            h1 { (here.language.say("coverage-title")) }
            p.lead { (here.language.say("coverage-lead")) }
            nav.choices aria-label=(here.language.text("people-place")) {
                (choose("place", here.language.say("people-place"), scopes.map(link)))
            }
            p.edition { (here.language.say(if matches!(seen.base, Base::Exact(_)) { "people-exact" } else { "coverage-rounded" })) }
            @for board in seen.boards() { (board.draw(here.language)) }
            p.fine { a href={ "/coverage/coverage.csv?place=" (place) } download { (here.language.say("coverage-download")) } }
        }
    };
    Ok(here.show(StatusCode::OK, "coverage-title", content))
}

pub async fn file(here: VisitorRequest, Query(query): Query<CoverageQuery>) -> PageResult {
    let seen = look(&here, query).await?;
    let lines: Vec<Vec<String>> = seen.boards().iter().flat_map(|board| board.lines(here.language)).collect();
    let name = format!("tabara-coverage-{}.csv", seen.scope.place());
    Ok(saved(csv::KIND, &name, csv::table(&[&HEADS], &lines).into_bytes()))
}

impl Seen {
    fn boards(&self) -> Vec<Board> {
        vec![self.reports(), self.versions(), self.arrivals(), self.quarantine(), self.doubles()]
    }

    fn column(&self, code: &str, key: &str) -> (String, Said<'static>) {
        (code.to_owned(), self.language.say(key))
    }

    /// A row that is called by its code of `labels.tsv`.
    fn row(&self, fact: &str, code: &str, cells: Vec<Value>) -> Row {
        Row { code: code.to_owned(), name: label(fact, code, self.language).to_owned(), cells }
    }

    /// Focal points by place: expected, heard, when last.
    fn reports(&self) -> Board {
        let quarter = self.snapshot.last_split().map(|last| Period::Quarter(last.year(), last.quarter()));
        let period = quarter.unwrap_or(Period::All);
        let answer = self.snapshot.answer("coverage", self.scope, period, &self.base);
        let reported = |place: &str| match &answer {
            Some(answer) if place == self.scope.place() => Value::One(answer.total),
            Some(answer) => {
                let at = answer.shelves[0].codes.iter().position(|code| code == place);
                at.and_then(|at| answer.at(&[at + 1])).map_or(Value::Nothing, Value::One)
            }
            None => Value::Nothing,
        };
        let own = |commune: &&places::Place| places::province_of(commune.code).map(|p| p.code) == self.scope.code();
        let parts: Vec<&str> = match self.scope {
            Scope::Nation => places::provinces().map(|province| province.code).collect(),
            Scope::Province(_) => places::communes().filter(|commune| own(&commune)).map(|c| c.code).collect(),
        };
        let row = |place: &str| {
            let contacts = (0..CONTACTS.len()).map(|band| self.contacts.shown(place, Some(band), &self.base));
            let enrolled = self.contacts.shown(place, None, &self.base);
            let cells = [Value::One(enrolled), reported(place)].into_iter().chain(contacts.map(Value::One)).collect();
            Row { code: place.to_owned(), name: place_name(place, self.language).to_owned(), cells }
        };
        let contact = |band: &&'static str| ((*band).to_owned(), said("contact", band, self.language));
        let columns = [("expected", "coverage-expected"), ("reported", "coverage-reported")];
        let columns = columns.map(|(code, key)| self.column(code, key));
        let until = self.snapshot.last_split().map(|last| self.language.month(last));
        let until = until.map(|month| self.language.say_with("coverage-quarter", &[("month", month.into())]));
        Board {
            id: "coverage-by-place",
            title: self.language.say("coverage-by-place"),
            notes: [self.language.say("coverage-by-place-note")].into_iter().chain(until).collect(),
            head: self.language.say("people-place"),
            columns: columns.into_iter().chain(CONTACTS.iter().map(contact)).collect(),
            rows: parts.into_iter().chain([self.scope.place()]).map(row).collect(),
            bar: Some((1, Some(0))),
        }
    }

    fn versions(&self) -> Board {
        let phones = |newest| vec![Value::One(self.quality.phones(self.scope, newest, &self.base))];
        Board {
            id: "versions",
            title: self.language.say("coverage-versions"),
            notes: vec![self.language.say("coverage-weekly")],
            head: self.language.say("coverage-version"),
            columns: vec![self.column("phones", "coverage-phones")],
            rows: vec![self.row("version", "newest", phones(true)), self.row("version", "earlier", phones(false))],
            bar: Some((0, None)),
        }
    }

    /// What came in, by year of receipt.
    fn arrivals(&self) -> Board {
        let years: Vec<Option<u16>> = self.quality.years().map(Some).chain([None]).collect();
        // quarantined: whatever the reason
        let measures = [
            ("received", Some(Measure::Received)),
            ("late", Some(Measure::Late)),
            ("corrected", Some(Measure::Corrected)),
            ("withdrawn", Some(Measure::Withdrawn)),
            ("quarantined", None),
        ];
        let row = |(code, measure): (&str, Option<Measure>)| {
            let value = |year: &Option<u16>| match measure {
                Some(measure) => self.quality.shown(self.scope, *year, measure, &self.base),
                None => self.quality.quarantined(self.scope, *year, &self.base),
            };
            self.row("measure", code, years.iter().map(|year| Value::One(value(year))).collect())
        };
        let mut rows: Vec<Row> = measures.into_iter().map(row).collect();
        if self.scope == Scope::Nation {
            let mut cells = vec![Value::Nothing; years.len()];
            cells[years.len() - 1] = Value::One(self.refused);
            rows.push(self.row("measure", "refused", cells));
        }
        let name = |year: &Option<u16>| match year {
            Some(year) => (year.to_string(), Said::from(year.to_string())),
            None => self.column("all", "people-everyone"),
        };
        Board {
            id: "arrivals",
            title: self.language.say("coverage-arrivals"),
            notes: vec![self.language.say("coverage-arrivals-note"), self.language.say("coverage-weekly")],
            head: self.language.say("coverage-records"),
            columns: years.iter().map(name).collect(),
            rows,
            bar: Some((years.len() - 1, None)),
        }
    }

    fn quarantine(&self) -> Board {
        let rows = REASONS.into_iter().map(|reason| {
            let of = |measure| Value::One(self.quality.shown(self.scope, None, measure, &self.base));
            let waiting = Value::One(self.quality.waiting(self.scope, reason, &self.base));
            let (let_in, kept_out) = (of(Measure::Accepted(reason)), of(Measure::Rejected(reason)));
            self.row("reason", &reason.word(), vec![of(Measure::Quarantined(reason)), waiting, let_in, kept_out])
        });
        let columns = [
            ("all", "people-everyone"),
            ("waiting", "coverage-waiting"),
            ("accepted", "coverage-accepted"),
            ("rejected", "coverage-rejected"),
        ];
        Board {
            id: "quarantine-by-reason",
            title: self.language.say("coverage-quarantine"),
            notes: vec![self.language.say("coverage-quarantine-note"), self.language.say("coverage-weekly")],
            head: self.language.say("coverage-reason"),
            columns: columns.map(|(code, key)| self.column(code, key)).to_vec(),
            rows: rows.collect(),
            bar: Some((0, None)),
        }
    }

    /// People who may have been counted twice: the count with and without them.
    fn doubles(&self) -> Board {
        let periods = self.snapshot.years(self.scope).into_iter().map(Period::Year).chain([Period::All]);
        let row = |period: Period| {
            let headline = self.snapshot.headline(self.scope, period, &self.base);
            let name = match period {
                Period::Year(year) => year.to_string(),
                _ => self.language.text("people-all-months").to_owned(),
            };
            let cells = vec![Value::Range(headline.identified_least, headline.identified)];
            Row { code: period.to_string(), name, cells }
        };
        Board {
            id: "doubles",
            title: self.language.say("coverage-doubles"),
            notes: vec![self.language.say("coverage-doubles-note")],
            head: self.language.say("people-period"),
            columns: vec![self.column("identified", "people-identified")],
            rows: periods.map(row).collect(),
            bar: None,
        }
    }
}
