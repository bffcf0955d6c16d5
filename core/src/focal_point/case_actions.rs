//! After the interview: what the focal point may still see of a case, and what its person wishes, to be referred to a
//! service or to take everything back. All of it needs the open vault.

use super::phone::{FocalPoint, Phone};
use crate::envelope::{self, Digest, SigningKey, Typ, sha256};
use crate::error::{AnswerReason, Error, InternalReason, NotFoundItem, Result};
use crate::facts::Facts;
use crate::record::{Code, Kind, MAX_SEALED, QuestionnaireRef, Record, SealedCase, SealedRef};
use crate::referral::Status;
use crate::seal;
use crate::slip::slip_key;
use crate::vault::mailbox::RecordStatus;
use crate::vault::{Vault, VaultError, cases};
use uuid::Uuid;
use zeroize::Zeroizing;

/// A memo has at most so many characters.
pub const LONGEST_MEMO: usize = 20;

/// A sealed case, as far as the focal point may still see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseCard {
    /// What the vault keeps of it.
    pub summary: cases::CaseSummary,
    /// Where its record is.
    pub status: RecordStatus,
}

impl FocalPoint {
    /// A page of 50 cases, the newest first; pages count from 0. Empty when the lease is over (`Waiting::lease_over`).
    pub fn cases(&self, page: usize) -> Result<Vec<CaseCard>> {
        self.0.cards(|vault| vault.cards(page))
    }

    /// One case.
    pub fn case(&self, record: Uuid) -> Result<CaseCard> {
        let found = self.0.cards(|vault| Ok(vec![vault.card(record)?]))?;
        found.into_iter().next().ok_or(Error::NotFound { what: NotFoundItem::Case })
    }

    /// The cases of the person who shows a slip.
    pub fn cases_of(&self, code: &str) -> Result<Vec<CaseCard>> {
        let code = read_code(code)?;
        self.0.cards(|vault| vault.cards_of(&code))
    }

    /// Puts a few words on a case card, to find the case again, or takes them away: at most [`LONGEST_MEMO`] characters, which
    /// never leave this phone. Not a name.
    pub fn note_memo(&self, record: Uuid, memo: Option<&str>) -> Result<()> {
        let memo =
            memo.map(|memo| memo.split_whitespace().collect::<Vec<_>>().join(" ")).filter(|memo| !memo.is_empty());
        if memo.as_ref().is_some_and(|memo| memo.chars().count() > LONGEST_MEMO) {
            return Err(Error::Answer { reason: AnswerReason::TooLong });
        }
        self.0.with(|open| {
            alive(&open.vault, record)?;
            Ok(open.vault.note_memo(record, memo)?)
        })
    }

    /// The person takes back a record that was made on this phone. The withdrawal is sent like any record; what the phone
    /// still holds of the record goes at once, the server erases the sealed case when it hears of it.
    pub fn withdraw(&self, record: Uuid) -> Result<()> {
        let phone = &self.0;
        phone.with(|open| {
            let card = open.vault.card(record)?;
            if card.withdrawn {
                return Ok(());
            }
            let secret = open.vault.carried_undo(record)?;
            // her referrals are records of their own
            let referrals = card.referrals.iter().filter(|referral| referral.status != Status::Withdrawn);
            for taken in std::iter::once(record).chain(referrals.map(|referral| referral.referral)) {
                phone.post_withdrawal(&open.vault, card.case, Some(taken), card.code.clone(), secret.clone())?;
                phone.mailbox()?.erase(taken)?;
            }
            Ok(open.vault.note_withdrawal(record)?)
        })
    }

    /// The person shows her slip and takes back what was recorded under it, on whatever phone: with the second secret at
    /// once; without it a reviewer decides, except about records of this phone. Both texts as she reads them out.
    pub fn withdraw_slip(&self, code: &str, secret: Option<&str>) -> Result<()> {
        let phone = &self.0;
        let code = read_code(code)?;
        let secret = secret.map(read_secret).transpose()?;
        phone.with(|open| {
            let here = open.vault.cards_of(&code)?;
            let case = here.first().map_or_else(Uuid::new_v4, |card| card.case);
            phone.post_withdrawal(&open.vault, case, None, Some(code), secret)?;
            for card in here.iter().filter(|card| !card.withdrawn) {
                open.vault.note_withdrawal(card.record)?;
                for taken in std::iter::once(card.record).chain(card.referrals.iter().map(|referral| referral.referral))
                {
                    phone.mailbox()?.erase(taken)?;
                }
            }
            Ok(())
        })
    }
}

