//! Tables made ready for counting: the cells of each, and in which of them a record counts.
//!
//! Along each dimension a table has one place for each code and, at 0, one for all records whatever their code. So
//! margins and total are counted as every other cell is, and hold also who has no code there.

use super::columns::{Field, Layout};
use super::contributors::Contributors;
use super::disclosure::Count;
use super::ledger::{Layouts, Row};
use super::month::Month;
use crate::store::entry::ReviewDecision;
use tabara_protocol::places;
use tabara_protocol::tables::{Dimension, Population, STAGES, Stage, Table, Tables, Unit};

/// The code that the outcome has beside those of the fact: presumed by the rule, not confirmed by a reviewer.
pub const NOT_CONFIRMED: &str = "not_confirmed";

/// One dimension of a table.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Axis {
    /// The fact, or the facts that are added up, joined by `+`.
    pub fact: String,
    pub codes: Vec<String>,
    part: Part,
}

#[derive(Debug, PartialEq, Eq)]
enum Part {
    Codes(Field),
    Months(Field),
    /// Communes first, then provinces: of each place `provinces` names that of its province.
    Places {
        field: Field,
        provinces: Vec<Option<usize>>,
    },
    /// What a reviewer decided is taken in.
    Outcomes(Field),
    Sums(Vec<Field>),
    /// Of each status, by its place from 1, the places of the stages that it has reached: before it was sent, and once it was,
    /// which `delay` says.
    Stages {
        status: Field,
        delay: Field,
        reached: Vec<[Vec<usize>; 2]>,
    },
}

impl Axis {
    fn new(dimension: &Dimension, layout: &Layout) -> Self {
        let field = |name: &str| layout.field(name).expect("tables were checked against the facts").clone();
        let name = match dimension {
            Dimension::Codes(name) => name.as_str(),
            Dimension::Stages(name) => {
                let (status, delay) = (field(name), field("delay"));
                let stages = |status: &str, sent: bool| {
                    let has = |stage: &Stage| stage.is_reached(status, sent);
                    (1..).zip(&STAGES).filter(|(_, stage)| has(stage)).map(|(at, _)| at).collect()
                };
                let of = status.list().iter().map(|status| [false, true].map(|sent| stages(status, sent)));
                let reached = [<[Vec<usize>; 2]>::default()].into_iter().chain(of).collect();
                let codes = STAGES.iter().map(|stage| stage.code.to_owned()).collect();
                return Self { fact: dimension.name(), codes, part: Part::Stages { status, delay, reached } };
            }
            Dimension::Sums(names) => {
                let part = Part::Sums(names.iter().map(|name| field(name)).collect());
                return Self { fact: names.join("+"), codes: names.clone(), part };
            }
        };
        let field = field(name);
        let mut codes = field.list().to_vec();
        let part = match name {
            "month" => {
                codes = (0..Month::COUNT).filter_map(Month::at).map(|month| month.to_string()).collect();
                Part::Months(field)
            }
            "screen_commune" => {
                let all: Vec<_> = places::provinces().collect();
                let province = |commune: &String| all.iter().position(|p| places::province_of(commune) == Some(*p));
                let provinces = codes.iter().map(|code| Some(codes.len() + province(code)? + 1)).collect();
                codes.extend(all.iter().map(|province| province.code.to_owned()));
                Part::Places { field, provinces }
            }
            "outcome" => {
                codes.push(NOT_CONFIRMED.to_owned());
                Part::Outcomes(field)
            }
            _ => Part::Codes(field),
        };
        Self { fact: name.to_owned(), codes, part }
    }

    pub(super) fn is_months(&self) -> bool {
        matches!(self.part, Part::Months(_))
    }

    pub(super) fn is_places(&self) -> bool {
        matches!(self.part, Part::Places { .. })
    }

    /// Whether everybody has one code at most, so that parts and total bound each other.
    pub(super) fn is_disjoint(&self) -> bool {
        match &self.part {
            Part::Codes(field) => !field.is_many(),
            Part::Stages { .. } => false,
            Part::Months(_) | Part::Places { .. } | Part::Outcomes(_) | Part::Sums(_) => true,
        }
    }

