//! `tabara-server doctor`: what an operator should look at before it hurts. Each finding says what to do.

use crate::settings::Settings;
use crate::store::{self, Store};
use std::fmt;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;
use tabara_core::catalog::{Catalog, RecipientRole};
use tabara_core::envelope;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grade {
    Well,
    Soon,
    Now,
}

/// One thing looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub grade: Grade,
    pub text: String,
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

/// Looks at keys, catalog, clock, backup, disk, phones and quarantine.
pub fn examine(store: &Store, settings: &Settings) -> store::Result<Vec<Finding>> {
    let now = settings.clock.unix();
    let catalog = store.read(|log| log.catalog())?;
    let catalog: Option<Catalog> = catalog.and_then(|jws| envelope::stored(&jws).ok());
    let policy = catalog.as_ref().map(|c| c.policy.clone()).unwrap_or_default();
    let mut found = keys(settings);
    found.extend(catalog_findings(settings, catalog.as_ref(), now));
    found.push(clock(store, now)?);
    found.push(backup(store.last_backup()?, i64::from(policy.keep_sealed_days), now));
    found.push(disk(settings));
    let phones = store.read(|log| log.phones())?;
    let lease = i64::from(policy.lease_days) * DAY;
    let silent = phones.iter().filter(|p| !p.binding.revoked && p.seen.is_none_or(|seen| now - seen > lease)).count();
    let text = format!("{silent} of {} phones silent for {} days", phones.len(), policy.lease_days);
    found.push(Finding { grade: if silent > 0 { Grade::Soon } else { Grade::Well }, text });
    let open = store.read(|log| log.orders())?.iter().filter(|given| given.obeyed.is_none()).count();
    let text = format!("{open} orders to phones not acknowledged: tabara-server device list");
    found.push(Finding { grade: if open > 0 { Grade::Soon } else { Grade::Well }, text });
    let waiting = store.read(|log| log.quarantined())?.len();
    let text = format!("{waiting} entries in quarantine: tabara-server quarantine list");
    found.push(Finding { grade: if waiting > 0 { Grade::Soon } else { Grade::Well }, text });
    Ok(found)
}

fn keys(settings: &Settings) -> Vec<Finding> {
    let mut found = Vec::new();
    for name in ["operations.key", "intake.key"] {
        let mode = std::fs::metadata(settings.data.join(name)).map(|m| m.permissions().mode() & 0o777);
        let open = !matches!(mode, Ok(0o600 | 0o400));
        let (grade, state) = if open { (Grade::Now, "can be read by others: chmod 600") } else { (Grade::Well, "ok") };
        found.push(Finding { grade, text: format!("{name}: {state}") });
    }
    if settings.authorities.is_empty() {
        found.push(Finding {
            grade: Grade::Now,
            text: "no authority is trusted: tabara-server init --authority".into(),
        });
    }
    found
}

fn catalog_findings(settings: &Settings, catalog: Option<&Catalog>, now: i64) -> Vec<Finding> {
    let Some(catalog) = catalog else {
        return vec![Finding { grade: Grade::Now, text: "no catalog: phones cannot start interviews".into() }];
    };
    let days = (catalog.expires - now).div_euclid(DAY);
    let grade = if days < 0 { Grade::Now } else { if days < 30 { Grade::Soon } else { Grade::Well } };
    let mut found = vec![Finding { grade, text: format!("catalog {} expires in {days} days", catalog.version) }];
    if catalog.operations != settings.operations.public() {
        let text = "the catalog names another operations key: phones refuse every receipt; publish a new one";
        found.push(Finding { grade: Grade::Now, text: text.into() });
    }
    let intake = settings.intake_recipient();
    if !catalog.recipients.iter().any(|r| r.role == RecipientRole::Intake && r.age == intake) {
        let text = "the catalog does not name this server's intake key: no courier bundles";
        found.push(Finding { grade: Grade::Soon, text: text.into() });
    }
    found
}

fn clock(store: &Store, now: i64) -> store::Result<Finding> {
    let last = store.read(|log| log.last_received())?.unwrap_or(now);
    Ok(if last > now + 60 {
        let text = format!("the clock stands {} minutes before the last entry of the log", (last - now) / 60);
        Finding { grade: Grade::Now, text }
    } else {
        Finding { grade: Grade::Well, text: "clock: not before the log".into() }
    })
}

/// Phones hold what they sent for `keep` days: an older backup cannot be made whole again.
fn backup(last: Option<i64>, keep: i64, now: i64) -> Finding {
    let Some(last) = last else {
        return Finding { grade: Grade::Now, text: "no backup was ever made: tabara-server backup".into() };
    };
    let days = (now - last).div_euclid(DAY);
    let grade = if days >= keep { Grade::Now } else { if days > 1 { Grade::Soon } else { Grade::Well } };
    Finding { grade, text: format!("the last backup is {days} days old; phones can replace {keep}") }
}

fn disk(settings: &Settings) -> Finding {
    let output = Command::new("df").arg("-Pk").arg(&settings.data).output();
    let text = output.ok().and_then(|o| String::from_utf8(o.stdout).ok());
    let line = text.as_deref().and_then(|t| t.lines().nth(1));
    match line.and_then(|l| l.split_whitespace().nth(3)).and_then(|kb| kb.parse::<u64>().ok()) {
        None => Finding { grade: Grade::Soon, text: "free disk space is not known".into() },
        Some(kb) => {
            let grade = if kb < 200_000 { Grade::Now } else { if kb < 2_000_000 { Grade::Soon } else { Grade::Well } };
            Finding { grade, text: format!("{} MB of disk are free", kb / 1000) }
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
    }
}
