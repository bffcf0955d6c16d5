//! Opening a sealed case with a case worker's identity. Whoever knows a case worker's public key can seal something to it,
//! so a case is shown only after it was checked who wrote it: chain, signature and hashes, up to the authority's key. The file
//! for that is what `tabara-server held CODE` writes. An age file, a record with its sealed case (`{"jws","sealed"}`) or a list
//! of those has no chain: it opens unverified, and every line that is shown of it says so. Nothing is fetched or written.

use crate::error::{DeskError, Result, at, invalid};
use crate::explanation;
use crate::files;
use crate::texts::Texts;
use base64::prelude::{BASE64_URL_SAFE_NO_PAD as B64, Engine as _};
use std::path::Path;
use tabara_core::questionnaire::Questionnaire;
use tabara_core::screening;
use tabara_protocol::case_export::{self, Author, CaseCopy, CaseExport, HeldEntry, Trust};
use tabara_protocol::envelope::{self, PublicKey};
use tabara_protocol::record::{Kind, Record, SealedCase, Sent};
use tabara_protocol::referral::Status;
use tabara_protocol::seal::{self, SealError};

/// What must be proven before a case is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// Everything, down from this authority.
    From(PublicKey),
    /// Nothing: the person at the desk asked for it.
    Waived,
}

/// A case in clear text.
#[derive(Debug, Clone)]
pub struct OpenedCase {
    pub case: SealedCase,
    /// The record that it came with; its ids and hash are those of the case.
    pub record: Option<Record>,
    /// Who signed the record; none if nobody checked.
    pub author: Option<Author>,
}

/// Opens every case of a file. A case that was moved to another record's envelope is an error.
pub fn open(file: &[u8], identity: &str, proof: Proof) -> Result<Vec<OpenedCase>> {
    if let Ok(export) = envelope::from_json::<CaseExport>(file) {
        let trust = proof.trust(&export);
        let sent = |entry: &HeldEntry| entry.sent.clone().filter(|sent| sent.sealed.is_some());
        let sealed = export.entries.iter().filter_map(|entry| sent(entry).map(|sent| (entry, sent)));
        let open = |(entry, sent)| {
            let author = signed(&export, entry, &sent, trust.as_ref())?;
            open_sent(&sent, identity, &export.copies, author)
        };
        return sealed.map(open).collect();
    }
    if proof != Proof::Waived {
        return Err(invalid(
            "this file does not prove who wrote it: take what `tabara-server held CODE` writes, or open it with --unverified",
        ));
    }
    if file.starts_with(b"age-encryption.org/") {
        return Ok(vec![OpenedCase { case: case_export::unseal(file, identity)?, record: None, author: None }]);
    }
    let sent = match envelope::from_json::<Sent>(file) {
        Ok(one) => vec![one],
        Err(_) => envelope::from_json(file).map_err(|_| invalid("neither a sealed case nor an export of records"))?,
    };
    sent.iter()
        .filter(|sent| sent.sealed.is_some())
        .map(|sent| open_sent(sent, identity, &[], (None, read(sent)?)))
        .collect()
}

/// Reads what `tabara-server held CODE` wrote.
pub fn held(path: &Path) -> Result<CaseExport> {
    envelope::from_json(&files::read(path)?).map_err(|e| at(path, e))
}

/// How far a referral came. Each of its steps names the first, and the furthest counts.
pub(super) fn furthest<'r>(first: &Record, records: impl Iterator<Item = &'r Record>) -> Option<Status> {
    let steps = records.filter(|step| step.kind == Kind::Referral);
    let mine = steps.filter(|step| step.record == first.record || step.revises == Some(first.record));
    mine.filter_map(|step| Some(step.route.as_ref()?.status)).max()
}

impl Proof {
    pub(super) fn trust(self, export: &CaseExport) -> Option<Trust> {
        match self {
            Self::From(authority) => Some(export.trust(authority)),
            Self::Waived => None,
        }
    }
}

/// The record of an entry and who signed it: nobody if there is no trust to check it with.
pub(super) fn signed(
    export: &CaseExport,
    entry: &HeldEntry,
    sent: &Sent,
    trust: Option<&Trust>,
) -> Result<(Option<Author>, Record)> {
    let Some(trust) = trust else { return Ok((None, read(sent)?)) };
    let checked = trust.check(export, entry);
    let unproven = |why: String| invalid(format!("record {} is not shown: {why}", entry.record));
    let (author, record) = checked.map_err(|why| unproven(why.to_string()))?.ok_or_else(|| unproven("empty".into()))?;
    Ok((Some(author), record))
}

/// The record in an envelope whose signature nobody checked.
fn read(sent: &Sent) -> Result<Record> {
    envelope::stored(&sent.jws).map_err(|_| damaged())
}

