//! What the tools say, in English and French (Fluent, folder `i18n`). The English of a diagnostic is the text that it carries;
//! its French stands in `tools.fr.ftl` under the same id. What only the tools say is in both `tools` files, what the local page
//! says in both `page` files, the tools for keys, catalogs and cards in both `office` files, and a case worker's inbox in both `inbox` files.

use crate::error::{DeskError, Result, invalid};
use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use std::sync::LazyLock;
use tabara_forms::xlsform::Catalogue;
pub use tabara_forms::xlsform::Phrase;

const ENGLISH: [&str; 4] = [
    include_str!("../i18n/tools.en.ftl"),
    include_str!("../i18n/page.en.ftl"),
    include_str!("../i18n/office.en.ftl"),
    include_str!("../i18n/inbox.en.ftl"),
];
const FRENCH: [&str; 4] = [
    include_str!("../i18n/tools.fr.ftl"),
    include_str!("../i18n/page.fr.ftl"),
    include_str!("../i18n/office.fr.ftl"),
    include_str!("../i18n/inbox.fr.ftl"),
];

/// What the tools for keys, catalogs, cards and a new deployment say.
pub static TEXTS: Catalogue = Catalogue::new(ENGLISH[2]);

/// Something is refused; the sentence names the cure.
pub(crate) fn refused(phrase: Phrase) -> DeskError {
    DeskError::Refused(phrase)
}

static SPOKEN: LazyLock<[Texts; 2]> =
    LazyLock::new(|| ["en", "fr"].map(|language| Texts::new(language).expect("both languages can be read")));

/// The texts of one language.
pub struct Texts {
    bundle: FluentBundle<FluentResource>,
    french: bool,
}

impl Texts {
    /// `en` or `fr`, also as part of a longer name such as `fr-BI`.
    pub fn new(language: &str) -> Result<Self> {
        let (sources, french) = match language.to_lowercase().split(['-', '_']).next() {
            Some("en") => (ENGLISH, false),
            Some("fr") => (FRENCH, true),
            _ => return Err(invalid("the tools speak en and fr")),
        };
        let broken = |error: String| DeskError::Invalid(format!("the texts of {language}: {error}"));
        let name = if french { "fr" } else { "en" };
        let mut bundle = FluentBundle::new_concurrent(vec![name.parse().map_err(|_| broken(name.to_owned()))?]);
        // marks of direction around arguments would stand in the way of who copies a name
        bundle.set_use_isolating(false);
        for source in sources {
            let resource = FluentResource::try_new(source.to_owned());
            let resource = resource.map_err(|(_, errors)| broken(format!("{errors:?}")))?;
            bundle.add_resource(resource).map_err(|errors| broken(format!("{errors:?}")))?;
        }
        Ok(Self { bundle, french })
    }

