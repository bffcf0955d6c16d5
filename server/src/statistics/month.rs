//! Civil months, and the periods that are shown.

/// Months are counted from January of this year, the first of the dictionary.
const FIRST_YEAR: u16 = 2020;

/// A civil month, `YYYY-MM`, as its distance from January 2020.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month(u8);

impl Month {
    pub const COUNT: usize = 256;

    pub fn parse(text: &str) -> Option<Self> {
        let (year, month) = text.split_once('-')?;
        let (year, month) = (year.parse::<u16>().ok()?, month.parse::<u16>().ok().filter(|m| (1..=12).contains(m))?);
        u8::try_from(year.checked_sub(FIRST_YEAR)?.checked_mul(12)? + month - 1).ok().map(Self)
    }
    pub fn year(self) -> u16 {
        FIRST_YEAR + u16::from(self.0) / 12
    }
    /// 1 to 12.
    pub fn number(self) -> u16 {
        u16::from(self.0) % 12 + 1
    }
    /// 1 to 4.
    pub fn quarter(self) -> u16 {
        u16::from(self.0) % 12 / 3 + 1
    }
    /// The last month of the last quarter that is over at the end of this month.
    pub fn last_whole_quarter(self) -> Option<Self> {
        (self.0 + 1 - (self.0 + 1) % 3).checked_sub(1).map(Self)
    }
    /// Its last day, `YYYY-MM-DD`.
    pub fn last_day(self) -> String {
        let first = jiff::civil::date(self.year() as i16, self.number() as i8, 1);
        first.last_of_month().to_string()
    }
    /// Whether a year is over at the end of this month.
    pub fn ends(self, year: u16) -> bool {
        self.year() > year || self.year() == year && self.number() == 12
    }
    pub fn index(self) -> usize {
        self.0.into()
    }
    pub fn at(index: usize) -> Option<Self> {
        u8::try_from(index).ok().map(Self)
    }
}

impl std::fmt::Display for Month {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:04}-{:02}", self.year(), self.number())
    }
}

/// When: closed months only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Period {
    All,
    Year(u16),
    Quarter(u16, u16),
}

impl Period {
    /// All periods that hold a month.
    pub(super) fn of(month: Month) -> [Self; 3] {
        [Self::All, Self::Year(month.year()), Self::Quarter(month.year(), month.quarter())]
    }
    pub(super) fn holds(self, month: Month) -> bool {
        Self::of(month).contains(&self)
    }
}

/// `all`, `YYYY` or `YYYY-qN`: as addresses and files name it.
impl std::fmt::Display for Period {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::All => f.write_str("all"),
            Self::Year(year) => write!(f, "{year}"),
            Self::Quarter(year, quarter) => write!(f, "{year}-q{quarter}"),
        }
    }
}
