//! What a parcel says, checked and taken over.

use super::report::SyncReport;
use crate::catalog::{Catalog, CatalogError};
use crate::clock::civil_date;
use crate::envelope::{self, Digest, PublicKey, Typ, sha256};
use crate::error::{OfflineReason, Result, UntrustedReason};
use crate::record::{Kind, News, Order, Record, Update, Uuid};
use crate::seal::SealError;
use crate::tree;
use crate::vault::VaultError;
use crate::vault::mailbox::{Asked, Books, Enrolment, Evidence, Mailbox, ProvenLeaf, SignedHead, SyncState};
use crate::wire::{
    Leaf, LeafProof, Lineage, OpenedParcel, Parcel, Restoration, Standing, TreeHead, WireError, lineage,
};
use std::collections::BTreeMap;

/// A phone keeps at most so many heads that are not connected, and so many contradictions.
const MOST_HEADS: usize = 8;
/// It remembers so many restores.
const MOST_RESTORES: usize = 64;
/// No honest server loses more than this (30 days): a copy is made each night.
const LONGEST_CUT: i64 = 30 * 86_400;
/// A server may hold back records for so long, by its word alone.
const MOST_HELD_BACK: i64 = 7 * 86_400;
/// Nobody but the authority wipes a phone sooner than this.
const LEAST_NOTICE: i64 = 48 * 3600;

/// Why a file is not an answer to this phone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoAnswer {
    /// It was damaged, or is no parcel.
    Unreadable,
    /// It is sealed to another key, not signed by the server, or answers what was not asked.
    NotForUs,
    /// The phone has no catalog, and the one that came breaks a rule.
    Catalog(CatalogError),
}

impl From<NoAnswer> for OfflineReason {
    fn from(reason: NoAnswer) -> Self {
        match reason {
            NoAnswer::Unreadable => Self::ChangedOnTheWay,
            NoAnswer::NotForUs | NoAnswer::Catalog(_) => Self::NotTheServer,
        }
    }
}

/// A parcel that the operations key signed as the answer to what this phone asked.
pub(super) struct Checked {
    parcel: Parcel,
    opened: OpenedParcel,
    /// The catalog in it is newer than the one in force.
    new_catalog: bool,
    catalog_fault: Option<CatalogError>,
    operations: PublicKey,
    authorities: Vec<PublicKey>,
    device: Uuid,
}

/// What was settled, for the one who goes on.
#[derive(Debug, Default)]
pub(super) struct Taken {
    /// Records that are kept or refused now.
    pub(super) settled: u32,
    pub(super) report: SyncReport,
}

/// Opens and checks a file. Nothing is taken over yet.
pub(super) fn check(mailbox: &Mailbox, file: &[u8]) -> Result<Result<Checked, NoAnswer>> {
    let mut opened = Err(NoAnswer::NotForUs);
    for identity in mailbox.identities()? {
        opened = match Parcel::open(file, &identity) {
            Ok(found) => Ok(found),
            Err(WireError::Seal(SealError::NotForThisKey)) => continue,
            Err(_) => Err(NoAnswer::Unreadable),
        };
        break;
    }
    let opened = match opened {
        Ok(opened) => opened,
        Err(reason) => return Ok(Err(reason)),
    };
    let claimed = envelope::stored::<Parcel>(&opened.envelope).map(|parcel| parcel.answers);
    let Some(hash) = claimed.ok().filter(|hash| mailbox.is_asked(hash).unwrap_or(false)) else {
        return Ok(Err(NoAnswer::NotForUs));
    };
    let Enrolment { authorities, device, .. } = mailbox.enrolment()?;
    let held = mailbox.catalog()?.map(|(_, catalog)| catalog);
    let new = opened.enclosed.catalog.as_ref().map(|jws| Catalog::verify_any(jws, &authorities, held.as_ref()));
    let (catalog, new_catalog, catalog_fault) = match (new, held) {
        (Some(Ok((new, _))), held) => (Ok(new.clone()), held.as_ref() != Some(&new), None),
        (Some(Err(fault)), Some(held)) => (Ok(held), false, Some(fault)),
        (None, Some(held)) => (Ok(held), false, None),
        (Some(Err(fault)), None) => (Err(NoAnswer::Catalog(fault)), false, None),
        (None, None) => (Err(NoAnswer::NotForUs), false, None),
    };
    let catalog = match catalog {
        Ok(catalog) => catalog,
        Err(reason) => return Ok(Err(reason)),
    };
    let verified = opened.verify(&catalog.operations_keys(), &hash).map_err(|_| NoAnswer::NotForUs);
    let operations = catalog.operations;
    Ok(verified.map(|parcel| Checked { parcel, opened, new_catalog, catalog_fault, operations, authorities, device }))
}

