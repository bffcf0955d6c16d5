//! `tabara-server notify`: tells people that something waits for them, by e-mail or to a web address. A timer calls it.
//!
//! A message says which kinds of things wait, where to look, and whether today: never a name, a place or
//! anything of a case. A provider hears how many referrals are new to her organisation; no other message has a number. What is told is what `doctor` finds, by duty. Who is told stands in the settings. Somebody who is told at once hears of a
//! thing when it begins, when it becomes urgent, and again after a week; a digest comes once a day while there is
//! something. What was told is in the data folder (`notified.json`); what could not be sent is sent at the next call.

use super::CommandResult;
use super::doctor::{self, Finding, Grade, Topic};
use super::mail::{Mailer, Webhooks, is_address};
use crate::settings::kept::KeptSettings;
use crate::settings::messages::{Duty, Mail, Recipient, Security};
use crate::settings::{Settings, key_files};
use crate::staff::terminal::secret;
use crate::store::{ReferralState, Store};
use crate::web::texts::Language;
use clap::Subcommand;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

#[derive(Subcommand)]
pub enum NotifyCommand {
    /// Sends what is due; a timer calls it every ten minutes.
    Send,
    /// Who is told, of what, how.
    List,
    /// Tells one more address of what waits, or another way than before: e-mail, or a web address that gets JSON.
    Add {
        address: String,
        /// What the person looks after.
        #[arg(long)]
        duty: Duty,
        /// Of a provider: the organisation, as the cards of its devices name it.
        #[arg(long, required_if_eq("duty", "provider"))]
        organisation: Option<String>,
        /// Once a day while something waits; else at once when it begins, and again after a week.
        #[arg(long)]
        daily: bool,
        /// fr or en.
        #[arg(long, default_value = "fr")]
        language: String,
    },
    /// Tells an address nothing more.
    Remove { address: String },
    /// The mail server that takes messages. The password of the mailbox is asked for, or read from the input's first line.
    Mail {
        #[arg(long)]
        server: String,
        /// The sender's address.
        #[arg(long)]
        from: String,
        /// Name of the mailbox, if the server asks for one.
        #[arg(long)]
        user: Option<String>,
        #[arg(long, default_value = "tls")]
        security: Security,
        /// Where it is not the usual one.
        #[arg(long)]
        port: Option<u16>,
        /// Certificate of an issuer beside the public ones, PEM, for a mail server of one's own.
        #[arg(long)]
        issuer: Option<PathBuf>,
    },
    /// Sends a message to everybody now, to see that it arrives.
    Try,
}

impl NotifyCommand {
    pub fn run(self, store: &Store, settings: &Settings, now: i64) -> CommandResult {
        let data = &settings.data;
        let mut kept = KeptSettings::read(data)?;
        let people = &mut kept.messages.people;
        match self {
            Self::Send => {
                let referrals = store.read(|log| log.referrals(now))?;
                let sent = notify(&kept, data, &doctor::examine(store, settings)?, &referrals, now)?;
                println!("{sent} told");
                return Ok(());
            }
            Self::Try => {
                for person in &kept.messages.people {
                    let language = spoken(person)?;
                    let text = format!("{}\n\n{}\n", language.text("notice-works"), language.text("notice-why"));
                    tell(&kept, person, &BTreeMap::new(), 0, text)?;
                    println!("sent to {}", person.to);
                }
                return Ok(());
            }
            Self::List => (),
            Self::Add { address: to, duty, organisation, daily, language } => {
                if !is_address(&to) {
                    return Err(format!("{to} is neither an e-mail address nor a web address, https://...").into());
                }
                let person = Recipient { to, duty, daily, language, organisation };
                spoken(&person)?;
                people.retain(|known| known.to != person.to);
                people.push(person);
            }
            Self::Remove { address } => {
                let before = people.len();
                people.retain(|known| known.to != address);
                if people.len() == before {
                    return Err(format!("{address} was told nothing: tabara-server notify list").into());
                }
            }
            Self::Mail { server, from, user, security, port, issuer } => {
                let read =
                    |file: PathBuf| std::fs::read_to_string(&file).map_err(|e| format!("{}: {e}", file.display()));
                let issuer = issuer.map(read).transpose()?;
                let password = |user| Ok((user, secret("Password of the mailbox: ", None)?.to_string()));
                let login = user.map(password).transpose().map_err(|e: std::io::Error| e)?;
                let mail = Mail { server, port, security, from, login, issuer };
                Mailer::new(&mail)?;
                kept.messages.mail = Some(mail);
            }
        }
        kept.write(data)?;
        for Recipient { to, duty, daily, language, organisation } in &kept.messages.people {
            println!(
                "{to}  {duty:?}  {}  {language}  {}",
                if *daily { "daily" } else { "at once" },
                organisation.as_deref().unwrap_or_default()
            );
        }
        match &kept.messages.mail {
            Some(mail) => {
                println!("by {} from {}. To see that it arrives: tabara-server notify try", mail.server, mail.from)
            }
            None => println!("Next, for e-mail: tabara-server notify mail --server NAME --from ADDRESS --user NAME"),
        }
        Ok(())
    }
}

