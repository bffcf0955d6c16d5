//! `tabara-server user`: accounts, on the server's own machine. If a person lost both the authenticator and the recovery
//! codes, set the account again.

use super::accounts::AccountError;
use super::accounts::{INVITATION_SECONDS, Issued, invite, set_account};
use super::audit;
use super::audit_line::Action;
use super::file::Staff;
use super::role::Role;
use super::sessions::Ticket;
use crate::staff::terminal::new_secret;
use clap::{Args, Subcommand};
use std::io::Write;

#[derive(Subcommand)]
pub enum UserCommand {
    /// Makes an account, or gives one a new password, one-time codes and role. The password is asked for, or read from
    /// the input's first line.
    Add(Holder),
    /// Prints a link by which somebody makes her account herself, or makes it again; it works once, for two days.
    Invite(Holder),
    /// Removes an account and ends its sessions.
    Remove {
        name: String,
    },
    List,
    /// Checks the audit log's chain of hashes, and prints its last hash; counts tries under unknown names.
    Audit,
}

#[derive(Args)]
pub struct Holder {
    name: String,
    #[arg(long, value_parser = Role::WORDS)]
    role: String,
    /// Code of the province of a provincial coordinator, BI-PR-NN.
    #[arg(long)]
    province: Option<String>,
}

impl Holder {
    fn role(&self) -> Result<Role, &'static str> {
        let role = Role::read(&self.role, self.province.as_deref());
        role.ok_or("a provincial coordinator needs --province BI-PR-NN; other roles have none")
    }
}

/// The name under which audit lines of this command stand.
const CONSOLE: &str = "console";

/// The link of an invitation, under the address of the pages.
pub fn link(address: &str, ticket: &Ticket) -> String {
    format!("{address}/welcome?key={}", ticket.text())
}

/// Where nobody has an account: the first link, for the national data officer, who invites the others.
pub fn first_link(staff: &Staff, now: i64, address: &str) -> Result<Option<String>, AccountError> {
    if !staff.accounts()?.is_empty() {
        return Ok(None);
    }
    invite(staff, now, CONSOLE, "officer", Role::NationalDataOfficer).map(|ticket| Some(link(address, &ticket)))
}

/// Runs a command on the accounts of a data folder.
pub fn run(
    command: UserCommand,
    staff: &Staff,
    now: i64,
    address: &str,
    out: &mut impl Write,
) -> Result<(), Box<dyn std::error::Error>> {
    match command {
        UserCommand::Add(holder) => {
            let (name, role) = (&holder.name, holder.role()?);
            let password = new_secret("Password: ", "The same again: ")?;
            show(&set_account(staff, now, name, role, &password)?, name, out)?;
        }
        UserCommand::Invite(holder) => {
            let name = &holder.name;
            let ticket = invite(staff, now, CONSOLE, name, holder.role()?)?;
            writeln!(out, "{}", link(address, &ticket))?;
            let hours = INVITATION_SECONDS / 3600;
            writeln!(
                out,
                "It works once, within {hours} hours. Whoever opens it first is {name}: hand it over in person."
            )?;
        }
        UserCommand::Remove { name } => {
            if !staff.remove(&name)? {
                return Err(format!("there is no account `{name}`").into());
            }
            staff.note(now, &name, Action::AccountRemoved, "")?;
        }
        UserCommand::List => {
            for (name, role) in staff.accounts()? {
                writeln!(out, "{name:20} {} {}", role.word(), role.province().unwrap_or(""))?;
            }
        }
        UserCommand::Audit => {
            if let Some(line) = audit::first_broken(staff)? {
                return Err(format!("the audit log is broken at line {line}").into());
            }
            match staff.audit(u64::MAX, 1)?.first() {
                Some(last) => writeln!(out, "{} lines, whole; last hash {}", last.number, last.hash)?,
                None => writeln!(out, "no lines yet")?,
            }
            writeln!(out, "{} tries to sign in under names that no account has", staff.unknown()?)?;
        }
    }
    Ok(())
}

/// Prints what is shown only once.
fn show(issued: &Issued, name: &str, out: &mut impl Write) -> Result<(), Box<dyn std::error::Error>> {
    let uri = issued.secret.uri(name);
    writeln!(out, "Type this into an authenticator app: {}", issued.secret.text())?;
    writeln!(out, "Or scan it: `tabara-desk qr` draws the next line as a QR code.\n{uri}\n")?;
    writeln!(out, "Recovery codes, each works once in place of a one-time code. Keep them on paper:")?;
    for code in &issued.recovery {
        writeln!(out, "  {code}")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_can_be_typed_drawn_and_kept() {
        let folder = tempfile::tempdir().unwrap();
        let staff = Staff::open(folder.path()).unwrap();
        let issued = set_account(&staff, 1, "aline", Role::NationalCoordinator, "a long enough password").unwrap();
        let mut out = Vec::new();
        show(&issued, "aline", &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        let secret = issued.secret.text().replace(' ', "");
        assert!(text.contains(&format!("otpauth://totp/Tabara:aline?secret={secret}&issuer=Tabara")));
        assert!(issued.recovery.iter().all(|code| text.contains(&code.to_string())));
        let mut out = Vec::new();
        run(UserCommand::List, &staff, 2, "", &mut out).unwrap();
        run(UserCommand::Remove { name: "aline".into() }, &staff, 2, "", &mut out).unwrap();
        run(UserCommand::Audit, &staff, 2, "", &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(text.starts_with("aline                national-coordinator") && text.contains("2 lines, whole"));
    }
}
