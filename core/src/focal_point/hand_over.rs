//! A focal point moves to a new phone, with the old one in hand: her case cards, with their memos and open referrals, go over.
//!
//! The new phone makes a key and shows its public half (as a QR code); the old one asks for its PIN, seals the cards to that
//! key, and gives a file; the new one takes it. Sealed to a key and not to the PIN: six digits on a file are guessed in days.
//! What had been signed on the old phone stays its own: it sends what waits there. From the new one a person's records are
//! corrected and taken back with the second code of her slip, which goes over with the card.

use super::phone::FocalPoint;
use crate::error::{Error, InternalReason, NotFoundItem, Result, UntrustedReason};
use crate::seal;
use crate::vault::cases::Carried;
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use zeroize::Zeroizing;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct HandOver {
    /// Of whom: cards go from a phone to a phone of the same organisation.
    organisation: String,
    device: Uuid,
    cards: Vec<Carried>,
}

impl FocalPoint {
    /// On the new phone: the public half of its key for one hand-over, for the old phone to scan or paste.
    pub fn hand_over_key(&self) -> Result<String> {
        let (identity, recipient) = seal::new_identity();
        self.0.with(|open| Ok(open.vault.keep_hand_over(&identity)?))?;
        Ok(recipient)
    }

    /// On the old phone: all case cards in a file that only the phone with this key opens. Asks for the PIN again, which counts
    /// as in [`FocalPoint::unlock`].
    pub fn hand_over(&self, key: &str, pin: &str) -> Result<Vec<u8>> {
        let phone = &self.0;
        let key = key.trim();
        if !seal::is_recipient(key) {
            return Err(Error::NotFound { what: NotFoundItem::HandOverKey });
        }
        phone.verify_pin(pin)?;
        let (enrolment, own) = (phone.mailbox()?.enrolment()?, phone.mailbox()?.own_time());
        let cards = phone.with(|open| {
            phone.settle(open)?;
            Ok(open.vault.carry(own)?)
        })?;
        let all = HandOver { organisation: enrolment.organisation, device: enrolment.device, cards };
        let plain = Zeroizing::new(serde_json::to_vec(&all).expect("plain data has a JSON form"));
        seal::seal(&plain, &[key]).map_err(|_| InternalReason::Sealing.into())
    }

    /// On the new phone: takes the file of the old one. Returns how many cards came; those that are here already stay as they
    /// are, so that a file may be taken twice. The key ends with it.
    pub fn take_over(&self, file: &[u8]) -> Result<u32> {
        let phone = &self.0;
        let enrolment = phone.mailbox()?.enrolment()?;
        let own = phone.mailbox()?.own_time();
        phone.with(|open| {
            let refused = || Error::Untrusted { reason: UntrustedReason::HandOver };
            let identity = open.vault.hand_over_identity()?.ok_or_else(refused)?;
            let plain = Zeroizing::new(seal::unseal(file, &identity).map_err(|_| refused())?);
            let all: HandOver = serde_json::from_slice(&plain).map_err(|_| refused())?;
            if all.organisation != enrolment.organisation || all.device == enrolment.device {
                return Err(refused());
            }
            Ok(open.vault.take_over(&all.cards, own)?)
        })
    }
}
