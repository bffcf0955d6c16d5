//! Places that have pages of their own.

use tabara_protocol::places;

/// The nation among the codes of places.
const NATION: &str = "BI";

/// Whose numbers: the nation's, or a province's by its place in `places::provinces`, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    Nation,
    Province(u8),
}

impl Scope {
    /// The nation, then the provinces.
    pub fn all() -> impl Iterator<Item = Self> {
        [Self::Nation].into_iter().chain((1..=places::provinces().count()).map(|n| Self::Province(n as u8)))
    }
    /// By the code of a province, `BI-PR-NN`.
    pub fn province(code: &str) -> Option<Self> {
        places::provinces().position(|p| p.code == code).map(|n| Self::Province(n as u8 + 1))
    }
    /// `BI`, or the code of the province: as addresses and files name it.
    pub fn place(self) -> &'static str {
        self.code().unwrap_or(NATION)
    }
    /// From that.
    pub fn of_place(place: &str) -> Option<Self> {
        if place == NATION { Some(Self::Nation) } else { Self::province(place) }
    }
    /// The code of the province.
    pub fn code(self) -> Option<&'static str> {
        match self {
            Self::Nation => None,
            Self::Province(n) => places::provinces().nth(usize::from(n).checked_sub(1)?).map(|p| p.code),
        }
    }
    /// The nation, and the province of a commune if there is one.
    pub(super) fn of(commune: &str) -> impl Iterator<Item = Self> {
        let province = places::province_of(commune).and_then(|province| Self::province(province.code));
        std::iter::once(Self::Nation).chain(province)
    }
}