/// What a recipient was told, and when last.
#[derive(Default, Serialize, Deserialize)]
struct Told {
    topics: BTreeMap<Topic, (Grade, i64)>,
    digest: i64,
    /// Position of the newest referral that a provider has heard of.
    #[serde(default)]
    referral: u64,
}

fn cares(duty: Duty, topic: Topic) -> bool {
    let work = matches!(topic, Topic::Phones | Topic::Orders | Topic::Quarantine | Topic::Referrals);
    match duty {
        Duty::Operator => !work,
        Duty::Coordinator => work,
        Duty::Provider => false,
    }
}

const WEEK: i64 = 7 * 86_400;
/// A little less than a day, so that a timer that is late once is not late for good.
const DAY: i64 = 23 * 3600;

/// What somebody must be told now, most urgent first: what of hers is open, if it is time for any of it.
fn due(recipient: &Recipient, told: &mut Told, findings: &[Finding], now: i64) -> BTreeMap<Topic, Grade> {
    let mut open = BTreeMap::new();
    for finding in findings.iter().filter(|f| f.grade > Grade::Well && cares(recipient.duty, f.topic)) {
        let grade = open.entry(finding.topic).or_insert(finding.grade);
        *grade = (*grade).max(finding.grade);
    }
    told.topics.retain(|topic, _| open.contains_key(topic));
    let is_new = |(topic, grade): (&Topic, &Grade)| {
        told.topics.get(topic).is_none_or(|(before, at)| grade > before || now - at >= WEEK || *at > now)
    };
    let digest = now - told.digest >= DAY || told.digest > now;
    let time = if recipient.daily { digest } else { open.iter().any(is_new) };
    if time { open } else { BTreeMap::new() }
}

/// Positions of the referrals to a provider that she has not heard of and not answered, if it is time to tell her.
fn fresh(recipient: &Recipient, told: &Told, referrals: &[ReferralState], now: i64) -> Vec<u64> {
    let waits = recipient.daily && (0..DAY).contains(&(now - told.digest));
    let hers = |one: &&ReferralState| recipient.organisation.as_ref() == Some(&one.to) && one.is_unanswered();
    let new = referrals.iter().filter(hers).map(|one| one.position).filter(|position| *position > told.referral);
    if waits || recipient.duty != Duty::Provider { Vec::new() } else { new.collect() }
}

/// The line about new referrals.
fn new_referrals(language: Language, fresh: usize) -> String {
    language.text_with("notice-new-referrals", &[("count", fresh.into())])
}

fn spoken(recipient: &Recipient) -> CommandResult<Language> {
    let language = Language::read(&recipient.language).filter(|language| !language.is_draft());
    Ok(language.ok_or("a language is fr or en")?)
}

/// The text of a message.
fn message(language: Language, page: &str, open: &BTreeMap<Topic, Grade>) -> String {
    let line = |(topic, grade): (&Topic, &Grade)| {
        let when = language.text(if *grade == Grade::Now { "notice-today" } else { "notice-soon" });
        format!("- {} ({when})\n", language.text(&format!("notice-topic-{topic:?}").to_lowercase()))
    };
    let lines: String = open.iter().map(line).collect();
    format!("{}\n\n{lines}\n{page}\n\n{}\n", language.text("notice-lead"), language.text("notice-why"))
}

