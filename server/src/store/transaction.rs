//! Reads of one moment, and writes within one transaction. The other files of the store add their methods.

use rusqlite::Connection;
use std::time::Duration;

/// Time for another process that writes.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);

/// Reads of one moment.
pub struct Reading<'a>(pub(super) &'a Connection);

/// Writes within one transaction; reads see them.
pub struct Writing<'a>(pub(super) Reading<'a>);

impl<'a> std::ops::Deref for Writing<'a> {
    type Target = Reading<'a>;
    fn deref(&self) -> &Reading<'a> {
        &self.0
    }
}