    /// The texts of a language, by a tag or the name of a questionnaire's language (`Français (fr)`); none where the tools do
    /// not speak it.
    pub fn of(language: &str) -> Option<&'static Self> {
        let tag =
            language.rsplit_once('(').map_or(language, |(_, tag)| tag.trim_end_matches(')')).trim().to_lowercase();
        let [english, french] = &*SPOKEN;
        match tag.split(['-', '_']).next() {
            Some("en" | "english") => Some(english),
            Some("fr" | "français" | "french") => Some(french),
            _ => None,
        }
    }

    /// The language of this computer, where the tools speak it; else English.
    pub fn of_computer() -> &'static Self {
        let set = ["LC_ALL", "LC_MESSAGES", "LANG"].into_iter().filter_map(|name| std::env::var(name).ok());
        set.filter(|value| !value.is_empty()).find_map(|value| Self::of(&value)).unwrap_or(&SPOKEN[0])
    }

    /// The first that a browser asks for (`Accept-Language`) and the tools speak.
    pub fn asked(accepted: &str) -> Option<&'static Self> {
        accepted.split([',', ';']).find_map(|tag| Self::of(tag.trim()))
    }

    /// `en` or `fr`.
    pub fn tag(&self) -> &'static str {
        if self.french { "fr" } else { "en" }
    }

    /// A text without arguments.
    pub fn say(&self, id: &str) -> String {
        self.get(id, &[])
    }

    /// Whether there is such a text.
    pub fn has(&self, id: &str) -> bool {
        self.bundle.has_message(id)
    }

    /// A text of the tools; numbers decide about singular and plural.
    pub fn get(&self, id: &str, args: &[(&str, FluentValue<'_>)]) -> String {
        let args: FluentArgs<'_> = args.iter().cloned().collect();
        self.format(id, &args).unwrap_or_else(|| id.to_owned())
    }

    /// A phrase in the language; in English where there is no translation.
    pub fn phrase(&self, phrase: &Phrase) -> String {
        let args: FluentArgs<'_> = phrase.args.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let translated = if self.french { self.format(phrase.id, &args) } else { None };
        translated.unwrap_or_else(|| phrase.to_string())
    }

    /// An error, as far as it is translated.
    pub fn fault(&self, fault: &DeskError) -> String {
        match fault {
            DeskError::Refused(phrase) => self.phrase(phrase),
            other => other.to_string(),
        }
    }

    fn format(&self, id: &str, args: &FluentArgs<'_>) -> Option<String> {
        let pattern = self.bundle.get_message(id)?.value()?;
        let mut errors = Vec::new();
        let text = self.bundle.format_pattern(pattern, Some(args), &mut errors).into_owned();
        Some(text).filter(|_| errors.is_empty())
    }
}

/// The arguments of a phrase, for programs.
pub(crate) fn arguments(phrase: &Phrase) -> serde_json::Map<String, serde_json::Value> {
    phrase.args.iter().map(|(name, value)| ((*name).to_owned(), value.as_str().into())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::{BTreeMap, BTreeSet};
    use std::path::Path;

    type Sentences = BTreeMap<String, BTreeSet<String>>;

    /// The ids and arguments of all phrases that the sources of a folder make, as `say!` has them.
    fn phrases(folder: &Path, found: &mut Sentences) {
        for entry in std::fs::read_dir(folder).expect("sources").flatten() {
            if entry.path().is_dir() {
                phrases(&entry.path(), found);
                continue;
            }
            let text = std::fs::read_to_string(entry.path()).expect("a source");
            let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
            let code: String = code.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
            for call in code.split("say!(").skip(1) {
                let call = call.trim_start().trim_start_matches("TEXTS:").trim_start();
                let Some((id, rest)) = call.strip_prefix('"').and_then(|call| call.split_once('"')) else { continue };
                let rest = rest.trim_start().trim_start_matches(',').trim_start();
                let names = match rest.strip_prefix('"').and_then(|text| text.split_once('"')) {
                    Some((text, _)) => braces(&text.replace("{{", "").replace("}}", ""), "{", "}"),
                    None => arguments(rest),
                };
                found.entry(id.to_owned()).or_default().extend(names);
            }
        }
    }

    /// The names of the arguments that follow the id, up to the bracket that closes the call.
    fn arguments(call: &str) -> BTreeSet<String> {
        let mut depth = 0;
        let ends = |c: char| {
            depth += i32::from("([{".contains(c)) - i32::from(")]}".contains(c));
            depth < 0 || depth == 0 && c == ','
        };
        let parts: Vec<&str> = call.split_inclusive(ends).collect();
        let last =
            parts.iter().position(|part| part.ends_with(')') && part.matches('(').count() < part.matches(')').count());
        let names = parts.iter().take(last.map_or(0, |last| last + 1)).map(|part| part.trim_end_matches([',', ')']));
        names
            .map(|part| part.split('=').next().unwrap_or_default().trim().to_owned())
            .filter(|n| !n.is_empty())
            .collect()
    }

    fn braces(text: &str, open: &str, close: &str) -> BTreeSet<String> {
        text.split(open).skip(1).filter_map(|rest| rest.split_once(close)).map(|(name, _)| name.to_owned()).collect()
    }

    fn sentences(file: &str) -> Sentences {
        let lines = file.lines().filter(|line| !line.starts_with(' ')).filter_map(|line| line.split_once(" = "));
        lines.map(|(id, text)| (id.to_owned(), braces(text, "{ $", " }"))).collect()
    }

    #[test]
    fn every_phrase_has_its_english_and_its_french_with_the_same_arguments() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let french: Sentences = [FRENCH[0], FRENCH[2]].into_iter().flat_map(sentences).collect();
        let office = sentences(ENGLISH[2]);
        let mut wrong = Vec::new();
        let catalogues = [
            ("../core/forms/src", 200, Some(include_str!("../../core/forms/i18n/compiler.en.ftl"))),
            ("../core/src/screening", 20, Some(include_str!("../../core/i18n/screening.en.ftl"))),
            ("src", 20, None),
        ];
        for (folder, least, english) in catalogues {
            let mut made = Sentences::new();
            phrases(&root.join(folder), &mut made);
            assert!(made.len() > least, "{folder}: {} phrases", made.len());
            let english = english.map_or_else(|| made.clone(), sentences);
            // a sentence that none asks for by name is the cure of another, or that of a foreign function
            let unsaid = english.iter().filter(|(id, _)| !made.contains_key(*id));
            for (id, names) in unsaid.clone() {
                let of = id.strip_suffix("-hint").and_then(|of| made.get(of));
                if !id.starts_with("foreign-") && of.is_none_or(|of| !names.is_subset(of)) {
                    wrong.push(format!("{id}: nobody says it, or without {names:?}"));
                }
            }
            for (id, names) in made.iter().chain(unsaid) {
                let english = office.get(id).or(english.get(id));
                for (language, there) in [("English", english), ("French", french.get(id))] {
                    if there != Some(names) {
                        wrong.push(format!("{id}: {names:?}, in {language} {there:?}"));
                    }
                }
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    #[test]
    fn both_languages_say_the_same_things() {
        let ids = |text: &'static str| -> BTreeSet<&str> {
            text.lines()
                .filter_map(|line| line.split_once(" ="))
                .map(|(id, _)| id)
                .filter(|id| !id.starts_with(' '))
                .collect()
        };
        for (english, french) in ENGLISH.into_iter().zip(FRENCH) {
            let missing: Vec<_> = ids(english).difference(&ids(french)).copied().collect();
            assert!(missing.is_empty(), "{missing:?}");
        }
        for at in [1, 2, 3] {
            assert_eq!(ids(ENGLISH[at]), ids(FRENCH[at]));
        }
    }

    /// The ids in calls that take one: `say("x")`, `get("x", …)`, `p("x")`, `link(page, "x")`, `button(action, class, "x")`.
    fn asked(text: &str) -> Vec<&str> {
        let mut found = Vec::new();
        for (call, at) in
            [(".say(", 0), ("texts.get(", 0), (".p(", 0), (".link(", 1), (".button(", 2), ("pin_field(", 1)]
        {
            for rest in text.split(call).skip(1) {
                let end = rest.find(')').unwrap_or(rest.len());
                let literals: Vec<&str> = rest[..end].split('"').skip(1).step_by(2).collect();
                let direct = at > 0 || rest.starts_with('"');
                // an action may be computed: the id is then the last literal
                found.extend(literals.get(at).or(literals.last()).filter(|_| direct));
            }
        }
        found
    }

    #[test]
    fn the_page_asks_for_no_text_that_is_missing() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/local_page");
        let below = ["phone", "inbox"].map(|name| std::fs::read_dir(folder.join(name)).expect("sources"));
        let all = std::fs::read_dir(&folder).expect("sources").chain(below.into_iter().flatten());
        let files = all.flatten().map(|entry| entry.path());
        let sources: Vec<String> =
            files.filter(|f| f.is_file()).filter_map(|f| std::fs::read_to_string(f).ok()).collect();
        let asked: BTreeSet<&str> = sources.iter().flat_map(|text| asked(text)).collect();
        assert!(asked.len() > 100, "{} ids", asked.len());
        let [english, french] = &*SPOKEN;
        let plain = |id: &&&str| id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        let missing: Vec<_> = asked.iter().filter(plain).filter(|id| !english.has(id) || !french.has(id)).collect();
        assert!(missing.is_empty(), "{missing:?}");
    }

    #[test]
    fn a_phrase_is_said_in_french() {
        let phrase = tabara_forms::say!("unknown-type", "the type '{word}' is not known", word = "txt");
        let texts = |language| Texts::new(language).unwrap().phrase(&phrase);
        assert_eq!(texts("en"), "the type 'txt' is not known");
        assert_eq!(texts("fr-BI"), "le type « txt » n'est pas connu");
        assert!(Texts::new("rn").is_err());
    }
}
