//! One locked file that holds the whole server: log, keys, certificate, accounts, settings, public releases. A timer writes it each night; it
//! opens with a copy key, which lies in a safe and opens nothing else, with a recovery key of the catalog, and on the server
//! itself. A restore on an empty machine is one command. Nothing is put in its place before all of it was read and checked.
//!
//! The file is an age file. In it a line of JSON stands before the bytes of each part; the log comes last.

use super::restore;
use crate::reports::release;
use crate::settings::certificate::{OWN_CERTIFICATE, OWN_KEY};
use crate::settings::kept::{self, KeptSettings};
use crate::settings::key_files::{self, INTAKE, NEXT, OPERATIONS, earlier_intake, is_earlier_intake};
use crate::settings::{AUTHORITIES, Settings, SettingsError};
use crate::staff::file::{FILE as STAFF_FILE, Staff};
use crate::store::files::put;
use crate::store::{self, RestoreError, Store, StoreError, make_private};
use serde::{Deserialize, Serialize};
use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use tabara_protocol::catalog::RecipientRole;
use tabara_protocol::clock::civil_date;
use tabara_protocol::input::{Input, typed};
use tabara_protocol::seal::{self, SealError};
use zeroize::Zeroizing;

/// Small parts that a copy may hold, beside earlier intake keys and public releases.
const NAMES: [&str; 9] =
    [OPERATIONS, NEXT, INTAKE, AUTHORITIES, STAFF_FILE, OWN_KEY, OWN_CERTIFICATE, kept::FILE, store::RESTORE_AID];
/// Those that go on changing on a server that lives: what is there stays.
const LIVING: [&str; 3] = [STAFF_FILE, kept::FILE, store::RESTORE_AID];
/// Bytes of the largest small part (accounts and their audit log), and of a line between parts.
const MAX_SMALL: u64 = 256 * 1024 * 1024;
const MAX_LINE: u64 = 4096;

