//! Who may see what, in one place: accounts, roles and their province, sign-in by password and one-time code,
//! sessions.
//!
//! | role | sees |
//! |--|--|
//! | coordinator | the nation and every province, rounded |
//! | provincial coordinator | the own province down to its communes, rounded |
//! | national data officer | as a coordinator, exact; each page is noted before it is shown |
//!
//! A cookie holds 32 random bytes, the file their SHA-256. A session ends an hour after its last page and twelve
//! hours after its start. Failed sign-ins are counted by name and address, by name, and by address. Beyond a limit every
//! sign-in there is refused for a quarter of an hour, whatever the password. The limit by name alone is wider, so that an
//! attacker cannot easily lock an account.
//!
//! | module | what |
//! |--|--|
//! | [`role`] | what an account may see |
//! | [`account`], [`accounts`] | a person with a sign-in; making one |
//! | [`sessions`], [`password`], [`totp`] | signing in and out; what is checked |
//! | [`audit_line`], [`audit`] | who saw what |
//! | [`mod@file`] | the SQLite file that holds all of this |
//! | [`command`] | `tabara-server user` |

pub mod account;
pub mod accounts;
pub mod audit;
pub mod audit_line;
pub mod command;
pub mod file;
pub mod password;
pub mod role;
pub mod sessions;
pub mod totp;
