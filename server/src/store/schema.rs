//! The schema in numbered steps; `user_version` is the number of steps taken. A newer file is refused and not changed.

use super::error::{Result, StoreError};
use rusqlite::{Connection, TransactionBehavior};

/// Each step has its own file, with prose. A released step never changes.
const STEPS: &[&str] = &[include_str!("schema/1-log.sql")];

/// Takes the steps that are missing, all or none.
pub(super) fn upgrade(conn: &mut Connection) -> Result<()> {
    let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let taken: u32 = tx.pragma_query_value(None, "user_version", |r| r.get(0))?;
    let missing = STEPS.get(taken as usize..).ok_or(StoreError::Newer { found: taken })?;
    for step in missing {
        tx.execute_batch(step)?;
    }
    tx.pragma_update(None, "user_version", STEPS.len() as u32)?;
    Ok(tx.commit()?)
}
