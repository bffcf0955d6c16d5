//! Who may see what, in one place: accounts, roles and their province, sign-in by password and one-time code,
//! sessions.
//!
//! | role | may |
//! |--|--|
//! | national coordinator | see the nation and every province, rounded; who reported; overdue referrals; accounts; the audit log |
//! | provincial coordinator | the same of the own province, down to its communes; no accounts, no audit log |
//! | national data officer | as the national coordinator, exact, each page is noted before it is shown; make accounts; decide about quarantine |
//! | reviewer | see figures, rounded; decide about quarantine |
//! | device officer | see who reported; phones; decide about quarantine; no figures |
//! | auditor | see who reported, accounts, the audit log; no figures |
//!
//! An account is made by a link that works once ([`accounts::invite`]): the person herself chooses the password and scans
//! the secret of her one-time codes. The server prints the first link when nobody has an account.
//!
//! A cookie holds 32 random bytes, the file their SHA-256. A session ends an hour after its last page and twelve
//! hours after its start. Failed sign-ins make the next one wait ([`attempts`]); whoever shows a browser that has signed in
//! before, or a recovery code, is not held up by the failures of others. Only names of accounts are written into the
//! audit log.
//!
//! | module | what |
//! |--|--|
//! | [`role`] | what an account may do |
//! | [`account`], [`accounts`] | a person with a sign-in; inviting her, making her account |
//! | [`sign_in`], [`attempts`], [`password`], [`totp`] | signing in, and what is checked |
//! | [`sessions`] | who is signed in; change of password |
//! | `terminal` | secrets typed at a terminal |
//! | [`audit_line`], [`audit`] | who saw what |
//! | [`mod@file`] | the SQLite file that holds all of this |
//! | [`command`] | `tabara-server user` |

pub mod account;
pub mod accounts;
pub mod attempts;
pub mod audit;
pub mod audit_line;
pub mod command;
pub mod file;
pub mod password;
pub mod role;
pub mod sessions;
pub mod sign_in;
pub(crate) mod terminal;
pub mod totp;
