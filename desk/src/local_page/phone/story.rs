//! The invented people of a practice: a short text for who plays one, and what she would answer.

use crate::texts::Texts;
use maud::{Markup, html};
use serde::Deserialize;
use std::sync::LazyLock;

/// Opens the practice; there is nothing to hide in it.
pub(super) const PIN: &str = "123456";
/// The stories are about this questionnaire.
pub(super) const QUESTIONNAIRE: &str = "returnee_screening";

/// Somebody invented, with what she would answer.
#[derive(Debug, Deserialize)]
pub(super) struct Story {
    /// The test case of the decision rule that it tells.
    pub case: String,
    pub name: String,
    answers: String,
    story_en: String,
    story_fr: String,
}

pub(super) static STORIES: LazyLock<Vec<Story>> = LazyLock::new(|| {
    let rows =
        csv::Reader::from_reader(&include_bytes!("../../../../questionnaires/practice.csv")[..]).into_deserialize();
    rows.collect::<Result<_, _>>().expect("a test reads them")
});

impl Story {
    pub(super) fn text(&self, texts: &Texts) -> &str {
        if texts.tag() == "fr" { &self.story_fr } else { &self.story_en }
    }

    /// Question and answer, in the order of the questionnaire.
    pub(super) fn answers(&self) -> Vec<(String, String)> {
        let pairs = self.answers.split(';').filter_map(|pair| pair.split_once('='));
        pairs.map(|(question, answer)| (question.to_owned(), answer.to_owned())).collect()
    }
}

/// What stands on every page of a practice: that it is one, and the story.
pub(super) fn banner(story: Option<&Story>, texts: &Texts) -> Markup {
    html! {
        div.practice-note {
            p { strong { (texts.say("practice-only")) } " " (texts.get("practice-pin", &[("pin", PIN.into())])) }
            @if let Some(story) = story { details { summary { (texts.get("practice-story", &[("name", story.name.as_str().into())])) } p { (story.text(texts)) } } }
            form method="post" action="end" { button.quiet { (texts.say("practice-end")) } }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;
    use tabara_core::interview::Interview;
    use tabara_core::questionnaire::Questionnaire;
    use tabara_core::screening;

    /// Somebody who agrees, answers so, and to whom nothing else happened.
    fn answered(form: &Questionnaire, answers: &[(String, String)]) -> Interview {
        let mut interview = crate::form::begin(form.clone(), "en");
        let yes = ["s1_private", "s1_alone", "s3_stats", "s3_assent", "s3_caregiver"];
        for question in yes.map(str::to_owned).into_iter().chain((1..=7).map(|n| format!("s3_c{n}"))) {
            let _ = interview.set(&question, Some("yes"));
        }
        for node in &form.nodes {
            if let Some((path, answer)) = answers.iter().find(|(path, _)| *path == node.name) {
                assert_eq!(interview.set(path, Some(answer)).map_err(|e| (path, e)), Ok(()));
                continue;
            }
            let raising = form.indicators.iter().find(|row| form.nodes[row.question as usize].name == node.name);
            if raising.is_some() || ["j_left", "j_moved", "j_work", "s2_age_unsure"].contains(&node.name.as_str()) {
                let harmless = if raising.is_some_and(|row| row.answer == "no") { "yes" } else { "no" };
                let _ = interview.set(&node.name, Some(harmless)).or_else(|_| interview.set(&node.name, Some("none")));
            }
        }
        interview
    }

    #[test]
    fn each_story_is_a_test_case_and_comes_out_as_it() {
        let form = include_bytes!("../../../../questionnaires/returnee-screening.md");
        let form = screening::compile(form).questionnaire.expect("it compiles");
        let cases = include_bytes!("../../../../tests/data/screening-cases.csv");
        let cases: Vec<BTreeMap<String, String>> =
            csv::Reader::from_reader(&cases[..]).into_deserialize().collect::<Result<_, _>>().unwrap();
        for story in STORIES.iter() {
            let case = cases.iter().find(|case| case["id"] == story.case).expect("a case");
            let told = screening::assess(&answered(&form, &story.answers()));
            assert_eq!(told.outcome.code(), case["outcome"], "{}", story.case);
            let needs = case["flags"].split('|').filter(|code| code.starts_with("U_")).collect::<Vec<_>>();
            assert_eq!(told.urgent.iter().map(String::as_str).collect::<Vec<_>>(), needs, "{}", story.case);
            assert!(story.story_en.len().max(story.story_fr.len()) < 400, "{} is too long to read aloud", story.case);
        }
        assert_eq!(STORIES.len(), 20);
    }
}
