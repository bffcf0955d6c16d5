//! What stands in the server's tree, as text that any program can hash.
//!
//! ```text
//! tabara-leaf 2 bundle 2026-11-29 <SHA-256 of the bundle>
//! <SHA-256 of a record's JWS> accepted
//! <SHA-256 of the next one's> quarantined unknown_fact
//! ```
//!
//! An act of the server or its operator has the SHA-256 of what it says, a restore the sizes of the tree:
//! `tabara-leaf 2 act 2026-11-29 closing <SHA-256>`, `tabara-leaf 2 restore 2026-11-29 kept 120 known 131`.
//! Each line ends with a line break. Days are those of Bujumbura: a leaf does not say at which second a phone called.

use crate::envelope::Digest;
use crate::kind::Reason;
use crate::tree;
use std::fmt::Write as _;

/// One leaf of the server's tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Leaf {
    /// A bundle was taken in.
    Bundle {
        /// The day, `YYYY-MM-DD`.
        day: String,
        /// SHA-256 of the bundle as it was sent.
        bundle: Digest,
        /// What of it is kept from now on, in its order.
        entries: Vec<KeptEntry>,
    },
    /// The server or its operator did something.
    Act {
        /// The day, `YYYY-MM-DD`.
        day: String,
        /// The kind of entry, one word.
        kind: String,
        /// SHA-256 of its text.
        body: Digest,
    },
    /// The log was restored from a backup. This leaf is the first one after it.
    Restore {
        /// The day, `YYYY-MM-DD`.
        day: String,
        /// So many leaves were kept, of the replaced log and of those that were replaced before it.
        kept: u64,
        /// The tree is known to have had so many. A phone that saw more than this was lied to, then or now.
        known: u64,
    },
}

/// A record that the server keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeptEntry {
    /// SHA-256 of its JWS, which names the sealed case.
    pub jws: Digest,
    /// Why it is quarantined; none if it is accepted.
    pub reason: Option<Reason>,
}

/// The text is not a leaf that this version knows.
#[derive(Debug, thiserror::Error, Clone, Copy, PartialEq, Eq)]
#[error("not a leaf of a known kind")]
pub struct BadLeaf;

const BEGIN: &str = "tabara-leaf 2";

impl Leaf {
    /// The text that is hashed.
    pub fn text(&self) -> String {
        match self {
            Self::Bundle { day, bundle, entries } => {
                let mut text = format!("{BEGIN} bundle {day} {bundle}\n");
                for KeptEntry { jws, reason } in entries {
                    let verdict =
                        reason.map_or("accepted".to_owned(), |reason| format!("quarantined {}", reason.word()));
                    writeln!(text, "{jws} {verdict}").expect("writing to memory does not fail");
                }
                text
            }
            Self::Act { day, kind, body } => format!("{BEGIN} act {day} {kind} {body}\n"),
            Self::Restore { day, kept, known } => format!("{BEGIN} restore {day} kept {kept} known {known}\n"),
        }
    }
    /// The hash that stands in the tree.
    pub fn hash(&self) -> Digest {
        tree::leaf_hash(self.text().as_bytes())
    }
    /// Reads the text of a leaf. It has one spelling only.
    pub fn parse(text: &str) -> Result<Self, BadLeaf> {
        let mut lines = text.split('\n');
        let first = lines.next().and_then(|line| line.strip_prefix(BEGIN)?.strip_prefix(' ')).ok_or(BadLeaf)?;
        let leaf = match *first.split(' ').collect::<Vec<_>>() {
            ["bundle", day, bundle] => {
                let entries = lines.take_while(|line| !line.is_empty()).map(entry).collect::<Result<_, _>>()?;
                Self::Bundle { day: day.into(), bundle: bundle.parse().map_err(|_| BadLeaf)?, entries }
            }
            ["act", day, kind, body] => {
                Self::Act { day: day.into(), kind: kind.into(), body: body.parse().map_err(|_| BadLeaf)? }
            }
            ["restore", day, "kept", kept, "known", known] => {
                let number = |text: &str| text.parse().map_err(|_| BadLeaf);
                Self::Restore { day: day.into(), kept: number(kept)?, known: number(known)? }
            }
            _ => return Err(BadLeaf),
        };
        if leaf.text() == text { Ok(leaf) } else { Err(BadLeaf) }
    }
}

fn entry(line: &str) -> Result<KeptEntry, BadLeaf> {
    let (jws, verdict) = line.split_once(' ').ok_or(BadLeaf)?;
    let reason = match verdict.split_once(' ') {
        None if verdict == "accepted" => None,
        Some(("quarantined", word)) => Some(Reason::of(word).ok_or(BadLeaf)?),
        _ => return Err(BadLeaf),
    };
    Ok(KeptEntry { jws: jws.parse().map_err(|_| BadLeaf)?, reason })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::envelope::sha256;

    fn day() -> String {
        "2026-11-29".into()
    }

    #[test]
    fn a_leaf_is_read_back_as_it_was_written_and_in_no_other_spelling() {
        let (bundle, jws) = (sha256(b"a bundle"), sha256(b"a record"));
        let entries =
            vec![KeptEntry { jws, reason: None }, KeptEntry { jws: bundle, reason: Some(Reason::UnknownFact) }];
        for leaf in [
            Leaf::Bundle { day: day(), bundle, entries },
            Leaf::Bundle { day: day(), bundle, entries: vec![] },
            Leaf::Act { day: day(), kind: "closing".into(), body: jws },
            Leaf::Restore { day: day(), kept: 120, known: 131 },
        ] {
            let text = leaf.text();
            assert_eq!(Leaf::parse(&text), Ok(leaf));
            for other in [format!("{text}\n"), text.trim_end().into(), format!(" {text}"), text.replace(' ', "  ")] {
                assert_eq!(Leaf::parse(&other), Err(BadLeaf), "{other:?}");
            }
        }
        assert_eq!(Leaf::parse("tabara-leaf 2 restore 2026-11-29 kept 0120 known 131\n"), Err(BadLeaf));
        assert_eq!(Leaf::parse("tabara-leaf 3 restore 2026-11-29 kept 120 known 131\n"), Err(BadLeaf));
    }

    #[test]
    fn the_text_of_a_leaf_is_as_documented() {
        let zero = Digest([0; 32]);
        let leaf = Leaf::Bundle {
            day: day(),
            bundle: zero,
            entries: vec![KeptEntry { jws: zero, reason: Some(Reason::RepeatedSeq) }],
        };
        let a = "A".repeat(43);
        assert_eq!(leaf.text(), format!("tabara-leaf 2 bundle 2026-11-29 {a}\n{a} quarantined repeated_seq\n"));
    }
}
