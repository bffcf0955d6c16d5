//! `tabara-server notify`: tells people that something waits for them, by e-mail or to a web address. A timer calls it.
//!
//! A message says which kinds of things wait, where to look, and whether today: never a number, a name, a place or
//! anything of a case. What is told is what `doctor` finds, by role. Somebody who is told at once hears of a
//! thing when it begins, when it becomes urgent, and again after a week; a digest comes once a day while there is
//! something. What was told is in the data folder (`notified.json`); what could not be sent is sent at the next call.

use super::CommandResult;
use super::doctor::{Finding, Grade, Topic};
use super::mail::{Mail, Mailer, Webhooks};
use crate::settings::key_files;
use crate::web::texts::{Language, Notices};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What the file names: who is told, and how.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NotifyConfig {
    /// Address of the pages, for the link in a message.
    page: String,
    /// The certificate that phones see, where a proxy holds it.
    #[serde(default)]
    pub certificate: Option<PathBuf>,
    #[serde(default)]
    mail: Option<Mail>,
    people: Vec<Recipient>,
}

/// Who is told of what.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Recipient {
    /// An e-mail address; or a web address, which gets JSON by POST: `{"page": …, "today": [topics], "soon": [topics]}`.
    to: String,
    role: Role,
    #[serde(default)]
    when: When,
    /// `fr`, if nothing is said, or `en`.
    #[serde(default)]
    language: Option<String>,
}

/// What a person looks after.
#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "snake_case")]
enum Role {
    /// The machine: keys, catalog, certificate, clock, backup, disk, log.
    Operator,
    /// The work: entries in quarantine, silent phones, orders that no phone has acknowledged.
    Coordinator,
}

#[derive(Deserialize, Default, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
enum When {
    #[default]
    AtOnce,
    Daily,
}

/// What a recipient was told, and when last.
#[derive(Default, Serialize, Deserialize)]
struct Told {
    topics: BTreeMap<Topic, (Grade, i64)>,
    digest: i64,
}

impl Role {
    fn cares(self, topic: Topic) -> bool {
        let work = matches!(topic, Topic::Phones | Topic::Orders | Topic::Quarantine);
        matches!(self, Self::Coordinator) == work
    }
}

const WEEK: i64 = 7 * 86_400;
/// A little less than a day, so that a timer that is late once is not late for good.
const DAY: i64 = 23 * 3600;

/// What somebody must be told now, most urgent first: what of hers is open, if it is time for any of it.
fn due(recipient: &Recipient, told: &mut Told, findings: &[Finding], now: i64) -> BTreeMap<Topic, Grade> {
    let mut open = BTreeMap::new();
    for finding in findings.iter().filter(|f| f.grade > Grade::Well && recipient.role.cares(f.topic)) {
        let grade = open.entry(finding.topic).or_insert(finding.grade);
        *grade = (*grade).max(finding.grade);
    }
    told.topics.retain(|topic, _| open.contains_key(topic));
    let is_new = |(topic, grade): (&Topic, &Grade)| {
        told.topics.get(topic).is_none_or(|(before, at)| grade > before || now - at >= WEEK || *at > now)
    };
    let time = match recipient.when {
        When::AtOnce => open.iter().any(is_new),
        When::Daily => now - told.digest >= DAY || told.digest > now,
    };
    if time { open } else { BTreeMap::new() }
}

/// Subject and text of a message.
fn message(texts: &Notices, page: &str, open: &BTreeMap<Topic, Grade>) -> (String, String) {
    let line = |(topic, grade): (&Topic, &Grade)| {
        let when = if *grade == Grade::Now { texts.today } else { texts.soon };
        format!("- {} ({when})\n", texts.topics[*topic as usize])
    };
    let lines: String = open.iter().map(line).collect();
    (texts.subject.to_owned(), format!("{}\n\n{lines}\n{page}\n\n{}\n", texts.lead, texts.why))
}

fn tell(config: &NotifyConfig, recipient: &Recipient, open: &BTreeMap<Topic, Grade>) -> CommandResult {
    let to = &recipient.to;
    if to.contains("://") {
        let of = |grade| open.iter().filter(|(_, g)| **g == grade).map(|(topic, _)| topic).collect::<Vec<_>>();
        let body = serde_json::json!({ "page": config.page, "today": of(Grade::Now), "soon": of(Grade::Soon) });
        return Webhooks::new()?.post(to, &body);
    }
    let language = recipient.language.as_deref().map_or(Some(Language::French), Language::read);
    let texts = &language.ok_or("a language is fr or en")?.texts().notices;
    let (subject, text) = message(texts, &config.page, open);
    Mailer::new(config.mail.as_ref().ok_or("the file has no `mail`")?)?.send(to, &subject, text)
}

