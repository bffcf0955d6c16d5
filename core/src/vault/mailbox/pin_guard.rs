//! What stands before the vault: the counter of wrong PINs, and whether there is a vault at all.

use super::file::Mailbox;
use crate::vault::error::{File, VaultError};
use rusqlite::Row;

/// What stands before the vault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PinGuard {
    /// PINs tried since the last right one.
    pub wrong: u32,
    /// The vault was given up, see [`Mailbox::give_up_vault`].
    pub gone: bool,
    /// It is kept aside, not destroyed.
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
    pub fn give_up_vault(&self, keep: bool) -> Result<(), VaultError> {
        self.set_pin_guard(if keep { "gone = 2" } else { "gone = 1" })
    }
    fn set_pin_guard(&self, change: &str) -> Result<(), VaultError> {
        let sql = format!("UPDATE guard SET {change} RETURNING 1");
        self.store.write(|t| counter_row(t.query_row(&sql, [], |_| Ok(()))))
    }
    /// What stands before the vault. A missing counter is damage, never a fresh start.
    pub fn pin_guard(&self) -> Result<PinGuard, VaultError> {
        self.store.read(|c| {
            let guarded = |r: &Row| {
                let gone: u32 = r.get(1)?;
                let (wrong, generation, damaged) = (r.get(0)?, r.get(2)?, r.get(3)?);
                Ok(PinGuard { wrong, gone: gone > 0, kept: gone == 2, generation, damaged })
            };
            counter_row(c.query_row("SELECT wrong, gone, generation, damaged FROM guard", [], guarded))
        })
    }
}

fn counter_row<T>(found: rusqlite::Result<T>) -> Result<T, VaultError> {
    match found {
        Err(rusqlite::Error::QueryReturnedNoRows) => Err(VaultError::Damaged(File::Mailbox)),
        other => Ok(other?),
    }
}
