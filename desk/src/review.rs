//! A reviewer's decision on a record. It is signed with a key that the catalog names and put into a bundle for the server's
//! intake, so that it can be carried from a machine without a network.

use crate::error::{Result, invalid};
use tabara_protocol::catalog::{Catalog, RecipientRole, Uuid};
use tabara_protocol::clock::civil_month;
use tabara_protocol::envelope::{self, Digest, Signer, SigningKey, Typ, sha256};
use tabara_protocol::facts::{Dictionary, FactValue, Facts};
use tabara_protocol::record::{Kind, QuestionnaireRef, Record, SealedCase, SealedRef, Sent};
use tabara_protocol::seal;
use tabara_protocol::wire::Bundle;
use zeroize::Zeroizing;

/// Why a reviewer decides otherwise than the screening, or as it. Sealed to the case workers, never counted.
pub const REASONS: [&str; 6] = ["act", "means", "purpose", "age", "document", "other"];

/// A decision, in the codes of `facts.csv`.
#[derive(Debug, Clone)]
pub struct ReviewDecision {
    pub record: Uuid,
    pub case: Uuid,
    /// `confirmed`, `not_confirmed` or `duplicate`.
    pub decision: String,
    /// Who decided: `association`, `national_commission`, `police`, `court` or `iom`.
    pub decided_by: String,
    /// One of [`REASONS`].
    pub reason: Option<String>,
    /// In words, for whoever opens the case later.
    pub note: Option<String>,
}

/// Signs a decision. `now`, in seconds since 1970 UTC, gives its month. Reason and note are sealed to these
/// [`readers`].
pub fn sign(decision: &ReviewDecision, key: &SigningKey, readers: &[String], now: i64) -> Result<Sent> {
    let fact = |name: &str, code: &str| (name.to_owned(), FactValue::One(code.to_owned()));
    let facts: Facts = [
        fact("month", &civil_month(now)),
        fact("decision", &decision.decision),
        fact("decided_by", &decision.decided_by),
    ]
    .into();
    if Dictionary::standard().check(Kind::Review, &facts).is_err() {
        return Err(invalid("the decision or who decided is not one of the codes of facts.csv"));
    }
    if decision.reason.as_ref().is_some_and(|reason| !REASONS.contains(&reason.as_str())) {
        return Err(invalid(format!("the reason is one of {}", REASONS.join(", "))));
    }
    let (id, questionnaire) = (Uuid::new_v4(), QuestionnaireRef { id: "review".into(), sha256: Digest([0; 32]) });
    let said = [("reason", &decision.reason), ("note", &decision.note)];
    let answers: Vec<_> = said.into_iter().filter_map(|(name, said)| Some((name.to_owned(), said.clone()?))).collect();
    let sealed = if answers.is_empty() {
        None
    } else {
        let (record, case, questionnaire) = (id, decision.case, questionnaire.clone());
        let (language, sealed_at, assessment) = (String::new(), now, None);
        let case = SealedCase { record, case, questionnaire, language, sealed_at, answers, assessment };
        let plain = Zeroizing::new(serde_json::to_vec(&case).map_err(|e| invalid(e.to_string()))?);
        Some(seal::seal(&plain, readers)?)
    };
    let record = Record {
        record: id,
        case: decision.case,
        seq: 0,
        kind: Kind::Review,
        questionnaire,
        revises: Some(decision.record),
        code: None,
        slip: None,
        proof: None,
        route: None,
        facts,
        sealed: sealed.as_ref().map(|bytes| SealedRef { sha256: sha256(bytes), len: bytes.len() as u32 }),
    };
    Ok(Sent::new(envelope::sign(Typ::Review, key, &record), sealed.as_deref()))
}

/// Who can open what is sealed under a catalog: case workers and the recovery key.
pub fn readers(catalog: &Catalog) -> Vec<String> {
    let readers = catalog.recipients.iter().filter(|one| one.role != RecipientRole::Intake);
    readers.map(|one| one.age.clone()).collect()
}

/// The bundle that brings decisions to the server of this catalog.
pub fn bundle(decisions: &[Sent], key: &SigningKey, catalog: &Catalog) -> Result<Vec<u8>> {
    let intake = catalog.intake_key().ok_or_else(|| invalid("the catalog names no intake key"))?;
    // what became of them can be read with a case worker's key
    let reader = catalog.recipients.iter().find(|r| r.role == RecipientRole::CaseWorker).map(|r| r.age.clone());
    Ok(Bundle { answer_to: reader, ..Bundle::default() }.seal(&Signer::new(key), decisions, intake)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_dictionary_knows_is_signed() {
        let key = SigningKey::generate();
        let decision = |decision: &str| ReviewDecision {
            record: Uuid::new_v4(),
            case: Uuid::new_v4(),
            decision: decision.into(),
            decided_by: "national_commission".into(),
            reason: None,
            note: None,
        };
        let ((identity, reader), now) = (seal::new_identity(), 1_795_363_200);
        let told =
            ReviewDecision { reason: Some("age".into()), note: Some("a document".into()), ..decision("confirmed") };
        let signed = sign(&told, &key, &[reader], now).unwrap();
        let case = seal::unseal(&signed.sealed_bytes().unwrap().unwrap(), &identity).unwrap();
        let case: SealedCase = envelope::from_json(&case).unwrap();
        let said = [("reason", "age"), ("note", "a document")].map(|(name, said)| (name.to_owned(), said.to_owned()));
        assert_eq!(case.answers, said);
        let record: Record = envelope::open(Typ::Review, &key.public(), &signed.jws).unwrap();
        assert_eq!(record.facts["month"], FactValue::One("2026-11".into()));
        assert!(sign(&decision("perhaps"), &key, &[], now).is_err());
    }
}