/// Takes over what it says, all or nothing. `fresh`: it was made for a bundle of this run, so its time is now. `server`: what
/// answered, if it came online.
pub(super) fn take(
    mailbox: &Mailbox,
    checked: &Checked,
    fresh: bool,
    server: Option<&str>,
) -> Result<Taken, VaultError> {
    let Checked { parcel, opened, .. } = checked;
    let (record_keys, mut taken) = (mailbox.record_keys()?, Taken::default());
    let files: BTreeMap<Digest, Vec<u8>> = opened.enclosed.file_bytes().map(|file| (sha256(&file), file)).collect();
    mailbox.settle(|books| {
        let Some((by_this_card, asked)) = books.answered(&parcel.answers)? else { return Ok(()) };
        let mut state = books.state()?;
        if let Some(jws) = opened.enclosed.catalog.as_ref().filter(|_| checked.new_catalog) {
            books.take_catalog(jws)?;
        }
        if checked.new_catalog || server.is_some_and(|server| server != state.server) {
            // what was refused may be taken now
            books.retry_refused()?;
            state.server = server.map_or(state.server, str::to_owned);
        }
        books.learn_time(parcel.time, fresh)?;
        let mut step = Step { books, parcel, asked: &asked, state: &mut state, taken: &mut taken };
        let ours = step.head(&opened.envelope)?;
        step.verdicts(ours)?;
        step.proofs(ours)?;
        for update in &parcel.updates {
            step.update(update, checked, &record_keys, &files)?;
        }
        if let Some(providers) = &parcel.providers {
            books.note_providers(providers)?;
        }
        if by_this_card && parcel.standing == Standing::Revoked {
            books.forget_forwarded()?;
        }
        let receipt = (parcel.standing == Standing::Trusted).then_some(opened.envelope.as_str());
        if ours != Ours::Changed {
            books.introduced(&asked.introduced, receipt)?;
        }
        if by_this_card && ours != Ours::Unconnected {
            state.standing = parcel.standing;
        }
        if by_this_card && books.raise_seq(parcel.seq)? {
            state.set_back = true;
        }
        let done = asked.wiped.filter(|wiped| wiped.waiting == 0).map(|wiped| wiped.order);
        if done.is_some() && done == state.order.as_ref().map(|order| order.order) && !books.anything_waits()? {
            state.order = None;
        }
        for file in files.values() {
            books.take_part(file)?;
            books.take_chain(file)?;
        }
        taken.report.standing = state.standing;
        taken.report.set_back = state.set_back;
        books.set_state(&state)
    })?;
    taken.report.new_catalog = checked.new_catalog;
    let stale = !fresh && checked.catalog_fault == Some(CatalogError::Older);
    taken.report.catalog_fault = checked.catalog_fault.filter(|_| !stale).map(UntrustedReason::from);
    Ok(taken)
}

/// How the tree of a parcel belongs to the one that the phone knows.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ours {
    /// It is the same one.
    Same,
    /// Not known yet.
    Unconnected,
    /// It was restored or changed: what it says is taken, and what it said before is doubted.
    Changed,
}

struct Step<'a, 'b> {
    books: &'a Books<'b>,
    parcel: &'a Parcel,
    asked: &'a Asked,
    state: &'a mut SyncState,
    taken: &'a mut Taken,
}

