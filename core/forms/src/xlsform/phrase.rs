//! A sentence for authors: English text, with the id and the arguments by which a tool finds it in another language.
//! What the compiler says stands in `i18n/compiler.en.ftl`; a domain brings its English along.

use super::spelling::closest;
use serde::Serialize;
use std::collections::HashMap;
use std::fmt;
use std::ops::Deref;
use std::sync::OnceLock;

/// English sentences by id, and their cures.
pub struct Catalogue {
    /// Lines of Fluent: `id = text with { $argument }`.
    file: &'static str,
    sentences: OnceLock<HashMap<&'static str, &'static str>>,
}

/// What the compiler says.
#[doc(hidden)]
pub static ENGLISH: Catalogue = Catalogue::new(include_str!("../../i18n/compiler.en.ftl"));

/// A sentence. It reads as its English text.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Phrase {
    /// Stable, for translations; empty if there is only the English text.
    pub id: &'static str,
    /// What stands in the text, by name.
    pub args: Box<[(&'static str, String)]>,
    /// The English text, with the arguments in it.
    pub text: Box<str>,
    /// Id and English pattern of the usual cure.
    #[serde(skip)]
    pub cure: Option<(&'static str, &'static str)>,
}

/// The code of the one fault of a file that is no workbook.
pub const UNREADABLE: &str = "unreadable";

/// What is wrong and what the author can do, with a code for tools.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Problem {
    /// Stable, for tools: `unknown-reference`.
    pub code: &'static str,
    /// What is wrong, in a sentence.
    pub message: Phrase,
    /// What the author can do.
    pub hint: Phrase,
}

/// Makes a [`Phrase`]: its id and its arguments by name. A domain names its [`Catalogue`](crate::xlsform::Catalogue) first,
/// or gives the English text as for `format!`.
///
/// `say!("unknown-type", word)`, `say!(TEXTS: "unknown-role", word = node.role)`,
/// `say!("unknown-area", "the area '{word}' is not known", word)`
#[macro_export]
macro_rules! say {
    (@ $name:ident) => { $name };
    (@ $name:ident $value:expr) => { $value };
    ($id:literal, $text:literal $(, $name:ident $(= $value:expr)?)* $(,)?) => {{
        $(let $name = $crate::say!(@ $name $($value)?).to_string();)*
        $crate::xlsform::Phrase {
            text: format!($text $(, $name = $name)*).into(),
            id: $id,
            args: [$((stringify!($name), $name)),*].into(),
            cure: None,
        }
    }};
    ($id:literal $(, $name:ident $(= $value:expr)?)* $(,)?) => {
        $crate::say!($crate::xlsform::ENGLISH: $id $(, $name $(= $value)?)*)
    };
    ($texts:path: $id:literal $(, $name:ident $(= $value:expr)?)* $(,)?) => {
        $texts.say($id, [$((stringify!($name), $crate::say!(@ $name $($value)?).to_string())),*].into())
    };
}

impl Catalogue {
    /// The sentences of a file.
    pub const fn new(file: &'static str) -> Self {
        Self { file, sentences: OnceLock::new() }
    }

    /// A sentence with its arguments.
    pub fn say(&self, id: &'static str, args: Box<[(&'static str, String)]>) -> Phrase {
        let (id, pattern) = self.line(id).unwrap_or((id, id));
        Phrase { cure: self.line(&format!("{id}-hint")), ..Phrase::filled(id, pattern, args) }
    }

    /// A sentence without arguments, if there is one of this id.
    pub fn find(&self, id: &str) -> Option<Phrase> {
        self.line(id).map(|(id, pattern)| Phrase::filled(id, pattern, Box::default()))
    }

    fn line(&self, id: &str) -> Option<(&'static str, &'static str)> {
        let read = || self.file.lines().filter_map(|line| line.split_once(" = ")).collect();
        self.sentences.get_or_init(read).get_key_value(id).map(|(id, pattern)| (*id, *pattern))
    }
}

impl Phrase {
    fn filled(id: &'static str, pattern: &str, args: Box<[(&'static str, String)]>) -> Self {
        let (mut text, mut rest) = (String::new(), pattern);
        while let Some((before, after)) = rest.split_once('{') {
            text += before;
            // `{ $name }`, or `{"{"}` for the brace itself
            let part = after.strip_prefix('"').map_or(after.split_once('}'), |quoted| quoted.split_once("\"}"));
            let (inside, more) = part.unwrap_or((after, ""));
            match inside.trim().strip_prefix('$') {
                Some(name) => text.extend(args.iter().filter(|(known, _)| *known == name).map(|(_, value)| &**value)),
                None => text += inside,
            }
            rest = more;
        }
        Self { id, args, text: (text + rest).into(), cure: None }
    }

    /// A problem with another code than the message has as its id.
    pub fn coded(self, code: &'static str) -> Problem {
        Problem { code, ..self.into() }
    }

    /// A problem with another hint than the usual one.
    pub fn hint(self, hint: Phrase) -> Problem {
        Problem::from(self).hint(hint)
    }

    /// A problem with the known word that was probably meant as its hint, if there is one.
    pub fn meant<'k>(self, word: &str, known: impl IntoIterator<Item = &'k str>) -> Problem {
        Problem::from(self).meant(word, known)
    }
}

impl Problem {
    /// The same problem with another hint.
    pub fn hint(self, hint: Phrase) -> Self {
        Self { hint, ..self }
    }

    /// The same problem, with the known word that was probably meant as its hint, if there is one.
    pub fn meant<'k>(self, word: &str, known: impl IntoIterator<Item = &'k str>) -> Self {
        Self { hint: did_you_mean(word, known, self.hint), ..self }
    }
}

impl From<Phrase> for Problem {
    /// The code is the id of the message, and the hint of `x` is `x-hint`, with the same arguments.
    fn from(message: Phrase) -> Self {
        let hint = message.cure.map(|(id, pattern)| Phrase::filled(id, pattern, message.args.clone()));
        Self { code: message.id, hint: hint.unwrap_or_default(), message }
    }
}

/// `did you mean 'x'?`, or another word of advice.
pub fn did_you_mean<'a>(word: &str, known: impl IntoIterator<Item = &'a str>, otherwise: Phrase) -> Phrase {
    match closest(word, known) {
        Some(known) => say!("did-you-mean", known),
        None => otherwise,
    }
}

impl fmt::Display for Phrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Deref for Phrase {
    type Target = str;
    fn deref(&self) -> &str {
        &self.text
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_phrase_knows_what_stands_in_it() {
        let word = "txt";
        let phrase = say!("unknown-type", "the type '{word}' in row {row} is not known", word, row = 1 + 1);
        assert_eq!(phrase.to_string(), "the type 'txt' in row 2 is not known");
        assert_eq!(*phrase.args, [("word", "txt".to_owned()), ("row", "2".to_owned())]);
    }
}
