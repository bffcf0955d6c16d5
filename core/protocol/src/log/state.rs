//! What a log says up to some entry, in memory: records and what ties them, phones, catalogs, decisions. The server keeps the same in
//! tables; this is the second account of it, by which a file is checked without the server.

use super::entry::{EntryKind, EntryPayload, ReviewDecision, Revocation};
use super::row::EntryRow;
use super::verdict::{LogView, Named, Sender, UnderCode};
use crate::catalog::{Area, Binding, Catalog, DeviceRole, Grant, PartKind};
use crate::code::Code;
use crate::envelope::{Digest, PublicKey};
use crate::kind::{Kind, Reason};
use crate::record::{Record, Uuid};
use crate::wire::{Introduction, Standing};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::convert::Infallible;

/// A record, review or withdrawal.
pub(super) struct Kept {
    pub id: Uuid,
    pub entry: EntryKind,
    /// None in a tombstone.
    pub kind: Option<Kind>,
    pub received: i64,
    pub expired: bool,
    binding: Option<u64>,
    slip: Option<PublicKey>,
    reason: Option<Reason>,
    target: Option<Uuid>,
    code: Option<String>,
    addressee: Option<String>,
}

/// A phone.
struct Bound {
    device: Uuid,
    key: PublicKey,
    area: Area,
    commune: String,
    organisation: String,
    is_provider: bool,
    waits: Option<Reason>,
    has_receipt: bool,
}

/// A withdrawal as it was signed.
struct Withdrawal {
    record: Record,
    signer: String,
}

/// A log up to some entry.
#[derive(Default)]
pub(super) struct LogState {
    pub records: BTreeMap<u64, Kept>,
    /// Withdrawn records, with the position by which they were, and that of the withdrawal.
    pub withdrawn: BTreeMap<u64, (u64, u64)>,
    pub catalog: Option<Catalog>,
    ids: HashMap<Uuid, u64>,
    by_target: HashMap<Uuid, Vec<u64>>,
    by_code: HashMap<String, Vec<u64>>,
    seqs: HashSet<(u64, u64)>,
    bound: BTreeMap<u64, Bound>,
    keys: HashSet<PublicKey>,
    revoked: BTreeSet<Uuid>,
    questionnaires: BTreeSet<Digest>,
    decisions: HashMap<u64, bool>,
    withdrawals: BTreeMap<u64, Withdrawal>,
    reviews: HashMap<Uuid, Vec<Record>>,
}

impl LogView for LogState {
    type Error = Infallible;

    fn has_seq(&self, binding: u64, seq: u64) -> Result<bool, Infallible> {
        Ok(self.seqs.contains(&(binding, seq)))
    }
    fn named(&self, record: &Record) -> Result<Vec<Named>, Infallible> {
        let to = record.route.as_ref().map(|route| &route.to);
        let named = |position: u64| {
            let kept = &self.records[&position];
            Named { same_addressee: to.is_some() && kept.addressee.as_ref() == to, ..kept.named() }
        };
        Ok(self.named_by(record).into_iter().map(named).collect())
    }
    fn under(&self, code: &Code) -> Result<Vec<UnderCode>, Infallible> {
        let under = |position: &u64| {
            let withdrawn = self.withdrawn.get(position);
            let accepted = |by| self.decisions.get(by).copied().unwrap_or(false);
            UnderCode {
                named: self.records[position].named(),
                withdrawn: withdrawn.map(|(_, by)| accepted(by)),
                counts: self.counts(*position),
            }
        };
        Ok(self.coded(code.as_str()).iter().map(under).collect())
    }
    fn knows_questionnaire(&self, sha256: Digest) -> Result<bool, Infallible> {
        Ok(self.questionnaires.contains(&sha256))
    }
}

impl Kept {
    fn named(&self) -> Named {
        Named { binding: self.binding, slip: self.slip, same_addressee: false }
    }
}

