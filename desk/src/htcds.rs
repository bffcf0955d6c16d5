//! Opened cases in the Human Trafficking Case Data Standard (HTCDS) 2.0, for the case management of others: one row for each
//! person. What a column may hold and how our codes are written there stands in `htcds/*.csv`, with its sources.
//!
//! Names and numbers are left out unless the person agreed that a case worker keeps how to reach her, and the case worker asks
//! for them. A case of which everything was taken back is not written.

use crate::case::{self, Proof};
use crate::error::{Result, invalid};
use std::collections::{BTreeMap, BTreeSet};
use tabara_core::xlsform::workbook::{Sheet, Workbook};
use tabara_protocol::case_export::{Author, CaseExport};
use tabara_protocol::clock::civil_date;
use tabara_protocol::record::{Kind, Record, SealedCase};
use tabara_protocol::referral::Status;

/// Which of the standard's own two forms the file has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum HtcdsProfile {
    /// As its spreadsheet: several codes are parted by semicolons.
    Ods,
    /// As its XLSForm: some fields have other names, several codes are parted by spaces.
    Xlsform,
}

/// A column of the standard.
struct Column {
    field: &'static str,
    several: [bool; 2],
    xlsform: &'static str,
    values: &'static str,
}

fn columns() -> impl Iterator<Item = Column> {
    let rows = include_str!("htcds/columns.csv").lines().skip(1).map(|row| row.split(',').collect::<Vec<_>>());
    rows.filter_map(|row| match row[..] {
        [field, several, xlsform, several_there, values] => {
            Some(Column { field, several: [several == "true", several_there == "true"], xlsform, values })
        }
        _ => None,
    })
}

/// Whether a picklist has a code; a list of which the codes stand elsewhere, or no list, takes any.
fn is_code(list: &str, code: &str) -> bool {
    let rows = include_str!("htcds/values.csv").lines().filter_map(|row| row.split_once(','));
    let mut known = rows.filter(|(of, _)| *of == list).map(|(_, code)| code).peekable();
    known.peek().is_none() || known.any(|one| one == code)
}

/// What our code is in a field of theirs.
fn theirs(ours: &str, field: &str) -> Option<&'static str> {
    let rows = include_str!("htcds/crosswalk.csv").lines().map(|row| row.split(',').collect::<Vec<_>>());
    rows.filter(|row| row[..2] == [ours, field]).map(|row| row[2]).next()
}

/// What is held on one person, opened.
struct Held {
    code: String,
    entries: Vec<(i64, Option<Author>, Record, Option<SealedCase>)>,
}

fn open(file: &CaseExport, identity: &str, proof: Proof) -> Result<Held> {
    let trust = proof.trust(file);
    let mut entries = Vec::new();
    for entry in file.entries.iter().filter(|entry| !entry.taken_back) {
        let Some(sent) = &entry.sent else { continue };
        let (author, record) = case::signed(file, entry, sent, trust.as_ref())?;
        let told = match sent.sealed {
            Some(_) if record.kind == Kind::Screening => {
                Some(case::open_sent(sent, identity, &file.copies, (author.clone(), record.clone()))?.case)
            }
            _ => None,
        };
        entries.push((entry.received, author, record, told));
    }
    Ok(Held { code: file.code.to_string(), entries })
}

/// The fields of one person, each with its codes or its text.
type Fields = BTreeMap<&'static str, Vec<String>>;