/// Gives what is held to a new case worker (`age1…`): the keys of its cases, locked to her. All else stays as it was, with its
/// proof, for her and for everybody who could open it before.
pub fn copy(held: &CaseExport, identity: &str, proof: Proof, to: &str) -> Result<CaseExport> {
    let (trust, mut copied) = (proof.trust(held), held.clone());
    for entry in &held.entries {
        let Some(sent) = entry.sent.as_ref().filter(|sent| sent.sealed.is_some()) else { continue };
        let (_, record) = signed(held, entry, sent, trust.as_ref())?;
        let sealed = sent.sealed_bytes().ok().flatten().ok_or_else(damaged)?;
        let key = match seal::file_key(&sealed, identity) {
            Err(SealError::NotForThisKey) => {
                case_export::copied_key(&held.copies, record.record, identity).ok_or(SealError::NotForThisKey)?
            }
            key => key?,
        };
        let key = B64.encode(seal::lock_to(key.bytes(), &[to])?);
        copied.copies.push(CaseCopy { record: record.record, key });
    }
    Ok(copied)
}

fn damaged() -> DeskError {
    invalid("the export is damaged")
}

/// Opens the case beside a record, which must belong to it.
pub(super) fn open_sent(
    sent: &Sent,
    identity: &str,
    copies: &[CaseCopy],
    signed: (Option<Author>, Record),
) -> Result<OpenedCase> {
    let (author, record) = signed;
    let case = case_export::open_case(sent, &record, identity, copies)?;
    Ok(OpenedCase { case, record: Some(record), author })
}

/// Who signed, in words.
pub(super) fn author_text(author: &Author) -> String {
    match author {
        Author::Phone { grant, revoked } => {
            let revoked = if *revoked { ", which is REVOKED" } else { "" };
            format!("phone {} of {}, {}{revoked}", grant.device, grant.organisation, grant.commune)
        }
        Author::Reviewer(name) => format!("reviewer {name}"),
    }
}

/// Text for terminal and paper: without control characters; and if nobody checked who wrote it, every line says so.
pub(super) fn shown(text: &str, verified: bool) -> String {
    let plain: String = text.chars().map(|c| if c.is_control() && c != '\n' { '\u{fffd}' } else { c }).collect();
    if verified { plain } else { plain.lines().map(|line| format!("NOT VERIFIED | {line}\n")).collect() }
}

/// The case for terminal and paper.
pub fn text(opened: &OpenedCase, questionnaire: Option<&Questionnaire>, language: &str) -> String {
    shown(&lines(opened, questionnaire, language), opened.author.is_some())
}

/// The case in readable lines, in the order of its questionnaire. If the questionnaire is given, questions and choices have
/// their labels. Answers may hold anything: [`shown`] drops what a terminal would act on.
pub(super) fn lines(opened: &OpenedCase, questionnaire: Option<&Questionnaire>, language: &str) -> String {
    let case = &opened.case;
    let language = questionnaire.and_then(|form| screening::language(form, language)).unwrap_or(language);
    let mut lines = vec![
        format!("case      {}", case.case),
        format!("record    {}", case.record),
        format!("form      {} ({})", case.questionnaire.id, case.questionnaire.sha256),
        format!("sealed    {}", tabara_protocol::clock::civil_date(case.sealed_at)),
    ];
    lines.extend(opened.author.iter().map(|author| format!("signed    {}", author_text(author))));
    lines.extend(opened.record.iter().flat_map(|r| &r.code).map(|code| format!("code      {code}")));
    lines.push(String::new());
    lines.extend(case.answers.iter().map(|(path, answer)| match labelled(questionnaire, language, path, answer) {
        (label, text) if label.is_empty() => format!("{path}: {text}"),
        (label, text) => format!("{path}: {label}\n    {text}"),
    }));
    if let Some(why) = assessed(opened, questionnaire, language) {
        lines.extend([String::new(), why]);
    }
    lines.join("\n")
}

/// Why a screening came out as it did; as it was sealed, if nobody has the words of its questionnaire.
pub(super) fn assessed(opened: &OpenedCase, questionnaire: Option<&Questionnaire>, language: &str) -> Option<String> {
    let case = &opened.case;
    let assessment = case.assessment.as_ref()?;
    let told = serde_json::from_value(assessment.clone()).ok().filter(|_| !case.answers.is_empty());
    let screened = questionnaire.filter(|form| !form.indicators.is_empty() && form.list("outcome").is_some());
    let spoken = Texts::of(language).or(Texts::of("en"));
    Some(match (told, screened, spoken) {
        (Some(told), Some(form), Some(texts)) => explanation::text(&told, &case.answers, form, texts),
        _ => format!("assessment {assessment:#}"),
    })
}

