//! Referrals, on the phone that makes them: what is agreed with the person goes to a provider's devices, or is told her on
//! the telephone, and what becomes of it comes back onto the case card.

use super::case_actions::{alive, sealed};
use super::phone::{FocalPoint, Phone, Unlocked, month};
use crate::envelope::SigningKey;
use crate::error::{AnswerReason, Error, NotFoundItem, Result};
use crate::facts::{FactValue, Facts};
use crate::record::{Code, Kind, Record, SealedCase};
use crate::referral::{NewReferral, Referral, ReferralStep, Status};
use crate::share::{ReferralNote, Share, ShareError};
use crate::slip::slip_key;
use crate::vault::Vault;
use crate::vault::cases::CaseSummary;
use crate::vault::mailbox::RecordStatus;
use std::collections::BTreeSet;
use uuid::Uuid;

/// A referral that goes on, with what is found again by it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenReferral {
    /// The case's record.
    pub record: Uuid,
    /// On the person's slip.
    pub code: Option<Code>,
    /// The memo of the case card.
    pub memo: Option<String>,
    /// How far it has come.
    pub referral: Referral,
    /// When somebody should answer; seconds since 1970 UTC.
    pub due: Option<i64>,
    /// That time is over.
    pub overdue: bool,
    /// None of the devices that could open it counts any more, and none has answered: refer again, or call.
    pub unreadable: bool,
    /// It does not wait for a sync: call the provider, and note what was said.
    pub call_now: bool,
}

impl FocalPoint {
    /// Organisations that have a device, as the server lists them: a referral to one of them is sent. All others are told by
    /// telephone.
    pub fn reachable_providers(&self) -> Result<Vec<String>> {
        let names: BTreeSet<String> = self.0.mailbox()?.reachable()?.into_iter().map(|(name, _)| name).collect();
        Ok(names.into_iter().collect())
    }

    /// Refers the person of a case: what she agreed to share is sealed to the provider's devices, the case workers and the
    /// recovery key. If the provider has no device it stays `ready` until [`FocalPoint::note_referral`] says that she was told.
    /// Who refused statistics is not counted.
    pub fn refer(&self, record: Uuid, new: &NewReferral) -> Result<Referral> {
        let mut referral = Referral::agreed(new).map_err(|_| Error::NotFound { what: NotFoundItem::Service })?;
        self.0.with(|open| {
            let mut card = alive(&open.vault, record)?;
            new.share.check(card.child, &new.service)?;
            let mailbox = self.0.mailbox()?;
            let devices = new.to.as_ref().map_or(Ok(vec![]), |to| mailbox.devices_of(to))?;
            let status = if devices.is_empty() { Status::Ready } else { Status::Sent };
            referral.devices = devices.iter().map(|device| device.device).collect();
            referral.merge(step(referral.referral, status, mailbox.now()?, None));
            let to: Vec<String> = devices.into_iter().map(|device| device.vault).collect();
            self.0.post_step(&open.vault, &card, &referral, referral.referral, &new.share.answers(), to)?;
            card.referrals.push(referral.clone());
            open.vault.note_referrals(record, card.referrals)?;
            Ok(referral)
        })
    }

    /// Notes a service that was needed and that nobody is referred to: she does not want it, or there is none within reach.
    pub fn not_referred(&self, record: Uuid, service: &str, status: Status) -> Result<Referral> {
        let (service, urgency, to, commune) = (service.to_owned(), "d14".to_owned(), None, None);
        let new = NewReferral { service, urgency, to, commune, share: Share::default() };
        let mut referral = Referral::agreed(&new).map_err(|_| Error::NotFound { what: NotFoundItem::Service })?;
        referral.status = Status::Draft;
        self.0.with(|open| {
            let mut card = alive(&open.vault, record)?;
            let now = self.0.mailbox()?.now()?;
            if !matches!(status, Status::RefusedByPerson | Status::ServiceUnavailable) {
                return Err(not_next());
            }
            referral.advance(step(referral.referral, status, now, None)).map_err(|_| not_next())?;
            self.0.post_step(&open.vault, &card, &referral, referral.referral, &[], vec![])?;
            card.referrals.push(referral.clone());
            open.vault.note_referrals(record, card.referrals)?;
            Ok(referral)
        })
    }

