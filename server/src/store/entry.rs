//! The entries of the one append-only log, from which all data of the server derives. What each says is in
//! [`tabara_protocol::log`]. Statistics, the phones' updates and `rebuild` all fold over [`Entry`] in the order of positions.

use tabara_protocol::record::{Reason, Uuid};

pub use tabara_protocol::log::entry::{
    Acknowledgement, AuditNoted, ClockAccepted, Closing, DictionaryInForce, EntryKind, EntryPayload, Expiry, Grain,
    HistoryRow, HistoryTable, PlannedTable, QuarantineDecision, ReleaseNoted, Reopening, ReviewDecision, Revision,
    Revocation, YearPlan,
};

/// One entry as it is read back.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// From 1, without gaps.
    pub position: u64,
    /// Seconds since 1970 UTC, by the server's clock.
    pub received: i64,
    /// Why it is quarantined: not counted until a [`EntryPayload::Decision`] about its position accepts it.
    pub reason: Option<Reason>,
    /// Position of the chain of the phone that signed it.
    pub binding: Option<u64>,
    /// Records that do not count from here on.
    pub takes_back: Vec<Uuid>,
    /// Of a decision: the entry that it is about.
    pub about: Option<Box<Entry>>,
    pub payload: EntryPayload,
}
