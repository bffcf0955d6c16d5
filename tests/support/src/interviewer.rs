//! A simulated focal point: draws each page from what the core returns, asks, writes down what the person says.

use crate::people::{Otherwise, Person};
use std::collections::BTreeSet;
use tabara_core::Result;
use tabara_core::focal_point::{Finished, FocalPoint, Session};
use tabara_core::interview::{Page, Question};

/// Screens somebody in French and seals the case.
pub fn screen(phone: &FocalPoint, person: &Person) -> Result<Finished> {
    let session = phone.start("returnee_screening", "fr")?;
    interview(&session, person)?;
    session.finish(None)
}

/// Leads one interview to its last page. Fails where the core refuses an answer or will not go on.
pub fn interview(session: &Session, person: &Person) -> Result<Page> {
    let mut page = session.page()?;
    loop {
        page = answer_all(session, page, person)?;
        if page.last {
            return Ok(page);
        }
        page = session.next()?;
        if page.refused {
            return Err(tabara_core::Error::Incomplete);
        }
    }
}

/// An answer may bring further questions to the page: it is read again until nothing is left to ask.
fn answer_all(session: &Session, mut page: Page, person: &Person) -> Result<Page> {
    let mut asked = BTreeSet::new();
    while let Some(question) = page.questions.iter().find(|q| !asked.contains(&q.path)) {
        asked.insert(question.path.clone());
        if let Some(answer) = says(person, question) {
            let path = question.path.clone();
            page = session.answer(&path, Some(&answer))?;
        }
    }
    Ok(page)
}

/// What the person says to a question, if anything.
fn says(person: &Person, question: &Question) -> Option<String> {
    if let Some(answer) = person.answers.get(question.path.as_str()) {
        return Some(answer.clone());
    }
    if question.readonly || question.value.is_some() {
        return None;
    }
    let offers = |name: &str| question.choices.iter().any(|choice| choice.name == name).then(|| name.to_owned());
    match person.otherwise {
        Otherwise::Negative => offers("no").or_else(|| offers("none")),
        Otherwise::Unknown => offers("dk"),
    }
}
