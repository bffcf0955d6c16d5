//! What waits for a case worker: a folder of what `tabara-server inbox` wrote, as a list by urgency and place. It says what is to be
//! done and by when, from what stands signed in the clear. No case is opened for it, and no name or answer is in it.

use crate::case::{self, Proof};
use crate::error::{Result, at};
use crate::texts::Texts;
use std::collections::BTreeSet;
use std::path::Path;
use tabara_protocol::case_export::{Author, CaseExport};
use tabara_protocol::clock::civil_date;
use tabara_protocol::places;
use tabara_protocol::record::{Kind, Record};
use tabara_protocol::referral::{Status, answer_within};

/// A screening is looked at within so many hours.
const REVIEW_HOURS: i64 = 72;

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum InboxTask {
    /// A referral that no provider has accepted: urgency, service, organisation.
    Referral { urgency: String, service: String, to: String },
    /// A reviewer has not decided about a screening of this outcome; empty where the person is not counted.
    Review { outcome: String },
    /// Several screenings stand under one code, and nobody has said that they are doubles.
    Double { screenings: usize },
    /// It is quarantined until the operator has looked.
    Quarantined,
}

/// One thing to do for one person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InboxRow {
    /// Seconds since 1970 UTC.
    pub due: i64,
    /// Code of the commune.
    pub place: String,
    /// The code on the person's slip.
    pub code: String,
    /// Whose record it is.
    pub record: tabara_protocol::record::Uuid,
    pub task: InboxTask,
}

/// A file that is not shown, and why.
pub struct InboxRefusal {
    pub file: String,
    pub why: String,
}

/// Everything in a folder, the most urgent first. A file that proves nothing is told, and hides no other.
pub fn rows(folder: &Path, proof: Proof) -> Result<(Vec<InboxRow>, Vec<InboxRefusal>)> {
    let (mut all, mut refused) = (Vec::new(), Vec::new());
    for entry in std::fs::read_dir(folder).map_err(|e| at(folder, e))? {
        let path = entry.map_err(|e| at(folder, e))?.path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        match case::held(&path).and_then(|held| of_person(&held, proof)) {
            Ok(rows) => all.extend(rows),
            Err(why) => {
                let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                refused.push(InboxRefusal { file, why: why.to_string() });
            }
        }
    }
    all.sort_by(|a, b| (a.due, &a.place, &a.code).cmp(&(b.due, &b.place, &b.code)));
    Ok((all, refused))
}

/// What is to be done for the person of one file.
fn of_person(held: &CaseExport, proof: Proof) -> Result<Vec<InboxRow>> {
    let trust = proof.trust(held);
    let mut signed: Vec<(i64, bool, Option<Author>, Record)> = Vec::new();
    for entry in held.entries.iter().filter(|entry| !entry.taken_back) {
        if let Some(sent) = &entry.sent {
            let (author, record) = case::signed(held, entry, sent, trust.as_ref())?;
            signed.push((entry.received, entry.waits.is_some(), author, record));
        }
    }
    let revised: BTreeSet<_> =
        signed.iter().filter(|(.., r)| r.kind != Kind::Review).filter_map(|(.., r)| r.revises).collect();
    let decided: BTreeSet<_> =
        signed.iter().filter(|(.., r)| r.kind == Kind::Review).filter_map(|(.., r)| r.revises).collect();
    let furthest = |first: &Record| case::furthest(first, signed.iter().map(|(.., step)| step));
    let current = || {
        signed
            .iter()
            .filter(|(.., r)| (r.kind == Kind::Referral && r.revises.is_none()) || !revised.contains(&r.record))
    };
    let screenings = current().filter(|(.., record)| record.kind == Kind::Screening).count();
    let mut rows = Vec::new();
    for (received, quarantined, author, record) in current() {
        let fact = |name: &str| record.facts.get(name).and_then(|value| value.codes().next()).map(str::to_owned);
        let of_phone = match author {
            Some(Author::Phone { grant, .. }) => grant.commune.clone(),
            _ => String::new(),
        };
        let place = fact("screen_commune").unwrap_or(of_phone);
        let mut add = |hours: i64, task| {
            let due = received + hours * 3600;
            rows.push(InboxRow { due, place: place.clone(), code: held.code.to_string(), record: record.record, task });
        };
        if *quarantined {
            add(REVIEW_HOURS, InboxTask::Quarantined);
        }
        match (record.kind, &record.route) {
            (Kind::Screening, _) if !decided.contains(&record.record) => {
                let outcome = fact("outcome").unwrap_or_default();
                // what nobody suspects needs no decision; who is not counted may be anybody
                if !matches!(outcome.as_str(), "no_indication") {
                    add(REVIEW_HOURS, InboxTask::Review { outcome });
                }
                if screenings > 1 {
                    add(REVIEW_HOURS, InboxTask::Double { screenings });
                }
            }
            (Kind::Referral, Some(route)) if record.revises.is_none() && furthest(record) <= Some(Status::Expired) => {
                let (urgency, service, to) = (route.urgency.clone(), route.service.clone(), route.to.clone());
                add(answer_within(&urgency) / 3600, InboxTask::Referral { urgency, service, to });
            }
            _ => {}
        }
    }
    Ok(rows)
}

