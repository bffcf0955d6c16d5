//! Everything that is held on a case, for the person who asks for it. The operator gathers what the log holds under the
//! code of her slip (`tabara-server held`), still sealed. The case worker opens that file with her key and writes one
//! text that can be read, printed and handed over (`tabara-desk case export`).

use crate::case;
use crate::error::{Result, invalid};
use std::fmt::Write as _;
use tabara_core::questionnaire::Questionnaire;
use tabara_protocol::case_export::CaseExport;
use tabara_protocol::clock::civil_date;
use tabara_protocol::envelope::{self, Digest, sha256};
use tabara_protocol::record::{Receipt, Record};

/// The readable text. `questionnaire` finds the package that has the labels of questions and choices.
pub fn text(
    held: &CaseExport,
    identity: &str,
    questionnaire: impl Fn(&Digest) -> Option<Questionnaire>,
    language: &str,
) -> Result<String> {
    let mut out = format!("Everything that is held under the code {}\n", held.code);
    for entry in &held.entries {
        let (kind, day) = (&entry.kind, civil_date(entry.received));
        let _ = writeln!(out, "\n==== {kind}, received {day}\nrecord    {}", entry.record);
        let receipt: Receipt = envelope::stored(&entry.receipt).map_err(|_| invalid("the file is damaged"))?;
        let _ = writeln!(out, "kept      at position {} of the log, SHA-256 {}", receipt.position, receipt.jws);
        if entry.taken_back {
            out += "state     taken back: the answers are erased, and it is not counted\n";
        } else if let Some(reason) = entry.waits {
            let _ = writeln!(out, "state     not counted until someone looks ({reason:?})");
        }
        let Some(sent) = &entry.sent else { continue };
        let record: Record = envelope::stored(&sent.jws).map_err(|_| invalid("the file is damaged"))?;
        if sha256(sent.jws.as_bytes()) != receipt.jws {
            return Err(invalid("the file is damaged"));
        }
        for (name, value) in &record.facts {
            let _ = writeln!(out, "counted   {name}: {}", value.codes().collect::<Vec<_>>().join(", "));
        }
        if sent.sealed.is_some() {
            let opened = case::open_sent(sent, identity)?;
            let form = questionnaire(&opened.case.questionnaire.sha256);
            let _ = writeln!(out, "\n{}", case::text(&opened, form.as_ref(), language));
        }
    }
    Ok(out)
}