    /// Notes how far a referral of a case has come, with what the provider said on the telephone, which case workers can read.
    /// Not [`Status::Withdrawn`]: that is [`FocalPoint::withdraw_referral`].
    pub fn note_referral(
        &self,
        record: Uuid,
        referral: Uuid,
        status: Status,
        note: Option<ReferralNote>,
    ) -> Result<Referral> {
        let phone = &self.0;
        if let Some(note) = &note {
            note.check()?;
        }
        phone.with(|open| {
            phone.take_forwarded(open)?;
            let mut card = alive(&open.vault, record)?;
            let known = card.referrals.iter_mut().find(|known| known.referral == referral);
            let known = known.ok_or(Error::NotFound { what: NotFoundItem::Referral })?;
            let (id, now) = (Uuid::new_v4(), phone.mailbox()?.now()?);
            let answers = note.as_ref().map_or_else(Vec::new, ReferralNote::answers);
            if status == Status::Withdrawn || known.advance(step(id, status, now, note)).is_err() {
                return Err(not_next());
            }
            let after = known.clone();
            phone.post_step(&open.vault, &card, &after, id, &answers, vec![])?;
            open.vault.note_referrals(record, card.referrals)?;
            Ok(after)
        })
    }

    /// The person no longer agrees to one referral. What is still here of it goes; the server erases what was sealed when it
    /// hears of it, and the provider's devices at their next sync.
    pub fn withdraw_referral(&self, record: Uuid, referral: Uuid) -> Result<()> {
        let phone = &self.0;
        phone.with(|open| {
            let mut card = alive(&open.vault, record)?;
            let known = card.referrals.iter_mut().find(|known| known.referral == referral);
            let known = known.ok_or(Error::NotFound { what: NotFoundItem::Referral })?;
            if known.status == Status::Withdrawn {
                return Ok(());
            }
            known.withdraw();
            let secret = open.vault.carried_undo(record)?;
            phone.post_withdrawal(&open.vault, card.case, Some(referral), card.code.clone(), secret)?;
            phone.mailbox()?.erase(referral)?;
            open.vault.note_referrals(record, card.referrals)?;
            Ok(open.vault.forget_traces()?)
        })
    }

    /// Referrals that go on, and those that a provider does not take while nobody else was asked: these and overdue ones first, then by
    /// the time by which somebody should answer.
    pub fn open_referrals(&self) -> Result<Vec<OpenReferral>> {
        let phone = &self.0;
        let mailbox = phone.mailbox()?;
        if mailbox.queue_status()?.lease_over {
            return Ok(vec![]);
        }
        let (now, reachable) = (mailbox.now()?, mailbox.reachable()?);
        let reachable: BTreeSet<Uuid> = reachable.into_iter().map(|(_, device)| device).collect();
        let cards = phone.with(|open| {
            phone.take_forwarded(open)?;
            Ok(open.vault.cards_with_referrals(None)?)
        })?;
        let mut found = Vec::new();
        for card in cards {
            let CaseSummary { record, code, memo, referrals, .. } = card;
            for (at, referral) in referrals.iter().enumerate() {
                let mut referral = referral.clone();
                phone.as_on_its_way(&mut referral)?;
                let again = || referrals[at + 1..].iter().any(|later| later.service == referral.service);
                if referral.status.is_end() && (!referral.needs_another() || again()) {
                    continue;
                }
                let (code, memo, due) = (code.clone(), memo.clone(), referral.due());
                let unreadable = due.is_some()
                    && !referral.devices.is_empty()
                    && !referral.devices.iter().any(|device| reachable.contains(device));
                let call_now = referral.is_call_now();
                let overdue = due.is_some_and(|due| due < now);
                found.push(OpenReferral { record, code, memo, referral, due, overdue, unreadable, call_now });
            }
        }
        found.sort_by_key(|open| (!(open.overdue || open.referral.needs_another()), open.due.unwrap_or(i64::MAX)));
        Ok(found)
    }
}

impl Phone {
    /// A referral whose record still waits here is queued; one that was taken back elsewhere is withdrawn.
    pub(super) fn as_on_its_way(&self, referral: &mut Referral) -> Result<()> {
        let mailbox = self.mailbox()?;
        if !mailbox.has(referral.referral)? {
            return Ok(());
        }
        match mailbox.status(referral.referral)? {
            RecordStatus::Withdrawn => referral.withdraw(),
            RecordStatus::Waiting | RecordStatus::Refused(_) if referral.status == Status::Sent => {
                referral.status = Status::Queued;
            }
            _ => {}
        }
        Ok(())
    }

