//! Proof that everything derives from the log: each entry is checked and taken again, in order, into an empty store,
//! by the same rules that took it in at first. Signatures, verdicts that depend on the log, closings, sealed bytes
//! and derived tables must come out the same, or it fails at the first entry that does not.

use super::{Kind, What, close_due};
use crate::devices;
use crate::intake::{content, standing};
use crate::settings::Settings;
use crate::store::{self, NewEntry, Raw, Reading, Store, StoreError, Writing};
use std::path::Path;
use tabara_protocol::catalog::{Catalog, Chain};
use tabara_protocol::envelope::{self, PublicKey, Typ, sha256};
use tabara_protocol::record::{Code, Reason, Record};

/// What was derived again.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rebuilt {
    pub entries: u64,
    pub records: u64,
    pub quarantined: u64,
    pub tombstones: u64,
}

/// Where the log does not prove itself.
#[derive(Debug, thiserror::Error)]
pub enum RebuildError {
    #[error("position {position}: {cause}")]
    Entry { position: u64, cause: &'static str },
    #[error("what derives from the log is not what the store holds")]
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
    loop {
        let chunk = store.read(|log| {
            let raw = log.raw(after, CHUNK)?;
            raw.into_iter().map(|raw| Ok((sealed(log, &raw)?, raw))).collect::<store::Result<Vec<_>>>()
        })?;
        let Some((_, last)) = chunk.last() else { break };
        after = last.position;
        for (_, raw) in &chunk {
            rebuilt.entries += 1;
            rebuilt.records += u64::from(raw.kind == Kind::Record);
            rebuilt.quarantined += u64::from(raw.reason.is_some());
            rebuilt.tombstones += u64::from(raw.body.is_none());
        }
        let settings = settings.clone();
        let taken = copy.write(move |log| {
            for (sealed, raw) in &chunk {
                let position = raw.position;
                if let Err(cause) = sealed.and(take(log, &settings, raw)?) {
                    return Ok(Err(RebuildError::Entry { position, cause }));
                }
            }
            Ok(Ok(()))
        })?;
        taken?;
    }
    if store.read(|log| log.derived())? != copy.read(|log| log.derived())? {
        return Err(RebuildError::Derived);
    }
    Ok((rebuilt, copy))
}

type Checked = std::result::Result<(), &'static str>;

/// The sealed bytes are those that the record names, or were erased by its withdrawal.
fn sealed(log: &Reading, raw: &Raw) -> store::Result<Checked> {
    if raw.id.is_none() {
        return Ok(Ok(()));
    }
    let kept = log.sealed(raw.position)?;
    let record: Option<Record> = raw.body.as_deref().and_then(|jws| envelope::stored(jws).ok());
    Ok(match (record.and_then(|r| r.sealed), kept) {
        (Some(named), Some(bytes)) if sha256(&bytes) == named.sha256 => Ok(()),
        (Some(_), Some(_)) => Err("its sealed bytes are not those that it names"),
        (Some(_), None) if !log.is_withdrawn(raw.position)? => Err("its sealed bytes are missing"),
        (None, Some(_)) => Err("sealed bytes that it does not name"),
        _ => Ok(()),
    })
}

fn take(log: &Writing, settings: &Settings, raw: &Raw) -> store::Result<Checked> {
    close_due(log, raw.received)?;
    let position = log.head(0)?.position;
    if matches!(raw.kind, Kind::Closing | Kind::Revision) {
        let same = position >= raw.position && log.body(raw.position)? == raw.body;
        return Ok(if same { Ok(()) } else { Err("this month was not due") });
    }
    if position + 1 != raw.position {
        return Ok(Err("a closing or an entry is missing before it"));
    }
    let Some(body) = &raw.body else {
        log.copy_tombstone(raw)?;
        return Ok(Ok(()));
    };
    if let Err(cause) = judge(log, settings, raw, body)? {
        return Ok(Err(cause));
    }
    let Raw { kind, received, reason, id, binding, seq, target, .. } = *raw;
    let code = raw.code.as_deref();
    log.append(&NewEntry { kind, received, reason, id, binding, seq, target, code, body })?;
    Ok(Ok(()))
}

/// Checks the signature of an entry, its columns, and the verdict that it got.
fn judge(log: &Reading, settings: &Settings, raw: &Raw, body: &str) -> store::Result<Checked> {
    match raw.kind {
        Kind::Chain => {
            let chain: Option<Chain> = serde_json::from_str(body).ok();
            let Some((grant, _)) = chain.and_then(|c| devices::verify(settings, &c).ok()) else {
                return Ok(Err("a chain that does not lead to a trusted authority"));
            };
            let second = (!log.bindings_of(grant.device)?.is_empty()).then_some(Reason::SecondBinding);
            Ok(if second == raw.reason { Ok(()) } else { Err("first and second binding do not come out the same") })
        }
        Kind::Catalog => {
            let by = |key: &PublicKey| envelope::open::<Catalog>(Typ::Catalog, key, body).is_ok();
            Ok(if settings.authorities.iter().any(by) { Ok(()) } else { Err("a catalog of no trusted authority") })
        }
        Kind::Record | Kind::Withdrawal | Kind::Review => {
            let (typ, key) = match raw.binding {
                Some(position) => (Typ::Record, Some(log.binding(position)?.record_key)),
                None => (Typ::Review, reviewer(log, body)?),
            };
            let opened = key.and_then(|key| envelope::open::<Record>(typ, &key, body).ok());
            let Some(record) = opened else { return Ok(Err("its signature does not match")) };
            let seq = raw.binding.map(|_| record.seq);
            let code = record.code.as_ref().map(Code::as_str);
            if (raw.id, raw.seq, raw.target, raw.code.as_deref()) != (Some(record.record), seq, record.revises, code) {
                return Ok(Err("its columns are not what it says"));
            }
            let verdict = standing(log, raw.binding, &record)?.or(content(log, &record)?);
            // what an older dictionary did not know stays as it was judged then
            let then = matches!(raw.reason, Some(Reason::UnknownFact | Reason::UnknownCode)) && verdict.is_none();
            Ok(if verdict == raw.reason || then { Ok(()) } else { Err("its verdict does not come out the same") })
        }
        kind => Ok(What::read(kind, body).map(drop).map_err(|_| "it cannot be read")),
    }
}

fn reviewer(log: &Reading, jws: &str) -> store::Result<Option<PublicKey>> {
    let catalog: Option<Catalog> = log.catalog()?.and_then(|jws| envelope::stored(&jws).ok());
    let kid = envelope::peek(jws).map(|header| header.kid);
    let reviewers = catalog.map(|c| c.reviewers).unwrap_or_default();
    Ok(reviewers.into_iter().map(|r| r.key).find(|key| Ok(key.kid()) == kid))
}
