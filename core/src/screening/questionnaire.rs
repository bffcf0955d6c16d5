//! Questionnaires of Tabara: the functions that their expressions may call beside those of every XLSForm, and the kind
//! of record that they make.

use crate::code::Code;
use crate::expression::functions::Function;
use crate::facts::{Facts, Value};
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

/// The facts that the answers of an interview come to.
pub fn coded_answers(interview: &Interview) -> Facts {
    let fact = |value| match value {
        CodedValue::One(code) => Value::One(code),
        CodedValue::Many(codes) => Value::Many(codes),
    };
    interview.facts().into_iter().map(|(name, value)| (name, fact(value))).collect()
}
