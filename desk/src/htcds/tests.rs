use super::*;
use tabara_protocol::case_export::HeldEntry;
use tabara_protocol::catalog::Uuid;
use tabara_protocol::code::Code;
use tabara_protocol::envelope::{self, Digest, SigningKey, Typ, sha256};
use tabara_protocol::facts::FactValue;
use tabara_protocol::record::{QuestionnaireRef, SealedRef, Sent};
use tabara_protocol::referral::Route;
use tabara_protocol::seal;

fn record(kind: Kind, revises: Option<Uuid>) -> Record {
    let questionnaire = QuestionnaireRef { id: "returnee_screening".into(), sha256: Digest([1; 32]) };
    let (record, case) = (Uuid::new_v4(), Uuid::new_v4());
    let (code, slip, proof, route, facts, sealed) = Default::default();
    Record { record, case, seq: 1, kind, questionnaire, revises, code, slip, proof, route, facts, sealed }
}

fn entry(record: &Record, sealed: Option<&[u8]>) -> HeldEntry {
    let jws = envelope::sign(Typ::Record, &SigningKey::generate(), record);
    HeldEntry {
        record: record.record,
        kind: "record".into(),
        received: 1_795_946_400,
        waits: None,
        taken_back: false,
        jws: sha256(jws.as_bytes()),
        sent: Some(Sent::new(jws, sealed)),
    }
}

/// A person who told this, with what became of it.
fn held(to: &str, keep: &str, decision: Option<&str>) -> CaseExport {
    let mut screening = record(Kind::Screening, None);
    let answers = [
        ("person/p_sex", "f"),
        ("p_nat", "BI"),
        ("p_marital", "Married"),
        ("p_edu", "none"),
        ("j_arranged", "partner agency"),
        ("j_method", "AtWork ThroughOnlineSocialNetworks"),
        ("j_app", "WhatsApp Facebook"),
        ("s3_keep", keep),
        ("c_name", "Aline-7719"),
        ("c_reach", "+257 79 00 77 19"),
    ];
    let assessment = serde_json::json!({
        "consent": { "record": true, "count": true }, "outcome": "presumed", "review": [],
        "codes": ["mc_docs", "mc_debt", "mc_movement", "ex_domestic", "ex_agri", "ex_prostitution", "rec_deceived"],
    });
    let case = SealedCase {
        record: screening.record,
        case: screening.case,
        questionnaire: screening.questionnaire.clone(),
        language: "en".into(),
        sealed_at: 0,
        answers: answers.map(|(path, answer)| (path.to_owned(), answer.to_owned())).to_vec(),
        assessment: Some(assessment),
    };
    let sealed = seal::seal(&serde_json::to_vec(&case).unwrap(), &[to]).unwrap();
    screening.sealed = Some(SealedRef { sha256: sha256(&sealed), len: sealed.len() as u32 });
    let mut entries = vec![entry(&screening, Some(&sealed))];
    let route =
        |status| Route { to: "Maison Amahoro".into(), service: "sv_shelter".into(), urgency: "d1".into(), status };
    let mut sent = record(Kind::Referral, None);
    sent.route = Some(route(Status::Sent));
    let mut done = record(Kind::Referral, Some(sent.record));
    done.route = Some(route(Status::Completed));
    entries.extend([entry(&sent, None), entry(&done, None)]);
    if let Some(decision) = decision {
        let mut review = record(Kind::Review, Some(screening.record));
        let fact = |name: &str, code: &str| (name.to_owned(), FactValue::One(code.to_owned()));
        review.facts = [fact("decision", decision), fact("decided_by", "national_commission")].into();
        entries.push(entry(&review, None));
    }
    CaseExport {
        code: Code::generate(),
        catalogs: vec![],
        chains: vec![],
        entries,
        proof: String::new(),
        copies: vec![],
    }
}

fn written(file: CaseExport, identity: &str, profile: HtcdsProfile, names: bool) -> BTreeMap<String, String> {
    let (book, left_out) = table(&[file], identity, Proof::Waived, profile, (names, "Beata")).unwrap();
    assert!(left_out.is_empty());
    let [header, row] = &book.sheets[0].rows[..] else { panic!("one person") };
    header.iter().cloned().zip(row.iter().cloned()).collect()
}

