//! Everything that is held on a case, for the person who asks for it. The operator gathers what the log holds under the
//! code of her slip (`tabara-server held`), still sealed. The case worker opens that file with her key and writes one
//! text that can be read, printed and handed over (`tabara-desk case export`).

use crate::case::{self, Proof};
use crate::error::{Result, invalid};
use std::fmt::Write as _;
use tabara_core::questionnaire::Questionnaire;
use tabara_protocol::case_export::CaseExport;
use tabara_protocol::clock::civil_date;
use tabara_protocol::envelope::Digest;

/// The readable text. Nothing is written if a record fails its `proof`. `questionnaire` finds the package that has the labels of questions and choices.
pub fn text(
    held: &CaseExport,
    identity: &str,
    proof: Proof,
    questionnaire: impl Fn(&Digest) -> Option<Questionnaire>,
    language: &str,
) -> Result<String> {
    let mut out = format!("Everything that is held under the code {}\n", held.code);
    let trust = proof.trust(held);
    for entry in &held.entries {
        let (kind, day) = (&entry.kind, civil_date(entry.received));
        let _ = writeln!(out, "\n==== {kind}, received {day}\nrecord    {}", entry.record);
        let _ = writeln!(out, "kept      in the log, SHA-256 {}", entry.jws);
        if entry.taken_back {
            out += "state     taken back: the answers are erased, and it is not counted\n";
        } else if let Some(reason) = entry.waits {
            let _ = writeln!(out, "state     not counted until someone looks ({reason:?})");
        }
        let Some(sent) = &entry.sent else {
            trust.as_ref().map(|trust| trust.check(held, entry)).transpose().map_err(|why| invalid(why.to_string()))?;
            continue;
        };
        let (author, record) = case::signed(held, entry, sent, trust.as_ref())?;
        if let Some(author) = &author {
            let _ = writeln!(out, "signed    {}", case::author_text(author));
        }
        for (name, value) in &record.facts {
            let _ = writeln!(out, "counted   {name}: {}", value.codes().collect::<Vec<_>>().join(", "));
        }
        if sent.sealed.is_some() {
            let opened = case::open_sent(sent, identity, (author, record))?;
            let form = questionnaire(&opened.case.questionnaire.sha256);
            let _ = writeln!(out, "\n{}", case::lines(&opened, form.as_ref(), language));
        }
    }
    Ok(case::shown(&out, trust.is_some()))
}
