//! Opening a sealed case with a case worker's identity. It takes the age file itself, or what the server hands out: a
//! record with the sealed case beside it (`{"jws","sealed"}`), one or a whole batch. Nothing is fetched and nothing is
//! written.

use super::{Result, asked};
use base64::prelude::{BASE64_URL_SAFE_NO_PAD as B64, Engine as _};
use tabara_core::envelope::{self, sha256};
use tabara_core::record::{Batch, Record, SealedCase, Sent};
use tabara_core::seal;

/// A case as it was told.
#[derive(Debug, Clone)]
pub struct Opened {
    pub case: SealedCase,
    /// The record that it came with; its ids and hash are those of the case.
    pub record: Option<Record>,
}

/// Opens every case of a file. A case that was moved to another record's envelope is a fault.
pub fn open(file: &[u8], identity: &str) -> Result<Vec<Opened>> {
    if file.starts_with(b"age-encryption.org/") {
        return Ok(vec![Opened { case: unseal(file, identity)?, record: None }]);
    }
    let sent = match envelope::from_json::<Sent>(file) {
        Ok(one) => vec![one],
        Err(_) => {
            envelope::from_json::<Batch>(file)
                .map_err(|_| asked("neither a sealed case nor an export of records"))?
                .records
        }
    };
    let sealed = sent.iter().filter(|s| s.sealed.is_some());
    sealed.map(|sent| open_sent(sent, identity)).collect()
}

fn unseal(sealed: &[u8], identity: &str) -> Result<SealedCase> {
    envelope::from_json(&seal::unseal(sealed, identity)?).map_err(|_| asked("it opens, but does not hold a case"))
}

fn open_sent(sent: &Sent, identity: &str) -> Result<Opened> {
    let bad = || asked("the export is damaged");
    // The signature was checked by the server; what matters here is that record and case belong together.
    let payload = sent.jws.split('.').nth(1).and_then(|p| B64.decode(p).ok()).ok_or_else(bad)?;
    let record: Record = envelope::from_json(&payload).map_err(|_| bad())?;
    let sealed = sent.sealed_bytes().ok().flatten().ok_or_else(bad)?;
    let case = unseal(&sealed, identity)?;
    let named = record.sealed.is_some_and(|s| s.sha256 == sha256(&sealed));
    let same = (case.record, case.case, &case.questionnaire) == (record.record, record.case, &record.questionnaire);
    if named && same {
        Ok(Opened { case, record: Some(record) })
    } else {
        Err(asked("the case does not belong to the record that it came with: someone moved it"))
    }
}

/// The case in readable lines, oldest question first.
pub fn text(opened: &Opened) -> String {
    let case = &opened.case;
    let mut lines = vec![
        format!("case      {}", case.case),
        format!("record    {}", case.record),
        format!("form      {} ({})", case.questionnaire.id, case.questionnaire.sha256),
        format!("sealed    {}", tabara_core::clock::civil_date(case.sealed_at)),
    ];
    lines.extend(opened.record.iter().flat_map(|r| &r.code).map(|code| format!("code      {code}")));
    lines.push(String::new());
    lines.extend(case.answers.iter().map(|(path, answer)| format!("{path}: {answer}")));
    if let Some(assessment) = &case.assessment {
        lines.push(String::new());
        lines.push(format!("assessment {assessment:#}"));
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use tabara_core::catalog::Uuid;
    use tabara_core::envelope::{Digest, SigningKey, Typ};
    use tabara_core::record::{Kind, QuestionnaireRef, SealedRef};

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
            assert!(text(&opened[0]).contains("c_name: Aline"));
            assert!(open(&file, &stranger).is_err());
        }
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