/// Why a copy is not written, or not restored. The folder is as it was.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    #[error(
        "nobody could open a copy: publish a catalog, or tabara-server init --copy-key age1...; then back up again"
    )]
    NoKey,
    #[error("{0} is not a copy of a server, or it was damaged or cut: take another one")]
    Damaged(PathBuf),
    #[error("{0} opens with the copy key from the safe: tabara-server restore {0} --key copies.age")]
    NeedsKey(PathBuf),
    #[error("{copy} is locked to other keys than {key}: take the copy key of this deployment, or its recovery key")]
    OtherKey { copy: PathBuf, key: PathBuf },
    #[error("the passphrase does not open {0}: mistyped, or that of another key. Nothing was changed; try again")]
    Passphrase(PathBuf),
    #[error("{0} is not a key file")]
    NoKeyFile(PathBuf),
    #[error(
        "{0} is there already, and is another: this folder belongs to another server. Nothing was replaced. Is --data right? \
         If it shall go: rename the folder, and restore again"
    )]
    Other(PathBuf),
    #[error("{file}: {cause}")]
    Io { file: PathBuf, cause: io::Error },
    #[error(transparent)]
    Settings(#[from] SettingsError),
    #[error(transparent)]
    Restore(#[from] RestoreError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn at(file: &Path) -> impl FnOnce(io::Error) -> CopyError + use<> {
    let file = file.to_owned();
    |cause| CopyError::Io { file, cause }
}

/// The line before the bytes of a part.
#[derive(Serialize, Deserialize)]
struct PartLine {
    name: String,
    len: u64,
    /// When the copy was written, seconds since 1970 UTC.
    written: i64,
}

/// Writes the copy of a running server into a file, for its owner alone.
pub fn write(store: &Store, settings: &Settings, to: &Path, now: i64) -> Result<(), CopyError> {
    let catalog = store.read(|log| log.catalog_in_force())?;
    let recovery = catalog.iter().flat_map(|catalog| &catalog.recipients);
    let recovery = recovery.filter(|r| r.role == RecipientRole::Recovery).map(|r| r.age.clone());
    let mut keys: Vec<String> = recovery.chain(KeptSettings::read(&settings.data)?.copy_keys).collect();
    if keys.is_empty() {
        return Err(CopyError::NoKey);
    }
    keys.push(settings.intake_recipient());
    // both are read from files of their own, at one moment, which lie in the data folder and for its owner alone
    let [log, staff] = ["copy.log", "copy.staff"].map(|name| settings.data.join(name));
    remove(&staff).map_err(at(&staff))?;
    store.backup(&log, now)?;
    make_private(&staff).map_err(at(&staff))?;
    Staff::open(&settings.data)?.copy(&staff)?;
    let releases = store.read(|log| log.last_release())?.map_or(0, |last| last.number);
    let beside = to.with_extension("new");
    let written = || -> io::Result<()> {
        remove(&beside)?;
        let file = make_private(&beside)?;
        let earlier = earlier_intake(&settings.data).map_err(io::Error::other)?;
        let earlier = earlier.iter().filter_map(|file| Some(file.file_name()?.to_str()?.to_owned()));
        seal::lock_stream(&keys, io::BufWriter::new(file), |out| {
            for name in NAMES.map(str::to_owned).into_iter().chain(earlier).chain((1..=releases).map(release::name)) {
                let file = if name == STAFF_FILE { staff.clone() } else { settings.data.join(&name) };
                if file.exists() {
                    part(out, name, &file, now)?;
                }
            }
            part(out, store::FILE.to_owned(), &log, now)
        })?;
        put(&beside, to)
    };
    let written = written().map_err(at(to));
    for file in [&log, &staff] {
        remove(file).map_err(at(file))?;
    }
    written
}

fn part(out: &mut dyn io::Write, name: String, file: &Path, written: i64) -> io::Result<()> {
    let mut from = File::open(file)?;
    let len = from.metadata()?.len();
    let line = PartLine { name, len, written };
    writeln!(out, "{}", serde_json::to_string(&line).expect("plain data has a JSON form"))?;
    let copied = io::copy(&mut from.by_ref().take(len), out)?;
    if copied == len { Ok(()) } else { Err(io::Error::other("a part changed while it was copied")) }
}

/// A key that opens copies, as a file: age under a passphrase, or in clear.
pub fn key_file(
    file: &Path,
    passphrase: impl FnOnce() -> io::Result<Zeroizing<String>>,
) -> Result<Zeroizing<String>, CopyError> {
    let bytes = Zeroizing::new(fs::read(file).map_err(at(file))?);
    let plain = if bytes.starts_with(b"age-encryption.org/") {
        let words = typed(Input::Secret, &passphrase().map_err(at(file))?);
        seal::unlock(&bytes, &words).map_err(|e| match e {
            SealError::NotForThisKey => CopyError::Passphrase(file.to_owned()),
            _ => CopyError::NoKeyFile(file.to_owned()),
        })?
    } else {
        bytes
    };
    let text = std::str::from_utf8(&plain).map_err(|_| CopyError::NoKeyFile(file.to_owned()))?;
    let line = text.lines().map(str::trim).find(|line| seal::recipient_of(line).is_some());
    line.map(|line| Zeroizing::new(line.to_owned())).ok_or_else(|| CopyError::NoKeyFile(file.to_owned()))
}

/// Puts a copy into a data folder, which no server may have open: keys, accounts and settings that are missing, and the log in
/// place of the one that is there. Returns the store, and the day of the copy.
pub fn restore(data: &Path, copy: &Path, key: Option<(&Path, &str)>, now: i64) -> Result<(Store, String), CopyError> {
    let log = data.join("restored.log");
    remove(&log).map_err(at(&log))?;
    let read = read(data, copy, key, &log);
    let restored = read.and_then(|(small, written)| {
        for (file, bytes) in &small {
            key_files::make_folder(file.parent().unwrap_or(data))?;
            key_files::keep(file, bytes)?;
        }
        let store = restore::restore(data, &log, now)?;
        store.write(move |log| log.hint("backup", written))?;
        Ok((store, civil_date(written).to_string()))
    });
    remove(&log).map_err(at(&log))?;
    restored
}

type SmallParts = Vec<(PathBuf, Zeroizing<Vec<u8>>)>;

/// Reads a whole copy. The log goes into a file; returned are the parts that the folder lacks, and when the copy was written.
fn read(data: &Path, copy: &Path, key: Option<(&Path, &str)>, log: &Path) -> Result<(SmallParts, i64), CopyError> {
    let damaged = || CopyError::Damaged(copy.to_owned());
    let mut identities: Vec<Zeroizing<String>> =
        key.iter().map(|(_, identity)| Zeroizing::new((*identity).to_owned())).collect();
    identities.extend(key_files::secret(&data.join(INTAKE)).ok());
    if identities.is_empty() {
        return Err(CopyError::NeedsKey(copy.to_owned()));
    }
    let from = BufReader::new(File::open(copy).map_err(at(copy))?);
    let texts: Vec<&str> = identities.iter().map(|identity| identity.as_str()).collect();
    let opened = seal::open_stream(&texts, from).map_err(|e| match (e, key) {
        (SealError::NotForThisKey, Some((key, _))) => {
            CopyError::OtherKey { copy: copy.to_owned(), key: key.to_owned() }
        }
        (SealError::NotForThisKey, None) => CopyError::NeedsKey(copy.to_owned()),
        _ => damaged(),
    })?;
    let (mut from, mut small) = (BufReader::new(opened), SmallParts::new());
    loop {
        let mut line = String::new();
        from.by_ref().take(MAX_LINE).read_line(&mut line).map_err(|_| damaged())?;
        let part: PartLine = serde_json::from_str(&line).map_err(|_| damaged())?;
        if part.name == store::FILE {
            let mut to = make_private(log).map_err(at(log))?;
            let copied = io::copy(&mut from.by_ref().take(part.len), &mut to).map_err(at(log))?;
            // to the end, where age notices that it was cut
            let rest = io::copy(&mut from, &mut io::sink()).map_err(|_| damaged())?;
            if copied != part.len || rest > 0 {
                return Err(damaged());
            }
            return Ok((small, part.written));
        }
        let is_release = release::is_name(&part.name);
        let is_known = NAMES.contains(&part.name.as_str()) || is_earlier_intake(&part.name) || is_release;
        if part.len > MAX_SMALL || !is_known {
            return Err(damaged());
        }
        let mut bytes = Zeroizing::new(Vec::new());
        from.by_ref().take(part.len).read_to_end(&mut bytes).map_err(|_| damaged())?;
        if bytes.len() as u64 != part.len {
            return Err(damaged());
        }
        let file = data.join(&part.name);
        match fs::read(&file).map(Zeroizing::new) {
            Ok(there) if there == bytes || LIVING.contains(&part.name.as_str()) => (),
            // the log that comes with it names its hash
            Ok(_) if is_release => small.push((file, bytes)),
            Ok(_) => return Err(CopyError::Other(file)),
            Err(_) => small.push((file, bytes)),
        }
    }
}

fn remove(file: &Path) -> io::Result<()> {
    match fs::remove_file(file) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(e),
        _ => Ok(()),
    }
}
