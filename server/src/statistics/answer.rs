//! A table at one place and period: which of its numbers may be shown, and the numbers.

use super::audit::MOST;
use super::cells::{Grid, TableCells};
use super::disclosure::{Base, Count, Rules, Shown, says_too_much, shown_by};

/// One dimension of an answer: the codes that are shown here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shelf {
    /// The fact, or the facts that are added up, joined by `+`.
    pub fact: String,
    /// One record can have several of its codes.
    pub several: bool,
    pub codes: Vec<String>,
}

/// A table with its numbers.
#[derive(Debug, PartialEq, Eq)]
pub struct Answer {
    pub total: Shown,
    pub shelves: Vec<Shelf>,
    /// Whether cells are hidden that come from too few phones, as if they were under the base.
    pub hides: bool,
    /// Along each dimension first all together, then code by code; nothing where a rule withholds it.
    cells: Vec<Option<Shown>>,
}

impl Answer {
    /// The number at a place along each dimension: 0 for all, then the codes from 1. Nothing where it is withheld.
    pub fn at(&self, places: &[usize]) -> Option<Shown> {
        let index = self.shelves.iter().zip(places).fold(0, |at, (shelf, place)| at * (shelf.codes.len() + 1) + place);
        self.cells.get(index).copied().flatten()
    }

    /// The code of a cell, `f/18-23`; `all` stands for a whole dimension, `total` for everything.
    pub fn code(&self, places: &[usize]) -> String {
        if places.iter().all(|place| *place == 0) {
            return "total".into();
        }
        let part =
            |(shelf, place): (&Shelf, &usize)| place.checked_sub(1).map_or("all".into(), |at| shelf.codes[at].clone());
        self.shelves.iter().zip(places).map(part).collect::<Vec<String>>().join("/")
    }

    /// Every code along each dimension with every code along the others, in order.
    pub fn places(&self) -> Vec<Vec<usize>> {
        combinations(self.shelves.iter().map(|shelf| (1..=shelf.codes.len()).collect()))
    }

    /// The places of all cells but the total, margins too.
    pub fn all_places(&self) -> Vec<Vec<usize>> {
        let all = combinations(self.shelves.iter().map(|shelf| (0..=shelf.codes.len()).collect()));
        all.into_iter().filter(|places| places.iter().any(|place| *place > 0)).collect()
    }

    /// The cells that are split by every dimension, in order; nothing where they are withheld.
    pub fn parts(&self) -> Option<Vec<Shown>> {
        self.places().iter().map(|places| self.at(places)).collect()
    }

    /// Their codes, in the same order.
    pub fn codes(&self) -> Vec<String> {
        self.places().iter().map(|places| self.code(places)).collect()
    }
}

/// One of each with one of all the others, in order.
fn combinations(along: impl Iterator<Item = Vec<usize>>) -> Vec<Vec<usize>> {
    along.fold(vec![Vec::new()], |all: Vec<Vec<usize>>, along| {
        all.iter().flat_map(|rest| along.iter().map(|place| [&rest[..], &[*place]].concat())).collect()
    })
}

/// Which dimensions are split at these places.
fn mask(places: &[usize]) -> usize {
    places.iter().enumerate().fold(0, |mask, (at, place)| mask | usize::from(*place > 0) << at)
}

/// A table at a place and period, about to be shown.
pub(super) struct Question<'a> {
    pub grid: &'a Grid,
    /// By dimension: the places of the codes that are shown here.
    pub wanted: Vec<Vec<usize>>,
    pub cells: &'a TableCells,
    pub national: bool,
    pub base: &'a Base,
}