fn tell(
    kept: &KeptSettings,
    recipient: &Recipient,
    open: &BTreeMap<Topic, Grade>,
    fresh: usize,
    text: String,
) -> CommandResult {
    let to = &recipient.to;
    if to.contains("://") && fresh > 0 {
        return Webhooks::new()?.post(to, &serde_json::json!({ "new_referrals": fresh }));
    }
    if to.contains("://") {
        let of = |grade| open.iter().filter(|(_, g)| **g == grade).map(|(topic, _)| topic).collect::<Vec<_>>();
        let page = kept.public_url.as_deref();
        return Webhooks::new()?
            .post(to, &serde_json::json!({ "page": page, "today": of(Grade::Now), "soon": of(Grade::Soon) }));
    }
    let language = spoken(recipient)?;
    let subject = match fresh {
        0 => language.text("notice-subject").to_owned(),
        _ => format!("Tabara: {}", new_referrals(language, fresh)),
    };
    let none = "no mail server is named: tabara-server notify mail --server NAME --from ADDRESS";
    Mailer::new(kept.messages.mail.as_ref().ok_or(none)?)?.send(to, &subject, text)
}

/// Tells everybody whose time it is. Returns how many were told; an error if somebody could not be.
fn notify(
    kept: &KeptSettings,
    data: &Path,
    findings: &[Finding],
    referrals: &[ReferralState],
    now: i64,
) -> CommandResult<usize> {
    let file = data.join("notified.json");
    let mut told: BTreeMap<String, Told> = match std::fs::read(&file) {
        Ok(json) => serde_json::from_slice(&json).unwrap_or_default(),
        Err(_) => BTreeMap::new(),
    };
    let (mut sent, mut failed) = (0, Vec::new());
    for recipient in &kept.messages.people {
        let told = told.entry(recipient.to.clone()).or_default();
        let open = due(recipient, told, findings, now);
        let fresh = fresh(recipient, told, referrals, now);
        if open.is_empty() && fresh.is_empty() {
            continue;
        }
        let language = spoken(recipient)?;
        let text = match fresh.len() {
            0 => message(language, kept.public_url.as_deref().unwrap_or_default(), &open),
            n => format!("{}\n\n{}\n", new_referrals(language, n), language.text("notice-why")),
        };
        match tell(kept, recipient, &open, fresh.len(), text) {
            Ok(()) => {
                told.referral = fresh.last().copied().unwrap_or(told.referral);
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
    use tabara_protocol::referral::Status;

    const MONDAY: i64 = 1_794_312_000;

    fn finding(topic: Topic, grade: Grade) -> Finding {
        Finding { topic, grade, text: String::new() }
    }
    fn person(duty: Duty, daily: bool) -> Recipient {
        Recipient { to: "x@example.org".into(), duty, daily, language: "fr".into(), organisation: None }
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
        let (operator, mut told) = (person(Duty::Operator, false), Told::default());
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
    fn a_provider_hears_once_of_each_new_referral_to_her_and_of_nothing_else() {
        let referral = |to: &str, position, status| ReferralState {
            position,
            to: to.into(),
            service: "sv_medical".into(),
            urgency: "d3".into(),
            commune: String::new(),
            came: MONDAY,
            status,
        };
        let provider = Recipient { organisation: Some("Clinic".into()), ..person(Duty::Provider, false) };
        let mut told = Told::default();
        let all = [
            referral("Clinic", 4, Status::Sent),
            referral("Clinic", 5, Status::Accepted),
            referral("Shelter", 6, Status::Sent),
            referral("Clinic", 7, Status::Received),
        ];
        assert_eq!(fresh(&provider, &told, &all, MONDAY), [4, 7]);
        assert!(due(&provider, &mut told, &[finding(Topic::Referrals, Grade::Now)], MONDAY).is_empty());
        told.referral = 7;
        assert!(fresh(&provider, &told, &all, MONDAY).is_empty());
        let operator = Recipient { organisation: Some("Clinic".into()), ..person(Duty::Operator, false) };
        assert!(fresh(&operator, &Told::default(), &all, MONDAY).is_empty());
        assert_eq!([1, 2].map(|n| new_referrals(Language::English, n)), ["1 new referral", "2 new referrals"]);
    }

    #[test]
    fn a_digest_comes_once_a_day_while_something_is_open() {
        let (coordinator, mut told) = (person(Duty::Coordinator, true), Told::default());
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
        let text = message(Language::English, "https://tabara.example", &open);
        assert!(text.contains("- The certificate of the server ends. (today)\n- Entries wait in quarantine. (soon)\n"));
        assert!(text.contains("\nhttps://tabara.example\n"));
        let open = Topic::ALL.map(|topic| (topic, Grade::Soon)).into();
        for language in Language::ALL {
            let text = message(language, "https://tabara.example", &open);
            assert_eq!(text.lines().filter(|line| line.starts_with("- ")).count(), Topic::ALL.len());
            assert!(!text.chars().any(|c| c.is_ascii_digit()), "no number");
        }
    }
}
