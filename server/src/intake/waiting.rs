//! What waits in quarantine, with what somebody must know to decide: time, place, why, whose phone, and whether it was finished
//! before the phone was lost.

use crate::store::{self, Quarantined, Store};
use std::collections::BTreeMap;
use tabara_protocol::clock::civil_month;
use tabara_protocol::record::Uuid;

/// An entry that waits, and what is known of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitingEntry {
    pub entry: Quarantined,
    /// Organisation, and code of the commune, of the phone's card.
    pub owner: Option<(String, String)>,
    /// The month that the record tells, `YYYY-MM`.
    pub month: Option<String>,
    /// When the phone was revoked, seconds since 1970 UTC.
    pub revoked: Option<i64>,
}

impl WaitingEntry {
    /// Whether it was finished before the phone was revoked; where its month cannot tell, it was not.
    pub fn is_before(&self, revoked: i64) -> bool {
        self.month.as_ref().is_some_and(|month| *month < civil_month(revoked))
    }
}

/// How much waits, and the oldest `most` of it.
pub fn waiting(store: &Store, most: usize) -> store::Result<(usize, Vec<WaitingEntry>)> {
    store.read(|log| {
        let all = log.quarantined()?;
        let owner = |phone: store::Phone| {
            let card = phone.binding;
            (card.device, (card.organisation, card.commune))
        };
        let owners: BTreeMap<Uuid, (String, String)> = log.phones()?.into_iter().map(owner).collect();
        let known = |entry: Quarantined| {
            let record = entry.record.map(|id| log.find(id)).transpose()?.flatten().and_then(|found| found.record);
            let month = record.and_then(|record| record.code_of("month").map(str::to_owned));
            let revoked = entry.device.map(|device| log.revoked_since(device)).transpose()?.flatten();
            let owner = entry.device.and_then(|device| owners.get(&device).cloned());
            Ok(WaitingEntry { entry, owner, month, revoked })
        };
        Ok((all.len(), all.into_iter().take(most).map(known).collect::<store::Result<_>>()?))
    })
}
