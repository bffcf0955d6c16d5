//! Proof that everything derives from the log. Each entry is checked and appended again, in order, to an empty store, by the
//! same rules as at first. Signatures, verdicts, closings, sealed bytes, the tree and derived tables must be the same, and
//! each tombstone must be justified by a withdrawal; it fails at the first entry where they differ.

use crate::devices;
use crate::intake;
use crate::log::close_due;
use crate::settings::Settings;
use crate::statistics::plan;
use crate::store::entry::{DictionaryInForce, EntryKind, EntryPayload, Reopening};
use crate::store::{self, EntryBody, EntryRow, Reading, Store, StoreError, Writing};
use std::path::Path;
use tabara_protocol::catalog::Catalog;
use tabara_protocol::envelope::{self, Digest, PublicKey, Typ, sha256};
use tabara_protocol::log::closings::may_reopen;
use tabara_protocol::log::verdict::may_differ;
use tabara_protocol::record::Record;
use tabara_protocol::wire::Introduction;

/// What was rebuilt.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rebuilt {
    pub entries: u64,
    pub records: u64,
    pub quarantined: u64,
    pub tombstones: u64,
}

/// Where the rebuilt log differs.
#[derive(Debug, thiserror::Error)]
pub enum RebuildError {
    #[error("position {position}: {cause}")]
    Entry { position: u64, cause: &'static str },
    #[error("the derived tables of the store differ from those of the rebuilt log")]
    Derived,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Entries that are checked within one transaction.
const CHUNK: u64 = 1000;

/// Derives the log of `store` again in an empty folder, and compares. The copy is returned for further comparison.
pub fn rebuild(store: &Store, settings: &Settings, empty: &Path) -> Result<(Rebuilt, Store), RebuildError> {
    let copy = Store::open(empty)?;
    let (mut rebuilt, mut after) = (Rebuilt::default(), 0);
    let expired = store.read(|log| log.last_position(EntryKind::Expiry))?.unwrap_or(0);
    loop {
        let chunk = store.read(|log| {
            let rows = log.rows(after, CHUNK)?.into_iter();
            let one = |(position, row): (u64, EntryRow)| {
                Ok((position, sealed(log, position, &row)?, log.completes(position)?, row))
            };
            rows.map(one).collect::<store::Result<Vec<_>>>()
        })?;
        let Some((last, ..)) = chunk.last() else { break };
        after = *last;
        for (.., row) in &chunk {
            rebuilt.entries += 1;
            rebuilt.records += u64::from(row.kind == EntryKind::Record);
            rebuilt.quarantined += u64::from(row.reason.is_some());
            rebuilt.tombstones += u64::from(matches!(row.body, EntryBody::Tombstone(_)));
        }
        let settings = settings.clone();
        let taken = copy.write(move |log| {
            for (position, sealed, leaf, row) in &chunk {
                if let Err(cause) = sealed.and(take(log, &settings, (*position, *position < expired), row, *leaf)?) {
                    return Ok(Err(RebuildError::Entry { position: *position, cause }));
                }
            }
            Ok(Ok(()))
        })?;
        taken?;
    }
    if let Some(position) = copy.read(|log| log.unjustified_tombstone())? {
        return Err(RebuildError::Entry { position, cause: "nobody has withdrawn it before a revision" });
    }
    if let Some(position) = copy.read(|log| log.unjustified_expiry())? {
        return Err(RebuildError::Entry { position, cause: "records claim to have expired here" });
    }
    if store.read(|log| log.derived())? != copy.read(|log| log.derived())? {
        return Err(RebuildError::Derived);
    }
    Ok((rebuilt, copy))
}

type Proof = std::result::Result<(), &'static str>;

/// The sealed bytes are those that the record names, or were erased by its withdrawal.
fn sealed(log: &Reading, position: u64, row: &EntryRow) -> store::Result<Proof> {
    if row.id.is_none() {
        return Ok(Ok(()));
    }
    let kept = log.sealed(position)?;
    let record: Option<Record> = match &row.body {
        EntryBody::Text(jws) => envelope::stored(jws).ok(),
        EntryBody::Expired { .. } | EntryBody::Tombstone(_) => None,
    };
    Ok(match (record.and_then(|r| r.sealed), kept) {
        (Some(named), Some(bytes)) if sha256(&bytes) == named.sha256 => Ok(()),
        (Some(_), Some(_)) => Err("its sealed bytes are not those that it names"),
        (Some(_), None) if !log.is_withdrawn(position)? => Err("its sealed bytes are missing"),
        (None, Some(_)) => Err("sealed bytes that it does not name"),
        _ => Ok(()),
    })
}

/// Appends an entry again, at its position, and with whether some records have expired after it. `leaf`: if it is the last record of a
/// bundle, where that begins and its hash.
fn take(
    log: &Writing,
    settings: &Settings,
    (position, expired): (u64, bool),
    row: &EntryRow,
    leaf: Option<(u64, Digest)>,
) -> store::Result<Proof> {
    // the operator has looked at the clock, so it may have jumped
    if !matches!(row.kind, EntryKind::Clock | EntryKind::Restore) {
        close_due(log, row.received)?;
    }
    let end = log.end()?;
    let text = match &row.body {
        EntryBody::Text(text) | EntryBody::Expired { text, .. } => Some(text),
        EntryBody::Tombstone(_) => None,
    };
    if matches!(row.kind, EntryKind::Closing | EntryKind::Revision | EntryKind::Expiry) {
        let same = end >= position && log.body(position)?.as_ref() == text;
        return Ok(if same { Ok(()) } else { Err("this was not due, or what expired is not what is left") });
    }
    if end + 1 != position {
        return Ok(Err("a closing or an entry is missing before it"));
    }
    if let Some(text) = text
        && let Err(cause) = judge(log, settings, row, text, expired)?
    {
        return Ok(Err(cause));
    }
    log.append(row)?;
    if let Some((first, bundle)) = leaf {
        log.append_leaf(first, Some(bundle))?;
    }
    Ok(Ok(()))
}

/// Checks the signature of an entry, its columns, and the verdict that it got.
fn judge(log: &Reading, settings: &Settings, row: &EntryRow, body: &str, expired: bool) -> store::Result<Proof> {
    match row.kind {
        EntryKind::Chain => {
            let read: Option<Introduction> = serde_json::from_str(body).ok();
            let verified = read.and_then(|i| Some((devices::verify(settings, &i.chain).ok()?.0, i)));
            let Some((grant, introduction)) = verified else {
                return Ok(Err("a chain that does not lead to a trusted authority"));
            };
            let waits = devices::waits(log, settings, &introduction, &grant, row.received)?;
            Ok(if waits == row.reason { Ok(()) } else { Err("first and second binding do not come out the same") })
        }
        EntryKind::Catalog => {
            let by = |key: &PublicKey| envelope::open::<Catalog>(Typ::Catalog, key, body).is_ok();
            Ok(if settings.authorities.iter().any(by) { Ok(()) } else { Err("a catalog of no trusted authority") })
        }
        EntryKind::Record | EntryKind::Withdrawal | EntryKind::Review => {
            let phone = row.binding.map(|position| log.binding(position)).transpose()?;
            let key = match &phone {
                Some(phone) => Some(phone.record_key),
                None => envelope::peek(body).map_or(Ok(None), |header| log.reviewer(&header.kid))?,
            };
            let opened = key.and_then(|key| Some((key.kid(), row.record(&key).ok()?)));
            let Some((signer, record)) = opened else { return Ok(Err("its signature does not match")) };
            if !row.says(&record) {
                return Ok(Err("its columns are not what it says"));
            }
            let verdict = intake::judge(log, phone.as_ref(), &record, &signer, row.received)?;
            let ours = log.last_dictionary()?.as_ref() == Some(&DictionaryInForce::ours());
            let same = verdict == row.reason || may_differ(row.reason, verdict, ours, expired);
            Ok(if same { Ok(()) } else { Err("its verdict does not come out the same") })
        }
        EntryKind::Reopening => {
            let read: Option<Reopening> = serde_json::from_str(body).ok();
            let (open, revised) = (log.open_month()?, log.last_revision()?);
            let may = read.is_some_and(|r| may_reopen(&r.month, open.as_deref(), revised.as_deref(), row.received));
            Ok(if may { Ok(()) } else { Err("this month could not be opened again") })
        }
        EntryKind::Plan => {
            let Ok(EntryPayload::Plan(plan)) = EntryPayload::read(row.kind, body) else {
                return Ok(Err("it cannot be read"));
            };
            // of older tables it cannot be fixed again
            let ours = log.last_dictionary()?.as_ref() == Some(&DictionaryInForce::ours());
            let same = !ours || plan::fix(log, plan.year)? == plan;
            Ok(if same { Ok(()) } else { Err("the plan of tables does not come out the same") })
        }
        kind => Ok(EntryPayload::read(kind, body).map(drop).map_err(|_| "it cannot be read")),
    }
}
