//! What of an interview may be asked about again for a referral, field by field. It is kept in memory until the vault is locked, and
//! on no disk: the person was told that nobody can read her answers on this phone once they are sealed.

use super::phone::FocalPoint;
use crate::error::Result;
use crate::interview::Interview;
use crate::questionnaire::Node;
use crate::share::{self, LONGEST_FIELD, Share};
use uuid::Uuid;

/// Fields of a [`Share`] that the question of a fact answers; others have a role of [`share::ROLES`].
const BY_FACT: [(&str, &str); 3] = [("sex", "sex"), ("age_band", "age_band"), ("needs", "services_requested")];

impl FocalPoint {
    /// What this interview answered of the fields of a share, until the vault is locked; none afterwards, and of other phones'
    /// cases. Nothing of it is agreed: ask about each field.
    pub fn prefilled(&self, record: Uuid) -> Result<Share> {
        self.0.with(|open| Ok(open.shares.get(&record).cloned().unwrap_or_default()))
    }
}

/// The fields that the interview answers; choices in its own language, but for sex and age, which are codes.
pub(super) fn of(interview: &Interview) -> Share {
    let form = interview.questionnaire();
    let language = interview.draft().language;
    let in_words = |node: &Node, codes: &str| {
        let words = codes.split(' ').filter_map(|code| form.answer_label(node, code, &language));
        words.collect::<Vec<_>>().join(", ")
    };
    let mut fields = vec![("agreement".to_owned(), "individual".to_owned())];
    for node in &form.nodes {
        let by_role = share::ROLES.contains(&node.role.as_str()).then(|| node.role.strip_prefix("share_")).flatten();
        let by_fact = BY_FACT.into_iter().find(|(_, fact)| *fact == node.fact).map(|(field, _)| field);
        let Some(field) = by_role.or(by_fact) else { continue };
        let said = interview.value(&node.name).text().into_owned();
        let (field, answer) = match (field, said.as_str()) {
            ("contact_channel", "none") => ("do_not_call", "yes".to_owned()),
            ("sex" | "age_band", "ns") => continue,
            ("sex" | "age_band", _) => (field, said),
            _ if node.list().is_some() => (field, in_words(node, &said)),
            _ => (field, said),
        };
        let answer: String = answer.chars().take(LONGEST_FIELD).collect();
        if !answer.is_empty() {
            fields.push((field.to_owned(), answer));
        }
    }
    Share::of(&fields).unwrap_or_default()
}
