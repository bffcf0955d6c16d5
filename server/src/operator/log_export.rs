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
    staff.each_line(|line| writer.line(&LogLine::Audit(line)).map_err(ExportError::from))?;
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