    /// The places of a record, from 1, with how much it adds there.
    fn places(&self, row: &Row, person: &Person, into: &mut Vec<(usize, u32)>) {
        into.clear();
        let add = |places: &mut Vec<(usize, u32)>, place: usize| {
            if place > 0 {
                places.push((place, 1))
            }
        };
        match &self.part {
            Part::Codes(field) => into.extend(field.codes(row.words).map(|place| (place, 1))),
            Part::Months(_) => add(into, row.month.index() + 1),
            Part::Places { field, .. } => self.places_of(field.code(row.words), into),
            Part::Outcomes(_) if person.identified => add(into, person.presumed),
            Part::Outcomes(_) if person.decision == Some(ReviewDecision::NotConfirmed) => add(into, self.codes.len()),
            Part::Outcomes(field) => add(into, field.code(row.words)),
            Part::Stages { status, delay, reached } => {
                let sent = usize::from(delay.code(row.words) > 0);
                let stages = reached.get(status.code(row.words)).map(|reached| &reached[sent]);
                into.extend(stages.into_iter().flatten().map(|place| (*place, 1)));
            }
            Part::Sums(fields) => {
                into.extend(fields.iter().enumerate().map(|(at, field)| (at + 1, field.number(row.words))));
            }
        }
    }

    /// A commune, by its place from 1, and its province.
    fn places_of(&self, commune: usize, into: &mut Vec<(usize, u32)>) {
        let Part::Places { provinces, .. } = &self.part else { return };
        let Some(province) = commune.checked_sub(1).and_then(|at| provinces.get(at)) else { return };
        into.push((commune, 1));
        into.extend(province.map(|place| (place, 1)));
    }
}

/// A table and its cells.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Grid {
    pub table: Table,
    pub axes: Vec<Axis>,
    filter: Option<(Field, usize, bool)>,
    /// Whether the phones are kept that its counts come from.
    pub by_phone: bool,
}

impl Grid {
    fn new(table: &Table, layouts: &Layouts) -> Self {
        let layout = &layouts[&table.unit.kind()];
        let axes = table.dimensions.iter().map(|dimension| Axis::new(dimension, layout)).collect();
        let filter = match &table.population {
            Population::Where { fact, code, is } => layout.field(fact).map(|field| {
                let place = field.list().iter().position(|known| known == code).map_or(0, |at| at + 1);
                (field.clone(), place, *is)
            }),
            Population::All | Population::Screened | Population::Identified => None,
        };
        let by_phone = table.sensitive && table.unit.is_told_by_focal_points();
        Self { table: table.clone(), axes, filter, by_phone }
    }

    /// Whether its numbers are people, in whatever role.
    pub(super) fn is_of_persons(&self) -> bool {
        self.table.unit.is_told_by_focal_points() || self.table.unit == Unit::Assistance
    }

    /// Totals, month by month. All other tables are splits.
    pub(super) fn is_by_month(&self) -> bool {
        matches!(&self.axes[..], [axis] if axis.is_months())
    }

    /// The number of a cell, from its place along each dimension.
    pub(super) fn index(&self, places: impl Iterator<Item = usize>) -> usize {
        self.axes.iter().zip(places).fold(0, |at, (axis, place)| at * (axis.codes.len() + 1) + place)
    }

    fn len(&self) -> usize {
        self.axes.iter().map(|axis| axis.codes.len() + 1).product()
    }

    fn holds(&self, row: &Row, person: &Person) -> bool {
        match self.table.population {
            Population::All => true,
            Population::Screened => person.counts,
            Population::Identified => person.identified,
            Population::Where { .. } => {
                self.filter.as_ref().is_some_and(|(field, place, is)| (field.code(row.words) == *place) == *is)
            }
        }
    }
}

/// What is known of the person of a screening; of other records nothing.
pub(super) struct Person {
    /// The first screening of somebody, as far as anyone knows.
    pub counts: bool,
    pub identified: bool,
    /// She does not know whether somebody screened her before, or was not asked.
    pub unsure: bool,
    decision: Option<ReviewDecision>,
    /// The place of the outcome "presumed".
    presumed: usize,
}

/// The facts and codes that say who is a person, and who is identified.
#[derive(Debug, PartialEq, Eq)]
struct People {
    outcome: Option<Field>,
    presumed: usize,
    already: Option<Field>,
    again: usize,
    unknown: usize,
}

/// All tables, ready for counting.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Grids {
    pub grids: Vec<Grid>,
    people: People,
}

/// The counts of a table, and cell by cell the phones that they come from, if its rule needs them. Nothing where nothing
/// was counted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct TableCells {
    pub counts: Vec<Count>,
    pub phones: Vec<Contributors>,
}

impl TableCells {
    fn make_room(&mut self, grid: &Grid) {
        self.counts.resize(grid.len(), Count::default());
        if grid.by_phone {
            self.phones.resize(grid.len(), Contributors::default());
        }
    }

