//! What was posted.

use std::collections::BTreeMap;
use tabara_core::error::AnswerReason;

/// What was posted, in its order.
pub type Posted = Vec<(String, String)>;

/// Answers that were not taken: why, and what was typed, to be shown once more.
pub type Refused = BTreeMap<String, (AnswerReason, Posted)>;

/// The first value of a field.
pub(super) fn field<'a>(posted: &'a [(String, String)], name: &str) -> Option<&'a str> {
    posted.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str())
}

/// What was said: each text trimmed, empty ones left out.
pub(super) fn said(posted: &[(String, String)]) -> Posted {
    let trimmed = |(name, text): &(String, String)| (name.clone(), text.trim().to_owned());
    posted.iter().map(trimmed).filter(|(_, text)| !text.is_empty()).collect()
}