#[test]
fn a_case_is_written_in_the_codes_of_the_standard_in_both_of_its_forms() {
    let (identity, to) = seal::new_identity();
    let ods = written(held(&to, "no", None), &identity, HtcdsProfile::Ods, true);
    for (field, value) in [
        ("prs_Gender", "Feminine"),
        ("prs_Citizenship", "BI"),
        ("con_Consent", "TRUE"),
        ("vic_TraffickingStatus", "PossibleVictimOfTrafficking"),
        ("vic_TraffickingStatusDecisionMakingOrg", ""),
        ("vic_MethodOfRecruitment", "AtWork;ThroughOnlineSocialNetworks"),
        ("vic_MethodsOfControl", "DebtBondage;WithholdsDocuments;Other"),
        ("vic_TypeOfExploitation", "ForcedLabour;SexualExploitation"),
        ("vic_ForcedLabourIndustry", "A_AgricultureForestryAndFishing"),
        ("vic_TypeOfSexExploitation", "Prostitution"),
        ("vic_RelationshipToTrafficker", "Familial"),
        ("prs_HighestLevelOfEducation", ""),
        ("cco_CaseComment", "RestrictsMovement"),
        ("cas_CaseOwner", "Beata"),
        ("cas_Status", "FollowUp"),
        ("cas_ReferredOrganisation", "Maison Amahoro"),
        ("cas_IncomingReferralDate", "2026-11-29"),
    ] {
        let ours: BTreeSet<&str> = ods[field].split(';').collect();
        assert_eq!(ours, value.split(';').collect(), "{field}");
    }
    let form = written(held(&to, "no", None), &identity, HtcdsProfile::Xlsform, true);
    assert!(form["vic_Methods_of_Control"].contains(' ') && !form.contains_key("vic_MethodsOfControl"));
    let industries = "A_AgricultureForestryAndFishing T_ActivitiesOfHouseholdsAsEmployers";
    assert_eq!(form["vic_ForcedLabourIndustry"], industries, "several there, one in the spreadsheet");
}

#[test]
fn names_are_written_only_if_the_person_agreed_and_the_case_worker_asks() {
    let (identity, to) = seal::new_identity();
    for (keep, names, name) in [("no", true, ""), ("yes", false, ""), ("yes", true, "Aline-7719")] {
        let row = written(held(&to, keep, None), &identity, HtcdsProfile::Ods, names);
        assert_eq!(row["prs_FirstName"], name, "{keep} {names}");
        assert_eq!(row.values().any(|value| value.contains("7719")), !name.is_empty(), "{keep} {names}");
    }
}

#[test]
fn a_reviewer_decides_about_the_status_and_what_was_taken_back_is_not_written() {
    let (identity, to) = seal::new_identity();
    for (decision, status, state) in
        [("confirmed", "ActualVictimOfTrafficking", "FollowUp"), ("not_confirmed", "NotAVictimOfTrafficking", "Closed")]
    {
        let row = written(held(&to, "no", Some(decision)), &identity, HtcdsProfile::Ods, false);
        assert_eq!((row["vic_TraffickingStatus"].as_str(), row["cas_Status"].as_str()), (status, state));
        assert_eq!(row["vic_TraffickingStatusDecisionMakingOrg"], "NonPoliceGovernmentalOrganization");
    }
    let mut taken_back = held(&to, "no", None);
    taken_back.entries[0].taken_back = true;
    let code = taken_back.code.to_string();
    let (book, left_out) = table(&[taken_back], &identity, Proof::Waived, HtcdsProfile::Ods, (false, "")).unwrap();
    assert_eq!((book.sheets[0].rows.len(), left_out), (1, vec![code]));
}

#[test]
fn every_code_of_the_crosswalk_is_one_of_the_standard() {
    let columns: Vec<Column> = columns().collect();
    assert_eq!(
        columns.iter().position(|column| column.field == "cas_ReasonForCaseClosure"),
        Some(37),
        "38 columns come first"
    );
    let rows = include_str!("crosswalk.csv").lines().skip(1).map(|row| row.split(',').collect::<Vec<_>>());
    for row in rows {
        let column = columns.iter().find(|column| column.field == row[1]).unwrap_or_else(|| panic!("{row:?}"));
        let listed = column.field == "cco_CaseComment" || !column.values.is_empty();
        assert!(listed && is_code(column.values, row[2]), "{row:?}");
    }
    assert!(!is_code("vic_MethodsOfControl", "RestrictsMovement"));
}
