//! What the pages say, in each language. A language is one value of [`Texts`]: a text that is missing does not
//! compile. English and French are drafts, to be confirmed by the National Commission; Kirundi and Swahili wait for
//! texts that a speaker has checked.

mod english;
mod french;
mod wording;

use self::english::ENGLISH;
use self::french::FRENCH;
pub use self::wording::{
    AccountPage, AccountsPage, Audit, CoveragePage, HistoryPage, InfosheetPage, Notices, OverduePage, People, PlanPage,
    Problems, QuarantinePage, ReleasePage, SignIn, Texts,
};
use crate::statistics::{Month, Shown};

/// A language of the pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    French,
    English,
}

impl Language {
    pub const ALL: [Self; 2] = [Self::French, Self::English];

    pub fn code(self) -> &'static str {
        match self {
            Self::French => "fr",
            Self::English => "en",
        }
    }

    /// Its name in itself.
    pub fn name(self) -> &'static str {
        match self {
            Self::French => "Français",
            Self::English => "English",
        }
    }

    pub fn read(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|language| language.code() == code)
    }

    /// The first of a browser's `accept-language` that there is; else French.
    pub fn accepted(header: &str) -> Self {
        let wanted = header.split(',').filter_map(|part| Self::read(part.trim().get(..2)?));
        wanted.into_iter().next().unwrap_or(Self::French)
    }

    pub fn texts(self) -> &'static Texts {
        match self {
            Self::French => &FRENCH,
            Self::English => &ENGLISH,
        }
    }

    /// With the language's mark between thousands.
    pub fn number(self, n: u32) -> String {
        let digits = n.to_string();
        let mut text = String::new();
        for (at, digit) in digits.chars().enumerate() {
            if at > 0 && (digits.len() - at).is_multiple_of(3) {
                text.push(if self == Self::French { '\u{202f}' } else { ',' });
            }
            text.push(digit);
        }
        text
    }

    pub fn shown(self, shown: Shown) -> String {
        match shown {
            Shown::Below(base) => format!("<{base}"),
            Shown::Hidden => "–".to_owned(),
            Shown::Number(n) => self.number(n),
        }
    }

    pub fn percent(self, percent: u32) -> String {
        format!("{percent}{}%", if self == Self::French { "\u{202f}" } else { "" })
    }

    /// "June 2023".
    pub fn month(self, month: Month) -> String {
        format!("{} {}", self.texts().months[usize::from(month.number()) - 1], month.year())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_carry_the_mark_of_their_language() {
        assert_eq!(Language::English.number(1_234_567), "1,234,567");
        assert_eq!(Language::French.number(1160), "1\u{202f}160");
        assert_eq!(Language::French.shown(Shown::Below(5)), "<5");
    }

    #[test]
    fn a_browser_gets_a_language_it_asks_for_or_french() {
        assert_eq!(Language::accepted("en-GB,en;q=0.9"), Language::English);
        assert_eq!(Language::accepted("rn,fr;q=0.8,en;q=0.5"), Language::French);
        assert_eq!(Language::accepted("é"), Language::French);
    }
}