    fn add(&mut self, cell: usize, n: u32, phone: u32) {
        self.counts[cell].add(n);
        if let Some(phones) = self.phones.get_mut(cell) {
            phones.add(phone, n);
        }
    }

    pub(super) fn add_all(&mut self, part: &Self) {
        self.counts.resize(part.counts.len(), Count::default());
        self.phones.resize(part.phones.len(), Contributors::default());
        self.counts.iter_mut().zip(&part.counts).for_each(|(mine, theirs)| mine.add_count(*theirs));
        self.phones.iter_mut().zip(&part.phones).for_each(|(mine, theirs)| mine.add_all(theirs));
    }
}

/// All tables.
pub(super) type Cells = Vec<TableCells>;

impl Grids {
    pub(super) fn new(tables: &Tables, layouts: &Layouts) -> Self {
        let screening = &layouts[&Unit::People.kind()];
        let field = |name: &str| screening.field(name).cloned();
        let place = |field: &Option<Field>, code: &str| {
            let list = field.as_ref().map(Field::list).unwrap_or_default();
            list.iter().position(|known| known == code).map_or(usize::MAX, |at| at + 1)
        };
        let (outcome, already) = (field("outcome"), field("already"));
        let people = People {
            presumed: place(&outcome, "presumed"),
            again: place(&already, "yes"),
            unknown: place(&already, "unknown"),
            outcome,
            already,
        };
        Self { grids: tables.tables.iter().map(|table| Grid::new(table, layouts)).collect(), people }
    }

    pub(super) fn person(&self, row: &Row, decision: Option<ReviewDecision>) -> Person {
        let People { outcome, presumed, already, again, unknown } = &self.people;
        if row.kind != Unit::People.kind() {
            return Person { counts: false, identified: false, unsure: false, decision: None, presumed: *presumed };
        }
        let code = |field: &Option<Field>| field.as_ref().map_or(0, |field| field.code(row.words));
        let before = code(already);
        let counts = before != *again && decision != Some(ReviewDecision::Duplicate);
        let by_rule = code(outcome) == *presumed && decision != Some(ReviewDecision::NotConfirmed);
        let identified = counts && (by_rule || decision == Some(ReviewDecision::Confirmed));
        let unsure = before == 0 || before == *unknown;
        Person { counts, identified, unsure, decision, presumed: *presumed }
    }

    /// Counts a record in every table that it belongs to; in splits only where its quarter is over.
    pub(super) fn count(&self, row: &Row, person: &Person, is_whole: bool, cells: &mut Cells) {
        cells.resize_with(self.grids.len(), TableCells::default);
        let (mut at, mut next, mut places) = (Vec::new(), Vec::new(), Vec::new());
        for (grid, cells) in self.grids.iter().zip(cells) {
            let unit = grid.table.unit;
            let is_due = is_whole || grid.is_by_month();
            if unit.kind() != row.kind || unit == Unit::FocalPoints || !is_due || !grid.holds(row, person) {
                continue;
            }
            cells.make_room(grid);
            at.clear();
            at.push((0, 1));
            for axis in &grid.axes {
                let length = axis.codes.len() + 1;
                axis.places(row, person, &mut places);
                let all = match axis.part {
                    Part::Sums(_) => places.iter().map(|(_, n)| n).sum(),
                    _ => 1,
                };
                next.clear();
                for (cell, n) in &at {
                    next.push((cell * length, n * all));
                    next.extend(places.iter().map(|(place, times)| (cell * length + place, n * times)));
                }
                std::mem::swap(&mut at, &mut next);
            }
            at.iter().for_each(|(cell, n)| cells.add(*cell, *n, row.device()));
        }
    }

    /// Counts a focal point that reported, at the commune of its enrolment.
    pub(super) fn count_focal_point(&self, commune: Option<usize>, cells: &mut Cells) {
        cells.resize_with(self.grids.len(), TableCells::default);
        let code = commune.and_then(|at| places::communes().nth(at)).map(|commune| commune.code);
        for (grid, cells) in self.grids.iter().zip(cells) {
            if grid.table.unit == Unit::FocalPoints {
                cells.make_room(grid);
                let axis = &grid.axes[0];
                let place = axis.codes.iter().position(|known| Some(known.as_str()) == code);
                let mut places = vec![(0, 1)];
                axis.places_of(place.map_or(0, |at| at + 1), &mut places);
                places.into_iter().for_each(|(place, n)| cells.counts[place].add(n));
            }
        }
    }
}
