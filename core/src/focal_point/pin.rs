//! The PIN: how long it must be, how it is checked, and how a guess is slowed down.

use super::phone::{Phone, lock};
use crate::error::{DestructionReason, Error, PhoneFile, Result};
use crate::input::{Input, typed};
use crate::vault::cipher::FileKey;
use crate::vault::keys::{KeyFile, Keys};
use crate::vault::mailbox::PinGuard;
use crate::vault::{self, DeviceSecret as _, VaultError};
use std::time::Duration;
use zeroize::Zeroizing;

/// A PIN has at least so many characters.
pub const LEAST_PIN: usize = 6;

impl Phone {
    /// Key file, then the counter, then the PIN: in this order, so that neither damage nor a lost key store costs an attempt.
    pub(super) fn verify_pin(&self, pin: &str) -> Result<(Keys, FileKey)> {
        let mailbox = self.mailbox()?;
        if !mailbox.is_enrolled()? {
            return Err(Error::NotEnrolled);
        }
        let PinGuard { wrong, gone, generation, .. } = mailbox.pin_guard()?;
        if let Some(reason) = gone {
            return Err(Error::VaultDestroyed { reason });
        }
        let keys =
            KeyFile::read(self.folder.path())?.ok_or(VaultError::Damaged(PhoneFile::Keys))?.check(&self.folder)?;
        self.wait(wrong + 1)?;
        let made = mailbox.count_attempt()?;
        let limit = self.limit()?;
        // more can only be where a crash came between the last guess and the destruction
        let opened = if made > limit { Ok(None) } else { keys.open(&typed(Input::Secret, pin), &self.folder) };
        match opened {
            Ok(Some(key)) => {
                mailbox.reset_attempts()?;
                *lock(&self.next_try) = Duration::ZERO;
                if keys.generation() != generation {
                    mailbox.set_generation(keys.generation())?;
                }
                if keys.generation() > 1 {
                    let _ = self.folder.forget(&vault::keys::purpose(keys.generation() - 1));
                }
                Ok((keys, key))
            }
            Ok(None) if made >= limit => {
                let reason = DestructionReason::TooManyWrongPins;
                mailbox.give_up_vault(reason, false)?;
                *self.open() = None;
                vault::destroy(self.folder.path(), &self.folder, keys.generation())?;
                Err(Error::VaultDestroyed { reason })
            }
            Ok(None) => Err(Error::WrongPin { attempts_left: limit - made, retry_after: delay(made) }),
            Err(e) => {
                *lock(&self.next_try) = Duration::ZERO;
                mailbox.uncount_attempt()?;
                Err(e.into())
            }
        }
    }

    /// Refuses an attempt that comes too soon, and begins the wait after this one.
    fn wait(&self, attempt: u32) -> Result<()> {
        let (mut next_try, now) = (lock(&self.next_try), self.clock.monotonic());
        if now < *next_try {
            return Err(Error::TooSoon { retry_after: *next_try - now });
        }
        *next_try = now + delay(attempt);
        Ok(())
    }
}

/// How long to wait after so many wrong PINs.
pub(super) fn delay(wrong: u32) -> Duration {
    Duration::from_secs(match wrong {
        0..=2 => 0,
        3 => 30,
        4 => 60,
        5 => 5 * 60,
        6 => 15 * 60,
        _ => 60 * 60,
    })
}

/// A new PIN in the one form that is stretched, if it is long enough.
pub(super) fn new_pin(pin: &str) -> Result<Zeroizing<String>> {
    let pin = typed(Input::Secret, pin);
    if pin.chars().count() < LEAST_PIN { Err(Error::PinTooShort { least: LEAST_PIN as u32 }) } else { Ok(pin) }
}
