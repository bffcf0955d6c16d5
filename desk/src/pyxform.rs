//! What pyxform 4, the field's own converter, would refuse though we take it (`form check --pyxform-compatible`). An author
//! who also uses other servers can mend it before they complain. The rules were found by running both side by side
//! (`tests/python/beside_pyxform.py`).

use crate::rows;
use crate::texts::{Phrase, TEXTS};
use std::path::Path;
use tabara_core::xlsform::{Diagnostic, Problem, Severity};
use tabara_forms::say;

/// What pyxform would say of a file beyond what was found already.
pub fn refusals(path: &Path, bytes: &[u8], found: &[Diagnostic]) -> Vec<Diagnostic> {
    let mut all = Vec::new();
    let ending = rows::extension(path);
    let kind = kind(bytes);
    if kind != ending && !(kind == "xlsx" && ending == "xlsm") {
        let message = say!(TEXTS: "pyxform-ending", ending);
        let right = path.with_extension(kind).file_name().unwrap_or_default().to_string_lossy().into_owned();
        all.push(of_file(message.hint(say!(TEXTS: "pyxform-ending-hint", right))));
    }
    if kind == "csv"
        && (std::str::from_utf8(bytes).is_err() || bytes.starts_with(b"\xef\xbb\xbf") || first_delimiter(bytes) != b',')
    {
        all.push(of_file(say!(TEXTS: "pyxform-delimiter")));
    }
    let is_text = matches!(kind, "csv" | "md");
    all.extend(found.iter().filter_map(|fault| {
        let named = matches!(fault.column.as_str(), "type" | "name") || fault.row == 1;
        let own = |message: Phrase| Problem { hint: fault.hint.clone(), ..message.into() };
        let (severity, problem) = match fault.code {
            "no-header" if is_text => (Severity::Error, own(say!(TEXTS: "pyxform-no-header"))),
            "invisible-character" if fault.sheet == "survey" && named => {
                (Severity::Error, own(say!(TEXTS: "pyxform-invisible")))
            }
            "unknown-media" | "media-capitals" => (Severity::Error, own(fault.message.clone())),
            "sheet-left-out" if matches!(fault.sheet.to_lowercase().as_str(), "entities" | "osm") => {
                (Severity::Warning, say!(TEXTS: "pyxform-sheet").into())
            }
            "type-left-out" | "type-not-filled" => (Severity::Warning, say!(TEXTS: "pyxform-type").into()),
            _ => return None,
        };
        let Problem { message, hint, .. } = problem;
        Some(Diagnostic { severity, code: "pyxform", message, hint, ..fault.clone() })
    }));
    all
}

fn of_file(problem: impl Into<Problem>) -> Diagnostic {
    Diagnostic::of_file(Problem { code: "pyxform", ..problem.into() })
}

/// The ending that belongs to the content.
fn kind(bytes: &[u8]) -> &'static str {
    match bytes {
        [b'P', b'K', 3, 4, ..] => "xlsx",
        [0xD0, 0xCF, 0x11, 0xE0, ..] => "xls",
        _ if bytes.split(|byte| *byte == b'\n').any(|line| line.trim_ascii_start().starts_with(b"|")) => "md",
        _ => "csv",
    }
}

fn first_delimiter(bytes: &[u8]) -> u8 {
    bytes.iter().copied().find(|byte| matches!(byte, b',' | b';' | b'\t')).unwrap_or(b',')
}

#[cfg(test)]
mod tests {
    use super::*;
    use tabara_core::screening::compile;

    fn said(name: &str, form: &[u8]) -> Vec<(Severity, &'static str)> {
        let found = compile(form).diagnostics;
        refusals(Path::new(name), form, &found).into_iter().map(|fault| (fault.severity, fault.message.id)).collect()
    }

    #[test]
    fn what_only_we_take_is_told() {
        let form = b"| survey |\n| | type | name | label | |\n| | text | a | A | note |";
        assert_eq!(said("f.md", form), [(Severity::Error, "pyxform-no-header")]);
        assert_eq!(
            said("f.xlsx", b"| survey |\n| | type | name | label |\n| | text | a | A |"),
            [(Severity::Error, "pyxform-ending")]
        );
        assert_eq!(
            said("f.csv", b"survey;;;\n;type;name;label\n;text;a;A\n"),
            [(Severity::Error, "pyxform-delimiter")]
        );
        assert_eq!(said("f.csv", b"survey,,,\n,type,name,label\n,text,a,A\n"), []);
        let invisible = "| survey |\n| | type | name | label |\n| | text | a\u{200b} | A |".as_bytes();
        assert_eq!(said("f.md", invisible), [(Severity::Error, "pyxform-invisible")]);
        let capitals = b"| survey |\n| | type | name | label | media::VIDEO |\n| | text | a | A | x.mp4 |";
        assert_eq!(said("f.md", capitals), [(Severity::Error, "media-capitals")]);
        let audit = b"| survey |\n| | type | name | label |\n| | audit | audit | |\n| | text | a | A |";
        assert_eq!(said("f.md", audit), [(Severity::Warning, "pyxform-type")]);
    }
}