    /// Signs a step of a referral and puts it into the queue: the first one, which has the referral's own id, or a later one.
    /// `to`: devices that can open it, beside the case workers.
    fn post_step(
        &self,
        vault: &Vault,
        card: &CaseSummary,
        referral: &Referral,
        record: Uuid,
        answers: &[(String, String)],
        to: Vec<String>,
    ) -> Result<()> {
        let revises = (record != referral.referral).then_some(referral.referral);
        let mut facts = Facts::new();
        let now = self.mailbox()?.now()?;
        if card.counted {
            facts = referral.facts(now);
            // the month of the sending: what became of those sent in a month is asked, not what became known in one
            facts.insert("month".into(), FactValue::One(month(referral.sent.unwrap_or(now))));
            facts.insert("screen_commune".into(), FactValue::One(card.commune.clone()));
        }
        // who has no device is told by telephone: the server need not know where to
        let route = referral.route().filter(|_| !referral.devices.is_empty());
        let (case, code, slip) = (card.case, card.code.clone(), card.slip);
        // what the earlier phone signed is corrected by the slip
        let carried = revises.is_some().then(|| vault.carried_undo(card.record)).transpose()?.flatten();
        let key = code.as_ref().zip(carried).map(|(code, secret)| slip_key(code, &secret));
        let (kind, questionnaire) = (Kind::Referral, card.questionnaire.clone());
        let (seq, proof, sealed) = Default::default();
        let step = Record { record, case, seq, kind, questionnaire, revises, code, slip, proof, route, facts, sealed };
        self.post_sealed(vault, step, answers, to, key)
    }

    /// Seals what goes with a step to these keys and the case workers, and puts both into the queue.
    pub(super) fn post_sealed(
        &self,
        vault: &Vault,
        step: Record,
        answers: &[(String, String)],
        mut to: Vec<String>,
        slip_key: Option<SigningKey>,
    ) -> Result<()> {
        if answers.is_empty() {
            return self.post(vault, step, None, slip_key);
        }
        let mailbox = self.mailbox()?;
        let (_, catalog) = mailbox.catalog()?.ok_or(Error::NotFound { what: NotFoundItem::Catalog })?;
        to.extend(catalog.sealing_keys().into_iter().map(str::to_owned));
        let case = SealedCase {
            record: step.record,
            case: step.case,
            questionnaire: step.questionnaire.clone(),
            language: String::new(),
            sealed_at: mailbox.now()?,
            answers: answers.to_vec(),
            assessment: None,
        };
        let sealed = sealed(&case, &to, AnswerReason::TooLong)?;
        self.post(vault, step, Some(&sealed), slip_key)
    }

    /// Takes steps that others made, and that the server forwarded, onto the card of their referral.
    pub(super) fn take_step_of_card(
        &self,
        open: &Unlocked,
        referral: Uuid,
        organisation: &str,
        step: ReferralStep,
    ) -> Result<()> {
        let Some(mut card) = open.vault.cards_with_referrals(Some(referral))?.pop() else { return Ok(()) };
        let Some(known) = card.referrals.iter_mut().find(|known| known.referral == referral) else { return Ok(()) };
        let addressed = known.to.as_deref() == Some(organisation);
        if addressed && known.status != Status::Withdrawn && !card.withdrawn {
            known.merge(step);
            open.vault.note_referrals(card.record, card.referrals)?;
        }
        Ok(())
    }
}

/// A step that this phone makes.
fn step(record: Uuid, status: Status, at: i64, note: Option<ReferralNote>) -> ReferralStep {
    ReferralStep { record, status, at, by_provider: false, note }
}

pub(super) fn not_next() -> Error {
    Error::Answer { reason: AnswerReason::NotTheNextStatus }
}

impl From<ShareError> for Error {
    fn from(fault: ShareError) -> Self {
        let reason = match fault {
            ShareError::TooLong => AnswerReason::TooLong,
            ShareError::Agreement => AnswerReason::AgreementNeeded,
        };
        Self::Answer { reason }
    }
}
