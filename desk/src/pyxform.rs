//! What pyxform 4, the field's own converter, would refuse though we take it (`form check --pyxform-compatible`). An author
//! who also uses other servers can mend it before they complain. The rules were found by running both side by side
//! (`tests/python/beside_pyxform.py`).

use crate::rows;
use crate::texts::Phrase;
use std::path::Path;
use tabara_core::xlsform::{Diagnostic, Severity};
use tabara_forms::say;

/// What pyxform would say of a file beyond what was found already.
pub fn refusals(path: &Path, bytes: &[u8], found: &[Diagnostic]) -> Vec<Diagnostic> {
    let mut all = Vec::new();
    let ending = rows::extension(path);
    let kind = kind(bytes);
    if kind != ending && !(kind == "xlsx" && ending == "xlsm") {
        let message =
            say!("pyxform-ending", "pyxform reads the file by its ending '{ending}', which is not its own", ending);
        let right = path.with_extension(kind).file_name().unwrap_or_default().to_string_lossy().into_owned();
        all.push(of_file(message, say!("pyxform-ending-hint", "call it '{right}'", right)));
    }
    if kind == "csv"
        && (std::str::from_utf8(bytes).is_err() || bytes.starts_with(b"\xef\xbb\xbf") || first_delimiter(bytes) != b',')
    {
        let message =
            say!("pyxform-delimiter", "pyxform reads .csv with commas only, in UTF-8 without a byte order mark");
        all.push(of_file(message, say!("pyxform-delimiter-hint", "save the form as .xlsx")));
    }
    let is_text = matches!(kind, "csv" | "md");
    all.extend(found.iter().filter_map(|fault| {
        let named = matches!(fault.column.as_str(), "type" | "name") || fault.row == 1;
        let (severity, message, hint) = match fault.code {
            "no-header" if is_text => {
                let message =
                    say!("pyxform-no-header", "pyxform refuses a column without a header in an .md or a .csv");
                (Severity::Error, message, fault.hint.clone())
            }
            "invisible-character" if fault.sheet == "survey" && named => {
                let message = say!("pyxform-invisible", "pyxform does not clean invisible characters");
                (Severity::Error, message, fault.hint.clone())
            }
            "unknown-media" | "media-capitals" => (Severity::Error, fault.message.clone(), fault.hint.clone()),
            "sheet-left-out" if matches!(fault.sheet.to_lowercase().as_str(), "entities" | "osm") => (
                Severity::Warning,
                say!("pyxform-sheet", "pyxform reads this sheet and may refuse it; it is not checked here"),
                say!("pyxform-sheet-hint", "remove the sheet, or check it with pyxform"),
            ),
            "type-left-out" | "type-not-filled" => (
                Severity::Warning,
                say!("pyxform-type", "pyxform also checks the parameters of this type, which is not checked here"),
                say!("pyxform-type-hint", "remove the row, or check it with pyxform"),
            ),
            _ => return None,
        };
        Some(Diagnostic { severity, code: "pyxform", message, hint, ..fault.clone() })
    }));
    all
}

fn of_file(message: Phrase, hint: Phrase) -> Diagnostic {
    Diagnostic::of_file(message.coded("pyxform").hint(hint))
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
