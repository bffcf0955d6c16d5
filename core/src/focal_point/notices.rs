//! What a focal point should be told although every call succeeds.

use super::phone::FocalPoint;
use crate::error::Result;

/// Something that a person should be told, on the first screen. None of it stops an interview, a sealing or a sync.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notice {
    /// The catalog has ended, and no newer one came: revocations and new keys of case workers do not arrive. Tell the
    /// coordinator.
    CatalogExpired {
        /// When it ended; seconds since 1970 UTC.
        since: i64,
    },
    /// The card of this phone was used on another phone first. The server sets the records of this one apart until the
    /// coordinator has looked: tell the coordinator, and ask for a card of its own.
    SecondPhone,
    /// A file of open interviews could not be read: some or all of them are lost, what is left of the file is kept. Told
    /// until the next interview ends. Only while unlocked.
    DraftsLost,
    /// The phone's calendar differs from the time that its server told by more than a day. Nothing is erased or stamped by it:
    /// ask to set the date right.
    Clock {
        /// Seconds that the phone is ahead; behind where negative.
        ahead: i64,
    },
}

impl FocalPoint {
    /// What the focal point should be told now. Works while locked, and before the first card, when there is nothing.
    pub fn notices(&self) -> Result<Vec<Notice>> {
        let phone = &self.0;
        let Ok(mailbox) = phone.mailbox() else { return Ok(vec![]) };
        let mut notices = Vec::new();
        let expires = mailbox.catalog()?.map(|(_, catalog)| catalog.expires);
        if let Some(since) = expires.filter(|expires| mailbox.now().is_ok_and(|now| *expires < now)) {
            notices.push(Notice::CatalogExpired { since });
        }
        if mailbox.is_second_phone()? {
            notices.push(Notice::SecondPhone);
        }
        let ahead = mailbox.calendar_error()?;
        if ahead.abs() > 86_400 {
            notices.push(Notice::Clock { ahead });
        }
        if let Some(open) = &*phone.open()
            && open.vault.lost_drafts()?
        {
            notices.push(Notice::DraftsLost);
        }
        Ok(notices)
    }
}
