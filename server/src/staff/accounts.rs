//! Making accounts, and changing a password.

use super::account::Account;
use super::attempts::Key;
use super::audit_line::Action;
use super::file::Staff;
use super::password::{self, PasswordHash};
use super::role::Role;
use super::sessions::{Ticket, Visitor};
use super::totp::TotpSecret;
use crate::store::StoreError;
use std::time::{Duration, Instant};
use tabara_protocol::envelope::{Digest, sha256};
use tabara_protocol::record::Code;

/// The secrets of a new account. They are shown once.
pub struct Issued {
    pub secret: TotpSecret,
    /// Each replaces a one-time code once.
    pub recovery: Vec<Code>,
}

/// Why an account cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    #[error("a name has 2 to 40 of the signs a-z, 0-9, '.', '-' and '_'")]
    Name,
    #[error("a password has at least {} characters", password::LEAST_CHARACTERS)]
    Password,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// How many recovery codes an account gets.
const RECOVERY_CODES: usize = 8;

/// A link that was not used for so long does nothing.
pub const INVITATION_SECONDS: i64 = 2 * 86_400;

fn is_name(name: &str) -> bool {
    let plain = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || b".-_".contains(&c);
    (2..=40).contains(&name.len()) && name.bytes().all(plain)
}

/// Invites somebody to make an account, or to make hers again: whoever holds the ticket can, once. An earlier invitation of
/// the same name ends.
pub fn invite(staff: &Staff, now: i64, by: &str, name: &str, role: Role) -> Result<Ticket, AccountError> {
    if !is_name(name) {
        return Err(AccountError::Name);
    }
    let ticket = Ticket::generate();
    staff.put_invitation(ticket.kept(), name, role, now + INVITATION_SECONDS)?;
    staff.note(now, by, Action::Invited, &[name, &in_words(role)].join(" "))?;
    Ok(ticket)
}

/// Makes the account that an invitation is for. Nothing where the ticket is used, too old or unknown.
pub fn accept(staff: &Staff, now: i64, ticket: &Ticket, password: &str) -> Result<Option<Issued>, AccountError> {
    if !password::is_acceptable(password) {
        return Err(AccountError::Password);
    }
    match staff.use_invitation(ticket.kept(), now)? {
        Some((name, role)) => set_account(staff, now, &name, role, password).map(Some),
        None => Ok(None),
    }
}

/// A role and its province, as the audit log names them.
fn in_words(role: Role) -> String {
    [Some(role.word()), role.province()].into_iter().flatten().collect::<Vec<_>>().join(" ")
}

/// Makes an account, or gives one a new password, secret, recovery codes and role.
pub fn set_account(staff: &Staff, now: i64, name: &str, role: Role, password: &str) -> Result<Issued, AccountError> {
    if !is_name(name) {
        return Err(AccountError::Name);
    }
    if !password::is_acceptable(password) {
        return Err(AccountError::Password);
    }
    let secret = TotpSecret::generate();
    let recovery: Vec<Code> = (0..RECOVERY_CODES).map(|_| Code::generate()).collect();
    let kept = TotpSecret::from_bytes(*secret.bytes());
    let account =
        Account { name: name.into(), role, password: PasswordHash::new(password), secret: kept, last_step: 0 };
    let hashes: Vec<Digest> = recovery.iter().map(recovery_hash).collect();
    staff.put(&account, &hashes)?;
    staff.note(now, name, Action::AccountSet, &in_words(role))?;
    Ok(Issued { secret, recovery })
}

/// Why a password is not changed.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    #[error("another present password")]
    Wrong,
    #[error("the new password is too short")]
    Weak,
    #[error("too many attempts")]
    TooMany { wait: Duration },
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Gives a person who is signed in another password, and ends her other sessions. Slow on purpose.
pub fn change_password(
    staff: &Staff,
    now: i64,
    at: Instant,
    visitor: &Visitor,
    old: &str,
    new: &str,
) -> Result<(), ChangeError> {
    let (name, session) = (visitor.name.as_str(), visitor.ticket.kept());
    if !password::is_acceptable(new) {
        return Err(ChangeError::Weak);
    }
    let keys = [Key::Known(name.to_owned(), session)];
    staff.attempts.begin(&keys, at).map_err(|wait| ChangeError::TooMany { wait })?;
    if !staff.account(name)?.is_some_and(|account| account.password.fits(old)) {
        staff.note(now, name, Action::Refused, "password")?;
        return Err(ChangeError::Wrong);
    }
    staff.attempts.succeeded(&keys);
    staff.set_password(name, &PasswordHash::new(new))?;
    staff.end_other_sessions(name, session)?;
    Ok(staff.note(now, name, Action::PasswordChanged, "")?)
}

/// The hash of a recovery code, which the file keeps.
pub(super) fn recovery_hash(code: &Code) -> Digest {
    sha256(code.to_string().as_bytes())
}
