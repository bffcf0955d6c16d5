//! Who is signed in: sessions and their cookies.

use super::audit_line::Action;
use super::file::{SessionRow, Staff};
use super::role::Role;
use super::totp;
use crate::store;
use tabara_protocol::envelope::{Digest, sha256};
use zeroize::Zeroizing;

/// The longest session, and the longest time without a page.
pub const SESSION_SECONDS: i64 = 12 * 3600;
const IDLE_SECONDS: i64 = 3600;
/// A session that was seen so much later than now is one of a clock that was ahead.
const SLACK: i64 = 300;
/// Ended sessions are kept for so long, so that a page can tell why it ended.
const KEPT_SECONDS: i64 = 3 * 86_400;

/// The secret of a cookie: of a session, or of a browser that has signed in before.
#[derive(Clone)]
pub struct Ticket(Zeroizing<[u8; 32]>);

impl Ticket {
    pub fn generate() -> Self {
        Self(Zeroizing::new(tabara_protocol::envelope::random()))
    }
    pub fn text(&self) -> String {
        Digest(*self.0).to_string()
    }
    pub fn read(text: &str) -> Option<Self> {
        text.parse::<Digest>().ok().map(|digest| Self(Zeroizing::new(digest.0)))
    }
    /// What the file holds of it.
    pub fn kept(&self) -> Digest {
        sha256(&*self.0)
    }
    /// The CSRF token of the forms of this session.
    pub fn form_token(&self) -> String {
        sha256(&[b"form".as_slice(), &*self.0].concat()).to_string()
    }
    /// Whether a form carries the token of this session.
    pub fn fits(&self, form_token: &str) -> bool {
        totp::same(form_token.as_bytes(), self.form_token().as_bytes())
    }
}

/// A person who is signed in.
pub struct Visitor {
    pub name: String,
    pub role: Role,
    pub ticket: Ticket,
}

/// Why a cookie no longer is a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionEnd {
    /// An hour without a page.
    Idle,
    /// Twelve hours after it began.
    Over,
    /// Ended by its owner, by an operator, or longer ago.
    Gone,
}

/// Whether a session lasts.
fn lasts(row: &SessionRow, now: i64) -> Result<(), SessionEnd> {
    match now {
        _ if now - row.began >= SESSION_SECONDS => Err(SessionEnd::Over),
        _ if now - row.seen >= IDLE_SECONDS => Err(SessionEnd::Idle),
        _ if row.began.max(row.seen) > now + SLACK => Err(SessionEnd::Gone),
        _ => Ok(()),
    }
}

/// The person who holds this ticket, while its session lasts; else why it does not.
pub fn visitor(staff: &Staff, now: i64, ticket: Ticket) -> store::Result<Result<Visitor, SessionEnd>> {
    let Some(row) = staff.session(ticket.kept())? else { return Ok(Err(SessionEnd::Gone)) };
    if let Err(end) = lasts(&row, now) {
        return Ok(Err(end));
    }
    staff.saw_session(row.id, now, now - KEPT_SECONDS)?;
    let account = staff.account(&row.name)?;
    Ok(account.map(|account| Visitor { name: account.name, role: account.role, ticket }).ok_or(SessionEnd::Gone))
}

/// The sessions of a person that last.
pub fn sessions_of(staff: &Staff, now: i64, visitor: &Visitor) -> store::Result<Vec<SessionRow>> {
    Ok(staff.sessions(&visitor.name)?.into_iter().filter(|row| lasts(row, now).is_ok()).collect())
}

/// Ends another session of the same person.
pub fn end(staff: &Staff, now: i64, visitor: &Visitor, id: Digest) -> store::Result<()> {
    if staff.end_session(&visitor.name, id)? {
        staff.note(now, &visitor.name, Action::SessionEnded, "")?;
    }
    Ok(())
}

pub fn sign_out(staff: &Staff, now: i64, visitor: &Visitor) -> store::Result<()> {
    staff.end_session(&visitor.name, visitor.ticket.kept())?;
    staff.note(now, &visitor.name, Action::SignedOut, "")
}
