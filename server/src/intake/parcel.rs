//! What a phone is told: the signed and sealed answer to what it sent, made from the log as it is then.

use crate::log::believed;
use crate::orders;
use crate::settings::Settings;
use crate::store::{self, Binding, PhoneNews, Reading, Store, StoreError};
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse as _, Response};
use std::collections::BTreeSet;
use tabara_protocol::catalog::Catalog;
use tabara_protocol::envelope::{self, Digest, sha256};
use tabara_protocol::record::{News, Update, Uuid};
use tabara_protocol::wire::{
    Bundle, Connected, Enclosed, LeafProof, MAX_ASKED, MAX_FILE, MEDIA_TYPE, Parcel, RefusedRecord, Restoration,
    Standing, TreeHead, providers_digest,
};

/// Whom an answer is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Caller {
    Phone(Binding),
    /// A reviewer, by the thumbprint of her key, and the age key to which her parcel is sealed.
    Reviewer {
        kid: String,
        answer_to: String,
    },
}

impl Caller {
    pub fn phone(&self) -> Option<&Binding> {
        match self {
            Self::Phone(binding) => Some(binding),
            Self::Reviewer { .. } => None,
        }
    }
}

/// What is said of the records in a bundle.
#[derive(Debug)]
pub struct Told {
    /// SHA-256 of what is answered.
    pub answers: Digest,
    /// The leaves that hold its records.
    pub leaves: BTreeSet<u64>,
    pub refused: Vec<RefusedRecord>,
    pub later: Option<i64>,
}

impl Told {
    /// Nothing yet.
    pub fn of(answers: Digest) -> Self {
        Self { answers, leaves: BTreeSet::new(), refused: Vec::new(), later: None }
    }
}

/// Signs and seals the answer.
pub fn seal(
    store: &Store,
    settings: &Settings,
    caller: &Caller,
    bundle: &Bundle,
    told: Told,
) -> store::Result<Vec<u8>> {
    let now = settings.clock.unix();
    let (parcel, enclosed) = store.read(|log| {
        let (parcel, sealed) = parcel(log, settings, caller, bundle, told, now)?;
        let enclosed = enclosed(log, bundle, &parcel, &sealed)?;
        Ok((parcel, enclosed))
    })?;
    let to = match caller {
        Caller::Phone(binding) => &binding.mailbox,
        Caller::Reviewer { answer_to, .. } => answer_to,
    };
    // the key was checked when it came; nothing else can fail
    parcel.seal(&settings.operations, &enclosed, to).map_err(|_| StoreError::Stopped)
}

/// A parcel as the answer over HTTP.
pub fn response(parcel: Vec<u8>) -> Response {
    ([(CONTENT_TYPE, MEDIA_TYPE)], parcel).into_response()
}

fn parcel(
    log: &Reading,
    settings: &Settings,
    caller: &Caller,
    bundle: &Bundle,
    told: Told,
    now: i64,
) -> store::Result<(Parcel, Vec<u64>)> {
    let (time, head) = (believed(log, now)?, log.tree_head()?);
    let asked = bundle.head.as_ref();
    let follows = asked.map_or(Ok(false), |asked| log.was_head(asked))?;
    let grown = match asked {
        Some(asked) if follows => log.consistency(asked.size, head.size)?,
        _ => None,
    };
    let restores = log.restores()?;
    let cut = match asked {
        Some(asked) if !follows => cut_off(log, asked, &restores)?,
        _ => None,
    };
    let mut leaves: Vec<LeafProof> = Vec::new();
    let mut wanted = told.leaves;
    for index in &bundle.prove {
        if *index < head.size && is_own(log, *index, caller, bundle)? {
            wanted.insert(*index);
        }
    }
    // what a restore cut off cannot be connected any more: its leaf tells why. One that is new to the phone is told, so
    // that nobody can use it later to explain what it did not do
    let seen = asked.filter(|_| follows).map_or(0, |asked| asked.size);
    for (index, cut) in restores.iter().rev().take(MAX_ASKED) {
        if *index >= seen || bundle.connect.iter().any(|size| cut.cuts_off(*size)) {
            wanted.insert(*index);
        }
    }
    let restore = cut.map(|(index, _)| log.leaf_proof(index)).transpose()?.flatten();
    for index in wanted {
        leaves.extend(log.leaf_proof(index)?);
    }
    // a phone that knows another log has seen nothing of what came in this one since they parted
    let after = match (asked, cut) {
        (Some(_), Some((_, parted))) => bundle.cursor.min(parted),
        (Some(_), None) if !follows => 0,
        _ => bundle.cursor,
    };
    let phone = caller.phone();
    let nothing = PhoneNews { updates: vec![], sealed: vec![], cursor: after };
    let PhoneNews { mut updates, sealed, cursor } = phone.map_or(Ok(nothing), |phone| log.news(phone, after))?;
    let providers = phone.map_or(Ok(vec![]), |_| log.providers())?;
    let knows = bundle.providers.unwrap_or(providers_digest(&[]));
    for Update { news, .. } in &mut updates {
        if let News::Order { jws } = news {
            *jws = orders::delivered(settings, jws, time);
        }
    }
    let parcel = Parcel {
        answers: told.answers,
        time,
        head,
        standing: phone.map_or(Standing::Trusted, |phone| phone.standing),
        seq: phone.map_or(Ok(0), |phone| log.highest_seq(phone.position))?,
        grown,
        restore,
        connected: connected(log, bundle, &head)?,
        leaves,
        refused: told.refused,
        later: told.later,
        providers: (knows != providers_digest(&providers)).then_some(providers),
        updates,
        cursor,
    };
    Ok((parcel, sealed))
}