fn fields(held: &Held, names: bool, owner: &str) -> Option<Fields> {
    let screening =
        held.entries.iter().rev().find(|(_, _, record, told)| record.kind == Kind::Screening && told.is_some())?;
    let (received, author, record, Some(told)) = screening else { return None };
    let answer = |name: &str| {
        let found = told.answers.iter().find(|(path, _)| path.rsplit('/').next() == Some(name));
        found.map_or("", |(_, answer)| answer.as_str())
    };
    let assessment = told.assessment.clone().unwrap_or_default();
    let mut fields = Fields::new();
    let mut put = |field: &'static str, value: &str| {
        let values = fields.entry(field).or_default();
        if !value.is_empty() && !values.iter().any(|known| known == value) {
            values.push(value.to_owned());
        }
    };
    put("cas_CaseOwner", owner);
    put("con_Consent", if assessment["consent"]["record"] == true { "TRUE" } else { "FALSE" });
    put("prs_Gender", theirs(&format!("sex {}", answer("p_sex")), "prs_Gender").unwrap_or_default());
    put("prs_Citizenship", answer("p_nat"));
    put("prs_MaritalStatus", answer("p_marital"));
    put("prs_NumberOfChildren", answer("p_children"));
    put("prs_HighestLevelOfEducation", if answer("p_edu") == "none" { "" } else { answer("p_edu") });
    if names && answer("s3_keep") == "yes" {
        put("prs_FirstName", answer("c_name"));
        let number: String = answer("c_reach").chars().filter(|c| !c.is_whitespace()).collect();
        let digits = number.strip_prefix('+').unwrap_or(&number);
        let callable = (7..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
        put("prs_MobilePhone", if callable { &number } else { "" });
    }
    answer("j_method").split(' ').for_each(|code| put("vic_MethodOfRecruitment", code));
    answer("j_app").split(' ').for_each(|code| put("vic_RecruitmentWebsitesAndApps", code));
    let spouse = if answer("p_marital") == "Married" { "+spouse" } else { "" };
    for who in answer("j_arranged").split(' ') {
        let relation = [format!("recruiter {who}{spouse}"), format!("recruiter {who}")];
        let found = relation.iter().find_map(|ours| theirs(ours, "vic_RelationshipToTrafficker"));
        put("vic_RelationshipToTrafficker", found.unwrap_or_default());
    }
    let codes: BTreeSet<&str> =
        assessment["codes"].as_array().into_iter().flatten().filter_map(|code| code.as_str()).collect();
    for field in [
        "vic_MethodsOfControl",
        "vic_TypeOfExploitation",
        "vic_ForcedLabourIndustry",
        "vic_TypeOfSexExploitation",
        "cco_CaseComment",
    ] {
        codes.iter().filter_map(|code| theirs(code, field)).for_each(|value| put(field, value));
    }

    let reviews = held.entries.iter().filter(|(_, _, other, _)| other.kind == Kind::Review);
    let review = reviews.rev().find(|(_, _, other, _)| other.revises == Some(record.record));
    let fact =
        |name: &str| review.and_then(|(_, _, review, _)| review.facts.get(name)?.codes().next()).unwrap_or_default();
    let outcome = assessment["outcome"].as_str().unwrap_or_default();
    let looked_at = assessment["review"].as_array().is_some_and(|reasons| !reasons.is_empty());
    let status = match fact("decision") {
        decided @ ("confirmed" | "not_confirmed") => format!("outcome {decided}"),
        _ if outcome == "exploited" && looked_at => "outcome exploited+review".to_owned(),
        _ => format!("outcome {outcome}"),
    };
    put("vic_TraffickingStatus", theirs(&status, "vic_TraffickingStatus").unwrap_or_default());
    let decided_by = theirs(&format!("decision_org {}", fact("decided_by")), "vic_TraffickingStatusDecisionMakingOrg");
    put("vic_TraffickingStatusDecisionMakingOrg", decided_by.unwrap_or_default());

    if let Some(Author::Phone { grant, .. }) = author {
        put("cas_ReferringOrganisation", &grant.organisation);
    }
    put("cas_IncomingReferralDate", &civil_date(*received).to_string());
    put("cas_ReasonForIncomingReferral", "AdditionalServicesRequired");
    put("cas_IncomingReferralDetails", &format!("Tabara case {}", told.case));
    let furthest = |first: &Record| case::furthest(first, held.entries.iter().map(|(_, _, step, _)| step));
    let steps = held.entries.iter().filter(|(_, _, other, _)| other.kind == Kind::Referral);
    let referrals = steps.filter(|(_, _, first, _)| first.revises.is_none());
    let routes: Vec<_> =
        referrals.filter_map(|(day, _, first, _)| Some((day, first.route.as_ref()?, furthest(first)))).collect();
    if let Some((day, route, _)) = routes.last() {
        put("cas_ReferredOrganisation", &route.to);
        put("cas_OutgoingReferralDate", &civil_date(**day).to_string());
        put("cas_ReasonForOutgoingReferral", "AdditionalServicesRequired");
        put("cas_OutgoingReferralDetails", &format!("{} {}", route.service, route.urgency));
    }
    let completed = !routes.is_empty() && routes.iter().all(|(.., status)| *status == Some(Status::Completed));
    let (state, why) = match fact("decision") {
        "not_confirmed" => ("Closed", "Not confirmed as a victim"),
        "duplicate" => ("Closed", "The same person has another case"),
        _ if completed => ("FollowUp", ""),
        _ => ("Active", ""),
    };
    put("cas_Status", state);
    put("cas_ReasonForCaseClosure", why);
    Some(fields)
}

/// The table of these persons; also the codes of those of whom there is nothing to write.
pub fn table(
    files: &[CaseExport],
    identity: &str,
    proof: Proof,
    profile: HtcdsProfile,
    (names, owner): (bool, &str),
) -> Result<(Workbook, Vec<String>)> {
    let columns: Vec<Column> = columns().collect();
    let at = usize::from(profile == HtcdsProfile::Xlsform);
    let title = |column: &Column| [column.field, column.xlsform][at].to_owned();
    let (mut rows, mut left_out) = (vec![columns.iter().map(title).collect::<Vec<_>>()], Vec::new());
    for file in files {
        let held = open(file, identity, proof)?;
        let Some(fields) = fields(&held, names, owner) else {
            left_out.push(held.code);
            continue;
        };
        let mut row = Vec::new();
        for column in &columns {
            let values = fields.get(column.field).map_or(&[][..], Vec::as_slice);
            if values.iter().any(|value| !is_code(column.values, value)) {
                // an own questionnaire may have other codes; which one this person's case has is nobody's business here
                return Err(invalid(format!(
                    "a case has a code in {} that HTCDS lacks: nothing was written",
                    column.field
                )));
            }
            let apart = [";", " "][at];
            row.push(if column.several[at] { values.join(apart) } else { values.first().cloned().unwrap_or_default() });
        }
        rows.push(row);
    }
    Ok((Workbook { sheets: vec![Sheet { name: "HTCDS".into(), rows, unread: vec![] }] }, left_out))
}

#[cfg(test)]
mod tests;