/// The list to read. What is overdue has a mark.
pub fn text(rows: &[InboxRow], refused: &[InboxRefusal], now: i64, texts: &Texts) -> String {
    let mut text = String::new();
    for row in rows {
        let task = match &row.task {
            InboxTask::Referral { urgency, service, to } => {
                let args = [
                    ("urgency", urgency.as_str().into()),
                    ("service", texts.say(service).into()),
                    ("to", to.as_str().into()),
                ];
                texts.get("inbox-referral", &args)
            }
            InboxTask::Review { outcome } => {
                texts.get("inbox-review", &[("outcome", if outcome.is_empty() { "-" } else { outcome }.into())])
            }
            InboxTask::Double { screenings } => texts.get("inbox-double", &[("n", (*screenings).into())]),
            InboxTask::Quarantined => texts.say("inbox-quarantined"),
        };
        let overdue = if row.due < now { texts.say("inbox-overdue") } else { String::new() };
        let place = places::name(&row.place).unwrap_or(&row.place);
        let (due, code) = (civil_date(row.due).to_string(), &row.code);
        text += &format!("{overdue:12} {due}  {place:16} {code:12} {}  {task}\n", row.record);
    }
    for InboxRefusal { file, why } in refused {
        text += &format!(
            "{}\n",
            texts.get("inbox-refused", &[("file", file.as_str().into()), ("why", why.as_str().into())])
        );
    }
    let overdue = rows.iter().filter(|row| row.due < now).count();
    case::shown(&text, true)
        + &format!("{}\n", texts.get("inbox-sum", &[("n", rows.len().into()), ("overdue", overdue.into())]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tabara_protocol::case_export::HeldEntry;
    use tabara_protocol::catalog::Uuid;
    use tabara_protocol::code::Code;
    use tabara_protocol::envelope::{self, Digest, SigningKey, Typ, sha256};
    use tabara_protocol::facts::FactValue;
    use tabara_protocol::record::{QuestionnaireRef, Sent};
    use tabara_protocol::referral::Route;

    const NOW: i64 = 1_795_946_400;

    fn record(kind: Kind, revises: Option<Uuid>, outcome: &str) -> Record {
        let questionnaire = QuestionnaireRef { id: "q".into(), sha256: Digest([1; 32]) };
        let (record, case) = (Uuid::new_v4(), Uuid::new_v4());
        let (code, slip, proof, route, sealed) = Default::default();
        let fact = |name: &str, code: &str| (name.to_owned(), FactValue::One(code.to_owned()));
        let facts = [fact("outcome", outcome), fact("screen_commune", "BI-CO-04-02")].into();
        Record { record, case, seq: 1, kind, questionnaire, revises, code, slip, proof, route, facts, sealed }
    }

    fn file(folder: &Path, records: &[(&Record, i64)]) {
        let entry = |(record, received): &(&Record, i64)| {
            let jws = envelope::sign(Typ::Record, &SigningKey::generate(), record);
            let (waits, taken_back, kind) = (None, false, "record".to_owned());
            let (id, received, hash) = (record.record, *received, sha256(jws.as_bytes()));
            HeldEntry { record: id, kind, received, waits, taken_back, jws: hash, sent: Some(Sent::new(jws, None)) }
        };
        let (code, entries) = (Code::generate(), records.iter().map(entry).collect());
        let held = CaseExport { code, catalogs: vec![], chains: vec![], entries, proof: String::new() };
        std::fs::write(folder.join(format!("{}.json", Uuid::new_v4())), serde_json::to_vec(&held).unwrap()).unwrap();
    }

    #[test]
    fn the_most_urgent_stands_first_what_is_done_is_gone_and_a_bad_file_hides_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let route = |urgency: &str, status| {
            Some(Route { to: "Clinic".into(), service: "sv_medical".into(), urgency: urgency.into(), status })
        };
        let (presumed, harmless) =
            (record(Kind::Screening, None, "presumed"), record(Kind::Screening, None, "no_indication"));
        let urgent = Record { route: route("h3", Status::Sent), ..record(Kind::Referral, None, "") };
        file(folder.path(), &[(&presumed, NOW), (&urgent, NOW - 4 * 3600)]);
        file(folder.path(), &[(&harmless, NOW)]);
        // decided, and answered
        let other = record(Kind::Screening, None, "presumed");
        let review = record(Kind::Review, Some(other.record), "");
        let asked = Record { route: route("h1", Status::Sent), ..record(Kind::Referral, None, "") };
        let answered =
            Record { route: route("h1", Status::Accepted), ..record(Kind::Referral, Some(asked.record), "") };
        file(folder.path(), &[(&other, NOW), (&review, NOW), (&asked, NOW), (&answered, NOW)]);
        // one person, two screenings
        let twins = [record(Kind::Screening, None, "no_indication"), record(Kind::Screening, None, "no_indication")];
        file(folder.path(), &[(&twins[0], NOW), (&twins[1], NOW)]);
        std::fs::write(folder.path().join("other.json"), "{}").unwrap();

        let (rows, refused) = rows(folder.path(), Proof::Waived).unwrap();
        let tasks: Vec<_> = rows.iter().map(|row| (row.record, row.task.clone())).collect();
        let referral = InboxTask::Referral { urgency: "h3".into(), service: "sv_medical".into(), to: "Clinic".into() };
        assert_eq!(tasks[0], (urgent.record, referral));
        assert!(tasks.contains(&(presumed.record, InboxTask::Review { outcome: "presumed".into() })));
        assert_eq!(tasks.iter().filter(|(_, task)| *task == InboxTask::Double { screenings: 2 }).count(), 2);
        assert_eq!((tasks.len(), refused.len(), rows[0].due < NOW), (4, 1, true));
        let french = text(&rows, &refused, NOW, &Texts::new("fr").unwrap());
        assert!(french.contains("en retard") && french.contains("Butanyerera") | french.contains("h3"), "{french}");

        // with an authority nothing of it is proven, and nothing is listed
        let authority = SigningKey::generate().public();
        let (unproven, refused) = super::rows(folder.path(), Proof::From(authority)).unwrap();
        assert_eq!((unproven.len(), refused.len()), (0, 5));
    }
}
