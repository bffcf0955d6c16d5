//! Referrals, on a provider's device: those to her organisation, what was shared with her, and her answers. Devices of one
//! organisation see each other's answers.

use super::phone::{FocalPoint, Phone, Unlocked};
use super::referrals::not_next;
use crate::catalog::{DeviceRole, Grant};
use crate::envelope::{self, Typ};
use crate::error::{AnswerReason, Error, NotFoundItem, RefusedReason, Result};
use crate::record::{Code, Kind, Record, SealedCase};
use crate::referral::{Referral, ReferralStep, Status};
use crate::share::{ReferralNote, Share};
use crate::vault::Vault;
use crate::vault::incoming::HeldReferral;
use crate::vault::mailbox::Forwarded;
use uuid::Uuid;

/// So many forwarded steps are taken at once.
const SOME: usize = 200;

/// A line of a provider's list: nothing that tells who it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IncomingReferral {
    /// Its id, for [`FocalPoint::open_referral`] and [`FocalPoint::answer`].
    pub referral: Uuid,
    /// On the person's slip.
    pub code: Option<Code>,
    /// Code of the fact `service_type`.
    pub service: String,
    /// One of [`URGENCIES`](crate::referral::URGENCIES).
    pub urgency: String,
    /// Code of the fact `age_band`, if she agreed to share it.
    pub age_band: Option<String>,
    /// The organisation that refers.
    pub from: String,
    /// How far it has come, with what colleagues have said.
    pub status: Status,
    /// When it was sent; seconds since 1970 UTC.
    pub sent: Option<i64>,
    /// When an answer is due; none once there is one.
    pub due: Option<i64>,
    /// That time is over.
    pub overdue: bool,
    /// This device can open it. If not, it came later than the referral: a colleague's can, or the focal point refers again.
    pub opens: bool,
}

/// A referral, opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenedReferral {
    /// Its line in the list.
    pub line: IncomingReferral,
    /// What the person agreed that the provider may see; none if this device cannot open it.
    pub share: Option<Share>,
    /// All steps that are known here.
    pub steps: Vec<ReferralStep>,
}

impl FocalPoint {
    /// Whose device this is: it decides about the first screen.
    pub fn role(&self) -> Result<DeviceRole> {
        Ok(self.0.mailbox()?.enrolment()?.role)
    }

    /// Referrals to this organisation, 50 on a page: those that wait longest for an answer first, then what goes on, then what
    /// has ended. Pages count from 0.
    pub fn incoming(&self, page: usize) -> Result<Vec<IncomingReferral>> {
        let phone = &self.0;
        let (hidden, now) = (phone.mailbox()?.queue_status()?.lease_over, phone.mailbox()?.now()?);
        phone.with(|open| {
            phone.take_forwarded(open)?;
            let held = if hidden { vec![] } else { open.vault.all_held(page)? };
            Ok(held.into_iter().map(|held| line(held, now)).collect())
        })
    }

    /// Opens a referral. Who opens it first tells the focal point that it was received.
    pub fn open_referral(&self, referral: Uuid) -> Result<OpenedReferral> {
        let phone = &self.0;
        let mailbox = phone.mailbox()?;
        phone.with(|open| {
            let mut held = phone.wanted(open, referral)?;
            if held.referral.status == Status::Sent && held.opens {
                phone.post_answer(&open.vault, &mut held, Status::Received, None)?;
            }
            let sealed = mailbox.first_of(referral)?.and_then(|first| first.sealed);
            let case = sealed.and_then(|sealed| opened(&open.vault, &sealed, &held.first));
            let share = case.and_then(|case| Share::of(&case.answers));
            let steps = held.referral.steps.clone();
            Ok(OpenedReferral { line: line(held, mailbox.now()?), share, steps })
        })
    }

    /// Answers a referral, with a note to the focal point if there is one: sealed to her phone, to colleagues' devices and to
    /// the case workers. Fails with `Answer` if it is no longer wanted, or if the status cannot come next.
    pub fn answer(&self, referral: Uuid, status: Status, note: Option<ReferralNote>) -> Result<IncomingReferral> {
        let phone = &self.0;
        if let Some(note) = &note {
            note.check()?;
        }
        phone.with(|open| {
            let mut held = phone.wanted(open, referral)?;
            phone.post_answer(&open.vault, &mut held, status, note)?;
            Ok(line(held, phone.mailbox()?.now()?))
        })
    }
}

impl Phone {
    /// A referral that may still be answered from this device.
    fn wanted(&self, open: &Unlocked, referral: Uuid) -> Result<HeldReferral> {
        if self.is_revoked()? {
            return Err(Error::Refused { reason: RefusedReason::CardRevoked });
        }
        self.take_forwarded(open)?;
        let held = open.vault.held(referral)?.ok_or(Error::NotFound { what: NotFoundItem::Referral })?;
        if held.referral.status == Status::Withdrawn {
            return Err(Error::Answer { reason: AnswerReason::NoLongerWanted });
        }
        Ok(held)
    }

