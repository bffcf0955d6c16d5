//! `tabara-server log export`: the log without its sealed cases, for `tabara-desk log verify` on another machine.

use super::case_export::signed;
use crate::settings::Settings;
use crate::staff::file::Staff;
use crate::store::{Reading, Store, StoreError};
use std::collections::BTreeSet;
use std::fs;
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use tabara_protocol::log::file::{LogLine, LogWriter};
use tabara_protocol::wire::TreeHead;

/// Lines of the audit log that are read at once.
const PAGE: u64 = 1000;

/// Why there is no file, or half of one.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Writes the log into a new file, which its owner alone can read, while others go on writing. Returns the head that is signed.
pub fn export(store: &Store, staff: &Staff, settings: &Settings, to: &Path) -> Result<TreeHead, ExportError> {
    let file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(to)?;
    store.read(|log| Ok(write(log, staff, settings, BufWriter::new(file))))?
}

fn write(log: &Reading, staff: &Staff, settings: &Settings, to: impl Write) -> Result<TreeHead, ExportError> {
    let (head, mut writer) = (log.tree_head()?, LogWriter::new(to)?);
    for index in 0..head.size {
        let (_, bundle, entries) = log.leaf_entries(index)?;
        writer.line(&LogLine::Leaf { bundle, entries })?;
    }
    let lines = staff.audit(u64::MAX, 1)?.first().map_or(0, |last| last.number);
    for after in (0..lines).step_by(PAGE as usize) {
        let page = PAGE.min(lines - after);
        for line in staff.audit(after + page + 1, page as usize)?.into_iter().rev() {
            writer.line(&LogLine::Audit(line))?;
        }
    }
    let mut failed = Ok(());
    writer.end(|hash| {
        signed(log, settings, hash, BTreeSet::new()).unwrap_or_else(|e| {
            failed = Err(e);
            String::new()
        })
    })?;
    failed?;
    Ok(head)
}
