//! Questionnaires of Tabara: the functions that their expressions may call beside those of every XLSForm, and the kind
//! of record that they make.

use crate::code::Code;
use crate::expression::expr::Function;
use crate::facts::{FactValue, Facts};
use crate::input::{Input, typed};
use crate::interview::{CodedValue, Interview};
use crate::kind::Kind;
use crate::questionnaire::{PackageError, Questionnaire};

/// `is-slip-code(.)` holds if a text is the code of a slip, typed without a mistake.
pub(super) const FUNCTIONS: &[Function] = &[Function::new("is-slip-code", 1, 1, |context, arguments| {
    context.text(&arguments[0]).parse::<Code>().is_ok().into()
})];

/// Reads the package of a questionnaire of Tabara.
pub fn read_questionnaire(bytes: &[u8]) -> Result<Questionnaire, PackageError> {
    let questionnaire = Questionnaire::read_with(bytes, FUNCTIONS)?;
    match Kind::of(&questionnaire.kind) {
        Some(_) => Ok(questionnaire),
        None => Err(PackageError::Invalid { node: None, what: "the kind of its records is not known" }),
    }
}

/// What the records of a questionnaire tell.
pub fn kind_of(questionnaire: &Questionnaire) -> Kind {
    Kind::of(&questionnaire.kind).unwrap_or_default()
}

/// The language of a questionnaire that a person or a phone's settings mean, as the questionnaire names it: by name or tag
/// (`fr`, `FR`), else by the tag without its last part (`fr-BI` finds `fr`; RFC 4647, section 3.4).
pub fn language<'a>(questionnaire: &'a Questionnaire, wanted: &str) -> Option<&'a str> {
    let wanted = typed(Input::Language, wanted);
    let shorter = |tag: &&str| tag.rsplit_once('-').map(|(shorter, _)| shorter.len());
    let tags = std::iter::successors(Some(wanted.as_str()), |tag| shorter(tag).map(|len| &wanted[..len]));
    let named = |name: &str, tag: &str| {
        let name = typed(Input::Language, name);
        let code = name.rsplit_once('(').and_then(|(_, code)| code.strip_suffix(')'));
        name.as_str() == tag || code == Some(tag)
    };
    tags.into_iter().find_map(|tag| questionnaire.languages.iter().find(|name| named(name, tag)).map(String::as_str))
}

/// The facts that the answers of an interview come to.
pub fn coded_answers(interview: &Interview) -> Facts {
    let fact = |value| match value {
        CodedValue::One(code) => FactValue::One(code),
        CodedValue::Many(codes) => FactValue::Many(codes),
    };
    interview.facts().into_iter().map(|(name, value)| (name, fact(value))).collect()
}
