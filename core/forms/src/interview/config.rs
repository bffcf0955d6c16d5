//! What an interview starts with.

use crate::expression::Environment;
use crate::questionnaire::Questionnaire;
use std::collections::BTreeMap;

/// What an interview starts with.
#[derive(Debug, Clone, Default)]
pub struct InterviewConfig {
    /// By name or code; the questionnaire's default where it has no such language.
    pub language: String,
    /// Seconds since 1970 UTC, by learned time.
    pub now: i64,
    /// What the device knows: `device.province`, `device.commune`.
    pub prefill: BTreeMap<String, String>,
    /// Of everything random.
    pub seed: u64,
    /// Answers of the last finished interview, by name: those of [`Questionnaire::last_saved`].
    pub last_saved: BTreeMap<String, String>,
    /// Minutes east of UTC of civil days and times.
    pub offset: i16,
}

impl InterviewConfig {
    pub(super) fn environment(&self, questionnaire: &Questionnaire, language: usize) -> Environment {
        let wanted: BTreeMap<_, _> = self
            .last_saved
            .iter()
            .filter(|(name, _)| questionnaire.last_saved().any(|asked| asked == name.as_str()))
            .map(|(name, text)| (name.clone(), text.clone()))
            .collect();
        Environment {
            now: self.now.saturating_mul(1_000),
            local: self.offset,
            seed: self.seed,
            language,
            last_saved: wanted,
        }
    }
}
