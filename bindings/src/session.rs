//! An interview that is going on.

use crate::error::Result;
use tabara_core::code::Code;
use tabara_core::focal_point as core;
use tabara_core::interview::{Missing, Page};
use tabara_core::record::Uuid;
use tabara_core::screening::{Advice, Outcome};

/// A code of the questionnaire with its label in the language of the interview.
#[derive(Clone, uniffi::Record)]
pub struct LabelledCode {
    /// For decisions of the app.
    pub code: String,
    /// For the screen.
    pub label: String,
}

/// What the screening says to the focal point.
#[derive(uniffi::Record)]
pub struct ScreeningResult {
    /// The outcome, from the list `outcome` of the questionnaire.
    pub outcome: LabelledCode,
    /// What to do, the most pressing first.
    pub advice: Vec<LabelledCode>,
    /// What needs help at once, with or without consent.
    pub urgent: Vec<LabelledCode>,
    /// Reasons for which she may call the person presumed; none where that cannot be.
    pub raise_reasons: Vec<LabelledCode>,
    /// There is consent: finishing makes a record. Without it, finishing erases the answers.
    pub recordable: bool,
}

/// What a finished interview leaves: both codes go onto the person's slip. `FocalPoint.slip` gives them again.
#[derive(uniffi::Record)]
pub struct Finished {
    /// Id of the record.
    pub record: Uuid,
    /// Ties the person's records together; none where the record is about nobody.
    pub code: Option<Code>,
    /// The second code: who knows it may withdraw the record, on any phone.
    pub undo: Option<Code>,
    /// What the screening says, as it was sealed.
    pub result: ScreeningResult,
}

/// An interview that is going on: a handle, which survives `lock` and is good again after `unlock`. Every answer is on the
/// disk when the call returns.
#[derive(uniffi::Object)]
pub struct Session(pub(crate) core::Session);

#[uniffi::export]
impl Session {
    /// The id of the draft, for `resume`.
    pub fn draft(&self) -> Uuid {
        self.0.draft()
    }
    /// Everything to draw the page at hand.
    pub fn page(&self) -> Result<Page> {
        self.0.page()
    }
    /// Gives an answer as XLSForm writes it (`yes`; `a b c` for several; `2024-03-01`; `17`), or clears it with none.
    pub fn answer(&self, path: &str, value: Option<String>) -> Result<Page> {
        self.0.answer(path, value.as_deref())
    }
    /// The next page; the same one, `refused` and with its messages, while something on it is missing or wrong.
    pub fn next(&self) -> Result<Page> {
        self.0.next()
    }
    /// The page before.
    pub fn back(&self) -> Result<Page> {
        self.0.back()
    }
    /// The page that holds a question.
    pub fn jump(&self, path: &str) -> Result<Page> {
        self.0.jump(path)
    }
    /// The same page in another language, by its name or code. Fails with `NotFound` if the questionnaire has no such one.
    pub fn set_language(&self, language: &str) -> Result<Page> {
        self.0.set_language(language)
    }
    /// Adds a row to a repeat, where a page asks for another one, and returns its first page.
    pub fn add_row(&self, path: &str) -> Result<Page> {
        self.0.add_row(path)
    }
    /// Takes a row out of a repeat: `roster[2]`.
    pub fn remove_row(&self, path: &str) -> Result<Page> {
        self.0.remove_row(path)
    }
    /// What must still be answered or mended before the end.
    pub fn missing(&self) -> Result<Vec<Missing>> {
        self.0.missing()
    }
    /// What the screening says as the answers stand now.
    pub fn screening_result(&self) -> Result<ScreeningResult> {
        let (assessment, labels) = (self.0.assessment()?, self.0.labels()?);
        let urgent: Vec<String> = assessment.urgent.iter().cloned().collect();
        let mut result = screening_result(&labels, assessment.outcome, &assessment.advice(), &urgent);
        if assessment.is_raisable() {
            let reason = |(code, label): (&str, &str)| LabelledCode { code: code.into(), label: label.into() };
            result.raise_reasons = labels.list("raise_reason").into_iter().map(reason).collect();
        }
        Ok(result)
    }
    /// Ends the conversation: what was said can still be finished into a record, or discarded.
    pub fn stop(&self) -> Result<Page> {
        self.0.stop()
    }
    /// Erases the interview.
    pub fn discard(&self) -> Result<()> {
        self.0.discard()
    }
    /// Seals the answers, makes the signed record and erases what was readable. `raise`: the code of a reason for which the
    /// focal point calls the person presumed. Fails with `Incomplete`; with `NoConsent` the answers are erased.
    pub fn finish(&self, raise: Option<String>) -> Result<Finished> {
        let labels = self.0.labels()?;
        Ok(finished(&labels, self.0.finish(raise.as_deref())?))
    }
    /// The same, as a correction: it replaces the record whose slip has this code and this second code, on whatever phone that
    /// was made. Her slip stays as it is. Fails with `NotFound` where a code is mistyped, or what it names was taken back.
    pub fn correct(&self, raise: Option<String>, code: &str, secret: &str) -> Result<Finished> {
        let labels = self.0.labels()?;
        Ok(finished(&labels, self.0.correct(raise.as_deref(), code, secret)?))
    }
}

fn finished(labels: &core::Labels, finished: core::Finished) -> Finished {
    let core::Finished { record, code, undo, outcome, advice, urgent } = finished;
    Finished { record, code, undo, result: screening_result(labels, outcome, &advice, &urgent) }
}

fn screening_result(labels: &core::Labels, outcome: Outcome, advice: &[Advice], urgent: &[String]) -> ScreeningResult {
    let labelled =
        |list: &str, code: &str| LabelledCode { code: code.to_owned(), label: labels.of(list, code).to_owned() };
    ScreeningResult {
        outcome: labelled("outcome", outcome.code()),
        advice: advice.iter().map(|advice| labelled("advice", advice.code())).collect(),
        urgent: urgent.iter().map(|code| labelled("urgent", code)).collect(),
        raise_reasons: vec![],
        recordable: outcome != Outcome::NotScreened,
    }
}