impl Question<'_> {
    /// What numbers of a face are multiples of; see the module `disclosure`.
    pub(super) fn step(&self, mask: usize) -> u32 {
        let is_crossed = self.grid.is_of_persons() && mask.count_ones() > 1;
        match self.base {
            Base::Exact(_) => 1,
            _ => self.base.step() * if is_crossed { 2 } else { 1 },
        }
    }

    /// The number at a place along each dimension of `wanted`: 0 for all, then its codes from 1.
    fn shown(&self, places: &[usize]) -> Shown {
        let (index, mask) = (self.index(places), mask(places));
        let shown = shown_by(self.count(places), self.step(mask));
        if !self.grid.by_phone || mask == 0 || matches!(self.base, Base::Exact(_)) {
            return shown;
        }
        shown.unless_few(&self.cells.phones.get(index).copied().unwrap_or_default())
    }

    fn index(&self, places: &[usize]) -> usize {
        let real =
            self.wanted.iter().zip(places).map(|(wanted, place)| place.checked_sub(1).map_or(0, |at| wanted[at]));
        self.grid.index(real)
    }

    fn count(&self, places: &[usize]) -> Count {
        self.cells.counts.get(self.index(places)).copied().unwrap_or_default()
    }

    /// What a reader must think possible of a number. Of one that is hidden for its phones he may know nothing; of one
    /// that is hidden for being small he may guess why.
    pub(super) fn bounds(&self, places: &[usize]) -> (i64, i64) {
        let step = self.step(mask(places));
        match (self.shown(places), shown_by(self.count(places), step)) {
            (Shown::Hidden, Shown::Number(_)) => (0, MOST),
            (_, shown) => shown.bounds(step),
        }
    }

    /// Whether the codes along a dimension are all that there is in truth; else somebody has no code.
    pub(super) fn is_whole(&self, places: &[usize], along: usize) -> bool {
        let mut places = places.to_vec();
        places[along] = 0;
        let whole = self.count(&places);
        let mut sum = Count::default();
        for place in 1..=self.wanted[along].len() {
            places[along] = place;
            sum.add_count(self.count(&places));
        }
        sum == whole
    }

    /// All places of a face: the dimensions of the mask code by code, the others all together.
    pub(super) fn face(&self, mask: usize) -> Vec<Vec<usize>> {
        let along = |(at, wanted): (usize, &Vec<usize>)| match mask >> at & 1 {
            0 => vec![0],
            _ => (1..=wanted.len()).collect(),
        };
        combinations(self.wanted.iter().enumerate().map(along))
    }

    /// Whether a total and its parts, which faces of these masks show, would say too much.
    fn is_withheld(&self, total: (Shown, usize), parts: (&[Shown], usize), disjoint: bool) -> bool {
        let rules = Rules { sensitive: self.grid.table.sensitive, national: self.national, disjoint };
        let (total, parts) = ((total.0, self.step(total.1)), (parts.0, self.step(parts.1)));
        !matches!(self.base, Base::Exact(_)) && says_too_much(total, parts, rules)
    }

    /// Which faces must not be shown, by mask: each line of a face is a split of its own, and so is the whole face. A
    /// face goes with those that it is made of.
    pub(super) fn withheld(&self) -> Vec<bool> {
        let mut masks: Vec<usize> = (1..1 << self.wanted.len()).collect();
        masks.sort_by_key(|mask| mask.count_ones());
        let mut withheld = vec![false; 1 << self.wanted.len()];
        for mask in masks {
            let within = |other: &usize| other & mask == *other && *other != mask;
            let axes: Vec<usize> = (0..self.wanted.len()).filter(|at| mask >> at & 1 == 1).collect();
            let disjoint = |at: &usize| self.grid.axes[*at].is_disjoint();
            let parts: Vec<Shown> = self.face(mask).iter().map(|places| self.shown(places)).collect();
            let whole = self.shown(&vec![0; self.wanted.len()]);
            withheld[mask] = (1..mask).filter(within).any(|other| withheld[other])
                || self.is_withheld((whole, 0), (&parts, mask), axes.iter().all(disjoint))
                || axes.len() > 1 && axes.iter().any(|at| self.has_tight_line(mask & !(1 << at), *at));
        }
        withheld
    }

    /// Whether a line along a dimension, at any place of the face across it, says too much.
    fn has_tight_line(&self, across: usize, along: usize) -> bool {
        self.face(across).into_iter().any(|mut places| {
            let total = self.shown(&places);
            let mut part = |place| {
                places[along] = place;
                self.shown(&places)
            };
            let parts: Vec<Shown> = (1..=self.wanted[along].len()).map(&mut part).collect();
            // of a total that is not shown itself all parts look alike, which says nothing
            let (whole, parts) = ((total, across), (&parts[..], across | 1 << along));
            !total.is_small() && self.is_withheld(whole, parts, self.grid.axes[along].is_disjoint())
        })
    }

    /// The answer without the faces, by mask, that the audit of the edition withholds.
    pub(super) fn answer(&self, audited: impl Fn(usize) -> bool) -> Answer {
        let mut withheld = self.withheld();
        for (mask, withheld) in withheld.iter_mut().enumerate() {
            *withheld |= (1..=mask).any(|within| within & mask == within && audited(within));
        }
        let skipped: Vec<usize> = (0..self.wanted.len()).map(|at| self.empty_months(at, &withheld)).collect();
        let shelves = self.wanted.iter().zip(&self.grid.axes).zip(&skipped).map(|((wanted, axis), skipped)| Shelf {
            fact: axis.fact.clone(),
            several: !axis.is_disjoint(),
            codes: wanted[*skipped..].iter().map(|place| axis.codes[place - 1].clone()).collect(),
        });
        let shelves: Vec<Shelf> = shelves.collect();
        let along = shelves.iter().zip(&skipped).map(|(shelf, skipped)| {
            [0].into_iter().chain((1..=shelf.codes.len()).map(|place| place + skipped)).collect()
        });
        let all = combinations(along);
        let cell = |places: &Vec<usize>| (!withheld[mask(places)]).then(|| self.shown(places));
        let cells: Vec<Option<Shown>> = all.iter().map(cell).collect();
        Answer {
            total: self.shown(&vec![0; self.wanted.len()]),
            shelves,
            hides: self.grid.by_phone && !matches!(self.base, Base::Exact(_)),
            cells,
        }
    }

    /// Months before the first that has anything to show are not listed: so many.
    fn empty_months(&self, at: usize, withheld: &[bool]) -> usize {
        if !self.grid.axes[at].is_months() || withheld[1 << at] {
            return 0;
        }
        let months = self.face(1 << at);
        months.iter().take_while(|places| self.shown(places).at_least() == 0).count()
    }
}
