//! A reviewer's decision on a record. It is signed with a key that the catalog names and put into a bundle for the server's
//! intake, so that it can be carried from a machine without a network.

use crate::error::{Result, invalid};
use tabara_protocol::catalog::{Catalog, RecipientRole, Uuid};
use tabara_protocol::clock::civil_month;
use tabara_protocol::envelope::{self, Digest, Signer, SigningKey, Typ};
use tabara_protocol::facts::{Dictionary, FactValue, Facts};
use tabara_protocol::record::{Kind, QuestionnaireRef, Record, Sent};
use tabara_protocol::wire::Bundle;

/// A decision, in the codes of `facts.csv`.
#[derive(Debug, Clone)]
pub struct ReviewDecision {
    pub record: Uuid,
    pub case: Uuid,
    /// `confirmed`, `not_confirmed` or `duplicate`.
    pub decision: String,
    /// Who decided: `association`, `national_commission`, `police`, `court` or `iom`.
    pub decided_by: String,
}

/// Signs a decision. `now`, in seconds since 1970 UTC, gives its month.
pub fn sign(decision: &ReviewDecision, key: &SigningKey, now: i64) -> Result<Sent> {
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
    let record = Record {
        record: Uuid::new_v4(),
        case: decision.case,
        seq: 0,
        kind: Kind::Review,
        questionnaire: QuestionnaireRef { id: "review".into(), sha256: Digest([0; 32]) },
        revises: Some(decision.record),
        code: None,
        slip: None,
        proof: None,
        route: None,
        facts,
        sealed: None,
    };
    Ok(Sent::new(envelope::sign(Typ::Review, key, &record), None))
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
        };
        let signed = sign(&decision("confirmed"), &key, 1_795_363_200).unwrap();
        let record: Record = envelope::open(Typ::Review, &key.public(), &signed.jws).unwrap();
        assert_eq!(record.facts["month"], FactValue::One("2026-11".into()));
        assert!(sign(&decision("perhaps"), &key, 1_795_363_200).is_err());
    }
}
