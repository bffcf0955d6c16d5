//! The log as a file that travels: JSON, one [`LogLine`] a line. Sealed cases are not in it. The last line is a parcel by the
//! operations key: it names the head of the tree, and answers the SHA-256 of all lines before it.

use super::audit::AuditLine;
use super::row::EntryRow;
use crate::envelope::Digest;
use ring::digest::{Context, SHA256};
use serde::{Deserialize, Serialize};
use std::io::{self, BufRead, Read as _, Write};

/// Version of the file.
pub const VERSION: u32 = 1;
/// No line is longer: the entries of one bundle, or a catalog.
const MAX_LINE: u64 = 16 * 1024 * 1024;

/// One line of the file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogLine {
    /// The first line: [`VERSION`].
    TabaraLog(u32),
    /// A leaf of the tree: the bundle that brought its entries, if one did.
    Leaf {
        /// SHA-256 of the bundle.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        bundle: Option<Digest>,
        /// In the order of their positions.
        entries: Vec<EntryRow>,
    },
    /// A line of the audit log.
    Audit(AuditLine),
    /// The last line: an envelope of kind parcel.
    Signed(String),
}

/// The file cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum LogFileError {
    /// Not a line of such a file.
    #[error("line {0} is none of a log that `tabara-server log export` wrote: copy the file again")]
    Line(u64),
    /// The disk.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Writes such a file.
pub struct LogWriter<W> {
    to: W,
    hash: Context,
}

impl<W: Write> LogWriter<W> {
    /// Begins.
    pub fn new(to: W) -> io::Result<Self> {
        let mut writer = Self { to, hash: Context::new(&SHA256) };
        writer.line(&LogLine::TabaraLog(VERSION))?;
        Ok(writer)
    }
    /// Adds a line.
    pub fn line(&mut self, line: &LogLine) -> io::Result<()> {
        let mut text = serde_json::to_vec(line)?;
        text.push(b'\n');
        self.hash.update(&text);
        self.to.write_all(&text)
    }
    /// Adds the last line; `sign` makes the parcel that answers this hash.
    pub fn end(mut self, sign: impl FnOnce(Digest) -> String) -> io::Result<W> {
        let signed = LogLine::Signed(sign(finished(self.hash.clone())));
        self.line(&signed)?;
        self.to.flush()?;
        Ok(self.to)
    }
}

/// Reads such a file line by line.
pub struct LogReader<R> {
    from: R,
    hash: Context,
    number: u64,
    before: Digest,
}

impl<R: BufRead> LogReader<R> {
    /// Begins: the first line must be right.
    pub fn new(from: R) -> Result<Self, LogFileError> {
        let mut reader = Self { from, hash: Context::new(&SHA256), number: 0, before: Digest([0; 32]) };
        match reader.next()? {
            Some(LogLine::TabaraLog(VERSION)) => Ok(reader),
            _ => Err(LogFileError::Line(1)),
        }
    }
    /// The next line; none at the end.
    #[allow(clippy::should_implement_trait)]
    pub fn next(&mut self) -> Result<Option<LogLine>, LogFileError> {
        let mut text = Vec::new();
        self.number += 1;
        self.from.by_ref().take(MAX_LINE).read_until(b'\n', &mut text)?;
        if text.is_empty() {
            return Ok(None);
        }
        self.before = finished(self.hash.clone());
        self.hash.update(&text);
        let line = text.ends_with(b"\n").then(|| serde_json::from_slice(&text).ok()).flatten();
        line.map(Some).ok_or(LogFileError::Line(self.number))
    }
    /// SHA-256 of all lines before the last that was read.
    pub fn before(&self) -> Digest {
        self.before
    }
}

fn finished(hash: Context) -> Digest {
    Digest(hash.finish().as_ref().try_into().expect("SHA-256 has 32 bytes"))
}
