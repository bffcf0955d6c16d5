//! What stands before the vault: the counter of wrong PINs, and whether there is a vault at all.

use super::file::Mailbox;
use crate::error::{DestructionReason, PhoneFile};
use crate::vault::error::VaultError;
use rusqlite::Row;

/// The number in the column `gone` of a vault whose files are kept aside.
const KEPT_ASIDE: u32 = 2;

/// What stands before the vault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PinGuard {
    /// PINs tried since the last right one.
    pub wrong: u32,
    /// Why the vault was given up ([`Mailbox::give_up_vault`]); none while there is one.
    pub gone: Option<DestructionReason>,
    /// Its files are kept aside, not destroyed.
    pub kept: bool,
    /// The right PIN found a vault that cannot be read.
    pub damaged: bool,
    /// Of the wrap in force.
    pub generation: u32,
}

impl Mailbox {
    /// Counts an attempt, before it is made. Returns how many were made since the last right one, this one included.
    pub fn count_attempt(&self) -> Result<u32, VaultError> {
        self.store
            .write(|t| counter_row(t.query_row("UPDATE guard SET wrong = wrong + 1 RETURNING wrong", [], |r| r.get(0))))
    }
    /// The PIN was right.
    pub fn reset_attempts(&self) -> Result<(), VaultError> {
        self.set_pin_guard("wrong = 0, damaged = 0")
    }
    /// The PIN was right, but the vault cannot be read.
    pub fn note_damage(&self) -> Result<(), VaultError> {
        self.set_pin_guard("damaged = 1")
    }
    /// The attempt could not be made, because the key store did not answer: it is not counted.
    pub fn uncount_attempt(&self) -> Result<(), VaultError> {
        self.set_pin_guard("wrong = max(wrong - 1, 0)")
    }
    /// The PIN has been changed: its wrap has this generation.
    pub fn set_generation(&self, generation: u32) -> Result<(), VaultError> {
        self.set_pin_guard(&format!("generation = {generation}"))
    }
    /// The vault is to be destroyed, or kept aside: from now on it is not opened any more.
    pub fn give_up_vault(&self, reason: DestructionReason, keep: bool) -> Result<(), VaultError> {
        let gone = match (reason, keep) {
            (DestructionReason::PanicWipe, _) => 1,
            (DestructionReason::Replaced, true) => KEPT_ASIDE,
            (DestructionReason::TooManyWrongPins, _) => 3,
            (DestructionReason::WipeOrder, _) => 4,
            (DestructionReason::Replaced, false) => 5,
        };
        self.set_pin_guard(&format!("gone = {gone}"))
    }
    fn set_pin_guard(&self, change: &str) -> Result<(), VaultError> {
        let sql = format!("UPDATE guard SET {change} RETURNING 1");
        self.store.write(|t| counter_row(t.query_row(&sql, [], |_| Ok(()))))
    }
    /// What stands before the vault. A missing counter is damage, never a fresh start.
    pub fn pin_guard(&self) -> Result<PinGuard, VaultError> {
        self.store.read(|c| {
            let guarded = |r: &Row| {
                let number: u32 = r.get(1)?;
                let gone = match number {
                    0 => None,
                    1 => Some(DestructionReason::PanicWipe),
                    3 => Some(DestructionReason::TooManyWrongPins),
                    4 => Some(DestructionReason::WipeOrder),
                    _ => Some(DestructionReason::Replaced),
                };
                let (wrong, generation, damaged) = (r.get(0)?, r.get(2)?, r.get(3)?);
                Ok(PinGuard { wrong, gone, kept: number == KEPT_ASIDE, generation, damaged })
            };
            counter_row(c.query_row("SELECT wrong, gone, generation, damaged FROM guard", [], guarded))
        })
    }
}

fn counter_row<T>(found: rusqlite::Result<T>) -> Result<T, VaultError> {
    match found {
        Err(rusqlite::Error::QueryReturnedNoRows) => Err(VaultError::Damaged(PhoneFile::Mailbox)),
        other => Ok(other?),
    }
}