impl Step<'_, '_> {
    /// Judges the head, keeps it, and keeps what contradicts it.
    fn head(&mut self, envelope: &str) -> Result<Ours, VaultError> {
        let Self { parcel, asked, books, .. } = *self;
        let told = SignedHead { head: parcel.head, time: parcel.time, envelope: envelope.to_owned() };
        let (mine, restores) = (self.state.head.clone(), self.restores());
        let judged = lineage(mine.as_ref().map(|mine| &mine.head), asked.head.as_ref(), &self.state.passed, parcel);
        // whoever takes away so much does not restore, whatever he says
        let judged = if judged == Lineage::Restored && self.cut_is_long()? { Lineage::Forked } else { judged };
        match judged {
            Lineage::First | Lineage::Grown => self.connect(&told)?,
            Lineage::Unconnected => {
                // the answer to an introduction names no head of ours, and says nothing of a record
                let told_of_records = |proof: &LeafProof| matches!(proof.leaf(), Ok(Leaf::Bundle { .. }));
                let heads = &mut self.state.unconnected;
                if (asked.head.is_some() || parcel.leaves.iter().any(told_of_records))
                    && heads.iter().all(|other| other.head != told.head)
                {
                    heads.push(told);
                    heads.drain(..heads.len().saturating_sub(MOST_HEADS));
                }
                return Ok(Ours::Unconnected);
            }
            Lineage::Restored => {
                // a longer head may be of before or after the restore: it is asked for
                let heads = std::mem::take(&mut self.state.unconnected);
                self.state.unconnected = heads.into_iter().filter(|head| !self.is_cut_off(head)).collect();
                books.doubt_below(u64::MAX)?;
                self.state.restored = Some(parcel.time);
                self.taken.report.restored = true;
            }
            Lineage::Forked => {
                self.state.unconnected.clear();
                if let Some(mine) = mine {
                    self.evidence(mine, told.clone())?;
                }
            }
        }
        remember(&mut self.state.passed, &restores);
        let changed = matches!(judged, Lineage::Restored | Lineage::Forked);
        if changed {
            // this tree is too short to hold them
            books.lost_from(told.head.size)?;
            books.introduce_again()?;
        }
        self.state.head = Some(told);
        Ok(if changed { Ours::Changed } else { Ours::Same })
    }

    /// Which restores the server owns up to, by their leaves.
    fn restores(&mut self) -> Vec<Restoration> {
        let leaves = self.parcel.restore.iter().chain(&self.parcel.leaves);
        let told: Vec<_> = leaves.filter_map(|leaf| Restoration::told(leaf, &self.parcel.head)).collect();
        remember(&mut self.state.restores, &told);
        told
    }

    /// Whether the restore takes away leaves of this phone that are too old for one.
    fn cut_is_long(&self) -> Result<bool, VaultError> {
        let Some(cut) = self.parcel.restore.as_ref().and_then(|leaf| Restoration::told(leaf, &self.parcel.head)) else {
            return Ok(false);
        };
        let now = self.state.head.as_ref().map_or(0, |mine| mine.time).max(self.parcel.time);
        self.books.has_leaf_of_before(cut.kept, &civil_date(now - LONGEST_CUT).to_string())
    }

    /// Whether a restore took a head away.
    fn is_cut_off(&self, head: &SignedHead) -> bool {
        self.state.restores.iter().any(|restore| restore.cuts_off(head.head.size))
    }

    /// Takes out the heads that are proven to be continued by this one, which is ours now. What was asked for and has no such
    /// proof contradicts it, unless its tree is not that long yet, or a restore took the other away.
    fn connect(&mut self, ours: &SignedHead) -> Result<(), VaultError> {
        let (new, connected) = (&ours.head, &self.parcel.connected);
        let proves =
            |head: &TreeHead, proof: &[Digest]| tree::continues((head.size, &head.root), (new.size, &new.root), proof);
        let belongs = |head: &TreeHead| {
            head == new || connected.iter().any(|found| found.size == head.size && proves(head, &found.proof))
        };
        let mut heads = std::mem::take(&mut self.state.unconnected);
        heads.retain(|head| !belongs(&head.head));
        for head in heads {
            if head.head.size > new.size || !self.asked.connect.contains(&head.head) {
                self.state.unconnected.push(head);
            } else if !self.is_cut_off(&head) {
                self.evidence(ours.clone(), head)?;
            }
        }
        Ok(())
    }

    /// Keeps what the server cannot deny; from now on nothing that it said is safe until it is proven again.
    fn evidence(&mut self, known: SignedHead, told: SignedHead) -> Result<(), VaultError> {
        self.taken.report.evidence = true;
        if self.state.evidence.len() < MOST_HEADS {
            self.state.evidence.push(Evidence { known, told, reported: false });
        }
        self.books.doubt_below(u64::MAX)
    }

    /// Takes over which records are kept, which are refused, and which are to be sent later.
    fn verdicts(&mut self, ours: Ours) -> Result<(), VaultError> {
        let (parcel, report) = (self.parcel, &mut self.taken.report);
        let mut named: Vec<Digest> = parcel.refused.iter().map(|refused| refused.jws).collect();
        for proof in &parcel.leaves {
            let Ok(Leaf::Bundle { day, bundle, entries }) = proof.leaf() else { continue };
            let leaf = ProvenLeaf { index: proof.index, hash: proof.hash(), day: &day };
            for entry in entries {
                named.push(entry.jws);
                if self.books.keep(&entry.jws, leaf, entry.reason, ours == Ours::Unconnected)? {
                    self.taken.settled += 1;
                    *match entry.reason {
                        _ if bundle != parcel.answers => &mut report.already_had,
                        None => &mut report.accepted,
                        Some(_) => &mut report.quarantined,
                    } += 1;
                }
            }
        }
        for refused in &parcel.refused {
            if self.books.refuse(&refused.jws, refused.reason, parcel.time)? {
                self.taken.settled += 1;
                report.refused += 1;
            }
        }
        let rest = self.asked.records.iter().any(|record| !named.contains(record));
        let later = parcel.later.map(|later| later.min(parcel.time.saturating_add(MOST_HELD_BACK)));
        if !self.asked.records.is_empty() {
            self.state.later = later.filter(|_| rest);
        }
        report.later = self.state.later;
        Ok(())
    }

