//! What people who work with the data need beside a phone, in the wheel for Python alone (feature `data`): sealed cases of an
//! export, public releases, forms. It holds no decisions, and asks nothing of a network.

use std::collections::HashMap;
use tabara_core::case_export::{Author, CaseError, CaseExport, Unproven, open_case};
use tabara_core::envelope::{self, EnvelopeError, PublicKey, Typ};
use tabara_core::record::{Code, Uuid};
use tabara_core::screening::compile_with_files;
use tabara_core::seal::SealError;
use tabara_core::xlsform::{Diagnostic, Severity};

/// A release larger than this is not read.
const LARGEST_RELEASE: usize = 64 << 20;

/// Why a file is not read. None of it holds anything of what the file says.
#[derive(Debug, thiserror::Error, uniffi::Error)]
pub enum DataError {
    /// It is not what `tabara-server held` writes.
    #[error("this is no export of cases: take what `tabara-server held CODE` writes")]
    NotAnExport,
    /// The text is no public key of the authority or of the server (43 letters and digits).
    #[error("this is no public key: it has 43 letters, digits, - and _")]
    PublicKey,
    /// The identity is no age key, or not one that these cases were sealed to.
    #[error("this key does not open the case of record {record}")]
    Key {
        /// The record whose case stays closed.
        record: Uuid,
    },
    /// The record is not proven, or its case was cut or moved: nothing of the file is shown.
    #[error("record {record} is not shown: {why}")]
    Unproven {
        /// The record.
        record: Uuid,
        /// What is wrong with it.
        why: String,
    },
    /// The file is no release, or this key did not sign it.
    #[error("no release that this key signed: {why}")]
    Release {
        /// What is wrong with it.
        why: String,
    },
}

/// A record with its case in clear text, proven down from the authority.
#[derive(uniffi::Record)]
pub struct OpenedCase {
    /// The record's id.
    pub record: Uuid,
    /// The code of the person's slip.
    pub code: Code,
    /// The `form_id` of the questionnaire.
    pub questionnaire: String,
    /// When the server received it; seconds since 1970 UTC.
    pub received: i64,
    /// The organisation of the phone that signed it, or the reviewer.
    pub author: String,
    /// Whether the phone's card was revoked.
    pub revoked: bool,
    /// Why it is quarantined; none if it counts.
    pub quarantined: Option<tabara_core::kind::Reason>,
    /// The answers by their paths. A repeat's path has its row: `roster[2]/name`.
    pub answers: HashMap<String, String>,
}

/// Opens the cases of an export with a case worker's key (`AGE-SECRET-KEY-1...`), and proves each down from the authority's
/// public key. What was withdrawn is left out. One record that is not proven is an error: then nothing is shown.
#[uniffi::export]
pub fn open_cases(export: &[u8], identity: &str, authority: &str) -> Result<Vec<OpenedCase>, DataError> {
    let authority = public_key(authority)?;
    let export: CaseExport = envelope::from_json(export).map_err(|_| DataError::NotAnExport)?;
    let trust = export.trust(authority);
    let mut opened = Vec::new();
    for entry in export.entries.iter().filter(|entry| !entry.taken_back) {
        let record = entry.record;
        let Some(sent) = entry.sent.as_ref().filter(|sent| sent.sealed.is_some()) else { continue };
        let unproven = |why: String| DataError::Unproven { record, why };
        let checked = trust.check(&export, entry).map_err(|why: Unproven| unproven(why.to_string()))?;
        let Some((author, signed)) = checked else { continue };
        let case = open_case(sent, &signed, identity, &export.copies).map_err(|why| match why {
            CaseError::Seal(SealError::BadIdentity | SealError::NotForThisKey) => DataError::Key { record },
            other => unproven(other.to_string()),
        })?;
        let (author, revoked) = match author {
            Author::Phone { grant, revoked } => (grant.organisation, revoked),
            Author::Reviewer(name) => (name, false),
        };
        opened.push(OpenedCase {
            record,
            code: export.code.clone(),
            questionnaire: case.questionnaire.id,
            received: entry.received,
            author,
            revoked,
            quarantined: entry.waits,
            answers: case.answers.into_iter().collect(),
        });
    }
    Ok(opened)
}

/// The JSON of a public release (`release.jws` of the public page), if the server's operations key signed it: its number, the
/// month that it reaches to, its rounding base, and a row for each figure. A figure without a value is hidden or below the base.
#[uniffi::export]
pub fn read_release(jws: &str, operations: &str) -> Result<String, DataError> {
    let operations = public_key(operations)?;
    let refused = |why: EnvelopeError| DataError::Release { why: why.to_string() };
    let json = envelope::payload(LARGEST_RELEASE, Typ::Release, &operations, jws.trim()).map_err(refused)?;
    String::from_utf8(json).map_err(|_| refused(EnvelopeError::BadPayload))
}

fn public_key(text: &str) -> Result<PublicKey, DataError> {
    text.trim().parse().map_err(|_| DataError::PublicKey)
}

/// Whether a form can be used in spite of a fault.
#[uniffi::remote(Enum)]
pub enum Severity {
    /// No questionnaire comes of the form.
    Error,
    /// The form works, but perhaps not as meant.
    Warning,
}

/// One thing that is wrong with a form, and what its author can do.
#[derive(uniffi::Record)]
pub struct FormFault {
    /// Whether the form can be used.
    pub severity: Severity,
    /// Stable, for tools: `unknown-reference`.
    pub code: String,
    /// The sheet; empty for the file as a whole.
    pub sheet: String,
    /// The row of the spreadsheet, the header is 1; 0 for the sheet as a whole.
    pub row: u32,
    /// The header of the column; empty if it is not of one cell.
    pub column: String,
    /// The cell as a spreadsheet calls it, `B7`; empty if there is none.
    pub cell: String,
    /// What is wrong, in English.
    pub message: String,
    /// What the author can do, in English.
    pub hint: String,
}

/// What came of a form.
#[derive(uniffi::Record)]
pub struct CompiledForm {
    /// The questionnaire as phones read it; none if a fault is an error.
    pub questionnaire: Option<Vec<u8>>,
    /// All faults, by sheet and row.
    pub faults: Vec<FormFault>,
}

/// Compiles an XLSForm (.xlsx, .xlsm, .xls, or .csv or .md tables, told by content) as `tabara-desk form check` does. `beside`
/// has the files that it names, such as `villages.csv`.
#[uniffi::export]
pub fn compile_form(form: &[u8], beside: &HashMap<String, Vec<u8>>) -> CompiledForm {
    let compiled = compile_with_files(form, &|name| beside.get(name).cloned());
    let fault = |fault: Diagnostic| FormFault {
        severity: fault.severity,
        code: fault.code.to_owned(),
        sheet: fault.sheet,
        row: u32::try_from(fault.row).unwrap_or(u32::MAX),
        column: fault.column,
        cell: fault.cell,
        message: fault.message.to_string(),
        hint: fault.hint.to_string(),
    };
    CompiledForm {
        questionnaire: compiled.questionnaire.map(|form| form.write()),
        faults: compiled.diagnostics.into_iter().map(fault).collect(),
    }
}
