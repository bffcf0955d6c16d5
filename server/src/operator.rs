//! For the people who run a server: keys and copies ([`keys`], [`safe_copy`], [`restore`]), checks ([`doctor`], [`certificate`]), health and
//! metrics ([`monitor`]), messages to people ([`notify`], [`mail`]), what the desk needs ([`report`]), what waits for a decision
//! ([`mod@quarantine`]), what is held on a case and the whole log, as files ([`case_export`], [`log_export`]), and the commands
//! ([`command`]).

pub mod case_export;
pub mod certificate;
pub mod command;
pub mod doctor;
pub mod keys;
pub mod log_export;
pub mod mail;
pub mod monitor;
pub mod notify;
pub mod quarantine;
pub mod rebuild;
pub mod report;
pub mod restore;
pub mod safe_copy;

use crate::devices;
use crate::devices::bundles;
use crate::intake::Outcome;
use crate::operator::rebuild::Rebuilt;
use crate::settings::Settings;
use crate::staff::file::Staff;
use crate::statistics::Counting;
use crate::store::{self, OrderStatus, Store, StoreError};
use crate::web::about::visible;
use std::path::{Path, PathBuf};
use tabara_protocol::envelope::sha256;
use tabara_protocol::wire::Standing;

/// The result of a command: its error is printed.
pub type CommandResult<T = ()> = Result<T, Box<dyn std::error::Error>>;

/// Locks the data folder for one server. Other processes may read and append, but not serve, restore or exchange keys.
pub fn lock_data_dir(data: &Path) -> CommandResult<std::fs::File> {
    let file = std::fs::File::create(data.join("serve.lock"))?;
    file.try_lock().map_err(|_| "a server runs on this folder")?;
    Ok(file)
}

/// The passphrase of a key file, from a file, the terminal or the input.
pub fn passphrase(file: Option<&Path>) -> std::io::Result<zeroize::Zeroizing<String>> {
    crate::staff::terminal::secret("Passphrase of the key: ", file)
}

/// The list of phones.
pub fn phones(store: &Store) -> store::Result<String> {
    let mut text = "device                                position  records  missing  last seen   state\n".to_owned();
    let (phones, orders) = store.read(|log| Ok((log.phones()?, log.orders()?)))?;
    let date = |at| tabara_protocol::clock::civil_date(at).to_string();
    for phone in phones {
        let b = &phone.binding;
        let seen = phone.seen.map_or("never".into(), date);
        let state = match b.standing {
            Standing::Trusted => "",
            Standing::Second => "second binding",
            Standing::Late => "late binding",
            Standing::Revoked => "revoked",
        };
        let (at, place) = (b.position, format_args!("{} {}", visible(&b.organisation), b.commune));
        // numbers that never came: records are missing, or the phone makes them up
        let missing = phone.highest_seq.saturating_sub(phone.records);
        let (records, missing) = (phone.records, if missing > 0 { missing.to_string() } else { String::new() });
        text += &format!("{}  {at:>8}  {records:>7}  {missing:>7}  {seen:10}  {state:14}  {place}\n", b.device);
        for OrderStatus { order, acknowledged } in orders.iter().filter(|given| given.order.device == b.device) {
            let state = acknowledged.map_or("not acknowledged".into(), |at| format!("acknowledged {}", date(at)));
            text += &format!("    wipe by {}: {state}\n", date(order.wipe_by));
        }
    }
    Ok(text)
}

/// Takes in bundles and registrations that were carried here, and writes the parcels to carry back into a folder, each under
/// the hash of what it answers. One that is not for this server does not keep the others out.
pub fn take_in(store: &Store, settings: &Settings, files: &[PathBuf], replies: &Path) -> CommandResult<String> {
    let mut text = String::new();
    for file in files {
        let name = file.display();
        let bytes = std::fs::read(file)?;
        let answered = if bytes.starts_with(b"{") {
            devices::answer(store, settings, &bytes).map(|parcel| (parcel, "a registration".to_owned()))
        } else {
            let answered =
                bundles::open(store, settings, &bytes).and_then(|b| Ok(bundles::answer(store, settings, b)?));
            answered.map(|(parcel, outcomes)| {
                let kept = outcomes.iter().filter(|outcome| matches!(outcome, Outcome::Kept { .. })).count();
                (parcel, format!("{kept} of {} records kept", outcomes.len()))
            })
        };
        match answered {
            Ok((parcel, what)) => {
                let reply = replies.join(format!("{}.parcel", sha256(&bytes)));
                std::fs::write(&reply, parcel)?;
                text += &format!("{name}: {what}: {}\n", reply.display());
            }
            Err(problem) => text += &format!("{name}: refused: {problem}\n"),
        }
    }
    Ok(text)
}

/// Derives everything again from the log and compares, the statistics too.
pub fn rebuild(store: &Store, settings: &Settings) -> CommandResult<String> {
    let scratch = settings.data.join("rebuild.scratch");
    let remove = || if scratch.exists() { std::fs::remove_dir_all(&scratch) } else { Ok(()) };
    remove()?;
    std::fs::create_dir(&scratch)?;
    let done = rebuild::rebuild(store, settings, &scratch).map(|(rebuilt, copy)| {
        let numbers = |store| Counting::standard().follow(store, i64::MAX);
        Ok::<_, StoreError>((rebuilt, numbers(store)? == numbers(&copy)?))
    });
    remove()?;
    let (all, same_numbers) = done??;
    if !same_numbers {
        return Err("the statistics of the rebuilt log differ".into());
    }
    if let Some((_, noted)) = store.read(|log| log.last_audit())? {
        let lines = Staff::open(&settings.data)?.audit(noted.lines + 1, 1)?;
        if lines.first().is_none_or(|line| (line.number, line.hash) != (noted.lines, noted.hash)) {
            return Err("the audit log is not the one whose hash stands in the log: it was written anew or cut".into());
        }
    }
    let Rebuilt { entries, records, quarantined, tombstones } = all;
    Ok(format!("{entries} entries, {records} records, {quarantined} quarantined, {tombstones} tombstones: the same"))
}
