//! The audit log: who saw what. Every sign-in, every page of figures and every change of an account is a line. Each line
//! carries the hash of the one before, so that a changed or missing line is found. Only the end can be cut unnoticed: print
//! the last hash from time to time and keep it elsewhere.

use super::audit_line::Action;
use super::file::Staff;
use crate::statistics::disclosure::ExactUse;
use crate::store::Result;
use tabara_protocol::envelope::Digest;
use tabara_protocol::log::audit::AuditLine;

/// Notes who requests which exact figures. Only its result permits showing them.
pub fn exact(staff: &Staff, now: i64, name: &str, what: &str) -> Result<ExactUse> {
    staff.note(now, name, Action::SawExact, what)?;
    Ok(ExactUse::after_the_entry_is_written())
}

/// Number of the first line that does not carry the hash of the one before it, if there is one.
pub fn first_broken(staff: &Staff) -> Result<Option<u64>> {
    const PAGE: usize = 1000;
    let (mut before, mut broken) = (u64::MAX, None);
    let mut after: Option<AuditLine> = None;
    loop {
        let lines = staff.audit(before, PAGE)?;
        let last_page = lines.len() < PAGE;
        for line in lines {
            if let Some(after) = after.take()
                && (after.number != line.number + 1 || after.hash != after.digest(line.hash))
            {
                broken = Some(after.number);
            }
            before = line.number;
            after = Some(line);
        }
        if last_page {
            let first = after.filter(|line| line.number != 1 || line.hash != line.digest(Digest([0; 32])));
            return Ok(first.map(|line| line.number).or(broken));
        }
    }
}