impl LogState {
    /// The phone whose chain stands at a position, and its record key.
    pub fn sender(&self, position: u64) -> Option<(Sender<'_>, PublicKey)> {
        let bound = self.bound.get(&position)?;
        let standing = match bound.waits {
            _ if self.revoked.contains(&bound.device) => Standing::Revoked,
            None => Standing::Trusted,
            Some(Reason::LateBinding) => Standing::Late,
            Some(_) => Standing::Second,
        };
        let (area, commune) = (bound.area, bound.commune.as_str());
        let (organisation, is_provider) = (bound.organisation.as_str(), bound.is_provider);
        Some((Sender { binding: position, standing, area, commune, organisation, is_provider }, bound.key))
    }
    /// Whether a phone with this card has come before.
    pub fn has_bound(&self, device: Uuid) -> bool {
        self.bound.values().any(|bound| bound.device == device)
    }
    /// Whether one of these keys belongs to another phone.
    pub fn has_key(&self, keys: &Binding) -> bool {
        [keys.record_key, keys.transport_key].iter().any(|key| self.keys.contains(key))
    }
    /// The key of a reviewer whom the catalog in force names.
    pub fn reviewer(&self, kid: &str) -> Option<PublicKey> {
        let reviewers = self.catalog.iter().flat_map(|catalog| &catalog.reviewers);
        reviewers.map(|reviewer| reviewer.key).find(|key| key.kid() == kid)
    }
    pub fn has_id(&self, id: Uuid) -> bool {
        self.ids.contains_key(&id)
    }
    fn counts(&self, position: u64) -> bool {
        self.decisions.get(&position).copied().unwrap_or(self.records[&position].reason.is_none())
    }
    /// Records, without reviews and withdrawals, under a code.
    fn coded(&self, code: &str) -> Vec<u64> {
        let all = self.by_code.get(code).map(Vec::as_slice).unwrap_or_default();
        all.iter().copied().filter(|at| self.records[at].entry == EntryKind::Record).collect()
    }
    fn named_by(&self, withdrawal: &Record) -> Vec<u64> {
        match (&withdrawal.revises, &withdrawal.code) {
            (Some(target), _) => {
                let at = self.ids.get(target).copied();
                at.into_iter().filter(|at| self.records[at].entry == EntryKind::Record).collect()
            }
            (None, Some(code)) => self.coded(code.as_str()),
            (None, None) => vec![],
        }
    }

    /// Takes a phone, whose chain was checked.
    pub fn bind(
        &mut self,
        position: u64,
        introduction: &Introduction,
        grant: &Grant,
        keys: &Binding,
        waits: Option<Reason>,
    ) {
        if waits.is_none() {
            // it is proven to have been the first, before a restore: whoever came in between was not
            let accepted = |at: &u64| self.decisions.get(at) == Some(&true);
            let others = self.bound.iter_mut().filter(|(at, b)| b.device == grant.device && !accepted(at));
            for (_, bound) in others.filter(|(_, b)| b.waits.is_none() && !b.has_receipt) {
                bound.waits = Some(Reason::SecondBinding);
            }
        }
        self.keys.extend([keys.record_key, keys.transport_key]);
        let (device, key, commune) = (grant.device, keys.record_key, grant.commune.clone());
        let has_receipt = introduction.receipt.is_some();
        let (organisation, is_provider) = (grant.organisation.clone(), grant.role == DeviceRole::Provider);
        let area = grant.area;
        let bound = Bound { device, key, area, commune, organisation, is_provider, waits, has_receipt };
        self.bound.insert(position, bound);
    }

    /// Takes a record, review or withdrawal; `said` is none in a tombstone. `signer`: thumbprint of the key that signed it.
    pub fn keep(
        &mut self,
        position: u64,
        row: &EntryRow,
        id: Uuid,
        said: Option<Record>,
        slip: Option<PublicKey>,
        signer: &str,
    ) {
        self.ids.insert(id, position);
        if let Some(target) = row.target {
            self.by_target.entry(target).or_default().push(position);
        }
        if let Some(code) = &row.code {
            self.by_code.entry(code.clone()).or_default().push(position);
        }
        self.seqs.extend(row.binding.zip(row.seq));
        let kept = Kept {
            id,
            entry: row.kind,
            kind: said.as_ref().map(|record| record.kind),
            received: row.received,
            expired: row.expired().is_some(),
            binding: row.binding,
            slip,
            reason: row.reason,
            target: row.target,
            code: row.code.clone(),
            addressee: row.addressee.clone(),
        };
        self.records.insert(position, kept);
        match (row.kind, said) {
            (EntryKind::Withdrawal, Some(record)) => {
                self.withdrawals.insert(position, Withdrawal { record, signer: signer.to_owned() });
                self.apply(position, position);
                for review in self.reviews.get(&id).cloned().unwrap_or_default() {
                    self.reviewed(position, &review, position);
                }
            }
            (EntryKind::Review, Some(review)) => {
                let about = review.revises.and_then(|target| self.ids.get(&target).copied());
                if let Some(about) = about.filter(|at| self.withdrawals.contains_key(at)) {
                    self.reviewed(about, &review, position);
                }
                self.reviews.entry(review.revises.unwrap_or_default()).or_default().push(review);
            }
            _ => self.meet(position, position),
        }
    }

