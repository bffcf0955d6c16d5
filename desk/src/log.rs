//! `tabara-desk log verify`: the proof of a server's log on another machine. The rules are those of [`tabara_protocol::log`]; nothing
//! of the server is needed, or believed.

use crate::error::{DeskError, Result, invalid};
use std::fs::File;
use std::io::BufReader;
use std::path::Path;
use tabara_protocol::clock::civil_date;
use tabara_protocol::envelope::PublicKey;
use tabara_protocol::log::verify::{LogReport, verify};
use tabara_protocol::wire::TreeHead;

/// Proves the log in a file that `tabara-server log export` wrote.
pub fn prove(file: &Path, authority: PublicKey, known: Option<TreeHead>) -> Result<LogReport> {
    let open = || File::open(file).map(BufReader::new);
    verify(open, authority, known).map_err(|e| DeskError::Invalid(format!("{}: {e}", file.display())))
}

/// Reads a head as it was printed: `SIZE:ROOT`.
pub fn known(text: &str) -> Result<TreeHead> {
    let head = |(size, root): (&str, &str)| Some(TreeHead { size: size.parse().ok()?, root: root.parse().ok()? });
    let read = text.trim().split_once(':').and_then(head);
    read.ok_or_else(|| invalid("a head is written SIZE:ROOT, as `log verify` and `tabara-server log export` print it"))
}

/// What was found, for a person.
pub fn told(report: &LogReport) -> String {
    let LogReport { entries, records, quarantined, tombstones, expired, audit_lines, .. } = report;
    let mut text = format!(
        "{entries} entries, {records} records ({quarantined} quarantined, {tombstones} taken back, {expired} expired), {audit_lines} lines of the audit log\n"
    );
    for fault in &report.faults {
        text += &format!("WRONG  {fault}\n");
    }
    let signed = report.signed.map_or("by nobody".into(), |time| civil_date(time).to_string());
    if let (true, Some(head)) = (report.faults.is_empty(), report.head) {
        text += &format!("proven; signed {signed}\nhead {}:{}\n", head.size, head.root);
        text += "Keep the last line: the next time, --known proves that the log has only grown.\n";
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use tabara_protocol::envelope::sha256;

    #[test]
    fn a_head_is_read_as_it_is_printed_and_a_report_names_what_is_wrong() {
        let head = TreeHead { size: 12, root: sha256(b"a root") };
        assert_eq!(known(&format!("{}:{}\n", head.size, head.root)).unwrap(), head);
        assert!(known("12").is_err() && known("12:abc").is_err());
        let report = LogReport { head: Some(head), signed: Some(0), entries: 12, ..LogReport::default() };
        assert!(told(&report).contains(&format!("head 12:{}", head.root)));
        let faults = vec![tabara_protocol::log::verify::LogFault::Head];
        let wrong = told(&LogReport { faults, ..report });
        assert!(wrong.contains("WRONG  the tree") && !wrong.contains("proven"));
    }
}
