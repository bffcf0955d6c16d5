//! Public releases. A release is the public tables up to the end of a quarter, at base 10, frozen as a signed file of the
//! data folder and numbered; the log holds its hash, and each names the one before. It can be made 30 days after the
//! quarter's end, once; what comes late enters the next one.

use super::rows::{FigureRow, rows};
use crate::log::{append, begin};
use crate::settings::key_files::{keep, make_folder};
use crate::settings::{Settings, SettingsError};
use crate::statistics::{Base, Counting, Month, Period, Scope, Snapshot};
use crate::store::entry::{EntryKind, ReleaseNoted};
use crate::store::{Store, StoreError};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;
use tabara_protocol::clock::{civil_date, end_of_day};
use tabara_protocol::envelope::{self, Digest, PublicKey, Typ, sha256};
use tabara_protocol::tables::Table;
use utoipa::ToSchema;

/// Folder of the releases in the data folder.
const FOLDER: &str = "releases";
/// Days from the end of a quarter until it may be released.
const WAIT: i64 = 30;
/// A release larger than this is not read.
const MOST: u64 = 64 << 20;

/// What everybody may see.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Release {
    /// From 1, without gaps.
    pub number: u32,
    /// The last month that it takes in, `YYYY-MM`.
    pub through: String,
    /// Numbers are multiples of this; where two facts of a person are crossed, of twice that.
    pub base: u32,
    /// SHA-256 of the signed file of the release before.
    pub before: Option<Digest>,
    pub rows: Vec<FigureRow>,
}