    /// Takes what no phone sent, but chains.
    pub fn act(&mut self, position: u64, said: EntryPayload) {
        match said {
            EntryPayload::Revocation(Revocation { device, lifted: true, .. }) => drop(self.revoked.remove(&device)),
            EntryPayload::Revocation(revocation) => drop(self.revoked.insert(revocation.device)),
            EntryPayload::Catalog(catalog) => {
                let forms = catalog.parts.iter().filter(|part| part.kind == PartKind::Questionnaire);
                self.questionnaires.extend(forms.map(|part| part.sha256));
                self.revoked.extend(&catalog.revoked);
                self.catalog = Some(*catalog);
            }
            EntryPayload::Decision(decision) => {
                self.decided(decision.position, decision.accept, position);
                if let Some(bound) = self.bound.get_mut(&decision.position) {
                    let waits = bound.waits.unwrap_or(Reason::SecondBinding);
                    bound.waits = (!decision.accept).then_some(waits);
                }
            }
            _ => (),
        }
    }

    fn reviewed(&mut self, about: u64, review: &Record, since: u64) {
        match ReviewDecision::of(review) {
            Some(ReviewDecision::Confirmed) => self.decided(about, true, since),
            Some(ReviewDecision::NotConfirmed) => self.decided(about, false, since),
            Some(ReviewDecision::Duplicate) | None => (),
        }
    }

    fn decided(&mut self, about: u64, accept: bool, since: u64) {
        self.decisions.insert(about, accept);
        self.apply(about, since);
        if accept {
            self.meet(about, since);
        }
    }

    /// Whether the withdrawal at a position covers a record: it was in order or accepted, and may change the record.
    fn covers(&self, by: u64, record: u64) -> bool {
        let (Some(withdrawal), found) = (self.withdrawals.get(&by), &self.records[&record]) else { return false };
        let kept = &self.records[&by];
        let decided = self.decisions.get(&by).copied();
        let in_order = matches!(kept.reason, None | Some(Reason::ForeignRevision));
        let same_phone = kept.binding.is_some() && kept.binding == found.binding;
        let may = withdrawal.record.may_change(same_phone, found.slip, &withdrawal.signer);
        decided.unwrap_or(in_order) && (decided == Some(true) || may)
    }

    /// Withdraws what the withdrawal at a position covers. No effect at positions of other entries.
    fn apply(&mut self, by: u64, since: u64) {
        let Some(withdrawal) = self.withdrawals.get(&by) else { return };
        for record in self.named_by(&withdrawal.record) {
            if self.covers(by, record) {
                self.take_back(record, since, by);
            }
        }
    }

    /// Withdraws a record that came now, or that counts from now on, if an earlier withdrawal covers it.
    fn meet(&mut self, position: u64, since: u64) {
        let Some(kept) = self.records.get(&position).filter(|kept| kept.entry == EntryKind::Record) else { return };
        let none = Vec::new();
        let by_id = self.by_target.get(&kept.id).unwrap_or(&none);
        let by_code = kept.code.as_ref().and_then(|code| self.by_code.get(code)).unwrap_or(&none);
        let by_code = by_code.iter().filter(|at| self.records[at].target.is_none());
        let about: BTreeSet<u64> = by_id.iter().chain(by_code).copied().collect();
        for by in about {
            if self.covers(by, position) {
                self.take_back(position, since, by);
            }
        }
        // a record that corrects a withdrawn one, or is corrected by it, is withdrawn too
        let by = self.linked(position).iter().find_map(|at| self.withdrawn.get(at)).map(|(_, by)| *by);
        if let Some(by) = by {
            self.take_back(position, since, by);
        }
    }

    fn take_back(&mut self, record: u64, since: u64, by: u64) {
        for linked in self.linked(record) {
            self.withdrawn.entry(linked).or_insert((since, by));
        }
    }

    /// A record with all that it corrects or that correct it.
    fn linked(&self, position: u64) -> BTreeSet<u64> {
        let (mut found, mut open) = (BTreeSet::from([position]), vec![position]);
        while let Some(at) = open.pop() {
            let one = &self.records[&at];
            let targets = one.target.and_then(|id| self.ids.get(&id)).into_iter().filter(|t| self.ties(at, **t));
            let corrections = self.by_target.get(&one.id).into_iter().flatten().filter(|c| self.ties(**c, at));
            for next in targets.chain(corrections) {
                if found.insert(*next) {
                    open.push(*next);
                }
            }
        }
        found
    }

    /// Whether a correction counts as one of this record.
    fn ties(&self, correction: u64, target: u64) -> bool {
        let (c, t) = (&self.records[&correction], &self.records[&target]);
        let accepted = self.decisions.get(&correction) == Some(&true);
        c.entry == EntryKind::Record && (c.binding == t.binding || c.reason.is_none() || accepted)
    }
}
