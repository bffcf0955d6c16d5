//! Accounts, sessions and the audit log, in an SQLite file beside that of the log, so that a copy of the log carries neither
//! passwords nor sessions. It is small and rarely written: one connection.

use super::account::Account;
use super::attempts::Attempts;
use super::audit_line::Action;
use super::password::PasswordHash;
use super::role::Role;
use super::totp::TotpSecret;
use crate::store::{self, Result, StoreError};
use rusqlite::{Connection, OptionalExtension as _, Transaction, TransactionBehavior, params};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tabara_protocol::envelope::Digest;
use tabara_protocol::log::audit::AuditLine;

/// Name of the file in the data folder.
pub const FILE: &str = "staff.sqlite";

/// What each version adds to the one before. A step never changes once it is released.
const STEPS: [&str; 3] = [
    include_str!("schema/1-accounts.sql"),
    include_str!("schema/2-browsers.sql"),
    include_str!("schema/3-invitations.sql"),
];

/// The open file, and the failed sign-ins of this process.
pub struct Staff {
    conn: Mutex<Connection>,
    pub(super) attempts: Attempts,
}

/// A session as the file has it.
pub struct SessionRow {
    /// SHA-256 of its cookie.
    pub id: Digest,
    pub name: String,
    pub began: i64,
    pub seen: i64,
}

impl SessionRow {
    fn read(r: &rusqlite::Row) -> rusqlite::Result<Self> {
        Ok(Self { id: Digest(r.get(0)?), name: r.get(1)?, began: r.get(2)?, seen: r.get(3)? })
    }
}

/// Columns name, role and province.
fn named_role(row: &rusqlite::Row) -> rusqlite::Result<(String, Option<Role>)> {
    let province: Option<String> = row.get(2)?;
    Ok((row.get(0)?, Role::read(&row.get::<_, String>(1)?, province.as_deref())))
}

