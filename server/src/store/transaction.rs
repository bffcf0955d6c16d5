//! Reads of one moment, and writes within one transaction. The other files of the store add their methods.

use rusqlite::Connection;

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
