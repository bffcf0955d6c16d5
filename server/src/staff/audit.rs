//! The audit log: who saw what. Every sign-in, every page of figures and every change of an account is a line. Each line
//! carries the hash of the one before, so that a changed or missing line is found. Only the end can be cut unnoticed: print
//! the last hash from time to time and keep it elsewhere.

use super::audit_line::Action;
use super::file::Staff;
use crate::statistics::disclosure::ExactUse;
use crate::store::{Result, StoreError};
use tabara_protocol::envelope::Digest;

/// Notes who requests which exact figures. Only its result permits showing them.
pub fn exact(staff: &Staff, now: i64, name: &str, what: &str) -> Result<ExactUse> {
    staff.note(now, name, Action::SawExact, what)?;
    Ok(ExactUse::after_the_entry_is_written())
}

/// Number of the first line that does not carry the hash of the one before it, if there is one.
pub fn first_broken(staff: &Staff) -> Result<Option<u64>> {
    let (mut last, mut broken) = ((0, Digest([0; 32])), None);
    staff.each_line(|line| {
        if !line.follows(last) {
            broken = broken.or(Some(line.number));
        }
        last = (line.number, line.hash);
        Ok::<_, StoreError>(())
    })?;
    Ok(broken)
}
