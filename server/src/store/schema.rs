//! The schema in numbered steps; `user_version` is the number of steps taken. A newer file is refused and not changed.

use super::error::{Result, StoreError};
use rusqlite::{Connection, TransactionBehavior, params};
use tabara_protocol::catalog::Grant;
use tabara_protocol::envelope;
use tabara_protocol::wire::Introduction;

/// Each step has its own file, with prose. A released step never changes.
const STEPS: &[&str] = &[include_str!("schema/1-log.sql"), include_str!("schema/2-referrals.sql")];

/// Takes the steps that are missing, all or none.
pub(super) fn upgrade(conn: &mut Connection) -> Result<()> {
    let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let taken: u32 = tx.pragma_query_value(None, "user_version", |r| r.get(0))?;
    let missing = STEPS.get(taken as usize..).ok_or(StoreError::Newer { found: taken })?;
    for step in missing {
        tx.execute_batch(step)?;
    }
    if taken == 1 {
        name_chains(&tx)?;
    }
    tx.pragma_update(None, "user_version", STEPS.len() as u32)?;
    Ok(tx.commit()?)
}

/// Role and chain of phones that came before step 2.
fn name_chains(tx: &Connection) -> Result<()> {
    let mut bindings = tx.prepare("SELECT position, body FROM entry WHERE kind = 1 AND kind <> 2")?;
    let mut rows = bindings.query([])?;
    while let Some(row) = rows.next()? {
        let (position, body): (u64, String) = (row.get(0)?, row.get(1)?);
        let damaged = StoreError::Damaged { position };
        let Introduction { chain, .. } = serde_json::from_str(&body).map_err(|_| damaged.clone())?;
        let grant: Grant = envelope::stored(&chain.grant).map_err(|_| damaged)?;
        let set = "UPDATE binding SET role = ?2, chain = ?3 WHERE position = ?1";
        tx.execute(set, params![position, grant.role.word(), chain.digest().0])?;
    }
    Ok(())
}
