//! Numbers to call at once. A phone knows those of `lines.csv` before it has a card or a PIN; then the directory's.

use super::LineKind;

/// A number that anyone may call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HelpLine {
    /// What it is for.
    pub kind: LineKind,
    /// Who answers, by the name that they use themselves.
    pub name: String,
    /// The number.
    pub number: String,
}

/// The numbers that are built in. Their sources stand in `lines-SOURCE.md`.
pub fn known_lines() -> Vec<HelpLine> {
    let read = |row: &str| {
        let (number, rest) = row.split_once(',')?;
        let (kind, name) = rest.split_once(',')?;
        let kind = if kind == "emergency" { LineKind::Emergency } else { LineKind::Hotline };
        Some(HelpLine { kind, name: name.into(), number: number.into() })
    };
    include_str!("lines.csv").lines().skip(1).filter_map(read).collect()
}
