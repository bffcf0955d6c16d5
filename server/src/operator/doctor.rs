//! `tabara-server doctor`: what an operator should check. Each finding says what to do.

use crate::settings::Settings;
use crate::settings::certificate::{OWN_CERTIFICATE, SERVED, first_certificate, not_after};
use crate::settings::kept::KeptSettings;
use crate::settings::key_files::{INTAKE, OPERATIONS};
use crate::store::entry::EntryKind;
use crate::store::{self, PROVEN, Store};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::fs::DirEntry;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::UNIX_EPOCH;
use tabara_protocol::catalog::{Catalog, RecipientRole};
use tabara_protocol::referral::answer_within;
use tabara_protocol::wire::Standing;
use tabara_protocol::{envelope, seal};

/// How urgent it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Grade {
    Well,
    Soon,
    Now,
}

impl Grade {
    fn of(now: bool, soon: bool) -> Self {
        if now { Self::Now } else { if soon { Self::Soon } else { Self::Well } }
    }
}

/// What a check is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Topic {
    Keys,
    Catalog,
    Certificate,
    Clock,
    Backup,
    Disk,
    Messages,
    Phones,
    Orders,
    Quarantine,
    Log,
    Referrals,
}

impl Topic {
    pub const ALL: [Self; 12] = {
        use Topic::*;
        [Keys, Catalog, Certificate, Clock, Backup, Disk, Messages, Phones, Orders, Quarantine, Log, Referrals]
    };
}

/// The result of one check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub topic: Topic,
    pub grade: Grade,
    pub text: String,
}

