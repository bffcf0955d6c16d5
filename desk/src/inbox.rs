//! What waits for a case worker: a folder of what `tabara-server inbox` wrote, as a list by urgency and place. It says what is to be
//! done and by when, from what stands signed in the clear. No case is opened for it, and no name or answer is in it.

use crate::case::{self, Proof};
use crate::catalog::place;
use crate::error::{Result, at};
use crate::texts::Texts;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use tabara_protocol::case_export::{Author, CaseExport};
use tabara_protocol::clock::civil_date;
use tabara_protocol::record::{Kind, Record, Uuid};
use tabara_protocol::referral::{Status, answer_within, is_call_now};

const DAY: i64 = 24 * 3600;
/// A screening is looked at within so long.
const REVIEW_WITHIN: i64 = 3 * DAY;
/// Somebody asks how a person is so long after a provider last told of her.
const FOLLOW_UP_AFTER: i64 = 30 * DAY;

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum InboxTask {
    /// A referral that no provider has accepted, and that no later one to the same service replaces: urgency, service, organisation.
    Referral { urgency: String, service: String, to: String },
    /// A reviewer has not decided about a screening of this outcome; empty where the person is not counted.
    Review { outcome: String },
    /// Several screenings stand under one code, and nobody has said that they are doubles.
    Double { screenings: usize },
    /// It is quarantined until the operator has looked.
    Quarantined,
    /// A provider took the person, and nobody has spoken with her since: service, organisation.
    FollowUp { service: String, to: String },
    /// Nothing is to be done: a reviewer decided, for this organisation.
    Decided { decision: String, by: String },
}

/// One thing to do for one person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InboxRow {
    /// Seconds since 1970 UTC; none where nothing is to be done.
    pub due: Option<i64>,
    /// Code of the commune.
    pub place: String,
    /// The code on the person's slip.
    pub code: String,
    /// Whose record it is, and its case.
    pub record: Uuid,
    pub case: Uuid,
    /// The name of the file in the folder.
    pub file: String,
    pub task: InboxTask,
}

impl InboxRow {
    pub fn is_overdue(&self, now: i64) -> bool {
        self.due.is_some_and(|due| due < now)
    }
}

/// A file that is not shown, and why.
pub struct InboxRefusal {
    pub file: String,
    pub why: String,
}

impl InboxRefusal {
    /// What is said of it.
    pub fn text(&self, texts: &Texts) -> String {
        texts.get("inbox-refused", &[("file", self.file.as_str().into()), ("why", self.why.as_str().into())])
    }
}

/// How many things are to be done, and how many of them are overdue, in words.
pub fn sum(rows: &[InboxRow], now: i64, texts: &Texts) -> String {
    let open = rows.iter().filter(|row| row.due.is_some()).count();
    let overdue = rows.iter().filter(|row| row.is_overdue(now)).count();
    texts.get("inbox-sum", &[("n", open.into()), ("overdue", overdue.into())])
}

/// What the files of a folder tell that `tabara-server inbox` wrote. One that cannot be read is told, and hides no other.
pub(super) fn each<T>(
    folder: &Path,
    read: impl Fn(&CaseExport, &str) -> Result<Vec<T>>,
) -> Result<(Vec<T>, Vec<InboxRefusal>)> {
    let (mut all, mut refused) = (Vec::new(), Vec::new());
    for entry in std::fs::read_dir(folder).map_err(|e| at(folder, e))? {
        let path = entry.map_err(|e| at(folder, e))?.path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        match case::held(&path).and_then(|held| read(&held, &file)) {
            Ok(told) => all.extend(told),
            Err(why) => refused.push(InboxRefusal { file, why: why.to_string() }),
        }
    }
    Ok((all, refused))
}

/// Everything in a folder, the most urgent first, what is decided last.
pub fn rows(folder: &Path, proof: Proof) -> Result<(Vec<InboxRow>, Vec<InboxRefusal>)> {
    let (mut all, refused) = each(folder, |held, file| of_person(held, file, proof))?;
    let order = |row: &InboxRow| (row.due.unwrap_or(i64::MAX), row.place.clone(), row.code.clone());
    all.sort_by_cached_key(order);
    Ok((all, refused))
}

