//! What the pages say, in each language: the Fluent files `i18n/pages.*.ftl`, each with its status in its second line. A text that
//! a draft lacks is said in French, which whoever works with the pages in Burundi reads, and carries that language's name.

use crate::statistics::{Month, Shown};
pub use fluent_bundle::FluentValue;
use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource};
use maud::{Markup, Render, html};
use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::LazyLock;

/// A language of the pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    French,
    English,
    Kirundi,
    Swahili,
}

/// Code, name in itself and texts of each, in the order of [`Language::ALL`].
const FILES: [(&str, &str, &str); 4] = [
    ("fr", "Français", include_str!("../../i18n/pages.fr.ftl")),
    ("en", "English", include_str!("../../i18n/pages.en.ftl")),
    ("rn", "Ikirundi", include_str!("../../i18n/pages.rn.ftl")),
    ("sw", "Kiswahili", include_str!("../../i18n/pages.sw.ftl")),
];

/// The texts of a language, read once.
struct Texts {
    bundle: FluentBundle<FluentResource>,
    /// Those without arguments, as they are said.
    plain: HashMap<&'static str, String>,
    draft: bool,
}

static TEXTS: LazyLock<[Texts; 4]> = LazyLock::new(|| FILES.map(|(code, _, file)| Texts::read(code, file)));

impl Texts {
    fn read(code: &str, file: &'static str) -> Self {
        let mut bundle = FluentBundle::new_concurrent(vec![code.parse().expect("the code of a language")]);
        // marks of direction around arguments would stand in the way of who copies a name
        bundle.set_use_isolating(false);
        let resource = FluentResource::try_new(file.to_owned()).map_err(|(_, errors)| errors);
        bundle.add_resource(resource.expect("a test reads it")).expect("no key is there twice");
        let plain = keys(file).filter_map(|key| Some((key, format(&bundle, key, None)?))).collect();
        Self { plain, bundle, draft: file.lines().nth(1).is_none_or(|line| !line.starts_with("# status: reviewed")) }
    }
}

/// The keys of a file.
fn keys(file: &str) -> impl Iterator<Item = &str> {
    let lines = file.lines().filter(|line| line.starts_with(|c: char| c.is_ascii_lowercase()));
    lines.filter_map(|line| line.split_once(" =")).map(|(key, _)| key)
}

fn format(bundle: &FluentBundle<FluentResource>, key: &str, args: Option<&FluentArgs>) -> Option<String> {
    let mut errors = Vec::new();
    let text = bundle.format_pattern(bundle.get_message(key)?.value()?, args, &mut errors).into_owned();
    errors.is_empty().then_some(text)
}

/// A text as part of a page; one in another language than the page's says in which.
#[derive(Clone)]
pub struct Said<'a> {
    text: Cow<'a, str>,
    language: Option<Language>,
}

impl Said<'_> {
    /// For an attribute or a file.
    pub fn plain(&self) -> &str {
        &self.text
    }
}

/// A name that is the same in every language.
impl From<String> for Said<'_> {
    fn from(text: String) -> Self {
        Self { text: text.into(), language: None }
    }
}

impl Render for Said<'_> {
    fn render(&self) -> Markup {
        match self.language {
            None => html! { (self.text) },
            Some(language) => html! { span lang=(language.code()) { (self.text) } },
        }
    }
}

impl Language {
    pub const ALL: [Self; 4] = [Self::French, Self::English, Self::Kirundi, Self::Swahili];
    /// Says what a draft lacks.
    pub const FALLBACK: Self = Self::French;