/// Why there is no release.
#[derive(Debug, thiserror::Error)]
pub enum ReleaseError {
    #[error("no quarter has closed yet: there is nothing to release")]
    NothingClosed,
    #[error("the figures through {0} can be released from {1} on, 30 days after the end of the quarter")]
    TooEarly(Month, String),
    #[error("release {0} holds the figures through {1} already; what came late enters the release of the next quarter")]
    Done(u32, String),
    #[error("it is not signed by the operations key {0}")]
    Signature(PublicKey),
    #[error("it is no release of this log: no entry has its hash")]
    NotOfLog,
    #[error("{0}: {1}")]
    File(PathBuf, std::io::Error),
    #[error(transparent)]
    Settings(#[from] SettingsError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Its file, below the data folder.
pub fn name(number: u32) -> String {
    format!("{FOLDER}/{number:04}.jws")
}

/// Whether this is the file of a release.
pub fn is_name(file: &str) -> bool {
    let number = file.strip_prefix(FOLDER).and_then(|file| file.strip_prefix('/')?.strip_suffix(".jws")?.parse().ok());
    number.is_some_and(|number| name(number) == file)
}

/// Makes the next release: signs it, keeps it, and notes its hash in the log.
pub fn make(store: &Store, settings: &Settings, now: i64) -> Result<(Release, Digest), ReleaseError> {
    let snapshot = Counting::standard().follow(store, 0)?;
    let through = snapshot.last_split().ok_or(ReleaseError::NothingClosed)?;
    let last = store.read(|log| log.last_release())?;
    if let Some(last) = last.as_ref().filter(|last| last.through == through.to_string()) {
        return Err(ReleaseError::Done(last.number, last.through.clone()));
    }
    let from = end_of_day(&through.last_day()).map_or(i64::MAX, |end| end + WAIT * 86_400);
    if now < from {
        return Err(ReleaseError::TooEarly(through, civil_date(from).to_string()));
    }
    let (number, before) = (last.as_ref().map_or(1, |last| last.number + 1), last.map(|last| last.sha256));
    let base = Base::Public.step();
    let release = Release { number, through: through.to_string(), base, before, rows: public_rows(&snapshot, through) };
    let jws = settings.operations.sign(Typ::Release, &release);
    let (hash, path) = (sha256(jws.as_bytes()), settings.data.join(name(number)));
    make_folder(&settings.data.join(FOLDER))?;
    keep(&path, jws.as_bytes())?;
    let noted = ReleaseNoted { number, through: release.through.clone(), sha256: hash };
    store.write(move |log| {
        let now = begin(log, now)?;
        append(log, EntryKind::Release, now, &noted)
    })?;
    Ok((release, hash))
}

/// Public tables for the nation and each province, by year and quarter, up to a month.
fn public_rows(snapshot: &Snapshot, through: Month) -> Vec<FigureRow> {
    let months = (0..=through.index()).filter_map(Month::at);
    let mut periods: Vec<Period> =
        months.flat_map(|m| [Period::Year(m.year()), Period::Quarter(m.year(), m.quarter())]).collect();
    periods.sort();
    periods.dedup();
    periods.retain(|period| match period {
        Period::Year(year) | Period::Quarter(year, _) => snapshot.years(Scope::Nation).contains(year),
        Period::All => false,
    });
    let scopes: Vec<Scope> = Scope::all().collect();
    // totals by month reach further than splits do: by whole quarters they end where this release ends
    let wanted =
        |table: &Table, period: Period| table.public && (!table.is_by_month() || matches!(period, Period::Quarter(..)));
    rows(snapshot, &Base::Public, wanted, &scopes, &periods)
}

/// A release as it lies in the data folder.
pub struct Frozen {
    pub release: Release,
    pub hash: Digest,
    pub jws: String,
}

/// A file that the log names as a release.
pub fn of_log(store: &Store, jws: String) -> Result<Frozen, ReleaseError> {
    let hash = sha256(jws.as_bytes());
    let is_release = store.read(|log| log.is_release(hash))?;
    let release = envelope::stored(&jws).ok().filter(|_| is_release).ok_or(ReleaseError::NotOfLog)?;
    Ok(Frozen { release, hash, jws })
}

/// The same, and signed by the present operations key or one that the catalog in force hands over from.
pub fn verify(store: &Store, settings: &Settings, jws: String) -> Result<Frozen, ReleaseError> {
    let present = settings.operations.public();
    let keys = [store.read(|log| log.operations_keys())?, vec![present]].concat();
    let is_signed = keys.iter().any(|key| envelope::payload(MOST as usize, Typ::Release, key, &jws).is_ok());
    if is_signed { of_log(store, jws) } else { Err(ReleaseError::Signature(present)) }
}

/// A signed release of the data folder.
pub fn read(settings: &Settings, number: u32) -> Result<String, ReleaseError> {
    let path = settings.data.join(name(number));
    let length = std::fs::metadata(&path).map_err(|e| ReleaseError::File(path.clone(), e))?.len();
    if length > MOST {
        return Err(ReleaseError::File(path, std::io::ErrorKind::FileTooLarge.into()));
    }
    std::fs::read_to_string(&path).map_err(|e| ReleaseError::File(path, e))
}

/// What differs from one release to another, a line for each number.
pub fn diff(old: &Release, new: &Release) -> String {
    type Key<'a> = (&'a str, &'a str, &'a str, &'a str);
    fn of(release: &Release) -> BTreeMap<Key<'_>, Option<u32>> {
        release.rows.iter().map(|r| ((&*r.table, &*r.place, &*r.period, &*r.code), r.value)).collect()
    }
    let word = |value: Option<&Option<u32>>| match value {
        None => "-".to_owned(),
        Some(None) => "hidden".to_owned(),
        Some(Some(n)) => n.to_string(),
    };
    let (old, new) = (of(old), of(new));
    let mut keys: Vec<&Key> = old.keys().chain(new.keys()).collect();
    keys.sort();
    keys.dedup();
    let mut text = String::new();
    for key in keys.into_iter().filter(|key| old.get(*key) != new.get(*key)) {
        let (table, place, period, code) = key;
        text += &format!("{table} {place} {period} {code}: {} -> {}\n", word(old.get(key)), word(new.get(key)));
    }
    text
}