/// A record of a person, with what the log says of it.
struct Logged {
    received: i64,
    quarantined: bool,
    /// Commune of the phone.
    commune: String,
    record: Record,
}

impl Logged {
    fn fact(&self, name: &str) -> Option<String> {
        self.record.facts.get(name).and_then(|value| value.codes().next()).map(str::to_owned)
    }

    /// The log tells the day alone. What has hours counts from its beginning, so that nobody waits for the evening; the rest
    /// from its end.
    fn due(&self, within: i64) -> i64 {
        self.received + within + if within < DAY { 0 } else { DAY }
    }

    /// Whether somebody spoke with the person for it.
    fn is_talk(&self) -> bool {
        self.record.revises.is_none() && self.record.kind != Kind::Review && self.record.kind.is_about_a_person()
    }
}

/// What is to be done for the person of one file.
pub(crate) fn of_person(held: &CaseExport, file: &str, proof: Proof) -> Result<Vec<InboxRow>> {
    let trust = proof.trust(held);
    let mut log = Vec::new();
    for entry in held.entries.iter().filter(|entry| !entry.taken_back) {
        if let Some(sent) = &entry.sent {
            let (author, record) = case::signed(held, entry, sent, trust.as_ref())?;
            let commune = match author {
                Some(Author::Phone { grant, .. }) => grant.commune,
                _ => String::new(),
            };
            log.push(Logged { received: entry.received, quarantined: entry.waits.is_some(), commune, record });
        }
    }
    let reviews = || log.iter().filter(|one| one.record.kind == Kind::Review);
    let decided: BTreeMap<_, _> = reviews().filter_map(|review| Some((review.record.revises?, review))).collect();
    let is_double = |one: &Logged| {
        decided.get(&one.record.record).and_then(|review| review.fact("decision")).is_some_and(|d| d == "duplicate")
    };
    let corrects = log.iter().filter(|one| one.record.kind != Kind::Review);
    let revised: BTreeSet<_> = corrects.filter_map(|one| one.record.revises).collect();
    let is_first = |record: &Record| record.kind == Kind::Referral && record.revises.is_none();
    let stands = |one: &&Logged| is_first(&one.record) || !revised.contains(&one.record.record);
    let screenings =
        log.iter().filter(stands).filter(|one| one.record.kind == Kind::Screening && !is_double(one)).count();
    let mut rows = Vec::new();
    for (place, one) in log.iter().enumerate().filter(|(_, one)| stands(one)) {
        let record = &one.record;
        let mut add = |due, task| {
            let place = one.fact("screen_commune").unwrap_or_else(|| one.commune.clone());
            let (code, file) = (held.code.to_string(), file.to_owned());
            rows.push(InboxRow { due, place, code, record: record.record, case: record.case, file, task });
        };
        if one.quarantined {
            add(Some(one.due(REVIEW_WITHIN)), InboxTask::Quarantined);
        }
        match (record.kind, &record.route, decided.get(&record.record)) {
            (Kind::Screening, _, Some(review)) => {
                let (decision, by) = (review.fact("decision"), review.fact("decided_by"));
                add(None, InboxTask::Decided { decision: decision.unwrap_or_default(), by: by.unwrap_or_default() });
            }
            (Kind::Screening, _, None) => {
                let outcome = one.fact("outcome").unwrap_or_default();
                // what nobody suspects needs no decision; who is not counted may be anybody
                if outcome != "no_indication" {
                    add(Some(one.due(REVIEW_WITHIN)), InboxTask::Review { outcome });
                }
                if screenings > 1 {
                    add(Some(one.due(REVIEW_WITHIN)), InboxTask::Double { screenings });
                }
            }
            (Kind::Referral, Some(route), _) if record.revises.is_none() => {
                let (urgency, service, to) = (route.urgency.clone(), route.service.clone(), route.to.clone());
                let is_step =
                    |step: &&Logged| step.record.record == record.record || step.record.revises == Some(record.record);
                let last = log.iter().rposition(|step| is_step(&step)).unwrap_or(place);
                let again = |later: &Logged| {
                    is_first(&later.record) && later.record.route.as_ref().is_some_and(|r| r.service == service)
                };
                match case::furthest(record, log.iter().map(|step| &step.record)) {
                    Some(Status::Withdrawn | Status::RefusedByPerson) => {}
                    Some(reached) if reached >= Status::Accepted => {
                        if !log[last + 1..].iter().any(Logged::is_talk) {
                            add(Some(log[last].due(FOLLOW_UP_AFTER)), InboxTask::FollowUp { service, to });
                        }
                    }
                    _ if log[place + 1..].iter().any(again) => {}
                    _ => add(Some(one.due(answer_within(&urgency))), InboxTask::Referral { urgency, service, to }),
                }
            }
            _ => {}
        }
    }
    Ok(rows)
}

