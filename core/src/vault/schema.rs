//! The tables of the phone's three databases, and how older files become newer ones.
//!
//! Each list holds the steps of one database; `user_version` is the number of steps a file has gone through. A file that
//! went further than this build knows is left alone. A step, once released, is never changed.
//!
//! **Mailbox** (key store alone)
//! - `enrolment`: one row for each card this phone was enrolled with; the last is in force. `authority`: who vouches for it,
//!   or who took over from that one. Its keys are the seed of the transport key and the age identity `mailbox`. `seq` is the
//!   number of the last record sealed under it. The row of an older one is kept, because its records may still wait. `known`:
//!   the server was told of the chain; `receipt`: the parcel that answered it first.
//! - `server`: one row. Whom to trust (`authority`), the catalog in force, what is known of the server's log (`state`, JSON), the
//!   learned time (`learned`, with `own` time and the `phone`'s calendar then), the end of the last sync.
//! - `clock`: one row, the own time of the phone (seconds), with the start of the phone (`boot`, seconds `since` it) and the
//!   calendar when it was noted.
//! - `guard`: one row. `wrong`: PINs tried since the last right one, counted before each try. `gone`: 0
//!   while there is a vault. It was destroyed on purpose, and whatever is left of it is removed at the next opening: 1, by a
//!   panic wipe; 3, after too many wrong PINs; 4, by an order of the coordinator; 5, for a new card. 2: it could not be
//!   read, and its files are kept aside for a new card. `generation`: that of the wrap in force, whose secret the key store must
//!   forget when the vault is destroyed. `damaged`: the right PIN found a vault that cannot be read.
//! - `part`: files of the catalog by hash, with what the catalog called them when they came, the newest last.
//! - `record`: what leaves the phone, in the order it was sealed. `hash` is the SHA-256 of its JWS. `state` is `waiting`, `kept`
//!   or `refused` (`reason`, and `tried`: when). Kept is what stands in a leaf of the server's tree: its index, hash and
//!   day are kept for good (none: the server has lost it since). `doubt`: the leaf must be proven under the head in force.
//!   `proven`: when the leaf was proven, as the server told, and `own` time then; `jws` and `sealed` are erased some time after.
//! - `bundle`: what was sent or exported, until its parcel comes, with what it asks (JSON). `bytes`: the one that is being sent.
//! - `activity`: what was done with records: `at`, `deed`, how many.
//! - `news`: updates from the server, not yet opened.
//! - `chain`: chains of other phones by hash, `listed` those of providers that count; empty until it was fetched.
//! - `forwarded`: steps of referrals as they came (`referral`: the first record), until the vault has taken them. The first
//!   record of a referral to this organisation stays (`opened`), with what is sealed in it. No `jws`: no longer wanted.
//!
//! **Vault** (PIN and key store)
//! - `identity`: one row, the key that signs records and the age identity that opens referrals and notes.
//! - `drafts`: one row. Which file of drafts is in force, the oldest of their aliases that the key store may still have, and
//!   whether drafts were lost before this file.
//! - `last_saved`: for a questionnaire that is about nobody and reads answers of its last interview: these answers.
//! - `card`: what may still be seen of a sealed case (JSON; no answer), its slip's code, the day it was sealed (days since
//!   1970) and the own time then, from which retention counts; of a card that came
//!   from another phone the second code of its slip (`undo`); of one that was sealed here that code is its `secret`.
//! - `hand_over`: the key of a hand-over that this phone waits for.
//! - `incoming`: on a provider's device, the referrals to her organisation (JSON; nothing that was shared but the age band).
//!   `open`: it has not ended; `due`: when somebody should answer, seconds since 1970; `own` time when it came.
//!
//! **Drafts** (a key of their own)
//! - `draft`: one row for each interview. `note`: none while it goes on; what takes its place (JSON) while its record is
//!   written to the mailbox; empty when it has ended.

use super::error::VaultError;
use crate::error::PhoneFile;
use rusqlite::Connection;

/// The steps of the mailbox's schema.
pub const MAILBOX: &[&str] = &[include_str!("schema/mailbox-1.sql"), include_str!("schema/mailbox-2.sql")];

/// The steps of the vault's schema.
pub const VAULT: &[&str] =
    &[include_str!("schema/vault-1.sql"), include_str!("schema/vault-2.sql"), include_str!("schema/vault-3.sql")];

/// The steps of the schema of a file of drafts.
pub const DRAFTS: &[&str] = &[include_str!("schema/drafts-1.sql")];

/// Sets a connection up and brings the file to the newest step. Only where `may_be_empty` is an empty file not damage.
pub fn prepare(
    connection: &mut Connection,
    steps: &[&str],
    file: PhoneFile,
    may_be_empty: bool,
) -> Result<(), VaultError> {
    let work = |connection: &mut Connection| {
        connection.busy_timeout(std::time::Duration::from_secs(5))?;
        // the first read: a wrong key or a damaged first page shows here
        let version: usize = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
        if version > steps.len() {
            return Err(VaultError::Newer);
        }
        if version == 0 && !may_be_empty {
            return Err(VaultError::Damaged(file));
        }
        connection.execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA fullfsync = ON; PRAGMA checkpoint_fullfsync = ON;
             PRAGMA secure_delete = ON; PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON;",
        )?;
        for (at, step) in steps.iter().enumerate().skip(version) {
            let transaction = connection.transaction()?;
            transaction.execute_batch(step)?;
            transaction.pragma_update(None, "user_version", at + 1)?;
            transaction.commit()?;
        }
        Ok(())
    };
    work(connection).map_err(|e| e.at(file))
}