    pub fn code(self) -> &'static str {
        FILES[self as usize].0
    }

    /// Its name in itself.
    pub fn name(self) -> &'static str {
        FILES[self as usize].1
    }

    /// Whether no native reader has read its texts.
    pub fn is_draft(self) -> bool {
        TEXTS[self as usize].draft
    }

    pub fn read(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|language| language.code() == code)
    }

    /// The first of a browser's `accept-language` that is no draft; else French.
    pub fn accepted(header: &str) -> Self {
        let wanted = header.split(',').filter_map(|part| Self::read(part.trim().get(..2)?));
        wanted.into_iter().find(|language| !language.is_draft()).unwrap_or(Self::French)
    }

    /// A text, for an attribute, a title or a file.
    pub fn text(self, key: &str) -> &'static str {
        self.plain(key).1
    }

    /// The same as part of a page.
    pub fn say(self, key: &str) -> Said<'static> {
        let (language, text) = self.plain(key);
        self.said(text, language)
    }

    /// A text in the language in which it is there.
    pub(super) fn said<'a>(self, text: impl Into<Cow<'a, str>>, language: Self) -> Said<'a> {
        Said { text: text.into(), language: Some(language).filter(|language| *language != self) }
    }

    /// A text with its arguments; numbers decide about singular and plural.
    pub fn text_with(self, key: &str, args: &[(&'static str, FluentValue<'_>)]) -> String {
        self.with(key, args).1
    }

    /// The same as part of a page.
    pub fn say_with(self, key: &str, args: &[(&'static str, FluentValue<'_>)]) -> Said<'static> {
        let (language, text) = self.with(key, args);
        self.said(text, language)
    }

    /// A text of several paragraphs, as part of a page.
    pub fn paragraphs(self, key: &str) -> Markup {
        let (language, text) = self.plain(key);
        html! { @for paragraph in text.split("\n\n") { p { (self.said(paragraph, language)) } } }
    }

    fn plain(self, key: &str) -> (Self, &'static str) {
        let found = |language: Self| Some((language, TEXTS[language as usize].plain.get(key)?.as_str()));
        found(self).or_else(|| found(Self::FALLBACK)).unwrap_or_else(|| (self, missing(key)))
    }

    fn with(self, key: &str, args: &[(&'static str, FluentValue<'_>)]) -> (Self, String) {
        let args: FluentArgs = args.iter().cloned().collect();
        let found = |language: Self| Some((language, format(&TEXTS[language as usize].bundle, key, Some(&args))?));
        found(self).or_else(|| found(Self::FALLBACK)).unwrap_or_else(|| (self, missing(key).to_owned()))
    }

    /// With the language's mark between thousands.
    pub fn number(self, n: u32) -> String {
        let digits = n.to_string();
        let mut text = String::new();
        for (at, digit) in digits.chars().enumerate() {
            if at > 0 && (digits.len() - at).is_multiple_of(3) {
                text.push_str(self.text("number-group"));
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
        format!("{percent}{}", self.text("number-percent"))
    }

    /// "June 2023".
    pub fn month(self, month: Month) -> String {
        format!("{} {}", self.text(&format!("month-{}", month.number())), month.year())
    }
}

/// Reads the texts, so that the first page need not.
pub(super) fn load() {
    LazyLock::force(&TEXTS);
}

/// A page does without: the tests know every key, so this is a key that was put together wrongly.
fn missing(key: &str) -> &'static str {
    tracing::error!("no text {key:?}");
    "?"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::staff::audit_line::Action;
    use crate::staff::role::Role;
    use crate::statistics::quality::REASONS;
    use std::collections::{BTreeMap, BTreeSet};
    use std::path::Path;

    /// The variables of each message of a file.
    fn messages(file: &str) -> BTreeMap<&str, BTreeSet<&str>> {
        let mut found: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        let mut of = "";
        for line in file.lines().filter(|line| !line.starts_with('#')) {
            of = keys(line).next().unwrap_or(of);
            let names = line.split('$').skip(1).map(|rest| rest.split([' ', '}']).next().unwrap_or_default());
            found.entry(of).or_default().extend(names);
        }
        found
    }

    #[test]
    fn every_language_says_the_same_and_a_draft_nothing_else() {
        let [french, english, drafts @ ..] = FILES.map(|(_, _, file)| messages(file));
        assert_eq!(french, english);
        for (key, names) in drafts.iter().flatten() {
            assert_eq!(french.get(key), Some(names), "{key}");
        }
        assert_eq!(Language::ALL.map(Language::is_draft), [false, false, true, true]);
        for (texts, (_, _, file)) in TEXTS.iter().zip(FILES) {
            let with = messages(file).into_iter().filter(|(_, names)| !names.is_empty()).count();
            assert_eq!(texts.plain.len() + with, keys(file).count(), "all can be said");
        }
    }

    /// The sources of this program without their tests.
    fn sources(folder: &Path, found: &mut Vec<String>) {
        for path in std::fs::read_dir(folder).expect("sources").flatten().map(|entry| entry.path()) {
            if path.is_dir() {
                sources(&path, found);
            } else {
                let text = std::fs::read_to_string(path).expect("a source");
                found.push(text.split("#[cfg(test)]").next().unwrap_or_default().to_owned());
            }
        }
    }

    /// What stands in quotes on a line.
    fn quoted(line: &str) -> impl Iterator<Item = &str> {
        line.split('"').skip(1).step_by(2)
    }

    #[test]
    fn every_text_that_is_asked_for_exists_and_every_text_is_asked_for() {
        let mut files = Vec::new();
        sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut files);
        let there = messages(FILES[0].2);
        let calls = [".say(", ".text(", ".paragraphs(", ".say_with(", ".text_with("];
        for call in calls.iter().flat_map(|call| files.iter().flat_map(move |file| file.split(call).skip(1))) {
            let Some(key) = call.trim_start().strip_prefix('"').and_then(|call| call.split('"').next()) else {
                continue;
            };
            let args = call.split_once("&[").filter(|(key, _)| !key.contains(')')).map_or("", |(_, args)| args);
            let args = args.split("])").next().unwrap_or_default().split("(\"").skip(1);
            let args = args.filter_map(|name| name.split('"').next()).collect();
            assert_eq!(there.get(key), Some(&args), "{key}");
        }
        let words: BTreeSet<&str> = files.iter().flat_map(|file| file.lines().flat_map(quoted)).collect();
        let begins = |key: &str| {
            words.iter().filter_map(|w| w.split_once('{')).any(|(w, _)| w.ends_with('-') && key.starts_with(w))
        };
        // a page that says no is asked for by the key of its text
        let told =
            |key: &str| key.strip_suffix("-title").is_some_and(|of| there.contains_key(of) && words.contains(of));
        let asked = |key: &str| words.contains(key) || begins(key) || told(key);
        let unasked: Vec<_> = there.keys().filter(|key| !asked(key)).collect();
        assert!(unasked.is_empty(), "{unasked:?}");
        let made = Role::WORDS
            .map(|word| format!("role-{word}"))
            .into_iter()
            .chain(Action::ALL.map(|(_, word)| format!("audit-action-{word}")))
            .chain(REASONS.map(|reason| format!("quarantine-reason-{}", reason.word())));
        assert!(made.into_iter().all(|key| there.contains_key(&*key)));
    }

    #[test]
    fn what_a_draft_lacks_is_said_in_french_and_says_so() {
        let said = |language: Language, key| language.say(key).render().into_string();
        assert_eq!(said(Language::Kirundi, "sign-in-title"), "Kwinjira");
        assert_eq!(said(Language::Kirundi, "sign-out"), "Sohoka");
        assert_eq!(said(Language::Swahili, "plan-cells"), "<span lang=\"fr\">Cases</span>");
        assert_eq!(said(Language::French, "plan-cells"), "Cases");
    }

    #[test]
    fn numbers_carry_the_mark_of_their_language() {
        assert_eq!(Language::English.number(1_234_567), "1,234,567");
        assert_eq!(Language::French.number(1160), "1\u{202f}160");
        assert_eq!(Language::French.percent(14), "14\u{202f}%");
        assert_eq!(Language::French.shown(Shown::Below(5)), "<5");
    }

    #[test]
    fn a_browser_gets_a_language_it_asks_for_or_french() {
        assert_eq!(Language::accepted("en-GB,en;q=0.9"), Language::English);
        assert_eq!(Language::accepted("rn,fr;q=0.8,en;q=0.5"), Language::French);
        assert_eq!(Language::accepted("é"), Language::French);
    }
}