    /// Takes over which of the doubted leaves are proven, and sends again what is not; then what is known of updates and of
    /// reports.
    fn proofs(&mut self, ours: Ours) -> Result<(), VaultError> {
        if ours == Ours::Same {
            for index in &self.asked.prove {
                let leaf = self.parcel.leaves.iter().find(|leaf| leaf.index == *index);
                self.books.proven(*index, leaf.map(|leaf| leaf.hash()))?;
            }
        }
        if ours != Ours::Unconnected {
            self.state.cursor = self.parcel.cursor;
        }
        if ours != Ours::Changed {
            let told = |evidence: &Evidence| self.asked.evidence.contains(&evidence.told.head);
            self.state.evidence.iter_mut().for_each(|evidence| evidence.reported |= told(evidence));
        }
        Ok(())
    }

    fn update(
        &mut self,
        update: &Update,
        checked: &Checked,
        record_keys: &[PublicKey],
        files: &BTreeMap<Digest, Vec<u8>>,
    ) -> Result<(), VaultError> {
        self.taken.report.updates += 1;
        match &update.news {
            News::Review { .. } => self.books.keep_news(update),
            News::Decision { accept: true } => self.books.accept(update.record),
            News::Decision { accept: false } | News::Other => Ok(()),
            News::Withdrawn { jws } => {
                let kept = self.books.kept_jws(update.record)?;
                let erase = kept.zip(jws.as_ref()).is_some_and(|(kept, jws)| takes_back(jws, &kept, record_keys));
                self.books.withdraw(update.record, erase)?;
                if jws.is_none() {
                    self.taken.report.referrals += 1;
                    self.books.recall(update.record)?;
                }
                Ok(())
            }
            News::Referral { jws, chain } => {
                self.taken.report.referrals += 1;
                let named = envelope::stored::<Record>(jws).ok().and_then(|record| record.sealed);
                let sealed = named.and_then(|named| files.get(&named.sha256));
                self.books.keep_forwarded(update.record, jws, chain, sealed.map(Vec::as_slice))
            }
            News::Order { jws } => {
                if let Some(order) = self.order(jws, checked) {
                    self.state.order = Some(order);
                }
                Ok(())
            }
        }
    }

    /// An order holds from the present operations key, with notice; without notice, from the authority.
    fn order(&self, jws: &str, checked: &Checked) -> Option<Order> {
        let signed = |key: &PublicKey| envelope::open::<Order>(Typ::Order, key, jws).ok();
        let with_notice = |order: &Order| order.wipe_by >= self.parcel.time.saturating_add(LEAST_NOTICE);
        let order = signed(&checked.operations).filter(with_notice);
        let order = order.or_else(|| checked.authorities.iter().find_map(signed))?;
        Some(order).filter(|order| order.device == checked.device)
    }
}

/// Adds restores that are new, and forgets the oldest of too many.
fn remember(restores: &mut Vec<Restoration>, told: &[Restoration]) {
    for restore in told {
        if !restores.contains(restore) {
            restores.push(*restore);
        }
    }
    restores.drain(..restores.len().saturating_sub(MOST_RESTORES));
}

/// Whether a withdrawal proves itself: it takes back this record, and the slip of the record or a key of this phone signed it.
fn takes_back(withdrawal: &str, kept: &str, record_keys: &[PublicKey]) -> bool {
    let (Ok(said), Ok(record)) = (envelope::stored::<Record>(withdrawal), envelope::stored::<Record>(kept)) else {
        return false;
    };
    let Ok(signer) = envelope::peek(withdrawal).map(|header| header.kid) else { return false };
    let aims = match said.revises {
        Some(id) => id == record.record,
        None => said.code.is_some() && said.code == record.code,
    };
    let own = record_keys.iter().any(|key| envelope::open::<Record>(Typ::Record, key, withdrawal).is_ok());
    said.kind == Kind::Withdrawal && aims && said.may_change(own, record.slip, &signer)
}
