//! Everything that is held on a case, for the person who asks: her right. The operator gathers what the log has under her
//! slip's code ([`gather`], `tabara-server held`), sealed as it lies there; the case worker opens it with her key and writes
//! one file that can be read, printed and handed over ([`text`], `tabara-desk case export`).

use super::{Result, asked, case};
use crate::log::Kind;
use crate::settings::Settings;
use crate::store::{self, Store};
use serde::{Deserialize, Serialize};
use std::fmt::Write as _;
use tabara_core::clock::civil_date;
use tabara_core::envelope::{self, Digest, Typ, sha256};
use tabara_core::questionnaire::Questionnaire;
use tabara_core::record::{Code, Reason, Receipt, Record, Sent, Uuid};

/// What the log has under a code, in its order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    pub code: Code,
    pub entries: Vec<One>,
}

/// One entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct One {
    pub record: Uuid,
    pub kind: Kind,
    /// Seconds since 1970 UTC.
    pub received: i64,
    /// Why it is not counted until someone looks.
    pub waits: Option<Reason>,
    pub taken_back: bool,
    /// Envelope of kind receipt.
    pub receipt: String,
    /// What was signed, and what is sealed; neither once it was taken back and a revision has passed.
    pub sent: Option<Sent>,
}

/// Gathers records, their corrections and reviews, and withdrawals under a code.
pub fn gather(store: &Store, settings: &Settings, code: Code) -> store::Result<Held> {
    let entries = store.read(|log| {
        let waiting = log.quarantined()?;
        let one = |position| {
            let Some((id, kind, received)) = log.outline(position)? else { return Ok(None) };
            let Some(found) = log.find(id)? else { return Ok(None) };
            let (jws, sealed, epoch) = (found.jws, found.sealed, log.head(0)?.epoch);
            let receipt = Receipt { record: id, jws, sealed, position, epoch };
            let bytes = log.sealed(position)?;
            Ok(Some(One {
                record: id,
                kind,
                received,
                waits: waiting.iter().find(|w| w.position == position).map(|w| w.reason),
                taken_back: log.is_withdrawn(position)?,
                receipt: settings.operations.sign(Typ::Receipt, &receipt),
                sent: log.body(position)?.map(|jws| Sent::new(jws, bytes.as_deref())),
            }))
        };
        log.held(&code)?.into_iter().filter_map(|position| one(position).transpose()).collect::<store::Result<Vec<_>>>()
    })?;
    Ok(Held { code, entries })
}

/// The readable file. `questionnaire` finds the words of questions and answers.
pub fn text(
    held: &Held,
    identity: &str,
    questionnaire: impl Fn(&Digest) -> Option<Questionnaire>,
    language: &str,
) -> Result<String> {
    let mut out = format!("Everything that is held under the code {}\n", held.code);
    for one in &held.entries {
        let (kind, day) = (one.kind.word(), civil_date(one.received));
        let _ = writeln!(out, "\n==== {kind}, received {day}\nrecord    {}", one.record);
        let receipt: Receipt = envelope::stored(&one.receipt).map_err(|_| asked("the file is damaged"))?;
        let _ = writeln!(out, "kept      at position {} of the log, SHA-256 {}", receipt.position, receipt.jws);
        if one.taken_back {
            out += "state     taken back: the answers are erased, and it is not counted\n";
        } else if let Some(reason) = one.waits {
            let _ = writeln!(out, "state     not counted until someone looks ({reason:?})");
        }
        let Some(sent) = &one.sent else { continue };
        let record: Record = envelope::stored(&sent.jws).map_err(|_| asked("the file is damaged"))?;
        if sha256(sent.jws.as_bytes()) != receipt.jws {
            return Err(asked("the file is damaged"));
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