/// The label of an answer's question, which may be empty, and the answer, its choices with their labels.
pub(super) fn labelled(
    questionnaire: Option<&Questionnaire>,
    language: &str,
    path: &str,
    answer: &str,
) -> (String, String) {
    let name = path.rsplit('/').next().unwrap_or(path);
    let found = questionnaire.and_then(|form| Some((form, &form.nodes[form.node(name)?])));
    let Some((questionnaire, node)) = found else { return (String::new(), answer.to_owned()) };
    let at = questionnaire.language(language).unwrap_or(questionnaire.default_language);
    let label = node.label.get(at, questionnaire.default_language);
    let word = |code: &str| {
        let known = questionnaire.answer_label(node, code, language);
        known.map_or_else(|| code.to_owned(), |label| format!("{label} ({code})"))
    };
    let text = match node.list() {
        Some(_) => answer.split(' ').map(word).collect::<Vec<_>>().join("; "),
        None => answer.to_owned(),
    };
    (label.to_owned(), text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tabara_protocol::catalog::Uuid;
    use tabara_protocol::envelope::{Digest, SigningKey, Typ, sha256};
    use tabara_protocol::record::{QuestionnaireRef, SealedRef};

    fn sealed_record(to: &str, answer: &str) -> (Record, Vec<u8>) {
        let questionnaire = QuestionnaireRef { id: "q".into(), sha256: Digest([1; 32]) };
        let (record, case) = (Uuid::new_v4(), Uuid::new_v4());
        let answers = vec![("c_name".to_owned(), answer.to_owned())];
        let told = SealedCase {
            record,
            case,
            questionnaire: questionnaire.clone(),
            language: "en".into(),
            sealed_at: 0,
            answers,
            assessment: None,
        };
        let bytes = seal::seal(&serde_json::to_vec(&told).unwrap(), &[to]).unwrap();
        let sealed = Some(SealedRef { sha256: sha256(&bytes), len: bytes.len() as u32 });
        let facts = Default::default();
        (
            Record {
                record,
                case,
                seq: 1,
                kind: Kind::Screening,
                questionnaire,
                revises: None,
                code: None,
                slip: None,
                proof: None,
                route: None,
                facts,
                sealed,
            },
            bytes,
        )
    }

    fn export(record: &Record, sealed: &[u8]) -> Vec<u8> {
        let jws = envelope::sign(Typ::Record, &SigningKey::generate(), record);
        serde_json::to_vec(&[Sent::new(jws, Some(sealed))]).unwrap()
    }

    #[test]
    fn the_case_worker_reads_what_was_told_and_nobody_else() {
        let ((identity, to), (stranger, _)) = (seal::new_identity(), seal::new_identity());
        let (record, sealed) = sealed_record(&to, "Aline");
        for file in [sealed.clone(), export(&record, &sealed)] {
            let opened = open(&file, &identity, Proof::Waived).unwrap();
            assert!(text(&opened[0], None, "en").contains("c_name: Aline"));
            assert!(open(&file, &stranger, Proof::Waived).is_err());
        }
    }

    #[test]
    fn answers_come_with_the_words_of_the_questionnaire_and_without_control_characters() {
        let form = "| survey |\n| | type | name | label |\n| | select_one yn | agreed | Did she agree? |\n| | text | c_name | Name |\n\
            | choices |\n| | list_name | name | label |\n| | yn | y | Yes |\n| | yn | n | No |\n\
            | settings |\n| | form_id | form_title |\n| | q | Q |\n";
        let questionnaire = tabara_core::screening::compile(form.as_bytes()).questionnaire.expect("compiles");
        let (identity, to) = seal::new_identity();
        let (_, sealed) = sealed_record(&to, "Al\x1b[31mine");
        let mut opened = open(&sealed, &identity, Proof::Waived).unwrap().remove(0);
        opened.case.answers.push(("agreed".into(), "y".into()));
        let lines = lines(&opened, Some(&questionnaire), "en");
        assert!(lines.contains("agreed: Did she agree?\n    Yes (y)"), "{lines}");
        let text = text(&opened, Some(&questionnaire), "en");
        assert!(text.lines().all(|line| line.starts_with("NOT VERIFIED | ")), "{text}");
        assert!(!text.contains('\x1b'));
    }

    #[test]
    fn a_case_moved_to_another_record_is_noticed() {
        let (identity, to) = seal::new_identity();
        let (record, _) = sealed_record(&to, "Aline");
        let (_, other) = sealed_record(&to, "Beata");
        assert!(open(&export(&record, &other), &identity, Proof::Waived).is_err());
        let sealed = Some(SealedRef { sha256: sha256(&other), len: other.len() as u32 });
        assert!(open(&export(&Record { sealed, ..record }, &other), &identity, Proof::Waived).is_err());
    }
}