/// Tells everybody whose time it is. Returns how many were told; an error if somebody could not be.
pub fn notify(config: &NotifyConfig, data: &Path, findings: &[Finding], now: i64) -> CommandResult<usize> {
    let file = data.join("notified.json");
    let mut told: BTreeMap<String, Told> = match std::fs::read(&file) {
        Ok(json) => serde_json::from_slice(&json).unwrap_or_default(),
        Err(_) => BTreeMap::new(),
    };
    let (mut sent, mut failed) = (0, Vec::new());
    for recipient in &config.people {
        let told = told.entry(recipient.to.clone()).or_default();
        let open = due(recipient, told, findings, now);
        if open.is_empty() {
            continue;
        }
        match tell(config, recipient, &open) {
            Ok(()) => {
                sent += 1;
                told.digest = now;
                told.topics.extend(open.into_iter().map(|(topic, grade)| (topic, (grade, now))));
            }
            Err(e) => failed.push(format!("{}: {e}", recipient.to)),
        }
    }
    key_files::keep(&file, &serde_json::to_vec(&told)?)?;
    if failed.is_empty() { Ok(sent) } else { Err(failed.join("; ").into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MONDAY: i64 = 1_794_312_000;

    fn finding(topic: Topic, grade: Grade) -> Finding {
        Finding { topic, grade, text: String::new() }
    }
    fn person(role: Role, when: When) -> Recipient {
        Recipient { to: "x@example.org".into(), role, when, language: None }
    }
    fn hears(recipient: &Recipient, told: &mut Told, findings: &[Finding], now: i64) -> Vec<Topic> {
        let open = due(recipient, told, findings, now);
        if !open.is_empty() {
            told.digest = now;
            told.topics.extend(open.iter().map(|(topic, grade)| (*topic, (*grade, now))));
        }
        open.into_keys().collect()
    }

    #[test]
    fn at_once_means_when_it_begins_when_it_becomes_urgent_and_after_a_week() {
        let (operator, mut told) = (person(Role::Operator, When::AtOnce), Told::default());
        let soon = [finding(Topic::Certificate, Grade::Soon), finding(Topic::Quarantine, Grade::Soon)];
        let mut at = |hours: i64, findings: &[Finding]| hears(&operator, &mut told, findings, MONDAY + hours * 3600);
        assert_eq!(at(0, &[finding(Topic::Certificate, Grade::Well)]), []);
        assert_eq!(at(1, &soon), [Topic::Certificate], "the quarantine is not hers");
        assert_eq!(at(2, &soon), []);
        assert_eq!(at(3, &[finding(Topic::Certificate, Grade::Now)]), [Topic::Certificate]);
        assert_eq!(at(4, &soon), []);
        assert_eq!(at(3 + 7 * 24, &soon), [Topic::Certificate]);
        // what was mended and comes again is new
        assert_eq!(at(180, &[]), []);
        assert_eq!(at(181, &soon), [Topic::Certificate]);
        // what was told by a clock that was ahead is told again
        assert_eq!(at(-1000, &soon), [Topic::Certificate]);
    }

    #[test]
    fn a_digest_comes_once_a_day_while_something_is_open() {
        let (coordinator, mut told) = (person(Role::Coordinator, When::Daily), Told::default());
        let open = [finding(Topic::Quarantine, Grade::Soon), finding(Topic::Phones, Grade::Soon)];
        let mut at = |hours: i64, findings: &[Finding]| hears(&coordinator, &mut told, findings, MONDAY + hours * 3600);
        assert_eq!(at(0, &open), [Topic::Phones, Topic::Quarantine]);
        assert_eq!((at(1, &open), at(22, &open)), (vec![], vec![]));
        assert_eq!(at(24, &open[..1]), [Topic::Quarantine]);
        assert_eq!(at(48, &[]), []);
    }

    #[test]
    fn a_message_says_what_kind_of_thing_waits_and_where_in_every_language() {
        let open = [(Topic::Quarantine, Grade::Soon), (Topic::Certificate, Grade::Now)].into();
        let (_, text) = message(&Language::English.texts().notices, "https://tabara.example", &open);
        assert!(text.contains("- The certificate of the server ends. (today)\n- Entries wait in quarantine. (soon)\n"));
        assert!(text.contains("\nhttps://tabara.example\n"));
        let open = Topic::ALL.map(|topic| (topic, Grade::Soon)).into();
        for language in Language::ALL {
            let (subject, text) = message(&language.texts().notices, "https://tabara.example", &open);
            assert_eq!(text.lines().filter(|line| line.starts_with("- ")).count(), Topic::ALL.len());
            assert!(!subject.is_empty() && !text.chars().any(|c| c.is_ascii_digit()), "no number");
        }
    }
}