impl Finding {
    fn new(topic: Topic, grade: Grade, text: impl Into<String>) -> Self {
        Self { topic, grade, text: text.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let grade = match self.grade {
            Grade::Well => "well",
            Grade::Soon => "soon",
            Grade::Now => "NOW ",
        };
        write!(f, "{grade}  {}", self.text)
    }
}

const DAY: i64 = 86_400;
/// Hint: when the log was last found not to be what its tree proves.
const UNPROVEN: &str = "unproven";
/// No person fills in so many interviews in a day; a phone that was offline for a month might send them.
const TOO_BUSY: u64 = 200;

/// Copies of the log hold what was erased since: none is kept longer (days).
const KEEP_COPIES: i64 = 35;
/// The tree is proven each night: so many days without are too many.
const PROVEN_DAYS: i64 = 2;

/// Checks keys, catalog, certificate, clock, backup, disk, phones and quarantine; of the log, what the last [`prove`] found.
pub fn examine(store: &Store, settings: &Settings) -> store::Result<Vec<Finding>> {
    let kept = KeptSettings::read(&settings.data).unwrap_or_default();
    let now = settings.clock.unix();
    let catalog = store.read(|log| log.catalog_in_force())?;
    let policy = catalog.as_ref().map(|c| c.policy.clone()).unwrap_or_default();
    let catalog_revokes = catalog.as_ref().map(|c| c.revoked.clone()).unwrap_or_default();
    let mut found = key_findings(store, settings)?;
    found.push(catalog.map_or_else(no_catalog, |catalog| expiry(Topic::Catalog, "the catalog", catalog.expires, now)));
    // the one of the proxy, and the one that the server shows
    let served = [SERVED, OWN_CERTIFICATE].map(|name| settings.data.join(name)).into_iter().find(|file| file.exists());
    found.extend(
        kept.shown_certificate
            .iter()
            .chain(&served)
            .map(|file| certificate_finding(first_certificate(file).as_deref(), now)),
    );
    found.push(clock(store, now)?);
    found.push(backup(store.last_backup()?, i64::from(policy.keep_sealed_days), now));
    found.extend(old_copies(&settings.data, now));
    found.push(disk(settings));
    found.push(messages(&kept));
    let phones = store.read(|log| log.phones())?;
    let lease = i64::from(policy.lease_days) * DAY;
    let silent = phones
        .iter()
        .filter(|p| p.binding.standing != Standing::Revoked && p.seen.is_none_or(|seen| now - seen > lease))
        .count();
    let text =
        format!("{silent} of {} phones silent for {} days: tabara-server device list", phones.len(), policy.lease_days);
    let some = |topic, number: usize, text| Finding::new(topic, Grade::of(false, number > 0), text);
    found.push(some(Topic::Phones, silent, text));
    let open = store.read(|log| log.orders())?.iter().filter(|given| given.acknowledged.is_none()).count();
    let text = format!("{open} orders to phones not acknowledged: tabara-server device list");
    found.push(some(Topic::Orders, open, text));
    let jumps = phones.iter().filter(|p| p.highest_seq > p.records).count();
    let text = format!("{jumps} phones whose records have gaps in their numbers: tabara-server device list");
    found.push(some(Topic::Phones, jumps, text));
    let busy = phones.iter().filter(|p| p.last_day >= TOO_BUSY).count();
    let text =
        format!("{busy} phones sent {TOO_BUSY} records or more on their last day: tabara-server device revoke --from");
    found.push(Finding::new(Topic::Phones, Grade::of(busy > 0, false), text));
    let named = catalog_revokes.len();
    let here = phones.iter().filter(|p| p.binding.standing == Standing::Revoked);
    let only_here = here.filter(|p| !catalog_revokes.contains(&p.binding.device)).count();
    let text =
        format!("{named} phones are revoked by the catalog, {only_here} here alone: tabara-desk catalog next --revoke");
    found.push(some(Topic::Phones, only_here, text));
    found.push(tree(store, now)?);
    found.push(quarantine(store, now)?);
    found.push(unanswered(store, now)?);
    Ok(found)
}

/// Whether anybody hears of the rest.
fn messages(kept: &KeptSettings) -> Finding {
    let people = &kept.messages.people;
    let (grade, text) = if people.is_empty() {
        (
            Grade::Soon,
            "nobody is told when something waits: tabara-server notify add ADDRESS --duty operator".to_owned(),
        )
    } else if kept.messages.mail.is_none() && people.iter().any(|person| !person.to.contains("://")) {
        (Grade::Soon, "messages cannot leave: tabara-server notify mail --server NAME --from ADDRESS".into())
    } else {
        (Grade::Well, format!("{} addresses are told when something waits", people.len()))
    };
    Finding::new(Topic::Messages, grade, text)
}

/// A provider should have answered: where hours or a day were given, somebody calls today.
fn unanswered(store: &Store, now: i64) -> store::Result<Finding> {
    let all = store.read(|log| log.referrals(now))?;
    let overdue: Vec<_> = all.iter().filter(|one| one.is_overdue(now)).collect();
    let urgent = overdue.iter().any(|one| answer_within(&one.urgency) <= DAY);
    let grade = Grade::of(urgent, !overdue.is_empty());
    let text = format!("{} referrals without an answer in time: the page /overdue lists them", overdue.len());
    Ok(Finding::new(Topic::Referrals, grade, text))
}

/// Somebody must look at what waits; within two weeks, since it counts nowhere meanwhile.
fn quarantine(store: &Store, now: i64) -> store::Result<Finding> {
    let all = store.read(|log| log.quarantined())?;
    let waiting = all.len();
    let days = all.iter().map(|entry| (now - entry.received).div_euclid(DAY)).max().unwrap_or(0);
    let grade = Grade::of(days >= 14, waiting > 0);
    let text = format!("{waiting} entries in quarantine, the first for {days} days: tabara-server quarantine list");
    Ok(Finding::new(Topic::Quarantine, grade, text))
}

/// Whether only the owner can read the keys, whether they work, and whether the catalog names them.
pub fn key_findings(store: &Store, settings: &Settings) -> store::Result<Vec<Finding>> {
    let finding = |grade, text: &str| Finding::new(Topic::Keys, grade, text);
    let mut found = Vec::new();
    // the folder keeps all that is in it from others
    let folder = std::fs::metadata(&settings.data).map(|m| m.permissions().mode() & 0o077);
    if !matches!(folder, Ok(0)) {
        found.push(finding(Grade::Now, "the data folder can be read by others: chmod 700"));
    }
    for name in [OPERATIONS, INTAKE] {
        let mode = std::fs::metadata(settings.data.join(name)).map(|m| m.permissions().mode() & 0o777);
        let open = !matches!(mode, Ok(0o600 | 0o400));
        let (grade, state) = if open { (Grade::Now, "can be read by others: chmod 600") } else { (Grade::Well, "ok") };
        found.push(finding(grade, &format!("{name}: {state}")));
    }
    if settings.authorities.is_empty() {
        found.push(finding(Grade::Now, "no authority is trusted: tabara-server authority add KEY"));
    }
    let Some(jws) = store.read(|log| log.catalog())? else { return Ok(found) };
    if !settings.authorities.iter().any(|key| Catalog::verify(&jws, key, None).is_ok()) {
        found.push(finding(Grade::Now, "the catalog is not signed by an authority that this server trusts"));
    }
    let Ok(catalog) = envelope::stored::<Catalog>(&jws) else { return Ok(found) };
    let ours = settings.operations.public();
    if catalog.operations == ours {
        let earlier = catalog.rotation.operations.len();
        found.push(finding(Grade::Well, &format!("the catalog names our operations key, and {earlier} earlier ones")));
    } else if settings.is_named_by(&catalog) {
        found.push(finding(Grade::Soon, "the catalog names the next operations key: tabara-server keys rotate"));
    } else {
        let text = "the catalog names another operations key: phones refuse every receipt; publish a new one";
        found.push(finding(Grade::Now, text));
    }
    let probe = envelope::random::<32>();
    let opens = |age: &String| {
        let sealed = seal::seal(&probe, std::slice::from_ref(age));
        let opens =
            |key| sealed.as_ref().is_ok_and(|sealed| seal::unseal(sealed, key).is_ok_and(|plain| plain == probe));
        settings.intake_keys().any(opens)
    };
    let mut intake = catalog.recipients.iter().filter(|r| r.role == RecipientRole::Intake);
    found.push(if intake.any(|r| opens(&r.age)) {
        finding(Grade::Well, "bundles sealed to the catalog's intake key open")
    } else {
        finding(Grade::Now, "the catalog does not name this server's intake key: phones cannot send")
    });
    Ok(found)
}

fn no_catalog() -> Finding {
    let text = "no catalog: phones cannot start interviews: tabara-server catalog publish FILE";
    Finding::new(Topic::Catalog, Grade::Now, text)
}

fn expiry(topic: Topic, what: &str, expires: i64, now: i64) -> Finding {
    let days = (expires - now).div_euclid(DAY);
    let when = if days < 0 { format!("expired {} days ago", -days) } else { format!("expires in {days} days") };
    let next = if topic == Topic::Catalog { "tabara-desk catalog next --expires DAY" } else { "renew it" };
    Finding::new(topic, Grade::of(days < 0, days < 30), format!("{what} {when}: {next}"))
}

pub(super) fn certificate_finding(der: Option<&[u8]>, now: i64) -> Finding {
    match der.and_then(not_after) {
        Some(end) => expiry(Topic::Certificate, "the TLS certificate", end, now),
        None => Finding::new(Topic::Certificate, Grade::Soon, "the TLS certificate cannot be read"),
    }
}

/// Computes every leaf and node of the tree again, which reads the whole log, and notes the result for [`examine`]. Returns the first
/// leaf that its entries do not prove, if there is one.
pub fn prove(store: &Store, now: i64) -> store::Result<Option<u64>> {
    let unproven = store.first_unproven()?;
    let name = if unproven.is_some() { UNPROVEN } else { PROVEN };
    store.write(move |log| log.hint(name, now))?;
    Ok(unproven)
}

/// Whether the log is the one that the tree proves, as far as somebody has looked, and whether a phone has been shown another one.
fn tree(store: &Store, now: i64) -> store::Result<Finding> {
    let (told, proven, unproven) =
        store.read(|log| Ok((log.count_of(EntryKind::Evidence)?, log.hinted(PROVEN)?, log.hinted(UNPROVEN)?)))?;
    let finding = |grade, text: String| Finding::new(Topic::Log, grade, text);
    let days = proven.map(|at| (now - at).div_euclid(DAY));
    Ok(match days {
        _ if unproven >= proven && unproven.is_some() => {
            let text = "the log is not what its tree proves: it was changed or damaged; restore a backup. tabara-server rebuild says where";
            finding(Grade::Now, text.into())
        }
        _ if told > 0 => {
            finding(Grade::Now, format!("{told} times a phone was shown two logs that contradict each other"))
        }
        Some(days @ 0..=PROVEN_DAYS) => {
            finding(Grade::Well, format!("the tree proved every entry of the log {days} days ago"))
        }
        Some(days) => finding(Grade::Soon, format!("nobody has proven the log for {days} days: tabara-server doctor")),
        None => finding(Grade::Soon, "nobody has proven the log yet: tabara-server doctor".into()),
    })
}

/// Copies of the log, in the data folder and in `backup` below it, that are older than what was erased may be.
fn old_copies(data: &Path, now: i64) -> Option<Finding> {
    let files = |folder: PathBuf| std::fs::read_dir(folder).into_iter().flatten().flatten();
    let aside = files(data.to_owned()).filter(|file| file.file_name().to_string_lossy().contains(".before-"));
    let old = |file: &DirEntry| {
        let written = file.metadata().and_then(|m| m.modified()).ok()?.duration_since(UNIX_EPOCH).ok()?.as_secs();
        Some(now - written as i64 > KEEP_COPIES * DAY)
    };
    let old = aside.chain(files(data.join("backup"))).filter(|file| old(file) == Some(true)).count();
    let text = format!(
        "{old} copies of the log are older than {KEEP_COPIES} days and hold what was erased since: delete them"
    );
    (old > 0).then(|| Finding::new(Topic::Backup, Grade::Soon, text))
}

fn clock(store: &Store, now: i64) -> store::Result<Finding> {
    let last = store.read(|log| log.last_received())?.unwrap_or(now);
    Ok(if last > now + 60 {
        let text = format!(
            "the clock stands {} minutes before the last entry of the log: set it; if it is right, tabara-server accept-clock",
            (last - now) / 60
        );
        Finding::new(Topic::Clock, Grade::Now, text)
    } else {
        Finding::new(Topic::Clock, Grade::Well, "clock: not before the log")
    })
}

/// Phones keep sent records for `keep` days: they cannot fill the gap after an older backup.
fn backup(last: Option<i64>, keep: i64, now: i64) -> Finding {
    let finding = |grade, text: &str| Finding::new(Topic::Backup, grade, format!("{text}: tabara-server backup FILE"));
    let Some(last) = last else { return finding(Grade::Now, "no backup was ever made") };
    if last > now + DAY {
        // noted by a clock that was ahead: nobody knows how old it is
        return finding(Grade::Now, "the last backup is dated in the future");
    }
    let days = (now - last).div_euclid(DAY);
    let text = format!("the last backup is {days} days old; phones can replace {keep}");
    finding(Grade::of(days >= keep, days > 1), &text)
}

fn disk(settings: &Settings) -> Finding {
    let output = Command::new("df").arg("-Pk").arg(&settings.data).output();
    let text = output.ok().and_then(|o| String::from_utf8(o.stdout).ok());
    let line = text.as_deref().and_then(|t| t.lines().nth(1));
    match line.and_then(|l| l.split_whitespace().nth(3)).and_then(|kb| kb.parse::<u64>().ok()) {
        None => Finding::new(Topic::Disk, Grade::Soon, "free disk space is not known"),
        Some(kb) => {
            let grade = Grade::of(kb < 200_000, kb < 2_000_000);
            Finding::new(Topic::Disk, grade, format!("{} MB of disk are free", kb / 1000))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_backup_older_than_what_phones_keep_is_named_at_once() {
        let grade = |days: i64| backup(Some(0), 30, days * DAY + 5).grade;
        assert_eq!([grade(0), grade(1), grade(2), grade(29)], [Grade::Well, Grade::Well, Grade::Soon, Grade::Soon]);
        assert_eq!([grade(30), backup(None, 30, 0).grade], [Grade::Now, Grade::Now]);
        assert_eq!(grade(-400), Grade::Now, "the clock was ahead when it was made");
    }
}