impl Phone {
    fn cards(&self, find: impl FnOnce(&Vault) -> Result<Vec<cases::CaseSummary>, VaultError>) -> Result<Vec<CaseCard>> {
        let hidden = self.mailbox()?.queue_status()?.lease_over;
        let cards = self.with(|open| {
            self.settle(open)?;
            self.take_forwarded(open)?;
            let found = if hidden { vec![] } else { find(&open.vault)? };
            let with_origin = |card: cases::CaseSummary| Ok((open.vault.is_carried(card.record)?, card));
            found.into_iter().map(with_origin).collect::<Result<Vec<_>>>()
        })?;
        let mailbox = self.mailbox()?;
        let with_status = |(carried, mut summary): (bool, cases::CaseSummary)| {
            summary.referrals.iter_mut().try_for_each(|referral| self.as_on_its_way(referral))?;
            let status = if carried { RecordStatus::Elsewhere } else { mailbox.status(summary.record)? };
            Ok(CaseCard { status, summary })
        };
        cards.into_iter().map(with_status).collect()
    }

    pub(super) fn post_withdrawal(
        &self,
        vault: &Vault,
        case: Uuid,
        revises: Option<Uuid>,
        code: Option<Code>,
        secret: Option<Code>,
    ) -> Result<()> {
        let questionnaire = QuestionnaireRef { id: "withdrawal".into(), sha256: Digest([0; 32]) };
        let key = code.as_ref().zip(secret).map(|(code, secret)| slip_key(code, &secret));
        let (record, kind, facts) = (Uuid::new_v4(), Kind::Withdrawal, Facts::new());
        let (seq, slip, proof, route, sealed) = Default::default();
        let withdrawal =
            Record { record, case, seq, kind, questionnaire, revises, code, slip, proof, route, facts, sealed };
        self.post(vault, withdrawal, None, key)
    }

    /// Signs a record and puts it into the queue, with what is sealed beside it. The queue gives it its number. `slip`: the key of
    /// the slip that agrees to what it changes.
    pub(super) fn post(
        &self,
        vault: &Vault,
        mut record: Record,
        sealed: Option<&[u8]>,
        slip: Option<SigningKey>,
    ) -> Result<()> {
        record.sealed = sealed.map(|bytes| SealedRef { sha256: sha256(bytes), len: bytes.len() as u32 });
        Ok(self.mailbox()?.post(record.record, sealed, |seq| {
            record.seq = seq;
            let signer = vault.record_key();
            record.proof = slip.map(|slip| record.agreed(&slip, &signer.public().kid()));
            envelope::sign(Typ::Record, signer, &record)
        })?)
    }
}

/// The code of a slip, as it was read out.
pub(super) fn read_code(code: &str) -> Result<Code> {
    code.parse().map_err(|_| Error::NotFound { what: NotFoundItem::Code })
}

/// Its second code.
pub(super) fn read_secret(secret: &str) -> Result<Code> {
    secret.parse().map_err(|_| Error::NotFound { what: NotFoundItem::SecondCode })
}

/// The card of a case that nobody took back.
pub(super) fn alive(vault: &Vault, record: Uuid) -> Result<cases::CaseSummary> {
    let card = vault.card(record)?;
    if card.withdrawn { Err(Error::NotFound { what: NotFoundItem::Case }) } else { Ok(card) }
}

/// Seals a case; `too_long`: what to say if it is longer than [`MAX_SEALED`].
pub(super) fn sealed(case: &SealedCase, to: &[impl AsRef<str>], too_long: AnswerReason) -> Result<Vec<u8>> {
    let plain = Zeroizing::new(serde_json::to_vec(case).expect("plain data has a JSON form"));
    let sealed = seal::seal(&plain, to).map_err(|_| InternalReason::Sealing)?;
    if sealed.len() > MAX_SEALED { Err(Error::Answer { reason: too_long }) } else { Ok(sealed) }
}
