//! Opening a sealed case with a case worker's identity. The file is the age file itself, or a record with its sealed case
//! (`{"jws","sealed"}`), or a batch of those. Nothing is fetched and nothing is written.

use crate::error::{Result, invalid};
use base64::prelude::{BASE64_URL_SAFE_NO_PAD as B64, Engine as _};
use tabara_core::questionnaire::{Questionnaire, Source};
use tabara_core::screening;
use tabara_protocol::envelope::{self, sha256};
use tabara_protocol::record::{Batch, Record, SealedCase, Sent};
use tabara_protocol::seal;

/// A case in clear text.
#[derive(Debug, Clone)]
pub struct OpenedCase {
    pub case: SealedCase,
    /// The record that it came with; its ids and hash are those of the case.
    pub record: Option<Record>,
}

/// Opens every case of a file. A case that was moved to another record's envelope is an error.
pub fn open(file: &[u8], identity: &str) -> Result<Vec<OpenedCase>> {
    if file.starts_with(b"age-encryption.org/") {
        return Ok(vec![OpenedCase { case: unseal(file, identity)?, record: None }]);
    }
    let sent = match envelope::from_json::<Sent>(file) {
        Ok(one) => vec![one],
        Err(_) => {
            envelope::from_json::<Batch>(file)
                .map_err(|_| invalid("neither a sealed case nor an export of records"))?
                .records
        }
    };
    let sealed = sent.iter().filter(|s| s.sealed.is_some());
    sealed.map(|sent| open_sent(sent, identity)).collect()
}

fn unseal(sealed: &[u8], identity: &str) -> Result<SealedCase> {
    envelope::from_json(&seal::unseal(sealed, identity)?).map_err(|_| invalid("it opens, but does not hold a case"))
}

pub(super) fn open_sent(sent: &Sent, identity: &str) -> Result<OpenedCase> {
    let bad = || invalid("the export is damaged");
    // The signature was checked by the server; what matters here is that record and case belong together.
    let payload = sent.jws.split('.').nth(1).and_then(|p| B64.decode(p).ok()).ok_or_else(bad)?;
    let record: Record = envelope::from_json(&payload).map_err(|_| bad())?;
    let sealed = sent.sealed_bytes().ok().flatten().ok_or_else(bad)?;
    let case = unseal(&sealed, identity)?;
    let named = record.sealed.is_some_and(|s| s.sha256 == sha256(&sealed));
    let same = (case.record, case.case, &case.questionnaire) == (record.record, record.case, &record.questionnaire);
    if named && same {
        Ok(OpenedCase { case, record: Some(record) })
    } else {
        Err(invalid("the case does not belong to the record that it came with: someone moved it"))
    }
}

/// The case in readable lines, in the order of its questionnaire. If the questionnaire is given, questions and choices have
/// their labels. Answers may hold anything: control characters do not reach the terminal.
pub fn text(opened: &OpenedCase, questionnaire: Option<&Questionnaire>, language: &str) -> String {
    let case = &opened.case;
    let language = questionnaire.and_then(|form| screening::language(form, language)).unwrap_or(language);
    let mut lines = vec![
        format!("case      {}", case.case),
        format!("record    {}", case.record),
        format!("form      {} ({})", case.questionnaire.id, case.questionnaire.sha256),
        format!("sealed    {}", tabara_protocol::clock::civil_date(case.sealed_at)),
    ];
    lines.extend(opened.record.iter().flat_map(|r| &r.code).map(|code| format!("code      {code}")));
    lines.push(String::new());
    lines.extend(case.answers.iter().map(|(path, answer)| match questionnaire {
        Some(questionnaire) => labelled(questionnaire, language, path, answer),
        None => format!("{path}: {answer}"),
    }));
    if let Some(assessment) = &case.assessment {
        lines.push(String::new());
        lines.push(format!("assessment {assessment:#}"));
    }
    lines.join("\n").chars().map(|c| if c.is_control() && c != '\n' { '\u{fffd}' } else { c }).collect()
}

/// An answer with its question's label, and choices with theirs.
fn labelled(questionnaire: &Questionnaire, language: &str, path: &str, answer: &str) -> String {
    let name = path.rsplit('/').next().unwrap_or(path);
    let Some(node) = questionnaire.node(name).map(|at| &questionnaire.nodes[at]) else {
        return format!("{path}: {answer}");
    };
    let at = questionnaire.language(language).unwrap_or(questionnaire.default_language);
    let label = node.label.get(at, questionnaire.default_language);
    let list = node.choices.as_ref().and_then(|choices| match choices.from {
        Source::List(list) => questionnaire.lists.get(list as usize),
        Source::Rows(_) => None,
    });
    let word = |code: &str| {
        let known = list.and_then(|list| questionnaire.choice_label(&list.name, code, language));
        known.map_or_else(|| code.to_owned(), |label| format!("{label} ({code})"))
    };
    let text = match list {
        Some(_) => answer.split(' ').map(word).collect::<Vec<_>>().join("; "),
        None => answer.to_owned(),
    };
    if label.is_empty() { format!("{path}: {text}") } else { format!("{path}: {label}\n    {text}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tabara_protocol::catalog::Uuid;
    use tabara_protocol::envelope::{Digest, SigningKey, Typ};
    use tabara_protocol::record::{Kind, QuestionnaireRef, SealedRef};

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
                undo: None,
                secret: None,
                route: None,
                facts,
                sealed,
            },
            bytes,
        )
    }

    fn export(record: &Record, sealed: &[u8]) -> Vec<u8> {
        let jws = envelope::sign(Typ::Record, &SigningKey::generate(), record);
        serde_json::to_vec(&Batch { records: vec![Sent::new(jws, Some(sealed))] }).unwrap()
    }

    #[test]
    fn the_case_worker_reads_what_was_told_and_nobody_else() {
        let ((identity, to), (stranger, _)) = (seal::new_identity(), seal::new_identity());
        let (record, sealed) = sealed_record(&to, "Aline");
        for file in [sealed.clone(), export(&record, &sealed)] {
            let opened = open(&file, &identity).unwrap();
            assert!(text(&opened[0], None, "en").contains("c_name: Aline"));
            assert!(open(&file, &stranger).is_err());
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
        let mut opened = open(&sealed, &identity).unwrap().remove(0);
        opened.case.answers.push(("agreed".into(), "y".into()));
        let text = text(&opened, Some(&questionnaire), "en");
        assert!(text.contains("agreed: Did she agree?\n    Yes (y)"), "{text}");
        assert!(!text.contains('\x1b'));
    }

    #[test]
    fn a_case_moved_to_another_record_is_noticed() {
        let (identity, to) = seal::new_identity();
        let (record, _) = sealed_record(&to, "Aline");
        let (_, other) = sealed_record(&to, "Beata");
        assert!(open(&export(&record, &other), &identity).is_err());
        let sealed = Some(SealedRef { sha256: sha256(&other), len: other.len() as u32 });
        assert!(open(&export(&Record { sealed, ..record }, &other), &identity).is_err());
    }
}
