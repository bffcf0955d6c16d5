//! What of an interview may be asked about again for a referral, field by field. It is kept in memory until the vault is locked, and
//! on no disk: the person was told that nobody can read her answers on this phone once they are sealed.

use super::phone::FocalPoint;
use crate::error::Result;
use crate::interview::Interview;
use crate::questionnaire::Node;
use crate::share::{LONGEST_FIELD, Share};
use uuid::Uuid;

/// Fields of a [`Share`] that a questionnaire answers by a question of the role `share_` and this name.
const BY_ROLE: [&str; 7] =
    ["name", "language", "contact_channel", "contact_reach", "contact_times", "contact_who", "contact_phrase"];
/// And by the question of a fact.
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
    let told = |node: &Node, codes: bool| {
        let text = interview.value(&node.name).text().into_owned();
        let list = node.list().and_then(|list| form.lists.get(list as usize)).filter(|_| !codes);
        let word = |code: &str| list.and_then(|list| form.choice_label(&list.name, code, &language).map(str::to_owned));
        match list {
            Some(_) => text.split(' ').filter_map(word).collect::<Vec<_>>().join(", "),
            None => text,
        }
    };
    let mut fields = vec![("agreement".to_owned(), "individual".to_owned())];
    for node in &form.nodes {
        let by_role = BY_ROLE.into_iter().find(|field| node.role.strip_prefix("share_") == Some(*field));
        let by_fact = BY_FACT.into_iter().find(|(_, fact)| *fact == node.fact).map(|(field, _)| field);
        let Some(field) = by_role.or(by_fact) else { continue };
        let answer = told(node, matches!(field, "sex" | "age_band"));
        let (field, answer) = match (field, interview.value(&node.name).text().as_ref()) {
            ("contact_channel", "none") => ("do_not_call", "yes".to_owned()),
            ("sex" | "age_band", "ns") => continue,
            _ => (field, answer.chars().take(LONGEST_FIELD).collect()),
        };
        if !answer.is_empty() {
            fields.push((field.to_owned(), answer));
        }
    }
    Share::of(&fields).unwrap_or_default()
}
