//! Referrals that somebody must look after: those that wait for a provider's answer, and those that are new to her. Only
//! what `route` says in the clear: to whom, which service, how urgent. This is a work list and no statistics.

use super::entry::{EntryKind, EntryPayload};
use super::error::{Result, StoreError};
use super::transaction::Reading;
use std::collections::HashMap;
use tabara_protocol::record::Uuid;
use tabara_protocol::referral::{Status, answer_within};

const DAY: i64 = 86_400;
/// Older ones are for nobody to chase any more.
const YEAR: i64 = 366 * DAY;

/// A referral as the server sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReferralState {
    /// Position of its first record.
    pub position: u64,
    /// The organisation that it went to.
    pub to: String,
    /// Code of the service.
    pub service: String,
    pub urgency: String,
    /// Commune of the card of the phone that sent it.
    pub commune: String,
    /// Beginning of the day on which it came.
    pub came: i64,
    /// The furthest step.
    pub status: Status,
}

impl ReferralState {
    /// When somebody should have answered. The log knows days, so an urgent one is due when its day is over.
    pub fn due(&self) -> i64 {
        self.came + DAY + answer_within(&self.urgency)
    }

    /// Whether it waits for the provider's answer.
    pub fn is_unanswered(&self) -> bool {
        matches!(self.status, Status::Ready | Status::Queued | Status::Sent | Status::Received)
    }

    /// Whether it should have been answered.
    pub fn is_overdue(&self, now: i64) -> bool {
        self.is_unanswered() && self.due() < now
    }
}

impl Reading<'_> {
    /// All referrals of the last year that were not withdrawn, oldest first.
    pub fn referrals(&self, now: i64) -> Result<Vec<ReferralState>> {
        let mut query = self.0.prepare_cached(
            "SELECT e.position, ifnull(e.target, e.id), e.received, e.body, b.commune FROM entry e
             JOIN binding b ON b.position = e.binding
             WHERE e.addressee IS NOT NULL AND e.kind = 2 AND e.reason IS NULL AND e.body IS NOT NULL AND e.received >= ?1
             AND e.position NOT IN (SELECT record FROM withdrawn) ORDER BY e.position",
        )?;
        let mut rows = query.query([now - YEAR])?;
        let (mut found, mut places): (Vec<ReferralState>, HashMap<Uuid, usize>) = Default::default();
        while let Some(row) = rows.next()? {
            let (position, root) = (row.get(0)?, Uuid::from_bytes(row.get(1)?));
            let body: String = row.get(3)?;
            let Ok(EntryPayload::Record(record)) = EntryPayload::read(EntryKind::Record, &body) else {
                return Err(StoreError::Damaged { position });
            };
            let Some(route) = record.route else { continue };
            if let Some(at) = places.get(&root) {
                found[*at].status = found[*at].status.max(route.status);
            } else if record.record == root {
                places.insert(root, found.len());
                found.push(ReferralState {
                    position,
                    to: route.to,
                    service: route.service,
                    urgency: route.urgency,
                    commune: row.get(4)?,
                    came: row.get(2)?,
                    status: route.status,
                });
            }
        }
        Ok(found)
    }
}
