//! A sentence for authors: English text, with the id and the arguments by which a tool finds it in another language.

use serde::Serialize;
use std::fmt;
use std::ops::Deref;

/// A sentence. It reads as its English text.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Phrase {
    /// Stable, for translations; empty if there is only the English text.
    pub id: &'static str,
    /// What stands in the text, by name.
    pub args: Box<[(&'static str, String)]>,
    /// The English text, with the arguments in it.
    pub text: Box<str>,
}

/// Makes a [`Phrase`]: its id, its English text as for `format!`, and its arguments by name.
///
/// `say!("unknown-type", "the type '{word}' is not known", word)`
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
        }
    }};
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

impl From<String> for Phrase {
    fn from(text: String) -> Self {
        Self { text: text.into(), ..Self::default() }
    }
}

impl From<&String> for Phrase {
    fn from(text: &String) -> Self {
        text.clone().into()
    }
}

impl From<&str> for Phrase {
    fn from(text: &str) -> Self {
        text.to_owned().into()
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