/// A task in words.
pub fn task(task: &InboxTask, texts: &Texts) -> String {
    let code = |list: &str, code: &str| {
        texts.say(&if code.is_empty() { "inbox-uncounted".into() } else { format!("{list}-{code}") })
    };
    match task {
        InboxTask::Referral { urgency, service, to } => {
            let id = if is_call_now(urgency) { "inbox-call" } else { "inbox-referral" };
            let urgency = code("urgency", urgency).into();
            texts.get(id, &[("urgency", urgency), ("service", texts.say(service).into()), ("to", to.as_str().into())])
        }
        InboxTask::FollowUp { service, to } => {
            texts.get("inbox-follow-up", &[("service", texts.say(service).into()), ("to", to.as_str().into())])
        }
        InboxTask::Review { outcome } => texts.get("inbox-review", &[("outcome", code("outcome", outcome).into())]),
        InboxTask::Double { screenings } => texts.get("inbox-double", &[("n", (*screenings).into())]),
        InboxTask::Quarantined => texts.say("inbox-quarantined"),
        InboxTask::Decided { decision, by } => {
            let (decision, by) = (code("decision", decision), code("decided", by));
            texts.get("inbox-decided", &[("decision", decision.into()), ("by", by.into())])
        }
    }
}

/// The list to read. What is overdue has a mark; what waits for a reviewer has the command's beginning.
pub fn text(rows: &[InboxRow], refused: &[InboxRefusal], now: i64, texts: &Texts) -> String {
    let mut text = String::new();
    for row in rows {
        let overdue = if row.is_overdue(now) { texts.say("inbox-overdue") } else { String::new() };
        let place = place(&row.place);
        let due = row.due.map_or("-".to_owned(), |due| civil_date(due).to_string());
        let (code, record, task) = (&row.code, row.record, task(&row.task, texts));
        text += &format!("{overdue:12} {due:10}  {place:16} {code:12} {record}  {task}\n");
        if matches!(row.task, InboxTask::Review { .. } | InboxTask::Double { .. }) {
            text += &format!("{:25}tabara-desk review --record {record} --case {}\n", "", row.case);
        }
    }
    for refusal in refused {
        text += &format!("{}\n", refusal.text(texts));
    }
    case::shown(&text, true) + &format!("{}\n", sum(rows, now, texts))
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
        let held = CaseExport { code, catalogs: vec![], chains: vec![], entries, proof: String::new(), copies: vec![] };
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
        assert!(tasks.contains(&(other.record, InboxTask::Decided { decision: String::new(), by: String::new() })));
        // the one who was answered is asked how she is, later
        let asked_again =
            |(record, task): &(Uuid, InboxTask)| *record == asked.record && matches!(task, InboxTask::FollowUp { .. });
        assert!(tasks.iter().any(asked_again));
        assert_eq!((tasks.len(), refused.len(), rows[0].is_overdue(NOW)), (6, 1, true));
        let said = format!("tabara-desk review --record {} --case {}\n", presumed.record, presumed.case);
        assert_eq!(text(&rows, &refused, NOW, &Texts::new("en").unwrap()).matches(&said).count(), 1);
        let french = text(&rows, &refused, NOW, &Texts::new("fr").unwrap());
        assert!(french.contains("en retard") && french.contains("dans les trois heures"), "{french}");

        // with an authority nothing of it is proven, and nothing is listed
        let authority = SigningKey::generate().public();
        let (unproven, refused) = super::rows(folder.path(), Proof::From(authority)).unwrap();
        assert_eq!((unproven.len(), refused.len()), (0, 5));
    }
}
