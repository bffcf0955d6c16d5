//! Everything that is held on a case, for the person who asks for it. The operator gathers what the log holds under the
//! code of her slip (`tabara-server held`), still sealed. The case worker opens that file with her key and writes one
//! text that can be read, printed and handed over (`tabara-desk case export`).

use crate::case::{self, OpenedCase, Proof};
use crate::error::{Result, invalid};
use std::fmt::Write as _;
use tabara_core::questionnaire::Questionnaire;
use tabara_protocol::case_export::{Author, CaseExport, HeldEntry};
use tabara_protocol::clock::civil_date;
use tabara_protocol::envelope::Digest;
use tabara_protocol::record::Record;

/// An entry of the log with what is proven of it and what the key opens.
pub(super) struct ShownEntry {
    pub(super) held: HeldEntry,
    pub(super) author: Option<Author>,
    /// None after a revision has applied its withdrawal.
    pub(super) record: Option<Record>,
    pub(super) opened: Option<OpenedCase>,
}

/// All entries, in the order of the log. One that fails its `proof` fails all.
pub(super) fn entries(held: &CaseExport, identity: &str, proof: Proof) -> Result<Vec<ShownEntry>> {
    let trust = proof.trust(held);
    let open = |entry: &HeldEntry| {
        let Some(sent) = &entry.sent else {
            trust.as_ref().map(|trust| trust.check(held, entry)).transpose().map_err(|why| invalid(why.to_string()))?;
            return Ok(ShownEntry { held: entry.clone(), author: None, record: None, opened: None });
        };
        let (author, record) = case::signed(held, entry, sent, trust.as_ref())?;
        let seals = sent.sealed.is_some();
        let open = || case::open_sent(sent, identity, &held.copies, (author.clone(), record.clone()));
        let opened = seals.then(open).transpose()?;
        Ok(ShownEntry { held: entry.clone(), author, record: Some(record), opened })
    };
    held.entries.iter().map(open).collect()
}

/// The readable text. Nothing is written if a record fails its `proof`. `questionnaire` finds the package that has the labels of questions and choices.
pub fn text(
    held: &CaseExport,
    identity: &str,
    proof: Proof,
    questionnaire: impl Fn(&Digest) -> Option<Questionnaire>,
    language: &str,
) -> Result<String> {
    let mut out = format!("Everything that is held under the code {}\n", held.code);
    for ShownEntry { held: entry, author, record, opened } in entries(held, identity, proof)? {
        let (kind, day) = (&entry.kind, civil_date(entry.received));
        let _ = writeln!(out, "\n==== {kind}, received {day}\nrecord    {}", entry.record);
        let _ = writeln!(out, "kept      in the log, SHA-256 {}", entry.jws);
        if entry.taken_back {
            out += "state     taken back: the answers are erased, and it is not counted\n";
        } else if let Some(reason) = entry.waits {
            let _ = writeln!(out, "state     not counted until someone looks ({reason:?})");
        }
        if let Some(author) = &author {
            let _ = writeln!(out, "signed    {}", case::author_text(author));
        }
        for (name, value) in record.iter().flat_map(|record| &record.facts) {
            let _ = writeln!(out, "counted   {name}: {}", value.codes().collect::<Vec<_>>().join(", "));
        }
        if let Some(opened) = opened {
            let form = questionnaire(&opened.case.questionnaire.sha256);
            let _ = writeln!(out, "\n{}", case::lines(&opened, form.as_ref(), language));
        }
    }
    Ok(case::shown(&out, proof != Proof::Waived))
}