    fn post_answer(
        &self,
        vault: &Vault,
        held: &mut HeldReferral,
        status: Status,
        note: Option<ReferralNote>,
    ) -> Result<()> {
        let mailbox = self.mailbox()?;
        let (record, at) = (Uuid::new_v4(), mailbox.now()?);
        let answers = note.as_ref().map_or_else(Vec::new, ReferralNote::answers);
        let step = ReferralStep { record, status, at, by_provider: true, note };
        if !status.is_by_provider() || held.referral.advance(step).is_err() {
            return Err(not_next());
        }
        let first = &held.first;
        let mut facts = first.facts.clone();
        if !facts.is_empty() {
            facts.extend(held.referral.facts(at));
        }
        let me = mailbox.enrolment()?;
        let refers = mailbox.signer(&held.chain)?.map(|(_, binding)| binding.vault);
        let colleagues = mailbox.devices_of(&me.organisation)?.into_iter().filter(|other| other.device != me.device);
        let to = colleagues.map(|other| other.vault).chain(refers).collect();
        let step = Record {
            record,
            kind: Kind::Referral,
            revises: Some(first.record),
            proof: None,
            route: held.referral.route(),
            facts,
            ..first.clone()
        };
        self.post_sealed(vault, step, &answers, to, None)?;
        Ok(vault.hold(held, mailbox.own_time())?)
    }

    /// Takes what the server forwarded: on a provider's device into her list, on a focal point's onto the card. What is not
    /// signed by who may say so is passed over.
    pub(super) fn take_forwarded(&self, open: &Unlocked) -> Result<()> {
        let mailbox = self.mailbox()?;
        if self.is_revoked()? {
            open.vault.forget_held(None)?;
            return Ok(mailbox.erase_forwarded(None)?);
        }
        loop {
            let some = mailbox.forwarded(SOME)?;
            if some.is_empty() {
                return Ok(());
            }
            for forwarded in some {
                let keep = self.take_one(open, &forwarded)?;
                mailbox.taken(forwarded.id, keep)?;
            }
        }
    }

    /// Returns whether its sealed bytes are still needed.
    fn take_one(&self, open: &Unlocked, forwarded: &Forwarded) -> Result<bool> {
        let mailbox = self.mailbox()?;
        let Some(jws) = &forwarded.jws else {
            open.vault.recall(forwarded.referral)?;
            return Ok(false);
        };
        let Some((grant, binding)) = mailbox.signer(&forwarded.chain)? else { return Ok(false) };
        let Ok(record) = envelope::open::<Record>(Typ::Record, &binding.record_key, jws) else { return Ok(false) };
        let me = mailbox.enrolment()?;
        let case = forwarded.sealed.as_deref().and_then(|sealed| opened(&open.vault, sealed, &record));
        if record.revises.is_none() {
            let mine =
                me.role == DeviceRole::Provider && record.route.as_ref().is_some_and(|r| r.to == me.organisation);
            if mine && open.vault.held(record.record)?.is_none() {
                let held = held(record, grant, forwarded, case, mailbox.now()?);
                open.vault.hold(&held, mailbox.own_time())?;
            }
            return Ok(mine);
        }
        let (Some(first), Some(route)) = (record.revises, &record.route) else { return Ok(false) };
        let by_provider = grant.role == DeviceRole::Provider && record.is_answer_of(&grant.organisation);
        let note = case.and_then(|case| ReferralNote::of(&case.answers));
        let at = mailbox.now()?;
        let step = ReferralStep { record: record.record, status: route.status, at, by_provider, note };
        match open.vault.held(first)? {
            // a colleague, or the phone that refers
            Some(mut held) => {
                let may = held.chain == forwarded.chain || by_provider && grant.organisation == me.organisation;
                if may && held.referral.status != Status::Withdrawn {
                    held.referral.merge(step);
                    open.vault.hold(&held, 0)?;
                }
            }
            None if by_provider => self.take_step_of_card(open, first, &grant.organisation, step)?,
            None => {}
        }
        Ok(false)
    }
}

/// What was sealed beside a record, if this device can open it and it belongs to the record.
fn opened(vault: &Vault, sealed: &[u8], record: &Record) -> Option<SealedCase> {
    let plain = vault.unseal(sealed).ok()?;
    let case: SealedCase = envelope::from_json(&plain).ok()?;
    ((case.record, case.case) == (record.record, record.case)).then_some(case)
}

/// A referral as it came.
fn held(first: Record, grant: Grant, forwarded: &Forwarded, case: Option<SealedCase>, now: i64) -> HeldReferral {
    let route = first.route.clone();
    let share = case.as_ref().and_then(|case| Share::of(&case.answers));
    let (service, urgency, to) = route.map_or_else(Default::default, |r| (r.service, r.urgency, Some(r.to)));
    let referral = Referral {
        referral: first.record,
        service,
        urgency,
        to,
        provider_commune: None,
        status: Status::Sent,
        sent: Some(case.as_ref().map_or(now, |case| case.sealed_at)),
        agreement: share.as_ref().map(|share| share.agreement).unwrap_or_default(),
        devices: vec![],
        steps: vec![],
    };
    let age_band = share.as_ref().and_then(|share| share.age_band.clone());
    let (from, chain, opens) = (grant.organisation, forwarded.chain, share.is_some());
    HeldReferral { referral, first, from, chain, age_band, opens }
}

fn line(held: HeldReferral, now: i64) -> IncomingReferral {
    let HeldReferral { referral, first, from, age_band, opens, .. } = held;
    let due = referral.due();
    IncomingReferral {
        referral: referral.referral,
        code: first.code,
        service: referral.service,
        urgency: referral.urgency,
        age_band,
        from,
        status: referral.status,
        sent: referral.sent,
        due,
        overdue: due.is_some_and(|due| due < now),
        opens,
    }
}