impl Staff {
    /// Opens the file of a data folder, and makes it at first.
    pub fn open(folder: &Path) -> Result<Self> {
        let file = folder.join(FILE);
        // what cannot be made here cannot be opened either: the next line reports it
        let _ = store::make_private(&file);
        let mut conn = Connection::open(file)?;
        conn.busy_timeout(std::time::Duration::from_secs(20))?;
        conn.execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA secure_delete = ON;",
        )?;
        let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let found: u32 = tx.pragma_query_value(None, "user_version", |r| r.get(0))?;
        for step in STEPS.get(found as usize..).ok_or(StoreError::Newer { found })? {
            tx.execute_batch(step)?;
        }
        tx.pragma_update(None, "user_version", STEPS.len() as u32)?;
        tx.commit()?;
        Ok(Self { conn: Mutex::new(conn), attempts: Attempts::default() })
    }

    /// Copies the file into an empty one.
    pub fn copy(&self, to: &Path) -> Result<()> {
        self.open_file().execute("VACUUM INTO ?1", [to.to_string_lossy()])?;
        Ok(())
    }

    fn open_file(&self) -> MutexGuard<'_, Connection> {
        self.conn.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write<T>(&self, work: impl FnOnce(&Transaction) -> Result<T>) -> Result<T> {
        let mut conn = self.open_file();
        let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let done = work(&tx)?;
        tx.commit()?;
        Ok(done)
    }

    /// Adds an account or replaces its password, codes and role, and ends its sessions.
    pub fn put(&self, account: &Account, recovery: &[Digest]) -> Result<()> {
        let (role, province) = (account.role.word(), account.role.province());
        let PasswordHash { salt, cost: (memory, passes, lanes), hash } = &account.password;
        self.write(|tx| {
            tx.execute("DELETE FROM account WHERE name = ?1", [&account.name])?;
            let secret = account.secret.bytes();
            let row = params![account.name, role, province, salt, memory, passes, lanes, hash, secret, 0];
            tx.execute("INSERT INTO account VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)", row)?;
            for code in recovery {
                tx.execute("INSERT INTO recovery VALUES (?1, ?2)", params![account.name, code.0])?;
            }
            Ok(())
        })
    }

    /// Keeps an invitation; an earlier one of the same name goes.
    pub fn put_invitation(&self, ticket: Digest, name: &str, role: Role, until: i64) -> Result<()> {
        let sql = "INSERT OR REPLACE INTO invitation VALUES (?1, ?2, ?3, ?4, ?5)";
        self.write(|tx| Ok(tx.execute(sql, params![ticket.0, name, role.word(), role.province(), until]).map(drop)?))
    }

    /// Whom an invitation is for, while it lasts.
    pub fn invitation(&self, ticket: Digest, now: i64) -> Result<Option<(String, Role)>> {
        let sql = "SELECT name, role, province FROM invitation WHERE hash = ?1 AND until > ?2";
        let found = self.open_file().query_row(sql, params![ticket.0, now], named_role).optional()?;
        Ok(found.and_then(|(name, role)| Some((name, role?))))
    }

    /// The same, and it is used up.
    pub fn use_invitation(&self, ticket: Digest, now: i64) -> Result<Option<(String, Role)>> {
        let sql = "DELETE FROM invitation WHERE hash = ?1 AND until > ?2 RETURNING name, role, province";
        let found = self.write(|tx| Ok(tx.query_row(sql, params![ticket.0, now], named_role).optional()?))?;
        Ok(found.and_then(|(name, role)| Some((name, role?))))
    }

    /// All invitations that last, by name, with their end.
    pub fn invitations(&self, now: i64) -> Result<Vec<(String, Role, i64)>> {
        let conn = self.open_file();
        let mut query =
            conn.prepare_cached("SELECT name, role, province, until FROM invitation WHERE until > ?1 ORDER BY name")?;
        let row = |r: &rusqlite::Row| Ok((named_role(r)?, r.get(3)?));
        let all = query.query_map([now], row)?.collect::<rusqlite::Result<Vec<((String, Option<Role>), i64)>>>()?;
        Ok(all.into_iter().filter_map(|((name, role), until)| Some((name, role?, until))).collect())
    }

    pub fn remove(&self, name: &str) -> Result<bool> {
        self.write(|tx| Ok(tx.execute("DELETE FROM account WHERE name = ?1", [name])? > 0))
    }

    pub fn account(&self, name: &str) -> Result<Option<Account>> {
        let conn = self.open_file();
        let mut query = conn.prepare_cached("SELECT * FROM account WHERE name = ?1")?;
        let row = query.query_row([name], |r| {
            let role = Role::read(&r.get::<_, String>(1)?, r.get::<_, Option<String>>(2)?.as_deref());
            let cost = (r.get(4)?, r.get(5)?, r.get(6)?);
            let password = PasswordHash { salt: r.get(3)?, cost, hash: r.get(7)? };
            let secret = TotpSecret::from_bytes(r.get(8)?);
            Ok(role.map(|role| Account {
                name: name.to_owned(),
                role,
                password,
                secret,
                last_step: r.get(9).unwrap_or(0),
            }))
        });
        Ok(row.optional()?.flatten())
    }

    /// All accounts, by name.
    pub fn accounts(&self) -> Result<Vec<(String, Role)>> {
        let conn = self.open_file();
        let mut query = conn.prepare_cached("SELECT name, role, province FROM account ORDER BY name")?;
        let all = query.query_map([], named_role)?.collect::<rusqlite::Result<Vec<(String, Option<Role>)>>>()?;
        Ok(all.into_iter().filter_map(|(name, role)| Some((name, role?))).collect())
    }

    pub fn set_password(&self, name: &str, password: &PasswordHash) -> Result<()> {
        let PasswordHash { salt, cost: (memory, passes, lanes), hash } = password;
        let sql = "UPDATE account SET salt = ?2, memory = ?3, passes = ?4, lanes = ?5, hash = ?6 WHERE name = ?1";
        self.write(|tx| Ok(tx.execute(sql, params![name, salt, memory, passes, lanes, hash]).map(drop)?))
    }

    /// Marks a step as used; false if it is not newer than all used ones. A used step after `newest` was noted while the
    /// clock was ahead, and does not count.
    pub fn use_step(&self, name: &str, step: i64, newest: i64) -> Result<bool> {
        let sql = "UPDATE account SET last_step = ?2 WHERE name = ?1 AND (last_step < ?2 OR last_step > ?3)";
        self.write(|tx| Ok(tx.execute(sql, params![name, step, newest])? > 0))
    }

    pub fn has_recovery(&self, name: &str, code: Digest) -> Result<bool> {
        let sql = "SELECT EXISTS (SELECT 1 FROM recovery WHERE name = ?1 AND hash = ?2)";
        Ok(self.open_file().query_row(sql, params![name, code.0], |r| r.get(0))?)
    }

    /// Removes a recovery code; false if there was none.
    pub fn use_recovery(&self, name: &str, code: Digest) -> Result<bool> {
        let sql = "DELETE FROM recovery WHERE name = ?1 AND hash = ?2";
        self.write(|tx| Ok(tx.execute(sql, params![name, code.0])? > 0))
    }

    pub fn begin_session(&self, cookie: Digest, name: &str, now: i64) -> Result<()> {
        self.write(|tx| {
            tx.execute("INSERT INTO session VALUES (?1, ?2, ?3, ?3)", params![cookie.0, name, now])?;
            Ok(())
        })
    }

    pub fn session(&self, cookie: Digest) -> Result<Option<SessionRow>> {
        let sql = "SELECT hash, name, began, seen FROM session WHERE hash = ?1";
        Ok(self.open_file().query_row(sql, [cookie.0], SessionRow::read).optional()?)
    }

    /// The sessions of an account, newest first.
    pub fn sessions(&self, name: &str) -> Result<Vec<SessionRow>> {
        let conn = self.open_file();
        let sql = "SELECT hash, name, began, seen FROM session WHERE name = ?1 ORDER BY seen DESC";
        let rows = conn.prepare_cached(sql)?.query_map([name], SessionRow::read)?.collect::<rusqlite::Result<_>>()?;
        Ok(rows)
    }

    /// Marks a session as seen, and removes those that began before a moment.
    pub fn saw_session(&self, cookie: Digest, now: i64, began_before: i64) -> Result<()> {
        self.write(|tx| {
            tx.execute("DELETE FROM session WHERE began < ?1", [began_before])?;
            Ok(tx.execute("UPDATE session SET seen = ?2 WHERE hash = ?1", params![cookie.0, now]).map(drop)?)
        })
    }

    /// Ends a session of an account; false if it has none with this id.
    pub fn end_session(&self, name: &str, id: Digest) -> Result<bool> {
        let sql = "DELETE FROM session WHERE name = ?1 AND hash = ?2";
        self.write(|tx| Ok(tx.execute(sql, params![name, id.0])? > 0))
    }

    /// Ends all sessions of an account but one.
    pub fn end_other_sessions(&self, name: &str, id: Digest) -> Result<()> {
        let sql = "DELETE FROM session WHERE name = ?1 AND hash <> ?2";
        self.write(|tx| Ok(tx.execute(sql, params![name, id.0]).map(drop)?))
    }

    /// Whether somebody signed in from this browser; and whether it was under this name.
    pub fn knows_browser(&self, cookie: Digest, name: &str) -> Result<Option<bool>> {
        let sql = "SELECT max(name = ?2) FROM browser WHERE hash = ?1";
        Ok(self.open_file().query_row(sql, params![cookie.0, name], |r| r.get(0))?)
    }

    /// Remembers a browser, and forgets those that were not used since a moment.
    pub fn remember_browser(&self, cookie: Digest, name: &str, now: i64, seen_before: i64) -> Result<()> {
        self.write(|tx| {
            tx.execute("DELETE FROM browser WHERE seen < ?1", [seen_before])?;
            let sql = "INSERT OR REPLACE INTO browser VALUES (?1, ?2, ?3)";
            Ok(tx.execute(sql, params![cookie.0, name, now]).map(drop)?)
        })
    }

    /// Counts a try under a name that no account has. It takes as long as a line of the audit log: a try under a name
    /// that there is shall not be told from it by the time.
    pub fn count_unknown(&self) -> Result<()> {
        self.write(|tx| Ok(tx.execute("UPDATE unknown SET tries = tries + 1", []).map(drop)?))
    }

    pub fn unknown(&self) -> Result<u64> {
        Ok(self.open_file().query_row("SELECT tries FROM unknown", [], |r| r.get(0))?)
    }

    /// Adds a line to the audit log. Returns when it is durable.
    pub fn note(&self, time: i64, name: &str, action: Action, detail: &str) -> Result<()> {
        self.write(|tx| {
            let before = tx
                .query_row("SELECT line, hash FROM audit ORDER BY line DESC LIMIT 1", [], |r| {
                    Ok((r.get::<_, u64>(0)?, r.get(1)?))
                })
                .optional()?;
            let (number, before) = before.map_or((1, [0; 32]), |(line, hash)| (line + 1, hash));
            let mut line = AuditLine {
                number,
                time,
                name: name.into(),
                action: action.word().into(),
                detail: detail.into(),
                hash: Digest([0; 32]),
            };
            line.hash = line.digest(Digest(before));
            let row = params![line.number, line.time, line.name, line.action, line.detail, line.hash.0];
            tx.execute("INSERT INTO audit VALUES (?1, ?2, ?3, ?4, ?5, ?6)", row)?;
            Ok(())
        })
    }

    /// Lines of the audit log before a number, newest first.
    pub fn audit(&self, before: u64, most: usize) -> Result<Vec<AuditLine>> {
        let before = before.min(i64::MAX as u64) as i64;
        self.lines("SELECT * FROM audit WHERE line < ?1 ORDER BY line DESC LIMIT ?2", before, most)
    }

    /// Calls `each` with every line of the audit log, the oldest first.
    pub fn each_line<E: From<StoreError>>(
        &self,
        mut each: impl FnMut(AuditLine) -> std::result::Result<(), E>,
    ) -> std::result::Result<(), E> {
        const PAGE: usize = 1000;
        let mut after = i64::MIN;
        loop {
            let page = self.lines("SELECT * FROM audit WHERE line > ?1 ORDER BY line LIMIT ?2", after, PAGE)?;
            let Some(last) = page.last() else { return Ok(()) };
            after = last.number as i64;
            page.into_iter().try_for_each(&mut each)?;
        }
    }

    fn lines(&self, sql: &str, from: i64, most: usize) -> Result<Vec<AuditLine>> {
        let conn = self.open_file();
        let mut query = conn.prepare_cached(sql)?;
        let line = |r: &rusqlite::Row| {
            let hash = Digest(r.get(5)?);
            Ok(AuditLine {
                number: r.get(0)?,
                time: r.get(1)?,
                name: r.get(2)?,
                action: r.get(3)?,
                detail: r.get(4)?,
                hash,
            })
        };
        let lines = query.query_map(params![from, most], line)?;
        Ok(lines.collect::<rusqlite::Result<_>>()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::staff::accounts::set_account;

    fn schema(folder: &Path) -> Vec<String> {
        let file = Connection::open(folder.join(FILE)).unwrap();
        let mut query = file.prepare("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name").unwrap();
        query.query_map([], |r| r.get(0)).unwrap().collect::<rusqlite::Result<_>>().unwrap()
    }

    #[test]
    fn a_file_of_the_first_version_becomes_what_a_new_one_is_and_keeps_its_accounts() {
        let [old, new] = [(); 2].map(|()| tempfile::tempdir().unwrap());
        let fresh = Staff::open(new.path()).unwrap();
        set_account(&fresh, 1, "aline", Role::NationalCoordinator, "a long enough password").unwrap();
        {
            let first = Connection::open(old.path().join(FILE)).unwrap();
            first.execute_batch(STEPS[0]).unwrap();
            first.pragma_update(None, "user_version", 1).unwrap();
            first.execute("ATTACH ?1 AS new", [new.path().join(FILE).to_string_lossy()]).unwrap();
            first.execute("INSERT INTO account SELECT * FROM new.account", []).unwrap();
            first.execute("INSERT INTO failure VALUES ('name a password typed as a name', 1)", []).unwrap();
        }
        let opened = Staff::open(old.path()).unwrap();
        assert_eq!(opened.accounts().unwrap(), [("aline".to_owned(), Role::NationalCoordinator)]);
        assert_eq!(schema(old.path()), schema(new.path()));
        drop(opened);
        let bytes = std::fs::read(old.path().join(FILE)).unwrap();
        assert!(!bytes.windows(20).any(|window| window == b"a password typed as "), "what strangers typed is gone");
        // a file of a later version is left as it is
        Connection::open(old.path().join(FILE)).unwrap().pragma_update(None, "user_version", 9).unwrap();
        assert!(matches!(Staff::open(old.path()), Err(StoreError::Newer { found: 9 })));
    }
}