/// The leaf of the last restore that cut off a head, and the last position that the log of that head has in common with this
/// one. An earlier restore may stand in the log of that head, and explain nothing.
fn cut_off(log: &Reading, head: &TreeHead, restores: &[(u64, Restoration)]) -> store::Result<Option<(u64, u64)>> {
    let cuts = || restores.iter().filter(|(_, cut)| cut.cuts_off(head.size));
    let kept = cuts().map(|(_, cut)| cut.kept).min();
    let (Some((last, _)), Some(kept)) = (cuts().next_back(), kept) else { return Ok(None) };
    Ok(Some((*last, log.leaf_row(kept)?.map_or(0, |(first, _)| first.saturating_sub(1)))))
}

/// Proofs that the tree has grown from the sizes that it has had.
fn connected(log: &Reading, bundle: &Bundle, head: &TreeHead) -> store::Result<Vec<Connected>> {
    let mut found = Vec::new();
    for size in bundle.connect.iter().copied() {
        if let Some(proof) = log.consistency(size, head.size)? {
            found.push(Connected { size, proof });
        }
    }
    Ok(found)
}

/// Whether a leaf holds something of the caller, or of a phone that it was before.
fn is_own(log: &Reading, index: u64, caller: &Caller, bundle: &Bundle) -> store::Result<bool> {
    let binding = match caller {
        Caller::Phone(binding) => binding,
        Caller::Reviewer { kid, .. } => return log.is_review_of(index, kid),
    };
    let before = bundle.introductions.iter().filter_map(|introduction| {
        let keys: tabara_protocol::catalog::Binding = envelope::stored(&introduction.chain.binding).ok()?;
        Some(keys.device)
    });
    let devices: BTreeSet<Uuid> = before.chain([binding.device]).collect();
    log.is_of(index, &devices)
}

/// The catalog in force if the phone has another one, sealed bytes of referrals that the parcel tells of, and the files that
/// the phone lacks if it asks for them, as far as they fit.
fn enclosed(log: &Reading, bundle: &Bundle, parcel: &Parcel, sealed: &[u64]) -> store::Result<Enclosed> {
    let mut enclosed = Enclosed::default();
    // base64url, and room for all the rest
    let mut room = MAX_FILE / 2;
    for position in sealed {
        if let Some(bytes) = log.sealed(*position)? {
            room = room.saturating_sub(bytes.len());
            enclosed.add(&bytes);
        }
    }
    let Some(catalog) = log.catalog()? else { return Ok(enclosed) };
    if let Some(has) = &bundle.files {
        let parts = envelope::stored::<Catalog>(&catalog).map(|catalog| catalog.parts).unwrap_or_default();
        let signed_by = |update: &Update| match update.news {
            News::Referral { chain, .. } => Some(chain),
            _ => None,
        };
        let chains = parcel.updates.iter().filter_map(signed_by).chain(parcel.providers.iter().flatten().copied());
        let named: BTreeSet<Digest> = parts.iter().map(|part| part.sha256).chain(chains).collect();
        for hash in named.into_iter().filter(|hash| !has.contains(hash)) {
            let Some(bytes) = log.part(hash)? else { continue };
            if bytes.len() <= room {
                room -= bytes.len();
                enclosed.add(&bytes);
            }
        }
    }
    if bundle.catalog != Some(sha256(catalog.as_bytes())) {
        enclosed.catalog = Some(catalog);
    }
    Ok(enclosed)
}
