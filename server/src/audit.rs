//! Who saw what. Every sign-in, every page of figures and every change of an account is a line; each line carries the
//! hash of the one before, so that a line changed or cut out later shows. Only the end can be cut unnoticed: print
//! the last hash from time to time and keep it elsewhere.

use crate::statistics::disclosure::ExactUse;
use crate::store::{Result, Staff};
use serde::Serialize;
use tabara_protocol::envelope::{Digest, sha256};

/// What somebody did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    SignedIn,
    /// With a recovery code in place of a one-time code.
    Recovered,
    Refused,
    SignedOut,
    /// A page of rounded figures.
    Saw,
    /// A page of exact figures.
    SawExact,
    AccountSet,
    AccountRemoved,
}

impl Action {
    pub const ALL: [Self; 8] = {
        use Action::*;
        [SignedIn, Recovered, Refused, SignedOut, Saw, SawExact, AccountSet, AccountRemoved]
    };

    pub fn word(self) -> &'static str {
        match self {
            Self::SignedIn => "signed_in",
            Self::Recovered => "recovered",
            Self::Refused => "refused",
            Self::SignedOut => "signed_out",
            Self::Saw => "saw",
            Self::SawExact => "saw_exact",
            Self::AccountSet => "account_set",
            Self::AccountRemoved => "account_removed",
        }
    }
}

/// One line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line {
    /// From 1, without gaps.
    pub number: u64,
    /// Seconds since 1970 UTC.
    pub time: i64,
    /// The account, or what was given as one.
    pub name: String,
    /// A word of [`Action`].
    pub action: String,
    /// What was seen or changed: place, period, edition.
    pub detail: String,
    #[serde(skip)]
    pub hash: Digest,
}

impl Line {
    /// SHA-256 of the hash of the line before and of this line as JSON.
    pub fn digest(&self, before: Digest) -> Digest {
        let json = serde_json::to_vec(self).expect("plain data has a JSON form");
        sha256(&[&before.0[..], &json].concat())
    }
}

/// Notes who asks for exact figures, and for which; only then may they be shown.
pub fn exact(staff: &Staff, now: i64, name: &str, what: &str) -> Result<ExactUse> {
    staff.note(now, name, Action::SawExact, what)?;
    Ok(ExactUse::after_the_entry_is_written())
}

/// Number of the first line that does not carry the hash of the one before it, if there is one.
pub fn first_broken(staff: &Staff) -> Result<Option<u64>> {
    const PAGE: usize = 1000;
    let (mut before, mut broken) = (u64::MAX, None);
    let mut after: Option<Line> = None;
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
